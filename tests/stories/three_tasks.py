"""The paper's three tasks, done in the studio for docs/tasks.md: `python -m tests.stories.three_tasks FOLDER`.

Strokes to a picture, editing a photograph with strokes inside a selection, and compositing a pasted picture.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
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
from sdedit_studio.ui.generation import State
from tests.stories.hand import Hand, walked
from tests.stories.stage import perform

SIZE = (768, 432)


async def strokes_to_picture(hand: Hand) -> None:
    document, parameters = openraster.load(resources.path("samples", "mountain-lake.ora"))
    hand.studio.open(document, None, parameters)
    await hand.settled()


async def photograph(hand: Hand) -> None:
    """A lake under mountains, at `SIZE`."""
    picture = pictures.read(resources.path("samples", "lake-sherburne.jpg"))
    hand.studio.open(scaled(Document.of(1536, 864, [Layer("Photograph", Tiles.from_array(picture))]), *SIZE), None)
    await hand.settled()


async def editing_with_strokes(hand: Hand) -> None:
    """A peak at the right by a dozen strokes, and a selection loosely around it."""
    await photograph(hand)
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
    hand.canvas.toolbox.selecting.feather.set(8.0)
    await hand.lasso([(470, 206), (540, 120), (596, 44), (650, 76), (716, 154), (766, 190), (766, 246), (500, 240)])
    hand.studio.set_parameters(t0=0.36, seed=4, condition="mountain")


async def compositing(hand: Hand) -> None:
    """The photograph's own left peak, cut out roughly, mirrored and pasted at the right."""
    await photograph(hand)
    whole = hand.studio.document.layers[0].pixels.read(Rect(0, 0, *SIZE))
    cut = whole[100:240, 130:420, :][:, ::-1]
    outline = Image.new("L", (cut.shape[1], cut.shape[0]), 0)
    ridge = [(0, 92), (60, 62), (120, 42), (174, 6), (196, 4), (236, 40), (289, 96)]
    ImageDraw.Draw(outline).polygon([*ridge, (289, 139), (0, 139)], fill=255)
    cover = np.asarray(outline, np.uint16)[..., None]
    pasted = ((cut * cover + 127) // 255).astype(np.uint8)
    document = hand.studio.document.inserted(Layer("Peak", Tiles.from_array(pasted, 470, 96)))
    hand.studio.open(document, None)
    await hand.settled()
    hand.canvas.toolbox.selecting.feather.set(8.0)
    await hand.lasso([(446, 216), (500, 140), (640, 76), (690, 80), (766, 150), (766, 252), (460, 252)])
    hand.studio.set_parameters(t0=0.14, seed=2, condition="mountain")


TASKS: dict[str, Callable[[Hand], Awaitable[None]]] = {
    "strokes": strokes_to_picture,
    "editing": editing_with_strokes,
    "compositing": compositing,
}


def do_all(folder: Path) -> Callable[[Hand], Awaitable[None]]:
    async def story(hand: Hand) -> None:
        generation = hand.window.generation
        generation.seed_locked = True
        for name, prepare in TASKS.items():
            await prepare(hand)
            before = guide(hand.studio.document, hand.studio.document.bounds)
            generation.generate()
            await hand.until(lambda: generation.state is State.RESULT, 300)
            painted = hand.studio.document
            generation.apply()
            await hand.until(lambda painted=painted: hand.studio.document is not painted)
            after = guide(hand.studio.document, hand.studio.document.bounds)
            same = (before == after).all(axis=2).mean()
            sys.stdout.write(f"{name}: {same:.1%} of the pixels are as they were\n")
            for kind, picture in (("before", before), ("after", after)):
                Image.fromarray(picture).save(folder / f"{name}-{kind}.webp", quality=88)
            await hand.deselect()

    return story


if __name__ == "__main__":
    with TemporaryDirectory() as profile:
        perform(do_all(Path(sys.argv[1])), Path(profile))
