"""One job, start to end."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sdedit_studio.diffusion.plan import MOST_SQUARES, sigma_of_t0
from sdedit_studio.engine.execute import Stopped, execute
from sdedit_studio.engine.job import Pixels, Progress, Result
from sdedit_studio.engine.preview import SIDE
from sdedit_studio.models.catalogue import ModelProblem
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Refine, Solver
from tests.engine.conftest import CARD, guide, job


def run(job, models, measured, cancelled=lambda: False):
    *progress, result = execute(job, models(CARD.name), cancelled=cancelled, measured=measured)
    assert all(isinstance(update, Progress) for update in progress)
    assert isinstance(result, Result)
    return progress, result


def test_no_noise_gives_the_guide_back(models, measured):
    progress, result = run(job(t0=0), models, measured)
    assert progress == [] and models.calls == []
    assert np.array_equal(result.picture.array, guide())
    assert result.calls == 0


def test_progress_counts_every_call_of_every_pass(models, measured):
    progress, result = run(job(96, 64, refine=Refine.SDE, repeats=2), models, measured)
    assert [update.call for update in progress] == list(range(1, len(progress) + 1))
    assert {update.calls for update in progress} == {len(progress)} == {result.calls}
    assert sorted({update.pass_index for update in progress}) == list(range(progress[0].passes))
    assert [update.preview.shape[:2] for update in progress[:8]] == [(16, 24)] * 8
    assert progress[-1].preview.shape[:2] == (64, 96)
    assert progress[-1].seconds_left == 0
    assert result.picture.shape == (64, 96, 3)


def test_progress_tells_the_noise_that_each_step_came_down_to(models, measured):
    progress, _ = run(job(96, 64, refine=Refine.SDE), models, measured)
    for index in range(progress[0].passes):
        levels = [(update.sigma, update.t) for update in progress if update.pass_index == index]
        assert levels == sorted(levels, reverse=True) and levels[-1] == (0, 0)
        assert all(sigma_of_t0(t) == pytest.approx(sigma, abs=1e-6) for sigma, t in levels)


def test_the_guides_own_size_comes_back(models, measured):
    for size in ((40, 32), (33, 71), (1, 1), (7, 200)):
        _, result = run(job(*size, refine=Refine.SDE), models, measured)
        assert result.picture.shape == (size[1], size[0], 3)


@pytest.mark.parametrize(("size", "calls"), [((1, 400), 4), ((8192, 1), 4)])
def test_a_thread_of_a_frame_costs_no_more_than_another(models, measured, size, calls):
    _, result = run(job(*size, calls=calls), models, measured)
    assert result.picture.shape == (size[1], size[0], 3)
    cost = sum(width * height for width, height in models.calls)
    assert cost <= calls * MOST_SQUARES * CARD.native**2


def test_a_sketch_ends_with_what_its_last_call_showed(models, measured):
    mask = np.zeros((64, 96), np.uint8)
    mask[20:40, 30:60] = 255
    sketch = replace(job(96, 64, mask), sketch=True)
    progress, result = run(sketch, models, measured)
    assert result.picture is result.unpasted is progress[-1].preview
    assert result.picture.shape == (16, 24, 3) and result.calls == 4
    _, unchanged = run(replace(sketch, parameters=replace(sketch.parameters, t0=0.0)), models, measured)
    assert unchanged.picture == sketch.guide


def test_equal_jobs_give_equal_bytes_and_other_seeds_others(models, measured):
    one, two, other = (run(job(seed=seed), models, measured)[1].picture for seed in (5, 5, 6))
    assert one == two
    assert one != other


@pytest.mark.parametrize("refine", Refine)
def test_outside_the_mask_the_guide_stays_bit_for_bit(models, measured, refine):
    mask = np.zeros((64, 96), np.uint8)
    mask[20:40, 30:60] = 255
    mask[30:44, 50:70] = 90
    _, result = run(job(96, 64, mask, refine=refine), models, measured)
    before = guide(96, 64)
    assert np.array_equal(result.picture.array[mask == 0], before[mask == 0])
    assert not np.array_equal(result.picture.array[mask == 255], before[mask == 255])


def test_a_white_mask_is_no_mask(models, measured):
    _, plain = run(job(), models, measured)
    _, masked = run(job(mask=np.full((32, 40), 255, np.uint8)), models, measured)
    assert plain.picture == masked.picture


@pytest.mark.parametrize("refine", Refine)
@pytest.mark.parametrize("solver", [Solver.DPMPP_2M, Solver.EULER_MARUYAMA])
def test_where_a_strength_map_is_black_the_guide_stays_bit_for_bit(models, measured, refine, solver):
    strength = np.zeros((64, 96), np.uint8)
    strength[:, 20:] = np.linspace(0, 255, 76)
    edit = job(96, 64, refine=refine, solver=solver, repeats=2, guidance=3.0, condition="lake")
    _, result = run(replace(edit, strength=Pixels.of(strength)), models, measured)
    before = guide(96, 64)
    assert np.array_equal(result.picture.array[strength == 0], before[strength == 0])
    assert not np.array_equal(result.picture.array[strength == 255], before[strength == 255])
    assert result.unpasted == result.picture


def test_a_white_strength_map_is_none(models, measured):
    white = Pixels.of(np.full((64, 96), 255, np.uint8))
    edit = job(96, 64, refine=Refine.SDE)
    plain, mapped = (run(each, models, measured)[1] for each in (edit, replace(edit, strength=white)))
    assert plain.picture == mapped.picture


def test_a_map_and_a_mask_hold_together(models, measured):
    mask, strength = (np.full((64, 96), 255, np.uint8) for _ in range(2))
    mask[:20], strength[:, :30] = 0, 0
    _, result = run(replace(job(96, 64, mask), strength=Pixels.of(strength)), models, measured)
    stays, before = (mask == 0) | (strength == 0), guide(96, 64)
    assert np.array_equal(result.picture.array[stays], before[stays])
    assert (result.picture.array[~stays] != before[~stays]).any(axis=1).mean() > 0.9


def test_a_large_preview_is_reduced(models, measured):
    progress, result = run(job(1600, 400, refine=Refine.SDE, calls=1), models, measured)
    assert max(progress[-1].preview.shape) == SIDE
    assert progress[-1].preview.shape == (192, 768, 3)
    assert result.picture.shape == (400, 1600, 3)


def test_cancelling_is_asked_before_every_run_of_the_network(models, measured):
    asked = []

    def cancelled():
        asked.append(len(models.calls))
        return len(models.calls) == 7

    steps = execute(job(900, 600, refine=Refine.SDE), models(CARD.name), cancelled=cancelled, measured=measured)
    with pytest.raises(Stopped):
        list(steps)
    assert asked == list(range(8))


def test_a_run_of_the_network_is_broken_off_between_two_layers_on_a_cpu(measured):
    done = []

    class Layer(nn.Module):
        def forward(self, x):
            done.append(self)
            return x

    network = nn.Sequential(*(Layer() for _ in range(5)))
    model = LoadedModel(CARD, torch.device("cpu"), lambda label: lambda x, sigma: network(x))
    with pytest.raises(Stopped):
        list(execute(job(calls=1), model, cancelled=lambda: len(done) == 3, measured=measured))
    assert done == list(network)[:3]
    network(torch.zeros(1))
    assert len(done) == 8, "Nothing is left behind that would stop another run."


def test_tiles_too_ask_before_each_run(models, measured):
    """A low t0 starts at the frame's own size, where one call of a pass is many runs of the network."""
    asked = []
    large = job(900, 600, t0=0.05, refine=Refine.SDE, calls=1)
    steps = execute(large, models(CARD.name), cancelled=lambda: asked.append(0), measured=measured)
    assert len(list(steps)) == 2
    assert len(asked) == len(models.calls) > 4


def test_a_class_the_model_does_not_know_is_told(models, measured):
    with pytest.raises(ModelProblem, match="no class “moon”"):
        run(job(condition="moon"), models, measured)


def test_a_mix_runs_the_network_for_each_class_and_a_call_is_learnt_as_one_run(models, measured):
    models.seconds = 0.02
    progress, result = run(job(condition="hill 70, lake 30", guidance=2.0), models, measured)
    assert result.calls == len(progress) == 4 and len(models.calls) == 12
    assert 0.02 < measured.call_seconds(CARD.name, 24 * 16) < 0.055


def test_nothing_is_learnt_where_tiles_may_be_left_out(models, measured):
    strength = np.zeros((32, 40), np.uint8)
    strength[:, 30:] = 255
    run(replace(job(), strength=Pixels.of(strength)), models, measured)
    assert measured.call_seconds(CARD.name, 24 * 16) is None


def test_calls_are_learnt_at_their_size(models, measured):
    models.seconds = 0.02
    run(job(), models, measured)
    assert 0.02 < measured.call_seconds(CARD.name, 24 * 16) < 0.2
