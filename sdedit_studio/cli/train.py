"""`sdedit-studio train`: a folder or zip of pictures in, a model out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from sdedit_studio.cli.training import Screen, so_far, stop_signals
from sdedit_studio.models.catalogue import ModelCard, find, read_card
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.recipe import Objective, Recipe

TUNING_RATE, TUNING_IMAGES = 1e-4, 1_000_000
"""Few-step tuning starts from good weights: a lower learning rate, and a quarter of the pictures."""


def train(
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A folder or zip of pictures, one subfolder a class.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The model's folder; a run begun there goes on.")],
    size: Annotated[int | None, typer.Option(help="Side of the pictures in pixels. Default 96.")] = None,
    channels: Annotated[
        str | None, typer.Option(help="Channels of each level, multiples of 32. Default 64,128,224,320.")
    ] = None,
    layers: Annotated[int | None, typer.Option(help="Residual blocks a level. Default 2.")] = None,
    patch: Annotated[
        int | None, typer.Option(help="Pixels are folded patch x patch before the network. Default 2.")
    ] = None,
    batch: Annotated[int, typer.Option(help="Pictures a step, over all processes.")] = Recipe.batch,
    images: Annotated[
        str | None, typer.Option(help="Length of the run in pictures, such as 500k. Default 4M, with --few-step 1M.")
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="At its height; small networks and short runs bear 2e-3. Default 4e-4, with --few-step 1e-4."
        ),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Length of the run by the clock; with --images, of this sitting: the same command goes on."),
    ] = None,
    loss: Annotated[
        Objective | None,
        typer.Option(help="EDM's weighting, or the paper's score matching on the VE or VP SDE. Default edm."),
    ] = None,
    held_out: Annotated[
        float, typer.Option(min=0, max=0.5, help="Share of the pictures kept aside to measure the loss on.")
    ] = 0.0,
    base: Annotated[
        str | None, typer.Option("--from", help="A model to begin from: its folder, or its name in `models list`.")
    ] = None,
    few_step: Annotated[
        bool, typer.Option("--few-step", help="Tune a trained model to need one or two calls.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Decides every draw of the run.")] = Recipe.seed,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps. Default: the best there is.")] = None,
    licence: Annotated[str, typer.Option(help="For the model card, of weights and pictures.")] = "not stated",
) -> None:
    """Train a model on pictures of your own. Stop it whenever you like: the same command goes on.

    On several GPUs or machines: torchrun --nproc-per-node 8 -m sdedit_studio train DATA --out DIR
    """
    network = {
        "size": size,
        "channels": None if channels is None else _channels(channels),
        "layers": layers,
        "patch": patch,
    }
    given = {name: value for name, value in network.items() if value is not None}
    if base is not None and given:
        raise TrainingProblem(f"The network comes with --from: leave out --{', --'.join(given)}.")
    if few_step and loss is not None:
        raise TrainingProblem("Few-step tuning has a loss of its own: leave out --loss.")
    length = TUNING_IMAGES if few_step else Recipe.images
    recipe = Recipe(
        **given,
        objective=loss or Objective.EDM,
        few_step=few_step,
        batch=batch,
        images=_count(images) if images else None if minutes else length,
        minutes=minutes,
        learning_rate=learning_rate or (TUNING_RATE if few_step else Recipe.learning_rate),
        held_out=held_out,
        seed=seed,
    )
    model = None if base is None else model_card(base)
    with stop_signals() as stopped:
        finished = _train(recipe, data, out, model, device, licence, stopped)
    if not finished and stopped():
        raise typer.Exit(130)


def _train(
    recipe: Recipe,
    data: Path,
    out: Path,
    base: ModelCard | None,
    device_name: str | None,
    licence: str,
    stopped: Callable[[], bool],
) -> bool:
    """Whether the run came to its end."""
    from sdedit_studio.training.run import prepare
    from sdedit_studio.training.world import chosen_device, joined

    with joined(device := chosen_device(device_name)) as world, Screen(quiet=not world.leads) as screen:
        run = prepare(
            recipe,
            data,
            out,
            base=base,
            device=device,
            world=world,
            licence=licence,
            say=screen.say,
            progress=partial(screen.preparing, "Reading pictures"),
        )
        screen.say(f"{len(run.output.data.training) * world.size:,} pictures, {_kinds(run.output.data.classes)}.")
        for report in run.sitting(stopped):
            screen.training(report, so_far(report.row.images, run.recipe.images, "pictures"))
        images = f"{run.trainer.images:,} pictures"
        if run.progress >= 1:
            screen.say(f"Trained on {images}. To paint with it: sdedit-studio models add {out}")
        else:
            screen.say(f"Stopped after {images}. The model so far is {out}; the same command goes on.")
        return run.progress >= 1


def model_card(name: str) -> ModelCard:
    """The model in a folder, or the installed one of that name. Raises ModelProblem."""
    return read_card(Path(name).resolve()) if (Path(name) / "model.json").is_file() else find(name)


def _count(text: str) -> int:
    """500, 500k or 4M as a number."""
    scale = {"k": 1_000, "m": 1_000_000}.get(text[-1].lower(), 1)
    try:
        return round(float(text if scale == 1 else text[:-1]) * scale)
    except ValueError as error:
        raise TrainingProblem(f"“{text}” is no number of pictures: write 500000, 500k or 4M.") from error


def _channels(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(width) for width in text.split(","))
    except ValueError as error:
        raise TrainingProblem(
            f"“{text}” are no channels: write numbers with commas, such as 64,128,192,256."
        ) from error


def _kinds(classes: tuple[str, ...]) -> str:
    return f"{len(classes)} classes: {', '.join(classes)}" if classes else "no classes"
