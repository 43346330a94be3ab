"""Training runs: set up, take steps, report and save now and then, and stop when asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from pathlib import Path
from time import monotonic
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor

from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.unet import read_config, read_weights
from sdedit_studio.training.checkpoint import load_checkpoint
from sdedit_studio.training.dataset import Progress, read
from sdedit_studio.training.history import Row, from_csv
from sdedit_studio.training.loss import loss_of
from sdedit_studio.training.network import EdmUNet
from sdedit_studio.training.output import Output
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.recipe import SIGMA_DATA, Recipe
from sdedit_studio.training.trainer import Trainer
from sdedit_studio.training.world import World

REPORT_SECONDS = 2.0
SAVE_SECONDS = 120.0

PATIENCE = 100
"""Steps in a row without a finite loss before a run is given up."""


@dataclass(frozen=True)
class Report:
    """The progress of a run, 0 to 1, and the latest row of its table. `saved`: whether it was saved just now."""

    progress: float
    row: Row
    seconds_left: float
    saved: bool


class Length(Protocol):
    """The length of a run: `images`, or None where `minutes` is it; with `images`, `minutes` is of one sitting."""

    @property
    def images(self) -> int | None: ...

    @property
    def minutes(self) -> float | None: ...


class Stepper(Protocol):
    """A trainer, as a run uses it. `images`: pictures seen. `learning_rate`: of the last step."""

    images: int
    world: World
    device: torch.device

    @property
    def recipe(self) -> Length: ...

    @property
    def learning_rate(self) -> float: ...

    def step(self, progress: float) -> Tensor:
        """Take one step at `progress` of the run, in [0, 1). Returns the loss, a scalar on the device."""
        ...

    def restore(self, state: Mapping[str, Tensor], images: int) -> None:
        """Resume from `state` after `images` pictures."""
        ...


class Store(Protocol):
    """The folder of a run, as a run uses it; see `RunFolder`."""

    @property
    def folder(self) -> Path: ...

    @property
    def checkpoint(self) -> Path: ...

    @property
    def table(self) -> Path: ...

    @property
    def trainer(self) -> Stepper: ...

    def differences(self, state: Mapping[str, Any]) -> list[str]:
        """The differences that keep this run from resuming from a checkpoint's `state`."""
        ...

    def save(self, rows: Sequence[Row], seconds: float, progress: float) -> None:
        """Write everything. `rows`: the table; `seconds`: spent training; `progress`: 0 to 1."""
        ...


AnyStore = TypeVar("AnyStore", bound=Store)


def prepare(
    recipe: Recipe,
    source: Path,
    folder: Path,
    *,
    base: ModelCard | None = None,
    device: torch.device,
    world: World | None = None,
    licence: str = "not stated",
    say: Callable[[str], None] = lambda sentence: None,
    progress: Progress = lambda done, total: None,
) -> Run[Output]:
    """Read the pictures and set up a run in `folder`, or resume the one begun there.

    `source`: a folder or zip of pictures. `base`: a model to tune, whose network and classes the run takes over. `say`:
    called with sentences for the person. Raises TrainingProblem, or ModelProblem for an unusable base.
    """
    world = world or World()
    if recipe.few_step and base is None:
        raise TrainingProblem("Few-step tuning begins from a trained model: name it with --from.")
    config = None
    if base is not None:
        config = _config_of(base)
        recipe = _like(recipe, base, config)
    make(folder)
    data = read(
        source,
        recipe.size,
        classes=base.classes if base else None,
        held_out=recipe.held_out,
        shard=(world.rank, world.size),
        scratch=folder,
        progress=progress,
    )
    unreadable, enlarged = world.summed([data.unreadable, data.enlarged])
    data = replace(data, unreadable=unreadable, enlarged=enlarged)
    if unreadable:
        say(f"{unreadable:,} of the {sum(data.counts.values()):,} pictures could not be read and are left out.")
    if enlarged:
        say(f"{enlarged:,} pictures are smaller than {recipe.size} px and were enlarged.")
    if base and data.counts.get(""):
        say(f"{data.counts['']:,} pictures are of none of {base.name}'s classes and count as of any.")
    config = config or recipe.network(len(data.classes))
    torch.manual_seed(recipe.seed)
    network = EdmUNet(config)
    if base is not None:
        network.network.load_state_dict(read_weights(base))
    check_room(folder, checkpoint_bytes(network))
    labels = len(data.classes) or None
    trainer = Trainer(
        network, loss_of(recipe), data.training, recipe, any_label=labels, device=device, world=world, say=say
    )
    held_out = partial(trainer.held_out_loss, data.held_out) if len(data.held_out) else None
    output = Output(folder, trainer, config, data, source.resolve().name, base.name if base else None, licence)
    run = Run(output, held_out)
    if output.checkpoint.exists():
        run.resume()
        say(f"Going on after {trainer.images:,} pictures.")
    return run


