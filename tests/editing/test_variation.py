"""Variations as values: which seeds they have, and what is like a chosen one."""

from __future__ import annotations

import numpy as np
import pytest

from sdedit_studio.editing.variation import NEAR, SEEDS, seeds_from, variations_of, variations_of_painting
from sdedit_studio.engine.job import Pixels
from sdedit_studio.parameters import Parameters, Refine
from sdedit_studio.raster.tiles import Tiles
from tests.editing.documents import painted_document


def test_seeds_go_on_from_the_first_and_begin_again_after_the_highest():
    assert seeds_from(5, 3) == [5, 6, 7]
    assert seeds_from(SEEDS - 2, 4) == [SEEDS - 2, SEEDS - 1, 0, 1]


def test_variations_of_the_painting_differ_in_their_seed_alone():
    parameters = Parameters(t0=0.4, seed=9, refine=Refine.SDE)
    made = variations_of_painting(painted_document(), parameters, 3, [1, 2])
    assert [each.seed for each in made] == [1, 2]
    assert {each.edit.job.guide for each in made} == {made[0].edit.job.guide}
    assert all(each.edit.job.parameters.refine is Refine.OFF and not each.done for each in made)
    assert not made[0].same_as(made[1])
    assert made[0].same_as(variations_of_painting(painted_document(), parameters, 3, [1])[0])


@pytest.mark.parametrize(("t0", "near"), [(0.6, NEAR), (0.1, 0.1)])
def test_what_is_like_a_picture_is_that_noised_a_little_and_never_more_than_it_was(t0, near):
    selection = Tiles.from_array(np.full((64, 48), 255, np.uint8))
    document = painted_document().replace(selection=selection)
    (chosen,) = variations_of_painting(document, Parameters(t0=t0), 0, [7])
    chosen.picture, chosen.seconds = Pixels.of(np.full((64, 96, 3), 200, np.uint8)), 1.0
    one, other = variations_of(chosen, [8, 9])
    assert (one.seed, other.seed, one.origin) == (8, 9, chosen)
    assert one.edit.job.parameters.t0 == other.edit.job.parameters.t0 == near
    guide, mask = one.edit.job.guide.array, chosen.edit.job.mask.array
    assert (guide[mask == 255] == 200).all()
    assert np.array_equal(guide[mask == 0], chosen.edit.job.guide.array[mask == 0])
