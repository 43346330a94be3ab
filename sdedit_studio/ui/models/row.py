"""Choice of the model, and of the class, prompt or guidance that this model takes."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from sdedit_studio import mix
from sdedit_studio.engine.job import ModelInfo
from sdedit_studio.parameters import Parameters
from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.models.mix import MOST, MixRows
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.widgets.buttons import IconButton
from sdedit_studio.ui.widgets.fields import ChoiceField, TextField
from sdedit_studio.ui.widgets.slider_row import SliderRow

MOST_GUIDANCE = 20.0
"""The most that a slider offers."""

FEW = 12
"""Up to so many classes stand beside the model's name; more have a list of their own."""


class ModelChoice(QWidget):
    """Shows and sets model, class, prompt and guidance of `session.parameters`."""

    def __init__(self, session: Session, models: Models) -> None:
        super().__init__()
        self._session, self._models = session, models
        self._scenes: list[tuple[str, str | None]] = []
        self._listed: list[ModelInfo] | None = None
        self._classes_of: ModelInfo | None = None
        self.scene = ChoiceField()
        self.scene.setAccessibleName("Model and kind of scene")
        self.scene.activated.connect(lambda index: models.choose(*self._scenes[index]))
        self.kind = ChoiceField()
        self.kind.setAccessibleName("Kind of scene")
        self.kind.setToolTip("What to expect in the picture. Type to find it.")
        self.kind.activated.connect(lambda index: session.set_parameters(condition=self.kind.itemData(index)))
        self.mix = MixRows()
        self.mix.changed.connect(lambda shares: session.set_parameters(condition=mix.write(shares)))
        self.add = IconButton("plus", "Mix another kind of scene into it")
        self.add.clicked.connect(self.mix.add)
        self.prompt = TextField(placeholderText="What the picture shows, in words")
        self.prompt.setAccessibleName("Prompt")
        self.prompt.textEdited.connect(lambda text: session.set_parameters(prompt=text.strip() or None))
        self.guidance = SliderRow("Guidance", 0, MOST_GUIDANCE, 1.0, decimals=1)
        self.guidance.track.setToolTip(
            "How closely the picture follows the words: 1 takes them as they are, more exaggerates them."
        )
        self.guidance.value_changed.connect(lambda guidance: session.set_parameters(guidance=guidance))

        self._kind_row = QWidget()
        row = QHBoxLayout(self._kind_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * theme.SPACE)
        label = QLabel("Shows")
        label.setBuddy(self.kind)
        row.addWidget(label)
        row.addWidget(self.kind, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * theme.SPACE)
        scene_row = QHBoxLayout()
        scene_row.setSpacing(theme.SPACE)
        scene_row.addWidget(self.scene, 1)
        scene_row.addWidget(self.add)
        column.addLayout(scene_row)
        for part in (self._kind_row, self.mix, self.prompt, self.guidance):
            column.addWidget(part)
        models.changed.connect(self._show)
        session.parameters_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self._list_scenes()
        parameters, model = self._session.parameters, self._models.chosen
        many = model is not None and len(model.classes) > FEW
        scene = (parameters.model, None if many else parameters.condition)
        self.scene.setCurrentIndex(self._scenes.index(scene) if scene in self._scenes else -1)
        self._kind_row.setVisible(many)
        if model is not None and many:
            self._list_kinds(model)
            self.kind.setCurrentIndex(self.kind.findData(parameters.condition))
        self._show_mix(parameters, model, many)
        reads = model is not None and model.takes_prompt
        self.prompt.setVisible(reads)
        self.guidance.setVisible(reads)
        if model is not None and reads:
            if self.prompt.text().strip() != (parameters.prompt or ""):
                self.prompt.setText(parameters.prompt or "")
            self.guidance.set_default(model.default_guidance)
            self.guidance.set_value(parameters.guidance)

    def _show_mix(self, parameters: Parameters, model: ModelInfo | None, many: bool) -> None:
        shares = {} if model is None else _shares(parameters.condition, model)
        text = words.mix(shares) if len(shares) > 1 else ""
        title = model.title if model is not None and not many and text else ""
        self.scene.show_unlisted(f"{title} · {text}" if title else "")
        self.scene.setToolTip(f"{text}\n{_tip(model)}" if title else _tip(model))
        self.kind.show_unlisted(text if many else "")
        classes = () if model is None else model.classes
        self.mix.set_shares(classes, shares)
        self.add.setVisible(len(classes) > 1)
        self.add.setEnabled(self.mix.can_add(shares, classes))
        self.add.setToolTip(_add_tip(shares))

    def _list_scenes(self) -> None:
        if self._models.installed == self._listed:
            return
        self._listed = self._models.installed
        titles = {model.name: model.title for model in self._listed}
        self._scenes = [(model.name, scene) for model in self._listed for scene in _scenes(model)]
        twice = {title for title in titles.values() if list(titles.values()).count(title) > 1}
        with QSignalBlocker(self.scene):
            self.scene.clear()
            for name, scene in self._scenes:
                title = f"{titles[name]} ({name})" if titles[name] in twice else titles[name]
                alone = sum(other == name for other, _ in self._scenes) == 1
                self.scene.addItem(title if alone else f"{title} · {scene or 'any'}")

    def _list_kinds(self, model: ModelInfo) -> None:
        if model == self._classes_of:
            return
        self._classes_of = model
        with QSignalBlocker(self.kind):
            self.kind.clear()
            for kind in (None, *model.classes) if model.knows_any else model.classes:
                self.kind.addItem(kind or "any", kind)


def _scenes(model: ModelInfo) -> tuple[str | None, ...]:
    if len(model.classes) > FEW or not model.classes:
        return (None,)
    return (None, *model.classes) if model.knows_any else model.classes


def _shares(condition: str | None, model: ModelInfo) -> dict[str, float]:
    """The shares of the classes in a condition; none for any, or for what the model does not know."""
    if condition is None:
        return {}
    try:
        shares = mix.read(condition, model.classes)
    except ValueError:
        return {}
    return shares if all(name in model.classes for name in shares) else {}


def _add_tip(shares: dict[str, float]) -> str:
    if not shares:
        return "Choose a kind of scene first, to mix another one into it"
    return "Mix another kind of scene into it" if len(shares) < MOST else "A mix has at most three kinds of scene"


def _tip(model: ModelInfo | None) -> str:
    if model is None:
        return "The model, and the kind of scene to expect in the picture"
    return f"{model.title}: made for pictures of {model.native} × {model.native} pixels"
