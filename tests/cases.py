"""Cases of a test: those for `make test`, and those that only `make long` tries."""

import pytest


def long(*values, id=None):
    """A case for `make long`: a value for each parameter."""
    return pytest.param(*values, marks=pytest.mark.long, id=id)


def first(count, cases):
    """All cases, of which the first few are for `make test`."""
    cases = list(cases)
    return cases[:count] + [long(*case) if isinstance(case, tuple) else long(case) for case in cases[count:]]
