"""Training pictures: read once from a folder or a zip, kept in memory, cropped and mirrored batch by batch."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from math import prod
from pathlib import Path, PurePosixPath
from zipfile import BadZipFile, ZipFile
from zlib import crc32

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from sdedit_studio.training.problem import TrainingProblem

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"}

CROP_MARGIN = 25 / 24
"""The ratio of stored to training size, for random crops: 100 px for 96."""

CHUNK = 1024
"""Pictures that are read at a time."""

READABLE_MODES = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB"}
"""Pillow's 8-bit modes. Converting others to RGB would clip them silently."""

Read = Callable[[str], bytes]
Decode = Callable[[str], tuple[np.ndarray, int] | None]
Progress = Callable[[int, int], None]
"""Called with the number of pictures read, and the total."""


@dataclass(frozen=True)
class Pictures:
    """`pixels`: (n, side, side, 3) uint8; `labels`: (n,) int64, -1 for no class. Both on one device."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.pixels)

    def to(self, device: torch.device) -> Pictures:
        return Pictures(self.pixels.to(device), self.labels.to(device))

    def batch(self, indices: Tensor, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """The pictures at `indices` (b,), each cropped and mirrored at random, drawn from torch's own generator.

        Returns (b, 3, size, size) float32 in [-1, 1], channels last, and labels (b,), both on `device`.
        """
        at = indices.to(self.pixels.device)
        pixels, labels = self.pixels[at], self.labels[at]
        if pixels.device.type == "cpu" and device.type == "cuda":
            # Pinned, the copy does not wait for the step that the device is still busy with.
            pixels, labels = pixels.pin_memory(), labels.pin_memory()
        pixels, labels = pixels.to(device, non_blocking=True), labels.to(device, non_blocking=True)
        count, room = len(pixels), pixels.shape[1] - size + 1
        top, left = (torch.randint(room, (count,), device=device) for _ in range(2))
        mirrored = torch.rand(count, device=device) < 0.5
        return crops(pixels, size, top, left, mirrored), labels

    def centres(self, indices: Sequence[int], size: int) -> np.ndarray:
        """The middle of the pictures at `indices`: (n, size, size, 3) uint8."""
        edge = (self.pixels.shape[1] - size) // 2
        return self.pixels[list(indices), edge : edge + size, edge : edge + size].cpu().numpy()


@dataclass(frozen=True)
class Dataset:
    """The result of `read`. `counts`: pictures by class over all processes, "" for no class. `unreadable`, `enlarged`:
    numbers of pictures that were left out, and that were smaller than the training size.
    """

    training: Pictures
    held_out: Pictures
    classes: tuple[str, ...]
    counts: Mapping[str, int]
    unreadable: int
    enlarged: int


def crops(pixels: Tensor, size: int, top: Tensor, left: Tensor, mirrored: Tensor) -> Tensor:
    """Crop picture i of `pixels` (b, h, w, 3) uint8 at (`top[i]`, `left[i]`), and mirror it where `mirrored[i]`.

    Returns (b, 3, size, size) float32 in [-1, 1] with channels last.
    """
    along = torch.arange(size, device=pixels.device)
    rows = top[:, None] + along
    columns = left[:, None] + torch.where(mirrored[:, None], along.flip(0), along)
    each = torch.arange(len(pixels), device=pixels.device)[:, None, None]
    return pixels[each, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).float() / 127.5 - 1


def read(
    source: Path,
    size: int,
    *,
    classes: Sequence[str] | None = None,
    held_out: float = 0.0,
    shard: tuple[int, int] = (0, 1),
    scratch: Path | None = None,
    progress: Progress = lambda done, total: None,
) -> Dataset:
    """Decode the pictures of a folder or a zip to squares of one size, for random crops of `size` x `size`.

    The class of a picture is the name of its subfolder. `classes`: the names and order of classes, for tuning a model;
    other subfolders count as no class. `held_out`: the share of pictures, chosen by a hash of their names, that is not
    trained on. `shard`: (index, number) of the part to read, one for each process. `scratch`: where decoded pictures
    that do not fit into memory are stored, in a memory-mapped file.

    Pictures that cannot be read are left out and counted. Raises TrainingProblem when none is left, or there is no
    room for them.
    """
    with opened(source) as (names, load):
        if not names:
            raise TrainingProblem(
                f"There are no pictures in {source}: give a folder or a zip of JPEG, PNG or WebP pictures, one "
                "subfolder for each class."
            )
        class_of = _classes(names)
        known = tuple(sorted(set(class_of.values()) - {""}) if classes is None else classes)
        side = _stored_side(names, load, size)
        kept = [name for name in names if crc32(name.encode()) < held_out * 2**32]
        which, of = shard
        parts = [sorted(set(names) - set(kept))[which::of], kept[which::of]]
        total, before = sum(map(len, parts)), len(parts[0])
        decode = partial(_decode, load=load, side=side)
        training = _gathered(parts[0], decode, _room(len(parts[0]), side, of, scratch), lambda n: progress(n, total))
        aside = _gathered(
            parts[1], decode, _room(len(parts[1]), side, of, scratch), lambda n: progress(before + n, total)
        )
    if not training.names:
        raise TrainingProblem(f"None of the {before} pictures in {source} could be read: nothing is left to train on.")

    def labelled(part: _Part) -> Pictures:
        kinds = (class_of[name] for name in part.names)
        labels = [known.index(kind) if kind in known else -1 for kind in kinds]
        return Pictures(torch.from_numpy(part.pixels), torch.tensor(labels, dtype=torch.int64))

    return Dataset(
        labelled(training),
        labelled(aside),
        known,
        Counter(kind if kind in known else "" for kind in class_of.values()),
        unreadable=total - len(training.names) - len(aside.names),
        enlarged=sum(short < size for short in training.short_sides),
    )


@dataclass(frozen=True)
class _Part:
    """Decoded pictures (n, side, side, 3), with the name and the original short side of each."""

    pixels: np.ndarray
    names: Sequence[str]
    short_sides: Sequence[int]


@contextmanager
def opened(source: Path) -> Iterator[tuple[list[str], Read]]:
    """The sorted names of the pictures in a folder or a zip, and a function that reads one. Raises TrainingProblem."""
    if source.is_dir():
        files = (path.relative_to(source) for path in source.rglob("*"))
        yield _pictures(file.as_posix() for file in files), lambda name: (source / name).read_bytes()
    elif source.exists():
        try:
            archive = ZipFile(source)
        except (BadZipFile, OSError) as error:
            raise TrainingProblem(f"{source} is neither a folder nor a whole zip file ({error}).") from error
        with archive:
            yield _pictures(archive.namelist()), archive.read
    else:
        raise TrainingProblem(f"{source} does not exist: give a folder or a zip of pictures.")


def _pictures(names: Iterable[str]) -> list[str]:
    """Those that end like pictures and are not some system's hidden files, in order."""

    def is_picture(name: str) -> bool:
        path = PurePosixPath(name)
        return path.suffix.lower() in SUFFIXES and not any(part.startswith((".", "__MACOSX")) for part in path.parts)

    return sorted(filter(is_picture, names))


