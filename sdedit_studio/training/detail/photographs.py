"""Reading photographs at their own sizes, and random crops of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from sdedit_studio.training.dataset import READABLE_MODES, Progress, free_memory, opened, upright
from sdedit_studio.training.problem import TrainingProblem

CHUNK = 64
"""Photographs that are decoded between two checks of memory."""

CONTRASTY = 0.7
"""The probability of choosing the crop with the most contrast of three: skies teach little."""


@dataclass(frozen=True)
class Photographs:
    """`pixels`: each (h, w, 3) uint8; `names`: where each came from.

    `unreadable`, `small`, `not_fit`: how many were left out, the last for lack of memory.
    """

    pixels: Sequence[np.ndarray]
    names: Sequence[str]
    unreadable: int = 0
    small: int = 0
    not_fit: int = 0

    def __len__(self) -> int:
        return len(self.names)

    def crop(self, side: int, longest: tuple[float, float], random: np.random.Generator) -> np.ndarray:
        """A random square of a random photograph, mirrored at random: (side, side, 3) uint8.

        The photograph is reduced first, so that its long side is in the range `longest`, in pixels.
        """
        pixels = self.pixels[int(random.integers(len(self)))]
        height, width = pixels.shape[:2]
        scale = min(1.0, random.uniform(*longest) / max(height, width))
        cut = square(pixels, min(round(side / scale), height, width), random)
        window = Image.fromarray(pixels[cut]).resize((side, side), Image.Resampling.LANCZOS)
        return np.asarray(window)[:, :: random.choice((1, -1))]


def read_photographs(
    sources: Sequence[Path],
    *,
    least: int,
    longest: int,
    seed: int,
    shard: tuple[int, int] = (0, 1),
    progress: Progress = lambda done, total: None,
) -> Photographs:
    """Decode the photographs of folders and zips, in a random order given by `seed`, until half of memory is full.

    `least`: photographs with a shorter short side, in pixels, are left out. `longest`: those with a longer long side
    are reduced to it. `shard`: (index, number) of the part to read, one for each process. Raises TrainingProblem when
    none is left.
    """
    which, of = shard
    with ExitStack() as stack:
        found: list[tuple[str, Callable[[], bytes]]] = []
        for source in sources:
            names, load = stack.enter_context(opened(source))
            found += [(f"{source.resolve().name}/{name}", partial(load, name)) for name in names]
        order = np.random.default_rng(seed).permutation(len(found))
        own = [found[index] for index in order[which::of]]
        photographs = _decoded(own, least, longest, free_memory() / 2 / of, progress)
    if not photographs.names:
        raise TrainingProblem(
            f"None of the {len(own)} photographs can be used: give some in JPEG, PNG or WebP whose short side has "
            f"{least} px or more."
        )
    return photographs


def _decoded(
    own: Sequence[tuple[str, Callable[[], bytes]]], least: int, longest: int, room: float, progress: Progress
) -> Photographs:
    """Decode until `room` bytes are full. Pillow decodes without Python's lock, so threads help."""
    pixels: list[np.ndarray] = []
    names: list[str] = []
    unreadable = small = done = 0
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        while done < len(own) and sum(picture.nbytes for picture in pixels) < room:
            chunk = own[done : done + CHUNK]
            decoded = threads.map(partial(_decode, longest=longest), (load for _, load in chunk))
            for (name, _), picture in zip(chunk, decoded, strict=True):
                if picture is None:
                    unreadable += 1
                elif min(picture.shape[:2]) < least:
                    small += 1
                else:
                    pixels.append(picture)
                    names.append(name)
            done += len(chunk)
            progress(done, len(own))
    return Photographs(pixels, names, unreadable, small, len(own) - done)


def _decode(load: Callable[[], bytes], longest: int) -> np.ndarray | None:
    """A photograph (h, w, 3) uint8, upright and no longer than `longest`; None if unreadable."""
    try:
        with Image.open(BytesIO(load())) as image:
            if image.mode not in READABLE_MODES:
                return None
            image.draft("RGB", _reduced(image.size, longest))
            picture = upright(image)
            return np.asarray(picture.resize(_reduced(picture.size, longest), Image.Resampling.LANCZOS))
    except Exception:
        # Decoders fail in every way there is, and one bad file must not end a run.
        return None


def _reduced(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def square(pixels: np.ndarray, side: int, random: np.random.Generator) -> tuple[slice, slice]:
    """The rows and columns of a random square of `side` pixels in `pixels` (h, w, 3), preferring contrast."""
    height, width = pixels.shape[:2]
    corners = [(random.integers(height - side + 1), random.integers(width - side + 1)) for _ in range(3)]
    squares = [(slice(top, top + side), slice(left, left + side)) for top, left in corners]
    if random.random() >= CONTRASTY:
        return squares[0]
    return max(squares, key=lambda where: _contrast(pixels[where]))


def _contrast(pixels: np.ndarray) -> float:
    """The mean difference between rows, of every other pixel of the green channel."""
    return float(np.abs(np.diff(pixels[::2, ::2, 1].astype(np.int16), axis=0)).mean())
