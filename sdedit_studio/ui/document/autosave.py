"""Keeps a journal of unsaved work, and offers what an earlier session left behind when it crashed."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QImage

from sdedit_studio.files.problem import FileProblem
from sdedit_studio.files.recovery import Journal, Recovery, recoverable
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.log import LOG
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.widgets.notice_bar import NoticeBar
from sdedit_studio.ui.widgets.rounded import rounded

WAIT_MS = 10_000
"""At most this much painting is lost in a crash."""

PICTURE = QSize(66, 44)


class Autosave(QObject):
    """Writes a while after each change, in the journal's own thread, and forgets what has been saved."""

    def __init__(self, session: Session, files: FileActions, tasks: Tasks, folder: Path) -> None:
        super().__init__(files)
        self._session, self._tasks, self._folder = session, tasks, folder
        self._files = files
        self._wait = QTimer(self, singleShot=True, interval=WAIT_MS)
        self._wait.timeout.connect(self.write)
        self._recorded = False
        try:
            self._journal: Journal | None = Journal(folder)
        except FileProblem as problem:
            self._journal = None
            LOG.warning("%s", problem)
        session.document_changed.connect(lambda _rects: self._changed())
        session.history_changed.connect(self._changed)
        session.results_changed.connect(self.write)
        files.opened.connect(self._forget)
        files.saved.connect(self._forget)
        files.recovered.connect(self._adopt)

    def write(self) -> None:
        """Record the document now, if there is anything to lose."""
        self._tasks.start(self._write())

    async def _write(self) -> bool:
        """Returns whether the document as it was now is on disk."""
        if self._journal is None or not self._session.modified:
            return False
        self._wait.stop()
        self._recorded = True
        session = self._session
        written = self._journal.write(session.document, session.parameters, session.path, session.results)
        return await self._done(written)

    def _adopt(self, left_behind: Recovery) -> None:
        self._tasks.start(self._take_over(left_behind))

    async def _take_over(self, left_behind: Recovery) -> None:
        """Record recovered work in this session before it is deleted in the old one."""
        if await self._write():
            await asyncio.to_thread(left_behind.discard)

    def close(self) -> None:
        """The program ends in good order: nothing is left to recover."""
        self._wait.stop()
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    async def offer(self, notice: NoticeBar) -> bool:
        """Ask, above the canvas, what to do with work that a crash left behind. Returns whether there is any."""
        found = await asyncio.to_thread(recoverable, self._folder)
        if found:
            self._show(notice, found)
        return bool(found)

    def _show(self, notice: NoticeBar, found: list[Recovery]) -> None:
        newest, others = found[0], found[1:]

        def next_one() -> None:
            if others:
                self._show(notice, others)

        def discard() -> None:
            self._tasks.start(asyncio.to_thread(newest.discard))
            next_one()

        name = newest.original.name if newest.original else "an untitled painting"
        ratio = notice.devicePixelRatioF()
        image = QImage(str(newest.thumbnail)).scaled(
            PICTURE * ratio, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        more = f" {len(others)} more after this one." if others else ""
        notice.show_notice(
            f"Unsaved work on {name} was found",
            f"The program ended before it was saved. {words.when(newest.time)}, {layers(newest.layers)}.{more}",
            [("Recover", lambda: self._files.recover(newest, next_one)), ("Discard", discard)],
            picture=None if image.isNull() else rounded(image, 3, ratio),
        )

    def _changed(self) -> None:
        if not self._wait.isActive():
            self._wait.start()

    def _forget(self) -> None:
        """Drop the journal: its document was saved, or given up."""
        self._wait.stop()
        if self._journal is not None and self._recorded:
            self._recorded = False
            self._tasks.start(self._done(self._journal.discard()))
        if self._session.modified:
            self._changed()

    async def _done(self, work: Future[None]) -> bool:
        try:
            await asyncio.wrap_future(work)
        except FileProblem as problem:
            LOG.warning("%s", problem)
            self._session.notices.tell(str(problem))
            return False
        return True


def layers(count: int) -> str:
    return "1 layer" if count == 1 else f"{count} layers"
