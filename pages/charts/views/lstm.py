"""What the product of forget gates leaves out: four readings of ∂C_t/∂C_k, and the total split by gate."""

from __future__ import annotations

from pages.charts import snippets
from pages.charts.drawings import inputs, paths, population, split
from pages.charts.parts import remarks, verdict
from pages.charts.parts.numbers import derivative
from pages.charts.parts.view import Columns, Items, Over, View, first, live, run_over
from rnn_core import check
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, run
from rnn_core.scaled import Scaled


@live
def items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a = paths.quantities(r)
    return [
        paths.picture(a),
        paths.formula(a),
        remarks.item(remarks.quantities(r), last=[*remarks.bend(r), *paths.remarks(r)]),
        split.picture(r),
        *population.pictures(r),
    ]


def columns(e: Experiment) -> Columns:
    """One row for each step j = k … t."""
    r = run(e)
    t, k, tr = r.t, r.k, r.trajectory
    readings, parts = paths.quantities(r)["readings"], split.quantities(r)["parts"]
    opened = {
        q: [None if j == 0 else tr.gate(q)[j - 1, 0].item() for j in range(k, t + 1)] for q in CELLS["lstm"].gates
    }
    return {
        "j": list(range(k, t + 1)),
        **inputs.columns(r),
        **opened,
        "C_j": tr.c[k : t + 1, 0].tolist(),
        "h_j": tr.h[k : t + 1, 0].tolist(),
        **{f"{which.replace('_', '-')} dC_t/dC_j": values.value.tolist() for which, values in readings.items()},
        **{f"R_{q}": parts[q].value.tolist() for q in CELLS["lstm"].gates},
    }


def code(e: Experiment) -> list[str]:
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


def number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    r = run_over(e, over)
    return derivative("C", r.t, "C", r.k), first(r.flow.total(r.t, r.k), r)


VERDICT = verdict.by(number, check.total)
VIEW = View(items, columns, code, number, check=VERDICT, snippets=snippets.total)
