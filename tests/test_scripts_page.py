"""The page for who teaches, as the server makes it: packed scripts, handouts, and what either refuses."""

import asyncio
import base64
import gzip
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import count
from threading import Event, current_thread
from urllib.parse import urlencode

import pytest
from starlette.applications import Starlette

from pages.figures.show import encode
from pages.frame import exhibits
from pages.lessons.scenes import SCENES
from pages.server import waiting
from pages.server.limits import MESSAGE
from pages.stage import present
from pages.stage.scripts import (
    LONGEST_FILE,
    LONGEST_LINK,
    SCRIPTS,
    WITH_PICTURE,
    Script,
    Slide,
    loads,
    pack,
    plain,
    split,
    unpack,
)
from pages.teach import packing
from pages.teach.handout import handout, handouts
from tests.apps import healthy, items, opened, slots
from tests.server import ROOT

BASE = "https://unrolled.example.edu"
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&</details><!--"
OURS = (ROOT / "pages").joinpath


def script(*slides, title="A script"):
    return Script(title, slides)


def ask(path, method="GET", body=(b"",), **headers):
    """Status, headers and body of the routes' answer."""
    app = Starlette(routes=[*packing.ROUTES, *handouts.ROUTES])
    given = {"host": "class.example.edu"} | headers
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
        "server": ("class.example.edu", 80),
    }
    parts, answer = list(body), []

    async def receive():
        if not parts:
            await asyncio.Event().wait()  # a client that stays
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        answer.append(message)

    asyncio.run(app(scope, receive, send))
    start, *rest = answer
    sent = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], sent, b"".join(part.get("body", b"") for part in rest)


def packed(data):
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    status, _, answer = ask("/scripts/pack", "POST", [body])
    return status, json.loads(answer)


# The one validator, asked by the builder


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_is_packed_is_the_script_again(name):
    status, answer = packed(plain(SCRIPTS[name]))
    assert status == 200 and unpack(answer["packed"]) == SCRIPTS[name] == loads(json.dumps(answer["script"]))


@pytest.mark.parametrize(("data", "why"), [
    (b"{", "JSON"), (b"", "JSON"), (b"\xff\xfe", "JSON"), (b"[" * 100_000, "JSON"), (b"[]", "list of slides"),
    ({"slides": []}, "1 to 60"), ({"slides": [{"address": "chain"}] * 61}, "1 to 60 slides, and this one 61"),
    ({"slides": [{"address": "chain", "onload": "x"}]}, "slide 1 has a field"),
    ({"slides": [{"address": "javascript:alert(1)"}]}, "must begin with a page"),
    ({"slides": [{"address": "//evil.example/chain"}]}, "must begin with a page"),
    ({"slides": [{"address": "chain", "before": "data:text/html,x"}]}, "before must begin with a page"),
    ({"slides": [{"address": "teach"}]}, "must begin with a page"),
    ({"slides": [{"address": "chain?present=1"}]}, "the stage's own"),
    ({"slides": [{"address": "chain", "seconds": float("nan")}]}, "whole number"),
    ({"slides": [{"address": "chain", "question": "?" * 301}]}, "301 characters, and 300 are the most"),
    ({"slides": [{"address": ["chain"]}]}, "address must be a text"),
])  # fmt: skip
def test_what_is_no_script_is_told_in_a_sentence_and_gives_nothing(data, why):
    status, answer = packed(data)
    assert status == 200 and list(answer) == ["error"] and why in answer["error"] and len(answer["error"]) < 300


@pytest.mark.parametrize(
    ("module", "read", "send_it"),
    [
        (packing, "loads", lambda: packed(plain(SCRIPTS["forget"]))),
        (handouts, "find", lambda: ask("/handout/forget?x")),
    ],
)
def test_no_script_is_read_on_the_event_loop(monkeypatch, module, read, send_it):
    """Which serves everybody: a long script takes it 11 ms."""
    threads, reads = [], getattr(module, read)
    monkeypatch.setattr(module, read, lambda text: threads.append(current_thread()) or reads(text))
    monkeypatch.setattr(handouts, "HANDOUTS", waiting.Line(1, 32))
    assert send_it()[0] == 200 and threads and current_thread() not in threads


