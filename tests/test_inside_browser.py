"""What the browser's side relies on of Streamlit's page and of Plotly: after an upgrade, one run says what broke."""

from pathlib import Path

import pytest

from pages.server.bundle import bundle
from tests.server import opened
from tests.visits import until

pytestmark = pytest.mark.browser

INSIDE = Path(__file__).parent.parent / "pages" / "inside"

# each selector of our style sheets that names something of Streamlit's, with each of its alternatives
NAMED = r"""() => {
  const apart = (text) => {  // at the commas that stand in no bracket
    let depth = 0, parts = [""];
    for (const letter of text) {
      depth += (letter === "(") - (letter === ")");
      if (letter === "," && !depth) parts.push("");
      else parts[parts.length - 1] += letter;
    }
    return parts.map((part) => part.trim());
  };
  const alternatives = (selector) => {
    const [all, list] = selector.match(/:is\(((?:[^()]|\([^()]*\))*)\)/) ?? [];
    const several = all && apart(list).length > 1 ? apart(list) : [];
    return several.length ? several.flatMap((one) => alternatives(selector.replace(all, `:is(${one})`))) : [selector];
  };
  const named = {};
  const look = (rules) => { for (const rule of rules) {
    for (const selector of apart(rule.selectorText ?? "").flatMap(alternatives)) {
      if (!/\.st[A-Z]|data-testid|react-aria/.test(selector)) continue;
      const timeless = selector.replace(/:(hover|active|focus-visible|focus|enabled|disabled)/g, "");
      named[selector] = document.querySelector(timeless) !== null;
    }
    look(rule.cssRules ?? []);
  } };
  look([...document.styleSheets].find((sheet) => sheet.ownerNode.textContent.includes("--u-product")).cssRules);
  return named;
}"""


UNSEEN = {'.u-presenting [data-testid="stDialog"]'}  # Streamlit's own complaints, which no test provokes


def inside(page, module, expression):
    """What a module of ours says on a page."""
    script = bundle(INSIDE / f"{module}.js")
    return page.evaluate(f"() => {{ {script}\nreturn ({expression})(${module}); }}")


def test_every_name_of_streamlits_in_our_style_sheets_is_on_some_page(server, desk, phone):
    found = {}

    def look(page):
        for selector, there in page.evaluate(NAMED).items():
            found[selector] = found.get(selector, False) or there

    page = opened(desk.page, f"{server.url}/chain?activation=tanh")
    page.get_by_text("The numbers", exact=True).click()
    page.get_by_test_id("stDownloadButton").wait_for()
    look(page)
    page.get_by_role("button", name="Dismiss").click()
    look(page)
    for path in ("lstm", "lstm?pin_all=true", "scenes", "lstm?present=1", "compare?present=1", "scenes?present=1"):
        look(opened(page, f"{server.url}/{path}"))
    for slide in (1, 2):  # covered, and asked over a scene
        page.goto(f"{server.url}/scenes?present=1&script=lstm&slide={slide}")
        page.wait_for_selector(".u-steps")
        page.wait_for_selector(".main-svg", state="attached")
        look(page)
    page = opened(phone.page, f"{server.url}/chain")
    look(page)
    page.get_by_test_id("stExpandSidebarButton").tap()
    page.get_by_test_id("stSidebarCollapseButton").wait_for()
    look(page)
    assert {selector for selector, there in found.items() if not there} == UNSEEN


def test_the_page_says_how_far_it_is(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    until(page, "document.querySelector('.stApp').dataset.testScriptState === 'notRunning'")
    says = "(s) => [s.isConnected(), s.isRunning(), s.isAtRest(), s.root().contains(s.column())]"
    assert inside(page, "streamlit", says) == [True, False, True, True]


def test_a_slider_tells_of_every_move_and_of_its_key(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    inside(
        page,
        "streamlit",
        "(s) => { const moves = globalThis.moves = []; let stop;"
        " stop = s.onMove((slider) => { moves.push(s.keyOf(slider), s.valueOf(slider), s.sliderOf('w') === slider);"
        " stop(); }); }",
    )
    page.locator(".st-key-w input[type=range]").focus()
    page.keyboard.press("ArrowRight")
    until(page, "moves.length")
    assert page.evaluate("moves") == ["w", 2.05, True]
    assert inside(page, "streamlit", "(s) => s.keyOf(document.body)") == ""


def test_options_and_buttons_say_what_can_be_done(server, desk):
    page = opened(desk.page, f"{server.url}/scenes?scene=balanced")
    chosen = "(s) => s.options('choice').map((one) => [one.textContent.trim(), s.isChosen(one)])"
    assert inside(page, "streamlit", chosen) == [["A", False], ["B", False], ["C", False]]
    assert inside(page, "streamlit", "(s) => [s.button('commit'), s.place('commit') !== null]") == [None, True]
    inside(page, "streamlit", "(s) => s.options('choice')[1].click()")
    page.locator(".st-key-commit button:enabled").wait_for()
    assert inside(page, "streamlit", chosen) == [["A", False], ["B", True], ["C", False]]
    assert inside(page, "streamlit", "(s) => s.isWithin(s.button('commit'), 'controls')")
    opened(page, f"{server.url}/chain").locator(".st-key-w_exact input").wait_for()
    assert inside(page, "streamlit", "(s) => s.isText(document.querySelector('.st-key-w_exact input'))")


def test_the_phones_menu_closes(server, phone):
    page = opened(phone.page, f"{server.url}/chain")
    page.get_by_test_id("stExpandSidebarButton").tap()
    link = page.get_by_test_id("stSidebarNavLink").first
    link.wait_for()
    assert inside(
        page, "streamlit", "(s) => s.isMenuLink(document.querySelector('[data-testid=stSidebarNavLink] span'))"
    )
    inside(page, "streamlit", "(s) => s.closeMenu()")
    until(page, "!(document.querySelector('[data-testid=stSidebar]')?.getBoundingClientRect().right > 0)")


def test_plotly_asks_its_schema_where_we_answer_for_it_and_lights_points_up(server, desk):
    page = opened(desk.page, f"{server.url}/chain")
    assert inside(
        page,
        "plotly",
        """(p) => {
      const schema = p.plotly().PlotSchema, search = schema.findArrayAttributes;
      const plot = document.querySelector(".u-plot");
      const asked = [];
      schema.findArrayAttributes = (trace) => { asked.push(typeof trace._input); return search(trace); };
      p.quicken();
      for (const _ of [1, 2]) p.plotly().redraw(plot);
      schema.findArrayAttributes = search;
      return [p.isDrawn(), new Set(asked).size, asked[0], asked.length <= plot.data.length];
    }""",
    ) == [True, 1, "object", True]
    inside(page, "plotly", "(p) => p.light(document.querySelector('.u-plot'), [{ curveNumber: 1, pointNumber: 3 }])")
    page.wait_for_selector(".u-plot .hoverlayer .hovertext", state="attached")
    inside(page, "plotly", "(p) => p.light(document.querySelector('.u-plot'), [])")
    page.wait_for_selector(".u-plot .hoverlayer .hovertext", state="detached")
