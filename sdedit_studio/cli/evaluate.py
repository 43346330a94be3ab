"""`sdedit-studio evaluate`: the paper's experiment with simulated strokes, on pictures of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sdedit_studio.cli.study import (
    Condition,
    FeaturesName,
    Form,
    Guidance,
    ModelName,
    Out,
    Prompt,
    Repeats,
    Seed,
    SolverName,
    Steps,
    parameters,
    progress,
    tell,
)
from sdedit_studio.parameters import Parameters


def evaluate(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="Real pictures: a folder, or a zip.")],
    out: Out,
    count: Annotated[int, typer.Option(min=1, help="How many pictures to simulate strokes from.")] = 64,
    t0: Annotated[
        str, typer.Option(help="Where to start from: start:stop:step, or a list with commas.")
    ] = "0.1:0.8:0.1",
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Real pictures for KID: a folder, a zip, or the reference.safetensors of an evaluation.",
            show_default="half of the pictures left over",
        ),
    ] = None,
    features: FeaturesName = "efficientnet-lite0",
    trained_on: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The model's training pictures, to show the nearest of them beside its results.",
            show_default="not looked at",
        ),
    ] = None,
    refine: Annotated[bool, typer.Option("--refine", help="Also carry some pictures up to 576 x 384.")] = False,
    steps: Steps = None,
    seed: Seed = Parameters.seed,
    condition: Condition = None,
    prompt: Prompt = None,
    guidance: Guidance = None,
    solver: SolverName = None,
    sde: Form = Parameters.sde,
    repeats: Repeats = Parameters.repeats,
    model: ModelName = Parameters.model,
) -> None:
    """Simulate strokes from real pictures, edit them from every t0, and compare with simple baselines by L2 and KID."""
    chosen = parameters(steps, seed, condition, prompt, guidance, solver, sde, repeats, model)
    from sdedit_studio.evaluation import evaluate as study
    from sdedit_studio.evaluation.features import choose
    from sdedit_studio.evaluation.plot import check_plots
    from sdedit_studio.evaluation.sweep import parse_t0

    t0s = parse_t0(t0)
    check_plots()
    extractor = choose(features)
    with progress(model) as (loaded, watch):
        table = study.evaluate(
            loaded,
            source,
            reference,
            count,
            t0s,
            chosen,
            out,
            extractor,
            watch,
            trained_on=trained_on,
            refine=refine,
        )
    tell(table, out)
