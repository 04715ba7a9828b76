"""RNN, LSTM or GRU: how much each still feels an early input."""

from __future__ import annotations

from dataclasses import replace

from pages.charts import snippets
from pages.charts.drawings import norms
from pages.charts.parts import remarks, verdict
from pages.charts.parts.numbers import derivative
from pages.charts.parts.view import Columns, Items, Over, View, live, run_over
from rnn_core import check
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, Run
from rnn_core.scaled import Scaled


def _three(e: Experiment, over: Over = None) -> dict[str, Run]:
    return {name: run_over(replace(e, cell=name), over) for name in CELLS}


@live
def items(e: Experiment, over: Over) -> Items:
    runs = _three(e, over)
    a = norms.input_norms(runs)
    return [
        norms.input_picture(a),
        norms.formula(a),
        remarks.item(*map(remarks.quantities, runs.values())),
        norms.state_picture(runs),
        norms.hidden_picture(runs),
    ]


def columns(e: Experiment) -> Columns:
    """One row for each step j = k … t, one column for each cell."""
    runs = _three(e)
    effects, states = norms.input_norms(runs)["norms"], norms.state_norms(runs)["norms"]
    return {
        "j": list(range(e.begin, e.end + 1)),
        **{f"{CELLS[name].title} |dh_t/dx_j|": [None, *x.value.tolist()] for name, x in effects.items()},
        **{f"{CELLS[name].title} |ds_t/ds_j|": x.value.tolist() for name, x in states.items()},
    }


def code(e: Experiment) -> list[str]:
    if e.begin == e.end:
        return [f"print(0.0)  # x_{e.begin + 1} comes after h_{e.end}, which does not feel it: 0.0"]
    names = ", ".join(f'"{name}"' for name in CELLS)
    lines = ["from dataclasses import replace", f"for cell in ({names}):"]
    lines.append(f"    by_x = run(replace(r.experiment, cell=cell)).flow.by_input(t={e.end})  # row j - 1: ∂h_t/∂x_j")
    lines.append(f"    print(cell, abs(by_x.value[{e.begin}].item()))")
    return lines + [f"# {name} {norms.effect(r).value.item()!r}" for name, r in _three(e).items()]


def number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    """That of the experiment's own cell, the RNN: the sliders of the first tab drive it."""
    r = run_over(e, over)
    return f"the {CELLS[e.cell].title}’s |{derivative('h', r.t, 'x', r.k + 1)}|", norms.effect(r)


VIEW = View(items, columns, code, number, None, verdict.by(number, check.effect, (*CELLS,)), snippets.effects)
