"""Setting up a run that trains a detail network; `training.run.Run` takes the steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch

from sdedit_studio.evaluation.pictures import Watch, unwatched
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.load import load
from sdedit_studio.models.span import FACTOR
from sdedit_studio.training.detail.batch import SCALES
from sdedit_studio.training.detail.frames import Frame, prepare_frames
from sdedit_studio.training.detail.output import DetailOutput
from sdedit_studio.training.detail.photographs import Photographs, read_photographs
from sdedit_studio.training.detail.recipe import DetailRecipe
from sdedit_studio.training.detail.start import Start
from sdedit_studio.training.detail.trainer import DetailTrainer, bf16_is_faster
from sdedit_studio.training.run import Run, check_room, checkpoint_bytes, make
from sdedit_studio.training.world import World


def prepare_detail(
    recipe: DetailRecipe,
    sources: Sequence[Path],
    folder: Path,
    *,
    base: ModelCard,
    start: Start,
    device: torch.device,
    world: World | None = None,
    say: Callable[[str], None] = lambda sentence: None,
    watch: Watch = unwatched,
) -> Run[DetailOutput]:
    """Read the photographs, run the base model on some, and set up a run in `folder`, or resume the one begun there.

    `sources`: folders and zips of photographs. `say`: called with sentences for the person. `watch`: called with the
    progress of each part. Raises TrainingProblem, or ModelProblem for an unusable base.
    """
    world, frame = world or World(), Frame.of(base)
    make(folder)
    passes = recipe.frames * 2 * 3 * frame.before[0] * frame.before[1]
    check_room(folder, checkpoint_bytes(start.network) + passes)
    (faster,) = world.broadcast([float(bf16_is_faster(start.network, frame.patch, device))])
    bf16 = bool(faster)
    photographs = _read(recipe, sources, frame, world, say, watch)
    (count,) = world.summed([len(photographs)])
    frames = prepare_frames(
        photographs,
        base,
        partial(load, base, device, torch.bfloat16 if bf16 else torch.float32),
        folder / "training" / "frames",
        recipe.frames,
        seed=recipe.seed,
        world=world,
        progress=partial(watch, f"{base.name}'s own passes"),
    )
    trainer = DetailTrainer(start.network, frames, photographs, recipe, frame, device=device, bf16=bf16, world=world)
    source = ", ".join(source.resolve().name for source in sources)
    run = Run(DetailOutput(folder, trainer, base, start, source, count))
    if run.output.checkpoint.exists():
        run.resume()
        say(f"Going on after {trainer.images // recipe.batch:,} steps.")
    return run


def _read(
    recipe: DetailRecipe,
    sources: Sequence[Path],
    frame: Frame,
    world: World,
    say: Callable[[str], None],
    watch: Watch,
) -> Photographs:
    width, height = frame.size
    least = max(FACTOR * frame.patch, round(SCALES[0] * height))
    photographs = read_photographs(
        sources,
        least=least,
        longest=round(SCALES[1] * width),
        seed=recipe.seed,
        shard=(world.rank, world.size),
        progress=partial(watch, "Reading photographs"),
    )
    left_out = world.summed([photographs.unreadable, photographs.small, photographs.not_fit])
    reasons = ("cannot be read", f"have sides of less than {least} px", "do not fit into memory")
    for count, reason in zip(left_out, reasons, strict=True):
        if count:
            say(f"Photographs left out because they {reason}: {count:,}.")
    return photographs
