"""Scripts: what a speaker shows, slide by slide. A few ship in `scripts.json`; any other travels in a link or a file.

A slide is an address of this app: its page and settings. A question may come first, over an address of its own or
over a covered picture; a scene asks by itself. A link holds a whole script as "~" and base64 of the deflated JSON.
"""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pages.charts.views import VIEWS
from pages.controls.codec import joined, split

_PAGES = Path(__file__).parents[1]
PAGES: dict[str, str] = {  # by address: a page's file, as Streamlit names it; in the order of the numbers
    path.stem.partition("_")[2]: f"pages/{path.name}" for path in sorted(_PAGES.glob("[0-9]*_*.py"))
}
WITH_PICTURE = (*VIEWS, "scenes")  # a script can show them
MINE = "mine"  # in an address: the script that the browser keeps
MOST_SLIDES = 60
SECONDS, MOST_SECONDS = 60, 3600  # of a slide
LONGEST_LINK = 6000  # characters of a packed script: with the rest of an address below 8 kB, what balancers take
LONGEST_FILE = 200_000  # characters of JSON
_LONGEST = {"title": 120, "address": 1000, "before": 1000, "question": 300, "answer": 600, "note": 1000}
STAGE = ("present", "script", "slide", "shown")  # in an address: where a speaker stands is no part of a slide
SHARED = {
    "mine": MINE,
    "mostSlides": MOST_SLIDES,
    "longestFile": LONGEST_FILE,
    "stage": STAGE,
    "seconds": SECONDS,
    "mostSeconds": MOST_SECONDS,
}


@dataclass(frozen=True)
class Slide:
    """One thing to show. With a question, `before` stands until the reveal; without it the picture is covered."""

    address: str  # page?settings
    question: str = ""  # to the room, before anything is shown
    answer: str = ""  # what the picture then tells
    note: str = ""  # to the speaker
    seconds: int = SECONDS
    before: str = ""  # page?settings

    def at(self, shown: bool) -> str:
        """The address that is on the screen."""
        return self.told if shown or not self.asked else self.asked

    @property
    def asks(self) -> bool:
        return bool(self.question or _open_scene(self.address))

    @property
    def asked(self) -> str:
        """Where the question stands: where the slide says, else in the scene itself; "" over a covered picture."""
        return (self.before or _open_scene(self.address)) if self.asks else ""

    @property
    def told(self) -> str:
        """Where the answer stands: a scene tells the truth once it is committed."""
        page, given = split(self.address)
        waits = page == "scenes" and given.get("committed") != "true"
        return joined(page, given | {"committed": "true"}) if waits else self.address


@dataclass(frozen=True)
class Script:
    """What a speaker shows, in this order."""

    title: str
    slides: tuple[Slide, ...]

    @property
    def seconds(self) -> int:
        return sum(slide.seconds for slide in self.slides)


def parse(data: Any) -> Script:
    """A script from what a file of JSON holds. Raises ValueError that says what is wrong, and where."""
    if not isinstance(data, dict) or not isinstance(data.get("slides"), list):
        raise ValueError("a script holds a title and a list of slides, and this does not")
    _know(data, ("title", "slides"), "the script")
    slides = data["slides"]
    if not 1 <= len(slides) <= MOST_SLIDES:
        raise ValueError(f"a script has 1 to {MOST_SLIDES} slides, and this one {len(slides)}")
    title = _text(data, "title", "the script") or "My script"
    return Script(title, tuple(_slide(slide, f"slide {number}") for number, slide in enumerate(slides, 1)))


def _slide(data: Any, place: str) -> Slide:
    if not isinstance(data, dict):
        raise ValueError(f"{place} is {_shown(data)}, where an address and a question should be")
    _know(data, _FIELDS, place)
    texts = {name: _text(data, name, place) for name in _FIELDS if name != "seconds"}
    seconds = data.get("seconds", SECONDS)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 0 <= seconds <= MOST_SECONDS:
        raise ValueError(f"{place}: seconds must be a whole number from 0 to {MOST_SECONDS}, got {_shown(seconds)}")
    for name in ("address", "before"):
        if texts[name] or name == "address":
            _check(texts[name], f"{place}: {name}")
    return Slide(seconds=seconds, **texts)


_FIELDS = tuple(field.name for field in fields(Slide))


