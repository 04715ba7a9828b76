"""Activations and slopes against 50-digit arithmetic."""

import mpmath as mp
import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS, activation, leaky_relu
from tests.precise import VALUE_AND_SLOPE

mp.mp.dps = 50


def truth(name, z):
    """φ(z)."""
    return VALUE_AND_SLOPE[name](mp.mpf(z))[0]


def truth_of_slope(name, z):
    """φ'(z)."""
    return mp.mpf(VALUE_AND_SLOPE[name](mp.mpf(z))[1])


MAGNITUDES = np.concatenate([np.geomspace(1e-300, 1e-3, 40), np.geomspace(1e-3, 700, 160), np.linspace(0.01, 40, 60)])
Z = np.concatenate([-MAGNITUDES[::-1], [0.0], MAGNITUDES])
SMOOTH = [name for name, φ in ACTIVATIONS.items() if not φ.kinks and name != "identity"]
DEEP = np.array([-1e5, -800.0, 800.0, 1e5])

every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def relative(got, want):
    """Relative error, measured in 50 digits; 0 where both are 0."""
    return max(float(abs((mp.mpf(float(g)) - w) / w)) if w else float(g != 0) for g, w in zip(got, want, strict=True))


@every_activation
def test_slope_has_15_digits_even_deep_in_saturation(name):
    z = Z[[truth_of_slope(name, z) == 0 or truth_of_slope(name, z) > 1e-307 for z in Z]]
    assert relative(ACTIVATIONS[name].slope(z), [truth_of_slope(name, z) for z in z]) <= 1e-15


@every_activation
def test_slope_is_a_subnormal_or_zero_where_float64_ends(name):
    for z, got in zip(Z, ACTIVATIONS[name].slope(Z), strict=True):
        assert abs(got - truth_of_slope(name, z)) <= max(1e-15 * truth_of_slope(name, z), mp.mpf("1e-322"))


@every_activation
def test_value_has_15_digits_of_the_larger_of_value_and_one(name):
    got = ACTIVATIONS[name].phi(Z)
    for z, y in zip(Z, got, strict=True):
        want = truth(name, z)
        assert abs(mp.mpf(float(y)) - want) <= 1e-15 * max(abs(want), mp.mpf(1) if name == "hardsigmoid" else abs(want))


@every_activation
def test_log_slope_is_true_where_the_slope_itself_underflows(name):
    z = np.concatenate([Z, DEEP])
    want = [truth_of_slope(name, z) for z in z]
    got = ACTIVATIONS[name].log_slope(z)
    for g, w in zip(got, want, strict=True):
        exact = mp.log(w) if w else mp.mpf("-inf")
        assert g == exact or abs(g - exact) <= 2e-15 * max(1, abs(exact))


@every_activation
def test_scaled_slope_keeps_its_digits_beyond_underflow(name):
    z = np.concatenate([Z, DEEP])
    got = ACTIVATIONS[name].scaled_slope(z)
    for m, e, at in zip(got.mant, got.exp2, z, strict=True):
        want = truth_of_slope(name, at)
        # the exponent of e^-z is itself rounded: relative error |z| ulp once float64 alone no longer holds it
        allowed = 1e-15 if abs(at) < 300 else 4e-16 * abs(at)
        assert abs(mp.mpf(float(m)) * mp.mpf(2) ** int(e) - want) <= allowed * want


@pytest.mark.parametrize("name", [name for name, φ in ACTIVATIONS.items() if φ.log_phi is not None])
def test_log_of_the_value_is_true_where_the_value_underflows(name):
    z = np.concatenate([Z, DEEP])
    with mp.workdps(400):
        want = np.array([float(mp.log(truth(name, z))) for z in z])
    np.testing.assert_allclose(ACTIVATIONS[name].log_phi(z), want, rtol=2e-15)


@every_activation
def test_slope_never_exceeds_its_maximum_and_attains_it(name):
    φ = ACTIVATIONS[name]
    slopes = np.abs(φ.slope(np.concatenate([Z, np.linspace(-5, 5, 100_001)])))
    assert slopes.max() == φ.max_slope


