"""Mantissa and exponent: exact where float64 is, right where float64 ends."""

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_core.scaled import NOTHING, Scaled, align, bits_below, cumulative_products, ldexp, matrix_norm

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LISTS = st.lists(FLOATS, max_size=40)


def exact(scaled):
    """The number as a fraction, or the numbers as a list of fractions."""
    if np.ndim(scaled.mant):
        return [
            exact(Scaled(m, e))
            for m, e in zip(scaled.mant, np.broadcast_to(scaled.exp2, scaled.mant.shape), strict=True)
        ]
    return Fraction(float(scaled.mant)) * Fraction(2) ** int(scaled.exp2) if scaled.mant else Fraction(0)


@pytest.mark.parametrize(("factor", "power"), [(2.0, 10), (3.0, 25), (-2.0, 31), (0.5, 60), (10.0, 22), (-7.0, 18)])
def test_a_product_is_exact_as_long_as_float64_holds_it(factor, power):
    got = cumulative_products(Scaled.of(np.full(power, factor))).value
    assert got.tolist() == [float(Fraction(factor) ** j) for j in range(power + 1)]


def test_two_to_the_ten_is_1024():
    assert cumulative_products(Scaled.of(np.full(10, 2.0))).value[-1] == 1024


def test_a_power_of_two_stays_exact_over_ten_thousand_steps():
    for base in (2.0, 0.5, 4.0):
        products = cumulative_products(Scaled.of(np.full(10_000, base)))
        assert np.abs(products.mant).tolist() == [0.5] * 10_001
        assert (products.exp2 - 1).tolist() == [int(math.log2(base)) * j for j in range(10_001)]


@given(LISTS)
def test_a_running_product_agrees_with_fractions(numbers):
    products = exact(cumulative_products(Scaled.of(np.array(numbers))))
    want = Fraction(1)
    for j, got in enumerate(products):
        assert abs(got - want) <= abs(want) * Fraction(max(j - 1, 0), 2**53) * Fraction(101, 100)
        want *= Fraction(numbers[j]) if j < len(numbers) else 1


def test_products_longer_than_a_chunk_go_on_where_the_chunk_ended():
    factors = np.random.default_rng(0).uniform(-2, 2, 1537)
    products = cumulative_products(Scaled.of(factors))
    with mp.workdps(40):
        want = mp.mpf(1)
        for f, m, e in zip(factors, products.mant[1:], products.exp2[1:], strict=True):
            want *= mp.mpf(float(f))
            assert abs(mp.mpf(float(m)) * mp.mpf(2) ** int(e) - want) <= abs(want) * 1537 * mp.mpf(2) ** -53


def test_a_running_product_takes_factors_at_any_scale():
    products = cumulative_products(Scaled(np.array([12.0, 0.001, -3e200]), np.array([5, -2000, 1])))
    assert products.value[1] == 12 * 2**5
    assert products.log[3] == pytest.approx(math.log(12 * 0.001 * 3) + 200 * math.log(10) - 1994 * math.log(2))


def test_one_dead_step_makes_every_later_product_exactly_zero():
    products = cumulative_products(Scaled.of(np.array([3.0, 0.0, 1e300, 5.0])))
    assert products.value.tolist() == [1, 3, 0, 0, 0]
    assert products.log.tolist() == [0, math.log(3), -math.inf, -math.inf, -math.inf]
    assert products.log10.tolist() == [0, math.log10(3), -math.inf, -math.inf, -math.inf]


@given(FLOATS)
def test_a_float_comes_back_as_it_went_in(x):
    number = Scaled.of(np.array(x))
    assert number.value == x
    assert x == 0 or 0.5 <= abs(number.mant) < 1
    assert number.sign == np.sign(x)


@given(st.lists(FLOATS, min_size=1, max_size=6))
def test_a_block_comes_back_as_it_went_in_up_to_its_smallest_numbers(x):
    block = Scaled.of(np.array(x), axes=1)
    largest = max(map(abs, x))
    assert np.abs(block.value - x).max() <= largest * 2.0**-1070
    assert largest == 0 or 0.5 <= np.abs(block.mant).max() < 1


def test_value_overflows_to_infinity_and_underflows_through_subnormals_to_zero():
    got = Scaled(np.array([0.5, -0.5, 0.75, 0.5, 0.5]), np.array([1025, 1025, -1073, -1075, 10**12])).value
    assert got.tolist() == [math.inf, -math.inf, 0.75 * 2.0**-1073, 0.0, math.inf]


@given(st.floats(0.5, 1, exclude_max=True), st.integers(-4000, 4000))
def test_ldexp_rounds_once_like_the_standard_library(m, e):
    try:
        want = math.ldexp(m, e)
    except OverflowError:
        want = math.inf
    assert ldexp(np.array(m), np.array(e)) == want
    assert (ldexp(np.full(3000, m), np.full(3000, e)) == want).all()


