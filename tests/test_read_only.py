"""Results that are shared cannot be written: not now, and not after they were computed lazily."""

from dataclasses import fields, is_dataclass
from types import MappingProxyType

import numpy as np
import pytest

from pages.charts.views import map
from rnn_core import memory_span, population, readout, sequences
from rnn_core.experiment import Experiment, run, sweep
from rnn_core.flow.bptt import Loss, backpropagate
from rnn_core.flow.ways_back import ways_back

EXPERIMENTS = [
    Experiment(cell=cell, activation=phi, w=w, T=12, t=12, sequence="sine")
    for cell, phi, w in (("rnn", "tanh", 2.0), ("rnn", "relu", 1e-40), ("lstm", "tanh", 2.0), ("gru", "tanh", 2.0))
]


def arrays(value, seen):
    """Every array that can be reached from a result, by attributes, items and cached properties."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict | MappingProxyType):
        for part in value.values():
            yield from arrays(part, seen)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from arrays(part, seen)
    elif is_dataclass(value) and not isinstance(value, type):
        for name in {field.name for field in fields(value)} | {*vars(value)}:
            yield from arrays(getattr(value, name), seen)


def used(result):
    """Ask for all that a run computes, so that what is kept is there."""
    flow, T = result.flow, result.flow.T
    found = [flow.products_to(), flow.products_to(5), flow.products_from(2), flow.jacobians, flow.local, flow.P]
    found += [flow.by_input(), flow.trajectory.scaled_h, flow.trajectory.numbers("z")]
    if result.experiment.cell == "rnn":
        said = readout.readout(result)
        found += [flow.slopes, flow.factors, said, said.said, said.losses, said.dh, said.by_lag(T), said.corrections()]
        found += [said]
    if result.experiment.cell == "lstm":
        found += [flow.direct(), flow.total(), flow.state(), flow.one_step(), flow.split_by_gate(), ways_back(flow)]
    if not result.swept:
        gradients = backpropagate(flow, Loss("sum_last"))
        found += [gradients.db_step, gradients.itemised_log, gradients]
    return [*found, result]


@pytest.mark.parametrize("e", EXPERIMENTS, ids=lambda e: f"{e.cell}-{e.activation}")
def test_no_array_of_a_result_can_be_written(e):
    for result in (run(e), sweep(e, "h0", [0.1, 0.5])):
        found = list(arrays(used(result), {}))
        assert len(found) > 30
        for array in found:
            assert not array.flags.writeable


def test_a_product_of_a_shared_run_raises_where_it_is_written():
    for e in EXPERIMENTS:
        with pytest.raises(ValueError, match="read-only"):
            run(e).flow.products_to(5).mant[0] *= 3
        with pytest.raises(ValueError, match="read-only"):
            run(e).trajectory.h[0] = 1


def test_what_is_kept_once_computed_is_read_only_too():
    shared = [
        population.networks(0.0), population.negative(0.0), memory_span.starts(4, 2, 2), sequences.sunspots(),
        readout.PLACES, map.WEIGHTS, map.BIASES, map.EDGES,
        map._by_steps(Experiment(w=0.0, T=5, t=5)), map._by_bias(Experiment(w=0.0, T=5, t=5)),
    ]  # fmt: skip
    found = list(arrays(shared, {}))
    assert len(found) >= 20
    for array in found:
        assert not array.flags.writeable
