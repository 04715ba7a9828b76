"""Presenter mode: the address says that it is on, which script is played, and where the speaker stands.

`present=1` draws the picture, the controls that matter and one sentence; `script`, `slide` and `shown` play a script.
Keys live in `present.js`; whatever it asks for is a place in the script, so a key that is pressed twice in a hurry or
heard by another replica leads to the same place. The script called "mine" is kept by the browser, which hands it over
to each session that asks for it.
"""

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import segno
import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pages.controls.choices import of_session
from pages.controls.codec import split
from pages.server import address
from pages.server.front import component
from pages.server.limits import MESSAGE
from pages.server.waiting import CODES, Busy
from pages.stage.scripts import MINE, PAGES, STAGE, WITH_PICTURE, Script, Slide, find, parse

_OWN = "_own_script"  # of a session: what the browser has sent
_LONGEST = 1000  # characters of an address in a QR code; a phone reads no denser one from a wall

_component = component("present")


@dataclass(frozen=True)
class Stand:
    """Where the speaker stands; without a script there is only the page."""

    on: bool = False
    name: str = ""  # of the script, as the address has it
    script: Script | None = None  # one's own is None until the browser has sent it
    slide: int = 0  # from 1; 0 if it has not begun
    shown: bool = False

    @property
    def slides(self) -> tuple[Slide, ...]:
        return self.script.slides if self.script else ()

    @property
    def address(self) -> str:
        """What the slide shows; nothing if the script has not begun."""
        return self.slides[self.slide - 1].at(self.shown) if self.slides and self.slide else ""

    @property
    def page(self) -> str:
        return split(self.address)[0]


def is_on() -> bool:
    return st.query_params.get("present") == "1"


def follow(page: str, title: str) -> bool:
    """Begin a page: go where the speaker wants to be, or mount what listens to him. Whether the page is presented."""
    stand = go_on(page)
    told = _mount(stand, title, page)
    if stand.name == MINE and told.own:
        _take(told.own, page)
    if stand.script and told.go:
        _go(stand, page, *_place(told.go, stand))
    return stand.on


def go_on(page: str) -> Stand:
    """Where the speaker stands, once that is where the address says; call it before a widget is drawn."""
    stand = _stand() if page in WITH_PICTURE else Stand()
    if stand.script and (stand.page != page or (of_session().fresh and _lacks(stand))):
        _arrive(stand, page)
    return stand


def _arrive(stand: Stand, page: str) -> None:
    """Begin the slide that the address names; what else the address says of this page comes before the slide's."""
    said = _settings() if stand.page == page else {}
    _go(stand, page, max(stand.slide, 1), stand.shown, said)


def _lacks(stand: Stand) -> bool:
    """Whether the address has not all settings of its slide, as a link to a slide has not that was typed by hand."""
    return bool(split(stand.address)[1].keys() - set(st.query_params))


def _settings() -> dict[str, str]:
    """What the address says but for the stage."""
    return {key: value for key, value in st.query_params.items() if key not in STAGE}


def _take(sent: Any, page: str) -> None:
    """Play the script that the browser keeps."""
    try:
        st.session_state[_OWN] = parse(sent)
    except ValueError as error:
        _refuse(error)
    else:
        _arrive(_stand(), page)
    st.rerun()


def _stand() -> Stand:
    """What the address says; a strange script is told of, and leaves the page as it is."""
    given = st.query_params
    if not is_on() or "script" not in given:
        return Stand(is_on())
    name = given["script"]
    if name == MINE and _OWN not in st.session_state:
        return Stand(True, MINE)
    try:
        script = st.session_state[_OWN] if name == MINE else find(name)
    except ValueError as error:
        _refuse(error)
        return Stand(True)
    slide = _whole(given.get("slide", "0"))
    return Stand(True, name, script, min(max(slide, 0), len(script.slides)), given.get("shown") == "1")


