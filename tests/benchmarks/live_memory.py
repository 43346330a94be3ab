"""What memory does over hours of live mode: `python -m tests.benchmarks.live_memory [--minutes 60] [--csv FILE]`.

Plays the recorded strokes again and again in the real window, offscreen, with live mode on, at their own pace; each is
taken back after its picture came, and now and then a picture is applied, compared and undone. Samples the resident
memory every few seconds, and prints it, and the slope after the first quarter: what leaks goes on growing. The history
of the document is bounded, and full before that.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gc
import os
import sys
import tempfile
from pathlib import Path
from time import monotonic

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

from sdedit_studio import resources
from sdedit_studio.engine.job import Phase
from sdedit_studio.ui.compare.compare import CompareMode
from sdedit_studio.ui.shell.program import SWITCH_SECONDS
from tests.stories.hand import Hand
from tests.stories.recorded import SAMPLE, played, recorded
from tests.stories.stage import perform

EVERY = 5.0
"""Seconds between two samples."""

SETTLED = 0.25
"""Part of the time that warming up takes."""

REST = 2.0
"""Seconds between two strokes: the picture comes, and refining begins."""

PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> float:
    """MiB of memory that this process holds. Linux only."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


async def work(hand: Hand, until: float) -> None:
    """Draw on and on, and do with the pictures what people do."""
    window, session, generation = hand.window, hand.session, hand.window.generation
    modes = list(CompareMode)
    turn = 0
    while monotonic() < until:
        for stroke in recorded():
            await played(hand, stroke)
            await asyncio.sleep(REST)
            if monotonic() >= until:
                return
        window.compare.set_mode(modes[turn % len(modes)])
        turn += 1
        if generation.can_apply:
            before = session.document
            generation.apply()
            await hand.until(lambda before=before: session.document is not before, 60)
            await asyncio.sleep(REST)
        while session.undo_label:
            session.undo()
        window.compare.set_mode(CompareMode.SPLIT)


def measure(minutes: float) -> list[tuple[float, float]]:
    """(seconds, MiB) every few seconds."""
    samples: list[tuple[float, float]] = []

    async def watch(began: float) -> None:
        while True:
            samples.append((monotonic() - began, resident()))
            print(f"{samples[-1][0]:8.0f} s {samples[-1][1]:8.1f} MiB", flush=True)
            await asyncio.sleep(EVERY)

    async def story(hand: Hand) -> None:
        hand.window.resize(1600, 1000)
        hand.window.files.open_path(resources.path("samples") / f"{SAMPLE}.ora")
        await hand.until(lambda: len(hand.session.document.layers) > 2)
        await hand.until(lambda: hand.engine_phase is Phase.READY, 300)
        hand.window.generation.toggle_live()
        began = monotonic()
        watching = asyncio.ensure_future(watch(began))
        await work(hand, began + 60 * minutes)
        watching.cancel()
        gc.collect()
        samples.append((monotonic() - began, resident()))

    sys.setswitchinterval(SWITCH_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        perform(story, Path(folder))
    return samples


def main() -> None:
    parser = argparse.ArgumentParser(description="Watch the memory of live mode.")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--csv", type=Path, help="file for the samples")
    args = parser.parse_args()
    samples = measure(args.minutes)
    if args.csv:
        with args.csv.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("seconds", "MiB"), *samples])
    seconds, mebibytes = np.array(samples).T
    later = seconds >= SETTLED * seconds[-1]
    slope = np.polyfit(seconds[later] / 3600, mebibytes[later], 1)[0]
    print(
        f"at first {mebibytes[0]:.0f} MiB, most {mebibytes.max():.0f}, at the end {mebibytes[-1]:.0f}; "
        f"{slope:+.0f} MiB an hour after the first quarter, in samples from "
        f"{mebibytes[later].min():.0f} to {mebibytes[later].max():.0f} MiB"
    )


if __name__ == "__main__":
    main()
