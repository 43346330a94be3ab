"""A refinement of a first pass that was made before, as live mode asks for it."""

from dataclasses import replace

import numpy as np

from sdedit_studio.engine.execute import execute
from sdedit_studio.engine.job import Pixels
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.parameters import Refine
from tests.engine.conftest import CARD, guide, job


def run(job, models, measured, card: ModelCard = CARD):
    *progress, result = execute(job, models(card.name), cancelled=lambda: False, measured=measured)
    return progress, result


def test_it_leaves_the_first_pass_out_and_comes_to_the_same_picture(models, measured):
    whole = job(96, 64, refine=Refine.SDE)
    progress, result = run(whole, models, measured)
    first = [update for update in progress if update.pass_index == 0]
    models.calls.clear()
    again, refined = run(replace(whole, first=first[-1].preview), models, measured)
    assert {update.pass_index for update in again} == {1, *{update.pass_index for update in progress}} - {0}
    assert refined.calls == len(again) == len(progress) - len(first)
    assert (24, 16) not in models.calls
    apart = np.abs(refined.picture.array.astype(int) - result.picture.array)
    assert apart.mean() < 0.5 and apart.max() <= 4  # the first pass came clipped to 8 bits


def test_it_leaves_pixels_outside_the_mask_alone(models, measured):
    mask = np.zeros((64, 96), np.uint8)
    mask[20:40, 30:60] = 255
    whole = job(96, 64, mask, refine=Refine.SDE)
    progress, _ = run(whole, models, measured)
    first = next(update for update in reversed(progress) if update.pass_index == 0)
    _, result = run(replace(whole, first=first.preview), models, measured)
    assert np.array_equal(result.picture.array[mask == 0], guide(96, 64)[mask == 0])


def test_one_that_does_not_fit_is_not_used(models, measured):
    for refine in Refine:
        whole = job(96, 64, refine=refine)
        first = Pixels.of(np.zeros((8, 8, 3), np.uint8))
        assert run(replace(whole, first=first), models, measured)[1].picture == run(whole, models, measured)[1].picture
    only = job(24, 16, refine=Refine.SDE)
    fitting = Pixels.of(np.zeros((16, 24, 3), np.uint8))
    assert run(replace(only, first=fitting), models, measured)[1].picture == run(only, models, measured)[1].picture
