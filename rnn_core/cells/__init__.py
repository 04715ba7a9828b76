"""The recurrent cells, one module each."""

from rnn_core.cells.base import LIMIT, Cell, checked, matvec
from rnn_core.cells.gru import GRU
from rnn_core.cells.local import Local, common_scale, where_read
from rnn_core.cells.lstm import LSTM
from rnn_core.cells.rnn import RNN

__all__ = ["CELLS", "GRU", "LIMIT", "LSTM", "RNN", "Cell", "Local", "checked", "common_scale", "matvec", "where_read"]

CELLS: dict[str, type[Cell]] = {cell.name: cell for cell in (RNN, LSTM, GRU)}
