"""What the product of forget gates leaves out: ∂C_t/∂C_j in its four readings, on one axis."""

from __future__ import annotations

import numpy as np

from pages.charts.drawings import ways
from pages.charts.parts import lanes, latex, theme
from pages.charts.parts.along import Arrays, along, axis, each, hover, time_last
from pages.charts.parts.equations import equation, product, rounded, total
from pages.charts.parts.gates import GATES
from pages.charts.parts.numbers import base, derivative_html, number, numbers, percent, steps
from rnn_core.experiment import Run
from rnn_core.scaled import Scaled

EMPTY = "The chain is empty: it begins where it ends, and the gradient is 1."

_CURVES = {  # reading: its colour, its name, its mark as Plotly and as a font knows it, dash, width
    "direct": (theme.DIRECT, "direct", "diamond", "◆", "solid", 2),
    "state": (theme.STATE_READING, "state", "square", "■", "dot", 2),
    "one_step": (theme.ONE_STEP, "one-step", "x", "✖", "dash", 2),
    "cut": (theme.CUT, "ablated", "cross", "✚", "longdashdot", 2.5),
    "total": (theme.TOTAL, "total", "circle", "●", "solid", 4),
}


def quantities(run: Run) -> Arrays:
    """∂C_t/∂C_j for j = k … t in each reading, and in total without the gates that are switched off, if any are;
    the parts of the total at j = k, by first departure; the forget gates' first, last and spread."""
    t, k, flow, cut = run.t, run.k, run.flow, run.experiment.cut
    readings = {"direct": flow.direct(t, k), "state": flow.state(t, k), "one_step": flow.one_step(t, k)}
    if cut:
        readings["cut"] = flow.ablated(cut).total(t, k)
    readings["total"] = flow.total(t, k)
    f = time_last(run.trajectory.gate("f"), run)[..., k:t] if t > k else run.value("f")[..., None]
    return {
        **axis(run),
        "t": t,
        "k": k,
        "j": np.arange(k, t + 1),
        "cut": cut,
        "readings": {name: time_last(values, run) for name, values in readings.items()},
        "parts": {q: time_last(part, run)[..., 0] for q, part in flow.split_by_gate(t, k).items()},
        "ways": ways.quantities(run),
        "f": f[..., -1],
        "f_first": f[..., 0],
        "f_spread": np.ptp(f, axis=-1),
    }


def without(a: Arrays) -> str:
    """The name of the ablation."""
    return "without " + ", ".join(GATES[q].shown for q in GATES if q in a["cut"])


def _curve(a: Arrays, which: str) -> theme.Json:
    values, j = a["readings"][which], a["j"]
    color, name, mark, _, dash, width = _CURVES[which]
    reading = f"∂C<sub>{a['t']}</sub>/∂C<sub>%{{x}}</sub>, {without(a) if which == 'cut' else name}"
    return theme.scatter(
        "lines+markers",
        meta=which,
        x=j,
        y=along(theme.gaps(values.log10)),
        name=name,
        line={"color": color, "width": width, "dash": dash},
        marker={
            "size": theme.mark_size(len(j)) - (which != "total"),
            "color": color,
            "symbol": along(theme.signed(values, mark)),
        },
        **hover(a, text=lambda: numbers(values), hovertemplate=f"{reading}: %{{text}}<extra></extra>"),
    )


def draw(a: Arrays) -> theme.Json:
    """The readings against the step where the gradient arrives, the total above the others."""
    bounds = theme.held_range(a["t"] - a["k"], -4, 2, rungs=(50, 75, 100))
    readings = a["readings"]
    texts = {_CURVES[which][0]: each(_end, a, which) for which in readings}
    curves = {_CURVES[which][0]: values for which, values in readings.items()}
    figure = {
        "data": [
            *(_curve(a, which) for which in readings),
            theme.off_scale(a, a["j"], curves, bounds),
            theme.end_labels(a["k"], [values[..., 0] for values in readings.values()], texts, bounds, room=0.12),
        ],
        "layout": {
            "xaxis": theme.step_axis(a["k"], a["t"], "step j, where the gradient arrives", gutter=0.2),
            "yaxis": theme.log_axis(bounds, derivative_html("C", a["t"], "C", "j")),
            "shapes": [theme.line_at(0)],
            "showlegend": False,
        },
    }
    return ways.under(figure, a["ways"])


