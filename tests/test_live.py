"""Sweeps: what a drag shows at a position is what the server shows there, and it travels light."""

import asyncio
import gzip
import math
from dataclasses import replace
from threading import Event
from time import sleep

import numpy as np
import pytest
from starlette.requests import Request

from pages.charts import views
from pages.charts.parts.view import Study
from pages.controls.table import INPUT, TABLE
from pages.figures import live
from pages.figures.show import encode
from pages.lessons.scenarios import SCENARIOS
from pages.server import waiting
from pages.server.waiting import Line
from rnn_core.cells import LSTM
from rnn_core.experiment import Experiment
from rnn_core.sequences import SEQUENCES
from tests.cases import first
from tests.figures import patched, unpacked
from tests.settings import PAGES, experiments

ITEMS = {page: view.items for page, view in views.VIEWS.items()}
SLIDERS = {
    address: [key for key in page.controls if TABLE[key].kind == "slider" and key not in INPUT]
    for address, page in PAGES.items()
}
COMPUTED = {f"{q}_mode": "computed" for q in LSTM.gates}
EXPERIMENTS = {
    "chain": [
        Experiment(), Experiment(activation="tanh", sequence="sine", T=13, t=12, k=2),
        Experiment(activation="relu", w=-0.7, sequence="noise", T=5, t=9, k=7),
        Experiment(activation="leaky_relu", b=-1.0),
        Experiment(activation="tanh", sequence="sine", T=6, t=3, k=3),  # an empty chain
    ],
    "saturation": [
        Experiment(activation="tanh"), Experiment(activation="sigmoid", w=5.0, b=-2.5, h0=0.6, T=13, t=12, k=2, step=5),
        Experiment(activation="leaky_relu", w=-0.7, b=0.3, T=5, t=9, k=7), Experiment(activation="elu", w=1.5, t=0),
    ],
    "map": [
        Experiment(activation="tanh", T=30), Experiment(activation="sigmoid", w=5.0, sequence="sine", T=9, t=9, k=2),
        Experiment(activation="leaky_relu", w=-0.7, b=-1.0, T=5, t=9, k=7), Experiment(h0=0.0, t=0),
    ],
    "gates": [
        SCENARIOS["gates"].experiment, SCENARIOS["carousel"].experiment,
        Experiment(cell="lstm", T=7, t=6, k=1, step=3, sequence="sine", **COMPUTED),
    ],
    "network": [
        SCENARIOS["not_zero"].experiment, Experiment(activation="tanh", sequence="sine", T=13, t=12, target="not"),
        Experiment(activation="leaky_relu", w=-0.7, sequence="noise", T=5, t=9, f2="identity"), Experiment(t=0),
    ],
    "lstm": [
        SCENARIOS["lstm"].experiment,
        Experiment(cell="lstm", T=7, t=6, k=1, sequence="sine", **COMPUTED),
        Experiment(cell="lstm", T=4, pin_all=True), replace(SCENARIOS["wrong_sign"].experiment, cut_f=True, cut_g=True),
    ],
    "compare": [SCENARIOS["same_input"].experiment, Experiment(T=6, t=6, w=0.0, activation="tanh")],
}  # fmt: skip
EXPERIMENTS = {page: EXPERIMENTS.get(page) or experiments(page, 2) for page in PAGES}
CASES = [
    pytest.param(page, e, key, id=f"{page}-{j}-{key}")
    for page in ITEMS for j, e in enumerate(EXPERIMENTS[page]) for key in SLIDERS[page]
]  # fmt: skip


NUMBERS = (np.ndarray, np.generic, float)


def agree(shown, exact, path="items"):
    """What a drag shows is what is shown on release, but for what only a resting pointer or a copy asks for."""
    if isinstance(exact, NUMBERS) or isinstance(shown, NUMBERS):
        near = np.abs(np.subtract(shown, exact)) <= 1e-6 + 1e-6 * np.abs(exact)
        if not np.all(near):  # gaps, infinities, or it differs
            np.testing.assert_allclose(shown, exact, rtol=1e-6, atol=1e-6, err_msg=path)
    elif isinstance(exact, dict):
        assert shown.keys() == exact.keys() - {"hover", "latex", "scale", "scales", "play"}, path
        for name in shown:
            agree(shown[name], exact[name], f"{path}.{name}")
    elif isinstance(exact, list):
        assert len(shown) == len(exact), path
        for j, (one, other) in enumerate(zip(shown, exact, strict=True)):
            agree(one, other, f"{path}.{j}")
    else:
        assert shown == exact, path


