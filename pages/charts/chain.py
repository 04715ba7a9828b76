"""Factors and product: what each step multiplies, and what is left of the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts import theme
from pages.charts.numbers import bracketed, derivative, derivative_html, number, numbers, scalar, weight
from rnn_core.experiment import Run
from rnn_core.scaled import Scaled

Arrays = dict[str, Any]


def quantities(run: Run) -> Arrays:
    """Per-step factors and the running product ∂h_t/∂h_i of an RNN's chain from k to t.

    `step` i = k+1 … t with `slope`, `factor` and their log10; `i` = k … t with `product`, `reference` = w^(t-i).
    """
    t, k, flow, w = run.t, run.k, run.flow, run.experiment.w
    product = scalar(flow.products_to(t, k))
    slope = flow.slopes[k:t, 0]
    factor = flow.factors[k:t]
    lag = np.arange(t - k, -1, -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        pure = np.where(lag > 0, lag * np.log10(abs(w)), 0.0)
        log_w = float(np.log10(abs(w)))
    return {
        "t": t, "k": k, "T": run.experiment.T, "w": w, "log_w": log_w,
        "step": np.arange(k + 1, t + 1), "slope": slope, "factor": factor,
        "i": np.arange(k, t + 1), "product": product, "chosen": chosen_step(run), "reference": pure,
    }  # fmt: skip


def chosen_step(run: Run) -> int | None:
    """The step spelled out: the reader's, or the nearest of the chain; None in an empty chain."""
    return int(np.clip(run.experiment.step, run.k + 1, run.t)) if run.t > run.k else None


def draw(a: Arrays) -> theme.Json:
    """Product above, factors below, one axis of steps."""
    bounds, small = theme.held_range(a["t"] - a["k"], -8, 4), (-2.2, 1.2)
    i, log = a["i"], a["product"].log10
    y, above, below = theme.visible(log, bounds)
    values = numbers(a["product"])
    negative = a["product"].sign < 0
    name = derivative_html("h", a["t"], "h", a["k"])
    reference, _, _ = theme.visible(a["reference"], bounds)
    end = float(np.clip(log[0], *bounds))
    data: list[theme.Json] = [
        {
            "type": "scatter", "mode": "lines", "x": i, "y": reference, "name": "w<sup>t−i</sup> alone",
            "line": {"color": theme.REFERENCE, "width": 2, "dash": "dot"}, "hoverinfo": "skip", "showlegend": True,
        },
        {
            "type": "scatter", "mode": "lines+markers", "x": i, "y": y,
            "name": "product so far, ∂h<sub>t</sub>/∂h<sub>i</sub>",
            "line": {"color": theme.PRODUCT, "width": 3},
            "marker": {
                "size": theme.mark_size(len(i)), "color": theme.PRODUCT, "line": {"color": theme.PRODUCT, "width": 2},
                "symbol": ["circle-open" if minus else "circle" for minus in negative],
            },
            "text": values, "customdata": i,
            "hovertemplate": f"∂h<sub>{a['t']}</sub>/∂h<sub>%{{x}}</sub> = %{{text}}<extra></extra>",
        },
        theme.off_scale(i, above, below, bounds, values, theme.PRODUCT),
        *_bars(a, small),
    ]  # fmt: skip
    annotations = [
        theme.label(a["k"], end, f"<b>{name} = {values[0]}</b>", theme.PRODUCT, xanchor="left", xshift=-6,
                    yshift=-19 if end - bounds[0] > 0.1 * (bounds[1] - bounds[0]) else 18),
    ]  # fmt: skip
    return {
        "data": data,
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step i, from k to t", anchor="y2"),
            "yaxis": theme.log_axis(bounds, "product", domain=[0.46, 1]),
            "yaxis2": theme.log_axis(small, "factor", domain=[0, 0.36], anchor="x"),
            "shapes": [theme.line_at(0), theme.line_at(0, "y2"), *_band(a["chosen"])],
            "annotations": annotations,
            "barmode": "relative", "bargap": 0.45,
            "legend": {"traceorder": "normal"},
        },
    }  # fmt: skip


