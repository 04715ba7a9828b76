"""An equation on screen holds for the digits that it shows, and what is neither 1 nor 0 is never written so."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import settings as settings_of
from hypothesis import strategies as st
from mpmath import mp, mpf

from pages.charts.drawings import predictions
from pages.charts.parts.numbers import brief, number, squashed, weight
from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS
from pages.controls.export import digits
from pages.lessons.scenarios import SCENARIOS
from pages.lessons.scenes import SCENES, Choice, Prediction
from rnn_core.activations import ACTIVATIONS, ELU, IDENTITY
from rnn_core.experiment import Experiment
from tests import settings
from tests.cases import long
from tests.latex import chains, filled, half_a_unit, lines
from tests.precise import VALUE_AND_SLOPE


def functions(e):
    """What stands in formulas, by its name there; f₁ by the reader's word for it."""

    def of(name):
        return lambda z: VALUE_AND_SLOPE[name](z)[0]

    return {name.replace("_", " "): of(name) for name in ACTIVATIONS} | {
        r"\tanh": mp.tanh,
        r"\sigma": of("sigmoid"),
        r"\ln": mp.log,
        r"\tanh'": lambda z: mp.sech(z) ** 2,
        r"\cosh": mp.cosh,
        "leaky relu": lambda z: z if z > 0 else mpf(e.slope) * z,
    }


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


@pytest.mark.parametrize("count", [10, long(40), pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("page", VIEWS)
def test_every_equation_holds_for_the_digits_that_it_shows(page, count):
    wrong, looked = of_page(
        page, settings.experiments(page, count), lambda j: settings.address(page, settings.settings(page, j))
    )
    assert not wrong, wrong[:5]
    assert page == "compare" or looked["="] >= count  # there the formula gives three numbers, and no arithmetic
    assert count < 40 or looked["≈"] <= 0.04 * looked["="], "seldom enough"  # of a few, chance decides


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


near_one = st.integers(1, 2**40).map(lambda steps: steps * 2.0**-53)
sizes = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), near_one.map(lambda d: 1 - d), near_one.map(lambda d: 1 + 2 * d)
)


def read(text):
    """A text of `number`, by a calculator."""
    return side(text).value


def side(text):
    [[one]] = chains(filled("@x@", {"x": text}), {})
    return one


@settings_of(max_examples=600, deadline=None)
@given(sizes.flatmap(lambda x: st.sampled_from((x, -x))), st.integers(1, 8))
def test_what_is_not_1_or_0_is_not_written_so(x, digits):
    text, value = number(x, digits), mpf(x)
    assert (text == "0") == (x == 0) and (text in ("1", "−1")) == (abs(x) == 1)
    assert abs(read(text) - value) <= abs(value) * mpf(10) ** (1 - digits) / 2 * (1 + mpf(10) ** -9)
    assert (value - 1) * (read(text) - 1) > 0 or value == 1 or abs(value - 1) > 0.5  # on its own side of 1
    assert text.count("9") < 8 or digits == 8
    assert weight(x) not in ("1.00", "−1.00", "0.00", "−0.00") or x in (0, 1, -1)
    assert not brief(x).startswith("1·") and (brief(x) not in ("1", "−1", "0") or x in (0, 1, -1))


@pytest.mark.parametrize(("x", "text"), [
    (1 - 7e-6, "0.999993"), (1 + 7e-6, "1.000007"), (7e-6 - 1, "−0.999993"), (1 - 2e-9, "1 − 2 × 10⁻⁹"),
    (2e-9 - 1, "−(1 − 2 × 10⁻⁹)"), (1 + 2.0**-52, "1 + 2 × 10⁻¹⁶"), (0.9995, "0.9995"), (0.99996, "0.99996"),
])  # fmt: skip
def test_what_is_nearly_1_is_told_from_it(x, text):
    assert number(x) == text


def test_what_is_1_is_not_told_from_it():
    """A straight φ passes 1; one that flattens out comes near."""
    assert number(squashed(IDENTITY, 1.0)) == number(squashed(ELU, 1.0)) == "1"
    assert number(squashed(ELU, -50.0)) == "−(1 − 2 × 10⁻²²)"


@pytest.mark.parametrize(("x", "text"), [
    (9.77e-4, "10⁻³"), (-5.2e-7, "−5·10⁻⁷"), (3e85, "3·10⁸⁵"), (16384.0, "16384"), (0.9999999, "≈1"), (1e-9 - 1, "≈−1"),
])  # fmt: skip
def test_what_stands_in_a_cell_is_rounded_and_not_cut(x, text):
    assert brief(x) == text and brief(9.77e-4, 2) == "9.8·10⁻⁴"


