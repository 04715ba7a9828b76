"""Challenges: what to reach with the sliders, and whether a run has reached it. One entry is one challenge.

Settings are fields of an `Experiment`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnn_core.experiment import Run
from rnn_core.scaled import Scaled

NONE = "none"


@dataclass(frozen=True)
class Rule:
    """A condition beside the number: what to do where it does not hold, and whether it holds, (*batch)."""

    demand: str
    holds: Callable[[Run], Any]


@dataclass(frozen=True)
class Challenge:
    """A number of a run that has to lie between `low` and `high` while all rules hold.

    `start` and `solution` are settings: where it is not met, and where it is.
    """

    name: str
    goal: str  # "Keep … between … and …"
    page: str
    quantity: str  # the number's name in a sentence
    measure: Callable[[Run], Scaled]  # (*batch)
    low: float
    high: float
    rules: tuple[Rule, ...]
    hint: str
    start: Mapping[str, Any]
    solution: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Judgement:
    """Of a run, or of every position of a sweep, (*batch)."""

    met: np.ndarray
    value: Scaled
    unmet: tuple[tuple[str, np.ndarray], ...]  # each rule's demand, and where it fails


def judge(challenge: Challenge, run: Run) -> Judgement:
    """Whether a run, or each position of a sweep, meets a challenge."""
    batch = run.trajectory.batch
    value = challenge.measure(run)
    with np.errstate(invalid="ignore", over="ignore"):
        size = value.value
    unmet = tuple((rule.demand, ~np.broadcast_to(rule.holds(run), batch)) for rule in challenge.rules)
    met = (size >= challenge.low) & (size <= challenge.high)
    for _, fails in unmet:
        met = met & ~fails
    return Judgement(met, value, unmet)


def _scalar(x: Scaled) -> Scaled:
    """A 1 × 1 matrix (*batch, 1, 1) as a number (*batch)."""
    return Scaled(x.mant[..., 0, 0], x.exp2)


def _absolute(x: Scaled) -> Scaled:
    return Scaled(np.abs(x.mant), x.exp2)


def chain_product(run: Run) -> Scaled:
    """|∂h_t/∂h_k|, (*batch)."""
    return _absolute(_scalar(run.flow.products_to(run.t, run.k)[0]))


def cell_total(run: Run) -> Scaled:
    """∂C_t/∂C_k in total, with its sign, (*batch)."""
    return _scalar(run.flow.total(run.t, run.k)[0])


def _is(name: str) -> Rule:
    return Rule(f"φ must be {name}", lambda run: run.experiment.activation == name)


def _steps(n: int) -> Rule:
    return Rule(f"the chain from k to t must have at least {n} steps", lambda run: run.t - run.k >= n)


def _forget(below: float, strictly: bool = False) -> Rule:
    def holds(run: Run) -> np.ndarray:
        f = run.trajectory.gate("f")[run.k : run.t, ..., 0].max(axis=0, initial=0.0)
        return f < below if strictly else f <= below

    return Rule(f"every forget gate must {'stay below' if strictly else 'be at most'} {below:g}", holds)


_ALL = (
    Challenge(
        name="steady_tanh",
        goal="Keep |∂hₜ/∂hₖ| between 0.9 and 1.1 over ten steps of tanh",
        page="chain",
        quantity="|∂hₜ/∂hₖ|",
        measure=chain_product,
        low=0.9,
        high=1.1,
        rules=(_is("tanh"), _steps(10)),
        hint="Each factor is w·tanh′(z). Where is tanh′ largest, and which weight makes the factor 1 there?",
        start={"activation": "tanh"},
        solution={"activation": "tanh", "w": 1.0, "h0": 0.0},
    ),
    Challenge(
        name="off_centre",
        goal="Keep |∂hₜ/∂hₖ| between 0.9 and 1.1 over ten steps of tanh, with h never within 0.3 of 0",
        page="chain",
        quantity="|∂hₜ/∂hₖ|",
        measure=chain_product,
        low=0.9,
        high=1.1,
        rules=(
            _is("tanh"),
            _steps(10),
            Rule(
                "h must stay at least 0.3 away from 0",
                lambda run: (np.abs(run.trajectory.h[run.k : run.t + 1, ..., 0]) >= 0.3).all(axis=0),
            ),
        ),
        hint="Away from 0 the slope is 1 − h², so the weight has to be larger than 1; the bias can hold h where it is.",
        start={"activation": "tanh"},
        solution={"activation": "tanh", "w": 1.3333333333, "b": -0.1173605223},
    ),
    Challenge(
        name="sigmoid_explodes",
        goal="Let a chain of ten sigmoids explode: |∂hₜ/∂hₖ| of at least 100",
        page="chain",
        quantity="|∂hₜ/∂hₖ|",
        measure=chain_product,
        low=100.0,
        high=np.inf,
        rules=(_is("sigmoid"), _steps(10)),
        hint="The slope is ¼ at z = 0 and less elsewhere: which weight makes ¼·w larger than 1, and which bias keeps z"
        " at 0 while h = ½?",
        start={"activation": "sigmoid"},
        solution={"activation": "sigmoid", "w": 8.0, "b": -4.0},
    ),
    Challenge(
        name="hundred_sigmoids",
        goal="Carry a gradient through 100 sigmoids: |∂hₜ/∂hₖ| between 0.5 and 2",
        page="chain",
        quantity="|∂hₜ/∂hₖ|",
        measure=chain_product,
        low=0.5,
        high=2.0,
        rules=(_is("sigmoid"), _steps(100)),
        hint="A hundred factors leave no room: on average each must be 1 to within one percent. Look for the point"
        " where ¼·w = 1.",
        start={"activation": "sigmoid", "T": 100},
        solution={"activation": "sigmoid", "w": 4.0, "b": -2.0, "T": 100},
    ),
    Challenge(
        name="half_for_100",
        goal="Keep at least half of the gradient for 100 steps, with forget gates below 1: total between 0.5 and 1.5",
        page="lstm",
        quantity="∂Cₜ/∂Cₖ in total",
        measure=cell_total,
        low=0.5,
        high=1.5,
        rules=(_steps(100), _forget(1.0, strictly=True)),
        hint="For the direct path alone the half-life must reach 100 steps: f = 2^(−1/100) = 0.9931. Then see to the"
        " paths through h, or pin every gate so that none reads it.",
        start={"cell": "lstm", "h0": 0.0, "T": 100, "sequence": "impulse"},
        solution={"cell": "lstm", "h0": 0.0, "T": 100, "sequence": "impulse", "f": 0.995, "pin_all": True},
    ),
    Challenge(
        name="negative_gradient",
        goal="Make the exact total of ∂Cₜ/∂Cₖ negative over at least 15 steps: at most −0.001",
        page="lstm",
        quantity="∂Cₜ/∂Cₖ in total",
        measure=cell_total,
        low=-np.inf,
        high=-1e-3,
        rules=(_steps(15),),
        hint="A product of forget gates is never negative; the way through h can be. Let the candidate read h with the"
        " other sign, and let the input gate be wide open.",
        start={"cell": "lstm", "h0": 0.0, "T": 30, "sequence": "impulse"},
        solution={"cell": "lstm", "h0": 0.0, "T": 30, "i_mode": "pinned", "i": 1.0, "w_g": -2.0, "f": 0.9},
    ),
    Challenge(
        name="explode_while_forgetting",
        goal="Let an LSTM explode that forgets half at every step: a total of at least 100 with f at most 0.5",
        page="lstm",
        quantity="∂Cₜ/∂Cₖ in total",
        measure=cell_total,
        low=100.0,
        high=np.inf,
        rules=(_forget(0.5),),
        hint="What the forget gate takes, the candidate can give back: C raises h, h raises the candidate. Keep C near"
        " 0, where tanh is steep.",
        start={"cell": "lstm", "h0": 0.0, "T": 30, "sequence": "impulse", "f": 0.5},
        solution={"cell": "lstm", "h0": 0.0, "T": 30, "i_mode": "pinned", "i": 1.0, "w_g": 1.0, "f": 0.5},
    ),
)

CHALLENGES: dict[str, Challenge] = {challenge.name: challenge for challenge in _ALL}
