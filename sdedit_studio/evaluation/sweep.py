"""The paper's sweep over t0 of the same guides: a strip of pictures, a table and the trade-off curve."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path

import numpy as np

from sdedit_studio.evaluation.edits import Study, edit_all, settings_of, start_level
from sdedit_studio.evaluation.kid import FEWEST
from sdedit_studio.evaluation.pictures import Pictures, Watch, png, unwatched
from sdedit_studio.evaluation.plot import check_plots, curve
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.reference import Realism
from sdedit_studio.evaluation.sheet import sheet
from sdedit_studio.evaluation.table import GUIDE, SDEDIT, Row, Table, as_csv, as_json, as_markdown, kid_note, row
from sdedit_studio.files.atomic import write
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Parameters


def parse_t0(text: str) -> Sequence[float]:
    """The values of t0, ascending, in "0:1:0.1" (both ends included) or "0.2,0.4". Raises EvaluationProblem."""
    try:
        if ":" in text:
            start, stop, step = (float(part) for part in text.split(":"))
            if not (isfinite(start + stop + step) and step > 0 and (stop - start) / step < 1000):
                raise ValueError
            values = [round(start + i * step, 9) for i in range(int((stop - start) / step + 1e-6) + 1)]
        else:
            values = sorted({round(float(part), 9) for part in text.split(",")})
        if not values or not all(0 <= value <= 1 for value in values):
            raise ValueError
    except ValueError:
        message = f"“{text}” gives no values of t0: write start:stop:step or a list with commas, between 0 and 1."
        raise EvaluationProblem(message) from None
    return values


def sweep(
    model: LoadedModel,
    guides: Pictures,
    t0s: Sequence[float],
    parameters: Parameters,
    folder: Path,
    realism: Realism | None,
    watch: Watch = unwatched,
) -> Table:
    """Edit `guides` at each of `t0s`; write `strip.png`, `table.csv`, `.md`, `.json` and `curve.png` into `folder`.

    `realism`: None to measure faithfulness alone. With too few guides there is no KID, and a note says so. Raises
    EvaluationProblem when matplotlib is missing or the folder holds something else.
    """
    check_plots()
    settings = settings_of(model, guides.pixels, parameters)
    results = edit_all(Study(folder, settings), model, guides.pixels, t0s, parameters, watch)
    no_kid = "No KID: there was no reference to compare with."
    if realism and len(guides) < FEWEST:
        no_kid = f"No KID: it needs at least {FEWEST} guides, and there are {len(guides)}."
        realism = None
    rows = [curve_row(model, t0, guides.pixels, pictures, realism, watch) for t0, pictures in results.items()]
    notes = run_notes(model, parameters, len(guides)) + (realism_notes(rows, realism) if realism else [no_kid])
    table = Table(rows, realism.features.name if realism else None, {**settings, "guides": list(guides.names)}, notes)
    columns = {f"t0 {t0:g}": pictures for t0, pictures in results.items() if t0 > 0}
    write(folder / "strip.png", png(sheet({"guide": guides.pixels} | columns)))
    write_table(folder, table, model.card.default_t0)
    return table


def curve_row(
    model: LoadedModel, t0: float, guides: np.ndarray, pictures: np.ndarray, realism: Realism | None, watch: Watch
) -> Row:
    """A point of the curve; at t0 = 0 SDEdit returns the guide."""
    kid = realism.measure(pictures, watch, f"Features at t0 {t0:g}") if realism else None
    return row(SDEDIT if t0 > 0 else GUIDE, t0, start_level(model, t0), guides, pictures, kid)


def run_notes(model: LoadedModel, parameters: Parameters, count: int) -> list[str]:
    """Notes on the settings, and on the unit of L2."""
    side, condition = model.card.native, parameters.condition or "any"
    return [
        f"{count} guides at {side} x {side} px, model {model.card.name}, class {condition}, {parameters.calls} calls "
        f"of {parameters.solver}, {parameters.repeats} round(s), seeds from {parameters.seed}, on {model.device_name}.",
        f"L2: squared differences to the guide summed over {side} x {side} pixels of values in [0, 1], "
        "mean ± standard deviation over pictures.",
    ]


def realism_notes(rows: Sequence[Row], realism: Realism) -> list[str]:
    """Notes on how KID was computed."""
    notes = [kid_note(each.kid) for each in rows[:1] if each.kid]
    return [*notes, f"Features: {realism.features.name}. Reference: {realism.reference.source}."]


def write_table(folder: Path, table: Table, default_t0: float) -> None:
    """Write the table in its three forms, and the curve."""
    write(folder / "table.csv", as_csv(table))
    write(folder / "table.md", as_markdown(table))
    write(folder / "table.json", as_json(table))
    write(folder / "curve.png", curve(table, default_t0))
