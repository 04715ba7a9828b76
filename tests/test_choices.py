"""The reader's choices, state by state: a session, its widgets and its address without Streamlit or a browser."""

from dataclasses import replace

import pytest
from streamlit.errors import StreamlitAPIException

from pages.controls.choices import Choices, State
from pages.controls.control import Control

W, T, HELD = (
    Control("w", "Weight", "slider", 2.0, -6.0, 8.0, 0.05),
    Control("T", "Steps", "slider", 10, 1, 100, 1),
    Control("held", "Held", "text", ""),
)
CHAIN = {control.key: control for control in (W, T, HELD)}
LSTM = {"T": Control("T", "Steps", "slider", 30, 1, 100, 1), "held": HELD}


class Address(dict):
    """An address, some of whose parameters belong to widgets: Streamlit lets nobody else set those."""

    bound = frozenset()

    def __setitem__(self, key, value):
        if key in self.bound:
            raise StreamlitAPIException("bound")
        super().__setitem__(key, value)

    def pop(self, key, default=None):
        if key in self.bound:
            raise StreamlitAPIException("bound")
        return super().pop(key, default)


class Session(Choices):
    """A session whose clock stands still, and whose widgets are drawn by name."""

    def __init__(self):
        super().__init__({}, Address(), clock=lambda: self.seconds)
        self.seconds = 100.0

    def run(self, page, controls, only=("w", "T"), whole=True):
        """A run of a page that draws these of its controls; what it reads."""
        self.enter(page, controls)
        for key in only:
            if key in controls:
                self.draw(
                    controls[key],
                    lambda opens, *_, key=key: self.widgets.setdefault(key, opens),
                    self.top(controls, key),
                )
        values = self.read(controls)
        if whole:
            self.end()
        return values

    def leave(self):
        """Streamlit forgets widgets that are not drawn."""
        self.widgets.clear()


@pytest.fixture
def session():
    return Session()


@pytest.fixture
def open_chain(session):
    session.run("chain", CHAIN)
    return session


def test_of_a_fresh_session_the_address_speaks(session):
    session.widgets["w"] = 3.0  # Streamlit's, from the address
    session.chosen["w"] = 5.0
    assert session.fresh and session.run("chain", CHAIN) == {"w": 3.0, "T": 10, "held": ""}
    assert not session.fresh and session.chosen["w"] == 3.0


@pytest.mark.parametrize(("said", "value", "instead", "note"), [
    (["3"], 3.0, {}, ""), (["1,5"], 1.5, {"w": "1.5"}, ""), (["99"], 8.0, {"w": "8"}, "outside"),
    (["abc"], 2.0, {"w": "2"}, "not a number"), (["1", "3"], 3.0, {"w": "3"}, "given 2 times"),
])  # fmt: skip
def test_a_fresh_address_is_chosen_and_mended(session, said, value, instead, note):
    session.enter("chain", CHAIN)
    assert session.adopt(CHAIN, {"w": said, "unknown": ["1"]}) == instead
    assert session.chosen == {"w": value} and note in session.note and bool(note) == bool(session.note)


def test_an_option_that_is_none_leaves_the_address(session):
    asked = {"guess": Control("guess", "Which?", "choice", None, options=("A", "B"))}
    session.enter("scenes", asked)
    assert session.adopt(asked, {"guess": ["Z"]}) == {"guess": None} and "left open" in session.note


def test_another_page_and_back_keeps_what_was_chosen(open_chain):
    open_chain.widgets["w"] = 3.0
    open_chain.run("chain", CHAIN)
    open_chain.leave()
    open_chain.run("lstm", LSTM)
    open_chain.leave()
    assert open_chain.state("w") is State.ABSENT
    assert open_chain.run("chain", CHAIN)["w"] == 3.0 == open_chain.widgets["w"]
    assert open_chain.address["w"] == "3"


