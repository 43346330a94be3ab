"""The base of all views of the page, which is the document's area: a widget with a movable viewport."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QWidget

from sdedit_studio.ui.canvas.viewport import Viewport


class PageView(QWidget):
    """Subclasses hold the viewport."""

    @property
    def viewport(self) -> Viewport:
        raise NotImplementedError

    def set_viewport(self, viewport: Viewport) -> None:
        """Show another part of the page, or the same in another way."""
        raise NotImplementedError

    @property
    def busy(self) -> bool:
        """Whether a button or the pen is down, so that the page stays where it is."""
        raise NotImplementedError

    def cancel(self) -> bool:
        """Take back the gesture in progress. Returns whether there was one."""
        raise NotImplementedError

    def fit(self) -> None:
        """Show the whole page, and keep doing so when the view changes its size, until someone moves the page."""
        raise NotImplementedError

    @property
    def zoom(self) -> float:
        """Screen pixels to a document pixel; 1 is 100 %."""
        return self.viewport.zoom

    def zoom_by(self, factor: float, about: QPointF | None = None) -> None:
        """Zoom, with the document point at view point `about` (the middle when None) staying where it is."""
        self.set_viewport(self.viewport.zoomed(factor, about))

    def zoom_to(self, zoom: float, about: QPointF | None = None) -> None:
        self.set_viewport(self.viewport.zoomed_to(zoom, about))

    def pan_by(self, offset: QPointF) -> None:
        """Move the page by view pixels."""
        self.set_viewport(self.viewport.panned(offset.x(), offset.y()))

    def rotate_by(self, degrees: float, about: QPointF | None = None) -> None:
        """Turn the page clockwise as seen on screen."""
        self.set_viewport(self.viewport.rotated(degrees, about))
