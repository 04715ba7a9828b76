"""Backpropagation through time: the equations with today's numbers, the output, and the corrections by lag."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np

from pages.charts import snippets
from pages.charts.drawings import folded
from pages.charts.drawings.folded import OUTPUT
from pages.charts.parts import latex, remarks, theme, verdict
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.equations import equation, exactly, rounded, setting, total
from pages.charts.parts.numbers import Flat, base, bracketed, factor, number, numbers, percent, squashed, subscript
from pages.charts.parts.view import Columns, Items, Over, View, live, run_over
from rnn_core import check
from rnn_core.activations import activation
from rnn_core.experiment import Experiment, Run, run
from rnn_core.readout import BANDS, PLACES, WORDS, cumulative_share, readout
from rnn_core.scaled import LOG10_2, NOTHING, Scaled, ldexp

LAGS = [f"--u-lag-{band}" for band in range(len(BANDS))]
_FEW, _MORE = 5, 10  # how many of the last lags are summed up in words


def quantities(run: Run) -> Arrays:
    """The numbers of step t; ∂L_t/∂W_hh `by_lag` 0 … t-1 with its cumulative `share`; every loss's `bands`.

    `said` are the probabilities of the words, or one number (q), `o` the same as floats; `bands` hold (*batch, T) for
    each of `BANDS`, and `whole` is the sum of all.
    """
    t, read, tr = run.t, readout(run), run.trajectory
    by_lag, corrections = read.by_lag(t), read.corrections()
    h, x = time_last(tr.h, run), time_last(run.x, run)
    a = {
        **axis(run),
        "t": t,
        "T": run.experiment.T,
        "f1": run.experiment.activation,
        "f2": read.f2,
        "slope": run.value("slope").astype(float),
        "w": run.value("w").astype(float),
        "u": run.value("u").astype(float),
        "b": run.value("b").astype(float),
        "w_y": read.w_y,
        "y": read.y,
        "due": read.target,
        "o": read.o[t],
        "said": read.said[t],
        "L": time_last(read.losses, run)[..., t],
        "by_lag": time_last(by_lag, run),
        "share": time_last(cumulative_share(by_lag), run),
        "dW": read.dW(t),
        "bands": {str(band): time_last(corrections[band], run) for band in range(len(BANDS))},
        "h": h[..., t],
        **({"before": h[..., t - 1], "x": x[..., t - 1], "z": time_last(tr.z, run)[..., t - 1]} if t else {}),
    }
    sizes, exp2 = _common(a)
    return a | {"whole": Scaled(sizes.sum(axis=(-2, -1)), exp2).normalised()}


def _common(a: Arrays) -> tuple[np.ndarray, np.ndarray]:
    """The bands' mantissas (*batch, bands, T) under one exponent (*batch)."""
    mant = np.stack([band.mant for band in a["bands"].values()], axis=-2)
    exp2 = np.stack([band.exp2 for band in a["bands"].values()], axis=-2)
    common = exp2.max(axis=(-2, -1), initial=NOTHING)
    return ldexp(mant, exp2 - common[..., None, None]), common


# --- the equations -------------------------------------------------------------------------------------------


def formula(a: Arrays) -> theme.Json:
    """State, output, loss and correction of step t, with today's numbers."""
    return latex.item("network-formula", "The equations of step t in numbers.", each(_lines, a))


def _lines(a: Arrays) -> list[theme.Json]:
    if not a["t"]:
        return [latex.part("h_{@t@} = @h@", {"t": "0", "h": number(a["h"].item())}, {"h": "state"})]
    return [*_state(a), *(_words(a) if a["f2"] == "softmax" else _number(a)), *_correction(a)]


