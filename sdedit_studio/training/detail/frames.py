"""Passes of the base model on photographs, which are the student's input in training. Stored on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import avg_pool2d

from sdedit_studio.diffusion.cascade import as_bytes, as_tensor, edit
from sdedit_studio.diffusion.noise import noise_source
from sdedit_studio.diffusion.plan import Pass, Size, plan
from sdedit_studio.diffusion.sdedit import sdedit
from sdedit_studio.models.catalogue import ModelCard, digest
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.models.span import FACTOR
from sdedit_studio.parameters import Parameters
from sdedit_studio.training.checkpoint import load_checkpoint, save_checkpoint
from sdedit_studio.training.dataset import Progress
from sdedit_studio.training.detail.photographs import Photographs, square
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.world import World, seed_of

SHORT_SIDE = 4 / 3
"""The short side of the pass before a detail network, in native sides of the base model: 128 for a model of 96 px."""

ASPECT = 3 / 2

LARGEST_PATCH = 48
"""Side in pixels of the student's input; its receptive field has a radius of 21."""

ENLARGED = 16 / 15
"""How many times a photograph may be enlarged to fill a frame."""

LIGHT_SIGMA, LIGHT_CALLS = (0.1, 0.35), (1, 3)
"""Light passes, by ranges of start level and model calls: nothing moves in them, so the photograph is their target."""

USUAL_T0 = (0.12, 0.4)
"""Usual passes, by a range of t0, are those of an edit. They redraw, so the photograph is only similar."""


@dataclass(frozen=True)
class Frame:
    """The canvas that the network is trained for, `FACTOR` times the size of the base model's pass before it.

    `before`: (width, height) of that pass in pixels.
    """

    before: Size

    @staticmethod
    def of(base: ModelCard) -> Frame:
        height, width = (
            max(1, round(base.native * side / base.stride)) * base.stride for side in (SHORT_SIDE, SHORT_SIDE * ASPECT)
        )
        return Frame((width, height))

    @property
    def size(self) -> Size:
        return FACTOR * self.before[0], FACTOR * self.before[1]

    @property
    def patch(self) -> int:
        """Side in pixels of what the student sees."""
        return min(LARGEST_PATCH, self.before[1] // 2)

    @property
    def smallest(self) -> Size:
        """The smallest size of photographs that frames are cut from."""
        return round(self.size[0] / ENLARGED), round(self.size[1] / ENLARGED)


@dataclass(frozen=True)
class Frames:
    """`photographs`: (n, 4 h, 4 w, 3) uint8; `light`, `usual`: (n, h, w, 3) uint8, passes of the base model on them."""

    photographs: np.ndarray
    light: np.ndarray
    usual: np.ndarray

    def patch(self, made: np.ndarray, side: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A square of a photograph, (4 side, 4 side, 3) uint8, and of its pass in `made`, (side, side, 3) uint8."""
        index = random.integers(len(made))
        # Contrast is looked for in the photograph, at places that both have.
        where = square(self.photographs[index, ::FACTOR, ::FACTOR], side, random)
        larger = tuple(slice(FACTOR * part.start, FACTOR * part.stop) for part in where)
        return self.photographs[index][larger], made[index][where]


def prepare_frames(
    photographs: Photographs,
    base: ModelCard,
    load: Callable[[], LoadedModel],
    folder: Path,
    count: int,
    *,
    seed: int,
    world: World,
    progress: Progress = lambda done, total: None,
) -> Frames:
    """This process's share of `count` frames. Passes are stored in `folder` and read from there when made before.

    Passes of other photographs, another base model or another `seed` are made anew. `load`: loads the base model;
    called only when needed. Raises TrainingProblem when no photograph is large enough, and ModelProblem for an unusable
    base.
    """
    frame = Frame.of(base)
    large = [index for index, pixels in enumerate(photographs.pixels) if _holds(pixels, frame.smallest)]
    if not large:
        width, height = frame.smallest
        raise TrainingProblem(
            f"None of the photographs has {width}x{height} px: give some that large, so that {base.name} can make its "
            "passes of them."
        )
    model, weights = cache(load), digest(base.folder)
    indices = range(world.rank, max(count, world.size), world.size)
    cuts: list[np.ndarray] = []
    kept: list[Mapping[str, Tensor]] = []
    for number, index in enumerate(indices):
        own = seed_of(seed, index)
        cut = _cut(photographs.pixels[large[number % len(large)]], frame.size, own)
        origin = {"photograph": crc32(cut.tobytes()), "base": weights, "seed": own}
        path = folder / f"{index:04}.safetensors"
        tensors, state = load_checkpoint(path) if path.exists() else ({}, None)
        if state != origin:
            tensors = _passes(model(), cut, own)
            save_checkpoint(path, tensors, origin)
        cuts.append(cut)
        kept.append(tensors)
        progress(number + 1, len(indices))
    return Frames(np.stack(cuts), _stacked(kept, "light"), _stacked(kept, "usual"))


def _holds(pixels: np.ndarray, size: Size) -> bool:
    return pixels.shape[1] >= size[0] and pixels.shape[0] >= size[1]


def _stacked(kept: Sequence[Mapping[str, Tensor]], name: str) -> np.ndarray:
    return np.stack([tensors[name].numpy() for tensors in kept])


def _cut(pixels: np.ndarray, size: Size, seed: int) -> np.ndarray:
    """A random part of a photograph with the aspect ratio of `size`, resized to it."""
    random = np.random.default_rng(seed)
    height, width = pixels.shape[:2]
    aspect = size[0] / size[1]
    most = min(width, height * aspect)
    wide = random.uniform(min(size[0] / ENLARGED, most), most)
    left, top = random.uniform(0, width - wide), random.uniform(0, height - wide / aspect)
    box = (left, top, left + wide, top + wide / aspect)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS, box))


@torch.no_grad()
def _passes(model: LoadedModel, photograph: np.ndarray, seed: int) -> Mapping[str, Tensor]:
    random = np.random.default_rng(seed)
    pictures = {"light": _light(model, photograph, random), "usual": _usual(model, photograph, random)}
    return {name: as_bytes(picture).cpu().clone() for name, picture in pictures.items()}


def _light(model: LoadedModel, photograph: np.ndarray, random: np.random.Generator) -> Tensor:
    card, space = model.card, model.space
    x = space.encode(avg_pool2d(as_tensor(photograph, model.device), FACTOR))
    size = (x.shape[1], x.shape[2], x.shape[3])
    *_, last = sdedit(
        model.denoiser(card.default_condition),
        x,
        random.uniform(*LIGHT_SIGMA),
        int(random.integers(*LIGHT_CALLS, endpoint=True)),
        lambda repeat: noise_source([int(random.integers(2**32))], size, device=model.device),
        solver=card.default_solver,
    )
    return space.decode(last.estimate)


def _usual(model: LoadedModel, photograph: np.ndarray, random: np.random.Generator) -> Tensor:
    card = model.card
    parameters = Parameters(
        t0=random.uniform(*USUAL_T0),
        calls=card.default_calls,
        solver=card.default_solver,
        seed=int(random.integers(2**32)),
    )
    height, width = photograph.shape[:2]
    stages = plan(
        width,
        height,
        parameters,
        native=card.native,
        stride=card.stride,
        sigma_max=card.sigma_max,
        few_step=card.few_step,
        factor=FACTOR,
    )
    *_, last = edit(
        model.denoiser(card.default_condition),
        photograph,
        None,
        [stage for stage in stages if isinstance(stage, Pass)],
        parameters,
        stride=card.stride,
        device=model.device,
        space=model.space,
        few_step=card.few_step,
    )
    return last.picture
