"""An equation on screen holds for the digits that it shows, and what is neither 1 nor 0 is never written so."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from mpmath import mp, mpf

from pages.charts import predictions
from pages.charts.views import VIEWS
from rnn_core.experiment import Experiment
from rnn_core.scenarios import SCENARIOS
from rnn_core.scenes import SCENES, Choice, Prediction
from tests import settings
from tests.latex import chains, half_a_unit, lines


def functions(e):
    """What stands in formulas, by its name there; f₁ by the reader's word for it."""

    def sigmoid(z):
        return 1 / (1 + mp.exp(-z))

    return {
        r"\tanh": mp.tanh, r"\sigma": sigmoid, r"\ln": mp.log, r"\tanh'": lambda z: mp.sech(z) ** 2, r"\cosh": mp.cosh,
        "identity": lambda z: z, "tanh": mp.tanh, "sigmoid": sigmoid, "relu": lambda z: max(z, mpf(0)),
        "leaky relu": lambda z: z if z > 0 else mpf(e.slope) * z, "elu": lambda z: z if z > 0 else mp.expm1(z),
        "hardtanh": lambda z: min(max(z, -1), 1), "hardsigmoid": lambda z: min(max(z + 3, 0), 6) / 6,
    }  # fmt: skip


def judged(formula, e, least=4):
    """Relations between numbers in a formula that do not hold, and how many there are of each kind."""
    wrong, looked = [], Counter()
    for line in lines(formula):
        for chain in chains(line, functions(e)):
            for left, right in pairwise(chain):
                if left.value is not None and right.value is not None:
                    looked[right.relation] += 1
                    if not holds(left, right, least):
                        wrong.append(f"{left.text} {right.relation} {right.text}: {mp.nstr(left.value, 12)}")
    return wrong, looked


def holds(left, right, least):
    if left.value == right.value:  # as far as sixty digits tell
        return True
    if right.relation in "<>":
        return left.value < right.value if right.relation == "<" else left.value > right.value
    unit = half_a_unit(right.text, least) or abs(right.value) * mpf(10) ** -30
    return right.relation == "≈" or (right.value != 0 and abs(left.value - right.value) <= unit * (1 + mpf(10) ** -12))


def formulas(page, e):
    e = replace(e, b_net=0.0)  # a forget bias's networks take seconds
    return [item for item in VIEWS[page].items(e) if item["kind"] == "formula"]


def of_page(page, experiments, name):
    """Each wrong relation with its address, and what was looked at."""
    wrong, looked = [], Counter()
    for j, e in enumerate(experiments):
        for formula in formulas(page, e):
            found, seen = judged(formula, e)
            looked += seen
            wrong += [(name(j), *found)] if found else []
    return wrong, looked


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("page", VIEWS)
def test_every_equation_holds_for_the_digits_that_it_shows(page, count):
    wrong, looked = of_page(
        page, settings.experiments(page, count), lambda j: settings.address(page, settings.settings(page, j))
    )
    assert not wrong, wrong[:5]
    assert page == "compare" or looked["="] >= count  # there the formula gives three numbers, and no arithmetic
    assert looked["≈"] <= 0.04 * looked["="]


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_no_scenario_needs_an_approximation(scenario):
    wrong, looked = of_page(scenario.page, [scenario.experiment], lambda j: scenario.name)
    assert not wrong and not looked["≈"]


@pytest.mark.parametrize("scene", SCENES.values(), ids=lambda s: s.name)
def test_the_equations_of_a_revealed_scene_hold(scene):
    p = Prediction(scene.name, 0.0, scene.ask.truth if isinstance(scene.ask, Choice) else "", True)
    wrong, looked = judged(predictions.formula(p), Experiment(), least=3)
    assert not wrong and not looked["≈"]


@pytest.mark.parametrize(("page", "e"), [
    ("chain", Experiment(w=1.0069555500567189, T=100, t=100)),
    ("map", Experiment(activation="tanh", w=8.0, T=100, t=100)), ("lstm", SCENARIOS["lstm"].experiment),
])  # fmt: skip
def test_what_was_once_printed_wrong_is_right(page, e):
    """1.00696^100 = 2.0009, e^(100·(−12.45)) = 2.011e-541, .571 + .00182 − .0119 − .462 − .149 = −.0501."""
    [formula] = formulas(page, e)
    wrong, looked = judged(formula, e)
    assert not wrong and looked["="] and not looked["≈"]
