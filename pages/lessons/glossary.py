"""What symbols and words mean, one sentence each: in formulas, in legends and on the page of the glossary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Term:
    """`symbols` as formulas write it, `color` of its numbers there, `shows` the traces that draw it, the first of them
    in the legend; `pages` where it means that, none: wherever it means nothing else."""

    key: str
    name: str
    says: str
    symbols: tuple[str, ...] = ()
    color: str = ""
    shows: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def _term(plain: dict[str, Any]) -> Term:
    frozen: dict[str, Any] = {name: tuple(part) if isinstance(part, list) else part for name, part in plain.items()}
    return Term(**frozen)


_PLAIN: list[dict[str, Any]] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
GLOSSARY = {term.key: term for term in map(_term, _PLAIN)}
SHARED: dict[str, Any] = {"terms": _PLAIN}  # with the browser
