"""Checking a chart's dict against Plotly's own schema."""

from typing import Any

import plotly.graph_objects as go


def valid(figure: dict[str, Any]) -> go.Figure:
    """The figure as plotly.py understands it; theme variables stand for any colour. Raises on a bad field."""
    return go.Figure(_colored(figure))


def _colored(value: Any) -> Any:
    if isinstance(value, str):
        return "#888888" if value.startswith("--") else value
    if isinstance(value, list):
        return [_colored(part) for part in value]
    if isinstance(value, dict):
        return {name: _colored(part) for name, part in value.items()}
    return value
