"""What the badge beside a number says: whether another way of computing leads to the same number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pages.charts.parts.numbers import number, percent
from rnn_core.check import Check, Way, check
from rnn_core.experiment import Experiment
from rnn_core.scaled import Scaled

Verdict = dict[str, Any]

_WAY = "by complex-step differences through an independent forward pass"


def by(number: Callable[..., tuple[str, Scaled]], way: Way, cells: Sequence[str] = ()) -> Callable[..., Verdict]:
    """What a page's badge says: its number, once more by another way; with `cells`, the number of each of them."""

    def badge(e: Experiment) -> Verdict:
        experiments = [replace(e, cell=cell) for cell in cells] or [e]
        return verdict(*(check(*number(one), one, way) for one in experiments))

    return badge


def verdict(*checks: Check) -> Verdict:
    """text, the same in short, what was compared, and whether it agrees (None: nothing can be said)."""
    failed = [c for c in checks if c.means_something and not c.agrees]
    if failed:
        return _failure(failed[0])
    sentences = map(_sentence, checks)
    title, good = (
        " ".join(one[0].upper() + one[1:] for one in sentences),
        [c for c in checks if c.means_something and not c.too_small],
    )
    if not good:
        why = "too small" if checks[0].means_something else "rounding decides"
        return {"text": f"No check: {why}", "short": "no check", "agrees": None, "title": title}
    error = max(c.error for c in good)
    how = f"to {number(error, 1)}" if error else "to the last digit"
    short = f"checked, {error:.0e}".replace("e-0", "e-") if error else "checked"
    which = "" if len(checks) == 1 else f"all {len(checks)} " if good == [*checks] else f"{len(good)} of {len(checks)} "
    who = f"{which}{'agrees' if len(good) == 1 else 'agree'}"
    text = f"{who} {how}" if len(checks) > 1 or not good[0].is_zero else "exactly 0"
    return {"text": f"Checked: {text}", "short": short, "agrees": True, "title": title}


def _failure(c: Check) -> Verdict:
    shown, independent = number(c.shown), number(c.independent)
    if shown == independent:
        shown, independent = number(c.shown, 12), number(c.independent, 12)
    return {
        "text": f"Check failed: {shown}, not {independent}",
        "short": "check failed",
        "agrees": False,
        "title": f"{c.name} is {shown} on this page, but {independent} {_WAY}. Please report it.",
    }


def _sentence(c: Check) -> str:
    """What is found of one number, where it does not fail."""
    if not c.means_something:
        if c.rounding == math.inf:
            return f"The last digit of a state decides whether {c.name} is 0, so a second way to it proves nothing."
        return (
            f"The last digit of each state moves {c.name} by {_share(c.rounding)}, so a second way to it proves"
            " nothing here."
        )
    if c.too_small:
        return f"{c.name} is too small for either way to tell it apart from another number as small."
    if c.is_zero:
        where = f"step {c.stops} passes nothing on" if c.stops else "at its end there is nothing left to change"
        return f"{c.name} {_WAY}: exactly 0, too, since {where}."
    if c.error == 0:
        return f"{c.name} {_WAY}: the same number to the last digit."
    limit = ", as far as rounding allows" if c.rounding else ""
    return f"{c.name} {_WAY}: a relative difference of {number(c.error, 1)}{limit}."


def _share(x: float) -> str:
    return percent(Scaled.of(np.array(x))) if x < 10 else f"{number(x, 2)} times its size"
