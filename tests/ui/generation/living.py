"""Live mode, carried on and looked at by a test."""

from __future__ import annotations

import threading

import numpy as np

from sdedit_studio.editing.live_pictures import CALLS
from sdedit_studio.engine.live import REST
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.ui.generation import generation
from tests.ui.flow import settle


def composite(session) -> np.ndarray:
    return flatten(session.document.layers, session.document.bounds)


def colour_seen(flow, x: int, y: int) -> tuple[int, int, int]:
    flow.view.repaint()
    colour = flow.view.grab().toImage().pixelColor(x, y)
    return colour.red(), colour.green(), colour.blue()


async def runs(flow, count: int):
    """The newest job when there have been so many. The pen rests until then."""
    for _ in range(20):
        await settle()
        if len(flow.engine.runs) == count:
            return flow.engine.runs[-1]
        flow.generation.clock.advance(REST / 4)
    raise AssertionError(f"There were {len(flow.engine.runs)} jobs, not {count}.")


async def first_pass(flow, colour=(90, 60, 30)):
    """Carry the newest job through its first pass, and wait until that is drawn."""
    run = flow.engine.runs[-1]
    run.progress(CALLS, calls=CALLS, colour=colour)
    run.finish(colour)
    await flow.until(lambda: run.closed and not flow.generation.live.busy)
    await drawn(flow)
    return run


async def drawn(flow) -> None:
    await flow.until(
        lambda: (overlay := flow.compare._overlays.right) is not None and overlay.shown is flow.generation.shown
    )


async def rest(flow, seconds: float = 2 * REST) -> int:
    """Let the pen rest for longer than it takes. Returns how many jobs there have been when all has come of it."""
    await settle()
    flow.generation.clock.advance(seconds)
    await settle()
    return len(flow.engine.runs)


def held_back(monkeypatch, name: str) -> threading.Event:
    """Have a function of the generation wait on its thread until the event is set. `begun`: when it waits there."""
    made, ready = getattr(generation, name), threading.Event()
    ready.begun = threading.Event()

    def slow(*arguments):
        ready.begun.set()
        ready.wait(5)
        return made(*arguments)

    monkeypatch.setattr(generation, name, slow)
    return ready
