"""Messages to the person: a line in the status bar, or a problem in the banner that stays until it is dismissed."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, Signal


class Notices(QObject):
    """Signals: `told(str)` for the status line; `warned(str, str)` for the banner: one sentence with what to do, and
    details, or "".
    """

    told = Signal(str)
    warned = Signal(str, str)

    def tell(self, sentence: str) -> None:
        """Say it in the status line, for a moment."""
        self.told.emit(sentence)

    def warn(self, sentence: str, details: str = "") -> None:
        """Say it in the banner, until the person puts it away."""
        self.warned.emit(sentence, details)


@contextmanager
def report_failure(report: Callable[[str, str], object], sentence: str) -> Iterator[None]:
    """Call `report` with the sentence and the traceback when the block fails, and go on after it.

    A cancelled task stays silent, and stays cancelled.
    """
    try:
        yield
    except Exception:
        report(sentence, traceback.format_exc())
