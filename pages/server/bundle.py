"""The browser's modules as one text: each is a function of its own, and its imports are what others returned.

They stay files, which tests and checkers import one by one; the browser gets what it needs at once, or not at all.
"""

import base64
import hashlib
import re
from pathlib import Path

_IMPORT = re.compile(r'^import (?:(\{.*\}|\* as \w+) from )?"(\.[\w./]*/(\w+)\.js)";$', re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.M)
_ENDS = re.compile(r"</script|<!--", re.I)


def bundle(*entries: Path) -> str:
    """Modules, and before each all that it imports.

    Raises ValueError for modules that import each other, for two of one name, for what is imported or exported in
    another form than this file knows, and for a text that cannot stand in a page.
    """
    done: dict[Path, str] = {}
    under_way: list[Path] = []

    def add(file: Path) -> None:
        if file in done:
            return
        if file in under_way:
            raise ValueError(f"modules import each other: {' → '.join(one.name for one in (*under_way, file))}")
        if file.name in {one.name for one in done}:
            raise ValueError(f"two modules are called {file.name}")
        under_way.append(file)
        text = file.read_text(encoding="utf-8")
        for needed in _IMPORT.finditer(text):
            add((file.parent / needed[2]).resolve())
        done[under_way.pop()] = _standing_alone(file.stem, text)

    for entry in entries:
        add(entry.resolve())
    return standing_in_a_page("\n".join(done.values()))


def standing_in_a_page(script: str) -> str:
    """The script itself. Raises ValueError if it holds what would end it there."""
    if _ENDS.search(script):
        raise ValueError("a script that is to stand in a page must not hold what ends it")
    return script


def digest(script: str) -> str:
    """What a content security policy calls a script that stands in a page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _standing_alone(name: str, text: str) -> str:
    exported = _EXPORT.findall(text)
    text = _EXPORT.sub("", _IMPORT.sub(_taken, text))
    if strange := re.search(r"^(?:import|export)\b.*", text, re.M):
        raise ValueError(f"{name}.js: {strange[0]!r} is no form that is known here")
    return f"const ${name} = (() => {{\n{text}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _taken(match: re.Match) -> str:
    what, module = match[1], match[3]
    return f"const {what.replace(' as ', ': ').removeprefix('*: ')} = ${module};" if what else ""
