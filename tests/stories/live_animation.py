"""Live mode as an animation for the README, made in the studio itself: `python -m tests.stories.live_animation [FILE]`.

Plays the recorded strokes in the real window with the bundled model, and grabs the window ten times a second of real
time: the picture follows the pen, is refined when it rests, and is applied. Run it where a window can open, on a
machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from PIL import Image
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QImage

from sdedit_studio import resources
from sdedit_studio.engine.job import Phase
from sdedit_studio.parameters import Refine
from sdedit_studio.ui.shell.program import SWITCH_SECONDS
from tests.stories.hand import Hand
from tests.stories.recorded import SAMPLE, played, recorded
from tests.stories.stage import perform

FILE = Path(__file__).parents[2] / "docs" / "live.webp"
WINDOW = QSize(1100, 720)
WIDTH = 900
PERIOD_MS = 100
QUALITY = 80
PAUSE = 0.3
"""Seconds between two strokes."""

LOOK = 1.0
"""Seconds to look at what is new."""


class Camera:
    """Grabs a window again and again, with the times."""

    def __init__(self, hand: Hand) -> None:
        self._window = hand.window
        self.frames: list[tuple[float, Image.Image]] = []
        self._timer = QTimer(hand.window, interval=PERIOD_MS)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._shoot)

    def start(self) -> None:
        self._shoot()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        self._shoot()

    def _shoot(self) -> None:
        now = perf_counter()
        grabbed = self._window.grab().toImage().scaledToWidth(WIDTH, Qt.TransformationMode.SmoothTransformation)
        grabbed = grabbed.convertToFormat(QImage.Format.Format_RGB888)
        size = grabbed.width(), grabbed.height()
        self.frames.append(
            (now, Image.frombuffer("RGB", size, bytes(grabbed.constBits()), "raw", "RGB", grabbed.bytesPerLine(), 1))
        )

    def save(self, path: Path) -> None:
        """As an animated WebP at the pace of the recording; equal frames become one."""
        times = [time for time, _ in self.frames]
        pictures = [picture for _, picture in self.frames]
        durations = [round(1000 * (after - now)) for now, after in pairwise(times)]
        pictures[0].save(
            path,
            save_all=True,
            append_images=pictures[1:],
            duration=[*durations, round(1500 * LOOK)],
            quality=QUALITY,
            method=6,
            loop=0,
        )


async def tell(hand: Hand, camera: Camera) -> None:
    window, session, generation = hand.window, hand.session, hand.window.generation
    window.resize(WINDOW)
    window.files.open_path(resources.path("samples") / f"{SAMPLE}.ora")
    await hand.until(lambda: len(session.document.layers) > 2)
    await hand.until(lambda: hand.engine_phase is Phase.READY, 300)
    session.set_parameters(refine=Refine.DETAIL)
    hand.canvas.fit()
    window.notice.hide()
    await hand.key(Qt.Key.Key_B)
    await asyncio.sleep(0.5)

    camera.start()
    await asyncio.sleep(0.7)
    generation.toggle_live()
    await hand.until(lambda: generation.live.rate is not None, 60)
    await asyncio.sleep(0.4)
    for stroke in recorded():
        await played(hand, stroke)
        await asyncio.sleep(PAUSE)
    live = generation.live
    await hand.until(lambda: not live.busy and generation.shown.picture.width > 400, 120)
    await asyncio.sleep(LOOK)
    painted = session.document
    await hand.key(Qt.Key.Key_Return)
    await hand.until(lambda: session.document is not painted)
    await asyncio.sleep(0.3)
    generation.stop_live()
    await asyncio.sleep(LOOK)
    camera.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the animation of live mode.")
    parser.add_argument("file", type=Path, nargs="?", default=FILE)
    path = parser.parse_args().file
    cameras: list[Camera] = []

    async def story(hand: Hand) -> None:
        cameras.append(Camera(hand))
        await tell(hand, cameras[0])

    sys.setswitchinterval(SWITCH_SECONDS)
    with TemporaryDirectory() as folder:
        perform(story, Path(folder))
    camera = cameras[0]
    camera.save(path)
    seconds = camera.frames[-1][0] - camera.frames[0][0]
    sys.stdout.write(f"{path.name}: {len(camera.frames)} frames, {seconds:.1f} s, {path.stat().st_size // 1024} KiB\n")


if __name__ == "__main__":
    main()
