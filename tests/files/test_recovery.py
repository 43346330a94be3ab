import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdedit_studio.files import FileProblem, atomic, pictures
from sdedit_studio.files.recovery import Journal, recoverable
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "sessions")
    yield journal
    journal.close()


def crashed(tmp_path: Path) -> Path:
    """The folder of sessions as it would be had the journal's process died: its files, and no living lock."""
    target = tmp_path / f"crash {time.monotonic_ns()}"
    (session,) = (path for path in (tmp_path / "sessions").iterdir() if path.is_dir())
    target.mkdir()
    session.rename(target / session.name)
    return target


def session_files(tmp_path: Path) -> dict[str, int]:
    (session,) = (path for path in (tmp_path / "sessions").iterdir() if path.is_dir())
    return {file.name: file.stat().st_mtime_ns for file in session.iterdir()}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_written_comes_back(tmp_path, journal, documents, parameters, content, data):
    document, settings_ = data.draw(documents), data.draw(parameters)
    original = data.draw(st.none() | st.just(Path("/pictures/Größe.ora")))
    journal.write(document, settings_, original).result()
    (recovery,) = recoverable(crashed(tmp_path))
    loaded, back = recovery.load()
    assert content(loaded) == content(document)
    assert back == settings_
    assert (recovery.layers, recovery.original) == (len(document.layers), original)
    assert abs(datetime.now(UTC) - recovery.time) < timedelta(minutes=1)
    assert pictures.read(recovery.thumbnail).shape[:2] == (120, 200)
    recovery.discard()
    assert not recovery.folder.exists()


def test_only_what_changed_is_written_again(tmp_path, journal, painting):
    journal.write(painting, Parameters(), None).result()
    first = session_files(tmp_path)
    assert len(first) == 2 + 5 + 1 + 1  # the journal and thumbnail, five layers, a mask, the selection
    changed = painting.with_pixels(painting.active_layer.pixels.cleared(Rect(0, 0, 20, 20)))
    changed = changed.with_layer(changed.layers[1].id, opacity=0.2)
    journal.write(changed, Parameters(seed=2), None).result()
    second = session_files(tmp_path)
    same = {name for name in first if second.get(name) == first[name]}
    assert len(same) == 6
    assert len(second) == len(first)
    journal.write(changed.reordered(changed.active, 0), Parameters(seed=3), None).result()
    third = session_files(tmp_path)
    assert {name for name in second if third.get(name) != second[name]} == {"journal.json", "thumbnail.png"}


def test_writing_leaves_the_caller_alone(tmp_path, journal, painting, monkeypatch):
    threads = []
    wait = threading.Event()

    def slow(path, data):
        threads.append(threading.current_thread().name)
        wait.wait(10)
        Path(path).write_bytes(data)

    monkeypatch.setattr(atomic, "write", slow)
    started = time.perf_counter()
    future = journal.write(painting, Parameters(), None)
    assert time.perf_counter() - started < 0.1
    assert not future.done()
    wait.set()
    future.result(10)
    assert all(name.startswith("journal") for name in threads)


def test_a_living_session_is_not_offered_and_a_clean_end_leaves_nothing(tmp_path, painting):
    folder = tmp_path / "sessions"
    assert recoverable(folder) == []
    journal = Journal(folder)
    journal.write(painting, Parameters(), None).result()
    assert recoverable(folder) == []
    (lock,) = folder.glob("*.lock")
    assert lock.read_text().splitlines()[0] == str(os.getpid())
    journal.close()
    assert recoverable(folder) == []
    assert list(folder.iterdir()) == []


def test_a_session_however_old_belongs_to_its_process_as_long_as_that_lives(tmp_path, journal, painting):
    journal.write(painting, Parameters(), None).result()
    (lock,) = (tmp_path / "sessions").glob("*.lock")
    long_ago = time.time() - 30 * 24 * 3600
    os.utime(lock, (long_ago, long_ago))
    assert recoverable(tmp_path / "sessions") == []
    assert lock.exists()
    assert journal._lock.staleLockTime() == 0, "where the system does not lock files itself, age alone would count"


def test_sessions_left_behind_are_offered_newest_first(tmp_path, painting):
    folder = tmp_path / "sessions"
    for seed in (1, 2, 3):
        journal = Journal(folder)
        journal.write(painting, Parameters(seed=seed), None).result()
        crashed(tmp_path).rename(tmp_path / f"crash {seed}")
        journal.close()
    left_behind = tmp_path / "left behind"
    left_behind.mkdir()
    for seed in (2, 3, 1):
        (session,) = (tmp_path / f"crash {seed}").iterdir()
        session.rename(left_behind / session.name)
    assert [recovery.load()[1].seed for recovery in recoverable(left_behind)] == [3, 2, 1]


