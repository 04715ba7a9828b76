"""What the pulses say on network, gates, lstm and compare, against another way to compute it; and their rows."""

from dataclasses import replace

import numpy as np
import pytest

from pages.charts.drawings import ways
from pages.charts.parts.equations import read
from pages.charts.parts.numbers import derivative
from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS
from rnn_core import check
from rnn_core.cells import CELLS
from rnn_core.decimals import derivative as by_complex_step
from rnn_core.experiment import Experiment, run
from rnn_core.readout import readout
from rnn_core.scaled import Scaled
from tests.figures import valid
from tests.settings import experiments

PLAYED = {"network": "unrolled", "gates": "ways", "lstm": "paths", "compare": "input-norm"}
EMPTY = Experiment(T=5, t=3, k=3)


def cases(page, count=8):
    few = [replace(e, T=min(e.T, 12)) for e in experiments(page, count, seed=17)]
    return [Experiment(cell="lstm" if page in ("gates", "lstm") else "rnn", T=6, t=6), *few]


def play_of(page, e):
    [item] = [item for item in VIEWS[page].items(e) if "play" in item]
    assert item["name"] == PLAYED[page]
    return item["play"]


def same(text, exact):
    """Whether a text of three digits says that number."""
    shown, exact = float(read(text)), exact.value.item() if isinstance(exact, Scaled) else float(exact)
    assert shown == pytest.approx(exact, rel=6e-3, abs=1e-300)


@pytest.mark.parametrize("e", cases("compare"), ids=str)
def test_three_pulses_with_one_clock_say_how_much_each_cell_feels_each_input(e):
    play = play_of("compare", e)
    steps = list(range(e.end, e.begin, -1))
    assert [lane["x"].tolist() for lane in play["lanes"]] == [steps] * len(CELLS)
    for lane, cell in zip(play["lanes"], CELLS, strict=True):
        for j, text in zip(steps, lane["product"], strict=True):
            same(text, check.computed(replace(e, cell=cell, k=j - 1), check.effect))
    for place, j in enumerate(steps):
        names = zip(CELLS.values(), play["lanes"], strict=True)
        said = ", ".join(f"{cell.title} {lane['product'][place]}" for cell, lane in names)
        assert play["said"][place] == f"|{derivative('h', e.end, 'x', j)}|: {said}"


def by_h(net):
    """∂C_t/∂h_k with C_k held."""
    k, t = net.e.begin, net.e.end
    c, h = net.states(net.start(), 0, k)
    return by_complex_step(lambda h: net.states((c, h), k, t)[0], h.re)


@pytest.mark.parametrize("page", ["gates", "lstm"])
def test_two_lanes_say_what_reaches_the_cell_state_and_h(page):
    for e in cases(page):
        play = play_of(page, e)
        along, through = play["lanes"]
        for place, j in enumerate(range(e.end, e.begin - 1, -1)):
            same(along["product"][place], check.computed(replace(e, k=j), check.total))
            same(through["product"][place], check.computed(replace(e, k=j), by_h))
        flow = run(e).flow
        for text, j in zip(along["crossed"], range(e.end, e.begin, -1), strict=True):
            same(text.removeprefix("×").split(",")[0], (flow.direct(j, j - 1).value[0]).item())


@pytest.mark.parametrize("e", cases("gates", 20), ids=str)
def test_what_leaves_at_the_gates_is_all_that_comes_to_h(e):
    """And where h reads the cell state, both lanes are the whole of ∂C_t/∂C."""
    a = ways.quantities(run(e))
    parts = np.array([values.value for values in a["leaves"].values()])
    size = np.abs(parts).sum(axis=0)
    np.testing.assert_allclose(parts.sum(axis=0), a["to"]["h"].value[:-1], rtol=1e-9, atol=1e-9 * size.max(initial=0))
    to, highway, comes = (x.value for x in (a["to"]["c"], a["highway"], a["comes"]))
    size = np.abs(to[1:] * highway) + np.abs(comes)
    np.testing.assert_allclose(to[1:] * highway + comes, to[:-1], rtol=1e-9, atol=1e-9 * size.max(initial=0))
    play = ways.played(a)
    for text, here in zip(play["lanes"][0]["crossed"], comes[::-1], strict=True):
        assert ("from h" in text) == bool(here)
    for texts, here in zip(play["lanes"][1]["crossed"], parts.T[::-1], strict=True):
        assert texts.count("via") == np.count_nonzero(here)


@pytest.mark.parametrize("e", cases("network"), ids=str)
def test_the_loss_runs_back_to_every_state(e):
    play = play_of("network", e)
    [lane] = play["lanes"]
    t = e.end
    if not t:
        assert len(play["said"]) == 1
        return
    by_state = readout(run(e)).by_state(t).value.reshape(-1)
    for text, exact in zip(lane["product"], [1.0, *by_state[::-1]], strict=True):
        same(text, exact)
    assert play["said"][0].startswith("the loss") and len(play["said"]) == t + 2
    for place in (lane, lane["slim"]):
        assert len(place["x"]) == t + 2 and (np.diff(place["x"][1:]) < 0).all(), "ever further back"


@pytest.mark.parametrize("page", PLAYED)
def test_an_empty_chain_has_nothing_to_walk_and_a_sweep_no_walk(page):
    e = replace(EMPTY, cell="lstm" if page in ("gates", "lstm") else "rnn")
    if page != "network":
        play = play_of(page, e)
        assert len(play["said"]) <= 1
    swept = VIEWS[page].items(e, ("h0", [0.1, 0.2]))
    assert not any("play" in item for item in swept)
    for item in VIEWS[page].items(e):
        if item["name"] == PLAYED[page]:
            valid(item["figure"]), valid(item["figure"], item["narrow"])


@pytest.mark.parametrize("page", ["gates", "lstm", "compare"])
def test_rows_are_as_wide_as_what_is_left(page):
    e = cases(page)[0]
    [item] = [item for item in VIEWS[page].items(e) if "play" in item]
    bars = trace_of(item, "lanes")
    left = np.concatenate([lane["log"][1:][::-1] for lane in item["play"]["lanes"]])
    width = np.asarray(bars["width"])
    assert (np.diff(width[np.argsort(left)]) >= 0).all() and width.min() > 0
    assert [bars["y"][place] for place in (0, -1)] == [0.0, 1.0 - len(item["play"]["lanes"])]
