"""`sdedit-studio sweep`: the same guides edited from every t0, as the paper's strip, a table and a curve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from sdedit_studio.cli.study import (
    Calls,
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
    parameters,
    progress,
    tell,
)
from sdedit_studio.parameters import Parameters


def sweep(
    guides: Annotated[list[Path], typer.Argument(metavar="GUIDE...", help="Rough pictures; their central squares.")],
    out: Out,
    t0: Annotated[str, typer.Option(help="Where to start from: start:stop:step, or a list with commas.")] = "0:1:0.1",
    reference: Annotated[
        Path | None,
        typer.Option(
            help="Real pictures for KID: a folder, a zip, or the reference.safetensors of an evaluation.",
            show_default="the model's own",
        ),
    ] = None,
    features: FeaturesName = "efficientnet-lite0",
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
    """Edit guides from every t0: a strip of pictures, a table of L2 and KID, and their curve with its sweet spot."""
    chosen = parameters(calls, seed, condition, prompt, guidance, solver, sde, repeats, model)
    from sdedit_studio.evaluation import features as extractors
    from sdedit_studio.evaluation import sweep as study
    from sdedit_studio.evaluation.pictures import Pictures, read_picture
    from sdedit_studio.evaluation.plot import check_plots
    from sdedit_studio.evaluation.reference import Realism, read_reference, reference_beside

    t0s = study.parse_t0(t0)
    check_plots()
    with progress(model) as (loaded, watch):
        side = loaded.card.native
        pictures = Pictures(np.stack([read_picture(guide, side) for guide in guides]), [str(guide) for guide in guides])
        realism = None
        if (source := reference or reference_beside(loaded.card)) is not None:
            extractor = extractors.choose(features)
            realism = Realism(extractor, read_reference(source, extractor, side, watch))
        study.sweep(loaded, pictures, t0s, chosen, out, realism, watch)
    tell(out)
