"""The history of a run: its loss over the pictures seen, as a table and as a plot."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from io import StringIO
from math import ceil, floor, log10
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sdedit_studio import resources
from sdedit_studio.training.problem import TrainingProblem

WIDTH, HEIGHT = 960, 540
LEFT, TOP, RIGHT, BOTTOM = 80, 30, 930, 480
INK, RULE, LOSS, MEAN, ASIDE = "#333333", "#dddddd", "#b6cdf2", "#1f6feb", "#c4501b"


@dataclass(frozen=True)
class Row:
    """A row of the loss table. `images`: pictures seen. `seconds`: of training. `loss`: the mean since the row before.
    `held_out`: the loss of the averaged network on held-out pictures, where measured.
    """

    images: int
    seconds: float
    loss: float
    held_out: float | None
    learning_rate: float
    images_per_second: float


def as_csv(rows: Iterable[Row]) -> str:
    text = StringIO()
    table = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(row) for row in rows)
    return text.getvalue()


def from_csv(path: Path, images: int) -> list[Row]:
    """The rows up to `images` pictures; later ones are of steps after the last checkpoint. Empty without a file.

    Raises TrainingProblem when the file is damaged.
    """
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        try:
            rows = [_row(values) for values in csv.DictReader(file)]
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingProblem(f"{path} is damaged: remove it, and run the same command again.") from error
    return [row for row in rows if row.images <= images]


def _row(values: dict[str, str]) -> Row:
    held_out = float(values["held_out"]) if values["held_out"] else None
    seconds, loss, learning_rate, rate = (
        float(values[name]) for name in ("seconds", "loss", "learning_rate", "images_per_second")
    )
    return Row(int(values["images"]), seconds, loss, held_out, learning_rate, rate)


def plot(rows: Sequence[Row]) -> Image.Image:
    """Loss against pictures, on a logarithmic scale: every row, their running mean, and the held-out loss as dots."""
    paper = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(paper)
    font = ImageFont.truetype(str(resources.path("fonts", "Inter-Regular.ttf")), 14)
    last = max(row.images for row in rows)
    losses = [row.loss for row in rows] + [row.held_out for row in rows if row.held_out is not None]
    ticks = _ticks(min(losses), max(losses))
    low, high = log10(ticks[0]), log10(ticks[-1])

    def point(images: float, loss: float) -> tuple[float, float]:
        rise = (log10(loss) - low) / (high - low)
        return LEFT + images / last * (RIGHT - LEFT), BOTTOM - rise * (BOTTOM - TOP)

    for tick in ticks:
        y = point(0, tick)[1]
        draw.line([(LEFT, y), (RIGHT, y)], RULE)
        draw.text((LEFT - 8, y), f"{tick:.3g}", INK, font, anchor="rm")
    for quarter in range(5):
        x = LEFT + quarter / 4 * (RIGHT - LEFT)
        draw.text((x, BOTTOM + 8), f"{round(last * quarter / 4):,}", INK, font, anchor="mt")
    draw.line([point(row.images, row.loss) for row in rows], LOSS, 1)
    means = _running_mean([row.loss for row in rows])
    draw.line([point(row.images, mean) for row, mean in zip(rows, means, strict=True)], MEAN, 2)
    for row in rows:
        if row.held_out is not None:
            x, y = point(row.images, row.held_out)
            draw.ellipse([x - 3, y - 3, x + 3, y + 3], ASIDE)
    draw.text(((LEFT + RIGHT) / 2, HEIGHT - 12), "pictures", INK, font, anchor="mb")
    draw.text((RIGHT, TOP - 6), "loss", MEAN, font, anchor="rb")
    draw.text((RIGHT - 50, TOP - 6), "held-out loss", ASIDE, font, anchor="rb")
    return paper


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers 1, 2, 5 times powers of ten, from below `low` to above `high`."""
    powers = range(floor(log10(low)) - 1, ceil(log10(high)) + 2)
    steps = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    first = max(i for i, step in enumerate(steps) if step < low)
    last = min(i for i, step in enumerate(steps) if step > high)
    return steps[first : last + 1]


def _running_mean(losses: Sequence[float]) -> np.ndarray:
    """The mean of each loss and those before it, over a twentieth of the run."""
    span = max(1, len(losses) // 20)
    sums = np.cumsum([0.0, *losses])
    ends = np.arange(1, len(losses) + 1)
    starts = np.maximum(ends - span, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)
