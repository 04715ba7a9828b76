"""Sweeps: what a drag shows at a position is what the server shows there, and it travels light."""

from dataclasses import replace

import numpy as np
import pytest

from pages.charts import views
from pages.controls import live
from pages.controls.show import encode
from pages.controls.table import TABLE, gate_fields
from rnn_core.cells import GRU, LSTM
from rnn_core.experiment import Experiment
from rnn_core.scenarios import SCENARIOS
from rnn_core.sequences import SEQUENCES
from tests.figures import unpacked

ITEMS = {"chain": views.chain_items, "lstm": views.lstm_items, "compare": views.compare_items}
ROWS = ("T", "t", "k")
SLIDERS = {
    "chain": ("w", "u", "b", "h0", "slope", "step", *ROWS),
    "lstm": ("c0", "h0", *ROWS, *gate_fields(*LSTM.gates)),
    "compare": ("w", "u", "b", "h0", "c0", *ROWS, *gate_fields(*LSTM.gates, *GRU.gates)),
}
EXPERIMENTS = {
    "chain": [
        Experiment(), Experiment(activation="tanh", sequence="sine", T=13, t=12, k=2),
        Experiment(activation="relu", w=-0.7, sequence="noise", T=5, t=9, k=7),
        Experiment(activation="leaky_relu", b=-1.0),
    ],
    "lstm": [
        SCENARIOS["lstm"].experiment,
        Experiment(cell="lstm", T=7, t=6, k=1, sequence="sine", **{f"{q}_mode": "computed" for q in LSTM.gates}),
        Experiment(cell="lstm", T=4, pin_all=True),
    ],
    "compare": [SCENARIOS["same_input"].experiment, Experiment(T=6, t=6, w=0.0, activation="tanh")],
}  # fmt: skip
CASES = [
    pytest.param(page, e, key, id=f"{page}-{j}-{key}")
    for page in ITEMS for j, e in enumerate(EXPERIMENTS[page]) for key in SLIDERS[page] if TABLE[key].kind == "slider"
]  # fmt: skip


def agree(shown, exact, path="items"):
    """What a drag shows is what is shown on release, but for what only a resting pointer or a copy asks for."""
    if isinstance(exact, np.ndarray | np.generic | float) or isinstance(shown, np.ndarray | np.generic | float):
        np.testing.assert_allclose(shown, exact, rtol=1e-6, atol=1e-6, err_msg=path)
    elif isinstance(exact, dict):
        assert shown.keys() == exact.keys() - {"hover", "latex"}, path
        for name in shown:
            agree(shown[name], exact[name], f"{path}.{name}")
    elif isinstance(exact, list):
        assert len(shown) == len(exact), path
        for j, (one, other) in enumerate(zip(shown, exact, strict=True)):
            agree(one, other, f"{path}.{j}")
    else:
        assert shown == exact, path


def bare(frame):
    """Without the LaTeX that some sweeps carry along."""
    for item in frame:
        for line in item.get("lines", []):
            line.pop("latex", None)
    return frame


@pytest.mark.parametrize(("page", "e", "key"), CASES)
def test_at_each_position_a_drag_shows_what_a_release_shows(page, e, key):
    positions = live.positions(TABLE[key], e, 9)
    assert len(positions) <= 10
    sweep = unpacked(encode(ITEMS[page](e, (key, positions.tolist())), at=positions.astype(float)))
    for value, frame in zip(positions.tolist(), sweep["frames"], strict=True):
        [exact] = unpacked(encode(ITEMS[page](replace(e, **{key: value}))))["frames"]
        agree(bare(frame), exact)


@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("page", ITEMS)
def test_the_sliders_of_every_sequence_are_followed_too(page, sequence):
    e = replace(EXPERIMENTS[page][0], sequence=sequence)
    for key in SEQUENCES[sequence].parameters:
        if TABLE[key].kind == "slider":
            test_at_each_position_a_drag_shows_what_a_release_shows(page, e, key)