@given(st.floats(0.5, 1, exclude_max=True), st.integers(-(10**6), 10**6))
def test_logarithms_are_true_far_beyond_float64(m, e):
    number = Scaled(np.array(m), np.array(e))
    with mp.workdps(40):
        x = mp.mpf(m) * mp.mpf(2) ** e
        assert abs(number.log - mp.log(x)) <= 4e-16 * max(1, abs(mp.log(x)))
        assert abs(number.log10 - mp.log10(x)) <= 4e-16 * max(1, abs(mp.log10(x)))


def test_logarithms_of_powers_of_ten_are_whole():
    assert Scaled.of(10.0 ** np.arange(23)).log10.tolist() == list(range(23))


def test_logarithms_serve_ordinary_and_extreme_numbers_side_by_side():
    log = Scaled(np.array([0.5, 0.0, 0.5, -0.5]), np.array([1, 0, 5000, -5000])).log
    np.testing.assert_allclose(log, [0.0, -math.inf, 4999 * math.log(2), -5001 * math.log(2)], rtol=1e-15)


@given(st.floats(-1e5, 1e5), st.sampled_from([-1.0, 1.0]))
def test_a_number_given_by_its_logarithm_has_that_logarithm(log, sign):
    number = Scaled.from_log(np.array(log), sign)
    assert abs(number.log - log) <= 4e-16 * max(1, abs(log))
    assert number.sign == sign


def test_the_logarithm_minus_infinity_is_an_exact_zero():
    assert Scaled.from_log(np.array([-math.inf, 0.0])).value.tolist() == [0.0, 1.0]


@given(FLOATS, FLOATS)
def test_multiplication_rounds_once_and_never_leaves_the_range(x, y):
    a, b = Scaled.of(np.array(x)), Scaled.of(np.array(y))
    want = Fraction(x) * Fraction(y)
    assert abs(exact(a * b) - want) <= abs(want) / 2**53
    if 1e-200 < abs(y) < 1e200 or y == 0:
        for product in (a * np.array(y), np.array(y) * a):
            assert abs(exact(product) - want) <= abs(want) / 2**53


@given(FLOATS, FLOATS, st.integers(-3000, 3000))
def test_addition_rounds_once_at_any_distance(x, y, shift):
    a, b = Scaled.of(np.array(x)), Scaled.of(np.array(y))
    b = Scaled(b.mant, b.exp2 + shift) if y else b
    want = Fraction(x) + Fraction(y) * Fraction(2) ** shift
    both = abs(Fraction(x)) + abs(Fraction(y) * Fraction(2) ** shift)
    assert abs(exact(a + b) - want) <= abs(want) / 2**53 + both / 2**1074


def test_zero_never_decides_the_exponent_of_a_sum():
    deep = Scaled(np.array(0.75), np.array(-5000))
    assert (deep + Scaled.of(np.array(0.0))).log == deep.log


def test_aligned_numbers_share_the_largest_exponent():
    a, b = align(Scaled(np.array([0.5]), np.array([3])), Scaled(np.array([0.75]), np.array([1])))
    assert a.exp2.tolist() == b.exp2.tolist() == [3]
    assert (a.mant[0], b.mant[0]) == (0.5, 0.1875)


def test_norms_see_matrices_that_float64_cannot_hold():
    M = np.random.default_rng(1).normal(size=(5, 3, 3))
    for shift in (-4000, 0, 4000):
        matrices = Scaled(M, np.full(5, shift))
        for order, name in (("fro", "fro"), (2, 2)):
            want = np.log([np.linalg.norm(m, name) for m in M]) + shift * np.log(2)
            np.testing.assert_allclose(matrices.norm(order).log, want, rtol=1e-14, atol=1e-14)


