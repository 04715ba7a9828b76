"""Where a chain arrives."""

from __future__ import annotations

from pages.charts.drawings import factors, states
from pages.charts.parts import remarks
from pages.charts.parts.view import Items, Over, View, live, run_over
from pages.charts.views import chain
from rnn_core.experiment import Experiment


@live
def items(e: Experiment, over: Over) -> Items:
    r = run_over(e, over)
    main = states.picture(r) | {"role": "main"}
    return [main, factors.formula(factors.quantities(r)), remarks.item(remarks.quantities(r))]


VIEW = View(items, chain.columns, chain.code, chain.number, None, chain.VERDICT, chain.VIEW.snippets)
