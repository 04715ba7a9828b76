"""The LSTM's gradient: direct path and exact total on one axis, and the total split by gate."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts import theme
from pages.charts.numbers import derivative_html, number, numbers, percent, scalar, steps
from rnn_core.experiment import Run
from rnn_core.flow import half_life
from rnn_core.scaled import Scaled

Arrays = dict[str, Any]
GATE_NAMES = {"f": "forget gate", "i": "update gate", "g": "candidate", "o": "output gate"}


def quantities(run: Run) -> Arrays:
    """∂C_t/∂C_j for j = k … t by its direct path and in total; the last forget gate with its half-life."""
    t, k, flow = run.t, run.k, run.flow
    f = float(run.trajectory.gate("f")[t - 1].item()) if t else run.experiment.f
    return {
        "t": t, "k": k, "j": np.arange(k, t + 1), "direct": flow.direct(t, k)[:, 0], "total": scalar(flow.total(t, k)),
        "f": f, "half_life": float(half_life(f)), "pinned": all(run.experiment.pins(q) for q in "ifg"),
        "f_first": float(run.trajectory.gate("f")[k].item()) if t > k else f,
        "f_varies": bool(t > k and np.ptp(run.trajectory.gate("f")[k:t]) > 0),
    }  # fmt: skip


def _curve(a: Arrays, which: str, name: str, color: str, bounds: tuple[float, float], dash: str) -> list[theme.Json]:
    values, j = a[which], a["j"]
    y, above, below = theme.visible(values.log10, bounds)
    texts = numbers(values)
    return [
        {
            "type": "scatter", "mode": "lines+markers", "x": j, "y": y, "name": name, "text": texts,
            "line": {"color": color, "width": 3, "dash": dash},
            "marker": {
                "size": theme.mark_size(len(j)), "color": color,
                "symbol": ["circle-open" if s < 0 else "circle" for s in values.sign],
            },
            "hovertemplate": f"∂C<sub>{a['t']}</sub>/∂C<sub>%{{x}}</sub>, {name}: %{{text}}<extra></extra>",
        },
        theme.off_scale(j, above, below, bounds, texts, color),
    ]  # fmt: skip


def draw(a: Arrays) -> theme.Json:
    """Both readings against the step where the gradient arrives."""
    bounds = theme.held_range(a["t"] - a["k"], -4, 2, rungs=(50, 75, 100))
    curves = {"direct": theme.DIRECT, "total": theme.TOTAL}
    ends = [(float(a[which].log10[0]), f"{which} {number(a[which][0])}", color) for which, color in curves.items()]
    return {
        "data": [
            *_curve(a, "direct", "direct path ∏ f", theme.DIRECT, bounds, "solid"),
            *_curve(a, "total", "exact total", theme.TOTAL, bounds, "dash"),
        ],
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.17),
            "yaxis": theme.log_axis(bounds, derivative_html("C", a["t"], "C", "j")),
            "shapes": [theme.line_at(0)], "annotations": theme.end_labels(a["k"], ends, bounds),
        },
    }  # fmt: skip


def sentence(a: Arrays) -> str:
    """Direct path against total, in words."""
    direct, total = a["direct"][0], a["total"][0]
    if a["t"] == a["k"]:
        return EMPTY
    left = f"The forget gates alone keep {percent(direct)} after {steps(a['t'] - a['k'])}"
    if direct.mant == 0 and total.mant == 0:
        return f"Nothing is left after {steps(a['t'] - a['k'])}: direct path and exact total are both exactly 0."
    if direct.mant == total.mant and direct.exp2 == total.exp2:
        return f"{left}, and that is the whole gradient: direct path and exact total agree."
    exact = f"{left}; the exact gradient is {number(total)}"
    if direct.mant == 0 or total.mant == 0:
        return f"{exact}."
    ratio = Scaled(np.abs(total.mant / direct.mant), total.exp2 - direct.exp2).normalised()
    log, opposite = float(ratio.log10), ", and of the other sign" if total.sign < 0 else ""
    if abs(log) < 5e-4:
        return f"{exact}, {'as large, but of the other sign' if opposite else 'almost the same'}."
    times = number(ratio if log > 0 else Scaled(1 / ratio.mant, -ratio.exp2), 3)
    return f"{exact}, {times} times {'larger' if log > 0 else 'smaller'}{opposite}."


EMPTY = "The chain is empty: it begins where it ends, and the gradient is 1."


def picture(a: Arrays) -> theme.Json:
    """The page's main figure as `show` takes it."""
    wide = draw(a)
    slim = theme.narrow(
        wide,
        xaxis=theme.step_axis(a["k"], a["t"]),
        yaxis=theme.log_axis(wide["layout"]["yaxis"]["range"], "", most=3),
        annotations=[{**note, "xanchor": "left", "xshift": 8} for note in wide["layout"]["annotations"]],
    )
    return theme.figure_item(
        "paths",
        "What is left of the gradient",
        sentence(a),
        wide,
        narrow=slim,
        role="main",
        height=300,
    )


