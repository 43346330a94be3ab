"""Actions of the view of the canvas."""

from __future__ import annotations

from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.canvas.view import CanvasView

TURN = 15
"""Degrees that a key turns the view by."""


def view_actions(canvas: CanvasView) -> list[Action]:
    return [
        Action("view.zoom-in", "Zoom in", canvas.zoom_in, ("Ctrl++", "Ctrl+=", "+"), "zoom-in", repeats=True),
        Action("view.zoom-out", "Zoom out", canvas.zoom_out, ("Ctrl+-", "-"), "zoom-out", repeats=True),
        Action("view.fit", "Fit in window", canvas.fit, ("Ctrl+0",), "maximize"),
        Action("view.actual", "100 %", canvas.actual_size, ("Ctrl+1",)),
        Action(
            "view.rotate-left", "Rotate view left", lambda: canvas.rotate_by(-TURN), ("Num+4", "Alt+4"), repeats=True
        ),
        Action(
            "view.rotate-right", "Rotate view right", lambda: canvas.rotate_by(TURN), ("Num+6", "Alt+6"), repeats=True
        ),
        Action("view.rotate-reset", "Upright view", canvas.reset_rotation, ("Num+5", "Alt+5")),
        Action(
            "view.mirror",
            "Mirror view",
            canvas.toggle_mirror,
            ("Shift+H",),
            "flip-horizontal-2",
            checked=lambda: canvas.mirrored,
        ),
    ]
