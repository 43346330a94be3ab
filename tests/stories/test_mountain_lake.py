"""The whole way, at the real window with the bundled model: paint, generate, apply, save, reopen, export.

In a real X11 window: `QT_QPA_PLATFORM=xcb xvfb-run -a -s '-screen 0 1600x1000x24' python -m pytest tests/stories`. With
`SDEDIT_STUDIO_SHOTS` naming a folder, the window is photographed on the way; the README's pictures come from there.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from sdedit_studio.document.edits import guide
from sdedit_studio.engine.job import Phase
from sdedit_studio.files import openraster, pictures
from sdedit_studio.parameters import Refine
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.ui.document.export_dialog import ExportDialog
from sdedit_studio.ui.generation.activity import Activity
from tests.stories.hand import Hand
from tests.stories.paintings import mountain_lake
from tests.stories.stage import perform
from tests.waiting import TORCH_SECONDS

CONTROL = Qt.KeyboardModifier.ControlModifier
SHOTS = os.environ.get("SDEDIT_STUDIO_SHOTS")


async def photograph(hand: Hand, name: str) -> None:
    """Keep a picture of the window where the README wants one."""
    if SHOTS:
        await hand.settled()
        hand.window.grab().save(str(Path(SHOTS) / f"{name}.png"))


async def choose_file(hand: Hand, path: Path) -> None:
    """Type a path into the file dialog that opens, and press Enter."""

    def shown() -> list[QFileDialog]:
        return [dialog for dialog in hand.window.findChildren(QFileDialog) if dialog.isVisible()]

    await hand.until(lambda: bool(shown()))
    field = shown()[0].findChild(QLineEdit, "fileNameEdit")
    field.setText(str(path))
    QTest.keyClick(field, Qt.Key.Key_Return)
    await hand.until(lambda: not shown())


@pytest.mark.model
def test_paint_a_mountain_lake_and_keep_what_becomes_of_it(qapp, tmp_path):
    async def story(hand: Hand) -> None:
        session, generation = hand.session, hand.window.generation
        await mountain_lake(hand)
        await photograph(hand, "painted")
        painted = session.document
        assert [layer.name for layer in painted.layers][-1] == "Meadow"

        session.set_parameters(t0=0.32, seed=5, condition="mountain", refine=Refine.DETAIL)
        generation.seed_locked = True
        await hand.key(Qt.Key.Key_Return, CONTROL)
        assert generation.underway.running
        await hand.until(lambda: generation.progress is not None, TORCH_SECONDS)
        await hand.tool("brush", (250, 250, 250), size=8)
        await hand.drag([(600, 60), (640, 64)])
        assert session.undo_label == "Brush stroke", "painting goes on while the model runs"
        if SHOTS:
            await hand.until(lambda: generation.progress.pass_index == 1, TORCH_SECONDS)
            await photograph(hand, "running")
        session.undo()
        assert session.document is painted

        await hand.until(lambda: generation.activity is Activity.RESULT, TORCH_SECONDS)
        assert hand.engine_phase is Phase.READY
        hand.window.compare.toggle_split()
        if SHOTS:
            await hand.until(lambda: hand.window.strip.complete, TORCH_SECONDS)
        await photograph(hand, "result")
        hand.window.compare.toggle_split()
        result = generation.result.picture.array
        assert (result != guide(painted, painted.bounds)).any()

        await hand.key(Qt.Key.Key_Return)
        await hand.until(lambda: session.document is not painted)
        assert session.document.active_layer.generation["seed"] == 5
        shown = flatten(session.document.layers, session.document.bounds)[..., 2::-1]
        assert np.array_equal(shown, result)
        await photograph(hand, "applied")

        saved, exported = tmp_path / "lake.ora", tmp_path / "lake.png"
        await hand.key(Qt.Key.Key_S, CONTROL)
        await choose_file(hand, saved)
        await hand.until(lambda: not session.modified)

        reopened, parameters = openraster.load(saved)
        assert parameters == session.parameters
        assert [layer.name for layer in reopened.layers] == [layer.name for layer in session.document.layers]
        assert np.array_equal(flatten(reopened.layers, reopened.bounds)[..., 2::-1], result)

        hand.window.actions_["file.export"].trigger()
        await hand.until(lambda: bool(hand.window.findChildren(ExportDialog)))
        dialog = hand.window.findChildren(ExportDialog)[0]
        await hand.until(dialog.isVisible)
        default = next(button for button in dialog.findChildren(QPushButton) if button.isDefault())
        QTest.mouseClick(default, Qt.MouseButton.LeftButton)
        await choose_file(hand, exported)
        await hand.until(exported.exists)
        assert np.array_equal(pictures.read(exported)[..., 2::-1], result)

        await hand.until(lambda: not hand.window.findChildren(ExportDialog))
        await hand.key(Qt.Key.Key_Z, CONTROL)
        assert session.document.layers == painted.layers

    perform(story, tmp_path / "profile")
