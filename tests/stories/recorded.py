"""Strokes as a tablet reports them, with times, to be played again and again: `strokes.json`.

`python -m tests.stories.recorded` records them anew, from a painting made in the studio on the sample "mountain-lake":
another peak with snow, a cloud and pines.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from PySide6.QtCore import QEvent, QPointF

from sdedit_studio import resources
from sdedit_studio.ui.document.session import Colour
from tests.stories.hand import Hand, Point, walked
from tests.stories.stage import perform

FILE = Path(__file__).with_name("strokes.json")
SAMPLE = "mountain-lake"
RATE = 125
"""Samples a second: a common tablet."""

SPEED = 620
"""Document pixels a second, on the average of a stroke; a hand starts and ends it slowly."""

ROCK, SNOW, CLOUD, PINE = (104, 102, 108), (244, 246, 250), (240, 244, 248), (32, 56, 38)


@dataclass(frozen=True)
class Stroke:
    """One stroke of a brush. `samples`: milliseconds from its start, and the document point."""

    tool: str
    colour: Colour
    brush: dict[str, Any]
    samples: Sequence[tuple[int, float, float]]


@dataclass
class Played:
    """How a stroke was played. `late`: of each sample, how long after its time it had been dealt with, in seconds."""

    stroke: Stroke
    late: list[float] = field(default_factory=list)


def recorded() -> list[Stroke]:
    return [
        Stroke(each["tool"], tuple(each["colour"]), each["brush"], [tuple(sample) for sample in each["samples"]])
        for each in json.loads(FILE.read_text("utf-8"))
    ]


async def played(hand: Hand, stroke: Stroke) -> Played:
    """Draw a stroke at its own pace; a sample that comes late delays those after it, as a queue of events does."""
    await hand.tool(stroke.tool, stroke.colour, **stroke.brush)
    places = [hand.canvas.to_view.map(QPointF(x, y)) for _, x, y in stroke.samples]
    times = [sample[0] / 1000 for sample in stroke.samples]
    outcome = Played(stroke)
    hand._mouse(QEvent.Type.MouseMove, places[0])
    hand._mouse(QEvent.Type.MouseButtonPress, places[0])
    due = perf_counter()
    for (before, now), place in zip(pairwise(times), places[1:], strict=True):
        due = max(due + now - before, perf_counter())
        await asyncio.sleep(due - perf_counter())
        hand._mouse(QEvent.Type.MouseMove, place, held=True)
        outcome.late.append(perf_counter() - due)
    hand._mouse(QEvent.Type.MouseButtonRelease, places[-1])
    return outcome


class Recorder(Hand):
    """A hand that notes its strokes."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand.window)
        self.strokes: list[Stroke] = []

    async def drag(self, points: Iterable[Point]) -> None:
        path = list(points)
        await super().drag(path)
        tip = asdict(self.canvas.brushes[self.session.tool])
        brush = {name: tip[name] for name in ("size", "hardness", "opacity", "flow")}
        self.strokes.append(Stroke(self.session.tool, self.session.foreground, brush, paced(path)))


def paced(path: Sequence[Point]) -> Sequence[tuple[int, float, float]]:
    """The path at the pace of a hand: its speed rises and falls along the stroke as a sine."""
    path = walked(path, 1.0)
    travelled = [0.0]
    for before, after in pairwise(path):
        travelled.append(travelled[-1] + math.dist(before, after))
    seconds = max(0.2, travelled[-1] / SPEED)
    samples, index = [], 0
    for tick in range(round(seconds * RATE) + 1):
        part = min(1.0, tick / RATE / seconds)
        wanted = travelled[-1] * (1 - math.cos(math.pi * part)) / 2
        while index < len(path) - 1 and travelled[index] < wanted:
            index += 1
        samples.append((round(1000 * tick / RATE), round(path[index][0], 1), round(path[index][1], 1)))
    return samples


async def paint(hand: Hand) -> None:
    """Another peak with snow, a cloud, and pines at the left of the shore."""
    await hand.tool("brush", ROCK, size=52, hardness=0.5, opacity=1.0, flow=1.0)
    await hand.drag(walked([(566, 316), (640, 166), (706, 316), (664, 312), (640, 214), (606, 312)], 8))
    await hand.tool("brush", SNOW, size=24, hardness=0.6, opacity=1.0, flow=1.0)
    await hand.drag(walked([(640, 146), (618, 196), (606, 226), (640, 168), (652, 214), (662, 240)], 8))
    await hand.tool("brush", CLOUD, size=44, hardness=0.15, opacity=0.9, flow=0.7)
    await hand.drag([(90 + 12 * i, 62 + 11 * math.sin(i * 0.7)) for i in range(17)])
    await hand.tool("brush", PINE, size=20, hardness=0.6, opacity=1.0, flow=1.0)
    for x, top in ((70, 172), (136, 190)):
        zigzag = [(x + (-1) ** i * (2 + 4 * i), top + 20 * i) for i in range(8)]
        await hand.drag(walked([*zigzag, (x, top + 160)], 8))


async def record(hand: Hand) -> None:
    hand.window.files.open_path(resources.path("samples") / f"{SAMPLE}.ora")
    await hand.until(lambda: len(hand.session.document.layers) > 2)
    recorder = Recorder(hand)
    await paint(recorder)
    lines = (json.dumps(asdict(stroke), separators=(",", ":")) for stroke in recorder.strokes)
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        perform(record, Path(folder), model=False)
