"""Results with a document: in its file, and in the journal that outlives a crash."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdedit_studio import resources
from sdedit_studio.document.results import Record, Results
from sdedit_studio.files import FileProblem
from sdedit_studio.files import results as module
from sdedit_studio.files.openraster import load, load_results, save
from sdedit_studio.files.recovery import Journal, recoverable
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect

FRAME = Rect(8, 10, 40, 24)


def noise(seed: int, channels: int = 3) -> np.ndarray:
    shape = (FRAME.height, FRAME.width, channels) if channels > 1 else (FRAME.height, FRAME.width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def made(seed: int, *, masked: bool = False, guide: int = 0, starred: bool = False, held: bool = False) -> Record:
    parameters = Parameters(seed=seed, condition="sea").as_dict()
    mask = noise(seed, 1) if masked else None
    given = {"frame": FRAME, "canvas": (120, 90), "parameters": parameters, "calls": 15, "seconds": 5.125}
    given["strength"] = noise(100 + seed, 1) if held else None
    return replace(module.new_record(noise(seed), noise(guide), mask, **given), starred=starred)


@pytest.fixture(scope="module")
def results() -> Results:
    """Three results of one guide."""
    return Results().added(made(1)).added(made(2, masked=True, starred=True)).added(made(3))


def plain(results: Results) -> list[Record]:
    """Without identities, which are not saved."""
    return [replace(record, id="", parameters=json.loads(json.dumps(record.parameters))) for record in results]


def rewritten(source: Path, target: Path, change) -> Path:
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for info in old.infolist():
            if (data := change(info.filename, old.read(info))) is not None:
                new.writestr(info, data)
    return target


def immense(data: bytes) -> bytes:
    """A lossless WebP whose head says that it is 16384 x 16384 pixels large; of another kind, as it is."""
    start = data.find(b"VP8L") + 9
    return data if start < 9 else data[:start] + (2**28 - 1).to_bytes(4, "little") + data[start + 4 :]


def test_pictures_and_masks_come_back_bit_for_bit():
    record = made(5, masked=True, guide=6, held=True)
    assert np.array_equal(module.rgb(record.picture), noise(5))
    assert np.array_equal(module.rgb(record.guide), noise(6))
    assert np.array_equal(module.coverage(record.mask), noise(5, 1))
    assert np.array_equal(module.coverage(record.strength), noise(105, 1))
    assert record.time.tzinfo is not None
    assert record.seconds == 5.12


def test_the_thumbnail_shows_the_result_inside_its_mask_only():
    picture, guide = np.full((300, 400, 3), 255, np.uint8), np.zeros((300, 400, 3), np.uint8)
    mask = np.zeros((300, 400), np.uint8)
    mask[:, :200] = 255
    given = {"frame": Rect(0, 0, 400, 300), "canvas": (400, 300), "parameters": {}, "calls": 1, "seconds": 1.0}
    small = module.rgb(module.new_record(picture, guide, mask, **given).thumbnail)
    assert small.shape == (144, 192, 3)
    assert small[72, 40].min() > 240
    assert small[72, 150].max() < 15


# --- In a document's file


def test_results_are_saved_with_a_document_and_come_back(tmp_path, painting, results, content):
    path, notes = tmp_path / "a.ora", []
    save(path, painting, Parameters(), results)
    assert plain(load_results(path, notes)) == plain(results)
    assert content(load(path, notes)[0]) == content(painting)
    assert notes == []
    with ZipFile(path) as archive:
        pictures = [name for name in archive.namelist() if name.startswith("sdedit/results/") and "json" not in name]
        assert len(pictures) == 3 + 3 + 1 + 1, "the three share a guide, and one has a mask"
        assert b"results" not in archive.read("stack.xml"), "other programs do not see them"


def test_results_come_back_in_the_order_in_which_they_were_made(results):
    stored = {}

    def put(data: bytes) -> str:
        return stored.setdefault(data, str(len(stored)))

    values = module.as_json(results, put)
    places = {place: data for data, place in stored.items()}
    for order in ([2, 0, 1], [1, 2, 0]):
        notes = []
        found = module.from_json([values[index] for index in order], places.__getitem__, notes)
        assert plain(found) == plain(results) and notes == []


def test_what_was_protected_is_saved_with_a_result_and_files_of_older_versions_have_none(tmp_path, painting):
    results = Results().added(made(1, masked=True, held=True))
    save(tmp_path / "a.ora", painting, None, results)
    assert plain(load_results(tmp_path / "a.ora")) == plain(results)

    def older(name, data):
        return data.replace(b'"strength"', b'"other"') if name.endswith("results.json") else data

    (record,) = load_results(rewritten(tmp_path / "a.ora", tmp_path / "b.ora", older))
    assert record.strength is None


def test_equal_documents_give_equal_files_and_one_without_results_has_no_trace(tmp_path, painting, results):
    save(tmp_path / "a.ora", painting, None, results)
    save(tmp_path / "b.ora", painting, None, load_results(tmp_path / "a.ora"))
    assert (tmp_path / "a.ora").read_bytes() == (tmp_path / "b.ora").read_bytes()
    save(tmp_path / "c.ora", painting)
    save(tmp_path / "d.ora", painting, None, Results())
    assert (tmp_path / "c.ora").read_bytes() == (tmp_path / "d.ora").read_bytes()
    assert load_results(tmp_path / "c.ora") == Results()


def test_the_shipped_samples_load_without_results():
    for path in resources.path("samples").glob("*.ora"):
        notes = []
        assert load_results(path, notes) == Results()
        load(path, notes)
        assert notes == []


@pytest.mark.parametrize(
    ("entry", "change", "left", "note"),
    [
        ("results.json", lambda data: b"{", 0, "are damaged and were not read"),
        ("results.json", lambda data: b"[" * 100_000, 0, "are damaged and were not read"),
        ("results.json", lambda data: data.replace(b'"version": 1', b'"version": 2'), 0, "newer SDEdit Studio"),
        ("results.json", lambda data: data.replace(b'"calls": 15', b'"calls": "x"', 1), 2, "One result saved"),
        ("results.json", lambda data: data.replace(b'"time": "2', b'"time": "x2'), 0, "3 results saved"),
        ("results.json", lambda data: data.replace(b"5.12", b"1e999", 1), 2, "One result saved"),
        ("results.json", lambda data: data.replace(b"sdedit/results/", b"../../", 1), 2, "One result saved"),
        (".webp", lambda data: None, 0, "3 results saved"),
        (".webp", lambda data: b"not a picture", 0, "3 results saved"),
        (".webp", lambda data: immense(data), 0, "3 results saved"),
    ],
)
def test_damaged_results_are_left_out_and_said(tmp_path, painting, results, content, entry, change, left, note):
    save(tmp_path / "a.ora", painting, None, results)
    path = rewritten(
        tmp_path / "a.ora", tmp_path / "b.ora", lambda name, data: change(data) if name.endswith(entry) else data
    )
    notes = []
    assert len(load_results(path, notes)) == left
    assert note in " ".join(notes)
    assert content(load(path)[0]) == content(painting)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_records_of_any_shape_are_survived(tmp_path, painting, results, data):
    if not (tmp_path / "a.ora").exists():
        save(tmp_path / "a.ora", painting, None, results)

    def damage(name, old):
        if not name.endswith("results.json"):
            return old
        found = json.loads(old)
        place = found["results"][1]
        key = data.draw(st.sampled_from(sorted(place)))
        place[key] = data.draw(
            st.sampled_from([None, True, -1, 1e400, 10**40, "", "../x", [], [[]], {}, "mimetype", [1, 2, 3, "4"]])
        )
        return json.dumps(found)

    loaded = load_results(rewritten(tmp_path / "a.ora", tmp_path / "b.ora", damage))
    assert len(loaded) in (2, 3)


def test_a_picture_damaged_inside_is_told_when_it_is_looked_at():
    record = made(5)
    with pytest.raises(FileProblem, match="This result is damaged"):
        module.rgb(record.picture[:200])


# --- In the journal


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "sessions")
    yield journal
    journal.close()


def session(tmp_path: Path) -> Path:
    return next(path for path in (tmp_path / "sessions").iterdir() if path.is_dir())


def crashed(tmp_path: Path) -> Path:
    """The folder of sessions as it would be had the journal's process died."""
    target = tmp_path / "crash"
    target.mkdir()
    session(tmp_path).rename(target / "session")
    return target


