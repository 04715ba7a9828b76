"""How numbers are written on screen: four digits, powers of ten, a real minus sign."""

from __future__ import annotations

import math

import numpy as np

from rnn_core.check import DEEPEST
from rnn_core.scaled import Scaled

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


def number(x: float | Scaled, digits: int = 4) -> str:
    """`digits` significant digits: "1024", "0.168", "2.139 × 10⁻⁷", "−0.5", "∞".

    Whole numbers below a million are written out; a Scaled number is never too large or small to be written. Of one
    whose logarithm the core holds (`rnn_core.check.DEEPEST`) there are no digits: "< 10⁻¹⁰⁰⁰⁰⁰⁰⁰⁰⁰".
    """
    mant, exp2 = (x.mant.item(), x.exp2.item()) if isinstance(x, Scaled) else (float(x), 0)
    return _scaled(mant, exp2, digits)


def numbers(x: Scaled, digits: int = 4) -> list[str]:
    """`number` of each of (L,) numbers."""
    return [_scaled(mant, exp2, digits) for mant, exp2 in zip(x.mant.tolist(), x.exp2.tolist(), strict=True)]


def _scaled(mant: float, exp2: int, digits: int) -> str:
    value = math.ldexp(mant, exp2) if abs(exp2) < 1000 else 0.0
    if 1e-3 <= abs(value) < 10**digits - 0.5:  # by far the most: %g does what the rest does
        text = f"{value:.{digits}g}"
        return f"−{text[1:]}" if value < 0 else text
    if mant == 0 or not math.isfinite(mant):
        return _written(mant, math.inf if mant else -math.inf, mant < 0, digits)
    if abs(exp2) < 1000:
        return _written(value, math.log10(abs(value)), mant < 0, digits)
    if exp2 < DEEPEST:
        return f"−(< {_FLOOR})" if mant < 0 else f"< {_FLOOR}"
    log10 = math.log10(abs(mant)) + exp2 * _LOG10_2
    return _written(math.copysign(math.inf if exp2 > 0 else 0.0, mant), log10, mant < 0, digits)


_LOG10_2 = math.log10(2.0)
_FLOOR = "10⁻¹⁰⁰⁰⁰⁰⁰⁰⁰⁰"


def _written(value: float, log10: float, negative: bool, digits: int) -> str:
    sign = "−" if negative else ""
    if log10 == -math.inf:
        return "0"
    if log10 == math.inf:
        return sign + "∞"
    size = abs(value)
    if 1e-3 <= size < (1e6 if digits >= 4 else 10 ** (digits + 1)):
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
    """A negative number or a power of ten in brackets, as a factor or a base."""
    text = weight(x)
    return f"({text})" if x < 0 or "×" in text else text


def percent(x: Scaled) -> str:
    """A share, "74.0 %"; tiny ones as a power of ten; "0 %" only where nothing is left, "100.0 %" where all is."""
    share = float(x.value)
    if 0.9995 < share < 1:
        return "over 99.9 %"
    return f"{100 * share:.1f} %" if share >= 0.001 else f"{number(x * 100.0, 2)} %"


def steps(n: float) -> str:
    """A duration, "69 steps", "1 step", "2.2 steps", "0.63 of a step"."""
    if np.isinf(n):
        return "for ever"
    if 0 < n < 0.995:
        return f"{n:.2g} of a step"
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
