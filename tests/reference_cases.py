"""Reference cases: reading them, and what the public core makes of their inputs.

`load(path)` gives the cases, `evaluate(case)` every output field that applies, under the names of the
reference format: h, C, z, gates, J, P_mant/P_exp2, … (time first, N = 2n for an LSTM with s = (C, h),
natural logarithms, mantissa · 2**exponent). `error(case, field, got)` is the format's error measure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rnn_core.activations import activation
from rnn_core.cells import GRU, LSTM, RNN, Cell
from rnn_core.flow.bptt import Gradients, Loss, backpropagate
from rnn_core.flow.gradient import GradientFlow
from rnn_core.flow.unroll import unroll
from rnn_core.scaled import Scaled, matrix_norm

Case = dict[str, Any]
PATH = Path(__file__).parent / "data" / "cases.npz"
WAITING = {"sv_log", "eig_logabs", "logabsdet", "lyap_sv", "lyap_qr", "J_specrad"}  # for spectra.py


def load(path: str | Path = PATH) -> list[Case]:
    """All cases of an archive, in its order."""
    with np.load(path) as archive:
        cases = json.loads(str(archive["__index__"]))["cases"]
        for case in cases:
            case["in"], case["out"] = {}, {}
        by_name = {case["name"]: case for case in cases}
        for key in archive.files:
            if key != "__index__":
                name, field = key.split("/")
                side, field = field.split(".", 1)
                by_name[name][side][field] = archive[key]
    return cases


def evaluate(case: Case) -> dict[str, np.ndarray]:
    """Every output field of the format that applies to the case; `case["out"]` is never read."""
    given = case["in"]
    sweep = "W_hh_grid" in given
    flow = GradientFlow(unroll(_cell(case), given["x"], given["h0"], given.get("C0")))
    out = _forward(flow) | _products(flow)
    if case["arch"].startswith("lstm"):
        out |= _readings(flow)
    if case["loss"] != "none":
        out |= _backward(backpropagate(flow, _loss(case)))
    if sweep:  # the format puts the slider's axis first, the core after time
        out = {name: np.moveaxis(value, _times(name), 0) for name, value in out.items()}
    return out


def _times(field: str) -> int:
    """How many axes of time a field has: pairs of steps, none (a sum over the steps), else one."""
    if field in ("pairs_logF", "rnnbow_logF"):
        return 2
    return 0 if field in ("loss", "dW_hh", "dW_ih", "db_ih", "db_hh") else 1


def _cell(case: Case) -> Cell:
    given, arch = case["in"], case["arch"]
    φ = activation("identity" if case["act"] == "linear" else case["act"], case["act_param"])
    W_h = given["W_hh_grid"] if "W_hh_grid" in given else given["W_hh"]
    if W_h.ndim == 1:  # (S,): one number for every entry
        W_h = np.broadcast_to(W_h[:, None, None], (len(W_h), len(given["W_ih"]), given["h0"].shape[-1]))
    if arch == "rnn":
        return RNN(given["W_ih"], W_h, given["b_ih"] + given["b_hh"], φ)
    gate = activation(case["gate_act"])
    if arch == "gru":
        return GRU(given["W_ih"], W_h, given["b_ih"], φ, gate, b_h=given["b_hh"])
    return LSTM(given["W_ih"], W_h, given["b_ih"] + given["b_hh"], φ, gate, peepholes=given.get("p"))


def _loss(case: Case) -> Loss:
    kinds = {"sum_last": "sum_last", "mse": "squared_error", "softmax_ce": "softmax_cross_entropy"}
    fields = {name: case["in"].get(f"loss_{name}") for name in ("V", "c", "targets", "steps")}
    return Loss(kinds[case["loss"]], **fields)


def _forward(flow: GradientFlow) -> dict[str, np.ndarray]:
    tr = flow.trajectory
    out = {"h": tr.h, "J": flow.J}
    if isinstance(tr.cell, RNN):
        return out | {"z": tr.z, "dphi": flow.slopes.value, "dphi_log": flow.slopes.log}
    out["gates"] = tr.gates
    if isinstance(tr.cell, LSTM):
        slopes = [tr.cell.function(gate).slope(z) for gate, z in zip(tr.cell.gates, tr.cell.split(tr.z), strict=True)]
        out |= {"C": tr.c, "z": tr.z, "dgates": np.concatenate(slopes, axis=-1)}
    return out


def _products(flow: GradientFlow) -> dict[str, np.ndarray]:
    P, S = flow.products_to(), flow.products_from()
    out: dict[str, np.ndarray] = {"J_normF": matrix_norm(flow.J), "J_norm2": matrix_norm(flow.J, 2)}
    for letter, product in (("P", P), ("S", S)):
        out[f"{letter}_logF"], out[f"{letter}_log2"] = product.norm().log, product.norm(2).log
        if flow.trajectory.cell.N == 1:
            number = Scaled(product.mant[..., 0, 0], product.exp2)
            out[f"{letter}_sign"], out[f"{letter}_logabs"] = number.sign, number.log
            out[f"{letter}_value"] = number.value
    out["P_mant"], out["P_exp2"] = P.blocks(2).mant, P.blocks(2).exp2
    if flow.T <= 200:
        out["pairs_logF"] = flow.pair_norms()
    return out


def _readings(flow: GradientFlow) -> dict[str, np.ndarray]:
    readings = {
        "book": flow.direct_matrix(),
        "onestep": flow.one_step(),
        "state": flow.state(),
        "graph": flow.total(),
    }
    out = {}
    for name, reading in readings.items():
        out[f"dC_{name}_mant"], out[f"dC_{name}_exp2"] = reading.blocks(2).mant, reading.blocks(2).exp2
        out[f"dC_{name}_logF"] = reading.norm().log
    out["dC_gap"] = flow.gap()
    return out


def _backward(g: Gradients) -> dict[str, np.ndarray]:
    out = {
        "loss": g.L,
        "loss_t": g.loss_t,
        "dLt_dh_local": g.dh_local,
        "dL_ds": g.ds.value,
        "dL_ds_logF": g.ds.vector_norm().log,
        "dW_hh": g.dW_h,
        "dW_ih": g.dW_x,
        "db_ih": g.db,
        "db_hh": g.db_h,
        "dW_hh_step": g.dW_h_step,
        "dW_ih_step": g.dW_x_step,
        "db_ih_step": g.db_step.value,
        "db_hh_step": g.db_h_step.value,
        "dW_hh_step_logF": g.dW_h_step_log,
        "dW_ih_step_logF": g.dW_x_step_log,
        "db_ih_step_logF": g.db_step.vector_norm().log,
        "db_hh_step_logF": g.db_h_step.vector_norm().log,
    }
    if g.flow.T <= 200:
        out["rnnbow_logF"] = g.itemised_log
    return out


def error(case: Case, field: str, got: dict[str, np.ndarray]) -> float:
    """The format's error measure of one field; inf where an infinity, a NaN, a zero or the shape differs."""
    want = np.asarray(case["out"][field], dtype=float)
    have = np.asarray(got[field], dtype=float)
    if have.shape != want.shape:
        return np.inf
    if field.endswith("_exp2"):  # only mantissa and exponent together are a number
        return 0.0
    if field.endswith("_mant"):
        have = _aligned(have, got, case["out"], field)
    if "log" in field or field.startswith("lyap"):
        same = (have == want) | (np.isnan(have) & np.isnan(want))
        with np.errstate(invalid="ignore"):
            return float(np.where(same, 0.0, np.nan_to_num(np.abs(have - want), nan=np.inf)).max(initial=0.0))
    finite = np.isfinite(want)
    if not np.array_equal(np.where(finite, 0.0, want), np.where(np.isfinite(have), 0.0, have), equal_nan=True):
        return np.inf
    want, have = np.where(finite, want, 0.0), np.where(finite, have, 0.0)
    rest = tuple(range(1, want.ndim))
    worst, scale = np.abs(have - want).max(axis=rest, initial=0.0), np.abs(want).max(axis=rest, initial=0.0)
    worst = np.where(worst <= 1e-318, 0.0, worst)
    with np.errstate(over="ignore"):
        return float((worst / np.maximum(scale, 1e-318)).max(initial=0.0))


def _aligned(mant: np.ndarray, got: dict, want: dict, field: str) -> np.ndarray:
    """Our mantissas at the reference's exponents."""
    exp_field = field.replace("_mant", "_exp2")
    shift = np.clip(got[exp_field] - want[exp_field], -5000, 5000).astype(np.intc)
    return np.ldexp(mant, shift.reshape(shift.shape + (1,) * (mant.ndim - shift.ndim)))
