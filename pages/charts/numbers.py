"""How numbers are written on screen: four digits, powers of ten, a real minus sign."""

from __future__ import annotations

import math

import numpy as np

from rnn_core.scaled import Scaled

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


def number(x: float | Scaled, digits: int = 4) -> str:
    """`digits` significant digits: "1024", "0.168", "2.139 × 10⁻⁷", "−0.5", "∞".

    Whole numbers below a million are written out; a Scaled number is never too large or small to be written.
    """
    if isinstance(x, Scaled):
        return numbers(x[None], digits)[0]
    value = float(x)
    log10 = math.log10(abs(value)) if value and math.isfinite(value) else math.inf if value else -math.inf
    return _written(value, log10, value < 0, digits)


def numbers(x: Scaled, digits: int = 4) -> list[str]:
    """`number` of each of (L,) numbers."""
    rows = zip(x.value.tolist(), x.log10.tolist(), (x.mant < 0).tolist(), strict=True)
    return [_written(value, log10, negative, digits) for value, log10, negative in rows]


def _written(value: float, log10: float, negative: bool, digits: int) -> str:
    sign = "−" if negative else ""
    if log10 == -math.inf:
        return "0"
    if log10 == math.inf:
        return sign + "∞"
    size = abs(value)
    if 1e-3 <= size < 1e6:
        text = f"{size:.{max(0, digits - 1 - math.floor(log10))}f}"
        return sign + (text.rstrip("0").rstrip(".") if "." in text else text)
    exponent = math.floor(log10)
    mantissa = size / 10.0**exponent if 1e-300 < size < 1e300 else 10.0 ** (log10 - exponent)
    text = f"{mantissa:.{digits - 1}f}"
    if text.startswith("10"):
        text, exponent = "1", exponent + 1
    return f"{sign}{text.rstrip('0').rstrip('.') if '.' in text else text} × 10{superscript(exponent)}"


def weight(x: float) -> str:
    """A setting as the reader chose it, with at least two decimals: "2.00", "−0.55", "0.123"."""
    text = f"{abs(x):.6g}"
    if "e" in text:
        return number(x)
    decimals = len(text.partition(".")[2])
    return ("−" if x < 0 else "") + f"{abs(x):.{max(2, decimals)}f}"


def bracketed(x: float) -> str:
    """A negative number in brackets, as a factor or a base."""
    return f"({weight(x)})" if x < 0 else weight(x)


def percent(x: float) -> str:
    """A share, "74.0 %"; tiny ones as a power of ten."""
    return f"{100 * x:.1f} %" if x >= 0.001 or x == 0 else f"{number(100 * x, 2)} %"


def steps(n: float) -> str:
    """A duration, "69 steps", "1 step", "2.2 steps"."""
    if np.isinf(n):
        return "for ever"
    text = f"{n:.0f}" if n >= 9.95 else f"{n:.1f}".removesuffix(".0")
    return f"{text} step" if text == "1" else f"{text} steps"


def superscript(n: int) -> str:
    return str(n).translate(_SUPERSCRIPT)


def subscript(n: int) -> str:
    return str(n).translate(_SUBSCRIPT)


def derivative(above: str, t: int, below: str, k: int) -> str:
    """ "∂h₁₀/∂h₀" """
    return f"∂{above}{subscript(t)}/∂{below}{subscript(k)}"


def derivative_html(above: str, t: int | str, below: str, k: int | str) -> str:
    """The same for Plotly's labels."""
    return f"∂{above}<sub>{t}</sub>/∂{below}<sub>{k}</sub>"


def scalar(x: Scaled) -> Scaled:
    """A 1 × 1 matrix or a one-element vector as a plain number."""
    return Scaled(x.mant.reshape(x.exp2.shape), x.exp2)
