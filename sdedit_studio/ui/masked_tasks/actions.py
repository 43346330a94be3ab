"""Actions of the masked tasks."""

from __future__ import annotations

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.masked_tasks.tasks import MaskedTasks

T0_STEP = 0.05


def masked_task_actions(tasks: MaskedTasks) -> list[Action]:
    return [
        Action("generate.harmonise", "Harmonise", tasks.harmonise, ("Ctrl+H",), "blend"),
        Action("generate.strokes", "Edit with strokes", tasks.edit_with_strokes, ("Alt+Return", "Alt+Enter"), "brush"),
        Action("generate.less", "Change less", lambda: tasks.nudge_t0(-T0_STEP), (",",), repeats=True),
        Action("generate.more", "Change more", lambda: tasks.nudge_t0(T0_STEP), (".",), repeats=True),
    ]