def test_another_page_opens_at_its_own_defaults_but_for_what_goes_along(open_chain):
    open_chain.widgets |= {"w": 3.0, "T": 20}
    open_chain.run("chain", CHAIN)
    open_chain.leave()
    assert open_chain.run("lstm", LSTM)["T"] == 30 and not open_chain.note
    open_chain.leave()
    open_chain.run("chain", CHAIN)
    open_chain.leave()
    open_chain.enter("map", CHAIN, {"chain": ("w", "h0")})
    assert open_chain.chosen == {"w": 3.0} and "w \\= 3 came along" in open_chain.note
    open_chain.reset(CHAIN)
    assert open_chain.run("map", CHAIN)["w"] == 2.0


def test_a_pages_own_default_is_no_choice_until_the_reader_comes_back_to_it(open_chain):
    open_chain.leave()
    assert open_chain.run("lstm", LSTM)["T"] == 30 and "T" not in open_chain.chosen
    for value in (20, 30):
        open_chain.widgets["T"] = value
        open_chain.run("lstm", LSTM)
    assert open_chain.chosen["T"] == 30


def test_what_ends_with_another_control_follows_it_and_what_lies_beyond_stands_at_the_end(session):
    t = Control("t", "End", "slider", 1000, 0, 100, 1, typed=(0, 1000), upto="T")
    w = replace(W, typed=(-100.0, 100.0))
    controls = {"w": w, "T": T, "t": t}
    session.chosen |= {"w": 50.0, "t": 10}
    given = session.run("chain", controls, only=("w", "T", "t"))
    assert given == {"w": 50.0, "T": 10, "t": 1000} and session.widgets == {"w": 8.0, "T": 10, "t": 10}
    assert session.address == {"w": "50"}
    session.widgets["T"] = 40
    assert session.run("chain", controls, only=("w", "T", "t"))["t"] == 1000 and session.widgets["t"] == 40
    session.widgets |= {"t": 60, "w": 7.95}
    assert session.run("chain", controls, only=("w", "T", "t")) == {"w": 7.95, "T": 40, "t": 1000}
    assert session.widgets["t"] == 40 and session.address["w"] == "7.95"
    session.widgets["t"] = 25
    assert session.run("chain", controls, only=("w", "T", "t"))["t"] == 25


def test_a_fold_opens_for_what_is_new_in_it_and_stays_as_it_was_left(session):
    assert not session.unfold("start", set())
    assert session.unfold("start", {"b"})
    session.widgets["fold"] = False
    session.fold("start", "fold")
    assert not session.unfold("start", {"b"}) and session.unfold("start", {"b", "h0"})


def test_a_control_that_is_hidden_has_what_was_chosen_and_shows_it_when_it_comes_back(open_chain):
    open_chain.widgets["w"] = 3.0
    open_chain.run("chain", CHAIN)
    open_chain.leave()
    assert open_chain.run("chain", CHAIN, only=("T",))["w"] == 3.0
    assert open_chain.state("w") is State.ABSENT
    open_chain.run("chain", CHAIN)
    assert open_chain.widgets["w"] == 3.0 and open_chain.state("w") is State.DRAWN


def test_what_is_chosen_for_the_reader_waits_for_the_next_drawing(open_chain):
    open_chain.address.bound = {"w"}  # its widget writes the address itself
    open_chain.apply({"w": 5.0, "u": 1.0})
    assert open_chain.state("w") is State.PENDING and open_chain.state("u") is State.ABSENT
    assert open_chain.widgets["w"] == 2.0 and open_chain.moved() == {"w"}
    assert open_chain.read(CHAIN)["w"] == 5.0  # a part that is drawn before the widget
    assert open_chain.run("chain", CHAIN)["w"] == open_chain.widgets["w"] == 5.0
    assert open_chain.state("w") is State.DRAWN and open_chain.moved() == set()


def test_a_default_that_is_chosen_for_the_reader_is_set_as_well(open_chain):
    open_chain.widgets["w"] = 3.0
    open_chain.run("chain", CHAIN)
    open_chain.apply({"w": 2.0})
    assert open_chain.run("chain", CHAIN)["w"] == open_chain.widgets["w"] == 2.0


def test_what_the_browser_reports_is_moved_and_then_chosen(open_chain):
    open_chain.widgets["w"] = 3.0
    assert open_chain.state("w") is State.MOVED and open_chain.moved() == {"w"} and "w" not in open_chain.chosen
    open_chain.read(CHAIN)
    assert open_chain.state("w") is State.DRAWN and open_chain.chosen["w"] == 3.0


