"""The table of a study, as CSV, markdown and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

import numpy as np

from sdedit_studio.evaluation.kid import MANY, Kid
from sdedit_studio.evaluation.measures import l2, rmse

GUIDE = "the guide itself"
SDEDIT = "SDEdit"


@dataclass(frozen=True)
class Row:
    """One set of pictures compared with its guides.

    `t0`: of SDEdit, 0 for the guide, None for other baselines. `sigma`: the start level, for data in [-1, 1]. `l2`,
    `l2_std`: the paper's L2, mean and standard deviation over pictures. `rmse`: the mean over pictures, in grey levels.
    """

    method: str
    t0: float | None
    sigma: float | None
    l2: float
    l2_std: float
    rmse: float
    kid: Kid | None


@dataclass(frozen=True)
class Table:
    """`features`: the name of KID's features, None without KID. `settings`: all that the rows depend on. `notes`:
    sentences for people.
    """

    rows: Sequence[Row]
    features: str | None
    settings: Mapping[str, Any]
    notes: Sequence[str]

    @property
    def curve(self) -> Sequence[Row]:
        """The rows of the trade-off curve, by t0."""
        return sorted((row for row in self.rows if row.t0 is not None), key=lambda row: row.t0 or 0.0)

    @property
    def sweet_spot(self) -> float | None:
        """The t0 whose L2 and KID, each scaled to 0 .. 1 over the curve, are nearest to the minimum of both.

        None where there is no KID, or too short a curve to have a knee.
        """
        rows = self.curve
        if len(rows) < 3 or any(row.kid is None for row in rows):
            return None
        costs = np.array([(row.l2, row.kid.mean) for row in rows if row.kid])
        low, high = costs.min(0), costs.max(0)
        distance = np.linalg.norm((costs - low) / np.where(high > low, high - low, 1), axis=1)
        return rows[int(distance.argmin())].t0


def row(
    method: str, t0: float | None, sigma: float | None, guides: np.ndarray, pictures: np.ndarray, kid: Kid | None
) -> Row:
    """The row of `pictures` (n, h, w, 3) uint8 for `guides` of the same shape."""
    squares = l2(guides, pictures)
    grey_levels = float(rmse(guides, pictures).mean())
    return Row(method, t0, sigma, float(squares.mean()), float(squares.std()), grey_levels, kid)


def kid_note(kid: Kid) -> str:
    """A note on how KID was computed."""
    note = (
        f"KID: unbiased, cubic kernel, mean ± standard deviation over {kid.subsets} subsets of {kid.size}, "
        f"{kid.pictures} pictures against {kid.references}."
    )
    return note if kid.steady else f"{note} With fewer than {MANY} pictures on a side, read it with its spread."


def sweet_spot_note(table: Table) -> str | None:
    """A note on the sweet spot, or None."""
    if (spot := table.sweet_spot) is None:
        return None
    return (
        f"Sweet spot: t0 {spot:g}, where L2 and KID, each scaled to 0..1 over this curve, come nearest to the best of "
        "both."
    )


def as_csv(table: Table) -> bytes:
    """One line a row, after a header that names the features."""
    text = StringIO()
    writer = csv.writer(text)
    features = table.features or "none"
    writer.writerow(["method", "t0", "sigma", "l2", "l2_std", "rmse", f"kid ({features})", f"kid_std ({features})"])
    for each in table.rows:
        spread = [each.kid.mean, each.kid.std] if each.kid else ["", ""]
        writer.writerow([each.method, _or(each.t0), _or(each.sigma), each.l2, each.l2_std, each.rmse, *spread])
    return text.getvalue().encode()


def as_markdown(table: Table) -> bytes:
    """A table and its notes."""
    features = f", {table.features} features" if table.features else ""
    lines = [
        f"| pictures | t0 | sigma | L2 | RMSE (grey levels) | KID{features} |",
        "|---|---|---|---|---|---|",
        *(_line(each) for each in table.rows),
        "",
        *(f"{note}\n" for note in [*table.notes, sweet_spot_note(table)] if note),
    ]
    return "\n".join(lines).encode()


def as_json(table: Table) -> bytes:
    """Everything: settings, notes, and the rows with the details of their KID."""
    rows = [asdict(each) for each in table.rows]
    whole = {"settings": table.settings, "features": table.features, "rows": rows}
    whole |= {"sweet_spot": table.sweet_spot, "notes": list(table.notes)}
    return json.dumps(whole, indent=1).encode()


def _line(each: Row) -> str:
    t0 = "" if each.t0 is None else f"{each.t0:g}"
    sigma = "" if each.sigma is None else f"{each.sigma:.3f}"
    kid = f"{each.kid.mean:.4f} ± {each.kid.std:.4f}" if each.kid else ""
    return f"| {each.method} | {t0} | {sigma} | {each.l2:.1f} ± {each.l2_std:.1f} | {each.rmse:.1f} | {kid} |"


def _or(value: float | None) -> float | str:
    return "" if value is None else value