def _state(a: Arrays) -> list[theme.Json]:
    f1 = rf"\text{{{a['f1'].replace('_', ' ')}}}"
    φ = activation(a["f1"], a["slope"].item())
    numbers = equation(
        lambda w, h_before, u, x, b: exactly(φ)(w * h_before + u * x + b),
        {
            "w": setting(a["w"].item()),
            "h_before": rounded(a["before"].item(), 3),
            "u": setting(a["u"].item()),
            "x": rounded(a["x"].item(), 3),
            "b": setting(a["b"].item()),
        },
        "h",
        squashed(φ, a["z"].item()),
    )
    return [
        latex.part(
            r"h_{@t@} = f_1(W_{hh} h_{@before@} + W_{xh} x_{@t@} + b)", {"t": str(a["t"]), "before": str(a["t"] - 1)}
        ),
        latex.part(
            rf"= {f1}(@w@ \cdot @h_before@", _of(numbers, "w", "h_before"), {"w": "weight", "h_before": "state"}
        ),
        latex.part(r"{} + @u@ \cdot @x@ + @b@)", _of(numbers, "u", "x", "b"), {"u": "input", "x": "input"}),
        latex.part("@is@ @h@", _of(numbers, "is", "h"), {"h": "state"}),
        latex.BREAK,
    ]


def _of(slots: dict[str, str], *names: str) -> dict[str, str]:
    return {name: slots[name] for name in names}


def _words(a: Arrays) -> list[theme.Json]:
    t = {"t": str(a["t"]), "due": a["due"]}
    h, L = factor(number(a["h"].item(), 3)), a["L"]
    if L.value > _DEEP:
        due, loss = "e^{@p@}", {"p": number(-L), "L": number(L), "is": "="}
    else:
        p = _due(a)
        near = Flat(1.0, L) if float(p.value) == 1 and L.mant else p
        due, loss = "@p@", equation(lambda p: -p.ln(), {"p": rounded(near, within=base)}, "L", L)
    places = rf"{PLACES[0]:g}, \dots, {PLACES[-1]:g}"
    return [
        latex.part(r"o_{@t@} = f_2(W_{hy} h_{@t@})", t),
        latex.part(
            rf"= \text{{softmax}}(@w_y@ \cdot ({places}) \cdot @h@),",
            {"w_y": bracketed(a["w_y"].item()), "h": h},
            {"w_y": "output", "h": "state"},
        ),
        latex.part(r"L_{@t@} = -\ln\, o_{@t@, @due@}", t),
        latex.part(rf"= -\ln\, {due} @is@ @L@", loss, {"p": "output"}),
        latex.BREAK,
    ]


_DEEP = 1e10  # a loss above which its probability has no digits of its own


def _due(a: Arrays) -> Scaled:
    """The probability of the target word."""
    return a["said"][WORDS.index(a["due"])]


def _probability(a: Arrays) -> str:
    """Of the target word."""
    return f"e^(−{number(a['L'])})" if a["L"].value > _DEEP else percent(_due(a))


def _number(a: Arrays) -> list[theme.Json]:
    t, y = {"t": str(a["t"])}, rounded(a["y"].item())
    said = equation(
        lambda w_y, h: w_y * h, {"w_y": setting(a["w_y"].item()), "h": rounded(a["h"].item())}, "o", a["said"]
    )
    loss = equation(lambda o, y: (o - y) ** 2 / 2, {"o": rounded(a["said"], within=str), "y": y}, "L", a["L"])
    return [
        latex.part(r"o_{@t@} = f_2(W_{hy} h_{@t@})", t),
        latex.part(r"= @w_y@ \cdot @h@ @is@ @o@,", said, {"w_y": "output", "h": "state", "o": "output"}),
        latex.part(r"L_{@t@} = (o_{@t@} - y)^2 / 2", t),
        latex.part(r"= (@o@ - @y@)^2 / 2 @is@ @L@", loss, {"o": "output"}),
        latex.BREAK,
    ]


def _correction(a: Arrays) -> list[theme.Json]:
    """∂L_t/∂W_hh as the sum over its uses, newest first."""
    t = a["t"]
    shown = [*range(min(t, 3)), t - 1] if t > 4 else [*range(t)]
    names = [f"lag{lag}" if lag < 3 else "last" for lag in shown]
    terms = ["@" + name + "@" for name in names]
    if t > 4:
        terms.insert(3, r"\cdots")
    parts = {name: rounded(a["by_lag"][lag], 3) for name, lag in zip(names, shown, strict=True)}
    values = equation(lambda **lags: total(lags.values(), t), parts, "dW", a["dW"])
    half = (len(terms) + 1) // 2
    colors = {name: f"lag-{lag}" for lag, name in enumerate(names[:3])}  # older bands are too pale for a text
    return [
        latex.part(
            r"\frac{\partial L_{@t@}}{\partial W_{hh}} = \sum_{j=1}^{@t@} \frac{\partial L_{@t@}}{\partial h_{@t@}}"
            r" \frac{\partial h_{@t@}}{\partial h_j} \, f_1'(z_j) \, h_{j-1}",
            {"t": str(t)},
        ),
        latex.part("= " + " + ".join(terms[:half]), _of(values, *names), colors),
        *([latex.part("{} + " + " + ".join(terms[half:]), _of(values, *names), colors)] if len(terms) > 1 else []),
        latex.part("@is@ @dW@", _of(values, "is", "dW")),
    ]