def test_a_report_of_what_a_widget_was_set_from_is_late_for_a_while(open_chain):
    open_chain.apply({"w": 5.0})
    open_chain.run("chain", CHAIN)
    open_chain.widgets["w"] = 2.0  # the browser had not heard of it
    assert open_chain.state("w") is State.LATE
    open_chain.seconds += 2
    assert open_chain.state("w") is State.MOVED
    open_chain.put("T", 7)
    assert set(open_chain._replaced) == {("T", 10)}, "what is long ago is forgotten"


def test_a_late_report_is_kept_from_being_chosen(open_chain):
    open_chain.apply({"w": 5.0})
    open_chain.run("chain", CHAIN)
    open_chain.widgets["w"] = 2.0
    open_chain.keep("w")
    assert open_chain.state("w") is State.PENDING
    assert open_chain.run("chain", CHAIN)["w"] == open_chain.widgets["w"] == 5.0


def test_what_was_never_read_is_kept_as_it_was_given(open_chain):
    open_chain.given = {"w": "5"}
    open_chain.enter("chain", CHAIN)
    open_chain.keep("w")
    assert open_chain.chosen["w"] == 5.0


def test_a_run_that_was_broken_off_is_none(open_chain):
    open_chain.leave()
    open_chain.given = {"T": "20"}
    open_chain.run("lstm", LSTM, whole=False)
    assert open_chain.state("T") is State.ABSENT
    open_chain.widgets["T"] = 30  # Streamlit may have lost it with the run
    assert open_chain.run("lstm", LSTM)["T"] == 20


def test_a_widget_that_was_not_drawn_to_the_end_is_set_again(open_chain):
    def breaks_off(*_):
        raise KeyboardInterrupt

    open_chain.apply({"w": 5.0})
    open_chain.enter("chain", CHAIN)
    with pytest.raises(KeyboardInterrupt):
        open_chain.draw(W, breaks_off)
    open_chain.widgets["w"] = 2.0
    assert open_chain.run("chain", CHAIN)["w"] == 5.0


def test_a_page_that_is_given_settings_begins_with_them_and_no_others(open_chain):
    open_chain.apply({"w": 5.0, "held": "w=1"})
    open_chain.given = {"T": "20", "unknown": "1", "held": "w=3"}
    assert not open_chain.fresh
    assert open_chain.run("chain", CHAIN) == {"w": 2.0, "T": 20, "held": "w=3"}
    assert open_chain.widgets == {"w": 2.0, "T": 20} and open_chain.given is None and not open_chain.note


def test_strange_settings_that_are_given_are_told_of(session):
    session.given = {"T": "2000"}
    assert not session.fresh, "else the address would speak"
    assert session.run("chain", CHAIN)["T"] == 100 and "lies outside" in session.note


def test_what_is_held_belongs_to_its_page(open_chain):
    open_chain.choose_unshown("held", "w=1")
    assert open_chain.run("chain", CHAIN)["held"] == "w=1" == open_chain.address["held"]
    assert open_chain.run("lstm", LSTM)["held"] == ""


def test_what_no_widget_shows_can_be_taken_back(open_chain):
    open_chain.choose_unshown("held", "w=1")
    open_chain.choose_unshown("held", "")
    assert open_chain.run("chain", CHAIN)["held"] == "" and "held" not in open_chain.address


def test_the_address_keeps_what_is_chosen_of_controls_that_are_not_drawn(open_chain):
    open_chain.chosen |= {"w": 3.0, "T": 10}
    open_chain.address |= {"T": "12"}
    open_chain.run("chain", CHAIN, only=())
    open_chain.keep_in_address(CHAIN)
    assert open_chain.address == {"w": "3"}
    open_chain.address.bound = {"w", "T"}
    open_chain.chosen["w"] = 4.0
    open_chain.keep_in_address(CHAIN)
    assert open_chain.address == {"w": "3"}, "that of a widget which was there just now is written when it is gone"
