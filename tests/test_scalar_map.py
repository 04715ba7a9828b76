"""The scalar map against mpmath, brute force and the literature's numbers."""

import mpmath as mp
import numpy as np
import pytest

from rnn_core.activations import ACTIVATIONS, leaky_relu
from rnn_core.scalar_map import bifurcations, fixed_points, limit, steep
from tests.precise import VALUE_AND_SLOPE

mp.mp.dps = 40
φs = ACTIVATIONS
every_activation = pytest.mark.parametrize("name", φs)


def found(name, w, b):
    """The fixed points' states, without the NaN behind them."""
    h = fixed_points(φs[name], w, b).h
    return h[np.isfinite(h)]


def within_half_a_unit(got, printed):
    assert abs(got - float(printed)) <= 0.5 * 10.0 ** -len(printed.partition(".")[2])


def test_bengio_1994_fixed_point_of_tanh_of_twice_itself():
    points = fixed_points(φs["tanh"], 2.0, 0.0)
    within_half_a_unit(points.h[2], "0.957504024")
    within_half_a_unit(points.multiplier[2], "0.166372088")
    assert points.multiplier[2] ** 20 == pytest.approx(2.64e-16, abs=0.005e-16)
    assert points.h[:2].tolist() == [-points.h[2], 0.0]
    assert points.multiplier[1] == 2.0 and points.stable.tolist() == [True, False, True]


def test_pascanu_2013_bifurcations_of_five_sigmoids():
    low, high = sorted(bifurcations(φs["sigmoid"], 5.0))
    within_half_a_unit(low, "-2.6556103386")
    within_half_a_unit(high, "-2.3443896614")


def test_pascanu_repeats_the_same_map_seen_from_z():
    w, b = 5.0, -2.4
    for z, m in zip(*(getattr(fixed_points(φs["sigmoid"], w, b), part) for part in ("z", "multiplier")), strict=True):
        assert w / (1 + np.exp(-z)) + b == pytest.approx(z, abs=1e-14)  # x = wσ(x) + b
        step = 1e-6
        slope = (w / (1 + np.exp(-z - step)) - w / (1 + np.exp(-z + step))) / (2 * step)
        assert m == pytest.approx(slope, rel=1e-8)


def test_hochreiter_1997_largest_product_of_a_value_and_the_slope_there():
    x = float(mp.findroot(lambda x: mp.diff(lambda y: y * mp.sech(y / 2) ** 2 / 4, x), 1.5))
    within_half_a_unit(x, "1.5434046384")
    within_half_a_unit(x * φs["sigmoid"].slope(np.array(x)), "0.2238716023")


@pytest.mark.parametrize(("name", "threshold"), [("sigmoid", 4.0), ("tanh", 1.0), ("hardsigmoid", 6.0), ("relu", 1.0)])
def test_below_the_threshold_weight_no_step_amplifies(name, threshold):
    assert 1 / φs[name].max_slope == pytest.approx(threshold, rel=1e-15)
    for w in (0.0, 0.5 * threshold, threshold, -threshold):
        assert np.isnan(steep(φs[name], w)).all()
    for w in (1.001 * threshold, -1.001 * threshold):
        l, r = steep(φs[name], w)
        assert l < r and abs(w) * φs[name].slope(np.array(np.clip(l + r, -1, 1) / 2 + 1e-3)) > 1


@pytest.mark.parametrize("w", [1.001, 1.5, 3.0, 8.0, -2.0])
def test_a_tanh_is_steep_between_the_arcosh_of_the_roots_of_w(w):
    z = float(mp.acosh(mp.sqrt(abs(w))))  # sech² z = 1/w
    assert steep(φs["tanh"], w) == pytest.approx([-z, z], rel=1e-13)
    fold = z - w * np.tanh(z)
    assert bifurcations(φs["tanh"], w) == pytest.approx([-fold, fold], rel=1e-12, abs=1e-14)


def test_an_elu_folds_at_minus_the_logarithm_of_its_weight():
    l, r = steep(φs["elu"], 2.5)
    assert l == pytest.approx(-np.log(2.5), rel=1e-14) and r == np.inf
    b, none = bifurcations(φs["elu"], 2.5)
    assert b == pytest.approx(-np.log(2.5) - 1 + 2.5, rel=1e-14) and np.isnan(none)


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "hardtanh", "hardsigmoid"])
@pytest.mark.parametrize("w", [1.7, 5.0, 7.3])
def test_two_fixed_points_come_and_go_at_each_fold(name, w):
    folds = bifurcations(φs[name], w)
    if np.isnan(folds).any():
        assert w < 1 / φs[name].max_slope
        return
    low, high = sorted(folds)
    for at, inside in ((low, 1e-6), (high, -1e-6)):
        assert len(found(name, w, at + inside)) == 3
        assert len(found(name, w, at - inside)) == 1