def _classes(names: Sequence[str]) -> dict[str, str]:
    """The class of each picture: its first folder below those shared by all pictures, "" where there is none."""
    folders = [PurePosixPath(name).parts[:-1] for name in names]
    shared = 0
    while all(len(parts) > shared for parts in folders) and len({parts[shared] for parts in folders}) == 1:
        shared += 1
    return {name: "".join(parts[shared : shared + 1]) for name, parts in zip(names, folders, strict=True)}


def _stored_side(names: Sequence[str], load: Read, size: int) -> int:
    """The side of stored pictures: `size` and a margin, but at most the short side of most pictures."""
    sides = []
    for name in names[:: max(1, len(names) // 200)]:
        with suppress(Exception), Image.open(BytesIO(load(name))) as image:
            sides.append(min(image.size))
    most = int(np.percentile(sides, 10)) if sides else size
    return int(np.clip(most, size, int(size * CROP_MARGIN)))


def _room(count: int, side: int, processes: int, scratch: Path | None) -> np.ndarray:
    """An array for decoded pictures: in memory where they take less than half of what is free, else a mapped file."""
    shape = (count, side, side, 3)
    if prod(shape) * processes < free_memory() / 2:
        return np.empty(shape, np.uint8)
    free = shutil.disk_usage(scratch or tempfile.gettempdir()).free
    if prod(shape) * processes > free:
        raise TrainingProblem(
            f"The decoded pictures take {prod(shape) / 2**30:.1f} GiB, which neither memory nor the disk of {scratch} "
            "has free: make room, or train with fewer or smaller pictures."
        )
    with tempfile.TemporaryFile(dir=scratch) as file:
        return np.memmap(file, np.uint8, "w+", shape=shape)


def free_memory() -> float:
    """Bytes of available memory; 4 GiB where the system does not report it."""
    try:
        fields = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return 4 * 2**30


def _gathered(names: Sequence[str], decode: Decode, room: np.ndarray, progress: Callable[[int], None]) -> _Part:
    """Fill `room` with the readable pictures of `names`. Pillow decodes without Python's lock, so threads help."""
    good, short_sides = [], []
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(names), CHUNK):
            chunk = names[start : start + CHUNK]
            for name, found in zip(chunk, threads.map(decode, chunk), strict=True):
                if found is not None:
                    room[len(good)], short_side = found
                    good.append(name)
                    short_sides.append(short_side)
            progress(start + len(chunk))
    return _Part(room[: len(good)], good, short_sides)


def _decode(name: str, load: Read, side: int) -> tuple[np.ndarray, int] | None:
    """A picture's middle square at `side` pixels, upright, on white, and its own short side; None if unreadable."""
    try:
        with Image.open(BytesIO(load(name))) as image:
            if image.mode not in READABLE_MODES:
                return None
            short_side = min(image.size)
            image.draft("RGB", (side, side))
            return np.asarray(ImageOps.fit(upright(image), (side, side), Image.Resampling.LANCZOS)), short_side
    except Exception:
        # Decoders fail in every way there is, and one bad file in a hundred thousand must not end a run.
        return None


def upright(image: Image.Image) -> Image.Image:
    """The picture turned by its EXIF orientation, on white where it is transparent: RGB."""
    turned = ImageOps.exif_transpose(image)
    if turned.has_transparency_data:
        turned = Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned.convert("RGBA"))
    return turned.convert("RGB")
