"""Factors and product: what each step multiplies, and what is left of the gradient."""

from __future__ import annotations

import math
from decimal import Decimal

import numpy as np

from pages.charts.parts import digits, latex, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.equations import equation, exactly, product, rounded, setting
from pages.charts.parts.numbers import derivative, derivative_html, number, numbers, weight
from rnn_core.activations import activation
from rnn_core.experiment import Run
from rnn_core.scaled import Scaled, cumulative_products


def quantities(run: Run) -> Arrays:
    """Per-step factors and the running product ∂h_t/∂h_i of an RNN's chain from k to t.

    `step` i = k+1 … t with `slope`, `factor`; `i` = k … t with `product`; log10 |w| and of w^(t-k). For the step
    spelled out (`chosen`): h before it and `next`, its x and z.
    """
    t, k, flow = run.t, run.k, run.flow
    w = run.value("w").astype(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_w = np.log10(np.abs(w))
        pure = (t - k) * log_w if t > k else 0.0 * w
    chosen = chosen_step(run)
    return {
        **axis(run),
        "t": t,
        "k": k,
        "T": run.experiment.T,
        "chosen": chosen,
        "phi": run.experiment.activation,
        "leak": run.value("slope").astype(float),
        "step": np.arange(k + 1, t + 1),
        "i": np.arange(k, t + 1),
        "slope": time_last(flow.slopes[k:t], run),
        "factor": time_last(flow.factors[k:t], run),
        "product": time_last(flow.products_to(t, k), run),
        "w": w,
        "log_w": log_w,
        "log_pure": pure,
        **digits.quantities(run),
        **({} if chosen is None else _spelled_out(run, chosen)),
    }


def _spelled_out(run: Run, step: int) -> Arrays:
    """What a step reads, and the state that it makes."""
    h = time_last(run.trajectory.h, run)
    return {
        "u": run.value("u").astype(float),
        "b": run.value("b").astype(float),
        "h": h[..., step - 1],
        "x": time_last(run.x, run)[..., step - 1],
        "z": time_last(run.trajectory.z, run)[..., step - 1],
        "next": h[..., step],
    }


def chosen_step(run: Run) -> int | None:
    """The step spelled out: the reader's, or the nearest of the chain; None in an empty chain."""
    return int(np.clip(run.experiment.step, run.k + 1, run.t)) if run.t > run.k else None


def draw(a: Arrays) -> theme.Json:
    """Product above, factors below, one axis of steps."""
    bounds, small = theme.held_range(a["t"] - a["k"], -8, 4), (-2.2, 1.2)
    i, product = a["i"], a["product"]
    log = product.log10
    end = np.clip(log[..., 0], *bounds)
    floor = bounds[0] + 0.04 * (bounds[1] - bounds[0])  # the label stays above the marks at the edge
    beside = np.maximum(end, floor)[..., None]
    pure = np.clip(np.stack([a["log_pure"], np.zeros_like(a["log_pure"])], axis=-1), -1e4, 1e4)  # w = 0: straight down
    reading = f"∂h<sub>{a['t']}</sub>/∂h<sub>%{{x}}</sub> = %{{text}}<extra></extra>"
    data: list[theme.Json] = [
        theme.scatter(
            "lines",
            meta="alone",
            x=[a["k"], a["t"]],
            y=along(pure),
            name="w<sup>t−i</sup> alone",
            line={"color": theme.REFERENCE, "width": 2, "dash": "dot"},
            hoverinfo="skip",
            showlegend=True,
        ),
        theme.scatter(
            "lines+markers",
            meta="product",
            x=i,
            y=along(theme.gaps(log)),
            name="product so far, ∂h<sub>t</sub>/∂h<sub>i</sub>",
            line={"color": theme.PRODUCT, "width": 3},
            marker={
                "size": theme.mark_size(len(i)),
                "color": theme.PRODUCT,
                "line": {"color": theme.PRODUCT, "width": 2},
                "symbol": along(theme.signed(product, "circle")),
            },
            **hover(a, text=lambda: numbers(product), customdata=i, hovertemplate=reading),
        ),
        *digits.curve(a),
        theme.off_scale(a, i, {theme.PRODUCT: product}, bounds),
        digits.limits(a["t"], bounds),
        *_bars(a, small),
        theme.labels(a["k"], beside, {theme.PRODUCT: each(_label, a)}, each(_beside, a, floor)),
    ]
    return {
        "data": data,
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step i, from k to t", anchor="y2"),
            "yaxis": theme.log_axis(bounds, "product", domain=[0.46, 1]),
            "yaxis2": theme.log_axis(small, "factor", domain=[0, 0.36], anchor="x"),
            "shapes": [theme.line_at(0), theme.line_at(0, "y2"), *theme.band(a["chosen"]), *digits.lines(bounds)],
            "barmode": "relative",
            "bargap": 0.45,
            "legend": {"traceorder": "normal"},
        },
    }