@every_activation
def test_every_sign_change_on_a_fine_grid_is_found_and_nothing_else(name):
    draw = np.random.default_rng(7)
    z = np.linspace(-20, 20, 400_001)
    for w, b in zip(draw.uniform(-6, 8, 60).round(2), draw.uniform(-6, 6, 60).round(2), strict=True):
        g = z - w * φs[name].phi(z) - b
        roots = z[:-1][np.sign(g[:-1]) * np.sign(g[1:]) < 0]
        roots = np.sort(np.concatenate([roots, z[g == 0]]))
        roots = roots[np.append(True, np.diff(roots) > 1e-3)] if len(roots) else roots
        got = fixed_points(φs[name], w, b).z
        got = got[np.abs(got) < 19.99]
        roots = roots[np.abs(roots) < 19.99]
        assert len(got) == len(roots), (w, b)
        assert np.allclose(got, roots, atol=2e-4)


@every_activation
def test_each_fixed_point_is_one_in_forty_digits(name):
    """Its distance from mpmath's root, measured by how far rounding the terms of G moves that."""
    draw = np.random.default_rng(11)
    for w, b in zip(draw.uniform(-6, 8, 25), draw.uniform(-4, 4, 25), strict=True):
        points = fixed_points(φs[name], w, b)
        for z, m in zip(points.z[np.isfinite(points.z)], points.multiplier, strict=False):
            G = lambda x: x - mp.mpf(float(w)) * VALUE_AND_SLOPE[name](x)[0] - mp.mpf(float(b))  # noqa: E731, B023
            exact = mp.findroot(
                G, (mp.mpf(float(z)) - mp.mpf("1e-7"), mp.mpf(float(z)) + mp.mpf("1e-7")), solver="anderson", tol=1e-60
            )
            terms = abs(z) + abs(w * float(VALUE_AND_SLOPE[name](exact)[0])) + abs(b)
            assert abs(exact - mp.mpf(float(z))) <= 4 * 2.3e-16 * terms / abs(1 - m) + 2.3e-16 * abs(z)


@every_activation
def test_a_sweep_finds_what_single_calls_find(name):
    w, b = np.linspace(-6, 8, 29), np.linspace(3, -4, 29)
    swept = fixed_points(φs[name], w, b)
    states = limit(φs[name], w, b, np.full(29, 0.3))
    for s in range(29):
        one = fixed_points(φs[name], w[s], b[s])
        for part in ("z", "h", "multiplier", "stable", "stretch"):
            assert np.array_equal(getattr(swept, part)[s], getattr(one, part), equal_nan=part != "stable")
        assert np.array_equal(states[s], limit(φs[name], w[s], b[s], 0.3))


def test_a_swept_slope_of_leaky_relu_has_its_own_fixed_points():
    points = fixed_points(leaky_relu(np.array([0.0, 0.5, 1.0])[:, None]), np.full(3, 2.0), np.full(3, -1.0))
    assert points.h[:, 0].tolist() == pytest.approx([0.0, 1.0, 1.0])
    assert points.h[0].tolist()[:2] == [0.0, 1.0] and np.isnan(points.h[2, 1:]).all()
    assert np.isnan(points.h[1, 1:]).all() and np.isnan(points.stretch).all()


@pytest.mark.parametrize(("name", "w", "b", "stretch"), [
    ("identity", 1.0, 0.0, [-np.inf, np.inf]), ("relu", 1.0, 0.0, [0.0, np.inf]), ("elu", 1.0, 0.0, [0.0, np.inf]),
    ("leaky_relu", 100.0, 0.0, [-np.inf, 0.0]), ("hardtanh", 1.0, 0.0, [-1.0, 1.0]),
    ("hardsigmoid", 6.0, -3.0, [0.0, 1.0]),
])  # fmt: skip
def test_where_map_and_diagonal_coincide_every_state_rests(name, w, b, stretch):
    points = fixed_points(φs[name], w, b)
    assert points.stretch.tolist() == stretch and np.isnan(points.h).all()
    inside = np.clip(0.25 if stretch[1] > 0 else -0.25, *stretch)
    assert limit(φs[name], w, b, inside).tolist() == [inside, inside]


@pytest.mark.parametrize(
    ("name", "w", "b"), [("identity", 1.0, 0.5), ("identity", 1.0, -1e-9), ("relu", 2.0, 1.0), ("elu", 1.5, 0.3)]
)
def test_a_map_beside_the_diagonal_has_no_fixed_point(name, w, b):
    points = fixed_points(φs[name], w, b)
    assert np.isnan(points.h).all() and np.isnan(points.stretch).all() and not points.stable.any()
    assert np.abs(limit(φs[name], w, b, 0.5)).tolist() == [np.inf, np.inf]


