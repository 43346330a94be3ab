"""Storing results: pictures as lossless WebP, and records as JSON, for files and for the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import BytesIO
from math import isfinite
from typing import Any

import numpy as np
from PIL import Image

from sdedit_studio.document.document import MAX_SIDE
from sdedit_studio.document.results import Record, Results
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.raster.geometry import Rect

THUMBNAIL = 192
"""Longest side of a thumbnail in pixels."""

_MOST_BYTES = 2**30
"""Memory that the results of a file may take."""

_DAMAGE = (ValueError, KeyError, TypeError, OverflowError, RecursionError, OSError)


def new_record(
    picture: np.ndarray,
    guide: np.ndarray,
    mask: np.ndarray | None,
    *,
    strength: np.ndarray | None = None,
    frame: Rect,
    canvas: tuple[int, int],
    parameters: Mapping[str, Any],
    calls: int,
    seconds: float,
) -> Record:
    """The record of a new result. Slow, so for a background thread.

    `picture`, `guide`: RGB uint8 (h, w, 3) of the frame's size; `mask`, `strength`: uint8 (h, w), or None.
    """
    return Record(
        _encoded(picture),
        _encoded(guide),
        None if mask is None else _encoded(mask),
        _thumbnail(picture, guide, mask),
        frame,
        canvas,
        dict(parameters),
        calls,
        round(seconds, 2),
        datetime.now(UTC),
        strength=None if strength is None else _encoded(strength),
    )


def rgb(data: bytes) -> np.ndarray:
    """A picture of a record: uint8 (h, w, 3). Raises FileProblem when it is damaged."""
    try:
        with Image.open(BytesIO(data), formats=("WEBP",)) as image:
            return np.array(image.convert("RGB"))
    except Exception as error:  # a damaged picture can raise nearly anything in a decoder
        raise FileProblem("This result is damaged and cannot be shown. Delete it, or try another one.") from error


def coverage(data: bytes) -> np.ndarray:
    """The mask or the strength of a record: uint8 (h, w). Raises FileProblem when it is damaged."""
    return np.ascontiguousarray(rgb(data)[..., 0])


def pasted(record: Record) -> np.ndarray:
    """The result pasted into its guide by its mask: uint8 (h, w, 3). Raises FileProblem when it is damaged."""
    picture = rgb(record.picture)
    if record.mask is None:
        return picture
    return np.array(_within(Image.fromarray(picture), rgb(record.guide), coverage(record.mask)))


def as_json(results: Results, put: Callable[[bytes], str]) -> list[dict[str, Any]]:
    """The records as plain values, oldest first. `put`: stores a picture and returns its place, once for each."""
    places: dict[bytes, str] = {}

    def place(data: bytes | None) -> str | None:
        if data is None:
            return None
        if data not in places:
            places[data] = put(data)
        return places[data]

    return [
        {
            "time": record.time.isoformat(),
            "starred": record.starred,
            "picture": place(record.picture),
            "guide": place(record.guide),
            "mask": place(record.mask),
            "strength": place(record.strength),
            "thumbnail": place(record.thumbnail),
            "frame": record.frame,
            "canvas": record.canvas,
            "parameters": dict(record.parameters),
            "calls": record.calls,
            "seconds": record.seconds,
        }
        for record in results
    ]


def from_json(values: Any, get: Callable[[str], bytes], notes: list[str]) -> Results:
    """The results that `as_json` wrote. `get`: returns a stored picture; may raise OSError or ValueError.

    Records that are damaged are left out; `notes` receives a sentence if there are any.
    """
    found: list[Record] = []
    blobs: dict[str, bytes] = {}

    def fetch(src: str) -> bytes:
        if src not in blobs:
            blobs[src] = _hashed(get(src))
            if sum(map(len, blobs.values())) > _MOST_BYTES:
                raise ValueError("The results would not fit in memory.")
        return blobs[src]

    if not isinstance(values, list):
        notes.append("The results saved with the painting are damaged and were not read.")
        return Results()
    for value in values:
        try:
            found.append(_record(value, fetch))
        except _DAMAGE:
            continue
    if lost := len(values) - len(found):
        count = "One result" if lost == 1 else f"{lost} results"
        notes.append(f"{count} saved with the painting {'is' if lost == 1 else 'are'} damaged and could not be read.")
    return Results(tuple(sorted(found, key=lambda record: record.time)))


def _record(value: Mapping[str, Any], fetch: Callable[[str], bytes]) -> Record:
    """Raises one of `_DAMAGE`."""
    x, y, width, height = map(int, value["frame"])
    across, down = map(int, value["canvas"])
    seconds = float(value["seconds"])
    if not (isfinite(seconds) and max(width, height, across, down) <= MAX_SIDE):
        raise ValueError("A size or time is beyond all limits.")
    mask, strength = value["mask"], value.get("strength")  # which older files do not have
    record = Record(
        fetch(str(value["picture"])),
        fetch(str(value["guide"])),
        None if mask is None else fetch(str(mask)),
        fetch(str(value["thumbnail"])),
        Rect(x, y, width, height),
        (across, down),
        dict(value["parameters"]),
        int(value["calls"]),
        seconds,
        datetime.fromisoformat(value["time"]).astimezone(UTC),
        bool(value["starred"]),
        None if strength is None else fetch(str(strength)),
    )
    if not record.settings.model:
        raise ValueError("It names no model.")
    for data in (record.picture, record.guide, record.mask, record.strength):
        if data is not None and _size(data) != (width, height):
            raise ValueError("A picture does not have the frame's size.")
    if max(_size(record.thumbnail)) > THUMBNAIL:
        raise ValueError("The thumbnail is too large.")
    return record


def _size(data: bytes) -> tuple[int, int]:
    """The size of a picture, from its header. Raises one of `_DAMAGE`."""
    try:
        with Image.open(BytesIO(data), formats=("WEBP",)) as image:
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ValueError("A picture is larger than any frame.") from error


def _encoded(pixels: np.ndarray) -> bytes:
    """Lossless WebP, the fastest there is: a tenth of the default's time for about a tenth more bytes."""
    file = BytesIO()
    Image.fromarray(pixels).convert("RGB").save(file, "WEBP", lossless=True, quality=0, method=0)
    return _hashed(file.getvalue())


def _hashed(data: bytes) -> bytes:
    """The same bytes, with their hash cached by Python, so that counting shared pictures is fast later."""
    hash(data)
    return data


def _thumbnail(picture: np.ndarray, guide: np.ndarray, mask: np.ndarray | None) -> bytes:
    image = Image.fromarray(picture)
    if mask is not None:
        image = _within(image, guide, mask)
    image.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX)
    file = BytesIO()
    image.save(file, "WEBP", quality=80, method=2)
    return file.getvalue()


def _within(image: Image.Image, guide: np.ndarray, mask: np.ndarray) -> Image.Image:
    return Image.composite(image, Image.fromarray(guide), Image.fromarray(mask))
