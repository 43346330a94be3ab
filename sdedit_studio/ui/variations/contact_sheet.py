"""The contact sheet: small pictures in rows of four, each with its seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QResizeEvent,
    QTransform,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from sdedit_studio.editing.variation import Variation
from sdedit_studio.engine.job import Pixels
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.widgets.item_option import fields

COLUMNS = 4
GAP = 3
INK, SHADE = QColor("#ffffff"), QColor(0, 0, 0, 170)
"""Of what is written on pictures, which are on no theme."""

STAR = QPolygonF(
    [QTransform().rotate(36 * corner).map(QPointF(0, -1.0 if corner % 2 == 0 else -0.45)) for corner in range(10)]
)
"""Of radius 1 around (0, 0)."""

KEYS = {
    Qt.Key.Key_Return: "work-out",
    Qt.Key.Key_Enter: "work-out",
    Qt.Key.Key_S: "star",
    Qt.Key.Key_L: "lock",
    Qt.Key.Key_M: "more",
    Qt.Key.Key_B: "blend",
}
"""While the sheet has the focus."""

WALKS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space)
PLAIN = (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)

VARIATION_ROLE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class SheetModel(QAbstractListModel):
    """The variations of a sheet. Only those that are done can be chosen."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.sheet: tuple[Variation, ...] = ()

    def set_sheet(self, sheet: Sequence[Variation]) -> bool:
        """Returns whether these are others than before."""
        if self.sheet == tuple(sheet):
            if self.sheet:
                self.dataChanged.emit(self.index(0), self.index(len(self.sheet) - 1))
            return False
        self.beginResetModel()
        self.sheet = tuple(sheet)
        self.endResetModel()
        return True

    def redraw(self, variation: Variation) -> None:
        if variation in self.sheet:
            index = self.index(self.sheet.index(variation))
            self.dataChanged.emit(index, index)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self.sheet)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        variation = self.sheet[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return variation.name
            case Qt.ItemDataRole.AccessibleTextRole:
                starred = ", starred" if variation.starred else ""
                return f"{variation.name}{starred}{'' if variation.done else ', not ready yet'}"
            case Qt.ItemDataRole.ToolTipRole if variation.done:
                of = f"like {variation.origin.name}, {variation.name}" if variation.origin else variation.name
                return (
                    f"{of[0].upper()}{of[1:]}. Click to see it over your painting, double-click to work it out at full "
                    "size.\nCtrl+click another one to blend the two."
                )
            case _ if role == VARIATION_ROLE:
                return variation
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        done = self.sheet[index.row()].done
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable if done else Qt.ItemFlag.NoItemFlags


class SheetDelegate(QStyledItemDelegate):
    """Paints a picture with its seed, its star, and a frame when it is chosen. `cell`: the size of each."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.cell = QSize(76, 52)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        look, variation = theme.current(), index.data(VARIATION_ROLE)
        area = QRectF(fields(option).rect).adjusted(GAP / 2, GAP / 2, -GAP / 2, -GAP / 2)
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        shape = QPainterPath()
        shape.addRoundedRect(area, theme.RADIUS_INPUT, theme.RADIUS_INPUT)
        painter.fillPath(shape, look.colour("control"))
        if variation.picture is not None:
            painter.setClipPath(shape)
            painter.setOpacity(1.0 if variation.done else 0.6)
            painter.drawImage(area, _image(variation.picture))
            painter.setOpacity(1.0)
            painter.setClipping(False)
        self._write(painter, area, variation)
        if variation.starred:
            at = QTransform.fromTranslate(area.right() - 10, area.top() + 10).scale(6.0, 6.0)
            painter.setPen(QPen(SHADE, 0.25))
            painter.setBrush(QColor(theme.DARK.faithful))
            painter.setTransform(at, True)
            painter.drawPolygon(STAR)
            painter.setTransform(at.inverted()[0], True)
        chosen = bool(fields(option).state & QStyle.StateFlag.State_Selected)
        focused = bool(fields(option).state & QStyle.StateFlag.State_HasFocus)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if chosen or focused:
            painter.setPen(QPen(look.colour("accent" if chosen else "strong"), 2))
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), theme.RADIUS_INPUT, theme.RADIUS_INPUT)
        else:
            painter.setPen(QPen(look.colour("border"), 1))
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS_INPUT, theme.RADIUS_INPUT)
        painter.restore()

    def _write(self, painter: QPainter, area: QRectF, variation: Variation) -> None:
        words = area.adjusted(5, 0, -3, -2)
        low = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        if variation.picture is None:
            painter.setFont(theme.font(10))
            painter.setPen(theme.current().colour("hint"))
            painter.drawText(words, low, self._fitting(painter, words, variation))
            return
        painter.setFont(theme.font(10, QFont.Weight.DemiBold))
        text = self._fitting(painter, words, variation)
        painter.setPen(SHADE)
        for dx, dy in ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (1, 0), (0, -1), (-1, 0)):
            painter.drawText(words.translated(0.7 * dx, 0.7 * dy), low, text)
        painter.setPen(INK)
        painter.drawText(words, low, text)

    @staticmethod
    def _fitting(painter: QPainter, words: QRectF, variation: Variation) -> str:
        whole = variation.name
        return whole if painter.fontMetrics().horizontalAdvance(whole) <= words.width() else str(variation.seed)


class ContactSheet(QListView):
    """As high as its rows. A click or an arrow key chooses one, with Ctrl or Shift more of them.

    `chosen(list[Variation])` when the choice changed; `clicked_again()` when the chosen one was clicked again. Of the
    keys that work while it has the focus: `action_requested(str)` with "work-out", "star", "lock", "more" or "blend".
    `menu_requested(QPoint)`: a right-click or the menu key, at a global position; what is under it is chosen by then.
    """

    chosen = Signal(object)
    clicked_again = Signal()
    action_requested = Signal(str)
    menu_requested = Signal(QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet = SheetModel(self)
        self._aspect = 1.5
        self.can_make_full_size: Callable[[], bool] = lambda: True
        self.setAccessibleName("Variations")
        self.setModel(self._sheet)
        self._delegate = SheetDelegate(self)
        self.setItemDelegate(self._delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(False)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        # A click leaves the keyboard to the painting: B stays the brush, and Enter applies what is shown.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._clicked)
        self.doubleClicked.connect(lambda _index: self.action_requested.emit("work-out"))

    def show_sheet(self, sheet: Sequence[Variation], chosen: Sequence[Variation]) -> bool:
        """Show these, with `chosen` of them chosen. Returns whether they are others than before."""
        if not self._sheet.set_sheet(sheet):
            return False
        if sheet:
            frame = sheet[0].edit.frame
            self._aspect = frame.width / frame.height
        self._fit()
        if chosen:
            self.selectionModel().blockSignals(True)
            for each in chosen:
                index = self._sheet.index(self._sheet.sheet.index(each))
                self.selectionModel().select(index, self.selectionModel().SelectionFlag.Select)
            self.selectionModel().blockSignals(False)
        return True

    def redraw(self, variation: Variation) -> None:
        self._sheet.redraw(variation)

    def sizeHint(self) -> QSize:
        return QSize(200, self._cell().height() * -(-len(self._sheet.sheet) // COLUMNS))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.chosen.emit([index.data(VARIATION_ROLE) for index in self.selectedIndexes()])

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._takes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._takes(event):
            event.ignore()
        elif (action := KEYS.get(Qt.Key(event.key()))) is not None:
            self.action_requested.emit(action)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = (
            self.currentIndex() if event.reason() == QContextMenuEvent.Reason.Keyboard else self.indexAt(event.pos())
        )
        if not index.isValid() or not index.flags() & Qt.ItemFlag.ItemIsSelectable:
            return
        if not self.selectionModel().isSelected(index):
            self.setCurrentIndex(index)
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_requested.emit(
            self.viewport().mapToGlobal(self.visualRect(index).center()) if by_key else event.globalPos()
        )

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A right-click among several chosen ones is about all of them."""
        at = self.indexAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.RightButton and self.selectionModel().isSelected(at):
            return
        super().mousePressEvent(event)

    def _takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here; a worked-out picture's Enter is the window's, which applies it."""
        key, plain = Qt.Key(event.key()), event.modifiers() in PLAIN
        if key in WALKS:
            return True
        return plain and key in KEYS and (KEYS[key] != "work-out" or self.can_make_full_size())

    def _clicked(self, index: Index) -> None:
        if self.selectedIndexes() == [index]:
            self.clicked_again.emit()

    def _cell(self) -> QSize:
        width = max(30, (self.viewport().width() - 1) // COLUMNS)
        return QSize(width, round(min(1.3 * width, max(0.4 * width, (width - GAP) / self._aspect)) + GAP))

    def _fit(self) -> None:
        if self.gridSize() != self._cell():
            self._delegate.cell = self._cell()
            self.setGridSize(self._cell())
        if self.height() != self.sizeHint().height():
            self.setFixedHeight(self.sizeHint().height())


def _image(picture: Pixels) -> QImage:
    return QImage(picture.data, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
