import streamlit as st

from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page
from rnn_core.cells import LSTM


def panel(visit: Visit) -> None:
    still = panels.are_pinned(visit, LSTM)  # then the product of forget gates is the whole gradient
    if panels.pin_all(visit, LSTM):
        visit.draw("f")
    else:
        panels.gates(visit, LSTM, "f" if still else "")
    visit.draw("T")
    if not still:
        panels.start_and_input(visit, "c0", "h0")
    panels.part_of_chain(visit, "t", "k")
    with visit.fold("Ablation", *table.CUTS), st.container(horizontal=True, key="switches"):
        st.caption("The total **without** the paths through")
        visit.draw(*table.CUTS)
    with visit.fold("Networks of many units", "b_net"):
        visit.draw("b_net")


PAGE = Page(
    address="lstm",
    title="What the formula leaves out",
    section="The LSTM",
    question="The book says: ∂Cₜ/∂Cₖ is the product of forget gates. **How much of the gradient is that?**",
    cell="lstm",
    controls=(
        "pin_all",
        *LSTM.reads,
        *table.CUTS,
        "c0",
        "h0",
        *table.CHAIN,
        *table.INPUT,
        "b_net",
    ),
    defaults={"sequence": "impulse", "h0": 0.0, "T": 30},
    panel=panel,
    main="f",
    few=("pin_all", "f", "T"),
    notice="The product of forget gates is only the **direct** path. C also acts through h on every gate that"
    " reads it: pin all gates, and the four readings merge. Holding h still is another question. A product of"
    " one-step totals is right over a single step, or where the output gate reads no h: it misses exactly what goes"
    " from h through the output gate, so it is the total *without o*. The stack asks where the gradient *first*"
    " leaves the cell state; switching a path off asks what is left if a gate *never* passes any on. That is an"
    " experiment of its own, the ablation, and its numbers need not add up.",
    source="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000. The total is what autograd returns."
    " Networks: weights and biases as torch.nn.LSTM draws them, U(−1/√n, 1/√n), so that b_ih + b_hh is 0 on average"
    " only; forget biases raised by b; three inputs from N(0, 1);"
    " ∂C₆₀/∂Cⱼ, Frobenius norms, medians and quartiles over the seeds; the scalar LSTMs likewise with n = 1.",
)

if __name__ == "__main__":
    show_page(PAGE)
