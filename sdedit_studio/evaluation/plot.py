"""The trade-off curve: KID and L2 against t0. Needs matplotlib, of the `evaluation` extra."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING

from sdedit_studio.evaluation.features import EXTRA
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.table import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REALISM, FAITHFULNESS, MARK = "#1f6feb", "#c4501b", "#555555"


def check_plots() -> None:
    """Raises EvaluationProblem when matplotlib is missing; to be called before minutes of work."""
    if find_spec("matplotlib") is None:
        raise EvaluationProblem(f"Plots need the evaluation extra. {EXTRA}")


def curve(table: Table, default_t0: float) -> bytes:
    """A PNG: L2 and KID against t0, sigma on top, baselines as lines across, the sweet spot marked.

    Where there is no KID the model's own default t0 is marked instead, and named so.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.8), dpi=150, layout="constrained")
    axes = figure.add_subplot()
    rows = table.curve
    t0s = [row.t0 or 0.0 for row in rows]
    axes.set_xlabel("t0 (VP clock)")
    axes.set_xticks(t0s, [f"{t0:g}" for t0 in t0s])
    axes.set_ylabel("L2 to the guide (sum over pixels, [0, 1])", color=FAITHFULNESS)
    axes.plot(t0s, [row.l2 for row in rows], "o-", color=FAITHFULNESS, label="L2")
    axes.set_ylim(bottom=0)
    axes.grid(axis="x", alpha=0.25)
    levels = axes.secondary_xaxis("top")
    levels.set_xticks(t0s, [f"{row.sigma:.2g}" for row in rows])
    levels.set_xlabel("noise level sigma")
    if table.features:
        _draw_kid(axes, table, t0s)
    if (spot := table.sweet_spot) is not None:
        _mark(axes, spot, f"sweet spot, t0 {spot:g}")
    else:
        _mark(axes, default_t0, f"the model's default, t0 {default_t0:g}")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def _draw_kid(left: Axes, table: Table, t0s: list[float]) -> None:
    axes = left.twinx()
    axes.set_ylabel(f"KID ({table.features})", color=REALISM)
    kids = [row.kid for row in table.curve if row.kid]
    means, stds = [kid.mean for kid in kids], [kid.std for kid in kids]
    axes.errorbar(t0s, means, stds, fmt="s-", color=REALISM, capsize=3)
    for row in table.rows:
        if row.t0 is None and row.kid:
            axes.axhline(row.kid.mean, color=REALISM, alpha=0.5, linewidth=0.8, linestyle="--")
            axes.annotate(
                row.method,
                (1, row.kid.mean),
                xycoords=("axes fraction", "data"),
                xytext=(-2, 1),
                textcoords="offset points",
                ha="right",
                va="bottom",
                size=7,
            )


def _mark(axes: Axes, t0: float, text: str) -> None:
    axes.axvline(t0, color=MARK, linestyle=":")
    right = t0 > sum(axes.get_xlim()) / 2
    axes.annotate(
        text,
        (t0, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if right else 4, -4),
        textcoords="offset points",
        ha="right" if right else "left",
        va="top",
        size=8,
    )
