"""Reading the pictures of a study from a folder, a zip or single files, cropped to one size."""

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
"""Called with what is being done, how much of it is done, and the total."""


def unwatched(label: str, done: int, total: int) -> None:
    """Ignores progress."""


SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Pictures:
    """`pixels`: (n, h, w, 3) uint8; `names`: where each came from; `broken`: those that could not be used."""

    pixels: np.ndarray
    names: Sequence[str]
    broken: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Frame:
    """The size in pixels of the pictures of a study. `enlarged`: how many times smaller ones may be enlarged to it."""

    width: int
    height: int
    enlarged: float = 1.0


def read_picture(file: Path | BytesIO, side: int) -> np.ndarray:
    """The central square of a picture, upright, on white where it is transparent: (side, side, 3) uint8.

    Reduced by Pillow's bicubic filter, which unlike most widens with the reduction and does not alias. Raises
    EvaluationProblem when the file cannot be read.
    """
    return np.asarray(ImageOps.fit(_upright(file), (side, side), Image.Resampling.BICUBIC))


def read_frame(file: Path | BytesIO, frame: Frame) -> np.ndarray:
    """The middle of a picture that has the frame's aspect, at its size: (height, width, 3) uint8.

    By Pillow's Lanczos filter, which keeps sharpness best. Raises EvaluationProblem when the file cannot be read, or
    would have to be enlarged more than the frame allows.
    """
    picture = _upright(file)
    if max(frame.width / picture.width, frame.height / picture.height) > frame.enlarged:
        raise EvaluationProblem(f"A picture of {picture.width} x {picture.height} pixels is too small for the canvas.")
    return np.asarray(ImageOps.fit(picture, (frame.width, frame.height), Image.Resampling.LANCZOS))


def _upright(file: Path | BytesIO) -> Image.Image:
    try:
        with Image.open(file) as opened:
            picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except Exception as error:  # a hostile or cut-off file can raise nearly anything in a decoder
        name = file.name if isinstance(file, Path) else "The file"
        raise EvaluationProblem(f"{name} cannot be read as a picture. Try another copy of it.") from error
    paper = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(paper, picture).convert("RGB")


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
    """Read `names`, as `list_pictures` gives them; unreadable files are left out and listed in `broken`."""
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


def read_frames(source: Path, frame: Frame, most: int, watch: Watch = unwatched, label: str = "") -> Pictures:
    """At most `most` pictures of `source`, a folder or zip, at the frame's size, drawn at random with a fixed seed.

    `broken`: those that cannot be read or are too small. Raises EvaluationProblem when `source` holds no pictures.
    """
    names = list_pictures(source)
    pixels, read, broken = [], [], []
    with _opened(source) as open_name:
        for index in np.random.default_rng(0).permutation(len(names)):
            if len(read) == most:
                break
            try:
                pixels.append(read_frame(open_name(names[index]), frame))
                read.append(names[index])
            except Exception:  # as in `read_pictures`
                broken.append(names[index])
            watch(label, len(read), min(most, len(names) - len(broken)))
    stacked = np.stack(pixels) if pixels else np.empty((0, frame.height, frame.width, 3), np.uint8)
    return Pictures(stacked, read, broken)


def _hidden(name: str) -> bool:
    """Whether a file is hidden or one that macOS leaves beside pictures."""
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