class Run(Generic[AnyStore]):
    """A training run: a trainer, its folder, and the clock that ends the run or a sitting.

    `held_out`: computes the loss on held-out pictures at some progress; called whenever the run is saved. `rows`: the
    table so far. `seconds`: of training, over all sittings.
    """

    def __init__(self, output: AnyStore, held_out: Callable[[float], float] | None = None) -> None:
        self.output, self.trainer, self.recipe = output, output.trainer, output.trainer.recipe
        self._held_out = held_out
        self.rows: list[Row] = []
        self.seconds = 0.0

    @property
    def progress(self) -> float:
        """The share of the run that is done, by pictures or by time; 1 or more when it is over."""
        if self.recipe.images is not None:
            return self.trainer.images / self.recipe.images
        return self.seconds / self._limit

    def resume(self) -> None:
        """Resume from the checkpoint. Raises TrainingProblem when it is of another run."""
        tensors, state = load_checkpoint(self.output.checkpoint)
        if differences := self.output.differences(state):
            raise TrainingProblem(
                f"{self.output.folder} holds a run with {'; '.join(differences)}: repeat that to go on with it, or "
                "choose another --out."
            )
        self.trainer.restore(tensors, state["images"])
        self.rows = from_csv(self.output.table, state["images"])
        self.seconds = state["seconds"]

    def sitting(self, stop: Callable[[], bool] = lambda: False) -> Iterator[Report]:
        """Train until the run or its minutes are over, or `stop` returns true, and save in the end.

        Every process iterates; only the leading one yields reports. Raises TrainingProblem when the disk is full, or
        when the loss is not finite any more.
        """
        trainer, world = self.trainer, self.trainer.world
        began, first_row = monotonic() - self.seconds, len(self.rows)
        ends = self.seconds + self._limit
        reported_at = saved_at = self.seconds
        saved_images = trainer.images
        window = _Window(trainer.device)
        while True:
            self.seconds = monotonic() - began
            progress, over = world.broadcast([self.progress, float(self.seconds >= ends or stop())])
            if over or progress >= 1:
                break
            window.add(trainer.step(progress))
            self.seconds = monotonic() - began
            if not world.leads or self.seconds - reported_at < REPORT_SECONDS or not self._note(window):
                continue
            reported_at = self.seconds
            if saving := self.seconds - saved_at >= SAVE_SECONDS:
                self._save(progress)
                saved_at, saved_images = self.seconds, trainer.images
            yield Report(progress, self.rows[-1], self._seconds_left(first_row), saving)
        if world.leads and trainer.images > saved_images:
            self._note(window)
            self._save(min(progress, 1.0))
            yield Report(min(progress, 1.0), self.rows[-1], self._seconds_left(first_row), True)

    @property
    def _limit(self) -> float:
        return inf if self.recipe.minutes is None else 60 * self.recipe.minutes

    def _note(self, window: _Window) -> bool:
        """Add a row to the table; False when there was no finite loss since the last one."""
        loss = window.loss()
        if loss is None:
            return False
        images, before = self.trainer.images, self.rows[-1] if self.rows else None
        pictures, seconds = (
            (images - before.images, self.seconds - before.seconds) if before else (images, self.seconds)
        )
        rate = self.trainer.learning_rate
        self.rows.append(Row(images, self.seconds, loss, None, rate, pictures / max(seconds, 1e-9)))
        return True

    def _save(self, progress: float) -> None:
        if self._held_out is not None:
            self.rows[-1] = replace(self.rows[-1], held_out=self._held_out(progress))
        self.output.save(self.rows, self.seconds, progress)

    def _seconds_left(self, first_row: int) -> float:
        """Estimated from the last rows of this sitting without the first, which includes the time of compiling."""
        if self.recipe.images is None:
            return max(0.0, self._limit - self.seconds)
        recent = self.rows[first_row:][-20:]
        pace = (recent[-1].images - recent[0].images) / max(recent[-1].seconds - recent[0].seconds, 1e-9)
        pace = pace or recent[-1].images_per_second
        return max(0.0, (self.recipe.images - self.trainer.images) / pace)


class _Window:
    """The losses since the last row, summed on the device, so that no step waits for the host."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._clear()

    def add(self, loss: Tensor) -> None:
        self._sum += loss.nan_to_num(0.0, 0.0, 0.0)
        self._finite += loss.isfinite()
        self._steps += 1

    def loss(self) -> float | None:
        """The mean of the finite losses, after which a new window starts; None, without a new one, without any."""
        finite = int(self._finite.item())
        if not finite:
            if self._steps >= PATIENCE:
                raise TrainingProblem(
                    f"The loss has been no number for {self._steps} steps: begin again in another --out, with another "
                    "--seed or a larger --batch. What was saved before is intact."
                )
            return None
        mean = self._sum.item() / finite
        self._clear()
        return mean

    def _clear(self) -> None:
        self._sum = torch.zeros((), device=self._device)
        self._finite = torch.zeros((), dtype=torch.int64, device=self._device)
        self._steps = 0


def _config_of(base: ModelCard) -> dict[str, Any]:
    labels = len(base.classes) or None
    if base.format != "edm-unet" or base.sigma_data != SIGMA_DATA or base.any_class != labels:
        raise TrainingProblem(f"{base.name} is of another kind than the models trained here; begin from one of those.")
    return {key: value for key, value in read_config(base).items() if key != "nimg"}


def _like(recipe: Recipe, base: ModelCard, config: Mapping[str, Any]) -> Recipe:
    """The recipe with the network of `base`."""
    return replace(
        recipe,
        size=base.native,
        channels=tuple(config["block_out_channels"]),
        layers=config["layers_per_block"],
        patch=config["patch"],
        dropout=config["dropout"],
    )


def make(folder: Path) -> None:
    """Make the folder of a run. Raises TrainingProblem when that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingProblem(f"{folder} cannot be made ({error.strerror}): choose another --out.") from error


def checkpoint_bytes(network: torch.nn.Module) -> int:
    """The bytes of two checkpoints, each of the weights, their average and two moments."""
    return 2 * 4 * sum(parameter.nbytes for parameter in network.parameters())


def check_room(folder: Path, needed: int) -> None:
    """Raises TrainingProblem unless the disk of `folder` has `needed` bytes free; to be called before hours of work."""
    if (free := shutil.disk_usage(folder).free) < needed:
        raise TrainingProblem(
            f"The disk of {folder} has {free / 2**30:.1f} GiB free, and the run needs {needed / 2**30:.1f}: make "
            "room, or choose another --out."
        )