def test_looking_for_sessions_left_behind_leaves_no_lock(tmp_path, journal, painting):
    journal.write(painting, Parameters(), None).result()
    folder = crashed(tmp_path)
    assert len(recoverable(folder)) == len(recoverable(folder)) == 1
    assert list(folder.glob("*.lock")) == []


def test_discarded_work_is_gone_until_the_next_write(tmp_path, journal, painting):
    journal.write(painting, Parameters(), None)
    journal.discard().result()
    assert [path.suffix for path in (tmp_path / "sessions").iterdir()] == [".lock"]
    journal.write(painting, Parameters(), None).result()
    (recovery,) = recoverable(crashed(tmp_path))
    assert recovery.load()[0].layers[3].name == "Masked"


def test_files_taken_away_from_outside_are_written_again(tmp_path, journal, painting, content):
    journal.write(painting, Parameters(), None).result()
    crashed(tmp_path)
    journal.write(painting, Parameters(), None).result()
    (recovery,) = recoverable(crashed(tmp_path))
    assert content(recovery.load()[0]) == content(painting)


def test_a_full_disk_is_told_and_keeps_what_was_there(tmp_path, journal, painting, content, monkeypatch):
    journal.write(painting, Parameters(), None).result()

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    changed = painting.with_pixels(painting.active_layer.pixels.cleared(Rect(0, 0, 20, 20)))
    with pytest.raises(FileProblem, match="disk is full"):
        journal.write(changed, Parameters(), None).result()
    monkeypatch.undo()
    (recovery,) = recoverable(crashed(tmp_path))
    assert content(recovery.load()[0]) == content(painting)


def test_a_folder_that_cannot_be_made_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileProblem, match="Work cannot be saved for recovery"):
        Journal(tmp_path / "file" / "sessions")


def test_damaged_sessions_are_not_offered_or_say_so(tmp_path, journal, painting):
    journal.write(painting, Parameters(), None).result()
    folder = crashed(tmp_path)
    (recovery,) = recoverable(folder)
    record = json.loads((recovery.folder / "journal.json").read_text())
    (recovery.folder / record["layers"][1]["pixels"]["src"]).write_bytes(b"not a PNG")
    with pytest.raises(FileProblem, match="damaged"):
        recovery.load()
    (recovery.folder / "journal.json").write_text("{}")
    assert recoverable(folder) == []
    assert recovery.folder.exists()
    (recovery.folder / "journal.json").unlink()
    assert recoverable(folder) == []
    assert not recovery.folder.exists()


def test_a_crash_between_any_two_files_leaves_the_old_document_or_the_new(
    tmp_path, journal, painting, content, monkeypatch
):
    changed = painting.with_pixels(painting.active_layer.pixels.cleared(Rect(0, 0, 20, 20)))
    changed = changed.removed(changed.layers[1].id)
    write, left = atomic.write, 0

    def crash(path, data):
        nonlocal left
        if not left:
            raise KeyboardInterrupt
        left -= 1
        write(path, data)

    found = []
    for files in range(4):
        left = 99
        monkeypatch.setattr(atomic, "write", crash)
        journal.write(painting, Parameters(), None).result()
        left = files
        with pytest.raises(KeyboardInterrupt) if files < 3 else nullcontext():
            journal.write(changed, Parameters(), None).result()
        monkeypatch.undo()
        (recovery,) = recoverable(crashed(tmp_path))
        found.append(content(recovery.load()[0]))
    assert found == [content(painting)] * 3 + [content(changed)]


WRITER = """
import sys
from pathlib import Path
import numpy as np
from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.files.recovery import Journal
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.tiles import Tiles

def version(number):
    noise = np.random.default_rng(number).integers(0, 256, (300, 300, 4), dtype=np.uint8)
    noise[..., :3] = np.minimum(noise[..., :3], noise[..., 3:])
    noise[0, 0] = number
    return Document.of(300, 300, [Layer(f"{number} {i}", Tiles.from_array(noise)) for i in range(3)])

journal = Journal(Path(sys.argv[1]))
for number in range(1, 200):
    journal.write(version(number), Parameters(seed=number), None).result()
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_one_whole_document(tmp_path):
    random = np.random.default_rng(0)
    for attempt in range(4):
        folder = tmp_path / str(attempt)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        written = [int(writer.stdout.readline()) for _ in range(2)]
        assert recoverable(folder) == []
        time.sleep(random.uniform(0, 0.15))
        writer.send_signal(signal.SIGKILL)
        written += [int(line) for line in writer.stdout]
        writer.wait()
        writer.stdout.close()
        (recovery,) = recoverable(folder)
        document, parameters = recovery.load()
        number = parameters.seed
        assert number in (written[-1], written[-1] + 1)
        assert [layer.name for layer in document.layers] == [f"{number} {i}" for i in range(3)]
        assert all(layer.pixels.pixel(0, 0) == (number,) * 4 for layer in document.layers)
        recovery.discard()
        assert recoverable(folder) == []
