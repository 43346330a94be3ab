"""Undo and redo, as a bounded list of document values."""

from __future__ import annotations

from dataclasses import dataclass

from sdedit_studio.document.document import Document
from sdedit_studio.raster.tiles import Tile


@dataclass(frozen=True)
class Step:
    """One gesture: its name for the menu, and the document before it."""

    label: str
    before: Document


class History:
    """The current document with the steps that led to it.

    A gesture in progress replaces the current document with `amend`, freely, and becomes one step with `commit`.
    Steps hold whole documents; since those share their tiles, a step costs only the tiles that it changed. The oldest
    steps are dropped once the tiles held only for undo and redo take more than `budget` bytes.
    """

    def __init__(self, document: Document, budget: int = 512 * 2**20) -> None:
        self._document = document
        self._undo: list[Step] = []
        self._redo: list[Step] = []
        self._budget = budget
        self._saved = document
        self.revision = 0
        """Counts every change of the current document, in-progress ones included."""

    @property
    def document(self) -> Document:
        return self._document

    @property
    def modified(self) -> bool:
        """Whether the picture differs from the one last saved (or opened). Selecting something changes no picture."""
        now, saved = self._document, self._saved
        return (now.width, now.height, now.layers) != (saved.width, saved.height, saved.layers)

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
        self._undo.append(Step(label, before))
        self._redo.clear()
        self._trim()

    def push(self, label: str, document: Document) -> None:
        """Amend and commit at once."""
        before = self._document
        self.amend(document)
        self.commit(label, before)

    def undo(self) -> str | None:
        """Go back one step. Returns its label, or None when there is none."""
        return self._travel(self._undo, self._redo)

    def redo(self) -> str | None:
        """Go forward one step. Returns its label, or None when there is none."""
        return self._travel(self._redo, self._undo)

    def mark_saved(self, document: Document) -> None:
        """Remember the document value that was written to disk, which need not be the current one any more."""
        self._saved = document

    def _travel(self, source: list[Step], target: list[Step]) -> str | None:
        if not source:
            return None
        step = source.pop()
        target.append(Step(step.label, self._document))
        self.amend(step.before)
        return step.label

    def _trim(self) -> None:
        """Walk from the newest step to the oldest, and cut where the tiles seen so far exceed the budget."""
        seen = {id(tile) for tile in _tiles(self._document)}
        held = 0
        for index in range(len(self._undo) - 1, -1, -1):
            for tile in _tiles(self._undo[index].before):
                if id(tile) not in seen:
                    seen.add(id(tile))
                    held += tile.nbytes
            if held > self._budget:
                del self._undo[: index + 1]
                return


def _tiles(document: Document) -> list[Tile]:
    pictures = [layer.pixels for layer in document.layers]
    pictures += [layer.mask for layer in document.layers if layer.mask is not None]
    if document.selection is not None:
        pictures.append(document.selection)
    return [tile for picture in pictures for tile in picture.tiles.values()]
