"""Regeneration of result layers: on request, or by itself when the layers below have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer, Sources
from sdedit_studio.document.sources import guide_layers_below, outdated, sources_of
from sdedit_studio.editing.edit import Edit, applied
from sdedit_studio.editing.regeneration import regeneration_edit
from sdedit_studio.engine.job import Failed, Lane, Progress, Result
from sdedit_studio.raster.tiles import EMPTY
from sdedit_studio.ui.base.tasks import OwnTasks, until
from sdedit_studio.ui.base.words import duration
from sdedit_studio.ui.generation.follower import Follower
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.tools.tool import Tool

REST = 1.0
"""Seconds without a change after which a layer that follows is regenerated."""


class Regeneration(QObject):
    """Regenerates result layers. `progressed(str, float)`: the id of a layer, and how much of it is done, 0 .. 1.

    `tool`: returns the chosen tool. A result that arrives waits until the tool's gesture is over.
    """

    progressed = Signal(str, float)

    def __init__(self, generation: Generation, tool: Callable[[], Tool]) -> None:
        super().__init__(generation)
        self._generation, self._session, self._tool = generation, generation.session, tool
        self._tasks = OwnTasks()
        self._layer = ""
        self._tried: dict[str, Sources] = {}
        self._follower = Follower(
            self,
            self._session,
            self._depends_on,
            changed=self._rest_again,
            rested=self._begin,
            ended=self._rest_again,
            clock=generation.clock,
            pen_down=lambda: self._session.pen_down or tool().waits,
        )
        generation.changed.connect(self._follower.check_for_change)
        generation.finished.connect(self._finished)
        self._session.history_changed.connect(self._follower.check_for_change)

    def regenerate(self) -> None:
        """Regenerate the active layer from the layers below it, in one undo step."""
        self._generation.start(lambda document, revision: regeneration_edit(document, document.active, revision))

    def close(self) -> None:
        """Cancel what is in progress, before the window closes."""
        self._follower.withdraw()
        self._tasks.cancel()

    def _finished(self, edit: Edit, result: Result) -> None:
        if edit.replaces is not None:
            self._tasks.start(self._apply(result))

    async def _apply(self, result: Result) -> None:
        await until(self._may_apply, self._session.settled)
        if self._generation.result is result:
            self._generation.apply()

    def _depends_on(self) -> object | None:
        """The whole document: painting above a result does not make it outdated, but is no rest either."""
        document = self._session.document
        if not (self._follower.working or any(layer.follows for layer in document.layers)):
            return None
        return document, self._undone, self._generation.underway.idle

    def _rest_again(self) -> None:
        """Called when something has changed, or when a regeneration or another run has ended."""
        document = self._session.document
        if self._follower.working and not self._is_wanted(document, self._layer):
            self._follower.withdraw()
            del self._tried[self._layer]
        self._follower.rest(REST)

    def _is_wanted(self, document: Document, layer_id: str) -> bool:
        """Whether the layer still follows, and the layers below it are still those that it is made from."""
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
        """Whether a step can be redone. A new step would clear the redo history."""
        return self._session.redo_label is not None

    def _begin(self) -> None:
        """Regenerate the lowest outdated layer that follows. Those above it depend on it, so they come later."""
        if self._follower.working or not self._generation.underway.idle or self._undone:
            return  # when that ends, `_rest_again` is called
        document = self._session.document
        for layer in document.layers:
            now = sources_of(guide_layers_below(document, layer.id))
            if layer.follows and outdated(document, layer) and self._tried.get(layer.id) != now:
                # Once for the same sources: undo has to be able to take it back.
                self._tried[layer.id], self._layer = now, layer.id
                self._follower.start(
                    partial(self._follow, document, layer), f"“{layer.name}” could not be made anew. It is unchanged."
                )
                return

    async def _follow(self, document: Document, layer: Layer) -> None:
        try:
            edit = await asyncio.to_thread(regeneration_edit, document, layer.id, self._session.revision)
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
        finally:
            self.progressed.emit(layer.id, 1.0)

    def _about(self, edit: Edit) -> str:
        """The estimated time as part of a sentence, or an empty text."""
        estimate = self._generation.engine.estimate(edit.frame.width, edit.frame.height, edit.job.parameters)
        return "" if estimate.seconds is None else f", about {duration(estimate.seconds)}"

    async def _replace(self, edit: Edit, result: Result) -> None:
        """Build the document off the UI thread, again if the document has changed meanwhile.

        Below a result that waits or is being made, the layer would count as painted since its guide was taken.
        """
        made = False
        while not made:
            await until(self._may_replace, self._session.settled, self._generation.changed)
            made = await self._session.changed_meanwhile(
                "Follow the layers below", lambda document: applied(edit, result, document, EMPTY), self._may_replace
            )

    def _may_apply(self) -> bool:
        """Whether no transform waits for Enter, which applying a result would end. A stroke ends first by itself."""
        tool = self._tool()
        return tool.gesture is None or not tool.waits

    def _may_replace(self) -> bool:
        """Whether nothing else changes the document or is under way."""
        session = self._session
        return (
            not (session.busy or session.pen_down) and self._tool().gesture is None and self._generation.underway.idle
        )
