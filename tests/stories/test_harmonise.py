"""A picture put on a photograph and fitted in, then strokes over it: both tasks at the real window, with the model.

With `SDEDIT_STUDIO_SHOTS` naming a folder, the window is photographed on the way.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio import resources
from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import scaled
from sdedit_studio.document.layer import Layer
from sdedit_studio.files import pictures
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.generation.activity import Activity
from tests.stories.hand import Hand, walked
from tests.stories.stage import perform
from tests.waiting import TORCH_SECONDS

SHOTS = os.environ.get("SDEDIT_STUDIO_SHOTS")
SIZE = (768, 432) if SHOTS else (192, 108)
PART = SIZE[0] / 768


def dunes() -> Document:
    picture = pictures.read(resources.path("samples", "extreme-desert-hike.jpg"))
    document = Document.of(picture.shape[1], picture.shape[0], [Layer("Photograph", Tiles.from_array(picture))])
    return scaled(document, *SIZE)


def mountain(folder: Path) -> Path:
    """A file with a piece of another photograph, as large as it will lie there."""
    whole = Image.open(resources.path("samples", "lake-sherburne.jpg")).resize(SIZE)
    path = folder / "Mountain.png"
    whole.crop(tuple(round(PART * side) for side in (150, 96, 420, 236))).save(path)
    return path


def picture(document: Document) -> np.ndarray:
    return flatten(document.layers, document.bounds)


async def photograph(hand: Hand, name: str) -> None:
    if SHOTS:
        await hand.settled()
        hand.window.grab().save(str(Path(SHOTS) / f"{name}.png"))


async def applied(hand: Hand) -> None:
    """Wait for the result, keep it, and see that nothing else changed and that one undo takes it back."""
    session, generation = hand.session, hand.window.generation
    await hand.until(lambda: generation.activity is Activity.RESULT, TORCH_SECONDS)
    before, edit = session.document, generation.edit
    assert hand.window.compare.split == 0.5
    assert edit.frame in before.bounds
    kept = np.ones(before.bounds[:1:-1], bool)
    kept[edit.frame.slices] = edit.job.mask.array == 0
    await photograph(hand, edit.task)
    await hand.until(hand.window.actions_["generate.enter"].isEnabled)
    await hand.key(Qt.Key.Key_Return)
    await hand.until(lambda: session.document is not before)
    changed = (picture(session.document) != picture(before)).any(axis=2)
    assert changed.any() and not changed[kept].any()
    assert kept.any()
    session.undo()
    assert session.document is before
    session.redo()


@pytest.mark.model
def test_a_mountain_is_fitted_into_the_dunes_and_a_cloud_painted_above(qapp, tmp_path):
    async def story(hand: Hand) -> None:
        session, window = hand.session, hand.window
        session.open(dunes(), None)
        session.set_parameters(seed=2, condition="mountain")
        t0 = session.parameters.t0
        await hand.settled()
        window.edit.add_pictures([mountain(tmp_path)])
        await hand.until(lambda: window.offer.isVisible())
        middle = SIZE[0] / 2, SIZE[1] / 2
        await hand.drag(walked([middle, (middle[0] + 200 * PART, middle[1] + 80 * PART)], 8 * PART))
        assert window.offer.isVisible(), "it waits while the picture is moved"
        await photograph(hand, "offered")
        assert session.document.active_layer.pixels.content_bounds().x > SIZE[0] * 0.5
        QTest.mouseClick(window.offer.harmonise, Qt.MouseButton.LeftButton)
        await applied(hand)
        assert session.document.active_layer.generation["t0"] == 0.3
        assert session.parameters.t0 == t0

        await hand.new_layer("Cloud")
        await hand.tool("brush", (250, 250, 252), size=26 * PART, hardness=0.4)
        await hand.drag(walked([(120 * PART, 90 * PART), (200 * PART, 80 * PART), (290 * PART, 96 * PART)], 4))
        assert window.sdedit.strokes.isVisible()
        await photograph(hand, "painted over")
        window.actions_["generate.strokes"].trigger()
        await applied(hand)
        assert window.generation.frame == Rect(0, 0, *SIZE), "the person's own frame stays as it was"

    perform(story, tmp_path / "profile")
