"""A/B: a held curve beside today's, on one axis, and the difference in words."""

from dataclasses import replace

import numpy as np
import pytest

from pages.charts.parts.beside import sentence
from pages.charts.parts.theme import trace_of
from pages.charts.parts.view import Study
from pages.charts.views import VIEWS
from pages.controls import codec
from pages.controls.hold import held_text, held_values
from pages.controls.table import TABLE, chosen
from pages.figures import live
from pages.figures.show import encode
from pages.server.limits import ADDRESS
from rnn_core.experiment import Experiment
from rnn_core.scaled import Scaled
from tests.apps import healthy, items, opened
from tests.figures import unpacked, valid
from tests.settings import PAGES, address, controls, many, study
from tests.test_live import agree, whole

TANH = Study(Experiment(activation="tanh"), held=Experiment(w=2.0))
CONTROLS = chosen(("activation", "w", "T", "sequence"))


def main_of(study):
    return next(item for item in VIEWS["chain"].shown(study) if item.get("role") == "main")


def test_the_held_curve_is_that_of_the_held_experiment():
    main = main_of(TANH)
    curve = trace_of(main, "held product")
    np.testing.assert_allclose(curve["log"], np.log10(2.0) * np.arange(10, -1, -1), atol=1e-12)
    assert "held" in curve["text"] and curve["showlegend"] is False
    valid(main["figure"], main["narrow"])


def test_the_difference_is_said_in_words():
    [text] = [item["text"] for item in VIEWS["chain"].shown(TANH) if item["name"] == "beside"]
    assert text == "Held: ∂h₁₀/∂h₀ = 1024. Now: 2.139 × 10⁻⁷, smaller by a factor of 4.79 × 10⁹."  # 1024 / 2.139e-7


@pytest.mark.parametrize(("now", "held", "words"), [
    (2.0, 1.0, "larger by a factor of 2."), (1.0, 2.0, "smaller by a factor of 2."),
    (-1.0, 2.0, "smaller by a factor of 2 and of the other sign."),
    (3.0, 3.0, "the same."), (-3.0, 3.0, "as large, but of the other sign."), (0.0, 1.0, "Now: 0."),
    (0.0, 0.0, "the same."), (1.0, 0.0, "Now: 1."),
])  # fmt: skip
def test_every_difference_has_its_words(now, held, words):
    assert sentence("x", Scaled.of(np.array(now)), "x", Scaled.of(np.array(held))).endswith(words)


def test_the_axis_holds_both_curves():
    tanh = TANH.experiment
    main = main_of(replace(TANH, held=replace(tanh, T=100, t=100)))
    assert main["figure"]["layout"]["xaxis"]["range"][1] > 100
    assert main["scale"] == "log" and main["scales"]["log"]["range"][0] < -77
    long = replace(tanh, T=100, t=100)
    short = main_of(Study(long))
    both = main_of(Study(long, held=replace(long, T=10)))
    assert both["figure"]["layout"]["xaxis"]["range"] == short["figure"]["layout"]["xaxis"]["range"]


@pytest.mark.parametrize("page", VIEWS)
@pytest.mark.parametrize("key", ["T", "t", "h0"])
def test_a_drag_keeps_the_held_curve_and_says_the_difference(page, key):
    cell = PAGES[page].cell
    e = Experiment(cell, activation="tanh", T=7, t=6, sequence="sine")
    study = Study(e, held=e)
    positions = live.positions(TABLE[key], study, 5)
    shown = VIEWS[page].shown
    sweep = unpacked(encode(shown(study, (key, positions.tolist())), at=positions.astype(float)))
    for value, frame in zip(positions.tolist(), sweep["frames"], strict=True):
        [exact] = unpacked(encode(shown(Study(replace(e, **{key: value}), held=e))))["frames"]
        assert any(item["name"] == "beside" for item in exact)
        agree(whole(frame), whole(exact))


def test_held_settings_survive_the_way_through_the_address():
    values = {"activation": "tanh", "w": -0.35, "T": 25, "sequence": "sine"}
    text = held_text(CONTROLS, values, "w")
    assert held_values(CONTROLS, text) == values
    defaults = {key: control.default for key, control in CONTROLS.items()}
    assert held_text(CONTROLS, defaults, "w") == "w=2" and held_values(CONTROLS, "w=2") == defaults


@pytest.mark.parametrize("text", ["", "garbage", "held=w%3D3", "&&&=", "=" * 9000, "☃"])
def test_a_text_that_holds_nothing_holds_nothing(text):
    assert held_values(CONTROLS, text) == {}


@pytest.mark.parametrize("text", ["w=nan", "w=1e999&T=-5", "activation=<script>&w=3", "w=99&w=2", "T=1e9"])
def test_a_hostile_text_holds_sensible_settings(text):
    at = healthy(opened("chain", held=text, activation="tanh"))
    assert items(at)["beside"]["text"].startswith("Held: ")


def test_a_page_without_a_held_curve_says_nothing_of_one():
    assert "beside" not in items(healthy(opened("chain")))
    assert "beside" not in items(healthy(opened("chain", held="garbage")))


LONGEST = {  # what a reader may paste: 2000 characters
    "fractions": ", ".join(repr(-1 / n) for n in range(3, 83)),
    "130 numbers": ", ".join(f"{n / 7:.9g}" for n in range(130)),
    "digits": ",".join("1" * 1000),
    "signs": " ".join(["+1"] * 666),
    "powers": "; ".join(["−3 × 10⁻³"] * 181),
    "large": " ".join(["1e+99"] * 333),
    "nothing": "& = % + # " * 200,
}


@pytest.mark.parametrize("name", LONGEST)
@pytest.mark.parametrize("page", VIEWS)
def test_a_link_restores_a_held_experiment_with_the_longest_settings(page, name):
    known = controls(page)
    long = {
        key: codec.parse(c, "0.12345678901234567").value for key, c in known.items() if isinstance(c.default, float)
    }
    values = {key: c.default for key, c in known.items()} | long
    values |= {"values": LONGEST[name][:2000], "sequence": "pasted"} if "values" in known else {}
    link = address(page, values | {"held": held_text(known, values, PAGES[page].main)})
    assert len(link) < ADDRESS
    held, said = codec.parse(known["held"], codec.split(link)[1]["held"])
    assert not said
    assert study(page, values | {"held": held}).held == study(page, values).experiment


@pytest.mark.parametrize("page", VIEWS)
def test_a_link_restores_any_held_experiment(page):
    for values in many(page, 60, seed=4, held=True):
        held = codec.values(controls(page), codec.split(address(page, values))[1])["held"]
        assert study(page, values | {"held": held}).held == study(page, values).held
        own = values | {"held": "", "challenge": "none"}
        again = {"held": held_text(controls(page), own, PAGES[page].main)}
        assert study(page, own | again).held == study(page, own).experiment
