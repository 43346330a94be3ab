"""What is protected, hatched over the canvas while it is painted on."""

import numpy as np
import pytest
from PySide6.QtGui import QImage

from sdedit_studio.document.target import Target
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.canvas.hatching import Hatching
from tests.ui.documents import put


def picture(canvas) -> np.ndarray:
    """What the view shows of the canvas, at 100 %: RGB (150, 200, 3)."""
    image = canvas.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    x, y = (round(value) for value in canvas.on_view(0, 0).toTuple())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)[y : y + 150, x : x + 200].astype(int)


@pytest.fixture
def hatched(canvas):
    canvas.hatching = Hatching(canvas.session, canvas.view)
    half = np.zeros((150, 200), np.uint8)
    half[:, 100:] = 255
    put(canvas.session, canvas.document.replace(protection=Tiles.from_array(half)))
    return canvas


def test_it_is_seen_only_while_it_is_painted_on(hatched):
    plain = picture(hatched)
    hatched.session.set_target(Target.PROTECTION)
    shown = picture(hatched)
    assert np.array_equal(shown[:, :99], plain[:, :99])
    assert (shown[:, 101:] != plain[:, 101:]).any(axis=2).all()
    assert shown[:, 101:].std(axis=(0, 1)).min() > 5  # stripes, not one colour that the picture could have
    hatched.session.set_target(Target.PIXELS)
    assert np.array_equal(picture(hatched), plain)


def test_what_is_painted_shows_as_strongly_as_it_protects(hatched):
    hatched.session.set_target(Target.PROTECTION)
    white = picture(hatched)
    hatched.view.brushes.change("brush", size=60, opacity=0.5)
    hatched.drag((30, 75), (60, 75))
    shown = picture(hatched)
    full = np.abs(white[70:80, 140:160] - 255).mean()
    assert np.abs(shown[70:80, 40:60] - 255).mean() == pytest.approx(full / 2, rel=0.15)


def test_a_stroke_is_drawn_over_it_without_a_seam(hatched):
    """Parts are repainted as they change; the stripes go on through them as if all had been drawn at once."""
    hatched.session.set_target(Target.PROTECTION)
    hatched.drag((20, 20), (120, 120))
    in_parts = picture(hatched)
    hatched.view.update()
    assert np.array_equal(picture(hatched), in_parts)
