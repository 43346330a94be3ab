"""Floating bars at the bottom of the canvas: progress, the waiting result, and problems. Never modal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from sdedit_studio.engine.job import Phase, Progress
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.base.icons import pixmap
from sdedit_studio.ui.compare.compare import Compare, CompareMode
from sdedit_studio.ui.compare.pill import ComparePill, ModeChoice
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.live_button import BeatingDot
from sdedit_studio.ui.widgets.buttons import IconButton, PrimaryButton, SecondaryButton
from sdedit_studio.ui.widgets.pill import FOOT, SHADOW, Pill

PACE_SECONDS = 0.5
"""Least seconds between two updates of live mode's rate and latency."""

TICK_MS = 100
"""How often the time left counts down."""


class ProgressBar(QWidget):
    """A thin bar, filled from the left to `part`, 0 .. 1."""

    def __init__(self) -> None:
        super().__init__()
        self._part = 0.0
        self.setMinimumWidth(60)
        self.setAccessibleName("Progress")

    def sizeHint(self) -> QSize:
        return QSize(150, 16)

    @property
    def part(self) -> float:
        return self._part

    def set_part(self, part: float) -> None:
        if part != self._part:
            self._part = part
            self.setAccessibleDescription(f"{100 * part:.0f} %")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groove = QRectF(0, self.height() / 2 - 2, self.width(), 4)
        painter.setBrush(theme.current().colour("border"))
        painter.drawRoundedRect(groove, 2, 2)
        if self._part > 0:
            groove.setWidth(max(4.0, self._part * groove.width()))
            painter.setBrush(theme.current().colour("accent"))
            painter.drawRoundedRect(groove, 2, 2)


def _text(role: str) -> QLabel:
    label = QLabel()
    label.setProperty("role", role)
    return label


def reserve_width(label: QLabel, text: str) -> None:
    """Give a label at least the width of `text`, so that changing numbers do not move its neighbours."""
    label.setMinimumWidth(QFontMetrics(theme.font()).horizontalAdvance(text) + 2)


