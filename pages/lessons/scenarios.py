"""Named experiments, each with the question it answers and the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnn_core.experiment import Experiment, varied
from rnn_core.initializers import chrono_bias


@dataclass(frozen=True)
class Scenario:
    """A complete experiment and its question; `page` is the page's address."""

    name: str
    title: str
    question: str
    page: str
    experiment: Experiment


_LSTM = Experiment(cell="lstm", h0=0.0, T=30, sequence="impulse")
_COMPUTED: dict[str, Any] = {f"{q}_mode": "computed" for q in "ifgo"}
_SINE = varied(_LSTM, T=10, k=1, sequence="sine", **_COMPUTED)
_FORGET = Experiment(
    cell="lstm",
    h0=0.0,
    T=100,
    t=100,
    c0=1.0,
    i_mode="pinned",
    i=0.0,
    g_mode="pinned",
    g=0.0,
    o_mode="pinned",
)
_MAP = Experiment(T=50, t=10)
_LEFT = "How much of C is left after 100 steps?"
_GATES = varied(_LSTM, step=2)  # as the page opens
_COMPARED = Experiment(
    activation="tanh",
    w=1.0,
    T=30,
    t=30,
    sequence="sine",
    z=0.99,
    i_mode="pinned",
    i=0.1,
)
_CAROUSEL = Experiment(
    cell="lstm",
    h0=0.0,
    T=20,
    t=20,
    step=20,
    f=1.0,
    i_mode="pinned",
    i=0.5,
    g_mode="pinned",
    g=1.0,
    o_mode="pinned",
    o=1.0,
)


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("explosion", "2¹⁰ explosion", "What do ten steps of a weight of 2 do?", "chain", Experiment()),
        Scenario(
            "vanishing",
            "0.5¹⁰ vanishing",
            "And ten steps of a weight of one half?",
            "chain",
            Experiment(w=0.5),
        ),
        Scenario(
            "tanh",
            "The same weight, with tanh",
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
        Scenario(
            "flat",
            "At rest where tanh is flat",
            "The weight is 2 and tanh's slope can reach 1. Which slopes does the chain really meet?",
            "saturation",
            Experiment(activation="tanh", step=10),
        ),
        Scenario(
            "held_on_edge",
            "Held where tanh is steepest",
            "h starts at 0 and stays there: is that point stable, and what does it do to the gradient?",
            "saturation",
            Experiment(activation="tanh", h0=0.0),
        ),
        Scenario(
            "quarter",
            "A quarter at most",
            "The sigmoid's slope never exceeds 1/4. From which weight on can its chain explode?",
            "saturation",
            Experiment(activation="sigmoid", w=8.0, b=-4.0),
        ),
        Scenario(
            "two_memories",
            "Two memories",
            "One weight, one bias, two places to rest. Which start leads to which?",
            "saturation",
            Experiment(activation="sigmoid", w=5.0, b=-2.5, h0=0.55, T=30),
        ),
        Scenario(
            "flip",
            "A negative weight flips",
            "With w = −3 this state never comes to rest. What does the gradient find on its way?",
            "saturation",
            Experiment(activation="tanh", w=-3.0),
        ),
        Scenario(
            "map_ridge",
            "Two ridges lose least",
            "Which weights lose the least of one tanh unit's gradient over 50 steps?",
            "map",
            varied(_MAP, activation="tanh", t=50),
        ),
        Scenario(
            "map_wedge",
            "Without saturation",
            "And if the unit never saturates: with which weights does the gradient neither vanish nor explode?",
            "map",
            _MAP,
        ),
        Scenario(
            "map_balanced",
            "Balanced at 0",
            "Still tanh, but h starts at exactly 0. What became of the ridge?",
            "map",
            varied(_MAP, activation="tanh", h0=0.0),
        ),
        Scenario(
            "map_wall",
            "A wall in the sigmoid",
            "Below, a sigmoid explodes on one thin line of weights and biases. Where is it, and why there?",
            "map",
            varied(_MAP, activation="sigmoid", w=8.0, b=-4.0),
        ),
        Scenario(
            "map_dead",
            "Half a map of zeros",
            "On the left of the map a relu's gradient is exactly 0: after how many steps?",
            "map",
            varied(_MAP, activation="relu", w=-0.5),
        ),
        Scenario("gates", "One impulse kept", "Which of the gradient's ways back is the widest?", "gates", _GATES),
        Scenario(
            "nothing_written",
            "f = 1, i = 0",
            "The forget gate is wide open. What does the cell remember?",
            "gates",
            varied(_GATES, f=1.0, i_mode="pinned", i=0.0),
        ),
        Scenario(
            "carousel",
            "1997: no forget gate",
            "The gradient of C never fades. What can this cell of 1997 not do?",
            "gates",
            _CAROUSEL,
        ),
        *(
            Scenario(
                f"start_{name}",
                f"Forget bias {bias}",
                f"{maker}: how long does a cell remember before it has learnt anything?",
                "gates",
                varied(_GATES, f_mode="computed", b_f=b_f),
            )
            for name, bias, maker, b_f in (
                ("pytorch", "0: PyTorch", "As torch.nn.LSTM starts on average", 0.0),
                ("keras", "1: Keras", "As Keras starts on average", 1.0),
                ("chrono", "log 99: chrono", "For dependencies of 100 steps", chrono_bias(100)),
            )
        ),
        Scenario(
            "side_ways",
            "When h pushes harder",
            "f is 0.9 at every step, and yet the gradient grows: through which gate?",
            "gates",
            varied(_GATES, sequence="none", f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0),
        ),
        Scenario(
            "not_zero",
            "Not zero, and yet vanished",
            "∂L/∂W is not 0. Has nothing vanished?",
            "network",
            Experiment(w=0.5, b=0.5, h0=1.0, T=40, f2="identity", y=0.0),
        ),
        Scenario(
            "blame",
            "The first step is to blame",
            "The loss is at step 40, and the weight is only 1.2: which step gets most of the blame?",
            "network",
            Experiment(w=1.2, b=-0.2, h0=1.0, T=40, f2="identity", y=0.0),
        ),
        Scenario(
            "each_alike",
            "A shrinking gradient, equal shares",
            "Each step halves the gradient. Why do all steps count alike?",
            "network",
            Experiment(w=0.5, f2="identity", y=0.0),
        ),
        Scenario(
            "tanh_horizon",
            "tanh with weight 1",
            "The weight is exactly 1. How far back does a loss reach?",
            "network",
            Experiment(activation="tanh", w=1.0, T=40, sequence="sine", period=7.0, w_y=2.0),
        ),
        Scenario(
            "sure_and_wrong",
            "Sure and wrong",
            "The network is sure of “not” where the target is “to”: a large loss. Is W_hh corrected as much?",
            "network",
            Experiment(activation="tanh", w=3.0, T=20, w_y=4.0, target="to"),
        ),
        Scenario("lstm", "One impulse remembered", "Which of these curves is the gradient?", "lstm", _LSTM),
        *(
            Scenario(f"forget_{f:g}", f"Forget gate {f:g}", _LEFT, "lstm", varied(_FORGET, f=f))
            for f in (0.5, 0.9, 0.99, 1.0)
        ),
        Scenario(
            "total_exceeds",
            "Total exceeds direct",
            "Each step forgets a tenth: why is so much more left?",
            "lstm",
            varied(_LSTM, f=0.9, w_i=2.0, u_i=0.0, b_i=-1.0, w_g=1.0),
        ),
        Scenario(
            "four_readings",
            "Four readings, four answers",
            "Four ways to write the same derivative: which one does autograd return?",
            "lstm",
            varied(_LSTM, k=1, **_COMPUTED, b_f=1.0, w_f=0.5, w_i=2.0, u_i=0.0, b_i=-0.5, w_g=2.0, w_o=-1.5, b_o=1.0),
        ),
        Scenario(
            "wrong_sign",
            "The wrong sign",
            "A product of gates cannot be negative. Can the gradient?",
            "lstm",
            varied(_SINE, b_f=2.5, w_f=0.5, w_i=-0.5, b_i=-0.5, w_g=-2.5, w_o=1.5),
        ),
        Scenario(
            "lstm_explodes",
            "An LSTM that explodes",
            "Every forget gate is 0.9. Can the gradient still grow?",
            "lstm",
            varied(_LSTM, sequence="none", f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0),
        ),
        Scenario(
            "same_input",
            "One sine for all",
            "Three cells read the same sine. Which of them still feels its first number?",
            "compare",
            _COMPARED,
        ),
        Scenario(
            "flat_read_out",
            "Kept, but not shown",
            "The input gate now reads the sine as well. The cell holds its first number: why does h not feel it?",
            "compare",
            varied(_COMPARED, i_mode="computed"),
        ),
        Scenario(
            "hidden_path",
            "The path left out",
            "From h to h the gradient is 0. Has the LSTM forgotten?",
            "compare",
            Experiment(activation="tanh", w=1.0, c0=1.0, f=0.98, w_i=0.0, w_g=0.0, o=0.9, z=0.98),
        ),
        Scenario(
            "all_explode",
            "All three explode",
            "No input, so all states stay at 0, where tanh is steepest. Does a gate cure the explosion?",
            "compare",
            Experiment(w=1.2, h0=0.0, T=30, f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0, w_n=3.0, z=0.5, w_r=0.0),
        ),
    )
}
