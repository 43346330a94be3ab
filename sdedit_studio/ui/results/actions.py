"""Actions for the steps of the run that made the waiting result."""

from __future__ import annotations

from collections.abc import Callable

from sdedit_studio.engine.job import Result
from sdedit_studio.engine.trajectory import Trajectory
from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.results.playback import Playback


def playback_actions(playback: Playback, export: Callable[[Trajectory, Result], None]) -> list[Action]:
    """`export` asks where to, and writes the steps of the result."""

    def available() -> bool:
        return playback.available

    def play_label() -> str:
        return "Pause the steps" if playback.playing else "Play the steps"

    def export_steps() -> None:
        if playback.trajectory is not None and playback.result is not None:
            export(playback.trajectory, playback.result)

    return [
        Action("generate.play", "Play the steps", playback.toggle, ("J",), "film", enabled=available, label=play_label),
        Action(
            "generate.step-back",
            "Step before",
            lambda: playback.step(-1),
            ("Shift+,",),
            "step-back",
            enabled=available,
            repeats=True,
        ),
        Action(
            "generate.step-forward",
            "Step after",
            lambda: playback.step(1),
            ("Shift+.",),
            "step-forward",
            enabled=available,
            repeats=True,
        ),
        Action("generate.export-steps", "Export the steps…", export_steps, (), "download", enabled=available),
    ]