def test_the_journal_keeps_results_and_writes_each_once(tmp_path, journal, painting, results):
    journal.write(painting, Parameters(), None, results).result()
    first = {path.name: path.stat().st_mtime_ns for path in session(tmp_path).glob("*.webp")}
    assert len(first) == 8
    more = results.added(made(4)).starred([results.records[0].id], True)
    journal.write(painting, Parameters(), None, more).result()
    second = {path.name: path.stat().st_mtime_ns for path in session(tmp_path).glob("*.webp")}
    assert first.items() < second.items()
    assert len(second) == 10
    journal.write(painting, Parameters(), None, more.without([more.records[1].id])).result()
    assert len(list(session(tmp_path).glob("*.webp"))) == 7
    (recovery,) = recoverable(crashed(tmp_path))
    notes = []
    assert plain(recovery.load_results(notes)) == plain(more.without([more.records[1].id]))
    assert notes == []


def test_results_missing_from_a_session_are_said_and_the_document_is_recovered(
    tmp_path, journal, painting, results, content
):
    journal.write(painting, Parameters(), None, results).result()
    (recovery,) = recoverable(crashed(tmp_path))
    record = json.loads((recovery.folder / "journal.json").read_text())
    (recovery.folder / record["results"][0]["picture"]).unlink()
    notes = []
    assert plain(recovery.load_results(notes)) == plain(results)[1:]
    assert "One result" in notes[0]
    assert content(recovery.load()[0]) == content(painting)


