"""No control is shown that can be moved without effect: from a page's defaults, and from each of its scenarios."""

import pytest

from pages.charts.views import VIEWS
from pages.controls import codec
from pages.figures.show import encode
from pages.frame.page import study_of
from pages.lessons.scenarios import SCENARIOS
from tests.apps import opened
from tests.settings import PAGES, controls

STARTS = [pytest.param(page, "", id=page) for page in PAGES]
STARTS += [pytest.param(one.page, one.name, id=one.name, marks=pytest.mark.long) for one in SCENARIOS.values()]


AT_REST = {  # what has no effect at one point alone, by its numbers: elsewhere it has
    ("nothing_written", "w_g"): "h is 0 at every step", ("side_ways", "w_i"): "h and the candidate are 0 at every step",
    ("lstm_explodes", "w_i"): "h and the candidate are 0 at every step", ("all_explode", "w_i"): "as in lstm_explodes",
    ("all_explode", "w_r"): "h is 0 at every step", ("four_readings", "u_f"): "the only input comes where C is 0",
}  # fmt: skip


def moved(control, value, T):
    """Where a reader may take it."""
    if control.kind in ("choice", "select"):
        return [option for option in control.options if option != value]
    if control.kind == "toggle":
        return [not value]
    top = min(control.max, T) if control.upto else control.max
    whole = isinstance(control.step, int)
    ways = [control.min + share * (top - control.min) for share in (0.0, 0.31, 0.5, 0.77, 1.0)]
    return [round(way) if whole else way for way in ways]


def drawn(page, values):
    """The figures with what is said of them."""
    items = VIEWS[page].shown(study_of(PAGES[page], controls(page), values))
    return encode([item for item in items if item["kind"] == "figure"])


@pytest.mark.parametrize(("page", "scenario"), STARTS)
def test_every_control_that_is_shown_changes_a_figure(page, scenario):
    table = controls(page)
    values = {key: control.default for key, control in table.items()}
    if scenario:
        values |= codec.values_of(SCENARIOS[scenario].experiment, table)
    at = opened(page, **codec.texts(table, values))
    shown = [w.key for kind in (at.slider, at.selectbox, at.segmented_control, at.toggle) for w in kind]
    assert len(shown) >= 3
    before = drawn(page, values)

    def has_effect(key):
        if key.endswith("_mode"):
            return True  # on the panel: it chooses which sliders stand there
        return any(drawn(page, values | {key: way}) != before for way in moved(table[key], values[key], values["T"]))

    idle = {key for key in shown if key in table and not has_effect(key)}
    assert idle == {key for start, key in AT_REST if start == scenario}
