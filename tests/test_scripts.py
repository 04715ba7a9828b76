"""Scripts: the ones that ship are true, and whatever a link or a file holds becomes a script or a clear sentence."""

import base64
import json
import random
import re
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.controls import codec
from pages.controls.codec import split
from pages.controls.table import TABLE
from pages.figures import live
from pages.frame.exhibits import exhibit
from pages.frame.scenes import CONTROLS
from pages.stage import scripts
from pages.stage.scripts import PAGES, SCRIPTS, Script, Slide, find, loads, pack, parse, plain, unpack

SLIDES = [pytest.param(slide, id=f"{name} {n}") for name, s in SCRIPTS.items() for n, slide in enumerate(s.slides, 1)]
NUMBER = re.compile(r"−?\d+(?:\.\d+)?(?: × 10[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)?")
SPOKEN = {"1", "2", "8", "10", "0.9", "0.99", "1/4", "4"}  # of the settings and the mathematics, not results


def test_three_ship_and_last_as_long_as_they_say():
    minutes = {script.title: script.seconds / 60 for script in SCRIPTS.values()}
    assert len(minutes) == 3
    assert minutes["8 minutes: why RNNs forget"] == 8
    assert minutes["20 minutes: from 2¹⁰ to the LSTM"] == 20


@pytest.mark.parametrize("slide", SLIDES)
def test_a_slide_asks_tells_and_has_a_note_for_the_speaker(slide):
    assert slide.question.endswith("?") and slide.answer and slide.note and slide.seconds >= 30


@pytest.mark.parametrize("slide", SLIDES)
def test_a_slide_says_only_what_differs_from_its_pages_start(slide):
    for address in filter(None, (slide.address, slide.before)):
        page, given = split(address)
        controls = CONTROLS if page == "scenes" else live._SOURCES[page].controls
        for key in given:
            assert codec.parse(controls[key], given[key]).value != controls[key].default, (address, key)


@pytest.mark.parametrize("slide", SLIDES)
def test_every_setting_of_a_slide_is_one_that_its_page_has_and_takes(slide):
    for address in filter(None, (slide.address, slide.before)):
        page, given = split(address)
        table = CONTROLS if page == "scenes" else TABLE
        for key, text in given.items():
            assert codec.parse(table[key], text).note == "", (address, key)


@pytest.mark.parametrize("slide", SLIDES)
def test_numbers_in_an_answer_stand_in_the_read_out_of_its_picture(slide):
    shown = " ".join(item.get("alt", "") for item in exhibit(slide.address).items)
    settings = " ".join(split(slide.address)[1].values())
    for number in NUMBER.findall(slide.answer):
        assert number in SPOKEN or number in shown or number in f"{settings} {slide.question}", (number, shown)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80).map(str.strip)
addresses = st.sampled_from(["chain", "lstm?f=0.9", "scenes?scene=tanh", "map?t=50&w=2"])
slides = st.builds(
    Slide,
    addresses,
    question=texts,
    answer=texts,
    note=texts,
    seconds=st.integers(0, 3600),
    before=addresses | st.just(""),
)


@settings(deadline=None)
@given(st.builds(Script, texts.map(lambda t: t or "My script"), st.lists(slides, min_size=1, max_size=8).map(tuple)))
def test_a_link_and_a_file_bring_back_what_they_were_given(script):
    assert unpack(pack(script)) == script
    assert loads(json.dumps(plain(script))) == script


def packed(text: bytes) -> str:
    deflate = zlib.compressobj(9, wbits=-15)
    return "~" + base64.urlsafe_b64encode(deflate.compress(text) + deflate.flush()).decode().rstrip("=")


@settings(deadline=None, max_examples=300)
@given(st.text(max_size=200) | st.binary(max_size=200).map(packed) | st.text(max_size=60).map("~{}".format))
def test_whatever_a_link_holds_there_is_a_script_or_a_sentence(text):
    try:
        assert isinstance(find(text), Script)
    except ValueError as error:
        assert 10 < len(str(error)) < 400


def test_a_link_that_would_inflate_without_end_is_refused_early():
    bomb = packed(b" " * 4_000_000)
    assert len(bomb) <= scripts.LONGEST_LINK
    with pytest.raises(ValueError, match="too long"):
        find(bomb)


