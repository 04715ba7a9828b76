"""The code on a page, run as a reader would run it, against the core: NumPy's and PyTorch's."""

import ast
import re
import warnings
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from pages.charts import snippets
from pages.charts.parts.numbers import scalar
from pages.charts.views import VIEWS
from pages.controls import export
from pages.controls.export import snippet
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, GATES
from rnn_core.experiment import Experiment, run
from rnn_core.readout import readout
from rnn_core.sequences import SEQUENCES
from tests.cases import long
from tests.settings import address, experiment, many

MILD = Experiment(h0=0.3, c0=-0.4, w=-0.8, u=0.7, b=0.1, T=12, t=11, k=2, slope=0.2, period=5.0, amplitude=0.6)
COMPUTED = {f"{q}_mode": "computed" for q in GATES}
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
    *((effects, replace(e, activation=name)) for e, name in zip(GATED, cycle(ACTIVATIONS), strict=False)),
    *((effects, replace(GATED[0], activation=name)) for name in [*ACTIVATIONS][len(GATED) :]),
    *((loss, e) for e in SAYING),
]


def promised(code):
    """The comment behind each number that is printed."""
    return [line.partition("#")[2].strip() for line in code.splitlines() if line.startswith("print(")]


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
    np.testing.assert_allclose([float(comment) for comment in promised(code)], quantity(e), rtol=1e-15)
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
    assert code.endswith("# below float64: 1 × 10⁻⁴⁰⁰")
    code = snippets.chain(Experiment(w=1e100, T=4, t=4))["NumPy"]
    assert printed(code, capsys) == [np.inf] and code.endswith("# overflows float64: 1 × 10⁴⁰⁰")


def test_where_pytorchs_slopes_lose_digits_the_code_says_so():
    far = Experiment(activation="tanh", w=8.0)
    assert "loses digits" in snippets.chain(far)["PyTorch"]
    assert "loses digits" not in snippets.chain(far)["NumPy"] + snippets.chain(Experiment(activation="tanh"))["PyTorch"]
    assert "loses digits" in snippets.total(Experiment(cell="lstm", b_i=8.0))["PyTorch"]


def test_beyond_the_gates_range_nothing_overflows(capsys):
    e = Experiment(cell="lstm", sequence="pasted", values=(1e9, -1e9, 0.5), T=3, t=3, **COMPUTED, u_f=3.0)
    assert printed(snippets.total(e)["NumPy"], capsys) == [pytest.approx(total(e)[0], rel=1e-12, abs=1e-300)]


WHY_NOT = re.compile(
    r"(below|overflows) float64: .+|(\S+), (of which rounding leaves (no digit|[1-8] digits?)"
    r"|but what leads to it (is below|overflows) float64)"
)


def kept(code):
    """Whether each number that the code prints is the one in its comment; None where the comment says why not."""
    out = []
    with warnings.catch_warnings(action="ignore"):  # of overflows in exp, which mean 0
        exec(compile(code, "snippet", "exec"), {"print": out.append})
    found = []
    for got, comment in zip(out, promised(code), strict=True):
        digits_are_lost = "that loses digits" in code
        if WHY_NOT.fullmatch(comment):
            found.append(None)
        else:
            near = float(got) == pytest.approx(float(comment), rel=1e-9, abs=0)
            found.append(None if digits_are_lost and not near else near)
    return found


def bound_twice(code):
    """Names that the module gives two meanings; w = tensor(w) is one."""
    given = [node for node in ast.parse(code).body if isinstance(node, ast.Assign)]
    named = [
        {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
        - {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
        for node in given
        if not isinstance(node.targets[0], ast.Subscript)
    ]
    names = [name for names in named for name in names]
    return {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize("count", [15, long(100), pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("library", ["NumPy", pytest.param("PyTorch", marks=pytest.mark.torch)])
@pytest.mark.parametrize("page", VIEWS)
def test_the_code_of_any_setting_prints_the_number_in_its_comment_or_says_why_not(page, library, count):
    if library == "PyTorch":
        pytest.importorskip("torch")
    held = []
    for values in many(page, count, seed=11):
        code = VIEWS[page].snippets(experiment(page, values))[library]
        found = kept(code)
        assert False not in found, (address(page, values), code)
        assert not bound_twice(code), (address(page, values), code)
        assert max(map(len, code.splitlines())) <= 110
        held += found
    assert count < 100 or held.count(None) < 0.2 * len(held), "seldom enough"  # of a few, chance decides


def test_the_sunspots_leave_the_target_its_name(capsys):
    e = Experiment(sequence="sunspots", f2="identity", y=0.25, w=0.5)
    assert printed(snippets.loss(e)["NumPy"], capsys) == [pytest.approx(loss(e)[0], rel=1e-12)]


def test_a_certain_word_keeps_its_digits(capsys):
    """The word due is all but certain: o - 1 would be a difference of 1 and 1."""
    e = Experiment(h0=3.0, T=3, t=3, w_y=2.0, target="not")
    assert loss(e)[0] == pytest.approx(-8.3e-19, rel=0.1)
    assert printed(snippets.loss(e)["NumPy"], capsys) == [pytest.approx(loss(e)[0], rel=1e-12)]


def test_where_rounding_decides_the_code_says_how_many_digits_it_leaves():
    e = Experiment(activation="hardtanh", w=0.7, b=0.3, h0=1.0, T=5, t=5)
    assert all(code.endswith("0.0, of which rounding leaves no digit") for code in snippets.chain(e).values())


def with_rnn_core(page, e):
    """What the code with rnn_core prints, and how it begins."""
    code, out = snippet(e, VIEWS[page].code(e)), []
    exec(compile(code, "snippet", "exec"), {"print": lambda *parts: out.append(parts)})
    return out, code[: code.index(")")]


@pytest.mark.parametrize("page", VIEWS)
def test_the_code_with_rnn_core_lists_what_changes_its_number_and_nothing_else(page, monkeypatch):
    for values in many(page, 25, seed=6):
        e = experiment(page, values)
        printed, given = with_rnn_core(page, e)
        assert not re.search("step=|b_net|cut_", given), given
        assert ("values" in given) <= (e.sequence == "pasted") and ("slope" in given) <= (e.activation == "leaky_relu")
        for gate in GATES:
            assert not re.search(rf"\b[wub]_{gate}=" if e.pins(gate) else rf"\b{gate}=", given), given
        with monkeypatch.context() as patched:
            patched.setattr(export, "idle", lambda e: set())
            assert printed == with_rnn_core(page, e)[0], address(page, values)


def test_an_experiment_is_listed_by_what_was_chosen():
    e = Experiment(activation="tanh", w=3.0)
    assert "r = run(Experiment(\n    activation='tanh', w=3.0,\n))" in snippet(e, [])
