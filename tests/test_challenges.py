"""Challenges: each can be met, is not met where it begins, and is judged alike at rest and while a slider moves."""

from dataclasses import replace

import numpy as np
import pytest

from pages.charts.parts import challenge as chart
from pages.controls.table import TABLE
from pages.figures.show import encode
from pages.lessons.challenges import CHALLENGES, judge
from rnn_core.experiment import Experiment, run, sweep
from tests.figures import unpacked

NEAR_MISSES = {  # settings that almost do
    "steady_tanh": [{"activation": "tanh", "w": 1.0}, {"activation": "tanh", "h0": 0.0, "w": 1.05},
                    {"activation": "identity", "w": 1.0}, {"activation": "tanh", "w": 1.0, "h0": 0.0, "t": 9}],
    "off_centre": [{"activation": "tanh", "w": 1.0, "h0": 0.0},
                   {"activation": "tanh", "w": 1.3333333333, "b": -0.05}],
    "sigmoid_explodes": [{"activation": "sigmoid", "w": 4.0, "b": -2.0}, {"activation": "sigmoid", "w": 6.0, "b": -3.0},
                         {"activation": "sigmoid", "w": 8.0, "b": -4.1}],
    "hundred_sigmoids": [{"activation": "sigmoid", "w": 3.9, "b": -1.95, "T": 100, "t": 100},
                         {"activation": "sigmoid", "w": 4.0, "b": -2.0, "T": 100, "t": 99},
                         {"activation": "tanh", "w": 1.0, "h0": 0.0, "T": 100, "t": 100}],
    "half_for_100": [{**CHALLENGES["half_for_100"].solution, "f": 0.99},
                     {**CHALLENGES["half_for_100"].solution, "f": 1.0},
                     {**CHALLENGES["half_for_100"].solution, "t": 99},
                     {**CHALLENGES["half_for_100"].solution, "pin_all": False}],
    "negative_gradient": [{**CHALLENGES["negative_gradient"].solution, "T": 29, "t": 29},
                          {**CHALLENGES["negative_gradient"].solution, "T": 14, "t": 14},
                          {**CHALLENGES["negative_gradient"].solution, "w_g": -0.3}],
    "explode_while_forgetting": [{**CHALLENGES["explode_while_forgetting"].solution, "f": 0.51},
                                 {**CHALLENGES["explode_while_forgetting"].solution, "w_g": 0.5}],
}  # fmt: skip


def experiment(settings):
    return Experiment(**settings)


def judged(name, settings):
    return judge(CHALLENGES[name], run(experiment(settings)))


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_challenge_is_not_met_where_it_begins_and_can_be_met(name):
    challenge = CHALLENGES[name]
    assert not judged(name, challenge.start).met and judged(name, challenge.solution).met


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_near_miss_is_a_miss(name):
    for settings in NEAR_MISSES[name]:
        assert not judged(name, settings).met, settings


@pytest.mark.parametrize("name", CHALLENGES)
def test_the_sliders_reach_the_solution(name):
    for key, value in CHALLENGES[name].solution.items():
        if key != "cell" and TABLE[key].kind == "slider":
            assert TABLE[key].min <= value <= TABLE[key].max, key


def by_differences(settings, cell):
    """∂h_T/∂h_0, or ∂C_T/∂C_0 of pinned or silent gates, by central differences of a forward pass of its own."""
    e = Experiment(**settings)
    d = 1e-7

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    def end(change):
        h, c = e.h0 + (0 if cell else change), e.c0 + (change if cell else 0)
        for t in range(e.T):
            x = float(e.sequence == "impulse" and t == 0)
            if cell:
                i = e.i if e.pins("i") else sigmoid(e.w_i * h + e.u_i * x + e.b_i)
                g = e.g if e.pins("g") else np.tanh(e.w_g * h + e.u_g * x + e.b_g)
                c = e.f * c + i * g
                h = e.o * np.tanh(c)
            else:
                z = e.w * h + e.b
                h = np.tanh(z) if e.activation == "tanh" else sigmoid(z)
        return c if cell else h

    return (end(d) - end(-d)) / (2 * d)


@pytest.mark.parametrize("name", CHALLENGES)
def test_a_solution_is_one_by_finite_differences_too(name):
    challenge = CHALLENGES[name]
    slope = by_differences(challenge.solution, challenge.page == "lstm")
    size = slope if challenge.page == "lstm" else abs(slope)
    assert challenge.low <= size <= challenge.high
    assert float(judged(name, challenge.solution).value.value) == pytest.approx(size, rel=2e-3)


@pytest.mark.parametrize("name", CHALLENGES)
@pytest.mark.parametrize("key", ["w", "b", "h0", "f", "w_g"])
def test_a_drag_is_judged_as_a_release(name, key):
    e = experiment(CHALLENGES[name].solution)
    control = TABLE[key]
    values = [*np.linspace(control.min, control.max, 7).tolist(), getattr(e, key)]
    swept = judge(CHALLENGES[name], sweep(e, key, values))
    shown = unpacked(encode([chart.item(name, sweep(e, key, values))], at=np.array(values)))["frames"]
    for s, value in enumerate(values):
        alone = replace(e, **{key: value})
        assert bool(swept.met[s]) == bool(judge(CHALLENGES[name], run(alone)).met)
        assert shown[s][0]["text"] == chart.item(name, run(alone))["text"]


def test_the_sentence_says_done_not_yet_or_what_comes_first():
    name = "steady_tanh"
    says = [
        chart.item(name, run(experiment(s)))["text"]
        for s in ({"activation": "tanh"}, {"activation": "tanh", "w": 1.0, "h0": 0.0}, {"w": 1.0})
    ]
    assert says[0].endswith("Now |∂hₜ/∂hₖ| is 2.139 × 10⁻⁷: not yet.")
    assert says[1] == "Done: |∂hₜ/∂hₖ| is 1."
    assert says[2].endswith("Now |∂hₜ/∂hₖ| is 1; but φ must be tanh.")


def test_a_number_beyond_float64_is_judged_too():
    name = "sigmoid_explodes"
    e = Experiment(w=10.0, T=1000, t=1000)
    assert float(judge(CHALLENGES[name], run(e)).value.log10) == pytest.approx(1000)
    assert "10¹⁰⁰⁰" in chart.item(name, run(e))["text"]


def test_a_goal_names_the_bound_that_is_judged():
    challenge = CHALLENGES["negative_gradient"]
    assert challenge.goal.endswith(f"at most −{-challenge.high:g}")


def test_hints_hold_true_numbers():
    assert f"2^(−1/100) = {2 ** (-1 / 100):.4f}." in CHALLENGES["half_for_100"].hint
    for factor in (0.99, 1.01):  # a percent on average is already too much
        assert not 0.5 <= factor**100 <= 2
    assert all(len(challenge.hint) > 40 and challenge.goal for challenge in CHALLENGES.values())
