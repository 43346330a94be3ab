"""Autosave: a journal of the open document, from which the next start recovers it after a crash.

Each running studio has a session: a folder with `journal.json`, a thumbnail, and one picture for every layer, mask,
selection and protection, and some for every result; beside it is a lock that names the process. A picture is written
once and never changed; the journal, replaced atomically after them, says which ones make up the document. So at any
moment the folder holds one whole document. A session whose process is gone can be recovered.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from PySide6.QtCore import QLockFile

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.document.sources import CHANGED, outdated, outdated_ids, with_current_sources
from sdedit_studio.files import atomic
from sdedit_studio.files import results as records
from sdedit_studio.files.pictures import thumbnail
from sdedit_studio.files.placed import from_png, to_png
from sdedit_studio.files.problem import FileProblem, because
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import COLOUR, COVERAGE, Tiles

_JOURNAL = "journal.json"
_THUMBNAIL = "thumbnail.png"

_Place = dict[str, Any]
"""The place of a picture: `src`, the file name, and `x`, `y`, the document pixel of its corner."""


class Journal:
    """The session of this process. `write` and `discard` return at once and run on a thread of the journal."""

    def __init__(self, folder: Path) -> None:
        """Begin a session in the folder of all sessions. Raises FileProblem when it cannot be written to."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileProblem(f"Work cannot be saved for recovery in {folder}: {because(error)}") from error
        self._session = folder / uuid4().hex
        self._lock = _lock(self._session)
        if not self._lock.tryLock(0):
            raise FileProblem(f"Work cannot be saved for recovery in {folder}: you have no permission there.")
        self._thread = ThreadPoolExecutor(1, "journal")
        self._written: dict[Tiles, _Place] = {}
        self._kept: dict[bytes, str] = {}

    def write(
        self, document: Document, parameters: Parameters, original: Path | None, results: Results | None = None
    ) -> Future[None]:
        """Record a document, its results, and the path it was opened from or saved to; only what changed is written.

        The future raises FileProblem when the disk refuses; the document recorded before is then still there.
        """
        return self._thread.submit(self._write, document, parameters, original, results or Results())

    def discard(self) -> Future[None]:
        """Delete what was recorded, because it was saved or is not wanted."""
        return self._thread.submit(self._discard)

    def close(self) -> None:
        """End the session with nothing left to recover. Waits for a running write."""
        self._thread.shutdown(cancel_futures=True)
        self._discard()
        self._lock.unlock()

    def _write(self, document: Document, parameters: Parameters, original: Path | None, results: Results) -> None:
        try:
            if not self._session.exists():
                self._written, self._kept = {}, {}
                self._session.mkdir()
        except OSError as error:
            raise FileProblem(f"Work cannot be saved for recovery: {because(error)}") from error
        written: dict[Tiles, _Place] = {}
        kept: dict[bytes, str] = {}

        def place(tiles: Tiles | None) -> _Place | None:
            if tiles is not None and tiles not in written:
                written[tiles] = self._written.get(tiles) or self._put(tiles, document.bounds)
            return tiles and written[tiles]

        def keep(data: bytes) -> str:
            kept[data] = self._kept.get(data) or self._put_result(data)
            return kept[data]

        journal = {
            "time": datetime.now(UTC).isoformat(),
            "original": original and str(original),
            "canvas": [document.width, document.height],
            "layers": [
                {
                    "name": layer.name,
                    "pixels": place(layer.pixels),
                    "mask": place(layer.mask),
                    "opacity": float(layer.opacity),
                    "mode": layer.mode,
                    "visible": layer.visible,
                    "in_guide": layer.in_guide,
                    "alpha_locked": layer.alpha_locked,
                    "generation": layer.generation and dict(layer.generation),
                    "follows": layer.follows,
                    "outdated": outdated(document, layer),
                }
                for layer in document.layers
            ],
            "active": document.active_index,
            "selection": place(document.selection),
            "frame": document.frame,
            "protection": place(document.protection),
            "parameters": parameters.as_dict(),
            "results": records.as_json(results, keep),
        }
        atomic.write(self._session / _THUMBNAIL, thumbnail(flatten(document.layers, document.bounds)))
        atomic.write(self._session / _JOURNAL, json.dumps(journal).encode())
        self._written, self._kept = written, kept
        self._sweep({place["src"] for place in written.values()} | {*kept.values(), _THUMBNAIL, _JOURNAL})

    def _put(self, tiles: Tiles, canvas: Rect) -> _Place:
        data, x, y = to_png(tiles, canvas)
        src = f"{uuid4().hex}.png"
        atomic.write(self._session / src, data)
        return {"src": src, "x": x, "y": y}

    def _put_result(self, data: bytes) -> str:
        src = f"{uuid4().hex}.webp"
        atomic.write(self._session / src, data)
        return src

    def _sweep(self, kept: set[str]) -> None:
        for file in self._session.iterdir():
            if file.name not in kept:
                with suppress(OSError):  # a later sweep will find it
                    file.unlink()

    def _discard(self) -> None:
        self._written, self._kept = {}, {}
        shutil.rmtree(self._session, ignore_errors=True)


