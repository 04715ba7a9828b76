"""Pages under AppTest: at their defaults, at every scenario, under random choices and hostile addresses."""

import io
import random
from dataclasses import fields

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS
from pages.controls import codec
from pages.controls.export import CONVENTIONS, csv
from pages.controls.table import TABLE
from pages.lessons.scenarios import SCENARIOS
from rnn_core.experiment import Experiment, run
from tests.apps import PAGES, healthy, items, opened, slots, stand
from tests.cases import first

FEW_OR_MANY = pytest.mark.parametrize("times", first(1, (20, 70)))


def test_the_first_screen_shows_two_to_the_tenth():
    at = healthy(opened("chain"))
    assert slots(at, "chain-formula")["product"] == "1024"
    assert "1024" in items(at)["chain"]["alt"]


def test_the_switch_turns_the_explosion_into_nothing():
    at = opened("chain")
    for name, product in {"tanh": "2.139 × 10⁻⁷", "sigmoid": "2.955 × 10⁻⁶", "identity": "1024"}.items():
        healthy(at.segmented_control(key="activation").set_value(name).run())
        assert slots(at, "chain-formula")["product"] == product


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_without_an_exception(page):
    healthy(opened(page))


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_one_click_sets_the_whole_page_to_a_scenario(scenario):
    at = opened(scenario.page, T="3", h0="2.5")
    healthy(at.button(key=f"scenario_{scenario.name}").click().run())
    assert stand(at, scenario.experiment)
    text = [markdown.value for markdown in at.markdown]
    assert scenario.question in text and f"“{scenario.title}”: {scenario.answer}" in text
    assert f"**What to notice in “{scenario.title}”.** {scenario.notice}" in text
    healthy(at.button(key="reset").click().run())
    assert not any(scenario.title in markdown.value for markdown in at.markdown), "gone with it"


def test_every_scenario_has_a_page_to_stand_on():
    assert {scenario.page for scenario in SCENARIOS.values()} <= VIEWS.keys()


@FEW_OR_MANY
@pytest.mark.parametrize("page", PAGES)
def test_no_choice_of_widgets_breaks_a_page(page, times):
    draw = random.Random(2026)
    at = opened(page)
    for _ in range(times):
        widgets = [*at.slider, *at.selectbox, *at.segmented_control, *at.toggle, *at.text_input]
        widget = draw.choice([w for w in widgets if not w.disabled])
        if widget in list(at.slider):
            low, high, step = widget.min, widget.max, widget.proto.step
            exact = low + step * draw.randint(0, round((high - low) / step))
            widget.set_value(type(low)(draw.choice([low, high, min(exact, high)])))
        elif widget in list(at.toggle):
            widget.set_value(not widget.value)
        elif widget in list(at.text_input):
            widget.set_value(draw.choice(["1, 2, 3", "", "1e99 -5", "two", "nan", "9" * 400, "0,5; 1,25", "−0,3"]))
        else:
            widget.set_value(draw.choice(widget.options))
        healthy(at.run())


@pytest.mark.parametrize("page", PAGES)
def test_every_slider_also_takes_an_exact_number(page):
    at = opened(page)
    boxes = {box.key for box in at.text_input}
    assert {f"{slider.key}_exact" for slider in at.slider} <= boxes


def test_an_exact_number_between_two_steps_counts():
    at = opened("chain")
    healthy(at.text_input(key="w_exact").set_value("0.123").run())
    assert at.slider(key="w").value == 0.123
    assert slots(at, "chain-formula")["w"] == "0.123"


@pytest.mark.parametrize(("text", "value"), [
    ("1,5", 1.5), ("−0.5", -0.5), ("-0,75", -0.75), ("−1.953 × 10⁻³", -0.001953), ("1e-3", 0.001), ("2,50", 2.5),
    (" 0.5 ", 0.5), ("3*10^-1", 0.3), ("1.0069555500567189", 1.0069555500567189),
])  # fmt: skip
def test_a_box_reads_a_number_as_people_write_it(text, value):
    at = healthy(opened("chain").text_input(key="w_exact").set_value(text).run())
    assert at.slider(key="w").value == value and not at.toast
    assert float(at.text_input(key="w_exact").value) == value


