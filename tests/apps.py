"""Pages as AppTest runs them, and what they show."""

import json
from math import inf
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.controls import codec
from pages.controls.table import TABLE
from pages.stage import scripts
from rnn_core.experiment import Experiment
from tests.figures import unpacked

FILES = {address: Path(__file__).parent.parent / file for address, file in scripts.PAGES.items()}
PAGES = [address for address in FILES if address in scripts.WITH_PICTURE]


def opened(page: str, **url: str) -> AppTest:
    """A page after its first run, at an address."""
    at = AppTest.from_file(str(FILES[page]), default_timeout=30)
    for name, value in url.items():
        at.query_params[name] = value
    return at.run()


def items(at: AppTest) -> dict[str, dict[str, Any]]:
    """The figures, formulas and texts that the page sends, by name."""
    shown = [component.proto.bytes for component in at.get("bidi_component") if component.proto.bytes]
    return {item["name"]: item for message in shown for item in unpacked(message)["frames"][0]}


def stand(at: AppTest, e: Experiment) -> bool:
    """Whether all controls that are drawn stand where they show an experiment."""
    expected = codec.values_of(e, TABLE)
    drawn = {w.key: w.value for kind in (at.slider, at.selectbox, at.segmented_control, at.toggle) for w in kind}
    return drawn == {key: TABLE[key].shown(expected[key], e.T if TABLE[key].upto else inf) for key in drawn}


def slots(at: AppTest, formula: str) -> dict[str, str]:
    """The numbers in a formula's lines."""
    return {name: text for line in items(at)[formula]["lines"] for name, text in line["slots"].items()}


def healthy(at: AppTest) -> AppTest:
    """The page ran without an exception, and shows no NaN."""
    assert not at.exception, at.exception
    # a product that is no number in float16 is said so on purpose
    shown = json.dumps(list(items(at).values()), ensure_ascii=False, default=lambda gaps_and_all: gaps_and_all.size)
    shown = shown.replace("it is NaN", "")
    assert "NaN" not in shown and "nan" not in shown.lower().replace("“nan”", "").split()
    return at
