"""The random settings that other tests draw: a reader could make each of them, and they reach the hard places."""

import json

import numpy as np
import pytest

from pages.charts.views import VIEWS
from pages.controls import codec
from rnn_core.experiment import run
from rnn_core.readout import readout
from tests.settings import PAGES, address, controls, experiment, experiments, many, settings


def test_every_page_with_a_view_has_settings():
    assert PAGES.keys() == VIEWS.keys()


@pytest.mark.parametrize("page", PAGES)
def test_a_reader_could_make_every_setting_by_its_address(page):
    known = controls(page)
    for values in many(page, 40, seed=1, held=True):
        to, texts = codec.split(address(page, values))
        assert to == f"/{page}" and codec.values(known, texts) == values
        assert {note for _, note in codec.parse_all(known, texts).values()} <= {""}


@pytest.mark.parametrize("page", PAGES)
def test_one_setting_is_the_same_whoever_asks(page):
    assert experiments(page, 5, seed=2)[3] == experiment(page, settings(page, 3, seed=2))
    assert len(set(experiments(page, 50))) > 40
    json.dumps([*many(page, 50)])


def test_the_hard_places_are_reached():
    runs = [run(e) for e in experiments("chain", 300)]
    products = [r.flow.P[0].normalised() for r in runs]
    sizes = np.array([P.exp2.item() for P in products if P.mant.any()])
    assert (sizes > 250).any() and (sizes < -1074).any() and len(sizes) < 300
    losses = [readout(run(e)).loss[e.end] for e in experiments("network", 100)]
    assert any(loss > 1e100 for loss in losses) and any(loss == 0 for loss in losses)
