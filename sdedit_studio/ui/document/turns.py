"""What is asked for is done in the order in which it was asked, one thing after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sdedit_studio.ui.document.background import Background

Work = Callable[[], Any]
"""Called in a thread."""


class Withdrawn(Exception):
    """What was asked for is not wanted any more."""


@dataclass(frozen=True, eq=False)
class Turn:
    """`begin`: called when its turn has come; returns the work that is too long for the UI thread, or None when all is
    done. `take`: called with what the work made. `failed`: called with the exception if it raised one, or with
    Withdrawn.

    `changes`: whether it changes the document, rather than only looks at it.
    """

    begin: Callable[[], Work | None]
    take: Callable[[Any], None] = lambda _made: None
    failed: Callable[[Exception], None] = lambda _error: None
    changes: bool = True


class Turns(QObject):
    """A queue of turns. What a turn itself asks for comes right after it.

    `may_begin`: asked before each turn; call `go_on` when its answer may have changed. `emptied()`: nothing waits any
    more, and nothing is being done.
    """

    emptied = Signal()

    def __init__(self, background: Background, may_begin: Callable[[Turn], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._background, self._may_begin = background, may_begin
        self._waiting: deque[Turn] = deque()
        self._asked_within: list[Turn] | None = None
        self._current: Turn | None = None
        self._withdrawn: Turn | None = None
        self._choosing = False

    @property
    def busy(self) -> bool:
        """Whether a turn waits or is being done."""
        return bool(self._waiting) or self._current is not None

    @property
    def computing(self) -> bool:
        """Whether the work of a turn is under way."""
        return self._current is not None and self._asked_within is None

    def ask(self, turn: Turn) -> None:
        """Have it done after everything that was asked for before: at once, if that is nothing."""
        if self._asked_within is not None:
            self._asked_within.append(turn)
        else:
            self._waiting.append(turn)
            self.go_on()

    def do_first(self, work: Callable[[], object]) -> None:
        """Do something now; what it asks for comes before all that waits."""
        if self._asked_within is not None:
            work()
            return
        with self._within():
            work()
        self.go_on()

    def withdraw(self) -> bool:
        """Give up what was asked for last and is not done. Returns whether there was something."""
        if self._waiting:
            self._waiting.pop().failed(Withdrawn())
            if not self.busy:
                self.emptied.emit()
            return True
        before, self._withdrawn = self._withdrawn, self._current
        return self._current is not before

    def go_on(self) -> None:
        """Begin the next turn, if it may begin."""
        if self._current is not None or self._asked_within is not None or self._choosing:
            return
        was_busy = bool(self._waiting)
        while self._waiting and self._next_may_begin():
            turn = self._current = self._waiting.popleft()
            try:
                with self._within():
                    work = turn.begin()
            except Exception:
                self._end()  # the others still get their turns
                raise
            if work is not None:
                self._background.start(work, partial(self._take, turn), partial(self._fail, turn))
                return
            self._current = None
        if was_busy and not self._waiting:
            self.emptied.emit()

    def _next_may_begin(self) -> bool:
        """Asking that may end a gesture, which asks to go on."""
        self._choosing = True
        try:
            return self._may_begin(self._waiting[0])
        finally:
            self._choosing = False

    def _take(self, turn: Turn, made: Any) -> None:
        try:
            with self._within():
                if turn is self._withdrawn:
                    turn.failed(Withdrawn())
                else:
                    turn.take(made)
        finally:
            self._end()

    def _fail(self, turn: Turn, error: Exception) -> None:
        try:
            with self._within():
                turn.failed(error)
        finally:
            self._end()

    def _end(self) -> None:
        self._current = self._withdrawn = None
        if self._waiting:
            self.go_on()
        else:
            self.emptied.emit()

    @contextmanager
    def _within(self) -> Iterator[None]:
        self._asked_within = []
        try:
            yield
        finally:
            self._waiting.extendleft(reversed(self._asked_within))
            self._asked_within = None
