"""What a reader takes away: the numbers as a table and CSV, and the code that makes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from inspect import getsource
from textwrap import dedent
from typing import Any

import streamlit as st

from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS
from rnn_core.experiment import Experiment, idle

Columns = Mapping[str, Sequence[Any]]


def snippet(experiment: Experiment, lines: Sequence[str]) -> str:
    """NumPy-only code: the experiment, by what differs and counts, and the page's own lines about `r = run(…)`."""
    unread = idle(experiment)
    given = [
        f"{f.name}={getattr(experiment, f.name)!r}"
        for f in fields(experiment)
        if getattr(experiment, f.name) != f.default and f.name not in unread
    ]
    listed = ",\n    ".join(", ".join(given[i : i + 5]) for i in range(0, len(given), 5))
    call = f"Experiment(\n    {listed},\n)" if given else "Experiment()"
    return "\n".join(["from rnn_core import Experiment, run", "", f"r = run({call})", *lines])


CONVENTIONS = {"0.5, 1.5": (",", "."), "0,5; 1,5": (";", ",")}  # between numbers, and inside: as spreadsheets want it


def csv(columns: Columns, convention: str = "0.5, 1.5") -> str:
    """Full precision, one row a step."""
    import pandas as pd

    between, decimal = CONVENTIONS[convention]
    return pd.DataFrame(dict(columns)).to_csv(index=False, sep=between, decimal=decimal)


def is_open() -> bool:
    """Whether the table or the code is unfolded, and has to follow."""
    return any(st.session_state.get(fold) for fold in (_NUMBERS, _CODE))


_NUMBERS, _CODE, _CSV = "numbers_open", "code_open", "csv"


def numbers(name: str, columns: Callable[[], Columns]) -> None:
    """The table, made only when it is opened, and the CSV, made only when it is fetched."""
    fold = st.expander("The numbers", on_change="rerun", key=_NUMBERS)
    if fold.open:
        import pandas as pd

        table = pd.DataFrame(dict(columns()))
        floats = table.select_dtypes("float")
        shown = {name: st.column_config.NumberColumn(format=f"%.{digits(floats[name])}g") for name in floats}
        fold.dataframe(table, hide_index=True, height=280, column_config=shown)
        with fold.container(horizontal=True, gap="small", vertical_alignment="bottom"):
            convention = st.segmented_control(
                "Numbers in the CSV",
                tuple(CONVENTIONS),
                default=next(iter(CONVENTIONS)),
                required=True,
                key=_CSV,
                persist_state="session",
            )
            st.download_button(
                "Download CSV",
                lambda: csv(columns(), convention),
                f"unrolled-{name}.csv",
                "text/csv",
                on_click="ignore",
            )


def digits(column: Iterable[float]) -> int:
    """How many a column is shown with: six, or as many as tell what is not 1 from 1."""
    rows = [abs(x) for x in column]
    return next(d for d in range(6, 18) if all(x == 1 or f"{x:.{d}g}" != "1" for x in rows))


def code(
    experiment: Experiment,
    lines: Callable[[Experiment], Sequence[str]],
    snippets: Callable[[Experiment], Mapping[str, str]] | None = None,
) -> None:
    """The code that makes the page's number, by library; the cell's equations and the step that computes them."""
    fold = st.expander("The code that makes this number", on_change="rerun", key=_CODE)
    if fold.open:
        cell = CELLS[experiment.cell]
        codes = {**(snippets(experiment) if snippets else {}), "with rnn_core": snippet(experiment, lines(experiment))}
        for tab, text in zip(fold.tabs(list(codes)), codes.values(), strict=True):
            tab.code(text, language="python")
        φ = rf"\varphi(z) &= {ACTIVATIONS[experiment.activation].latex} \\"
        equations = r" \\ ".join(line.replace(" = ", " &= ", 1) for line in cell.latex)
        fold.latex(rf"\begin{{aligned}} {φ if experiment.cell == 'rnn' else ''} {equations} \end{{aligned}}")
        fold.code(dedent(getsource(cell.step)), language="python")