def test_a_script_too_long_for_a_link_is_still_one_for_a_file():
    chaos = hashlib.sha512(b"").hexdigest()
    slides = [{"address": "chain", "note": hashlib.sha512(f"{j}{chaos}".encode()).hexdigest() * 4} for j in range(60)]
    _, answer = packed({"title": "Long", "slides": slides})
    assert "packed" not in answer and loads(json.dumps(answer["script"])).slides[59].note == slides[59]["note"]
    length, most = map(int, re.findall(r"\d+", answer["error"])[:2])
    assert length > most == LONGEST_LINK and "file" in answer["error"]


@pytest.mark.parametrize("parts", [1, 7])
def test_a_body_without_end_is_read_to_its_limit_only(parts):
    status, headers, answer = ask("/scripts/pack", "POST", [b" " * (210_000 // parts)] * parts + [b" " * 9] * 100)
    assert status == 413 and "200000" in json.loads(answer)["error"]
    assert headers["cache-control"] == "no-store"


def test_a_script_that_a_file_holds_can_be_handed_to_a_session():
    assert LONGEST_FILE < present.SHARED["longestOwn"] < MESSAGE - 10_000  # 6 kB for all widgets of a page


# The page


def data(at):
    """What the page tells its builder."""
    told = [json.loads(part.proto.json) for part in at.get("bidi_component") if part.proto.json]
    [found] = [one for one in told if "shipped" in one]
    return found


def test_the_page_offers_every_script_that_ships():
    told = data(healthy(opened("teach")))
    assert {one["name"]: loads(json.dumps(one["script"])) for one in told["shipped"]} == SCRIPTS
    assert told["sent"] is None and told["titles"]["map"] == "Map of vanishing and exploding"


def test_a_link_shows_its_script_and_a_damaged_one_says_so():
    mine = script(Slide("chain?w=3", "How large?", "59049", HOSTILE, 90, "chain"))
    sent = data(healthy(opened("teach", script=pack(mine))))["sent"]
    assert loads(json.dumps(sent["script"])) == mine and sent["name"] == pack(mine)
    for broken in (pack(mine)[:-9], "~", "~%%%", "nobody", "~" + "A" * 7000):
        sent = data(healthy(opened("teach", script=broken)))["sent"]
        assert list(sent) == ["error"] and 20 < len(sent["error"]) < 300


# What an address shows


def test_every_page_that_a_slide_may_show_has_a_title_and_a_story():
    assert exhibits.TITLES.keys() == set(WITH_PICTURE)
    for page in WITH_PICTURE:
        figure, *rest = exhibits.exhibit(page).items
        assert figure["kind"] == "figure" and figure["alt"] and {item["kind"] for item in rest} <= {"formula", "text"}


@pytest.mark.parametrize(("page", "url"), [
    ("chain", {}), ("chain", {"w": "99", "T": "oops", "activation": "tanh"}), ("saturation", {"w": "1.5"}),
    ("gates", {"pin_all": "true", "f": "0.9"}), ("compare", {"T": "12", "sequence": "noise", "seed": "7"}),
    ("chain", {"w": "1.5", "held": "w=0.5"}), ("network", {"f2": "identity", "y": "2"}),
])  # fmt: skip
def test_an_exhibit_shows_what_the_page_itself_shows_at_that_address(page, url):
    address = page + "?" + "&".join(f"{name}={value.replace('=', '%3D')}" for name, value in url.items())
    shown = exhibits.exhibit(address).items
    live = items(healthy(opened(page, **url)))
    for item in shown:
        there = live[item["name"]]
        assert item.get("alt") == there.get("alt") and item.get("text") == there.get("text")


def test_a_scene_shows_its_question_until_the_address_commits():
    asked, told = (exhibits.exhibit(f"scenes?scene=quarter{more}").items for more in ("", "&committed=true"))
    assert [item["kind"] for item in asked] == ["figure", "formula"] and "Three curves" in asked[0]["alt"]
    assert told[0]["alt"].startswith("B is the truth. It ends at 9.77 × 10⁻⁴")  # (2/4)^10, nobody having chosen
    assert [item["name"] for item in told[2:]] == ["lesson", "source"] and "at most ¼" in told[2]["text"]
    live = items(healthy(opened("scenes", scene="tanh", guess="-3", committed="true")))
    shown = exhibits.exhibit("scenes?scene=tanh&guess=-3&committed=true").items
    assert shown[0]["alt"] == live["scene-tanh"]["alt"] and "2.139 × 10⁻⁷" in shown[0]["alt"]


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("more", ["", "&committed=true"])
def test_nobody_is_told_what_he_predicted_who_did_not(scene, more):
    exhibit = exhibits.exhibit(f"scenes?scene={scene}{more}")
    said = str(exhibit.items[0]["alt"]) + str(exhibit.items[0]["figure"])
    assert not re.search(r"\byou|Your", said)
    assert ("truth" in said) == bool(more)
    encode(exhibit.items)


@pytest.mark.parametrize("address", [
    "scenes?scene=nowhere&guess=1e999&choice=Z&committed=perhaps", "chain?w=nan&T=-1&values=x,y&held=%00",
    "lstm?f=1e99&i=-inf", "map?T=100000&t=-5",
])  # fmt: skip
def test_strange_settings_are_judged_and_shown(address):
    texts = [text for inside, text in made(Slide(address)).texts if "a" not in inside]  # the link is as it came
    assert len(texts) > 12 and not re.search(r"\bnan\b|inf\b", " ".join(texts), re.I)


STANDS = [
    (name, number, shown)
    for name, one in SCRIPTS.items()
    for number in range(1, len(one.slides) + 1)
    for shown in (False, True)
]


@pytest.mark.parametrize(("name", "number", "shown"), STANDS)
def test_a_short_link_to_a_slide_shows_that_slide(name, number, shown):
    address = SCRIPTS[name].slides[number - 1].at(shown)
    page, given = split(address)
    at = healthy(opened(page, present="1", script=name, slide=str(number), **({"shown": "1"} if shown else {})))
    given = {key: said for key, said in given.items() if key != "t" or key in at.query_params}  # as t = T is not said
    assert given.items() <= {key: at.query_params[key] for key in at.query_params}.items()
    [picture] = [item for item in items(at).values() if item.get("role") == "main"]
    told = exhibits.exhibit(address).items[0]
    assert picture["name"] == told["name"]
    if page == "scenes":
        assert ("truth" in picture["alt"]) == shown
    else:
        assert picture["alt"] == told["alt"]


def test_what_an_address_says_of_its_slide_comes_before_the_slide():
    at = opened("saturation", present="1", script="textbooks", slide="2", shown="1", w="6")
    said = {key: at.query_params[key] for key in ("activation", "w", "b")}
    assert said == {"activation": "sigmoid", "w": "6", "b": "-4"}


# The handout


class Parsed(HTMLParser):
    """All tags with what they say, the scripts, and the visible text by its innermost named place."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.texts, self.inside = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in ("meta", "link", "img", "br", "input"):
            self.inside.append(tag)
        if tag == "script":
            self.scripts.append((dict(attributes).get("type", ""), ""))

    def handle_endtag(self, tag):
        while self.inside and self.inside.pop() != tag:
            pass

    def handle_data(self, text):
        if "script" in self.inside:
            kind, so_far = self.scripts[-1]
            self.scripts[-1] = kind, so_far + text
        elif "style" not in self.inside and text.strip():
            self.texts.append((tuple(self.inside), text))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def made(*slides, **more):
    return Parsed(handout.page(script(*slides), BASE, **more))


def test_a_handout_has_the_pictures_sentence_and_formula_with_their_numbers():
    page = made(Slide("chain?activation=tanh", "What is left?", "Two ten-millionths."))
    [picture] = [tag for tag in page.all("div") if "data-picture" in tag]
    assert picture["role"] == "img"
    told = dict(items(opened("chain", activation="tanh")))["chain"]["alt"]
    assert told.replace(" × 10", "\u00a0×\u00a010") in [text for _, text in page.texts]
    in_formulas = [text for inside, text in page.texts if "math" in inside]
    for number in slots(opened("chain", activation="tanh"), "chain-formula").values():
        assert number in in_formulas
    assert "2.139 × 10⁻⁷" in in_formulas  # 2^10 times ten slopes of tanh, as mpmath has it


def test_answers_are_folded_and_what_stands_before_them_is_not():
    page = made(
        Slide("chain?activation=tanh", "What is left?", "Almost nothing.", before="chain"),
        Slide("map", "Which weights?"),
        Slide("gates", answer="It keeps."),
    )
    folds = [("details" in inside, text) for inside, text in page.texts]
    assert (True, "Almost nothing.") in folds and (False, "It keeps.") in folds and (False, "Which weights?") in folds
    sentences = {text.partition(":")[0]: folded for folded, text in folds if text.startswith("∂h₁₀/∂h₀ =")}
    assert sentences == {"∂h₁₀/∂h₀ = 1024": False, "∂h₁₀/∂h₀ = 2.139\u00a0×\u00a010⁻⁷": True}
    assert len(page.all("details")) == 2 and not any("open" in fold for fold in page.all("details"))
    assert len([tag for tag in page.all("div") if "data-picture" in tag]) == 4
    links = [("details" in inside, text) for inside, text in page.texts if "a" in inside][1:]
    assert links == [
        (folded, f"{BASE}/{address}")
        for folded, address in [
            (False, "chain"),
            (True, "chain?activation=tanh"),
            (True, "map"),
            (False, "gates"),
        ]
    ]
    assert [text for inside, text in page.texts if "h2" in inside and len(text) > 2][2] == "The LSTM, gate by gate"


EVERY_SLIDE = [
    pytest.param(slide, id=f"{name}-{j}") for name in SCRIPTS for j, slide in enumerate(SCRIPTS[name].slides, 1)
]


@pytest.mark.parametrize("slide", EVERY_SLIDE)
def test_a_question_stands_with_what_the_room_has_seen_and_with_nothing_of_the_answer(slide):
    page = made(slide)
    folded = {text.strip() for inside, text in page.texts if "details" in inside}
    in_the_open = {text.strip() for inside, text in page.texts if "section" in inside and "details" not in inside}
    seen = said(slide.before) if slide.before else set()
    assert said(slide.address) <= (folded if slide.asks else in_the_open)
    assert not slide.asks or in_the_open & (said(slide.address) | {slide.answer}) <= seen
    assert seen <= in_the_open  # and it is open, so that there is something to think about


def said(address):
    """The sentences with which an address is read out, and those below its picture."""
    items = exhibits.exhibit(address).items
    sentences = [item["alt"] for item in items if item["kind"] == "figure"]
    sentences += [item["text"] for item in items if item["kind"] == "text" and item["text"]]
    return {text.replace(" × 10", "\u00a0×\u00a010").strip() for text in sentences}


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("before", ["", "chain"])
def test_the_parts_of_a_picture_stay_together_in_the_fold_or_in_the_open(asks, before):
    page = Inside(handout.page(script(Slide("map?t=5", "Which?" if asks else "", before=before)), BASE))
    told = [("figure", asks), ("formula", asks)]
    assert page.parts == ([("figure", False), ("formula", False)] if asks and before else []) + told


class Inside(HTMLParser):
    """The figures and formulas of a page, each with whether it lies in a fold."""

    def __init__(self, text):
        super().__init__()
        self.folds, self.parts = 0, []
        self.feed(text.partition("</head>")[2])

    def handle_starttag(self, tag, attributes):
        self.folds += tag == "details"
        for kind in ("figure", "formula"):
            if f"u-{kind}" in dict(attributes).get("class", "").split():
                self.parts.append((kind, self.folds > 0))

    def handle_endtag(self, tag):
        self.folds -= tag == "details"


def test_a_scene_says_in_a_handout_what_it_takes_as_given():
    page = made(Slide("scenes?scene=eigenvalues"), Slide("scenes?scene=text&committed=true", "How little?"))
    premises = [(text, "details" in inside) for inside, text in page.texts if "p" in inside and "section" in inside]
    assert (SCENES["text"].setup.split("$")[0], False) in premises
    given = [text for inside, text in page.texts if "mtd" in inside]
    assert given == ["0.9", "10", "0", "0.9"], "the matrix, once"
    questions = [text for inside, text in page.texts if "h2" in inside and len(text) > 2]
    assert questions == [SCENES["eigenvalues"].question, "How little?"]
    assert len(page.all("details")) == 2, "a scene asks by itself"


@pytest.mark.parametrize("base", ["http://127.0.0.1:8501", "http://localhost:8501", BASE])
def test_a_handout_says_when_its_links_lead_nowhere_else(base):
    said = "this computer only" in handout.page(script(Slide("chain")), base)
    assert said == (base != BASE)


def test_notes_are_the_speakers_unless_asked_for():
    slide = Slide("chain", note="Wait for hands.")
    assert "Wait for hands." not in handout.page(script(slide), BASE)
    assert "Wait for hands." in handout.page(script(slide), BASE, notes=True)


def test_a_hostile_script_is_text_and_nothing_else():
    # the alarming texts would all be taken by the validator
    hostile = Slide("chain?values=%3Cb%3E&w=2%22%3E%3Cscript%3E", HOSTILE, HOSTILE, HOSTILE, before="chain?x='><b>")
    evil = loads(json.dumps(plain(script(hostile, title=HOSTILE))))
    page, harmless = Parsed(handout.page(evil, BASE, notes=True)), made(replace(hostile, question="a", answer="b"))
    assert [kind for kind, _ in page.scripts] == ["", "module", "text/plain"]
    assert page.scripts[:2] == harmless.scripts[:2]
    tags = [tag for tag, _ in page.tags]
    assert not {"img", "iframe", "object", "embed", "form", "base", "link"} & set(tags)
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert [text for _, text in page.texts].count(HOSTILE) == 5  # title twice, question, answer, note
    assert {link["href"] for link in page.all("a")} == {
        f"{BASE}/{at}" for at in ("", evil.slides[0].address, evil.slides[0].before)
    }


def test_the_file_lets_its_own_scripts_run_and_reaches_for_nothing():
    page = made(Slide("chain"))
    [policy] = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"]
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for _, text in page.scripts[:2]]
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{digests[0]}' 'sha256-{digests[1]}'; " in policy
    assert "http" not in policy and "*" not in policy
    tags = page.tags[: [tag for tag, _ in page.tags].index("body")]
    assert [name for name, _ in tags].index("meta") < [name for name, _ in tags].index("script")
    assert not [attributes for _, attributes in page.tags if "src" in attributes]
    style = handout.page(script(Slide("chain")), BASE).partition("<style>")[2].partition("</style>")[0]
    assert "@import" not in style and set(re.findall(r"url\(\"?(\w+):", style)) <= {"data"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_that_ships_has_a_handout_served_as_a_file(name):
    status, headers, body = ask(f"/handout/{name}", accept_encoding="gzip")
    page = gzip.decompress(body).decode()
    assert status == 200 and headers["content-encoding"] == "gzip" and headers["content-type"].startswith("text/html")
    assert re.fullmatch(r'attachment; filename="unrolled-[a-z0-9-]+\.html"', headers["content-disposition"])
    assert page == handout.page(SCRIPTS[name], "http://class.example.edu")
    assert page.count('<section class="slide"') == len(SCRIPTS[name].slides)
    assert 4e6 < len(page) < 7e6 and "NaN" not in page.rpartition("</head>")[2]


def test_a_packed_script_has_a_handout_for_who_takes_it_uncompressed_too():
    mine = script(Slide("chain?w=3", "How large?"), title='Žluťoučký 🐎/..\\"x')
    status, headers, body = ask(f"/handout/{pack(mine)}?notes=1")
    assert status == 200 and "content-encoding" not in headers
    assert body.decode() == handout.page(mine, "http://class.example.edu", notes=True)
    assert headers["content-disposition"] == 'attachment; filename="unrolled-lu-ou-k-x.html"'


@pytest.mark.parametrize("name", ["nobody", "~", "~AAAA", "<script>"])
def test_there_is_no_handout_of_what_is_no_script(name):
    status, headers, body = ask(f"/handout/{name}")
    assert status == 404 and headers["content-type"].startswith("text/plain") and body.startswith(b"There is no")


def test_whoever_waits_long_for_a_handout_hears_his_place(monkeypatch):
    monkeypatch.setattr(waiting, "PATIENCE", 0.05)
    go = Event()
    monkeypatch.setattr(handouts, "_named", lambda *asked: go.wait(10) and real(*asked))
    status, headers, body = ask("/handout/forget", accept="text/html")
    go.set()
    assert status == 503 and b"in line" in body and "refresh" in headers and "retry-after" in headers
    monkeypatch.setattr(waiting, "PATIENCE", 60)
    assert ask("/handout/forget")[0] == 200


real = handouts._named


def test_a_refusal_is_found_once(monkeypatch):
    monkeypatch.setattr(handout, "_LONGEST", -1)
    once = f"/handout/{pack(script(Slide('chain?w=2.35')))}"
    for _ in range(3):
        status, _, body = ask(once)
        assert status == 422 and b"-1 s to compute, which came to slide 1 of 1; make two" in body
        monkeypatch.setattr(handouts, "_drawn", pytest.fail)  # whoever asks again costs nothing


def test_a_fault_of_ours_is_no_refusal_and_shows_nothing_of_itself(monkeypatch):
    def broken(*asked):
        raise ValueError("the secret of line 3")

    monkeypatch.setattr(handout, "_slide", broken)
    with pytest.raises(ValueError, match="secret"):  # for the log; a reader sees Internal Server Error
        ask(f"/handout/{pack(script(Slide('chain?w=2.36')))}")


# Sent as a form: for scripts too long for a link


def form(given, notes=None, boundary="it"):
    """The body of a form in both of a browser's ways to send it, and its kind."""
    fields = ({"script": given} if given is not None else {}) | ({"notes": notes} if notes else {})
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return {
        f"multipart/form-data; boundary={boundary}": ("".join(parts) + f"--{boundary}--\r\n").encode(),
        "application/x-www-form-urlencoded": urlencode(fields).encode(),
    }


def send(kind, body, **headers):
    return ask("/handout", "POST", [body[:1000], body[1000:]], content_type=kind, **headers)


@pytest.mark.parametrize("notes", ["", "1"])
@pytest.mark.parametrize("kind", form(""))
def test_a_script_too_long_for_a_link_has_the_same_handout_by_a_form(kind, notes):
    chaos = [hashlib.shake_256(bytes([j])).hexdigest(480) for j in range(12)]
    odd = "Žluťoučký 🐎 & <b>=+%"
    mine = script(*(Slide(f"chain?w={j}", f"{j} {odd}", note=note) for j, note in enumerate(chaos)), title=odd)
    with pytest.raises(ValueError, match="and a link holds"):
        pack(mine)
    status, headers, body = send(kind, form(json.dumps(plain(mine)), notes)[kind], accept_encoding="gzip")
    assert status == 200 and headers["content-disposition"].startswith('attachment; filename="unrolled-')
    assert gzip.decompress(body).decode() == handout.page(mine, "http://class.example.edu", notes=bool(notes))


@pytest.mark.parametrize("kind", form(""))
@pytest.mark.parametrize(("given", "why"), [
    ("{", "this is no JSON"), ("[]", "a title and a list of slides"), (None, "no field “script”"),
    (json.dumps({"slides": [{"address": "<b>x</b>"}]}), "slide 1: address must begin with a page"),
    (json.dumps({"slides": [{"address": "chain", "seconds": "<i>"}]}), "seconds must be a whole number"),
    ("9" * (LONGEST_FILE + 1), f"at most {LONGEST_FILE} characters, and this file {LONGEST_FILE + 1}"),
])  # fmt: skip
def test_what_is_wrong_with_a_sent_script_is_a_sentence_on_a_page(kind, given, why):
    status, headers, body = send(kind, form(given)[kind])
    assert status == 422 and headers["content-type"].startswith("text/html") and "no-store" in headers["cache-control"]
    assert f"There is no handout: {'' if given else 'this form has '}" in body.decode() and why in body.decode()
    assert b"<b>" not in body and b"<i>" not in body and len(body) < 2000


@pytest.mark.parametrize(("kind", "body"), [
    ("multipart/form-data", b"--x"), ("multipart/form-data; boundary=x", b"nothing of the kind"),
    ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name=a; filename="a"\r\n\r\n{}'),
    ("application/x-www-form-urlencoded", b"\xff=%ff&" * 99), ("text/plain", b"script={}"), ("", b""),
])  # fmt: skip
def test_what_is_no_form_is_refused_with_a_page(kind, body):
    status, headers, body = send(kind, body)
    assert status == 422 and headers["content-type"].startswith("text/html") and b"this form" in body


def test_a_script_that_takes_more_than_seconds_to_draw_is_refused_with_the_seconds(monkeypatch):
    clock = count(step=0.45)
    monkeypatch.setattr(handout, "thread_time", lambda: next(clock))  # each slide takes as long
    many = script(*[Slide("chain")] * 60)
    with pytest.raises(ValueError, match="more than 5 s to compute, which came to slide 12 of 60"):
        handout.page(many, BASE)
