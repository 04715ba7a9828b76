"""Numbers as people type and paste them: 0,5 and 0.5, −3 × 10⁻³, 1 234.5. What can be read in two ways is.

Each way of reading rewrites a text in plain words, with a decimal point and nothing between the digits; the core's
own parser reads those. A text with one way is read without a word; of one with more, the reader is told.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from rnn_core.sequences import parse_numbers

Numbers = tuple[float, ...]

_THIN = "\u00a0\u2006\u2007\u2008\u2009\u200a\u202f"  # spaces that stand between digits: 1 234
_PLAIN = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.A | re.I)
_MINUS = str.maketrans(dict.fromkeys("−–‐‑﹣－", "-"))
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_POWER = re.compile(  # of ten: × 10⁻³, *10^-3, \times 10^{-3}, and × 10-3 that has lost its height on the way
    r"(?:(?P<times>(?<=[\d.,])\s*(?:×|·|⋅|\*|x|\\times)\s*)|(?<![\w.,^])(?P<alone>-?))"
    r"10(?:(?P<up>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?:\^|\*\*)\{?(?P<caret>[-+]?\d+)\}?|(?P<lost>(?<=[×·⋅*x\ss]10)[-+]\d+))(?!\w)",
    re.I,
)
_MARKED = re.compile(r"(?<=\d)['’](?=\d{3}(?!\d))")  # 1'000
_POINTS = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3}){2,}(?![\d.])")  # 1.000.000
_APART = re.compile(rf"(?<!\d)\d{{1,3}}(?:[{_THIN}]\d{{3}})+(?!\d)")
_INNER = re.compile(r"(?<!\s),(?=\d)")  # a comma that may belong to a number
_COMMA = re.compile(r"([-+]?)(\d{1,3}(?:\.\d{3})+|\d*)(?:,(\d+))?(e[-+]?\d+)?", re.A | re.I)
_GROUPS = re.compile(r"([-+]?)(\d{1,3}(?:,\d{3})+|\d*)(\.\d*)?(e[-+]?\d+)?", re.A | re.I)


@lru_cache(maxsize=64)
def numbers(text: str) -> tuple[Numbers, ...]:
    """All that a list may mean, the likeliest first. Raises ValueError with the first word that is no number.

    >>> numbers("0, 5, 1")
    ((0.0, 5.0, 1.0),)
    >>> numbers("0,5; 1,25; −3 × 10⁻³")
    ((0.5, 1.25, -0.003), (0.0, 5.0, 1.0, 25.0, -0.003))
    >>> numbers("1,5")  # a comma separates, unless something else does
    ((1.0, 5.0), (1.5,))
    """
    found: list[Numbers] = []
    for plain in _thin(_without_powers(text)):
        commas = [way(plain) for way in (_decimal, _grouped, _mixed)] if _INNER.search(plain) else []
        ways = [_separated(plain), *commas]
        found += _distinct(ways if not commas or _separates(plain) else [*commas, ways[0]])
    if not found:
        parse_numbers(_separated(_without_powers(text)))  # says which
    return tuple(dict.fromkeys(found))


def number(text: str) -> Numbers:
    """All that a text may mean where one number is asked for, the likeliest first; none if it is none.

    >>> number("1,5"), number("−1.953 × 10⁻³"), number("1,234"), number("1_0")
    ((1.5,), (-0.001953,), (1.234, 1234.0), ())
    """
    text = text.strip()
    if _PLAIN.fullmatch(text):
        return (float(text),)
    plain = re.sub(r"^([-+]) ", r"\1", _without_powers(text))
    plain = re.sub(r"(?<=\d) (?=\d{3})", _THIN[0], plain)  # in one number a space can only part the digits
    plain = next(iter(_thin(plain)))
    ways = [_decimal(plain), _grouped(plain)] if "," in plain else [plain]
    return tuple(float(way) for way in dict.fromkeys(ways) if way and _PLAIN.fullmatch(way))


def plainly(numbers: Numbers, most: int) -> str | None:
    """A list as a text with one meaning, in at most so many characters."""
    words = [re.sub(r"\.0$", "", repr(x)) for x in numbers]
    return next((text for text in (", ".join(words), " ".join(words)) if len(text) <= most), None)


def shown(numbers: Numbers, most: int = 6) -> str:
    """A list for the eye: its beginning, and how long it is."""
    text = ", ".join(f"{x:g}" for x in numbers[:most]).replace("-", "−")
    return text if len(numbers) <= most else f"{text}, … ({len(numbers)} numbers)"


def _without_powers(text: str) -> str:
    """With plain signs, powers of ten as e-3, and without marks that can only part the digits."""
    text = _POWER.sub(_power, text.translate(_MINUS))
    text = _MARKED.sub("", text)
    return _POINTS.sub(lambda found: found[0].replace(".", ""), text)


def _power(found: re.Match[str]) -> str:
    power = (found["up"] or found["caret"] or found["lost"]).translate(_RAISED)
    return f"e{power}" if found["times"] else f"{found['alone']}1e{power}"


def _thin(text: str) -> Iterable[str]:
    """Thin spaces part the digits of a number, or numbers; the first where none of them must do the other."""
    joined = _APART.sub(lambda found: re.sub(f"[{_THIN}]", "", found[0]), text)
    ways = [joined, text] if not re.search(rf"\d[{_THIN}]\d", joined) else [text, joined]
    return dict.fromkeys(ways)


def _separates(text: str) -> bool:
    """Whether the commas of a text look like those between numbers."""
    words = _words(text)
    outer = "," in _INNER.sub("", text)
    return len(words) < 2 or (outer and not all(word.count(",") == 1 for word in words))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"(?:[\s;]|,(?!\d)|(?<=\s),)+", text) if word]


def _separated(text: str) -> str:
    return text.replace(",", " ")


def _decimal(text: str) -> str | None:
    """1.234,5"""
    return _each(_words(text), _with_comma)


def _mixed(text: str) -> str | None:
    """0,5 and 0.5 in one text"""
    return _each(_words(text), lambda word: _with_comma(word) if "," in word else word)


def _grouped(text: str) -> str | None:
    """1,234.5"""
    return _each(_words(text), _with_groups)


def _each(words: Sequence[str], way: Callable[[str], str | None]) -> str | None:
    rewritten = [text for word in words if (text := way(word)) is not None]
    return " ".join(rewritten) if len(rewritten) == len(words) else None


def _with_comma(word: str) -> str | None:
    found = _COMMA.fullmatch(word)
    if not found:
        return None
    sign, whole, part, power = found.groups(default="")
    return f"{sign}{whole.replace('.', '')}.{part}{power}" if part else f"{sign}{whole.replace('.', '')}{power}"


def _with_groups(word: str) -> str | None:
    found = _GROUPS.fullmatch(word)
    return word.replace(",", "") if found else None


def _distinct(ways: Iterable[str | None]) -> list[Numbers]:
    """What these texts say, without those that say nothing."""
    found = []
    for way in ways:
        try:
            found += [parse_numbers(way)] if way is not None else []
        except ValueError:
            continue
    return found
