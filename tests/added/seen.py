"""What was added is seen wherever its kind is; `test_one_place` puts this among the tests of its copy."""

from pages.charts.views import VIEWS
from pages.contents import CONTENTS, offer
from pages.controls import codec
from pages.controls.export import snippet
from pages.controls.table import TABLE
from pages.figures import checks, live
from pages.frame.exhibits import TITLES
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, GATES
from rnn_core.experiment import Experiment
from tests.apps import healthy, items, opened
from tests.docs import CONTROLS


def test_softsign():
    assert "softsign" in ACTIVATIONS and "softsign" in TABLE["activation"].options
    at = healthy(opened("chain", activation="softsign"))
    assert at.query_params["activation"] == "softsign"
    assert "softsign" in at.segmented_control(key="activation").options
    e = Experiment(activation="softsign", w=1.5)
    assert VIEWS["chain"].check(e)["agrees"]
    assert "z / (1 + abs(z))" in VIEWS["chain"].snippets(e)["NumPy"]
    assert "softsign" in VIEWS["chain"].snippets(e)["PyTorch"] and "softsign" in snippet(e, [])


def test_ugrnn():
    assert [*CELLS] == ["rnn", "lstm", "gru", "ugrnn"] and "p" in GATES
    at = healthy(opened("compare", p_mode="pinned", p="0.75"))
    assert "UGRNN" in [tab.label for tab in at.tabs] and at.slider(key="p").value == 0.75
    shown = items(at)["input-norm"]
    assert "UGRNN" in shown["alt"] and len(shown["play"]["lanes"]) == 4
    e = codec.experiment(codec.values(TABLE, {"p": "0.75"}), "ugrnn")
    assert (e.cell, e.p) == ("ugrnn", 0.75)
    found = VIEWS["compare"].check(e)
    assert found["agrees"] and "UGRNN" in found["title"]
    assert "def ugrnn(s, x_j):" in VIEWS["compare"].snippets(e)["NumPy"]


def test_probe():
    assert [entry.title for entry in CONTENTS.values()].index("The last state") == 3
    offer()
    assert TITLES["probe"] == "The last state"
    at = healthy(opened("probe", w="3"))
    assert at.title[0].value == "The last state" and items(at)["states"]["role"] == "main"
    assert live.meant("probe", {"w": "3"}).experiment.w == 3.0 and checks.url("probe")


def test_lift():
    at = healthy(opened("probe", lift="2,5"))
    assert at.slider(key="lift").value == 2.5 and at.query_params["lift"] == "2.5"
    assert live.meant("probe", {"lift": "2.5"}).experiment.lift == 2.5
    assert "| `lift` | Lift | -5 … 5 | 0.5 | 0.0 |" in CONTROLS.read_text(encoding="utf-8")
