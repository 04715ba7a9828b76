"""Number types and clipping, against NumPy's own types, PyTorch's bfloat16 and the definitions."""

import math
from fractions import Fraction

import numpy as np
import pytest

from pages.charts.parts import digits
from pages.charts.parts.theme import trace_of
from pages.charts.views import VIEWS
from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS, activation, steep_width
from rnn_core.experiment import Experiment, run
from rnn_core.flow.clipping import by_norm, by_value
from rnn_core.flow.number_types import NUMBER_TYPES

EXPONENTS = np.random.default_rng(5).uniform(-160, 140, 4000)
HARD = [0.0, -0.0, 1.0, 65504.0, 65519.99, 65520.0, 65536.0, 2.0**-24, 2.0**-25, 1.5 * 2.0**-25, 3.4028235e38, 3.41e38,
        2.0**-149, 2.0**-150, 1.1 * 2.0**-150, 2.0**-126, 1e300, 5e-324, 1.7976931348623157e308, np.inf,
        -np.inf]  # fmt: skip
MANY = np.array([*HARD, *(2.0**EXPONENTS * np.where(EXPONENTS % 1 > 0.5, -1, 1))])


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_rounding_is_numpys_own(name):
    kind = NUMBER_TYPES[name]
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(kind.rounded(MANY), MANY.astype(name).astype(float))
    info = np.finfo(name)
    assert (kind.largest, kind.smallest) == (float(info.max), float(info.smallest_subnormal))
    assert np.isnan(kind.rounded(np.array([np.nan]))).all()


def test_bfloat16_is_the_nearest_of_eight_digits():
    """By whole numbers: a float32 whose last 16 bits are rounded away, to even."""
    kind = NUMBER_TYPES["bfloat16"]
    single = MANY.astype(np.float32)
    bits = single.view(np.uint32).astype(np.uint64)
    near = ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)
    np.testing.assert_array_equal(kind.rounded(single.astype(float)), np.where(np.isfinite(single), near, single))
    assert kind.smallest == 2.0**-133 and kind.largest == float(Fraction(255, 128)) * 2.0**127


@pytest.mark.torch
def test_bfloat16_is_pytorchs():
    torch = pytest.importorskip("torch")
    single = MANY.astype(np.float32)
    np.testing.assert_array_equal(NUMBER_TYPES["bfloat16"].rounded(single.astype(float)),
                                  torch.from_numpy(single).bfloat16().double().numpy())  # fmt: skip


@pytest.mark.parametrize(("name", "k"), [("float16", 16), ("bfloat16", 128), ("float32", 128), ("float64", 1024)])
def test_doublings_until_infinity(name, k):
    products = NUMBER_TYPES[name].products(np.full((k, 1), 2.0))[:, 0]
    assert np.isinf(products[0]) and products[1] == 2.0 ** (k - 1)


@pytest.mark.parametrize(("name", "k"), [("float16", 25), ("bfloat16", 134), ("float32", 150), ("float64", 1075)])
def test_halvings_until_nothing(name, k):
    products = NUMBER_TYPES[name].products(np.full((k, 1), 0.5))[:, 0]
    assert products[0] == 0 and products[1] == 2.0 ** (1 - k)


def test_products_are_numpys_in_that_type():
    factors = np.random.default_rng(3).normal(size=(40, 7))
    got = NUMBER_TYPES["float32"].products(factors)
    want = np.ones(7, np.float32)
    for j in range(39, -1, -1):
        want = want * factors[j].astype(np.float32)
        np.testing.assert_array_equal(got[j], want.astype(float))
    with np.errstate(invalid="ignore"):
        assert np.isnan(NUMBER_TYPES["float16"].products(np.array([0.0, 1e9]))[0]), "∞ · 0"


def test_clipping_by_norm_keeps_the_direction_and_by_value_does_not():
    gradient = np.array([3e200, 4e200])
    np.testing.assert_allclose(by_norm(gradient), [0.6, 0.8], rtol=1e-15)
    np.testing.assert_array_equal(by_value(gradient), [1.0, 1.0])
    np.testing.assert_array_equal(by_norm(np.array([0.3, 0.4])), [0.3, 0.4])
    np.testing.assert_array_equal(by_norm(np.zeros(3)), np.zeros(3))
    np.testing.assert_allclose(
        np.linalg.norm(by_norm(np.random.default_rng(1).normal(size=(50, 9)) * 10, 2.5), axis=-1), 2.5
    )


def test_an_infinite_gradient_becomes_nan_by_norm_and_the_limit_by_value():
    gradient = np.array([[np.inf, 1.0], [np.nan, 1.0]])
    clipped = by_norm(gradient)
    assert np.isnan(clipped[0, 0]) and clipped[0, 1] == 0 and np.isnan(clipped[1]).all()
    np.testing.assert_array_equal(by_value(gradient), [[1.0, 1.0], [np.nan, 1.0]])


@pytest.mark.parametrize("limit", [0.0, -1.0, math.nan])
def test_a_limit_that_is_none_is_refused_with_its_value(limit):
    for clip in (by_norm, by_value):
        with pytest.raises(ValueError, match=f"above 0, got {limit!r}"):
            clip(np.ones(2), limit)


