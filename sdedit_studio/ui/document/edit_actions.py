"""The commands of the Edit, Image, Layer and Select menus, computed off the UI thread where a canvas may be large."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from sdedit_studio.document import edits
from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.target import Target
from sdedit_studio.files import pictures
from sdedit_studio.raster import selection
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles, as_image
from sdedit_studio.ui.base.dialog import answered
from sdedit_studio.ui.base.tasks import Tasks
from sdedit_studio.ui.document.drops import Drops, Source
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.document.size_dialogs import CanvasSizeDialog, ImageSizeDialog, NumberDialog
from sdedit_studio.ui.document.targets import only_pixels, step_name

Select = Callable[[Tiles | None, Rect], Tiles | None]
"""A new selection from the one there is and the canvas."""


class EditActions(QObject):
    """`view`: which part of the canvas is in sight, for pasting. `open_requested(Path)`: a document was pasted."""

    open_requested = Signal(object)

    def __init__(self, session: Session, tasks: Tasks, window: QWidget, view: Callable[[], Rect]) -> None:
        super().__init__(window)
        self._session, self._tasks, self._window, self._view = session, tasks, window, view
        self._turn = asyncio.Lock()
        self._drops = Drops(session, window)

    @property
    def busy(self) -> bool:
        """Whether an edit is being computed; undo waits for it."""
        return self._turn.locked()

    # --- Edit ------------------------------------------------------------------------------------------------------

    def cut(self) -> None:
        if only_pixels(self._session, "Cut takes"):
            self._tasks.start(self._cut())

    def copy(self) -> None:
        if only_pixels(self._session, "Copy takes"):
            self._tasks.start(self._copy(edits.copied))

    def copy_merged(self) -> None:
        self._tasks.start(self._copy(edits.copied_merged))

    def paste(self) -> None:
        """What is on the clipboard, as a layer: a picture, or the files that were copied in a file manager."""
        mime, view = QGuiApplication.clipboard().mimeData(), self._view()
        if mime is None or not self._drops.welcomes(mime):
            self._session.notices.tell("There is no picture on the clipboard.")
            return
        for document in self._drops.take(mime, (view.x + view.width // 2, view.y + view.height // 2)):
            self.open_requested.emit(document)

    def add_pictures(self, files: Sequence[Path]) -> None:
        """Add picture files as layers, scaled down where they are larger than the canvas."""
        if not files:
            return
        bounds = self._session.document.bounds
        sources = [Source(path.stem, partial(pictures.read, path)) for path in files]
        self._drops.add(sources, (bounds.width // 2, bounds.height // 2))

    def clear(self) -> None:
        target = self._session.target
        self._start(step_name(target, "Clear"), lambda document: edits.clear(document, target))

    def fill(self) -> None:
        target, colour = self._session.target, self._session.paint[0]
        self._start(step_name(target, "Fill"), lambda document: edits.fill(document, colour, target))

    async def _cut(self) -> None:
        if await self._copy(edits.copied):
            await self._change("Cut", edits.clear)

    async def _copy(self, take: Callable[[Document], edits.Clip | None]) -> bool:
        clip = await asyncio.to_thread(take, self._session.document)
        if clip is None:
            self._session.notices.tell("There is nothing here to copy.")
            return False
        QGuiApplication.clipboard().setImage(as_image(np.ascontiguousarray(clip.pixels)).copy())
        self._session.notices.tell(f"Copied {clip.pixels.shape[1]} × {clip.pixels.shape[0]} pixels.")
        return True

    # --- Image -----------------------------------------------------------------------------------------------------

    def canvas_size(self) -> None:
        self._tasks.start(self._canvas_size())

    def image_size(self) -> None:
        self._tasks.start(self._image_size())

    def crop_to_selection(self) -> None:
        def crop(document: Document) -> Document:
            chosen = document.selection
            return document if chosen is None else edits.cropped(document, chosen.content_bounds())

        self._start("Crop to selection", crop)

    def flip(self, *, horizontally: bool) -> None:
        label = "Flip left to right" if horizontally else "Flip top to bottom"
        self._start(label, lambda document: edits.flipped(document, horizontally=horizontally))

    def flatten(self) -> None:
        self._start("Flatten", edits.flattened)

    async def _canvas_size(self) -> None:
        document = self._session.document
        dialog = CanvasSizeDialog(self._window, document.width, document.height)
        if await answered(dialog):
            size, anchor = dialog.fields.value, dialog.anchor.value
            await self._change("Canvas size", lambda now: edits.with_canvas(now, *size, anchor))

    async def _image_size(self) -> None:
        document = self._session.document
        dialog = ImageSizeDialog(self._window, document.width, document.height)
        if await answered(dialog):
            size = dialog.fields.value
            await self._change("Image size", lambda now: edits.scaled(now, *size))

    # --- Layer -----------------------------------------------------------------------------------------------------

    def add_layer(self) -> None:
        document = self._session.document
        names = {layer.name for layer in document.layers}
        number = next(n for n in range(1, len(names) + 2) if f"Layer {n}" not in names)
        self._session.push("Add layer", document.inserted(Layer(f"Layer {number}")))

    def duplicate_layer(self) -> None:
        document = self._session.document
        self._session.push("Duplicate layer", document.duplicated(document.active))

    def delete_layer(self) -> None:
        document = self._session.document
        self._session.push("Delete layer", document.removed(document.active))

    def merge_down(self) -> None:
        self._start("Merge down", lambda document: document.merged_down(document.active))

    def merge_visible(self) -> None:
        self._start("Merge visible layers", edits.merged_visible)

    def move_layer(self, by: int) -> None:
        """Move the active layer up (positive) or down in the stack."""
        document = self._session.document
        index = min(len(document.layers) - 1, max(0, document.active_index + by))
        if index != document.active_index:
            label = "Raise layer" if by > 0 else "Lower layer"
            self._session.push(label, document.reordered(document.active, index))

    def switch_layer(self, field: str, on: str, off: str) -> None:
        """Turn a yes-or-no field of the active layer round; `on` and `off` name the step."""
        document = self._session.document
        value = not getattr(document.active_layer, field)
        self._session.push(on if value else off, document.with_layer(document.active, **{field: value}))

    def add_mask(self) -> None:
        """A mask that shows all of the active layer, to paint on."""
        document = self._session.document
        shown = document.bounds | document.active_layer.pixels.bounds
        mask = Tiles.from_array(np.full((shown.height, shown.width), 255, np.uint8), shown.x, shown.y)
        self._session.push("Add mask", document.with_layer(document.active, mask=mask))
        self._session.set_target(Target.MASK)

    def paint_on_mask(self) -> None:
        """Paint on the active layer's mask, or again on its pixels."""
        on_it = self._session.target is Target.MASK
        self._session.set_target(Target.PIXELS if on_it else Target.MASK)

    def remove_mask(self) -> None:
        document = self._session.document
        self._session.push("Delete mask", document.with_layer(document.active, mask=None))

    def mask_from_selection(self) -> None:
        document = self._session.document
        self._session.push("Mask from selection", document.with_layer(document.active, mask=document.selection))

    def activate_neighbour(self, by: int) -> None:
        """Make the layer above (positive) or below the active one."""
        document = self._session.document
        index = min(len(document.layers) - 1, max(0, document.active_index + by))
        self._session.amend(document.replace(active=document.layers[index].id))

    # --- Select ----------------------------------------------------------------------------------------------------

    def select_all(self) -> None:
        self._select("Select all", lambda _old, bounds: selection.rectangle(bounds, bounds))

    def select_none(self) -> None:
        self._select("Deselect", lambda _old, _bounds: None)

    def select_inverse(self) -> None:
        self._select("Invert selection", selection.invert)

    def select_layer(self) -> None:
        """What is painted on the active layer."""
        layer = self._session.document.active_layer

        def opaque(_old: Tiles | None, bounds: Rect) -> Tiles | None:
            rect = layer.pixels.bounds & bounds
            return selection.of_array(np.ascontiguousarray(layer.pixels.read(rect)[..., 3]), rect)

        self._select("Select layer's paint", opaque)

    def feather(self) -> None:
        words = ("Feather selection", "Softens the edge, so that an edit fades into what is around it.", "Radius")
        self._tasks.start(self._ask_select(words, 12, 200, lambda n: lambda old, all_: selection.feather(old, n, all_)))

    def grow(self) -> None:
        words = ("Grow selection", "Moves the edge outwards.", "By")
        self._tasks.start(self._ask_select(words, 8, 200, lambda n: lambda old, all_: selection.grow(old, n, all_)))

    def shrink(self) -> None:
        words = ("Shrink selection", "Moves the edge inwards.", "By")
        self._tasks.start(self._ask_select(words, 8, 200, lambda n: lambda old, all_: selection.grow(old, -n, all_)))

    async def _ask_select(
        self, words: tuple[str, str, str], value: int, maximum: int, make: Callable[[int], Select]
    ) -> None:
        dialog = NumberDialog(self._window, *words, value, maximum)
        if await answered(dialog):
            change = make(dialog.field.value())
            await self._change(words[0], lambda now: now.replace(selection=change(now.selection, now.bounds)))

    def _select(self, label: str, change: Select) -> None:
        self._start(label, lambda document: document.replace(selection=change(document.selection, document.bounds)))

    # --- What is protected from the model --------------------------------------------------------------------------

    def protect(self) -> None:
        """Paint what the model leaves alone, or no longer."""
        on_it = self._session.target is Target.PROTECTION
        self._session.set_target(Target.PIXELS if on_it else Target.PROTECTION)

    def clear_protection(self) -> None:
        self._session.push("Clear protection", self._session.document.replace(protection=None))

    def invert_protection(self) -> None:
        self._protect("Invert protection", lambda now: selection.invert(now.protection, now.bounds))

    def protect_selection(self) -> None:
        """Protect what is selected, besides what is protected already."""
        self._protect(
            "Protect selection", lambda now: selection.combine(now.protection, now.selection, "add", now.bounds)
        )

    def select_protected(self) -> None:
        self._start("Select what is protected", lambda now: now.replace(selection=now.protection))

    def _protect(self, label: str, change: Callable[[Document], Tiles | None]) -> None:
        self._start(label, lambda document: document.replace(protection=change(document)))

    # --- How an edit is made ---------------------------------------------------------------------------------------

    def _start(self, label: str, change: Callable[[Document], Document]) -> None:
        self._tasks.start(self._change(label, change))

    async def _change(self, label: str, change: Callable[[Document], Document]) -> None:
        """Compute an edit in a thread and make it one step; anew if someone painted meanwhile."""
        async with self._turn:
            while True:
                document = self._session.document
                try:
                    changed = await asyncio.to_thread(change, document)
                except ValueError as problem:
                    self._session.notices.warn(str(problem))
                    return
                if document is self._session.document:
                    self._session.push(label, changed)
                    return