def _band(lag: int) -> int:
    return max(band for band, first in enumerate(BANDS) if first <= lag)


# --- the output of step t --------------------------------------------------------------------------------------


def draw_output(a: Arrays) -> theme.Json:
    """The words' probabilities, or the number beside its target; the target in outline and by name."""
    if a["f2"] == "softmax":
        due = [word == a["due"] for word in WORDS]
        names = [f"<b>{word}</b>, target" if on else word for word, on in zip(WORDS, due, strict=True)]
        colors: list[str] = [f"{OUTPUT}/0.75"] * len(WORDS)
        y, axis = a["o"], {"range": [0, 1.2], "tickvals": [0, 0.5, 1], "ticktext": ["0", "50 %", "100 %"]}
    else:
        names, due = [f"o<sub>{a['t']}</sub>", "<b>y</b>, target"], [False, True]
        colors = [f"{OUTPUT}/0.75", f"{theme.MUTED}/0.15"]
        pair = np.clip(np.stack([a["o"][..., 0], a["y"]], axis=-1), -1e300, 1e300)
        y, axis = _on_rung(pair, np.abs(pair).max(axis=-1), np.zeros(pair.shape[:-1]), a)
    return {
        "data": [
            theme.bar(
                meta="words",
                x=names,
                y=along(y),
                text=each(_values, a),
                textposition="outside",
                cliponaxis=False,
                hoverinfo="skip",
                marker={"color": colors, "line": {"color": theme.TEXT, "width": [2.5 if on else 0 for on in due]}},
            )
        ],
        "layout": {
            "xaxis": {"title": {"text": ""}, "showgrid": False, "type": "category"},
            "yaxis": {"title": {"text": ""}, "zeroline": True, **axis},
            "margin": {"l": 72, "r": 12, "t": 8, "b": 30},
            "showlegend": False,
            "bargap": 0.5 if a["f2"] == "softmax" else 0.75,
        },
    }


def _values(a: Arrays) -> list[str]:
    if a["f2"] == "softmax":
        return [percent(a["said"][q]) for q in range(len(WORDS))]
    return [number(a["said"]), number(a["y"].item())]


def output_sentence(a: Arrays) -> str:
    """How far the output is from its target."""
    t, L = a["t"], number(a["L"])
    if not t:
        return "Step 0 is given: it has no output and no target."
    if a["f2"] == "identity":
        o, y = number(a["said"]), number(a["y"].item())
        return f"The output of step {t} is {o}, its target {y}: L{subscript(t)} = {L}."
    best, p = int(a["o"].argmax()), _probability(a)
    if np.ptp(a["o"]) == 0:
        return f"No word leads: each has {p}, the target “{a['due']}” too: L{subscript(t)} = {L}."
    if WORDS[best] == a["due"]:
        return f"The target “{a['due']}” leads with {p}: L{subscript(t)} = {L}."
    lead = percent(a["said"][best])
    return f"“{WORDS[best]}” leads with {lead}; the target “{a['due']}” gets {p}: L{subscript(t)} = {L}."


def output_picture(a: Arrays) -> theme.Json:
    """The output of step t as `show` takes it."""
    slim = {"layout": {"margin": {"l": 60, "r": 4, "t": 8, "b": 26}}}
    return theme.figure_item(
        "output", f"The output of step {a['t']}", each(output_sentence, a), draw_output(a), narrow=slim, height=180
    )


# --- every loss and its corrections --------------------------------------------------------------------------


