"""What a reader must know about the present run: what had to be adjusted, and where a number's meaning ends."""

from __future__ import annotations

import numpy as np

from pages.charts.numbers import number, weight
from rnn_core.cells import RNN
from rnn_core.experiment import Run
from rnn_core.sequences import YEARS, first_year

CHAOS = 25.0  # exponent · steps above which only this very trajectory is meant (in nats: 1e11)


def remarks(run: Run) -> list[str]:
    """Sentences, most important first."""
    return [*_chain(run), *_input(run), *_kinks(run), *_range(run)]


def bend(run: Run) -> list[str]:
    """Why the curve of an LSTM's total bends at its first state."""
    reads_h = not all(run.experiment.pins(q) for q in "ifg")
    return (
        ["h₀ is given and does not follow C₀, hence the bend of the total at j = 0."]
        if reads_h and run.k == 0 < run.t
        else []
    )


def _chain(run: Run) -> list[str]:
    e, found = run.experiment, []
    if e.t > e.T:
        found.append(f"t = {e.t} lies beyond the {e.T} unrolled steps, so the chain ends at t = {run.t}.")
    if e.k > run.t:
        found.append(f"k = {e.k} lies after t = {run.t}, so the chain begins at k = {run.k}.")
    return found


def _input(run: Run) -> list[str]:
    e = run.experiment
    if e.sequence == "sunspots" and e.T:
        year = first_year(e.T, e.start)
        moved = f" (the data end in {YEARS[1]}, so it begins earlier than {e.start})" if year != e.start else ""
        span = f"{year}–{year + e.T - 1}" if e.T > 1 else f"{year}"
        return [f"Sunspot numbers {span}{moved}, fed as (x − mean)/std of this window."]
    if e.sequence == "pasted":
        given = len(e.values)
        if given < e.T:
            return [f"{given} of your numbers are used; the remaining {e.T - given} steps get 0."]
        if given > e.T:
            return [f"The first {e.T} of your {given} numbers are used: one for each step."]
    if e.sequence == "impulse" and e.at > e.T:
        return [f"The impulse would come at step {e.at}, after the last of {e.T} steps: no input arrives."]
    return []


def _kinks(run: Run) -> list[str]:
    cell = run.trajectory.cell
    if not isinstance(cell, RNN) or not cell.activation.kinks:
        return []
    z = run.trajectory.z[run.k : run.t, 0]
    at = np.flatnonzero(np.isin(z, cell.activation.kinks))
    if not len(at):
        return []
    slope = number(float(cell.activation.slope(z[at[0]])))
    more = f" and {len(at) - 1} more" if len(at) > 1 else ""
    where = f"At step {run.k + 1 + int(at[0])}{more}, z = {weight(float(z[at[0]]))} lies at the kink"
    return [f"{where}: there the slope is set to {slope}, as in PyTorch."]


def _range(run: Run) -> list[str]:
    found = []
    tr = run.trajectory
    if not np.isfinite(tr.h).all():
        step = int(np.argmax(~np.isfinite(tr.h[:, 0])))
        found.append(
            f"From step {step} on the state exceeds what a computer's number can hold; its gradient does not need it."
        )
    if isinstance(tr.cell, RNN) and tr.cell.activation.name == "identity":
        return found
    largest = float(run.flow.products_to(run.t, run.k)[0].norm().log)
    if largest > CHAOS:
        found.append("So steep a gradient speaks of this very trajectory only: the smallest change leads elsewhere.")
    return found


def item(found: list[str]) -> dict[str, str]:
    """The remarks as `show` takes them."""
    return {"kind": "text", "name": "remarks", "text": " ".join(found)}