def _band(step: int | None) -> list[theme.Json]:
    """A faint band behind the step that is spelled out."""
    if step is None:
        return []
    return [{
        "type": "rect", "x0": step - 0.5, "x1": step + 0.5, "yref": "paper", "y0": 0, "y1": 1,
        "fillcolor": f"{theme.MUTED}/0.1", "line": {"width": 0},
    }]  # fmt: skip


def _bars(a: Arrays, bounds: tuple[float, float]) -> list[theme.Json]:
    step, slope, factor = a["step"], a["slope"], a["factor"]
    low = bounds[0]
    height = np.maximum(slope.log10, 4 * low)  # a slope of exactly 0 fills the panel downwards
    base = {"type": "bar", "x": step, "yaxis": "y2", "customdata": step}
    net = factor.log10
    shown, above, below = theme.visible(net, bounds)
    texts = numbers(factor)
    minus = factor.sign < 0
    return [
        {**base, "y": np.full(len(step), max(a["log_w"], 4 * low)), "name": "weight w",
         "marker": {"color": theme.WEIGHT}, "hovertemplate": f"w = {weight(a['w'])}<extra></extra>"},
        {**base, "y": height, "name": "slope φ′(z<sub>i</sub>)", "marker": {"color": theme.SLOPE},
         "text": numbers(slope), "textposition": "none",
         "hovertemplate": "slope φ′(z<sub>%{x}</sub>) = %{text}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "x": step, "y": shown, "yaxis": "y2", "name": "factor w·φ′",
         "marker": {"color": theme.TEXT, "size": theme.mark_size(len(step)),
                    "symbol": ["diamond-open" if m else "diamond" for m in minus]},
         "text": texts, "customdata": step,
         "hovertemplate": "factor of step %{x}: %{text}<extra></extra>"},
        theme.off_scale(step, above, below, bounds, texts, theme.TEXT, "y2"),
    ]  # fmt: skip


def sentence(a: Arrays) -> str:
    """What the picture shows now."""
    lag, product = a["t"] - a["k"], a["product"][0]
    name = derivative("h", a["t"], "h", a["k"])
    if lag == 0:
        return f"{name} = 1: there is no step between the two, so the product is empty."
    dead = np.flatnonzero(a["factor"].mant == 0)
    if len(dead):
        if a["w"] == 0:
            return f"{name} = 0 exactly: the weight is 0, and nothing passes."
        first = f"the factor of step {a['step'][dead[0]]}"
        return f"{name} = 0 exactly: {first}{f' and {len(dead) - 1} more' if len(dead) > 1 else ''} is 0."
    value = number(product)
    if not a["slope"].log10.any():
        factors = "one factor" if lag == 1 else f"{lag} factors"
        return f"{name} = {value}: {factors} of {weight(a['w'])}, so the gradient {_fate(product)}."
    pure = _pure(a, lag)
    return (
        f"{name} = {value}: the gradient {_fate(product)}. The weight alone would make {pure}; the slopes do the rest."
    )


def _fate(product: Scaled) -> str:
    log = float(product.log10)
    if abs(log) < 0.05:
        return "stays near 1"
    words = ("explodes", "grows") if log > 0 else ("vanishes", "shrinks")
    return words[0] if abs(log) >= 1 else words[1]


def _pure(a: Arrays, lag: int) -> str:
    if a["w"] == 0:
        return "0"
    return number(Scaled.from_log(np.array(lag * np.log(abs(a["w"]))), -1.0 if a["w"] < 0 and lag % 2 else 1.0), 3)