def _end(a: Arrays, which: str) -> str:
    return _label(which, number(a["readings"][which][0], 3))


def _label(which: str, *number: str) -> str:
    """A curve's name with its mark, since labels that would overlap stand apart from their curves."""
    _, name, _, mark, _, _ = _CURVES[which]
    text = " ".join([name, *number, mark])
    return f"<b>{text}</b>" if which == "total" else text


def sentence(a: Arrays) -> str:
    """The forget gates' product against the total, and which reading misleads most, in words."""
    if a["t"] == a["k"]:
        return EMPTY
    return _against_direct(a) + _worst(a) + _ablation(a)


def _against_direct(a: Arrays) -> str:
    direct, total = a["readings"]["direct"][0], a["readings"]["total"][0]
    left = f"The forget gates alone keep {percent(direct)} after {steps(a['t'] - a['k'])}"
    if direct.mant == 0 and total.mant == 0:
        return f"Nothing is left after {steps(a['t'] - a['k'])}: direct path and exact total are both exactly 0."
    if direct.mant == total.mant and direct.exp2 == total.exp2:
        return f"{left}, and that is the whole gradient: direct path and exact total agree."
    exact = f"{left}; the exact gradient is {number(total)}"
    if direct.mant == 0 or total.mant == 0:
        return f"{exact}."
    size, log = _times(total, direct)
    opposite = ", and of the other sign" if total.sign < 0 else ""
    if abs(log) < 5e-4:
        return f"{exact}, {'as large, but of the other sign' if opposite else 'almost the same'}."
    return f"{exact}, {'larger' if log > 0 else 'smaller'} by a factor of {size}{opposite}."


def _times(x: Scaled, of: Scaled) -> tuple[str, float]:
    """By which factor two numbers differ in size, and the decimal logarithm of x/of; neither may be 0."""
    ratio = Scaled(np.abs(x.mant / of.mant), x.exp2 - of.exp2).normalised()
    log = float(ratio.log10)
    return number(ratio if log > 0 else Scaled(1 / ratio.mant, -ratio.exp2), 3), log


_WRONG = {"direct": "the product of gates", "state": "holding h", "one_step": "the product of one-step totals"}


def _worst(a: Arrays) -> str:
    """Which of the other readings is furthest from the total, and by how much."""
    total = a["readings"]["total"][0]
    others = {which: a["readings"][which][0] for which in _WRONG}
    if total.mant == 0 or not all(value.mant for value in others.values()):
        return ""
    found = {which: _times(value, total) for which, value in others.items()}
    worst = max(found, key=lambda which: abs(found[which][1]))
    size, log = found[worst]
    if abs(log) < 5e-4:
        words = ""
    elif worst == "direct":
        words = " No other reading is as far off as the product of gates."
    else:
        words = f" Furthest off: {_WRONG[worst]}, too {'large' if log > 0 else 'small'} by a factor of {size}."
    turned = [_WRONG[which] for which in ("state", "one_step") if others[which].sign != total.sign]
    return words + (f" Wrong in sign, too: {' and '.join(turned)}." if turned else "")


def _ablation(a: Arrays) -> str:
    if not a["cut"]:
        return ""
    name, left, total = without(a), a["readings"]["cut"][0], a["readings"]["total"][0]
    same = left.mant == total.mant and left.exp2 == total.exp2
    return f" {name[0].upper()}{name[1:]}: {'nothing changes' if same else number(left, 3)}."


