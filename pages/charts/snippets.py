"""Code that makes a page's number from nothing but NumPy, or PyTorch: short, with the reader's own numbers in it.

NumPy multiplies the chain's factors, or takes a complex step (Squire & Trapp 1998); PyTorch differentiates by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pages.charts.drawings.norms import effect
from pages.charts.parts.numbers import number, scalar
from rnn_core import check
from rnn_core.activations import ACTIVATIONS
from rnn_core.cells import CELLS, LSTM, Cell
from rnn_core.experiment import Experiment, inputs, run
from rnn_core.readout import PLACES, WORDS, readout
from rnn_core.scaled import Scaled
from rnn_core.sequences import SEQUENCES

Snippets = dict[str, str]  # by the name of the library

_STEP = "STEP = {}j  # a complex step: f(h + STEP).imag is the derivative, with no difference to cancel"
_SIGMOID = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z)) if z.real > 0 else np.exp(z) / (1 + np.exp(z))
"""
_SURE = 1e-9  # relative
_END = 290  # decimal exponent: float64 ends at 308
_DEEP = _END - 100  # where a complex step of 1e-100 needs to be larger
_FLAT = 6.0  # |z| from which 1 - tanh(z)² has lost four digits


def chain(e: Experiment) -> Snippets:
    """∂h_t/∂h_k of an RNN."""
    r = run(e)
    answer = _Answer(scalar(r.flow.products_to(r.t, r.k))[0], check.walk(e, check.chain))
    given = [*_rnn(e), f"h0 = {e.h0!r}", *_ends(e)]
    numpy = [
        *_head("numpy", e, given),
        *_phi(e),
        *_slope(e),
        "h, product = h0, 1.0",
        "for j, x_j in enumerate(x[:t], 1):",
        "    z = u * x_j + b + w * h",
        "    h = phi(z)",
        "    if j > k:",
        "        product *= w * slope(z)  # one factor of the chain",
        f"print(product)  # {answer.forwards()}",
    ]
    torch = [
        *_head("torch", e, given),
        *_phi(e, torch=True),
        f"h = h_k = {_leaf('h0')}",
        "for j, x_j in enumerate(x[:t], 1):",
        "    h = phi(u * x_j + b + w * h)",
        *(["    if j == k:", "        h = h_k = h.detach().requires_grad_()  # the chain begins"] if e.begin else []),
        "[gradient] = torch.autograd.grad(h, h_k)",
        *_flat(e),
        f"print(gradient.item())  # {answer.backwards()}",
    ]
    return _both(numpy, torch)


def total(e: Experiment) -> Snippets:
    """∂C_t/∂C_k of an LSTM, h_k following C_k."""
    r = run(e)
    answer = _Answer(scalar(r.flow.total(r.t, r.k))[0], check.walk(e, check.total))
    given, body = _gates(e, LSTM)
    given = [f"c0, h0 = {e.c0!r}, {e.h0!r}", *given, *_ends(e)]
    numpy = [
        *_head("numpy", e, given),
        *_SIGMOID.split("\n"),
        _STEP.format(answer.step),
        f"C, h = {'c0' if e.begin else 'c0 + STEP'}, h0",
        "for j, x_j in enumerate(x[:t], 1):",
        *_lines(body, "np"),
        "    C = f * C + i * g",
        *(["    if j == k:", "        C = C + STEP  # and h_k follows"] if e.begin else []),
        "    h = o * np.tanh(C)",
        f"print(C.imag / STEP.imag)  # {answer.forwards(answer.step)}",
    ]
    torch = [
        *_head("torch", e, given),
        f"C = C_k = {_leaf('c0')}",
        "h = torch.tensor(h0, dtype=torch.float64)",
        "for j, x_j in enumerate(x[:t], 1):",
        *_lines(body, "torch"),
        "    C = f * C + i * g",
        *(["    if j == k:", "        C = C_k = C.detach().requires_grad_()  # and h_k follows"] if e.begin else []),
        "    h = o * torch.tanh(C)",
        "[gradient] = torch.autograd.grad(C, C_k)",
        *_flat(e),
        f"print(gradient.item())  # {answer.backwards()}",
    ]
    return _both(numpy, torch)


