"""Paint the guides of resources/samples in the studio itself: `python -m tests.stories.paint_samples`.

Run it where a window can open (or with QT_QPA_PLATFORM=offscreen) after changing a painting.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sdedit_studio import resources
from sdedit_studio.files import openraster
from sdedit_studio.parameters import Parameters
from sdedit_studio.ui.document.session import new_document
from tests.stories.hand import Hand
from tests.stories.paintings import PAINTINGS
from tests.stories.stage import perform

SETTINGS = {
    "mountain-lake": Parameters(t0=0.32, seed=5, condition="mountain"),
    "evening-sea": Parameters(t0=0.3, seed=5, condition="sea"),
    "forest-path": Parameters(t0=0.4, seed=3, condition="forest"),
}
"""What each is offered with: settings that make a good picture of it."""


async def paint_all(hand: Hand) -> None:
    for name, paint in PAINTINGS.items():
        hand.session.open(new_document(), None)
        await hand.settled()
        await paint(hand)
        path = resources.path("samples") / f"{name}.ora"
        openraster.save(path, hand.session.document, SETTINGS[name])
        sys.stdout.write(f"{path.name}: {path.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        perform(paint_all, Path(folder), model=False)
