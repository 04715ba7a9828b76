"""A formula as one line of text, "2.00^10 = 1024": for the clipboard, and for browsers that draw no MathML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

_OPERATORS = "=≈<>→↔←+−·⋯"
_UNSEEN = {"~": "\u0303", "¯": "\u0304"}  # above a letter, combined with it
_BRACKETS = {"(": ")", "[": "]"}


@dataclass(frozen=True)
class _Token:
    """A piece of text, and how it stands beside others."""

    text: str
    kind: str  # operand, operator, prefix, open, close, space


def linear(mathml: str) -> str:
    """A template's MathML as text; its slots stay slots, @name@, to be filled by whoever shows it."""
    plain = re.sub(r'<m[no] data-slot="(\w+)"[^>]*>', r"<mn>@\1@", mathml)
    plain = re.sub(r"(@\w+@)</mo>", r"\1</mn>", plain)
    return _joined(_tokens(list(ElementTree.fromstring(plain)))).strip()


def _tokens(nodes: list[ElementTree.Element]) -> list[_Token]:
    """A row's pieces."""
    tokens: list[_Token] = []
    bars = 0
    for node in nodes:
        if node.tag in ("mrow", "mstyle"):
            tokens += _tokens(list(node))
            continue
        token = _token(node)
        last = next((one.kind for one in reversed(tokens) if one.kind != "space"), "open")
        if token.text == "−" and last in ("open", "operator", "prefix"):
            token = _Token("−", "prefix")
        if token.text in ("|", "‖"):
            bars += 1
            token = _Token(token.text, "open" if bars % 2 else "close")
        tokens.append(token)
    return tokens


def _token(node: ElementTree.Element) -> _Token:
    text = (node.text or "").replace("\u00a0", " ").replace("-", "−" if node.tag in ("mo", "mn") else "-")
    if node.tag == "mspace" or (node.tag == "mtext" and not text.strip()):
        return _Token(" ", "space")
    if node.tag == "mo":
        return _Token(text, _kind(text))
    if node.tag in ("mi", "mn", "mtext"):
        return _Token(text, "operator" if text == "@is@" else "operand")
    return _built(node.tag, list(node))


def _kind(text: str) -> str:
    if text in _OPERATORS:
        return "operator"
    if text in _BRACKETS:
        return "open"
    return "close" if text in (*_BRACKETS.values(), ",", ":") else "prefix"


def _built(tag: str, parts: list[ElementTree.Element]) -> _Token:
    """What is made of several rows."""
    rows = [_tokens([part]) for part in parts]
    if tag == "mfrac":
        return _Token("/".join(map(_grouped, rows)), "operand")
    text = _joined(rows[0])
    ends = text in ("|", "‖", ")", "]")  # a bar at which something is taken, a bracket to whose power
    if tag == "mover":
        return _Token(text + _UNSEEN.get(_joined(rows[1]), ""), "operand")
    if tag == "munder" and _joined(rows[1]) == "⏟":
        return _Token(f"({text})", "operand")
    marks = {"msub": "_", "munder": "_", "msup": "^", "msubsup": "_^", "munderover": "_^"}[tag]
    text += "".join(_script(mark, row) for mark, row in zip(marks, rows[1:], strict=True))
    return _Token(text, "close" if ends else "operand")


def _script(mark: str, row: list[_Token]) -> str:
    """An index or an exponent, in brackets where it is more than a number or a name."""
    spaced = any(token.kind == "space" for token in row)
    text = _joined(row) if spaced else "".join(token.text for token in row)
    if mark == "^" and text in ("′", "*"):
        return text
    if any(token.kind == "close" and token.text == "," for token in row):
        text = text.replace(",", ", ")
    return mark + (text if re.fullmatch(r"@?[\w.]+@?", text) else f"({text})")


def _grouped(row: list[_Token]) -> str:
    text = _joined(row)
    return f"({text})" if " " in text or any(token.kind == "operator" for token in row) else text


def _joined(row: list[_Token]) -> str:
    """Spaces around operators and between operands, none inside brackets or before what they belong to."""
    text, last = "", "open"
    for token in row:
        if token.kind == "operator":
            text = f"{text.rstrip()} {token.text} "
        elif token.kind == "space":
            text = text if text.endswith(" ") else text + " "
        else:
            beside = last in ("operand", "close") and not text.endswith((" ", "/"))
            apart = beside and token.kind in ("operand", "open", "prefix") and token.text[0] not in ",:/(["
            text += (" " if apart else "") + token.text + (" " if token.text in (",", ":") else "")
        last = token.kind if token.kind != "space" else last
    return re.sub(" +", " ", text)
