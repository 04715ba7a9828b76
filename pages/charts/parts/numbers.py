"""How numbers are written on screen: four digits, powers of ten, a real minus sign; "1" and "0" only what is it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from rnn_core.activations import Activation
from rnn_core.check import DEEPEST
from rnn_core.scaled import Scaled

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUBSCRIPT = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Flat:
    """±1 less what float64 cannot hold beside it: what a function that flattens out makes of a large z."""

    sign: float
    less: Scaled


Number = float | Scaled | Flat


def squashed(φ: Activation, z: float) -> Number:
    """φ(z), also where it is so near ±1 or 0 that float64 takes it to be there."""
    y = float(φ.phi(np.asarray(z)))
    if abs(y) == 1 and y in φ.limits and φ.flat and math.isfinite(z) and (slope := φ.scaled_slope(np.asarray(z))).mant:
        return Flat(y, slope * (1 / φ.flat))
    return φ.scaled_phi(np.asarray(z)) if y == 0 else y


def number(x: Number, digits: int = 4) -> str:
    """`digits` significant digits: "1024", "0.168", "2.139 × 10⁻⁷", "−0.5", "∞".

    Whole numbers below a million are written out, and what is nearly 1 has as many digits as tell it from 1, or its
    distance: "0.99998", "1 − 3 × 10⁻⁹". A Scaled number is never too large or small to be written. Of one
    whose logarithm the core holds (`rnn_core.check.DEEPEST`) there are no digits: "< 10⁻¹⁰⁰⁰⁰⁰⁰⁰⁰⁰".
    """
    if isinstance(x, Flat):
        return _apart(x.sign, "−", x.less)
    mant, exp2 = (x.mant.item(), x.exp2.item()) if isinstance(x, Scaled) else (float(x), 0)
    return _scaled(mant, exp2, digits)


def numbers(x: Scaled, digits: int = 4) -> list[str]:
    """`number` of each of (L,) numbers."""
    return [_scaled(mant, exp2, digits) for mant, exp2 in zip(x.mant.tolist(), x.exp2.tolist(), strict=True)]


def _scaled(mant: float, exp2: int, digits: int) -> str:
    value = math.ldexp(mant, exp2) if abs(exp2) < 1000 else 0.0
    if 1e-3 <= abs(value) < 10**digits - 0.5:  # by far the most: %g does what the rest does
        text = f"{value:.{digits}g}"
        if text in ("1", "-1") and value not in (1, -1):
            return _near_one(value)
        return f"−{text[1:]}" if value < 0 else text
    if mant == 0 or not math.isfinite(mant):
        return _written(mant, math.inf if mant else -math.inf, mant < 0, digits)
    if abs(exp2) < 1000:
        return _written(value, math.log10(abs(value)), mant < 0, digits)
    if exp2 < DEEPEST:
        return f"−(< {_FLOOR})" if mant < 0 else f"< {_FLOOR}"
    log10 = math.log10(abs(mant)) + exp2 * _LOG10_2
    return _written(math.copysign(math.inf if exp2 > 0 else 0.0, mant), log10, mant < 0, digits)


def _near_one(value: float) -> str:
    """Told from ±1 by a digit of its distance, which stands alone where it is below a millionth."""
    apart = abs(value) - 1
    if abs(apart) >= 1e-6:
        text = f"{abs(value):.{-math.floor(math.log10(abs(apart)))}f}".rstrip("0")
        return f"−{text}" if value < 0 else text
    return _apart(value, "−" if apart < 0 else "+", abs(apart))


def _apart(value: float, which: str, distance: float | Scaled) -> str:
    text = f"1 {which} {number(distance, 1)}"
    if "<" in text:
        text = f"> {text.replace('< ', '')}"
    return f"−({text})" if value < 0 else text


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


def brief(x: float | Scaled, digits: int = 1) -> str:
    """What fits into a cell: "6.89", "16384", "−5·10⁻⁷", "10⁸⁵", "≈1"; powers with `digits`, the whole by hover."""
    size = abs(float(x.value if isinstance(x, Scaled) else x))
    text = number(x, 4 if size >= 1000 else 3 if size >= 0.1 else 2 if size >= 0.01 else 1)
    if " − " in text or " + " in text:
        return "≈−1" if text.startswith("−") else "≈1"
    return _ONE_TIMES.sub("", number(x, digits)).replace(" × ", "·") if "×" in text else text


_ONE_TIMES = re.compile(r"(?<![\d.])1 × ")


def weight(x: float, digits: int = 6) -> str:
    """A setting as the reader chose it, with at least two decimals: "2.00", "−0.55", "0.123"."""
    text = f"{abs(x):.{digits}g}"
    if "e" in text or (text == "1" and abs(x) != 1):
        return number(x, max(4, digits - 2))
    decimals = len(text.partition(".")[2])
    return ("−" if x < 0 else "") + f"{abs(x):.{max(2, decimals)}f}"


def factor(text: str) -> str:
    """A number as it stands in a product or a sum: in brackets where its sign would be misread."""
    return f"({text})" if text.startswith("−") or " − " in text or " + " in text else text


def base(text: str) -> str:
    """A number as it stands below an exponent: a power of ten in brackets, too."""
    return f"({text})" if "×" in text else factor(text)


def bracketed(x: float, digits: int = 6) -> str:
    """A setting as a factor or a base."""
    return base(weight(x, digits))


def percent(x: Scaled, decimals: int = 1) -> str:
    """A share, "74.0 %"; tiny ones as a power of ten; "0 %" only where nothing is left, "100.0 %" where all is."""
    share = float(x.value)
    text = f"{100 * share:.{decimals}f}"
    if float(text) == 100 and share != 1:
        return "over 99.9 %" if share < 1 else "over 100 %"
    return f"{text} %" if share >= 0.001 else f"{number(x * 100.0, 1 + decimals)} %"


def roughly(share: float) -> str:
    """A share in whole percent: "37 %", "under 1 %"; "0 %" and "100 %" only of nothing and of all."""
    text = f"{100 * share:.0f}"
    if text == "0" and share:
        return "under 1 %"
    return "over 99 %" if text == "100" and share < 1 else f"{text} %"


def steps(n: float) -> str:
    """A duration, "69 steps", "1 step", "2.2 steps", "0.63 of a step"."""
    if np.isinf(n):
        return "for ever"
    if 0 < n < 0.995:
        return f"{n:.2g} of a step"
    text = f"{n:.0f}" if n >= 9.95 else f"{n:.1f}".removesuffix(".0")
    if text in ("0", "1") and n != float(text):
        text = number(n, 2)
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
