"""Changes of the document that are shown while they are made, and become one undo step, or none.

`Session.begin` and `Session.begin_computed` make them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.background import Background

Change = Callable[[Document], Document]
"""Makes another document of the one from before the gesture. Called in a thread."""


@dataclass(frozen=True)
class Hinge:
    """How a gesture moves the door that it was made by.

    `show`: let the document look like this, and repaint these rectangles of the canvas, or all that differs. `end`: the
    gesture is over, and what changed since a document becomes one step of this name. `caught_up`: what was wanted last
    is shown.
    """

    document: Callable[[], Document]
    show: Callable[[Document, list[Rect] | None], None]
    end: Callable[[str, Document], None]
    caught_up: Callable[[], None]


class Gesture:
    """`before`: the document when it began. It ends with `commit` or `cancel`.

    `settle`: ends it as it looks, for something else that is about to change the document.
    """

    def __init__(self, hinge: Hinge, label: str, settle: Callable[[], None]) -> None:
        self.before = hinge.document()
        self.label = label
        self.settle = settle
        self._hinge = hinge
        self._over = False

    @property
    def up_to_date(self) -> bool:
        """Whether the document looks as the gesture wants it to."""
        return True

    @property
    def finishing(self) -> bool:
        """Whether it ends as soon as its document is made."""
        return False

    def show(self, document: Document, damage: list[Rect] | None = None) -> None:
        """Let the document look like this. `damage`: where the composite changes, if that is known."""
        if not self._over:
            self._hinge.show(document, damage)

    def commit(self) -> None:
        if not self._over:
            self._over = True
            self._hinge.end(self.label, self.before)

    def cancel(self) -> None:
        if not self._over:
            self.show(self.before)
            self._over = True
            self._hinge.end("", self.before)


class ComputedGesture(Gesture):
    """A gesture whose documents may take long to make.

    They are made in the background, always the one that is wanted last; what has been overtaken is skipped.
    """

    def __init__(
        self,
        hinge: Hinge,
        label: str,
        settle: Callable[[], None],
        background: Background,
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(hinge, label, settle)
        self._background, self._failed = background, failed
        self._wanted: Change | None = None
        self._shown: Change | None = None
        self._computing = False
        self._at_end: Callable[[], None] | None = None

    @property
    def up_to_date(self) -> bool:
        return self._shown is self._wanted

    @property
    def finishing(self) -> bool:
        return self._at_end is not None and not self._over

    def want(self, change: Change) -> None:
        """Show what `change` makes of the document from before, as soon as it is made."""
        self._wanted = change
        if not self._computing:
            self._compute()

    def finish(self, then: Callable[[], None]) -> None:
        """Commit as soon as what was wanted last is shown; `then` is called right before."""
        self._at_end = then
        self._end_if_up_to_date()

    def _compute(self) -> None:
        change, before = self._wanted, self.before
        if change is not None:
            self._computing = True
            self._background.start(lambda: change(before), lambda document: self._take(change, document), self._fail)

    def _take(self, change: Change, document: Document) -> None:
        self._computing = False
        if self._over:
            return
        self._shown = change
        self.show(document)
        if self._wanted is not change:
            self._compute()
        else:
            self._hinge.caught_up()
        self._end_if_up_to_date()

    def _fail(self, error: Exception) -> None:
        """It cannot be made: end without it, so that other gestures can begin."""
        self._computing = False
        if not self._over:
            if self._at_end is not None:
                self._at_end()
            self.cancel()
        self._failed(error)

    def _end_if_up_to_date(self) -> None:
        if self._at_end is not None and self.up_to_date and not self._over:
            self._at_end()
            self.commit()
