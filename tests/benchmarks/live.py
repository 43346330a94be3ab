"""How closely live mode follows the pen: `python -m tests.benchmarks.live [--json] [--rounds 1] [--call MS]`.

Plays the recorded strokes (`tests/stories/strokes.json`) in the real window, offscreen, with live mode off and on, and
measures how late the window is for each sample of the pen, and, from the end of a stroke, the seconds to the first
preview that has all of it and to the whole first pass; the first again for a dab while the picture is refined; and how
much later than the first pass the refined picture comes when nothing disturbs it.

`--call`: a stand-in for the model, whose calls take that many milliseconds and leave the processor alone, as those of
a graphics card do: what the studio itself can keep up with.
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
from dataclasses import replace
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np

from sdedit_studio import resources
from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Phase
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads
from sdedit_studio.models.catalogue import find
from sdedit_studio.ui.shell.program import SWITCH_SECONDS
from tests.stories.hand import Hand
from tests.stories.recorded import SAMPLE, Played, Stroke, played, recorded
from tests.stories.stage import perform

WITHIN = 0.2
"""Seconds after which a dab disturbs the refine passes."""

TARGETS = {"first preview": 0.25, "first pass": 0.8, "first preview, while refining": 0.6, "refined, later": 0.6}
"""Seconds after a stroke ends, on two quiet cores; the last one after the first pass."""

PEN_TARGET = 8.0
"""Milliseconds, the 95th percentile."""


async def followed(hand: Hand, stroke: Stroke) -> tuple[Played, dict[str, float]]:
    """Draw with live mode on. Returns how, and the seconds from the end of the stroke to its pictures."""
    session, generation = hand.session, hand.window.generation
    seconds: dict[str, float] = {}
    end, pictures = math.inf, 0

    def note(what: str) -> None:
        shown = generation.shown
        if end < math.inf and shown is not None and shown.edit.job.revision == session.revision:
            seconds.setdefault(what, perf_counter() - end)

    def count() -> None:
        nonlocal pictures
        pictures += 1

    watches = [
        (generation.live.followed, count),
        (generation.shown_changed, lambda: note("first preview")),
        (generation.live.followed, lambda: note("first pass")),
    ]
    for signal, watch in watches:
        signal.connect(watch)
    began = perf_counter()
    outcome = await played(hand, stroke)
    end = perf_counter()
    rate = pictures / (end - began)
    await hand.until(lambda: len(seconds) == 2)
    for signal, watch in watches:
        signal.disconnect(watch)
    return outcome, seconds | {"rate": rate}


async def interrupted(hand: Hand, dab: Stroke) -> float:
    """Seconds from a dab to its first preview, when it falls just after the refine passes have begun."""
    live = hand.window.generation.live
    await hand.until(lambda: (order := live._schedule.running) is not None and order.refine, 60)
    await asyncio.sleep(WITHIN)
    _, seconds = await followed(hand, dab)
    return seconds["first preview"]


async def refined(hand: Hand) -> float:
    """Seconds from a first pass that was just shown to the refined picture."""
    live, began = hand.window.generation.live, perf_counter()
    await hand.until(lambda: live.at_rest and not live.busy, 60)
    return perf_counter() - began


def stand_in(seconds: float, folder: Path) -> Engine:
    """An engine whose model does nothing for as long as a call takes. What it measures stays in `folder`."""

    def opened(name: str) -> Any:
        import torch
        from torch.nn.functional import interpolate

        from sdedit_studio.diffusion.detail import DetailNetwork
        from sdedit_studio.models.detail import DetailCard
        from sdedit_studio.models.loaded import LoadedModel

        torch.set_num_threads(1)

        def denoise(x: torch.Tensor, sigma: float) -> torch.Tensor:
            sleep(seconds)
            return x / (1 + sigma**2)

        def enlarge(x: torch.Tensor) -> torch.Tensor:
            sleep(seconds)
            return interpolate(x, scale_factor=4)

        def by_detail(card: DetailCard) -> DetailNetwork:
            return DetailNetwork(enlarge, 4, 0)

        return LoadedModel(find(name), torch.device("cpu"), lambda label: denoise, by_detail=by_detail)

    return Engine(opener=opened, measured=Measured(compute_threads(), folder / "measured.json"))


def measure(rounds: int, call_seconds: float | None) -> dict[str, Any]:
    report: dict[str, Any] = {}

    async def story(hand: Hand) -> None:
        live = hand.window.generation.live
        hand.window.resize(1600, 1000)
        hand.window.files.open_path(resources.path("samples") / f"{SAMPLE}.ora")
        await hand.until(lambda: len(hand.session.document.layers) > 2)
        await hand.until(lambda: hand.engine_phase is Phase.READY, 120)
        late: dict[bool, list[float]] = {False: [], True: []}
        rates: list[float] = []
        pictures: list[dict[str, float]] = []
        waits: list[float] = []
        later: list[float] = []
        for turn in range(-1, rounds):  # the first is a rehearsal
            for stroke in recorded()[: None if turn >= 0 else 1]:
                if live.on:
                    hand.window.generation.stop_live()
                off = await played(hand, stroke)
                hand.session.undo()
                hand.window.generation.toggle_live()
                await hand.until(lambda: live.rate is not None, 60)
                on, seconds = await followed(hand, stroke)
                wait = None
                if call_seconds is None:  # else it is refined before anything could disturb it
                    wait = await interrupted(hand, replace(stroke, samples=stroke.samples[:2]))
                after = await refined(hand)
                hand.session.undo()
                if wait is not None:
                    hand.session.undo()
                if turn >= 0:
                    late[False] += [1000 * each for each in off.late]
                    late[True] += [1000 * each for each in on.late]
                    pictures.append(seconds)
                    waits += [] if wait is None else [wait]
                    later.append(after)
                    rates.append(seconds["rate"])
        report["pictures a second"] = spread(rates)
        report["pen, ms late"] = {f"live {'on' if on else 'off'}": spread(times) for on, times in late.items()}
        for what in ("first preview", "first pass"):
            report[f"{what}, s"] = spread([seconds[what] for seconds in pictures])
        if waits:
            report["first preview, while refining, s"] = spread(waits)
        report["refined, later, s"] = spread(later)

    sys.setswitchinterval(SWITCH_SECONDS)
    with tempfile.TemporaryDirectory() as folder:
        engine = None if call_seconds is None else stand_in(call_seconds, Path(folder))
        perform(story, Path(folder), engine=engine)
    return report


def spread(values: Sequence[float]) -> dict[str, float]:
    p50, p95 = np.percentile(values, (50, 95))
    return {"p50": float(p50), "p95": float(p95), "max": max(values)}


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure how closely live mode follows the pen.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--rounds", type=int, default=1, help="times that all strokes are played")
    parser.add_argument("--call", type=float, help="milliseconds of a call of a stand-in for the model")
    args = parser.parse_args()
    report = measure(args.rounds, args.call and args.call / 1000)
    if args.json:
        print(json.dumps(report, indent=2))
        return
    print(f"{'':32} {'p50':>7} {'p95':>7} {'max':>7} {'target':>7}")
    rows = [(f"pen, {name}, ms", times, PEN_TARGET) for name, times in report["pen, ms late"].items()]
    rows += [(f"{what}, s", report[f"{what}, s"], target) for what, target in TARGETS.items() if f"{what}, s" in report]
    for what, times, target in rows:
        print(f"{what:32} {times['p50']:7.2f} {times['p95']:7.2f} {times['max']:7.2f} {target:7.2f}")
    print("pictures a second while drawing: {p50:.1f}".format(**report["pictures a second"]))


if __name__ == "__main__":
    main()
