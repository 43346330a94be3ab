"""Opening, saving and exporting: dialogs here, file work in threads, problems in the banner."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.files import openraster, pictures
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.files.recovery import Recovery
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base.dialog import answered, choose
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.export_dialog import ExportDialog, ExportSettings
from sdedit_studio.ui.document.samples_dialog import SamplesDialog, title
from sdedit_studio.ui.document.session import Session, new_document
from sdedit_studio.ui.document.size_dialogs import NewDialog

ORA = ".ora"
UNTITLED = "Untitled"

SAVE, DO_NOT_SAVE, CANCEL = "Save", "Don’t save", "Cancel"


class FileActions(QObject):
    """`opened()`: another document is on the canvas. `saved()`: the document was written.

    `recovered(Recovery)`: what a crash left behind is on the canvas.
    """

    opened = Signal()
    saved = Signal()
    recovered = Signal(object)

    def __init__(self, session: Session, tasks: Tasks, preferences: Preferences, window: QWidget) -> None:
        super().__init__(window)
        self.session = self._session = session
        self._tasks, self._preferences, self._window = tasks, preferences, window
        self._imported = UNTITLED
        self._opening, self._writing = asyncio.Lock(), asyncio.Lock()

    @property
    def name(self) -> str:
        """What the document is called, whether or not it has a file."""
        return self._session.path.name if self._session.path else self._imported

    # --- New and open ----------------------------------------------------------------------------------------------

    def new(self) -> None:
        self._tasks.start(self._new())

    def open(self) -> None:
        self._tasks.start(self._open())

    def open_path(self, path: Path) -> None:
        """Open an OpenRaster file, or a picture as a new document."""
        self._tasks.start(self.open_now(path))

    def samples(self) -> None:
        self._tasks.start(self._samples())

    async def _new(self) -> None:
        async with self._opening:
            leave = Leave(self)
            if not await leave.allowed():
                return
            dialog = NewDialog(self._window, self._session.foreground)
            if await answered(dialog) and await leave.allowed():
                self._replace(new_document(*dialog.size_in_pixels, dialog.paper), None, UNTITLED)

    async def _open(self) -> None:
        suffixes = " ".join(f"*{suffix}" for suffix in sorted({ORA, *pictures.SUPPORTED}))
        filters = [f"Documents and pictures ({suffixes})", f"OpenRaster (*{ORA})"]
        if path := await self.ask_path("Open", filters, save=False):
            await self.open_now(path)

    async def _samples(self) -> None:
        dialog = SamplesDialog(self._window)
        if await answered(dialog):
            await self.open_sample(dialog.chosen)

    async def open_sample(self, path: Path) -> None:
        """Open a copy of a sample."""
        await self.open_now(path, as_copy=True)

    async def open_now(self, path: Path, *, as_copy: bool = False) -> None:
        """As `open_path`, and wait for it. A copy forgets where it came from."""
        async with self._opening:
            await self._open_path(path, as_copy=as_copy)

    async def _open_path(self, path: Path, *, as_copy: bool) -> None:
        leave = Leave(self)
        if not await leave.allowed():
            return
        self._session.notices.tell(f"Opening {path.name}…")
        try:
            document, parameters, results, notes = await asyncio.to_thread(read, path)
        except FileProblem as problem:
            self._session.notices.warn(str(problem))
            if not path.exists():
                self._preferences.forget_recent(path)
            return
        if not await leave.allowed():
            return
        is_own = path.suffix.lower() == ORA and not as_copy
        if not as_copy:
            self._preferences.add_recent(path)
        self._replace(document, path if is_own else None, title(path) if as_copy else path.stem, parameters, results)
        self._session.notices.tell(f"Opened {path.name}.")
        if notes:
            self._session.notices.warn(" ".join(notes))

    def recover(self, left_behind: Recovery, otherwise: Callable[[], None]) -> None:
        """Open what a crash left behind and forget it there. `otherwise` is called when it cannot be read."""
        self._tasks.start(self._recover_one(left_behind, otherwise))

    async def _recover_one(self, left_behind: Recovery, otherwise: Callable[[], None]) -> None:
        async with self._opening:
            await self._recover(left_behind, otherwise)

    async def _recover(self, left_behind: Recovery, otherwise: Callable[[], None]) -> None:
        leave = Leave(self)
        if not await leave.allowed():
            otherwise()
            return
        notes: list[str] = []
        try:
            document, parameters = await asyncio.to_thread(left_behind.load)
            results = await asyncio.to_thread(left_behind.load_results, notes)
        except FileProblem as problem:
            self._session.notices.warn(str(problem))
            otherwise()
            return
        if not await leave.allowed():
            otherwise()
            return
        self._imported = UNTITLED
        self._session.open(document, left_behind.original, parameters, results, saved=False)
        self.opened.emit()
        self.recovered.emit(left_behind)
        self._session.notices.tell("Recovered. Save it to keep it.")
        if notes:
            self._session.notices.warn(" ".join(notes))

    def _replace(
        self,
        document: Document,
        path: Path | None,
        name: str,
        parameters: Parameters | None = None,
        results: Results | None = None,
    ) -> None:
        self._imported = name
        self._session.open(document, path, parameters, results)
        self.opened.emit()

    # --- Save ------------------------------------------------------------------------------------------------------

    def save(self) -> None:
        self._tasks.start(self._save(self._session.path))

    def save_as(self) -> None:
        self._tasks.start(self._save(None))

    async def _save(self, path: Path | None) -> bool:
        """Write the document as it is now. Returns whether it was written."""
        if path is None:
            path = await self.ask_path(
                "Save as", [f"OpenRaster (*{ORA})"], save=True, name=f"{Path(self.name).stem}{ORA}"
            )
            if path is None:
                return False
        await self._session.until_settled()
        document, parameters, results = self._session.document, self._session.parameters, self._session.results
        opened = self._session.opened
        self._session.notices.tell(f"Saving {path.name}…")
        async with self._writing:
            try:
                await asyncio.to_thread(openraster.save, path, document, parameters, results)
            except FileProblem as problem:
                self._session.notices.warn(str(problem))
                return False
        self._preferences.add_recent(path)
        self._session.notices.tell(f"Saved {path.name}.")
        if self._session.opened is opened:  # else it is another document that is on the canvas by now
            self._session.mark_saved(document, results, path)
            self.saved.emit()
        return True

    async def may_leave(self) -> bool:
        """Whether the document may be closed now: it is saved, or the person said what to do about it."""
        return await Leave(self).allowed()

    async def ask_what_to_do(self) -> str | None:
        """Ask about the changes that are not saved. Returns SAVE, DO_NOT_SAVE, CANCEL or None."""
        return await choose(
            self._window,
            f"Save “{self.name}”?",
            "It has changes that are not saved. Without saving they are lost.",
            (CANCEL, DO_NOT_SAVE, SAVE),
        )

    async def save_now(self) -> bool:
        """As `save`, and wait for it. Returns whether it was written."""
        return await self._save(self._session.path)

    # --- Export and import -----------------------------------------------------------------------------------------

    def export(self) -> None:
        self._tasks.start(self._export())

    async def _export(self) -> None:
        document = self._session.document
        dialog = ExportDialog(
            self._window,
            f"One picture of all visible layers, {document.width} × {document.height} pixels.",
            lambda settings: weight(document, settings),
        )
        if not await answered(dialog):
            return
        settings = dialog.settings
        name = f"{Path(self.name).stem}{settings.suffix}"
        path = await self.ask_path("Export", [f"Picture (*{settings.suffix})"], save=True, name=name)
        if path is None:
            return
        try:
            await asyncio.to_thread(write, path, document, settings)
        except FileProblem as problem:
            self._session.notices.warn(str(problem))
        else:
            self._session.notices.tell(f"Exported {path.name}.")

    def add_picture(self, add: Callable[[list[Path]], None]) -> None:
        """Ask for pictures and hand them to `add`."""
        self._tasks.start(self._add_picture(add))

    async def _add_picture(self, add: Callable[[list[Path]], None]) -> None:
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(pictures.SUPPORTED))
        if path := await self.ask_path("Add picture as a layer", [f"Pictures ({suffixes})"], save=False):
            add([path])

    async def ask_path(self, title: str, filters: list[str], *, save: bool, name: str = "") -> Path | None:
        """A file dialog that does not block. When saving, the first filter's suffix is added where none was typed."""
        dialog = QFileDialog(self._window, title, str(self._preferences.folder))
        dialog.setNameFilters(filters)
        if save:
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
            dialog.selectFile(name)
        else:
            dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        accepted = await answered(dialog)
        return Path(dialog.selectedFiles()[0]) if accepted and dialog.selectedFiles() else None


