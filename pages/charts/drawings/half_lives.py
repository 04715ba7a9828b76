"""How long a forget gate remembers: f^n against time, and the forget gates that networks start with."""

from __future__ import annotations

import numpy as np

from pages.charts.drawings.cell_diagram import chosen_step
from pages.charts.parts import theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.numbers import number, percent, steps, subscript
from rnn_core.experiment import Run
from rnn_core.flow.gradient import half_life
from rnn_core.memory_span import CHRONO_STEPS, FEW, Start, span, starts
from rnn_core.scaled import Scaled

HORIZON = 0.01  # the share below which a memory counts as gone
_LAST = 5.0  # decades of steps shown
_AGES = np.linspace(0.0, _LAST, 61)  # their logarithms
_LAGS = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 91)  # evenly apart in decades


def quantities(run: Run) -> Arrays:
    """The forget gate of the step spelled out, its half-life and horizon, and what the chain's own gates kept."""
    t, k, step = run.t, run.k, chosen_step(run)
    f = run.value("f").astype(float) if step is None else time_last(run.trajectory.gate("f"), run)[..., step - 1]
    lag = np.array([n for n in _LAGS if n < t - k] + [t - k] * (t > k), dtype=int)
    direct = time_last(run.flow.direct(t, k), run).value[..., t - k - lag]
    written = time_last(run.trajectory.c, run)
    return {
        **axis(run),
        "t": t,
        "k": k,
        "step": step,
        "f": f,
        "half_life": half_life(f),
        "horizon": span(f, HORIZON),
        "lag": lag,
        "direct": direct,
        "largest": np.abs(written[..., k : t + 1]).max(axis=-1),
    }


def draw(a: Arrays) -> theme.Json:
    """What is left of C after n steps, time in decades; half-life and horizon as points on the curve."""
    with np.errstate(under="ignore"):
        kept = a["f"][..., None] ** 10.0**_AGES
    when = np.stack([a["half_life"], a["horizon"]], axis=-1)
    with np.errstate(divide="ignore"):
        x = np.log10(when)
    early, late = x < 0, x > _LAST
    symbols = np.where(early, _LEFT, np.where(late, _RIGHT, _CIRCLE)).astype(np.uint8)
    return {
        "data": [
            theme.scatter(
                "lines",
                x=_AGES,
                y=along(kept),
                name="f<sup>n</sup>",
                meta="kept",
                line={"color": theme.GATE_COLORS["f"], "width": 3, "shape": "spline"},
                **hover(
                    a,
                    text=lambda: [percent(Scaled.of(share)) for share in kept],
                    customdata=10.0**_AGES,
                    hovertemplate="after %{customdata:.3g} steps: %{text}<extra></extra>",
                ),
            ),
            theme.scatter(
                "markers",
                x=np.log10(a["lag"]),
                y=along(a["direct"]),
                name="this chain’s own gates, ∏ f",
                meta="direct",
                marker={"color": theme.TEXT, "size": 5, "symbol": "circle-open"},
                **hover(
                    a,
                    customdata=a["lag"],
                    text=lambda: [number(kept, 3) for kept in a["direct"].tolist()],
                    hovertemplate="over %{customdata} steps: %{text}<extra></extra>",
                ),
            ),
            theme.scatter(
                "markers+text",
                meta="marks",
                x=along(np.clip(x, 0.0, _LAST)),
                y=[0.5, HORIZON],
                text=each(_marks, a),
                textposition=each(_sides, a, 3.0, 3.4),
                cliponaxis=False,
                showlegend=False,
                textfont={"color": theme.GATE_COLORS["f"], "size": 13},
                marker={"color": theme.GATE_COLORS["f"], "size": 10, "symbol": along(symbols), "opacity": 1},
            ),
        ],
        "layout": {
            "xaxis": {
                "range": [-0.12, _LAST + 0.12],
                "tickvals": list(range(6)),
                "zeroline": False,
                "ticktext": ["1", "10", "100", "1000", "10⁴", "10⁵"],
                "title": {"text": "steps n since it was written"},
            },
            "yaxis": {
                "range": [-0.06, 1.06],
                "tickvals": [0, 0.25, 0.5, 0.75, 1],
                "zeroline": True,
                "ticktext": ["0 %", "25 %", "50 %", "75 %", "100 %"],
                "title": {"text": "still there"},
            },
        },
    }