def effects(e: Experiment) -> Snippets:
    """|∂h_t/∂x_{k+1}| of the three cells."""
    cells_of = {name: replace(e, cell=name) for name in CELLS}
    answers = {name: _Answer(effect(run(one)), check.walk(one, check.effect)) for name, one in cells_of.items()}
    gates = {name: _gates(e, cell) for name, cell in CELLS.items()}
    of_gates = dict.fromkeys(line for given, _ in gates.values() for line in given)
    given = [f"c0, h0 = {e.c0!r}, {e.h0!r}", *_rnn(e), *of_gates, *_ends(e)]
    start = {name: f"[{', '.join(cell.starts())}]" for name, cell in CELLS.items()}
    late = [f"    return 0.0  # x_{e.begin + 1} comes after h_{e.end}"] if e.begin == e.end else []
    stepped = [
        "    h = run(cell, s, [*x[:k], x[k] + 1j * step, *x[k + 1 : t]])[-1]",
        "    return abs(h.imag / step)",
    ]
    differentiated = [
        "    s = torch.tensor(s, dtype=torch.float64)",
        "    h = lambda x_k: run(cell, s, [*x[:k], x_k, *x[k + 1 : t]])[-1]",
        "    at = torch.as_tensor(x[k], dtype=torch.float64)",
        "    return abs(torch.autograd.functional.jacobian(h, at).item())",
    ]

    def cells(library: str, pack: Callable[[str], str]) -> list[str]:
        lines = []
        for name, cell in CELLS.items():
            code, (_, body) = cell.code, gates[name]
            state, rests = code.state, _rests(e, cell)
            lines += [
                f"def {name}(s, x_j):",
                f"    {state if ',' in state else f'[{state}]'} = s",
                *_lines([*body, *code.lines], library, rests),
                *_lines([f"return {pack(code.new)}"], library, rests),
                "",
            ]
        return [
            *lines,
            "def run(cell, s, steps):",
            "    for x_j in steps:",
            "        s = cell(s, x_j)",
            "    return s",
            "",
        ]

    numpy = [
        *_head("numpy", e, given),
        *_phi_of_complex(e),
        *_SIGMOID.split("\n"),
        *cells("np", lambda parts: f"np.array([{parts}])"),
        "def effect(cell, s, step):  # |∂h_t/∂x_{k+1}| by a complex step, with no difference to cancel",
        *(late or stepped),
        "",
        *(
            f"print(effect({name}, np.array({start[name]}), {answer.step}))  # {answer.forwards(answer.step)}"
            for name, answer in answers.items()
        ),
    ]
    torch = [
        *_head("torch", e, given),
        *_phi(e, torch=True),
        *cells("torch", lambda parts: f"torch.stack([{parts}])"),
        "def effect(cell, s):  # |∂h_t/∂x_{k+1}|",
        *(late or differentiated),
        "",
        *_flat(*cells_of.values()),
        *(f"print(effect({name}, {start[name]}))  # {answer.backwards()}" for name, answer in answers.items()),
    ]
    return _both(numpy, torch)


def loss(e: Experiment) -> Snippets:
    """∂L_t/∂w of an RNN's output at step t."""
    number = readout(run(e)).dW(e.end) if e.end else Scaled.of(np.zeros(()))
    answer = _Answer(number, check.walk(e, check.loss_gradient))
    softmax = e.f2 == "softmax"
    words = [f"target = {WORDS.index(e.target)}  # {e.target!r} in {WORDS}"] if softmax else [f"y = {e.y!r}"]
    given = [*_rnn(e), f"h0, w_y = {e.h0!r}, {e.w_y!r}", *words, f"t = {e.end}"]
    places = PLACES.tolist()
    by_output = {"np": ["dh = w_y * (w_y * h - y)"], "torch": ["L = (w_y * h - y) ** 2 / 2"]}
    if softmax:
        by_output = {
            "np": [
                f"places = np.array({places})  # W_hy = w_y · places",
                "logits = w_y * h * places",
                "o = np.exp(logits - logits.max())  # o / o.sum() is the softmax",
                "dh = w_y * (o @ (places - places[target])) / o.sum()",
            ],
            "torch": [
                f"places = torch.tensor({places}, dtype=torch.float64)  # W_hy = w_y · places",
                "L = torch.logsumexp(w_y * h * (places - places[target]), 0)  # -log_softmax, with every digit",
            ],
        }
    numpy = [
        *_head("numpy", e, given),
        *_phi(e),
        *_slope(e),
        "h, by_w = h0, 0.0  # by_w = ∂h_j/∂w through every use of w so far",
        "for x_j in x[:t]:",
        "    z = u * x_j + b + w * h",
        "    by_w = slope(z) * (h + w * by_w)",
        "    h = phi(z)",
        *by_output["np"],
        f"print(dh * by_w)  # {answer.forwards()}",
    ]
    torch = [
        *_head("torch", e, given),
        *_phi(e, torch=True),
        f"w = {_leaf('w')}",
        "h = torch.tensor(h0, dtype=torch.float64)",
        "for x_j in x[:t]:",
        "    h = phi(u * x_j + b + w * h)",
        *by_output["torch"],
        "[gradient] = torch.autograd.grad(L, w)" if e.end else "gradient = torch.zeros(())  # no step has used w",
        *_flat(e),
        f"print(gradient.item())  # {answer.backwards()}",
    ]
    return _both(numpy, torch)