@pytest.mark.parametrize(("key", "text", "value", "said"), [
    ("w", "199", 100, "w = 199 lies outside −100 … 100, so 100 is used"),
    ("T", "2.5", 3, "T = 2.5 is not a whole number, so 3"),
    ("T", "3,5", 4, "T = 3.5 is not a whole number, so 4"),
    ("T", "0", 1, "T = 0 lies outside 1 … 1000, so 1 is used"),
    ("w", "1,234", 1.234, "w = “1,234” is read as 1.234, not as 1234"),
    *((("w", text, 1.5, f"w = “{text}” is not a number, so 1.5 stays")) for text in
      ("abc", "1_0", "١", "inf", "nan", "1e400", "1.2.3", "0x1", "1 2")),
])  # fmt: skip
def test_what_a_box_takes_otherwise_than_it_was_written_is_said(key, text, value, said):
    at = opened("chain", w="1.5")
    healthy(at.text_input(key=f"{key}_exact").set_value(text).run())
    assert at.slider(key=key).value == TABLE[key].shown(value)
    assert at.text_input(key=f"{key}_exact").value == str(value)
    [toast] = at.toast
    assert said in toast.value.replace("\\", "")


def test_an_emptied_box_keeps_its_number():
    at = opened("chain", w="1.5")
    healthy(at.text_input(key="w_exact").set_value("").run())
    assert at.slider(key="w").value == 1.5 and at.text_input(key="w_exact").value == "1.5" and not at.toast


@pytest.mark.parametrize(("key", "text", "value", "said"), [
    ("w", "1,5", 1.5, ""), ("w", "−0.5", -0.5, ""), ("w", "1_0", 2, "“1_0” is not a number, so the default 2 is used"),
    ("w", "١", 2, "“١” is not a number"), ("T", "2.5", 3, "is not a whole number, so 3 is used"),
    ("T", "3.5", 4, "is not a whole number, so 4 is used"), ("w", "+1e-3", 0.001, ""),
])  # fmt: skip
def test_an_address_is_read_as_a_box_is(key, text, value, said):
    at = healthy(opened("chain", **{key: text}))
    assert at.slider(key=key).value == value
    assert said in " ".join(toast.value.replace("\\", "") for toast in at.toast) and bool(at.toast) == bool(said)


@pytest.mark.parametrize(("text", "value", "said"), [
    ("1.5", 1.5, ""), ("1.3", 1.5, "b_net = 1.3 lies between steps of 0.5, so 1.5 is used"),
    ("1.2000001", 1, "so 1 is used"), ("0.25", 0.5, "so 0.5"), ("9", 5, "b_net = 9 lies outside 0 … 5, so 5 is used"),
])  # fmt: skip
def test_networks_are_computed_for_the_steps_of_their_slider_alone(text, value, said):
    by_box = opened("lstm").text_input(key="b_net_exact").set_value(text).run()
    for at in (healthy(opened("lstm", b_net=text)), healthy(by_box)):
        assert at.slider(key="b_net").value == value and at.text_input(key="b_net_exact").value == codec.text(value)
        assert said in "".join(toast.value.replace("\\", "") for toast in at.toast)


def test_the_address_holds_the_experiment():
    at = healthy(opened("chain", activation="tanh", w="1.5", T="20", t="20", h0="-0.25", sequence="sine", period="5"))
    e = Experiment(activation="tanh", w=1.5, T=20, t=20, h0=-0.25, sequence="sine", period=5.0)
    assert items(at)["chain"]["alt"].startswith("∂h₂₀/∂h₀ = ")
    drawn = trace_of(items(at)["chain"], "product")
    assert drawn["y"] == pytest.approx(run(e).flow.P.log10[:, 0, 0].tolist(), abs=1e-12)


def test_t_and_k_are_brought_into_the_unrolled_steps_and_the_page_says_so():
    at = healthy(opened("chain", t="3", k="99"))
    assert "k = 99 lies after t = 3" in items(at)["remarks"]["text"]


def test_a_list_that_is_too_long_is_cut_and_that_is_said():
    at = healthy(opened("chain", sequence="pasted"))
    healthy(at.text_input(key="values").set_value("0.5 " * 525).run())
    assert at.text_input(key="values").value == "0.5 " * 500
    assert "values has 2100 characters; the first 2000 are used" in at.toast[0].value.replace("\\", "")


def test_pasted_numbers_are_fed_and_a_word_among_them_is_named():
    at = healthy(opened("chain", sequence="pasted", values="1, 2 3;4"))
    assert "4 of your numbers" in items(at)["remarks"]["text"]
    healthy(at.text_input(key="values").set_value("1, ![](//a.bc/x.png)").run())
    [problem] = at.text  # plain text, never Markdown: it repeats what anybody may have put into a link
    assert problem.value.startswith("Number 2 must be a number, got “![](//a.bc/x.png)”")
    assert not at.toast


