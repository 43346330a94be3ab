"""The results as a list: the newest first, each with its picture, its settings, its time and its star."""

from __future__ import annotations

from io import BytesIO

from PIL import Image
from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFocusEvent,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from sdedit_studio.document.results import Record
from sdedit_studio.editing.records import title
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.results.result_actions import ResultActions
from sdedit_studio.ui.widgets.item_option import fields
from sdedit_studio.ui.widgets.rounded import rounded

ROW = 68
PICTURE = QSize(78, 52)
STAR = 36
RECORD_ROLE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


def star_area(row: QRect) -> QRect:
    """Where a click sets or takes the star."""
    return QRect(row.right() - STAR - 3, row.y(), STAR, row.height())


def summary(record: Record) -> str:
    """Kind of scene, model and work, in short."""
    settings = record.settings
    subject = settings.prompt or settings.condition
    calls = "1 call" if record.calls == 1 else f"{record.calls} calls"
    return " · ".join([*([str(subject)] if subject else []), settings.model, calls])


def tip(record: Record) -> str:
    """All that is known of a result, in lines."""
    settings = record.settings
    frame = record.frame
    inside = " of the selection" if record.mask is not None else ""
    return "\n".join(
        [
            f"t₀ {settings.t0:.2f}, seed {settings.seed}, refine {settings.refine}",
            f"{settings.model}{f', {settings.condition}' if settings.condition else ''}",
            f"{settings.solver}, {record.calls} model calls in {words.duration(record.seconds)}",
            f"{frame.width} × {frame.height} pixels{inside}",
            f"{words.when(record.time)}",
            "Double-click to show it on the canvas.",
        ]
    )


