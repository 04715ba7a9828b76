"""The badge: what it says of a second opinion, where it is asked, and that nothing is asked while a slider moves."""

import asyncio
import json
from dataclasses import replace
from decimal import Decimal
from threading import Event
from time import sleep
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from playwright.sync_api import expect
from starlette.requests import Request

from pages.charts.parts.verdict import by, verdict
from pages.charts.views import VIEWS
from pages.figures import checks
from pages.lessons.scenarios import SCENARIOS
from pages.server import waiting
from rnn_core import check
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS
from rnn_core.check import Check, computed
from rnn_core.decimals import Complex
from rnn_core.experiment import Experiment, inputs, run
from rnn_core.readout import PLACES, WORDS, readout
from rnn_core.scaled import Scaled
from tests import precise
from tests.apps import healthy, opened
from tests.cases import long
from tests.server import opened as visited
from tests.settings import PAGES, address, experiment, many
from tests.textbook import Net
from tests.visits import ready


def said(shown, independent, rounding=0.0):
    return verdict(Check("∂h₁₀/∂h₀", *(Scaled.of(np.array(x)) for x in (shown, independent)), rounding))


def test_the_badge_says_how_closely_the_two_agree():
    found = said(1024.0 * (1 + 2**-52), 1024.0)
    assert found["text"] == "Checked: agrees to 2 × 10⁻¹⁶" and found["short"] == "checked, 2e-16" and found["agrees"]
    assert found["title"].startswith("∂h₁₀/∂h₀ by complex-step differences through an independent forward pass")
    assert said(0.1, 0.1)["text"] == "Checked: agrees to the last digit"
    assert said(1 + 5e-9, 1.0, rounding=2e-9)["title"].endswith("5 × 10⁻⁹, as far as rounding allows.")


@pytest.mark.parametrize(("shown", "independent", "text"), [
    (1.5, 1.25, "Check failed: 1.5, not 1.25"), (0.0, 3e-7, "Check failed: 0, not 3 × 10⁻⁷"),
    (1 + 2e-9, 1.0, "Check failed: 1 + 2 × 10⁻⁹, not 1"), (2.0, 0.0, "Check failed: 2, not 0"),
])  # fmt: skip
def test_a_disagreement_shows_both_numbers(shown, independent, text):
    found = said(shown, independent)
    assert found["text"] == text and found["agrees"] is False and "Please report it." in found["title"]


def test_where_rounding_decides_the_badge_claims_nothing():
    found = said(1.0, 3.0, rounding=0.5)
    assert found["text"].startswith("No check") and found["agrees"] is None and "50.0 %" in found["title"]
    json.dumps(said(1.0, 3.0, rounding=np.inf), allow_nan=False)


def test_numbers_too_small_to_be_told_apart_are_not_said_to_agree():
    e = Experiment(activation="tanh", sequence="pasted", values=(1e99,))
    found = VIEWS["chain"].check(e)
    assert found["text"] == "No check: too small" and found["agrees"] is None and found["short"] == "no check"
    assert found["title"].startswith("∂h₁₀/∂h₀ is too small for either way")


def test_an_exact_zero_says_that_it_is_one_and_why():
    found = VIEWS["chain"].check(Experiment(activation="relu", w=-1.0, h0=1.0))
    assert found["text"] == "Checked: exactly 0" and found["agrees"] is True
    assert found["title"].endswith("exactly 0, too, since step 1 passes nothing on.")
    for e in (Experiment(f2="identity", w=1.0, y=0.5), Experiment(T=0), Experiment(w_y=0.0)):
        assert (
            VIEWS["network"]
            .check(e)["title"]
            .endswith("exactly 0, too, since at its end there is nothing left to change.")
        )


TO_ITS_TARGET = Experiment(w=0.5, b=0.5, h0=0.0, T=100, t=100, f2="identity", y=1.0)  # h_t = 1 - 2^-t, 1 in float64


