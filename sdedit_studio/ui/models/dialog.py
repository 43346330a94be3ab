"""The models on this machine: choose one, add what you have, fetch what others made, delete what you do not need."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSignalBlocker, QSize, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from sdedit_studio.engine.job import DetailInfo, ModelInfo, ModelRefused
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.base.dialog import Dialog
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.models.card_dialog import ModelCard
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.widgets.buttons import IconButton, PrimaryButton, SecondaryButton
from sdedit_studio.ui.widgets.fields import TextField
from sdedit_studio.ui.widgets.item_option import fields

TITLE = Qt.ItemDataRole.DisplayRole
NAME, LINE, IN_USE = (Qt.ItemDataRole.UserRole + offset for offset in range(3))

Entry = ModelInfo | DetailInfo

FILES = "Models (*.safetensors *.ckpt *.pt *.pth *.bin)"

SUGGESTED = ("google/ddpm-church-256", "google/ddpm-bedroom-256", "google/ddpm-celebahq-256")

EMPTY = """\
<p style="font-size: 15px"><b>No model is installed</b></p>
<p>A model is a neural network that has seen many pictures of one kind. It turns your strokes into a picture of
that kind, here on this computer.</p>
<p>Add a file or folder that you have, or download one from Hugging Face.</p>
"""


class _Rows(QStyledItemDelegate):
    """Title over what the model takes, with a tick at the one in use; without a name, the heading of what follows."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(100, 48 if index.data(NAME) else 34)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        look, area = theme.current(), QRectF(fields(option).rect).adjusted(2, 1, -2, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not index.data(NAME):
            painter.setFont(theme.font(theme.HINT_PIXELS, QFont.Weight.DemiBold))
            painter.setPen(look.colour("secondary"))
            place = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft
            painter.drawText(area.adjusted(12, 0, -12, -5), place, index.data(TITLE))
            painter.restore()
            return
        selected = bool(fields(option).state & QStyle.StateFlag.State_Selected)
        if selected or fields(option).state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look.colour("selected" if selected else "raised"))
            painter.drawRoundedRect(area, theme.RADIUS_BUTTON, theme.RADIUS_BUTTON)
        text = area.adjusted(12, 6, -34, -6)
        for part, font, role, align in (
            (
                TITLE,
                theme.font(weight=QFont.Weight.DemiBold),
                "strong",
                Qt.AlignmentFlag.AlignTop,
            ),
            (LINE, theme.font(theme.HINT_PIXELS), "secondary" if selected else "hint", Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font)
            painter.setPen(look.colour(role))
            line = painter.fontMetrics().elidedText(index.data(part), Qt.TextElideMode.ElideRight, int(text.width()))
            painter.drawText(text, align | Qt.AlignmentFlag.AlignLeft, line)
        if index.data(IN_USE):
            tick = pixmap("check", look.accent, 18, painter.device().devicePixelRatioF())
            painter.drawPixmap(round(area.right()) - 28, round(area.center().y()) - 9, tick)
        painter.restore()


class _DropPlace(QWidget):
    """Says that models can be dropped, and lights up while one is held over the dialog."""

    def __init__(self) -> None:
        super().__init__()
        self._lit = False
        self.setFixedHeight(84)

    def light(self, lit: bool) -> None:
        self._lit = lit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        look, painter = theme.current(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(look.colour("accent" if self._lit else "border"), 1.25, Qt.PenStyle.DashLine))
        painter.setBrush(look.colour("accent", 0.12) if self._lit else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), theme.RADIUS_BANNER, theme.RADIUS_BANNER)
        painter.setPen(look.colour("strong" if self._lit else "secondary"))
        top = QRectF(12, 14, self.width() - 24, 20)
        painter.drawText(top, Qt.AlignmentFlag.AlignCenter, "Drop a model here")
        painter.setPen(look.colour("hint"))
        painter.setFont(theme.font(theme.HINT_PIXELS))
        what = "A diffusers folder, what you trained, a file\nof research code or an upscaler: .pth, .safetensors"
        painter.drawText(QRectF(8, 36, self.width() - 16, 36), Qt.AlignmentFlag.AlignCenter, what)


