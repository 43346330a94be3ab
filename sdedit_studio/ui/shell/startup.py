"""Startup of the window: files to open, recovered work, and the sample and hints of the first start."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.document.autosave import Autosave
from sdedit_studio.ui.document.edit_actions import EditActions
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.samples_dialog import samples
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.widgets.notice_bar import NoticeBar


class Startup:
    def __init__(
        self,
        preferences: Preferences,
        generation: Generation,
        files: FileActions,
        edits: EditActions,
        autosave: Autosave,
        notice: NoticeBar,
    ) -> None:
        self._preferences, self._generation, self._files = preferences, generation, files
        self._edits, self._autosave, self._notice = edits, autosave, notice

    async def begin(self, files: Sequence[Path]) -> None:
        """Open the files asked for; else offer what a crash left behind; else, the very first time, a sample."""
        recovered = await self._autosave.offer(self._notice)
        if files:
            await self._files.open_now(files[0])
            self._edits.add_pictures(files[1:])
        elif self._preferences.first_run and not recovered:
            await self._files.open_sample(samples()[0])
            self._welcome()

    def _welcome(self) -> None:
        self._notice.show_notice(
            "A rough painting is all it takes",
            "This one is a few brush strokes. Press Generate, and the model on this computer turns it into a "
            "believable picture. Or paint over it first: your strokes decide what becomes of it.",
            [
                ("Generate", self._generation.generate),
                ("Other samples…", self._files.samples),
                ("Empty canvas…", self._files.new),
            ],
        )
        self._generation.changed.connect(self._end_welcome)

    def _end_welcome(self) -> None:
        """The first steps have been taken."""
        if not self._generation.underway.idle:
            self._generation.changed.disconnect(self._end_welcome)
            self._notice.hide()
