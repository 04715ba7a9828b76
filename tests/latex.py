"""What a formula's LaTeX says once its slots are filled: a reader with a pocket calculator of sixty digits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mpmath import mp, mpf

mp.dps = 60


class Symbols(Exception):
    """There is more in it than numbers."""


@dataclass(frozen=True)
class Side:
    """One side of a relation: its text, what it comes to (None where it holds symbols), and the relation before it."""

    text: str
    value: Any
    relation: str


def filled(latex: str, slots: dict[str, str]) -> str:
    """The template with what is printed in its slots, as LaTeX of its own."""
    return re.sub(r"@(\w+)@", lambda slot: f" {_typed(slots[slot[1]])} ", latex)


def _typed(text: str) -> str:
    power = re.sub(
        "10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda p: "10^{" + p[1].translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")) + "}", text
    )
    return power.replace("−", "-").replace("×", r"\cdot").replace("∞", r"\infty")


def lines(formula: dict[str, Any]) -> Iterator[str]:
    """A formula's equations; parts that stand in one line make one."""
    line = ""
    for one in formula["lines"]:
        text = filled(one["latex"], one["slots"])
        if not one.get("part") or not re.match(r"\s*(=|≈|<|>|\{\} \+)", text):
            yield line
            line = ""
        line += " " + text
    yield line


def chains(line: str, functions: dict[str, Callable[[Any], Any]]) -> Iterator[list[Side]]:
    """The chains a = b = c in a line, evaluated."""
    tokens = _TOKEN.findall(line)
    chain: list[Side] = []
    side: list[str] = []
    relation, depth, count = "", 0, None
    for token in [*tokens, "end"]:
        depth += token in _OPEN
        depth -= token in _CLOSE
        if depth or token not in (*_RELATIONS, *_ENDS):
            side.append(token)
            continue
        text = " ".join(side)
        count = _count(text) or count
        chain.append(Side(text, _value(side, functions, count), relation))
        side, relation = [], token if token in _RELATIONS else ""
        if token in _ENDS:
            yield chain
            chain, count = [], None


_TOKEN = re.compile(r"\\left[(\[|.]|\\right[)\]|.]|\\text\{[^}]*\}|\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\S")
_OPEN, _CLOSE = ("{", "(", r"\left(", r"\left[", "["), ("}", ")", r"\right)", r"\right]", "]")
_RELATIONS, _ENDS = ("=", "≈", "<", ">"), (",", r"\quad", ":", r"\to", r"\leftrightarrow", "end")
_SPACES = (r"\,", r"\;", r"\ ", r"\Big")


def _count(text: str) -> int | None:
    """How many there are, from a product or sum in symbols."""
    found = re.search(r"\\(?:prod|sum) _ \{ \w = (\d+) \} \^ \{ (\d+) \}", text)
    return int(found[2]) - int(found[1]) + 1 if found else None


def _value(tokens: list[str], functions: dict[str, Callable[[Any], Any]], count: int | None) -> Any:
    reader = _Reader([token for token in tokens if token not in _SPACES], functions, count)
    try:
        value = reader.sum()
        return value if reader.done else None
    except (Symbols, IndexError):
        return None


class _Reader:
    def __init__(self, tokens: list[str], functions: dict[str, Callable[[Any], Any]], count: int | None):
        self.tokens, self.at, self.functions, self.count = tokens, 0, functions, count

    @property
    def done(self) -> bool:
        return self.at == len(self.tokens)

    def next(self, *wanted: str) -> str:
        """Take the next token, if it is one of those wanted; of any, if none is named."""
        if self.done or (wanted and self.tokens[self.at] not in wanted):
            return ""
        self.at += 1
        return self.tokens[self.at - 1]

    def take(self, *wanted: str) -> str:
        token = self.next(*wanted)
        if not token:
            raise Symbols
        return token

    def sum(self) -> Any:
        while self.next("{"):  # an empty group before a sign
            self.take("}")
            self.next("+")
        terms, dots = [self.product()], False
        while sign := self.next("+", "-"):
            if self.next(r"\cdots"):
                dots = True
                continue
            terms.append(self.product() if sign == "+" else -self.product())
        if dots:
            return terms[0] * self.all_of(terms)
        return mp.fsum(terms)

    def product(self) -> Any:
        factors, powers, dots, divide = [], [], False, False
        while True:
            if self.next("-"):
                value, power = -self.product(), False  # a sign belongs to what follows
            else:
                value, power = self.power()
            (powers if power else factors).append(1 / value if divide else value)
            if self.next(r"\cdots"):
                dots, divide = True, False
            elif self.next(r"\cdot"):
                divide = False
            elif self.next("/"):
                divide = True
            else:
                break
        return mp.fprod(powers) * (factors[0] ** self.all_of(factors) if dots else mp.fprod(factors))

    def all_of(self, shown: list[Any]) -> int:
        """Dots between equal numbers stand for more of them; between others nobody knows."""
        if self.count is None or (len(shown) < self.count and len(set(shown)) > 1):
            raise Symbols
        if len(shown) == self.count and len(set(shown)) > 1:  # nothing is left out
            raise Symbols
        return self.count

    def power(self) -> tuple[Any, bool]:
        value = self.atom()
        if self.next("^"):
            exponent = self.group()
            return mp.power(value, exponent), not (value == 10 and exponent == int(exponent))
        return value, False

    def group(self) -> Any:
        if self.next("{"):
            value = self.sum()
            self.take("}")
            return value
        return self.atom()

    def atom(self) -> Any:
        token = self.take()
        if re.fullmatch(r"\d+(\.\d+)?", token):
            return mpf(token)
        if token in ("(", r"\left("):
            value = self.sum()
            self.take(")", r"\right)")
            return value
        if token in (r"\frac", r"\tfrac"):
            return self.group() / self.group()
        if token == r"\infty":
            return mp.inf
        if token == "e" and self.tokens[self.at : self.at + 1] == ["^"]:
            return mp.e
        if token == r"\underbrace":
            start = self.at
            self._skip_group()
            self.take("_")
            self.count = int(self.group())
            end, self.at = self.at, start
            value = self.group()
            self.at = end
            return value
        return self.function(token)

    def _skip_group(self) -> None:
        depth = 0
        while True:
            token = self.take()
            depth += (token == "{") - (token == "}")
            if not depth:
                return

    def function(self, token: str) -> Any:
        name = token.removeprefix(r"\text{").removesuffix("}") if token.startswith(r"\text") else token
        if self.next("'"):
            name += "'"
        exponent = self.group() if self.next("^") else 1
        if name not in self.functions:
            raise Symbols
        return self.functions[name](self.power()[0]) ** exponent


def half_a_unit(text: str, least: int) -> Any:
    """Of the last digit of a printed number, with the zeros that were dropped: of `least` digits. None: no number."""
    found = _NUMBER.fullmatch(text)
    if not found:
        return None
    beside, whole, decimals, power = found.groups()
    decimals = decimals or ""
    shown = mpf(10) ** (int(power.replace(" ", "") if power else 0) - len(decimals))  # of the last digit
    digits = len((whole + decimals).lstrip("0"))
    return min(shown, shown * mpf(10) ** (0 if beside else digits - least)) / 2


_NUMBER = re.compile(r"[-( ]*(1 [-+] )?(\d+)(?:\.(\d+))?(?: \\cdot 10 \^ \{ ((?:- )?\d+) \})?[) ]*")