def _know(data: Mapping[Any, Any], names: tuple[str, ...], place: str) -> None:
    strange = [name for name in data if name not in names]
    if strange:
        raise ValueError(f"{place} has a field {_shown(strange[0])}; known are {', '.join(names)}")


def _text(data: Mapping[str, Any], name: str, place: str) -> str:
    text = data.get(name, "")
    if not isinstance(text, str):
        raise ValueError(f"{place}: {name} must be a text, got {_shown(text)}")
    if len(text) > _LONGEST[name]:
        raise ValueError(f"{place}: {name} has {len(text)} characters, and {_LONGEST[name]} are the most")
    return text.strip()


def _check(address: str, place: str) -> None:
    page, settings = split(address)
    if page not in WITH_PICTURE:
        known = [name for name in PAGES if name in WITH_PICTURE]
        raise ValueError(f"{place} must begin with a page ({', '.join(known)}), got {_shown(address)}")
    if not re.fullmatch(r"[\x21-\x7e]*", address) or "#" in address:
        raise ValueError(f"{place} holds a character that no address has: {_shown(address)}")
    for name in settings:
        if name in STAGE:
            raise ValueError(f"{place} must not say {name}, which is the stage's own")


def _open_scene(address: str) -> str:
    """A scene's address before anything is predicted; "" on other pages.

    >>> _open_scene("scenes?scene=tanh&guess=-3&committed=true"), _open_scene("chain?w=1")
    ('scenes?scene=tanh', '')
    """
    page, given = split(address)
    return joined(page, {name: given[name] for name in given if name == "scene"}) if page == "scenes" else ""


def loads(text: str | bytes) -> Script:
    """A script from a file's text. Raises ValueError."""
    if len(text) > LONGEST_FILE:
        raise ValueError(f"a script has at most {LONGEST_FILE} characters, and this file {len(text)}")
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:  # json's own error, or text that is not UTF-8
        raise ValueError(f"this is no JSON: {_shown(str(error))}") from None
    return parse(data)


def plain(script: Script) -> dict[str, Any]:
    """A script as JSON has it; what is empty is left out."""
    slides = [{name: value for name, value in asdict(slide).items() if value != ""} for slide in script.slides]
    return {"title": script.title, "slides": slides}


def pack(script: Script) -> str:
    """A script as a link holds it. Raises ValueError where it is too long for one."""
    text = json.dumps(plain(script), ensure_ascii=False, separators=(",", ":"))
    deflate = zlib.compressobj(9, wbits=-15)
    packed = "~" + base64.urlsafe_b64encode(deflate.compress(text.encode()) + deflate.flush()).decode().rstrip("=")
    if len(packed) > LONGEST_LINK:
        raise ValueError(
            f"this script takes {len(packed)} characters, and a link holds {LONGEST_LINK}:"
            " save it as a file, or shorten it"
        )
    return packed


def unpack(text: str) -> Script:
    """What `pack` made. Raises ValueError for anything else, without inflating more than a file may hold."""
    if not text.startswith("~") or len(text) > LONGEST_LINK:
        raise ValueError(f"{_shown(text)} is no packed script")
    try:
        raw = base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True)
        inflate = zlib.decompressobj(wbits=-15)
        plain_text = inflate.decompress(raw, LONGEST_FILE)
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError(f"the script in this link is damaged: {_shown(text)}") from None
    if not inflate.eof:
        raise ValueError(f"the script in this link is cut short or too long: {_shown(text)}")
    return loads(plain_text)


def find(text: str) -> Script:
    """A script by its name, or out of a link. Raises ValueError."""
    if text in SCRIPTS:
        return SCRIPTS[text]
    if text.startswith("~"):
        return unpack(text)
    if text == MINE:
        raise ValueError("the script “mine” is kept by the browser that made it: ask for its link or its file")
    raise ValueError(f"there is no script {_shown(text)}; there are {', '.join(SCRIPTS)}")


def _shown(value: Any) -> str:
    text = "".join(letter if letter.isprintable() else "�" for letter in str(value)[:60])
    return f"“{text if len(str(value)) <= 40 else text[:39] + '…'}”"


SCRIPTS: dict[str, Script] = {
    name: parse(data)
    for name, data in json.loads((_PAGES / "lessons" / "scripts.json").read_text(encoding="utf-8")).items()
}
