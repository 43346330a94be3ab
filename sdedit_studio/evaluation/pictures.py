"""Pictures for a study: from a folder, a zip or single files, all cropped to squares of one size."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from sdedit_studio.evaluation.problem import EvaluationProblem

Watch = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many are done."""


def unwatched(label: str, done: int, total: int) -> None:
    """Tells nobody."""


SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Pictures:
    """`pixels`: (n, side, side, 3) uint8; `names`: where each came from; `broken`: those that could not be read."""

    pixels: np.ndarray
    names: Sequence[str]
    broken: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.names)


def read_picture(file: Path | BytesIO, side: int) -> np.ndarray:
    """The central square of a picture, upright, on white where it is transparent: (side, side, 3) uint8.

    Reduced by Pillow's bicubic filter, which unlike most widens with the reduction and does not alias. Raises
    EvaluationProblem when the file cannot be read.
    """
    try:
        with Image.open(file) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except Exception as error:  # a hostile or cut-off file can raise nearly anything in a decoder
        name = file.name if isinstance(file, Path) else "The file"
        raise EvaluationProblem(f"{name} cannot be read as a picture. Try another copy of it.") from error
    paper = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(paper, picture).convert("RGB")
    return np.asarray(ImageOps.fit(flat, (side, side), Image.Resampling.BICUBIC))


def list_pictures(source: Path) -> list[str]:
    """The names of all pictures in a folder (however deep) or a zip, in order.

    Raises EvaluationProblem when `source` is neither, or holds none.
    """
    if source.is_dir():
        names = [path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()]
    elif zipfile.is_zipfile(source):
        try:
            with zipfile.ZipFile(source) as archive:
                names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
        except zipfile.BadZipFile as error:
            raise EvaluationProblem(f"{source} is a damaged zip: try another copy of it.") from error
    else:
        raise EvaluationProblem(f"{source} is neither a folder nor a zip: give one that holds pictures.")
    pictures = sorted(name for name in names if Path(name).suffix.lower() in SUFFIXES and not _hidden(name))
    if not pictures:
        raise EvaluationProblem(f"{source} holds no pictures ({', '.join(sorted(SUFFIXES))}).")
    return pictures


def read_pictures(source: Path, names: Sequence[str], side: int, watch: Watch = unwatched, label: str = "") -> Pictures:
    """Read `names`, as `list_pictures` gives them; files that are no pictures are left out and told."""
    pixels, read, broken = [], [], []
    with _opened(source) as open_name:
        for done, name in enumerate(names, 1):
            try:
                pixels.append(read_picture(open_name(name), side))
                read.append(name)
            except Exception:  # nor does one damaged entry of a zip end a study
                broken.append(name)
            watch(label, done, len(names))
    stacked = np.stack(pixels) if pixels else np.empty((0, side, side, 3), np.uint8)
    return Pictures(stacked, read, broken)


def _hidden(name: str) -> bool:
    """What macOS and others leave beside pictures."""
    return any(part.startswith(".") or part == "__MACOSX" for part in Path(name).parts)


@contextmanager
def _opened(source: Path) -> Iterator[Callable[[str], Path | BytesIO]]:
    if source.is_dir():
        yield lambda name: source / name
        return
    with zipfile.ZipFile(source) as archive:
        yield lambda name: BytesIO(archive.read(name))


def png(pixels: np.ndarray) -> bytes:
    """A picture (h, w, 3) uint8 as the bytes of a PNG file."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()
