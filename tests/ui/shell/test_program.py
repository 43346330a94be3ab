"""Starting, failing and ending: what surrounds the window."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import subprocess
import sys
import threading

import pytest

from sdedit_studio.ui.base import log
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.shell.status_bar import ago
from tests.waiting import TORCH_SECONDS

START = "import sys; from sdedit_studio.ui.shell.app import run; sys.exit(run(sys.argv[1:]))"


@pytest.mark.model
def test_smoke_makes_one_edit_and_keeps_everything_in_its_profile(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", START, "--smoke", "--profile", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=TORCH_SECONDS,
    )
    assert (done.returncode, done.stderr.replace("This plugin does not support propagateSizeHints()\n", "")) == (0, "")
    assert (tmp_path / "settings.ini").exists()
    assert "ERROR" not in (tmp_path / "logs" / log.NAME).read_text()
    assert not list((tmp_path / "recovery").glob("*"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can be without a display")
def test_without_a_display_it_says_what_to_do():
    without = {name: value for name, value in os.environ.items() if "DISPLAY" not in name and "QT_" not in name}
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, env=without)
    assert done.returncode == 1
    assert done.stderr.startswith("No display found: start SDEdit Studio from a desktop session")


WATCHED = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, Qt
from sdedit_studio.ui.shell import program

async def main(*_arguments, **_settings):
    print("merges samples:", QCoreApplication.testAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents))
    return 0

program.main = main
sys.exit(program.run([], Path(sys.argv[1]), smoke=False))
"""


@pytest.mark.skipif(shutil.which("xvfb-run") is None, reason="only X11 merges what the mouse reports, unless told")
def test_every_sample_of_the_mouse_arrives(tmp_path):
    window = os.environ | {"QT_QPA_PLATFORM": "xcb"}
    command = ["xvfb-run", "-a", sys.executable, "-c", WATCHED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TORCH_SECONDS, env=window)
    assert (done.returncode, done.stdout) == (0, "merges samples: False\n")


@pytest.fixture
def written(tmp_path):
    log.start(tmp_path / "logs")
    yield lambda: (tmp_path / "logs" / log.NAME).read_text()
    log.stop()


def test_an_uncaught_error_is_written_down_and_shown(written, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    shown = []
    release = log.catch_all(shown.append)
    try:
        error = ValueError("a slot went wrong")
        sys.excepthook(ValueError, error, None)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    finally:
        release()
    assert shown == [error]
    assert "a slot went wrong" in written()
    assert "ZeroDivisionError" in written()
    assert sys.excepthook is sys.__excepthook__


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path):
    (tmp_path / "logs").write_text("in the way")
    log.start(tmp_path / "logs")
    assert [type(handler) for handler in log.LOG.handlers] == [logging.StreamHandler]
    log.stop()


def test_a_task_that_fails_is_reported_and_the_others_go_on(loop):
    reported, finished = [], []

    async def fail() -> None:
        raise OSError("no disk")

    async def work() -> None:
        await asyncio.sleep(0.01)
        finished.append(True)

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = Tasks(group, reported.append)
            tasks.start(fail())
            tasks.start(work())
            assert tasks.busy
        assert not tasks.busy

    loop.run_until_complete(story())
    assert [str(error) for error in reported] == ["no disk"]
    assert finished == [True]


# --- What is remembered --------------------------------------------------------------------------------------------


def test_the_users_own_places_are_not_inside_each_other_by_name():
    profile = Profile.of_user()
    assert profile.settings.name == "settings.ini"
    assert profile.recovery.name == "recovery"
    assert len({profile.settings.parent, profile.recovery, profile.logs}) == 3


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "just now"), (44, "45 s ago"), (200, "3 min ago"), (3 * 3600, "3 h ago")]
)
def test_the_time_since_the_last_save_is_said_roughly(seconds, words):
    assert ago(seconds) == words