def _refuse(error: ValueError) -> None:
    for key in STAGE[1:]:
        st.query_params.pop(key, None)
    said = str(error)
    of_session().tell(f"{said[0].upper()}{said[1:]}.")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def _place(wish: Any, stand: Stand) -> tuple[int, bool]:
    """A wish of the browser as a place in the script."""
    slide, shown = (wish.get("slide"), wish.get("shown")) if isinstance(wish, dict) else (None, None)
    slide = slide if isinstance(slide, int) else stand.slide
    return min(max(slide, 1), len(stand.slides)), bool(shown)


def _go(stand: Stand, page_now: str, number: int, shown: bool, said: Mapping[str, str] = {}) -> None:
    slide = stand.slides[number - 1]
    page, settings = split(slide.at(shown))
    if number == stand.slide and shown and not stand.shown:
        settings = _revealed(slide.at(False), slide.told)
    of_session().given = {**settings, **said}
    place = {"present": "1", "script": stand.name, "slide": str(number)} | ({"shown": "1"} if shown else {})
    if page != page_now:
        st.switch_page(PAGES[page], query_params=place)
    st.query_params.pop("shown", None)
    st.query_params.update(place)
    st.rerun()


def _revealed(before: str, after: str) -> dict[str, str]:
    """The settings after a reveal: what the room has set meanwhile stays, but for what the reveal itself changes."""
    (page, asked), (next_page, told) = split(before), split(after)
    if page != next_page:
        return told
    kept = _settings()
    changes = {key for key in asked | told if asked.get(key) != told.get(key)}
    return {key: kept[key] for key in kept.keys() - changes} | {key: told[key] for key in told.keys() & changes}


def turned() -> tuple[str, ...]:
    """The settings that the slide's reveal changes: they belong on the stage."""
    stand = _stand()
    if not stand.page:
        return ()
    slide = stand.slides[stand.slide - 1]
    (page, asked), (next_page, told) = split(slide.at(False)), split(slide.at(True))
    changed = (key for key in asked | told if asked.get(key) != told.get(key))
    return tuple(changed) if page == next_page else ()


def _mount(stand: Stand, title: str, page: str) -> Any:
    """What listens to the keys; while nothing is presented, the button that begins."""
    data: dict[str, Any] = {"on": stand.on, "title": title, "picture": page in WITH_PICTURE}
    if stand.script:
        slide = stand.script.slides[stand.slide - 1]
        data |= {
            "script": stand.script.title,
            "slide": stand.slide,
            "shown": stand.shown or not slide.asks,
            "asks": [each.asks for each in stand.script.slides],
            "question": slide.question,
            "note": slide.note,
            "covered": slide.asks and not slide.asked and not stand.shown,
            "answer": slide.answer,
            "seconds": slide.seconds,
            "all": stand.script.seconds,
        }
    elif stand.name:
        data["wants"] = True  # the script that the browser keeps
    with st.container(key="present"):
        return _component(key="presenter", data=data, on_go_change=lambda: None, on_own_change=lambda: None)


async def _qr(request: Request) -> Response:
    """The address for the room, and its QR code as an SVG image."""
    path = request.query_params.get("path", "/")
    if not path.startswith("/") or not path.isascii():
        return JSONResponse({"error": "This is no address of this app."}, 400)
    if len(path) > _LONGEST:
        said = (
            f"This address has {len(path)} characters, and phones can read {_LONGEST} at most: share its link instead."
        )
        return JSONResponse({"error": said}, 400)
    room = await to_thread(address.published, request, path)
    try:
        image = await CODES.ask(request, _code, room)
    except Busy as busy:
        return JSONResponse({"error": str(busy)}, 503)
    told = {"url": room, "image": image, "only": address.only_here(room)}
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


def _code(text: str) -> str:
    """A QR code as the address of an image: the longer the text, the less of it may be damaged."""
    return segno.make(text, error="l" if len(text) > 300 else "m", micro=False).svg_data_uri(border=2, scale=8)


_CODE = "/qr"
_OTHERS = 16_000  # bytes of a page's other widgets at most
SHARED = {"code": _CODE, "longestOwn": MESSAGE - _OTHERS}
ROUTES = [Route(_CODE, _qr)]
