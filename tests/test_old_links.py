"""Links that people have saved: addresses, scenes and scripts of before the house was rebuilt, and what they said.

The list only grows: what an old link shows is not ours to change, but for what docs/controls.md says of t and T.
"""

import json
from pathlib import Path

import pytest

from pages.charts.parts.numbers import number
from pages.contents import offer
from pages.controls import codec
from pages.frame.exhibits import exhibit
from pages.lessons.scenes import SCENES
from pages.stage import scripts
from tests.settings import PAGES, controls, study

OLD = json.loads((Path(__file__).parent / "data" / "old_links.json").read_text(encoding="utf-8"))
offer()


@pytest.mark.parametrize("address", OLD["addresses"])
def test_an_old_address_reads_as_it_did_and_shows_the_same_number(address):
    kept = OLD["addresses"][address]
    page, texts = codec.split(address)
    values = codec.values(controls(page), texts)
    assert {key: values[key] for key in kept["reads"]} == kept["reads"]
    name, value = PAGES[page].view.number(study(page, values).experiment)
    assert f"{name} = {number(value, 10)}" == kept["number"]


@pytest.mark.parametrize("address", OLD["scenes"])
def test_an_old_scene_tells_its_truth(address):
    shown = exhibit(address)
    assert shown.title == SCENES[codec.split(address)[1]["scene"]].title
    assert any(item["name"] == "lesson" for item in shown.items)


@pytest.mark.parametrize("script", OLD["scripts"], ids=lambda script: script["title"])
def test_an_old_script_in_a_link_opens_and_every_slide_has_its_pictures(script):
    found = scripts.find(script["packed"])
    assert found.title == script["title"] and [slide.address for slide in found.slides] == script["slides"]
    for slide in found.slides:
        assert all(exhibit(address).items for address in (slide.asked, slide.told) if address)
