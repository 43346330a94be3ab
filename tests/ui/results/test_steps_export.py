"""Exporting the steps of a run, from the dialog to the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget

from sdedit_studio.engine.job import Job, Pixels, Progress, Result
from sdedit_studio.engine.trajectory import Trajectory, step_picture
from sdedit_studio.files import animation, pictures
from sdedit_studio.parameters import Parameters
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.results.steps_dialog import StepsDialog
from sdedit_studio.ui.results.steps_export import export_steps

STEPS = 5


def run_of(count: int = STEPS) -> tuple[Trajectory, Result]:
    job = Job(Pixels.of(np.full((64, 96, 3), 120, np.uint8)), Parameters(seed=11))
    trajectory = Trajectory()
    for call in range(1, count + 1):
        preview = np.random.default_rng(call).integers(0, 256, (16, 24, 3), np.uint8)
        trajectory.add(Progress(job, call, count, 0, 1, Pixels.of(preview), None))
    whole = Pixels.of(np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8))
    return trajectory, Result(job, whole, whole, 1.0, count)


@pytest.fixture
def told(session):
    said: list[str] = []
    session.notices.told.connect(said.append)
    session.notices.warned.connect(lambda sentence, _details: said.append(sentence))
    return said


def exporting(told, session, preferences, qtbot, path: Path, suffix: str, *, metadata: bool = True):
    """A story that exports a run to `path`."""
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    trajectory, result = run_of()

    async def story(at) -> tuple[Trajectory, Result]:
        files = FileActions(session, at.tasks, preferences, window)
        at.tasks.start(export_steps(window, files, session, trajectory, result))
        dialog = await at.appears(window, StepsDialog)
        assert dialog.explanation.text() == f"{STEPS} steps, 96 × 64 pixels each."
        dialog.format.set_value(suffix)
        dialog.format.chosen.emit(suffix)
        dialog.metadata.setChecked(metadata)
        default = next(button for button in dialog.findChildren(QPushButton) if button.isDefault())
        QTest.mouseClick(default, Qt.MouseButton.LeftButton)
        await at.file_chosen(window, path)
        await at.until(lambda: not at.tasks.busy)

    return story, trajectory, result


def test_an_exact_animation_has_every_step_as_it_was_seen(play, told, session, preferences, qtbot, tmp_path):
    path = tmp_path / "steps.apng"
    story, trajectory, result = exporting(told, session, preferences, qtbot, path, ".apng")
    play(story)
    with Image.open(path) as film:
        assert film.n_frames == STEPS
        for index in range(STEPS):
            film.seek(index)
            wanted = step_picture(trajectory[index], result, (96, 64), last=index == STEPS - 1)
            assert np.array_equal(np.asarray(film.convert("RGB")), wanted)
    assert np.array_equal(wanted, result.picture.array)
    assert pictures.read_metadata(path)["seed"] == 11
    assert told[-1] == "Exported steps.apng."
    assert any(words.startswith("Exporting 5 steps") for words in told)


def test_a_series_can_leave_the_settings_out(play, told, session, preferences, qtbot, tmp_path):
    story, _, _ = exporting(told, session, preferences, qtbot, tmp_path / "steps.png", animation.SERIES, metadata=False)
    play(story)
    names = [f"steps-{number:02}.png" for number in range(1, STEPS + 1)]
    assert sorted(path.name for path in tmp_path.glob("steps*")) == names
    assert pictures.read_metadata(tmp_path / names[0]) is None


def test_what_cannot_be_written_is_one_sentence(play, told, session, preferences, qtbot, tmp_path):
    (tmp_path / "steps-01.png").write_bytes(b"mine")
    story, _, _ = exporting(told, session, preferences, qtbot, tmp_path / "steps.png", animation.SERIES)
    play(story)
    assert told[-1] == "steps-01.png is there already, and nothing was written. Choose another name or folder."
    assert (tmp_path / "steps-01.png").read_bytes() == b"mine"


def test_the_dialog_says_what_an_animation_leaves_out(dressed, qtbot):
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = StepsDialog(parent, 1000, (1024, 683), reduced=True)
    assert "1000 steps, 1024 × 683 pixels each" in dialog.explanation.text() and "larger" in dialog.explanation.text()
    assert f"{animation.MOST} of the steps" in dialog.note.text()
    dialog.format.set_value(animation.SERIES)
    dialog.format.chosen.emit(animation.SERIES)
    assert "lake-01.png" in dialog.note.text()
    assert not dialog.rate.isEnabled() and not dialog.there_and_back.isEnabled()
    assert dialog.settings.suffix == animation.SERIES
