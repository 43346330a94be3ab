"""What becomes of results: each is kept with the document, and can be shown, applied, compared and put away again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

import numpy as np
from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import result_name, strength, with_picture
from sdedit_studio.document.history import History
from sdedit_studio.document.results import Record, Results
from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.editing.edit import Edit, Shown
from sdedit_studio.editing.variation import Variation, over
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.files import pictures
from sdedit_studio.files import results as files
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.compare.compare import PAINTING, Compare
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.generation import Generation, State
from sdedit_studio.ui.widgets.notice_bar import NoticeBar

if TYPE_CHECKING:
    from sdedit_studio.ui.document.file_actions import FileActions

GUIDE = "Its guide"


class ResultActions(QObject):
    """Keeps every result of `generation`. `changed()` when `waiting` or `deleted` may read differently."""

    changed = Signal()

    def __init__(
        self,
        session: Session,
        generation: Generation,
        compare: Compare,
        files: FileActions,
        tasks: Tasks,
        notice: NoticeBar,
    ) -> None:
        super().__init__(generation)
        self._session, self._generation, self._compare = session, generation, compare
        self._files, self._tasks, self._notice = files, tasks, notice
        self._latest: ref[Result] | None = None
        self._latest_id = ""
        self._asked: tuple[Record, ...] = ()
        self._deleted: tuple[Record, ...] = ()
        self._opened = session.history
        generation.finished.connect(self._keep)
        generation.applied.connect(self._keep)
        generation.changed.connect(self.changed)
        session.document_replaced.connect(self._forget_deleted)

    @property
    def waiting(self) -> str | None:
        """The id of the record whose picture waits on the canvas to be applied or discarded."""
        result = self._generation.result
        return self._latest_id if result is not None and self._knows(result) else None

    @property
    def deleted(self) -> tuple[Record, ...]:
        """What went last, deleted or for want of room, and can be put back."""
        return self._deleted

    # --- Keeping ---------------------------------------------------------------------------------------------------

    def _knows(self, result: Result) -> bool:
        return self._latest is not None and self._latest() is result

    def _keep(self, edit: Edit, result: Result) -> None:
        if not self._knows(result):
            self._latest, self._latest_id = ref(result), ""
            self._tasks.start(self._record(edit, result, self._session.history))

    async def _record(self, edit: Edit, result: Result, opened: History) -> None:
        record = await asyncio.to_thread(recorded, edit, result)
        if self._session.history is not opened:
            return  # another document was opened meanwhile
        results = self._session.results.added(record)
        if self._knows(result):
            self._latest_id = results.records[-1].id
        self._session.set_results(results)
        self.changed.emit()

    def keep_variation(self, variation: Variation) -> None:
        """Keep one that was starred, with its star."""
        self._tasks.start(self._record_variation(variation, self._session.history))

    async def _record_variation(self, variation: Variation, opened: History) -> None:
        record = await asyncio.to_thread(lambda: recorded(variation.edit, variation.result()))
        if self._session.history is opened:
            self._session.set_results(self._session.results.added(replace(record, starred=True)))

    # --- On the canvas ---------------------------------------------------------------------------------------------

    def show(self, record: Record) -> None:
        """Have its picture wait on the canvas, to be applied or discarded."""
        self._tasks.start(self._show(record))

    def apply(self, record: Record) -> None:
        """Make it a layer again."""
        self._tasks.start(self._apply(record))

    async def _apply(self, record: Record) -> None:
        await self._show(record)
        if self.waiting == record.id:
            self._generation.apply()

    async def _show(self, record: Record) -> None:
        if not self._may_show() or not (found := await self._read(record)) or not self._may_show():
            return
        ((edit, result),) = found
        self._latest, self._latest_id = ref(result), record.id
        self._generation.present(over(edit, self._session.document), result)

    def _may_show(self) -> bool:
        running = self._generation.state in (State.PREPARING, State.RUNNING)
        if running:
            self._session.notices.tell(words.UNDER_WAY)
        return not running

    def _fits(self, record: Record) -> bool:
        """Whether the canvas is still the one that it was made for; if not, say what can be done."""
        now = self._session.document
        if record.canvas == (now.width, now.height):
            return True
        self._notice.show_notice(
            "This result was made for another canvas",
            f"The canvas had {record.canvas[0]} × {record.canvas[1]} pixels then and has {now.width} × {now.height} "
            "now. Its picture can be added as a layer of its own.",
            [("Add as a layer", lambda: self._tasks.start(self._add(record)))],
        )
        return False

    async def _add(self, record: Record) -> None:
        if await self._push("Add result as a layer", _with_layer, record):
            self._session.notices.tell("Added as a new layer.")

    async def _push(self, label: str, change: Callable[[Document, Record], Document], record: Record) -> bool:
        """Make one undo step of a change, built off the UI thread, anew if the painting went on meanwhile.

        Returns whether it was made: not when it cannot be, which it says, nor when another document was opened.
        """
        session, opened = self._session, self._session.history
        while session.history is opened:
            document = session.document
            try:
                after = await asyncio.to_thread(change, document, record)
            except ValueError as problem:
                session.notices.warn(str(problem))
                return False
            if document is session.document:
                session.changing.emit()  # a stroke in progress becomes a step of its own
            if document is session.document:
                session.push(label, after)
                return True
        return False

    async def _read(self, *records: Record) -> list[tuple[Edit, Result]]:
        """The records as if their runs had just ended.

        None, having said why, when one is damaged or of another canvas; nor when others were asked for meanwhile.
        """
        opened, self._asked = self._session.history, records
        document, revision = opened.document, opened.revision
        if not all(map(self._fits, records)):
            return []
        try:
            found = await asyncio.to_thread(lambda: [presentable(each, document, revision) for each in records])
        except (FileProblem, ValueError) as problem:
            self._session.notices.warn(str(problem))
            return []
        await self._generation.settled()
        wanted = self._asked is records and self._session.history is opened
        return found if wanted and all(map(self._fits, records)) else []

    def compare(self, records: Sequence[Record]) -> None:
        """Two of them with each other, the older one at the left; a single one with the painting."""
        self._tasks.start(self._between(sorted(records, key=lambda record: record.time)[-2:]))

    async def _between(self, records: Sequence[Record]) -> None:
        shown = [Shown(edit, result.unpasted) for edit, result in await self._read(*records)]
        if not shown:
            return
        left = (shown[0], name(records[0])) if len(shown) == 2 else (None, PAINTING)
        self._compare.between(left[0], shown[-1], (left[1], name(records[-1])))

    def compare_with_guide(self, record: Record) -> None:
        """With the painting as it was when it was made."""
        self._tasks.start(self._beside_guide(record))

    async def _beside_guide(self, record: Record) -> None:
        for edit, result in await self._read(record):
            self._compare.between(Shown(edit, edit.job.guide), Shown(edit, result.unpasted), (GUIDE, name(record)))

    # --- The rest --------------------------------------------------------------------------------------------------

    def restore_settings(self, record: Record) -> None:
        """Make its settings the ones of the next run, the seed kept, and protect what was protected for it."""
        self._session.set_parameters(**vars(record.settings))
        self._generation.seed_locked = True
        if record.strength is None:
            self._session.notices.tell("The settings of this result are back, and its seed is kept.")
        else:
            self._tasks.start(self._protect(record))

    async def _protect(self, record: Record) -> None:
        if await self._push("Protect as for the result", _protected, record):
            message = "The settings of this result are back, its seed is kept, and so is what was protected."
            self._session.notices.tell(message)

    def star(self, records: Sequence[Record], starred: bool) -> None:
        self._change(self._session.results.starred((record.id for record in records), starred))

    def delete(self, records: Sequence[Record]) -> None:
        """Take them out of the document; `put_back` brings them back until others are deleted."""
        self._change(self._session.results.without(record.id for record in records))

    def put_back(self) -> None:
        deleted, self._deleted = self._deleted, ()
        self._change(self._session.results.put_back(deleted), deleted)

    def _change(self, results: Results, back: Sequence[Record] = ()) -> None:
        """What goes, and what of `back` has no room, can be put back: what lost its star, with its star."""
        kept = {record.id for record in results}
        if gone := tuple(record for record in (*self._session.results, *back) if record.id not in kept):
            self._deleted = gone
        self._session.set_results(results)
        self.changed.emit()

    def export(self, record: Record) -> None:
        """Save its picture as a file, with its settings in it."""
        self._tasks.start(self._export(record))

    async def _export(self, record: Record) -> None:
        stem, settings = Path(self._files.name).stem, record.settings
        path = await self._files.ask_path(
            "Export result",
            [f"Picture (*{suffix})" for suffix in (".png", ".jpg", ".webp")],
            save=True,
            name=f"{stem} {settings.t0:.2f} seed {settings.seed}.png",
        )
        if path is None:
            return
        try:
            await asyncio.to_thread(_write, path, record)
        except FileProblem as problem:
            self._session.notices.warn(str(problem))
        else:
            self._session.notices.tell(f"Exported {path.name}.")

    def _forget_deleted(self) -> None:
        if self._session.history is not self._opened:
            self._opened, self._deleted = self._session.history, ()
            self.changed.emit()


def name(record: Record) -> str:
    """What to call a result: "t₀ 0.42, seed 3"."""
    return f"t₀ {record.settings.t0:.2f}, seed {record.settings.seed}"


def recorded(edit: Edit, result: Result) -> Record:
    """The record of a result; for a background thread."""
    job = result.job
    held = None if job.strength is None else job.strength.array
    return files.made(
        result.unpasted.array,
        job.guide.array,
        None if job.mask is None else job.mask.array,
        # A task grades its strength itself, and that is nothing a person painted.
        strength=strength(edit.document, edit.frame) if edit.task else held,
        frame=edit.frame,
        canvas=(edit.document.width, edit.document.height),
        parameters=job.parameters.as_dict(),
        calls=result.calls,
        seconds=result.seconds,
    )


def presentable(record: Record, document: Document, revision: int) -> tuple[Edit, Result]:
    """A record as an edit of `document` with its result; for a background thread. Raises FileProblem."""
    mask, held = (None if each is None else Pixels.of(files.coverage(each)) for each in (record.mask, record.strength))
    job = Job(Pixels.of(files.rgb(record.guide)), record.settings, mask, revision, strength=held)
    picture = Pixels.of(files.rgb(record.picture))
    return Edit(document, record.frame, job), Result(job, picture, picture, record.seconds, record.calls)


def _protected(document: Document, record: Record) -> Document:
    """With the frame of a record protected as it was then; the very same document where it is so already.

    Raises ValueError, with a sentence for the person, when the canvas is another one.
    """
    assert record.strength is not None
    if record.canvas != (document.width, document.height):
        raise ValueError("The settings are back, but what was protected lies on a canvas of another size.")
    held, now = 255 - files.coverage(record.strength), surface(document, Target.PROTECTION)
    if np.array_equal(now.read(record.frame), held):
        return document
    return with_surface(document, Target.PROTECTION, now.with_array(held, record.frame.x, record.frame.y))


def _write(path: Path, record: Record) -> None:
    pictures.export(path, files.looks(record), metadata=record.parameters, composite=record.mask is not None)


def _with_layer(document: Document, record: Record) -> Document:
    picture = files.rgb(record.picture)[..., ::-1]
    alpha = np.full(picture.shape[:2], 255, np.uint8) if record.mask is None else files.coverage(record.mask)
    premultiplied = (picture.astype(np.uint16) * alpha[..., None] + 127) // 255
    pixels = np.dstack([premultiplied.astype(np.uint8), alpha])
    return with_picture(document, pixels, result_name(record.settings))
