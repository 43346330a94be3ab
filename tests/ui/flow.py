"""The generation flow with all its widgets on a plain canvas, driven by a scripted engine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from PySide6.QtGui import QPainter, QTransform
from PySide6.QtWidgets import QWidget

from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.compare.banner import Banner
from sdedit_studio.ui.compare.compare import Compare
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.panel import SdeditPanel
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.t0_strip.strip import Strip
from sdedit_studio.ui.variations.variations import Variations
from tests.ui.fake_engine import FakeEngine, Run
from tests.waiting import until

TURNS = 10
"""Of the event loop, in which one thing that was begun leads to the next."""


async def settle() -> None:
    """Wait until all that is under way waits for the engine, a clock or the person.

    Needs the fixture `loop`, which counts what runs in threads.
    """
    in_threads = asyncio.get_running_loop().in_threads
    quiet_turns = 0
    while quiet_turns < TURNS:
        if in_threads:
            await asyncio.wait(set(in_threads))
            quiet_turns = 0
        await asyncio.sleep(0)
        quiet_turns += 1


class Canvas(QWidget):
    """What the flow needs of the canvas view: a widget that draws overlays at a zoom."""

    def __init__(self) -> None:
        super().__init__()
        self.overlays = []
        self.to_view = QTransform()
        self.visible = Rect(0, 0, 10_000, 10_000)
        self.busy = False

    def add_overlay(self, overlay, hides=None) -> None:
        self.overlays.append(overlay)

    def paintEvent(self, event) -> None:
        painter = QPainter(self)
        for overlay in self.overlays:
            overlay(painter, self.to_view, self.visible)


@dataclass
class Flow:
    """The generation flow with all its widgets, and what it said."""

    session: Session
    engine: FakeEngine
    generation: Generation
    models: Models
    view: Canvas
    compare: Compare
    banner: Banner
    panel: SdeditPanel
    strip: Strip
    variations: Variations
    problems: list[tuple[str, str]] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)

    until = staticmethod(until)

    async def started(self) -> Run:
        """Press Generate and wait until the engine has the job."""
        before = len(self.engine.runs)
        self.generation.generate()
        await self.until(lambda: len(self.engine.runs) > before)
        return self.engine.runs[-1]

    async def finished(self, colour=(200, 40, 10)) -> Run:
        """Generate, to a waiting result of one colour."""
        run = await self.started()
        run.finish(colour)
        await self.until(lambda: self.generation.result is not None and self.generation.result.job is run.job)
        return run

    async def applied(self) -> None:
        before = self.session.document
        assert self.generation.apply()
        await self.until(lambda: self.session.document is not before)
