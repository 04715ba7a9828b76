"""What a reader must know about the present run: what had to be adjusted, and where a number's meaning ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from pages.charts.parts.along import Arrays, axis, positions, time_last, zipped
from pages.charts.parts.numbers import number, weight
from rnn_core.cells import RNN
from rnn_core.experiment import Run
from rnn_core.flow.unroll import T_MAX
from rnn_core.sequences import YEARS, first_year

CHAOS = 25.0  # exponent · steps above which only this very trajectory is meant (in nats: 1e11)


def quantities(run: Run) -> Arrays:
    """What remarks look at: the settings, z of the chain's steps, the first overflown step, the product's logarithm."""
    tr = run.trajectory
    a: Arrays = {**axis(run), "run": run, "start": run.value("start") * 1.0, "at": run.value("at") * 1.0}
    kinks = tr.cell.activation.kinks if isinstance(tr.cell, RNN) else ()
    if kinks:
        z = time_last(tr.z[run.k : run.t], run)
        slope = time_last(tr.cell.activation.slope(tr.z[run.k : run.t]), run)
        a |= {"kink_z": np.where(np.isin(z, kinks), z, np.nan), "kink_slope": slope}
    lost = ~np.isfinite(tr.h[..., 0])
    a["lost"] = np.where(lost.any(axis=0), lost.argmax(axis=0), np.nan)
    straight = isinstance(tr.cell, RNN) and not tr.cell.activation.bounded  # a nudge may grow as long as it likes
    steepest = run.flow.products_to(run.t, run.k)[0].norm().log
    return a | {"steepest": np.zeros_like(steepest) if straight else steepest}


def remarks(run: Run) -> list[str]:
    """Sentences about a single run, most important first."""
    return sentences(quantities(run))


def sentences(a: Arrays) -> list[str]:
    return [*_chain(a["run"]), *_input(a), *_kinks(a), *_range(a)]


def bend(run: Run) -> list[Any]:
    """Why the curve of an LSTM's total bends at its first state: a sentence, or one for each position.

    Empty where nothing flows back through h.
    """
    if run.k or not run.t:
        return []
    parts = run.flow.split_by_gate(run.t, run.k)
    flows = np.any([parts[q].mant[0, ..., 0, 0] != 0 for q in "ifgo"], axis=0)
    return [np.where(flows, "h₀ is given and does not follow C₀, hence the bend of the total at j = 0.", "").tolist()]


def _chain(run: Run) -> list[str]:
    e, found = run.experiment, []
    if e.T < e.t < T_MAX:
        found.append(f"t = {e.t} lies beyond the {e.T} unrolled steps, so the chain ends at t = {run.t}.")
    if e.k > run.t:
        found.append(f"k = {e.k} lies after t = {run.t}, so the chain begins at k = {run.k}.")
    return found


def _input(a: Arrays) -> list[str]:
    e, start, at = a["run"].experiment, int(a["start"]), int(a["at"])
    if e.sequence == "sunspots" and e.T:
        year = first_year(e.T, start)
        moved = f" (the data end in {YEARS[1]}, so it begins earlier than {start})" if year != start else ""
        span = f"{year}–{year + e.T - 1}" if e.T > 1 else f"{year}"
        return [f"Sunspot numbers {span}{moved}, fed as (x − mean)/std of this window."]
    if e.sequence == "pasted":
        given = len(e.values)
        if not given:
            return [f"None of your numbers is used: all {e.T} steps get 0."]
        if given < e.T:
            return [f"{given} of your numbers are used; the remaining {e.T - given} steps get 0."]
        if given > e.T:
            return [f"The first {e.T} of your {given} numbers are used: one for each step."]
    if e.sequence == "impulse" and at > e.T:
        return [f"The impulse would come at step {at}, after the last of {e.T} steps: no input arrives."]
    return []


def _kinks(a: Arrays) -> list[str]:
    at = np.flatnonzero(~np.isnan(a.get("kink_z", np.empty(0))))
    if not len(at):
        return []
    z, slope = weight(float(a["kink_z"][at[0]])), number(float(a["kink_slope"][at[0]]))
    more = f" and {len(at) - 1} more" if len(at) > 1 else ""
    where = f"At step {a['run'].k + 1 + int(at[0])}{more}, z = {z} lies at the kink"
    return [f"{where}: there the slope is set to {slope}, as in PyTorch."]


def _range(a: Arrays) -> list[str]:
    found = []
    if not np.isnan(a["lost"]):
        found.append(
            f"From step {int(a['lost'])} on the state exceeds what a computer's number can hold; its gradient does"
            " not need it."
        )
    if a["steepest"] > CHAOS:
        found.append(
            "A gradient this steep describes this one trajectory: the smallest change of its start leads to another."
        )
    return found


def item(*several: Arrays, last: Sequence[Any] = ()) -> dict[str, Any]:
    """The remarks on one run or more as `show` takes them, each sentence once.

    At their end come sentences, or lists with one for each position.
    """
    rows = enumerate(zip(*(positions(a) for a in several), strict=True))
    ends = [[s] if isinstance(s, str) else s for s in last]
    texts = [
        " ".join(filter(None, [*dict.fromkeys(s for a in row for s in sentences(a)), *(s[p % len(s)] for s in ends)]))
        for p, row in rows
    ]
    return {"kind": "text", "name": "remarks", "text": zipped(texts)}
