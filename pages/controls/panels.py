"""Groups of controls that pages share."""

from collections.abc import Iterable

import streamlit as st

from pages.controls.codec import pasted
from pages.controls.reading import numbers, plainly, shown
from pages.controls.table import DIGITS, INPUT
from pages.controls.visit import Visit
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import Cell
from rnn_core.sequences import SEQUENCES


def few(visit: Visit, keys: Iterable[str]) -> None:
    """What an audience sees moved, none of it without effect: in the place of a computed gate's value, its bias."""
    computed = {key for key in visit.controls if key.endswith("_mode") and visit.chosen(key) == "computed"}
    pinned = False
    for key in keys:
        if key == "pin_all":
            pinned = bool((computed or visit.chosen(key)) and visit.draw(key))
        elif f"{key}_mode" in computed and not pinned:
            visit.draw(f"b_{key}")
        else:
            visit.draw(key)


def start_and_input(visit: Visit, *keys: str) -> None:
    """A fold of the controls by which a cell starts, and what it is fed; others first that belong there."""
    with visit.fold("Start, bias, input", *keys, *INPUT, "u"):
        visit.draw(*keys)
        input_sequence(visit)


def part_of_chain(visit: Visit, *keys: str) -> None:
    """A fold of the controls that choose a part of the unrolled steps, or a step to look at."""
    with visit.fold("Part of the chain", *keys):
        visit.draw(*keys)


def number_type(visit: Visit) -> None:
    """A fold of what a computer with few digits makes of the gradient, and of clipping."""
    with visit.fold("Number type, clipping", *DIGITS):
        visit.draw(*DIGITS)


def input_sequence(visit: Visit) -> None:
    """The input sequence and its own parameters, and the RNN's weight of it."""
    sequence = SEQUENCES[visit.draw("sequence")]
    if "u" in visit.controls and sequence.parameters:
        visit.draw("u")
    visit.draw(*sequence.parameters)
    if "values" in sequence.parameters:
        _how_it_is_read(visit)


def _how_it_is_read(visit: Visit) -> None:
    """What is wrong with pasted numbers, or what else they may mean; a button writes it so that it means that alone."""
    text = st.session_state["values"]
    _, problem = pasted(text)
    if problem:
        said = f"{problem[0].upper()}{problem[1:]}. Until this is mended, no number is used."
        st.text(said)  # plain text: it repeats the reader's
        return
    first, *others = numbers(text)
    if others:
        st.text(f"Read as {shown(first)}.")
    for place, other in enumerate(others):
        if instead := plainly(other, visit.controls["values"].max_chars):
            st.button(
                f"Read as {shown(other)}",
                key=f"reading_{place}",
                on_click=visit.choices.apply,
                args=({"values": instead},),
                width="stretch",
            )


def activation(visit: Visit) -> None:
    """The switch between activations, and leaky_relu's slope."""
    if ACTIVATIONS[visit.draw_first("activation", 4)].family:
        visit.draw("slope")


def cell(visit: Visit, kind: type[Cell]) -> None:
    """What a cell is made of, where its gradient alone is looked at: a straight φ hands on no bias to it."""
    if kind.told:
        gates(visit, kind)
    else:
        activation(visit)
        visit.draw("w", *(() if is_straight(visit) else ("b",)))


def is_straight(visit: Visit) -> bool:
    """Whether φ has one slope, so that no gradient depends on where it works."""
    return ACTIVATIONS[visit.chosen("activation")].straight


def are_pinned(visit: Visit, cell: type[Cell]) -> bool:
    """Whether no gate reads anything."""
    modes = all(visit.chosen(f"{gate.letter}_mode") == "pinned" for gate in cell.told)
    return modes or bool("pin_all" in visit.controls and visit.chosen("pin_all"))


def pin_all(visit: Visit, cell: type[Cell]) -> bool:
    """The switch that pins all gates, unless each is pinned by itself; whether they are by the switch."""
    by_modes = all(visit.chosen(f"{gate.letter}_mode") == "pinned" for gate in cell.told)
    return bool(visit.draw("pin_all")) if visit.chosen("pin_all") or not by_modes else False


def gates(visit: Visit, cell: type[Cell], only: str = "") -> None:
    """A tab for each gate: pinned to a value, or computed from h and x; of pinned values `only` these are shown."""
    for gate, tab in zip(cell.told, st.tabs([f"{gate.title} {gate.shown}" for gate in cell.told]), strict=True):
        q = gate.letter
        with tab:
            if visit.draw(f"{q}_mode") == "pinned":
                visit.draw(*(q if not only or q in only else ""))
            else:
                fed = visit.chosen("sequence") != "none"
                visit.draw(f"w_{q}", *([f"u_{q}"] if fed else []), f"b_{q}")
