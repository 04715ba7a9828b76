"""Scenes: experiments that ask before they tell. One entry in `SCENES` is one scene.

A scene asks for a number (`Guess`) or for one of three curves (`Choice`), and computes what is true. Each
wrong curve is computed too: it is what a common theory predicts. Texts hold {slots} for the numbers of the
scene's `Answer`; what other numbers stand in them are its settings, or tested against the core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from pages.lessons.scenarios import SCENARIOS
from rnn_core.activations import ACTIVATIONS
from rnn_core.experiment import Experiment, run, sweep, varied
from rnn_core.flow.bptt import Loss, backpropagate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll
from rnn_core.initializers import chain_of
from rnn_core.memory_span import FEW, STARTS, starts
from rnn_core.population import NETWORKS, networks
from rnn_core.scaled import Scaled, cumulative_products

ROWS = (  # of the list of common claims that a scene answers (`Scene.covers`)
    "w > 1 explodes",
    "the sigmoid's slope is less than 1",
    "the gradient is the product of forget gates",
    "f = 1, i = 0 remembers",
    "LSTMs have forget gates near 1",
    "LSTMs cure exploding gradients",
    "eigenvalues decide",
    "clipping cures vanishing",
    "a gradient that is not 0 has not vanished",
    "norms of RNN and LSTM side by side",
    "an LSTM remembers, so its output does",
)
SENTENCES = (  # of the story that the project tells (Pattanayak 2019, ch. 1)
    "one function at every step",
    "the error goes back to every earlier step",
    "a product of t - k factors",
    "sigmoid and tanh saturate",
    "2¹⁰ = 1024",
    "the cell's gradient is a product of forget gates",
    "text is read with LSTMs",
)


@dataclass(frozen=True)
class Axes:
    """What a scene draws on: decades low … high where `log`, else plain numbers."""

    x: str
    y: str
    low: float
    high: float
    log: bool = True


@dataclass(frozen=True)
class Guess:
    """Ask for a number by its power of ten; `quantity` is its name in a sentence."""

    quantity: str
    start: float  # the power of ten where the slider stands at first
    too_large: str  # what a guess that is far too large usually overlooks
    too_small: str


@dataclass(frozen=True)
class Choice:
    """Ask for one of the curves A, B, C: the theory that each stands for, and which is true."""

    theories: Mapping[str, str]
    truth: str


@dataclass(frozen=True, eq=False)
class Answer:
    """What is computed: the curves (L,) over x (L,), by letter or as "truth", and further numbers for the texts.

    `asked` is the place whose number a `Guess` asks for, and where a chosen curve is compared with the truth;
    `given` is a curve that is drawn from the beginning.
    """

    x: np.ndarray
    curves: Mapping[str, Scaled]
    numbers: Mapping[str, Scaled | float] = field(default_factory=dict)
    asked: int = -1
    given: Scaled | None = None


@dataclass(frozen=True)
class Scene:
    """A question, how to predict its answer, and what the answer teaches."""

    name: str
    title: str
    group: str
    covers: tuple[str, ...]  # of ROWS and SENTENCES
    question: str
    setup: str  # Markdown with formulas
    latex: str  # the formula beside the picture, with @truth@ and other slots
    ask: Guess | Choice
    axes: Axes
    compute: Callable[[], Answer]
    lesson: str  # two sentences: the misconception, and what holds
    source: str
    experiment: Experiment
    page: str = "chain"  # that opens the experiment; "" where no page has matrices

    @property
    def answer(self) -> Answer:
        return _answer(self.name)

    @property
    def truth(self) -> Scaled:
        """The true curve, (L,)."""
        return self.answer.curves[self.ask.truth if isinstance(self.ask, Choice) else "truth"]

    @property
    def number(self) -> Scaled:
        """The true number at the place asked for."""
        return self.truth[self.answer.asked]


SAID = ("larger", "as thought", "smaller")


@dataclass(frozen=True)
class Prediction:
    """Where a reader stands in a scene: what is predicted, whether it is committed, and what was seen then.

    `guess` is a power of ten, `choice` a letter or "", `said` one of `SAID` or "".
    """

    scene: str
    guess: float = 0.0
    choice: str = ""
    committed: bool = False
    said: str = ""

    @property
    def settled(self) -> bool:
        """Whether there is something to commit to."""
        return isinstance(SCENES[self.scene].ask, Guess) or bool(self.choice)

    @property
    def gap(self) -> float:
        """By how many powers of ten the prediction exceeds the truth where it was asked for; ±inf next to an exact 0.

        On an axis without powers of ten, by how much.
        """
        scene = SCENES[self.scene]
        if isinstance(scene.ask, Guess):
            return self.guess - float(scene.number.log10)
        chosen = scene.answer.curves[self.choice][scene.answer.asked]
        if not scene.axes.log:
            return float(chosen.value - scene.number.value)
        return float(chosen.log10 - scene.number.log10) if self.choice != scene.ask.truth else 0.0


@lru_cache(maxsize=64)
def _answer(name: str) -> Answer:
    return SCENES[name].compute()


def _lags(L: int) -> np.ndarray:
    return np.arange(L + 1.0)


def _powers(base: float, L: int) -> Scaled:
    """base^0 … base^L, (L+1,)."""
    return cumulative_products(Scaled.of(np.full(L, base)))


def _by_lag(products: Scaled) -> Scaled:
    """Sizes of derivatives by h_k … h_t, or of such matrices (spectral norm), as lag 0, 1, …"""
    if products.mant.ndim > 1:
        return products.norm(2)[::-1]
    return Scaled(np.abs(products.mant), products.exp2)[::-1]


def chain(e: Experiment) -> Scaled:
    """|∂h_t/∂h_{t-j}| for lags j = 0 … t - k, (t-k+1,)."""
    r = run(e)
    return _by_lag(r.flow.products_to(r.t, r.k))


def _number_of(e: Experiment) -> Callable[[], Answer]:
    """A guess of the chain's product, drawn over the lags."""
    return lambda: Answer(_lags(e.end - e.begin), {"truth": chain(e)}, asked=e.end - e.begin)


