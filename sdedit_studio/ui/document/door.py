"""The one door through which the document changes.

Whatever changes it is asked for here, and is done in the order in which it was asked, one change after the other, never
while the pen is down. So a change always meets the document, the layer and the selection that it was asked of.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from sdedit_studio.document.document import Document
from sdedit_studio.document.history import History
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.base.notices import Notices
from sdedit_studio.ui.document.background import Background
from sdedit_studio.ui.document.gesture import Change, ComputedGesture, Gesture, Hinge
from sdedit_studio.ui.document.turns import Turn, Turns, Withdrawn, Work

SLOW_MS = 400
"""After which a notice says what is being computed, since the pen waits for it."""

Made = TypeVar("Made")

AnyGesture = TypeVar("AnyGesture", bound=Gesture)


@dataclass(frozen=True, eq=False)
class Opened:
    """Stands for a document from the moment when it is opened until another one is. Only its identity counts."""


def _always() -> bool:
    return True


def _nothing() -> None: ...


class Door(QObject):
    """Signals: `document_changed(list[Rect])` with the canvas rectangles to repaint; `document_replaced()` after
    another document was opened or the canvas size changed; `history_changed()` when undo, redo, the file or the
    modified mark may read differently; `selection_changed()`, also of the frame and of whether anything is protected;
    `layers_changed()` when the stack or a layer's fields (not only pixels) changed; `gesture_changed()` when a gesture
    has begun or ended; `settled()` when everything that was asked for is done.
    """

    document_changed = Signal(object)
    document_replaced = Signal()
    history_changed = Signal()
    selection_changed = Signal()
    layers_changed = Signal()
    gesture_changed = Signal()
    settled = Signal()

    def __init__(self, document: Document, background: Background | None) -> None:
        super().__init__()
        self.notices = Notices(self)
        self._thread = background or Background(self)
        self._turns = Turns(self._thread, self._may_begin, self)
        self._turns.emptied.connect(self._tell_settled)
        self._gesture: Gesture | None = None
        self._hinge = Hinge(lambda: self.document, self._amend, self._end_gesture, self._caught_up)
        self._pen_down = False
        self._opened = Opened()
        self._history = History(document)
        self._joined: object = None
        self._slow = QTimer(self, singleShot=True, interval=SLOW_MS)
        self._slow.timeout.connect(lambda: self.notices.tell(f"{self._slow_label}…"))
        self._slow_label = ""

    @property
    def document(self) -> Document:
        return self._history.document

    @property
    def opened(self) -> Opened:
        """Another one for each document that is opened; its changes and undo keep it."""
        return self._opened

    @property
    def revision(self) -> int:
        """Counts every change of the document, those of a gesture included."""
        return self._history.revision

    @property
    def undo_label(self) -> str | None:
        """What undo would take back."""
        return self._history.undo_label

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back, or there will be, or a gesture."""
        return self.undo_label is not None or self.busy or self._gesture is not None

    @property
    def redo_label(self) -> str | None:
        return self._history.redo_label

    @property
    def undo_labels(self) -> list[str]:
        """What can be undone, the oldest first."""
        return self._history.undo_labels

    # --- Asking ----------------------------------------------------------------------------------------------------

    def change(
        self,
        label: str,
        make: Change,
        *,
        at_once: bool = False,
        of: Opened | None = None,
        layer: str | None = None,
        still: Callable[[], bool] = _always,
        then: Callable[[], None] = _nothing,
        otherwise: Callable[[], None] = _nothing,
        join: object = None,
    ) -> None:
        """Make one undo step of what `make` makes of the document, in its turn.

        `make` is called with the document as it is then, in a thread, or here if it is over `at_once`. It raises
        ValueError, with a sentence for the person, when it cannot be made. Until it is done no pen stroke begins, and
        one that is under way comes first. `of`: the document that it was asked for, if that was longer ago. `layer`: id
        of the layer that it was asked for, if it was asked for a certain one. Where one of them is gone it is not done,
        which a notice says. `still`: whether it is still wanted. `then`: called once it is made; `otherwise`: when it
        is not. Changes that follow each other with the same `join` are one step.
        """

        def take(document: Document) -> None:
            if still():
                self._push(label, document, join)
                then()
            else:
                otherwise()

        self._ask(label, make, take, otherwise, at_once=at_once, of=of, layer=layer, still=still)

    def activate(self, layer_id: str) -> None:
        """Make a layer the active one, in its turn, unless it is gone by then. It makes no undo step."""
        self.activate_by(lambda document: layer_id)

    def activate_by(self, choose: Callable[[Document], str]) -> None:
        """The same for a layer that is chosen by the document as it is then."""

        def make(document: Document) -> Document:
            layer_id = choose(document)
            known = any(layer.id == layer_id for layer in document.layers)
            return document.replace(active=layer_id) if known and layer_id != document.active else document

        self._ask("Choose layer", make, self._amend, at_once=True)

    def compute(self, label: str, make: Callable[[Document], Made], take: Callable[[Made], None]) -> None:
        """In its turn, call `make` with the document, in a thread, and `take` with what it made."""
        self._ask(label, make, take, changes=False)

    def in_turn(self, run: Callable[[], object], *, changes: bool = True) -> None:
        """Call `run` when everything that was asked for before is done. What it asks for comes right after it.

        `changes`: whether it changes the document, so that a gesture that waits to be finished is finished first.
        """

        def begin() -> None:
            run()

        self._turns.ask(Turn(begin, changes=changes))

    def withdraw(self) -> bool:
        """Give up what was asked for last and is not done yet. Returns whether there was something."""
        return self._turns.withdraw()

    async def changed_meanwhile(self, label: str, make: Change, still: Callable[[], bool]) -> bool:
        """Make one undo step without holding anyone up, if nothing else changes the document while it is made.

        Returns whether it was made. For what nobody waits for: it leaves the pen alone.
        """
        document = self.document
        made = await asyncio.to_thread(make, document)
        free = not self.busy and not self._pen_down and self._gesture is None
        if not free or document is not self.document or not still():
            return False
        self._push(label, made)
        return True

    def begin(self, label: str, settle: Callable[[], None]) -> Gesture:
        """Begin to change the document step by step. `settle`: see `Gesture`."""
        return self._begin(Gesture(self._hinge, label, settle))

    def begin_computed(self, label: str, settle: Callable[[], None]) -> ComputedGesture:
        """The same for documents that take long to make."""

        def failed(error: Exception) -> None:
            self._tell_failure(label, error)

        return self._begin(ComputedGesture(self._hinge, label, settle, self._thread, failed))

    def undo(self) -> None:
        self.in_turn(self._undo)

    def redo(self) -> None:
        self.in_turn(self._redo)

    @property
    def busy(self) -> bool:
        """Whether something that was asked for is not done yet. Until it is, no gesture may begin."""
        return self._turns.busy or (self._gesture is not None and self._gesture.finishing)

    @property
    def pen_down(self) -> bool:
        """Whether a button or the pen is down on the canvas, and its tool works on the document."""
        return self._pen_down

    def set_pen_down(self, down: bool) -> None:
        """Whatever is asked for while the pen is down comes right after it is lifted."""
        if down != self._pen_down:
            self._pen_down = down
            if not down:
                self._turns.go_on()
                if not self.busy:
                    self.settled.emit()

    def by_pen(self, work: Callable[[], object]) -> None:
        """Do what the pen does; what it asks for comes before what was asked for while it was down."""
        self._turns.do_first(work)

    def settle(self) -> None:
        """Finish a gesture that waits to be finished, as it looks now."""
        if self._gesture is not None and not self._gesture.finishing:
            self._gesture.settle()

    async def until_settled(self) -> None:
        """Wait until everything that was asked for is done and the pen is up."""
        told = asyncio.Event()
        self.settled.connect(told.set)
        try:
            while self.busy or self._pen_down or not (self._gesture is None or self._gesture.up_to_date):
                told.clear()
                await told.wait()
        finally:
            self.settled.disconnect(told.set)

    # --- How it is done --------------------------------------------------------------------------------------------

    def _ask(
        self,
        label: str,
        make: Callable[[Document], Made],
        take: Callable[[Made], None],
        otherwise: Callable[[], None] = _nothing,
        *,
        at_once: bool = False,
        of: Opened | None = None,
        layer: str | None = None,
        still: Callable[[], bool] = _always,
        changes: bool = True,
    ) -> None:
        def begin() -> Work | None:
            document = self.document
            if of is not None and of is not self._opened:
                self.notices.tell(f"{label} was meant for the document before, so it was not done.")
            elif layer is not None and all(each.id != layer for each in document.layers):
                self.notices.tell(f"{label} was meant for a layer that is gone, so it was not done.")
            elif still():
                if not at_once:
                    self._slow_label = label
                    self._slow.start()
                    return lambda: make(document)
                try:
                    made = make(document)
                except Exception as error:
                    failed(error)
                else:
                    take(made)
                return None
            otherwise()
            return None

        def made_in_thread(made: Made) -> None:
            self._slow.stop()
            take(made)

        def failed(error: Exception) -> None:
            self._slow.stop()
            otherwise()
            if not isinstance(error, Withdrawn):
                self._tell_failure(label, error)

        self._turns.ask(Turn(begin, made_in_thread, failed, changes))

    def _begin(self, gesture: AnyGesture) -> AnyGesture:
        self.settle()
        if self._gesture is not None or self._turns.computing:
            raise RuntimeError("The document is being changed; a gesture has to wait for that.")
        self._gesture = gesture
        self.gesture_changed.emit()
        return gesture

    def _may_begin(self, turn: Turn) -> bool:
        """The pen comes first, and then a gesture that waits to be finished."""
        if self._pen_down:
            return False
        gesture = self._gesture
        if gesture is None:
            return True
        if not turn.changes:
            return gesture.up_to_date
        if not gesture.finishing:
            gesture.settle()
        return self._gesture is None

    def _tell_failure(self, label: str, error: Exception) -> None:
        if isinstance(error, ValueError):
            self.notices.warn(str(error))
        else:
            details = "".join(traceback.format_exception(error))
            self.notices.warn(f"“{label}” could not be done. Your painting is unchanged; try again.", details)

    def _tell_settled(self) -> None:
        if not self.busy and not self._pen_down:
            self.settled.emit()

    def _push(self, label: str, document: Document, join: object = None) -> None:
        before = self.document
        self._history.push(label, document, join=join is not None and join is self._joined)
        self._joined = join
        self._announce(before)
        self.history_changed.emit()

    def _amend(self, document: Document, damage: list[Rect] | None = None) -> None:
        before = self.document
        self._history.amend(document)
        self._announce(before, damage)

    def _undo(self) -> None:
        self._joined, before = None, self.document
        if label := self._history.undo():
            self._announce(before)
            self.history_changed.emit()
            self.notices.tell(f"Undid: {label}")

    def _redo(self) -> None:
        self._joined, before = None, self.document
        if label := self._history.redo():
            self._announce(before)
            self.history_changed.emit()
            self.notices.tell(f"Redid: {label}")

    def _end_gesture(self, label: str, before: Document) -> None:
        self._gesture = None
        if before is not self.document:
            self._joined = None
            self._history.commit(label, before)
            self.history_changed.emit()
        self.gesture_changed.emit()
        self._caught_up()

    def _caught_up(self) -> None:
        self._turns.go_on()
        self._tell_settled()

    def _replace(self, document: Document, *, saved: bool) -> None:
        """By another one, with a fresh history."""
        self._opened, self._history, self._joined = Opened(), History(document), None
        if not saved:
            self._history.mark_saved(None)

    def _announce(self, before: Document, damage: list[Rect] | None = None) -> None:
        now = self.document
        if now is before:
            return
        if (now.width, now.height) != (before.width, before.height):
            self.document_replaced.emit()
        elif rects := now.damage(before) if damage is None else damage:
            self.document_changed.emit(rects)
        protected = now.protection is not None, before.protection is not None
        if now.selection is not before.selection or now.frame != before.frame or protected[0] != protected[1]:
            self.selection_changed.emit()
        if now.active != before.active or _fields(now) != _fields(before):
            self.layers_changed.emit()


def _fields(document: Document) -> list[tuple[Any, ...]]:
    return [
        (x.id, x.name, x.opacity, x.mode, x.visible, x.in_guide, x.alpha_locked, x.mask is None, x.follows)
        for x in document.layers
    ]
