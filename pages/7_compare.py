import streamlit as st

from pages.charts.views import VIEWS
from pages.controls import panels, table
from pages.controls.page import Page, show_page
from rnn_core.cells import GRU, LSTM


def panel(c):
    panels.draw_all(c, "T", "t", "k")
    panels.input_panel(c)
    panels.draw_all(c, "h0")
    rnn, lstm, gru = st.tabs(["RNN", "LSTM", "GRU"])
    with rnn:
        panels.activation_panel(c)
        panels.draw_all(c, "w", "u", "b")
    with lstm:
        panels.gates_panel(c, ("f", "i", "g", "o"))
        panels.draw_all(c, "c0")
    with gru:
        panels.gates_panel(c, ("z", "r", "n"))


PAGE = Page(
    address="compare",
    title="RNN or LSTM?",
    question="Which cell carries a gradient furthest? Same quantity, same input, same length, same norm.",
    controls=(
        *table.CHAIN,
        *table.INPUT,
        "h0",
        *table.RNN_FIELDS,
        "c0",
        *table.gate_fields(*LSTM.gates, *GRU.gates),
    ),
    defaults={"activation": "tanh", "w": 1.0, "sequence": "sine", "T": 30, "t": 30},
    panel=panel,
    main="w",
    few=("activation", "w", "f"),
    view=VIEWS["compare"],
    notice="Norms compare only when they are of the same thing: the whole state, or the effect of the input."
    " From h to h alone, an LSTM seems to forget what its cell still holds.",
    source="Pascanu, Mikolov & Bengio 2013; Cho et al. 2014; Hochreiter & Schmidhuber 1997.",
)

if __name__ == "__main__":
    show_page(PAGE)
