"""All tools, in the order of the tool column."""

from __future__ import annotations

from collections.abc import Iterator

from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.tools.boxes import CropTool, FrameTool
from sdedit_studio.ui.tools.brushes import Brushes
from sdedit_studio.ui.tools.flood import FillTool, WandTool
from sdedit_studio.ui.tools.gradient import GradientTool
from sdedit_studio.ui.tools.move import MoveTool
from sdedit_studio.ui.tools.navigate import PanTool, ZoomTool
from sdedit_studio.ui.tools.pick import PickTool
from sdedit_studio.ui.tools.select import EllipseSelectTool, LassoTool, RectangleSelectTool, Selecting
from sdedit_studio.ui.tools.shapes import ShapesTool
from sdedit_studio.ui.tools.strokes import BrushTool, EraserTool, SmudgeTool
from sdedit_studio.ui.tools.tool import Canvas, Tool

TOOLS: tuple[type[Tool], ...] = (
    BrushTool,
    EraserTool,
    SmudgeTool,
    GradientTool,
    FillTool,
    ShapesTool,
    RectangleSelectTool,
    EllipseSelectTool,
    LassoTool,
    WandTool,
    MoveTool,
    CropTool,
    FrameTool,
    PickTool,
    PanTool,
    ZoomTool,
)


class Toolbox:
    """One of each tool, for one canvas. `brushes` and `selecting` are what several of them share."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        self.brushes = Brushes()
        self.selecting = Selecting()
        painting = (session, canvas)
        choosing = (*painting, self.selecting)
        tools: tuple[Tool, ...] = (
            *(tool(session, canvas, self.brushes) for tool in (BrushTool, EraserTool, SmudgeTool)),
            *(tool(*painting) for tool in (GradientTool, FillTool, ShapesTool, MoveTool, CropTool)),
            *(tool(*choosing) for tool in (RectangleSelectTool, EllipseSelectTool, LassoTool, WandTool)),
            *(tool(session, canvas) for tool in (FrameTool, PickTool, PanTool, ZoomTool)),
        )
        by_id = {tool.id: tool for tool in tools}
        self._tools = {tool.id: by_id[tool.id] for tool in TOOLS}

    def __iter__(self) -> Iterator[Tool]:
        return iter(self._tools.values())

    def tool(self, tool_id: str) -> Tool:
        """Raises KeyError for an id that no tool has."""
        return self._tools[tool_id]
