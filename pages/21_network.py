from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page
from rnn_core.cells import RNN


def panel(visit: Visit) -> None:
    panels.activation(visit)
    visit.draw("w", "T", "t")
    panels.start_and_input(visit, "h0", "b")
    with visit.fold("Output and target", "f2", "w_y", "target", "y"):
        due = "target" if visit.draw("f2") == "softmax" else "y"
        visit.draw("w_y", due)


PAGE = Page(
    address="network",
    title="The network and its equations",
    section="Backpropagation",
    question="One cell, used at every step, with the **same** weights. A loss corrects them all at once:"
    " which steps does it really reach?",
    controls=(*RNN.reads, "h0", "f2", "w_y", "target", "y", "T", "t", *table.INPUT),
    labels={  # as the equations have them
        "activation": "Activation f₁ of the state",
        "w": "Recurrent weight w, W_hh",
        "u": "Input weight u, W_xh",
        "w_y": "Output weight, W_hy",
        "t": "Loss at step t",
    },
    panel=panel,
    main="w",
    few=("activation", "w", "t"),
    defaults={"activation": "tanh", "w": 0.9, "T": 20, "sequence": "sine", "period": 7.0},
    notice="∂L/∂W_hh is a sum over all uses of the weight, and a sum can be large while most of its terms are"
    " tiny. Only the split by lag shows whether distant steps are heard. A step of descent is −η ∂L/∂W_hh. (A state of"
    " one number can let only an outer word lead; a network with more numbers has the same equations.)",
    source="Rumelhart, Hinton & Williams 1986; Werbos 1990 (backpropagation through time); Pascanu, Mikolov &"
    " Bengio 2013, eq. 3–5; Cashman et al. 2017, RNNbow (arXiv 1907.12545); notation: Pattanayak 2019, ch. 1.",
)

if __name__ == "__main__":
    show_page(PAGE)
