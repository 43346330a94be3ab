"""Exports the steps of a run: asks for the format, writes in a thread, and reports the remaining time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from PySide6.QtWidgets import QWidget

from sdedit_studio.engine.job import Result
from sdedit_studio.engine.trajectory import Trajectory, step_picture
from sdedit_studio.files import animation
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.dialog import answered
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.results.steps_dialog import StepsDialog, StepsSettings

TELL_SECONDS = 0.5
"""Seconds between two reports of the remaining time."""


async def export_steps(
    window: QWidget, files: FileActions, session: Session, trajectory: Trajectory, result: Result
) -> None:
    """Ask how and where, and write."""
    frame = result.picture.width, result.picture.height
    size = animation.size_of(*frame)
    dialog = StepsDialog(window, len(trajectory), size, reduced=size != frame)
    if not await answered(dialog):
        return
    settings = dialog.settings
    kind = "PNG series" if settings.suffix == animation.SERIES else "Animation"
    name = f"{Path(files.name).stem}-steps{settings.suffix}"
    path = await files.ask_path("Export the steps", [f"{kind} (*{settings.suffix})"], save=True, name=name)
    if path is None:
        return
    points = list(trajectory)

    def picture(index: int) -> np.ndarray:
        return step_picture(points[index], result, size, last=index == len(points) - 1)

    try:
        count = len(animation.chosen(len(points), settings.suffix))
        seconds = count * await asyncio.to_thread(_pace, picture, settings)
        writing = asyncio.ensure_future(asyncio.to_thread(_write, path, len(points), picture, result, settings))
        await _with_reports(session, f"Exporting {count} steps", seconds, writing)
    except FileProblem as problem:
        session.notices.warn(str(problem))
    else:
        session.notices.tell(f"Exported {path.name}.")


def _pace(picture: Callable[[int], np.ndarray], settings: StepsSettings) -> float:
    began = perf_counter()
    first = picture(0)
    return perf_counter() - began + animation.pace(first, settings.suffix)


def _write(
    path: Path, count: int, picture: Callable[[int], np.ndarray], result: Result, settings: StepsSettings
) -> None:
    """Raises FileProblem."""
    job = result.job
    record = job.record()
    animation.export(
        path,
        count,
        picture,
        rate=settings.rate,
        there_and_back=settings.there_and_back,
        metadata=record if settings.metadata else None,
        composite=job.mask is not None or job.strength is not None,
    )


async def _with_reports(session: Session, what: str, seconds: float, work: asyncio.Future[None]) -> None:
    """Wait for some work, and say how long it will take."""
    end = perf_counter() + seconds
    while not work.done():
        left = end - perf_counter()
        session.notices.tell(f"{what}, {words.duration(left)} left…" if left > 0 else f"{what}…")
        await asyncio.wait([work], timeout=TELL_SECONDS)
    await work
