"""The Results panel: all that the model made of this document, to find, show, star, compare and put away."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QStackedLayout, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.results.list import ResultList
from sdedit_studio.ui.results.result_actions import ResultActions
from sdedit_studio.ui.results.search import matches
from sdedit_studio.ui.widgets.buttons import IconButton, SecondaryButton
from sdedit_studio.ui.widgets.fields import TextField

NONE_YET = (
    "Nothing here yet. Every picture that Generate makes is kept here with its settings, and saved with the "
    "painting. Then you can show one again, star the best, and compare any two."
)
NO_MATCH = "No result meets this search. Words that work: a seed, 0.4, a kind of scene, a model, starred, today."
ROOM = "When there is no room left, the oldest without a star go first."


class ResultsPanel(QWidget):
    """`room`: says how much is kept, for the title bar."""

    def __init__(self, session: Session, actions: ResultActions) -> None:
        super().__init__()
        self._session, self._actions = session, actions
        self.search = TextField(placeholderText="Search: seed, t₀, scene, today…")
        self.search.setAccessibleName("Search results")
        self.search.setClearButtonEnabled(True)
        self.search.setToolTip("Finds seeds, t₀, kinds of scene, models, solvers, prompts, days, and “starred”.")
        self.only_starred = IconButton(
            "star", "Only those with a star", size=16, side=28, checkable=True, checked_role="faithful"
        )
        self.list = ResultList(session, actions)
        self.empty = QLabel(wordWrap=True)
        self.empty.setProperty("role", "hint")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.empty.setContentsMargins(4 * theme.SPACE, 2 * theme.SPACE, 4 * theme.SPACE, 2 * theme.SPACE)
        self.show_button = SecondaryButton("Show")
        self.show_button.setToolTip("Show it on the canvas, to be applied or discarded (Enter)")
        self.restore = SecondaryButton("Use settings")
        self.restore.setToolTip("Take its settings for the next run, keep its seed, and protect what was protected")
        self.compare = SecondaryButton("Compare")
        self.delete = IconButton("trash-2", "Delete (Delete)", size=16, side=28)
        self.room = QLabel()
        self.room.setProperty("role", "hint")
        self.room.setToolTip(ROOM)
        self.room.setContentsMargins(0, 0, theme.SPACE, 0)
        self.deleted = QLabel()
        self.deleted.setProperty("role", "hint")
        self.put_back = SecondaryButton("Put back")
        self.put_back.setToolTip("Bring back what was deleted last")

        top, row, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        side, gap = 4 * theme.SPACE, 2 * theme.SPACE
        for layout in (top, row, foot):
            layout.setSpacing(gap)
        top.setContentsMargins(side, gap, 3 * theme.SPACE, gap)
        top.addWidget(self.search, 1)
        top.addWidget(self.only_starred)
        row.setContentsMargins(side, gap, 3 * theme.SPACE, gap)
        for button in (self.show_button, self.restore, self.compare):
            row.addWidget(button, 1)
        row.addWidget(self.delete)
        foot.setContentsMargins(side, 0, 3 * theme.SPACE, gap)
        foot.addWidget(self.deleted, 1)
        foot.addWidget(self.put_back)
        middle = QWidget()
        self._pages = QStackedLayout(middle)
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.empty)
        self._buttons, self._foot = QWidget(), QWidget()
        self._buttons.setLayout(row)
        self._foot.setLayout(foot)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._top = top
        column.addLayout(top)
        column.addWidget(middle, 1)
        column.addWidget(self._buttons)
        column.addWidget(self._foot)

        self.search.textChanged.connect(self._list)
        self.only_starred.toggled.connect(self._list)
        self.list.chosen.connect(self._show_choice)
        self.list.menu_requested.connect(self._show_menu)
        self.show_button.clicked.connect(lambda: actions.show(self.list.records[0]))
        self.restore.clicked.connect(lambda: actions.restore_settings(self.list.records[0]))
        self.compare.clicked.connect(lambda: actions.compare(self.list.records))
        self.delete.clicked.connect(lambda: actions.delete(self.list.records))
        self.put_back.clicked.connect(actions.put_back)
        session.results_changed.connect(self._results_changed)
        actions.changed.connect(self._show_room)
        self._listed: set[str] = set()
        self._results_changed()

    def sizeHint(self) -> QSize:
        """The same with results and without."""
        return QSize(300, sum(part.sizeHint().height() for part in (self._top, self.list, self._buttons)))

    def _results_changed(self) -> None:
        """A new one is chosen, unless two are chosen already, which is about to become a comparison."""
        before, results = self._listed, self._session.results
        self._listed = {record.id for record in results}
        self._list()
        if results and results.records[-1].id not in before and len(self.list.records) < 2:
            self.list.choose(results.records[-1])

    def _list(self) -> None:
        results, search = self._session.results, self.search.text()
        starred = self.only_starred.isChecked()
        found = [record for record in reversed(results.records) if record.starred or not starred]
        found = [record for record in found if matches(record, search)]
        self.list.show_records(found)
        self.empty.setText(NO_MATCH if len(results) else NONE_YET)
        self._pages.setCurrentWidget(self.list if found else self.empty)
        self._buttons.setVisible(bool(found))
        self._show_room()

    def _show_choice(self) -> None:
        count = len(self.list.records)
        self.show_button.setEnabled(count == 1)
        self.restore.setEnabled(count == 1)
        self.compare.setEnabled(count in (1, 2))
        self.compare.setToolTip(
            "Compare the two with each other"
            if count == 2
            else "Compare it with your painting. Ctrl+click another one to compare the two."
        )
        self.delete.setEnabled(count > 0)

    def _show_room(self) -> None:
        results, deleted = self._session.results, len(self._actions.deleted)
        self.room.setText(f"{_count(len(results))}, {_megabytes(results.nbytes)} of {results.budget >> 20} MB")
        self._foot.setVisible(deleted > 0)
        self.deleted.setText(f"Deleted {_count(deleted)}.")

    def _show_menu(self, at: QPoint) -> None:
        actions, chosen = self._actions, self.list.records
        single = len(chosen) == 1
        starred = all(record.starred for record in chosen)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Show", lambda: actions.show(chosen[0])).setEnabled(single)
        menu.addAction("Apply as a layer", lambda: actions.apply(chosen[0])).setEnabled(single)
        menu.addAction("Use settings", lambda: actions.restore_settings(chosen[0])).setEnabled(single)
        beside = "Compare the two" if len(chosen) == 2 else "Compare with the painting"
        menu.addAction(beside, lambda: actions.compare(chosen)).setEnabled(len(chosen) <= 2)
        menu.addAction("Compare with its guide", lambda: actions.compare_with_guide(chosen[0])).setEnabled(single)
        menu.addSeparator()
        menu.addAction("Take the star" if starred else "Star", lambda: actions.star(chosen, not starred))
        menu.addAction("Export picture…", lambda: actions.export(chosen[0])).setEnabled(single)
        menu.addAction("Delete", lambda: actions.delete(chosen))
        menu.popup(at)


def _count(results: int) -> str:
    return "1 result" if results == 1 else f"{results} results"


def _megabytes(size: int) -> str:
    megabytes = size / 2**20
    return f"{megabytes:.1f}" if 0 < megabytes < 9.95 else f"{megabytes:.0f}"
