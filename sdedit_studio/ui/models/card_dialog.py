"""The details of one model or upscaler: its inputs, size, source, licence and examples."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QGuiApplication, QImageReader
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from sdedit_studio.engine.job import DetailInfo, ModelDetails, ModelInfo
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.widgets.buttons import IconButton, PrimaryButton, SecondaryButton
from sdedit_studio.ui.widgets.rounded import rounded

STRIP = QSize(228, 206)
"""The most that the picture of what it makes takes."""

NAMED = 8
"""Classes named before the rest is counted."""

HASH = 12
"""Digits of the hash that are shown."""

OF_MODELS = ("Takes", "Native size", "Network", "Detail by")
OF_UPSCALERS = ("Enlarges",)
FACTS = (*OF_MODELS, *OF_UPSCALERS, "On disk", "Licence", "From", "SHA-256")

LABEL = 84

UPSCALER = "Carries pictures up to the canvas's own size and adds the detail that they lack there."


class ModelCard(QFrame):
    """Shows one model or upscaler. `use_requested()` and `remove_requested()` are about it; removing was confirmed."""

    use_requested = Signal()
    remove_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._sha256 = ""
        self.title = QLabel()
        self.title.setFont(theme.font(17, QFont.Weight.DemiBold))
        self.name = QLabel()
        self.name.setProperty("role", "hint")
        self.about = QLabel(wordWrap=True)
        self.about.setProperty("role", "secondary")
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.strip = QLabel()
        self.strip.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignRight)
        self.facts = {fact: _value() for fact in FACTS}
        self._labels = {fact: QLabel(fact) for fact in FACTS}
        self.copy = IconButton("copy", "Copy the whole hash", size=14, side=22)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._sha256))
        self.use = PrimaryButton("Use this model", "check")
        self.use.clicked.connect(self.use_requested)
        self.use_detail = PrimaryButton("Use for detail", "check")
        self.use_detail.setToolTip("Refine pictures by this upscaler")
        self.use_detail.clicked.connect(self.use_requested)
        self.in_use = QLabel("This model is in use.")
        self.in_use.setProperty("role", "secondary")
        self.remove = SecondaryButton("Remove", "trash-2")
        self.remove.clicked.connect(lambda: self._ask(True))
        self.question = QLabel(wordWrap=True)
        self.question.setProperty("role", "strong")
        self.question.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.keep = SecondaryButton("Keep it")
        self.keep.clicked.connect(lambda: self._ask(False))
        self.delete = SecondaryButton("Delete", "trash-2")
        self.delete.clicked.connect(lambda: (self._ask(False), self.remove_requested.emit()))
        for button in (self.use, self.use_detail, self.remove, self.keep, self.delete):
            button.setAutoDefault(False)

        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.name)
        words.addSpacing(2 * theme.SPACE)
        words.addWidget(self.about, 1)
        head = QHBoxLayout()
        head.setSpacing(4 * theme.SPACE)
        head.addLayout(words, 1)
        head.addWidget(self.strip)
        self._choices, self._asking = QWidget(), QWidget()
        choices = _row(self._choices)
        choices.addWidget(self.use)
        choices.addWidget(self.use_detail)
        choices.addWidget(self.in_use)
        choices.addStretch(1)
        choices.addWidget(self.remove)
        asking = _row(self._asking)
        asking.addWidget(self.question, 1)
        asking.addWidget(self.keep)
        asking.addWidget(self.delete)
        column = QVBoxLayout(self)
        column.setContentsMargins(5 * theme.SPACE, 4 * theme.SPACE, 5 * theme.SPACE, 4 * theme.SPACE)
        column.setSpacing(4 * theme.SPACE)
        column.addLayout(head)
        column.addLayout(self._fact_rows())
        column.addStretch(1)
        column.addWidget(self._choices)
        column.addWidget(self._asking)
        self._asking.hide()

    def show_model(self, model: ModelInfo, *, in_use: bool, warming_up: bool, removable: bool) -> None:
        """Show what is known at once; `show_details` brings the rest."""
        self._show_entry(model, removable=removable)
        self.facts["Takes"].setText(takes(model))
        self.facts["Native size"].setText(f"{model.native} × {model.native} px, sides in steps of {model.stride}")
        own = model.detail
        self.facts["Detail by"].setText(
            f"{own.title}: enlarges {own.factor} times; {own.licence.partition(':')[0]}"
            if own
            else "None of its own; it can use the built-in one"
        )
        self.facts["Detail by"].setToolTip(own.licence if own else "")
        self.use.setVisible(not in_use)
        self.use_detail.hide()
        self.in_use.setVisible(in_use)
        self.in_use.setText("Warming up. You can close this and paint." if warming_up else "This model is in use.")

    def show_upscaler(self, upscaler: DetailInfo, *, in_use: bool, removable: bool) -> None:
        """Show all there is to tell of an upscaler."""
        self._show_entry(upscaler, removable=removable)
        self.facts["Enlarges"].setText(f"{upscaler.factor} times in each direction")
        self.about.setText(UPSCALER)
        self.strip.hide()
        self._show_files(upscaler)
        self.use.hide()
        self.use_detail.setVisible(not in_use)
        self.in_use.setVisible(in_use)
        self.in_use.setText("Pictures are refined by this upscaler.")

    def _show_entry(self, entry: ModelInfo | DetailInfo, *, removable: bool) -> None:
        if self.name.text() != entry.name:
            self._ask(False)
        self.title.setText(entry.title)
        self.name.setText(entry.name)
        for facts, kind in ((OF_MODELS, ModelInfo), (OF_UPSCALERS, DetailInfo)):
            for fact in facts:
                self._labels[fact].setVisible(isinstance(entry, kind))
                self.facts[fact].setVisible(isinstance(entry, kind))
        self.remove.setVisible(removable)
        if not removable:
            self._ask(False)

    def show_details(self, details: ModelDetails | None) -> None:
        """The rest; None while it is being read."""
        self.about.setText(details.about if details else "")
        self._show_strip(details)
        numbers = f", {count(details.parameters)} parameters" if details and details.parameters else ""
        self.facts["Network"].setText(f"{details.kind}{numbers}" if details else "…")
        self._show_files(details)

    def _show_files(self, details: ModelDetails | DetailInfo | None) -> None:
        self._sha256 = details.sha256 if details else ""
        self.copy.setEnabled(details is not None)
        size = words.file_size(details.bytes_on_disk) if details else ""
        for fact, text in {
            "On disk": size or "…",
            "Licence": details.licence if details else "…",
            "From": details.source if details else "…",
            "SHA-256": f"{self._sha256[:HASH]}…",
        }.items():
            self.facts[fact].setText(text)
        self.facts["SHA-256"].setToolTip(self._sha256)
        self.facts["On disk"].setToolTip(str(details.folder) if details else "")
        self.question.setText(f"Delete {self.title.text()}{f' and its {size}' if size else ''} from this computer?")

    def _ask(self, asking: bool) -> None:
        self._choices.setVisible(not asking)
        self._asking.setVisible(asking)
        if asking:
            self.keep.setFocus()

    def _fact_rows(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * theme.SPACE)
        grid.setVerticalSpacing(2 * theme.SPACE)
        grid.setColumnStretch(1, 1)
        for index, (fact, value) in enumerate(self.facts.items()):
            label = self._labels[fact]
            label.setProperty("role", "secondary")
            label.setFixedWidth(LABEL)
            if fact == "SHA-256":
                grid.addWidget(label, index, 0)
                line = QHBoxLayout()
                line.setSpacing(theme.SPACE)
                value.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
                value.setFont(theme.font(tabular=True))
                line.addWidget(value)
                line.addWidget(self.copy)
                line.addStretch(1)
                grid.addLayout(line, index, 1)
            else:
                grid.addWidget(label, index, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(value, index, 1)
        return grid

    def _show_strip(self, details: ModelDetails | None) -> None:
        self.strip.setVisible(details is not None and details.strip is not None)
        if details is not None and details.strip is not None:
            ratio = self.devicePixelRatioF()
            reader = QImageReader(str(details.strip))
            reader.setScaledSize(reader.size().scaled(STRIP * ratio, Qt.AspectRatioMode.KeepAspectRatio))
            self.strip.setPixmap(rounded(reader.read(), theme.RADIUS_BUTTON, ratio))
            self.strip.setToolTip(f'<img src="{details.strip.as_posix()}" width="640">')


def takes(model: ModelInfo) -> str:
    """The kinds of input that a model takes besides the picture, as text."""
    if model.takes_prompt:
        return "A prompt in words"
    if not model.classes:
        return "Nothing but your painting"
    more = len(model.classes) - NAMED
    named = ", ".join(model.classes[:NAMED])
    return f"{len(model.classes)} kinds of scene: {named}{f' and {more} more' if more > 0 else ''}"


def count(number: int) -> str:
    """A large number in words: "32.3 million"."""
    if number < 1_000_000:
        return f"{number / 1000:.3g} thousand"
    return f"{number / 1e6:.3g} million" if number < 1_000_000_000 else f"{number / 1e9:.3g} billion"


def _value() -> QLabel:
    label = QLabel(wordWrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _row(holder: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(2 * theme.SPACE)
    return row
