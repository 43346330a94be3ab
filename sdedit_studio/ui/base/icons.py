"""Lucide icons, tinted from the theme and sharp at every scale factor."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from sdedit_studio.ui.base import theme

SIZE = 18
"""Pixels of an icon on screen."""


def icon(name: str, role: str = "text", size: int = SIZE) -> QIcon:
    """The icon resources/icons/`name`.svg in a colour of the theme, such as "text" or "accent".

    It keeps its tint: whoever shows it asks again when the style changes. Raises FileNotFoundError for an unknown name.
    """
    look = theme.current()
    ratios = tuple(sorted({1.0, 2.0} | {screen.devicePixelRatio() for screen in QGuiApplication.screens()}))
    return _icon(name, getattr(look, role), look.disabled, size, ratios)


def pixmap(name: str, colour: str, size: int = SIZE, ratio: float = 1.0) -> QPixmap:
    """The icon as `size` x `size` logical pixels for a screen of this device pixel ratio. `colour`: `#rrggbb`."""
    return _pixmap(name, colour, size, ratio)


@lru_cache(maxsize=512)
def _icon(name: str, normal: str, disabled: str, size: int, ratios: tuple[float, ...]) -> QIcon:
    made = QIcon()
    for ratio in ratios:
        made.addPixmap(_pixmap(name, normal, size, ratio), QIcon.Mode.Normal)
        made.addPixmap(_pixmap(name, normal, size, ratio), QIcon.Mode.Active)
        made.addPixmap(_pixmap(name, normal, size, ratio), QIcon.Mode.Selected)
        made.addPixmap(_pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=1024)
def _pixmap(name: str, colour: str, size: int, ratio: float) -> QPixmap:
    source = QSvgRenderer(QByteArray(theme.svg(name, colour).encode()))
    side = round(size * ratio)
    drawn = QPixmap(side, side)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    source.render(painter, QRectF(0, 0, side, side))
    painter.end()
    drawn.setDevicePixelRatio(ratio)
    return drawn
