"""Actions of the models."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.base.dialog import answered
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.models.dialog import ModelsDialog
from sdedit_studio.ui.models.models import Models


def models_action(window: QWidget, models: Models, tasks: Tasks) -> Action:
    def show() -> None:
        tasks.start(answered(ModelsDialog(window, models)))

    return Action("generate.models", "Models…", show, (), "box")
