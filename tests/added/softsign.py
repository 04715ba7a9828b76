"""An activation, as it is to stand before the last line of `rnn_core/activations.py`."""

import numpy as np

from rnn_core import decimals
from rnn_core.activations import Activation, Code

SOFTSIGN = Activation(
    name="softsign",
    latex=r"\frac{z}{1 + |z|}",
    phi=lambda z: z / (1 + np.abs(z)),
    slope=lambda z: (1 / (1 + np.abs(z))) ** 2,
    log_slope_formula=lambda z: -2 * np.log1p(np.abs(z)),
    max_slope=1.0,
    limits=(-1.0, 1.0),
    exact=lambda z: z / ((z if z.re > 0 else -z) + decimals.ONE),
    code=Code(
        phi="z / (1 + abs(z))",
        of_complex="z / (1 + (z if z.real > 0 else -z))",
        slope="1 / (1 + abs(z)) ** 2",
        torch="torch.nn.functional.softsign(z)",
    ),
)
