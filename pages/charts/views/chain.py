"""The gradient chain: factors and product of one unit, step by step."""

from __future__ import annotations

from typing import Any

from pages.charts import snippets
from pages.charts.drawings import factors, inputs, states, walk
from pages.charts.parts import remarks, verdict
from pages.charts.parts.numbers import derivative, scalar
from pages.charts.parts.view import Columns, Items, Over, View, first, live, run_over
from rnn_core import check
from rnn_core.experiment import Experiment, run
from rnn_core.scaled import Scaled


@live
def items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a = factors.quantities(r)
    return [
        walk.picture(r),
        factors.formula(a),
        remarks.item(remarks.quantities(r)),
        factors.picture(a),
        states.picture(r),
    ]


def columns(e: Experiment) -> Columns:
    """One row for each h_i of the chain, i = k … t."""
    r = run(e)
    tr, t, k, product = r.trajectory, r.t, r.k, scalar(r.flow.products_to(r.t, r.k))
    return {
        "i": list(range(k, t + 1)),
        **inputs.columns(r),
        "z_i": [None if i == 0 else tr.z[i - 1, 0].item() for i in range(k, t + 1)],
        "h_i": tr.h[k : t + 1, 0].tolist(),
        "slope": [None if i == k else r.flow.slopes.value[i - 1, 0].item() for i in range(k, t + 1)],
        "factor": [None if i == k else r.flow.factors.value[i - 1].item() for i in range(k, t + 1)],
        "dh_t/dh_i": product.value.tolist(),
        "log10|dh_t/dh_i|": product.log10.tolist(),
    }


def code(e: Experiment) -> list[str]:
    return [
        f"P = r.flow.products_to(t={e.end}, k={e.begin})  # ∂h_t/∂h_i for i = k … t",
        f"print(P.value[0].item())  # {scalar(run(e).flow.products_to(e.end, e.begin)).value[0].item()!r}",
    ]


def number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    r = run_over(e, over)
    return derivative("h", r.t, "h", r.k), first(r.flow.products_to(r.t, r.k), r)


def tapped(e: Experiment, tap: dict[str, Any]) -> dict[str, Any]:
    """A bar or point of the factors spells its step out; a cell of the network moves the nearer end of the chain."""
    if tap["figure"] == "walk":
        return walk.moved_end(run(e), int(tap["value"]))
    return {"step": max(1, int(tap["value"]))}


VERDICT = verdict.by(number, check.chain)
VIEW = View(items, columns, code, number, tapped, VERDICT, snippets.chain)
