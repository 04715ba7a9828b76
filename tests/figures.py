"""Checking a chart's dict against Plotly's own schema."""

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go


def valid(figure: dict[str, Any], patch: Any = None) -> go.Figure:
    """The figure as plotly.py understands it; theme variables stand for any colour. Raises on a bad field."""
    figure = _colored(patched(figure, patch or {}))
    figure = {**figure, "data": [raised(t, "linear", (-1e300, 1e300)) for t in figure["data"]]}
    data = [{name: part for name, part in t.items() if name != "hover"} | t.get("hover", {}) for t in figure["data"]]
    return go.Figure({**figure, "data": data})


def patched(base: Any, patch: Any) -> Any:
    """What theme.js makes of a figure and its narrow variant."""
    if not isinstance(patch, dict) or base is None:
        return patch
    if isinstance(base, list):
        parts = [patch.get(str(j), patch.get(trace.get("meta"))) for j, trace in enumerate(base)]
        return [trace if part is None else patched(trace, part) for trace, part in zip(base, parts, strict=True)]
    return base | {name: patched(base.get(name), part) for name, part in patch.items()}


def raised(trace: dict[str, Any], scale: str, bounds: tuple[float, float]) -> dict[str, Any]:
    """What theme.js makes of a trace that knows how large its numbers are, on either axis."""
    if "log" not in trace:
        return trace
    log, sign, only = np.asarray(trace["log"], dtype=float), np.asarray(trace["sign"]), trace.get("only")
    y = np.where(sign == 0, 0.0, sign * 10.0 ** np.minimum(np.nan_to_num(log), 300.0))
    if scale == "log":
        y = np.where(sign == 0, bounds[0] if only else np.nan, log)
    if only == "zeros":
        y = np.where(sign == 0, y, np.nan)
    if only == "labels":
        y = np.clip(y, *bounds)
    return {name: part for name, part in trace.items() if name not in ("log", "sign", "only", "beside")} | {"y": y}


def unpacked(message: bytes) -> dict[str, Any]:
    """What message.js makes of a message, at every position: arrays are arrays again."""
    length = int.from_bytes(message[:8], "little")
    blob = message[8 + -(-length // 8) * 8 :]
    content = json.loads(message[8 : 8 + length])
    positions = _array(content["at"]["array"], blob) if "at" in content else np.zeros(1)
    return content | {"at": positions, "frames": [_picked(content["items"], s, blob) for s in range(len(positions))]}


def _picked(part: Any, s: int, blob: bytes) -> Any:
    if isinstance(part, list):
        return [_picked(one, s, blob) for one in part]
    if not isinstance(part, dict):
        return part
    if "each" in part:
        return _picked(part["each"][s], s, blob)
    if "array" in part:
        return _array(part["array"], blob)
    if "along" in part:
        kind, start, width = part["along"]
        row = np.dtype(kind).itemsize * (1 if width is None else width)
        return _array([kind, start + s * row, width], blob)
    return {name: _picked(one, s, blob) for name, one in part.items()}


def _array(place: list[Any], blob: bytes) -> Any:
    kind, start, width = place
    assert kind in ("f4", "f8", "u1"), kind  # those of message.js
    array = np.frombuffer(blob, dtype=f"<{kind}", count=1 if width is None else width, offset=start)
    return array[0] if width is None else array


def _colored(value: Any) -> Any:
    if isinstance(value, str):
        return "#888888" if value.startswith("--") else value
    if isinstance(value, list):
        return [_colored(part) for part in value]
    if isinstance(value, dict):
        return {name: _colored(part) for name, part in value.items()}
    return value
