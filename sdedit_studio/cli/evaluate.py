"""`sdedit-studio evaluate`: the paper's experiment with simulated strokes, or a comparison of ways of refining."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sdedit_studio.cli.choices import refine_of
from sdedit_studio.cli.study import (
    FEATURES_HELP,
    Calls,
    Condition,
    Form,
    Guidance,
    ModelName,
    Out,
    Prompt,
    Repeats,
    Seed,
    SolverName,
    parameters,
    progress,
    tell,
)
from sdedit_studio.models.catalogue import find
from sdedit_studio.parameters import Parameters

if TYPE_CHECKING:
    from sdedit_studio.evaluation.pictures import Frame


CANVAS = "768x512"

SMALLEST, LARGEST = 16, 8192
"""Sides of a canvas in pixels: at least a cell of the drift."""


def evaluate(
    source: Annotated[Path, typer.Argument(metavar="PICTURES", help="Real pictures: a folder, or a zip.")],
    out: Out,
    count: Annotated[int, typer.Option(min=1, help="How many pictures to simulate strokes from.")] = 64,
    t0: Annotated[
        str | None,
        typer.Option(
            help="Where to start from: start:stop:step, or a list with commas; with --refine a single one.",
            show_default="0.1:0.8:0.1; with --refine the model's own",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Real pictures for KID: a folder, a zip, or the reference.safetensors of an evaluation.",
            show_default="half of the pictures left over; with --refine the very photographs",
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(help=FEATURES_HELP, show_default="efficientnet-lite0; with --refine efficientnet-lite2"),
    ] = None,
    trained_on: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The model's training pictures, to show the nearest of them beside its results.",
            show_default="not looked at",
        ),
    ] = None,
    refine: Annotated[
        str | None,
        typer.Option(
            metavar="detail,sde,off",
            help="Compare these ways to get to the canvas's size, in place of values of t0.",
            show_default="not compared",
        ),
    ] = None,
    canvas: Annotated[str, typer.Option(metavar="WIDTHxHEIGHT", help="For --refine: the size in pixels.")] = CANVAS,
    enlarged: Annotated[
        float, typer.Option(min=1, help="For --refine: how many times photographs may be enlarged to fill the canvas.")
    ] = 1.0,
    guides: Annotated[bool, typer.Option("--guides", help="For --refine: PICTURES are guides already.")] = False,
    calls: Calls = None,
    seed: Seed = Parameters.seed,
    condition: Condition = None,
    prompt: Prompt = None,
    guidance: Guidance = None,
    solver: SolverName = None,
    sde: Form = Parameters.sde,
    repeats: Repeats = Parameters.repeats,
    model: ModelName = Parameters.model,
) -> None:
    """Simulate strokes from real pictures, edit them from every t0, and compare with simple baselines by L2 and KID.

    With --refine: compare ways of refining at canvas size by KID, sharpness, drift of colours, GFLOP and seconds.
    """
    chosen = parameters(calls, seed, condition, prompt, guidance, solver, sde, repeats, model)
    from sdedit_studio.evaluation import canvas as canvas_study
    from sdedit_studio.evaluation import evaluate as study
    from sdedit_studio.evaluation.features import choose
    from sdedit_studio.evaluation.plot import check_plots
    from sdedit_studio.evaluation.sweep import parse_t0

    if refine is not None:
        if trained_on is not None:
            raise typer.BadParameter("--trained-on does not go with --refine.")
        ways = [refine_of(way.strip()) for way in refine.split(",")]
        frame = _frame(canvas, enlarged)
        (level, *more) = parse_t0(t0) if t0 else [find(model).default_t0]
        if more:
            raise typer.BadParameter("--refine compares at a single --t0.")
        chosen = replace(chosen, t0=level)
        extractor = choose(features or "efficientnet-lite2")
        with progress(model) as (loaded, watch):
            canvas_study.compare(
                loaded, source, reference, count, frame, ways, chosen, out, extractor, watch, painted=guides
            )
    else:
        if guides or enlarged != 1 or canvas != CANVAS:
            raise typer.BadParameter("--guides, --enlarged and --canvas need --refine.")
        t0s = parse_t0(t0 or "0.1:0.8:0.1")
        check_plots()
        extractor = choose(features or "efficientnet-lite0")
        with progress(model) as (loaded, watch):
            study.evaluate(loaded, source, reference, count, t0s, chosen, out, extractor, watch, trained_on=trained_on)
    tell(out)


def _frame(size: str, enlarged: float) -> Frame:
    from sdedit_studio.evaluation.pictures import Frame

    try:
        width, height = (int(side) for side in size.split("x"))
    except ValueError:
        raise typer.BadParameter(f"“{size}” is no size: write it as {CANVAS}.") from None
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        raise typer.BadParameter(f"A canvas has sides of {SMALLEST} to {LARGEST} pixels, not {size}.")
    return Frame(width, height, enlarged)
