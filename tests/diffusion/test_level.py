"""Levels of a batch: what is the same for all of its pictures stays one number, and each keeps its own."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion.level import as_vector, broadcast, level_of, map_level, map_to_levels, of_picture

NUMBERS = st.floats(0.01, 100.0)


@given(values=st.lists(NUMBERS, min_size=1, max_size=5))
def test_every_picture_keeps_its_own(values):
    level = level_of(values)
    assert [of_picture(level, index) for index in range(len(values))] == values
    assert isinstance(level, tuple) == (len(set(values)) > 1)


@given(pairs=st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=5))
def test_a_function_of_levels_is_that_of_each_picture(pairs):
    first, second = (level_of(values) for values in zip(*pairs, strict=True))
    found = map_level(lambda a, b: a - 2 * b, first, second)
    assert [of_picture(found, index) for index in range(len(pairs))] == [a - 2 * b for a, b in pairs]


def test_what_comes_to_the_same_for_all_is_one_number():
    assert map_to_levels(lambda sigma: [sigma, sigma / 2, 0.0], (4.0, 2.0)) == [(4.0, 2.0), (2.0, 1.0), 0.0]
    assert map_level(min, (4.0, 2.0), 1.0) == 1.0


@pytest.mark.parametrize("like", [torch.zeros(2, 3, 4, 5), torch.zeros(2, 7, dtype=torch.float64)])
def test_it_meets_a_batch_as_a_factor_and_a_network_as_labels(like):
    factor = broadcast((0.1, 0.2), like)
    assert factor.dtype == like.dtype and factor.ndim == like.ndim
    torch.testing.assert_close((factor + like).flatten(1)[:, -1], torch.tensor([0.1, 0.2], dtype=like.dtype))
    assert broadcast(0.1, like) == 0.1
    assert torch.equal(as_vector((0.1, 0.2), like), torch.tensor([0.1, 0.2]))
    assert torch.equal(as_vector(0.1, like), torch.tensor([0.1, 0.1]))
