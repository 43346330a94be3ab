"""The table of a comparison of ways of refining, as CSV, markdown and JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

from sdedit_studio.evaluation.kid import Kid

COLUMNS = ("drift", "last_drift", "gflop", "seconds")
"""Columns of ways of refining, which are empty for photographs and guides."""


@dataclass(frozen=True)
class Row:
    """One set of pictures. `kid`: None for the reference itself. `sharpness`: the median.

    `drift`: from the first pass; `last_drift`: in the last pass alone; means over pictures, in grey levels. `gflop`:
    per picture. `seconds`: per picture, the median. None where a value does not exist.
    """

    pictures: str
    kid: Kid | None
    sharpness: float
    drift: float | None = None
    last_drift: float | None = None
    gflop: float | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Table:
    """`features`: the name of KID's features. `settings`: all that rows depend on. `notes`: sentences for people."""

    rows: Sequence[Row]
    features: str
    settings: Mapping[str, Any]
    notes: Sequence[str]


def as_csv(table: Table) -> bytes:
    """One line a row, after a header that names the features."""
    text = StringIO()
    writer = csv.writer(text)
    writer.writerow(["pictures", f"kid ({table.features})", f"kid_std ({table.features})", "sharpness", *COLUMNS])
    for each in table.rows:
        kid = [each.kid.mean, each.kid.std] if each.kid else ["", ""]
        others = [getattr(each, column) for column in COLUMNS]
        writer.writerow([each.pictures, *kid, each.sharpness, *("" if value is None else value for value in others)])
    return text.getvalue().encode()


def as_markdown(table: Table) -> bytes:
    """A table and its notes."""
    lines = [
        f"| pictures | KID x 1000, {table.features} features | sharpness | drift | drift of the last pass "
        "| GFLOP a picture | seconds a picture |",
        "|---|---|---|---|---|---|---|",
        *(_line(each) for each in table.rows),
        "",
        *(f"{note}\n" for note in table.notes),
    ]
    return "\n".join(lines).encode()


def as_json(table: Table) -> bytes:
    """Everything: settings, notes, and the rows with the details of their KID."""
    return json.dumps(asdict(table), indent=1).encode()


def _line(each: Row) -> str:
    kid = f"{1000 * each.kid.mean:.0f} ± {1000 * each.kid.std:.0f}" if each.kid else ""
    figures = (f"{each.sharpness:.0f}", _or(each.drift, ".2f"), _or(each.last_drift, ".2f"), _or(each.gflop, ",.0f"))
    return f"| {' | '.join((each.pictures, kid, *figures, _or(each.seconds, '.2f')))} |"


def _or(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
