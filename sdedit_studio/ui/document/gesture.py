"""Changes to the document that become one undo step, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sdedit_studio.document.document import Document
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.background import Background

if TYPE_CHECKING:
    from sdedit_studio.ui.document.session import Session

Change = Callable[[Document], Document]
"""Makes another document of the one from before the gesture. Called in a thread."""


class Gesture:
    """`before` is the document when it began. It ends with `commit` or `cancel`.

    `showing` is true while the gesture itself changes the document, and only then.
    """

    def __init__(self, session: Session, label: str) -> None:
        self.before = session.document
        self.label = label
        self.showing = False
        self._session = session

    def show(self, document: Document, damage: list[Rect] | None = None) -> None:
        """Let the document look like this. `damage`: where the composite changes, if that is known."""
        self.showing = True
        try:
            self._session.amend(document, damage)
        finally:
            self.showing = False

    def commit(self) -> None:
        self._session.commit(self.label, self.before)

    def cancel(self) -> None:
        self.show(self.before)


class ComputedGesture(Gesture):
    """A gesture whose documents may take long to make.

    They are made in the background, always the one that is wanted last; what has been overtaken is skipped.
    """

    def __init__(self, session: Session, label: str, background: Background) -> None:
        super().__init__(session, label)
        self._background = background
        self._latest: Change | None = None
        self._shown: Change | None = None
        self._history = session.history
        self._left = self.before  # the document as this gesture left it
        self._computing = False
        self._over = False
        self._at_end: Callable[[], None] | None = None

    @property
    def finishing(self) -> bool:
        """Whether it only waits for its document to be made."""
        return self._at_end is not None and not self._over

    def show(self, document: Document, damage: list[Rect] | None = None) -> None:
        self._left = document
        super().show(document, damage)

    def want(self, change: Change) -> None:
        """Show what `change` makes of the document from before, as soon as it is made."""
        self._latest = change
        if not self._computing:
            self._compute()

    def finish(self, then: Callable[[], None]) -> None:
        """Commit as soon as what was wanted last is shown, and call `then`."""
        self._at_end = then
        self._end_if_up_to_date()

    def complete(self) -> None:
        """Commit now; what was wanted last is made first, if it has to be."""
        if not self._over:
            if self._latest is not None and self._latest is not self._shown:
                self.show(self._latest(self.before))
            self._over = True
            super().commit()

    def commit(self) -> None:
        """Someone else is about to change the document: end with what is shown.

        If nothing is shown yet, what was wanted is made of the other one instead, as a step after.
        """
        if self._shown is None and self._latest is not None:
            self._at_end = self._at_end or (lambda: None)
        elif not self._over:
            self._over = True
            super().commit()

    def cancel(self) -> None:
        self._over = True
        super().cancel()

    def _compute(self) -> None:
        change, before = self._latest, self.before
        if change is not None:
            self._computing = True
            self._background.start(lambda: change(before), lambda document: self._take(change, document), self._fail)

    def _take(self, change: Change, document: Document) -> None:
        self._computing = False
        if self._over or self._session.history is not self._history:  # another document has been opened
            return
        if self._session.document is not self._left:
            self.before = self._left = self._session.document
            self._compute()
            return
        self._shown = change
        self.show(document)
        if self._latest is not change:
            self._compute()
        self._end_if_up_to_date()

    def _fail(self) -> None:
        """It cannot be made: end without it, so that other gestures can begin."""
        self.cancel()
        if self._at_end is not None:
            self._at_end()

    def _end_if_up_to_date(self) -> None:
        if self._at_end is not None and self._shown is self._latest and not self._over:
            self._over = True
            super().commit()
            self._at_end()
