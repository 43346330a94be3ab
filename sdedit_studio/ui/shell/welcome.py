"""What stands above the canvas at the very first start, until the first steps have been taken."""

from __future__ import annotations

from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.generation.generation import Generation, State
from sdedit_studio.ui.widgets.notice_bar import NoticeBar


class Welcome:
    def __init__(self, notice: NoticeBar, generation: Generation, files: FileActions) -> None:
        self._notice, self._generation, self._files = notice, generation, files

    def show(self) -> None:
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
        self._generation.changed.connect(self._end)

    def _end(self) -> None:
        if self._generation.state is not State.IDLE:
            self._generation.changed.disconnect(self._end)
            self._notice.hide()
