from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page
from pages.frame.start import strip
from rnn_core.cells import RNN


def panel(visit: Visit) -> None:
    panels.activation(visit)
    visit.draw("w", "T")
    panels.start_and_input(visit, "h0", "b")
    panels.part_of_chain(visit, "t", "k", "step")
    panels.number_type(visit)


PAGE = Page(
    address="chain",
    title="The gradient chain",
    section="The chain",
    question="How does a change in an early state reach a late one? Each step multiplies it by **weight × slope**.",
    controls=(*RNN.reads, "h0", *table.CHAIN, "step", *table.INPUT, *table.DIGITS),
    panel=panel,
    main="w",
    few=("activation", "w", "T"),
    notice="Switch φ from identity to tanh: the weight is still 2, and the 1024 is gone. What decides, in"
    " this one unit, is the product of weight **and** slopes along this very trajectory.",
    source="Pascanu, Mikolov & Bengio 2013, eq. 5; Hochreiter 1991; Bengio, Simard & Frasconi 1994. Sunspot"
    " numbers 1700–2008: yearly means, public domain.",
)

if __name__ == "__main__":
    strip()
    show_page(PAGE)
