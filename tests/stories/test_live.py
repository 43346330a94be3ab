"""Live mode at the real window with the bundled model, by its keys: on, paint, apply, off, out of sight."""

from __future__ import annotations

import asyncio

import numpy as np
from PySide6.QtCore import Qt

from sdedit_studio import resources
from sdedit_studio.parameters import Refine
from sdedit_studio.raster.compositor import flatten
from tests.stories.hand import Hand, walked
from tests.stories.stage import perform
from tests.waiting import TORCH_SECONDS

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def test_the_picture_follows_the_pen_and_is_kept_by_enter(tmp_path):
    async def story(hand: Hand) -> None:
        session, generation, window = hand.session, hand.window.generation, hand.window
        window.resize(1280, 860)
        window.files.open_path(resources.path("samples") / "mountain-lake.ora")
        await hand.until(lambda: len(session.document.layers) > 2)
        session.set_parameters(refine=Refine.OFF)
        await hand.tool("brush", (238, 240, 244), size=40)
        await hand.key(Qt.Key.Key_Return, CTRL | SHIFT)
        assert generation.live.on and window.sdedit.live.isChecked()
        await hand.until(lambda: generation.live.rate is not None, TORCH_SECONDS)
        first = generation.shown.picture.array.astype(int)

        await hand.drag(walked([(150, 130), (420, 150)], 6))
        painted = session.document
        await hand.until(lambda: generation.shown.edit.document is painted and not generation.live.busy)
        moved = np.abs(generation.shown.picture.array.astype(int) - first).mean(axis=2)
        assert moved[20:32, 30:76].mean() > 10  # the model sees 144 x 96 of 768 x 512
        assert moved[60:].mean() < 2

        await hand.key(Qt.Key.Key_Return)
        await hand.until(lambda: session.document is not painted)
        kept = flatten(session.document.layers, session.document.bounds)[..., 2::-1]
        assert session.document.active_layer.generation is not None
        assert kept[150, 300].min() > 130  # a cloud, where rock was
        assert generation.live.on
        await hand.key(Qt.Key.Key_Escape)
        assert not generation.live.on
        session.undo()
        assert session.document is painted

        generation.toggle_live()
        await hand.until(lambda: generation.live.rate is not None)
        window.hide()
        session.undo()
        await asyncio.sleep(0.3)
        assert not generation.live.busy and generation.shown.edit.document is painted
        window.show()
        await hand.until(lambda: generation.shown.edit.document is session.document)

    perform(story, tmp_path)
