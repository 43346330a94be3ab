"""Changes of a session's document, as tests need them."""

from __future__ import annotations

import numpy as np

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import Session


def push(session: Session, label: str, document: Document) -> None:
    """Make this the document, in one undo step."""
    session.change(label, lambda _now: document, at_once=True)


def paint(session: Session, rect: Rect, colour: tuple[int, ...] = (0, 0, 255, 255)) -> None:
    """One undo step: the layer that is active then in a colour, premultiplied BGRA, inside a rectangle."""
    patch = np.full((rect.height, rect.width, 4), colour, np.uint8)

    def change(document: Document) -> Document:
        return document.with_pixels(document.active_layer.pixels.with_array(patch, rect.x, rect.y))

    session.change("Brush", change, at_once=True)


def put(session: Session, document: Document) -> None:
    """Make this the document without an undo step, for a test to begin with."""
    session._amend(document)