def _states() -> Answer:
    e = SCENES["repeat"].experiment
    h = {name: Scaled.of(run(replace(e, activation=name)).trajectory.h[:, 0]) for name in ("tanh", "identity")}
    r = run(e)
    slope = Scaled(r.flow.products_from(0).mant[:, 0, 0], r.flow.products_from(0).exp2)
    curves = {"A": h["identity"], "B": slope * e.h0, "C": h["tanh"]}
    return Answer(_lags(e.T), curves, {"fixed": h["tanh"][-1], "slope": r.flow.slopes.value[-1, 0] * e.w})


def _any_weight() -> Answer:
    e = SCENES["any_weight"].experiment
    coarse = np.linspace(0, 4, 401)
    peak = coarse[_sizes(e, coarse).log.argmax()]
    fine = np.linspace(peak - 0.01, peak + 0.01, 2001)  # ten thousandths: the top is flat
    best = fine[_sizes(e, fine).log.argmax()]
    w = np.sort([*coarse, best])
    return Answer(w, {"truth": _sizes(e, w)}, {"w": float(best)}, asked=int(np.searchsorted(w, best)))


def _sizes(e: Experiment, w: np.ndarray) -> Scaled:
    """|∂h_T/∂h_0| at each weight, (S,)."""
    return sweep(e, "w", w.tolist()).flow.P[0].norm(2)


def _balanced() -> Answer:
    e = SCENES["balanced"].experiment
    starts = {"A": 0.5, "B": e.h0, "C": 0.1}
    curves = {letter: chain(replace(e, h0=h0)) for letter, h0 in starts.items()}
    return Answer(_lags(e.T), curves, {"half": curves["A"][-1], "tenth": curves["C"][-1]})


def _quarter() -> Answer:
    e = SCENES["quarter"].experiment
    top = ACTIVATIONS["sigmoid"].max_slope
    curves = {"A": _powers(e.w, e.T), "B": chain(e), "C": _powers(top, e.T)}
    return Answer(_lags(e.T), curves, {"factor": e.w * top, "threshold": 1 / top})


def _saturation() -> Answer:
    z = np.linspace(0, 5, 51)
    slope = Scaled.of(ACTIVATIONS["tanh"].slope(z))
    rest = 2 / (np.exp(2 * z[-1]) + 1)  # 1 - tanh z without cancellation
    return Answer(z, {"truth": slope}, {"rest": float(rest), "ten": _powers(slope.value[-1].item(), 10)[-1]})


def lag_shares(e: Experiment, dL: float = 1.0) -> Scaled:
    """What ∂L/∂W_h gets from each lag 0 … T - 1 for L = dL · h_T, in magnitudes, (T,)."""
    shares = backpropagate(run(e).flow, Loss("sum_last")).dW_h_step_log[::-1]
    return Scaled.from_log(shares + np.log(dL))


def _far_lags() -> Answer:
    sizes = lag_shares(SCENES["lags"].experiment).value
    beyond = np.cumsum(sizes[::-1])[::-1] / sizes.sum()  # [j]: without the latest j uses
    return Answer(_lags(20), {"truth": Scaled.of(beyond[:21])}, {"near": 100 * float(1 - beyond[5])}, asked=10)


def _clipping() -> Answer:
    whole = lag_shares(SCENES["clipping"].experiment, dL=100.0)
    size = whole.value.sum()  # all of one sign: the gradient's length
    curves = {
        "A": whole * (1.0 / size),
        "B": Scaled.of(np.minimum(whole.value, 1.0)),
        "C": Scaled.of(np.full(len(whole.mant), 1 / len(whole.mant))),
    }
    ratio = whole.value[-1] / whole.value[0]
    return Answer(_lags(len(whole.mant) - 1), curves, {"size": float(size), "ratio": float(ratio)}, given=whole)


NON_NORMAL = ((0.9, 10.0), (0.0, 0.9))


def _eigenvalues() -> Answer:
    A, T = np.array(NON_NORMAL), 100
    flow = GradientFlow(unroll(chain_of(A, activation=ACTIVATIONS["identity"]), np.zeros((T, 1))))
    norms = flow.products_from(0).norm(2)
    radius, largest = float(np.abs(np.linalg.eigvals(A)).max()), float(np.linalg.norm(A, 2))
    curves = {"A": _powers(radius, T), "B": _powers(largest, T), "C": norms}
    top = int(norms.log.argmax())
    numbers: dict[str, Scaled | float] = {"radius": radius, "largest": largest, "peak": norms[top], "lag": top}
    numbers["rate"] = float(np.exp(norms.log[T] - norms.log[T - 1]))
    return Answer(_lags(T), curves, numbers, asked=top)


def _nothing_written() -> Answer:
    e = SCENES["nothing_written"].experiment
    variants = {"A": varied(e, i=1.0), "B": varied(e, i=1.0, f=0.9), "C": e}
    curves = {letter: Scaled.of(run(v).trajectory.c[:, 0]) for letter, v in variants.items()}
    kept = run(e).flow.direct(e.end, e.begin)[0]
    return Answer(_lags(e.T), curves, {"kept": Scaled(kept.mant[0], kept.exp2[0])})


