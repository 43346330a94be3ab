"""What the window shows of the noised guide is what the model is given."""

from dataclasses import replace

import numpy as np
import pytest

from sdedit_studio.diffusion.plan import sigma_of_t0
from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.execute import execute
from sdedit_studio.engine.job import Pixels
from sdedit_studio.engine.noised import Noised
from sdedit_studio.parameters import Parameters
from tests.engine.conftest import CARD, job


@pytest.mark.parametrize("t0", [0.1, 0.4, 1.0])
def test_it_is_what_the_first_model_call_gets(models, measured, t0):
    asked = job(96, 64, t0=t0, seed=11)
    given = []
    opened = models("scenes-96")
    model = replace(
        opened, by_class=lambda label: lambda x, sigma: given.append((x, sigma)) or opened.by_class(label)(x, sigma)
    )
    list(execute(asked, model, cancelled=lambda: False, measured=measured))
    x, sigma = given[0]
    seen = (x[0] / (1 + sigma**2) ** 0.5).permute(1, 2, 0).numpy()
    shown = Noised.of(asked, CARD).at(t0).array
    expected = ((seen + 1) * 127.5).round().clip(0, 255)
    assert np.abs(shown - expected).max() <= 1  # the window's copy of the guide was rounded to 8 bits


def test_at_0_it_is_the_guide():
    same_size = job(24, 16)
    assert Noised.of(same_size, CARD).at(0.0) == same_size.guide


def test_it_stops_at_the_highest_level_of_the_model():
    flat = replace(job(24, 16), guide=Pixels.of(np.full((16, 24, 3), 200, np.uint8)))
    noised = Noised.of(flat, replace(CARD, sigma_max=sigma_of_t0(0.5)))
    assert noised.at(0.9) == noised.at(0.5) != noised.at(0.4)


def test_a_model_of_latents_has_nothing_to_show(tmp_path):
    folder = tmp_path / "latent"
    folder.mkdir()
    card = replace(CARD, format="latent", title="Latent", weights="x")
    (folder / "model.json").write_text(card.as_json(), "utf-8")
    engine = Engine(tmp_path)
    assert engine.noised(job(model="latent")) is None
    assert engine.noised(job(model=Parameters.model)) is not None
