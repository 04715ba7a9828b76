"""What each page shows of an experiment; a page's address is its key in `VIEWS`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pages.charts import (
    backprop,
    cell_diagram,
    chain,
    compare,
    gates,
    inputs,
    landscape,
    memory,
    network,
    paths,
    population,
    remarks,
    saturation,
    snippets,
    split,
    states,
    verdict,
)
from pages.charts.numbers import derivative, scalar
from pages.charts.view import Columns, Items, Over, View, first, live, run_over
from rnn_core import check
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, Run, run
from rnn_core.scaled import Scaled
from rnn_core.ways_back import ways_back


@live
def chain_items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a = chain.quantities(r)
    return [
        chain.picture(a), chain.formula(a), remarks.item(remarks.quantities(r)), network.picture(r), states.picture(r),
    ]  # fmt: skip


def chain_columns(e: Experiment) -> Columns:
    """One row for each h_i of the chain, i = k … t."""
    r = run(e)
    tr, t, k, product = r.trajectory, r.t, r.k, scalar(r.flow.products_to(r.t, r.k))
    return {
        "i": list(range(k, t + 1)),
        **_fed(r),
        "z_i": [None if i == 0 else tr.z[i - 1, 0].item() for i in range(k, t + 1)],
        "h_i": tr.h[k : t + 1, 0].tolist(),
        "slope": [None if i == k else r.flow.slopes.value[i - 1, 0].item() for i in range(k, t + 1)],
        "factor": [None if i == k else r.flow.factors.value[i - 1].item() for i in range(k, t + 1)],
        "dh_t/dh_i": product.value.tolist(),
        "log10|dh_t/dh_i|": product.log10.tolist(),
    }


def _fed(r: Run) -> Columns:
    """What was fed at each step from k to t; with a unit, also what was measured, and when."""
    a = inputs.quantities(r)
    rows = [i - 1 for i in range(r.k, r.t + 1)]  # h_0 has no step
    columns: Columns = {"x_i": [None if j < 0 else a["fed"][j].item() for j in rows]}
    if a["unit"]:
        columns = {
            "year": [None if j < 0 else int(a["names"][j]) for j in rows],
            a["unit"]: [None if j < 0 else a["raw"][j].item() for j in rows],
        } | columns
    return columns


def chain_code(e: Experiment) -> list[str]:
    return [
        f"P = r.flow.products_to(t={e.end}, k={e.begin})  # ∂h_t/∂h_i for i = k … t",
        f"print(P.value[0].item())  # {scalar(run(e).flow.products_to(e.end, e.begin)).value[0].item()!r}",
    ]


def chain_number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    r = run_over(e, over)
    return derivative("h", r.t, "h", r.k), first(r.flow.products_to(r.t, r.k), r)


def chain_tapped(e: Experiment, tap: dict[str, Any]) -> dict[str, Any]:
    """A bar or point spells its step out; a cell of the network moves the nearer end of the chain."""
    if tap["figure"] == "network":
        return network.moved_end(run(e), int(tap["value"]))
    return {"step": max(1, int(tap["value"]))}


@live
def gates_items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a, over_time, kept = cell_diagram.quantities(r), gates.quantities(r), memory.quantities(r)
    return [
        cell_diagram.picture(a), cell_diagram.formula(a), remarks.item(remarks.quantities(r)), memory.picture(kept),
        gates.picture(over_time), gates.states_picture(over_time), memory.starts_picture(memory.at_the_start(kept)),
    ]  # fmt: skip


def gates_columns(e: Experiment) -> Columns:
    """One row for each step j = k … t: gates, states, and the ways by which the gradient goes back through it."""
    r = run(e)
    tr, steps = r.trajectory, range(r.k, r.t + 1)
    ways = {name: scalar(way).value for name, way in ways_back(r.flow).items()}
    heads = {
        "highway": "dC_j/dC_j-1", "read": "dh_j/dC_j", "o": "dh_j/dh_j-1 by o",
        **{q: f"dC_j/dh_j-1 by {q}" for q in "ifg"},
    }  # fmt: skip
    return {
        "j": list(steps),
        **_fed(r),
        **{q: [None if j == 0 else tr.gate(q)[j - 1, 0].item() for j in steps] for q in CELLS["lstm"].gates},
        "C_j": tr.c[r.k : r.t + 1, 0].tolist(),
        "h_j": tr.h[r.k : r.t + 1, 0].tolist(),
        **{heads[name]: [None if j == 0 else way[j - 1].item() for j in steps] for name, way in ways.items()},
        "direct dC_t/dC_j": r.flow.direct(r.t, r.k).value[:, 0].tolist(),
        "total dC_t/dC_j": scalar(r.flow.total(r.t, r.k)).value.tolist(),
    }


def gates_tapped(e: Experiment, tap: dict[str, Any]) -> dict[str, Any]:
    """A tap on a step of the gates spells it out."""
    return {"step": max(1, int(tap["value"]))}


@live
def lstm_items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a = paths.quantities(r)
    return [
        paths.picture(a), paths.formula(a),
        remarks.item(remarks.quantities(r), last=[*remarks.bend(r), *paths.remarks(r)]),
        split.picture(r), *population.pictures(r),
    ]  # fmt: skip


def lstm_columns(e: Experiment) -> Columns:
    """One row for each step j = k … t."""
    r = run(e)
    t, k, tr = r.t, r.k, r.trajectory
    readings, parts = paths.quantities(r)["readings"], split.quantities(r)["parts"]
    opened = {
        q: [None if j == 0 else tr.gate(q)[j - 1, 0].item() for j in range(k, t + 1)] for q in CELLS["lstm"].gates
    }
    return {
        "j": list(range(k, t + 1)),
        **_fed(r),
        **opened,
        "C_j": tr.c[k : t + 1, 0].tolist(),
        "h_j": tr.h[k : t + 1, 0].tolist(),
        **{f"{which.replace('_', '-')} dC_t/dC_j": values.value.tolist() for which, values in readings.items()},
        **{f"R_{q}": parts[q].value.tolist() for q in CELLS["lstm"].gates},
    }


def lstm_code(e: Experiment) -> list[str]:
    flow = run(e).flow
    return [
        f"direct, total = r.flow.direct(t={e.end}, k={e.begin}), r.flow.total(t={e.end}, k={e.begin})",
        f"print(direct.value[0].item())  # {flow.direct(e.end, e.begin).value[0].item()!r}",
        f"print(total.value[0].item())  # {flow.total(e.end, e.begin).value[0].item()!r}",
        *([_ablation_code(e)] if e.cut else []),
    ]


def _ablation_code(e: Experiment) -> str:
    left = run(e).flow.ablated(e.cut).total(e.end, e.begin).value[0].item()
    return f'print(r.flow.ablated("{e.cut}").total(t={e.end}, k={e.begin}).value[0].item())  # {left!r}'


def lstm_number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    r = run_over(e, over)
    return derivative("C", r.t, "C", r.k), first(r.flow.total(r.t, r.k), r)


def _three(e: Experiment, over: Over = None) -> dict[str, Run]:
    return {name: run_over(replace(e, cell=name), over) for name in CELLS}


@live
def compare_items(e: Experiment, over: Over) -> Items:
    runs = _three(e, over)
    a = compare.input_norms(runs)
    return [
        compare.input_picture(a), compare.formula(a), remarks.item(*map(remarks.quantities, runs.values())),
        compare.state_picture(runs), compare.hidden_picture(runs),
    ]  # fmt: skip


def compare_columns(e: Experiment) -> Columns:
    """One row for each step j = k … t, one column for each cell."""
    runs = _three(e)
    effects, states = compare.input_norms(runs)["norms"], compare.state_norms(runs)["norms"]
    return {
        "j": list(range(e.begin, e.end + 1)),
        **{f"{CELLS[name].title} |dh_t/dx_j|": [None, *x.value.tolist()] for name, x in effects.items()},
        **{f"{CELLS[name].title} |ds_t/ds_j|": x.value.tolist() for name, x in states.items()},
    }


def compare_code(e: Experiment) -> list[str]:
    if e.begin == e.end:
        return [f"print(0.0)  # x_{e.begin + 1} comes after h_{e.end}, which does not feel it: 0.0"]
    lines = ["from dataclasses import replace", 'for cell in ("rnn", "lstm", "gru"):']
    lines.append(f"    by_x = run(replace(r.experiment, cell=cell)).flow.by_input(t={e.end})  # row j - 1: ∂h_t/∂x_j")
    lines.append(f"    print(cell, abs(by_x.value[{e.begin}].item()))")
    return lines + [f"# {name} {compare.effect(r).value.item()!r}" for name, r in _three(e).items()]


def compare_number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    """That of the experiment's own cell, the RNN: the sliders of the first tab drive it."""
    r = run_over(e, over)
    return f"the {CELLS[e.cell].title}’s |{derivative('h', r.t, 'x', r.k + 1)}|", compare.effect(r)