def _label(a: Arrays) -> str:
    return f"<b>{derivative_html('h', a['t'], 'h', a['k'])} = {number(a['product'][0])}</b>"


def _beside(a: Arrays, floor: float) -> str:
    """Below the curve's end, unless that is the floor."""
    return "bottom right" if a["product"][0].log10 > floor else "top right"


def _bars(a: Arrays, bounds: tuple[float, float]) -> list[theme.Json]:
    step, slope, factor = a["step"], a["slope"], a["factor"]
    deepest = 4 * bounds[0]  # a slope of exactly 0 fills the panel downwards
    w = np.repeat(np.maximum(a["log_w"], deepest)[..., None], len(step), axis=-1)
    bar: theme.Json = theme.bar(x=step, yaxis="y2")
    return [
        {
            **bar,
            "meta": "weight",
            "y": along(w),
            "name": "weight w",
            "marker": {"color": theme.WEIGHT},
            **hover(a, customdata=step, hovertemplate=lambda: f"w = {weight(a['w'])}<extra></extra>"),
        },
        {
            **bar,
            "meta": "slope",
            "y": along(np.maximum(slope.log10, deepest)),
            "name": "slope φ′(z<sub>i</sub>)",
            "marker": {"color": theme.SLOPE},
            **hover(
                a,
                customdata=step,
                text=lambda: numbers(slope),
                textposition="none",
                hovertemplate="slope φ′(z<sub>%{x}</sub>) = %{text}<extra></extra>",
            ),
        },
        theme.scatter(
            "markers",
            x=step,
            y=along(theme.gaps(factor.log10)),
            yaxis="y2",
            name="factor w·φ′",
            meta="factor",
            marker={
                "color": theme.TEXT,
                "size": theme.mark_size(len(step)),
                "symbol": along(theme.signed(factor, "diamond")),
            },
            **hover(
                a,
                customdata=step,
                text=lambda: numbers(factor),
                hovertemplate="factor of step %{x}: %{text}<extra></extra>",
            ),
        ),
        theme.off_scale(a, step, {theme.TEXT: factor}, bounds, "y2"),
    ]


