"""From pointer samples to dabs: a smooth curve through the samples, and evenly spaced points along it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from sdedit_studio.raster.brush import Brush

_CURVE_STEP = 3.0
"""Length in pixels of the straight pieces that a curve is walked in."""

_SMALLEST_SPACING = 1.0
"""In pixels. Closer dabs would only fill up the antialiased edge of a small tip."""

_LONGEST_LAG = 0.25
"""Seconds by which the strongest stabiliser trails the pointer."""

_STOPPED_CLOCK = 0.004
"""Seconds taken for two samples with one timestamp, which tablets faster than the system's clock produce."""


class Sample(NamedTuple):
    """A place on the path, in document pixels, with pen pressure 0 .. 1."""

    x: float
    y: float
    pressure: float

    def towards(self, other: Sample, part: float) -> Sample:
        return Sample(*(a + (b - a) * part for a, b in zip(self, other, strict=True)))


class Path:
    """Dabs along a Catmull-Rom curve through the samples, `brush.spacing` diameters apart.

    The curve's last piece needs the sample after it, so it is walked one sample late; `finish` walks the rest. What is
    left of a spacing is carried over to the next piece, so dabs do not depend on how a movement is cut into events.
    `stabiliser`: 0 .. 1, how far the path trails the pointer, as an exponential mean over time.
    """

    def __init__(self, brush: Brush, stabiliser: float = 0.0) -> None:
        self._brush = brush
        self._lag = stabiliser * _LONGEST_LAG
        self._samples: list[Sample] = []  # of the piece not yet walked: the sample before it, its start, its end
        self._pointer: Sample | None = None
        self._time = 0.0
        self._until_next = 0.0

    def extend(self, x: float, y: float, pressure: float, time: float) -> list[Sample]:
        """Add a sample. Returns the dabs that are now certain; for the first sample, one dab right there."""
        target = Sample(x, y, min(1.0, max(0.0, pressure)))
        elapsed = time - self._time if time > self._time else _STOPPED_CLOCK
        self._time = time
        self._pointer = target
        if self._lag and self._samples:
            target = self._samples[-1].towards(target, 1 - math.exp(-elapsed / self._lag))
        return list(self._add(target))

    def finish(self) -> list[Sample]:
        """Catch up with the pointer and walk to the end of the curve."""
        dabs = list(self._add(self._pointer)) if self._lag and self._pointer else []
        if len(self._samples) > 1:
            before, start, end = self._samples
            dabs += self._walk(before, start, end, _mirrored(start, end))
        return dabs

    def _add(self, sample: Sample) -> Iterator[Sample]:
        match self._samples:
            case []:
                self._samples = [sample]
                self._until_next = self._spacing(sample)
                yield sample
            case [*_, last] if last == sample:
                pass
            case [first]:
                self._samples = [_mirrored(sample, first), first, sample]
            case [before, start, end]:
                self._samples = [start, end, sample]
                yield from self._walk(before, start, end, sample)

    def _walk(self, before: Sample, start: Sample, end: Sample, after: Sample) -> Iterator[Sample]:
        """Dabs on the piece of curve from `start` to `end`."""
        pieces = min(256, max(4, math.ceil(math.hypot(end.x - start.x, end.y - start.y) / _CURVE_STEP)))
        here = start
        for there in _catmull_rom(before, start, end, after, pieces):
            length = self._distance(here, there)
            gone = 0.0
            while length - gone >= self._until_next:
                gone += self._until_next
                dab = here.towards(there, gone / length)
                self._until_next = self._spacing(dab)
                yield dab
            self._until_next -= length - gone
            here = there

    def _distance(self, a: Sample, b: Sample) -> float:
        """How far the tip's edge travels, so that a pen pressed harder on the spot also makes dabs."""
        growth = abs(self._brush.diameter(b.pressure) - self._brush.diameter(a.pressure)) / 2
        return math.hypot(b.x - a.x, b.y - a.y) + growth

    def _spacing(self, at: Sample) -> float:
        return max(_SMALLEST_SPACING, self._brush.spacing * self._brush.diameter(at.pressure))


def _mirrored(point: Sample, centre: Sample) -> Sample:
    """A straight continuation of the path beyond its first or last sample."""
    return Sample(2 * centre.x - point.x, 2 * centre.y - point.y, centre.pressure)


def _catmull_rom(before: Sample, start: Sample, end: Sample, after: Sample, pieces: int) -> Iterator[Sample]:
    """The corners of the centripetal Catmull-Rom curve from `start` (left out) to `end`, in Hermite form.

    Centripetal (knots at the square root of distance) is the one that makes no loops and no cusps between unevenly
    spaced samples (Yuksel, Schaefer and Keyser 2011).
    """
    first, middle, last = (
        max(1e-3, math.sqrt(math.hypot(b.x - a.x, b.y - a.y))) for a, b in ((before, start), (start, end), (end, after))
    )

    def tangents(p0: float, p1: float, p2: float, p3: float) -> tuple[float, float]:
        return (
            middle * ((p1 - p0) / first - (p2 - p0) / (first + middle)) + p2 - p1,
            middle * ((p3 - p2) / last - (p3 - p1) / (middle + last)) + p2 - p1,
        )

    x_out, x_in = tangents(before.x, start.x, end.x, after.x)
    y_out, y_in = tangents(before.y, start.y, end.y, after.y)
    for piece in range(1, pieces + 1):
        u = piece / pieces
        leaving, arriving, at_end = u * (1 - u) ** 2, u * u * (u - 1), u * u * (3 - 2 * u)
        yield Sample(
            start.x + (end.x - start.x) * at_end + x_out * leaving + x_in * arriving,
            start.y + (end.y - start.y) * at_end + y_out * leaving + y_in * arriving,
            start.pressure + (end.pressure - start.pressure) * u,
        )
