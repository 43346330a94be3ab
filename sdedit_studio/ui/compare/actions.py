"""Actions of the comparison: the painting alone, the split, and the modes."""

from __future__ import annotations

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.compare.compare import RESULT_PLACES, Compare, CompareMode
from sdedit_studio.ui.generation.generation import Generation


def before_actions(generation: Generation, compare: Compare) -> list[Action]:
    """Looking at the painting without the result."""

    def shown() -> bool:
        return generation.shown is not None

    return [
        Action(
            "generate.compare",
            "See before (hold)",
            compare.show_before_until_pressed,
            ("\\",),
            enabled=shown,
            key_run=compare.show_before_while_held,
        ),
        Action(
            "generate.split",
            "Split between before and after",
            compare.toggle_split,
            (),
            "columns-2",
            enabled=shown,
            checked=lambda: compare.mode is CompareMode.SPLIT and compare.split > 0,
        ),
    ]


def mode_actions(compare: Compare) -> list[Action]:
    """Actions for the comparison modes."""

    def look(mode: CompareMode, title: str, key: str, icon: str) -> Action:
        looked_at = mode not in RESULT_PLACES
        return Action(
            mode_id(mode),
            title,
            lambda: compare.toggle_mode(mode),
            (key,),
            icon,
            enabled=(lambda: compare.comparison.right is not None) if looked_at else None,
            checked=lambda: compare.mode is mode,
        )

    return [
        look(CompareMode.SPLIT, "Result over the painting", "F3", "columns-2"),
        look(CompareMode.SIDE_BY_SIDE, "Result beside the painting", "F4", "square-split-horizontal"),
        look(CompareMode.WINDOW, "Result in its own window", "F5", "app-window"),
        look(CompareMode.FLICKER, "Painting and result by turns", "F7", "repeat-2"),
        look(CompareMode.DIFFERENCE, "Difference of painting and result", "F8", "diff"),
    ]


def mode_id(mode: CompareMode) -> str:
    """The id of the action that takes a mode."""
    return f"view.result-{mode.value}"
