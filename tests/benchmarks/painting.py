"""How long painting takes: `python tests/benchmarks/painting.py [--json]`.

Measures what a painter waits for on the UI thread, with ten full layers (all with their own pixels, three of them in
other blend modes, one masked), and holds it against the project's targets. The last column is the program's own
processor time, which other programs on a busy machine do not lengthen.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import PySide6
from PySide6.QtGui import QPainter, QTransform

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import frame_of
from sdedit_studio.document.history import History
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.brush import Brush
from sdedit_studio.raster.compositor import Composite
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.smudge import Smudge
from sdedit_studio.raster.stroke import Stroke
from sdedit_studio.raster.tiles import Tiles, as_image, blank

VIEW = (1600, 1000)
ZOOMS = (0.2, 0.25, 0.3, 0.4, 0.5, 0.55, 0.7, 0.9, 1.0, 1.5, 2.0, 3.0, 4.0)
MODES = {3: BlendMode.MULTIPLY, 5: BlendMode.SCREEN, 7: BlendMode.SOFT_LIGHT}


def machine() -> str:
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text().splitlines() if cpus.exists() else []
    name = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )
    versions = f"Python {platform.python_version()}, PySide6 {PySide6.__version__}, numpy {np.__version__}"
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, {versions}"


def ten_layers(side: int) -> Document:
    """Layers of noise, the bottom one opaque; the seventh from the bottom is the one that is painted on."""
    random = np.random.default_rng(0)
    layers = []
    for index in range(10):
        array = random.integers(0, 128, (side, side, 4), np.uint8)
        array[..., 3] = 255 if index == 0 else 160
        mask = Tiles.from_array(random.integers(0, 256, (side, side), np.uint8)) if index == 4 else None
        layers.append(
            Layer(
                f"Layer {index}",
                Tiles.from_array(array),
                mask,
                mode=MODES.get(index, BlendMode.NORMAL),
                opacity=0.8 if index == 2 else 1.0,
            )
        )
    document = Document.of(side, side, layers)
    return document.replace(active=layers[6].id)


def wave(side: int, events: int) -> Iterator[tuple[float, float, float, float]]:
    """Samples of a wavy pen stroke across most of a 1600x1000 view: (x, y, pressure, time)."""
    for index in range(events):
        part = index / events
        yield (
            side / 4 + 1200 * part,
            side / 2 + 250 * math.sin(9 * part),
            0.3 + 0.7 * math.sin(math.pi * part),
            index * 0.008,
        )


Time = tuple[float, float]
"""Milliseconds by the clock, and of this program's processor time in all its threads."""


def timed(action: Callable[[], Any]) -> Time:
    start, own = time.perf_counter(), time.process_time()
    action()
    return (time.perf_counter() - start) * 1e3, (time.process_time() - own) * 1e3


