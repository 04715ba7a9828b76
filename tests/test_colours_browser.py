"""What colours say is said without them too: in Windows' high contrast, and printed in greys."""

import io

import pytest
from PIL import Image

from tests.cases import first
from tests.server import PICTURE, opened
from tests.visits import until

pytestmark = pytest.mark.browser
SCHEMES = first(1, ("light", "dark"))


def pixels(page, selector):
    """An element's picture."""
    return Image.open(io.BytesIO(page.locator(selector).first.screenshot())).convert("RGB")


def shares(picture, most=6):
    """The commonest colours of a picture, and the share of each."""
    counted = sorted(picture.getcolors(picture.width * picture.height), reverse=True)[:most]
    return {color: count / (picture.width * picture.height) for count, color in counted}


def apart(one, other):
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.fixture
def forced(server, desk):
    yield desk.page
    desk.page.emulate_media(forced_colors="none")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_in_high_contrast_sliders_choices_bars_and_marks_can_be_told_apart(server, forced, scheme):
    forced.emulate_media(color_scheme=scheme, forced_colors="active")
    page = opened(forced, f"{server.url}/chain?activation=tanh")
    page.wait_for_timeout(500)
    ground = max(shares(pixels(page, "h1")).items(), key=lambda item: item[1])[0]
    track = pixels(page, ".st-key-w .stSlider [role=group]")
    clear = [share for color, share in shares(track).items() if apart(color, ground) > 100]
    assert sum(clear) > 0.1 and len(clear) >= 2, "track and thumb"  # in colours of their own
    chosen, other = (
        max(shares(pixels(page, f".st-key-activation [aria-checked={state}]")).items(), key=lambda item: item[1])[0]
        for state in ("true", "false")
    )
    assert apart(chosen, other) > 100
    label = pixels(page, ".st-key-activation [aria-checked=true]")
    assert [color for color, share in shares(label, 40).items() if apart(color, chosen) > 150], "its name"
    weight, slope, mark = page.evaluate(
        """() => { const data = document.querySelector('[data-name=chain] .u-plot')._fullData;
        const color = (name) => data.find((trace) => trace.name?.startsWith(name)).marker.color;
        return ['weight', 'slope', 'factor'].map(color); }"""
    )
    assert len({weight, slope, mark}) == 3
    painted = shares(pixels(page, "[data-name=chain] .u-plot"), 60)
    for color in (weight, slope):
        rgb = tuple(int(part) for part in color[4:-1].split(","))
        assert any(apart(rgb, seen) < 8 for seen in painted), color


@pytest.mark.parametrize("scheme", SCHEMES)
def test_in_high_contrast_the_chosen_tab_and_a_switch_can_be_seen(server, forced, scheme):
    forced.emulate_media(color_scheme=scheme, forced_colors="active")
    page = opened(forced, f"{server.url}/gates")
    page.wait_for_timeout(500)
    tabs = [pixels(page, f".stTabs [role=tab][aria-selected={state}]") for state in ("true", "false")]
    lines = [tab.crop((0, tab.height - 4, tab.width, tab.height)) for tab in tabs]  # below its name
    ground = max(shares(lines[1]).items(), key=lambda item: item[1])[0]
    marked = [sum(share for color, share in shares(line).items() if apart(color, ground) > 100) for line in lines]
    assert marked[0] > 0.4 and marked[1] == 0
    switch = pixels(page, ".st-key-pin_all label > div:not([data-testid])")
    before = shares(switch)
    assert len([share for share in before.values() if share > 0.03]) >= 2
    page.locator(".st-key-pin_all label").first.click()
    until(page, "document.querySelector('.st-key-pin_all input').checked")
    page.wait_for_timeout(500)
    after = shares(pixels(page, ".st-key-pin_all label > div:not([data-testid])"))
    assert apart(max(before, key=before.get), max(after, key=after.get)) > 60


@pytest.mark.parametrize("colors", first(1, ("none", "active")))
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_map_in_greys_tells_what_vanishes_from_what_explodes(server, forced, scheme, colors):
    forced.emulate_media(color_scheme=scheme, forced_colors=colors)
    page = forced
    page.goto(f"{server.url}/map?activation=identity")
    page.wait_for_selector(PICTURE)
    page.wait_for_timeout(500)
    places = page.evaluate(
        """(all) => { const { _fullLayout: { xaxis, yaxis } } = document.querySelector('[data-name=map] .u-plot');
        return all.map(([w, t]) => [xaxis._offset + xaxis.d2p(w), yaxis._offset + yaxis.d2p(t)]); }""",
        [(0.5, 45), (-0.5, 45), (0.6, 35), (4, 45), (-4, 45), (3, 35)],
    )
    grey = pixels(page, "[data-name=map] .u-plot").convert("L")
    greys = [grey.getpixel((round(x), round(y))) for x, y in places]
    vanishes, explodes = greys[:3], greys[3:]
    further = (min(explodes) - max(vanishes)) if scheme == "dark" else (min(vanishes) - max(explodes))
    assert further > 50, (vanishes, explodes)
