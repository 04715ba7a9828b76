"""Numbers as people type and paste them."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pages.controls.reading import number, numbers, plainly, shown

FINITE = st.floats(-1e100, 1e100)
LISTS = st.lists(FINITE, min_size=2, max_size=12)
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def grouped(digits, mark):
    """1234567 as 1 234 567"""
    return re.sub(r"(?<=\d)(?=(\d{3})+$)", mark, digits)


def spelled(x, decimal=".", group="", minus="-", power="e"):
    """A number, every digit of it, in somebody's notation."""
    sign, digits, exponent = re.fullmatch(r"(-?)([\d.]+)(?:e([-+]\d+))?", repr(x)).groups()
    whole, _, part = digits.partition(".")
    text = (minus if sign else "") + grouped(whole, group) + (decimal + part if part else "")
    if exponent is None:
        return text
    n = int(exponent)
    return text + {
        "e": f"e{n}",
        "E": f"E{n:+03d}",
        "×": f" × 10{str(n).translate(RAISED)}",
        "^": f"*10^{n}",
        "latex": rf"\times 10^{{{n}}}",
    }[power].replace("-", minus)


@given(
    LISTS,
    st.sampled_from([", ", " ", "; ", ";", "\t", "\n", "\r\n", " ;\t", ",\n"]),
    st.sampled_from(["", "\u202f", "\u2009", "\u00a0", "'", "’"]),
    st.sampled_from("-−–"),
    st.sampled_from("eE×^"),
)
def test_lists_with_a_decimal_point_come_back_without_a_doubt(given_numbers, between, group, minus, power):
    text = between.join(spelled(x, ".", group, minus, power) for x in given_numbers)
    readings = numbers(text)
    assert readings[0] == tuple(given_numbers)
    # a thin space alone may also stand between two numbers
    assert len(readings) == 1 or re.search(r"\d[\u202f\u2009\u00a0]\d", text)


@given(
    st.lists(st.floats(-1e80, 1e80), min_size=2, max_size=12),  # whichever way, no number is too large
    st.sampled_from(["; ", ";", "\t", "\n", " ", ";\n"]),
    st.sampled_from(["", "\u202f", "\u2009", "\u00a0", "’"]),
    st.sampled_from("-−–"),
    st.sampled_from("eE×^"),
)
def test_lists_with_a_decimal_comma_come_first_and_what_else_they_may_mean_is_known(
    given_numbers, between, group, minus, power
):
    text = between.join(spelled(x, ",", group, minus, power) for x in given_numbers)
    readings = numbers(text)
    assert readings[0] == tuple(given_numbers)
    # as the core would read it: every comma between two numbers
    assert len(readings) > 1 or "," not in text


@given(LISTS, st.sampled_from(["; ", "\t", "\n"]))
def test_points_part_the_digits_where_commas_are_decimal(given_numbers, between):
    words = [spelled(round(x % 1e7, 3) + 1000.5, ",", ".") for x in given_numbers]
    assume(all("e" not in word for word in words))
    assert numbers(between.join(words))[0] == tuple(round(x % 1e7, 3) + 1000.5 for x in given_numbers)


@given(st.lists(FINITE, max_size=30), st.sampled_from([" ", ", ", ";", "\n", "\t"]))
def test_what_the_app_writes_has_one_meaning(given_numbers, between):
    assert numbers(between.join(map(repr, given_numbers))) == (tuple(given_numbers),)
    text = plainly(tuple(given_numbers), 2000)
    assert numbers(text) == (tuple(given_numbers),)


@given(FINITE, st.sampled_from(".,"), st.sampled_from("-−–"), st.sampled_from(["e", "E", "×", "^", "latex"]))
def test_one_number_comes_back_to_the_last_bit(x, decimal, minus, power):
    assert number(f" {spelled(x, decimal, '', minus, power)} ")[0] == x


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("0, 5, 1", [(0, 5, 1)]),
        ("0,5,1", [(0, 5, 1)]),
        ("1, 2 3;4", [(1, 2, 3, 4)]),
        ("0.5,1.25", [(0.5, 1.25)]),
        ("0,5; 1,25; -0,3", [(0.5, 1.25, -0.3), (0, 5, 1, 25, -0.0, 3)]),
        ("0,5\t1,25\t-0,3", [(0.5, 1.25, -0.3), (0, 5, 1, 25, -0.0, 3)]),
        ("0,5; 1.25", [(0.5, 1.25), (0, 5, 1.25)]),
        ("1,5", [(1, 5), (1.5,)]),
        ("0, 5,1", [(0, 5, 1), (0, 5.1)]),
        ("1,5, 2,5", [(1.5, 2.5), (1, 5, 2, 5)]),
        ("1,234.5; 2,000.1", [(1234.5, 2000.1), (1, 234.5, 2, 0.1)]),
        ("1.234,5; 2.000", [(1234.5, 2000), (1234.5, 2), (1.234, 5, 2)]),
        ("100\u202f200", [(100200,), (100, 200)]),
        ("100 200", [(100, 200)]),
        ("0.5\u00a01.2", [(0.5, 1.2)]),
        ("−1.953 × 10⁻³ 10⁻⁷; −10⁻²", [(-0.001953, 1e-7, -0.01)]),
        ("", [()]),
        (" ,;\n", [()]),
    ],
)
def test_a_list_means_this(text, readings):
    assert list(numbers(text)) == readings


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1,5", (1.5,)), ("−0.5", (-0.5,)), ("- 0.5", (-0.5,)), (",5", (0.5,)), ("1 850", (1850,)),
        ("1,850", (1.85, 1850)),
        ("1.234,5", (1234.5,)), ("1,234.5", (1234.5,)), ("1.234", (1.234,)), ("1'000", (1000,)), ("10⁻³", (0.001,)),
        *((text, ()) for text in ("1_0", "١", "１", "½", "abc", "inf", "nan", "", "1 2", "1,2,3", "0x1", "1 × 103")),
    ],
)  # fmt: skip
def test_one_number_means_this(text, readings):
    assert number(text) == readings


@given(st.text(alphabet="0123456789.,;-+−eE×10⁻³' \u202f\t'’^*x", max_size=60))
def test_no_text_does_worse_than_a_readable_refusal(text):
    try:
        readings = numbers(text)
    except ValueError as error:
        assert "number" in str(error)
    else:
        assert len(set(readings)) == len(readings) >= 1
    assert all(isinstance(x, float) for x in number(text))


def test_a_long_list_is_shown_by_its_beginning():
    assert shown((0.5, -1.0)) == "0.5, −1"
    assert shown(tuple(map(float, range(130)))) == "0, 1, 2, 3, 4, 5, … (130 numbers)"
    assert plainly((1.0, 2.0), 4) == "1, 2" and plainly((1.0, 2.0), 3) == "1 2" and plainly((1.0, 2.0), 2) is None