@every_activation
def test_values_stay_within_the_limits_and_come_near_each(name):
    φ = ACTIVATIONS[name]
    y = φ.phi(np.array([-1e90, *Z, 1e90]))
    low, high = φ.limits
    assert low <= y.min()
    assert y.max() <= high
    assert y.min() == low if np.isfinite(low) else y.min() <= -1e87
    assert y.max() == high if np.isfinite(high) else y.max() >= 1e87
    assert φ.bounded == (np.isfinite(low) and np.isfinite(high))


@every_activation
def test_functions_follow_arrays_of_any_shape(name):
    φ = ACTIVATIONS[name]
    for shape in ((), (0,), (2, 3, 4)):
        z = np.full(shape, -0.25)
        assert np.shape(φ.phi(z)) == np.shape(φ.slope(z)) == np.shape(φ.log_slope(z)) == shape


@every_activation
def test_function_neither_warns_nor_forgets_at_the_ends_of_float64(name):
    φ = ACTIVATIONS[name]
    z = np.array([-1.7e308, -1e100, -0.0, 0.0, 5e-324, 1e100, 1.7e308])
    with np.errstate(under="ignore", over="raise", invalid="raise", divide="raise"):
        assert not np.isnan(φ.phi(z)).any()
        assert not np.isnan(φ.slope(z)).any()


KINKS = {
    "relu": [(0.0, 0.0)],
    "leaky_relu": [(0.0, 0.01)],
    "hardtanh": [(-1.0, 0.0), (1.0, 0.0)],
    "hardsigmoid": [(-3.0, 0.0), (3.0, 0.0)],
}


@every_activation
def test_slope_at_a_kink_is_the_one_of_pytorch(name):
    φ = ACTIVATIONS[name]
    if name in VALUE_AND_SLOPE:  # else nobody here knows what PyTorch does
        assert list(φ.kinks) == [z for z, _ in KINKS.get(name, [])]
    for z in φ.kinks:
        slope = dict(KINKS.get(name, [])).get(z, float(truth_of_slope(name, z)))
        assert φ.slope(np.array([z, -0.0 if z == 0 else z])).tolist() == [slope, slope]


@every_activation
def test_a_slope_rises_up_to_0_and_falls_beyond(name):
    """As the scalar map takes for granted when it looks for fixed points."""
    outwards = np.sort(MAGNITUDES)
    for side in (outwards, -outwards):
        assert (np.diff(ACTIVATIONS[name].slope(side)) <= 1e-15).all()


def test_slope_on_either_side_of_a_kink_is_that_of_its_side():
    for name, points in KINKS.items():
        for z, _ in points:
            for side in (np.nextafter(z, -np.inf), np.nextafter(z, np.inf)):
                assert ACTIVATIONS[name].slope(np.array(side)) == pytest.approx(
                    float(truth_of_slope(name, side)), rel=1e-15
                )


def test_slope_of_sigmoid_is_at_most_a_quarter_at_zero():
    assert activation("sigmoid").slope(np.array(0.0)) == activation("sigmoid").max_slope == 0.25


def test_leaky_relu_takes_one_slope_for_each_position_of_a_slider():
    φ = leaky_relu(np.array([0.0, 0.2, 1.0])[:, None])
    assert φ.phi(np.full((3, 1), -2.0)).ravel().tolist() == [0.0, -0.4, -2.0]
    assert φ.slope(np.full((3, 1), -2.0)).ravel().tolist() == [0.0, 0.2, 1.0]
    assert activation("leaky_relu", 0.3).slope(np.array(0.0)) == 0.3


@pytest.mark.parametrize("slope", [-0.1, 1.1, np.nan, np.inf, -np.inf, [0.5, 2.0]])
def test_slope_outside_its_range_is_refused_by_name_value_and_range(slope):
    with pytest.raises(ValueError, match=r"slope must be a number from 0 to 1, got") as error:
        activation("leaky_relu", slope)
    assert str(np.ravel(slope)[-1]) in str(error.value)


@pytest.mark.parametrize("name", ["", "Tanh", "softplus", None, 3])
def test_unknown_activation_is_refused_with_the_known_names(name):
    with pytest.raises(ValueError, match="activation must be one of identity, tanh") as error:
        activation(name)
    assert repr(name) in str(error.value)
