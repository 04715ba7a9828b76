"""Experiments: one value or many, and what is refused."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, GATES
from rnn_core.experiment import RANGES, Experiment, inputs, nudged, run, sweep
from rnn_core.sequences import SEQUENCES, parse_numbers

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

KIND = {field.name: field.type for field in fields(Experiment)}
CHOICES = {"cell": CELLS, "activation": ACTIVATIONS, "sequence": SEQUENCES} | {
    name: ("pinned", "computed") for name in KIND if name.endswith("_mode")
}
NUMBERS = [name for name, kind in KIND.items() if kind in ("float", "int")]
SWEPT = [name for name in NUMBERS if name not in ("t", "k", "step")]
SEQUENCE_OF = {
    "amplitude": "constant",
    "period": "sine",
    "at": "impulse",
    "seed": "noise",
    "start": "sunspots",
}
ALL_COMPUTED = {name: "computed" for name in CHOICES if name.endswith("_mode")}
ALL_PINNED = {name: "pinned" for name in ALL_COMPUTED}

every_scenario = pytest.mark.parametrize("name", SCENARIOS)


def values_of(field):
    """Five values from a field's whole range, or from where things happen if the range is endless."""
    low, high = RANGES[field] if RANGES[field] != (-1e100, 1e100) else (-2.0, 2.0)
    if field == "T":
        return [0, 3, 9, 1, 9]
    if field == "at":
        return [1, 2, 9, 10, 100]
    if field == "period":
        return [0.5, 1.0, 3.0, 8.0, 1e6]
    if KIND[field] == "int":
        return [int(v) for v in np.linspace(low, high, 5)]
    return list(np.linspace(low, high, 5))


