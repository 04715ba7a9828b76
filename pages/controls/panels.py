"""Groups of controls that pages share."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from pages.controls.codec import Controls, pasted
from pages.controls.control import Control
from pages.controls.memory import apply, chosen
from pages.controls.reading import numbers, plainly, shown
from pages.controls.widgets import draw
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import Cell
from rnn_core.sequences import SEQUENCES


def draw_all(controls: Controls, *keys: str) -> None:
    for key in keys:
        draw(controls[key])


def few_panel(controls: Controls, keys: Iterable[str]) -> None:
    """What an audience sees moved, none of it without effect: in the place of a computed gate's value, its bias."""
    pinned = False
    for key in keys:
        if key == "pin_all":
            computed = [mode for mode in controls if mode.endswith("_mode") and _chosen(controls, mode) == "computed"]
            pinned = bool((computed or _chosen(controls, key)) and draw(controls[key]))
        elif f"{key}_mode" in controls and not pinned and _chosen(controls, f"{key}_mode") == "computed":
            draw(controls[f"b_{key}"])
        else:
            draw(controls[key])


def _chosen(controls: Controls, key: str) -> Any:
    return chosen(key, controls[key].default)


def input_panel(controls: Controls) -> None:
    """The input sequence and its own parameters."""
    sequence = SEQUENCES[draw(controls["sequence"])]
    draw_all(controls, *sequence.parameters)
    if "values" in sequence.parameters:
        _how_it_is_read(st.session_state["values"], controls["values"])


def _how_it_is_read(text: str, control: Control) -> None:
    """What is wrong with pasted numbers, or what else they may mean; a button writes it so that it means that alone."""
    _, problem = pasted(text)
    if problem:
        said = f"{problem[0].upper()}{problem[1:]}. Until this is mended, no number is used."
        st.text(said)  # plain text: it repeats the reader's
        return
    first, *others = numbers(text)
    if others:
        st.text(f"Read as {shown(first)}.")
    for place, other in enumerate(others):
        if instead := plainly(other, control.max_chars):
            label = f"Read as {shown(other)}"
            st.button(label, key=f"reading_{place}", on_click=apply, args=({"values": instead},), width="stretch")


def activation_panel(controls: Controls) -> None:
    """The switch between activations, and leaky_relu's slope."""
    if ACTIVATIONS[draw(controls["activation"])].family:
        draw(controls["slope"])


def cell_panel(controls: Controls, cell: type[Cell]) -> None:
    """What a cell is made of, and the states that none but it starts from."""
    if cell.told:
        gates_panel(controls, cell)
    else:
        activation_panel(controls)
        draw_all(controls, "w", "u", "b")
    draw_all(controls, *(start for start in cell.starts() if start != "h0"))


def gates_panel(controls: Controls, cell: type[Cell], pinned: bool = False) -> None:
    """A tab for each gate: pinned to a value, or computed from h and x; `pinned` overrules the modes."""
    for gate, tab in zip(cell.told, st.tabs([f"{gate.title} {gate.shown}" for gate in cell.told]), strict=True):
        q = gate.letter
        with tab:
            mode = draw(controls[f"{q}_mode"])
            if pinned or mode == "pinned":
                draw(controls[q])
            else:
                draw_all(controls, f"w_{q}", f"u_{q}", f"b_{q}")