_CIRCLE, _LEFT, _RIGHT = 0, 7, 8  # Plotly's codes


def _marks(a: Arrays) -> list[str]:
    horizon = "never" if np.isinf(a["horizon"]) else steps(a["horizon"])
    return [f"<b>half-life: {steps(a['half_life'])}</b>", f"<b>1 % left: {horizon}</b>"]


def _sides(a: Arrays, *most: float) -> list[str]:
    """Texts stand right of the curve as long as there is room: up to `most` decades."""
    with np.errstate(divide="ignore"):
        half, horizon = (np.log10(a[which]) < last for which, last in zip(("half_life", "horizon"), most, strict=True))
    return [f"middle {'right' if half else 'left'}", f"top {'right' if horizon else 'left'}"]


def sentence(a: Arrays) -> str:
    """Half-life and horizon in words; and that nothing is remembered where nothing was written."""
    f = f"f{subscript(a['step'])}" if a["step"] else "f"
    gate = f"A forget gate of {f} = {number(a['f'])}"
    if a["largest"] == 0:
        return f"{gate} has nothing to keep: nothing was written in this chain, so C stays 0 up to its end."
    if a["f"] == 1:
        return f"{gate} keeps all that was written, for ever; it cannot let go of anything either."
    if a["f"] == 0:
        return f"{gate} keeps nothing: after one step all of C is gone."
    gone = f"loses half of what was written in {steps(a['half_life'])} and 99 % in {steps(a['horizon'])}"
    if not len(a["lag"]):
        return f"{gate} {gone}."
    left = percent(Scaled.of(a["direct"][-1]))
    return f"{gate} {gone}; over this chain’s {steps(a['t'] - a['k'])} the forget gates kept {left}."


def picture(a: Arrays) -> theme.Json:
    """Half-life and horizon as `show` takes them."""
    wide = draw(a)
    slim = theme.narrow(wide, {"marks": {"textposition": each(_sides, a, 2.4, 2.8), "textfont": {"size": 12}}})
    return theme.figure_item(
        "span", "How long a forget gate remembers", each(sentence, a), wide, narrow=slim, height=260, ghost=["kept"]
    )


# --- where networks start --------------------------------------------------------------------------

_TITLES = {
    "pytorch": "PyTorch, biases as drawn",
    "keras": "Keras, bias 1",
    "pytorch_2": "PyTorch, forget bias raised by 2",
    "chrono": f"chrono, bias for up to {CHRONO_STEPS} steps",
}
_AXIS = (-0.5, 3.0)  # decades of steps


def at_the_start(a: Arrays) -> Arrays:
    """The forget gate of `quantities` beside those of untrained networks."""
    found = starts(**FEW)
    told = [
        f"{title} halves its gradient in {number(np.median(found[name].gradient_half_life), 2)} steps"
        f" (mean gate {found[name].forget.mean():.2f})"
        for name, title in (("pytorch", "PyTorch’s LSTM"), ("keras", "Keras’s"), ("chrono", "one with chrono biases"))
    ]
    kept = {name: a[name] for name in ("S", "bare", "f", "half_life", "step")}
    return kept | {"starts": found, "told": ", ".join(told)}