class Canvas:
    """A document with its history and its composite, as the window holds them."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.history = History(ten_layers(side), budget=2**31)
        self.composite = Composite(side, side)
        self.visible = Rect(side // 4 - 200, side // 2 - 500, *VIEW)
        self.refresh([])

    def refresh(self, damage: list[Rect]) -> None:
        self.composite.invalidate(damage)
        self.composite.update(self.history.document.layers, self.visible)

    def add_mask(self) -> None:
        """A mask of noise on the layer that is painted on."""
        mask = np.random.default_rng(1).integers(0, 256, (self.side, self.side), np.uint8)
        document = self.history.document
        self.history.push("Mask", document.with_layer(document.active, mask=Tiles.from_array(mask)))
        self.refresh([document.bounds])

    def paint(
        self, gesture: Callable[[Tiles], Stroke | Smudge], events: int = 200, target: Target = Target.PIXELS
    ) -> list[Time]:
        """One stroke as one undo step. Returns the time from each pen event to its pixels in the composite."""
        before = self.history.document
        stroke = gesture(surface(before, target))

        def event(sample: tuple[float, float, float, float]) -> None:
            pixels, damage = stroke.extend(*sample)
            self.history.amend(with_surface(self.history.document, target, pixels))
            self.refresh([damage])

        times = [timed(lambda sample=sample: event(sample)) for sample in wave(self.side, events)]
        pixels, damage = stroke.finish()
        self.history.amend(with_surface(self.history.document, target, pixels))
        self.refresh([damage])
        self.history.commit("Stroke", before)
        return times

    def undo(self) -> None:
        before = self.history.document
        self.history.undo()
        self.refresh(self.history.document.damage(before))

    def redo(self) -> None:
        before = self.history.document
        self.history.redo()
        self.refresh(self.history.document.damage(before))

    def frames(self, rotation: float = 0.0) -> list[Time]:
        """The time of each frame of panning at each zoom."""
        view = blank(*VIEW)
        image = as_image(view)

        def frame(to_view: QTransform, visible: Rect) -> None:
            painter = QPainter(image)
            self.composite.draw(painter, to_view, visible)
            painter.end()

        times = []
        for zoom in ZOOMS:
            for step in range(12):
                to_view = QTransform().translate(VIEW[0] / 2 + 7 * step, VIEW[1] / 2 + 5 * step)
                to_view.rotate(rotation).scale(zoom, zoom).translate(-self.side / 2, -self.side / 2)
                box = to_view.inverted()[0].mapRect(image.rect())
                visible = Rect(box.x(), box.y(), box.width(), box.height()).grown(1)
                times.append(timed(lambda to_view=to_view, visible=visible: frame(to_view, visible)))
        return times

    def snapshot(self) -> None:
        """What the UI thread does for the guide: keep the document and work out its frame."""
        document = self.history.document
        frame_of(document)


def measure(side: int) -> Iterator[tuple[str, list[Time], float]]:
    """(what, its times, target for their 95th percentile)."""
    canvas = Canvas(side)
    size = f"{side}x{side}"
    event_target = 8.0 if side <= 2048 else 16.0
    blue = (40, 70, 180)
    canvas.composite.image(canvas.composite.levels - 1)
    yield f"pen event, 50 px brush, {size}", canvas.paint(lambda pixels: Stroke(Brush(50), blue, pixels)), event_target
    yield (
        f"undo and redo of that stroke, {size}",
        [timed(step) for _ in range(10) for step in (canvas.undo, canvas.redo)],
        30.0,
    )
    yield f"pen event, 300 px brush, {size}", canvas.paint(lambda pixels: Stroke(Brush(300), blue, pixels)), 25.0
    yield (
        f"pen event, 50 px smudge, {size}",
        canvas.paint(lambda pixels: Smudge(Brush(50, flow=0.8), pixels)),
        event_target,
    )
    canvas.frames()
    yield f"pan and zoom frame, {size}", canvas.frames(), 8.0
    yield f"the same, view turned by 15 degrees, {size}", canvas.frames(15), 8.0
    yield f"snapshot for the guide, {size}", [timed(canvas.snapshot) for _ in range(200)], 1.0
    canvas.add_mask()
    for target in (Target.MASK, Target.PROTECTION):
        times = canvas.paint(lambda pixels: Stroke(Brush(50), blue, pixels), target=target)
        yield f"pen event, 50 px brush on the {target}, {size}", times, event_target


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a painter waits for.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    as_json = parser.parse_args().json
    rows = []
    if not as_json:
        print(machine())
        print(f"{'milliseconds':52} {'p50':>7} {'p95':>7} {'max':>7} {'target p95':>11} {'own p95':>11}")
    for side in (2048, 4096):
        for what, times, target in measure(side):
            clock, own = np.array(times).T
            p50, p95, own_p95 = np.percentile(clock, 50), np.percentile(clock, 95), np.percentile(own, 95)
            numbers = {"p50": p50, "p95": p95, "max": clock.max(), "target": target, "own_p95": own_p95}
            rows.append({"what": what, **{name: round(float(value), 3) for name, value in numbers.items()}})
            if not as_json:
                verdict = "ok" if p95 <= target else "no"
                print(f"{what:52} {p50:7.2f} {p95:7.2f} {clock.max():7.2f} {target:8.0f} {verdict} {own_p95:11.2f}")
    if as_json:
        print(json.dumps({"machine": machine(), "milliseconds": rows}, indent=2))


if __name__ == "__main__":
    main()
