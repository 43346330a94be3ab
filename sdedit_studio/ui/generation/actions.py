"""Actions of the generation: runs, live mode, applying and discarding results, regenerating layers."""

from __future__ import annotations

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.document.edit_actions import EditActions
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.regeneration import Regeneration


def generation_actions(generation: Generation) -> list[Action]:
    """What would be applied or discarded has to be in sight."""

    def in_sight() -> bool:
        return generation.activity is not Activity.COMPARING

    return [
        Action("generate.start", "Generate", generation.generate, ("Ctrl+Return", "Ctrl+Enter"), "sparkles"),
        Action(
            "generate.live",
            "Live",
            generation.toggle_live,
            ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
            "play",
            checked=lambda: generation.live.on,
        ),
        Action("generate.cancel", "Cancel the run", generation.cancel, enabled=lambda: generation.underway.running),
        Action(
            "generate.apply",
            "Apply the result",
            generation.apply,
            enabled=lambda: generation.can_apply and in_sight(),
        ),
        Action(
            "generate.discard",
            "Discard the result",
            generation.discard,
            enabled=lambda: generation.underway.waits and in_sight(),
        ),
    ]


def seed_action(generation: Generation) -> Action:
    return Action("generate.seed", "New seed", generation.new_seed, (), "dices")


def regeneration_actions(session: Session, edits: EditActions, regeneration: Regeneration) -> list[Action]:
    """Actions for layers that are results."""

    def is_result() -> bool:
        return session.document.active_layer.generation is not None

    return [
        Action(
            "layer.again",
            "Generate again in place",
            regeneration.regenerate,
            ("Ctrl+R",),
            "refresh-cw",
            enabled=is_result,
        ),
        Action(
            "layer.follow",
            "Follow the layers below",
            lambda: edits.switch_layer("follows", "Let layer follow", "Stop following"),
            enabled=is_result,
            checked=lambda: is_result() and session.document.active_layer.follows,
        ),
    ]
