"""The code on a page, run as a reader would run it, against the core: NumPy's and PyTorch's."""

import ast
from dataclasses import replace

import numpy as np
import pytest

from pages.charts import snippets
from pages.charts.numbers import scalar
from pages.charts.views import VIEWS
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, run
from rnn_core.readout import readout
from rnn_core.scenarios import SCENARIOS
from rnn_core.sequences import SEQUENCES

MILD = Experiment(h0=0.3, c0=-0.4, w=-0.8, u=0.7, b=0.1, T=12, t=11, k=2, slope=0.2, period=5.0, amplitude=0.6)
COMPUTED = {f"{q}_mode": "computed" for q in "ifgorzn"}
READING = {"w_f": 0.7, "u_f": -0.8, "w_o": -1.1, "u_o": 0.6, "w_z": 0.4, "u_z": 0.9, "b_i": 0.2}
RNNS = [
    *(replace(MILD, activation=name, sequence="sine") for name in ACTIVATIONS),
    *(replace(MILD, activation="tanh", sequence=name, values=(0.3, -0.2), at=4) for name in SEQUENCES),
    *(replace(MILD, activation="elu", **ends) for ends in ({"T": 0}, {"k": 0}, {"t": 5, "k": 5}, {"T": 1, "k": 1})),
    replace(MILD, activation="relu", w=0.0), Experiment(), Experiment(activation="relu", w=-1.0),
]  # fmt: skip
GATED = [
    replace(MILD, **{"sequence": "noise", "seed": n} | COMPUTED | READING | dict.fromkeys(pinned, "pinned") | more)
    for n, (pinned, more) in enumerate([
        ((), {}), (("f_mode",), {}), (("i_mode", "g_mode", "z_mode"), {"k": 0}),
        (("r_mode", "n_mode"), {"t": 4, "k": 4}),
        (("i_mode", "o_mode"), {"sequence": "impulse"}), (("f_mode",), {"T": 0}), ((), {"T": 1, "k": 1}),
        ((), {"pin_all": True}), ((), {"sequence": "sunspots", "w_i": 0.0}),
    ])
]  # fmt: skip
SAYING = [
    *(replace(MILD, activation=name, sequence="sine", w_y=1.4) for name in ACTIVATIONS),
    replace(MILD, activation="tanh", f2="identity", y=0.2), replace(MILD, target="not", sequence="noise"),
    replace(MILD, t=0), replace(MILD, f2="identity", T=0),
]  # fmt: skip
LIBRARIES = {"NumPy": {"numpy", "math"}, "PyTorch": {"torch", "math"}}


def chain(e):
    r = run(e)
    return [scalar(r.flow.products_to(r.t, r.k))[0].value]


def total(e):
    r = run(e)
    return [scalar(r.flow.total(r.t, r.k))[0].value]


def effects(e):
    runs = [run(replace(e, cell=name)) for name in CELLS]
    return [abs(r.flow.by_input(r.t)[r.k].value.item()) if r.t > r.k else 0.0 for r in runs]


def loss(e):
    return [readout(run(e)).dW(e.end).value if e.end else 0.0]


CASES = [
    *((chain, e) for e in RNNS),
    *((total, replace(e, cell="lstm")) for e in GATED),
    *((effects, replace(e, activation=name)) for e, name in zip(GATED, [*ACTIVATIONS, "tanh"], strict=True)),
    *((loss, e) for e in SAYING),
]


def printed(code, capsys):
    exec(compile(code, "snippet", "exec"), {})
    return [float(line) for line in capsys.readouterr().out.split()]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("quantity", "e"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_the_code_alone_makes_the_number_of_the_core(quantity, e, library, capsys):
    if library == "PyTorch":
        pytest.importorskip("torch", reason="`pip install torch` for these; see the README")
    code = getattr(snippets, quantity.__name__)(e)[library]
    np.testing.assert_allclose(printed(code, capsys), quantity(e), rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("quantity", "e"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_the_code_promises_the_number_of_the_core_and_imports_one_library(quantity, e, library):
    code = getattr(snippets, quantity.__name__)(e)[library]
    promised = [float(line.split("#")[1]) for line in code.splitlines() if line.startswith("print")]
    np.testing.assert_allclose(promised, quantity(e), rtol=1e-15)
    nodes = list(ast.walk(ast.parse(code)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom)]
    assert set(names) <= LIBRARIES[library]
    assert len(code.splitlines()) < 75 and max(map(len, code.splitlines())) <= 110


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS.values() if s.page in VIEWS], ids=lambda s: s.name)
def test_every_scenario_has_code_that_prints_its_number(scenario, capsys):
    view = VIEWS[scenario.page]
    number = view.number(scenario.experiment)[1].value
    assert printed(view.snippets(scenario.experiment)["NumPy"], capsys)[0] == pytest.approx(number, rel=1e-11)


def test_what_float64_cannot_hold_is_said_beside_the_code(capsys):
    code = snippets.chain(Experiment(w=0.0001, T=100, t=100))["NumPy"]
    assert printed(code, capsys) == [0.0]
    assert code.endswith("# beyond float64: 1 × 10⁻⁴⁰⁰")


def test_where_pytorchs_slopes_lose_digits_the_code_says_so():
    far = Experiment(activation="tanh", w=8.0)
    assert "loses digits" in snippets.chain(far)["PyTorch"]
    assert "loses digits" not in snippets.chain(far)["NumPy"] + snippets.chain(Experiment(activation="tanh"))["PyTorch"]
    assert "loses digits" in snippets.total(Experiment(cell="lstm", b_i=8.0))["PyTorch"]


def test_beyond_the_gates_range_nothing_overflows(capsys):
    e = Experiment(cell="lstm", sequence="pasted", values=(1e9, -1e9, 0.5), T=3, t=3, **COMPUTED, u_f=3.0)
    assert printed(snippets.total(e)["NumPy"], capsys) == [pytest.approx(total(e)[0], rel=1e-12, abs=1e-300)]
