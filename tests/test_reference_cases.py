"""Every number of the reference cases, within each case's own tolerance."""

import numpy as np
import pytest

from tests.reference_cases import WAITING, error, evaluate, load

CASES = load()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_core_reproduces_every_field_of_the_reference(case):
    inputs = {key: value for key, value in case.items() if key != "out"}
    got = evaluate(inputs)
    for field in set(case["out"]) - WAITING:
        assert field in got, f"{field} is missing"
        assert error(case, field, got) <= case["tol"].get(field, 1e-12), field


@pytest.mark.parametrize("case", [c for c in CASES if "exact" in c["tags"]], ids=lambda case: case["name"])
def test_where_binary64_is_exact_the_products_are_bit_for_bit(case):
    got = evaluate(case)
    for field in {"P_value", "S_value", "J"} & set(case["out"]):
        assert np.array_equal(got[field], case["out"][field]), field


@pytest.mark.parametrize("loss", ["sum_last", "mse", "softmax_ce"])
@pytest.mark.parametrize(("arch", "G"), [("rnn", 1), ("lstm", 4), ("lstm_peephole", 4), ("gru", 3)])
@pytest.mark.parametrize("n", [1, 2])
def test_a_sweep_holds_every_field_of_its_positions(arch, G, n, loss):
    rng, T, S = np.random.default_rng(n), 4, 3
    given = {
        "W_hh_grid": rng.normal(size=(S, G * n, n)),
        "W_ih": rng.normal(size=(G * n, 2)),
        "b_ih": rng.normal(size=G * n),
        "b_hh": rng.normal(size=G * n),
        "x": rng.normal(size=(T, 2)),
        "h0": rng.normal(size=n),
        "loss_V": rng.normal(size=(3, n)),
        "loss_c": rng.normal(size=3),
        "loss_targets": rng.normal(size=(T, 3)) if loss == "mse" else np.array([0.0, 2.0, 1.0, 1.0]),
    }
    if arch.startswith("lstm"):
        given["C0"] = rng.normal(size=n)
    if arch == "lstm_peephole":
        given["p"] = rng.normal(size=(3, n))
    case = {"arch": arch, "act": "tanh", "act_param": None, "gate_act": "sigmoid", "loss": loss, "in": given}
    sweep = evaluate(case)
    for s, W_h in enumerate(given["W_hh_grid"]):
        one = evaluate(case | {"in": {**{k: v for k, v in given.items() if k != "W_hh_grid"}, "W_hh": W_h}})
        assert set(one) == set(sweep)
        for field, want in one.items():
            if not field.endswith(("_mant", "_exp2")):
                np.testing.assert_allclose(sweep[field][s], want, rtol=1e-10, atol=1e-10, err_msg=field)
            elif field.endswith("_mant"):
                values = (
                    np.ldexp(x.T, y.T)
                    for x, y in ((sweep[field][s], sweep[f"{field[:-5]}_exp2"][s]), (want, one[f"{field[:-5]}_exp2"]))
                )
                np.testing.assert_allclose(*values, rtol=1e-10, atol=1e-10, err_msg=field)


def test_a_grid_of_numbers_serves_every_entry():
    case = next(case for case in CASES if case["in"].get("W_hh_grid") is not None)
    got = evaluate(case)
    assert {"J_normF", "P_mant", "P_exp2", "P_logF", "S_log2", "pairs_logF"} <= set(got)
    assert all(len(value) == len(case["in"]["W_hh_grid"]) for value in got.values())
