"""What the documents say that the code knows: `python -m tests.docs` writes it anew."""

from pathlib import Path

from pages.controls import codec
from pages.controls.control import Control
from pages.controls.table import TABLE
from tests.settings import PAGES

CONTROLS = Path(__file__).parent.parent / "docs" / "controls.md"


def _range(control: Control) -> str:
    typed = "" if not control.typed else f", typed to {control.upto or f'{control.typed[1]:g}'}"
    if control.typed and control.typed[0] != control.min:
        typed = f", typed from {control.typed[0]:g} to {control.typed[1]:g}"
    return f"{control.min:g} … {control.max:g}{typed}"


def controls() -> str:
    """The table of controls as Markdown."""
    rows = [
        "# Controls",
        "",
        "Widget key = `Experiment` field = URL name. Changing a name, a range or a default breaks saved links.",
        "A page may open elsewhere than at the default: see below. `played` has no control: it is how many arrows the",
        "gradient's pulses have crossed in the picture that has any, and the picture's own to keep.",
        "",
        "An address without `t` means t = T, the last step. (Once it meant 10, or what a page opened with; every other",
        "link shows what it showed.) A number that is typed, or said by an address, may lie beyond the ends of its",
        "slider, which then stands at that end and says so.",
        "",
        "| name | label | values | step | default |",
        "|---|---|---|---|---|",
    ]
    for key, control in TABLE.items():
        ranges = {
            "slider": _range(control) if control.kind == "slider" else "",
            "toggle": "true, false",
            "text": f"text, up to {control.max_chars} characters",
        }
        values = ranges.get(control.kind) or ", ".join(control.options)
        step = f"{control.step:g}" if control.kind == "slider" else ""
        default = str(control.default).lower() if control.kind == "toggle" else control.default
        default = f"the last, {control.upto}" if control.upto and default > control.max else default
        rows.append(f"| `{key}` | {control.label} | {values} | {step} | {default} |")
    rows += [
        "",
        "## Where pages open",
        "",
        "What an address does not say is what its page opens with. A page that opens elsewhere than this table says so",
        "in its `defaults`; a change there changes what older links that left it out show.",
        "",
        "| page | opens with |",
        "|---|---|",
    ]
    for page in PAGES.values():
        opens = ", ".join(f"`{key}` = {codec.text(value)}" for key, value in page.defaults.items())
        rows.append(f"| `{page.address}` | {opens or 'the defaults above'} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    CONTROLS.write_text(controls(), encoding="utf-8")
