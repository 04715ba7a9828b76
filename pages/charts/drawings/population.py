"""Whole networks with PyTorch's weights, their forget bias raised or not: how far the product of forget gates is"
" from the truth, by lag."""

from __future__ import annotations

from threading import Lock, Thread

import numpy as np

from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, axis, hover, zipped
from pages.charts.parts.numbers import number, percent, roughly
from rnn_core import population
from rnn_core.experiment import Run
from rnn_core.population import LAGS, NETWORKS, SCALARS, UNITS
from rnn_core.scaled import Scaled

REFERENCES = (0.0, 1.0, 2.0, 5.0)  # added to the forget biases that PyTorch draws: they are 0 on average
_BOUNDS = (-0.3, 4.2)
_SLIM = {"range": [-0.6, 1.65 * LAGS], "tickvals": [0, 10, 20, 30, 40, 50], "title": {"text": ""}}
_ONE_AT_A_TIME = Lock()  # two threads would compute the same networks twice


def warm() -> None:
    """Compute, beside whatever else is going on, the networks that every visitor of the page sees first."""
    Thread(target=lambda: [(_at(b), population.negative(b)) for b in REFERENCES], daemon=True).start()


def _at(b: float) -> population.Population:
    with _ONE_AT_A_TIME:
        return population.networks(b)


def quantities(run: Run, b: float) -> Arrays:
    """At forget bias b, by lag 0 … LAGS: quartiles of log10 ‖total‖/‖direct‖, and its medians at the `others`; shares
    of networks whose ‖total‖₂ exceeds 1 (`grows`; `always`: how many at every lag), and of scalar LSTMs whose total is
    negative."""
    chosen = _at(b)
    low, median, high = np.percentile(chosen.ratio, [25, 50, 75], axis=-1)
    return {
        **axis(run),
        "b": b,
        "lag": np.arange(LAGS + 1),
        "low": low,
        "median": median,
        "high": high,
        "grows": (chosen.spectral > 0).mean(axis=-1),
        "always": int((chosen.spectral[1:] > 0).all(axis=0).sum()),
        "negative": population.negative(b),
        "f_max": chosen.f_max,
        "others": {other: np.median(_at(other).ratio, axis=-1) for other in REFERENCES if other != b},
    }


def pictures(run: Run) -> list[theme.Json]:
    """Both figures; the networks are those of the chosen forget bias, and the scalar cell's settings do not matter."""
    biases = np.atleast_1d(run.swept.get("b_net", run.experiment.b_net)).tolist()
    found: list[theme.Json] = zipped([[picture(a), beyond_picture(a)] for a in (quantities(run, b) for b in biases)])
    return found


def draw(a: Arrays) -> theme.Json:
    """The chosen bias with its band, the others as thin lines, each named where it ends."""
    lag, others = a["lag"], a["others"]
    gap = np.array([np.nan])
    thin = np.concatenate([np.append(curve, gap) for curve in others.values()])
    ends = [a["median"][-1], *(curve[-1] for curve in others.values())]
    labels = theme.end_labels(LAGS, ends, {}, _BOUNDS, "middle right")
    texts = [
        f"<b>b = {a['b']:g}: {_times(ends[0])}</b>",
        *(f"b = {b:g}: {_times(curve[-1])}" for b, curve in others.items()),
    ]
    labels |= {"x": [LAGS] * len(texts), "text": texts}
    labels["textfont"] = {"color": [theme.TOTAL, *[theme.MUTED] * len(others)], "size": 13}
    return {
        "data": [
            theme.scatter(
                "lines",
                meta="quartiles",
                x=np.concatenate([lag, lag[::-1]]),
                y=np.concatenate([a["low"], a["high"][::-1]]),
                fill="toself",
                fillcolor=f"{theme.TOTAL}/0.15",
                line={"width": 0},
                hoverinfo="skip",
            ),
            theme.scatter(
                "lines",
                meta="others",
                x=np.tile(np.append(lag, LAGS), len(others)),
                y=thin,
                line={"color": theme.MUTED, "width": 1.5, "dash": "dot"},
            ),
            theme.scatter(
                "lines",
                x=lag,
                y=a["median"],
                name="median",
                meta="median",
                line={"color": theme.TOTAL, "width": 4},
                **hover(
                    a, text=[_spread(a, j) for j in range(len(lag))], hovertemplate="lag %{x}: %{text}<extra></extra>"
                ),
            ),
            labels,
        ],
        "layout": {
            "xaxis": theme.step_axis(0, LAGS, "lag t − j", gutter=0.0) | {"range": [-0.6, 1.27 * LAGS]},
            "yaxis": theme.log_axis(_BOUNDS, "‖total‖ ÷ ‖product of gates‖"),
            "shapes": [theme.line_at(0)],
            "showlegend": False,
        },
    }


