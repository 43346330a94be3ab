"""What a person can ask of the steps that led to the waiting result."""

from __future__ import annotations

from collections.abc import Callable

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.results.playback import Playback


def playback_actions(playback: Playback, export: Callable[[], None]) -> list[Action]:
    """`export` asks where to, and writes the steps."""

    def available() -> bool:
        return playback.available

    def play_label() -> str:
        return "Pause the steps" if playback.playing else "Play the steps"

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
        Action("generate.export-steps", "Export the steps…", export, (), "download", enabled=available),
    ]
