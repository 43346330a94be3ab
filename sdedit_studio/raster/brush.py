"""The settings of a brush."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Brush:
    """A round tip.

    `size`: diameter in document pixels, 1 .. 1000. `opacity`: the ceiling of a stroke's coverage, 0 .. 1.
    `hardness`: the part of the radius that is fully covered, 0 .. 1. `flow`: how fast a dab builds up to the ceiling,
    0 .. 1. `spacing`: distance of dabs in diameters. `size_pressure` and `opacity_pressure`: whether pen pressure
    scales size and opacity.
    """

    size: float = 40.0
    opacity: float = 1.0
    hardness: float = 0.6
    flow: float = 1.0
    spacing: float = 0.08
    size_pressure: bool = True
    opacity_pressure: bool = False

    def diameter(self, pressure: float) -> float:
        """Diameter of a dab in document pixels at a pen pressure of 0 .. 1."""
        return self.size * pressure if self.size_pressure else self.size

    def ceiling(self, pressure: float) -> float:
        """Highest coverage that a dab builds up to, 0 .. 1. Below one pixel a thinner dab is a fainter one."""
        return self.opacity * (pressure if self.opacity_pressure else 1.0) * min(1.0, self.diameter(pressure))
