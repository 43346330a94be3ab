"""The results of a document: each picture that the model made for it, with what it was made from, as immutable values.

They belong to the document and are saved with it, but undo does not know them: taking back a stroke takes no result.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from sdedit_studio.document.layer import new_id
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect

BUDGET = 64 * 2**20
"""Bytes that the results of one document may take."""

MOST = 1000
"""Results of one document, however small they are."""


@dataclass(frozen=True)
class Record:
    """One result.

    `picture`, `guide`: RGB of the frame's size, encoded without loss; `picture` is the model's own, before a mask
    faded it into the guide. `mask`: the coverage that it was made with, encoded likewise, or None for all of the frame.
    `strength`: the part of t0 that protection left to each pixel, likewise, or None for all of it everywhere.
    `thumbnail`: what it looked like, small and encoded. `frame`: its place on a canvas that had the size `canvas`,
    (width, height). `parameters`: the plain JSON settings. `calls`: of the model. `time`: when, with a zone.
    """

    picture: bytes
    guide: bytes
    mask: bytes | None
    thumbnail: bytes
    frame: Rect
    canvas: tuple[int, int]
    parameters: Mapping[str, Any]
    calls: int
    seconds: float
    time: datetime
    starred: bool = False
    strength: bytes | None = None
    id: str = field(default_factory=new_id)

    @property
    def blobs(self) -> tuple[bytes, ...]:
        """What takes room."""
        blobs = (self.picture, self.guide, self.thumbnail, self.mask, self.strength)
        return tuple(blob for blob in blobs if blob is not None)

    @cached_property
    def settings(self) -> Parameters:
        """What it was made with."""
        return Parameters.from_dict(self.parameters)

    def repeats(self, other: Record) -> bool:
        """Whether both are the same picture in the same place, made with the same settings."""
        return self._identity == other._identity

    @property
    def _identity(self) -> tuple[Any, ...]:
        return self.frame, self.canvas, self.parameters, self.mask, self.strength, self.picture


@dataclass(frozen=True)
class Results:
    """Records, the oldest first: at most `MOST` that together take at most `budget` bytes.

    When room runs out, the oldest without a star go first. Those with a star and the newest one always stay, even if
    they alone take more.
    """

    records: tuple[Record, ...] = ()
    budget: int = BUDGET

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def nbytes(self) -> int:
        """The bytes taken. What records share, such as the guide of several seeds, counts once."""
        return _nbytes(self.records)

    def record(self, record_id: str) -> Record:
        """The record with this id. Raises KeyError when there is none."""
        for record in self.records:
            if record.id == record_id:
                return record
        raise KeyError(record_id)

    def added(self, record: Record) -> Results:
        """With a new record. The same result made again becomes the newest, and keeps its star."""
        for known in self.records:
            if known.repeats(record):
                record = replace(record, id=known.id, starred=known.starred or record.starred)
        return self._of([*(known for known in self.records if known.id != record.id), record])

    def starred(self, record_ids: Iterable[str], starred: bool) -> Results:
        """With the stars of these records set or taken, as far as they are there."""
        meant = set(record_ids)
        return self._of(replace(record, starred=starred) if record.id in meant else record for record in self.records)

    def without(self, record_ids: Iterable[str]) -> Results:
        """Without these records."""
        gone = set(record_ids)
        return replace(self, records=tuple(record for record in self.records if record.id not in gone))

    def put_back(self, records: Iterable[Record]) -> Results:
        """With records that were taken out, in their old places, as far as there is room for them."""
        known = {record.id for record in self.records}
        back = (record for record in records if record.id not in known)
        return self._of(sorted((*self.records, *back), key=lambda record: record.time))

    def _of(self, records: Iterable[Record]) -> Results:
        kept = list(records)
        while len(kept) > MOST or _nbytes(kept) > self.budget:
            oldest = next((record for record in kept[:-1] if not record.starred), None)
            if oldest is None:
                break
            kept.remove(oldest)
        return replace(self, records=tuple(kept))


def _nbytes(records: Iterable[Record]) -> int:
    return sum(map(len, {blob for record in records for blob in record.blobs}))
