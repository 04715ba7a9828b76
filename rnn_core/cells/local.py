"""The derivative of a cell's steps, unit by unit: what Jacobians are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_core.scaled import NOTHING, Scaled, ldexp, where


@dataclass(frozen=True, eq=False)
class Local:
    """The derivative of each step, unit by unit: floats, with exponents 0 for each n of them, or numbers."""

    D: Scaled  # (T, *batch, B, B, n) highway: block b of s_t by block b' of s_{t-1}
    A: Scaled  # (T, *batch, B, G, n) by what W_h delivers to gate q
    A_x: Scaled  # (T, *batch, B, G, n) by what W_x delivers to gate q; differs from A for the GRU only
    peeped: Scaled | None = None  # (T, *batch, n) the peepholes' part of D's C to C, plain numbers
    highway: bool = True  # whether there is one: else D is 0

    @classmethod
    def of(
        cls,
        D: list[list[Any]],
        A: list[list[Any]],
        A_x: list[list[Any]] | None = None,
        peeped: Any = None,
    ) -> Local:
        """From nested lists of float or Scaled arrays (T, *batch, n), None where there is nothing."""
        terms = (x for x in (*D[0], *A[0]) if x is not None)
        shape = np.broadcast(*(x.mant if isinstance(x, Scaled) else x for x in terms)).shape
        tables = [_table(rows, shape) for rows in (D, A, *([A_x] if A_x else []))]
        if isinstance(peeped, np.ndarray):
            peeped = Scaled.of(peeped)
        return cls(tables[0], tables[1], tables[-1], peeped, any(x is not None for row in D for x in row))


def _table(rows: list[list[Any]], shape: tuple[int, ...]) -> Scaled:
    lone = rows[0][0] if len(rows) == len(rows[0]) == 1 else None
    if isinstance(lone, np.ndarray):
        return Scaled(lone[..., None, None, :], np.zeros((*shape[:-1], 1, 1), dtype=np.int64))
    mant = np.zeros((*shape[:-1], len(rows), len(rows[0]), shape[-1]))
    plain = not any(isinstance(x, Scaled) for row in rows for x in row)
    exp2 = np.zeros(mant.shape[:-1], dtype=np.int64) if plain else np.full(mant.shape, NOTHING)
    for b, row in enumerate(rows):
        for q, x in enumerate(row):
            if plain and x is not None:
                mant[..., b, q, :] = x
            elif x is not None:
                x = x if isinstance(x, Scaled) else Scaled.of(x)
                mant[..., b, q, :], exp2[..., b, q, :] = x.mant, x.exp2
    return Scaled(mant, exp2)


def common_scale(*tables: Scaled) -> tuple[list[np.ndarray], np.ndarray] | None:
    """Tables of `Local` as floats times one power of two for each step, (T, *batch); None where that loses a number."""
    if not any(table.exp2.any() for table in tables):
        return [table.mant for table in tables], np.zeros(tables[0].mant.shape[:-3], dtype=np.int64)
    tables = tuple(table.entries() for table in tables)
    exp2 = np.maximum.reduce([table.exp2.max(axis=(-3, -2, -1)) for table in tables])
    scaled = [ldexp(t.mant, t.exp2 - exp2[..., None, None, None]) for t in tables]
    whole = all(((x != 0) == (t.mant != 0)).all() for x, t in zip(scaled, tables, strict=True))
    return (scaled, exp2) if whole else None


def where_read(table: Scaled, W: np.ndarray) -> Scaled:
    """A table of `Local` without the gates whose weights W (*batch, G, n, …) are all 0.

    What is multiplied by 0 must not set the scale of the rest.
    """
    if not table.exp2.any():
        return table
    read = (W != 0).any(axis=(-2, -1))[..., None, :, None]
    return where(read, table.entries(), Scaled.of(np.zeros(())))
