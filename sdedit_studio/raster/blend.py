"""The 16 blend modes of the W3C specification Compositing and Blending Level 1 (https://www.w3.org/TR/compositing-1/).

QPainter has the separable ones. The four that mix hue, saturation and luminosity are here, in numpy.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from PySide6.QtGui import QPainter


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


_QT = QPainter.CompositionMode

PAINTER_MODES = {
    BlendMode.NORMAL: _QT.CompositionMode_SourceOver,
    BlendMode.MULTIPLY: _QT.CompositionMode_Multiply,
    BlendMode.SCREEN: _QT.CompositionMode_Screen,
    BlendMode.OVERLAY: _QT.CompositionMode_Overlay,
    BlendMode.DARKEN: _QT.CompositionMode_Darken,
    BlendMode.LIGHTEN: _QT.CompositionMode_Lighten,
    BlendMode.COLOR_DODGE: _QT.CompositionMode_ColorDodge,
    BlendMode.COLOR_BURN: _QT.CompositionMode_ColorBurn,
    BlendMode.HARD_LIGHT: _QT.CompositionMode_HardLight,
    BlendMode.SOFT_LIGHT: _QT.CompositionMode_SoftLight,
    BlendMode.DIFFERENCE: _QT.CompositionMode_Difference,
    BlendMode.EXCLUSION: _QT.CompositionMode_Exclusion,
}
"""The separable modes, as QPainter knows them."""


_CHUNK = 4096
"""Pixels that are blended at a time: so few that all the arrays stay in the processor's cache."""


def blend_nonseparable(mode: BlendMode, backdrop: np.ndarray, source: np.ndarray, amount: float | np.ndarray) -> None:
    """Blend `source` onto `backdrop` in place by HUE, SATURATION, COLOR or LUMINOSITY (W3C section 10.2).

    Both are premultiplied BGRA uint8 of one shape (h, w, 4). `amount`, 0 .. 1, multiplies the source's alpha: a
    number or an (h, w) array. Where the source then is transparent, the backdrop is left bit for bit.

    All functions of section 10.2 are homogeneous: B(k a, k b) = k B(a, b). So they run on colours that carry the
    factor `both` = backdrop alpha x source alpha, where 0 .. `both` takes the place of 0 .. 1, and nothing has to be
    unpremultiplied.
    """
    amount = np.broadcast_to(np.asarray(amount, np.float32), backdrop.shape[:2])
    rows = max(1, _CHUNK // max(1, backdrop.shape[1]))
    for top in range(0, len(backdrop), rows):
        chunk = slice(top, top + rows)
        _blend_chunk(mode, backdrop[chunk], source[chunk], amount[chunk])


def _blend_chunk(mode: BlendMode, backdrop: np.ndarray, source: np.ndarray, amount: np.ndarray) -> None:
    under = _planes(backdrop)
    over = _planes(source) * amount
    alpha_under, alpha_over = under[3] / 255, over[3] / 255
    both = under[3] * alpha_over
    below, above = under[:3] * alpha_over, over[:3] * alpha_under
    match mode:
        case BlendMode.HUE:
            mixed = _with_luminosity(_with_saturation(above, _saturation(below)), _luminosity(below), both)
        case BlendMode.SATURATION:
            mixed = _with_luminosity(_with_saturation(below, _saturation(above)), _luminosity(below), both)
        case BlendMode.COLOR:
            mixed = _with_luminosity(above, _luminosity(below), both)
        case BlendMode.LUMINOSITY:
            mixed = _with_luminosity(below, _luminosity(above), both)
        case _:
            raise ValueError(f"{mode} is a separable mode; QPainter blends it.")
    alpha = np.rint(under[3] + over[3] - both)
    mixed += over[:3] - above
    mixed += under[:3] - below
    np.rint(mixed, out=mixed)
    np.clip(mixed, 0, alpha, out=mixed)
    for channel, plane in enumerate((*mixed, alpha)):
        backdrop[..., channel] = plane


def _planes(pixels: np.ndarray) -> np.ndarray:
    return np.stack([pixels[..., channel].astype(np.float32) for channel in range(4)])


def _luminosity(colour: np.ndarray) -> np.ndarray:
    blue, green, red = colour
    return np.float32(0.3) * red + np.float32(0.59) * green + np.float32(0.11) * blue


def _lowest(colour: np.ndarray) -> np.ndarray:
    return np.minimum(np.minimum(colour[0], colour[1]), colour[2])


def _highest(colour: np.ndarray) -> np.ndarray:
    return np.maximum(np.maximum(colour[0], colour[1]), colour[2])


def _saturation(colour: np.ndarray) -> np.ndarray:
    return _highest(colour) - _lowest(colour)


def _with_saturation(colour: np.ndarray, saturation: np.ndarray) -> np.ndarray:
    """SetSat. Grey has nothing to stretch and becomes black."""
    low = _lowest(colour)
    return (colour - low) * (saturation / np.maximum(_highest(colour) - low, _TINY))


def _with_luminosity(colour: np.ndarray, luminosity: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """SetLum followed by ClipColor, for colours that run from 0 to `ceiling`.

    A colour that leaves that range is drawn towards its grey just so far that it fits. For one that does not, both
    ratios are at least 1.
    """
    colour = colour + (luminosity - _luminosity(colour))
    below = luminosity / np.maximum(luminosity - _lowest(colour), _TINY)
    above = (ceiling - luminosity) / np.maximum(_highest(colour) - luminosity, _TINY)
    colour -= luminosity
    colour *= np.minimum(np.minimum(below, above), 1)
    colour += luminosity
    return colour


_TINY = np.float32(1e-6)
"""In place of a difference of 0, where the quotient does not matter because its other factor is 0 too."""
