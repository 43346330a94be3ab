"""The list of results: found, starred, deleted and put back, by mouse and keyboard."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdedit_studio.document.results import Results
from sdedit_studio.files import results as files
from sdedit_studio.parameters import Parameters, Solver
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import new_document
from sdedit_studio.ui.results.list import PICTURE, drawn_thumbnail
from sdedit_studio.ui.results.search import matches
from tests.ui.flow import settle
from tests.ui.results.history import CTRL, LEFT

# The offscreen platform cannot raise a menu.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", extend=True)


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
        panel, session = history.panel, history.flow.session
        records = [await history.made((seed, 0, 0), seed=seed) for seed in (1, 2, 3, 4)]
        history.actions.star(records, True)
        session.set_results(replace(history.results, budget=history.results.nbytes - 1))
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
        history.flow.session.set_results(Results())
        history.actions.star([record], True)
        assert len(history.results) == 0 and history.actions.deleted == ()

    story(told)


def test_what_was_deleted_in_one_document_is_not_put_back_into_another(story):
    async def told(history):
        history.actions.delete([await history.made(seed=1)])
        history.flow.session.open(new_document(96, 64), None)
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
        history.flow.session.set_results(Results(many))
        QApplication.sendPostedEvents()
        await settle()
        assert len(history.listed()) == 400
        assert len(history.panel.list.itemDelegate()._pictures) < 20

    story(told)


def test_a_search_meets_what_can_be_said_of_a_result():
    picture = np.zeros((4, 4, 3), np.uint8)
    settings = Parameters(t0=0.42, seed=311, condition="mountain", prompt="a red barn", solver=Solver.HEUN)
    given = {"frame": Rect(0, 0, 4, 4), "canvas": (4, 4), "calls": 8, "seconds": 1.0}
    record = files.new_record(picture, picture, None, parameters=settings.as_dict(), **given)
    for search in ("", "311", "seed 31", "seed=311", "0.4", ".42", "t0 0.42", "Mount", "scenes", "heun", "barn red"):
        assert matches(record, search), search
    for search in ("312", "0.5", "sea", "starred", "yesterday", "mountain sea"):
        assert not matches(record, search), search
    assert matches(record, "today")
    assert matches(replace(record, starred=True), "starred mountain")
    may = replace(record, time=datetime(2026, 5, 3, 12, tzinfo=UTC))
    assert matches(may, "may 2026")
    assert matches(may, "2026-05")
    ten = replace(record, time=datetime(2026, 5, 3, 10, 10).astimezone())
    assert matches(ten, "10:1") and not matches(ten, "seed 1") and not matches(ten, "t0 .1")
    assert matches(replace(record, time=datetime.now(UTC) - timedelta(days=1)), "yesterday")