def test_sessions_of_older_versions_have_no_results(tmp_path, journal, painting):
    journal.write(painting, Parameters(), None).result()
    (recovery,) = recoverable(crashed(tmp_path))
    path, notes = recovery.folder / "journal.json", []
    record = json.loads(path.read_text())
    del record["results"]
    path.write_text(json.dumps(record))
    assert recovery.load_results(notes) == Results()
    assert notes == []


WRITER = """
import sys
from pathlib import Path
import numpy as np
from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.files.recovery import Journal
from sdedit_studio.files.results import new_record
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

document = Document.of(60, 40, [Layer("Paper", Tiles.from_array(np.full((40, 60, 4), 255, np.uint8)))])
journal, results = Journal(Path(sys.argv[1])), Results()
for number in range(1, 400):
    picture = np.random.default_rng(number).integers(0, 256, (40, 60, 3), np.uint8)
    results = results.added(new_record(picture, picture[::-1], None, frame=Rect(0, 0, 60, 40), canvas=(60, 40),
                                 parameters={"seed": number}, calls=8, seconds=1.0))
    journal.write(document, Parameters(seed=number), None, results).result()
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_every_result_that_it_had_recorded(tmp_path):
    random = np.random.default_rng(1)
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, folder], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        written = [int(writer.stdout.readline()) for _ in range(3)]
        time.sleep(random.uniform(0, 0.1))
        writer.send_signal(signal.SIGKILL)
        written += [int(line) for line in writer.stdout]
        writer.wait()
        writer.stdout.close()
        (recovery,) = recoverable(folder)
        notes = []
        results = recovery.load_results(notes)
        assert notes == []
        assert len(results) in (written[-1], written[-1] + 1)
        for number, record in enumerate(results, 1):
            picture = np.random.default_rng(number).integers(0, 256, (40, 60, 3), np.uint8)
            assert record.parameters == {"seed": number}
            assert np.array_equal(module.rgb(record.picture), picture)
            assert np.array_equal(module.rgb(record.guide), picture[::-1])
