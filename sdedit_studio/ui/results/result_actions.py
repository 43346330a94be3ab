"""Keeps every result with the document; shows, applies, compares, stars, deletes and exports them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import ref

from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.results import Record, Results
from sdedit_studio.editing.edit import Edit, EditPicture
from sdedit_studio.editing.records import (
    edit_of_record,
    export_picture,
    record_of,
    title,
    with_layer_of,
    with_protection_of,
)
from sdedit_studio.editing.variation import Variation, above_later_results
from sdedit_studio.engine.job import Result
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.compare.compare import PAINTING, Compare
from sdedit_studio.ui.document.door import Opened
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.generation import Generation
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
        self._requested: tuple[Record, ...] = ()
        self._deleted: tuple[Record, ...] = ()
        self._opened = session.opened
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
        """The records that were deleted last, or dropped to keep within the size limit. They can be put back."""
        return self._deleted

    # --- Keeping ---------------------------------------------------------------------------------------------------

    def _knows(self, result: Result) -> bool:
        return self._latest is not None and self._latest() is result

    def _keep(self, edit: Edit, result: Result) -> None:
        if not self._knows(result):
            self._latest, self._latest_id = ref(result), ""
            self._tasks.start(self._record(edit, result, self._session.opened))

    async def _record(self, edit: Edit, result: Result, opened: Opened) -> None:
        record = await asyncio.to_thread(record_of, edit, result)
        if self._session.opened is not opened:
            return  # another document was opened meanwhile
        results = self._session.results.added(record)
        if self._knows(result):
            self._latest_id = results.records[-1].id
        self._session.set_results(results)
        self.changed.emit()

    def keep_variation(self, variation: Variation) -> None:
        """Keep one that was starred, with its star."""
        self._tasks.start(self._record_variation(variation, self._session.opened))

    async def _record_variation(self, variation: Variation, opened: Opened) -> None:
        record = await asyncio.to_thread(lambda: record_of(variation.edit, variation.result()))
        if self._session.opened is opened:
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
        self._generation.present(above_later_results(edit, self._session.document), result)

    def _may_show(self) -> bool:
        running = self._generation.underway.running
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
            [("Add as a layer", partial(self._add, record, self._session.opened))],
        )
        return False

    def _add(self, record: Record, of: Opened) -> None:
        self._session.change(
            "Add result as a layer",
            lambda document: with_layer_of(document, record),
            of=of,
            then=lambda: self._session.notices.tell("Added as a new layer."),
        )

    async def _read(self, *records: Record) -> list[tuple[Edit, Result]]:
        """The records as if their runs had just ended.

        None, having said why, when one is damaged or of another canvas; nor when others were asked for meanwhile.
        """
        self._requested = records
        opened, document, revision = self._session.opened, self._session.document, self._session.revision
        if not all(map(self._fits, records)):
            return []
        try:
            found = await asyncio.to_thread(lambda: [edit_of_record(each, document, revision) for each in records])
        except (FileProblem, ValueError) as problem:
            self._session.notices.warn(str(problem))
            return []
        await self._session.until_settled()
        wanted = self._requested is records and self._session.opened is opened
        return found if wanted and all(map(self._fits, records)) else []

    def compare(self, records: Sequence[Record]) -> None:
        """Two of them with each other, the older one at the left; a single one with the painting."""
        self._tasks.start(self._between(sorted(records, key=lambda record: record.time)[-2:]))

    async def _between(self, records: Sequence[Record]) -> None:
        shown = [EditPicture(edit, result.unpasted) for edit, result in await self._read(*records)]
        if not shown:
            return
        left = (shown[0], title(records[0])) if len(shown) == 2 else (None, PAINTING)
        self._compare.compare_pictures(left[0], shown[-1], (left[1], title(records[-1])))

    def compare_with_guide(self, record: Record) -> None:
        """With the painting as it was when it was made."""
        self._tasks.start(self._beside_guide(record))

    async def _beside_guide(self, record: Record) -> None:
        for edit, result in await self._read(record):
            self._compare.compare_pictures(
                EditPicture(edit, edit.job.guide), EditPicture(edit, result.unpasted), (GUIDE, title(record))
            )

    # --- The rest --------------------------------------------------------------------------------------------------

    def restore_settings(self, record: Record) -> None:
        """Make its settings the ones of the next run, the seed kept, and protect what was protected for it."""
        self._session.set_parameters(**vars(record.settings))
        self._generation.seed_locked = True
        if record.strength is None:
            self._session.notices.tell("The settings of this result are back, and its seed is kept.")
        else:
            message = "The settings of this result are back, its seed is kept, and so is what was protected."
            self._session.change(
                "Protect as for the result",
                lambda document: with_protection_of(document, record),
                then=lambda: self._session.notices.tell(message),
            )

    def star(self, records: Sequence[Record], starred: bool) -> None:
        self._change(self._session.results.starred((record.id for record in records), starred))

    def delete(self, records: Sequence[Record]) -> None:
        """Take them out of the document; `put_back` brings them back until others are deleted."""
        self._change(self._session.results.without(record.id for record in records))

    def put_back(self) -> None:
        deleted, self._deleted = self._deleted, ()
        self._change(self._session.results.put_back(deleted), deleted)

    def _change(self, results: Results, back: Sequence[Record] = ()) -> None:
        """Set the results. Those dropped, and those of `back` that do not fit, can be put back with their stars."""
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
            await asyncio.to_thread(export_picture, path, record)
        except FileProblem as problem:
            self._session.notices.warn(str(problem))
        else:
            self._session.notices.tell(f"Exported {path.name}.")

    def _forget_deleted(self) -> None:
        if self._session.opened is not self._opened:
            self._opened, self._deleted = self._session.opened, ()
            self.changed.emit()
