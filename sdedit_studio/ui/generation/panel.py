"""The SDEdit panel: t0, model, seed, refinement, the Generate button, its cost and what it leaves unchanged."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from sdedit_studio.document.regions import strokes_on_a_photograph
from sdedit_studio.engine.job import Phase
from sdedit_studio.parameters import Refine
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.base.actions import Actions
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.advanced import Advanced
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.live_button import LiveButton
from sdedit_studio.ui.generation.seed_field import SeedField
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.models.row import ModelChoice
from sdedit_studio.ui.widgets.buttons import IconButton, PrimaryButton, SecondaryButton
from sdedit_studio.ui.widgets.slider_row import SliderRow

REFINES = {
    Refine.DETAIL: ("detail", "A detail network carries the picture to the canvas's own size: crisp, and fast."),
    Refine.SDE: ("SDE", "The model itself, step by step to the canvas's own size: the pure method, softer and slow."),
    Refine.OFF: ("off", "Leave the picture at the model's own size, enlarged. Fastest."),
}


OLD_REFINE = ("2×", "By the model itself, to twice its own size at most, as earlier versions did it.")
"""Name and tip of a refinement that only documents of earlier versions use."""


class SdeditPanel(QWidget):
    """Shows and sets `session.parameters`, and starts `generation`.

    `strip` and `sheet`: the t0 strip and the variations, which have their places here.
    """

    def __init__(
        self, session: Session, generation: Generation, models: Models, strip: QWidget, sheet: QWidget
    ) -> None:
        super().__init__()
        self._session = session
        self._generation = generation
        self._models = models
        self.strip, self.sheet = strip, sheet
        self._noised = False

        self.t0 = SliderRow("Change t₀", 0, 1, session.parameters.t0, decimals=2)
        self.t0.value_changed.connect(lambda t0: session.set_parameters(t0=t0))
        self.keeps = QLabel(wordWrap=True)
        self.keeps.setProperty("role", "hint")

        self.model = ModelChoice(session, models)
        self.native = QLabel(wordWrap=True)
        self.native.setProperty("role", "hint")

        self.seed = SeedField()
        self.seed.chosen.connect(self._keep_seed)
        self.seed.lock_toggled.connect(self._lock_seed)
        self.seed.rolled.connect(generation.new_seed)
        self.refine = QComboBox()
        self.refine.setAccessibleName("Refine")
        for index, (text, tip) in enumerate(REFINES.values()):
            self.refine.addItem(text)
            self.refine.setItemData(index, tip, Qt.ItemDataRole.ToolTipRole)
        self.refine.setPlaceholderText(OLD_REFINE[0])
        self.refine.activated.connect(lambda index: models.choose_refine(tuple(REFINES)[index]))
        self.advanced = Advanced(session, models)

        self.generate = PrimaryButton("Generate", "sparkles", "Ctrl ↵")
        self.generate.setMinimumHeight(34)
        self.generate.setToolTip("Turn the painting into a picture (Ctrl+Enter)")
        self.generate.clicked.connect(generation.generate)
        self.live = LiveButton(generation.live)
        self.live.setMinimumHeight(34)
        self.live.setToolTip("Let the picture follow your strokes (Ctrl+Shift+Enter)")
        self.live.clicked.connect(generation.toggle_live)
        self.result_place = IconButton(
            "chevron-down", "Where the picture shows: over the painting, beside it, in its own window"
        )
        self.result_place.setFixedSize(22, 34)
        self.result_place.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.strokes = SecondaryButton("Edit with strokes", "brush")
        self.strokes.setToolTip("Change the photograph only where you painted on it")
        self.status = QLabel(wordWrap=True)
        self.cost = QLabel(wordWrap=True)
        self.cost.setProperty("role", "hint")
        self.cost.setAlignment(Qt.AlignmentFlag.AlignTop)

        column = QVBoxLayout(self)
        column.setContentsMargins(4 * theme.SPACE, 3 * theme.SPACE, 4 * theme.SPACE, 3 * theme.SPACE)
        column.setSpacing(2 * theme.SPACE)
        column.addWidget(self.t0)
        column.addSpacing(-2 * theme.SPACE)
        column.addWidget(_Ends(self.t0))
        column.addWidget(self.keeps)
        column.addWidget(strip)
        column.addWidget(self.model)
        column.addSpacing(-theme.SPACE)
        column.addWidget(self.native)
        column.addLayout(self._seed_row())
        column.addLayout(self._start_row())
        column.addWidget(self.strokes)
        column.addWidget(self.status)
        column.addWidget(self.cost)
        column.addWidget(sheet)
        column.addWidget(self.advanced)
        column.addStretch(1)

        generation.changed.connect(self._show)
        models.changed.connect(self._adopt_defaults)
        models.changed.connect(self._show)
        session.selection_changed.connect(self._show)
        session.history_changed.connect(self._show_strokes)
        self._adopt_defaults()
        self._show()
        self._show_strokes()

    def set_noised(self, noised: bool) -> None:
        """Say whether the canvas shows what the model starts from."""
        self._noised = noised
        self._show()

    def set_keys(self, actions: Actions) -> None:
        """Say which keys do the same as the buttons."""
        key = actions.key_text("generate.start")
        self.generate.set_key(_drawn(key))
        self.generate.setToolTip(f"Turn the painting into a picture ({key})" if key else "")
        key = actions.key_text("generate.live").replace("Return", "Enter")
        self.live.setToolTip(f"Let the picture follow your strokes{f' ({key})' if key else ''}")
        self.strokes.set_key(_drawn(actions.key_text("generate.strokes")))

    def _seed_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * theme.SPACE)
        for text, part, stretch in (("Seed", self.seed, 3), ("Refine", self.refine, 2)):
            label = QLabel(text)
            label.setBuddy(part)
            row.addWidget(label)
            row.addWidget(part, stretch)
        return row

    def _start_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(2 * theme.SPACE)
        row.addWidget(self.generate, 1)
        row.addWidget(self.live)
        row.addSpacing(-theme.SPACE)
        row.addWidget(self.result_place)
        return row

    def _adopt_defaults(self) -> None:
        """Double-clicking a slider goes back to what is best for the chosen model."""
        if model := self._models.chosen:
            self.t0.set_default(model.default_t0)
            self.advanced.steps.set_default(model.default_calls)

    def _keep_seed(self, seed: int) -> None:
        self._session.set_parameters(seed=seed)
        self._generation.seed_locked = True

    def _lock_seed(self, locked: bool) -> None:
        self._generation.seed_locked = locked

    def _show_strokes(self) -> None:
        """Painting over a photograph, one hardly wants all of it changed."""
        self.strokes.setVisible(strokes_on_a_photograph(self._session.document))

    def _show(self) -> None:
        parameters, generation = self._session.parameters, self._generation
        estimate, status = generation.estimate, generation.status
        self.t0.set_value(parameters.t0)
        self.keeps.setText(words.NOISED if self._noised else words.keeps(parameters.t0))
        self.keeps.setToolTip(words.level(parameters.t0, estimate))
        self.t0.track.setToolTip(f"{words.level(parameters.t0, estimate)}\nThe keys , and . change it by 0.05.")
        self.native.setText(words.native(self._models.chosen, estimate))
        self.native.setVisible(self._models.chosen is not None)
        self.seed.set_seed(parameters.seed)
        self.seed.set_locked(generation.seed_locked)
        ways = tuple(REFINES)
        self.refine.setCurrentIndex(ways.index(parameters.refine) if parameters.refine in ways else -1)
        self.refine.setToolTip(REFINES.get(parameters.refine, OLD_REFINE)[1])
        self.live.setChecked(generation.live.on)
        broken = status.phase is Phase.BROKEN
        self.status.setVisible(broken or status.phase is Phase.WARMING_UP)
        self.status.setText(status.message if broken else words.WARMING_UP)
        self._set_role(self.status, "error" if broken else "secondary")
        self.cost.setText(f"{words.cost(estimate, status, generation.problem)} {words.promise(self._session.document)}")

    @staticmethod
    def _set_role(label: QLabel, role: str) -> None:
        if label.property("role") != role:
            label.setProperty("role", role)
            label.style().polish(label)


def _drawn(key: str) -> str:
    """A shortcut as it stands on a button."""
    return key.replace("+", " ").replace("Return", "↵")


class _Ends(QWidget):
    """Labels under both ends of the t0 slider."""

    def __init__(self, row: SliderRow) -> None:
        super().__init__()
        self._track = row.track
        self._track.installEventFilter(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._words = []
        for text in ("my strokes", "redrawn"):
            label = QLabel(text, self)
            label.setProperty("role", "hint")
            self._words.append(label)
        self.setFixedHeight(self._words[0].sizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show):
            left = self.mapFromGlobal(self._track.mapToGlobal(QPoint())).x()
            faithful, realistic = self._words
            for label in self._words:
                label.adjustSize()
            faithful.move(left, 0)
            realistic.move(left + self._track.width() - realistic.width(), 0)
        return super().eventFilter(watched, event)