def _times(log10: float) -> str:
    return f"{number(10.0**log10, 3 if log10 < 3 else 4)}×"


def _spread(a: Arrays, lag: int) -> str:
    return f"{_times(a['median'][lag])}, quartiles {_times(a['low'][lag])} to {_times(a['high'][lag])}"


def sentence(a: Arrays) -> str:
    """By how much the product of gates understates."""
    return (
        f"{NETWORKS} LSTMs of {UNITS} units {_start(a['b'])}: after 20 steps the total is"
        f" {_times(a['median'][20])} the product of forget gates (median; quartiles {_times(a['low'][20])} and"
        f" {_times(a['high'][20])}), after {LAGS} steps {_times(a['median'][-1])}."
    )


def _start(b: float) -> str:
    return f"with PyTorch’s weights, forget bias raised by {b:g}" if b else "as PyTorch starts them"


def picture(a: Arrays) -> theme.Json:
    """The ratio as `show` takes it."""
    wide = draw(a)
    slim = theme.narrow(
        wide, {"labels": {"textfont": {"size": 12}}}, xaxis=_SLIM, yaxis=theme.log_axis(_BOUNDS, "", most=5)
    )
    return theme.figure_item(
        "networks", f"{NETWORKS} LSTMs with PyTorch’s weights", sentence(a), wide, narrow=slim, height=280
    )


def draw_beyond(a: Arrays) -> theme.Json:
    """Two shares by lag: of networks that explode, and of scalar LSTMs whose gradient has turned its sign."""
    bounds, lag = (-4.0, 104.0), a["lag"]
    curves = {
        theme.EXPLODE: ("‖total‖₂ &gt; 1", 100 * a["grows"], "solid"),
        theme.PRODUCT: ("total &lt; 0", 100 * a["negative"], "dash"),
    }
    texts = {color: f"<b>{name}: {roughly(y[-1] / 100)}</b>" for color, (name, y, _) in curves.items()}
    return {
        "data": [
            *(
                theme.scatter(
                    "lines",
                    x=lag[1:],
                    y=y[1:],
                    name=name,
                    line={"color": color, "width": 3, "dash": dash},
                    **hover(
                        a,
                        text=[percent(Scaled.of(share / 100)) for share in y[1:]],
                        hovertemplate=f"lag %{{x}}: {name} in %{{text}}<extra></extra>",
                    ),
                )
                for color, (name, y, dash) in curves.items()
            ),
            theme.end_labels(LAGS, [y[-1] for _, y, _ in curves.values()], texts, bounds, "middle right"),
        ],
        "layout": {
            "xaxis": theme.step_axis(0, LAGS, "lag t − j") | {"range": [-0.6, 1.27 * LAGS]},
            "yaxis": {
                "range": list(bounds),
                "tickvals": [0, 25, 50, 75, 100],
                "zeroline": False,
                "ticktext": ["0", "25 %", "50 %", "75 %", "100 %"],
                "title": {"text": "share of seeds"},
            },
            "showlegend": False,
        },
    }


def beyond_sentence(a: Arrays) -> str:
    """What happens although every forget gate lies between 0 and 1."""
    always, last = a["always"], round(NETWORKS * a["grows"][-1])
    grows = (
        f"Yet ‖total‖₂ exceeds 1 at every lag in {always} of {NETWORKS} networks"
        if always
        else f"Yet ‖total‖₂ still exceeds 1 after {LAGS} steps in {last} of {NETWORKS} networks"
        if last
        else f"After {LAGS} steps ‖total‖₂ is below 1 in each of {NETWORKS} networks, too"
    )
    share = float(a["negative"][20])
    of = (
        f"{number(100 * share, 3)} % of {SCALARS} scalar LSTMs have" if share else f"none of {SCALARS} scalar LSTMs has"
    )
    gates = f"No forget gate exceeds {number(a['f_max'], 3)}: their product is positive and below 1"
    return f"{gates}. {grows}; after 20 steps {of} a negative total."


def beyond_picture(a: Arrays) -> theme.Json:
    """The shares as `show` takes them."""
    wide = draw_beyond(a)
    slim = theme.narrow(wide, {"labels": {"textfont": {"size": 12}}}, xaxis=_SLIM)
    return theme.figure_item(
        "beyond", "What no product of forget gates can do", beyond_sentence(a), wide, narrow=slim, height=240
    )
