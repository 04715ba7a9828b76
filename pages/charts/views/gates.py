"""The LSTM, gate by gate: one step as a diagram, and its gates over time."""

from __future__ import annotations

from typing import Any

from pages.charts import snippets
from pages.charts.drawings import cell_diagram, half_lives, inputs, over_time, ways
from pages.charts.parts import remarks
from pages.charts.parts.numbers import scalar
from pages.charts.parts.view import Columns, Items, Over, View, live, run_over
from pages.charts.views import lstm
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, run
from rnn_core.flow.ways_back import ways_back


@live
def items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a, curves, kept = cell_diagram.quantities(r), over_time.quantities(r), half_lives.quantities(r)
    return [
        cell_diagram.picture(a),
        cell_diagram.formula(a),
        remarks.item(remarks.quantities(r)),
        ways.picture(ways.quantities(r)),
        half_lives.picture(kept),
        over_time.picture(curves),
        over_time.states_picture(curves),
        half_lives.starts_picture(half_lives.at_the_start(kept)),
    ]


def columns(e: Experiment) -> Columns:
    """One row for each step j = k … t: gates, states, and the ways by which the gradient goes back through it."""
    r = run(e)
    tr, steps = r.trajectory, range(r.k, r.t + 1)
    ways = {name: scalar(way).value for name, way in ways_back(r.flow).items()}
    heads = {
        "highway": "dC_j/dC_j-1",
        "read": "dh_j/dC_j",
        "o": "dh_j/dh_j-1 by o",
        **{q: f"dC_j/dh_j-1 by {q}" for q in "ifg"},
    }
    return {
        "j": list(steps),
        **inputs.columns(r),
        **{q: [None if j == 0 else tr.gate(q)[j - 1, 0].item() for j in steps] for q in CELLS["lstm"].gates},
        "C_j": tr.c[r.k : r.t + 1, 0].tolist(),
        "h_j": tr.h[r.k : r.t + 1, 0].tolist(),
        **{heads[name]: [None if j == 0 else way[j - 1].item() for j in steps] for name, way in ways.items()},
        "direct dC_t/dC_j": r.flow.direct(r.t, r.k).value[:, 0].tolist(),
        "total dC_t/dC_j": scalar(r.flow.total(r.t, r.k)).value.tolist(),
    }


def tapped(e: Experiment, tap: dict[str, Any]) -> dict[str, Any]:
    """A tap on a step of the gates spells it out."""
    return {"step": max(1, int(tap["value"]))}


VIEW = View(items, columns, lstm.code, lstm.number, tapped, lstm.VERDICT, snippets.total)