def whole(frame):
    """Without the LaTeX that some sweeps carry along; the figure of a narrow screen in place of its patch."""
    for item in frame:
        for line in item.get("lines", []):
            line.pop("latex", None)
        if "narrow" in item:
            item["narrow"] = patched(item["figure"], item["narrow"])
    return frame


FEW_OR_MANY = pytest.mark.parametrize("most", first(1, (3, 9)))


@FEW_OR_MANY
@pytest.mark.parametrize(("page", "e", "key"), CASES)
def test_at_each_position_a_drag_shows_what_a_release_shows(page, e, key, most):
    positions = live.positions(TABLE[key], Study(e), most)
    assert len(positions) <= most + 1
    sweep = unpacked(encode(ITEMS[page](e, (key, positions.tolist())), at=positions.astype(float)))
    for value, frame in zip(positions.tolist(), sweep["frames"], strict=True):
        [exact] = unpacked(encode(ITEMS[page](replace(e, **{key: value}))))["frames"]
        agree(whole(frame), whole(exact))


@FEW_OR_MANY
@pytest.mark.parametrize("sequence", SEQUENCES)
@pytest.mark.parametrize("page", ITEMS)
def test_the_sliders_of_every_sequence_are_followed_too(page, sequence, most):
    e = replace(EXPERIMENTS[page][0], sequence=sequence)
    for key in SEQUENCES[sequence].parameters:
        if TABLE[key].kind == "slider":
            test_at_each_position_a_drag_shows_what_a_release_shows(page, e, key, most)


@pytest.mark.parametrize(("page", "T"), [(page, T) for page in ITEMS for T in (10, 40, 100)])
def test_a_sweep_is_small_and_spans_the_whole_range(page, T):
    e = replace(EXPERIMENTS[page][1 if page == "chain" else 0], T=T, t=T, k=0)
    key = {"gates": "f", "lstm": "f"}.get(page, "w")
    packed = live.sweep(views.VIEWS[page].shown, TABLE[key], Study(e))
    assert len(packed) <= live.SIZE
    at = unpacked(gzip.decompress(packed))["at"]
    assert at[0] == TABLE[key].min and at[-1] == TABLE[key].max and len(at) >= 20
    on_steps = (at - TABLE[key].min) / TABLE[key].step
    assert np.allclose(on_steps, np.round(on_steps), atol=1e-9)


def test_seeds_are_followed_one_by_one_around_the_present_one():
    at = live.positions(TABLE["seed"], Study(Experiment(seed=500)), 41)
    assert at.tolist() == list(range(480, 521))
    for seed in (0, 999):
        at = live.positions(TABLE["seed"], Study(Experiment(seed=seed)), 41)
        assert len(at) == 41 and seed in at and at[0] >= 0 and at[-1] <= 999


def answer(page, key, query=""):
    """What the server answers a browser that asks for a sweep."""
    return together((page, key, query))[0]


def together(*many):
    """What it answers, to all at once."""

    async def stays():
        await asyncio.Event().wait()

    async def ask(page, key, query):
        scope = {"type": "http", "method": "GET", "headers": [], "query_string": query.encode(), "path": "",
                 "path_params": {"page": page, "key": key}}  # fmt: skip
        return await live._serve(Request(scope, stays))

    async def all_of_them():
        return await asyncio.gather(*(ask(*one) for one in many))

    return asyncio.run(all_of_them())


@pytest.fixture
def offered(monkeypatch):
    monkeypatch.setattr(live, "SWEEPS", Line(2, 32, kept=256))  # one that knows nothing yet
    keys = ("w", "activation", "T", "sequence", "seed")
    controls = {key: TABLE[key] for key in (*keys, "values")}
    chain = views.VIEWS["chain"].shown
    live.offer("offered", chain, controls, lambda values: Study(Experiment(**{key: values[key] for key in keys})))
    yield
    del live._SOURCES["offered"]


def test_an_address_gets_its_sweep_and_the_thumbs_own_place_does_not_matter(offered):
    first, second = (answer("offered", "w", f"activation=tanh&w={w}") for w in (1, 3))
    assert first.status_code == 200 and first.body is second.body
    at = unpacked(gzip.decompress(first.body))["at"]
    assert at[0] == -6 and at[-1] == 8


