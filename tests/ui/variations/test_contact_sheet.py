"""The contact sheet in the panel, by mouse and keyboard."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sdedit_studio.engine.job import Pixels
from tests.editing.documents import painted_document
from tests.ui.flow import settle
from tests.ui.variations.sheets import begun, filled, shown


def middle(flow, row: int) -> QPoint:
    sheet = flow.panel.sheet.sheet
    return sheet.visualRect(sheet.model().index(row, 0)).center()


def click(flow, row: int, modifier=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.mouseClick(flow.panel.sheet.sheet.viewport(), Qt.MouseButton.LeftButton, modifier, middle(flow, row))


def test_four_in_a_row_as_wide_as_the_panel(flow, tell):
    async def story(flow):
        flow.variations.count = 16
        await begun(flow)
        sheet = flow.panel.sheet.sheet
        await flow.until(lambda: sheet.isVisible() and sheet.width() > 250)
        tops = {sheet.visualRect(sheet.model().index(row, 0)).top() for row in range(16)}
        assert len(tops) == 4
        last = sheet.visualRect(sheet.model().index(15, 0))
        assert sheet.viewport().rect().contains(last) and last.right() > sheet.width() - 8

    tell(story)


def test_the_mouse_chooses_and_leaves_the_keyboard_to_the_painting(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        flow.view.setFocus()
        click(flow, 1)
        await shown(flow, variations.sheet[1])
        assert not flow.panel.sheet.sheet.hasFocus()
        click(flow, 3, Qt.KeyboardModifier.ControlModifier)
        assert list(variations.chosen) == [variations.sheet[1], variations.sheet[3]]
        assert flow.panel.sheet.blend.isVisible() and not flow.panel.sheet.more.isVisible()
        click(flow, 2)
        await shown(flow, variations.sheet[2])
        assert flow.panel.sheet.more.isVisible() and flow.panel.sheet.lock.isVisible()

    tell(story)


def test_a_double_click_works_one_out(flow, tell):
    async def story(flow):
        await filled(flow)
        click(flow, 2)
        viewport, at = flow.panel.sheet.sheet.viewport(), QPointF(middle(flow, 2))
        left = Qt.MouseButton.LeftButton
        event = QMouseEvent(
            QEvent.Type.MouseButtonDblClick, at, viewport.mapToGlobal(at), left, left, Qt.KeyboardModifier.NoModifier
        )
        QApplication.sendEvent(viewport, event)
        QTest.mouseRelease(viewport, left, Qt.KeyboardModifier.NoModifier, middle(flow, 2))
        await flow.until(lambda: flow.engine.runs)
        await settle()
        assert not flow.engine.runs[0].closed and flow.engine.runs[0].job.parameters.seed == 3

    tell(story)


def test_all_of_it_by_keyboard(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        sheet = flow.panel.sheet.sheet
        sheet.setFocus(Qt.FocusReason.TabFocusReason)
        QTest.keyClick(sheet, Qt.Key.Key_Right)
        QTest.keyClick(sheet, Qt.Key.Key_Right)
        assert [each.seed for each in variations.chosen] == [3]
        QTest.keyClick(sheet, Qt.Key.Key_S)
        assert variations.sheet[2].starred
        QTest.keyClick(sheet, Qt.Key.Key_L)
        assert flow.session.parameters.seed == 3
        QTest.keyClick(sheet, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
        assert len(variations.chosen) == 2
        before = flow.session.document
        QTest.keyClick(sheet, Qt.Key.Key_B)
        await flow.until(lambda: flow.session.document is not before)
        QTest.keyClick(sheet, Qt.Key.Key_Left)
        QTest.keyClick(sheet, Qt.Key.Key_Return)
        await flow.until(lambda: flow.engine.runs)
        runs = len(flow.engine.idle)
        QTest.keyClick(sheet, Qt.Key.Key_M)
        await flow.until(lambda: len(flow.engine.idle) > runs)

    tell(story)


def test_only_what_is_ready_can_be_chosen(flow, tell):
    async def story(flow):
        runs = await begun(flow)
        runs[0].progress(8)
        runs[0].finish()
        variations = flow.variations
        await flow.until(lambda: variations.sheet[0].done)
        click(flow, 1)
        assert variations.chosen == ()
        click(flow, 0)
        assert [each.seed for each in variations.chosen] == [1]

    tell(story)


def test_a_right_click_asks_for_the_menu_of_what_is_under_it(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        asked = []
        flow.panel.sheet.menu_requested.connect(asked.append)
        sheet, at = flow.panel.sheet.sheet, middle(flow, 2)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, sheet.viewport().mapToGlobal(at))
        QApplication.sendEvent(sheet.viewport(), event)
        assert [each.seed for each in variations.chosen] == [3] and len(asked) == 1

    tell(story)


def test_what_is_chosen_stays_chosen_while_the_sheet_fills(flow, tell):
    async def story(flow):
        runs = await begun(flow)
        runs[0].progress(8)
        runs[0].finish()
        variations, sheet = flow.variations, flow.panel.sheet.sheet
        await flow.until(lambda: variations.sheet[0].done)
        click(flow, 0)
        await filled(flow, runs[1:])
        assert [each.seed for each in variations.chosen] == [1] and len(sheet.selectedIndexes()) == 1

    tell(story)


def test_a_sheet_of_a_tall_painting_has_tall_pictures(flow, tell):
    async def story(flow):
        flow.session.open(painted_document(64, 96), None)
        await begun(flow)
        sheet = flow.panel.sheet.sheet
        await flow.until(lambda: sheet.isVisible() and sheet.width() > 250)
        cell = sheet.visualRect(sheet.model().index(0, 0))
        assert cell.height() > 1.2 * cell.width()

    tell(story)


def test_pictures_say_what_they_are(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        variations.choose([variations.sheet[0]])
        variations.star()
        model = flow.panel.sheet.sheet.model()
        assert model.data(model.index(0), Qt.ItemDataRole.AccessibleTextRole) == "seed 1, starred"
        assert model.data(model.index(1), Qt.ItemDataRole.AccessibleTextRole) == "seed 2"
        assert isinstance(variations.sheet[0].picture, Pixels)

    tell(story)
