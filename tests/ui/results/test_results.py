"""The history of results: what is kept, shown again and compared."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu, QPushButton

from sdedit_studio.document.edits import with_canvas
from sdedit_studio.document.results import Record
from sdedit_studio.editing.edit import edit_of
from sdedit_studio.editing.records import edit_of_record
from sdedit_studio.editing.variation import Variation
from sdedit_studio.engine.job import Pixels
from sdedit_studio.files import pictures
from sdedit_studio.files import results as files
from sdedit_studio.parameters import Parameters, Solver
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.session import new_document
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.results import result_actions
from tests.ui.documents import push, put
from tests.ui.flow import settle
from tests.ui.results.history import CTRL, LEFT

# The offscreen platform cannot raise a menu.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


# --- What is kept --------------------------------------------------------------------------------------------------


def test_every_run_is_kept_with_what_it_was_made_from(story):
    async def told(history):
        flow = history.flow
        assert not flow.session.modified
        record = await history.made((200, 40, 10), t0=0.55, seed=7, condition="mountain")
        assert (record.settings.t0, record.settings.seed, record.settings.condition) == (0.55, 7, "mountain")
        assert (record.calls, record.seconds, record.frame, record.canvas) == (8, 1.25, Rect(0, 0, 96, 64), (96, 64))
        assert (files.rgb(record.picture) == (200, 40, 10)).all()
        guide = flatten(flow.session.document.layers, flow.session.document.bounds)[..., 2::-1]
        assert np.array_equal(files.rgb(record.guide), guide)
        assert flow.session.modified
        assert history.actions.waiting == record.id
        flow.generation.discard()
        assert len(history.results) == 1
        assert history.actions.waiting is None

    story(told)


def test_applying_keeps_no_second_record_and_undo_takes_none(story):
    async def told(history):
        await history.made(seed=7)
        await history.flow.applied()
        await settle()
        assert len(history.results) == 1
        history.flow.session.undo()
        assert len(history.results) == 1

    story(told)


def test_what_was_not_a_run_is_kept_when_it_is_applied(story):
    async def told(history):
        flow = history.flow
        await history.made(seed=7)
        edit, result = flow.generation._finished.edit, flow.generation.result
        other = replace(result, unpasted=type(result.unpasted).of(np.full((64, 96, 3), 9, np.uint8)))
        flow.generation.present(edit, other)
        await settle()
        assert len(history.results) == 1
        await flow.applied()
        await flow.until(lambda: len(history.results) == 2)
        assert (files.rgb(history.results.records[-1].picture) == 9).all()

    story(told)


def test_a_starred_variation_is_kept_with_its_star_and_applying_it_keeps_no_second(story):
    async def told(history):
        flow = history.flow
        edit = edit_of(flow.session.document, Parameters(seed=5), 0)
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
        document = flow.session.document
        put(flow.session, document.replace(selection=rectangle(Rect(10, 10, 40, 30), document.bounds)))
        record = await history.made(seed=2)
        assert files.coverage(record.mask).max() == 255
        flow.generation.discard()
        put(flow.session, flow.session.document.replace(selection=None))
        history.actions.show(record)
        await history.shown()
        before = flow.session.document
        await flow.applied()
        layer = flow.session.document.active_layer
        assert layer.mask is not None
        inside = flow.session.document.frame is None and layer.mask.content_bounds()
        assert inside == Rect(10, 10, 40, 30)
        untouched = Rect(60, 0, 36, 64)
        after = flatten(flow.session.document.layers, untouched)
        assert np.array_equal(after, flatten(before.layers, untouched))

    story(told)


def test_another_document_has_results_of_its_own(story):
    async def told(history):
        flow = history.flow
        await history.made(seed=7)
        run = await flow.started()
        flow.session.open(new_document(96, 64), None)
        assert len(history.results) == 0
        run.finish()
        await settle()
        assert len(history.results) == 0
        assert history.panel.room.text() == "0 results, 0 of 64 MB"

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
        assert flow.session.document.active_layer.name == "SDEdit 0.40, seed 1"
        assert flow.session.document.active_layer.pixels.pixel(5, 5) == (30, 20, 10, 255)
        await settle()
        assert len(history.results) == 2

    story(told)


def test_it_is_made_a_layer_again_in_one_go(story):
    async def told(history):
        flow = history.flow
        record = await history.made((10, 20, 30), seed=1)
        flow.generation.discard()
        before = flow.session.document
        history.actions.apply(record)
        await flow.until(lambda: flow.session.document is not before)
        assert flow.session.undo_label == "Apply result"
        assert flow.session.document.active_layer.generation["seed"] == 1

    story(told)


def test_one_shown_while_another_is_being_applied_comes_after_it(story):
    async def told(history):
        flow = history.flow
        first, _ = await history.made((10, 20, 30), seed=1), await history.made((200, 0, 0), seed=2)
        assert flow.generation.apply()
        history.actions.show(first)
        await flow.until(lambda: history.actions.waiting == first.id)
        assert flow.session.document.active_layer.generation["seed"] == 2
        assert flow.generation.painted_since.content_bounds().empty, "it is seen over what was applied"
        await flow.applied()
        assert flow.session.document.active_layer.generation["seed"] == 1

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
        await settle()
        assert not run.closed
        assert "A run is under way" in history.flow.messages[-1]

    story(told)


def test_on_another_canvas_it_can_be_added_as_a_layer(story):
    async def told(history):
        flow = history.flow
        record = await history.made((10, 20, 30), seed=1)
        push(flow.session, "Canvas size", with_canvas(flow.session.document, 200, 100))
        history.actions.show(record)
        await flow.until(lambda: not history.notice.isHidden())
        assert "96 × 64" in history.notice.text.text()
        button = next(each for each in history.notice.findChildren(QPushButton) if each.text() == "Add as a layer")
        button.click()
        await flow.until(lambda: len(flow.session.document.layers) == 3)
        assert flow.session.document.active_layer.pixels.content_bounds().width == 96
        assert flow.session.undo_label == "Add result as a layer"

    story(told)


def test_its_settings_come_back_with_the_seed_kept(story):
    async def told(history):
        session = history.flow.session
        await history.made(seed=31, t0=0.7, solver=Solver.HEUN, condition="forest")
        session.set_parameters(seed=5, t0=0.2, solver=Solver.DPMPP_2M, condition=None)
        history.flow.generation.seed_locked = False
        history.click(0)
        QTest.mouseClick(history.panel.restore, LEFT)
        now = session.parameters
        assert (now.seed, now.t0, now.solver, now.condition) == (31, 0.7, Solver.HEUN, "forest")
        assert history.flow.generation.seed_locked

    story(told)


async def protected(history) -> Record:
    """A result for which the left half was held back more and more; nothing is protected any more."""
    flow = history.flow
    held = np.repeat(np.arange(64, dtype=np.uint8)[None, :] * 4, 64, axis=0)[:, ::-1]
    document = flow.session.document
    push(flow.session, "Protect", document.replace(protection=Tiles.from_array(np.ascontiguousarray(held))))
    record = await history.made(seed=1)
    flow.generation.discard()
    flow.session.undo()
    return record


def test_with_its_settings_comes_back_what_was_protected_in_one_step(story):
    async def told(history):
        flow, actions = history.flow, history.actions
        record = await protected(history)
        job = flow.engine.runs[-1].job
        before = flow.session.document
        assert before.protection is None
        actions.restore_settings(record)
        await flow.until(lambda: flow.session.document is not before)
        assert flow.session.undo_label == "Protect as for the result"
        assert (await flow.started()).job == job, "so that it is made again"
        flow.generation.cancel()
        now = flow.session.document
        actions.restore_settings(record)
        await flow.session.until_settled()
        assert flow.session.document is now, "it is so already"
        flow.session.undo()
        assert flow.session.document is before
        actions.show(record)
        await history.shown()
        assert flow.generation.result.job == job

    story(told)


def test_what_was_protected_on_another_canvas_is_said(story):
    async def told(history):
        flow = history.flow
        record = await protected(history)
        push(flow.session, "Resize", with_canvas(flow.session.document, 200, 150))
        history.actions.restore_settings(record)
        await flow.until(lambda: flow.problems)
        assert "canvas of another size" in flow.problems[0][0]
        assert flow.session.document.protection is None

    story(told)


def test_a_damaged_result_says_so(story):
    async def told(history):
        record = await history.made(seed=1)
        history.flow.generation.discard()
        history.actions.show(replace(record, picture=record.picture[:20]))
        await history.flow.until(lambda: history.flow.problems)
        assert "damaged" in history.flow.problems[0][0]
        assert history.flow.generation.activity is Activity.NOTHING

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
        comparison = compare.comparison
        assert comparison.names == ("t₀ 0.40, seed 1", "t₀ 0.40, seed 2"), "the older one is at the left"
        assert comparison.left.picture.array[0, 0].tolist() == [10, 20, 30]
        assert comparison.right.picture.array[0, 0].tolist() == [200, 0, 0]
        compare.end_comparison()
        history.click(1)
        QTest.mouseClick(history.panel.compare, LEFT)
        await history.flow.until(lambda: compare.comparing)
        assert compare.comparison.left is None
        assert compare.comparison.right.picture.array[0, 0].tolist() == [10, 20, 30]
        assert compare.comparison.names[0] == "Your painting"
        compare.end_comparison()
        history.actions.compare_with_guide(history.results.records[0])
        await history.flow.until(lambda: compare.comparing)
        assert compare.comparison.names == ("Its guide", "t₀ 0.40, seed 1")
        assert compare.comparison.left.picture.array[0, 0].tolist() == [120, 180, 220]
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
            history.flow.session.open(new_document(96, 64), None)
            await settle()
            assert not history.flow.compare.comparing

    story(told)


def test_of_two_asked_for_in_a_row_the_later_one_is_shown(story, monkeypatch):
    async def told(history):
        first, second = await history.made(seed=1), await history.made((1, 2, 3), seed=2)
        history.flow.generation.discard()

        may_read = threading.Event()

        def slowly(record, *rest):
            if record is first:
                may_read.wait(5)
            return edit_of_record(record, *rest)

        monkeypatch.setattr(result_actions, "edit_of_record", slowly)
        history.actions.show(first)
        history.actions.show(second)
        await history.flow.until(lambda: history.actions.waiting == second.id)
        may_read.set()
        await settle()
        assert history.actions.waiting == second.id

    story(told)
