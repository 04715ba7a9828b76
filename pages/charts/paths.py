"""The LSTM's gradient: direct path and exact total on one axis, and the total split by gate."""

from __future__ import annotations

import numpy as np

from pages.charts import theme
from pages.charts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.numbers import derivative_html, number, numbers, percent, steps
from rnn_core.experiment import Run
from rnn_core.flow import half_life
from rnn_core.scaled import Scaled, ldexp

GATE_NAMES = {"f": "forget gate", "i": "update gate", "g": "candidate", "o": "output gate"}


def quantities(run: Run) -> Arrays:
    """∂C_t/∂C_j for j = k … t by its direct path and in total; the last forget gate with its half-life."""
    t, k, flow = run.t, run.k, run.flow
    f = time_last(run.trajectory.gate("f"), run)[..., k:t] if t > k else run.value("f")[..., None]
    return {
        **axis(run), "t": t, "k": k, "j": np.arange(k, t + 1),
        "direct": time_last(flow.direct(t, k), run), "total": time_last(flow.total(t, k), run),
        "f": f[..., -1], "f_first": f[..., 0], "f_spread": np.ptp(f, axis=-1), "half_life": half_life(f[..., -1]),
    }  # fmt: skip


_CURVES = {"direct": (theme.DIRECT, "direct path ∏ f", "solid"), "total": (theme.TOTAL, "exact total", "dash")}


def _curve(a: Arrays, which: str) -> theme.Json:
    values, j, (color, name, dash) = a[which], a["j"], _CURVES[which]
    reading = f"∂C<sub>{a['t']}</sub>/∂C<sub>%{{x}}</sub>, {name}"
    return {
        "type": "scatter", "mode": "lines+markers", "x": j, "y": along(theme.gaps(values.log10)), "name": name,
        "line": {"color": color, "width": 3, "dash": dash},
        "marker": {
            "size": theme.mark_size(len(j)), "color": color, "symbol": along(theme.signed(values, "circle")),
        },
        **hover(a, {"text": lambda: numbers(values), "hovertemplate": f"{reading}: %{{text}}<extra></extra>"}),
    }  # fmt: skip


def draw(a: Arrays) -> theme.Json:
    """Both readings against the step where the gradient arrives."""
    bounds = theme.held_range(a["t"] - a["k"], -4, 2, rungs=(50, 75, 100))
    colors = {which: color for which, (color, _, _) in _CURVES.items()}
    texts = {color: each(_end, a, which) for which, color in colors.items()}
    return {
        "data": [
            *(_curve(a, which) for which in _CURVES),
            theme.off_scale(a, a["j"], {color: a[which] for which, color in colors.items()}, bounds),
            theme.end_labels(a["k"], [a[which][..., 0] for which in _CURVES], texts, bounds),
        ],
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.17),
            "yaxis": theme.log_axis(bounds, derivative_html("C", a["t"], "C", "j")),
            "shapes": [theme.line_at(0)],
        },
    }  # fmt: skip


def _end(a: Arrays, which: str) -> str:
    return f"<b>{which} {number(a[which][0])}</b>"


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


def _beside(a: Arrays) -> list[str]:
    """The upper label above its curve, the lower one below."""
    sides = ["top right", "bottom right"]
    return sides if a["direct"][0].log10 >= a["total"][0].log10 else sides[::-1]


def picture(a: Arrays) -> theme.Json:
    """The page's main figure as `show` takes it."""
    wide = draw(a)
    slim = theme.narrow(
        wide,
        xaxis=theme.step_axis(a["k"], a["t"], ""),
        yaxis=theme.log_axis(wide["layout"]["yaxis"]["range"], "", most=3),
    )
    slim["data"] = {"3": {"textposition": each(_beside, a)}}  # there is no gutter
    return theme.figure_item(
        "paths",
        "What is left of the gradient",
        each(sentence, a),
        wide,
        narrow=slim,
        role="main",
        height=300,
        ghost=[0, 1],
    )


def formula(a: Arrays) -> theme.Json:
    """Direct path and total with numbers, and the half-life of the forget gate."""
    return {
        "kind": "formula", "name": "paths-formula", "alt": "Both readings in numbers.",
        "lines": each(_lines, a),
    }  # fmt: skip