class ModelsDialog(Dialog):
    """Everything it does happens in `models`, and goes on when it is closed."""

    def __init__(self, parent: QWidget, models: Models) -> None:
        super().__init__(
            parent, "Models", "What turns your painting into a picture. They run on this computer; nothing leaves it."
        )
        self._models = models
        self._reading: asyncio.Task[None] | None = None
        self.setAcceptDrops(True)
        self.list = QListWidget()
        self.list.setObjectName("gallery")
        self.list.setAccessibleName("Installed models")
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setMouseTracking(True)
        self.list.setFixedWidth(300)
        self.list.setMinimumHeight(200)
        self.drop_place = _DropPlace()
        self.add = SecondaryButton("Add…", "folder-open")
        self.add.setToolTip("Add a model or an upscaler that is on this computer")
        self.download = SecondaryButton("Download…", "download")
        self.download.setToolTip("Fetch a model from Hugging Face")
        self.card = ModelCard()
        self.empty = QLabel(EMPTY, wordWrap=True)
        self.empty.setMargin(32)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._right = QStackedWidget()
        self._right.addWidget(self.card)
        self._right.addWidget(self.empty)
        self._right.setMinimumSize(540, 460)

        buttons = QHBoxLayout()
        buttons.setSpacing(2 * theme.SPACE)
        for button in (self.add, self.download):
            button.setAutoDefault(False)
            buttons.addWidget(button, 1)
        left = QVBoxLayout()
        left.setSpacing(2 * theme.SPACE)
        left.addWidget(self.list, 1)
        left.addWidget(self.drop_place)
        left.addLayout(buttons)
        both = QHBoxLayout()
        both.setSpacing(4 * theme.SPACE)
        both.addLayout(left)
        both.addWidget(self._right, 1)
        self.body.addLayout(both, 1)
        self.body.addWidget(self._fetching())
        self.body.addWidget(self._working())
        self.body.addWidget(self._refused())
        close = self.add_button("Close")
        close.clicked.connect(self.accept)

        self._menu = QMenu(self)
        self._menu.addAction("A file…", self._add_file)
        self._menu.addAction("A folder…", self._add_folder)
        self.add.clicked.connect(lambda: self._menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft())))
        self.download.clicked.connect(lambda: self._ask_for_repository(self.fetching.isHidden()))
        self.list.currentRowChanged.connect(lambda _row: self._show_current())
        self.list.itemActivated.connect(lambda _item: self._use())
        self.card.use_requested.connect(self._use)
        self.card.remove_requested.connect(lambda: models.remove(self._current().name))
        models.dialog_opened()
        models.changed.connect(self._show)
        models.added.connect(self._select)
        self._show()
        self._select(models.chosen.name if models.chosen else "")
        self.list.setFocus()

    # --- Parts -----------------------------------------------------------------------------------------------------

    def _fetching(self) -> QWidget:
        """The row to type the name of a repository to download."""
        self.repository = TextField(placeholderText="owner/name, as on huggingface.co")
        self.repository.setAccessibleName("Repository on Hugging Face")
        self.fetch = PrimaryButton("Download", "download")
        self.fetch.setAutoDefault(False)
        self.fetch.clicked.connect(self._fetch)
        self.repository.returnPressed.connect(self._fetch)
        self.repository.textChanged.connect(lambda text: self.fetch.setEnabled("/" in text))
        self.fetch.setEnabled(False)
        close = IconButton("x", "Do not download anything", size=16)
        close.clicked.connect(lambda: self._ask_for_repository(False))
        self.fetching = QWidget()
        column = QVBoxLayout(self.fetching)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        line = QHBoxLayout()
        line.setSpacing(2 * theme.SPACE)
        line.addWidget(QLabel("Repository"))
        line.addWidget(self.repository, 1)
        line.addWidget(self.fetch)
        line.addWidget(close)
        tried = QHBoxLayout()
        tried.setSpacing(0)
        hint = QLabel("For example")
        hint.setProperty("role", "hint")
        tried.addWidget(hint)
        for name in SUGGESTED:
            link = QPushButton(name)
            link.setProperty("kind", "link")
            link.setAutoDefault(False)
            link.clicked.connect(lambda _checked=False, name=name: self.repository.setText(name))
            tried.addWidget(link)
        tried.addStretch(1)
        column.addLayout(line)
        column.addLayout(tried)
        self.fetching.hide()
        return self.fetching

    def _working(self) -> QWidget:
        """The row with the progress of the work, and a button to cancel it."""
        self.doing, self.bar, self.step = QLabel(), QProgressBar(textVisible=False), QLabel()
        self.doing.setProperty("role", "strong")
        self.step.setProperty("role", "secondary")
        self.step.setFont(theme.font(tabular=True))
        self.bar.setAccessibleName("Progress")
        self.cancel = SecondaryButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self._models.cancel)
        self.working = QWidget()
        row = QHBoxLayout(self.working)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * theme.SPACE)
        row.addWidget(self.doing)
        row.addWidget(self.bar, 1)
        row.addWidget(self.step)
        row.addWidget(self.cancel)
        return self.working

    def _refused(self) -> QWidget:
        """Why the latest work came to nothing."""
        self.refusal = QLabel(wordWrap=True)
        self.refusal.setProperty("role", "error")
        self.refusal.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        close = IconButton("x", "Put this message away", size=16)
        close.clicked.connect(self._models.dismiss_refusal)
        self.refused = QWidget()
        row = QHBoxLayout(self.refused)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.refusal, 1)
        row.addWidget(close)
        return self.refused

    # --- What is shown ---------------------------------------------------------------------------------------------

    def _show(self) -> None:
        installed, upscalers = self._models.installed, self._models.upscalers
        items = [self.list.item(row) for row in range(self.list.count())]
        if [item.data(NAME) for item in items if item.data(NAME)] != [each.name for each in (*installed, *upscalers)]:
            current = self.list.currentItem() and self.list.currentItem().data(NAME)
            with QSignalBlocker(self.list):
                self.list.clear()
                for model in installed:
                    self._list(model, _line(model))
                if upscalers:
                    heading = QListWidgetItem("Upscalers", self.list)
                    heading.setFlags(Qt.ItemFlag.NoItemFlags)
                for upscaler in upscalers:
                    self._list(upscaler, f"enlarges {upscaler.factor} times · licence {upscaler.licence}")
                self._select(current or "")
        in_use = {entry.name for entry in (self._models.chosen, self._models.detail) if entry}
        for row in range(self.list.count()):
            self.list.item(row).setData(IN_USE, self.list.item(row).data(NAME) in in_use)
        self._right.setCurrentWidget(self.card if installed else self.empty)
        self._show_current()
        work = self._models.work
        self.working.setVisible(work is not None)
        self.add.setEnabled(work is None)
        self.download.setEnabled(work is None)
        if work is not None:
            self.doing.setText(work.title)
            left = "" if work.seconds_left is None else f", about {words.duration(work.seconds_left)} left"
            self.step.setText(f"{work.step.words}{left}")
            self.bar.setRange(0, 0 if work.step.part is None else 1000)
            self.bar.setValue(round(1000 * (work.step.part or 0)))
        self.refusal.setText(self._models.refusal)
        self.refused.setVisible(bool(self._models.refusal))

    def _list(self, entry: Entry, line: str) -> None:
        item = QListWidgetItem(entry.title, self.list)
        item.setData(NAME, entry.name)
        item.setData(LINE, line)

    def _select(self, name: str) -> None:
        """Make this model or upscaler the current one; the first if it is not there."""
        rows = [row for row in range(self.list.count()) if self.list.item(row).data(NAME) == name]
        self.list.setCurrentRow(rows[0] if rows else min(0, self.list.count() - 1))

    def _current(self) -> Entry:
        name = self.list.currentItem().data(NAME)
        return next(each for each in (*self._models.installed, *self._models.upscalers) if each.name == name)

    def _show_current(self) -> None:
        if self.list.currentItem() is None:
            return
        entry = self._current()
        removable = not entry.bundled and self._models.work is None
        if self._reading is not None:
            self._reading.cancel()
        if isinstance(entry, DetailInfo):
            self.card.show_upscaler(entry, in_use=entry == self._models.detail, removable=removable)
            return
        in_use = entry == self._models.chosen
        self.card.show_model(entry, in_use=in_use, warming_up=in_use and self._models.warming_up, removable=removable)
        self._reading = asyncio.ensure_future(self._show_details(entry.name))

    async def _show_details(self, name: str) -> None:
        known = self._models.known_details(name)
        self.card.show_details(known)
        if known is None:
            try:
                self.card.show_details(await self._models.details(name))
            except ModelRefused as refused:
                self.card.about.setText(str(refused))

    # --- What is asked ---------------------------------------------------------------------------------------------

    def _use(self) -> None:
        entry = self._current()
        if isinstance(entry, DetailInfo):
            self._models.choose_detail(entry.name)
        elif entry != self._models.chosen:
            self._models.choose(entry.name)

    def _ask_for_repository(self, asking: bool) -> None:
        self.fetching.setVisible(asking)
        if asking:
            self.repository.setFocus()

    def _fetch(self) -> None:
        if self.fetch.isEnabled():
            self._ask_for_repository(False)
            self._models.download(self.repository.text().strip())

    def _add_file(self) -> None:
        self._choose(QFileDialog(self, "Add a model", filter=FILES), QFileDialog.FileMode.ExistingFile)

    def _add_folder(self) -> None:
        self._choose(QFileDialog(self, "Add a folder"), QFileDialog.FileMode.Directory)

    def _choose(self, dialog: QFileDialog, mode: QFileDialog.FileMode) -> None:
        dialog.setFileMode(mode)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly, mode is QFileDialog.FileMode.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._models.add(Path(path)))
        dialog.open()

    def done(self, result: int) -> None:
        self._models.dialog_closed()
        if self._reading is not None:
            self._reading.cancel()
        super().done(result)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._models.work is None and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self.drop_place.light(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.drop_place.light(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_place.light(False)
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self._models.add(paths[0])


def _line(model: ModelInfo) -> str:
    if model.takes_prompt:
        told = "prompt"
    elif model.classes:
        told = f"{len(model.classes)} kinds of scene"
    else:
        told = "no conditions"
    return f"{model.native} px · {told}{' · built in' if model.bundled else ''}"
