from pages.controls import panels, table
from pages.controls.visit import Visit
from pages.frame.page import Page, show_page


def panel(visit: Visit) -> None:
    panels.activation(visit)
    visit.draw("w", "h0", "b")
    panels.part_of_chain(visit, "T", "t", "k", "step")


PAGE = Page(
    address="saturation",
    title="Saturation",
    section="The chain",
    question="Every factor is weight × slope. **Where on its activation** does a chain work, and how steep is it?",
    controls=("activation", "slope", "w", "b", "h0", *table.CHAIN, "step"),
    panel=panel,
    main="w",
    few=("activation", "w", "h0"),
    defaults={"activation": "tanh"},
    along={"chain": ("activation", "slope", "w", "h0")},
    notice="Only a point above the dashed line at 1/|w| lets a gradient grow. A larger weight lowers that line, and"
    " a unit that saturates is usually driven out to where the slope lies below it. The slope is"
    " φ′(z); times the weight it is a step’s factor, and at a fixed point its multiplier.",
    source="Hochreiter 1991; Hochreiter & Schmidhuber 1997, §3.1 (the sigmoid needs |w| > 4); Bengio, Simard &"
    " Frasconi 1994; Pascanu, Mikolov & Bengio 2013, §2.1 and Fig. 3 (w = 5, the same map written for z).",
)

if __name__ == "__main__":
    show_page(PAGE)
