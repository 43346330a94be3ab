"""The stack of layers as a list: one row a layer, the top one first."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QFont, QHelpEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.sources import outdated
from sdedit_studio.document.target import Target
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.thumbnails import REST_MS, Thumbnails
from sdedit_studio.ui.widgets.fields import TextField
from sdedit_studio.ui.widgets.item_option import fields

ROW = 44
THUMBNAIL, MASK = QSize(44, 32), QSize(32, 32)
LAYER_ROLE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class Parts:
    """Rectangles of the parts of a row."""

    eye: QRect
    thumbnail: QRect
    mask: QRect
    words: QRect
    guide: QRect

    @staticmethod
    def of(row: QRect, layer: Layer) -> Parts:
        eye = QRect(row.x() + 4, row.y(), 32, row.height())
        picture = QRect(eye.right() + 1, row.center().y() - 15, THUMBNAIL.width(), THUMBNAIL.height())
        mask = QRect(picture.right() + 9, picture.y(), MASK.width() if layer.mask is not None else 0, MASK.height())
        guide = QRect(row.right() - 39, row.y(), 36, row.height())
        left = mask.right() + 9 if layer.mask is not None else picture.right() + 11
        return Parts(eye, picture, mask, QRect(left, row.y(), guide.left() - left, row.height()), guide)


def summary(layer: Layer) -> str:
    """Blend mode and opacity, as the row shows them."""
    return f"{layer.mode.label} · {layer.opacity:.0%}".replace("%", " %")


def marks(document: Document, layer: Layer) -> list[tuple[str, str]]:
    """Small icons before that, each with its colour: transparency locked, following or not what lies below."""
    changed = outdated(document, layer)
    found = [("lock", "secondary")] if layer.alpha_locked else []
    if layer.generation is not None and layer.follows:
        found.append(("refresh-cw", "faithful" if changed else "accent"))
    elif changed:
        found.append(("circle-alert", "faithful"))
    return found


class LayerModel(QAbstractListModel):
    """The document's layers, top first."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._layers = self._now()

    def _now(self) -> list[Layer]:
        return list(reversed(self._session.document.layers))

    def update_from_document(self) -> None:
        layers = self._now()
        if [layer.id for layer in layers] != [layer.id for layer in self._layers]:
            self.beginResetModel()
            self._layers = layers
            self.endResetModel()
        else:
            self._layers = layers
            self.dataChanged.emit(self.index(0), self.index(len(layers) - 1))

    def row_of(self, layer_id: str) -> int:
        return next(row for row, layer in enumerate(self._layers) if layer.id == layer_id)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._layers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        layer = self._layers[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return layer.name
            case Qt.ItemDataRole.AccessibleTextRole:
                hidden = "" if layer.visible else ", hidden"
                return f"{layer.name}, {summary(layer)}{hidden}{', in the guide' if layer.in_guide else ''}"
            case _ if role == LAYER_ROLE:
                return layer
        return None

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        layer, name = self._layers[index.row()], str(value).strip()
        if role != Qt.ItemDataRole.EditRole or not name or name == layer.name:
            return False
        self._session.change(
            "Rename layer", lambda document: document.with_layer(layer.id, name=name), at_once=True, layer=layer.id
        )
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable


class LayerDelegate(QStyledItemDelegate):
    """Paints a row. Thumbnails come from `thumbnails`, which draws them later.

    `parts`: how far the layers are that are being made, 0 .. 1 by id.
    """

    def __init__(self, session: Session, thumbnails: Thumbnails, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = session, thumbnails
        self.parts: dict[str, float] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(220, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, layer = theme.current(), index.data(LAYER_ROLE)
        row, parts = fields(option).rect, Parts.of(fields(option).rect, layer)
        active = layer.id == self._session.document.active
        hovered = bool(fields(option).state & QStyle.StateFlag.State_MouseOver)
        ratio = painter.device().devicePixelRatioF()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if active:
            painter.fillRect(row, look.colour("selected"))
        elif hovered:
            painter.fillRect(row, look.colour("raised"))
        painter.fillRect(row.left(), row.bottom(), row.width(), 1, look.colour("line"))
        self._icon(painter, parts.eye, "eye" if layer.visible else "eye-off", "text" if layer.visible else "hint", 16)
        self._pictures(painter, parts, layer, ratio)
        self._words(painter, parts.words, layer, active)
        guide_role = "accent" if layer.in_guide else "disabled" if active or hovered else "button"
        self._icon(painter, parts.guide, "scan", guide_role, 14)
        if layer.id in self.parts:
            painter.fillRect(row.left(), row.bottom() - 1, round(row.width() * self.parts[layer.id]), 2, look.accent)
        if active and fields(option).state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(look.colour("accent"), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(row.adjusted(0, 0, -1, -2))
        painter.restore()

    def _icon(self, painter: QPainter, area: QRect, name: str, role: str, size: int) -> None:
        drawn = pixmap(name, getattr(theme.current(), role), size, painter.device().devicePixelRatioF())
        painter.drawPixmap(area.center().x() - size // 2 + 1, area.center().y() - size // 2 + 1, drawn)

    def _pictures(self, painter: QPainter, parts: Parts, layer: Layer, ratio: float) -> None:
        bounds = self._session.document.bounds
        target = self._session.target if layer.id == self._session.document.active else None
        drawn = self._thumbnails.get(layer.id, layer.pixels, bounds, THUMBNAIL, ratio)
        self._frame(painter, parts.thumbnail, drawn, layer, target is Target.PIXELS and layer.mask is not None)
        if layer.mask is not None:
            drawn = self._thumbnails.get(f"{layer.id} mask", layer.mask, bounds, MASK, ratio)
            self._frame(painter, parts.mask, drawn, layer, target is Target.MASK)

    def _frame(self, painter: QPainter, area: QRect, drawn: QPixmap | None, layer: Layer, painted_on: bool) -> None:
        """A thumbnail, with a bright frame if it shows what tools paint on."""
        if drawn is None:
            return
        size = drawn.deviceIndependentSize().toSize()
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(area.center())
        painter.setOpacity(1.0 if layer.visible else 0.4)
        painter.drawPixmap(place.topLeft(), drawn)
        painter.setOpacity(1.0)
        painter.setPen(QPen(theme.current().colour("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place.adjusted(0, 0, -1, -1))
        if painted_on:
            painter.setPen(QPen(theme.current().colour("strong"), 1.5))
            painter.drawRoundedRect(QRectF(place).adjusted(-2.5, -2.5, 2.5, 2.5), 2, 2)

    def _words(self, painter: QPainter, area: QRect, layer: Layer, active: bool) -> None:
        look = theme.current()
        name = QRect(area.x(), area.y() + 5, area.width(), 17)
        below = QRect(area.x(), area.y() + 22, area.width(), 16)
        painter.setFont(theme.font())
        painter.setPen(look.colour("strong" if active else "text" if layer.visible else "hint"))
        elided = painter.fontMetrics().elidedText(layer.name, Qt.TextElideMode.ElideRight, name.width())
        painter.drawText(name, Qt.AlignmentFlag.AlignVCenter, elided)
        for name, colour in marks(self._session.document, layer):
            drawn = pixmap(name, getattr(look, colour), 11, painter.device().devicePixelRatioF())
            painter.drawPixmap(below.x(), below.y() + 2, drawn)
            below.setLeft(below.left() + 16)
        painter.setFont(theme.font(theme.HINT_PIXELS))
        painter.setPen(look.colour("secondary" if active else "hint"))
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, summary(layer))

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: Index) -> QWidget:
        editor = TextField(parent)
        editor.setFont(theme.font(weight=QFont.Weight.Normal))
        return editor

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: Index) -> None:
        assert isinstance(editor, QLineEdit)
        model.setData(index, editor.text())

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: Index) -> None:
        words = Parts.of(fields(option).rect, index.data(LAYER_ROLE)).words
        editor.setGeometry(words.x() - 8, words.center().y() - 13, words.width() + 4, 26)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if index.isValid():
            layer = index.data(LAYER_ROLE)
            parts = Parts.of(fields(option).rect, layer)
            view.setToolTip(_tip(parts, event.pos(), layer, outdated(self._session.document, layer)))
        return super().helpEvent(event, view, option, index)


def _tip(parts: Parts, at: QPoint, layer: Layer, changed: bool) -> str:
    if parts.eye.contains(at):
        return "Hide this layer" if layer.visible else "Show this layer"
    if parts.guide.contains(at):
        return (
            "Part of the guide: the model sees this layer. Click to leave it out."
            if layer.in_guide
            else "Not part of the guide: the model does not see this layer. Click to include it."
        )
    if parts.mask.contains(at):
        return "The mask: click to paint on it. White shows the layer, black hides it."
    if parts.thumbnail.contains(at) and layer.mask is not None:
        return "The layer’s picture: click to paint on it."
    if layer.generation is not None and layer.follows:
        return "This result follows the layers below: when they change, it is made anew."
    if changed:
        return "The layers below have changed since this was made. “Generate again in place” makes it anew."
    return "Double-click to rename, drag to reorder."


class LayerList(QListView):
    """Click the eye or the guide mark to switch it, a thumbnail to paint on it, drag a row to move it, double-click or
    F2 to rename.

    `menu_requested(QPoint)`: a right-click, at a global position; the layer under it is active by then.
    """

    menu_requested = Signal(QPoint)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._layers = LayerModel(session, self)
        self._thumbnails = Thumbnails(self)
        self._pressed: QPoint | None = None
        self._dragged: str | None = None
        self._gap: int | None = None
        self.setAccessibleName("Layers")
        self.setModel(self._layers)
        self._rows = LayerDelegate(session, self._thumbnails, self)
        self.setItemDelegate(self._rows)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.verticalScrollBar().setSingleStep(ROW // 2)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._update_from_document)
        self._thumbnails.ready.connect(self.viewport().update)
        session.document_changed.connect(lambda _rects: self._rest.start())
        session.document_replaced.connect(self._rest.start)
        session.layers_changed.connect(self._update_from_document)
        session.target_changed.connect(self.viewport().update)
        self._update_from_document()

    def minimumSizeHint(self) -> QSize:
        return QSize(220, ROW + 8)

    def sizeHint(self) -> QSize:
        return QSize(300, 5 * ROW)

    def rename_active(self) -> None:
        self.edit(self._active_index())

    def show_progress(self, layer_id: str, part: float) -> None:
        """Show how far a layer is that is being made, 0 .. 1; at 1 no longer."""
        if part < 1:
            self._rows.parts[layer_id] = part
        else:
            self._rows.parts.pop(layer_id, None)
        self.viewport().update()

    def _active_index(self) -> QModelIndex:
        return self._layers.index(self._layers.row_of(self._session.document.active))

    def _update_from_document(self) -> None:
        before = self.currentIndex().row()
        self._layers.update_from_document()
        layers = self._session.document.layers
        self._thumbnails.keep_only({x.id for x in layers} | {f"{x.id} mask" for x in layers})
        active = self._active_index()
        if active != self.currentIndex():
            self.setCurrentIndex(active)
        if active.row() != before:
            self.scrollTo(active)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid():
            self._activate(current.data(LAYER_ROLE).id)

    def _activate(self, layer_id: str) -> None:
        if layer_id != self._session.document.active or self._session.busy:
            self._session.activate(layer_id)

    def _toggle(self, layer: Layer, field: str) -> None:
        value = not getattr(layer, field)
        words = {
            ("visible", True): "Show layer",
            ("visible", False): "Hide layer",
            ("in_guide", True): "Put layer into the guide",
            ("in_guide", False): "Leave layer out of the guide",
        }
        self._session.change(
            words[field, value],
            lambda document: document.with_layer(layer.id, **{field: value}),
            at_once=True,
            layer=layer.id,
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index, at = self.indexAt(event.position().toPoint()), event.position().toPoint()
        self._pressed = self._dragged = None
        if not index.isValid():
            return
        layer = index.data(LAYER_ROLE)
        parts = Parts.of(self.visualRect(index), layer)
        if event.button() == Qt.MouseButton.LeftButton and parts.eye.contains(at):
            self._toggle(layer, "visible")
        elif event.button() == Qt.MouseButton.LeftButton and parts.guide.contains(at):
            self._toggle(layer, "in_guide")
        else:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.setCurrentIndex(index)
            if event.button() == Qt.MouseButton.LeftButton:
                self._pressed, self._dragged = at, layer.id
                self._choose_target(parts, at)
            elif event.button() == Qt.MouseButton.RightButton:
                self.menu_requested.emit(event.globalPosition().toPoint())

    def _choose_target(self, parts: Parts, at: QPoint) -> None:
        """A click on the mask or on the picture of a layer is where tools paint from then on."""
        if parts.mask.contains(at):
            self._session.choose_target(Target.MASK)
        elif parts.thumbnail.contains(at):
            self._session.choose_target(Target.PIXELS)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        if self._pressed is None:
            super().mouseMoveEvent(event)
            return
        if self._gap is None and (at - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        bar = self.verticalScrollBar()
        if at.y() < ROW // 2 or at.y() > self.viewport().height() - ROW // 2:
            bar.setValue(bar.value() + (8 if at.y() > ROW // 2 else -8))
        row = round((at.y() + bar.value()) / ROW)
        self._gap = min(self._layers.rowCount(), max(0, row))
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.viewport().update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        gap, layer_id = self._gap, self._dragged
        self._end_drag()
        if gap is not None and layer_id is not None:
            self._drop(layer_id, gap)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.indexAt(at)
        if index.isValid() and event.button() == Qt.MouseButton.LeftButton:
            parts = Parts.of(self.visualRect(index), index.data(LAYER_ROLE))
            if parts.eye.contains(at) or parts.guide.contains(at):
                self.mousePressEvent(event)
            else:
                self.edit(index)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._gap is not None:
            self._end_drag()
        elif event.key() == Qt.Key.Key_Space:
            self._toggle(self._session.document.active_layer, "visible")
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are shortcuts here."""

    def _end_drag(self) -> None:
        self._pressed = self._dragged = self._gap = None
        self.unsetCursor()
        self.viewport().update()

    def _drop(self, layer_id: str, gap: int) -> None:
        """Move a layer to the gap above row `gap`."""
        row = self._layers.row_of(layer_id)
        row_after = gap - 1 if gap > row else gap
        if row_after != row:
            self._session.change(
                "Move layer",
                lambda document: document.reordered(layer_id, len(document.layers) - 1 - row_after),
                at_once=True,
                layer=layer_id,
            )

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._gap is not None:
            painter = QPainter(self.viewport())
            y = self._gap * ROW - self.verticalScrollBar().value()
            painter.fillRect(0, max(0, min(y - 1, self.viewport().height() - 2)), self.width(), 2, self._gap_colour())

    def _gap_colour(self) -> QColor:
        return theme.current().colour("accent")

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.viewport().update()