def draw_starts(a: Arrays) -> theme.Json:
    """A row for each kind of network and one for today's gate: half-life of the gate, and of the gradient."""
    rows: dict[str, Start] = a["starts"]
    count = len(rows)
    gates = np.array([half_life(start.forget.mean()) for start in rows.values()])
    gradients = np.stack([start.gradient_half_life for start in rows.values()])
    height = np.arange(count, 0, -1)
    with np.errstate(divide="ignore"):
        own = np.log10(a["half_life"])[..., None]
    x = np.concatenate([np.broadcast_to(np.log10(gates), (*own.shape[:-1], count)), own], axis=-1)
    out = np.where(x < _AXIS[0], _LEFT, np.where(x > _AXIS[1], _RIGHT, _CIRCLE)).astype(np.uint8)
    seeds, when = np.repeat(height, gradients.shape[1]), np.log10(gradients.ravel())
    last = np.log10(gradients.max(axis=1))
    return {
        "data": [
            theme.scatter(
                "markers",
                x=np.minimum(when, _AXIS[1]),
                y=seeds,
                name="half-life of ‖∂s<sub>T</sub>/∂s<sub>k</sub>‖, one a seed",
                meta="gradients",
                marker={
                    "color": theme.TOTAL,
                    "size": 9,
                    "opacity": 1,
                    "symbol": np.where(when > _AXIS[1], _RIGHT, _DIAMOND_OPEN).astype(np.uint8),
                },
                **hover(
                    a,
                    text=lambda: [steps(n) for n in gradients.ravel().tolist()],
                    hovertemplate="the gradient halves in %{text}<extra></extra>",
                ),
            ),
            theme.scatter(
                "markers",
                x=along(np.clip(x, *_AXIS)),
                y=np.arange(count, -1, -1),
                name="half-life of the mean forget gate",
                meta="gates",
                marker={"color": theme.GATE_COLORS["f"], "size": 11, "opacity": 1, "symbol": along(out)},
            ),
            theme.scatter(
                "text",
                meta="texts",
                x=np.append(np.full(count + 1, _AXIS[0]), np.minimum(last, 2.0)),
                y=np.concatenate([np.arange(count, -1, -1) + 0.36, height + 0.0]),
                showlegend=False,
                text=[
                    *(f"{_TITLES[name]}: mean f = {start.forget.mean():.2f}" for name, start in rows.items()),
                    each(_own, a),
                    *(f"   {_range(start)}" for start in rows.values()),
                ],
                textposition="middle right",
                textfont={"size": 12.5, "color": theme.TEXT},
                cliponaxis=False,
            ),
        ],
        "layout": {
            "xaxis": {
                "range": [_AXIS[0] - 0.03, _AXIS[1] + 0.1],
                "tickvals": [0, 1, 2, 3],
                "zeroline": False,
                "ticktext": ["1", "10", "100", "1000"],
                "title": {"text": "half-life in steps"},
            },
            "yaxis": {
                "range": [-0.5, count + 0.7],
                "showticklabels": False,
                "showgrid": False,
                "zeroline": False,
                "title": {"text": ""},
            },
        },
    }


_DIAMOND_OPEN = 102


def _own(a: Arrays) -> str:
    f = f"f<sub>{a['step']}</sub>" if a["step"] else "f"
    return f"<b>your forget gate: {f} = {number(a['f'], 3)}, half-life: {steps(a['half_life'])}</b>"


def _range(start: Start) -> str:
    """The middle of the seeds and, where they differ on screen, their ends."""
    low, middle, high = (number(n, 2) for n in np.quantile(start.gradient_half_life, [0, 0.5, 1]))
    return middle if low == high else f"{middle} ({low} to {high})"


def starts_sentence(a: Arrays) -> str:
    """What networks remember before they have learnt anything."""
    own = "keeps all for ever" if np.isinf(a["half_life"]) else f"halves C in {steps(a['half_life'])}"
    return f"Fed noise before any training, {a['told']}. Your forget gate {own}."


def starts_picture(a: Arrays) -> theme.Json:
    """Where networks start, as `show` takes it."""
    wide = draw_starts(a)
    return theme.figure_item(
        "starts",
        f"Where networks start ({FEW['n']} units, {FEW['seeds']} seeds)",
        each(starts_sentence, a),
        wide,
        narrow=theme.narrow(wide),
        height=300,
    )
