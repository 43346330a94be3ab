"""`sdedit-studio train-detail`: photographs in, a detail network for a base model out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sdedit_studio.cli.train import model_card
from sdedit_studio.cli.training import Screen, so_far, stop_signals
from sdedit_studio.parameters import Parameters
from sdedit_studio.training.detail.recipe import DetailRecipe


def train_detail(
    photographs: Annotated[list[Path], typer.Argument(metavar="PHOTOS...", help="Folders and zips of photographs.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The network's folder; a run begun there goes on.")],
    base: Annotated[
        str, typer.Option(help="The model it is made for: its folder, or its name in `models list`.")
    ] = Parameters.model,
    start: Annotated[
        Path | None,
        typer.Option(help="Weights to begin from, safetensors in Span's layout. Default: the base model's own."),
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Length of the run by the clock; with --steps, of this sitting: the same command goes on."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help=f"Length of the run. Default {DetailRecipe.steps}.")] = None,
    batch: Annotated[int, typer.Option(help="Patches a step, over all processes.")] = DetailRecipe.batch,
    rate: Annotated[float, typer.Option(help="Learning rate at its height.")] = DetailRecipe.learning_rate,
    adversarial: Annotated[
        float, typer.Option(help="Weight of the critic: 0.1 is crisper, with scratches; 0 leaves the critic out.")
    ] = DetailRecipe.adversarial,
    critic_first: Annotated[
        int, typer.Option(help="Steps that the critic learns before it counts.")
    ] = DetailRecipe.critic_first,
    frames: Annotated[
        int, typer.Option(help="Pictures that the base model makes its passes of, once: a second or two each on a CPU.")
    ] = DetailRecipe.frames,
    seed: Annotated[int, typer.Option(min=0, help="Decides every draw of the run.")] = DetailRecipe.seed,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps. Default: the best there is.")] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="Of the weights begun from; the new ones keep it. Default: as their card says."),
    ] = None,
) -> None:
    """Make a detail network that takes what a base model makes. Stop it whenever you like: the same command goes on.

    On several GPUs: torchrun --nproc-per-node 8 -m sdedit_studio train-detail PHOTOS --out DIR --batch 64
    """
    recipe = DetailRecipe(
        batch=batch,
        steps=steps if steps or minutes else DetailRecipe.steps,
        minutes=minutes,
        learning_rate=rate,
        adversarial=adversarial,
        critic_first=critic_first,
        frames=frames,
        seed=seed,
    )
    card = model_card(base)

    from sdedit_studio.training.detail.run import prepare_detail
    from sdedit_studio.training.detail.start import read_start
    from sdedit_studio.training.world import chosen_device, joined

    begun = read_start(start, card, licence)
    with joined(chosen := chosen_device(device)) as world, Screen(quiet=not world.leads) as screen:
        run = prepare_detail(
            recipe,
            photographs,
            out,
            base=card,
            start=begun,
            device=chosen,
            world=world,
            say=screen.say,
            watch=screen.preparing,
        )
        screen.say(f"{run.output.count:,} photographs.")
        with stop_signals() as stopped:
            for report in run.sitting(stopped):
                screen.training(report, so_far(report.row.images // batch, recipe.steps, "steps"))
        taken = f"{run.trainer.images // batch:,} steps"
        if run.progress >= 1:
            screen.say(f"Trained for {taken}. To use it, copy what lies in {out} to the folder detail of {card.name}.")
        else:
            screen.say(f"Stopped after {taken}. The network so far is {out}; the same command goes on.")
    if run.progress < 1 and stopped():
        raise typer.Exit(130)
