"""Actions of the tools: choosing one, and changing its tip."""

from __future__ import annotations

from collections.abc import Callable

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.brushes import Brushes
from sdedit_studio.ui.tools.tool import Tool
from sdedit_studio.ui.tools.toolbox import TOOLS


def tool_actions(session: Session) -> list[Action]:
    return [
        Action(
            f"tool.{tool.id}",
            tool.title,
            lambda tool=tool: session.set_tool(tool.id),
            (tool.shortcut,) if tool.shortcut else (),
            tool.icon,
        )
        for tool in TOOLS
    ]


def brush_actions(tool: Callable[[], Tool], brushes: Brushes) -> list[Action]:
    """`tool`: the one that is chosen."""

    def strength(tenths: int) -> Action:
        percent = 10 * tenths
        return Action(
            f"brush.opacity-{percent}",
            f"Paint with {percent} % opacity",
            lambda: tool().set_opacity(percent / 100),
            (str(tenths % 10),),
        )

    return [
        Action("brush.smaller", "Smaller tip", lambda: tool().resize(-1), ("[",), repeats=True),
        Action("brush.larger", "Larger tip", lambda: tool().resize(1), ("]",), repeats=True),
        Action("brush.softer", "Softer tip", lambda: tool().harden(-1), ("Shift+[",), repeats=True),
        Action("brush.harder", "Harder tip", lambda: tool().harden(1), ("Shift+]",), repeats=True),
        *(strength(tenths) for tenths in range(1, 11)),
        Action(
            "brush.mirror",
            "Paint on both sides",
            lambda: brushes.set_mirror(not brushes.mirror),
            (),
            "flip-horizontal-2",
            checked=lambda: brushes.mirror,
        ),
    ]
