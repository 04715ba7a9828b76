"""The gradient's walk as data: bars, their axis, and what the pulse says at each stop, against the core."""

from dataclasses import replace

import numpy as np
import pytest

from pages.charts.drawings import walk
from pages.charts.parts.equations import read
from pages.charts.parts.numbers import derivative, number
from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS
from rnn_core.experiment import Experiment, run
from rnn_core.scaled import Scaled
from tests.figures import raised, valid
from tests.settings import experiments

DEAD = Experiment(activation="relu", w=1.0, sequence="impulse", at=4, amplitude=-5.0)
MANY = [Experiment(), Experiment(activation="tanh"), Experiment(w=-1.2), Experiment(w=0.0), Experiment(t=0), DEAD,
        Experiment(w=8.0, T=100, t=100), Experiment(T=24, t=20, k=3, w=0.9),
        *experiments("chain", 30, seed=13)]  # fmt: skip


def bars(item, scale):
    """Heights of all bars, negative ones among them; of a long row, of its curve."""
    curve, positive, negative = (trace_of(item, name) for name in ("product", "positive", "negative"))
    drawn = [raised(t, scale, item["scales"][scale]["range"])["y"] for t in (curve, positive, negative)]
    there = [y for y in drawn[1:] if len(y)]
    if not there:
        return drawn[0]
    assert not (np.isfinite(positive["log"]) & np.isfinite(negative["log"])).any()
    return np.where(np.isfinite(positive["log"]), *there)


@pytest.mark.parametrize("e", MANY, ids=str)
def test_every_bar_is_as_high_as_its_number_and_off_the_edge(e):
    r = run(e)
    item, product = walk.picture(r), r.flow.products_to(r.t, r.k)
    valid(item["figure"]), valid(item["figure"], item["narrow"])
    log10 = product.log10[:, 0, 0]
    low, high = item["scales"]["log"]["range"]
    finite = np.isfinite(log10)
    np.testing.assert_allclose(bars(item, "log")[finite], log10[finite], rtol=1e-12)
    assert (log10[finite] >= low).all() and (log10[finite] < high).all() and ((log10[finite] > low) | (low == 0)).all()
    if item["scale"] == "linear":
        values = product.value[:, 0, 0]
        np.testing.assert_allclose(bars(item, "linear"), values, rtol=1e-12)
        low, high = item["scales"]["linear"]["range"]
        assert values.max() < high and (values.min() > low or low == 0)


@pytest.mark.parametrize(("e", "scale"), [
    (Experiment(), "linear"), (Experiment(w=0.4), "linear"), (Experiment(w=0.3), "log"), (Experiment(w=3.0), "log"),
    (Experiment(w=0.0), "linear"), (Experiment(w=-2.0), "linear"), (Experiment(activation="tanh"), "log"),
])  # fmt: skip
def test_the_axis_is_linear_within_four_decades_of_1(e, scale):
    assert walk.picture(run(e))["scale"] == scale


def test_the_first_screen_explodes():
    item = walk.picture(run(Experiment()))
    assert bars(item, "linear") == pytest.approx([2.0**j for j in range(10, -1, -1)])
    labels = trace_of(item, "numbers")
    assert labels["text"] == ["1024", "512", "256", "128", "64", "32", "16", "8", "4", "2", "1"]


@pytest.mark.parametrize("e", MANY, ids=str)
def test_the_pulse_says_the_cores_numbers_from_the_end_back(e):
    e = replace(e, dtype="exact")
    r = run(e)
    play, product = walk.picture(r)["play"], r.flow.products_to(r.t, r.k)
    [lane] = play["lanes"]
    assert lane["product"] == [number(Scaled(product.mant[j, 0, 0], product.exp2.reshape(-1)[j]))
                               for j in range(len(product.mant) - 1, -1, -1)]  # fmt: skip
    assert play["said"] == [f"{derivative('h', r.t, 'h', r.t - j)} = {text}" for j, text in enumerate(lane["product"])]
    assert lane["product"][0] == "1" and lane["x"].tolist() == list(range(r.t, r.k - 1, -1))
    assert len(lane["crossed"]) == len(play["slots"]) == r.t - r.k
    for j, text in enumerate(lane["crossed"]):
        exact = r.flow.factors.value[r.t - 1 - j].item()
        assert float(read(text.removeprefix("×"))) == pytest.approx(exact, rel=6e-3, abs=1e-300)


def test_the_factors_of_a_short_chain_stand_in_the_formula_under_the_names_that_the_pulse_lights():
    e = Experiment(activation="tanh", T=7, t=7)
    items = VIEWS["chain"].items(e)
    [main] = [item for item in items if item.get("role") == "main"]
    [formula] = [item for item in items if item["name"] == "chain-formula"]
    slots = {name for line in formula["lines"] for name in line["slots"]}
    assert {*main["play"]["slots"]} <= slots


def test_what_has_its_own_look_is_named():
    assert "Hatched bars are negative." in walk.picture(run(Experiment(w=-2.0)))["alt"]
    assert "A cross is exactly 0." in walk.picture(run(DEAD))["alt"]
    assert "cross" not in walk.picture(run(Experiment()))["alt"]


def test_a_long_row_thins_out_and_becomes_a_curve():
    few, many, long = (walk.picture(run(Experiment(T=T, t=T))) for T in (10, 30, 70))
    assert [len(trace_of(item, "positive")["x"]) for item in (few, many, long)] == [11, 31, 0]
    assert trace_of(long, "product")["opacity"] == 1
    assert sum(bool(text) for text in trace_of(many, "cells")["text"]) < 24 > len(trace_of(many, "numbers")["x"])


def test_a_sweep_goes_without_walk_and_axes():
    """Its positions stand on the axis of the figure at rest."""
    [main] = [item for item in VIEWS["chain"].items(Experiment(), ("w", [1.0, 2.0])) if item.get("role") == "main"]
    assert not {"play", "scale", "scales"} & main.keys()
