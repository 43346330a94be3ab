"""Changes to the document that become one undo step, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect

if TYPE_CHECKING:
    from sdedit_studio.ui.studio import Studio


class Gesture:
    """`before` is the document when it began. It ends with `commit` or `cancel`.

    `showing` is true while the gesture itself changes the document, and only then.
    """

    def __init__(self, studio: Studio, label: str) -> None:
        self.before = studio.document
        self.showing = False
        self._studio = studio
        self._label = label

    @property
    def changed(self) -> bool:
        return self._studio.document is not self.before

    def show(self, document: Document, damage: list[Rect] | None = None) -> None:
        """Let the document look like this. `damage`: where the composite changes, if that is known."""
        self.showing = True
        try:
            self._studio.amend(document, damage)
        finally:
            self.showing = False

    def commit(self) -> None:
        self._studio.commit(self._label, self.before)

    def cancel(self) -> None:
        self.show(self.before)
