"""What the badge beside a number says: whether another way of computing leads to the same number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pages.charts.numbers import number, percent
from rnn_core.check import Check, Way, check
from rnn_core.experiment import Experiment
from rnn_core.scaled import Scaled

Verdict = dict[str, Any]

_WAY = "by complex-step differences through an independent forward pass"


def by(number: Callable[..., tuple[str, Scaled]], way: Way) -> Callable[[Experiment], Verdict]:
    """What a page's badge says: its number, once more by another way."""

    def badge(e: Experiment) -> Verdict:
        name, shown = number(e)
        return verdict(check(name, shown, e, way))

    return badge


def verdict(c: Check) -> Verdict:
    """text, the same in short, what was compared, and whether it agrees (None: nothing can be said)."""
    if not c.means_something:
        return {
            "text": "No check: rounding decides", "short": "no check", "agrees": None,
            "title": f"The last digit of each state moves {c.name} by {_share(c.rounding)}, so a second way to it"
            " proves nothing here.",
        }  # fmt: skip
    apart = number(c.error, 1)
    if not c.agrees:
        shown, independent = number(c.shown), number(c.independent)
        if shown == independent:
            shown, independent = number(c.shown, 12), number(c.independent, 12)
        return {
            "text": f"Check failed: {shown}, not {independent}", "short": "check failed", "agrees": False,
            "title": f"{c.name} is {shown} on this page, but {independent} {_WAY}. Please report it.",
        }  # fmt: skip
    if c.too_small:
        return {
            "text": "No check: too small", "short": "no check", "agrees": None,
            "title": f"{c.name} is too small for either way to tell it apart from another number as small.",
        }  # fmt: skip
    if c.error == 0:
        return {
            "text": "Checked: agrees to the last digit", "short": "checked", "agrees": True,
            "title": f"{c.name} {_WAY}: the same number to the last digit.",
        }  # fmt: skip
    limit = ", as far as rounding allows" if c.rounding else ""
    return {
        "text": f"Checked: agrees to {apart}", "short": f"checked, {c.error:.0e}".replace("e-0", "e-"), "agrees": True,
        "title": f"{c.name} {_WAY}: a relative difference of {apart}{limit}.",
    }  # fmt: skip


def _share(x: float) -> str:
    return percent(Scaled.of(np.array(x))) if x < 10 else f"{number(x, 2)} times its size"