def draw_corrections(a: Arrays) -> theme.Json:
    """A stack for each loss: its correction of W_hh by how far back the weight was used, above 0 or below."""
    sizes, exp2 = _common(a)
    up, down = (sign(sizes, 0.0).sum(axis=-2) for sign in (np.maximum, np.minimum))
    height = np.maximum(up.max(axis=-1, initial=0.0), -down.min(axis=-1, initial=0.0))
    y, axis = _on_rung(sizes, height, exp2 * LOG10_2, a, ends=np.stack([down, up], axis=-2))
    steps = np.arange(1, a["T"] + 1)
    return {
        "data": [
            theme.bar(
                x=steps,
                y=along(y[..., band, :]),
                marker={"color": LAGS[band]},
                name=("" if band else "lag ") + _BAND_NAMES[band],
                **hover(
                    a,
                    customdata=steps,
                    text=lambda band=band: numbers(a["bands"][str(band)]),
                    textposition="none",
                    hovertemplate=f"loss %{{x}}, lag {_BAND_NAMES[band]}: %{{text}}<extra></extra>",
                ),
            )
            for band in range(len(BANDS))
        ],
        "layout": {
            "xaxis": theme.step_axis(1, max(a["T"], 8), "step τ of the loss"),
            "yaxis": {"title": {"text": ""}, "zeroline": True, **axis},
            "shapes": [_band_behind(a["t"])] if a["t"] else [],
            "margin": {"l": 72, "r": 12, "t": 32, "b": 44},
            "barmode": "relative",
            "bargap": 0.15,
            "legend": {"traceorder": "normal"},
        },
    }


_BAND_NAMES = [
    *(str(first) if stop - first == 1 else f"{first}–{stop - 1}" for first, stop in pairwise(BANDS)),
    f"{BANDS[-1]}+",
]


def _band_behind(step: int) -> theme.Json:
    """A faint band behind the loss that is looked at."""
    return {
        "type": "rect",
        "x0": step - 0.5,
        "x1": step + 0.5,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": f"{theme.MUTED}/0.14",
        "line": {"width": 0},
    }


def _on_rung(
    sizes: np.ndarray, height: np.ndarray, log_unit: np.ndarray, a: Arrays, ends: np.ndarray | None = None
) -> tuple[np.ndarray, theme.Json]:
    """Numbers in units of 1, 2 or 5 times a power of ten that holds their `height`, and the axis that says so.

    `height` (*batch) and `ends`, what the axis must reach, are in the units of `sizes` (*batch, …), whose decimal
    logarithm is `log_unit` (*batch).
    """
    some = height > 0
    log = np.where(some, np.log10(np.where(some, height, 1.0)) + log_unit, 0.0)
    whole = np.floor(log + 1e-9)
    rung = whole + _RUNGS[np.searchsorted(_RUNGS, log - whole - 1e-9)]
    scale = np.where(some, 10.0 ** (log - rung) / np.where(some, height, 1.0), 0.0)
    reach = (sizes if ends is None else ends).reshape(*height.shape, -1) * scale[..., None]
    low, high = reach.min(axis=-1, initial=0.0), reach.max(axis=-1, initial=0.0)
    span = np.stack([np.where(low < -0.01, -1.2, -0.03), np.where((high > 0.01) | (low > -0.01), 1.2, 0.03)], axis=-1)
    return sizes * scale.reshape(*height.shape, *(1,) * (sizes.ndim - height.ndim)), {
        "range": along(span),
        "tickvals": [-1, -0.5, 0, 0.5, 1],
        "ticktext": each(_ticks, {"S": a["S"], "rung": np.asarray(rung)}),
    }


_RUNGS = np.log10([1.0, 2.0, 5.0, 10.0])


def _ticks(a: Arrays) -> list[str]:
    log = float(a["rung"]) * math.log(10)
    whole, half = (number(Scaled.from_log(np.array(log - less)), 2) for less in (0.0, math.log(2)))
    return [f"−{whole}", f"−{half}", "0", half, whole]


def corrections_sentence(a: Arrays) -> str:
    """What all losses make together, and how much of the chosen one's stack is old."""
    if not a["T"]:
        return "No step is unrolled, so there is no loss."
    losses = "One loss makes" if a["T"] == 1 else f"The {a['T']} losses together make"
    text = f"{losses} ∂L/∂Wₕₕ = {number(a['whole'])}; a step of descent is −η times that."
    if a["t"] <= _MORE or not np.isfinite(a["share"]).all():
        return text + " Tap a stack to look at its loss."
    old = max(1 - float(a["share"][_MORE - 1]), 0.0)
    return f"{text} In the stack of L{subscript(a['t'])}, {_part_of(old)} is {_MORE} steps old or older."