def test_labels_of_arrows_are_true():
    """They once said 10⁻⁴ beside 9.766 × 10⁻⁴ in the formula."""
    e = Experiment(w=0.5, f2="identity", y=0.0, h0=1.0, T=10, t=10)
    [names] = [trace_of(item, "names")["text"] for item in VIEWS["network"].items(e) if item["name"] == "unrolled"]
    assert "9.8·10⁻⁴" in names and "10⁻⁴" not in names  # ∂L_10/∂h_10 = o - y = 2^-10


def texts_of(part):
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for one in part.values():
            yield from texts_of(one)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from texts_of(one)


NEARLY = {"T": 6, "t": 6, "k": 0, "step": 3, "h0": 1 - 3e-9, "u": 0.5}
STEPS = ("t", "k", "k1", "i", "lag", "before")
STRAIGHT = ("first", "second", "last", "slope")  # slopes of the identity
GATES = {"cell": "lstm", "i": 1 - 7e-6, "f": 1 - 7e-6, "o": 1 - 2e-9, "g": 1 - 1e-5, "c0": 0.3, "pin_all": True}


@pytest.mark.parametrize(("page", "e"), [
    ("chain", Experiment(**NEARLY, w=1 - 7e-6, b=1e-9)), ("chain", Experiment(**NEARLY, w=-1 + 1e-8)),
    ("saturation", Experiment(**NEARLY, activation="tanh", w=8.0)), ("map", Experiment(**NEARLY, w=1 + 1e-7)),
    ("network", Experiment(**NEARLY, w=1 - 1e-7, w_y=1 - 1e-7, f2="identity", y=1 + 1e-6)),
    ("gates", Experiment(**NEARLY, **GATES)), ("lstm", Experiment(**NEARLY, **GATES)),
])  # fmt: skip
def test_where_nothing_is_1_nothing_says_so(page, e):
    one = re.compile(r"(= |×)−?1(\.0*)?(?![\d.,]| [−+×] )(?! %)")
    for item in VIEWS[page].items(e):
        if item["name"] == "networks":  # at bias 0, 1, 2, 5
            continue
        figure = item.get("figure", {"data": []})
        for text in texts_of(
            [
                item.get("alt"),
                item.get("text"),
                [trace.get("text") for trace in figure["data"]],
                [trace.get("hover") for trace in figure["data"]],
            ]
        ):
            said = text.replace("∂h<sub>6</sub>/∂h<sub>6</sub> = 1", "")
            assert "threshold" in said or not one.search(said), text
        for line in item.get("lines", []):
            numbers = {name: text for name, text in line["slots"].items() if name not in STEPS + STRAIGHT}
            assert not {"1", "1.00", "−1"} & {text.strip("()") for text in numbers.values()}, line


def test_a_table_shows_nothing_as_1_that_is_not():
    for column in ([0.5, 1 - 1e-9, 1.0], [1 + 2.0**-52], [-1 + 1e-7, float("inf")], [0.25]):
        shown = [f"%.{digits(column)}g" % x for x in column]
        assert [abs(float(text)) == 1 for text in shown] == [abs(x) == 1 for x in column]
    assert digits([0.25, 1.0]) == 6


def said(text):
    """A number of a sentence, read by a calculator; a share as a share."""
    return read(text.removesuffix(" %")) / (100 if text.endswith("%") else 1)


N = r"(−?(?:\d[\d.]*(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?)(?: %)?)"
KEEPS = rf"keeps {N} of C\S* = {N} and"
SENTENCES = [  # of which page, how it goes, what its other numbers make of the last, and to how many digits
    ("chain", rf"= {N}: (\d+) factors of {N},", lambda end, lag, w: (said(w) ** int(lag), end), 4),
    ("chain", rf"= {N}: .* make {N}, the slopes alone {N}\.", lambda end, *two: (mp.fprod(map(said, two)), end), 4),
    ("gates", rf"{KEEPS} adds {N}: C\S* = {N}\. ", lambda f, C, x, end: (said(f) * said(C) + said(x), end), 3),
    ("gates", rf"{KEEPS} takes away {N}: C\S* = {N}\. ", lambda f, C, x, end: (said(f) * said(C) - said(x), end), 3),
]  # fmt: skip


@pytest.mark.parametrize(("page", "pattern", "of", "least"), SENTENCES)
def test_the_numbers_of_a_sentence_go_together(page, pattern, of, least):
    """2.139 × 10⁻⁷ is not 1024 times 2.09 × 10⁻¹⁰; with one digit more it is."""
    seen = 0
    for e in settings.experiments(page, 80):
        alt = next(item["alt"] for item in VIEWS[page].items(e) if item.get("role") == "main")
        if found := re.search(pattern, alt):
            seen += 1
            value, end = of(*found.groups())
            assert abs(value - said(end)) <= half_a_unit(side(end).text, least) * (1 + mpf(10) ** -9), alt
    assert seen > 3