@pytest.mark.parametrize(("page", "e"), [
    ("network", TO_ITS_TARGET),  # truth: -2^-100 times a sum
    ("network", replace(TO_ITS_TARGET, activation="tanh", w=8.0, sequence="constant", amplitude=40.0)),  # 1 - tanh(48)
    ("chain", replace(TO_ITS_TARGET, activation="hardtanh")),  # truth: 2^-100
], ids=["half", "tanh", "kink"])  # fmt: skip
def test_what_only_rounding_makes_0_is_not_certified(page, e):
    found = VIEWS[page].check(e)
    assert found["text"] == "No check: rounding decides" and found["agrees"] is None
    assert "decides whether" in found["title"]


def test_what_underflows_twice_is_not_certified_as_0():
    """∂L/∂w = -x e^-x (…) with x = 8^100, far below 10^(-10^18): no second opinion sees it, and none says it is 0."""
    e = Experiment(w=8.0, T=100, t=100, target="not")
    found = VIEWS["network"].check(e)
    assert found["text"] == "No check: too small" and found["agrees"] is None


def test_compare_checks_all_three_of_its_numbers(monkeypatch):
    e = Experiment(activation="tanh", w=1.0, sequence="sine", T=30, t=30)
    found = VIEWS["compare"].check(e)
    assert found["text"].startswith("Checked: all 3 agree to") and found["agrees"] is True
    assert all(f"he {title}’s" in found["title"] for title in ("RNN", "LSTM", "GRU"))
    for cell in CELLS:
        bent = lambda net, cell=cell: check.effect(net) * (Decimal("1.5") if net.e.cell == cell else 1)  # noqa: E731
        assert by(VIEWS["compare"].number, bent, (*CELLS,))(e)["text"].startswith("Check failed")


def test_where_one_of_three_cannot_be_told_the_other_two_are_named():
    e = Experiment(activation="hardtanh", w=0.7, b=0.3, h0=1.0, T=5, t=5)
    found = VIEWS["compare"].check(e)
    assert found["text"].startswith("Checked: 2 of 3 agree") and "proves nothing" in found["title"]


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS.values() if s.page in VIEWS], ids=lambda s: s.name)
def test_every_number_of_every_scenario_passes_its_check(scenario):
    found = VIEWS[scenario.page].check(scenario.experiment)
    assert found["agrees"], found


