"""Input sequences: the shipped data, windows, generated and pasted numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_core.experiment import Experiment, inputs, run
from rnn_core.sequences import (
    MAX_NUMBERS,
    SEQUENCES,
    YEARS,
    first_year,
    parse_numbers,
    standardised,
    sunspots,
)

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

# yearly means of the World Data Center SILSO, version 1
KNOWN = {1700: 5, 1701: 11, 1702: 16, 1703: 23, 2006: 15.2, 2007: 7.5, 2008: 2.9}
every_sequence = pytest.mark.parametrize("name", SEQUENCES)


def given_to(name, T, **choices):
    return SEQUENCES[name].make(T, vars(Experiment(sequence=name, **choices)))


def test_shipped_sunspots_are_the_yearly_means():
    assert sunspots().shape == (YEARS[1] - YEARS[0] + 1,) == (309,)
    assert {year: sunspots()[year - YEARS[0]] for year in KNOWN} == KNOWN
    assert sunspots().min() == 0
    assert sunspots().max() == sunspots()[1957 - 1700] == pytest.approx(190.2)  # the highest mean on record


@every_sequence
@pytest.mark.parametrize("T", [0, 1, 7, 100])
def test_every_sequence_gives_one_finite_number_a_step(name, T):
    x = given_to(name, T, values=(1.0, 2.0))
    assert x.shape == (T,)
    assert x.dtype == float
    assert np.isfinite(x).all()
    raw = SEQUENCES[name].raw
    assert raw is None or raw(T, vars(Experiment())).shape == (T,)


@every_sequence
def test_every_sequence_is_titled_and_depends_on_its_own_parameters_only(name):
    sequence = SEQUENCES[name]
    assert sequence.name == name
    assert sequence.title
    base = {"amplitude": 1.0, "period": 8.0, "at": 1, "seed": 0, "start": 1900, "values": (1.0,)}
    other = {"amplitude": 2.5, "period": 5.0, "at": 3, "seed": 1, "start": 1800, "values": (2.0, 3.0)}
    for parameter in base:
        same = np.array_equal(sequence.make(12, base), sequence.make(12, base | {parameter: other[parameter]}))
        assert same == (parameter not in sequence.parameters), parameter


@every_sequence
def test_a_sequence_is_what_the_network_is_fed(name):
    experiment = Experiment(sequence=name, T=20, values=(0.5, -1.0), u=3.0, w=0.0)
    assert np.array_equal(run(experiment).trajectory.h[1:, 0], 3 * inputs(experiment))


def test_made_up_sequences_are_what_they_are_called():
    assert given_to("none", 3).tolist() == [0, 0, 0]
    assert given_to("constant", 3, amplitude=-2.0).tolist() == [-2, -2, -2]
    assert given_to("impulse", 4, amplitude=3.0, at=2).tolist() == [0, 3, 0, 0]
    assert given_to("impulse", 4, at=5).tolist() == [0, 0, 0, 0]
    np.testing.assert_allclose(given_to("sine", 8, amplitude=2.0), [2 * math.sin(math.pi * t / 4) for t in range(1, 9)])
    assert given_to("pasted", 3, values=(4.0, 5.0)).tolist() == [4, 5, 0]
    assert given_to("pasted", 1, values=(4.0, 5.0)).tolist() == [4]


def test_noise_is_standard_normal_and_repeats_with_its_seed():
    x = given_to("noise", 10_000, seed=3)
    assert np.array_equal(x, given_to("noise", 10_000, seed=3))
    assert not np.array_equal(x, given_to("noise", 10_000, seed=4))
    assert abs(x.mean()) < 0.05
    assert abs(x.std() - 1) < 0.05
    assert np.array_equal(given_to("noise", 5, seed=3, amplitude=2.0), 2 * x[:5])


@pytest.mark.parametrize(
    ("T", "start", "first"),
    [
        (10, 1900, 1900),
        (10, 2008, 1999),
        (10, 1999, 1999),
        (309, 2008, 1700),
        (1, 2008, 2008),
        (0, 2008, 2008),
    ],
)
def test_a_window_moves_back_where_the_data_end(T, start, first):
    assert first_year(T, start) == first
    raw = SEQUENCES["sunspots"].raw(T, {"start": start})
    assert raw.tolist() == sunspots()[first - 1700 : first - 1700 + T].tolist()


def test_a_window_outside_the_data_is_refused():
    with pytest.raises(ValueError, match="T must be from 0 to 309 for the sunspot numbers, got 310"):
        first_year(310, 1700)
    for start in (1699, 2009):
        with pytest.raises(ValueError, match=f"start must be from 1700 to 2008, got {start}"):
            first_year(10, start)


def test_sunspots_are_fed_standardised_over_their_window():
    x = given_to("sunspots", 50, start=1850)
    assert abs(x.mean()) < 1e-14
    assert x.std() == pytest.approx(1, rel=1e-14)
    assert np.corrcoef(x, sunspots()[150:200])[0, 1] == pytest.approx(1, rel=1e-14)


def test_what_does_not_vary_is_standardised_to_zero():
    assert standardised(np.full(4, 7.0)).tolist() == [0, 0, 0, 0]
    assert standardised(np.array([0.1] * 3)).tolist() == [0, 0, 0]
    assert standardised(np.zeros(0)).tolist() == []
    assert given_to("sunspots", 1).tolist() == [0]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1, 2;3\n4\t5", (1, 2, 3, 4, 5)),
        ("  -1.5e-3 ,,; +2 ", (-0.0015, 2)),
        ("", ()),
        (" ,;\n", ()),
        ("1e100 -1E+100", (1e100, -1e100)),
        ("5e-324 0x"[:6], (5e-324,)),
    ],
)
def test_numbers_may_be_separated_by_commas_semicolons_or_space(text, numbers):
    assert parse_numbers(text) == numbers


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 two 3", "number 2 must be a number, got “two”"),
        ("0x10", "number 1 must be a number, got “0x10”"),
        ("nan", "number 1 must be from -1e100 to 1e100, got “nan”"),
        ("1 2 inf", "number 3 must be from -1e100 to 1e100, got “inf”"),
        ("-1e999", "number 1 must be from -1e100 to 1e100, got “-1e999”"),
        ("1e101", "number 1 must be from -1e100 to 1e100"),
        ("1.2.3", "number 1 must be a number"),
        ("1" * 500, "number 1 must be from -1e100 to 1e100, got “1111111111111111111…”"),
        ("<script>alert(1)</script>", "number 1 must be a number, got “<script>alert(1)</s…”"),
        ("1\x002", "number 1 must be a number"),
        ("1 " * (MAX_NUMBERS + 1), "at most 10000 numbers can be pasted, got 10001"),
    ],
)
def test_the_first_word_that_is_no_number_is_named(text, message):
    with pytest.raises(ValueError) as error:
        parse_numbers(text)
    assert message in str(error.value)


@given(st.text(max_size=60))
def test_no_text_does_worse_than_a_readable_refusal(text):
    try:
        numbers = parse_numbers(text)
    except ValueError as error:
        assert "number" in str(error)
    else:
        assert all(abs(number) <= 1e100 for number in numbers)


@given(st.lists(st.floats(-1e100, 1e100), max_size=30), st.sampled_from([" ", ",", "; ", "\n", "\t"]))
def test_pasted_numbers_come_back_to_the_last_bit(numbers, separator):
    assert parse_numbers(separator.join(map(repr, numbers))) == tuple(numbers)
