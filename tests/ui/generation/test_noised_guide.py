"""While the slider is held the canvas shows what the model starts from, and nothing else has changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest

from sdedit_studio.document.edits import flipped, with_canvas
from sdedit_studio.engine.job import Pixels
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import words
from sdedit_studio.ui.generation.noised_guide import NoisedGuide
from tests.ui.documents import push
from tests.ui.flow import settle


@pytest.fixture
def noised(flow):
    noised = NoisedGuide(flow.session, flow.engine, flow.view)
    track = flow.panel.t0.track
    track.pressed.connect(noised.show)
    track.released.connect(noised.hide)
    noised.shown_changed.connect(flow.panel.set_noised)
    yield noised
    noised.hide()


def seen(flow) -> np.ndarray:
    """The canvas as it looks, (64, 96, 3) at 100 %."""
    image = flow.view.grab(QRect(0, 0, 96, 64)).toImage().convertToFormat(QImage.Format.Format_RGB888)
    return (
        np.frombuffer(image.constBits(), np.uint8)
        .reshape(64, image.bytesPerLine())[:, : 3 * 96]
        .reshape(64, 96, 3)
        .copy()
    )


def at(flow, t0: float) -> QPoint:
    return QPoint(round(flow.panel.t0.track.x_of(t0)), 11)


def test_holding_the_slider_shows_it_and_letting_go_puts_it_away(flow, noised, tell):
    async def story(flow):
        before, document = seen(flow), flow.session.document
        track = flow.panel.t0.track
        QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=at(flow, 0.4))
        await flow.until(lambda: noised.shown)
        assert flow.panel.keeps.text() == words.NOISED
        held = seen(flow).astype(int)
        assert np.abs(held - before).mean() > 30
        QTest.mouseMove(track, at(flow, 0.9))
        flow.session.set_parameters(t0=0.9)
        await flow.until(lambda: not np.array_equal(seen(flow), held))
        QTest.mouseRelease(track, Qt.MouseButton.LeftButton, pos=at(flow, 0.9))
        assert not noised.shown
        assert np.array_equal(seen(flow), before)
        assert flow.panel.keeps.text() == words.keeps(flow.session.parameters.t0)
        assert flow.session.document is document and not flow.engine.runs

    tell(story)


def test_at_0_it_is_the_painting(flow, noised, tell):
    async def story(flow):
        flow.session.set_parameters(t0=0.0)
        noised.show()
        await flow.until(lambda: noised.shown)
        assert tuple(seen(flow)[5, 5]) == (120, 180, 220)

    tell(story)


def test_only_what_may_change_is_noised(flow, noised, tell):
    async def story(flow):
        chosen = np.zeros((64, 96), np.uint8)
        chosen[:, :40] = 255
        push(flow.session, "Select", replace(flow.session.document, selection=Tiles.from_array(chosen)))
        before = seen(flow).astype(int)
        noised.show()
        await flow.until(lambda: noised.shown)
        apart = np.abs(seen(flow) - before).max(axis=2)
        assert apart[:, 44:].max() == 0
        assert np.mean(apart[:, :38] > 0) > 0.9

    tell(story)


def test_it_lies_over_a_result(flow, noised, tell):
    async def story(flow):
        await flow.finished((200, 40, 10))
        await flow.until(lambda: tuple(seen(flow)[10, 80]) == (200, 40, 10))
        noised.show()
        await flow.until(lambda: noised.shown)
        assert seen(flow).std() > 40
        noised.hide()
        assert tuple(seen(flow)[10, 80]) == (200, 40, 10)

    tell(story)


def test_only_the_latest_t0_is_drawn_while_one_is_being_made(flow, noised, tell, monkeypatch):
    async def story(flow):
        noised.show()
        await flow.until(lambda: noised.shown)
        drawn = []
        show = noised._show
        monkeypatch.setattr(noised, "_show", lambda image: drawn.append(image) or show(image))
        for hundredth in range(10, 60):
            flow.session.set_parameters(t0=hundredth / 100)
        await settle()
        assert 1 <= len(drawn) <= 3
        latest = flow.engine.noised(flow.engine_job(noised)).at(0.59)
        assert shown_pixels(noised) == latest

    def shown_pixels(noised) -> Pixels:
        image = noised._image
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
        return Pixels.of(np.ascontiguousarray(rows[..., 2::-1]))

    flow.engine_job = lambda noised: noised._start().edit.job
    tell(story)


def test_there_is_nothing_to_show_of_latents_or_of_an_empty_canvas(flow, noised, tell, empty_document):
    async def story(flow):
        flow.engine.latent = True
        noised.show()
        await settle()
        assert not noised.shown
        assert flow.panel.keeps.text() == words.keeps(flow.session.parameters.t0)
        flow.engine.latent = False
        flow.session.open(empty_document, None)
        noised.show()
        await settle()
        assert not noised.shown and not flow.problems

    tell(story)


def test_undo_while_the_slider_is_held_shows_the_guide_that_is_there_then(flow, noised, tell):
    async def story(flow):
        flow.session.set_parameters(t0=0.0)
        push(flow.session, "Flip", flipped(flow.session.document, horizontally=False))
        push(flow.session, "Resize canvas", with_canvas(flow.session.document, 48, 32))
        noised.show()
        await flow.until(lambda: noised.shown)
        assert noised._frame == Rect(0, 0, 48, 32)
        for top in ((60, 90, 40), (120, 180, 220)):
            flow.session.undo()
            assert not noised.shown
            await flow.until(lambda: noised.shown)
            assert noised._frame == Rect(0, 0, 96, 64) and tuple(seen(flow)[5, 5]) == top

    tell(story)


def test_letting_go_before_it_is_ready_shows_nothing(flow, noised, tell):
    async def story(flow):
        noised.show()
        noised.hide()
        await settle()
        assert not noised.shown

    tell(story)


def test_a_slider_that_is_hidden_while_it_is_held_lets_go(flow, noised, tell):
    async def story(flow):
        track = flow.panel.t0.track
        QTest.mousePress(track, Qt.MouseButton.LeftButton, pos=at(flow, 0.4))
        await flow.until(lambda: noised.shown)
        flow.panel.hide()
        assert not noised.shown

    tell(story)