@pytest.mark.parametrize("page", VIEWS)
@pytest.mark.parametrize("edge", [
    {"T": 0}, {"T": 1}, {"t": 0}, {"k": 99, "t": 100}, {"T": 100, "t": 100}, {"w": 0.0},
    {"w": 1e100, "T": 100, "t": 100},
    {"sequence": "pasted", "values": (1.0, -1e100)}, {"h0": 0.0, "activation": "relu"},
], ids=str)  # fmt: skip
def test_the_edges_of_every_page_pass_their_check_or_say_why_there_is_none(page, edge):
    cell = PAGES[page].cell
    found = VIEWS[page].check(Experiment(cell=cell, **edge))
    assert found["agrees"] is not False, found
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("f2", ["softmax", "identity"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_correction_of_the_weight_is_checked_through_the_whole_network(activation, f2):
    e = Experiment(activation=activation, w=-0.8, b=0.2, T=9, t=8, sequence="sine", f2=f2, w_y=1.3, target="not")
    independent = computed(e, check.loss_gradient)
    assert check.difference(readout(run(e)).dW(e.t), independent) < 1e-13
    step = Decimal("1e-12")
    by_hand = (loss(e, Decimal(e.w) + step) - loss(e, Decimal(e.w) - step)) / (2 * step)
    assert float(by_hand) == pytest.approx(independent.value, rel=1e-9)


def loss(e, w):
    """L_t at a weight, in decimals."""
    with check._digits():
        net = check.Textbook(e, w=Complex(w))
        said = (net.states(net.start(), 0, e.end)[0] * net.p["w_y"]).re
        if e.f2 == "identity":
            return (said - Decimal(e.y)) ** 2 / 2
        logits = [said * place for place in map(Decimal, ("-1.5", "-0.5", "0.5", "1.5"))]
        return sum(z.exp() for z in logits).ln() - logits[["to", "be", "or", "not"].index(e.target)]


async def stays():
    """A client that waits for its answer."""
    await asyncio.Event().wait()


def test_where_the_ways_through_h_cancel_the_direct_one_agreement_is_what_rounding_allows():
    """Each step multiplies by .0853 - .0852: products of Jacobians lose the same digits twice a step."""
    e = Experiment(cell="lstm", T=30, t=30, sequence="impulse", amplitude=-3.65, f=0.08525869769407945, h0=0.0, c0=-2.8)
    e = replace(e, b_g=-2.2)
    found = VIEWS["lstm"].check(e)
    assert found["agrees"] is True
    direct = Scaled.of(run(e).flow.direct(30, 0).value.ravel()[0])
    assert verdict(check.check("it", direct, e, check.total))["agrees"] is False


def in_many_digits(page, e, count):
    """Each number that a page's badge certifies, in mpmath, whose exponents end nowhere."""
    with mpmath.workdps(count), pytest.MonkeyPatch.context() as patched:
        leaky = lambda z: (z, 1) if z > 0 else (e.slope * z, e.slope)  # noqa: E731
        patched.setitem(precise.FUNCTIONS, "leaky_relu", precise._function(leaky))
        if page == "compare":
            return [_effect(replace(e, cell=cell)) for cell in CELLS]
        return [{"network": _loss, "gates": _total, "lstm": _total}.get(page, _chain)(e)]


def _net(e, w=None):
    if e.cell == "rnn":
        given = (np.array([[e.u]]), np.array([[e.w if w is None else w]]), np.array([e.b]))
        return Net("rnn", *given, phi=e.activation), [e.h0]
    gates = CELLS[e.cell].gates
    column = lambda letter: np.array([0.0 if e.pins(q) else getattr(e, f"{letter}_{q}") for q in gates])  # noqa: E731
    pinned = {q: getattr(e, q) for q in gates if e.pins(q)}
    net = Net(e.cell, column("u")[:, None], column("w")[:, None], column("b"), pinned=pinned)
    return net, [e.c0, e.h0] if e.cell == "lstm" else [e.h0]


def _fed(e):
    return inputs(e)[: e.end, None].tolist()


def _chain(e):
    return precise.product(*_net(e), _fed(e), e.begin)[0][0]


def _total(e):
    (net, s0), xs, k, follows = _net(e), _fed(e), e.begin, 0
    if k:
        (_, h), x = precise.states(net, s0, xs)[k - 1], precise.dual(xs[k - 1][0])
        z = x * net.W_x[3, 0] + h * net.W_h[3, 0] + net.b[3]
        o = net.pinned.get("o", precise.FUNCTIONS["sigmoid"](z).v if "o" not in net.pinned else 0)
        follows = o * mpmath.sech(precise.states(net, s0, xs)[k][0].v) ** 2
    return precise.states(net, s0, xs, [1, follows], k)[-1][0].d


def _effect(e):
    if e.begin == e.end:
        return 0
    (net, s0), xs = _net(e), _fed(e)
    xs[e.begin] = [precise.Dual(mpmath.mpf(xs[e.begin][0]), mpmath.mpf(1))]
    return precise.states(net, s0, xs)[-1][-1].d


def _loss(e):
    if not e.end:
        return 0
    h = precise.states(*_net(e, precise.Dual(mpmath.mpf(e.w), mpmath.mpf(1))), _fed(e))[-1][0]
    if e.f2 == "identity":
        return (e.w_y * h.v - e.y) * e.w_y * h.d
    due = PLACES[WORDS.index(e.target)]
    apart = [mpmath.mpf(float(place - due)) for place in PLACES]
    weights = [mpmath.exp(e.w_y * h.v * a) for a in apart]
    return sum(weight * a for weight, a in zip(weights, apart, strict=True)) * e.w_y * h.d


@pytest.mark.parametrize("count", [15, long(145), pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("page", VIEWS)
def test_no_setting_fails_its_check_and_none_is_certified_as_a_0_that_it_is_not(page, count):
    for values in many(page, count, seed=21):
        e = experiment(page, values)
        found = VIEWS[page].check(e)
        assert found["agrees"] is not False, (address(page, values), found)
        if (zeros := found["title"].count("exactly 0, too")) and found["agrees"]:
            truth = in_many_digits(page, e, 60 if PAGES[page].cell == "lstm" else 300)
            assert sum(not number for number in truth) >= zeros, (address(page, values), found, truth)
        json.dumps(found, allow_nan=False)


def asked(address, query="", clicked=True):
    return together((address, query, clicked))[0]


def together(*many):
    """What the server answers, to all at once."""

    async def ask(address, query, clicked=True):
        query += "&clicked" if clicked else ""
        scope = {"type": "http", "method": "GET", "path_params": {"page": address}, "query_string": query.encode(),
                 "headers": []}  # fmt: skip
        return await checks._serve(Request(scope, stays))

    async def all_of_them():
        return await asyncio.gather(*(ask(*one) for one in many))

    return asyncio.run(all_of_them())


def test_the_server_checks_what_the_address_chooses():
    healthy(opened("chain"))
    answer = json.loads(asked("chain", "w=-0.5&activation=tanh&T=12&t=12&w=").body)
    assert answer["agrees"]
    answer = json.loads(asked("chain", "activation=tanh&t=7&k=3").body)
    assert "∂h₇/∂h₃" in answer["title"]
    assert answer == VIEWS["chain"].check(Experiment(activation="tanh", t=7, k=3))
    assert asked("nowhere").status_code == 404


def test_a_page_opens_with_its_own_choices_in_its_check():
    healthy(opened("lstm"))
    [answer] = [json.loads(asked("lstm", "t=30&T=30").body)]
    assert "∂C₃₀/∂C₀" in answer["title"] and answer["agrees"]


@pytest.fixture
def slow(monkeypatch):
    """The chain's check takes 20 ms, by a clock of the test's; what was checked, and a rest from it."""
    healthy(opened("chain"))
    now, checked = [1000.0], []

    def check(experiment):
        checked.append(experiment.w)
        sleep(0.02)
        now[0] += 0.02
        return {"of": experiment.w}

    monkeypatch.setattr(checks, "monotonic", lambda: now[0])
    monkeypatch.setattr(checks, "_rests_until", 0.0)
    monkeypatch.setitem(checks._CHECKS, "chain", check)

    def rest():
        now[0] += 0.02 / checks._SHARE

    return SimpleNamespace(checked=checked, rest=rest)


@pytest.mark.parametrize("different", [False, True])
def test_of_many_clicks_at_once_each_is_answered(slow, different):
    w = [1 + different * j / 100 for j in range(32)]
    answers = together(*(("chain", f"w={one}") for one in w))
    assert [json.loads(each.body)["of"] for each in answers] == w
    assert slow.checked == (w if different else [1.0])


def test_a_check_that_fails_fails_for_who_asked_for_it(slow, monkeypatch):
    def check(experiment):
        return {"of": 1 / (experiment.w - 3)}

    monkeypatch.setitem(checks._CHECKS, "chain", check)
    with pytest.raises(ZeroDivisionError):
        asked("chain", "w=3")
    assert asked("chain", "w=4").status_code == 200


def test_a_click_that_has_waited_long_is_told_its_place_in_line(slow, monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.01)
    go = Event()
    monkeypatch.setitem(checks._CHECKS, "chain", lambda experiment: go.wait(10) and {"of": experiment.w})
    told = together(*(("chain", f"w={w}") for w in (1.01, 1.1, 1.2, 1.1)))
    assert [(each.status_code, json.loads(each.body)["place"]) for each in told] == [
        (503, 1),
        (503, 1),
        (503, 2),
        (503, 1),
    ]
    assert asked("chain", "w=1.3", clicked=False).status_code == 503
    go.set()
    monkeypatch.setattr(waiting, "PATIENCE", 60)
    assert asked("chain", "w=1.2").status_code == 200


def test_checks_that_nobody_clicked_for_take_a_small_share_of_the_time(slow):
    assert asked("chain", "w=3.1", clicked=False).status_code == 200
    assert asked("chain", "w=3.2", clicked=False).status_code == 503
    assert asked("chain", "w=3.1", clicked=False).status_code == 200, "what is known costs nothing"
    slow.rest()
    assert asked("chain", "w=3.2", clicked=False).status_code == 200
    assert asked("chain", "w=3.3").status_code == 200, "a click is answered"
    assert asked("chain", "w=3.4", clicked=False).status_code == 503, "and is a click for itself alone"


def badge(page):
    return page.locator(".u-badge")


def checks_of(watched):
    return [url for url in watched.requests if "/checks/" in url]


@pytest.mark.browser
def test_an_idle_page_checks_its_number_once_and_a_moving_slider_asks_for_nothing(server, desk):
    page, answered = desk.page, []  # a busy server may put off a check that nobody clicked for; it is asked again
    desk.on("response", lambda answer: answered.append(answer.url) if "/checks/" in answer.url and answer.ok else None)
    visited(page, f"{server.url}/chain?activation=tanh")
    expect(badge(page)).to_have_text(VIEWS["chain"].check(Experiment(activation="tanh"))["text"], use_inner_text=True)
    assert len(answered) == 1 and "independent forward pass" in badge(page).get_attribute("aria-label")
    place = badge(page).bounding_box()
    x, y = ready(page, "w")
    asked = len(checks_of(desk))
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    expect(badge(page)).to_be_hidden()
    page.wait_for_timeout(2500)  # longer than the calm after which a check is asked
    assert badge(page).evaluate("node => getComputedStyle(node).visibility") == "hidden"
    assert len(checks_of(desk)) == asked
    assert badge(page).evaluate("node => node.getBoundingClientRect().width") == place["width"], "nothing moves"
    with page.expect_response("**/checks/**"):
        page.mouse.up()
    expect(badge(page)).to_contain_text("Checked")
    expect(badge(page)).to_be_visible()
    assert len(answered) == 2


@pytest.mark.browser
def test_a_click_checks_at_once_and_what_is_known_is_not_asked_again(server, desk):
    def refuse_unless_clicked(route):
        return route.continue_() if "clicked" in route.request.url else route.fulfill(status=503)

    desk.page.route("**/checks/**", refuse_unless_clicked)
    page = visited(desk.page, f"{server.url}/chain?w=1.25")
    badge(page).click()
    expect(badge(page)).to_contain_text("Checked")
    asked = checks_of(desk)
    badge(page).click()
    page.wait_for_timeout(2000)  # longer than the calm after which a check is asked
    assert checks_of(desk) == asked and ["clicked" in url for url in asked].count(True) == 1


@pytest.mark.browser
def test_a_refused_check_may_be_asked_for_again(server, desk):
    desk.page.route("**/checks/**", lambda route: route.fulfill(status=503))
    page = visited(desk.page, f"{server.url}/chain")
    with page.expect_response("**/checks/**"):
        badge(page).click()
    expect(badge(page)).to_have_text("Check", use_inner_text=True)
    page.unroute("**/checks/**")
    badge(page).click()
    expect(badge(page)).to_contain_text("Checked")


@pytest.mark.browser
def test_a_disagreement_is_seen_in_the_colour_of_a_warning(server, desk):
    verdict = json.dumps(said(1.5, 1.25))
    desk.page.route("**/checks/**", lambda route: route.fulfill(body=verdict, content_type="application/json"))
    page = visited(desk.page, f"{server.url}/chain")
    calm = page.locator(".u-main .u-button:not(.u-badge)").first.evaluate("node => getComputedStyle(node).color")
    badge(page).click()
    expect(badge(page)).to_have_text("Check failed: 1.5, not 1.25", use_inner_text=True)
    assert badge(page).evaluate("node => getComputedStyle(node).color") != calm


@pytest.mark.browser
def test_a_phone_has_room_for_the_badge_and_the_title(server, phone):
    page = visited(phone.page, f"{server.url}/chain?activation=tanh")
    expect(badge(page)).to_have_text("checked, 2e-16", use_inner_text=True)
    assert badge(page).evaluate("node => node.scrollWidth <= node.clientWidth")
    title = page.locator(".u-main .u-title")
    assert title.evaluate("node => node.scrollWidth <= node.clientWidth")
