"""How closely live mode follows the pen: `python -m tests.benchmarks.live [--json] [--strokes 6]`.

Draws the same stroke again and again in the real window, offscreen, with live mode off and on, and measures how late
the window is for each sample of the pen, and, from the end of a stroke, the seconds to the first preview that has all
of it and to the whole first pass.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QPointF

from sdedit_studio import resources
from sdedit_studio.engine.job import Phase
from sdedit_studio.ui.program import SWITCH_SECONDS
from tests.stories.hand import Hand, Point
from tests.stories.stage import perform

EVENTS, PERIOD = 150, 0.008
"""Samples of a stroke, and the seconds between them: a tablet at 125 Hz."""

TARGETS = {"first preview": 0.25, "first pass": 0.8}
"""Seconds after a stroke ends, on two quiet cores."""

PEN_TARGET = 8.0
"""Milliseconds, the 95th percentile."""


def stroke(index: int) -> Sequence[Point]:
    """A wavy line across a 768x512 canvas, lower each time."""
    parts = [event / (EVENTS - 1) for event in range(EVENTS)]
    return [(90 + 580 * part, 150 + 45 * (index % 6) + 40 * math.sin(9 * part)) for part in parts]


async def draw(hand: Hand, points: Sequence[Point]) -> Sequence[float]:
    """Draw at the pace of a tablet. Returns how late each sample had been dealt with, in milliseconds."""
    places = [hand.canvas.to_view.map(QPointF(*point)) for point in points]
    hand._mouse(QEvent.Type.MouseMove, places[0])
    hand._mouse(QEvent.Type.MouseButtonPress, places[0])
    late, due = [], perf_counter()
    for place in places[1:]:
        due = max(due + PERIOD, perf_counter())
        await asyncio.sleep(due - perf_counter())
        hand._mouse(QEvent.Type.MouseMove, place, held=True)
        late.append(1000 * (perf_counter() - due))
    hand._mouse(QEvent.Type.MouseButtonRelease, places[-1])
    return late


async def followed(hand: Hand, points: Sequence[Point]) -> tuple[Sequence[float], dict[str, float]]:
    """Draw with live mode on. Returns the same, and the seconds from the end of the stroke to its pictures."""
    studio, generation = hand.studio, hand.window.generation
    seconds: dict[str, float] = {}
    end = math.inf

    def note(what: str) -> None:
        shown = generation.shown
        if end < math.inf and shown is not None and shown.edit.job.revision == studio.history.revision:
            seconds.setdefault(what, perf_counter() - end)

    watches = [
        (generation.shown_changed, lambda: note("first preview")),
        (generation.live.followed, lambda: note("first pass")),
    ]
    for signal, watch in watches:
        signal.connect(watch)
    late = await draw(hand, points)
    end = perf_counter()
    await hand.until(lambda: len(seconds) == 2)
    for signal, watch in watches:
        signal.disconnect(watch)
    return late, seconds


def measure(strokes: int) -> dict[str, Any]:
    report: dict[str, Any] = {}

    async def story(hand: Hand) -> None:
        live = hand.window.generation.live
        hand.window.resize(1600, 1000)
        hand.window.files.open_path(resources.path("samples") / "mountain-lake.ora")
        await hand.until(lambda: len(hand.studio.document.layers) > 2)
        await hand.until(lambda: hand.engine_phase is Phase.READY, 120)
        await hand.tool("brush", (238, 240, 244), size=36)
        late: dict[bool, list[float]] = {False: [], True: []}
        pictures: list[dict[str, float]] = []
        for index in range(-1, strokes):  # the first of each is a rehearsal
            if live.on:
                hand.window.generation.stop_live()
            off = await draw(hand, stroke(index))
            hand.window.generation.toggle_live()
            await hand.until(lambda: live.rate is not None, 60)
            on, seconds = await followed(hand, stroke(index + 3))
            if index >= 0:
                late[False] += off
                late[True] += on
                pictures.append(seconds)
                report["pace"] = {"pictures a second": live.rate, "seconds behind": live.behind}
        report["pen, ms late"] = {f"live {'on' if on else 'off'}": spread(times) for on, times in late.items()}
        for what in TARGETS:
            report[f"{what}, s"] = spread([seconds[what] for seconds in pictures])

    sys.setswitchinterval(SWITCH_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        perform(story, Path(folder))
    return report


def spread(values: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": float(p50), "p95": float(p95), "max": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how closely live mode follows the pen.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--strokes", type=int, default=6)
    args = parser.parse_args()
    report = measure(args.strokes)
    if args.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{'':24} {'p50':>7} {'p95':>7} {'max':>7} {'target':>7}")
    rows = [(f"pen, {name}, ms", times, PEN_TARGET) for name, times in report["pen, ms late"].items()]
    rows += [(f"{what}, s", report[f"{what}, s"], target) for what, target in TARGETS.items()]
    for what, times, target in rows:
        print(f"{what:24} {times['p50']:7.2f} {times['p95']:7.2f} {times['max']:7.2f} {target:7.2f}")
    print(", ".join(f"{figure:.2f} {what}" for what, figure in report["pace"].items()))


if __name__ == "__main__":
    main()
