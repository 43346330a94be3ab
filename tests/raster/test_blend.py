"""All 16 modes against Compositing and Blending Level 1 (https://www.w3.org/TR/compositing-1/).

The reference below is the specification word for word: one pixel, floats, straight colours, no tricks.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

Colour = tuple[float, float, float]


def composite(backdrop: tuple[float, ...], source: tuple[float, ...], mode: BlendMode, amount: float) -> list[float]:
    """Premultiplied RGBA pixels, 0 .. 255, the source's alpha multiplied by `amount` (opacity x mask)."""
    alpha_b, alpha_s = backdrop[3] / 255, source[3] / 255
    cb = tuple(value / backdrop[3] if backdrop[3] else 0.0 for value in backdrop[:3])
    cs = tuple(value / source[3] if source[3] else 0.0 for value in source[:3])
    alpha_s *= amount
    mixed = blend(mode, cb, cs)
    colour = [
        alpha_s * (1 - alpha_b) * cs[i] + alpha_s * alpha_b * mixed[i] + (1 - alpha_s) * alpha_b * cb[i]
        for i in range(3)
    ]
    return [255 * value for value in (*colour, alpha_s + alpha_b * (1 - alpha_s))]


def blend(mode: BlendMode, cb: Colour, cs: Colour) -> Colour:
    match mode:
        case BlendMode.HUE:
            return set_lum(set_sat(cs, sat(cb)), lum(cb))
        case BlendMode.SATURATION:
            return set_lum(set_sat(cb, sat(cs)), lum(cb))
        case BlendMode.COLOR:
            return set_lum(cs, lum(cb))
        case BlendMode.LUMINOSITY:
            return set_lum(cb, lum(cs))
        case _:
            return tuple(separable(mode, b, s) for b, s in zip(cb, cs, strict=True))


def separable(mode: BlendMode, cb: float, cs: float) -> float:
    match mode:
        case BlendMode.NORMAL:
            return cs
        case BlendMode.MULTIPLY:
            return cb * cs
        case BlendMode.SCREEN:
            return cb + cs - cb * cs
        case BlendMode.OVERLAY:
            return separable(BlendMode.HARD_LIGHT, cs, cb)
        case BlendMode.DARKEN:
            return min(cb, cs)
        case BlendMode.LIGHTEN:
            return max(cb, cs)
        case BlendMode.COLOR_DODGE:
            return 0.0 if cb == 0 else 1.0 if cs == 1 else min(1.0, cb / (1 - cs))
        case BlendMode.COLOR_BURN:
            return 1.0 if cb == 1 else 0.0 if cs == 0 else 1 - min(1.0, (1 - cb) / cs)
        case BlendMode.HARD_LIGHT:
            return cb * 2 * cs if cs <= 0.5 else separable(BlendMode.SCREEN, cb, 2 * cs - 1)
        case BlendMode.SOFT_LIGHT:
            if cs <= 0.5:
                return cb - (1 - 2 * cs) * cb * (1 - cb)
            d = ((16 * cb - 12) * cb + 4) * cb if cb <= 0.25 else math.sqrt(cb)
            return cb + (2 * cs - 1) * (d - cb)
        case BlendMode.DIFFERENCE:
            return abs(cb - cs)
        case BlendMode.EXCLUSION:
            return cb + cs - 2 * cb * cs
    raise AssertionError(mode)


def lum(c: Colour) -> float:
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def clip_color(c: Colour) -> Colour:
    grey, low, high = lum(c), min(c), max(c)
    if low < 0:
        c = tuple(grey + (x - grey) * grey / (grey - low) for x in c)
    if high > 1:
        c = tuple(grey + (x - grey) * (1 - grey) / (high - grey) for x in c)
    return c


def set_lum(c: Colour, grey: float) -> Colour:
    d = grey - lum(c)
    return clip_color(tuple(x + d for x in c))


def sat(c: Colour) -> float:
    return max(c) - min(c)


def set_sat(c: Colour, s: float) -> Colour:
    low, high = min(c), max(c)
    return tuple((x - low) * s / (high - low) for x in c) if high > low else (0.0, 0.0, 0.0)


SIDE = 5
RECT = Rect(0, 0, SIDE, SIDE)
EVERY_MODE = pytest.mark.parametrize("mode", BlendMode, ids=str)
SEEDS = st.integers(0, 2**32 - 1)

TOLERANCE = 2.8
"""In 8-bit levels. QPainter rounds the masked source, the opacity and the result to 8 bits: half a level each, and a
whole one for the opacity, which it rounds down. In between, all is integers, of which exclusion adds up several."""

