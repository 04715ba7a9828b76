"""What stands on the stage beside a slide's picture: what the slide turns, and nothing that moves nothing."""

import pytest

from pages.controls import codec
from pages.figures import live
from pages.frame.exhibits import exhibit
from pages.stage.scripts import SCRIPTS
from tests.apps import healthy, opened

SLIDES = [
    pytest.param(name, n, slide, id=f"{name} {n}")
    for name, script in SCRIPTS.items()
    for n, slide in enumerate(script.slides, 1)
    if codec.split(slide.address)[0] != "scenes"
]


def drawn(name, n, slide):
    """The controls on the stage of a revealed slide, by key, with their values."""
    page, given = codec.split(slide.address)
    at = healthy(opened(page, **given, present="1", script=name, slide=str(n), shown="1"))
    return {w.key: w for kind in (at.slider, at.selectbox, at.segmented_control, at.toggle) for w in kind}


def pictures(page, given):
    """All that may be seen of an address, but for what a change of the axis alone would move."""
    items = exhibit(codec.joined(page, given)).items
    return [item.get("alt", item.get("text", "")) + str(item.get("lines", "")) for item in items]


@pytest.mark.parametrize(("name", "n", "slide"), SLIDES)
def test_the_stage_has_no_slider_without_effect_and_every_setting_that_the_slide_turns(name, n, slide):
    page, given = codec.split(slide.address)
    controls = drawn(name, n, slide)
    if slide.before and codec.split(slide.before)[0] == page:
        asked = codec.split(slide.before)[1]
        assert {key for key in asked | given if asked.get(key) != given.get(key)} <= controls.keys()
    before = pictures(page, given)
    for key, widget in controls.items():
        control = live._SOURCES[page].controls[key]
        if control.kind == "slider":
            others = [widget.min, widget.max, widget.value - 3 * control.step, widget.value + 3 * control.step]
            others = [type(control.default)(min(max(x, control.min), control.max)) for x in others]
        else:
            others = [not widget.value] if control.kind == "toggle" else control.options
        assert any(pictures(page, given | {key: codec.text(x)}) != before for x in others), key


def test_in_place_of_a_computed_gates_value_stands_its_bias():
    slides = {(name, n): slide for name, script in SCRIPTS.items() for n, slide in enumerate(script.slides, 1)}
    for n in (4, 6):
        on_stage = drawn("textbooks", n, slides["textbooks", n])
        assert "b_f" in on_stage and "f" not in on_stage
    assert "h0" in drawn("lstm", 6, slides["lstm", 6])
