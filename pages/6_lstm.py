from pages.charts.views import VIEWS
from pages.controls import panels, table
from pages.controls.page import Page, show_page
from pages.controls.widgets import draw
from rnn_core.cells import LSTM


def panel(c):
    pinned = draw(c["pin_all"])
    panels.gates_panel(c, ("f", "i", "g", "o"), pinned)
    panels.draw_all(c, "T", "t", "k", "c0", "h0")
    panels.input_panel(c)


show_page(
    Page(
        address="lstm",
        title="The LSTM cell",
        question="How long does a cell remember, and is the product of its forget gates really the gradient?",
        cell="lstm",
        controls=("pin_all", *table.gate_fields(*LSTM.gates), "c0", "h0", *table.CHAIN, *table.INPUT),
        defaults={"sequence": "impulse", "h0": 0.0, "T": 30, "t": 30},
        panel=panel,
        main="f",
        view=VIEWS["lstm"],
        notice="The product of forget gates is only the **direct** path. C also acts through h on every gate that"
        " reads it: pin all gates, and the two curves merge.",
        source="Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000. The total is what autograd returns.",
    )
)