def picture(a: Arrays) -> theme.Json:
    """Figure (a) as `show` takes it."""
    wide = draw(a)
    bounds, small = wide["layout"]["yaxis"]["range"], wide["layout"]["yaxis2"]["range"]
    slim = theme.narrow(
        wide,
        yaxis=theme.log_axis(bounds, "", most=3, domain=[0.42, 1]),
        yaxis2=theme.log_axis(small, "", most=2, domain=[0, 0.32], anchor="x"),
    )
    return theme.figure_item(
        "chain", "Factors and product", sentence(a), wide, narrow=slim, role="main", tap=True, height=320
    )


def formula(a: Arrays, run: Run) -> theme.Json:
    """∂h_t/∂h_k with today's numbers, and the chosen step spelled out."""
    lines = _product_line(a)
    if a["t"] > a["k"]:
        lines += _step_lines(a, run)
    return {
        "kind": "formula",
        "name": "chain-formula",
        "title": "In numbers",
        "alt": sentence(a),
        "lines": lines,
    }


def _product_line(a: Arrays) -> list[theme.Json]:
    """∂h_t/∂h_k = ∏ w φ'(z_i) = the numbers = the product, in parts that a phone writes below each other."""
    t, k, lag = a["t"], a["k"], a["t"] - a["k"]
    ends = {"t": str(t), "k": str(k)}
    result = {"product": number(a["product"][0])}
    left = r"\frac{\partial h_{@t@}}{\partial h_{@k@}} = "
    if not lag:
        return [{"latex": left + "@product@", "slots": ends | result, "colors": {"product": "product"}}]
    shown = {1: ["first"], 2: ["first", "last"], 3: ["first", "second", "last"]}.get(lag, _LONG)
    chain = r" \cdot ".join("@" + name + "@" for name in shown).replace(r"\cdot @dots@ \cdot", r"\cdots")
    at = {"first": 0, "second": 1, "last": lag - 1}
    slopes = {name: number(a["slope"][at[name]], 3) for name in shown if name in at}
    return [
        {
            "latex": left + r"\prod_{i=@k1@}^{@t@} w \, \varphi'(z_i)",
            "slots": ends | {"k1": str(k + 1)}, "colors": {}, "part": True,
        },
        {
            "latex": r"= @w@^{@lag@} \cdot " + chain, "slots": {"w": bracketed(a["w"]), "lag": str(lag)} | slopes,
            "colors": {"w": "weight"} | dict.fromkeys(at, "slope"), "part": True,
        },
        {"latex": "= @product@", "slots": result, "colors": {"product": "product"}, "part": True},
    ]  # fmt: skip


_LONG = ["first", "second", "dots", "last"]  # of a long chain only the ends are written out


def _step_lines(a: Arrays, run: Run) -> list[theme.Json]:
    """The chosen step in full: its pre-activation, its slope, its factor."""
    e, tr = run.experiment, run.trajectory
    i = a["chosen"]
    j = i - a["k"] - 1
    w = {"i": str(i), "w": bracketed(e.w)}
    return [
        {
            "latex": r"z_{@i@} = w \, h_{@before@} + u \, x_{@i@} + b = @w@ \cdot @h@ + @u@ \cdot @x@ + @b@ = @z@",
            "slots": w | {
                "before": str(i - 1), "h": _factor(tr.h[i - 1].item()), "u": bracketed(e.u),
                "x": _factor(float(run.x[i - 1])), "b": bracketed(e.b), "z": number(tr.z[i - 1].item()),
            },
            "colors": {"w": "weight", "h": "state", "x": "input"},
        },
        {
            "latex": r"w \, \varphi'(z_{@i@}) = @w@ \cdot @slope@ = @factor@",
            "slots": w | {"slope": number(a["slope"][j]), "factor": number(a["factor"][j])},
            "colors": {"w": "weight", "slope": "slope"},
        },
    ]  # fmt: skip


def _factor(x: float) -> str:
    text = number(x)
    return f"({text})" if text.startswith("−") else text