def test_vector_norm_takes_one_exponent_a_vector_or_one_a_number():
    shared = Scaled(np.array([[3.0, 4.0]]), np.array([2000]))
    own = Scaled(np.array([[0.75, 0.5]]), np.array([[2002, 2003]]))
    for vectors in (shared, own):
        assert vectors.vector_norm().log[0] == pytest.approx(math.log(5) + 2000 * math.log(2), rel=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_spectral_norm_of_a_2x2_matrix_has_a_closed_form(seed):
    M = np.random.default_rng(seed).normal(size=(200, 2, 2)) * 10.0 ** np.arange(-100, 100)[:, None, None]
    M = np.concatenate([M, [[[0, 0], [0, 0]], [[0, 10], [0, 0]], [[1, 0], [0, 1]], [[1, 1], [1, 1]]]])
    want = [np.linalg.svd(m, compute_uv=False)[0] for m in M]
    np.testing.assert_allclose(matrix_norm(M, 2), want, rtol=2e-15)


def with_values(values, rng):
    """A random matrix with these singular values."""
    n = len(values)
    U, V = (np.linalg.qr(rng.normal(size=(n, n)))[0] for _ in range(2))
    return U * np.asarray(values) @ V


@pytest.mark.parametrize("n", [3, 8, 17, 40, 130])
def test_spectral_norm_is_the_largest_singular_value_whether_it_leads_or_hides(n):
    rng, rest = np.random.default_rng(n), np.linspace(0.5, 0.1, n - 2)
    spectra = [
        np.ones(n),
        [1, 1 - 1e-9, *rest],  # a pair that looks like one value
        [1, 1 - 1e-5, *rest],
        [1, 0.99, *rest],
        [1, 1e-8, *0 * rest],
        1 - 1e-9 * np.arange(n),
        0.9 ** np.arange(n),
        0.01 ** np.arange(n),
        np.arange(n),
    ]
    M = np.stack([with_values(values, rng) for values in spectra] + [rng.normal(size=(n, n)) for _ in range(20)])
    M = np.concatenate([M, M * 1e-200, M * 1e150, np.zeros((1, n, n)), np.eye(n)[None], np.eye(n, k=1)[None]])
    want = np.linalg.svd(M, compute_uv=False)[:, 0]
    np.testing.assert_allclose(matrix_norm(M, 2), want, rtol=1e-14)
    assert matrix_norm(M[:, None], 2).shape == (len(M), 1)
    assert matrix_norm(M[:0], 2).shape == (0,)


def test_a_long_stack_of_matrices_is_a_stack_of_short_ones():
    M = np.random.default_rng(0).normal(size=(40, 130, 130))
    np.testing.assert_allclose(matrix_norm(M, 2), [matrix_norm(m, 2) for m in M], rtol=1e-15)


def test_what_is_not_shifted_is_shared_and_cannot_be_written():
    M = np.ones((2000, 1))
    same = ldexp(M, np.zeros((2000, 1)))
    assert np.shares_memory(same, M)
    with pytest.raises(ValueError, match="read-only"):
        same[0] = 2.0
    assert M.flags.writeable
    assert not np.shares_memory(ldexp(M, np.ones((2000, 1))), M)


def test_blocks_of_ordinary_size_stay_as_they_are():
    mild = Scaled(np.array([[3.0, 4.0], [1e-20, 0.0]]), np.array([7, -4000]))
    assert mild.mild() is mild
    for odd in (1e-40, 1e40, 0.0):
        got = Scaled(np.array([[3.0, 4.0], [odd, 0.0]]), np.array([7, -4000])).mild()
        assert np.abs(got.mant).max() < 1
        np.testing.assert_allclose(got.log[1, 0], math.log(odd) - 4000 * math.log(2) if odd else -math.inf, rtol=1e-14)


def test_blocks_of_nothing_stay_beside_blocks_of_ordinary_size():
    mild = Scaled(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([7, NOTHING]))
    assert mild.mild() is mild


def test_numbers_of_ordinary_size_are_plain_and_others_as_they_are():
    x = np.array([[3.0, -1e-20], [0.0, 0.0]])
    plain = Scaled.of(x).plain(1)
    np.testing.assert_array_equal(plain.mant, x)
    assert plain.exp2.tolist() == [0, NOTHING]  # zeros never win an alignment
    for odd in (1e-290, 1e200):
        numbers = Scaled.of(np.array([[3.0, 4.0], [odd, odd]]))
        assert numbers.plain(1) is numbers
    lost = Scaled(np.array([[0.5, 0.5]]), np.array([[0, -2000]]))  # beside the first, the second is 0 as a float
    assert lost.plain(1) is lost


@pytest.mark.parametrize("n", [3, 100_000])
def test_bits_are_those_of_the_smallest_number_but_0(n):
    x = np.zeros(n)
    assert bits_below(x) == 0
    x[:2] = 3.0, -(2.0**-70)
    assert bits_below(x) == 70
    x[2] = 5e-324
    assert bits_below(x) == 1074


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="order must be 'fro' or 2, got 'nuc'"):
        matrix_norm(np.eye(3), "nuc")


def test_normalising_changes_no_number_and_bounds_the_mantissa():
    M = np.random.default_rng(2).normal(size=(4, 2, 3)) * 1e30
    for axes, shape in ((0, (4, 2, 3)), (1, (4, 2)), (2, (4,)), (3, ())):
        got = Scaled(M, np.full(shape, 7)).normalised()
        assert np.array_equal(got.value, M * 2**7)
        largest = np.abs(got.mant).max(axis=tuple(range(3 - axes, 3))) if axes else np.abs(got.mant)
        assert ((largest >= 0.5) & (largest < 1)).all()
