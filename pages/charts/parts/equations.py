"""Equations that hold for the digits they show: their parts get as many as it takes, else "≈" stands for "="."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from math import prod

from pages.charts.parts.numbers import Number, bracketed, factor, number
from rnn_core.activations import Activation
from rnn_core.decimals import Complex

Part = Callable[[int], str]  # its text with so many digits more than usual
_EXACT = Context(prec=24, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def rounded(x: Number, digits: int = 4, within: Callable[[str], str] = factor) -> Part:
    """A number that was computed, as it stands `within` its formula: a factor or term, the base of a power, itself."""
    return lambda more: within(number(x, digits + more))


def setting(x: float) -> Part:
    """A number that the reader chose."""
    return lambda more: bracketed(x, 6 + more)


def equation(
    of: Callable[..., Decimal | None],
    parts: dict[str, Part],
    result: str,
    value: Number,
    digits: int = 4,
    most: int = 8,
) -> dict[str, str]:
    """Texts for the slots of `of(**parts) = result`, and for the relation between the two, the slot "is".

    `of` computes with the parts as they are printed, and what it finds is written as `value` is; it may be None where
    what is printed does not say all (see `product`). Parts get up to `most` digits more than usual. Of a number too
    small for digits the relation is "<".
    """
    text, relation = number(value, digits), "="
    if bound := _BOUND.fullmatch(text):
        minus, relation, text = bound.groups()
        relation, text = ("<>".replace(relation, ""), f"−{factor(text)}") if minus else (relation, text)
        return {name: part(0) for name, part in parts.items()} | {result: text, "is": relation}
    for more in range(most + 1):  # a number with more than twelve digits is no longer read
        texts = {name: part(more) for name, part in parts.items()}
        with localcontext(_EXACT):
            found = of(**{name: read(shown) for name, shown in texts.items()})
            if found is None or _is_written(found, text, digits):
                break
    else:
        texts, relation = {name: part(0) for name, part in parts.items()}, "≈"
    return texts | {result: text, "is": relation}


_BOUND = re.compile(r"(−)?\(?([<>]) (.+?)\)?")


def _is_written(x: Decimal, text: str, digits: int) -> bool:
    """Whether `number` would write x so: it is within half a unit of the last digit, dropped zeros counted."""
    shown = read(text)
    if not x.is_finite() or not shown.is_finite() or not shown:
        return x == shown
    last = min(shown.adjusted() - digits + 1, int(shown.as_tuple().exponent))
    return abs(x - shown) <= Decimal(5).scaleb(last - 1)


def product(printed: Collection[Decimal], count: int) -> Decimal | None:
    """Of `count` factors of which these are printed, dots between them.

    Where all that is printed is one number, the dots stand for more of it; else for what nobody can know: None.
    """
    return Decimal(prod(printed)) if len(printed) == count else min(printed) ** count if _alike(printed) else None


def total(printed: Collection[Decimal], count: int) -> Decimal | None:
    """Likewise of `count` terms."""
    return Decimal(sum(printed)) if len(printed) == count else min(printed) * count if _alike(printed) else None


def _alike(printed: Collection[Decimal]) -> bool:
    return len(set(printed)) == 1


def exactly(φ: Activation) -> Callable[[Decimal], Decimal]:
    """φ, with all digits also where float64 takes it for ±1 or 0."""
    return lambda z: φ.exact(Complex(z)).re


def read(text: str) -> Decimal:
    """The number that a text shows: "−2.139 × 10⁻⁷", "(−0.50)", "+ 3", "1 − 3 × 10⁻⁹", "−∞", of "74.0 %" the 74.

    0 if it has no digits.
    """
    found = _NUMBER.fullmatch(text.translate(_PLAIN).replace(" × 10", "E"))
    if found is None:
        return Decimal(0)
    sign, one, apart, digits = found.groups()
    size = Decimal(digits)
    if one:
        size = 1 - size if apart == "-" else 1 + size
    return -size if sign == "-" else size


_PLAIN = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789") | str.maketrans({"∞": "Infinity", "(": "", ")": ""})
_NUMBER = re.compile(r"([-+]?) ?(1 ([-+]) )?(\d\S*|Infinity)(?: %)?")
