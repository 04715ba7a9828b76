"""The recurrent cells: each module here that names its class `CELL` is one, and what it says of itself is all there is.

`CELLS` goes by the years of their papers; `GATES` is the one table of gates' letters, titles and colours.
"""

from importlib import import_module
from pkgutil import iter_modules

from rnn_core.cells.base import LIMIT, Cell, checked, matvec
from rnn_core.cells.gate import Gate
from rnn_core.cells.gru import GRU
from rnn_core.cells.local import Local, common_scale, where_read
from rnn_core.cells.lstm import LSTM
from rnn_core.cells.rnn import RNN

__all__ = [
    "CELLS",
    "GATES",
    "GRU",
    "LIMIT",
    "LSTM",
    "RNN",
    "Cell",
    "Gate",
    "Local",
    "checked",
    "common_scale",
    "matvec",
    "where_read",
]

_MODULES = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
_FOUND: list[type[Cell]] = [module.CELL for module in _MODULES if hasattr(module, "CELL")]
CELLS = {cell.name: cell for cell in sorted(_FOUND, key=lambda cell: cell.since)}
GATES = {letter: gate for cell in CELLS.values() for letter, gate in cell.by_letter.items()}