def _direct(e: Experiment) -> Scaled:
    """The product of forget gates by lag."""
    r = run(e)
    products = r.flow.direct(r.t, r.k)
    return _by_lag(Scaled(products.mant[:, 0], products.exp2[:, 0]))


def _total(e: Experiment) -> Scaled:
    """|∂C_t/∂C_{t-j}| in total, by lag."""
    r = run(e)
    return _by_lag(r.flow.total(r.t, r.k))


def _forgetting() -> Answer:
    e = SCENES["forgetting"].experiment
    total = _total(e)
    return Answer(_lags(e.T), {"truth": total}, {"f": e.f, "slower": Scaled.of(np.array(0.999**e.T))})


def _text() -> Answer:
    lags = np.arange(1.0, 101.0)
    loss = -np.expm1(-np.log(2) / lags)  # 1 - f with f^lag = ½
    return Answer(lags, {"truth": Scaled.of(loss)}, {"f": float(1 - loss[-1]), "percent": 100 * float(loss[-1])})


def _three_readings() -> Answer:
    e = SCENES["direct_total"].experiment
    curves = {"A": _powers(1.0, e.T), "B": _direct(e), "C": _total(e)}
    return Answer(_lags(e.T), curves, {"direct": curves["B"][-1]})


@np.vectorize
def _about(x: float) -> float:
    """To two significant digits: a sample of a few networks says no more."""
    return float(f"{x:.2g}")


def _networks() -> Answer:
    """‖total‖_F / ‖direct‖_F of the lstm page's networks with forget bias 0: the median by lag, 0 … 20."""
    low, median, high = _about(10 ** np.quantile(networks(0.0).ratio[:21], (0.25, 0.5, 0.75), axis=-1))
    numbers = {"low": float(low[-1]), "high": float(high[-1]), "seeds": float(NETWORKS)}
    return Answer(_lags(20), {"truth": Scaled.of(median)}, numbers)


def _starts() -> Answer:
    """‖∂s_T/∂s_{T-j}‖_F of the gates page's networks, the median of their seeds, and their half-lives."""
    curves, numbers = {}, {}
    for letter, kind in {"A": "chrono", "B": "pytorch", "C": "keras"}.items():
        start = starts(**FEW)[kind]
        curves[letter] = Scaled.from_log(np.median([_decay(kind, seed) for seed in range(FEW["seeds"])], axis=0))
        numbers[kind] = float(_about(np.median(start.gradient_half_life)))
        numbers[f"{kind}_f"] = float(_about(start.forget.mean()))
    return Answer(_lags(40), curves, numbers)


def _decay(kind: str, seed: int) -> np.ndarray:
    """ln ‖∂s_T/∂s_{T-j}‖_F of one network of `starts`, after 50 steps, by lag 0 … 40."""
    rng = np.random.default_rng(seed)
    cell = STARTS[kind](FEW["n"], FEW["m"], rng)
    flow = GradientFlow(unroll(cell, rng.standard_normal((50, FEW["m"]))))
    return flow.products_to(50, 10).norm().log[::-1]


def _explosion_in_a_cell() -> Answer:
    e = SCENES["lstm_explodes"].experiment
    curves = {"A": _direct(e), "B": _total(e), "C": _powers(1.0, e.T)}
    return Answer(_lags(e.T), curves, {"direct": curves["A"][-1], "f": e.f})


def _hidden_path() -> Answer:
    e = SCENES["norms"].experiment
    flow = run(e).flow
    hidden = flow.block(flow.P, "h", "h")[0]
    return Answer(_lags(e.T), {"truth": _total(e)}, {"hidden": Scaled(hidden.mant[0, 0], hidden.exp2)})


def _read_out() -> Answer:
    e = SCENES["read_out"].experiment
    r = run(e)
    c = float(r.trajectory.c[e.end, 0])
    felt = Scaled.stack([run(replace(e, t=t)).flow.by_input(t)[0].norm(2) for t in range(1, e.end + 1)])
    kept, slope = r.flow.by_input(e.end, "c")[0].norm(2), ACTIVATIONS["tanh"].slope(np.array(c)).item()
    less = run(replace(SCENARIOS["same_input"].experiment, cell="lstm")).flow.by_input(e.end)[0].norm(2)
    numbers: dict[str, Scaled | float] = {"kept": kept, "c": c, "slope": slope, "less": less}
    return Answer(np.arange(1.0, e.end + 1), {"truth": felt}, numbers)


_STEPS_BACK = "steps back"
_SATURATED = Experiment(activation="tanh", b=4.0, w=1.0, h0=1.0, T=1)
_EVEN = Experiment(w=0.5, b=0.5, h0=1.0, T=40)  # h stays 1, so all lags read the same

_CHAIN, _LEARNING, _CELL = "The chain", "Learning", "The LSTM"

