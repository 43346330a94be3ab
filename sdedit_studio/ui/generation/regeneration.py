"""Results that are made again where they are: once, when it is asked for, or whenever the layers below have changed."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import guide, strength, unprotected
from sdedit_studio.document.layer import Layer, Sources
from sdedit_studio.document.sources import guide_layers_below, outdated, sources_of
from sdedit_studio.editing.edit import Edit, applied
from sdedit_studio.engine.job import Failed, Job, Lane, Pixels, Progress, Result
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import EMPTY
from sdedit_studio.ui.base.tasks import OwnTasks
from sdedit_studio.ui.base.words import duration
from sdedit_studio.ui.generation.generation import Generation, State

REST_MS = 1000
"""How long painting must have rested before a result is made anew by itself."""

PEN_UP = 0.1
"""Seconds between two looks whether the pen has been lifted: no stroke is cut in two by a result that arrives."""


def frame_again(document: Document, layer: Layer) -> Rect:
    """The part of the canvas that a result was made from.

    As recorded, as long as the layer lies within; one that was moved, or painted on beyond it, has what it covers.
    """
    content = layer.pixels.content_bounds() & document.bounds
    try:
        recorded = Rect(*map(int, (layer.generation or {})["frame"]))
    except (KeyError, TypeError, ValueError):  # it comes from an older studio, or from another program
        return content
    return recorded if content in recorded and recorded in document.bounds else content


def edit_again(document: Document, layer_id: str, revision: int) -> Edit:
    """The edit that made a layer, from what lies below it now, with its own mask.

    Raises KeyError when the layer is gone, ValueError with a sentence for the person when nothing can be made.
    """
    layer = document.layer(layer_id)
    frame = frame_again(document, layer)
    if layer.generation is None or frame.empty:
        raise ValueError(f"“{layer.name}” is not a result of the model, so it cannot be made again.")
    if not guide_layers_below(document, layer_id):
        raise ValueError("No visible layer below it is part of the guide. Mark one in the Layers panel.")
    coverage, may_change = None if layer.mask is None else layer.mask.read(frame), strength(document, frame)
    if coverage is not None and not coverage.any():
        raise ValueError(f"The mask of “{layer.name}” hides all of it. Paint some of it white first.")
    if coverage is not None and coverage.min() == 255:
        coverage = None  # as in the edit that made it: the mask of a whole frame says nothing
    mask, held = (None if each is None else Pixels.of(each) for each in (unprotected(coverage, may_change), may_change))
    picture, parameters = guide(document, frame, layer_id), Parameters.from_dict(layer.generation)
    job = Job(Pixels.of(picture), parameters, mask, revision, strength=held)
    return Edit(document, frame, job, replaces=layer_id)


class Regeneration(QObject):
    """Makes results anew. `progressed(str, float)`: how far the layer with this id is that follows, 0 .. 1.

    `pen_down`: whether a gesture is in progress or waits, and is not to be disturbed.
    """

    progressed = Signal(str, float)

    def __init__(self, generation: Generation, pen_down: Callable[[], bool]) -> None:
        super().__init__(generation)
        self._generation, self._session, self._pen_down = generation, generation.session, pen_down
        self._tasks = OwnTasks()
        self._following: asyncio.Task[None] | None = None
        self._layer: str | None = None
        self._tried: dict[str, Sources] = {}
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._look)
        for signal in (self._session.document_changed, self._session.layers_changed, self._generation.changed):
            signal.connect(self._stir)
        self._session.document_replaced.connect(self._stir)
        self._session.history_changed.connect(self._stir)
        self._generation.finished.connect(self._finished)

    def again(self) -> None:
        """Make the active layer anew from what lies below it now, in one undo step once it is done."""
        self._generation.start(lambda document, revision: edit_again(document, document.active, revision))

    def close(self) -> None:
        """Give up what is under way, before the window goes."""
        self._rest.stop()
        self._tasks.cancel()

    def _finished(self, edit: Edit, result: Result) -> None:
        if edit.replaces is not None:
            self._tasks.start(self._apply(result))

    async def _apply(self, result: Result) -> None:
        await self._until(lambda: not self._pen_down())
        if self._generation.result is result:
            self._generation.apply()

    def _stir(self) -> None:
        """Something has changed. Runs at every pen event, so it only compares identities."""
        document = self._session.document
        if self._following is not None and self._layer is not None and not self._still(document, self._layer):
            self._following.cancel()
            self._following = None
            del self._tried[self._layer]
        if any(layer.follows for layer in document.layers):
            self._rest.start()

    def _still(self, document: Document, layer_id: str) -> bool:
        """Whether the layer that is being made stands on what it is made from, and is to be made."""
        if self._undone:
            return False
        layer = next((layer for layer in document.layers if layer.id == layer_id), None)
        return (
            layer is not None
            and layer.follows
            and sources_of(guide_layers_below(document, layer_id)) == self._tried[layer_id]
        )

    @property
    def _undone(self) -> bool:
        """Whether a step waits to be redone, which another one made by itself would take away."""
        return self._session.history.redo_label is not None

    def _look(self) -> None:
        """Begin with the lowest layer that has to follow; those above it come after, since it is below them."""
        if self._following is not None or self._generation.state is not State.IDLE or self._undone:
            return  # the end of that will stir again
        if self._pen_down():
            self._rest.start()
            return
        document = self._session.document
        for layer in document.layers:
            now = sources_of(guide_layers_below(document, layer.id))
            if layer.follows and outdated(document, layer) and self._tried.get(layer.id) != now:
                # Once for the same sources: undo has to be able to take it back.
                self._tried[layer.id], self._layer = now, layer.id
                self._following = self._tasks.start(self._follow(document, layer))
                return

    async def _follow(self, document: Document, layer: Layer) -> None:
        try:
            edit = await asyncio.to_thread(edit_again, document, layer.id, self._session.history.revision)
            self._session.notices.tell(f"Making “{layer.name}” anew from the layers below{self._about(edit)}.")
            async for update in self._generation.engine.run(edit.job, Lane.IDLE):
                match update:
                    case Progress():
                        self.progressed.emit(layer.id, update.call / update.calls)
                    case Result():
                        await self._replace(edit, update)
                    case Failed():
                        self._session.notices.warn(update.message, update.details)
        except ValueError as nothing_to_do:
            self._session.notices.tell(str(nothing_to_do))
        except Exception:
            sentence = f"“{layer.name}” could not be made anew. It is unchanged."
            self._session.notices.warn(sentence, traceback.format_exc())
        finally:
            self.progressed.emit(layer.id, 1.0)
        self._following = None
        self._stir()

    def _about(self, edit: Edit) -> str:
        """How long it will take, if that is known."""
        estimate = self._generation.engine.estimate(edit.frame.width, edit.frame.height, edit.job.parameters)
        return "" if estimate.seconds is None else f", about {duration(estimate.seconds)}"

    async def _replace(self, edit: Edit, result: Result) -> None:
        """Build the document off the UI thread, anew if the painting went on meanwhile.

        Under a picture that waits, or is being made, it would count as painted since.
        """
        while True:
            await self._until(self._free)
            now = self._session.document
            changed = await asyncio.to_thread(applied, edit, result, now, EMPTY)
            if now is self._session.document and self._free():
                self._session.push("Follow the layers below", changed)
                return

    def _free(self) -> bool:
        """Whether a layer may change by itself."""
        return not self._pen_down() and self._generation.state is State.IDLE

    async def _until(self, may: Callable[[], bool]) -> None:
        while not may():
            await asyncio.sleep(PEN_UP)