def picture(a: Arrays) -> theme.Json:
    """The page's main figure as `show` takes it."""
    wide, names = draw(a), list(a["readings"])
    texts = [_label(which) for which in names]  # on a phone the numbers stand in the sentence below
    slim = theme.narrow(
        wide,
        {"labels": {"text": texts, "textfont": {"size": 12}}, **lanes.SLIM},
        xaxis=theme.step_axis(a["k"], a["t"], "", gutter=0.3),
        yaxis=theme.log_axis(wide["layout"]["yaxis"]["range"], "", most=3),
    )
    return theme.figure_item(
        "paths",
        "Four readings of one gradient",
        each(sentence, a),
        wide,
        narrow=slim,
        role="main",
        height=360,
        row=ways.ROW,
        ghost=["total", "direct"],
        **({} if a["bare"] else {"play": ways.played(a["ways"])}),
    )


def formula(a: Arrays) -> theme.Json:
    """The readings with their numbers; the total as the sum of its paths."""
    return latex.item("paths-formula", "The four readings in numbers.", each(_lines, a))


def _lines(a: Arrays) -> list[theme.Json]:
    lag, ends = a["t"] - a["k"], {"t": str(a["t"]), "k": str(a["k"])}
    values = {which: x[0] for which, x in a["readings"].items()}

    def line(name: str, which: str, body: str, slots: dict[str, str], colors: dict[str, str]) -> theme.Json:
        slot = which.replace("_", "")
        left = rf"\frac{{\partial C_{{@t@}}}}{{\partial C_{{@k@}}}}\Big|_{{{name}}} = "
        return latex.part(
            rf"{left}{body}@{slot}@ \quad",
            ends | {slot: number(values[which])} | slots,
            colors | {slot: _CURVES[which][0].removeprefix("--u-")},
        )

    hues = {"d": "direct"} | {f"r{q}": gate.color for q, gate in GATES.items()}
    found = {"d": rounded(a["parts"]["highway"], 3)} | {f"r{q}": rounded(a["parts"][q], 3, _added) for q in GATES}
    paths = r"\ ".join(f"@{slot}@" for slot in found)
    k1 = {"k1": str(a["k"] + 1)} if lag else {}
    lines = [
        line(r"\text{direct}", "direct", *_direct(a, lag, values["direct"]), {"f": "forget", "f1": "forget"}),
        line(r"\text{state}", "state", r"\left[J_{@t@} \cdots J_{@k1@}\right]_{CC} = " if lag else "", k1, {}),
        line(
            r"\text{total}",
            "total",
            f"{paths} @is@ ",
            equation(lambda **parts: total(parts.values(), len(parts)), found, "total", values["total"]),
            hues,
        ),
        line(
            r"\text{one-step}",
            "one_step",
            r"\prod_{j=@k1@}^{@t@} \frac{\partial C_j}{\partial C_{j-1}} = " if lag else "",
            k1,
            {},
        ),
    ]
    cut = r"\text{without}\ " + r",\ ".join(GATES[q].written for q in GATES if q in a["cut"])
    return [*lines, line(cut, "cut", "", {}, {})] if a["cut"] else lines


def _direct(a: Arrays, lag: int, value: Scaled) -> tuple[str, dict[str, str]]:
    """The product of forget gates in LaTeX, and its slots."""
    if not lag:
        return "", {}
    if a["f_spread"] > 0:
        ends = {"f1": rounded(a["f_first"], 3), "f": rounded(a["f"], 3)}
        slots = equation(lambda f1, f: product((f1, f), lag), ends, "direct", value)
        return r"\prod_{j=@k1@}^{@t@} f_j = @f1@ \cdots @f@ @is@ ", slots | {"k1": str(a["k"] + 1)}
    slots = equation(lambda f: f**lag, {"f": rounded(a["f"], within=base)}, "direct", value)
    return r"f^{t-k} = @f@^{@lag@} @is@ ", slots | {"lag": str(lag)}


def _added(text: str) -> str:
    """A number as the next term of a sum."""
    return f"− {text[1:]}" if text.startswith("−") else f"+ {text}"


def remarks(run: Run) -> list[str]:
    """Where a reading is right although in general it is not."""
    if run.t == run.k or run.experiment.pin_all or not run.experiment.pins("o"):
        return []
    return ["The output gate does not read h here, so h follows C alone, and the product of one-step totals is exact."]