def _both(numpy: Iterable[str], torch: Iterable[str]) -> Snippets:
    return {name: "\n".join(_calm(lines)) for name, lines in (("NumPy", numpy), ("PyTorch", torch))}


def _calm(lines: Iterable[str]) -> list[str]:
    """Never two empty lines in a row."""
    out: list[str] = []
    for line in lines:
        if line or (out and out[-1]):
            out.append(line)
    return out


@dataclass(frozen=True)
class _Answer:
    """What the code is to print, and what float64 meets on the way."""

    number: Scaled
    walk: check.Walk

    @property
    def step(self) -> str:
        """The size of a complex step that neither underflows with what it leads to nor is felt in what it moves."""
        return "1e-20" if self.walk.least < -_DEEP and self.walk.most < 3 else "1e-100"

    def forwards(self, step: str = "1") -> str:
        """As a comment, where derivatives are carried from the first state to the last."""
        size = self._size - self.walk.last
        return self._said(min(self.walk.least, size) + math.log10(float(step)), max(self.walk.most, size))

    def backwards(self) -> str:
        """As a comment, where they are gathered from the last state to the first."""
        return self._said(self._size - max(self.walk.most, 0), self._size - min(self.walk.least, 0))

    @property
    def _size(self) -> float:
        return self.number.log10.item() if self.number.mant else 0.0

    def _said(self, least: float, most: float) -> str:
        """The number as float64, and what of it float64 cannot hold."""
        value, rounding = self.number.value.item(), 10 * self.walk.rounding
        if not np.isfinite(value):
            return f"overflows float64: {number(self.number)}"
        if self.number.mant and abs(value) < 1e-300:
            return f"below float64: {number(self.number)}"
        if rounding > _SURE:
            digits = math.floor(-math.log10(rounding)) if rounding < 1 else 0
            return f"{value!r}, of which rounding leaves {digits or 'no'} digit{'s' * (digits > 1)}"
        if self.number.mant and (least < -_END or most > _END):
            return f"{value!r}, but what leads to it {'is below' if least < -_END else 'overflows'} float64"
        return repr(value)


def _rnn(e: Experiment) -> list[str]:
    leak = [f"a = {e.slope!r}  # slope of φ below 0"] if ACTIVATIONS[e.activation].family else []
    return [f"w, u, b = {e.w!r}, {e.u!r}, {e.b!r}", *leak]


def _ends(e: Experiment) -> list[str]:
    return [f"t, k = {e.end}, {e.begin}"]


def _gates(e: Experiment, cell: type[Cell]) -> tuple[list[str], list[str]]:
    """The constants of a cell's gates, and the lines that compute those not pinned, {tanh} being a library's."""
    given, body, code = [], [], cell.code
    for q, gate in cell.by_letter.items():
        if e.pins(q):
            given.append(f"{q} = {getattr(e, q)!r}  # pinned")
            continue
        weights = (f"{letter}_{q}" for letter in "wub")
        given.append(f"w_{q}, u_{q}, b_{q} = {', '.join(repr(getattr(e, name)) for name in weights)}")
        squash = "{tanh}" if gate.candidate else "{sigmoid}"
        read = f"u_{q} * x_j + b_{q} + {code.recurrent.get(q, f'w_{q} * h')}"
        if rest := code.rests.get(q):
            both = f"{q}, {rest} = {squash}(a_{q}), {squash}(-a_{q})  # {rest} = 1 - {q}, in all its digits"
            body += [f"a_{q} = {read}", both]
        else:
            body.append(f"{q} = {squash}({read})")
    return given, body