@dataclass(frozen=True)
class Recovery:
    """A document that a session left behind.

    `thumbnail`: a PNG. `time`: when it was recorded. `layers`: how many it has. `original`: the file it was opened
    from or last saved to.
    """

    folder: Path
    thumbnail: Path
    time: datetime
    layers: int
    original: Path | None

    def load(self) -> tuple[Document, Parameters]:
        """The document and its edit settings. Raises FileProblem when the session is damaged."""
        try:
            journal = json.loads((self.folder / _JOURNAL).read_bytes())
            layers = [self._layer(record) for record in journal["layers"]]
            width, height = journal["canvas"]
            document = Document(
                width,
                height,
                tuple(layers),
                layers[journal["active"]].id,
                self._coverage(journal["selection"]),
                None if journal["frame"] is None else Rect(*journal["frame"]),
                self._coverage(journal.get("protection")),
            )
            return with_current_sources(document, outdated_ids(document)), Parameters.from_dict(journal["parameters"])
        except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
            raise FileProblem("The work left behind is damaged and could not be recovered.") from error

    def load_results(self, notes: list[str]) -> Results:
        """The results of the document; `notes` receives a sentence if some are damaged. Raises FileProblem."""
        try:
            values = json.loads((self.folder / _JOURNAL).read_bytes()).get("results", [])
        except (OSError, ValueError, AttributeError) as error:
            raise FileProblem("The work left behind is damaged and could not be recovered.") from error
        return records.from_json(values, lambda src: (self.folder / Path(src).name).read_bytes(), notes)

    def discard(self) -> None:
        """Delete it for good."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _layer(self, record: Mapping[str, Any]) -> Layer:
        return Layer(
            record["name"],
            self._tiles(record["pixels"], COLOUR),
            self._coverage(record["mask"]),
            record["opacity"],
            BlendMode(record["mode"]),
            record["visible"],
            record["in_guide"],
            record["alpha_locked"],
            record["generation"],
            record.get("follows", False),
            CHANGED if record.get("outdated", False) else None,
        )

    def _coverage(self, place: _Place | None) -> Tiles | None:
        return None if place is None else self._tiles(place, COVERAGE)

    def _tiles(self, place: _Place, channels: int) -> Tiles:
        src = str(place["src"])
        return from_png((self.folder / src).read_bytes(), src, place["x"], place["y"], channels)


def recoverable(folder: Path) -> list[Recovery]:
    """What the sessions in `folder` whose process is gone have left behind, newest first."""
    found = []
    for session in folder.iterdir() if folder.is_dir() else ():
        if not session.is_dir() or not _abandoned(session):
            continue
        if not (session / _JOURNAL).exists():
            shutil.rmtree(session, ignore_errors=True)  # it ended before it had recorded anything
            continue
        try:
            journal = json.loads((session / _JOURNAL).read_bytes())
            original = journal["original"]
            found.append(
                Recovery(
                    session,
                    session / _THUMBNAIL,
                    datetime.fromisoformat(journal["time"]),
                    len(journal["layers"]),
                    None if original is None else Path(original),
                )
            )
        except (OSError, ValueError, KeyError, TypeError):
            continue  # damaged by the disk; left where it is
    return sorted(found, key=lambda recovery: recovery.time, reverse=True)


def _lock(session: Path) -> QLockFile:
    lock = QLockFile(str(session.with_suffix(".lock")))
    lock.setStaleLockTime(0)  # however old, it holds as long as its process lives
    return lock


def _abandoned(session: Path) -> bool:
    lock = _lock(session)
    if lock.tryLock(0):
        lock.unlock()
        return True
    return False
