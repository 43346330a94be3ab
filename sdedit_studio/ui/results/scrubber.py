"""Controls above the banner for the steps of the run that made the waiting result."""

from __future__ import annotations

from collections.abc import Sequence
from math import copysign

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.base.actions import Actions
from sdedit_studio.ui.compare.banner import reserve_width
from sdedit_studio.ui.results.playback import Playback
from sdedit_studio.ui.widgets.action_button import ActionButton
from sdedit_studio.ui.widgets.buttons import IconButton
from sdedit_studio.ui.widgets.pill import SHADOW, Pill
from sdedit_studio.ui.widgets.slider_row import Track

SPARSE = 5.0
"""Pixels between two ticks at least; closer ones would be a grey band."""


class StepTrack(Track):
    """A slider over the steps, with a tick for each and a longer one where a pass begins.

    `chosen(int)`: a person moved it to a step.
    """

    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._last, self._begins, self._turned = 1, (0,), 0
        self.setAccessibleName("Steps of the run")
        self.moved.connect(lambda _position: self.chosen.emit(self.value))
        self.reset.connect(lambda: self._move(1.0))

    @property
    def value(self) -> int:
        return round(self.position * self._last)

    def set_steps(self, count: int, begins: Sequence[int]) -> None:
        """`count`: at least 2. `begins`: the steps that begin a pass."""
        self._last, self._begins, self._step = count - 1, tuple(begins), 1 / (count - 1)
        self.update()

    def set_value(self, value: int) -> None:
        """Show a step without telling anyone."""
        self.set_position(value / self._last)

    def set_position(self, position: float) -> None:
        super().set_position(round(position * self._last) / self._last)

    def sizeHint(self) -> QSize:
        return QSize(240, 26)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A step for each notch; what pads send in smaller parts adds up."""
        self._turned += event.angleDelta().y() or event.angleDelta().x()
        notches = int(self._turned / 120)
        self._turned -= 120 * notches
        if notches:
            self._nudge(notches * self._step)
        event.accept()

    def _nudge(self, by: float) -> None:
        super()._nudge(copysign(max(abs(by), self._step), by))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QPen(theme.current().colour("hint"), 1))
        foot = self.height() / 2 + 5.5
        dense = (self.width() - 2 * self.KNOB) / self._last < SPARSE
        for step in range(self._last + 1):
            begins = step in self._begins
            if begins or not dense:
                x = round(self.x_of(step / self._last)) + 0.5
                painter.drawLine(QPointF(x, foot), QPointF(x, foot + (6 if begins else 3)))
        painter.end()
        super().paintEvent(event)


class Scrubber(Pill):
    """Plays the steps of a run and moves between them. Visible while `playback` has steps."""

    def __init__(self, playback: Playback, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self._playback, self._actions = playback, actions
        self._aside = False
        self.play = IconButton("play", actions.tip("generate.play"))
        self.play.clicked.connect(actions["generate.play"].trigger)
        self.track = StepTrack()
        self.label = QLabel()
        self.label.setProperty("role", "secondary")
        self.export = ActionButton(actions, "generate.export-steps", size=16)
        for button in (self.play, self.export):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(SHADOW + 8, SHADOW + 4, SHADOW + 8, SHADOW + 4)
        row.setSpacing(2 * theme.SPACE)
        for part, stretch in ((self.play, 0), (self.track, 1), (self.label, 0), (self.export, 0)):
            row.addWidget(part, stretch)
        self.track.chosen.connect(playback.go)
        playback.changed.connect(self._show_steps)
        playback.moved.connect(self._show_step)
        actions.changed.connect(self._show_keys)
        self._show_keys()

    def _show_keys(self) -> None:
        self.play.setToolTip(self._actions.tip("generate.play"))
        keys = [self._actions.key_text(f"generate.step-{way}") for way in ("back", "forward")]
        hint = f"\n{keys[0]} and {keys[1]} go a step back and forward." if all(keys) else ""
        self.track.setToolTip(f"What the model had in mind after each step. Apply takes the one you see.{hint}")

    def set_aside(self, aside: bool) -> None:
        """Hide while two other pictures are compared."""
        if aside != self._aside:
            self._aside = aside
            self._show_steps()

    def _show_steps(self) -> None:
        trajectory = self._playback.trajectory
        if trajectory is None or not self._playback.available or self._aside:
            if any(part.hasFocus() for part in (self.play, self.track, self.export)):
                self._canvas.setFocus()
            self.hide()
            return
        self.track.set_steps(len(trajectory), trajectory.passes)
        reserve_width(self.label, max((words.step(point.progress) for point in trajectory), key=len))
        self._show_step()
        self.show()
        self.resized.emit()

    def _show_step(self) -> None:
        playback, point = self._playback, self._playback.point
        self.play.set_icon("pause" if playback.playing else "play")
        if point is not None:
            text = words.step(point.progress)
            self.track.set_value(playback.position)
            self.track.setAccessibleDescription(text)
            self.label.setText(text)
