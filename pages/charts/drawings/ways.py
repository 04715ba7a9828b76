"""Two lanes back through an LSTM: along the cell state, and through h; what leaves the highway at which gate."""

from __future__ import annotations

import numpy as np

from pages.charts.parts import lanes, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.gates import GATES
from pages.charts.parts.numbers import derivative, derivative_html, number, numbers, percent
from rnn_core.experiment import Run
from rnn_core.flow.ways_back import ways_back
from rnn_core.scaled import Scaled

ROW = 112  # px of both lanes
_LANES = {"c": ("C", theme.TOTAL, "circle"), "h": ("h", theme.STATE, "square")}  # name, colour, mark


def quantities(run: Run) -> Arrays:
    """∂C_t/∂C_j in total and ∂C_t/∂h_j with C_j held, j = k … t; for each step j = k+1 … t the `highway` ∂C_j/∂C_{j-1}
    along C alone, and what `leaves` at each gate: its part of ∂C_t/∂h_{j-1}. With λ_j and μ_j for the first two,

        μ_{j-1} = λ_j (i + f + g) + μ_j o,   λ_j = highway_{j+1} λ_{j+1} + what `comes` to it from h_j, ∂h_j/∂C_j μ_j.
    """
    t, k, flow = run.t, run.k, run.flow
    to = {"c": flow.total(t, k), "h": flow.block(flow.products_to(t, k), "c", "h")}
    left = {name: time_last(values, run) for name, values in to.items()}
    every = ways_back(flow)
    ways = {name: time_last(way[k:t], run) for name, way in every.items()}
    return {
        **axis(run),
        "t": t,
        "k": k,
        "j": np.arange(k, t + 1),
        "to": left,
        "highway": ways["highway"],
        "comes": _read(time_last(every["read"], run))[..., k:t] * left["h"][..., :-1],
        "leaves": {q: ways[q] * left["h" if q == "o" else "c"][..., 1:] for q in GATES},
    }


def _read(read: Scaled) -> Scaled:
    """∂h_j/∂C_j from j = 0 on, where h_0 is given."""
    parts = (read.mant, read.exp2)
    return Scaled(*(np.concatenate([np.zeros_like(part[..., :1]), part], axis=-1) for part in parts))


def under(figure: theme.Json, a: Arrays) -> theme.Json:
    """The figure over both lanes."""
    rows = {name: (color, a["to"][which]) for which, (name, color, _) in _LANES.items()}
    return lanes.under(figure, a["j"], rows, room=0.3)


def played(a: Arrays) -> theme.Json:
    """Step by step back from C_t: both lanes' numbers, the highway's factor and what comes to it from h, and what each
    gate takes off it."""
    crossed = {"c": _along(a), "h": _leaving(a)}
    way = [
        lanes.lane((a["j"], -row), a["to"][which], color, crossed[which], digits=3, side=2 * row - 1)
        for row, (which, (_, color, _)) in enumerate(_LANES.items())
    ]
    said = [
        ", ".join(
            f"{derivative('C', a['t'], name, j)} = {number(a['to'][which][place])}"
            for which, (name, *_) in _LANES.items()
        )
        for place, j in enumerate(a["j"].tolist())
    ]
    return lanes.play(way, said[::-1])


def _along(a: Arrays) -> list[str]:
    """What each step does to the gradient of the cell state: "×0.99, −0.0414 from h"."""
    comes = a["comes"]
    added = [
        f", {'' if m < 0 else '+'}{text} from h" if m else ""
        for m, text in zip(comes.mant, numbers(comes, 3), strict=True)
    ]
    return [f"×{f}{more}" for f, more in zip(numbers(a["highway"], 3), added, strict=True)]


def _leaving(a: Arrays) -> list[str]:
    """Of each step, what arrives at h through which gate."""
    parts = {q: numbers(values, 2) for q, values in a["leaves"].items()}
    none = {q: values.mant == 0 for q, values in a["leaves"].items()}
    return [
        ", ".join(f"{parts[q][s]} via {GATES[q].shown}" for q in GATES if not none[q][s]) or "0"
        for s in range(len(a["j"]) - 1)
    ]


def draw(a: Arrays) -> theme.Json:
    """Sizes of both over the step where they arrive, above the lanes."""
    bounds = theme.held_range(a["t"] - a["k"], -4, 2, rungs=(50, 75, 100))
    curves = {color: a["to"][which] for which, (_, color, _) in _LANES.items()}
    texts = {color: each(_end, a, which) for which, (_, color, _) in _LANES.items()}
    return under(
        {
            "data": [
                *(_curve(a, which) for which in _LANES),
                theme.off_scale(a, a["j"], curves, bounds),
                theme.end_labels(a["k"], [values[..., 0] for values in curves.values()], texts, bounds, room=0.12),
            ],
            "layout": {
                "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.2),
                "yaxis": theme.log_axis(
                    bounds, ", ".join(derivative_html("C", a["t"], name, "j") for name, *_ in _LANES.values())
                ),
                "shapes": [theme.line_at(0)],
                "showlegend": False,
            },
        },
        a,
    )


def _curve(a: Arrays, which: str) -> theme.Json:
    values, (name, color, mark) = a["to"][which], _LANES[which]
    return theme.scatter(
        "lines+markers",
        meta=which,
        x=a["j"],
        y=along(theme.gaps(values.log10)),
        line={"color": color, "width": 3, "dash": "solid" if which == "c" else "dash"},
        marker={
            "size": theme.mark_size(len(a["j"])),
            "color": color,
            "symbol": along(theme.signed(values, mark)),
        },
        **hover(
            a,
            text=lambda: numbers(values),
            hovertemplate=f"∂C<sub>{a['t']}</sub>/∂{name}<sub>%{{x}}</sub> = %{{text}}<extra></extra>",
        ),
    )


def _end(a: Arrays, which: str) -> str:
    return f"to {_LANES[which][0]}: {number(a['to'][which][0], 3)}"


def sentence(a: Arrays) -> str:
    """What arrives, and at which gate most of it left the highway."""
    t, k = a["t"], a["k"]
    if t == k:
        return "The chain is empty: it begins where it ends, and nothing has to go back."
    arrives = " and ".join(
        f"{derivative('C', t, name, k)} = {number(a['to'][which][0])}" for which, (name, *_) in _LANES.items()
    )
    sizes = {q: Scaled(np.abs(values.mant), values.exp2).sum(-1) for q, values in a["leaves"].items()}
    whole = Scaled.stack([*sizes.values()]).sum(0)
    if whole.mant == 0:
        return f"{arrives}. Nothing leaves the cell state: no gate that reads h lets any gradient through."
    most = max(sizes, key=lambda q: float(sizes[q].log10))
    share = percent(Scaled.of(10.0 ** (sizes[most].log10 - whole.log10)))
    return f"{arrives}. What comes to h comes through the {GATES[most].title} gate most: {share} of all, sizes summed."


def picture(a: Arrays) -> theme.Json:
    """Both lanes as `show` takes them."""
    wide = draw(a)
    slim = theme.narrow(
        wide,
        {"labels": {"textfont": {"size": 12}}, **lanes.SLIM},
        xaxis=theme.step_axis(a["k"], a["t"], "", gutter=0.3),
        yaxis=theme.log_axis(wide["layout"]["yaxis"]["range"], "", most=3) | {"domain": [0.3, 1]},
    )
    rest = {} if a["bare"] else {"play": played(a)}
    return theme.figure_item(
        "ways", "Two ways back", each(sentence, a), wide, narrow=slim, height=340, row=ROW, ghost=[*_LANES], **rest
    )
