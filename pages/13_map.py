from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page
from rnn_core.cells import RNN


def panel(visit: Visit) -> None:
    panels.activation(visit)
    visit.draw("w", "t", "b")
    if not panels.is_straight(visit):
        panels.start_and_input(visit, "h0")
    panels.part_of_chain(visit, "T", "k")


PAGE = Page(
    address="map",
    title="Map of vanishing and exploding",
    section="The chain",
    menu="The map",
    question="Which weights let the gradient of one unit live through many steps? Each square is a chain: **tap one**.",
    controls=(*RNN.reads, "h0", *table.CHAIN, *table.INPUT),
    defaults={"activation": "tanh", "T": 50, "t": 10},
    panel=panel,
    main="w",
    few=("activation", "w", "t"),
    along={"chain": ("activation", "slope", "w", "h0")},
    notice="No weight explodes or vanishes by itself. What decides is the mean of ln|w φ′| along the chain: one unit"
    " that saturates usually drives it below 0, unless its start or its bias holds it at an unstable point. In a"
    " network of many units the states can wander where tanh is steep, and its gradient can explode.",
    source="Pascanu, Mikolov & Bengio 2013, section 2 and fig. 6; Bengio, Simard & Frasconi 1994. The lines: 1, and"
    " the smallest and largest normal number of float32 (subnormal ones, of fewer digits, reach 1.4 × 10⁻⁴⁵).",
)

if __name__ == "__main__":
    show_page(PAGE)
