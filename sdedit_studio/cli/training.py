"""The progress of a training run on the terminal, and how it is stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

if TYPE_CHECKING:
    from sdedit_studio.training.run import Report

LINE_SECONDS = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class Screen:
    """The progress of a run on stderr: a bar on a terminal, and elsewhere a line now and then."""

    def __init__(self, *, quiet: bool) -> None:
        console = Console(stderr=True, soft_wrap=True, quiet=quiet)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[left]}"),
        )
        self._bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        self._task = self._bar.add_task("Loading", total=None, left="")
        self._console = console
        self._lined_at = -LINE_SECONDS
        self._prepared_at = monotonic()

    def __enter__(self) -> Screen:
        self._bar.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._bar.stop()

    def say(self, sentence: str) -> None:
        self._console.print(sentence, highlight=False)

    def preparing(self, what: str, done: int, total: int) -> None:
        self._bar.update(self._task, description=what, completed=done, total=total)
        if not self._console.is_terminal and monotonic() - self._prepared_at >= LINE_SECONDS:
            self._prepared_at = monotonic()
            self.say(f"{what}: {done:,} of {total:,}")

    def training(self, report: Report, done: str) -> None:
        """`done`: what was trained so far, such as "512 of 4,000,000 pictures"."""
        row = report.row
        words = f"{done}, loss {row.loss:.4f}, {row.images_per_second:,.3g} images/s"
        left = f"{duration(report.seconds_left)} left"
        self._bar.update(self._task, description=words, completed=report.progress, total=1.0, left=left)
        if not self._console.is_terminal and (report.saved or monotonic() - self._lined_at >= LINE_SECONDS):
            self._lined_at = monotonic()
            self.say(f"{words}, {left}" + (", saved" if report.saved else ""))


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """A function that returns whether Ctrl+C or SIGTERM was received; a second one ends the process at once."""
    asked = []

    def ask(number: int, frame: object) -> None:
        asked.append(number)
        signal.signal(number, before[number])

    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, ask)
    try:
        yield lambda: bool(asked)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def so_far(done: int, total: int | None, unit: str) -> str:
    """As in "512 of 4,000,000 pictures", or without a total "512 pictures"."""
    return f"{done:,} {unit}" if total is None else f"{done:,} of {total:,} {unit}"


def duration(seconds: float) -> str:
    minutes = seconds / 60
    if minutes < 1:
        return f"{seconds:.0f} s"
    return (
        f"{minutes:.0f} min"
        if minutes < 90
        else f"{minutes / 60:.1f} h"
        if minutes < 2880
        else f"{minutes / 1440:.0f} days"
    )
