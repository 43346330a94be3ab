"""Exporting the steps of an edit as an animation, or as a series of PNG pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from sdedit_studio.files import metadata as meta
from sdedit_studio.files import pictures
from sdedit_studio.files.atomic import writing
from sdedit_studio.files.problem import FileProblem, because

ANIMATED = {".webp": "WEBP", ".gif": "GIF", ".apng": "PNG"}
"""Suffixes of animations, with Pillow's names of the formats."""

SERIES = ".png"
"""The suffix of a series: "lake.png" becomes lake-01.png, lake-02.png and so on."""

SUFFIXES = (*ANIMATED, SERIES)

LONGEST = 1024
"""Longest side of an exported step in pixels: the estimates on the way are no larger than 768."""

MOST = 150
"""Pictures in an animation at most, because a format has to hold all of them at once to write them."""

HOLD_MS = 1500
"""How long the last picture stands before the animation begins again."""

QUALITY = 90


def size_of(width: int, height: int) -> tuple[int, int]:
    """The width and height that the steps of a frame of this size are exported at."""
    scale = min(1.0, LONGEST / max(width, height))
    return max(1, round(scale * width)), max(1, round(scale * height))


def chosen(count: int, suffix: str) -> Sequence[int]:
    """The indices of the steps that a file with this suffix shows: all, or `MOST` evenly spaced ones with both ends."""
    if suffix == SERIES or count <= MOST:
        return range(count)
    return [round(i * (count - 1) / (MOST - 1)) for i in range(MOST)]


def export(
    path: Path | str,
    count: int,
    picture: Callable[[int], np.ndarray],
    *,
    rate: float = 10.0,
    there_and_back: bool = False,
    metadata: Mapping[str, Any] | None = None,
    composite: bool = False,
) -> None:
    """Write `count` steps as an animated WebP, GIF or PNG (.apng), or as a series of PNG files, as the suffix says.

    `picture(index)`: RGB uint8 (h, w, 3), all of one size. `rate`: pictures a second. `there_and_back`: an animation
    also runs backwards, to its beginning. `metadata`, `composite`: as for `pictures.export`; a GIF holds the record as
    its comment. PNG loses nothing. Raises FileProblem when it cannot be written; then no new file is there, and no old
    one changed.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileProblem(f"{path.name} does not end in .webp, .gif, .apng or .png. Add one of these to its name.")
    if suffix == SERIES:
        _export_series(path, map(picture, range(count)), count, metadata, composite=composite)
        return
    kind = ANIMATED[suffix]
    shown = [_image(picture(index), kind) for index in chosen(count, suffix)]
    durations = [round(1000 / rate)] * (len(shown) - 1) + [HOLD_MS]
    if there_and_back:
        back = shown[-2:0:-1]
        shown, durations = shown + back, durations + durations[: len(back)]
    with writing(path) as file:
        _save(file, shown, kind, durations, _options(kind, metadata, composite=composite))


def pace(picture: np.ndarray, suffix: str) -> float:
    """Seconds that writing one picture like this takes, measured by doing so."""
    began = perf_counter()
    kind = ANIMATED.get(suffix, "PNG")
    _save(BytesIO(), [_image(picture, kind)], kind, [0], _options(kind, None, composite=False))
    return perf_counter() - began


def _save(
    file: BinaryIO, shown: Sequence[Image.Image], kind: str, durations: list[int], options: dict[str, Any]
) -> None:
    shown[0].save(file, kind, save_all=True, append_images=shown[1:], duration=durations, loop=0, **options)


def _image(picture: np.ndarray, kind: str) -> Image.Image:
    """The picture for Pillow; for a GIF with 256 colours of its own, dithered, so that skies show no bands."""
    image = Image.fromarray(picture)
    return image.quantize(palette=image.quantize(256), dither=Image.Dither.FLOYDSTEINBERG) if kind == "GIF" else image


def _options(kind: str, metadata: Mapping[str, Any] | None, *, composite: bool) -> dict[str, Any]:
    options: dict[str, Any] = {} if kind == "GIF" else {"icc_profile": pictures.srgb_profile()}
    if kind == "WEBP":
        options |= {"quality": QUALITY, "method": 4}
    if metadata is not None:
        packet = meta.xmp(metadata, composite=composite)
        if kind == "PNG":
            options["pnginfo"] = meta.png_text(metadata, packet)
        elif kind == "WEBP":
            options |= {"xmp": packet, "exif": meta.exif(metadata)}
        else:
            options["comment"] = meta.comment(metadata)
    return options


def _export_series(
    path: Path, arrays: Iterator[np.ndarray], count: int, metadata: Mapping[str, Any] | None, *, composite: bool
) -> None:
    """Write all of the pictures, or none: into a temporary folder beside their place, and moved in the end."""
    digits = max(2, len(str(count)))
    names = [f"{path.stem}-{number:0{digits}}{path.suffix}" for number in range(1, count + 1)]
    if taken := next((name for name in names if (path.parent / name).exists()), None):
        raise FileProblem(f"{taken} is there already, and nothing was written. Choose another name or folder.")
    try:
        folder = Path(mkdtemp(prefix=f".{path.stem[:100]}.", suffix=".part", dir=path.parent))
    except OSError as error:
        raise FileProblem(f"{path.name} could not be saved: {because(error)}") from error
    try:
        for number, (name, array) in enumerate(zip(names, arrays, strict=True), 1):
            record = None if metadata is None else {**metadata, "picture": number, "pictures": count}
            pictures.export(folder / name, array, metadata=record, composite=composite)
        for name in names:
            (folder / name).replace(path.parent / name)
    except OSError as error:
        raise FileProblem(f"{path.name} could not be saved: {because(error)}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
