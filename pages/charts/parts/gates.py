"""An LSTM's gates by letter, in the order in which they are told; all that is to be said of them stands in its cell."""

from __future__ import annotations

from rnn_core.cells import LSTM

GATES = {gate.letter: gate for gate in LSTM.told}
