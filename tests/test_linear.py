"""Formulas as one line of text: what is read where no MathML is drawn, and what is copied by hand."""

import pytest

from pages.charts.parts.numbers import number
from pages.charts.views import VIEWS
from pages.figures.show import encode
from pages.lessons.scenarios import SCENARIOS
from pages.lessons.scenes import SCENES
from tests.figures import unpacked
from tests.server import opened
from tests.visits import DESK, PRODUCT, ready, says, until


def text(latex):
    line = {"latex": latex, "slots": dict.fromkeys(latex.split("@")[1::2], "")}
    [[item]] = unpacked(encode([{"kind": "formula", "name": "a", "alt": "", "lines": [line]}]))["frames"]
    return item["lines"][0]["linear"]


@pytest.mark.parametrize(("latex", "plain"), [
    (r"= @w@^{@lag@} \cdot @first@ \cdots @last@", "= @w@^@lag@ · @first@ ⋯ @last@"),
    (r"\frac{\partial h_{@t@}}{\partial h_{@k@}} = \prod_{i=@k1@}^{@t@} w \, \varphi'(z_i)",
     "∂h_@t@/∂h_@k@ = ∏_(i=@k1@)^@t@ w φ′(z_i)"),
    (r"e^{@lag@ \, \cdot \, @mean@} @is@ @size@", "e^(@lag@ · @mean@) @is@ @size@"),
    (r"L_{@t@} = (o_{@t@} - y)^2 / 2", "L_@t@ = (o_@t@ − y)^2/2"),
    (r"L_{@t@} = -\ln\, o_{@t@, @due@}", "L_@t@ = −ln o_(@t@, @due@)"),
    (r"\frac{1}{@lag@} \sum_i \ln |w \, \varphi'(z_i)|", "1/@lag@ ∑_i ln |w φ′(z_i)|"),
    (r"\tilde C_{@t@} = \tanh(@z@)", "C̃_@t@ = tanh(@z@)"),
    (r"\tanh'(5) = \frac{1}{\cosh^2 5}", "tanh′(5) = 1/(cosh^2 5)"),
    (r"f_1(W_{hh} h_{@before@} + b)", "f_1(W_hh h_@before@ + b)"),
    (r"\left\| W^{@lag@} \right\|_2 = @peak@, \quad \rho(W)", "‖W^@lag@‖_2 = @peak@, ρ(W)"),
])  # fmt: skip
def test_a_formula_reads_in_one_line(latex, plain):
    assert text(latex) == plain


def test_every_formula_of_the_app_has_such_a_line():
    templates = {scene.latex for scene in SCENES.values()}
    for scenario in SCENARIOS.values():
        items = VIEWS[scenario.page].items(scenario.experiment)
        templates |= {line["latex"] for item in items if item["kind"] == "formula" for line in item["lines"]}
    for latex in templates:
        plain = text(latex)
        assert "\\" not in plain and "{" not in plain and "  " not in plain
        assert all(f"@{name}@" in plain for name in latex.split("@")[1::2])


NO_MATHML = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("math, math * { display: inline !important }");
    document.adoptedStyleSheets = [sheet];
}"""


@pytest.fixture
def without(desk):
    """A page whose browser lays out no MathML: Chromium 156 has no switch for it any more."""
    desk.before_all(f"({NO_MATHML})()")
    return desk


LINES = (
    "[...document.querySelectorAll('[data-name=chain-formula] .u-line')].map(line => line.innerText).filter(Boolean)"
)
SHOWN = [
    "h_1 = φ(w h_0 + u x_1 + b)", "= φ(2.00 · 0.5 + 1.00 · 0 + 0.00)", "= 1", "∂h_10/∂h_0", "= " + " · ".join(10 * "2"),
    "= 1024",
    "z_1 = 1,", "w φ′(z_1) = 2.00 · 1 = 2",
]  # fmt: skip


@pytest.mark.browser
def test_without_mathml_a_power_is_no_long_number_and_follows_the_thumb(server, without):
    page = opened(without.page, f"{server.url}/?T=20&t=20")
    assert "= 2.00^20 · 1 · 1 ⋯ 1" in page.evaluate(LINES)
    page = opened(without.page, server.url)
    assert page.evaluate(LINES) == SHOWN
    x, y = ready(page, "w")
    page.mouse.down()
    page.mouse.move(x + 40, y, steps=4)
    until(page, f"{LINES}[5] !== '= 1024'")
    factors, product = page.evaluate(LINES)[4:6]
    w = float(factors.removeprefix("= ").partition(" ")[0])
    assert w > 2 and factors == "= " + " · ".join(10 * [f"{w:g}"]) and product == f"= {number(w**10)}"
    page.mouse.up()
    box = page.evaluate("document.querySelector('[data-name=chain-formula] .u-lines').scrollWidth")
    assert box <= DESK["width"] and not without.errors


@pytest.mark.browser
def test_a_formula_selected_by_hand_is_copied_in_lines(desk, server):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("getSelection().selectAllChildren(document.querySelector('[data-name=chain-formula] .u-lines'))")
    page.keyboard.press("Control+C")
    lines = page.evaluate("navigator.clipboard.readText()").split("\n")
    assert [line for line in lines if line] == [" ".join(SHOWN[:3]), " ".join(SHOWN[3:6]), " ".join(SHOWN[6:])]


@pytest.mark.browser
def test_a_selection_that_ends_within_a_formula_takes_the_whole_equation(desk, server):
    page = opened(desk.page, server.url)
    says(page, PRODUCT, "1024")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("""() => {
        const [first, last] = [".u-readout", "[data-slot=f10]"].map((one) => document.querySelector(one).firstChild);
        getSelection().setBaseAndExtent(first, 0, last, 1);
    }""")
    page.keyboard.press("Control+C")
    lines = [line for line in page.evaluate("navigator.clipboard.readText()").split("\n") if line]
    assert lines[0].startswith("∂h₁₀/∂h₀ = 1024") and lines[-1] == " ".join(SHOWN[3:5])