def _part_of(share: float) -> str:
    """A share in words that never rounds to all or nothing."""
    return "less than 0.1 %" if share < 0.001 else "over 99.9 %" if share > 0.9995 else f"{100 * share:.1f} %"


def corrections_picture(a: Arrays) -> theme.Json:
    """Every loss's stack as `show` takes it."""
    wide = draw_corrections(a)
    slim = theme.narrow(wide, showlegend=True, margin={"l": 60, "r": 4, "t": 48, "b": 24})
    slim["layout"]["xaxis"] = theme.step_axis(1, max(a["T"], 8), "")
    return theme.figure_item(
        "corrections",
        "Every loss and its part of ∂L/∂Wₕₕ",
        each(corrections_sentence, a),
        wide,
        narrow=slim,
        tap=True,
        height=280,
    )


# --- the chosen loss by lag ----------------------------------------------------------------------------------


def draw_lags(a: Arrays) -> theme.Json:
    """Above: the size of each lag's correction, logarithmic. Below: what share the last lags hold, linear."""
    t, lags = a["t"], np.arange(a["t"])
    bounds = theme.held_range(t, -6, 2)
    colors = [LAGS[_band(lag)] for lag in range(t)]
    ends = np.array([count - 1 for count in (_FEW, _MORE) if count < t], dtype=int)
    low = _starts_low(a)
    return {
        "data": [
            theme.scatter(
                "lines+markers",
                meta="sizes",
                x=lags,
                y=along(theme.gaps(a["by_lag"].log10)),
                line={"color": theme.MUTED, "width": 1.5},
                marker={
                    "size": theme.mark_size(t) + 1,
                    "color": colors,
                    "symbol": along(theme.signed(a["by_lag"], "circle")),
                    "line": {"color": colors, "width": 2},
                },
                **hover(
                    a,
                    text=lambda: numbers(a["by_lag"]),
                    hovertemplate=f"use at lag %{{x}}, step {t} − %{{x}}: %{{text}}<extra></extra>",
                ),
            ),
            theme.off_scale(a, lags, {theme.TEXT: a["by_lag"]}, bounds),
            theme.scatter(
                "lines+markers",
                meta="shares",
                x=lags,
                yaxis="y2",
                y=along(theme.gaps(a["share"])),
                line={"color": theme.PRODUCT, "width": 3},
                marker={"size": 4, "color": theme.PRODUCT},
                **hover(
                    a,
                    text=lambda: [percent(Scaled.of(share)) for share in a["share"]],
                    hovertemplate="lags 0 to %{x} hold %{text}<extra></extra>",
                ),
            ),
            theme.scatter(
                "markers",
                x=ends,
                y=along(theme.gaps(a["share"][..., ends])),
                yaxis="y2",
                hoverinfo="skip",
                cliponaxis=False,
                marker={"size": 11, "color": theme.BACKGROUND, "line": {"color": theme.PRODUCT, "width": 2.5}},
            ),
            theme.scatter(
                "text",
                yaxis="y2",
                text=[each(_held_text, a)],
                hoverinfo="skip",
                x=along(np.where(low, 0.0, max(t - 1, 1))),
                y=along(np.where(low, 0.75, 0.35)),
                textposition=each(lambda one: "middle right" if _starts_low(one).item() else "middle left", a),
                textfont={"color": theme.PRODUCT, "size": 14},
            ),
        ],
        "layout": {
            "xaxis": theme.step_axis(0, max(t - 1, 1), "lag: steps back from the loss", anchor="y2"),
            "yaxis": theme.log_axis(bounds, "size", domain=[0.5, 1]),
            "yaxis2": {
                "range": [-0.04, 1.08],
                "domain": [0, 0.38],
                "anchor": "x",
                "tickvals": [0, 0.5, 1],
                "ticktext": ["0", "50 %", "100 %"],
                "title": {"text": "share so far"},
                "zeroline": False,
            },
            "shapes": [theme.line_at(1, "y2")],
            "showlegend": False,
            "margin": {"l": 72, "r": 12, "t": 8, "b": 44},
        },
    }


