"""Brush settings and the stroke engine: pointer samples to dabs, dabs to coverage, coverage to pixels."""

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
