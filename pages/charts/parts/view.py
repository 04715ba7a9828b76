"""What a page is to its charts: functions of an experiment, and how one function serves a run and a sweep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from pages.charts.parts import beside, challenge
from pages.charts.parts.along import time_last, zipped
from pages.lessons.challenges import NONE
from rnn_core.experiment import CHOOSE_ROWS, Experiment, Run, run, sweep
from rnn_core.scaled import Scaled

Items = list[dict[str, Any]]
Columns = dict[str, list[Any]]
Over = tuple[str, Sequence[float]] | None  # a field and its values: then the items are those of a sweep


@dataclass(frozen=True)
class Study:
    """What a reader looks at: an experiment, perhaps another one that it is compared with, and a challenge."""

    experiment: Experiment
    held: Experiment | None = None
    challenge: str = NONE


@dataclass(frozen=True)
class View:
    """What a page shows of an experiment. All are functions of a module, so that results can be cached by them."""

    items: Callable[..., Items]  # what `show` shows; decorated with `live`
    columns: Callable[[Experiment], Columns]  # the table, one entry a column
    code: Callable[[Experiment], Sequence[str]]  # the snippet's last lines, about `r = run(…)`
    number: Callable[..., tuple[str, Scaled]]  # the page's one number: its name as in the read-out, its value
    tapped: Callable[[Experiment, dict[str, Any]], dict[str, Any]] | None = None  # controls that a tap sets
    check: Callable[[Experiment], dict[str, Any]] | None = None  # what the badge says of the number: see `verdict`
    snippets: Callable[[Experiment], dict[str, str]] | None = None  # code that makes the number, by library

    def shown(self, study: Study, over: Over = None) -> Items:
        """The items, and after the main figure what a held experiment and a challenge have to say of it."""
        e, held = study.experiment, study.held
        if study.challenge == NONE and held is None:
            return self.items(e, over)
        if over and over[0] in CHOOSE_ROWS and len(over[1]) > 1:
            return zipped([self.shown(study, (over[0], [value])) for value in over[1]])
        items, said = self.items(e, over), []
        if study.challenge != NONE:
            said.append(challenge.item(study.challenge, run_over(e, over)))
        if held is not None:
            items = beside.with_held(items, self.items(held))
            said.append(beside.item(self.number(e, over), self.number(held)))
        main = next(place for place, item in enumerate(items) if item.get("role") == "main")
        return [*items[: main + 1], *said, *items[main + 1 :]]


def run_over(e: Experiment, over: Over) -> Run:
    """The run of an experiment; with `over`, its sweep."""
    if over is None:
        return run(e)
    field, values = over
    if field not in CHOOSE_ROWS:
        return sweep(e, field, values)
    [value] = values
    chosen: dict[str, Any] = {field: value}
    return replace(run(replace(e, **chosen)), swept={field: np.array(value)})


def live(items: Callable[[Experiment, Over], Items]) -> Callable[..., Items]:
    """Items of an experiment, or with `over`, those of a sweep: see `along`.

    What chooses rows changes a figure's build, so each of its positions is drawn by itself.
    """

    @wraps(items)
    def lively(e: Experiment, over: Over = None) -> Items:
        if over and over[0] in CHOOSE_ROWS:
            return zipped([items(e, (over[0], [value])) for value in over[1]])
        return items(e, over)

    return lively


def first(values: Scaled, r: Run) -> Scaled:
    """The first in time of scalar values (L, *batch, …), of shape batch: the number at the chain's begin."""
    found: Scaled = time_last(values, r)
    return found[..., 0]
