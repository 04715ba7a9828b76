"""The exact mathematics of gradients in recurrent networks: NumPy and nothing else."""

from rnn_core.activations import ACTIVATIONS, activation
from rnn_core.cells import CELLS, GRU, LSTM, RNN
from rnn_core.experiment import Experiment, run, sweep
from rnn_core.flow.bptt import Loss, backpropagate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll

__all__ = [
    "ACTIVATIONS",
    "CELLS",
    "GRU",
    "LSTM",
    "RNN",
    "Experiment",
    "GradientFlow",
    "Loss",
    "activation",
    "backpropagate",
    "run",
    "sweep",
    "unroll",
]
