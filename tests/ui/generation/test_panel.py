"""What the panel, the banner and the canvas overlay show and do, through the real widgets."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QImage, QKeySequence, QTransform
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from sdedit_studio.engine.job import Phase, Status
from sdedit_studio.parameters import Refine, Sde, Solver
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import words
from sdedit_studio.ui.generation.activity import Activity
from tests.ui.documents import push
from tests.ui.flow import settle

READY = Status(Phase.READY, "scenes-96", "CPU", 0.08)
WARMING_UP = Status(Phase.WARMING_UP, "scenes-96")


def click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def seen(flow) -> np.ndarray:
    """The canvas with its overlays as RGB, without the banner and the handle."""
    image = QImage(flow.view.size(), QImage.Format.Format_RGB888)
    image.fill(0)
    flow.view.render(image, QPoint(), flow.view.rect(), QWidget.RenderFlag.DrawWindowBackground)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)


async def shown(flow) -> None:
    """Wait until the overlay has been made ready, drawn and the handle put in its place."""
    await flow.until(
        lambda: (overlay := flow.compare._overlays.right) is not None and overlay.shown is flow.generation.shown
    )
    flow.view.repaint()
    await settle()


# --- The panel -----------------------------------------------------------------------------------------------------


def test_cost_and_promise_are_always_there(flow):
    assert flow.panel.cost.text() == (
        "14 model calls and detail, about 5 s on this computer. "
        "Your layers stay as they are; the result becomes a new one."
    )
    coverage = np.full((20, 20), 255, np.uint8)
    push(flow.session, "Select", flow.session.document.replace(selection=Tiles.from_array(coverage, 5, 5)))
    assert flow.panel.cost.text().endswith("Pixels outside the selection stay exactly as they are.")
    flow.session.set_parameters(calls=10, repeats=2)
    assert flow.panel.cost.text().startswith("26 model calls")


def test_warming_up_and_broken_are_said_in_the_panel(flow):
    assert flow.panel.status.isHidden()
    flow.engine.become(WARMING_UP)
    assert flow.panel.status.text() == "You can paint already; the model is warming up."
    assert not flow.panel.status.isHidden()
    assert flow.panel.cost.text().startswith("14 model calls and detail; their time is being measured.")
    flow.engine.become(Status(Phase.BROKEN, "scenes-96", message="The weights are damaged. Install again."))
    assert flow.panel.status.text() == "The weights are damaged. Install again."
    flow.engine.become(READY)
    assert flow.panel.status.isHidden()


def test_t0_goes_by_slider_keyboard_typing_and_nudges(flow):
    panel, session = flow.panel, flow.session
    QTest.keyClick(panel.t0.track, Qt.Key.Key_Right)
    assert session.parameters.t0 == pytest.approx(0.41)
    panel.t0.field.setFocus()
    panel.t0.field.selectAll()
    QTest.keyClicks(panel.t0.field, "0.1")
    QTest.keyClick(panel.t0.field, Qt.Key.Key_Return)
    assert session.parameters.t0 == 0.1
    assert panel.keeps.text() == "Keeps every stroke, adds a little texture."
    flow.generation.nudge_t0(0.05)
    assert session.parameters.t0 == 0.15 and panel.t0.value == 0.15
    assert flow.messages[-1] == "t₀ 0.15: Keeps your shapes and makes their surfaces natural."
    for _ in range(30):
        flow.generation.nudge_t0(-0.05)
    assert session.parameters.t0 == 0
    assert "σ = " in panel.t0.track.toolTip()


def test_every_t0_has_its_words_and_they_change_on_the_way():
    sentences = [words.keeps(step / 100) for step in range(101)]
    assert all(sentences) and len(dict.fromkeys(sentences)) == len(words.KEEPS)


def test_scene_refine_solver_and_sde_set_the_parameters(flow):
    panel, session = flow.panel, flow.session
    assert [panel.model.scene.itemText(i) for i in range(panel.model.scene.count())] == [
        "Scenes · any",
        "Scenes · forest",
        "Scenes · mountain",
    ]
    assert panel.model.scene.currentText() == "Scenes · any"
    panel.model.scene.setFocus()
    QTest.keyClick(panel.model.scene, Qt.Key.Key_Down)
    QTest.keyClick(panel.model.scene, Qt.Key.Key_Down)
    assert session.parameters.condition == "mountain"
    assert [panel.refine.itemText(i) for i in range(panel.refine.count())] == ["detail", "SDE", "off"]
    QTest.keyClick(panel.refine, Qt.Key.Key_Down)
    assert session.parameters.refine is Refine.SDE
    advanced = panel.advanced
    assert advanced.fold.summary == "8 steps · fast" and not advanced.solver.isVisible()
    click(advanced.fold)
    assert advanced.solver.isVisible() and not advanced.sde.isVisible()
    QTest.keyClicks(advanced.solver, "the")
    assert session.parameters.solver is Solver.EULER_MARUYAMA
    assert advanced.sde.isVisible() and "hundreds of steps" in advanced.purpose.text()
    click(advanced.sde.findChildren(QWidget)[1])
    assert session.parameters.sde is Sde.VE
    QTest.keyClick(advanced.repeats.track, Qt.Key.Key_Right)
    assert session.parameters.repeats == 2
    QTest.keyClick(advanced.steps.track, Qt.Key.Key_Right)
    assert session.parameters.calls > 8


def test_parameters_of_another_document_show_even_if_their_model_is_missing(flow):
    flow.session.set_parameters(model="gone", condition=None, t0=0.7, calls=30)
    assert flow.panel.t0.value == 0.7 and flow.panel.model.scene.currentIndex() == -1
    assert flow.panel.cost.text().startswith("There is no such model.")
    assert flow.generation.estimate is None
    flow.panel.model.scene.setFocus()
    QTest.keyClick(flow.panel.model.scene, Qt.Key.Key_Down)
    parameters = flow.session.parameters
    assert (parameters.model, parameters.t0, parameters.calls) == ("scenes-96", 0.4, 8)


def test_a_typed_seed_is_kept_and_the_die_takes_another(flow):
    seed, session = flow.panel.seed, flow.session
    seed.setFocus()
    seed.selectAll()
    QTest.keyClicks(seed, "99999999999")  # the eleventh figure is not taken, and the rest is too large
    QTest.keyClick(seed, Qt.Key.Key_Return)
    assert session.parameters.seed == 2**32 - 1
    assert flow.generation.seed_locked and seed.lock.isChecked()
    click(seed.lock)
    assert not flow.generation.seed_locked and not seed.lock.isChecked()
    click(seed.die)
    assert session.parameters.seed < 1_000_000 and flow.generation.seed_locked
    assert seed.text() == str(session.parameters.seed)


def test_everything_in_the_panel_has_a_name_and_can_be_reached_by_keyboard(flow):
    flow.panel.advanced.fold.setChecked(True)
    flow.session.set_parameters(solver=Solver.EULER_MARUYAMA)
    order, widget = [], flow.panel.t0.track
    while widget not in order:
        order.append(widget)
        widget = widget.nextInFocusChain()
    reached = [part for part in order if part.focusPolicy() & Qt.FocusPolicy.TabFocus and part.isVisible()]
    for part in (
        flow.panel.t0.track,
        flow.panel.t0.field,
        flow.panel.model.scene,
        flow.panel.seed,
        flow.panel.seed.lock,
        flow.panel.seed.die,
        flow.panel.refine,
        flow.panel.advanced.fold,
        flow.panel.advanced.steps.track,
        flow.panel.advanced.solver,
        flow.panel.generate,
    ):
        assert part in reached
        assert part.accessibleName() or part.text(), part


def test_the_panel_fits_its_column(flow):
    flow.panel.advanced.fold.setChecked(True)
    assert flow.panel.minimumSizeHint().width() <= 348 - 10


# --- The banner ----------------------------------------------------------------------------------------------------


def test_the_banner_tells_progress_and_offers_to_cancel(flow, tell):
    async def story(flow):
        pill = flow.banner.activity
        assert pill.isHidden()
        click(flow.panel.generate)
        await flow.until(lambda: flow.engine.runs)
        assert pill.isVisible() and pill.stage.text() == "Generating"
        flow.engine.runs[0].progress(11, calls=15, pass_index=1, left=1.94)
        await flow.until(lambda: pill.stage.text() == "Refining")
        assert pill.detail.text() == "call 11 of 15 · 1.9 s left"
        width = pill.width()
        await asyncio.sleep(0.25)
        counted = re.fullmatch(r"call 11 of 15 · (\d\.\d) s left", pill.detail.text())
        assert counted and float(counted[1]) < 1.9
        assert pill.width() == width
        assert 0 < pill.bar.part < 1
        click(pill.cancel)
        assert flow.generation.activity is Activity.NOTHING and pill.isHidden()

    tell(story)


def test_generate_before_the_model_is_ready_waits_and_says_so(flow, tell):
    async def story(flow):
        flow.engine.become(WARMING_UP)
        run = await flow.started()
        pill = flow.banner.activity
        assert pill.stage.text() == "Waiting for the model" and not pill.bar.isVisible()
        assert "you can paint already" in pill.detail.text()
        flow.engine.become(READY)
        assert pill.stage.text() == "Generating" and pill.bar.isVisible()
        run.finish()
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)

    tell(story)


def test_a_result_shows_its_seed_and_is_applied_or_discarded_from_the_banner(flow, tell):
    async def story(flow):
        pill = flow.banner.activity
        run = await flow.finished()
        assert pill.stage.text() == "t₀ 0.40" and pill.detail.text() == f"seed {run.job.parameters.seed}"
        click(pill.discard)
        assert pill.isHidden() and len(flow.session.document.layers) == 2
        await flow.finished()
        click(pill.apply)
        await flow.until(lambda: len(flow.session.document.layers) == 3)
        assert pill.isHidden()

    tell(story)


def test_holding_compare_shows_before(flow, tell):
    async def story(flow):
        await flow.finished()
        QTest.mousePress(flow.banner.activity.compare, Qt.MouseButton.LeftButton)
        assert flow.compare.before
        QTest.mouseRelease(flow.banner.activity.compare, Qt.MouseButton.LeftButton)
        assert not flow.compare.before

    tell(story)


def test_what_is_compared_is_let_go_when_it_goes_under_the_mouse(flow, tell):
    async def story(flow):
        await flow.finished()
        await settle()  # a click lets Qt's loop turn, in which no other task may go on than this one
        window, button = flow.view.windowHandle(), flow.banner.activity.compare
        at = button.mapTo(flow.view, button.rect().center())
        QTest.mousePress(window, Qt.MouseButton.LeftButton, pos=at)
        assert flow.compare.before
        flow.generation.discard()
        QTest.mouseRelease(window, Qt.MouseButton.LeftButton, pos=at)
        assert not flow.compare.before and not button.isDown()

    tell(story)


def test_a_problem_shows_one_sentence_with_details_behind_a_button(flow, tell):
    async def story(flow):
        run = await flow.started()
        run.fail("There is not enough memory. Choose a smaller frame.", "Traceback: MemoryError")
        pill = flow.banner.problem
        await flow.until(pill.isVisible)
        assert pill.sentence.text() == "There is not enough memory. Choose a smaller frame."
        assert not pill.text.isVisible()
        click(pill.details)
        assert pill.text.isVisible() and pill.text.toPlainText() == "Traceback: MemoryError"
        click(pill.copy)
        assert "MemoryError" in QApplication.clipboard().text()
        click(pill.dismiss)
        assert pill.isHidden()

    tell(story)


def test_a_hint_has_no_details_and_goes_when_the_next_run_starts(flow, tell):
    async def story(flow):
        flow.session.notices.warn("Paint something first.")
        assert flow.banner.problem.isVisible() and not flow.banner.problem.details.isVisible()
        await flow.started()
        assert flow.banner.problem.isHidden()

    tell(story)


def test_escape_gives_up_one_thing_at_a_time(flow, tell):
    async def story(flow):
        await flow.finished()
        flow.session.notices.warn("The file could not be read.")
        run = await flow.started()
        flow.session.notices.warn("The file could not be read.")
        assert flow.banner.escape()
        await flow.until(lambda: run.closed)
        assert flow.generation.activity is Activity.RESULT
        assert flow.banner.escape()
        assert flow.banner.problem.isHidden() and flow.generation.activity is Activity.RESULT
        assert flow.banner.escape()
        assert flow.generation.activity is Activity.NOTHING
        assert not flow.banner.escape()

    tell(story)


@pytest.mark.parametrize("width", [1600, 560])
def test_pills_stay_inside_the_canvas_and_cut_no_text(flow, tell, width):
    async def story(flow):
        flow.view.resize(width, 500)
        await flow.finished()
        flow.session.notices.warn(
            "There is not enough memory for a frame of this size. Choose a smaller frame, or refine less.", "Traceback"
        )
        await settle()
        inside, pills = flow.view.rect(), (flow.banner.activity, flow.banner.problem)
        await flow.until(lambda: not any(pill.lift for pill in pills))
        for pill in pills:
            assert inside.contains(pill.geometry())
            for button in pill.findChildren(QPushButton):
                assert not button.isVisible() or button.width() >= button.sizeHint().width()
        sentence = flow.banner.problem.sentence
        assert sentence.height() >= sentence.heightForWidth(sentence.width())
        assert (
            not flow.banner.activity.geometry()
            .adjusted(8, 8, -8, -8)
            .intersects(flow.banner.problem.geometry().adjusted(8, 8, -8, -8))
        )

    tell(story)


def test_the_pen_does_not_paint_through_the_banner(flow, tell):
    async def story(flow):
        await flow.finished()
        pressed = []
        flow.view.mousePressEvent = pressed.append
        click(flow.banner.activity)
        assert pressed == []

    tell(story)


# --- The overlay ---------------------------------------------------------------------------------------------------


def test_previews_and_result_cover_the_frame_in_any_view(flow, tell):
    async def story(flow):
        turned = QTransform.fromTranslate(350, 250).rotate(30).scale(3, 3).translate(-48, -32)
        flow.view.to_view = turned
        run = await flow.started()
        run.progress(1, colour=(90, 60, 30))
        await flow.until(lambda: flow.generation.shown)
        await shown(flow)
        middle, outside = turned.map(QPoint(50, 30)), turned.map(QPoint(-4, -4))
        assert tuple(seen(flow)[middle.y(), middle.x()]) == (90, 60, 30)
        assert tuple(seen(flow)[outside.y(), outside.x()]) != (90, 60, 30)
        run.finish((200, 40, 10))
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
        await shown(flow)
        assert tuple(seen(flow)[middle.y(), middle.x()]) == (200, 40, 10)
        flow.compare.set_before(True)
        assert tuple(seen(flow)[middle.y(), middle.x()]) != (200, 40, 10)

    tell(story)


def test_a_preview_fades_with_the_selection(flow, tell):
    async def story(flow):
        coverage = np.full((40, 40), 255, np.uint8)
        coverage[:, :20] = 128
        push(flow.session, "Select", flow.session.document.replace(selection=Tiles.from_array(coverage, 20, 10)))
        run = await flow.started()
        run.progress(1, colour=(200, 200, 200))
        await flow.until(lambda: flow.generation.shown)
        await shown(flow)
        canvas = seen(flow)[46, :, 0].astype(float)
        assert canvas[55] == 200
        assert canvas[28] == pytest.approx(canvas[75] + (200 - canvas[75]) * 128 / 255, abs=2)
        assert canvas[75] < 60

    tell(story)


def test_strokes_painted_since_lie_over_the_result(flow, tell):
    async def story(flow):
        await flow.finished((200, 40, 10))
        await shown(flow)
        patch = np.full((10, 10, 4), (0, 0, 255, 255), np.uint8)
        layer = flow.session.document.active_layer
        push(flow.session, "Brush", flow.session.document.with_pixels(layer.pixels.with_array(patch, 40, 30)))
        assert tuple(seen(flow)[35, 45]) == (255, 0, 0)
        assert tuple(seen(flow)[50, 45]) == (200, 40, 10)

    tell(story)


def test_the_split_is_dragged_and_stepped_and_shows_before_at_its_left(flow, tell):
    async def story(flow):
        flow.view.to_view = QTransform.fromTranslate(100, 50).scale(4, 4)
        await flow.finished((200, 40, 10))
        await shown(flow)
        handle = flow.compare._handle
        assert handle.isVisible() and handle.geometry().center() == QPoint(99, 177)
        start = QPointF(16, 16)
        QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=start.toPoint())
        QTest.mouseMove(handle, start.toPoint() + QPoint(192, 0))
        QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=start.toPoint() + QPoint(192, 0))
        assert flow.compare.split == pytest.approx(0.5)
        assert tuple(seen(flow)[100, 250]) != (200, 40, 10)
        assert tuple(seen(flow)[100, 350]) == (200, 40, 10)
        QTest.keyClick(handle, Qt.Key.Key_Left)
        assert flow.compare.split == pytest.approx(0.49)
        QTest.keyClick(handle, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        assert flow.compare.split == pytest.approx(0.59)
        QTest.keyClick(handle, Qt.Key.Key_End)
        assert flow.compare.split == 1
        QTest.mouseDClick(handle, Qt.MouseButton.LeftButton)
        assert flow.compare.split == 0
        flow.generation.discard()
        flow.view.repaint()
        await settle()
        assert not handle.isVisible()

    tell(story)


def test_enter_escape_and_backslash_as_shortcuts(flow, tell):
    """The keys as the window binds them."""

    async def story(flow):
        for key, run in (
            ("Return", flow.generation.apply),
            ("Escape", flow.banner.escape),
            ("\\", flow.compare.show_before_while_held),
            ("Ctrl+Return", flow.generation.generate),
        ):
            action = QAction(flow.view, autoRepeat=False)
            action.setShortcut(QKeySequence(key))
            action.triggered.connect(lambda _checked, run=run: run())
            flow.view.addAction(action)
        flow.panel.hide()
        flow.view.activateWindow()
        await flow.until(flow.view.isActiveWindow)
        flow.view.setFocus()
        QTest.keyClick(flow.view, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        await flow.until(lambda: flow.engine.runs)
        QTest.keyClick(flow.view, Qt.Key.Key_Escape)
        assert flow.generation.activity is Activity.NOTHING
        await flow.finished()
        QTest.keyPress(flow.view, Qt.Key.Key_Backslash)
        assert flow.compare.before
        QTest.keyRelease(flow.view, Qt.Key.Key_Backslash)
        assert not flow.compare.before
        QTest.keyClick(flow.view, Qt.Key.Key_Return)
        await flow.until(lambda: len(flow.session.document.layers) == 3)

    tell(story)


def test_before_stays_while_its_key_is_held_and_from_a_menu_until_the_next_press(flow, tell):
    async def story(flow):
        await flow.finished()
        await shown(flow)
        view, compare = flow.view, flow.compare
        QTest.keyPress(view, Qt.Key.Key_Backslash)
        compare.show_before_while_held()
        QTest.mouseClick(view, Qt.MouseButton.MiddleButton)
        assert compare.before, "the view can be moved meanwhile"
        QTest.keyRelease(view, Qt.Key.Key_Backslash)
        assert not compare.before
        for press in (
            lambda: QTest.mousePress(view, Qt.MouseButton.LeftButton),
            lambda: QTest.keyPress(view, Qt.Key.Key_A),
        ):
            compare.show_before_until_pressed()
            QTest.keyRelease(view, Qt.Key.Key_Return)  # the one that chose it in the menu
            QTest.mouseMove(view, QPoint(30, 30))
            assert compare.before
            press()
            assert not compare.before
            QTest.mouseRelease(view, Qt.MouseButton.LeftButton)
            assert not compare.before

    tell(story)
