"""The trajectory of one edit down the reverse SDE: the x0 estimate after every model call, within a budget of bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO

import numpy as np
from PIL import Image

from sdedit_studio.diffusion.pasting import paste, strength_coverage
from sdedit_studio.engine.job import Job, Pixels, Progress, Result

BUDGET = 64 * 1024 * 1024
"""Bytes that the estimates of a run may take: some 2,500 at 144 x 96 pixels, or 120 at 768 x 512."""

NOTHING = Pixels(b"", (0, 0, 3))


@dataclass(frozen=True, eq=False)
class Point:
    """One step. `picture`: its preview, as pixels until it is packed into a lossless WebP; `progress` has none."""

    progress: Progress
    picture: Pixels | bytes

    @property
    def bytes(self) -> int:
        return len(self.picture.data if isinstance(self.picture, Pixels) else self.picture)

    @property
    def call(self) -> int:
        return self.progress.call

    @property
    def pass_index(self) -> int:
        return self.progress.pass_index

    def packed(self) -> Point:
        """The same in fewer bytes. Safe on any thread, and takes some milliseconds."""
        if isinstance(self.picture, bytes):
            return self
        file = BytesIO()  # these settings are both quicker and smaller than PNG's quickest
        Image.fromarray(self.picture.array).save(file, "WEBP", lossless=True, method=0, quality=0)
        return replace(self, picture=file.getvalue())

    def unpacked(self) -> Progress:
        """The step as it was reported, but without the time that was left. Safe on any thread."""
        if isinstance(self.picture, Pixels):
            return replace(self.progress, preview=self.picture)
        with Image.open(BytesIO(self.picture), formats=["WEBP"]) as image:
            return replace(self.progress, preview=Pixels.of(np.asarray(image)))


class Trajectory:
    """The steps of one run, in their order. For one thread; the points it hands out are for any.

    When the budget is short, the pass that takes the most bytes is thinned out evenly, again and again. The first and
    the last step of each pass always stay.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._clear()

    def _clear(self) -> None:
        self._points: list[Point] = []
        self._begins: dict[int, int] = {}
        self._strides: dict[int, int] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._points)

    def __getitem__(self, index: int) -> Point:
        return self._points[index]

    def __iter__(self) -> Iterator[Point]:
        return iter(self._points)

    @property
    def bytes(self) -> int:
        return self._bytes

    @property
    def passes(self) -> Sequence[int]:
        """Where each pass begins among the points."""
        points = self._points
        return [i for i, point in enumerate(points) if i == 0 or point.pass_index != points[i - 1].pass_index]

    def add(self, progress: Progress) -> None:
        """Keep a step. One that does not come after the others begins a new run, on another device for instance."""
        if self._points and progress.call <= self._points[-1].call:
            self._clear()
        before = self._points[-1] if self._points else None
        if before and before.pass_index == progress.pass_index and self._spare(before):
            self._bytes -= self._points.pop().bytes
        self._begins.setdefault(progress.pass_index, progress.call)
        point = Point(replace(progress, preview=NOTHING, seconds_left=None), progress.preview)
        self._points.append(point)
        self._bytes += point.bytes
        self._fit()

    def first_unpacked(self) -> Point | None:
        """The first step that is not packed yet, or None."""
        return next((point for point in self._points if isinstance(point.picture, Pixels)), None)

    def replace_packed(self, unpacked: Point, packed: Point) -> None:
        """Replace a step by the same step packed, if it is still there."""
        for index, point in enumerate(self._points):
            if point is unpacked:
                self._points[index] = packed
                self._bytes += packed.bytes - unpacked.bytes
                self._fit()  # pure noise packs into more than it was
                return

    def _spare(self, point: Point) -> bool:
        """Whether a step lies off the stride of its pass."""
        begin, stride = self._begins[point.pass_index], self._strides.get(point.pass_index, 1)
        return (point.call - begin) % stride != 0

    def _fit(self) -> None:
        while self._bytes > self._budget and self._thin():
            pass

    def _thin(self) -> bool:
        """Double the stride of the pass whose inner steps weigh most. Returns whether there was any."""
        weights: dict[int, int] = {}
        for before, point, after in zip(self._points, self._points[1:], self._points[2:], strict=False):
            if before.pass_index == point.pass_index == after.pass_index:
                weights[point.pass_index] = weights.get(point.pass_index, 0) + point.bytes
        if not weights:
            return False
        heaviest = max(weights, key=lambda index: weights[index])
        self._strides[heaviest] = 2 * self._strides.get(heaviest, 1)
        last = [point for point in self._points if point.pass_index == heaviest][-1]
        self._points = [
            point for point in self._points if point is last or point.pass_index != heaviest or not self._spare(point)
        ]
        self._bytes = sum(point.bytes for point in self._points)
        return True


def at_frame_size(job: Job, estimate: Pixels) -> Pixels:
    """An estimate as an unpasted result: at the guide's size, and the guide itself where the strength is 0."""
    picture = _sized(estimate.array, (job.guide.width, job.guide.height), Image.Resampling.BICUBIC)
    if job.strength is not None:
        picture = paste(job.guide.array, picture, strength_coverage(job.strength.array))
    return Pixels.of(picture)


def step_picture(point: Point, result: Result, size: tuple[int, int], *, last: bool) -> np.ndarray:
    """The picture of a step of `result`'s edit: its estimate in the guide, through the mask; of the last, the result.

    `size`: width and height wanted. RGB uint8 (h, w, 3); where the mask or the strength is 0 it is the guide, resized
    alike.
    """
    if last:
        return _sized(result.picture.array, size, Image.Resampling.BICUBIC)
    job = result.job
    picture = _sized(point.unpacked().preview.array, size, Image.Resampling.BICUBIC)
    covers = [part for part in (job.mask, job.strength) if part is not None]
    if not covers:
        return picture
    guide = _sized(job.guide.array, size, Image.Resampling.BICUBIC)
    for part in covers:
        cover = part.array if part is job.mask else strength_coverage(part.array)
        picture = paste(guide, picture, _sized(cover, size, Image.Resampling.BOX))
    return picture


def _sized(array: np.ndarray, size: tuple[int, int], how: Image.Resampling) -> np.ndarray:
    return np.asarray(Image.fromarray(array).resize(size, how))
