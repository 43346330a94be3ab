"""The parts of a detail network's loss, against plain arithmetic."""

import pytest
import torch
from torch.nn.functional import interpolate

from sdedit_studio.training.detail import loss

ALIGNED = torch.tensor([1.0, 0.0]).view(2, 1, 1, 1)


def pictures(*shape, seed=0):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_the_pixels_count_only_where_the_goal_is_aligned():
    made, goal = pictures(2, 3, 8, 8), pictures(2, 3, 8, 8, seed=1)
    expected = sum(abs(a - b) for a, b in zip(made[0].flatten(), goal[0].flatten(), strict=True)) / (2 * 3 * 8 * 8)
    assert loss.pixel_loss(made, goal, ALIGNED).item() == pytest.approx(expected.item(), rel=1e-5)


def test_features_are_compared_in_units_of_the_goals():
    maps, goals = [pictures(2, 4, 6, 6)], [pictures(2, 4, 6, 6, seed=1)]
    error = (maps[0] - goals[0]).abs().mean((1, 2, 3))
    expected = (1.15 * error[0] + 0.15 * error[1]) / 2 / goals[0].abs().mean()
    assert loss.feature_loss(maps, goals, ALIGNED).item() == pytest.approx(expected.item(), rel=1e-2)
    larger = loss.feature_loss([10 * maps[0]], [10 * goals[0]], ALIGNED)
    assert larger.item() == pytest.approx(expected.item(), rel=1e-2)


def test_nothing_drifts_where_the_means_of_cells_are_equal():
    picture = pictures(1, 3, 8, 8)
    texture = 0.3 * (-1.0) ** torch.arange(32)
    made = interpolate(picture, scale_factor=4, mode="nearest") + texture * texture[:, None]
    assert loss.drift_loss(made, picture).item() == pytest.approx(0, abs=1e-6)
    assert loss.drift_loss(made + 0.1, picture).item() == pytest.approx(0.1, abs=1e-6)


def test_the_hatching_is_no_part_of_what_must_not_drift():
    grey = torch.zeros(1, 3, 8, 8)
    hatched = grey + 0.2 * (-1.0) ** torch.arange(8)
    assert loss.drift_loss(torch.zeros(1, 3, 32, 32), hatched).item() == pytest.approx(0, abs=1e-6)


def test_the_local_contrast_is_the_standard_deviation_of_the_luma():
    picture = pictures(1, 3, 12, 12)
    luma = 0.299 * picture[0, 0] + 0.587 * picture[0, 1] + 0.114 * picture[0, 2]
    found = loss.local_contrast(picture)
    assert found.shape == (1, 1, 12, 12)
    assert found[0, 0, 5, 6].item() == pytest.approx(luma[2:9, 3:10].std(correction=0).item(), rel=1e-4)


def test_the_critic_has_no_word_where_it_is_flat_and_its_full_word_where_it_is_not():
    picture = torch.zeros(1, 3, 16, 32)
    picture[..., 16:] = (-1.0) ** torch.arange(16)
    weight = loss.critic_weight(picture)
    assert weight[..., :12].max().item() < 1e-3
    assert weight[..., 20:].min().item() == 1.0
    half = picture * loss.FULL_CONTRAST / 2
    assert loss.critic_weight(half)[0, 0, 8, 26].item() == pytest.approx(0.5, abs=0.02)


def test_scores_are_weighed_at_their_places():
    weight = torch.cat([torch.zeros(1, 1, 8, 4), torch.ones(1, 1, 8, 4)], 3)
    scores = [torch.tensor([[[[5.0, 2.0]]]]), torch.full((1, 1, 4, 4), -3.0)]
    # Of the first, half of 2; of the second, half of -3.
    assert loss.adversarial_loss(scores, weight).item() == pytest.approx(-(1.0 - 1.5) / 2)
    assert loss.adversarial_loss(scores, torch.ones_like(weight)).item() == pytest.approx(-(3.5 - 3.0) / 2)


def test_the_critic_is_content_beyond_one():
    sure, unsure = torch.full((1, 1, 2, 2), 3.0), torch.zeros(1, 1, 2, 2)
    assert loss.hinge_loss([-sure], [sure]).item() == 0
    assert loss.hinge_loss([unsure], [unsure]).item() == 2
    assert loss.hinge_loss([sure], [-sure]).item() == 8