@pytest.mark.torch
def test_clipping_is_pytorchs():
    torch = pytest.importorskip("torch")
    for values in ([3e10, 4e10], [np.inf, 1.0], [0.1, 0.2], [-5.0, 0.5]):
        for ours, theirs in ((by_norm, torch.nn.utils.clip_grad_norm_), (by_value, torch.nn.utils.clip_grad_value_)):
            p = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
            p.grad = torch.tensor(values, dtype=torch.float64)
            theirs([p], 1.0)
            np.testing.assert_allclose(ours(np.array(values)), p.grad.numpy(), rtol=2e-6)


# --- on the page -------------------------------------------------------------------------------------------


def sentence(e):
    [main] = [item for item in VIEWS["chain"].items(e) if item.get("role") == "main"]
    return main["alt"]


@pytest.mark.parametrize(("name", "said"), [
    ("nan_float16", "= 65536: 16 factors of 2.00, so the gradient explodes. In float16 it is ∞, from h₀ back: it"
     " ends at 65504. Clipped by norm to 1 it is NaN: ∞ · (1/∞) is no number."),
    ("infinite_float32", "In float32 it is ∞, from h₀ back: it ends at 3.403 × 10³⁸."),
    ("nothing_float16", "In float16 it is exactly 0, from h₀ back: its smallest number is 5.96 × 10⁻⁸."),
    ("nothing_bfloat16", "In bfloat16 it is exactly 0, from h₀ back: its smallest number is 9.184 × 10⁻⁴¹."),
])  # fmt: skip
def test_a_loss_that_is_nan_is_explained(name, said):
    assert said in sentence(SCENARIOS[name].experiment)


@pytest.mark.parametrize(("e", "said"), [
    (Experiment(T=16, dtype="float16", clip="value"), "Clipped by value to 1 it is 1."),
    (Experiment(T=15, dtype="float16", clip="norm"), "In float16 it is 32768. Clipped by norm to 1 it is 1."),
    (Experiment(w=0.5, clip="norm"), "Clipped by norm to 1 it is 9.766 × 10⁻⁴."),
    (Experiment(w=-3.0, T=3, clip="value"), "Clipped by value to 1 it is −1."),
    (Experiment(w=0.5, T=134, dtype="float32"), "In float32 it is 4.592 × 10⁻⁴¹."),
    (Experiment(T=1000, w=100.0, clip="norm"), "Clipped by norm to 1 it is 1."),
    (Experiment(w=-100.0, T=3, dtype="float16"), "In float16 it is −∞"),
])  # fmt: skip
def test_what_a_type_and_clipping_leave_is_said(e, said):
    assert said in sentence(e)


def test_the_second_figure_marks_the_types_ends():
    for T, ends in ((10, 1), (20, 2), (100, 5)):
        item = next(item for item in VIEWS["chain"].items(Experiment(T=T)) if item["name"] == "chain")
        texts = trace_of(item, "limits")
        assert len(texts["text"]) == ends
        for height, text in zip(texts["y"], texts["text"], strict=True):
            kind = NUMBER_TYPES[text.split(":")[0].split(",")[0]]
            assert height == pytest.approx(math.log10(kind.largest if height > 0 else kind.smallest), abs=0.01)


@pytest.mark.parametrize("name", NUMBER_TYPES)
def test_the_curve_in_a_type_is_that_of_the_factors(name):
    e = Experiment(activation="tanh", T=30, w=1.7, dtype=name)
    item = next(item for item in VIEWS["chain"].items(e) if item["name"] == "chain")
    with np.errstate(divide="ignore"):
        want = np.log10(np.abs(NUMBER_TYPES[name].products(run(e).flow.factors.value.reshape(-1))))
    np.testing.assert_allclose(trace_of(item, "typed")["y"], np.where(np.isfinite(want), want, np.nan), rtol=1e-12)
    assert digits.quantities(run(Experiment())) == {"clip": "none", "dtype": "exact"}


# --- the window in which a step lets the gradient grow ---------------------------------------------------


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@pytest.mark.parametrize("w", [1.5, 4.0, 4.5, 6.894, 40.0])
def test_the_windows_ends_are_where_the_factor_is_one(name, w):
    φ = ACTIVATIONS[name]
    width = steep_width(φ, 1 / w)
    if w * φ.max_slope <= 1:
        assert width == 0
        return
    z = np.array([-width / 2, width / 2])
    np.testing.assert_allclose(w * φ.slope(z), 1.0, rtol=1e-12)
    assert w * φ.slope(z * 0.999).min() > 1 > w * φ.slope(z * 1.001).max()


def test_the_sigmoids_widest_window_is_where_the_textbook_has_it():
    weights = np.arange(4.0, 20.0, 0.001)
    widths = np.array([steep_width(activation("sigmoid"), 1 / w) / w for w in weights])
    assert weights[widths.argmax()] == pytest.approx(6.894, abs=0.002) and widths.max() == pytest.approx(
        0.4477, abs=5e-5
    )
    assert steep_width(activation("relu"), 0.5) is None


def test_the_pulse_carries_what_the_number_type_makes_of_the_product():
    [main] = [item for item in VIEWS["chain"].items(SCENARIOS["nan_float16"].experiment) if item.get("role") == "main"]
    play = main["play"]
    assert play["lanes"][0]["product"][-2:] == ["32768", "∞"]
    assert play["said"][-1] == "∂h₁₆/∂h₀ = 65536, in float16 ∞"
