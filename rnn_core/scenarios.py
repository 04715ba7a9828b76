"""Named experiments, each with the question it answers and the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_core.experiment import Experiment


@dataclass(frozen=True)
class Scenario:
    """A complete experiment and its question; `page` is the page's address."""

    name: str
    title: str
    question: str
    page: str
    experiment: Experiment


_TANH = Experiment(activation="tanh")
_LSTM = Experiment(cell="lstm", h0=0.0, T=30, t=30, sequence="impulse")
_FORGET = Experiment(
    cell="lstm", h0=0.0, T=100, t=100, c0=1.0, sequence="none",
    i_mode="pinned", i=0.0, g_mode="pinned", g=0.0, o_mode="pinned", o=0.9,
)  # fmt: skip


def _forget(f: float) -> Experiment:
    from dataclasses import replace

    return replace(_FORGET, f=f)


SCENARIOS = {
    s.name: s
    for s in (
        Scenario(
            "explosion", "2^10 explosion", "What do ten steps of a weight of 2 do?", "chain", Experiment()
        ),
        Scenario(
            "vanishing", "0.5^10 vanishing", "And ten steps of a weight of one half?", "chain", Experiment(w=0.5)
        ),
        Scenario(
            "tanh", "tanh saves and kills", "The weight is still 2: where did the 1024 go?", "chain", _TANH
        ),
        Scenario(
            "unstable_point",
            "Balanced on the unstable point",
            "Same tanh, same weight, but h starts at 0: what keeps the 1024 alive?",
            "chain",
            Experiment(activation="tanh", h0=0.0),
        ),
        Scenario(
            "saturated_sigmoid",
            "Saturated sigmoid",
            "A weight of 8 and a gradient of almost nothing: how?",
            "chain",
            Experiment(activation="sigmoid", w=8.0),
        ),
        Scenario(
            "held_sigmoid",
            "Sigmoid that explodes",
            "The sigmoid's slope never exceeds 1/4: can its chain explode?",
            "chain",
            Experiment(activation="sigmoid", w=8.0, b=-4.0, h0=0.5),
        ),
        Scenario("forget_50", "Forget gate 0.5", "How much is left after 100 steps?", "lstm", _forget(0.5)),
        Scenario("forget_90", "Forget gate 0.9", "How much is left after 100 steps?", "lstm", _forget(0.9)),
        Scenario("forget_99", "Forget gate 0.99", "How much is left after 100 steps?", "lstm", _forget(0.99)),
        Scenario("forget_100", "Forget gate 1", "Does anything ever get lost?", "lstm", _forget(1.0)),
        Scenario("lstm_start", "One impulse remembered", "Which of the two curves is the gradient?", "lstm", _LSTM),
    )
}
