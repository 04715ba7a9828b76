from pages.controls import panels, table
from pages.frame.page import Page, show_page
from rnn_core.cells import RNN


def panel(visit):
    panels.activation(visit)
    visit.draw("w", "b", "h0", "T", "t", "k")
    panels.input_sequence(visit)


PAGE = Page(
    address="probe",
    title="The last state",
    section="The chain",
    question="Where does a chain **arrive**?",
    controls=(*RNN.reads, "h0", *table.CHAIN, *table.INPUT),
    panel=panel,
    main="w",
    few=("w", "T"),
    notice="What saturates arrives at a limit.",
    source="None.",
)

if __name__ == "__main__":
    show_page(PAGE)
