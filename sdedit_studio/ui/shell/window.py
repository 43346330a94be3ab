"""The main window: where everything lies, and how it is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QHideEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QToolBar, QVBoxLayout, QWidget

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Result
from sdedit_studio.engine.trajectory import Trajectory
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.actions import Action, Actions
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.canvas.actions import view_actions
from sdedit_studio.ui.canvas.hatching import Hatching
from sdedit_studio.ui.canvas.target_pill import TargetPill
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.colour.panel import ColourPanel
from sdedit_studio.ui.compare.actions import before_actions, mode_actions, mode_id
from sdedit_studio.ui.compare.banner import Banner
from sdedit_studio.ui.compare.compare import RESULT_PLACES, Compare
from sdedit_studio.ui.compare.stage import Stage
from sdedit_studio.ui.document.actions import (
    edit_actions,
    file_actions,
    image_actions,
    layer_actions,
    protection_actions,
    selection_actions,
)
from sdedit_studio.ui.document.autosave import Autosave
from sdedit_studio.ui.document.edit_actions import EditActions
from sdedit_studio.ui.document.file_actions import ORA, FileActions
from sdedit_studio.ui.document.layers_panel import LayersPanel
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.actions import generation_actions, regeneration_actions, seed_action
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.noised_guide import NoisedGuide
from sdedit_studio.ui.generation.panel import SdeditPanel
from sdedit_studio.ui.generation.regeneration import Regeneration
from sdedit_studio.ui.masked_tasks.actions import T0_STEP, masked_task_actions
from sdedit_studio.ui.masked_tasks.offer import HarmoniseOffer
from sdedit_studio.ui.masked_tasks.tasks import MaskedTasks
from sdedit_studio.ui.models.actions import models_action
from sdedit_studio.ui.models.models import Models
from sdedit_studio.ui.results.actions import playback_actions
from sdedit_studio.ui.results.panel import ResultsPanel
from sdedit_studio.ui.results.playback import Playback
from sdedit_studio.ui.results.result_actions import ResultActions
from sdedit_studio.ui.results.scrubber import Scrubber
from sdedit_studio.ui.results.steps_export import export_steps
from sdedit_studio.ui.shell.actions import (
    enter_and_escape_actions,
    focus_actions,
    help_actions,
    layout_actions,
    results_dock_action,
)
from sdedit_studio.ui.shell.arrangement import Arrangement
from sdedit_studio.ui.shell.docks import Docks
from sdedit_studio.ui.shell.enter_and_escape import EnterAndEscape
from sdedit_studio.ui.shell.focus import focus_next
from sdedit_studio.ui.shell.menus import LAYER_MENU, VARIATION_MENU, fill_menu_bar, fill_panels, fill_recent, show_menu
from sdedit_studio.ui.shell.option_bar import OptionBar, StabiliserButton
from sdedit_studio.ui.shell.startup import Startup
from sdedit_studio.ui.shell.status_bar import StatusBar
from sdedit_studio.ui.shell.title import NAME, DocumentTitle
from sdedit_studio.ui.shell.tool_column import ToolColumn
from sdedit_studio.ui.t0_strip.strip import Strip
from sdedit_studio.ui.t0_strip.view import StripView
from sdedit_studio.ui.tools.actions import brush_actions, tool_actions
from sdedit_studio.ui.tools.toolbox import TOOLS
from sdedit_studio.ui.variations.actions import variation_actions
from sdedit_studio.ui.variations.panel import VariationsRow
from sdedit_studio.ui.variations.variations import Variations
from sdedit_studio.ui.widgets.action_button import ActionButton
from sdedit_studio.ui.widgets.notice_bar import NoticeBar

SMALLEST_SIZE = QSize(1024, 600)


class Window(QMainWindow):
    """`closed()`: the window is gone for good and the program may end."""

    closed = Signal()

    def __init__(
        self, session: Session, engine: Engine, profile: Profile, preferences: Preferences, tasks: Tasks
    ) -> None:
        super().__init__()
        self.session, self.tasks = session, tasks
        self._profile, self._preferences = profile, preferences
        self._may_close = False
        self._seen = False
        self.setAccessibleName(NAME)
        self.setMinimumSize(SMALLEST_SIZE)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

        self.canvas = CanvasView(session)
        self.canvas.brushes.restore(preferences.brushes)
        self.generation = Generation(session, engine)
        self.regeneration = Regeneration(self.generation, lambda: self.canvas.tool)
        self.compare = Compare(self.generation, self.canvas)
        self.stage = Stage(self.canvas, self.compare, preferences)
        self.banner = Banner(self.generation, self.compare, self.stage)
        self.masked_tasks = MaskedTasks(self.generation, self.compare, tasks.start)
        self.offer = HarmoniseOffer(self.masked_tasks, self.stage)
        self.banner.stack(self.offer)
        self.target = TargetPill(session, self.canvas)
        self.hatching = Hatching(session, self.canvas)
        self.playback = Playback(self.generation)
        self.files = FileActions(session, tasks, preferences, self)
        self.edit = EditActions(session, tasks, self, self.canvas.visible_rect)
        self.layers = LayersPanel(session)
        self.colour = ColourPanel(session, preferences)
        self.models = Models(session, engine)
        self.strip = Strip(session, self.generation, lambda: self.canvas.busy)
        self.variations = Variations(self.generation)
        self.sheet = VariationsRow(self.variations)
        strip_view = StripView(session, self.strip)
        self.sdedit = SdeditPanel(session, self.generation, self.models, strip_view, self.sheet)
        self.noised = NoisedGuide(session, engine, self.canvas)
        self.notice = NoticeBar(self.canvas)
        self.result_actions = ResultActions(session, self.generation, self.compare, self.files, tasks, self.notice)
        self.results = ResultsPanel(session, self.result_actions)
        self.autosave = Autosave(session, self.files, tasks, profile.recovery)

        self._startup = Startup(preferences, self.generation, self.files, self.edit, self.autosave, self.notice)
        self._keys = EnterAndEscape(session, self.canvas, self.generation, self.banner, self.masked_tasks)
        self.actions_ = Actions(self._declared(), self, self.canvas, preferences)
        self.scrubber = Scrubber(self.playback, self.actions_, self.stage)
        self.banner.stack(self.scrubber)
        self._lay_out()
        self.stage.window_.addActions(self.actions())
        self._connect()
        self.arrangement.restore()
        self.title_label.show_title()
        self.canvas.setFocus()

    # --- Beginning -------------------------------------------------------------------------------------------------

    async def painted(self) -> None:
        """Wait until the window has been seen for the first time."""
        while not self._seen:
            await asyncio.sleep(0.005)

    def begin(self, files: Sequence[Path]) -> None:
        """Open the files asked for; else offer what a crash left behind; else, the very first time, a sample."""
        self.tasks.start(self._startup.begin(files))

    # --- What a person can ask for ---------------------------------------------------------------------------------

    def _declared(self) -> list[Action]:
        session, canvas, generation, compare = self.session, self.canvas, self.generation, self.compare
        return [
            *file_actions(self.files, self.edit),
            Action("file.quit", "Quit", self.close, ("Ctrl+Q",)),
            *edit_actions(session, self.edit, self._keys.undo, self._keys.redo),
            *image_actions(session, self.edit),
            *layer_actions(session, self.edit, self.layers.list),
            *regeneration_actions(session, self.edit, self.regeneration),
            *selection_actions(session, self.edit),
            *protection_actions(session, self.edit),
            *generation_actions(generation),
            *before_actions(generation, compare),
            *masked_task_actions(self.masked_tasks),
            seed_action(generation),
            results_dock_action(lambda: self.docks, self.results, canvas),
            models_action(self, self.models, self.tasks),
            *enter_and_escape_actions(self._keys),
            *mode_actions(compare),
            *playback_actions(self.playback, self._export_steps),
            *variation_actions(self.variations),
            *view_actions(canvas),
            *layout_actions(self, lambda: self.arrangement, self._preferences),
            *focus_actions(self, self._focus_next_part),
            *help_actions(self, lambda: self.actions_, self.tasks, self._profile.logs),
            *tool_actions(session),
            *brush_actions(lambda: canvas.tool, canvas.brushes),
        ]

    def _export_steps(self, trajectory: Trajectory, result: Result) -> None:
        self.tasks.start(export_steps(self, self.files, self.session, trajectory, result))

    def _focus_next_part(self) -> None:
        focus_next([self.canvas, *(dock.widget() for dock in self.docks if dock.isVisible()), self.option_bar])

    # --- Layout ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        actions = self.actions_
        self.title_label = DocumentTitle(self, self.session, self.files)
        self.menuBar().setCornerWidget(self.title_label, Qt.Corner.TopRightCorner)
        fill_menu_bar(
            self.menuBar(),
            actions,
            {
                "recent": (
                    "Open recent",
                    lambda menu: fill_recent(menu, self._preferences, self.files.open_path),
                ),
                "panels": ("Panels", lambda menu: fill_panels(menu, self.docks, actions)),
            },
        )
        self.option_bar = OptionBar(
            [
                ActionButton(actions, "brush.mirror"),
                StabiliserButton(self.canvas.brushes),
                ActionButton(actions, "edit.undo"),
                ActionButton(actions, "edit.redo"),
            ]
        )
        self.tool_column = ToolColumn(self.session, actions, TOOLS)
        self.status_bar = StatusBar(self.session, self.generation)
        bars = [
            self._bar(Qt.ToolBarArea.TopToolBarArea, self.option_bar, "options"),
            self._bar(Qt.ToolBarArea.LeftToolBarArea, self.tool_column, "tools"),
            self._bar(Qt.ToolBarArea.BottomToolBarArea, self.status_bar, "status"),
        ]
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.notice)
        column.addWidget(self.stage, 1)
        self.setCentralWidget(centre)

        self.docks = Docks.of(self.sdedit, self.layers, self.colour, self.results, actions)
        self.sdedit.result_place.setMenu(self._result_menu())
        self.arrangement = Arrangement(self, bars, self.docks, self._preferences)

    def _bar(self, area: Qt.ToolBarArea, content: QWidget, name: str) -> QToolBar:
        bar = QToolBar()
        bar.setObjectName(name)
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.addWidget(content)
        self.addToolBar(area, bar)
        return bar

    # --- What follows what -----------------------------------------------------------------------------------------

    def _connect(self) -> None:
        session, canvas = self.session, self.canvas
        for signal in (
            session.history_changed,
            session.gesture_changed,
            session.settled,
            session.layers_changed,
            session.selection_changed,
            session.document_replaced,
            session.target_changed,
            self.generation.changed,
            self.compare.changed,
            self.playback.changed,
            self.playback.moved,
            self.variations.changed,
            canvas.view_changed,
            canvas.brushes.changed,
            self.docks.results.visibilityChanged,
        ):
            signal.connect(self.actions_.refresh)
        self.compare.changed.connect(lambda: self.scrubber.set_aside(self.compare.comparing))
        self.variations.starred.connect(self.result_actions.keep_variation)
        session.tool_changed.connect(self._show_tool)
        canvas.open_requested.connect(self.files.open_path)
        self.edit.open_requested.connect(self.files.open_path)
        self.files.opened.connect(self._document_opened)
        self.files.saved.connect(self.status_bar.mark_saved)
        canvas.view_changed.connect(lambda: self.status_bar.set_zoom(canvas.zoom))
        canvas.cursor_moved.connect(self.status_bar.set_position)
        self.layers.list.menu_requested.connect(lambda at: show_menu(self, self.actions_, LAYER_MENU, at))
        self.regeneration.progressed.connect(self.layers.list.show_progress)
        self.banner.activity.nudged.connect(lambda by: self.masked_tasks.nudge_t0(by * T0_STEP))
        self.sdedit.strokes.clicked.connect(self.masked_tasks.edit_with_strokes)
        self.sheet.menu_requested.connect(lambda at: show_menu(self, self.actions_, VARIATION_MENU, at))
        self.tool_column.colours.swap_requested.connect(self.actions_["edit.swap-colours"].trigger)
        self.tool_column.colours.edit_requested.connect(self._show_colour_panel)
        self.sdedit.t0.track.pressed.connect(self.noised.show)
        self.sdedit.t0.track.released.connect(self.noised.hide)
        self.noised.shown_changed.connect(self.sdedit.set_noised)
        canvas.installEventFilter(self)
        self.actions_.changed.connect(self._show_keys)
        self._preferences.changed.connect(self._setting_changed)
        self._show_keys()
        self._show_tool(session.tool)
        self.status_bar.set_zoom(canvas.zoom)

    def _setting_changed(self, name: str) -> None:
        if name == Preferences.theme.name:
            app = QApplication.instance()
            assert isinstance(app, QApplication)
            theme.apply(app, theme.named(self._preferences.theme))
            self.actions_.retint()

    def _show_tool(self, tool_id: str) -> None:
        tool = self.canvas.toolbox.tool(tool_id)
        self.option_bar.show_tool(tool)
        self.status_bar.set_hint(tool.hint)

    def _show_keys(self) -> None:
        self.sdedit.set_keys(self.actions_)
        self.offer.set_key(self.actions_.key_text("generate.harmonise"))
        self.banner.set_keys(lambda mode: self.actions_.key_text(mode_id(mode)))

    def _document_opened(self) -> None:
        self.notice.hide()
        self.banner.problem.put_away()
        self.status_bar.forget_saved()

    def _show_colour_panel(self) -> None:
        self.docks.colour.reveal()
        self.colour.edit_hex()

    def _result_menu(self) -> QMenu:
        menu = QMenu(self)
        for mode in RESULT_PLACES:
            menu.addAction(self.actions_[mode_id(mode)])
        return menu

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.canvas and event.type() == QEvent.Type.Paint:
            self._seen = True
        return super().eventFilter(watched, event)

    # --- Files dropped on the window, beside the canvas ------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_files([Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()])
        event.acceptProposedAction()

    def drop_files(self, paths: list[Path]) -> None:
        """A document opens; pictures become layers."""
        documents = [path for path in paths if path.suffix.lower() == ORA]
        if documents:
            self.files.open_path(documents[0])
        else:
            self.edit.add_pictures(paths)

    # --- Showing and closing ---------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.generation.live.set_in_sight(not self.isMinimized())
        if not self._seen:
            QTimer.singleShot(0, self, self.arrangement.settle)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.generation.live.set_in_sight(False)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.generation.live.set_in_sight(self.isVisible() and not self.isMinimized())

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_close and (self.session.modified or self.session.busy or self.session.pen_down):
            event.ignore()
            self.tasks.start(self._close_when_settled())
            return
        self.arrangement.store()
        self._preferences.brushes = self.canvas.brushes.as_dict()
        self.models.close()
        self.regeneration.close()
        self.variations.close()
        self.strip.close()
        self.noised.hide()
        self.generation.close()
        self.compare.close()
        self.autosave.close()
        event.accept()
        self.closed.emit()

    def close_without_asking(self) -> None:
        self._may_close = True
        self.close()

    async def _close_when_settled(self) -> None:
        if await self.files.may_leave():
            self.close_without_asking()
