"""The results of a document, as immutable values: each picture that the model made, with its guide and settings.

They are saved with the document but are no part of its history: undo removes no result.
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

    `picture`, `guide`: RGB of the frame's size, losslessly encoded; `picture` is as the model made it, before it was
    pasted into the guide. `mask`, `strength`: of the edit, encoded likewise, or None for 255 everywhere. `thumbnail`:
    the pasted picture, small and encoded. `frame`: its place on a canvas of the size `canvas`, (width, height).
    `parameters`: the settings as plain JSON values. `calls`: model calls. `time`: with a time zone.
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
        """The encoded pictures, which take up memory."""
        blobs = (self.picture, self.guide, self.thumbnail, self.mask, self.strength)
        return tuple(blob for blob in blobs if blob is not None)

    @cached_property
    def settings(self) -> Parameters:
        """The settings that it was made with. Raises ValueError when they are damaged."""
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

    Beyond that, the oldest without a star are dropped first. Those with a star and the newest one always stay, even if
    they alone exceed the budget.
    """

    records: tuple[Record, ...] = ()
    budget: int = BUDGET

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)

    def __len__(self) -> int:
        return len(self.records)

    @cached_property
    def nbytes(self) -> int:
        """The bytes of all records. Pictures that records share, such as the guide of several seeds, count once."""
        return _nbytes(self.records)

    def record(self, record_id: str) -> Record:
        """The record with this id. Raises KeyError when there is none."""
        for record in self.records:
            if record.id == record_id:
                return record
        raise KeyError(record_id)

    def added(self, record: Record) -> Results:
        """The results with a new record. The same result made again replaces the old one and keeps its star."""
        for known in self.records:
            if known.repeats(record):
                record = replace(record, id=known.id, starred=known.starred or record.starred)
        return self._of([*(known for known in self.records if known.id != record.id), record])

    def starred(self, record_ids: Iterable[str], starred: bool) -> Results:
        """The results with the stars of these records set or removed; unknown ids are ignored."""
        meant = set(record_ids)
        return self._of(replace(record, starred=starred) if record.id in meant else record for record in self.records)

    def without(self, record_ids: Iterable[str]) -> Results:
        """The results without these records."""
        gone = set(record_ids)
        return replace(self, records=tuple(record for record in self.records if record.id not in gone))

    def put_back(self, records: Iterable[Record]) -> Results:
        """The results with removed records in their old places, as far as the budget allows."""
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