def _rests(e: Experiment, cell: type[Cell]) -> dict[str, str]:
    """What stands for 1 - q: a name of its own where it is computed."""
    return {rest: f"(1 - {q})" if e.pins(q) else rest for q, rest in cell.code.rests.items()}


def _lines(body: Iterable[str], library: str, rests: Mapping[str, str] = {}) -> list[str]:
    sigmoid = "sigmoid" if library == "np" else "torch.sigmoid"
    return [f"    {line.format(tanh=f'{library}.tanh', sigmoid=sigmoid, **rests)}" for line in body]


def _phi(e: Experiment, torch: bool = False) -> list[str]:
    code = ACTIVATIONS[e.activation].code
    return ["def phi(z):", f"    return {code.torch if torch else code.phi}", ""]


def _slope(e: Experiment) -> list[str]:
    return ["def slope(z):", f"    return {ACTIVATIONS[e.activation].code.slope}", ""]


def _phi_of_complex(e: Experiment) -> list[str]:
    """φ where the real part decides, as a complex step needs it."""
    code = ACTIVATIONS[e.activation].code
    return ["def phi(z):", f"    return {code.of_complex or code.phi}", ""]


def _leaf(name: str) -> str:
    return f"torch.tensor({name}, dtype=torch.float64, requires_grad=True)"


def _flat(*experiments: Experiment) -> list[str]:
    """A warning where PyTorch's slopes, taken from y = φ(z), have fewer digits than the comment."""
    smooth = [e for e in experiments if e.cell != "rnn" or ACTIVATIONS[e.activation].code.from_y]
    inside = [run(e).trajectory.z[: e.end] for e in smooth]
    inside += [run(e).trajectory.c[1 : e.end + 1] for e in smooth if e.cell == "lstm"]
    if any(np.abs(z).max(initial=0.0) > _FLAT for z in inside):
        return ["# PyTorch takes a slope from y = φ(z), as 1 - y**2: far in saturation that loses digits"]
    return []


def _head(library: str, e: Experiment, given: Sequence[str]) -> list[str]:
    """Imports and the reader's numbers."""
    imports, x = _inputs(e, library == "torch")
    return [*imports, "import numpy as np" if library == "numpy" else "import torch", "", *given, *x, ""]


def _inputs(e: Experiment, torch: bool) -> tuple[list[str], list[str]]:
    """What the inputs need, and x_1 … x_T."""
    A, T = e.amplitude, e.T
    if e.sequence == "constant":
        return [], [f"x = [{A!r}] * {T}"]
    if e.sequence == "impulse" and e.at <= T:
        return [], [f"x = [0.0] * {T}", f"x[{e.at - 1}] = {A!r}  # at step {e.at}"]
    if e.sequence == "sine":
        if not torch:
            return [], [f"x = {A!r} * np.sin(2 * np.pi * np.arange(1, {T + 1}) / {e.period!r})"]
        return ["from math import pi, sin"], [
            f"x = [{A!r} * sin(2 * pi * j / {e.period!r}) for j in range(1, {T + 1})]"
        ]
    if e.sequence == "noise" and not torch:
        return [], [f"x = {A!r} * np.random.default_rng({e.seed}).standard_normal({T})"]
    values = inputs(e)
    if not values.any():
        return [], [f"x = [0.0] * {T}"]
    if e.sequence == "sunspots":
        raw = SEQUENCES["sunspots"].raw
        assert raw is not None
        listed, std = _listed(raw(T, vars(e)).tolist()), "years.std(correction=0)" if torch else "years.std()"
        array = ("torch.tensor([", "], dtype=torch.float64)") if torch else ("np.array([", "])")
        given = [f"years = {array[0]}", *listed, f"{array[1]}  # sunspots, yearly mean"]
        return [], [*given, f"x = (years - years.mean()) / {std}"]
    return [], ["x = [", *_listed(values.tolist()), "]"]


def _listed(values: Sequence[float]) -> list[str]:
    """Lines of numbers, at most 100 characters each."""
    lines = ["   "]
    for value in values:
        if len(lines[-1]) > 80:
            lines.append("   ")
        lines[-1] += f" {value!r},"
    return lines
