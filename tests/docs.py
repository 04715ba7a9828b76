"""What the documents say that the code knows: `python -m tests.docs` writes it anew."""

from pathlib import Path

from pages.controls.table import TABLE

CONTROLS = Path(__file__).parent.parent / "docs" / "controls.md"


def controls() -> str:
    """The table of controls as Markdown."""
    rows = [
        "# Controls",
        "",
        "Widget key = `Experiment` field = URL name. Changing a name, a range or a default breaks saved links.",
        "A page may open elsewhere than at the default; see its `defaults`.",
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
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    CONTROLS.write_text(controls(), encoding="utf-8")
