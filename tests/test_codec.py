"""The one codec for settings: every way there and back, and a note wherever something else is used than was written."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.controls import codec
from pages.controls.control import Control
from pages.controls.table import TABLE
from pages.lessons.scenarios import SCENARIOS
from tests.settings import PAGES, controls, experiment, many

W = TABLE["w"]


def test_the_examples_in_the_codec_are_true():
    assert doctest.testmod(codec).failed == 0 and doctest.testmod(codec).attempted >= 6


@pytest.mark.parametrize("page", PAGES)
def test_an_address_brings_back_the_values_and_the_experiment_that_it_was_made_of(page):
    known = controls(page)
    for values in many(page, 20, seed=5, held=True):
        to, texts = codec.split(codec.joined(page, codec.texts(known, values)))
        assert to == page and codec.values(known, texts) == values
        e = experiment(page, values)
        assert experiment(page, values | codec.values_of(e, known)) == e


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_a_scenario_survives_the_way_through_an_address(scenario):
    e = scenario.experiment
    values = codec.values_of(e, TABLE)
    texts = codec.split(codec.joined("page", codec.texts(TABLE, values)))[1]
    assert codec.experiment(codec.values(TABLE, texts), e.cell) == e


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=9))
def test_whatever_texts_say_they_survive_an_address(texts):
    assert codec.split(codec.joined("chain", texts)) == ("chain", texts)


@given(st.sampled_from([*TABLE.values()]), st.lists(st.text(max_size=12) | st.floats().map(str), min_size=1))
def test_what_is_used_of_any_text_can_be_written_and_read_again(control, texts):
    used = codec.parse(control, *texts).value
    assert codec.parse(control, codec.text(used)) == (used, "")


def test_what_cannot_be_used_leaves_the_default_or_what_there_is():
    assert codec.parse(W, "abc").value == W.default and codec.parse(W, "abc", now=3.0).value == 3.0
    assert codec.values(TABLE, {"w": "abc", "T": "7", "nothing": "8"}) == {k: c.default for k, c in TABLE.items()} | {
        "T": 7
    }
    assert [*codec.parse_all(TABLE, {"w": "abc", "nothing": "8"})] == ["w"]


def test_an_address_says_what_is_not_the_default_and_what_it_always_says():
    values = {"w": 2.0, "T": 7, "activation": "identity"}
    assert codec.texts(TABLE, values) == {"T": "7"}
    assert codec.texts(TABLE, values, always=("w",)) == {"w": "2", "T": "7"}


def test_several_notes_become_one_and_no_more_than_three_are_told():
    assert codec.combined(["", "a", ""]) == "a" and codec.combined([]) == ""
    assert codec.combined("abcde") == "a\n\nb\n\nc\n\nThe same goes for 2 more\\."


def test_a_control_given_twice_uses_the_last_and_says_so():
    assert codec.parse(W, "1", "3") == (3.0, "w is given 2 times, so the last, 3, is used.")
    assert codec.parse(Control("said", "", "choice", None, options=("larger",)), "?")[0] is None
