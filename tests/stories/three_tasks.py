"""The paper's three tasks, done in the studio for docs/tasks.md: `python -m tests.stories.three_tasks FOLDER [TASK]`

Strokes to a picture, editing a photograph with strokes, and compositing a pasted picture.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image, ImageDraw

from sdedit_studio import resources
from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import guide, scaled
from sdedit_studio.document.layer import Layer
from sdedit_studio.files import openraster, pictures
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.generation.activity import Activity
from tests.stories.hand import Hand, walked
from tests.stories.stage import perform

SIZE = (768, 432)


async def strokes_to_picture(hand: Hand) -> None:
    document, parameters = openraster.load(resources.path("samples", "mountain-lake.ora"))
    hand.session.open(document, None, parameters)
    await hand.settled()


def picture_of(sample: str) -> np.ndarray:
    """A photograph at `SIZE`, premultiplied BGRA."""
    picture = pictures.read(resources.path("samples", sample))
    whole = Document.of(picture.shape[1], picture.shape[0], [Layer("", Tiles.from_array(picture))])
    return scaled(whole, *SIZE).layers[0].pixels.read(Rect(0, 0, *SIZE))


async def photograph(hand: Hand, sample: str) -> None:
    """Open it."""
    hand.session.open(Document.of(*SIZE, [Layer("Photograph", Tiles.from_array(picture_of(sample)))]), None)
    await hand.settled()


async def editing_with_strokes(hand: Hand) -> None:
    """A peak at the right, by a dozen strokes."""
    await photograph(hand, "lake-sherburne.jpg")
    await hand.new_layer("Strokes")
    await hand.lasso([(500, 196), (556, 132), (604, 66), (640, 100), (700, 170), (768, 206), (700, 232), (560, 232)])
    await hand.fill((70, 76, 92))
    await hand.tool("brush", (46, 50, 64), size=22, hardness=0.3, opacity=0.8, flow=0.8)
    for path in ([(612, 84), (632, 150), (650, 220)], [(570, 150), (590, 220)], [(680, 170), (720, 220)]):
        await hand.drag(walked(path, 8))
    await hand.tool("brush", (238, 242, 248), size=13, hardness=0.5, opacity=0.95, flow=1.0)
    for path in (
        [(604, 72), (584, 116), (562, 150)],
        [(602, 80), (604, 124), (592, 168)],
        [(612, 86), (640, 128), (662, 160)],
        [(628, 150), (640, 190)],
    ):
        await hand.drag(walked(path, 6))
    hand.session.set_parameters(seed=9, condition="mountain")


async def compositing(hand: Hand) -> None:
    """A mountain cut roughly out of the other photograph, with some of its sky, pasted into dunes."""
    cut = picture_of("lake-sherburne.jpg")[100:240, 130:420]
    outline = Image.new("L", (cut.shape[1], cut.shape[0]), 0)
    ridge = [(0, 92), (60, 62), (120, 42), (174, 6), (196, 4), (236, 40), (289, 96)]
    ImageDraw.Draw(outline).polygon([*ridge, (289, 139), (0, 139)], fill=255)
    cover = np.asarray(outline, np.uint16)[..., None]
    pasted = ((cut * cover + 127) // 255).astype(np.uint8)
    await photograph(hand, "extreme-desert-hike.jpg")
    document = hand.session.document.inserted(Layer("Mountain", Tiles.from_array(pasted, 470, 230)))
    hand.session.open(document, None)
    await hand.settled()
    hand.session.set_parameters(seed=2, condition="mountain")


@dataclass(frozen=True)
class Task:
    """How its document comes about, and the action that is taken then."""

    prepare: Callable[[Hand], Awaitable[None]]
    action: str


TASKS = {
    "strokes": Task(strokes_to_picture, "generate.start"),
    "editing": Task(editing_with_strokes, "generate.strokes"),
    "compositing": Task(compositing, "generate.harmonise"),
}


def do(names: Sequence[str], folder: Path) -> Callable[[Hand], Awaitable[None]]:
    async def story(hand: Hand) -> None:
        generation = hand.window.generation
        generation.seed_locked = True
        for name in names:
            task = TASKS[name]
            await task.prepare(hand)
            before = guide(hand.session.document, hand.session.document.bounds)
            hand.window.actions_[task.action].trigger()
            await hand.until(lambda: generation.activity is Activity.RESULT, 600)
            result, painted = generation.result, hand.session.document
            generation.apply()
            await hand.until(lambda painted=painted: hand.session.document is not painted)
            after = guide(hand.session.document, hand.session.document.bounds)
            same = (before == after).all(axis=2).mean()
            t0 = result.job.parameters.t0
            sys.stdout.write(f"{name}: t0 {t0:g}, {result.calls} calls, {same:.1%} of the pixels are as they were\n")
            for kind, picture in (("before", before), ("after", after)):
                Image.fromarray(picture).save(folder / f"{name}-{kind}.webp", quality=88)

    return story


if __name__ == "__main__":
    with TemporaryDirectory() as profile:
        perform(do(sys.argv[2:] or list(TASKS), Path(sys.argv[1])), Path(profile))
