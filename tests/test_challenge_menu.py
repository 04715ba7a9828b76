"""Challenges on their pages: taken up, judged by the core while sliders move, left again."""

from dataclasses import replace

import pytest

from pages.charts.parts.view import Study
from pages.charts.views import VIEWS
from pages.controls import codec
from pages.controls.table import TABLE
from pages.figures import live
from pages.figures.show import encode
from pages.lessons.challenges import CHALLENGES
from rnn_core.experiment import Experiment
from tests.apps import healthy, items, opened
from tests.figures import unpacked
from tests.test_live import agree, whole


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=lambda c: c.name)
def test_a_challenge_begins_unmet_and_can_be_left(challenge):
    at = healthy(opened(challenge.page, h0="2.5", f="0.3"))
    healthy(at.button(key=f"take_{challenge.name}").click().run())
    assert items(at)["challenge"]["text"].startswith(f"Challenge: {challenge.goal}.")
    assert at.query_params["challenge"] == challenge.name
    healthy(at.button(key="leave_challenge").click().run())
    assert "challenge" not in items(at) and "challenge" not in at.query_params


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=lambda c: c.name)
def test_a_link_to_a_solution_says_done(challenge):
    settings = codec.values_of(Experiment(**challenge.solution), TABLE) | {"challenge": challenge.name}
    at = healthy(opened(challenge.page, **{key: codec.text(value) for key, value in settings.items() if value != ""}))
    assert items(at)["challenge"]["text"].startswith("Done: ")


@pytest.mark.parametrize("name", ["half_for_100", "nonsense", ""])
def test_a_challenge_of_another_page_is_none_here(name):
    at = healthy(opened("chain", challenge=name))
    assert "challenge" not in items(at)


@pytest.mark.parametrize("challenge", CHALLENGES.values(), ids=lambda c: c.name)
@pytest.mark.parametrize("key", ["T", "h0"])
def test_the_judgement_follows_the_thumb(challenge, key):
    e = Experiment(**{**challenge.start, "T": 12})
    study = Study(e, replace(e, w=1.5, h0=0.1), challenge.name)
    shown = VIEWS[challenge.page].shown
    positions = live.positions(TABLE[key], study, 5)
    sweep = unpacked(encode(shown(study, (key, positions.tolist())), at=positions.astype(float)))
    for value, frame in zip(positions.tolist(), sweep["frames"], strict=True):
        [exact] = unpacked(encode(shown(replace(study, experiment=replace(e, **{key: value})))))["frames"]
        assert [item["name"] for item in exact[1:3]] == ["challenge", "beside"]
        agree(whole(frame), whole(exact))
