"""What changes along a slider: one drawing serves a single run, and every position of a sweep at once.

A chart's float arrays are (*batch, L): batch () for a run, (S,) for a sweep. A figure that depends on them
holds {"along": (S, …)}, a row for each position, or {"each": [S values]} where a plain run's figure holds the
value itself. What shows only under the pointer stands in a trace's `hover`, and a sweep goes without.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rnn_core.experiment import Run
from rnn_core.scaled import Scaled

Arrays = dict[str, Any]


def axis(run: Run) -> Arrays:
    """What every chart's arrays say of positions: how many, S or None; and whether a drag will show them (`bare`)."""
    batch = run.trajectory.batch
    return {"S": batch[0] if batch else None, "bare": bool(run.swept)}


def time_last(x: Any, run: Run) -> Any:
    """What a run holds as (L, *batch, 1 …), array or Scaled, as (*batch, L)."""
    if isinstance(x, Scaled):
        return Scaled(time_last(x.mant, run), time_last(x.exp2, run))
    return np.moveaxis(x.reshape(len(x), *run.trajectory.batch), 0, -1)


def along(x: np.ndarray, own: int = 1) -> Any:
    """A value with `own` axes of its own; with one more, one for each position."""
    return {"along": x} if x.ndim > own else x if own else x.item()


def each(make: Callable[..., Any], a: Arrays, *more: Any) -> Any:
    """What `make` says of a single run's arrays, or of those of each position."""
    return zipped([make(row, *more) for row in positions(a)])


def positions(a: Arrays) -> list[Arrays]:
    """The arrays of each position, as those of a single run."""
    if a["S"] is None:
        return [a]
    if "positions" not in a:
        a["positions"] = [_position(a, s) for s in range(a["S"])]
    return a["positions"]


def _position(a: Arrays, s: int) -> Arrays:
    return {name: _taken(value, s) for name, value in a.items()} | {"S": None}


def _taken(value: Any, s: int) -> Any:
    if isinstance(value, Scaled) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        return value[s]
    if isinstance(value, dict):
        return {name: _taken(part, s) for name, part in value.items()}
    return value


def hover(a: Arrays, **shown: Any) -> Arrays:
    """What a trace tells under the pointer, functions being asked for it; during a drag it tells nothing."""
    if a["bare"]:
        return {}
    return {"hover": {name: value() if callable(value) else value for name, value in shown.items()}}


def zipped(trees: Sequence[Any]) -> Any:
    """S figures of equal build as one, which holds {"each": …} or {"along": …} where they differ."""
    first = trees[0]
    if len(trees) == 1:
        return first
    if isinstance(first, np.ndarray):
        if all(isinstance(tree, np.ndarray) and tree.shape == first.shape for tree in trees):
            return (
                first
                if all(np.array_equal(first, tree, equal_nan=True) for tree in trees)
                else {"along": np.stack(trees)}
            )
        return {"each": list(trees)}
    if all(type(tree) is type(first) for tree in trees):
        if isinstance(first, dict) and all(_same_build(first, tree) for tree in trees):
            return {name: zipped([tree[name] for tree in trees]) for name in first}
        if isinstance(first, list | tuple) and all(len(tree) == len(first) for tree in trees):
            return [zipped(parts) for parts in zip(*trees, strict=True)]
        if not isinstance(first, dict | list | tuple) and all(tree == first for tree in trees):
            return first
    return {"each": list(trees)}


def _same_build(a: Arrays, b: Arrays) -> bool:
    return a.keys() == b.keys() and a.get("latex") == b.get("latex")  # a template keeps its slots
