"""The steps themselves, with a network small enough to check to the last bit."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest
import torch
from torch import nn

from sdedit_studio.diffusion.denoiser import edm_scales
from sdedit_studio.training.dataset import Pictures
from sdedit_studio.training.loss import Consistency, Edm
from sdedit_studio.training.optimizer import descend
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.recipe import Recipe
from sdedit_studio.training.trainer import WARM_UP, Trainer, rate_factor
from sdedit_studio.training.world import World

CPU = torch.device("cpu")
RECIPE = Recipe(size=16, channels=(32,), layers=1, patch=1, batch=8, images=8 * 12)


class Small(nn.Module):
    """Two convolutions with dropout between them, and a shift for each label."""

    def __init__(self, dropout=0.2):
        super().__init__()
        self.into, self.out = nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 3, 3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.labels = nn.Embedding(3, 16)
        self.seen = []

    def forward(self, x, sigma, labels):
        self.seen.append((len(x), None if labels is None else labels.tolist()))
        skip, out, scale = edm_scales(sigma[:, None, None, None], 0.5)
        hidden = self.into(scale * x).relu() + self.labels(labels)[:, :, None, None]
        return skip * x + out * self.out(self.dropout(hidden))


def pictures(count=20):
    generator = torch.Generator().manual_seed(3)
    pixels = torch.randint(256, (count, 18, 18, 3), dtype=torch.uint8, generator=generator)
    return Pictures(pixels, torch.arange(count) % 2)


def trainer(recipe=RECIPE, network=Small, loss=None, **options):
    torch.manual_seed(5)
    return Trainer(network(), loss or Edm(), pictures(), recipe, any_label=2, device=CPU, **options)


def run(trainer, steps):
    return [trainer.step(trainer.images / trainer.recipe.images).item() for _ in range(steps)]


def weights(trainer):
    return [*trainer.network.state_dict().values(), *trainer.ema.network.state_dict().values()]


@pytest.mark.parametrize("loss", [Edm(), Consistency()], ids=["edm", "consistency"])
def test_going_on_from_a_checkpoint_gives_the_same_bits(loss):
    whole = trainer(loss=loss)
    losses = run(whole, 7)

    first = trainer(loss=loss)
    run(first, 4)
    state = {name: value.detach().clone() for name, value in first.state().items()}
    torch.manual_seed(999)
    later = Trainer(Small(), loss, pictures(), RECIPE, any_label=2, device=CPU)
    later.restore(state, first.images)
    assert run(later, 3) == losses[4:]
    assert all(torch.equal(a, b) for a, b in zip(weights(whole), weights(later), strict=True))


def test_every_picture_is_seen_once_an_epoch():
    recipe = replace(RECIPE, batch=5)
    tried = trainer(recipe)
    seen = []
    for step in range(8):
        tried.images = 5 * step
        seen.extend(tried._indices().tolist())
    assert Counter(seen[:20]) == Counter(seen[20:]) == Counter(range(20))
    assert seen[:20] != seen[20:]


def test_batches_larger_than_the_set_go_round_it():
    tried = trainer(replace(RECIPE, batch=50))
    assert sorted(Counter(tried._indices().tolist()).values()) == [2] * 10 + [3] * 10


def test_labels_are_dropped_in_their_share():
    tried = trainer(replace(RECIPE, batch=400))
    tried.step(0.1)
    labels = [label for _, part in tried.network.seen for label in part]
    assert labels.count(2) / 400 == pytest.approx(0.15, abs=0.05)
    assert 0 in labels
    assert 1 in labels


def test_a_cpu_computes_a_batch_in_parts_of_the_same_gradient():
    recipe = replace(RECIPE, batch=64)
    whole, parts = (trainer(recipe, partial(Small, dropout=0.0)) for _ in range(2))
    whole._part = 64
    assert whole.step(0.1).item() == pytest.approx(parts.step(0.1).item(), rel=1e-5)
    assert [count for count, _ in parts.network.seen] == [32, 32]
    for a, b in zip(weights(whole), weights(parts), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


class Cramped(Small):
    """A device that holds three pictures."""

    def forward(self, x, sigma, labels):
        if len(x) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return super().forward(x, sigma, labels)


def test_out_of_memory_makes_the_parts_smaller_and_says_so():
    said = []
    cramped = trainer(network=partial(Cramped, dropout=0.0), say=said.append)
    roomy = trainer(network=partial(Small, dropout=0.0))
    assert run(cramped, 2) == pytest.approx(run(roomy, 2), rel=1e-4)
    assert said == [
        "Out of memory: the batch is now computed 4 pictures at a time. The result is the same.",
        "Out of memory: the batch is now computed 2 pictures at a time. The result is the same.",
    ]


class Full(Small):
    def forward(self, x, sigma, labels):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def test_out_of_memory_for_a_single_picture_is_the_end():
    with pytest.raises(TrainingProblem, match="smaller --batch"):
        trainer(network=Full).step(0.1)


def test_without_a_compiler_training_goes_on():
    def uncompilable(*inputs):
        raise RuntimeError("Cannot find a working triton installation\nand a long story")

    said = []
    tried, plain = trainer(say=said.append), trainer()
    tried._forward, tried._untried = uncompilable, True
    assert run(tried, 2) == run(plain, 2)
    assert said == [
        "torch.compile does not work here (Cannot find a working triton installation): training goes on without it."
    ]
    tried._forward = uncompilable
    with pytest.raises(RuntimeError, match="triton"):
        tried.step(0.3)


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    class Broken(Small):
        def forward(self, x, sigma, labels):
            raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        trainer(network=Broken).step(0.1)


def test_a_step_without_a_number_leaves_the_weights_numbers():
    class Once(Small):
        def forward(self, x, sigma, labels):
            estimate = super().forward(x, sigma, labels)
            return estimate * float("nan") if len(self.seen) == 1 else estimate

    tried = trainer(network=Once)
    losses = run(tried, 3)
    assert losses[0] != losses[0]
    assert all(loss == loss for loss in losses[1:])
    assert all(value.isfinite().all() for value in weights(tried))


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_gradient_that_is_no_number_moves_nothing(value):
    network = torch.nn.Linear(2, 1)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.0)
    before = network.weight.clone()
    network.weight.grad = torch.full_like(network.weight, float(value))
    network.bias.grad = torch.ones_like(network.bias)
    bias = network.bias.item()
    descend(optimizer, network.parameters(), 0.01, 1.0)
    assert torch.equal(network.weight, before)
    assert network.bias.item() == pytest.approx(bias - 0.01, rel=1e-4), "the others go on at the rate given"


def test_the_learning_rate_rises_then_falls_to_nothing():
    rates = [rate_factor(step / 1000) for step in range(1001)]
    top = rates.index(max(rates))
    assert top / 1000 == pytest.approx(WARM_UP, abs=0.001)
    assert rates[:top] == sorted(rates[:top])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] == 0.0
    assert rates[0] > 0.0


def test_the_held_out_loss_is_the_same_every_time_and_disturbs_nothing():
    one, two = trainer(), trainer()
    run(one, 2)
    run(two, 1)
    measured = two.held_out_loss(pictures(), 0.5)
    assert two.held_out_loss(pictures(), 0.5) == measured
    run(two, 1)
    assert all(torch.equal(a, b) for a, b in zip(weights(one), weights(two), strict=True))


def test_a_batch_must_share_out_evenly():
    with pytest.raises(TrainingProblem, match="multiple of the 3 processes"):
        trainer(world=World(0, 3))