def sentence(a: Arrays) -> str:
    """What the picture shows now."""
    lag, product = a["t"] - a["k"], a["product"][0]
    name = derivative("h", a["t"], "h", a["k"])
    if lag == 0:
        return f"{name} = 1: there is no step between the two, so the product is empty."
    if product.mant == 0:
        dead = np.flatnonzero(a["factor"].mant == 0)
        if a["w"] == 0:
            return f"{name} = 0 exactly: the weight is 0, and nothing passes."
        first = f"the factor of step {a['step'][dead[0]]}"
        return f"{name} = 0 exactly: {first}{f' and {len(dead) - 1} more' if len(dead) > 1 else ''} is 0."
    value = number(product)
    if (a["slope"].mant == 0.5).all() and (a["slope"].exp2 == 1).all():  # all of them 1
        factors = "one factor" if lag == 1 else f"{lag} factors"
        w = equation(lambda w: w**lag, {"w": lambda more: weight(a["w"], 6 + more)}, "product", product)["w"]
        return f"{name} = {value}: {factors} of {w}, so the gradient {_fate(product)}."
    alone = {"w": rounded(_pure(a, lag), 3, str), "slopes": rounded(cumulative_products(a["slope"])[-1], 3, str)}
    alone_is = equation(lambda w, slopes: w * slopes, alone, "product", product)
    return (
        f"{name} = {value}: the gradient {_fate(product)}. The weight alone would make {alone_is['w']}, the slopes"
        f" alone {alone_is['slopes']}."
    )


def _fate(product: Scaled) -> str:
    log = float(product.log10)
    if abs(log) < 0.05:
        return "stays near 1"
    words = ("explodes", "grows") if log > 0 else ("vanishes", "shrinks")
    return words[0] if abs(log) >= 1 else words[1]


def _pure(a: Arrays, lag: int) -> float | Scaled:
    """w^lag"""
    if a["w"] == 0:
        return 0.0
    log, sign = lag * np.log(abs(a["w"])), -1.0 if a["w"] < 0 and lag % 2 else 1.0
    return sign * math.exp(log) if abs(log) < 700 else Scaled.from_log(np.array(log), sign)


def picture(a: Arrays) -> theme.Json:
    """Figure (a) as `show` takes it."""
    wide = draw(a)
    bounds, small = wide["layout"]["yaxis"]["range"], wide["layout"]["yaxis2"]["range"]
    # there the label has no room beside its point; below the curve's high end there always is
    foot = bounds[0] + 0.05 * (bounds[1] - bounds[0])
    slim = theme.narrow(
        wide,
        {"labels": {"x": [a["t"]], "y": [foot], "textposition": "top left"}, "limits": {"visible": False}},
        yaxis=theme.log_axis(bounds, "", most=3, domain=[0.42, 1]),
        yaxis2=theme.log_axis(small, "", most=2, domain=[0, 0.32], anchor="x"),
    )
    return theme.figure_item(
        "chain",
        "Factors and product",
        each(lambda a: sentence(a) + digits.sentence(a), a),
        wide,
        narrow=slim,
        tap=True,
        height=300,
        ghost=["product"],
    )


def formula(a: Arrays) -> theme.Json:
    """∂h_t/∂h_k with today's numbers, and the chosen step spelled out."""
    return latex.item("chain-formula", "The product in numbers.", each(_lines, a))


def _lines(a: Arrays) -> list[theme.Json]:
    if a["t"] == a["k"]:
        return product_lines(a)
    return [*_definition(a), latex.BREAK, *walked_lines(a), latex.BREAK, _point(a), factor_line(a) | {"part": True}]


def product_lines(a: Arrays) -> list[theme.Json]:
    """∂h_t/∂h_k = ∏ w φ'(z_i) = the numbers = the product, in parts that a phone writes below each other."""
    t, k, lag = a["t"], a["k"], a["t"] - a["k"]
    ends = {"t": str(t), "k": str(k)}
    left = r"\frac{\partial h_{@t@}}{\partial h_{@k@}} = "
    if not lag:
        slots = ends | {"product": number(a["product"][0])}
        return [latex.line(left + "@product@", slots, {"product": "product"})]
    shown = {1: ["first"], 2: ["first", "last"], 3: ["first", "second", "last"]}.get(lag, _LONG)
    chain = r" \cdot ".join("@" + name + "@" for name in shown).replace(r"\cdot @dots@ \cdot", r"\cdots")
    at = {"first": 0, "second": 1, "last": lag - 1}
    slopes = {name: rounded(a["slope"][at[name]], 3) for name in shown if name in at}

    def multiplied(w: Decimal, **slopes: Decimal) -> Decimal | None:
        passed = product(slopes.values(), lag)
        return None if passed is None else w**lag * passed

    numbers = equation(multiplied, {"w": setting(a["w"]), **slopes}, "product", a["product"][0])
    return [
        latex.part(left + r"\prod_{i=@k1@}^{@t@} w \, \varphi'(z_i)", ends | {"k1": str(k + 1)}),
        latex.part(
            r"= @w@^{@lag@} \cdot " + chain,
            {name: numbers[name] for name in ("w", *slopes)} | {"lag": str(lag)},
            {"w": "weight"} | dict.fromkeys(at, "slope"),
        ),
        latex.part("@is@ @product@", {name: numbers[name] for name in ("is", "product")}, {"product": "product"}),
    ]


