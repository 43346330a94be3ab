"""Export as one picture: format, quality, what it will weigh, and whether it remembers how it was made."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from sdedit_studio.files.problem import FileProblem
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.dialog import Dialog, field_row
from sdedit_studio.ui.widgets.buttons import SegmentedChoice
from sdedit_studio.ui.widgets.slider_row import SliderRow

REST_MS = 250
"""The size is worked out once the settings have rested this long."""


@dataclass(frozen=True)
class ExportSettings:
    """`suffix`: ".png", ".jpg" or ".webp". `quality`: 1 .. 100, without effect on PNG.

    `metadata`: whether the file says which edits it was made with.
    """

    suffix: str
    quality: int
    metadata: bool


LOSSLESS = ".png"
FORMATS = ((".png", "PNG"), (".jpg", "JPEG"), (".webp", "WebP"))
TIPS = (
    "Exact pixels and transparency",
    "Small, without transparency: what is transparent becomes white",
    "Small, with transparency; 100 keeps exact pixels",
)


class ExportDialog(Dialog):
    """`measure(settings)` gives the bytes that a file with these settings takes; it is called in a thread."""

    def __init__(self, parent: QWidget, description: str, measure: Callable[[ExportSettings], int]) -> None:
        super().__init__(parent, "Export", description)
        self._measure = measure
        self._measuring: asyncio.Task[None] | None = None
        self.format = SegmentedChoice(FORMATS, "Format")
        self.format.set_tips(TIPS)
        self.quality = SliderRow("", 1, 100, 90)
        self.quality.track.setAccessibleName("Quality")
        self.quality.field.setAccessibleName("Quality")
        self.metadata = QCheckBox("Keep the settings of the edit in the file (t₀, seed, model)")
        self.metadata.setChecked(True)
        self.size_label = QLabel("")
        self.size_label.setProperty("role", "secondary")
        self.format.setMinimumWidth(260)
        self.quality.setMinimumWidth(260)
        self.body.addLayout(field_row("Format", self.format))
        self.body.addLayout(field_row("Quality", self.quality))
        self.body.addLayout(field_row("", self.metadata))
        self.body.addLayout(field_row("File size", self.size_label))
        self.add_cancel()
        self.add_button("Export…", default=True).clicked.connect(self.accept)
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._start_measuring)
        self.format.chosen.connect(lambda _format: self._changed())
        self.quality.value_changed.connect(lambda _quality: self._changed())
        self.metadata.toggled.connect(lambda _kept: self._changed())
        self._changed()

    @property
    def settings(self) -> ExportSettings:
        return ExportSettings(str(self.format.value), round(self.quality.value), self.metadata.isChecked())

    def done(self, result: int) -> None:
        self._rest.stop()
        if self._measuring is not None:
            self._measuring.cancel()
        super().done(result)

    def _changed(self) -> None:
        self.quality.setEnabled(self.settings.suffix != LOSSLESS)
        self.size_label.setText("…")
        self._rest.start()

    def _start_measuring(self) -> None:
        if self._measuring is not None:
            self._measuring.cancel()
        self._measuring = asyncio.ensure_future(self._show_size(self.settings))

    async def _show_size(self, settings: ExportSettings) -> None:
        try:
            size = await asyncio.to_thread(self._measure, settings)
        except FileProblem as problem:
            self.size_label.setText(str(problem))
        else:
            self.size_label.setText(words.file_size(size))
