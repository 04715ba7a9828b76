"""What the documents say that the code knows: `python -m tests.docs` writes it anew."""

from pathlib import Path

from pages.controls import codec
from pages.controls.table import TABLE
from tests.settings import PAGES

CONTROLS = Path(__file__).parent.parent / "docs" / "controls.md"


def controls() -> str:
    """The table of controls as Markdown."""
    rows = [
        "# Controls",
        "",
        "Widget key = `Experiment` field = URL name. Changing a name, a range or a default breaks saved links.",
        "A page may open elsewhere than at the default: see below. `played` has no control: it is how many arrows the",
        "gradient's pulse has crossed in the first picture, 0 … t - k, and the picture's own to keep.",
        "",
        "| name | label | values | step | default |",
        "|---|---|---|---|---|",
    ]
    for key, control in TABLE.items():
        ranges = {
            "slider": f"{control.min:g} … {control.max:g}" if control.kind == "slider" else "",
            "toggle": "true, false",
            "text": f"text, up to {control.max_chars} characters",
        }
        values = ranges.get(control.kind) or ", ".join(control.options)
        step = f"{control.step:g}" if control.kind == "slider" else ""
        default = str(control.default).lower() if control.kind == "toggle" else control.default
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