@pytest.mark.parametrize(("name", "h"), [("relu", 0.0), ("hardtanh", -1.0)])
def test_a_bias_however_small_leaves_one_end_of_a_stretch(name, h):
    points = fixed_points(φs[name], 1.0, -1e-9)
    assert points.h[0] == h and np.isnan(points.h[1:]).all() and np.isnan(points.stretch).all()


def test_at_its_threshold_a_smooth_map_has_one_fixed_point_with_slope_one():
    for name, w, b, h in (("tanh", 1.0, 0.0, 0.0), ("sigmoid", 4.0, -2.0, 0.5)):
        points = fixed_points(φs[name], w, b)
        assert points.h[0] == pytest.approx(h, abs=1e-6) and np.isnan(points.h[1:]).all()
        assert points.multiplier[0] == pytest.approx(1.0, abs=1e-9) and not points.stable[0]
        assert np.isnan(points.stretch).all()


def test_a_kink_is_stable_only_if_both_its_sides_are():
    half, full = fixed_points(φs["relu"], 2.0, 0.0), fixed_points(φs["relu"], -0.5, 0.0)
    assert half.h[0] == full.h[0] == 0.0 and half.multiplier[0] == 0.0  # PyTorch's slope at 0
    assert not half.stable[0] and full.stable[0]


@every_activation
def test_a_state_ends_where_the_iterated_map_takes_it(name):
    draw = np.random.default_rng(3)
    all_w, all_b, all_h = draw.uniform(-6, 8, 80), draw.uniform(-4, 4, 80), draw.uniform(-3, 3, 80)
    ends = all_h
    for _ in range(3000):
        ends = np.clip(φs[name].phi(all_w * ends + all_b), -1e200, 1e200)
    for w, b, h, x in zip(all_w, all_b, all_h, ends.tolist(), strict=True):
        end, y = limit(φs[name], w, b, h), float(φs[name].phi(w * x + b))
        if np.isinf(end[0]):
            assert abs(x) > 1e9
        else:
            assert sorted(end) == pytest.approx(sorted([x, y]), abs=1e-4), (w, b, h)


def test_a_negative_weight_beyond_the_flip_makes_states_alternate():
    high = bifurcations(φs["tanh"], -3.0).max()
    assert fixed_points(φs["tanh"], -3.0, high).multiplier[0] == pytest.approx(-1.0, rel=1e-9)
    inside, outside = (limit(φs["tanh"], -3.0, b, 0.5) for b in (high - 0.05, high + 0.05))
    assert abs(inside[0] - inside[1]) > 0.01 and outside[0] == outside[1]
    a = float(mp.findroot(lambda a: a - mp.tanh(3 * a), 0.99))  # b = 0: the pair is ±a, since tanh is odd
    assert sorted(limit(φs["tanh"], -3.0, 0.0, 0.5)) == pytest.approx([-a, a], rel=1e-14)


@pytest.mark.parametrize(("name", "w", "b", "h"), [("tanh", 2.0, 0.0, 0.0), ("sigmoid", 8.0, -4.0, 0.5)])
def test_a_state_on_the_unstable_point_stays(name, w, b, h):
    assert limit(φs[name], w, b, h).tolist() == [h, h]
    assert limit(φs[name], w, b, h + 1e-9)[0] > h + 0.1 and limit(φs[name], w, b, h - 1e-9)[0] < h - 0.1


@every_activation
@pytest.mark.parametrize("w", [0.0, 1e-300, 1e100, -1e100])
@pytest.mark.parametrize("b", [0.0, 1e-300, 1e100])
def test_no_size_of_weight_or_bias_breaks_it(name, w, b):
    with np.errstate(under="ignore", over="raise", invalid="raise", divide="raise"):
        points, end = fixed_points(φs[name], w, b), limit(φs[name], w, b, np.inf)
    assert points.z.shape == (3,) and not np.isnan(end).any()
    if w == 0:
        assert points.h[0] == pytest.approx(float(φs[name].phi(np.array(b))), rel=1e-14) and points.stable[0]


@every_activation
def test_every_slope_rises_up_to_zero_and_falls_beyond_as_the_map_needs(name):
    z = np.linspace(0, 50, 100_001)[1:]
    assert (np.diff(φs[name].slope(z)) <= 0).all() and (np.diff(φs[name].slope(-z)) <= 0).all()
    assert φs[name].slope(np.array(5e-324)) == φs[name].max_slope