class ActivityPill(Pill):
    """The run under way, or the result that waits. `nudged(int)`: a task's result is wanted changed less or more."""

    nudged = Signal(int)

    def __init__(self, generation: Generation, compare: Compare, parent: QWidget) -> None:
        super().__init__(parent)
        self._generation, self._compare = generation, compare
        self._reported: Progress | None = None
        self._reported_at = 0.0
        self._begun_at = 0.0
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._count)

        self._paced_at = 0.0
        self.dot = BeatingDot(generation.live)
        self.stage = _text("strong")
        self.less = IconButton("minus", "Change less (,)", size=16, side=26)
        self.more = IconButton("plus", "Change more (.)", size=16, side=26)
        self.bar = ProgressBar()
        self.detail = _text("secondary")
        self.cancel = SecondaryButton("Cancel", key="Esc")
        self.stop = SecondaryButton("Stop", key="Esc")
        self.stop.setToolTip("End live mode; your painting stays as it is (Esc)")
        self.modes = ModeChoice(compare)
        self.compare = SecondaryButton("Compare", key="\\")
        self.compare.setToolTip("Hold to see your painting as it was (hold \\)")
        self.discard = SecondaryButton("Discard", key="Esc")
        self.discard.setToolTip("Put the result away; your painting stays as it is (Esc)")
        self.apply = PrimaryButton("Apply", key="Enter")
        self.apply.setToolTip("Keep the result as a new layer (Enter)")
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(SHADOW + 14, SHADOW + 7, SHADOW + 8, SHADOW + 7)
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self.dot)
        for part in (self.less, self.stage, self.more):
            row.addWidget(part)
        row.addSpacing(theme.SPACE)
        for part, stretch in ((self.bar, 1), (self.detail, 0)):
            row.addWidget(part, stretch)
            row.addSpacing(theme.SPACE)
        row.addWidget(self.modes)
        for button in (self.cancel, self.compare, self.stop, self.discard, self.apply):
            row.addWidget(button)
        for button in (self.less, self.more, self.cancel, self.compare, self.stop, self.discard, self.apply):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.less.clicked.connect(lambda: self.nudged.emit(-1))
        self.more.clicked.connect(lambda: self.nudged.emit(1))
        self.cancel.clicked.connect(generation.cancel)
        self.stop.clicked.connect(generation.stop_live)
        self.discard.clicked.connect(generation.discard)
        self.apply.clicked.connect(generation.apply)
        self.compare.pressed.connect(lambda: compare.set_before(True))
        self.compare.released.connect(lambda: compare.set_before(False))
        generation.changed.connect(self._show_state)
        generation.live.followed.connect(self._show_pace)
        compare.changed.connect(self._show_state)
        self._show_state()

    def _show_state(self) -> None:
        generation = self._generation
        underway, result = generation.underway, generation.result
        running, live = underway.running, generation.live.on
        waiting = running and generation.status.phase is Phase.WARMING_UP
        of_task = underway.waits and generation.edit is not None and bool(generation.edit.task)
        for part, there in (
            (self.less, of_task),
            (self.more, of_task),
            (self.bar, running and not waiting),
            (self.cancel, running),
            (self.dot, live),
            (self.stop, live),
            (self.compare, generation.can_apply),
            (self.discard, underway.waits),
            (self.apply, generation.can_apply),
        ):
            if part.hasFocus() and not there:
                self._canvas.setFocus()
            part.setVisible(there)
        self._tick.start() if running and not waiting else self._tick.stop()
        self.detail.setToolTip("")
        if running:
            self._show_progress(generation.progress, waiting)
        elif live:
            self.stage.setText("Live is paused" if generation.live.broken else "Live")
            self._paced_at = 0.0
            self._show_pace()
        elif result is not None:
            self.stage.setText(f"t₀ {result.job.parameters.t0:.2f}")
            self.detail.setText(f"seed {result.job.parameters.seed}")
            self.detail.setMinimumWidth(0)
        self.setVisible(underway.activity not in (Activity.NOTHING, Activity.COMPARING))
        if self.compare.isDown() and not self.compare.isVisible():
            self.compare.setDown(False)  # out of sight it is not told when the mouse lets go
            self._compare.set_before(False)
        self.resized.emit()

    def fit(self, room: int) -> None:
        """Offer the modes only where there is room for all the rest; their keys are always there."""
        own = self.modes.sizeHint().width() + 2 * theme.SPACE
        rest = self.sizeHint().width() - (own if self.modes.isVisibleTo(self) else 0)
        self.modes.setVisible(self._generation.can_apply and rest + own <= room)

    def _show_pace(self) -> None:
        """Update the rate and latency at most every `PACE_SECONDS`. A hint is shown at once."""
        live = self._generation.live
        if not live.on or (perf_counter() - self._paced_at < PACE_SECONDS and live.hint == self.detail.toolTip()):
            return
        self._paced_at = perf_counter()
        self.detail.setToolTip(live.hint)
        if live.hint or live.broken:
            self.detail.setMinimumWidth(0)
            self.detail.setText("press Live" if live.broken else words.clause(live.hint))
        else:
            reserve_width(self.detail, words.pace(8.8, 8.8))
            waiting = self._generation.status.phase is Phase.WARMING_UP
            start = "waits for the model" if waiting else "the picture follows your strokes"
            self.detail.setText(start if live.rate is None else words.pace(live.rate, live.latency or 0.0))

    def _show_progress(self, progress: Progress | None, waiting: bool) -> None:
        if progress is not self._reported or progress is None:
            self._reported, self._reported_at = progress, perf_counter()
        if progress is None:
            self._begun_at = self._reported_at
            self.bar.set_part(0.0)
            self.stage.setText("Waiting for the model" if waiting else "Generating")
            self.detail.setText("It is warming up; you can paint already." if waiting else "")
            self.detail.setMinimumWidth(0)
        else:
            self.stage.setText(words.stage(progress))
            reserve_width(self.detail, words.countdown(replace(progress, call=progress.calls), 8.8))
            self._count()

    def _count(self) -> None:
        progress = self._generation.progress
        if progress is None:
            return
        now, left = perf_counter(), progress.seconds_left
        part = progress.call / progress.calls
        if left is not None:
            left = max(0.0, left - (now - self._reported_at))
            part = max(self.bar.part, 1 - left / max(left, now - self._begun_at + left))
        self.detail.setText(words.countdown(progress, left))
        self.bar.set_part(part)