class Leave:
    """Leave to close the document that is open. What is painted after the person has answered is asked about again."""

    def __init__(self, files: FileActions) -> None:
        self._files, self._session = files, files.session
        self._given_up: tuple[object, ...] | None = None

    async def allowed(self) -> bool:
        """Whether nothing is lost if it is closed now, before anything else is awaited."""
        while True:
            await self._session.until_settled()
            if not self._session.modified or self._session.work == self._given_up:
                return True
            asked_about = self._session.work
            answer = await self._files.ask_what_to_do()
            if answer == DO_NOT_SAVE:
                self._given_up = asked_about
            elif answer != SAVE or (self._session.modified and not await self._files.save_now()):
                return False


def read(path: Path) -> tuple[Document, Parameters | None, Results, list[str]]:
    """A file as a document with its results: OpenRaster whole, a picture as one layer; and a
    sentence for each thing that was lost.

    Raises FileProblem.
    """
    notes: list[str] = []
    if path.suffix.lower() == ORA:
        return *openraster.load(path, notes), openraster.load_results(path, notes), notes
    pixels = pictures.read(path)
    document = Document.of(pixels.shape[1], pixels.shape[0], [Layer(path.stem, Tiles.from_array(pixels))])
    return document, None, Results(), notes


def write(path: Path, document: Document, settings: ExportSettings) -> None:
    """Export what the canvas shows. Raises FileProblem."""
    if not settings.metadata:
        document = document.replace(layers=tuple(layer.replace(generation=None) for layer in document.layers))
    pictures.export_document(path, document, quality=settings.quality)


def weight(document: Document, settings: ExportSettings) -> int:
    """The bytes that an exported file takes. Raises FileProblem."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"picture{settings.suffix}"
        write(path, document, settings)
        return path.stat().st_size