_ALL = (
    Scene(
        name="explosion",
        title="Ten times two",
        group=_CHAIN,
        covers=("2¹⁰ = 1024", "a product of t - k factors"),
        question="Ten steps with a weight of 2: how large does the gradient grow?",
        setup="The simplest of all recurrent units, $h_t = 2\\,h_{t-1}$. A nudge at $h_0$ is passed on ten times.",
        latex=r"\frac{\partial h_{10}}{\partial h_0} = \underbrace{2 \cdot 2 \cdots 2}_{10} = @truth@",
        ask=Guess(
            "∂h₁₀/∂h₀",
            start=0.0,
            too_large="Ten factors of 2 are many, but not more than this.",
            too_small="Adding ten twos gives 20; here they are multiplied.",
        ),
        axes=Axes(_STEPS_BACK, "|∂h<sub>10</sub>/∂h<sub>10−j</sub>|", -2, 8),
        compute=_number_of(Experiment()),
        lesson="It is tempting to add where the chain rule multiplies: ten equal factors make a power, {truth},"
        " and twenty would make its square. In a linear unit explosion and vanishing are this power and nothing else.",
        source="Pascanu, Mikolov & Bengio 2013, eq. 5; Pattanayak 2019, ch. 1",
        experiment=Experiment(),
    ),
    Scene(
        name="tanh",
        title="The same weight, with tanh",
        group=_CHAIN,
        covers=("w > 1 explodes",),
        question="The weight is still 2, but now there is a tanh. What is left of the 1024?",
        setup="One unit, $h_t = \\tanh(2\\,h_{t-1})$ from $h_0 = 0.5$, ten steps, no input.",
        latex=r"\frac{\partial h_{10}}{\partial h_0} = \prod_{t=1}^{10} 2\,\tanh'(z_t) = @truth@",
        ask=Guess(
            "∂h₁₀/∂h₀",
            start=3.0,
            too_large="The weight acts at every step, but so does the slope of tanh, and it is small where h has gone.",
            too_small="The first steps still lie where tanh is steep, so it vanishes a little less than that.",
        ),
        axes=Axes(_STEPS_BACK, "|∂h<sub>10</sub>/∂h<sub>10−j</sub>|", -12, 4),
        compute=_number_of(Experiment(activation="tanh")),
        lesson="“A weight above 1 explodes” looks at half of each factor: the other half is the slope, and a unit"
        " that grows drives itself to where its slope is small. What decides is the mean of ln|w·φ′(z)| along this very"
        " trajectory; here it lies below 0, and {truth} is left. That is one unit alone: in a tanh network of 64 units"
        " with random weights of gain 2 and no input it does explode, to about 10⁶ over 100 steps (median of 40"
        " draws).",
        source="Pascanu, Mikolov & Bengio 2013, §2.1; Bengio, Simard & Frasconi 1994",
        experiment=Experiment(activation="tanh"),
    ),
    Scene(
        name="any_weight",
        title="Any weight you like",
        group=_CHAIN,
        covers=("w > 1 explodes",),
        question="You may choose the weight. How much gradient can one tanh unit carry over ten steps?",
        setup="One unit alone: $h_t = \\tanh(w\\,h_{t-1})$ from $h_0 = 0.5$ without input. Of all"
        " weights $w$, take the best one.",
        latex=r"\max_w \left| \frac{\partial h_{10}}{\partial h_0} \right| = @truth@ \quad \text{at } w = @w@",
        ask=Guess(
            "the largest |∂h₁₀/∂h₀|",
            start=0.0,
            too_large="A larger weight saturates the unit, and a smaller one shrinks each factor: both ends lose.",
            too_small="In between, near w = 1, surprisingly much gets through.",
        ),
        axes=Axes("weight w", "|∂h<sub>10</sub>/∂h<sub>0</sub>|", -8, 4),
        compute=_any_weight,
        lesson="One might hope that the right weight balances the chain, but from this start no weight of one unit"
        " alone keeps the gradient: the best, {w}, passes on {truth}. With less weight or more, more is lost.",
        source="Pascanu, Mikolov & Bengio 2013, §2.1; the maximum is computed here",
        experiment=Experiment(activation="tanh", w=0.992),
    ),
    Scene(
        name="balanced",
        title="Balanced on a point",
        group=_CHAIN,
        covers=("w > 1 explodes",),
        question="Same tanh, same weight of 2, but h starts at exactly 0. Which curve now?",
        setup="$h_t = \\tanh(2\\,h_{t-1})$ from $h_0 = 0$: the unit stays at 0 for ever. One curve belongs to it; the"
        " others start elsewhere.",
        latex=r"h_0 = 0: \quad \frac{\partial h_{10}}{\partial h_0} = \left( 2\,\tanh'(0) \right)^{10} = @truth@",
        ask=Choice(
            {
                "A": "the chain that starts at h₀ = 0.5 and runs into saturation",
                "B": "the chain held at 0, where tanh is steepest",
                "C": "the chain that starts at h₀ = 0.1, close to 0, but not there",
            },
            truth="B",
        ),
        axes=Axes(_STEPS_BACK, "|∂h<sub>10</sub>/∂h<sub>10−j</sub>|", -12, 4),
        compute=_balanced,
        lesson="A state of 0 is not a gradient of 0: the fixed point at 0 repels, so a nudge doubles at each step"
        " while it stays small, and all of 2¹⁰ = {truth} is back. A start at 0.1 already leaves {tenth},"
        " because it slides away from the point.",
        source="Bengio, Simard & Frasconi 1994 (fixed points of tanh(wa)); Pascanu, Mikolov & Bengio 2013, §2.2",
        experiment=Experiment(activation="tanh", h0=0.0),
    ),
    Scene(
        name="quarter",
        title="A slope of a quarter",
        group=_CHAIN,
        covers=("the sigmoid's slope is less than 1", "sigmoid and tanh saturate"),
        question="A sigmoid at its steepest point, with a weight of 2: does its gradient grow?",
        setup="$h_t = \\sigma(2\\,h_{t-1} - 1)$ from $h_0 = 0.5$ stays at $z = 0$, the sigmoid’s steepest point.",
        latex=r"\frac{\partial h_{10}}{\partial h_0} = \left( 2 \cdot \tfrac{1}{4} \right)^{10} = @truth@",
        ask=Choice(
            {
                "A": "the weight alone, 2 at each step, as if a slope “less than 1” hardly mattered",
                "B": "weight times slope, 2 · ¼ at each step",
                "C": "the slope alone, ¼ at each step",
            },
            truth="B",
        ),
        axes=Axes(_STEPS_BACK, "|∂h<sub>10</sub>/∂h<sub>10−j</sub>|", -8, 5),
        compute=_quarter,
        lesson="“Less than 1” is true and far too weak: the sigmoid’s slope is at most ¼, so even at its best each"
        " factor here is {factor}. Its chain cannot grow for any |w| below {threshold}; for tanh that threshold"
        " is 1.",
        source="Hochreiter & Schmidhuber 1997, §3.1; Pascanu, Mikolov & Bengio 2013, §2.1 (γ = ¼)",
        experiment=Experiment(activation="sigmoid", b=-1.0),
    ),
    Scene(
        name="held_sigmoid",
        title="A sigmoid that explodes",
        group=_CHAIN,
        covers=("the sigmoid's slope is less than 1", "w > 1 explodes"),
        question="The sigmoid’s slope never exceeds ¼. Can ten steps of it still explode?",
        setup="$h_t = \\sigma(8\\,h_{t-1} - 4)$ from $h_0 = 0.5$: again the unit stays where it is, at $z = 0$.",
        latex=r"\frac{\partial h_{10}}{\partial h_0} = \left( 8 \cdot \tfrac{1}{4} \right)^{10} = @truth@",
        ask=Guess(
            "∂h₁₀/∂h₀",
            start=0.0,
            too_large="The weight of 8 comes with a slope of ¼ at every step.",
            too_small="The slope of ¼ comes with a weight of 8 at every step.",
        ),
        axes=Axes(_STEPS_BACK, "|∂h<sub>10</sub>/∂h<sub>10−j</sub>|", -8, 10),
        compute=_number_of(Experiment(activation="sigmoid", w=8.0, b=-4.0)),
        lesson="It is often said that a sigmoid can only vanish. Held at its steepest point with 8 · ¼ = 2 it gives"
        " {truth}, to the last digit what the linear unit gave. The point is unstable: a start beside it moves away.",
        source="Pascanu, Mikolov & Bengio 2013, §2.1; Hochreiter & Schmidhuber 1997, §3.1 (|w| < 4)",
        experiment=Experiment(activation="sigmoid", w=8.0, b=-4.0),
    ),
    Scene(
        name="saturation",
        title="A saturated unit",
        group=_CHAIN,
        covers=("sigmoid and tanh saturate",),
        question="A tanh is driven to z = 5. How steep is it there?",
        setup="At $z = 5$ the unit gives $h = \\tanh 5$, almost 1. Its slope $\\tanh'(5)$ multiplies every gradient"
        " that passes.",
        latex=r"\tanh'(5) = \frac{1}{\cosh^2 5} = @truth@",
        ask=Guess(
            "tanh′(5)",
            start=-1.0,
            too_large="The curve looks gently flat, but out there it flattens by a factor of e² = 7.4 per unit of z.",
            too_small="It is tiny, but not as tiny as that: one would have to go further out than z = 5.",
        ),
        axes=Axes("z", "tanh′(z)", -8, 1),
        compute=_saturation,
        lesson="On a plot of tanh one sees that its ends are flat, and not how flat. At z = 5 the unit is {rest} short"
        " of 1 and passes on {truth} of a gradient; ten such steps leave {ten}.",
        source="Hochreiter & Schmidhuber 1997, §3.1; Bengio, Simard & Frasconi 1994",
        experiment=_SATURATED,
    ),
    Scene(
        name="repeat",
        title="One function, again and again",
        group=_CHAIN,
        covers=("one function at every step",),
        question="One step is tanh(2h). Where do ten of them lead the state?",
        setup="An RNN repeats one function: $h_t = f_1(w\\,h_{t-1})$, here $\\tanh(2\\,h_{t-1})$ from $h_0 = 0.5$."
        " Which curve is the state $h_t$?",
        latex=r"h_t = \tanh(2\,h_{t-1}): \quad h_{10} = @truth@",
        ask=Choice(
            {
                "A": "doubling, as if there were no tanh",
                "B": "fading, as if the state vanished with its gradient",
                "C": "settling at the point that tanh(2h) maps to itself",
            },
            truth="C",
        ),
        axes=Axes("step t", "h<sub>t</sub>", -0.1, 2.1, log=False),
        compute=_states,
        lesson="A vanishing gradient does not mean a vanishing state: h settles at {fixed} and stays. It is only its"
        " start that is forgotten, for there each further step multiplies a small nudge by {slope}.",
        source="Bengio, Simard & Frasconi 1994 (fixed points of tanh(wa)); Pattanayak 2019, ch. 1",
        experiment=Experiment(activation="tanh"),
    ),
    Scene(
        name="lags",
        title="Where a gradient comes from",
        group=_LEARNING,
        covers=("a gradient that is not 0 has not vanished", "the error goes back to every earlier step"),
        question="An error after 40 steps corrects the weight. How much of that comes from before the last ten steps?",
        setup="$h_t = \\tfrac12 h_{t-1} + \\tfrac12$ rests at 1, and $L = h_{40}$. The weight was used at all 40 steps,"
        " and backpropagation through time adds up what each use contributes.",
        latex=r"\sum_{j=10}^{39} \left| \frac{\partial L}{\partial w} \right|_{j}"
        r" \Big/ \sum_{j=0}^{39} \left| \frac{\partial L}{\partial w} \right|_{j} = @truth@",
        ask=Guess(
            "the share from before the last ten steps",
            start=-0.3,
            too_large="Thirty of the forty uses lie there, but each step further back contributes only half as much.",
            too_small="It halves at each step, and ten halvings make about a thousandth: no less.",
        ),
        axes=Axes("latest steps left out", "share of ∂L/∂w", -8, 0.5),
        compute=_far_lags,
        lesson="A healthy ∂L/∂w proves nothing about long memory, since it sums over all lags: here the five latest"
        " steps make {near} % of it, and all that lies before the last ten makes {truth}. One must look lag by"
        " lag.",
        source="Pascanu, Mikolov & Bengio 2013, eqs. 3–5; RNNbow (Cashman et al. 2017) draws such bars",
        experiment=_EVEN,
    ),
    Scene(
        name="clipping",
        title="Clipped to length 1",
        group=_LEARNING,
        covers=("clipping cures vanishing",),
        question="The gradient is clipped to length 1. What becomes of the contributions from long ago?",
        setup="The grey curve shows how much each lag adds to $\\partial L/\\partial w$, whose length is far above 1."
        " Which curve shows the same after clipping?",
        latex=r"g \leftarrow \frac{g}{\|g\|}, \quad \|g\| = @size@: \quad \frac{\text{far}}{\text{near}} = @ratio@"
        r"\ \text{before and after}",
        ask=Choice(
            {
                "A": "everything is scaled down by one and the same factor",
                "B": "only what is larger than 1 is cut down, and the rest stays",
                "C": "all lags are levelled, the far ones lifted",
            },
            truth="A",
        ),
        axes=Axes("steps back", "contribution to ∂L/∂w", -14, 4),
        compute=_clipping,
        lesson="Clipping bounds the length of a step: it shortens the whole vector, so far and near keep their ratio,"
        " {ratio} between the ends. What had vanished beside the rest is as small beside it as before.",
        source="Pascanu, Mikolov & Bengio 2013, §3.2, algorithm 1",
        experiment=_EVEN,
    ),
    Scene(
        name="eigenvalues",
        title="Eigenvalues of 0.9",
        group=_LEARNING,
        covers=("eigenvalues decide",),
        question="Both eigenvalues of a matrix are 0.9. How does the product of a hundred such matrices behave?",
        setup="$h_t = W h_{t-1}$ with $W = \\begin{pmatrix} 0.9 & 10 \\\\ 0 & 0.9 \\end{pmatrix}$. Which curve is"
        " $\\|W^j\\|_2$?",
        latex=r"\left\| W^{@lag@} \right\|_2 = @peak@, \quad \rho(W) = @radius@, \quad \sigma_1(W) = @largest@",
        ask=Choice(
            {
                "A": "the eigenvalue alone, 0.9 at each step",
                "B": "the largest singular value at each step, as if each matrix could stretch the same direction",
                "C": "the norm of the product itself: up first, and then down",
            },
            truth="C",
        ),
        axes=Axes("steps", "‖W<sup>j</sup>‖<sub>2</sub>", -5, 5),
        compute=_eigenvalues,
        lesson="“Eigenvalues decide” holds only in the end: this product first grows to {peak} at step {lag}, and only"
        " then falls, at a rate that tends to 0.9 ({rate} at step 100). A largest singular value below 1 would forbid"
        " any growth; {largest} merely permits it.",
        source="Pascanu, Mikolov & Bengio 2013, §2.1; Trefethen & Embree 2005 on non-normal matrices",
        experiment=Experiment(),
        page="",
    ),
    Scene(
        name="nothing_written",
        title="Open and shut",
        group=_CELL,
        covers=("f = 1, i = 0 remembers",),
        question="The forget gate is 1 and the input gate 0. A word arrives at step 5. What does the cell hold?",
        setup="$C_t = f\\,C_{t-1} + i\\,\\tilde C_t$ with $f = 1$, $i = 0$ and $C_0 = 0$: a cell that is told to keep"
        " everything.",
        latex=r"C_t = 1 \cdot C_{t-1} + 0 \cdot \tilde C_t: \quad C_{30} = @truth@, \quad"
        r" \frac{\partial C_{30}}{\partial C_0} = @kept@",
        ask=Choice(
            {
                "A": "the word is written at step 5 and kept; that takes i = 1",
                "B": "the word is written and fades by a tenth a step; that takes i = 1 and f = 0.9",
                "C": "nothing was ever written, so nothing is kept",
            },
            truth="C",
        ),
        axes=Axes("step t", "C<sub>t</sub>", -0.2, 1.2, log=False),
        compute=_nothing_written,
        lesson="“f = 1, i = 0 remembers” forgets that something must be written first. The gradient ∂C₃₀/∂C₀ is a"
        " perfect {kept}, and yet the word is not there: keeping is the forget gate’s work, writing is the input"
        " gate’s.",
        source="Hochreiter & Schmidhuber 1997, §3.2 and §4; Gers, Schmidhuber & Cummins 2000",
        experiment=Experiment(
            cell="lstm",
            h0=0.0,
            T=30,
            t=30,
            sequence="impulse",
            at=5,
            f=1.0,
            i_mode="pinned",
            i=0.0,
            g_mode="computed",
            w_g=0.0,
            o=1.0,
        ),
        page="lstm",
    ),
    Scene(
        name="forgetting",
        title="Nine tenths kept",
        group=_CELL,
        covers=("f = 1, i = 0 remembers", "the cell's gradient is a product of forget gates"),
        question="A forget gate of 0.9 sounds like a good memory. What is left of a word after 100 steps?",
        setup="At each step the cell keeps nine tenths, $C_t = 0.9\\,C_{t-1}$, and nothing new comes in.",
        latex=r"\frac{\partial C_{100}}{\partial C_0} = 0.9^{100} = @truth@",
        ask=Guess(
            "∂C₁₀₀/∂C₀",
            start=-0.5,
            too_large="Losing a tenth a hundred times is far more than losing most of it.",
            too_small="Each step keeps nine tenths, so it is not quite as hopeless.",
        ),
        axes=Axes(_STEPS_BACK, "∂C<sub>100</sub>/∂C<sub>100−j</sub>", -10, 1),
        compute=_forgetting,
        lesson="“Near 1” means nothing until it is held against the number of steps: 0.9 leaves {truth} of a word after"
        " 100 of them, 0.999 leaves {slower}. Ask for the half-life instead, ln 2 / −ln f.",
        source="Gers, Schmidhuber & Cummins 2000; Hochreiter & Schmidhuber 1997, §3.2",
        experiment=SCENARIOS["forget_0.9"].experiment,
        page="lstm",
    ),
    Scene(
        name="text",
        title="A hundred words later",
        group=_CELL,
        covers=("text is read with LSTMs", "f = 1, i = 0 remembers"),
        question="A verb waits for its subject, 100 words away. How much may the cell forget at each word?",
        setup="Half of the gradient along the cell state shall survive 100 words: $f^{100} = \\tfrac12$. How large may"
        " the loss $1 - f$ be?",
        latex=r"1 - f = 1 - 2^{-1/100} = @truth@, \quad f = @f@",
        ask=Guess(
            "1 − f",
            start=-1.0,
            too_large="Even losing two percent a word leaves about an eighth of it after 100.",
            too_small="One need not be that strict: half may go, and it has 100 words to do so.",
        ),
        axes=Axes("words to bridge", "1 − f", -5, 0),
        compute=_text,
        lesson="The wiring alone does not bridge a text: for half to be left after 100 words, the forget gates must"
        " keep {f} a word on average, a loss of {percent} %. That has to be learnt, or be given at the start.",
        source="Gers, Schmidhuber & Cummins 2000; Tallec & Ollivier 2018 (f = 1 − 1/T)",
        experiment=varied(SCENARIOS["forget_0.9"].experiment, f=0.9931),
        page="lstm",
    ),
    Scene(
        name="direct_total",
        title="What the formula leaves out",
        group=_CELL,
        covers=("the gradient is the product of forget gates", "the cell's gradient is a product of forget gates"),
        question="Every forget gate is 0.99. Which curve is the gradient of the cell?",
        setup="One impulse is read, then 29 silent steps. Input gate and candidate read $h_{t-1}$; forget and"
        " output gate are held.",
        latex=r"\frac{\partial C_{30}}{\partial C_0} = @truth@, \quad \prod_{t=1}^{30} f_t = @direct@",
        ask=Choice(
            {
                "A": "no loss at all, the constant error carousel of 1997",
                "B": "the product of forget gates, the direct path of the textbooks",
                "C": "the exact total, with every path through h",
            },
            truth="C",
        ),
        axes=Axes(_STEPS_BACK, "|∂C<sub>30</sub>/∂C<sub>30−j</sub>|", -1.5, 0.5),
        compute=_three_readings,
        lesson="The product of forget gates, {direct}, is one path among many: C also acts through h on every gate that"
        " reads it, and autograd adds all of that up to {truth} in size. The product is exact where neither i, f nor"
        " the candidate reads h.",
        source="Hochreiter & Schmidhuber 1997, §4 and appendix A.1 (there the other paths are cut on purpose)",
        experiment=SCENARIOS["lstm"].experiment,
        page="lstm",
    ),
    Scene(
        name="networks",
        title="Thirty fresh networks",
        group=_CELL,
        covers=("the gradient is the product of forget gates",),
        question="In a fresh LSTM, by what factor does the true gradient exceed the product of its forget gates?",
        setup="torch.nn.LSTM as it starts, 32 units, fed three channels of noise, 20 steps back. We take"
        " $\\|\\text{total}\\| / \\|\\text{direct}\\|$ of $\\partial C_{60}/\\partial C_{40}$, the median"
        " of 30 networks.",
        latex=r"\text{median of } @seeds@ \text{ networks}:\quad"
        r" \frac{\| \text{total} \|}{\| \text{direct} \|} \approx @truth@",
        ask=Guess(
            "‖total‖ / ‖direct‖",
            start=0.0,
            too_large="The paths through h outweigh the gates, but in 20 steps not by that much.",
            too_small="At each step some of the gradient leaks into h and comes back, and that adds up.",
        ),
        axes=Axes(_STEPS_BACK, "‖total‖ / ‖direct‖", -2, 4),
        compute=_networks,
        lesson="The formula with the forget gates alone is no small simplification: in the middle half of these"
        " networks the truth is {low} to {high} times as large, and the median grows with every step. For the direct"
        " path alone every gate counts as if it read nothing.",
        source="computed here, {seeds} seeds; cells as in PyTorch’s documentation of torch.nn.LSTM",
        experiment=SCENARIOS["lstm"].experiment,
        page="lstm",
    ),
    Scene(
        name="start",
        title="How an LSTM starts",
        group=_CELL,
        covers=("LSTMs have forget gates near 1",),
        question="Three ways to start an LSTM. Which one does PyTorch use?",
        setup="Fresh LSTMs of 32 units read 8 channels of noise: $\\|\\partial s_T/\\partial s_{T-j}\\|_F$ with"
        " $s = (C, h)$, the median of 4 networks.",
        latex=r"\text{half-lives of about} \quad @pytorch@, \quad @keras@, \quad @chrono@ \text{ steps}",
        ask=Choice(
            {
                "A": "chrono initialisation for 100 steps, with forget gates near 1",
                "B": "PyTorch’s default, with forget gates about one half",
                "C": "Keras’s default, with a forget bias of 1",
            },
            truth="B",
        ),
        axes=Axes(_STEPS_BACK, "‖∂s<sub>T</sub>/∂s<sub>T−j</sub>‖<sub>F</sub>", -10, 2),
        compute=_starts,
        lesson="Forget gates near 1 are a choice, not a property: PyTorch starts them at {pytorch_f} on average, Keras"
        " at {keras_f}, chrono at {chrono_f}. The gradient halves about every {pytorch}, {keras} and {chrono} steps.",
        source="Jozefowicz, Zaremba & Sutskever 2015; Tallec & Ollivier 2018; defaults of PyTorch and Keras",
        experiment=SCENARIOS["start_pytorch"].experiment,
        page="gates",
    ),
    Scene(
        name="lstm_explodes",
        title="An LSTM that explodes",
        group=_CELL,
        covers=("LSTMs cure exploding gradients",),
        question="Every forget gate is 0.9. Can the gradient of this LSTM explode?",
        setup="No input at all, so $C$ stays at 0, where tanh is steepest. The candidate reads $h_{t-1}$ with weight 1,"
        " and the input gate is half open.",
        latex=r"\frac{\partial C_{30}}{\partial C_0} = @truth@, \quad 0.9^{30} = @direct@",
        ask=Choice(
            {
                "A": "0.9 at each step, the product of forget gates",
                "B": "the exact total, which grows through h and the candidate",
                "C": "never above 1, since an LSTM is said to cure the explosion",
            },
            truth="B",
        ),
        axes=Axes(_STEPS_BACK, "|∂C<sub>30</sub>/∂C<sub>30−j</sub>|", -3, 5),
        compute=_explosion_in_a_cell,
        lesson="LSTMs ease the vanishing; against explosion they hold no guarantee. A nudge of C goes out through h and"
        " comes back through the candidate at every step, more of it than the forget gate takes away: {truth} instead"
        " of {direct}.",
        source="Pascanu, Mikolov & Bengio 2013, §3.1 on what gates can and cannot do; computed here",
        experiment=SCENARIOS["lstm_explodes"].experiment,
        page="lstm",
    ),
    Scene(
        name="norms",
        title="Comparing like with like",
        group=_CELL,
        covers=("norms of RNN and LSTM side by side",),
        question="From h to h this LSTM passes on exactly 0. How much does its cell still hold of ten steps ago?",
        setup="No gate reads $h$, and $f = 0.98$. So $\\partial h_{10}/\\partial h_0 = 0$, and a plot of h against h"
        " would call it forgetful.",
        latex=r"\frac{\partial h_{10}}{\partial h_0} = @hidden@, \quad \frac{\partial C_{10}}{\partial C_0} = @truth@",
        ask=Guess(
            "∂C₁₀/∂C₀",
            start=-6.0,
            too_large="Two percent go at each of the ten steps, so it cannot be all of it.",
            too_small="The zero is about h alone; the cell’s own path does not pass through h.",
        ),
        axes=Axes(_STEPS_BACK, "∂C<sub>10</sub>/∂C<sub>10−j</sub>", -8, 1),
        compute=_hidden_path,
        lesson="Setting an RNN’s ∂h/∂h beside an LSTM’s leaves out the very path that the LSTM was built for: the cell"
        " keeps {truth} where h shows {hidden}. Ask what an input does to h, ∂hₜ/∂xₖ: it means the same in each cell.",
        source="Hochreiter & Schmidhuber 1997, §3.2 and §4",
        experiment=replace(SCENARIOS["hidden_path"].experiment, cell="lstm"),
        page="lstm",
    ),
    Scene(
        name="read_out",
        title="Kept, but not shown",
        group=_CELL,
        covers=("an LSTM remembers, so its output does",),
        question="After 30 steps this cell keeps about three quarters of its first input. How much of it does h feel?",
        setup="An LSTM reads a sine. Its forget gate is 0.99, its input gate opens where the sine is positive, and $C$"
        " grows to 7.23. Out of the cell leads $h_t = o\\,\\tanh C_t$, with $o = 0.9$.",
        latex=r"\frac{\partial C_{30}}{\partial x_1} = @kept@, \quad"
        r" \frac{\partial h_{30}}{\partial x_1} = o\,\tanh'(C_{30})\,\frac{\partial C_{30}}{\partial x_1} = @truth@",
        ask=Guess(
            "∂h₃₀/∂x₁",
            start=0.0,
            too_large="The cell does keep it, but h sees C through a tanh, and at 7.23 a tanh is flat.",
            too_small="The slope of tanh at 7.23 is tiny, but larger than that.",
        ),
        axes=Axes("step t", "∂h<sub>t</sub>/∂x<sub>1</sub>", -9, 1),
        compute=_read_out,
        lesson="To remember and to show are two things: the cell keeps {kept} of its first input, but at C = {c} tanh"
        " has a slope of {slope}, so h feels {truth}. Where less is written (i = 0.1) C stays below 0.3, and h feels"
        " {less}.",
        source="Gers, Schmidhuber & Cummins 2000 (why a cell needs to forget); computed here",
        experiment=replace(SCENARIOS["flat_read_out"].experiment, cell="lstm"),
        page="compare",
    ),
)

SCENES: dict[str, Scene] = {scene.name: scene for scene in _ALL}