def _starts_low(a: Arrays) -> np.ndarray:
    """Whether the old lags hold most (*batch, 1): then there is room for a text at the left, above the curve."""
    return a["share"][..., [a["t"] // 2]] < 0.5 if a["t"] else np.zeros((*a["dW"].exp2.shape, 1), dtype=bool)


def _held_text(a: Arrays) -> str:
    counts = [count for count in (_FEW, _MORE) if count < a["t"] and np.isfinite(a["share"]).all()]
    lines = [f"last {count} lags: {_part_of(float(a['share'][count - 1]))}" for count in counts]
    return f"<b>{'<br>'.join(lines)}</b>" if lines else ""


def lags_sentence(a: Arrays) -> str:
    """Whether ∂L/∂W_hh says anything about distant steps."""
    t = a["t"]
    if not t:
        return "There is no loss at step 0, so there is nothing to split."
    dW = f"∂L{subscript(t)}/∂Wₕₕ = {number(a['dW'])}"
    if not np.isfinite(a["share"]).all():
        return f"{dW}: every term of the sum is exactly 0."
    if t <= _FEW:
        return f"{dW}, the sum of {t} term{'s' if t > 1 else ''}: one for each step at which the weight was used."
    few = f"the last {_FEW} of {t} lags hold {_part_of(float(a['share'][_FEW - 1]))} of the summed magnitudes"
    more = f", the last {_MORE} hold {_part_of(float(a['share'][_MORE - 1]))}" if t > _MORE else ""
    return f"{dW}: {few}{more}. Step 1 adds {number(a['by_lag'][-1])}."


def lags_picture(a: Arrays) -> theme.Json:
    """∂L_t/∂W_hh by lag as `show` takes it."""
    wide = draw_lags(a)
    bounds = wide["layout"]["yaxis"]["range"]
    slim = theme.narrow(
        wide,
        xaxis=theme.step_axis(0, max(a["t"] - 1, 1), "", anchor="y2"),
        yaxis=theme.log_axis(bounds, "", most=3, domain=[0.5, 1]),
    )
    return theme.figure_item(
        "lags",
        f"∂L{subscript(a['t'])}/∂Wₕₕ, split by lag",
        each(lags_sentence, a),
        wide,
        narrow=slim,
        height=340,
        ghost=["sizes", "shares"],
    )


# --- the page ------------------------------------------------------------------------------------------------


@live
def items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    a = quantities(r)
    return [
        folded.picture(folded.quantities(r)),
        formula(a),
        remarks.item(remarks.quantities(r)),
        lags_picture(a),
        corrections_picture(a),
        output_picture(a),
    ]


def columns(e: Experiment) -> Columns:
    """One row for each step j = k … t; the weight is not used at step 0."""
    r = run(e)
    read, t, rows = readout(r), r.t, range(r.k, r.t + 1)
    by_state, by_use = read.by_state(t), read.by_lag(t)[::-1]
    return {
        "j": list(rows),
        "lag": [t - j for j in rows],
        "h_j": r.trajectory.h[r.k : t + 1, 0].tolist(),
        "L_j": [None if j == 0 else read.loss[j].item() for j in rows],
        "dL_t/dh_j": by_state.value[r.k :].tolist(),
        "dL_t/dW_hh used at j": [None if j == 0 else by_use.value[j - 1].item() for j in rows],
        "log10|dL_t/dW_hh used at j|": [None if j == 0 else by_use.log10[j - 1].item() for j in rows],
    }


def code(e: Experiment) -> list[str]:
    return [
        "from rnn_core.readout import readout",
        f"print(readout(r).dW(t={e.end}).value.item())  # {readout(run(e)).dW(e.end).value.item()!r}",
    ]


def main_number(e: Experiment, over: Over = None) -> tuple[str, Scaled]:
    r = run_over(e, over)
    return f"∂L{subscript(r.t)}/∂Wₕₕ", readout(r).dW(r.t)


def tapped(e: Experiment, tap: dict[str, Any]) -> dict[str, Any]:
    """A state, an output or a stack: the loss of that step."""
    return {"t": max(1, int(tap["value"]))}


VIEW = View(items, columns, code, main_number, tapped, verdict.by(main_number, check.loss_gradient), snippets.loss)
