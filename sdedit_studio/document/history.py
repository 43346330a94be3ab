"""Undo and redo, as a bounded list of document values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sdedit_studio.document.document import Document
from sdedit_studio.raster.tiles import Tile


@dataclass(frozen=True)
class Step:
    """One undo step: its name for the menu, the document it leads back to, and the bytes that only this step keeps."""

    label: str
    document: Document
    nbytes: int


class History:
    """The current document with the steps that led to it.

    A gesture in progress replaces the current document with `amend`, freely, and becomes one step with `commit`.
    Steps hold whole documents; since those share their tiles, a step costs only the tiles that it changed. The oldest
    steps are dropped once all steps together cost more than `budget` bytes, but the newest one always stays.
    """

    def __init__(self, document: Document, budget: int = 512 * 2**20) -> None:
        self._document = document
        self._undo: list[Step] = []
        self._redo: list[Step] = []
        self._budget = budget
        self._saved: Document | None = document
        self.revision = 0
        """Counts every change of the current document, in-progress ones included."""

    @property
    def document(self) -> Document:
        return self._document

    @property
    def modified(self) -> bool:
        """Whether the picture, or what is protected of it, differs from what was last saved (or opened).

        Selecting something changes no picture.
        """
        return self._saved is None or self.picture != _picture(self._saved)

    @property
    def picture(self) -> tuple[object, ...]:
        """What a file holds of the current document: equal as long as nothing of it has changed."""
        return _picture(self._document)

    @property
    def nbytes(self) -> int:
        """Bytes of pixels that are kept only for undo and redo."""
        return sum(step.nbytes for step in (*self._undo, *self._redo))

    @property
    def undo_labels(self) -> list[str]:
        """The labels of the steps that can be undone, the oldest first."""
        return [step.label for step in self._undo]

    @property
    def undo_label(self) -> str | None:
        return self._undo[-1].label if self._undo else None

    @property
    def redo_label(self) -> str | None:
        return self._redo[-1].label if self._redo else None

    def amend(self, document: Document) -> None:
        """Replace the current document without making a step."""
        if document is not self._document:
            self._document = document
            self.revision += 1

    def commit(self, label: str, before: Document) -> None:
        """Make one step of everything since `before`, the document when the gesture began. No change, no step."""
        if before is self._document:
            return
        self._undo.append(Step(label, before, _cost(before, self._document)))
        self._redo.clear()
        while self.nbytes > self._budget and len(self._undo) > 1:
            del self._undo[0]

    def push(self, label: str, document: Document, *, join: bool = False) -> None:
        """Amend and commit at once. `join`: as part of the newest step rather than as one of its own."""
        before = self._undo.pop().document if join and self._undo else self._document
        self.amend(document)
        self.commit(label, before)

    def undo(self) -> str | None:
        """Go back one step. Returns its label, or None when there is none."""
        return self._travel(self._undo, self._redo)

    def redo(self) -> str | None:
        """Go forward one step. Returns its label, or None when there is none."""
        return self._travel(self._redo, self._undo)

    def mark_saved(self, document: Document | None) -> None:
        """Remember the document value that was written to disk, which need not be the current one any more.

        None: no file holds any of these documents.
        """
        self._saved = document

    def _travel(self, source: list[Step], target: list[Step]) -> str | None:
        if not source:
            return None
        step = source.pop()
        target.append(Step(step.label, self._document, _cost(self._document, step.document)))
        self.amend(step.document)
        return step.label


def _cost(kept: Document, instead_of: Document) -> int:
    """Bytes of the tiles of `kept` that `instead_of`, its neighbour in the history, does not have."""
    shared = {id(tile) for tile in _tiles(instead_of)}
    return sum({id(tile): tile.nbytes for tile in _tiles(kept) if id(tile) not in shared}.values())


def _picture(document: Document) -> tuple[object, ...]:
    return document.width, document.height, document.layers, document.protection


def _tiles(document: Document) -> Iterator[Tile]:
    for layer in document.layers:
        yield from layer.pixels.tiles.values()
        if layer.mask is not None:
            yield from layer.mask.tiles.values()
    for coverage in (document.selection, document.protection):
        if coverage is not None:
            yield from coverage.tiles.values()
