import numpy as np

from sdedit_studio.files.pictures import decode, encode
from sdedit_studio.files.premultiply import premultiplied, straight

ALPHA, COLOUR = np.mgrid[0:256, 0:256]


def test_straight_loses_no_premultiplied_pixel():
    pixels = np.dstack([COLOUR, COLOUR[:, ::-1], COLOUR // 2, ALPHA]).astype(np.uint8)
    pixels[..., :3] = np.minimum(pixels[..., :3], pixels[..., 3:])
    every = {(int(c), int(a)) for c, a in zip(pixels[..., 0].ravel(), pixels[..., 3].ravel(), strict=True)}
    assert len(every) == 256 * 257 / 2
    assert np.array_equal(premultiplied(straight(pixels)), pixels)
    assert np.array_equal(decode(encode(pixels), "pixels", 256), pixels)


def test_premultiplied_is_the_nearest_level_and_straight_its_inverse():
    straight_pixels = np.dstack([COLOUR, 255 - COLOUR, COLOUR // 3, ALPHA]).astype(np.uint8)
    result = premultiplied(straight_pixels)
    exact = straight_pixels[..., 2::-1] * (straight_pixels[..., 3:] / 255)
    assert np.abs(result[..., :3] - exact).max() <= 0.5
    assert np.array_equal(result[..., 3], straight_pixels[..., 3])
    opaque = straight_pixels[255:]
    assert np.array_equal(straight(premultiplied(opaque)), opaque)
    assert not straight(result)[0].any()


def test_coverage_survives_a_png():
    assert np.array_equal(decode(encode(ALPHA.astype(np.uint8)), "mask", 256)[..., 0], ALPHA)