def assert_same(many, s, one, steps=None):
    """Position s of a sweep is the run on its own, to the last bit."""
    end = None if steps is None else steps + 1
    row = slice(None, steps)
    np.testing.assert_array_equal(np.broadcast_to(many.x, (len(many.x), many.trajectory.batch[0]))[row, s], one.x)
    np.testing.assert_array_equal(many.trajectory.s[:end, s], one.trajectory.s)
    np.testing.assert_array_equal(many.trajectory.z[row, s], one.trajectory.z)
    np.testing.assert_array_equal(many.flow.J[row, s], one.flow.J)
    if steps is None:
        np.testing.assert_allclose(many.flow.P.value[:, s], one.flow.P.value, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize("modes", [ALL_COMPUTED, ALL_PINNED, {}], ids=["computed", "pinned", "default"])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("field", SWEPT)
def test_a_sweep_is_the_loop_over_its_runs(field, cell, modes):
    """Also of a field that does not concern the cell: then all positions are equal."""
    activation = "leaky_relu" if field == "slope" else "tanh"
    sequence = SEQUENCE_OF.get(field, "noise")
    base = Experiment(cell=cell, activation=activation, T=9, sequence=sequence, h0=-0.4, c0=0.3, **modes)
    many = sweep(base, field, values_of(field))
    assert many.trajectory.batch == (5,)
    for s, value in enumerate(values_of(field)):
        one = run(replace(base, **{field: value}))
        assert_same(many, s, one, value if field == "T" else None)


def test_a_sweep_of_T_lets_every_position_run_to_the_longest_on_zeros():
    many = sweep(Experiment(sequence="constant", w=0.5), "T", [2, 4])
    assert many.x.tolist() == [[1, 1], [1, 1], [0, 1], [0, 1]]


@pytest.mark.parametrize(
    "field", ["t", "k", "step", "values", "pin_all", "cell", "f_mode", "activation", "nothing", ""]
)
def test_what_changes_no_number_of_the_run_cannot_be_swept(field):
    with pytest.raises(ValueError, match="field must be a number that changes the run, got"):
        sweep(Experiment(), field, [1, 2])


def test_a_sweep_checks_its_values():
    with pytest.raises(ValueError, match="a sweep of w needs at least one value, got none"):
        sweep(Experiment(), "w", [])
    with pytest.raises(ValueError, match=r"w must be from -1e\+100 to 1e\+100, got nan"):
        sweep(Experiment(), "w", [1.0, math.nan])
    with pytest.raises(ValueError, match=r"T must be a whole number from 0 to 10000, got 2\.5"):
        sweep(Experiment(), "T", [2.5])


# --- values and names ------------------------------------------------------------------------------


def test_the_default_is_the_explosion_in_one_page():
    assert run(Experiment()).flow.P.value[0, 0, 0] == 1024


def test_equal_choices_are_one_experiment_and_one_run():
    a, b = Experiment(w=2, T=10.0, values=[1, 2]), Experiment(w=2.0, T=10, values=(1.0, 2.0))
    assert a == b
    assert hash(a) == hash(b)
    assert run(a) is run(b)
    assert a != replace(a, w=2.5)
    assert {a: 1}[b] == 1


def test_a_shared_run_cannot_be_changed():
    for cell in CELLS:
        tr = run(Experiment(cell=cell, T=3)).trajectory
        for array in (tr.x, tr.s, tr.h, tr.z, tr.gates):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1.0


@pytest.mark.parametrize("text", ["1_000", "١٢", "1 ２"])
def test_pasted_numbers_are_written_in_plain_digits(text):
    with pytest.raises(ValueError, match="must be a number, got"):
        parse_numbers(text)


def test_an_experiment_cannot_be_changed():
    with pytest.raises(AttributeError):
        Experiment().w = 3.0


@pytest.mark.parametrize(
    ("T", "t", "k", "end", "begin"),
    [
        (10, 10, 0, 10, 0),
        (5, 10, 0, 5, 0),
        (5, 10, 8, 5, 5),
        (9, 4, 6, 4, 4),
        (9, 4, 2, 4, 2),
        (0, 3, 3, 0, 0),
    ],
)
def test_the_chain_ends_within_the_run_and_begins_before_it_ends(T, t, k, end, begin):
    result = run(Experiment(T=T, t=t, k=k))
    assert (result.t, result.k) == (end, begin)
    assert (result.experiment.end, result.experiment.begin) == (end, begin)


@pytest.mark.parametrize("field", NUMBERS)
def test_a_number_may_take_both_ends_of_its_range_and_nothing_beyond(field):
    low, high = RANGES.get(field, (-1e100, 1e100))
    for end in (low, high):
        assert getattr(Experiment(**{field: end}), field) == end
    for beyond in (
        low - max(1, abs(low)) * 1e-6,
        high + max(1, abs(high)) * 1e-6,
        math.nan,
        math.inf,
        -math.inf,
    ):
        with pytest.raises(ValueError, match=f"^{field} must be ") as error:
            Experiment(**{field: beyond})
        assert repr(beyond) in str(error.value)
        assert f"from {low:g} to {high:g}" in str(error.value) or f"from {low} to {high}" in str(error.value)


@pytest.mark.parametrize("field", CHOICES)
def test_a_choice_must_be_one_of_its_names(field):
    for name in CHOICES[field]:
        assert getattr(Experiment(**{field: name}), field) == name
    for bad in (
        "",
        "nothing",
        next(iter(CHOICES[field])).upper(),
        None,
        3,
        math.nan,
        ["rnn"],
        np.array(["rnn", "gru"]),
    ):
        with pytest.raises(ValueError, match=f"^{field} must be one of ") as error:
            Experiment(**{field: bad})
        assert all(name in str(error.value) for name in CHOICES[field])


ANYTHING = st.one_of(
    st.floats(),
    st.integers(),
    st.integers(10**400, 10**401),
    st.just(10**5000),
    st.text(max_size=20),
    st.sampled_from(["1e999", "nan", "-inf", "0x1", "1_0", "٣", "", None, True, 1j, b"1", [1], (1, 2), {}, object]),
    st.just(np.array([1.0, 2.0])),
    st.just(np.array([1.0])),
    st.just(np.float32(0.5)),
)


@given(st.sampled_from(sorted(KIND)), ANYTHING)
def test_whatever_is_given_becomes_a_valid_field_or_a_readable_refusal(field, value):
    try:
        experiment = Experiment(**{field: value})
    except ValueError as error:
        assert str(error).startswith(field)
        assert "must be" in str(error)
        assert "got" in str(error)
        assert len(str(error)) < 400
    else:
        kept = getattr(experiment, field)
        if field in NUMBERS:
            low, high = RANGES.get(field, (-1e100, 1e100))
            assert low <= kept <= high
            assert type(kept).__name__ == KIND[field]
        elif field in CHOICES:
            assert kept in CHOICES[field]
        hash(experiment)


@given(
    st.fixed_dictionaries(
        {name: st.sampled_from(sorted(names)) for name, names in CHOICES.items()}
        | {name: st.floats(*RANGES.get(name, (-1e100, 1e100))) for name in NUMBERS if KIND[name] == "float"}
    ),
    st.integers(0, 12),
)
@settings(max_examples=150)
def test_every_experiment_runs_without_a_nan_or_a_warning(choices, T):
    result = run(Experiment(T=T, **choices))
    assert not np.isnan(result.trajectory.s).any()
    assert not np.isnan(result.flow.P.log).any()
    assert not np.isnan(result.flow.J).any()


def test_too_many_or_impossible_numbers_are_refused():
    with pytest.raises(ValueError, match="values must be at most 10000 numbers, got 10001"):
        Experiment(values=(0.0,) * 10_001)
    with pytest.raises(ValueError, match=r"values\[1\] must be from -1e\+100 to 1e\+100, got inf"):
        Experiment(values=(0.0, math.inf))
    for bad in ("12", 5, None):
        with pytest.raises(ValueError, match="values must be a sequence of at most 10000 numbers, got"):
            Experiment(values=bad)


def test_more_steps_than_sunspots_are_refused_when_they_are_read():
    with pytest.raises(ValueError, match="T must be from 0 to 309 for the sunspot numbers, got 400"):
        run(Experiment(sequence="sunspots", T=400))


def test_pinning_all_gates_overrules_their_modes():
    pinned, all_pinned = Experiment(cell="lstm", **ALL_PINNED), Experiment(cell="lstm", pin_all=True)
    np.testing.assert_array_equal(run(pinned).trajectory.s, run(all_pinned).trajectory.s)
    assert all(all_pinned.pins(q) for q in GATES)
    assert not Experiment().pins("i")


# --- what a run is ---------------------------------------------------------------------------------


def test_a_gated_run_follows_the_written_equations():
    e = Experiment(cell="lstm", T=4, sequence="sine", c0=0.2, w_f=0.7, u_f=-0.3, **ALL_COMPUTED)
    c, h = e.c0, e.h0
    for t, x in enumerate(inputs(e)):
        z = {q: getattr(e, f"w_{q}") * h + getattr(e, f"u_{q}") * x + getattr(e, f"b_{q}") for q in "ifgo"}
        i, f, o = (1 / (1 + math.exp(-z[q])) for q in "ifo")
        c = f * c + i * math.tanh(z["g"])
        h = o * math.tanh(c)
        assert run(e).trajectory.s[t + 1] == pytest.approx([c, h], rel=1e-14)
    e = Experiment(cell="gru", T=4, sequence="sine", u_r=0.4, w_z=-0.6, **ALL_COMPUTED)
    h = e.h0
    for t, x in enumerate(inputs(e)):
        r, z = (
            1 / (1 + math.exp(-(getattr(e, f"w_{q}") * h + getattr(e, f"u_{q}") * x + getattr(e, f"b_{q}"))))
            for q in "rz"
        )
        h = (1 - z) * math.tanh(e.w_n * r * h + e.u_n * x + e.b_n) + z * h
        assert run(e).trajectory.h[t + 1, 0] == pytest.approx(h, rel=1e-14)


@pytest.mark.parametrize("cell", CELLS)
def test_a_nudge_grows_by_the_product(cell):
    result = run(Experiment(cell=cell, activation="tanh", T=8, t=8, k=2, sequence="noise"))
    epsilon = 1e-7
    moved = (nudged(result, epsilon) - result.trajectory.h[2:])[:, 0] / epsilon
    want = result.flow.block(result.flow.products_from(2), "h", "h").value[:, 0, 0]
    np.testing.assert_allclose(moved, want, rtol=1e-5, atol=1e-7)


def test_a_nudge_of_an_infinite_state_changes_nothing():
    result = run(Experiment(w=10.0, T=400, t=400, k=390))
    assert np.isinf(nudged(result)).all()


@pytest.mark.parametrize("w", [0.5, 1.0, -2.0])
def test_beside_enormous_pasted_inputs_a_nudge_is_lost_and_nothing_overflows(w):
    result = run(Experiment(w=w, T=3, t=3, k=1, sequence="pasted", values=(1e99, -1e99, 1e99)))
    moved, h = nudged(result), [0.5]
    for x in inputs(result.experiment):
        h.append(w * h[-1] + x)  # by itself
    assert np.isfinite(moved).all()
    np.testing.assert_array_equal(moved[:, 0], h[1:])


# --- scenarios -------------------------------------------------------------------------------------


@every_scenario
def test_every_scenario_asks_its_question_and_runs(name):
    scenario = SCENARIOS[name]
    assert scenario.name == name
    assert scenario.title
    assert scenario.question.endswith("?")
    assert scenario.page
    result = run(scenario.experiment)
    log = result.flow.P.norm().log
    assert not np.isnan(log).any() and (log < np.inf).all()  # -inf: exactly 0
    assert result.k < result.t


def of(name, cell=None):
    experiment = SCENARIOS[name].experiment
    result = run(replace(experiment, cell=cell) if cell else experiment)
    return result, result.flow.products_to(result.t, result.k)


@pytest.mark.parametrize(
    ("name", "number", "tolerance"),
    [
        ("explosion", 1024, 0),
        ("vanishing", 1 / 1024, 0),
        ("tanh", 2.139e-7, 0.5e-10),
        ("unstable_point", 1024, 0),
        ("held_sigmoid", 1024, 0),
    ],
)
def test_chains_of_the_scenarios_give_the_numbers_they_promise(name, number, tolerance):
    _, products = of(name)
    assert abs(products.value[0, 0, 0] - number) <= tolerance


def test_the_saturated_sigmoid_gives_almost_nothing():
    assert of("saturated_sigmoid")[1].value[0, 0, 0] < 1e-6


@pytest.mark.parametrize(("f", "left"), [(0.5, 0.5**100), (0.9, 2.656e-5), (0.99, 0.36603), (1, 1)])
def test_forget_gates_of_the_scenarios_leave_what_they_promise(f, left):
    result, _ = of(f"forget_{f:g}")
    assert result.flow.total().value[0, 0, 0] == pytest.approx(left, rel=1e-4)
    assert result.flow.direct().value[0, 0] == pytest.approx(left, rel=1e-4)


def test_the_total_of_the_scenarios_exceeds_the_direct_path():
    for name in ("total_exceeds", "lstm_explodes"):
        flow = of(name)[0].flow
        assert flow.total().norm().log[0] > flow.direct_matrix().norm().log[0] + 0.5, name
    assert flow.total().value[0, 0, 0] > 1


def test_one_impulse_is_remembered_by_the_lstm():
    result, _ = of("lstm")
    assert result.flow.direct().value[0, 0] == pytest.approx(0.99**30, rel=1e-12)


def test_the_hidden_path_is_left_out_from_h_to_h():
    result, products = of("hidden_path", "lstm")
    assert result.flow.block(products, "h", "h").value[0, 0, 0] == 0
    assert result.flow.total().value[0, 0, 0] == pytest.approx(0.98**10, rel=1e-12)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_no_gate_cures_the_explosion(cell):
    assert of("all_explode", cell)[1].norm(2).log[0] > math.log(10)
