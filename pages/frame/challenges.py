"""A page's challenges: take one up, get a hint, leave it. How far one has come stands under the picture."""

from collections.abc import Sequence

import streamlit as st

from pages.controls import codec
from pages.controls.memory import apply, chosen, note
from pages.lessons.challenges import CHALLENGES, NONE, Challenge
from rnn_core.experiment import Experiment

KEY = "challenge"


def of_page(address: str) -> dict[str, Challenge]:
    return {name: challenge for name, challenge in CHALLENGES.items() if challenge.page == address}


def menu(address: str, keys: Sequence[str]) -> None:
    """The page's challenges behind one button; while one is on, its hint and the way out."""
    offered = of_page(address)
    if not offered:
        return
    with st.popover("Challenges", key="challenges"):
        taken = offered.get(chosen(KEY, NONE))
        if taken:
            st.markdown(f"**{taken.goal}.**")
            with st.expander("A hint", key="hint"):
                st.write(taken.hint)
            st.button("Leave the challenge", key="leave_challenge", on_click=note, args=(KEY, ""))
        for name, challenge in offered.items():
            if challenge is not taken:
                st.button(
                    f"{challenge.goal}.", key=f"take_{name}", on_click=_take, args=(keys, challenge), type="tertiary"
                )


def _take(keys: Sequence[str], challenge: Challenge) -> None:
    """Begin where the challenge is not yet met."""
    apply(codec.values_of(Experiment(**challenge.start), keys))
    note(KEY, challenge.name)
