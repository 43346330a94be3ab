"""The training steps of a denoiser. Random numbers are seeded by use and step, so a run can resume at any step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from sdedit_studio.diffusion.denoiser import Denoiser
from sdedit_studio.diffusion.level import Level, as_vector
from sdedit_studio.training.dataset import Pictures
from sdedit_studio.training.ema import Ema
from sdedit_studio.training.loss import Batch, Loss
from sdedit_studio.training.optimizer import descend, restore, saved
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.recipe import Recipe
from sdedit_studio.training.world import World, seed_of

WARM_UP = 0.025
"""Share of the run in which the learning rate rises; from there to the end it falls linearly to 0."""

GRADIENT_NORM = 1.0

CPU_PART = 32
"""Pictures that a CPU computes at a time; more would not fit its caches."""

HELD_OUT = 256
"""Pictures that the held-out loss is measured on."""

# What random numbers are for: the first part of what their seed is made of.
ORDER, DRAWS, DROPOUT, ASIDE = range(4)


class Trainer:
    """A network with its average and its optimizer; with `images`, the pictures seen, they are its whole state.

    `network`: a denoiser module as `loss` takes it. `any_label`: the label of the unconditional network, None for a
    network without labels. `say`: called with a sentence when the trainer changes how it computes.
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Loss,
        pictures: Pictures,
        recipe: Recipe,
        *,
        any_label: int | None = None,
        device: torch.device,
        world: World | None = None,
        say: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self.world = world or World()
        if recipe.batch % self.world.size:
            raise TrainingProblem(f"The batch of {recipe.batch} must be a multiple of the {self.world.size} processes.")
        self.recipe, self.loss, self.device, self.any_label, self.say = recipe, loss, device, any_label, say
        self.images = 0
        cuda = device.type == "cuda"
        # Pictures that stay on the device cost the host nothing; they may take a quarter of what is free there.
        fits = cuda and pictures.pixels.nbytes < torch.cuda.mem_get_info(device)[0] / 4
        self.pictures = pictures.to(device) if fits else pictures
        self.network = network.train().to(device)
        for parameter in self.network.parameters():
            if parameter.ndim == 4:
                parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
        self.ema = Ema(self.network)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), betas=(0.9, 0.99), fused=cuda)
        self._part = self._own_batch if cuda else min(self._own_batch, CPU_PART)
        self._bf16 = cuda and torch.cuda.is_bf16_supported(including_emulation=False)
        self._replica: DistributedDataParallel | None = None
        if self.world.size > 1:
            devices = [device] if cuda else None
            self._replica = DistributedDataParallel(self.network, device_ids=devices, gradient_as_bucket_view=True)
        self._forward: Callable[..., Tensor] = self._replica or self.network
        if cuda:
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high")
            # The host runs ahead of large batches, so CUDA graphs would save nothing here: only kernels are fused.
            self._forward = torch.compile(self._forward, dynamic=False)
            say("The first step compiles the network; that takes a minute or two.")
        self._untried = cuda

    @property
    def learning_rate(self) -> float:
        """Of the last step."""
        return self.optimizer.param_groups[0]["lr"]

    @property
    def _own_batch(self) -> int:
        return self.recipe.batch // self.world.size

    def step(self, progress: float) -> Tensor:
        """Take one step at `progress` of the run, in [0, 1). Returns this process's loss, still on the device.

        Out of memory, the batch is computed in smaller parts from then on. Raises TrainingProblem where that cannot
        help.
        """
        while (loss := self._attempt(progress)) is None:
            if self.device.type == "cuda":
                torch.cuda.empty_cache()
        self._untried = False
        rate = self.recipe.learning_rate * rate_factor(progress)
        descend(self.optimizer, self.network.parameters(), rate, GRADIENT_NORM)
        self.images += self.recipe.batch
        self.ema.update(self.network, self.images, self.recipe.batch)
        return loss

    def _attempt(self, progress: float) -> Tensor | None:
        """Compute the gradients of one batch; returns its mean loss, or None when it has to be computed another way."""
        try:
            return self._gradients(progress)
        except Exception as error:
            self._change_after(error)
        # Outside the handler, so that the error no longer holds the memory of the attempt.
        return None

    def _gradients(self, progress: float) -> Tensor:
        batch = self._draw()
        count = len(batch.clean)
        self.optimizer.zero_grad()
        total = torch.zeros((), device=self.device)
        for start in range(0, count, self._part):
            part = batch.part(slice(start, start + self._part))
            seed = self._seed(DROPOUT, self.images, start)

            def network(x: Tensor, sigma: Tensor, labels: Tensor | None, seed: int = seed) -> Tensor:
                # All calls on one batch drop the same values: consistency compares two of them.
                torch.manual_seed(seed)
                return self._forward(x, sigma, labels)

            last = start + self._part >= count
            with self._quiet(last):
                with self._autocast():
                    loss = self.loss(network, part, progress) * (len(part.clean) / count)
                loss.backward()
            total += loss.detach()
        return total

    def _draw(self) -> Batch:
        torch.manual_seed(self._seed(DRAWS, self.images))
        clean, labels = self.pictures.batch(self._indices(), self.recipe.size, self.device)
        kept = torch.rand(len(clean), device=self.device) >= self.recipe.label_dropout
        sigma = self.loss.levels(len(clean), self.device)
        return Batch(clean, torch.randn_like(clean), sigma, self._known(labels, kept))

    def _known(self, labels: Tensor, kept: Tensor) -> Tensor | None:
        return None if self.any_label is None else labels.where(kept & (labels >= 0), self.any_label)

    def _indices(self) -> Tensor:
        """The indices of the next pictures: each once per epoch, in a random order that differs by epoch."""
        count, start, seen = len(self.pictures), self.images // self.world.size, self._own_batch
        epochs = range(start // count, (start + seen - 1) // count + 1)
        orders = torch.cat([_order(count, self._seed(ORDER, epoch)) for epoch in epochs])
        return orders[start % count : start % count + seen]

    def _seed(self, *where: int) -> int:
        """`seed_of` with the run's seed and this process."""
        return seed_of(self.recipe.seed, self.world.rank, *where)

    def _autocast(self) -> AbstractContextManager[object]:
        return torch.autocast(self.device.type, torch.bfloat16) if self._bf16 else nullcontext()

    def _quiet(self, last: bool) -> AbstractContextManager[object]:
        """Average gradients over the processes once, with the last part of a batch."""
        return nullcontext() if last or self._replica is None else self._replica.no_sync()

    def _change_after(self, error: Exception) -> None:
        """Choose another way to compute after a failed attempt; raises `error` when there is none."""
        if any(sign in str(error).lower() for sign in ("out of memory", "can't allocate memory")):
            if self._part == 1 or self._replica is not None:
                raise TrainingProblem(
                    f"A batch of {self.recipe.batch} does not fit: choose a smaller --batch, and run the same command "
                    "again."
                ) from error
            self._part = (self._part + 1) // 2
            self.say(
                f"Out of memory: the batch is now computed {self._part} pictures at a time. The result is the same."
            )
        elif self._untried:
            self._untried = False
            self._forward = self._replica or self.network
            self.say(f"torch.compile does not work here ({str(error).splitlines()[0]}): training goes on without it.")
        else:
            raise error

    @torch.no_grad()
    def held_out_loss(self, aside: Pictures, progress: float) -> float:
        """The loss of the averaged network on the first `HELD_OUT` held-out pictures, with fixed noise."""
        torch.manual_seed(self._seed(ASIDE))
        total, count = 0.0, min(len(aside), HELD_OUT)
        for indices in torch.arange(count).split(CPU_PART):
            clean, labels = aside.batch(indices, self.recipe.size, self.device)
            sigma = self.loss.levels(len(clean), self.device)
            batch = Batch(clean, torch.randn_like(clean), sigma, self._known(labels, labels >= 0))
            with self._autocast():
                total += self.loss(self.ema.network, batch, progress).item() * len(clean) / count
        return total

    def denoiser(self, labels: Tensor) -> Denoiser:
        """The averaged network as a denoiser, for a batch with these `labels` (b,), -1 for any class."""
        known = self._known(labels, labels >= 0)

        @torch.inference_mode()
        def denoise(x: Tensor, sigma: Level) -> Tensor:
            with self._autocast():
                return self.ema.network(x, as_vector(sigma, x), known).float()

        return denoise

    def state(self) -> dict[str, Tensor]:
        """The state to resume from, besides `images`, by name."""
        return saved(self.network, self.optimizer) | self.ema.saved()

    def restore(self, state: Mapping[str, Tensor], images: int) -> None:
        """Resume from `state` after `images` pictures, exactly as the run would have continued."""
        restore(self.network, self.optimizer, state)
        self.ema.restore(state)
        self.images = images


def rate_factor(progress: float) -> float:
    """The factor of the learning rate at `progress` of the run: linear warm-up over `WARM_UP`, then linear decay."""
    return max(0.01, min(1.0, progress / WARM_UP)) * (1 - progress)


@lru_cache(maxsize=2)
def _order(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
