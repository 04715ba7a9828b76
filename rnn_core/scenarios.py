"""Named experiments, each with the question it answers and the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rnn_core.experiment import Experiment


@dataclass(frozen=True)
class Scenario:
    """A complete experiment and its question; `page` is the page's address."""

    name: str
    title: str
    question: str
    page: str
    experiment: Experiment


_LSTM = Experiment(cell="lstm", h0=0.0, T=30, t=30, sequence="impulse")
_FORGET = Experiment(
    cell="lstm", h0=0.0, T=100, t=100, c0=1.0,
    i_mode="pinned", i=0.0, g_mode="pinned", g=0.0, o_mode="pinned",
)  # fmt: skip
_LEFT = "How much of C is left after 100 steps?"


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("explosion", "2^10 explosion", "What do ten steps of a weight of 2 do?", "chain", Experiment()),
        Scenario(
            "vanishing",
            "0.5^10 vanishing",
            "And ten steps of a weight of one half?",
            "chain",
            Experiment(w=0.5),
        ),
        Scenario(
            "tanh",
            "tanh saves and kills",
            "The weight is still 2: where did the 1024 go?",
            "chain",
            Experiment(activation="tanh"),
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
        Scenario("lstm", "One impulse remembered", "Which of the two curves is the gradient?", "lstm", _LSTM),
        *(
            Scenario(f"forget_{f:g}", f"Forget gate {f:g}", _LEFT, "lstm", replace(_FORGET, f=f))
            for f in (0.5, 0.9, 0.99, 1.0)
        ),
        Scenario(
            "total_exceeds",
            "Total exceeds direct",
            "Each step forgets a tenth: why is so much more left?",
            "lstm",
            replace(_LSTM, f=0.9, w_i=2.0, u_i=0.0, b_i=-1.0, w_g=1.0),
        ),
        Scenario(
            "lstm_explodes",
            "An LSTM that explodes",
            "Every forget gate is 0.9. Can the gradient still grow?",
            "lstm",
            replace(_LSTM, sequence="none", f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0),
        ),
        Scenario(
            "same_input",
            "One sine for all",
            "Three cells read the same sine: which one keeps the gradient?",
            "compare",
            Experiment(activation="tanh", w=1.0, T=30, t=30, sequence="sine"),
        ),
        Scenario(
            "hidden_path",
            "The path left out",
            "From h to h the gradient is 0. Has the LSTM forgotten?",
            "compare",
            Experiment(activation="tanh", w=1.0, c0=1.0, f=0.98, w_i=0.0, w_g=0.0, o=0.9),
        ),
        Scenario(
            "all_explode",
            "All three explode",
            "Does a gate cure the explosion?",
            "compare",
            Experiment(w=1.2, h0=0.0, T=30, t=30, f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0, w_n=3.0, z=0.5, w_r=0.0),
        ),
    )
}
