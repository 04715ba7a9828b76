"""A challenge's sentence: what is to be reached, and where the reader is now."""

from __future__ import annotations

from typing import Any

import numpy as np

from pages.charts.parts.along import zipped
from pages.charts.parts.numbers import number
from pages.lessons.challenges import CHALLENGES, Challenge, judge
from rnn_core.experiment import Run
from rnn_core.scaled import Scaled


def item(name: str, run: Run) -> dict[str, Any]:
    """The challenge judged, as `show` takes it; of a sweep, at each of its positions."""
    challenge = CHALLENGES[name]
    found = judge(challenge, run)
    mant, exp2 = np.atleast_1d(found.value.mant), np.atleast_1d(found.value.exp2)
    texts = [
        sentence(challenge, Scaled(mant[s], exp2[s]), [demand for demand, fails in found.unmet if fails.ravel()[s]])
        for s in range(len(mant))
    ]
    return {"kind": "text", "name": "challenge", "text": zipped(texts)}


def sentence(challenge: Challenge, value: Scaled, unmet: list[str]) -> str:
    """Done, not yet, or what has to come first."""
    reached = challenge.low <= float(value.value) <= challenge.high
    now = f"{challenge.quantity} is {number(value)}"
    if unmet:
        return f"Challenge: {challenge.goal}. Now {now}; but {' and '.join(unmet)}."
    return f"Done: {now}." if reached else f"Challenge: {challenge.goal}. Now {now}: not yet."
