"""Export the steps of a run: as which kind of animation, or as single pictures."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QCheckBox, QLabel, QWidget

from sdedit_studio.files import animation
from sdedit_studio.ui.base.dialog import Dialog, field_row
from sdedit_studio.ui.widgets.buttons import SegmentedChoice
from sdedit_studio.ui.widgets.slider_row import SliderRow

FORMATS = ((".webp", "WebP"), (".gif", "GIF"), (".apng", "APNG"), (animation.SERIES, "PNG series"))
TIPS = (
    "A small animation that every browser shows",
    "An animation for everything, with 256 colours",
    "An animation with exact pixels, and large",
    "One numbered picture for each step, with exact pixels",
)


@dataclass(frozen=True)
class StepsSettings:
    """`suffix`: one of `animation.SUFFIXES`. `rate`: pictures a second. `metadata`: whether the settings are kept."""

    suffix: str
    rate: float
    there_and_back: bool
    metadata: bool


class StepsDialog(Dialog):
    """For `count` steps that are exported at `size`, width and height; `reduced`: the result has more pixels."""

    def __init__(self, parent: QWidget, count: int, size: tuple[int, int], *, reduced: bool) -> None:
        width, height = size
        exported = f"{count} steps, {width} × {height} pixels each."
        if reduced:
            exported += " The result is larger, but the steps on the way hold no more detail than that."
        super().__init__(parent, "Export the steps", exported)
        self._count = count
        self.format = SegmentedChoice(FORMATS, "Format")
        self.format.set_tips(TIPS)
        self.format.setMinimumWidth(320)
        self.rate = SliderRow("", 1, 30, 10, suffix=" a second")
        self.rate.track.setAccessibleName("Steps a second")
        self.rate.field.setAccessibleName("Steps a second")
        self.rate.setMinimumWidth(320)
        self.there_and_back = QCheckBox("There and back")
        self.metadata = QCheckBox("Keep the settings of the edit in the file (t₀, seed, model)")
        self.metadata.setChecked(True)
        self.note = QLabel(wordWrap=True)
        self.note.setProperty("role", "secondary")
        self.body.addLayout(field_row("Format", self.format))
        self.body.addLayout(field_row("Speed", self.rate))
        self.body.addLayout(field_row("", self.there_and_back))
        self.body.addLayout(field_row("", self.metadata))
        self.body.addWidget(self.note)
        self.add_cancel()
        self.add_button("Export…", default=True).clicked.connect(self.accept)
        self.format.chosen.connect(lambda _format: self._changed())
        self._changed()

    @property
    def settings(self) -> StepsSettings:
        return StepsSettings(
            str(self.format.value), self.rate.value, self.there_and_back.isChecked(), self.metadata.isChecked()
        )

    def _changed(self) -> None:
        series = self.format.value == animation.SERIES
        self.rate.setEnabled(not series)
        self.there_and_back.setEnabled(not series)
        shown = len(animation.chosen(self._count, str(self.format.value)))
        if series:
            self.note.setText("The pictures get numbers: lake.png becomes lake-01.png, lake-02.png and so on.")
        elif shown < self._count:
            self.note.setText(f"An animation shows {shown} of the steps, evenly chosen; a series has all of them.")
        else:
            self.note.setText("The last step stands a little longer before it begins again.")
