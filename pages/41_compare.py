import streamlit as st

from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page
from rnn_core.cells import CELLS


def panel(visit: Visit) -> None:
    for cell, tab in zip(CELLS.values(), st.tabs([cell.title for cell in CELLS.values()]), strict=True):
        with tab:
            panels.cell(visit, cell)
    panels.start_and_input(visit, *dict.fromkeys(start for cell in CELLS.values() for start in cell.starts()))
    panels.part_of_chain(visit, "T", "t", "k")


PAGE = Page(
    address="compare",
    title="RNN or LSTM?",
    section="Side by side",
    question="How much does a late state still feel an **early input**? The same question to three cells, ∂hₜ/∂xⱼ.",
    controls=(
        *table.CHAIN,
        *table.INPUT,
        *dict.fromkeys(("h0", *(field for cell in CELLS.values() for field in (*cell.starts(), *cell.reads)))),
    ),
    defaults={
        "activation": "tanh",
        "w": 1.0,
        "sequence": "sine",
        "T": 30,
        "z": 0.99,  # as f: gates of one half-life
        "i_mode": "pinned",
        "i": 0.1,  # so little is written that C stays small, where its read-out is not flat
    },
    panel=panel,
    main="w",
    few=("w", "f", "z"),
    notice="∂hₜ/∂xⱼ asks every cell the same, in whatever unit it keeps its state; a loss at step t multiplies all of a"
    " curve by the one number ∂L/∂hₜ. Norms of (C, h) and of h are not of the same thing. Both gates begin with one"
    " half-life, f = z = 0.99: what sets the two curves apart is how much is written, i = 0.1 against 1 − z = 0.01, and"
    " what else acts through h. In the GRU **z keeps**: hₜ = z hₜ₋₁ + (1 − z) nₜ.",
    source="Pascanu, Mikolov & Bengio 2013; Hochreiter & Schmidhuber 1997; Cho et al. 2014 and PyTorch, whose z keeps"
    " (Chung et al. 2014 print z and 1 − z the other way round).",
)

if __name__ == "__main__":
    show_page(PAGE)
