"""The dialogs that answer with a value."""

from __future__ import annotations

import asyncio

import pytest
from PIL import Image
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from sdedit_studio.files import openraster
from sdedit_studio.ui.base.dialog import Dialog, choose
from sdedit_studio.ui.base.words import file_size
from sdedit_studio.ui.document.export_dialog import ExportDialog
from sdedit_studio.ui.document.samples_dialog import preview, samples, title
from sdedit_studio.ui.document.size_dialogs import Anchor, ImageSizeDialog, NewDialog, SizeFields

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def parent(dressed, qtbot) -> QWidget:
    parent = QWidget()
    parent.resize(900, 600)
    qtbot.addWidget(parent)
    with qtbot.waitExposed(parent):
        parent.show()
    return parent


def button(dialog: Dialog, text: str) -> QPushButton:
    return next(button for button in dialog.findChildren(QPushButton) if button.text() == text)


def test_a_preset_fills_in_the_size_and_the_paper_is_chosen(parent):
    dialog = NewDialog(parent, (10, 20, 30))
    dialog.show()
    QTest.mouseClick(dialog.presets[4], LEFT)
    assert dialog.size_in_pixels == (1024, 1024)
    assert dialog.paper == (255, 255, 255)
    dialog.colour.set_value("foreground")
    assert dialog.paper == (10, 20, 30)
    dialog.colour.set_value("transparent")
    assert dialog.paper is None


def test_locked_proportions_are_kept(dressed, qtbot):
    fields = SizeFields(300, 200, locked=True)
    qtbot.addWidget(fields)
    fields.width_field.setValue(600)
    assert fields.value == (600, 400)
    fields.height_field.setValue(100)
    assert fields.value == (150, 100)
    fields.lock.setChecked(False)
    fields.height_field.setValue(500)
    assert fields.value == (150, 500)


def test_doubling_stays_within_the_largest_canvas(parent):
    dialog = ImageSizeDialog(parent, 6000, 3000)
    dialog.show()
    QTest.mouseClick(button(dialog, "200 %"), LEFT)
    assert max(dialog.fields.value) == 8192


def test_the_anchor_follows_clicks_and_arrows(dressed, qtbot):
    anchor = Anchor()
    qtbot.addWidget(anchor)
    anchor.show()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Up):
        QTest.keyClick(anchor, key)
    assert anchor.value == (0.0, 0.0)
    QTest.mouseClick(anchor, LEFT, pos=anchor.rect().bottomRight())
    assert anchor.value == (1.0, 1.0)


@pytest.mark.parametrize("answer", ["Save", "Don’t save", None])
def test_a_question_is_answered_by_its_buttons_or_escape(parent, play, answer):
    async def story(story):
        asked = asyncio.ensure_future(choose(parent, "Save “lake.ora”?", "Lost without.", ("Don’t save", "Save")))
        dialog = await story.appears(parent, Dialog)
        assert button(dialog, "Save").isDefault()
        if answer is None:
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        else:
            QTest.mouseClick(button(dialog, answer), LEFT)
        assert await asked == answer

    play(story)


def test_other_tasks_go_on_while_a_question_is_open(parent, play):
    async def story(story):
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0.001)

        story.tasks.start(tick())
        asked = asyncio.ensure_future(choose(parent, "Well?", "", ("Yes",)))
        dialog = await story.appears(parent, Dialog)
        before = ticks
        await story.until(lambda: ticks > before + 5)
        dialog.reject()
        assert await asked is None

    play(story)


def test_the_size_of_the_export_is_shown_once_the_settings_rest(parent, play):
    asked = []

    def measure(settings) -> int:
        asked.append(settings)
        return {".png": 2_500_000, ".jpg": 84_000}[settings.suffix]

    async def story(story):
        dialog = ExportDialog(parent, "One picture.", measure)
        dialog.show()
        await story.until(lambda: dialog.size_label.text() == "2.5 MB")
        assert not dialog.quality.isEnabled()
        QTest.mouseClick(dialog.format._group.button(1), LEFT)
        assert dialog.quality.isEnabled()
        dialog.quality.field.nudged.emit(-1)
        await story.until(lambda: dialog.size_label.text() == "84 kB")
        assert [settings.suffix for settings in asked] == [".png", ".jpg"]
        assert dialog.settings.quality == 89
        dialog.reject()

    play(story)


@pytest.mark.parametrize(("size", "text"), [(0, "1 kB"), (84_400, "84 kB"), (999_400, "999 kB"), (1_260_000, "1.3 MB")])
def test_sizes_are_said_in_few_figures(size, text):
    assert file_size(size) == text


def test_previews_of_photographs_and_documents_fill_their_place(dressed, session, tmp_path):
    photo = tmp_path / "red-roof.jpg"
    Image.new("RGB", (400, 100), (200, 10, 10)).save(photo)
    document = tmp_path / "lake.ora"
    openraster.save(document, session.document)
    for path in (photo, document):
        image = preview(path, QSize(60, 40))
        assert (image.width(), image.height()) == (60, 40)
        assert not image.isNull()
    assert preview(photo, QSize(60, 40)).pixelColor(30, 20).red() > 190
    assert title(photo) == "Red roof"


def test_the_mountain_lake_comes_first_and_photographs_last():
    names = [path.name for path in samples()]
    assert names[0] == "mountain-lake.ora"
    assert [name.endswith(".ora") for name in names] == [True] * 3 + [False] * (len(names) - 3)


def test_a_damaged_sample_has_no_preview(dressed, tmp_path):
    path = tmp_path / "broken.ora"
    path.write_bytes(b"not a zip")
    assert preview(path, QSize(60, 40)) == QImage()