@pytest.mark.parametrize("seed", [0, 3, 500, 999])
def test_the_sweep_of_the_seed_lies_around_the_seed_that_is_chosen(offered, seed):
    sweep = unpacked(gzip.decompress(answer("offered", "seed", f"sequence=noise&seed={seed}").body))
    assert seed in sweep["at"] and len(sweep["at"]) > 5 and (np.diff(sweep["at"]) == 1).all()
    frame = sweep["frames"][sweep["at"].tolist().index(seed)]
    [exact] = unpacked(encode(views.chain.items(Experiment(sequence="noise", seed=seed))))["frames"]
    agree(whole(frame), whole(exact))


def test_the_browser_is_told_which_sweeps_lie_around_their_choice(offered):
    assert live.describe("offered", "w", TABLE, {"w": 2.0, "seed": 7}).plain == {
        "url": "/sweeps/offered",
        "main": "w",
        "around": ("seed",),
        "choices": {"w": "2", "seed": "7"},
        "ends": {},
    }


@pytest.mark.parametrize(
    "query", ["activation=bogus", "T=1e999", "T=nan&w=<script>", "values=" + "9" * 5000, "T=-5&T=7"]
)
def test_a_hostile_address_gets_a_sweep_of_sensible_values(offered, query):
    assert answer("offered", "w", query).status_code == 200


@pytest.mark.parametrize(("page", "key"), [("nowhere", "w"), ("offered", "nothing"), ("offered", "activation")])
def test_what_is_no_slider_of_a_page_is_not_found(offered, page, key):
    assert answer(page, key).status_code == 404


def test_of_many_sweeps_at_once_each_comes(offered):
    answers = together(*(("offered", "w", f"T={T}") for T in range(1, 33)))
    assert [each.status_code for each in answers] == [200] * 32
    assert len({each.body for each in answers}) == 32


def test_a_busy_server_answers_no_further_sweep_and_what_is_there_needs_no_worker(offered, monkeypatch):
    kept, go, sweep = answer("offered", "w", "T=4").body, Event(), live.sweep
    monkeypatch.setattr(live, "SWEEPS", line := Line(1, 1, kept=9))
    assert answer("offered", "w", "T=4").body == kept
    monkeypatch.setattr(waiting, "PATIENCE", 0.02)
    monkeypatch.setattr(live, "sweep", lambda *asked: go.wait(10) and sweep(*asked))
    told = together(*(("offered", "w", f"T={T}") for T in (5, 6, 7)))
    assert [each.status_code for each in told] == [503] * 3 and b"line is full" in told[2].body
    monkeypatch.setattr(live, "sweep", sweep)
    assert answer("offered", "w", "T=4").body == kept
    go.set()
    while not line.is_idle:
        pass
    monkeypatch.setattr(waiting, "PATIENCE", 60)
    assert answer("offered", "w", "T=7").status_code == 200


def test_a_sweep_that_many_ask_for_at_once_is_made_once(offered, monkeypatch):
    made, sweep = [], live.sweep

    def slow(*asked):
        made.append(asked)
        sleep(0.05)
        return sweep(*asked)

    monkeypatch.setattr(live, "sweep", slow)
    bodies = [each.body for each in together(*(("offered", "w", f"T=5&w={w}") for w in range(6)))]
    assert len(made) == 1 and all(body is bodies[0] for body in bodies)


def test_a_sweep_that_failed_is_made_anew(offered, monkeypatch):
    sweep, broken = live.sweep, [True]
    monkeypatch.setattr(live, "sweep", lambda *asked: 1 / 0 if broken else sweep(*asked))
    with pytest.raises(ZeroDivisionError):
        answer("offered", "w", "T=6")
    broken.clear()
    assert answer("offered", "w", "T=6").status_code == 200


def test_a_message_refuses_numbers_that_are_none():
    with pytest.raises(ValueError, match="'a'"):
        encode([{"name": "a", "text": math.nan}])
    [frame] = unpacked(encode([{"name": "a", "y": np.array([1.0, math.nan])}]))["frames"]
    assert frame[0]["y"][0] == 1 and math.isnan(frame[0]["y"][1])  # in an array it is a gap
