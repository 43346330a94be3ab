"""What was painted after the guide of a picture was taken."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter

from PySide6.QtCore import QObject, QTimer, Signal

from sdedit_studio.editing.edit import Edit, TilePosition, painted_since, parts_by_tile
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY, Tiles
from sdedit_studio.ui.document.session import Session

SLICE = 0.003
"""Seconds of comparing the painting with the guide's at a time."""


class PaintedSince(QObject):
    """Compares the painting of a session with that of an edit, as it is painted on.

    Signals: `caught_up()` when a large change was compared only after its `document_changed`.
    """

    caught_up = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._edit: Edit | None = None
        self._pixels = EMPTY
        self._stale: dict[TilePosition, Rect] = {}
        self._later = QTimer(self, interval=0)
        self._later.timeout.connect(self._catch_up)
        session.document_changed.connect(self._document_changed)

    @property
    def pixels(self) -> Tiles:
        """The painting's pixels that changed since, in the edit's frame; transparent elsewhere."""
        return self._pixels

    def follow(self, edit: Edit | None) -> None:
        """Compare with another edit's guide from now on, or with none."""
        self._edit, self._pixels, self._stale = edit, EMPTY, {}
        if edit is not None:
            self._document_changed(self._session.document.damage(edit.document))

    def _document_changed(self, rects: Iterable[Rect]) -> None:
        if self._edit is None:
            return
        for rect in rects:
            for tile, part in parts_by_tile(rect & self._edit.frame):
                self._stale[tile] = part | self._stale.get(tile, part)
        self._compare()

    def _catch_up(self) -> None:
        self._compare()
        self.caught_up.emit()

    def _compare(self) -> None:
        """Bring the pixels up to date, for at most a slice of time."""
        if self._edit is None or not self._stale:
            self._later.stop()
            return
        then, now = self._edit.document, self._session.document
        end = perf_counter() + SLICE
        while self._stale:
            _, rect = self._stale.popitem()
            self._pixels = painted_since(self._pixels, then, now, [rect])
            if perf_counter() > end:
                break
        if self._stale:
            self._later.start()
