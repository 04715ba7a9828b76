"""A page's challenges: take one up, get a hint, leave it. How far one has come stands under the picture."""

import streamlit as st

from pages.controls import codec
from pages.controls.visit import Visit
from pages.lessons.challenges import CHALLENGES, Challenge
from rnn_core.experiment import Experiment

KEY = "challenge"


def of_page(address: str) -> dict[str, Challenge]:
    return {name: challenge for name, challenge in CHALLENGES.items() if challenge.page == address}


def menu(address: str, visit: Visit) -> None:
    """The page's challenges behind one button; while one is on, its hint and the way out."""
    offered = of_page(address)
    if not offered:
        return
    with st.popover("Challenges", key="challenges"):
        taken = offered.get(visit.chosen(KEY))
        if taken:
            st.markdown(f"**{taken.goal}.**")
            with st.expander("A hint", key="hint"):
                st.write(taken.hint)
            leave = visit.choices.choose_unshown
            st.button("Leave the challenge", key="leave_challenge", on_click=leave, args=(KEY, ""))
        for name, challenge in offered.items():
            if challenge is not taken:
                st.button(
                    f"{challenge.goal}.", key=f"take_{name}", on_click=_take, args=(visit, challenge), type="tertiary"
                )


def _take(visit: Visit, challenge: Challenge) -> None:
    """Begin where the challenge is not yet met."""
    visit.choices.apply(codec.values_of(Experiment(**challenge.start), visit.controls))
    visit.choices.choose_unshown(KEY, challenge.name)
