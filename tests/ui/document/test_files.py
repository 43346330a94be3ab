"""Opening, saving, exporting and recovering, through the dialogs that a person sees."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from shiboken6 import delete

from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Record
from sdedit_studio.files import openraster, pictures
from sdedit_studio.files.recovery import Journal, recoverable
from sdedit_studio.files.results import new_record
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.base.dialog import Dialog
from sdedit_studio.ui.document.autosave import Autosave
from sdedit_studio.ui.document.export_dialog import ExportDialog
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.session import Session, new_document
from sdedit_studio.ui.document.size_dialogs import NewDialog
from sdedit_studio.ui.widgets.notice_bar import NoticeBar
from tests.ui.documents import push

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(dressed, qtbot) -> QWidget:
    window = QWidget()
    window.resize(900, 600)
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.fixture
def said(session) -> list[str]:
    said: list[str] = []
    session.notices.warned.connect(lambda sentence, _details: said.append(sentence))
    return said


def press(dialog: QWidget, text: str) -> None:
    button = next(button for button in dialog.findChildren(QPushButton) if button.text() == text)
    QTest.mouseClick(button, LEFT)


def change(session) -> None:
    push(session, "Add layer", session.document.inserted(Layer("New")))


def test_saving_asks_for_a_name_once_and_then_writes_there(session, window, preferences, play, tmp_path):
    path = tmp_path / "lake.ora"

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        assert files.name == "Untitled"
        files.save()
        await story.file_chosen(window, tmp_path / "lake")
        await story.until(lambda: session.path == path)
        assert files.name == "lake.ora"
        change(session)
        assert session.modified
        files.save()
        await story.until(lambda: not session.modified)
        document, parameters = openraster.load(path)
        assert [layer.name for layer in document.layers][-1] == "New"
        assert parameters == session.parameters
        assert preferences.recent == [path]

    play(story)


def test_what_is_painted_while_saving_is_not_called_saved(session, window, preferences, play, tmp_path):
    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        session.path = tmp_path / "lake.ora"
        session.notices.told.connect(lambda text: change(session) if text.startswith("Saving") else None)
        files.save()
        await story.until(lambda: not story.tasks.busy)
        document, _ = openraster.load(tmp_path / "lake.ora")
        assert (len(document.layers), len(session.document.layers)) == (4, 5)
        assert session.modified

    play(story)


def test_a_document_opened_while_another_is_saved_does_not_get_its_file(session, window, preferences, play, tmp_path):
    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        session.path = tmp_path / "lake.ora"
        other = new_document()
        session.notices.told.connect(lambda text: session.open(other, None) if text.startswith("Saving") else None)
        files.save()
        await story.until(lambda: not story.tasks.busy)
        assert len(openraster.load(tmp_path / "lake.ora")[0].layers) == 4
        assert (session.document, session.path) == (other, None)
        assert not session.modified

    play(story)


def test_opening_a_document_asks_about_unsaved_work_first(session, window, preferences, play, tmp_path):
    path = tmp_path / "other.ora"
    openraster.save(
        path, session.document.replace(layers=session.document.layers[:1], active=session.document.layers[0].id)
    )

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        change(session)
        files.open_path(path)
        dialog = await story.appears(window, Dialog)
        press(dialog, "Cancel")
        await story.until(lambda: not story.tasks.busy)
        assert len(session.document.layers) == 5
        files.open_path(path)
        press(await story.appears(window, Dialog), "Don’t save")
        await story.until(lambda: session.path == path)
        assert len(session.document.layers) == 1
        assert not session.modified

    play(story)


def test_save_in_the_question_saves_and_goes_on(session, window, preferences, play, tmp_path):
    path = tmp_path / "mine.ora"
    session.path = path

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        change(session)
        files.new()
        press(await story.appears(window, Dialog), "Save")
        dialog = await story.appears(window, NewDialog)
        assert path.exists()
        QTest.mouseClick(dialog.presets[1], LEFT)
        press(dialog, "Create")
        await story.until(lambda: session.document.width == 512)
        assert session.path is None
        assert files.name == "Untitled"

    play(story)


def test_a_picture_opens_as_one_layer_and_save_asks_for_a_name(session, window, preferences, play, tmp_path):
    path = tmp_path / "photo.png"
    Image.new("RGB", (40, 30), (10, 200, 10)).save(path)

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        files.open()
        await story.file_chosen(window, path)
        await story.until(lambda: session.document.width == 40)
        assert [layer.name for layer in session.document.layers] == ["photo"]
        assert session.path is None
        assert files.name == "photo"
        assert preferences.recent == [path]

    play(story)


def test_a_file_that_cannot_be_read_is_said_and_leaves_the_painting(session, window, preferences, play, tmp_path, said):
    path = tmp_path / "broken.ora"
    path.write_bytes(b"nothing")
    preferences.add_recent(tmp_path / "gone.ora")
    before = session.document

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        files.open_path(path)
        await story.until(lambda: len(said) == 1)
        files.open_path(tmp_path / "gone.ora")
        await story.until(lambda: len(said) == 2)
        assert session.document is before
        assert preferences.recent == []

    play(story)


def test_a_save_that_fails_is_said_and_nothing_counts_as_saved(session, window, preferences, play, tmp_path, said):
    session.path = tmp_path / "missing folder" / "lake.ora"

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        change(session)
        files.save()
        await story.until(lambda: said != [])
        assert session.modified

    play(story)


@pytest.mark.parametrize("kept", [True, False])
def test_an_export_has_the_size_promised_and_the_edits_settings_if_wanted(
    session, window, preferences, play, tmp_path, kept
):
    layers = session.document.layers
    record = {"t0": 0.4, "seed": 3}
    push(session, "x", session.document.replace(layers=(*layers[:-1], layers[-1].replace(generation=record))))

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        files.export()
        dialog = await story.appears(window, ExportDialog)
        dialog.metadata.setChecked(kept)
        await story.until(lambda: dialog.size_label.text().endswith("kB"))
        press(dialog, "Export…")
        await story.file_chosen(window, tmp_path / "lake.png")
        await story.until((tmp_path / "lake.png").exists)
        await story.until(lambda: not story.tasks.busy)
        assert pictures.read(tmp_path / "lake.png").shape == (64, 96, 4)
        assert (pictures.read_metadata(tmp_path / "lake.png") is not None) == kept

    play(story)


# --- Autosave ------------------------------------------------------------------------------------------------------


def test_unsaved_work_is_recorded_and_forgotten_once_saved(session, window, preferences, play, tmp_path):
    folder = tmp_path / "recovery"

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        autosave = Autosave(session, files, story.tasks, folder)
        autosave.write()
        await story.until(lambda: not story.tasks.busy)
        assert not list(folder.glob("*/journal.json"))
        change(session)
        assert autosave._wait.isActive()
        autosave.write()
        await story.until(lambda: list(folder.glob("*/journal.json")))
        session.path = tmp_path / "lake.ora"
        files.save()
        await story.until(lambda: not list(folder.glob("*/journal.json")))
        autosave.close()

    play(story)


def test_a_window_that_closes_just_after_a_change_leaves_nothing_to_recover(
    session, window, preferences, play, tmp_path
):
    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        autosave = Autosave(session, files, story.tasks, tmp_path / "recovery")
        change(session)
        autosave.write()
        autosave.close()
        delete(files)
        await story.until(lambda: not story.tasks.busy)
        assert list((tmp_path / "recovery").iterdir()) == []

    play(story)


@pytest.fixture
def crashed(session, tmp_path):
    """A folder in which a session that ended badly left a document of two layers."""
    folder = tmp_path / "recovery"
    journal = Journal(folder)
    document = session.document.replace(layers=session.document.layers[:2], active=session.document.layers[1].id)
    journal.write(document, session.parameters, tmp_path / "lake.ora").result()
    journal._thread.shutdown()
    journal._lock.unlock()
    return folder


def test_work_left_behind_is_offered_and_recovered_as_unsaved(
    session, window, preferences, play, tmp_path, crashed, qtbot
):
    notice = NoticeBar(window)

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        autosave = Autosave(session, files, story.tasks, crashed)
        assert await autosave.offer(notice)
        assert notice.title.text() == "Unsaved work on lake.ora was found"
        assert "2 layers" in notice.text.text()
        assert notice.picture.isVisibleTo(notice)
        press(notice, "Recover")
        await story.until(lambda: len(session.document.layers) == 2)
        assert session.modified
        assert session.path == tmp_path / "lake.ora"
        await story.until(lambda: not story.tasks.busy)
        assert len(list(crashed.glob("*/journal.json"))) == 1, "kept here until it is saved"
        autosave.close()
        assert recoverable(crashed) == []

    play(story)


def test_work_left_behind_can_be_thrown_away_or_left_for_later(session, window, preferences, play, crashed):
    notice = NoticeBar(window)

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        autosave = Autosave(session, files, story.tasks, crashed)
        await autosave.offer(notice)
        QTest.mouseClick(notice.close_button, LEFT)
        assert len(recoverable(crashed)) == 1
        await autosave.offer(notice)
        press(notice, "Discard")
        await story.until(lambda: recoverable(crashed) == [])
        assert len(session.document.layers) == 4
        autosave.close()

    play(story)


# --- Results -------------------------------------------------------------------------------------------------------


def result(seed: int) -> Record:
    picture = np.full((64, 96, 3), seed, np.uint8)
    given = {"frame": Rect(0, 0, 96, 64), "canvas": (96, 64), "calls": 8, "seconds": 1.0}
    return new_record(picture, picture, None, parameters={"seed": seed}, **given)


def test_a_new_result_counts_as_a_change_until_it_is_saved_with_the_document(
    session, window, preferences, play, tmp_path
):
    session.path = tmp_path / "lake.ora"

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        assert not session.modified
        session.set_results(session.results.added(result(1)))
        assert session.modified
        files.save()
        await story.until(lambda: not session.modified)
        session.set_results(session.results.starred([session.results.records[0].id], True))
        assert session.modified
        files.new()
        press(await story.appears(window, Dialog), "Don’t save")
        press(await story.appears(window, NewDialog), "Create")
        await story.until(lambda: session.path is None)
        assert len(session.results) == 0
        await files.open_now(tmp_path / "lake.ora")
        assert [(record.parameters, record.starred) for record in session.results] == [({"seed": 1}, False)]
        assert not session.modified

    play(story)


def test_a_result_is_recorded_at_once_and_recovered_with_the_document(session, window, preferences, play, tmp_path):
    folder, crash = tmp_path / "recovery", tmp_path / "crash"
    notice = NoticeBar(window)

    async def story(story):
        files = FileActions(session, story.tasks, preferences, window)
        autosave = Autosave(session, files, story.tasks, folder)
        session.set_results(session.results.added(result(1)).added(result(2)))
        await story.until(lambda: list(folder.glob("*/journal.json")))
        await story.until(lambda: not story.tasks.busy)
        crash.mkdir()
        (left,) = (path for path in folder.iterdir() if path.is_dir())
        left.rename(crash / left.name)
        autosave.close()
        again = Session(session.document)
        after = Autosave(again, FileActions(again, story.tasks, preferences, window), story.tasks, crash)
        await after.offer(notice)
        press(notice, "Recover")
        await story.until(lambda: len(again.results) == 2)
        assert again.modified
        await story.until(lambda: not story.tasks.busy)
        (journal,) = crash.glob("*/journal.json")
        assert len(json.loads(journal.read_text())["results"]) == 2, "kept here until it is saved"
        after.close()

    play(story)