# the number once more: the badge's way to it, and code of its own
_CHAIN: dict[str, Any] = {"check": verdict.by(chain_number, check.chain), "snippets": snippets.chain}
_LOSS: dict[str, Any] = {"check": verdict.by(backprop.main_number, check.loss_gradient), "snippets": snippets.loss}
_TOTAL: dict[str, Any] = {"check": verdict.by(lstm_number, check.total), "snippets": snippets.total}
_EFFECT: dict[str, Any] = {
    "check": verdict.by(compare_number, check.effect, (*CELLS,)), "snippets": snippets.effects,
}  # fmt: skip

VIEWS = {
    "chain": View(chain_items, chain_columns, chain_code, chain_number, chain_tapped, **_CHAIN),
    "saturation": View(saturation.items, chain_columns, chain_code, chain_number, chain_tapped, **_CHAIN),
    "map": View(landscape.items, landscape.columns, landscape.code, chain_number, landscape.tapped, **_CHAIN),
    "network": View(backprop.items, backprop.columns, backprop.code, backprop.main_number, backprop.tapped, **_LOSS),
    "gates": View(gates_items, gates_columns, lstm_code, lstm_number, gates_tapped, **_TOTAL),
    "lstm": View(lstm_items, lstm_columns, lstm_code, lstm_number, **_TOTAL),
    "compare": View(compare_items, compare_columns, compare_code, compare_number, **_EFFECT),
}
