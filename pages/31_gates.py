from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page
from rnn_core.cells import LSTM


def panel(visit: Visit) -> None:
    if panels.pin_all(visit, LSTM):
        visit.draw(*(gate.letter for gate in LSTM.told))
    else:
        panels.gates(visit, LSTM)
    visit.draw("step")
    panels.start_and_input(visit, "c0", "h0")
    panels.part_of_chain(visit, "T", "t", "k")


PAGE = Page(
    address="gates",
    title="The LSTM, gate by gate",
    section="The LSTM",
    question="Which gate decides how long the cell remembers, and which way does its gradient take back?",
    cell="lstm",
    controls=("pin_all", *LSTM.reads, "step", *table.CHAIN, "c0", "h0", *table.INPUT),
    defaults={"sequence": "impulse", "h0": 0.0, "T": 30, "step": 2},
    panel=panel,
    main="f",
    few=("pin_all", "f", "T"),
    notice="Along the cell state a step multiplies the gradient by the forget gate only, ∂Cₜ/∂Cₜ₋₁ = f; what h does to"
    " C is another derivative, ∂Cₜ/∂hₜ₋₁. Pin all gates and the coloured ways through h vanish: then f alone decides"
    " how long a memory lasts. f = 1 with i = 0 keeps for ever, but only what was written before.",
    source="Pattanayak 2019 calls the input gate i update gate, which elsewhere is the GRU’s z. Hochreiter &"
    " Schmidhuber 1997 (no forget gate); Gers, Schmidhuber & Cummins 2000 (the forget gate);"
    " Jozefowicz, Zaremba & Sutskever 2015 (bias 1); Tallec & Ollivier 2018 (chrono, b = log(T − 1)).",
)

if __name__ == "__main__":
    show_page(PAGE)