def test_a_script_that_is_too_long_for_a_link_says_both_numbers():
    noise = base64.b64encode(random.Random(1).randbytes(6000)).decode()
    script = Script("Long", tuple(Slide("chain", note=noise[j : j + 500]) for j in range(0, len(noise), 500)))
    with pytest.raises(ValueError, match=r"takes \d+ characters, and a link holds 6000"):
        pack(script)


GOOD = {"title": "", "slides": [{"address": "chain?w=1"}]}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([], "a title and a list of slides"),
        ({"slides": "chain"}, "a title and a list of slides"),
        (GOOD | {"theme": "dark"}, "“theme”"),
        (GOOD | {"title": 3}, "title must be a text, got “3”"),
        (GOOD | {"title": "x" * 121}, "121 characters"),
        ({"slides": []}, "1 to 60 slides, and this one 0"),
        ({"slides": [{"address": "chain"}] * 61}, "this one 61"),
        ({"slides": ["chain"]}, "slide 1 is “chain”"),
        ({"slides": [{"address": "chain"}, {"address": "chian"}]}, "slide 2: address .* got “chian”"),
        ({"slides": [{}]}, "slide 1: address must begin with a page"),
        ({"slides": [{"address": "https://example.org/chain"}]}, "must begin with a page"),
        ({"slides": [{"address": "//example.org"}]}, "must begin with a page"),
        ({"slides": [{"address": "javascript:alert(1)"}]}, "must begin with a page"),
        ({"slides": [{"address": "teach"}]}, "must begin with a page"),
        ({"slides": [{"address": "chain?w=1 2"}]}, "no address has"),
        ({"slides": [{"address": "chain?w=1#x"}]}, "no address has"),
        ({"slides": [{"address": "chain?script=forget"}]}, "must not say script"),
        ({"slides": [{"address": "chain", "before": "nowhere"}]}, "before must begin with a page"),
        ({"slides": [{"address": "chain", "seconds": -1}]}, "from 0 to 3600, got “-1”"),
        ({"slides": [{"address": "chain", "seconds": True}]}, "got “True”"),
        ({"slides": [{"address": "chain", "seconds": 1e9}]}, "seconds"),
        ({"slides": [{"address": "chain", "onload": "x"}]}, "“onload”"),
    ],
)
def test_what_is_wrong_with_a_script_is_said_with_the_value(data, said):
    with pytest.raises(ValueError, match=said):
        parse(data)


@pytest.mark.parametrize(
    "text", ["", "{", b"\xff\xfe", "[" * 100_000, '{"slides": [' + "1," * 10 + "]}", "x" * 200_001]
)
def test_a_broken_file_is_a_sentence(text):
    with pytest.raises(ValueError, match=r"JSON|characters"):
        loads(text)


def test_names_lead_to_pages_and_pages_to_files():
    assert PAGES["chain"] == "pages/11_chain.py"


def test_until_the_reveal_the_earlier_address_stands():
    slide = Slide("chain?activation=tanh", question="And now?", before="chain")
    assert slide.at(False) == "chain" and slide.at(True) == "chain?activation=tanh"
    assert replace(slide, before="").at(False) == "chain?activation=tanh"


@pytest.mark.parametrize(
    ("slide", "asked", "told"),
    [
        (Slide("scenes?scene=tanh"), "scenes?scene=tanh", "scenes?scene=tanh&committed=true"),
        (Slide("scenes", question="Q?"), "scenes", "scenes?committed=true"),
        (Slide("scenes?scene=tanh&guess=-3&committed=true"), "scenes?scene=tanh",
         "scenes?scene=tanh&guess=-3&committed=true"),
        (Slide("scenes?scene=tanh", question="Q?", before="chain"), "chain", "scenes?scene=tanh&committed=true"),
        (Slide("chain?w=1", question="Q?"), "", "chain?w=1"),
        (Slide("chain?w=1", before="map"), "", "chain?w=1"),  # without a question it is shown at once
    ],
)  # fmt: skip
def test_a_scene_asks_by_itself_and_every_slide_can_be_told(slide, asked, told):
    assert (slide.asked, slide.told) == (asked, told)
    assert slide.at(True) == told and slide.at(False) == (asked or told)
    assert slide.asks == (bool(slide.question) or slide.address.startswith("scenes"))
    if told.startswith("scenes"):
        shown = [exhibit(slide.at(shown)).items[0].get("alt", "") for shown in (False, True)]
        assert ["truth" in alt for alt in shown] == [False, True]


def test_the_browsers_own_script_is_found_in_no_address():
    with pytest.raises(ValueError, match="kept by the browser that made it"):
        find(scripts.MINE)