SOFT_LIGHT_TOLERANCE = 3.6
"""Its integer square root loses another level."""


def envelope(backdrop: np.ndarray, source: np.ndarray, mode: BlendMode, mask: float, opacity: float) -> np.ndarray:
    """Lowest and highest exact result, shape (2, 4), over masked sources that differ by at most one level.

    Dodge and burn divide by a number that may be near 0, and soft light has a steep root, so that one level of the
    masked source, which is all that 8 bits know of it, can be worth thirty levels of the result.
    """
    masked = source * mask
    results = []
    for step in (0, -1, 1):
        colour = np.clip(masked[:3] + step, 0, masked[3])
        results.append(composite(tuple(backdrop.tolist()), (*colour.tolist(), float(masked[3])), mode, opacity))
    return np.array([np.min(results, axis=0), np.max(results, axis=0)])


@EVERY_MODE
@given(seed=SEEDS, opacity=st.floats(0.01, 1), masked=st.booleans())
def test_flatten_agrees_with_the_specification(mode, picture, coverage, layer, seed, opacity, masked):
    backdrop, source = picture(seed, SIDE, SIDE), picture(seed + 1, SIDE, SIDE)
    mask = coverage(seed + 2, SIDE, SIDE) if masked else np.full((SIDE, SIDE), 255, np.uint8)
    layers = [
        layer(Tiles.from_array(backdrop)),
        layer(Tiles.from_array(source), Tiles.from_array(mask) if masked else None, opacity, mode),
    ]
    result = flatten(layers, RECT)
    tolerance = SOFT_LIGHT_TOLERANCE if mode is BlendMode.SOFT_LIGHT else TOLERANCE
    to_rgba = [2, 1, 0, 3]
    for y, x in np.ndindex(SIDE, SIDE):
        low, high = envelope(backdrop[y, x][to_rgba], source[y, x][to_rgba], mode, mask[y, x] / 255, opacity)
        found = result[y, x][to_rgba].astype(float)
        assert (found >= low - tolerance).all(), (backdrop[y, x], source[y, x], mask[y, x], found, low)
        assert (found <= high + tolerance).all(), (backdrop[y, x], source[y, x], mask[y, x], found, high)
        assert found[:3].max() <= found[3]


@EVERY_MODE
@given(seed=SEEDS, opacity=st.floats(0.01, 1))
def test_pixels_under_a_mask_of_zero_are_bit_identical(mode, picture, coverage, layer, seed, opacity):
    backdrop, source, mask = picture(seed, SIDE, SIDE), picture(seed + 1, SIDE, SIDE), coverage(seed + 2, SIDE, SIDE)
    below = layer(Tiles.from_array(backdrop))
    masked = layer(Tiles.from_array(source), Tiles.from_array(mask), opacity, mode)
    result = flatten([below, masked], RECT)
    assert np.array_equal(result[mask == 0], backdrop[mask == 0])


@EVERY_MODE
def test_transparent_pixels_change_nothing(mode, picture, layer):
    backdrop, source = picture(0, 64, 64), picture(1, 64, 64)
    result = flatten(
        [layer(Tiles.from_array(backdrop)), layer(Tiles.from_array(source), mode=mode)], Rect(0, 0, 64, 64)
    )
    clear = source[..., 3] == 0
    assert clear.any()
    assert np.array_equal(result[clear], backdrop[clear])


@EVERY_MODE
def test_on_nothing_every_mode_shows_the_source(mode, picture, layer):
    source = picture(1, 64, 64)
    result = flatten([layer(Tiles.from_array(source), mode=mode)], Rect(0, 0, 64, 64))
    assert np.abs(result.astype(int) - source).max() <= 1


def test_white_dodged_onto_black_stays_black(layer):
    black, white = (np.full((1, 1, 4), value, np.uint8) for value in (0, 255))
    black[..., 3] = 255
    pair = [layer(Tiles.from_array(black)), layer(Tiles.from_array(white), mode=BlendMode.COLOR_DODGE)]
    assert flatten(pair, Rect(0, 0, 1, 1)).tolist() == black.tolist()


def test_an_opaque_normal_layer_is_copied_bit_for_bit(picture, layer):
    source = picture(3, 300, 280)
    opaque = source[..., 3] == 255
    full = Tiles.from_array(np.full((280, 300), 255, np.uint8))
    below = layer(Tiles.from_array(picture(4, 300, 280)))
    result = flatten([below, layer(Tiles.from_array(source), full)], Rect(0, 0, 300, 280))
    assert np.array_equal(result[opaque], source[opaque])
