"""The history of results: what is kept, found, shown again, compared and put away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import sleep

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMenu, QPushButton

from sdedit_studio.document.edits import with_canvas
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Record, Results
from sdedit_studio.engine.job import Pixels, Result
from sdedit_studio.files import pictures
from sdedit_studio.files import results as files
from sdedit_studio.parameters import Parameters, Solver
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui import result_actions
from sdedit_studio.ui.edit import edit_of
from sdedit_studio.ui.file_actions import FileActions
from sdedit_studio.ui.generation import State
from sdedit_studio.ui.panels.result_list import PICTURE, RECORD_ROLE, drawn_thumbnail, star_area
from sdedit_studio.ui.panels.result_search import meets
from sdedit_studio.ui.panels.results import ResultsPanel
from sdedit_studio.ui.preferences import Preferences
from sdedit_studio.ui.profile import Profile
from sdedit_studio.ui.result_actions import ResultActions, presentable, recorded
from sdedit_studio.ui.studio import new_document
from sdedit_studio.ui.task_edits import HARMONISE, task_edit
from sdedit_studio.ui.tasks import Tasks
from sdedit_studio.ui.variation import Variation
from sdedit_studio.ui.widgets.notice_bar import NoticeBar
from tests.ui.generation.conftest import Flow, painted_document

# The offscreen platform cannot raise a menu.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)

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
        return self.flow.studio.results

    async def made(self, colour=(200, 40, 10), **parameters) -> Record:
        """A run from beginning to end, and its record."""
        self.flow.studio.set_parameters(**parameters)
        self.flow.generation.seed_locked = "seed" in parameters or self.flow.generation.seed_locked
        before = self.results
        await self.flow.finished(colour)
        await self.flow.until(lambda: self.results is not before)
        return self.results.records[-1]

    async def shown(self) -> None:
        await self.flow.until(lambda: self.flow.generation.state is State.RESULT and self.actions.waiting)

    def listed(self) -> list[Record]:
        model = self.panel.list.model()
        return [model.index(row, 0).data(RECORD_ROLE) for row in range(model.rowCount())]

    def click(self, row: int, modifiers=NONE, *, star: bool = False, twice: bool = False) -> None:
        view = self.panel.list
        area = view.visualRect(view.model().index(row, 0))
        at = star_area(area).center() if star else area.center()
        (QTest.mouseDClick if twice else QTest.mouseClick)(view.viewport(), LEFT, modifiers, at)


@pytest.fixture
def story(flow, loop, qtbot, tmp_path):
    """Run a story, an async function of a `History`."""

    def run(told) -> None:
        async def whole() -> None:
            errors: list[Exception] = []
            async with asyncio.TaskGroup() as group:
                tasks = Tasks(group, errors.append)
                notice = NoticeBar(flow.view)
                chosen = FileActions(flow.studio, tasks, Preferences(Profile.at(tmp_path).settings), flow.view)
                actions = ResultActions(flow.studio, flow.generation, flow.compare, chosen, tasks, notice)
                panel = ResultsPanel(flow.studio, actions)
                panel.resize(348, 420)
                qtbot.addWidget(panel)
                qtbot.addWidget(notice)
                panel.show()
                await told(History(flow, actions, panel, notice, chosen, errors))
                tasks.cancel()
            for error in errors:
                raise error

        loop.run_until_complete(whole())

    return run


# --- What is kept --------------------------------------------------------------------------------------------------


def test_every_run_is_kept_with_what_it_was_made_from(story):
    async def told(history):
        flow = history.flow
        assert not flow.studio.modified
        record = await history.made((200, 40, 10), t0=0.55, seed=7, condition="mountain")
        assert (record.settings.t0, record.settings.seed, record.settings.condition) == (0.55, 7, "mountain")
        assert (record.calls, record.seconds, record.frame, record.canvas) == (8, 1.25, Rect(0, 0, 96, 64), (96, 64))
        assert (files.rgb(record.picture) == (200, 40, 10)).all()
        guide = flatten(flow.studio.document.layers, flow.studio.document.bounds)[..., 2::-1]
        assert np.array_equal(files.rgb(record.guide), guide)
        assert flow.studio.modified
        assert history.actions.waiting == record.id
        flow.generation.discard()
        assert len(history.results) == 1
        assert history.actions.waiting is None

    story(told)


def test_applying_keeps_no_second_record_and_undo_takes_none(story):
    async def told(history):
        await history.made(seed=7)
        await history.flow.applied()
        await asyncio.sleep(0.05)
        assert len(history.results) == 1
        history.flow.studio.undo()
        assert len(history.results) == 1

    story(told)


def test_what_was_not_a_run_is_kept_when_it_is_applied(story):
    async def told(history):
        flow = history.flow
        await history.made(seed=7)
        edit, result = flow.generation._finished.edit, flow.generation.result
        other = replace(result, unpasted=type(result.unpasted).of(np.full((64, 96, 3), 9, np.uint8)))
        flow.generation.present(edit, other)
        await asyncio.sleep(0.05)
        assert len(history.results) == 1
        await flow.applied()
        await flow.until(lambda: len(history.results) == 2)
        assert (files.rgb(history.results.records[-1].picture) == 9).all()

    story(told)


def test_a_starred_variation_is_kept_with_its_star_and_applying_it_keeps_no_second(story):
    async def told(history):
        flow = history.flow
        edit = edit_of(flow.studio.document, Parameters(seed=5), 0)
        small = Pixels.of(np.full((32, 48, 3), 70, np.uint8))
        variation = Variation(edit, picture=small, call=8, seconds=0.5, starred=True)
        history.actions.keep_variation(variation)
        await flow.until(lambda: len(history.results) == 1)
        record = history.results.records[0]
        assert record.starred
        assert files.rgb(record.picture).shape == (64, 96, 3)
        flow.generation.present(edit, variation.result())
        await flow.applied()
        await flow.until(lambda: history.results.records[0].time > record.time)
        assert [each.starred for each in history.results] == [True]

    story(told)


def test_a_mask_is_kept_and_comes_back_with_the_picture(story):
    async def told(history):
        flow = history.flow
        document = flow.studio.document
        flow.studio.amend(document.but(selection=rectangle(Rect(10, 10, 40, 30), document.bounds)))
        record = await history.made(seed=2)
        assert files.coverage(record.mask).max() == 255
        flow.generation.discard()
        flow.studio.amend(flow.studio.document.but(selection=None))
        history.actions.show(record)
        await history.shown()
        before = flow.studio.document
        await flow.applied()
        layer = flow.studio.document.active_layer
        assert layer.mask is not None
        inside = flow.studio.document.frame is None and layer.mask.content_bounds()
        assert inside == Rect(10, 10, 40, 30)
        untouched = Rect(60, 0, 36, 64)
        after = flatten(flow.studio.document.layers, untouched)
        assert np.array_equal(after, flatten(before.layers, untouched))

    story(told)


def test_another_document_has_results_of_its_own(story):
    async def told(history):
        flow = history.flow
        await history.made(seed=7)
        run = await flow.started()
        flow.studio.open(new_document(96, 64), None)
        assert len(history.results) == 0
        run.finish()
        await asyncio.sleep(0.05)
        assert len(history.results) == 0
        assert history.panel.room.text() == "0 results, 0 of 64 MB"

    story(told)


# --- The list ------------------------------------------------------------------------------------------------------


def test_the_panel_teaches_then_lists_the_newest_first_and_counts(story):
    async def told(history):
        panel = history.panel
        assert panel.empty.isVisible()
        assert "Generate" in panel.empty.text()
        first, second = await history.made(seed=1), await history.made((1, 2, 3), seed=2)
        assert [record.id for record in history.listed()] == [second.id, first.id]
        assert not panel.empty.isVisible()
        assert panel.room.text().startswith("2 results, 0.0 of 64 MB")
        panel.search.setText("no such thing")
        assert panel.empty.isVisible()
        assert "seed" in panel.empty.text()
        panel.search.setText("seed 1")
        assert [record.id for record in history.listed()] == [first.id]

    story(told)


def test_a_new_result_is_chosen_unless_two_are_being_compared(story):
    async def told(history):
        for seed in (1, 2, 3):
            record = await history.made((seed, 0, 0), seed=seed)
            assert history.panel.list.records == [record]
        history.click(1)
        history.click(2, CTRL)
        chosen = history.panel.list.records
        await history.made((4, 0, 0), seed=4)
        assert history.panel.list.records == chosen
        history.panel.search.setText("seed 3")
        history.panel.search.setText("")
        assert len(history.panel.list.records) <= 1

    story(told)


def test_stars_are_set_by_mouse_and_key_and_can_be_all_there_is(story):
    async def told(history):
        panel = history.panel
        first, second = await history.made(seed=1), await history.made((1, 2, 3), seed=2)
        history.click(1, star=True)
        assert history.results.record(first.id).starred
        QTest.mouseClick(panel.only_starred, LEFT)
        assert [record.id for record in history.listed()] == [first.id]
        QTest.mouseClick(panel.only_starred, LEFT)
        history.click(0)
        QTest.keyClick(panel.list, Qt.Key.Key_Space)
        assert history.results.record(second.id).starred
        QTest.keyClick(panel.list, Qt.Key.Key_Space)
        assert not history.results.record(second.id).starred

    story(told)


def test_deleted_results_can_be_put_back(story):
    async def told(history):
        panel = history.panel
        records = [await history.made((seed, 0, 0), seed=seed) for seed in (1, 2, 3)]
        history.flow.generation.discard()
        history.click(0)
        history.click(1, CTRL)
        assert [record.id for record in panel.list.records] == [records[2].id, records[1].id]
        QTest.keyClick(panel.list, Qt.Key.Key_Delete)
        assert history.results.records == (records[0],)
        assert panel.deleted.text() == "Deleted 2 results."
        assert [record.id for record in panel.list.records] == [records[0].id], "the neighbour is chosen"
        QTest.mouseClick(panel.put_back, LEFT)
        assert list(history.results) == records
        assert not panel.put_back.isVisible()

    story(told)


def test_what_has_no_room_without_its_star_can_be_put_back_with_it(story):
    async def told(history):
        panel, studio = history.panel, history.flow.studio
        records = [await history.made((seed, 0, 0), seed=seed) for seed in (1, 2, 3, 4)]
        history.actions.star(records, True)
        studio.set_results(replace(history.results, budget=history.results.nbytes - 1))
        kept = history.results
        panel.list.selectAll()
        QTest.keyClick(panel.list, Qt.Key.Key_Space)
        assert [record.settings.seed for record in history.results] == [2, 3, 4], "the oldest goes first"
        assert panel.deleted.text() == "Deleted 1 result."
        QTest.mouseClick(panel.put_back, LEFT)
        assert history.results.records[0] == kept.records[0]
        assert [record.settings.seed for record in history.actions.deleted] == [2], "nor is what made room for it lost"
        QTest.mouseClick(panel.put_back, LEFT)
        assert [record.settings.seed for record in history.results] == [1, 3, 4]
        assert [record.settings.seed for record in history.actions.deleted] == [2]

    story(told)


def test_a_star_for_one_that_went_meanwhile_is_no_failure(story):
    async def told(history):
        record = await history.made(seed=1)
        history.flow.studio.set_results(Results())
        history.actions.star([record], True)
        assert len(history.results) == 0 and history.actions.deleted == ()

    story(told)


def test_what_was_deleted_in_one_document_is_not_put_back_into_another(story):
    async def told(history):
        history.actions.delete([await history.made(seed=1)])
        history.flow.studio.open(new_document(96, 64), None)
        assert history.actions.deleted == ()
        assert not history.panel.put_back.isVisible()

    story(told)


def test_a_thumbnail_is_decoded_when_seen_and_a_damaged_one_is_a_plain_plate(story):
    async def told(history):
        record = await history.made((200, 40, 10), seed=1)
        good = drawn_thumbnail(record.thumbnail, PICTURE, 1.0).toImage().pixelColor(30, 20)
        assert abs(good.red() - 200) < 12
        bad = drawn_thumbnail(record.thumbnail[:-20], PICTURE, 1.0)
        assert not bad.isNull()

    story(told)


def test_hundreds_are_listed_without_a_picture_decoded(story):
    async def told(history):
        record = await history.made(seed=1)
        many = tuple(
            replace(record, id=str(number), parameters={**record.parameters, "seed": number}) for number in range(400)
        )
        history.flow.studio.set_results(Results(many))
        QApplication.sendPostedEvents()
        await asyncio.sleep(0.05)
        assert len(history.listed()) == 400
        assert len(history.panel.list.itemDelegate()._pictures) < 20

    story(told)


# --- What can be done with one -------------------------------------------------------------------------------------


def test_double_click_shows_and_enter_applies_what_is_shown(story):
    async def told(history):
        flow = history.flow
        first = await history.made((10, 20, 30), seed=1)
        await history.made((200, 0, 0), seed=2)
        flow.generation.discard()
        history.click(1, twice=True)
        await history.shown()
        assert history.actions.waiting == first.id
        assert flow.generation.result.job.parameters.seed == 1
        assert history.panel.list._to_show() is None, "Enter is left to the window, which applies"
        await flow.applied()
        assert flow.studio.document.active_layer.name == "SDEdit 0.40, seed 1"
        assert flow.studio.document.active_layer.pixels.pixel(5, 5) == (30, 20, 10, 255)
        await asyncio.sleep(0.05)
        assert len(history.results) == 2

    story(told)


def test_it_is_made_a_layer_again_in_one_go(story):
    async def told(history):
        flow = history.flow
        record = await history.made((10, 20, 30), seed=1)
        flow.generation.discard()
        before = flow.studio.document
        history.actions.apply(record)
        await flow.until(lambda: flow.studio.document is not before)
        assert flow.studio.history.undo_label == "Apply result"
        assert flow.studio.document.active_layer.generation["seed"] == 1

    story(told)


def test_one_shown_while_another_is_being_applied_comes_after_it(story):
    async def told(history):
        flow = history.flow
        first, _ = await history.made((10, 20, 30), seed=1), await history.made((200, 0, 0), seed=2)
        assert flow.generation.apply()
        history.actions.show(first)
        await flow.until(lambda: history.actions.waiting == first.id)
        assert flow.studio.document.active_layer.generation["seed"] == 2
        assert flow.generation.painted_since.content_bounds().empty, "it is seen over what was applied"
        await flow.applied()
        assert flow.studio.document.active_layer.generation["seed"] == 1

    story(told)


def test_enter_in_the_list_shows_the_chosen_one(story):
    async def told(history):
        record = await history.made(seed=1)
        history.flow.generation.discard()
        history.click(0)
        QTest.keyClick(history.panel.list, Qt.Key.Key_Return)
        await history.shown()
        assert history.actions.waiting == record.id

    story(told)


def test_a_run_under_way_is_not_given_up_for_an_old_result(story):
    async def told(history):
        record = await history.made(seed=1)
        run = await history.flow.started()
        history.actions.show(record)
        await asyncio.sleep(0.05)
        assert not run.closed
        assert "A run is under way" in history.flow.messages[-1]

    story(told)


def test_on_another_canvas_it_can_be_added_as_a_layer(story):
    async def told(history):
        flow = history.flow
        record = await history.made((10, 20, 30), seed=1)
        flow.studio.push("Canvas size", with_canvas(flow.studio.document, 200, 100))
        history.actions.show(record)
        await flow.until(lambda: not history.notice.isHidden())
        assert "96 × 64" in history.notice.text.text()
        button = next(each for each in history.notice.findChildren(QPushButton) if each.text() == "Add as a layer")
        button.click()
        await asyncio.sleep(0)
        flow.studio.push("Stroke", flow.studio.document.but(selection=None))
        await flow.until(lambda: len(flow.studio.document.layers) == 3)
        assert flow.studio.document.active_layer.pixels.content_bounds().width == 96
        assert flow.studio.history.undo_label == "Add result as a layer"

    story(told)


def test_its_settings_come_back_with_the_seed_kept(story):
    async def told(history):
        studio = history.flow.studio
        await history.made(seed=31, t0=0.7, solver=Solver.HEUN, condition="forest")
        studio.set_parameters(seed=5, t0=0.2, solver=Solver.DPMPP_2M, condition=None)
        history.flow.generation.seed_locked = False
        history.click(0)
        QTest.mouseClick(history.panel.restore, LEFT)
        now = studio.parameters
        assert (now.seed, now.t0, now.solver, now.condition) == (31, 0.7, Solver.HEUN, "forest")
        assert history.flow.generation.seed_locked

    story(told)


async def protected(history) -> Record:
    """A result for which the left half was held back more and more; nothing is protected any more."""
    flow = history.flow
    held = np.repeat(np.arange(64, dtype=np.uint8)[None, :] * 4, 64, axis=0)[:, ::-1]
    document = flow.studio.document
    flow.studio.push("Protect", document.but(protection=Tiles.from_array(np.ascontiguousarray(held))))
    record = await history.made(seed=1)
    flow.generation.discard()
    flow.studio.undo()
    return record


def test_with_its_settings_comes_back_what_was_protected_in_one_step(story):
    async def told(history):
        flow, actions = history.flow, history.actions
        record = await protected(history)
        job = flow.engine.runs[-1].job
        before = flow.studio.document
        assert before.protection is None
        actions.restore_settings(record)
        await flow.until(lambda: flow.studio.document is not before)
        assert flow.studio.history.undo_label == "Protect as for the result"
        assert (await flow.started()).job == job, "so that it is made again"
        flow.generation.cancel()
        now = flow.studio.document
        actions.restore_settings(record)
        await asyncio.sleep(0.05)
        assert flow.studio.document is now, "it is so already"
        flow.studio.undo()
        assert flow.studio.document is before
        actions.show(record)
        await history.shown()
        assert flow.generation.result.job == job

    story(told)


def test_what_was_protected_on_another_canvas_is_said(story):
    async def told(history):
        flow = history.flow
        record = await protected(history)
        flow.studio.push("Resize", with_canvas(flow.studio.document, 200, 150))
        history.actions.restore_settings(record)
        await flow.until(lambda: flow.problems)
        assert "canvas of another size" in flow.problems[0][0]
        assert flow.studio.document.protection is None

    story(told)


def test_what_a_task_holds_back_by_itself_is_no_protection():
    boat = Layer("Boat", Tiles.from_array(np.full((20, 30, 4), 255, np.uint8), 30, 20))
    edit = task_edit(HARMONISE, painted_document().inserted(boat), Parameters(), 0)
    result = Result(edit.job, edit.job.guide, edit.job.guide, 1.0, 8)
    assert edit.job.strength is not None
    assert recorded(edit, result).strength is None


def test_a_damaged_result_says_so(story):
    async def told(history):
        record = await history.made(seed=1)
        history.flow.generation.discard()
        history.actions.show(replace(record, picture=record.picture[:20]))
        await history.flow.until(lambda: history.flow.problems)
        assert "damaged" in history.flow.problems[0][0]
        assert history.flow.generation.state is State.IDLE

    story(told)


def test_its_picture_is_exported_with_its_settings(story, tmp_path):
    async def told(history):
        record = await history.made((10, 20, 30), seed=1)
        history.actions.export(record)
        view = history.flow.view
        await history.flow.until(lambda: view.findChildren(QFileDialog))
        dialog = view.findChildren(QFileDialog)[0]
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        await history.flow.until(dialog.isVisible)
        field.setText(str(tmp_path / "one.png"))
        QTest.keyClick(field, Qt.Key.Key_Return)
        await history.flow.until(lambda: "Exported one.png." in history.flow.messages)
        assert pictures.read(tmp_path / "one.png")[3, 3].tolist() == [30, 20, 10, 255]
        assert pictures.read_metadata(tmp_path / "one.png")["seed"] == 1

    story(told)


def test_the_menu_offers_what_fits_the_number_chosen(story):
    async def told(history):
        for seed in (1, 2, 3):
            await history.made((seed, 0, 0), seed=seed)

        def offered() -> dict[str, bool]:
            history.panel._show_menu(history.panel.pos())
            menu = history.panel.findChildren(QMenu)[-1]
            found = {action.text(): action.isEnabled() for action in menu.actions() if action.text()}
            menu.close()
            return found

        history.click(0)
        assert offered()["Compare with the painting"]
        history.click(1, CTRL)
        two = offered()
        assert (two["Compare the two"], two["Show"], two["Delete"]) == (True, False, True)
        history.click(2, CTRL)
        assert not history.panel.compare.isEnabled()

    story(told)


# --- Search --------------------------------------------------------------------------------------------------------


def test_a_search_meets_what_can_be_said_of_a_result():
    picture = np.zeros((4, 4, 3), np.uint8)
    settings = Parameters(t0=0.42, seed=311, condition="mountain", prompt="a red barn", solver=Solver.HEUN)
    given = {"frame": Rect(0, 0, 4, 4), "canvas": (4, 4), "calls": 8, "seconds": 1.0}
    record = files.made(picture, picture, None, parameters=settings.as_dict(), **given)
    for search in ("", "311", "seed 31", "seed=311", "0.4", ".42", "t0 0.42", "Mount", "scenes", "heun", "barn red"):
        assert meets(record, search), search
    for search in ("312", "0.5", "sea", "starred", "yesterday", "mountain sea"):
        assert not meets(record, search), search
    assert meets(record, "today")
    assert meets(replace(record, starred=True), "starred mountain")
    may = replace(record, time=datetime(2026, 5, 3, 12, tzinfo=UTC))
    assert meets(may, "may 2026")
    assert meets(may, "2026-05")
    ten = replace(record, time=datetime(2026, 5, 3, 10, 10).astimezone())
    assert meets(ten, "10:1") and not meets(ten, "seed 1") and not meets(ten, "t0 .1")
    assert meets(replace(record, time=datetime.now(UTC) - timedelta(days=1)), "yesterday")


# --- Comparing -----------------------------------------------------------------------------------------------------


def test_two_are_compared_with_each_other_and_one_with_the_painting(story):
    async def told(history):
        compare = history.flow.compare
        await history.made((10, 20, 30), seed=1)
        await history.made((200, 0, 0), seed=2)
        history.flow.generation.discard()
        history.click(0)
        history.click(1, CTRL)
        QTest.mouseClick(history.panel.compare, LEFT)
        await history.flow.until(lambda: compare.comparing)
        sides = compare.sides
        assert sides.names == ("t₀ 0.40, seed 1", "t₀ 0.40, seed 2"), "the older one is at the left"
        assert sides.left.picture.array[0, 0].tolist() == [10, 20, 30]
        assert sides.right.picture.array[0, 0].tolist() == [200, 0, 0]
        compare.end_between()
        history.click(1)
        QTest.mouseClick(history.panel.compare, LEFT)
        await history.flow.until(lambda: compare.comparing)
        assert compare.sides.left is None
        assert compare.sides.right.picture.array[0, 0].tolist() == [10, 20, 30]
        assert compare.sides.names[0] == "Your painting"
        compare.end_between()
        history.actions.compare_with_guide(history.results.records[0])
        await history.flow.until(lambda: compare.comparing)
        assert compare.sides.names == ("Its guide", "t₀ 0.40, seed 1")
        assert compare.sides.left.picture.array[0, 0].tolist() == [120, 180, 220]
        history.actions.show(history.results.records[0])
        await history.shown()
        assert not compare.comparing, "what was asked for last is seen"

    story(told)


def test_nothing_is_compared_on_a_canvas_that_came_meanwhile(story):
    async def told(history):
        record = await history.made(seed=1)
        history.flow.generation.discard()
        for compare in (history.actions.compare_with_guide, lambda record: history.actions.compare([record])):
            compare(record)
            await asyncio.sleep(0)
            history.flow.studio.open(new_document(96, 64), None)
            await asyncio.sleep(0.1)
            assert not history.flow.compare.comparing

    story(told)


def test_of_two_asked_for_in_a_row_the_later_one_is_shown(story, monkeypatch):
    async def told(history):
        first, second = await history.made(seed=1), await history.made((1, 2, 3), seed=2)
        history.flow.generation.discard()

        def slowly(record, *rest):
            sleep(0.1 if record is first else 0)
            return presentable(record, *rest)

        monkeypatch.setattr(result_actions, "presentable", slowly)
        history.actions.show(first)
        history.actions.show(second)
        await asyncio.sleep(0.3)
        assert history.actions.waiting == second.id

    story(told)