def _lines(a: Arrays) -> list[theme.Json]:
    lag = a["t"] - a["k"]
    base = {"t": str(a["t"]), "k": str(a["k"])}
    left = r"\frac{\partial C_{@t@}}{\partial C_{@k@}}"
    gate = number(a["f"])
    if lag == 0:
        body, slots = "1", {}
    elif a["f_spread"] > 0:
        body = r"\prod_{j=@k1@}^{@t@} f_j = @f1@ \cdots @f@ = @direct@"
        slots = {"k1": str(a["k"] + 1), "f1": number(a["f_first"], 3), "f": number(a["f"], 3)}
    else:
        body, slots = r"f^{t-k} = @f@^{@lag@} = @direct@", {"f": gate, "lag": str(lag)}
    return [
        {"latex": left + r"\Big|_{\text{direct}} = " + body, "slots": base | slots | {"direct": number(a["direct"][0])},
         "colors": {"f": "forget", "f1": "forget", "direct": "direct"}},
        {"latex": left + r"\Big|_{\text{total}} = @total@", "slots": base | {"total": number(a["total"][0])},
         "colors": {"total": "total"}},
        {"latex": r"\text{half-life of } f_{@t@} = @f@:\ \frac{\ln 2}{-\ln f} = @life@",
         "slots": {"t": str(a["t"]), "f": gate, "life": steps(a["half_life"])}, "colors": {"f": "forget"}},
    ]  # fmt: skip


def split(run: Run) -> Arrays:
    """∂C_t/∂C_k and its parts by the first departure from the highway."""
    flow, t, k = run.flow, run.t, run.k
    parts = {name: time_last(part, run)[..., 0] for name, part in flow.split_by_gate(t, k).items()}
    return {**axis(run), "t": t, "k": k, "parts": parts, "total": time_last(flow.total(t, k), run)[..., 0]}


_SPLIT = {"highway": "direct", "f": "via f", "i": "via i", "g": "via C̃", "o": "via o"}


def draw_split(a: Arrays) -> theme.Json:
    """A waterfall from the direct path to the total, in units of the largest bar."""
    names = list(_SPLIT)
    parts = [a["parts"][q] for q in names]
    mant = np.stack([part.mant for part in parts], axis=-1)
    exp2 = np.stack([part.exp2 for part in parts], axis=-1)
    sizes = ldexp(mant, exp2 - np.maximum(exp2.max(axis=-1), a["total"].exp2)[..., None])
    ends = np.cumsum(sizes, axis=-1)
    unit = np.maximum(np.abs(ends).max(axis=-1), np.abs(sizes).max(axis=-1))[..., None]
    sizes, ends = sizes / np.where(unit > 0, unit, 1.0), ends / np.where(unit > 0, unit, 1.0)
    last = ends[..., -1:]
    low = np.minimum(0.0, ends.min(axis=-1)) * 1.25 - 0.02
    colors = [theme.DIRECT, *(theme.GATES[q] for q in names[1:])]
    return {
        "data": [{
            "type": "bar", "x": [*_SPLIT.values(), "total"],
            "base": along(np.concatenate([ends - sizes, 0.0 * last], axis=-1)),
            "y": along(np.concatenate([sizes, last], axis=-1)),
            "marker": {"color": [*colors, theme.TOTAL]}, "text": each(_sizes, a), "textposition": "outside",
            "cliponaxis": False, **hover(a, {"hovertemplate": "%{x}: %{text}<extra></extra>"}),
        }],
        "layout": {
            "xaxis": {"title": {"text": ""}, "showgrid": False},
            "yaxis": {"range": along(np.stack([low, np.full_like(low, 1.25)], axis=-1)), "showticklabels": False,
                      "title": {"text": "adds up to the total"}, "zeroline": True},
            "showlegend": False,
        },
    }  # fmt: skip


def _sizes(a: Arrays) -> list[str]:
    return [number(part, 3) for part in (*(a["parts"][q] for q in _SPLIT), a["total"])]


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
    return theme.figure_item("split", "The total, split by gate", each(split_sentence, a), draw_split(a), height=260)