class ProblemPill(Pill):
    """One sentence with what to do, the details behind a link, and a way to put it away."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._severe = False
        self.sign = QLabel()
        self.sentence = QLabel(wordWrap=True)
        self.details = SecondaryButton("Details")
        self.details.setCheckable(True)
        self.dismiss = IconButton("x", "Put this message away")
        self.text = QPlainTextEdit(readOnly=True)
        self.text.setAccessibleName("Details")
        self.text.setFixedHeight(150)
        self.copy = SecondaryButton("Copy", "copy")
        for button in (self.details, self.copy, self.dismiss):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row = QHBoxLayout()
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self.sign)
        row.addWidget(self.sentence, 1)
        row.addWidget(self.copy)
        row.addWidget(self.details)
        row.addWidget(self.dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(SHADOW + 14, SHADOW + 7, SHADOW + 8, SHADOW + 7)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.text)
        column.addLayout(row)
        self.details.toggled.connect(self._unfold)
        self.copy.clicked.connect(
            lambda: QGuiApplication.clipboard().setText(f"{self.sentence.text()}\n\n{self.text.toPlainText()}")
        )
        self.dismiss.clicked.connect(self.put_away)

    def show_problem(self, sentence: str, details: str) -> None:
        """Show it until it is put away or another one comes. With details it counts as an error, without as a hint."""
        self._severe = bool(details)
        self.sentence.setText(sentence)
        self.text.setPlainText(details)
        self.details.setVisible(self._severe)
        self.details.setChecked(False)
        self._unfold(False)
        self._tint()
        self.show()
        self.raise_()
        self.resized.emit()

    def put_away(self) -> bool:
        """Returns whether there was anything to put away."""
        if self.isHidden():
            return False
        if (focused := QApplication.focusWidget()) is not None and self.isAncestorOf(focused):
            self._canvas.setFocus()
        self.hide()
        return True

    def width_for(self, room: int) -> int:
        """How wide to be: the sentence in one line if there is room, else wrapped."""
        line = QFontMetrics(theme.font()).horizontalAdvance(self.sentence.text()) + 8
        rest = self.sizeHint().width() - self.sentence.sizeHint().width()
        return min(room, max(rest + line, 560 if self.text.isVisibleTo(self) else 0))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._tint()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.text.isVisible():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.current().colour("border"), 1))
            painter.setBrush(theme.current().colour("control"))
            plate = QRectF(self.text.geometry()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(plate, theme.RADIUS_INPUT, theme.RADIUS_INPUT)

    def _tint(self) -> None:
        look = theme.current()
        name, colour = ("circle-alert", look.error) if self._severe else ("info", look.faithful)
        self.sign.setPixmap(pixmap(name, colour, 18, self.devicePixelRatioF()))

    def _unfold(self, unfolded: bool) -> None:
        self.text.setVisible(unfolded)
        self.copy.setVisible(unfolded)
        self.resized.emit()


class Banner(QObject):
    """Keeps the pills centred at the foot of the canvas, one above the other."""

    def __init__(self, generation: Generation, compare: Compare, view: QWidget) -> None:
        super().__init__(view)
        self._view = view
        self._generation, self._compare = generation, compare
        self.activity = ActivityPill(generation, compare, view)
        self.comparing = ComparePill(compare, view)
        self.problem = ProblemPill(view)
        self._pills: list[Pill] = []
        for pill in (self.activity, self.comparing, self.problem):
            self.stack(pill)
        view.installEventFilter(self)
        generation.session.notices.warned.connect(self.problem.show_problem)
        generation.changed.connect(self._changed)
        generation.live.switched.connect(self._live_switched)
        self._place()

    def stack(self, pill: Pill) -> None:
        """Keep another pill, above those that are there."""
        self._pills.append(pill)
        pill.resized.connect(self._place)

    def set_keys(self, key: Callable[[CompareMode], str]) -> None:
        """Say which keys take the modes."""
        keys = {mode: key(mode) for mode in CompareMode}
        for choice in (self.activity.modes, self.comparing.modes):
            choice.set_keys(keys)

    def escape(self) -> bool:
        """End a comparison, or else cancel the run, put the problem away, end live mode, or discard the result. Returns
        whether there was any.
        """
        generation = self._generation
        return (
            self._compare.end_comparison()
            or generation.cancel()
            or self.problem.put_away()
            or generation.stop_live()
            or generation.discard()
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _changed(self) -> None:
        if Activity.PREPARING in self._generation.underway:
            self.problem.put_away()

    def _live_switched(self) -> None:
        live = self._generation.live
        if live.on and not live.broken:
            self.problem.put_away()

    def _place(self) -> None:
        room = self._view.width() - 2 * FOOT + 2 * SHADOW
        foot = self._view.height() - FOOT + SHADOW
        self.activity.fit(room)
        for pill in self._pills:
            if pill.isHidden():
                continue
            width = pill.width_for(room) if isinstance(pill, ProblemPill) else min(room, pill.sizeHint().width())
            height = pill.heightForWidth(width) if pill.hasHeightForWidth() else pill.sizeHint().height()
            pill.resize(width, height)
            pill.move(QPoint((self._view.width() - width) // 2, round(foot - height + pill.lift)))
            foot -= height - 2 * SHADOW + FOOT // 2