_LONG = ["first", "second", "dots", "last"]  # of a long chain only the ends are written out
_WRITTEN = 12  # factors that have room side by side


def walked_lines(a: Arrays) -> list[theme.Json]:
    """∂h_t/∂h_k as the product of all factors, each written out where there is room; else as `product_lines`."""
    t, k, lag = a["t"], a["k"], a["t"] - a["k"]
    if not 1 < lag <= _WRITTEN:
        return product_lines(a)
    parts = {f"f{i}": rounded(a["factor"][i - k - 1], 3) for i in range(k + 1, t + 1)}
    texts = equation(lambda **f: Decimal(math.prod(f.values())), parts, "product", a["product"][0], most=1)
    return [
        latex.part(r"\frac{\partial h_{@t@}}{\partial h_{@k@}}", {"t": str(t), "k": str(k)}),
        latex.part(
            "= " + r" \cdot ".join(f"@{name}@" for name in parts),
            {name: texts[name] for name in parts},
            dict.fromkeys(parts, "weight"),
        ),
        latex.part("@is@ @product@", {name: texts[name] for name in ("is", "product")}, {"product": "product"}),
    ]


def _definition(a: Arrays) -> list[theme.Json]:
    """h_t = φ(w h_{t-1} + u x_t + b) at the chosen step."""
    i, φ = a["chosen"], exactly(activation(a["phi"], a["leak"]))
    parts = {
        "w": setting(a["w"]),
        "h": rounded(a["h"]),
        "u": setting(a["u"]),
        "x": rounded(a["x"]),
        "b": setting(a["b"]),
    }
    texts = equation(lambda w, h, u, x, b: φ(w * h + u * x + b), parts, "next", a["next"], most=3)
    name = r"\varphi"
    return [
        latex.part(
            rf"h_{{@i@}} = {name}(w \, h_{{@before@}} + u \, x_{{@i@}} + b)", {"i": str(i), "before": str(i - 1)}
        ),
        latex.part(
            rf"= {name}(@w@ \cdot @h@ + @u@ \cdot @x@ + @b@)",
            {part: texts[part] for part in parts},
            {"w": "weight", "h": "state", "x": "input"},
        ),
        latex.part("@is@ @next@", {part: texts[part] for part in ("is", "next")}, {"next": "state"}),
    ]


def _point(a: Arrays) -> theme.Json:
    """Where the chosen step works on φ."""
    slots = {"i": str(a["chosen"]), "z": number(a["z"].item())}
    return latex.part(r"z_{@i@} = @z@, \quad", slots)


def factor_line(a: Arrays) -> theme.Json:
    """What the chosen step multiplies by."""
    j = a["chosen"] - a["k"] - 1
    parts = {"w": setting(a["w"]), "slope": rounded(a["slope"][j])}
    return latex.line(
        r"w \, \varphi'(z_{@i@}) = @w@ \cdot @slope@ @is@ @factor@",
        {"i": str(a["chosen"])} | equation(lambda w, slope: w * slope, parts, "factor", a["factor"][j]),
        {"w": "weight", "slope": "slope"},
    )
