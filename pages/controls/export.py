"""What a reader takes away: the numbers as a table and CSV, and the code that makes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from rnn_core.experiment import Experiment

Columns = Mapping[str, Sequence[Any]]


def snippet(experiment: Experiment, lines: Sequence[str]) -> str:
    """NumPy-only code: the experiment, and the page's own lines about `r = run(…)`."""
    own = {f.name: getattr(experiment, f.name) for f in fields(experiment)}
    given = [f"{name}={value!r}" for name, value in own.items() if value != _DEFAULTS[name]]
    listed = ",\n    ".join(", ".join(given[i : i + 5]) for i in range(0, len(given), 5))
    call = f"Experiment(\n    {listed},\n)" if given else "Experiment()"
    return "\n".join(["from rnn_core import Experiment, run", "", f"r = run({call})", *lines])


_DEFAULTS = vars(Experiment())


def csv(columns: Columns) -> str:
    """Full precision, one row a step."""
    import pandas as pd

    return pd.DataFrame(dict(columns)).to_csv(index=False)


def is_open() -> bool:
    """Whether the table or the code is unfolded, and has to follow."""
    return any(st.session_state.get(fold) for fold in (_NUMBERS, _CODE))


_NUMBERS, _CODE = "numbers_open", "code_open"


def numbers(name: str, columns: Callable[[], Columns]) -> None:
    """The table, made only when it is opened, and the CSV, made only when it is fetched."""
    fold = st.expander("The numbers", on_change="rerun", key=_NUMBERS)
    if fold.open:
        import pandas as pd

        fold.dataframe(pd.DataFrame(dict(columns())), hide_index=True, height=280)
        fold.download_button(
            "Download CSV", lambda: csv(columns()), f"unrolled-{name}.csv", "text/csv", on_click="ignore"
        )


def code(text: Callable[[], str]) -> None:
    """The code beside the numbers, written only when it is opened."""
    fold = st.expander("The code that makes this number", on_change="rerun", key=_CODE)
    if fold.open:
        fold.code(text(), language="python")
