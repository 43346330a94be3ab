"""The training steps of a detail network. Random numbers are seeded by their use, as in `training.trainer`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from time import perf_counter

import torch
from torch import Tensor, nn

from sdedit_studio.diffusion.detail import with_cell_means
from sdedit_studio.models.span import Span
from sdedit_studio.models.unet import channels_last
from sdedit_studio.training.detail import loss
from sdedit_studio.training.detail.batch import Batch, draw
from sdedit_studio.training.detail.critic import Critic, Features
from sdedit_studio.training.detail.frames import Frame, Frames
from sdedit_studio.training.detail.photographs import Photographs
from sdedit_studio.training.detail.recipe import KINDS, DetailRecipe
from sdedit_studio.training.ema import Ema
from sdedit_studio.training.optimizer import descend, restore, saved
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.trainer import rate_factor
from sdedit_studio.training.world import World, seed_of

GRADIENT_NORM = 0.5

CRITIC_RATE, CRITIC_NORM = 1e-4, 10.0

CRITIC_NOISE = 0.03
"""The noise on the critic's inputs, so that it cannot recognise photographs by their rounding."""

# What random numbers are for: the first part of what their seed is made of.
DRAWS, NOISE = range(2)


class DetailTrainer:
    """A student initialised as the `start` network, which is its teacher, and a critic.

    `images`: the patches seen; with the networks and optimizers it is the whole state. `frame`: the canvas to train
    for. `bf16`: whether networks compute in bfloat16. `learning_rate`: of the last step.
    """

    def __init__(
        self,
        start: Span,
        frames: Frames,
        photographs: Photographs,
        recipe: DetailRecipe,
        frame: Frame,
        *,
        device: torch.device,
        bf16: bool = False,
        world: World | None = None,
    ) -> None:
        self.world = world or World()
        if recipe.batch % self.world.size or recipe.batch < KINDS * self.world.size:
            raise TrainingProblem(
                f"The batch of {recipe.batch} must be a multiple of the {self.world.size} processes, with at least "
                f"{KINDS} patches for each."
            )
        self.recipe, self.frame, self.frames, self.photographs = recipe, frame, frames, photographs
        self.device, self.bf16 = device, bf16
        self.images = 0
        self.learning_rate = 0.0
        self.teacher = channels_last(start.eval().requires_grad_(False)).to(device)
        self.student = deepcopy(self.teacher).requires_grad_(True)
        self.ema = Ema(self.student)
        torch.manual_seed(recipe.seed)
        self.features, self.critic = channels_last(Features()).to(device), channels_last(Critic()).to(device)
        self.optimizer = torch.optim.Adam(self.student.parameters(), betas=(0.9, 0.99))
        self.critic_optimizer = torch.optim.Adam(self.critic.learning, betas=(0.5, 0.99))

    def step(self, progress: float) -> Tensor:
        """Take one step at `progress` of the run, in [0, 1). Returns the loss without the adversarial part."""
        batch = self._draw()
        with torch.no_grad(), self._autocast():
            # The teacher's output must not drift either.
            goal = with_cell_means(self.teacher(batch.clean).float(), batch.clean).clamp(-1, 1)
            goal_maps, real_maps = self.features(goal), self.features(batch.photograph)
        with self._autocast():
            made = self.student(batch.picture).float()
            maps = self.features(made)
        distance = loss.distance(made, goal, batch.picture, maps, goal_maps, batch.aligned)
        self.learning_rate = self.recipe.learning_rate * rate_factor(progress)
        self.optimizer.zero_grad()
        (distance + self._verdict(made, maps, batch.picture)).backward()
        self._descend(self.optimizer, list(self.student.parameters()), self.learning_rate, GRADIENT_NORM)
        if self.recipe.adversarial:
            self._teach_critic(batch.photograph, real_maps, made.detach(), [features.detach() for features in maps])
        self.images += self.recipe.batch
        self.ema.update(self.student, self.images, self.recipe.batch)
        return distance.detach()

    def _verdict(self, made: Tensor, maps: loss.Maps, picture: Tensor) -> Tensor | float:
        """The weighted adversarial loss; 0 in the critic's first steps."""
        if not self.recipe.adversarial or self.images < self.recipe.critic_first * self.recipe.batch:
            return 0.0
        self.critic.learn(False)
        with self._autocast():
            scores = self.critic(made, maps)
        return self.recipe.adversarial * loss.adversarial_loss(scores, loss.critic_weight(picture))

    def _teach_critic(self, real: Tensor, real_maps: loss.Maps, made: Tensor, maps: loss.Maps) -> None:
        generator = torch.Generator().manual_seed(self._seed(NOISE, self.images))
        noise = CRITIC_NOISE * torch.randn(real.shape, generator=generator).to(self.device)
        self.critic.learn(True)
        with self._autocast():
            fakes, reals = self.critic(made + noise, maps), self.critic(real + noise, real_maps)
        self.critic_optimizer.zero_grad()
        loss.hinge_loss(fakes, reals).backward()
        self._descend(self.critic_optimizer, self.critic.learning, CRITIC_RATE, CRITIC_NORM)

    def _descend(self, optimizer: torch.optim.Adam, parameters: list[nn.Parameter], rate: float, norm: float) -> None:
        self.world.average([parameter.grad for parameter in parameters if parameter.grad is not None])
        descend(optimizer, parameters, rate, norm)

    def _draw(self) -> Batch:
        count = self.recipe.batch // self.world.size
        seed = self._seed(DRAWS, self.images)
        batch = draw(self.frames, self.photographs, count, self.frame.patch, self.frame.size[0], seed)
        return Batch(*(part.to(self.device) for part in (batch.photograph, batch.picture, batch.aligned)))

    def _seed(self, *where: int) -> int:
        return seed_of(self.recipe.seed, self.world.rank, *where)

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16)

    def state(self) -> dict[str, Tensor]:
        """The state to resume from, besides `images`, by name."""
        critic = saved(self.critic, self.critic_optimizer, "critic.")
        return saved(self.student, self.optimizer) | self.ema.saved() | critic | {"bf16": torch.tensor(self.bf16)}

    def restore(self, state: Mapping[str, Tensor], images: int) -> None:
        """Resume from `state` after `images` patches, exactly as the run would have continued."""
        restore(self.student, self.optimizer, state)
        restore(self.critic, self.critic_optimizer, state, "critic.")
        self.ema.restore(state)
        self.images, self.bf16 = images, bool(state["bf16"])


def bf16_is_faster(network: Span, side: int, device: torch.device) -> bool:
    """Whether to train in bfloat16: on a GPU that supports it, and on a CPU where it is measured to be faster."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    tried = deepcopy(network).requires_grad_(True)
    pictures = torch.zeros(2, 3, side, side)

    def seconds(bf16: bool) -> float:
        began = perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            made = tried(pictures)
        made.float().mean().backward()
        return perf_counter() - began

    # The first of each has the time of setting up in it.
    return min(seconds(True) for _ in range(3)) < min(seconds(False) for _ in range(3))