def test_a_list_with_decimal_commas_is_read_so_and_the_page_says_what_else_it_may_mean():
    at = healthy(opened("chain", activation="tanh", T="3", t="3", sequence="pasted", values="0,5; 1,25; -0,3"))
    assert slots(at, "chain-formula")["product"] == "0.001607"
    assert [text.value for text in at.text] == ["Read as 0.5, 1.25, −0.3."]
    [other] = [button for button in at.button if button.label.startswith("Read as")]
    assert other.label == "Read as 0, 5, 1, 25, −0, 3"
    healthy(other.click().run())
    assert at.text_input(key="values").value == "0, 5, 1, 25, -0, 3"
    assert slots(at, "chain-formula")["product"] == "2.861 × 10⁻⁷"
    assert not at.text and not [button for button in at.button if button.label.startswith("Read as")]


@pytest.mark.parametrize("text", ["0, 5, 1", "0.5 1.25\t-0.3", "1e-3; 2", "−0.5; −1.953 × 10⁻³"])
def test_a_list_with_one_meaning_is_read_without_a_word(text):
    at = healthy(opened("chain", T="3", t="3", sequence="pasted", values=text))
    assert not at.text and not [button for button in at.button if button.label.startswith("Read as")]


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda s: s.name)
def test_a_csv_in_either_convention_holds_every_digit(scenario, convention):
    columns = VIEWS[scenario.page].columns(scenario.experiment)
    between, decimal = CONVENTIONS[convention]
    back = pd.read_csv(io.StringIO(csv(columns, convention)), sep=between, decimal=decimal)
    pd.testing.assert_frame_equal(back, pd.DataFrame(dict(columns)), check_exact=True, check_dtype=False)


HOSTILE = ["nan", "inf", "-inf", "1e999", "", "x" * 10_000, "10**9", "<script>", "2,5", "0x10", "true",
           "99999999999999999999",
           "-1", "1.5", "👾", "%00", "None", "[]"]  # fmt: skip


ADDRESS = st.dictionaries(
    st.sampled_from([*TABLE, "unknown", "_choices"]),
    st.sampled_from(HOSTILE) | st.text(max_size=40) | st.floats().map(str) | st.integers().map(str),
    min_size=1,
    max_size=4,
)


@FEW_OR_MANY
def test_no_address_breaks_a_page(times):
    @settings(max_examples=times, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(page=st.sampled_from(list(PAGES)), url=ADDRESS)
    def opens(page, url):
        healthy(opened(page, **url))

    opens()


@pytest.mark.parametrize(("key", "value", "note"), [
    ("w", "nan", "not a number"), ("w", "1e999", "not a number"), ("w", "199", "outside"),
    ("T", "1000000000", "outside"),
    ("activation", "softmax9", "not one of its options"), ("activation", "y" * 10_000, "not one of its options"),
])  # fmt: skip
def test_a_hostile_address_is_answered_politely(key, value, note):
    at = healthy(opened("chain", **{key: value}))
    assert any(note in toast.value for toast in at.toast)


def test_a_value_out_of_range_is_clamped_to_the_nearest_limit():
    at = healthy(opened("chain", w="199", T="-5"))
    assert at.slider(key="w").value == 8.0 and at.slider(key="T").value == 1


BESIDE = ("held", "challenge")  # what a reader chooses beside an experiment


def test_widget_keys_are_the_names_of_the_experiments_fields():
    names = {field.name for field in fields(Experiment)}
    assert set(TABLE) == names - {"cell"} | {*BESIDE}


def test_defaults_of_the_table_are_the_experiments_own():
    as_text = {"cell", "values"}  # these have other types there, or no control
    assert {key: control.default for key, control in TABLE.items() if key not in {*as_text, *BESIDE}} == {
        key: value for key, value in vars(Experiment()).items() if key not in as_text
    }


def test_every_value_of_the_table_is_a_value_the_core_accepts():
    for key, control in ((key, c) for key, c in TABLE.items() if key not in BESIDE):
        ends = control.options or ((control.min, control.max) if control.kind == "slider" else ())
        for value in ends:
            Experiment(**{key: value})


def test_every_figure_of_every_page_has_a_sentence():
    for page in PAGES:
        for item in items(opened(page)).values():
            if item["kind"] == "figure":
                assert len(item["alt"]) > 20 and item["title"]
