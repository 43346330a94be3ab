"""What Enter, Esc, undo and redo do, depending on what is in progress."""

from __future__ import annotations

from sdedit_studio.document.target import Target
from sdedit_studio.ui.canvas.view import CanvasView
from sdedit_studio.ui.compare.banner import Banner
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.masked_tasks.tasks import MaskedTasks


class EnterAndEscape:
    def __init__(
        self,
        session: Session,
        canvas: CanvasView,
        generation: Generation,
        banner: Banner,
        tasks: MaskedTasks,
    ) -> None:
        self._session, self._canvas = session, canvas
        self._generation, self._banner, self._tasks = generation, banner, tasks

    def can_enter(self) -> bool:
        """Whether a gesture waits, or a result that is visible."""
        generation = self._generation
        return self._canvas.waits or (generation.can_apply and generation.activity is not Activity.COMPARING)

    def enter(self) -> None:
        """Finish what the tool is about, or keep the result."""
        if not self._canvas.accept():
            self._generation.apply()

    def escape(self) -> None:
        """Take back the gesture, or what is still computed, or give up the run or the result, or else paint on the
        layer again.
        """
        taken_back = self._canvas.cancel() or self._session.withdraw()
        if not (taken_back or self._banner.escape() or self._tasks.decline()):
            self._session.set_target(Target.PIXELS)

    def undo(self) -> None:
        """Take back the gesture in progress, or else the last step."""
        if not self._canvas.cancel():
            self._session.undo()

    def redo(self) -> None:
        self._canvas.accept()
        self._session.redo()
