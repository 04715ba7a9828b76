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
