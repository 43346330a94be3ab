"""The t0 strip under its slider: a thumbnail for each level, and the two curves with the sweet spot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QHideEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QShowEvent,
)
from PySide6.QtWidgets import QMainWindow, QSizePolicy, QToolTip, QWidget

from sdedit_studio.editing.t0_samples import Sample
from sdedit_studio.editing.trade_off import LEAST_SPREAD, heights
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.t0_strip.strip import LEVELS, Strip

THUMBNAIL, CURVES, LEGEND = 30, 44, 15
"""Heights in pixels."""

GAP = 2
"""Between thumbnails."""

FADED = 0.35
"""Opacity of a thumbnail of an earlier painting."""

LABEL_PIXELS = 9.5

TALL = 800
"""Height in pixels from which on a main window has room for the curves; below, Generate would leave its sight."""

CHOOSING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class StripView(QWidget):
    """Shows `strip` and the t0 of `session`; a click, or the arrows and Enter, chooses a level."""

    def __init__(self, session: Session, strip: Strip) -> None:
        super().__init__()
        self._session, self._strip = session, strip
        self._cursor = 0
        self._pixmaps: dict[float, tuple[Sample, QSize, QPixmap]] = {}
        self._has_curves = True
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Your painting at every t₀")
        strip.changed.connect(self.update)
        session.parameters_changed.connect(self._follow)
        self._follow()

    def sizeHint(self) -> QSize:
        return QSize(300, THUMBNAIL + (CURVES + LEGEND + 2 * theme.SPACE if self._has_curves else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def _fit(self) -> None:
        """Leave the curves out where there is no room for them."""
        window = self.window()
        has_curves = not isinstance(window, QMainWindow) or window.height() >= TALL
        if has_curves != self._has_curves:
            self._has_curves = has_curves
            self.updateGeometry()
            self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self.window():
            self._fit()
        return super().eventFilter(watched, event)

    def _follow(self) -> None:
        """The cursor of the keyboard stays with the chosen t0."""
        self._cursor = self._chosen
        self._describe()
        self.update()

    def _describe(self) -> None:
        t0 = LEVELS[self._cursor]
        self.setAccessibleDescription(f"t₀ {t0:.1f}: {words.keeps(t0)}")

    @property
    def _chosen(self) -> int:
        """The level nearest to the slider."""
        return min(range(len(LEVELS)), key=lambda index: abs(LEVELS[index] - self._session.parameters.t0))

    # --- Where things lie ------------------------------------------------------------------------------------------

    def _cell(self, index: int) -> QRectF:
        width = (self.width() - GAP * (len(LEVELS) - 1)) / len(LEVELS)
        return QRectF(index * (width + GAP), 0, width, THUMBNAIL)

    def _x(self, t0: float) -> float:
        """A t0 on the curves lies under the middle of its thumbnail."""
        first, last = (self._cell(index).center().x() for index in (0, len(LEVELS) - 1))
        return first + (last - first) * t0

    @property
    def _curves(self) -> QRectF:
        return QRectF(0, THUMBNAIL + theme.SPACE, self.width(), CURVES)

    def _level_at(self, at: QPointF) -> int | None:
        return next((index for index in range(len(LEVELS)) if self._cell(index).contains(at)), None)

    # --- Painting --------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, t0 in enumerate(LEVELS):
            self._paint_thumbnail(painter, self._cell(index), t0)
        look, chosen = theme.current(), self._cell(self._chosen)
        self._outline(painter, chosen, look.colour("accent"), 2)
        if self.hasFocus():
            self._outline(painter, self._cell(self._cursor).adjusted(3, 3, -3, -3), QColor("#ffffff"), 1.5)
        if self._has_curves:
            self._paint_curves(painter)

    def _paint_thumbnail(self, painter: QPainter, cell: QRectF, t0: float) -> None:
        look, sample = theme.current(), self._strip.samples.get(t0)
        shape = QPainterPath()
        shape.addRoundedRect(cell, 3, 3)
        painter.fillPath(shape, look.colour("control"))
        painter.save()
        painter.setClipPath(shape)
        if sample is not None:
            painter.setOpacity(1.0 if self._strip.is_current(t0) else FADED)
            painter.drawPixmap(cell.topLeft(), self._pixmap(t0, sample, cell))
            painter.setOpacity(1.0)
        painter.setFont(theme.font(LABEL_PIXELS, tabular=True))
        text, at = f"{t0:.1f}".lstrip("0") if 0 < t0 < 1 else f"{t0:.0f}", cell.bottomLeft() + QPointF(3, -3)
        if sample is not None:
            painter.setPen(QColor(0, 0, 0, 170))
            painter.drawText(at + QPointF(0.8, 0.8), text)
        painter.setPen(QColor("#ffffff") if sample is not None else look.colour("hint"))
        painter.drawText(at, text)
        painter.restore()

    def _pixmap(self, t0: float, sample: Sample, cell: QRectF) -> QPixmap:
        """The middle of the picture that fills the cell, drawn once."""
        ratio = self.devicePixelRatioF()
        size = (cell.size() * ratio).toSize() + QSize(1, 1)
        known = self._pixmaps.get(t0)
        if known is None or known[0] is not sample or known[1] != size:
            pixels = sample.picture
            image = QImage(pixels.data, pixels.width, pixels.height, 3 * pixels.width, QImage.Format.Format_RGB888)
            image = image.scaled(
                size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
            )
            left, top = (image.width() - size.width()) // 2, (image.height() - size.height()) // 2
            drawn = QPixmap.fromImage(image.copy(left, top, size.width(), size.height()))
            drawn.setDevicePixelRatio(ratio)
            known = self._pixmaps[t0] = (sample, size, drawn)
        return known[2]

    @staticmethod
    def _outline(painter: QPainter, rect: QRectF, colour: QColor, width: float) -> None:
        painter.setPen(QPen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inside = rect.adjusted(width / 2, width / 2, -width / 2, -width / 2)
        painter.drawRoundedRect(inside, 3, 3)

    def _paint_curves(self, painter: QPainter) -> None:
        look, area, strip = theme.current(), self._curves, self._strip
        painter.setFont(theme.font(theme.HINT_PIXELS))
        if strip.hint:
            painter.setPen(look.colour("hint"))
            below = area.adjusted(0, 0, 0, LEGEND)
            painter.drawText(below, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, strip.hint)
            return
        if (spot := strip.sweet_spot) is not None:
            low, high = (self._x(t0) for t0 in spot)
            painter.fillRect(QRectF(low, area.top(), high - low, area.height()), look.colour("accent", 0.18))
        x = self._x(self._session.parameters.t0)
        painter.setPen(QPen(look.colour("accent"), 2))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setOpacity(1.0 if strip.complete else FADED)
        known = [t0 for t0 in LEVELS if t0 in strip.samples]
        self._paint_curve(painter, known, [strip.samples[t0].l2 for t0 in known], "faithful", 0.0)
        judged = [
            (t0, photo_distance) for t0 in known if (photo_distance := strip.samples[t0].photo_distance) is not None
        ]
        self._paint_curve(
            painter,
            [t0 for t0, _ in judged],
            [photo_distance for _, photo_distance in judged],
            "realistic",
            LEAST_SPREAD,
        )
        painter.setOpacity(1.0)
        self._paint_legend(painter, untold=strip.complete and not judged)

    def _paint_curve(
        self, painter: QPainter, t0s: Sequence[float], values: Sequence[float], role: str, least: float
    ) -> None:
        if len(t0s) < 2:
            return
        area = self._curves.adjusted(0, 3, 0, -3)
        tall = heights(values, least)
        line = [
            QPointF(self._x(t0), area.bottom() - height * area.height()) for t0, height in zip(t0s, tall, strict=True)
        ]
        painter.setPen(QPen(theme.current().colour(role), 1.75))
        painter.drawPolyline(QPolygonF(line))

    def _paint_legend(self, painter: QPainter, *, untold: bool) -> None:
        look = theme.current()
        row = QRectF(0, self._curves.bottom() + theme.SPACE, self.width(), LEGEND)
        right = "this model cannot judge" if untold else "— away from photographs"
        painter.setPen(look.colour("faithful"))
        metrics, left = QFontMetricsF(painter.font()), "— away from my strokes (L₂)"
        if metrics.horizontalAdvance(left) + metrics.horizontalAdvance(right) + 8 > row.width():
            left, right = "— from my strokes", "cannot judge" if untold else "— from photographs"
        painter.drawText(row, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, left)
        painter.setPen(look.colour("hint" if untold else "realistic"))
        painter.drawText(row, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop, right)

    # --- Choosing --------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        level = self._level_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and level is not None:
            self._strip.choose(LEVELS[level])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._level_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Left:
                self._move(self._cursor - 1)
            case Qt.Key.Key_Right:
                self._move(self._cursor + 1)
            case Qt.Key.Key_Home:
                self._move(0)
            case Qt.Key.Key_End:
                self._move(len(LEVELS) - 1)
            case key if key in CHOOSING:
                self._strip.choose(LEVELS[self._cursor])
            case _:
                super().keyPressEvent(event)

    def _move(self, index: int) -> None:
        self._cursor = min(len(LEVELS) - 1, max(0, index))
        self._describe()
        self.update()

    def event(self, event: QEvent) -> bool:
        """Enter belongs to the row while it has the focus, whatever it is a shortcut for."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in CHOOSING:
            event.accept()
            return True
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._explain(event.pos(), event.globalPos())
            return True
        return super().event(event)

    def _explain(self, at: QPoint, globally: QPoint) -> None:
        level = self._level_at(QPointF(at))
        if level is not None:
            t0 = LEVELS[level]
            sample = self._strip.samples.get(t0) if self._strip.is_current(t0) else None
            figures = "" if sample is None else f"\n{words.measures(sample.l2, sample.rmse, sample.photo_distance)}"
            text = f"t₀ {t0:.1f}: {words.keeps(t0)}{figures}\nClick to choose it."
        else:
            text = words.curves(self._strip.sweet_spot)
        QToolTip.showText(globally, text, self)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._move(self._chosen)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.update()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.window().installEventFilter(self)
        self._fit()
        self._strip.set_in_sight(True)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._strip.set_in_sight(False)