def formula(a: Arrays) -> theme.Json:
    """Direct path and total with numbers, and the half-life of the forget gate."""
    lag = a["t"] - a["k"]
    base = {"t": str(a["t"]), "k": str(a["k"])}
    left = r"\frac{\partial C_{@t@}}{\partial C_{@k@}}"
    gate = number(a["f"])
    if lag == 0:
        body, slots = "1", {}
    elif a["f_varies"]:
        body = r"\prod_{j=@k1@}^{@t@} f_j = @f1@ \cdots @f@ = @direct@"
        slots = {"k1": str(a["k"] + 1), "f1": number(a["f_first"], 3), "f": number(a["f"], 3)}
    else:
        body, slots = r"f^{t-k} = @f@^{@lag@} = @direct@", {"f": gate, "lag": str(lag)}
    lines = [
        {"latex": left + r"\Big|_{\text{direct}} = " + body, "slots": base | slots | {"direct": number(a["direct"][0])},
         "colors": {"f": "forget", "f1": "forget", "direct": "direct"}},
        {"latex": left + r"\Big|_{\text{total}} = @total@", "slots": base | {"total": number(a["total"][0])},
         "colors": {"total": "total"}},
        {"latex": r"\text{half-life of } f_{@t@} = @f@:\ \frac{\ln 2}{-\ln f} = @life@",
         "slots": {"t": str(a["t"]), "f": gate, "life": steps(a["half_life"])}, "colors": {"f": "forget"}},
    ]  # fmt: skip
    return {
        "kind": "formula",
        "name": "paths-formula",
        "title": "In numbers",
        "alt": sentence(a),
        "lines": lines,
    }


def split(run: Run) -> Arrays:
    """∂C_t/∂C_k by the first departure from the highway, as shares of the largest part."""
    parts = {name: scalar(part)[0] for name, part in run.flow.split_by_gate(run.t, run.k).items()}
    return {"t": run.t, "k": run.k, "parts": parts, "total": scalar(run.flow.total(run.t, run.k))[0]}


_SPLIT = {"highway": "direct", "f": "via f", "i": "via i", "g": "via C̃", "o": "via o"}


def draw_split(a: Arrays) -> theme.Json:
    """A waterfall from the direct path to the total, in units of the largest bar."""
    names = list(_SPLIT)
    exp2 = max([a["total"].exp2, *(p.exp2 for p in a["parts"].values())])
    sizes = [Scaled(a["parts"][q].mant, a["parts"][q].exp2 - exp2).value.item() for q in names]
    ends = np.cumsum(sizes)
    unit = max(np.abs(ends).max(), np.abs(sizes).max()) or 1.0
    colors = [theme.DIRECT, *(theme.GATES[q] for q in names[1:])]
    texts = [number(a["parts"][q], 3) for q in names] + [number(a["total"], 3)]
    return {
        "data": [{
            "type": "bar", "x": [*_SPLIT.values(), "total"], "base": [*((ends - sizes) / unit).tolist(), 0.0],
            "y": [*(np.array(sizes) / unit).tolist(), float(ends[-1] / unit)],
            "marker": {"color": [*colors, theme.TOTAL]}, "text": texts, "textposition": "outside", "cliponaxis": False,
            "hovertemplate": "%{x}: %{text}<extra></extra>",
        }],
        "layout": {
            "xaxis": {"title": {"text": ""}, "showgrid": False},
            "yaxis": {"range": [min(0.0, float(ends.min() / unit)) * 1.25 - 0.02, 1.25], "showticklabels": False,
                      "title": {"text": "adds up to the total"}, "zeroline": True},
            "showlegend": False,
        },
    }  # fmt: skip


def split_sentence(a: Arrays) -> str:
    """Which way the gradient took."""
    if a["t"] == a["k"]:
        return EMPTY
    shares = {q: a["parts"][q] for q in ("f", "i", "g", "o") if a["parts"][q].mant != 0}
    if not shares:
        if a["total"].mant == 0:
            return "Nothing is left to split: the total is exactly 0."
        return "All of it flows along the cell state: no gate lets h carry any gradient."
    q = max(shares, key=lambda gate: float(shares[gate].log10))
    kind = "adds" if shares[q].sign > 0 else "takes away"
    direct, most = number(a["parts"]["highway"], 3), number(shares[q], 3)
    return f"Beside the direct {direct}, the {GATE_NAMES[q]} {kind} most: {most}."


def split_picture(run: Run) -> theme.Json:
    """The split as `show` takes it."""
    a = split(run)
    return theme.figure_item("split", "The total, split by gate", split_sentence(a), draw_split(a), height=260)