class ResultModel(QAbstractListModel):
    """Records, the newest first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._records: list[Record] = []

    def set_records(self, records: list[Record]) -> None:
        if [record.id for record in records] == [record.id for record in self._records]:
            self._records = records
            self.dataChanged.emit(self.index(0), self.index(len(records) - 1))
        else:
            self.beginResetModel()
            self._records = records
            self.endResetModel()

    def row_of(self, record_id: str) -> int | None:
        return next((row for row, record in enumerate(self._records) if record.id == record_id), None)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own default)
        return 0 if parent.isValid() else len(self._records)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        record = self._records[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return title(record)
            case Qt.ItemDataRole.AccessibleTextRole:
                starred = ", starred" if record.starred else ""
                return f"{title(record)}, {summary(record)}, {words.when(record.time)}{starred}"
            case _ if role == RECORD_ROLE:
                return record
        return None


class ResultDelegate(QStyledItemDelegate):
    """Paints a row. A picture is decoded when its row is first seen."""

    def __init__(self, actions: ResultActions, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = actions
        self._pictures: dict[tuple[str, float], QPixmap] = {}

    def keep_only(self, record_ids: set[str]) -> None:
        """Forget the pictures of everything else."""
        self._pictures = {key: picture for key, picture in self._pictures.items() if key[0] in record_ids}

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(220, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        record: Record = index.data(RECORD_ROLE)
        look, row = theme.current(), fields(option).rect
        chosen = bool(fields(option).state & QStyle.StateFlag.State_Selected)
        focused = bool(fields(option).state & QStyle.StateFlag.State_HasFocus)
        hovered = bool(fields(option).state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        if chosen or hovered:
            painter.fillRect(row, look.colour("selected" if chosen else "raised"))
        if focused:
            painter.setPen(QPen(look.colour("accent"), 1))
            painter.drawRect(row.adjusted(0, 0, -1, -1))
        self._picture(painter, QRect(row.x() + 12, row.y() + 8, PICTURE.width(), PICTURE.height()), record)
        self._words(painter, row.adjusted(12 + PICTURE.width() + 12, 0, -STAR - 4, 0), record, chosen)
        if record.starred or hovered or chosen:
            icon, ink = ("star-filled", look.faithful) if record.starred else ("star", look.hint)
            drawn = pixmap(icon, ink, 16, painter.device().devicePixelRatioF())
            area = star_area(row)
            painter.drawPixmap(area.center() - QPoint(7, 7), drawn)
        painter.restore()

    def _picture(self, painter: QPainter, area: QRect, record: Record) -> None:
        ratio = painter.device().devicePixelRatioF()
        key = (record.id, ratio)
        if key not in self._pictures:
            self._pictures[key] = drawn_thumbnail(record.thumbnail, PICTURE, ratio)
        picture = self._pictures[key]
        place = QRect(QPoint(0, 0), picture.deviceIndependentSize().toSize())
        place.moveCenter(area.center())
        painter.drawPixmap(place.topLeft(), picture)
        if record.id == self._actions.waiting:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(place.adjusted(-1, -1, 1, 1), theme.RADIUS_INPUT, theme.RADIUS_INPUT)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _words(self, painter: QPainter, area: QRect, record: Record, chosen: bool) -> None:
        look = theme.current()
        lines = (
            (title(record), "strong", theme.TEXT_PIXELS, 9, 18),
            (summary(record), "secondary", theme.HINT_PIXELS, 27, 16),
            (words.when(record.time), "secondary" if chosen else "hint", theme.HINT_PIXELS, 43, 16),
        )
        for text, role, size, top, height in lines:
            painter.setFont(theme.font(size))
            painter.setPen(look.colour(role))
            line = QRect(area.x(), area.y() + top, area.width(), height)
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, elided)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        if index.isValid():
            record: Record = index.data(RECORD_ROLE)
            starring = star_area(fields(option).rect).contains(event.pos())
            words_of_star = "Take the star (Space)" if record.starred else "Star it, and it always stays (Space)"
            view.setToolTip(words_of_star if starring else tip(record))
        return super().helpEvent(event, view, option, index)


def drawn_thumbnail(data: bytes, box: QSize, ratio: float) -> QPixmap:
    """A thumbnail fitted into a box of logical pixels; a plain plate in place of one that is damaged."""
    try:
        with Image.open(BytesIO(data), formats=("WEBP",)) as opened:
            picture = opened.convert("RGBA")
    except Exception:  # a damaged picture can raise nearly anything in a decoder
        picture = Image.new("RGBA", (3, 2), theme.current().button)
    image = QImage(picture.tobytes(), picture.width, picture.height, QImage.Format.Format_RGBA8888)
    size = image.size().scaled(box * ratio, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(4, 4))
    smooth = Qt.TransformationMode.SmoothTransformation
    return rounded(image.scaled(size, Qt.AspectRatioMode.IgnoreAspectRatio, smooth), 3, ratio)


class ResultList(QListView):
    """Click to choose, Ctrl+click to choose more, double-click or Enter to show, Space to star, Delete to delete.

    Signals: `chosen()` when the selection has changed; `menu_requested(QPoint)` at a global position.
    """

    chosen = Signal()
    menu_requested = Signal(QPoint)

    def __init__(self, session: Session, actions: ResultActions) -> None:
        super().__init__()
        self._session, self._actions = session, actions
        self._results = ResultModel(self)
        self._delegate = ResultDelegate(actions, self)
        self.setAccessibleName("Results")
        self.setModel(self._results)
        self.setItemDelegate(self._delegate)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(ROW // 2)
        actions.changed.connect(self.viewport().update)

    def minimumSizeHint(self) -> QSize:
        return QSize(220, ROW)

    def sizeHint(self) -> QSize:
        return QSize(300, 5 * ROW // 2)  # the half one says that there are more

    @property
    def records(self) -> list[Record]:
        """The chosen ones, the newest first."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._results.index(row).data(RECORD_ROLE) for row in rows]

    def show_records(self, records: list[Record]) -> None:
        """Show these, the newest first, with those still chosen that were; when all of them went, their neighbour."""
        kept, row = {record.id for record in self.records}, self.currentIndex().row()
        self._results.set_records(records)
        self._delegate.keep_only({record.id for record in self._session.results})
        selection = QItemSelection()
        for record_id in kept:
            if (at := self._results.row_of(record_id)) is not None:
                selection.select(self._results.index(at), self._results.index(at))
        if kept and not selection and records and row >= 0:
            neighbour = self._results.index(min(row, len(records) - 1))
            selection.select(neighbour, neighbour)
        if selection:
            last = selection.indexes()[-1]
            self.selectionModel().setCurrentIndex(last, QItemSelectionModel.SelectionFlag.NoUpdate)
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        self._begin()
        self.chosen.emit()

    def choose(self, record: Record) -> None:
        """Choose this one alone, if it is listed."""
        if (row := self._results.row_of(record.id)) is not None:
            self.setCurrentIndex(self._results.index(row))
            self.scrollTo(self.currentIndex())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        self.chosen.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._begin()

    def _begin(self) -> None:
        """The keyboard has something to begin from."""
        if self.hasFocus() and not self.records and self._results.rowCount():
            self.setCurrentIndex(self._results.index(max(0, self.currentIndex().row())))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.indexAt(at)
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and self._on_star(index, at):
            record: Record = index.data(RECORD_ROLE)
            self._actions.star([record], not record.starred)
        elif event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)
        elif index.isValid() and not self.selectionModel().isSelected(index):
            self.setCurrentIndex(index)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.indexAt(at)
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid() or self._on_star(index, at):
            self.mousePressEvent(event)
        else:
            self.setCurrentIndex(index)
            self._actions.show(index.data(RECORD_ROLE))

    def _on_star(self, index: Index, at: QPoint) -> bool:
        return star_area(self.visualRect(index)).contains(at)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.records:
            return
        at = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        self.menu_requested.emit(at)

    def event(self, event: QEvent) -> bool:
        """Some keys mean something else in the rest of the window."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._takes(event):
            event.accept()
            return True
        return super().event(event)

    def _takes(self, event: QKeyEvent) -> bool:
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.ControlModifier:
            return event.key() == Qt.Key.Key_A
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return self._to_show() is not None
        return event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Delete)

    def _to_show(self) -> Record | None:
        """The record that Enter shows. None if it is shown already: then Enter applies it, as in the whole window."""
        chosen = self.records
        return chosen[0] if len(chosen) == 1 and chosen[0].id != self._actions.waiting else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        chosen = self.records
        match event.key():
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                if (record := self._to_show()) is not None:
                    self._actions.show(record)
            case Qt.Key.Key_Space if chosen:
                self._actions.star(chosen, not all(record.starred for record in chosen))
            case Qt.Key.Key_Delete if chosen:
                self._actions.delete(chosen)
            case _:
                super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters are shortcuts here."""

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.viewport().update()
