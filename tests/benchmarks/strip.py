"""What the t0 strip costs: `python -m tests.benchmarks.strip [--json] [--strokes 4]`.

Plays recorded strokes (`tests/stories/strokes.json`) in the real window, offscreen, and measures, from a second after
the last change on, the seconds to the first picture and to the whole strip; then how late the window is for each sample
of a pen without the strip and while it computes, and in how many milliseconds a picture of the noised guide is made
while the slider is held.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from sdedit_studio import resources
from sdedit_studio.engine.job import Phase
from sdedit_studio.ui.shell.program import SWITCH_SECONDS
from sdedit_studio.ui.t0_strip.strip import REST, Strip
from tests.benchmarks.live import PEN_TARGET, spread
from tests.stories.hand import Hand
from tests.stories.recorded import SAMPLE, played, recorded
from tests.stories.stage import perform

HELD = 60
"""Positions of the slider while it is held."""


async def computed(hand: Hand, strip: Strip) -> dict[str, float]:
    """Seconds from the end of the rest after a change to the first picture, and to all."""
    began = perf_counter() + REST
    await hand.until(lambda: any(strip.is_current(t0) for t0 in strip.samples), 120)
    first = perf_counter() - began
    await hand.until(lambda: strip.complete, 300)
    return {"first picture": first, "whole strip": perf_counter() - began}


def measure(strokes: int) -> dict[str, Any]:
    report: dict[str, Any] = {}

    async def story(hand: Hand) -> None:
        window, strip = hand.window, hand.window.strip
        window.resize(1600, 1000)
        window.files.open_path(resources.path("samples") / f"{SAMPLE}.ora")
        await hand.until(lambda: len(hand.session.document.layers) > 2)
        await hand.until(lambda: hand.engine_phase is Phase.READY, 120)
        await computed(hand, strip)  # a rehearsal
        times: list[dict[str, float]] = []
        late: dict[str, list[float]] = {"strip away": [], "strip computing": []}
        for index, stroke in enumerate(recorded()[:strokes]):
            window.sdedit.hide()
            late["strip away"] += [1000 * each for each in (await played(hand, stroke)).late]
            window.sdedit.show()
            times.append(await computed(hand, strip))
            hand.session.undo()
            hand.session.set_parameters(seed=100 + index)
            await hand.until(lambda: any(strip.is_current(t0) for t0 in strip.samples), 120)
            late["strip computing"] += [1000 * each for each in (await played(hand, stroke)).late]
            hand.session.undo()
        for what in ("first picture", "whole strip"):
            report[f"{what}, s"] = spread([each[what] for each in times])
        for what, values in late.items():
            report[f"pen, {what}, ms"] = spread(values)
        report["noised guide, ms"] = spread(await held(hand))

    sys.setswitchinterval(SWITCH_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        perform(story, Path(folder))
    return report


async def held(hand: Hand) -> list[float]:
    """Milliseconds from a position of the slider to its picture, while it is held."""
    noised, times = hand.window.noised, []
    noised.show()
    await hand.until(lambda: noised.shown)
    for step in range(HELD):
        before, began = noised._image, perf_counter()
        hand.session.set_parameters(t0=round(0.2 + 0.6 * step / HELD, 2) + 0.001)
        while noised._image is before:
            await asyncio.sleep(0)
        times.append(1000 * (perf_counter() - began))
    noised.hide()
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what the t0 strip costs.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--strokes", type=int, default=4)
    args = parser.parse_args()
    report = measure(args.strokes)
    if args.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{'':28} {'p50':>7} {'p95':>7} {'max':>7}   target for a pen, p95: {PEN_TARGET:g} ms")
    for what, times in report.items():
        print(f"{what:28} {times['p50']:7.2f} {times['p95']:7.2f} {times['max']:7.2f}")


if __name__ == "__main__":
    main()
