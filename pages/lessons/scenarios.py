"""Named experiments, each with the question it answers and the page that shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rnn_core.experiment import Experiment, varied
from rnn_core.initializers import chrono_bias


@dataclass(frozen=True)
class Scenario:
    """A complete experiment, its question, its answer, and what to notice; `page` is the page's address.

    Those of one `group` stand behind one button, which is called so.
    """

    name: str
    title: str
    question: str
    page: str
    experiment: Experiment
    notice: str
    answer: str
    group: str = ""


_NAN, _MORE = "Why is my loss NaN?", "More"
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
_PINNED = (
    "All gates are pinned, so none reads h, and the product of forget gates is the whole gradient: f to the power of"
    " the steps."
)
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
        Scenario(
            "explosion",
            "2¹⁰ explosion",
            "What do ten steps of a weight of 2 do?",
            "chain",
            Experiment(),
            notice="Every factor is the weight alone, so the bars double with each step back.",
            answer="1024, which is 2¹⁰: the identity’s slope is 1, so each of the 10 steps multiplies by the weight.",
        ),
        Scenario(
            "vanishing",
            "0.5¹⁰ vanishing",
            "And ten steps of a weight of one half?",
            "chain",
            Experiment(w=0.5),
            notice="Explosion and vanishing are one law here, the weight to the power of the steps: what counts is on"
            " which side of 1 it lies.",
            answer="9.766 × 10⁻⁴, which is 0.5¹⁰: each step halves the gradient.",
        ),
        Scenario(
            "tanh",
            "The same weight, with tanh",
            "The weight is still 2: where did the 1024 go?",
            "chain",
            Experiment(activation="tanh"),
            notice="A factor is weight × slope. tanh drives this state to where it is flat, so after a few steps every"
            " slope is small.",
            answer="Into the slopes: theirs alone make 2.089 × 10⁻¹⁰, and times 1024 that leaves 2.139 × 10⁻⁷.",
        ),
        Scenario(
            "unstable_point",
            "Balanced on the unstable point",
            "Same tanh, same weight, but h starts at 0: what keeps the 1024 alive?",
            "chain",
            Experiment(activation="tanh", h0=0.0),
            notice="This state stays where tanh’s slope is 1, at an unstable point: move h₀ a little, and it leaves"
            " for where tanh is flat.",
            answer="The state never leaves 0, where tanh is steepest: every factor is 2, and 10 of them make 1024.",
        ),
        Scenario(
            "saturated_sigmoid",
            "Saturated sigmoid",
            "A weight of 8 and a gradient of almost nothing: how?",
            "chain",
            Experiment(activation="sigmoid", w=8.0),
            notice="A large weight makes large pre-activations, and far out the sigmoid’s slope falls faster than the"
            " weight grows.",
            answer="By saturation: the weight alone would make 1.0737 × 10⁹, the slopes alone 1.1148 × 10⁻³³;"
            " together, 1.197 × 10⁻²⁴.",
        ),
        Scenario(
            "held_sigmoid",
            "Sigmoid that explodes",
            "The sigmoid’s slope never exceeds 1/4: can its chain explode?",
            "chain",
            Experiment(activation="sigmoid", w=8.0, b=-4.0, h0=0.5),
            notice="The bias holds this state at 0.5, where the sigmoid is steepest. The point is unstable: move h₀ or"
            " b a little, and the state drifts off to where the sigmoid is flat.",
            answer="Yes: with w = 8 and the state held at 0.5, each factor is 8 · 1/4, and 10 of them make 1024.",
            group=_MORE,
        ),
        Scenario(
            "nan_float16",
            "2¹⁶ in float16, clipped by norm",
            "Sixteen doublings in float16, then clipped to length 1: what is left of the gradient?",
            "chain",
            Experiment(T=16, dtype="float16", clip="norm"),
            notice="The exact product is 65536, and float16 ends at 65504. Choose clipping by value, or one step less:"
            " both leave a number.",
            answer="NaN. The product is ∞, so its norm is ∞, the scale is 1/∞ = 0, and ∞ · 0 is no number; a loss that"
            " meets it is NaN from then on.",
            group=_NAN,
        ),
        Scenario(
            "infinite_float32",
            "2¹²⁸ in float32",
            "After how many doublings is a gradient ∞ in float32?",
            "chain",
            Experiment(T=128, dtype="float32"),
            notice="bfloat16 ends at the same height: it keeps the exponents of float32 and gives up digits. float16"
            " ends 112 steps earlier.",
            answer="After 128: 2¹²⁸ lies above its largest number, 3.403 × 10³⁸. One step less makes 1.701 × 10³⁸.",
            group=_NAN,
        ),
        Scenario(
            "nothing_float16",
            "0.5²⁵ in float16",
            "Twenty-five halvings in float16: is anything left?",
            "chain",
            Experiment(w=0.5, T=25, dtype="float16"),
            notice="Exactly 0, where nothing can be learnt from, is not the same as small. After 24 steps there is"
            " still the smallest number, 5.96 × 10⁻⁸.",
            answer="Nothing: 2.98 × 10⁻⁸ is half the smallest number, and rounds to 0.",
            group=_NAN,
        ),
        Scenario(
            "nothing_bfloat16",
            "0.5¹³⁴ in bfloat16",
            "bfloat16 and float32 explode at the same step. Do they vanish at the same step?",
            "chain",
            Experiment(w=0.5, T=134, dtype="bfloat16"),
            notice="Below its normal numbers a type trades digits for size, and float32 has 16 digits more to trade.",
            answer="No: bfloat16 is 0 after 134 halvings, float32 holds on until 149 and is 0 after 150.",
            group=_NAN,
        ),
        Scenario(
            "doubling",
            "×2 over 32 steps",
            "A weight of 2 over 32 steps: how large is that, written out?",
            "chain",
            Experiment(T=32),
            notice="Ten steps make a thousand, thirty a billion: each ten multiply by 1024.",
            answer="4,294,967,296, which is 2³².",
            group=_MORE,
        ),
        Scenario(
            "halving",
            "×½ over 32 steps",
            "And a weight of one half over 32 steps?",
            "chain",
            Experiment(w=0.5, T=32),
            notice="The same law, turned over: on the axis of decades both are straight lines.",
            answer="2.328 × 10⁻¹⁰, one part in 4,294,967,296.",
            group=_MORE,
        ),
        Scenario(
            "relu_5",
            "ReLU with weight 5",
            "ReLU does not saturate. What do ten steps of a weight of 5 make of the gradient?",
            "chain",
            Experiment(activation="relu", w=5.0),
            notice="While its state is positive, ReLU’s slope is 1, and the weight alone decides. Start below 0, and"
            " every factor is 0.",
            answer="9,765,625, which is 5¹⁰.",
            group=_MORE,
        ),
        Scenario(
            "steep_sigmoid",
            "A sigmoid on its steepest point",
            "The sigmoid’s slope is at most ¼. Can one step multiply the gradient by 25?",
            "chain",
            Experiment(activation="sigmoid", w=100.0, b=-50.0),
            notice="At h = ½ the input is 100 · ½ − 50 = 0, where the sigmoid is steepest, and σ(0) = ½ comes back:"
            " an unstable point. Move h₀ a little, and the next state is 0 or 1.",
            answer="Yes, with a weight of 100: ¼ · 100 = 25 at every step, for this start alone.",
            group=_MORE,
        ),
        Scenario(
            "flat",
            "At rest where tanh is flat",
            "The weight is 2 and tanh’s slope can reach 1. Which slopes does the chain really meet?",
            "saturation",
            Experiment(activation="tanh", step=10),
            notice="Step by step the points slide out along tanh and settle at a stable fixed point, where the slope"
            " lies well below the dashed line at 1/|w|.",
            answer="Ever smaller ones, down to 0.0832: at the stable point 0.9575 each step multiplies a gradient"
            " by 0.1664.",
        ),
        Scenario(
            "widest_window",
            "The widest window",
            "A sigmoid’s gradient grows only at states with |w σ′| ≥ 1. For which weight do most states qualify?",
            "saturation",
            Experiment(activation="sigmoid", w=6.894, b=-3.447),
            notice="The window’s width stands below the formula. A small weight has none; a large one makes the steep"
            " part of the sigmoid narrower in h.",
            answer="About 6.894, where the window is 0.4477 wide; up to |w| = 4 no step lets it grow.",
        ),
        Scenario(
            "held_on_edge",
            "Held where tanh is steepest",
            "h starts at 0 and stays there: is that point stable, and what does it do to the gradient?",
            "saturation",
            Experiment(activation="tanh", h0=0.0),
            notice="A multiplier above 1 says two things at once: a gradient grows at this point, and so does any"
            " small step away from it.",
            answer="It is unstable: its multiplier is 2, so each step doubles the gradient, and 1024 is left after 10"
            " of them.",
        ),
        Scenario(
            "quarter",
            "A quarter at most",
            "The sigmoid’s slope never exceeds 1/4. From which weight on can its chain explode?",
            "saturation",
            Experiment(activation="sigmoid", w=8.0, b=-4.0),
            notice="The dashed line lies at 1/|w|: only where the slope is above it does a step amplify. The bias"
            " keeps this state there.",
            answer="From |w| > 4 on, and only while the state stays where the sigmoid is steep. Here w = 8 makes each"
            " factor 2.",
        ),
        Scenario(
            "two_memories",
            "Two memories",
            "One weight, one bias, two places to rest. Which start leads to which?",
            "saturation",
            Experiment(activation="sigmoid", w=5.0, b=-2.5, h0=0.55, T=30),
            notice="The unstable point in between divides the starts. At both rests a step shrinks the gradient: what"
            " holds a state for ever forgets where it came from.",
            answer="Starts above 0.5 end at 0.8552, starts below it at 0.1448; each step there multiplies a gradient"
            " by 0.6191.",
        ),
        Scenario(
            "flip",
            "A negative weight flips",
            "With w = −3 this state never comes to rest. What does the gradient find on its way?",
            "saturation",
            Experiment(activation="tanh", w=-3.0),
            notice="A negative weight turns the sign with each step, of the states and of the factors. What repeats is"
            " two steps together.",
            answer="It ends up alternating between 0.9949 and −0.9949, where tanh is flat: two steps there multiply a"
            " gradient by 9.31 × 10⁻⁴.",
        ),
        Scenario(
            "map_ridge",
            "Two ridges lose least",
            "Which weights lose the least of one tanh unit's gradient over 50 steps?",
            "map",
            varied(_MAP, activation="tanh", t=50),
            notice="Between the ridges a gradient fades since |w| is small, beyond them since tanh saturates. The"
            " ridges themselves fall with every step.",
            answer="Those at |w| = 1, and none on this map keeps the gradient within a factor of 10 of 1.",
        ),
        Scenario(
            "map_wedge",
            "Without saturation",
            "And if the unit never saturates: with which weights does the gradient neither vanish nor explode?",
            "map",
            _MAP,
            notice="Where nothing saturates, the gradient is |w| to the power of the steps: the more steps, the"
            " narrower the band that keeps it near 1.",
            answer="Those near |w| = 1: after 10 steps the gradient is within a factor of 10 of 1 for |w| from 0.80 to"
            " 1.25.",
        ),
        Scenario(
            "map_balanced",
            "Balanced at 0",
            "Still tanh, but h starts at exactly 0. What became of the ridge?",
            "map",
            varied(_MAP, activation="tanh", h0=0.0),
            notice="This holds for h₀ = 0 alone. From another start, a weight above 1 in size drives the state out to"
            " where tanh is flat, sooner or later.",
            answer="It is gone: the state stays at 0, where tanh’s slope is 1, so this map is that of no saturation.",
        ),
        Scenario(
            "map_wall",
            "A wall in the sigmoid",
            "Below, a sigmoid explodes on one thin line of weights and biases. Where is it, and why there?",
            "map",
            varied(_MAP, activation="sigmoid", w=8.0, b=-4.0),
            notice="On that line the start 0.5 is a fixed point at z = 0. A little beside it, the state leaves for"
            " where the sigmoid is flat.",
            answer="On b = −w/2, from |w| > 4 on: there each factor is w/4, and at w = 8 that makes 1024.",
        ),
        Scenario(
            "map_dead",
            "Half a map of zeros",
            "On the left of the map a relu’s gradient is exactly 0: after how many steps?",
            "map",
            varied(_MAP, activation="relu", w=-0.5),
            notice="A dead step leaves no small gradient but none, and no later factor brings it back. On the right"
            " relu is the identity as long as the state stays positive.",
            answer="After the first: the start is positive, so a negative weight makes the first z negative, and"
            " relu’s slope there is 0.",
        ),
        Scenario(
            "gates",
            "One impulse kept",
            "Which of the gradient’s ways back is the widest?",
            "gates",
            _GATES,
            notice="Each way is as wide as its factor in this one step. Over many steps the narrow ones add up:"
            " ∂C₃₀/∂C₀ is 0.1903, while the forget gates alone keep 74.0 %.",
            answer="The one along the cell state: 0.99 in this step, against −0.088 through the gates that read h.",
        ),
        Scenario(
            "nothing_written",
            "f = 1, i = 0",
            "The forget gate is wide open. What does the cell remember?",
            "gates",
            varied(_GATES, f=1.0, i_mode="pinned", i=0.0),
            notice="f keeps, i writes: a forget gate near 1 remembers only what was let in. The gradient along C is 1"
            " at every step, and C is empty.",
            answer="Nothing: with i = 0 nothing is ever written, so C stays 0, whatever f keeps.",
        ),
        Scenario(
            "carousel",
            "1997: no forget gate",
            "The gradient of C never fades. What can this cell of 1997 not do?",
            "gates",
            _CAROUSEL,
            notice="The gradient along C stays 1 at every step, but C is read through tanh. The forget gate (Gers,"
            " Schmidhuber & Cummins 2000) lets a cell empty itself.",
            answer="Let go: C only grows, to 10 after 20 steps. There tanh is flat, and ∂h₂₀/∂C₂₀ is 8.245 × 10⁻⁹.",
        ),
        *(
            Scenario(
                f"start_{name}",
                f"Forget bias {bias}",
                f"{maker}: how long does a cell remember before it has learnt anything?",
                "gates",
                varied(_GATES, f_mode="computed", b_f=b_f),
                notice=notice,
                answer=answer,
            )
            for name, bias, maker, b_f, notice, answer in (
                (
                    "pytorch",
                    "0: PyTorch",
                    "As torch.nn.LSTM starts on average",
                    0.0,
                    "A bias of 0 makes f one half where nothing else reaches the gate. PyTorch draws its biases around"
                    " 0; here they stand at their mean.",
                    "Not long: its forget gate is 0.5, so half is lost in 1 step, and 99 % in 6.6 steps.",
                ),
                (
                    "keras",
                    "1: Keras",
                    "As Keras starts on average",
                    1.0,
                    "A forget bias of 1 is what Jozefowicz, Zaremba & Sutskever (2015) advise. It gains steps; over"
                    " the 30 of this chain the forget gates keep 0.0083 %.",
                    "A little longer: its forget gate is 0.7311, so half is lost in 2.2 steps, and 99 % in 15 steps.",
                ),
                (
                    "chrono",
                    "log 99: chrono",
                    "For dependencies of 100 steps",
                    chrono_bias(100),
                    "Chrono chooses the bias for the longest dependency that one expects, here 100 steps: log 99 makes"
                    " f = 0.99 where nothing else reaches the gate.",
                    "Long: its forget gate is 0.99, so half is lost in 69 steps, and 99 % in 458 steps.",
                ),
            )
        ),
        Scenario(
            "side_ways",
            "When h pushes harder",
            "f is 0.9 at every step, and yet the gradient grows: through which gate?",
            "gates",
            varied(_GATES, sequence="none", f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0),
            notice="Without input C stays at 0, where tanh is steepest: beside f = 0.9 the gates bring back ∂C₂/∂h₁ ="
            " 0.5. What the forget gate takes, the candidate gives back, and more.",
            answer="Through the candidate: C raises h, and h raises C̃. After 30 steps the gradient is 5419.",
        ),
        Scenario(
            "not_zero",
            "Not zero, and yet vanished",
            "∂L/∂W is not 0. Has nothing vanished?",
            "network",
            Experiment(w=0.5, b=0.5, h0=1.0, T=40, f2="identity", y=0.0),
            notice="A sum over all uses of the weight can be of ordinary size with nothing from distant steps in it:"
            " of ∂L₄₀/∂h₄₀, 9.095 × 10⁻¹³ arrives at h₀.",
            answer="What comes from distant steps has: the sum is 2, and the last 10 of 40 lags hold 99.9 % of it.",
        ),
        Scenario(
            "blame",
            "The first step is to blame",
            "The loss is at step 40, and the weight is only 1.2: which step gets most of the blame?",
            "network",
            Experiment(w=1.2, b=-0.2, h0=1.0, T=40, f2="identity", y=0.0),
            notice="An exploding gradient blames the distant past: 99.6 % of this sum is 10 steps old or older.",
            answer="The first: step 1 alone adds 1225 to the 7344, and the last 10 of 40 lags hold 0.4 %.",
        ),
        Scenario(
            "each_alike",
            "A shrinking gradient, equal shares",
            "Each step halves the gradient. Why do all steps count alike?",
            "network",
            Experiment(w=0.5, f2="identity", y=0.0),
            notice="A use of the weight counts by gradient × state. Here the state halves forwards as the gradient"
            " halves backwards, so all products are equal.",
            answer="The earlier the step, the larger the state that the weight met there: each of the 10 adds 4.768 ×"
            " 10⁻⁷.",
        ),
        Scenario(
            "tanh_horizon",
            "tanh with weight 1",
            "The weight is exactly 1. How far back does a loss reach?",
            "network",
            Experiment(activation="tanh", w=1.0, T=40, sequence="sine", period=7.0, w_y=2.0),
            notice="A weight of 1 is not a factor of 1: the sine drives tanh to where its slope is below 1, and of"
            " −1.057 only −2.204 × 10⁻¹³ arrives at h₀.",
            answer="About 10 steps: the last 10 of 40 lags hold 99.9 % of the summed magnitudes.",
        ),
        Scenario(
            "sure_and_wrong",
            "Sure and wrong",
            "The network is sure of “not” where the target is “to”: a large loss. Is W_hh corrected as much?",
            "network",
            Experiment(activation="tanh", w=3.0, T=20, w_y=4.0, target="to"),
            notice="A large loss makes a large gradient at the output. What reaches the weight is multiplied by the"
            " slope of a state that is driven hard.",
            answer="No: ∂L₂₀/∂h₂₀ is 11.92, but little of it passes the saturated state, and ∂L₂₀/∂W_hh is 0.1245.",
        ),
        Scenario(
            "lstm",
            "One impulse remembered",
            "Which of these curves is the gradient?",
            "lstm",
            _LSTM,
            notice="Only the total counts all the ways from C₀ to C₃₀. Beside the direct path it is the candidate that"
            " takes away most, −0.437.",
            answer="The total: 0.1903 is left, where the product of forget gates says 74.0 %.",
        ),
        *(
            Scenario(
                f"forget_{f:g}",
                f"Forget gate {f:g}",
                _LEFT,
                "lstm",
                varied(_FORGET, f=f),
                notice=_PINNED,
                answer=answer,
            )
            for f, answer in (
                (0.5, "7.9 × 10⁻²⁹ %."),
                (0.9, "0.0027 %: a gate of 0.9 sounds large, and 100 steps are many."),
                (0.99, "36.6 %."),
                (1.0, "All of it, 100.0 %, and nothing that was written can ever leave."),
            )
        ),
        Scenario(
            "total_exceeds",
            "Total exceeds direct",
            "Each step forgets a tenth: why is so much more left?",
            "lstm",
            varied(_LSTM, f=0.9, w_i=2.0, u_i=0.0, b_i=-1.0, w_g=1.0),
            notice="The product of forget gates is the direct path alone. Each gate that reads h opens another way,"
            " and a way can add as well as take.",
            answer="C also acts through h: the candidate adds 0.504 to the direct 0.0424, and all together 0.7527 is"
            " left.",
        ),
        Scenario(
            "four_readings",
            "Four readings, four answers",
            "Four ways to write the same derivative: which one does autograd return?",
            "lstm",
            varied(_LSTM, k=1, **_COMPUTED, b_f=1.0, w_f=0.5, w_i=2.0, u_i=0.0, b_i=-0.5, w_g=2.0, w_o=-1.5, b_o=1.0),
            notice="The readings differ in what they hold still. Autograd holds nothing still: it counts every path"
            " from C₁ to C₃₀.",
            answer="The total, 0.01058: larger than the product of forget gates by a factor of 15.7.",
        ),
        Scenario(
            "wrong_sign",
            "The wrong sign",
            "A product of gates cannot be negative. Can the gradient?",
            "lstm",
            varied(_SINE, b_f=2.5, w_f=0.5, w_i=-0.5, b_i=-0.5, w_g=-2.5, w_o=1.5),
            notice="No forget gate is negative, but a gate that reads h with a negative weight turns the sign of what"
            " comes back through it. The paths nearly cancel: 4.2 % of their sizes is left.",
            answer="Yes: the direct path keeps 57.1 %, the way through the candidate brings −0.462, and the total is"
            " −0.0499.",
        ),
        Scenario(
            "lstm_explodes",
            "An LSTM that explodes",
            "Every forget gate is 0.9. Can the gradient still grow?",
            "lstm",
            varied(_LSTM, sequence="none", f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0),
            notice="Nothing is written, and C stays 0, where tanh is steepest; the candidate reads h and gives back"
            " more than f takes. A gate does not rule out an explosion.",
            answer="Yes: 5419 after 30 steps, where the forget gates alone keep 4.2 %.",
        ),
        Scenario(
            "same_input",
            "One sine for all",
            "Three cells read the same sine. Which of them still feels its first number?",
            "compare",
            _COMPARED,
            notice="Both gates have one half-life, f = z = 0.99: what sets LSTM and GRU apart is how much is written,"
            " i = 0.1 against 1 − z = 0.01, and what else acts through h.",
            answer="The LSTM feels it most: |∂h₃₀/∂x₁| is 0.0278, for the GRU 0.00192, and for the RNN 3.29 × 10⁻¹².",
        ),
        Scenario(
            "flat_read_out",
            "Kept, but not shown",
            "The input gate now reads the sine as well. The cell holds its first number: why does h not feel it?",
            "compare",
            varied(_COMPARED, i_mode="computed"),
            notice="What a cell holds and what its output shows are two things: the read-out multiplies by o and by"
            " tanh’s slope at C.",
            answer="C₃₀ is 7.23, where tanh is flat: |∂C₃₀/∂x₁| is 0.756, and |∂h₃₀/∂x₁| is 1.42 × 10⁻⁶.",
        ),
        Scenario(
            "hidden_path",
            "The path left out",
            "From h to h the gradient is 0. Has the LSTM forgotten?",
            "compare",
            Experiment(activation="tanh", w=1.0, c0=1.0, f=0.98, w_i=0.0, w_g=0.0, o=0.9, z=0.98),
            notice="From h to h leaves out the cell state, and that is where an LSTM remembers. What an input does to"
            " a later output, |∂hₜ/∂xⱼ|, asks all cells the same.",
            answer="No: no gate reads h, so only that one way is closed. C keeps 81.7 %, and |∂h₁₀/∂x₁| is 0.0978.",
        ),
        Scenario(
            "all_explode",
            "All three explode",
            "No input, so all states stay at 0, where tanh is steepest. Does a gate cure the explosion?",
            "compare",
            Experiment(w=1.2, h0=0.0, T=30, f=0.9, w_i=0.0, u_i=0.0, b_i=0.0, w_g=1.0, w_n=3.0, z=0.5, w_r=0.0),
            notice="A gate decides what is kept, not how strongly the states act on each other: here the candidates"
            " give back more than the gates take.",
            answer="No: |∂h₃₀/∂x₁| is 198 in the RNN, 5419 in the LSTM and 646 in the GRU.",
        ),
    )
}
