"""The flow with the panel of its results."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.document.results import Record, Results
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.results.list import RECORD_ROLE, star_area
from sdedit_studio.ui.results.panel import ResultsPanel
from sdedit_studio.ui.results.result_actions import ResultActions
from sdedit_studio.ui.widgets.notice_bar import NoticeBar
from tests.ui.flow import Flow

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier


@dataclass
class History:
    """The flow with the panel of its results."""

    flow: Flow
    actions: ResultActions
    panel: ResultsPanel
    notice: NoticeBar
    files: FileActions
    errors: list[Exception] = field(default_factory=list)

    @property
    def results(self) -> Results:
        return self.flow.session.results

    async def made(self, colour=(200, 40, 10), **parameters) -> Record:
        """A run from beginning to end, and its record."""
        self.flow.session.set_parameters(**parameters)
        self.flow.generation.seed_locked = "seed" in parameters or self.flow.generation.seed_locked
        before = self.results
        await self.flow.finished(colour)
        await self.flow.until(lambda: self.results is not before)
        return self.results.records[-1]

    async def shown(self) -> None:
        await self.flow.until(lambda: self.flow.generation.activity is Activity.RESULT and self.actions.waiting)

    def listed(self) -> list[Record]:
        model = self.panel.list.model()
        return [model.index(row, 0).data(RECORD_ROLE) for row in range(model.rowCount())]

    def click(self, row: int, modifiers=NONE, *, star: bool = False, twice: bool = False) -> None:
        view = self.panel.list
        area = view.visualRect(view.model().index(row, 0))
        at = star_area(area).center() if star else area.center()
        (QTest.mouseDClick if twice else QTest.mouseClick)(view.viewport(), LEFT, modifiers, at)
