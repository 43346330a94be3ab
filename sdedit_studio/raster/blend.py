"""The 16 blend modes of the W3C compositing specification."""

from __future__ import annotations

from enum import StrEnum


class BlendMode(StrEnum):
    """Blend modes by the names that OpenRaster and SVG use after `svg:`."""

    NORMAL = "src-over"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    DARKEN = "darken"
    LIGHTEN = "lighten"
    COLOR_DODGE = "color-dodge"
    COLOR_BURN = "color-burn"
    HARD_LIGHT = "hard-light"
    SOFT_LIGHT = "soft-light"
    DIFFERENCE = "difference"
    EXCLUSION = "exclusion"
    HUE = "hue"
    SATURATION = "saturation"
    COLOR = "color"
    LUMINOSITY = "luminosity"

    @property
    def label(self) -> str:
        """The name a person reads: "Soft light"."""
        return "Normal" if self is BlendMode.NORMAL else self.value.replace("-", " ").capitalize()
