"""`sdedit-studio edit`: one guide in, one picture out, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads, open_model
from sdedit_studio.files import FileProblem
from sdedit_studio.files.pictures import EXPORTED, export, read
from sdedit_studio.models.catalogue import find
from sdedit_studio.parameters import Masking, Parameters, Refine, Sde, Solver
from sdedit_studio.raster.tiles import grey

if TYPE_CHECKING:
    from sdedit_studio.models.load import LoadedModel


def edit(
    guide: Annotated[Path, typer.Argument(metavar="GUIDE", help="The rough picture to start from.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the result goes; its suffix says the format.")],
    t0: Annotated[
        float | None,
        typer.Option(help="0 keeps the guide, 1 forgets it; 0.3 to 0.5 suits most. Default: the model's own."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Model calls of the first pass. Default: the model's own.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = Parameters.seed,
    refine: Annotated[
        Refine, typer.Option(help="How far to sharpen: the model's native size, twice it, or the guide's own size.")
    ] = Parameters.refine,
    mask: Annotated[
        Path | None,
        typer.Option(help="A picture of the guide's size: white is edited, black stays as it is, grey fades."),
    ] = None,
    strength: Annotated[
        Path | None,
        typer.Option(help="A picture of the guide's size: white may change by all of t0, black by nothing."),
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option("--class", help="What the picture shows, such as mountain; see `models list`. Default: anything."),
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="What a text model shall show.")] = None,
    guidance: Annotated[
        float | None,
        typer.Option(help="How much the class or prompt weighs; 1 is as it was trained. Default: the model's own."),
    ] = None,
    solver: Annotated[
        Solver | None, typer.Option(help="How the first pass is solved. Default: the model's own.")
    ] = None,
    sde: Annotated[Sde, typer.Option(help="Form of euler-maruyama: the paper's algorithm 1 or 4.")] = Parameters.sde,
    repeats: Annotated[int, typer.Option(help="The paper's K: more is more realistic, and takes K times as long.")] = 1,
    masking: Annotated[
        Masking, typer.Option(help="How the region outside the mask follows: steady, or as the paper or its code.")
    ] = Parameters.masking,
    model: Annotated[str, typer.Option(help="Which model; see `models list`.")] = Parameters.model,
) -> None:
    """Turn a rough picture into a believable one. The result has the guide's size."""
    card = find(model)
    card.class_id(condition)
    parameters = Parameters(
        t0=card.default_t0 if t0 is None else t0,
        calls=card.default_calls if steps is None else steps,
        repeats=repeats,
        refine=refine,
        seed=seed,
        solver=card.default_solver if solver is None else solver,
        sde=sde,
        model=model,
        condition=condition,
        prompt=prompt,
        guidance=card.default_guidance if guidance is None else guidance,
        masking=masking,
    )
    if out.suffix.lower() not in EXPORTED:
        raise FileProblem(f"Pictures cannot be written as “{out.suffix}”; choose one of {', '.join(EXPORTED)}.")
    if not out.parent.is_dir():
        raise FileProblem(f"The folder {out.parent} does not exist. Make it first, or choose another.")
    original = read(guide)
    coverage, part = (None if path is None else grey(read(path)) for path in (mask, strength))
    job = Job(
        Pixels.of(on_white(original)),
        parameters,
        None if coverage is None else Pixels.of(coverage),
        strength=None if part is None else Pixels.of(part),
    )
    stays = [each == 0 for each in (coverage, part) if each is not None]

    try:
        result, model_used = _run(job)
    except KeyboardInterrupt:
        typer.echo("sdedit-studio: Stopped; nothing was written.", err=True)
        raise typer.Exit(130) from None
    export(
        out,
        _opaque_where_edited(result, original, stays),
        metadata=parameters.as_dict() | ({} if strength is None else {"strength_map": True}),
        composite=bool(stays),
    )
    _tell(result, model_used, out)


def on_white(picture: np.ndarray) -> np.ndarray:
    """Premultiplied BGRA (h, w, 4) as RGB (h, w, 3) on white paper."""
    return np.ascontiguousarray(picture[..., 2::-1] + (255 - picture[..., 3:]))


def _opaque_where_edited(result: Result, original: np.ndarray, stays: Sequence[np.ndarray]) -> np.ndarray:
    """The result as BGRA; where anything says that it `stays`, the very pixels of the guide, transparent ones too."""
    picture = np.dstack([result.picture.array[..., ::-1], np.full(original.shape[:2], 255, np.uint8)])
    return np.where(np.any(stays, axis=0)[..., None], original, picture) if stays else picture


def _run(job: Job) -> tuple[Result, LoadedModel]:
    """The result and the model that made it, with a progress bar on stderr."""
    measured = Measured(compute_threads())
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"Loading {job.parameters.model}", total=None, left="")
        model = open_model(job.parameters.model, measured)
        from sdedit_studio.engine.memory import execute_somehow
        from sdedit_studio.engine.prepare import open_on_cpu

        for update in execute_somehow(
            [job], model, lambda: open_on_cpu(model.card, measured), cancelled=lambda: False, measured=measured
        ):
            if isinstance(update, Result):
                measured.save()
                return update, model
            left = "" if update.seconds_left is None else f"{update.seconds_left:.1f} s left"
            words = f"Model call {update.call} of {update.calls}"
            bar.update(task, description=words, completed=update.call, total=update.calls, left=left)
    raise AssertionError("An edit ends with its result.")


def _tell(result: Result, model: LoadedModel, out: Path) -> None:
    parameters, card = result.job.parameters, model.card
    width, height = result.picture.width, result.picture.height
    passes = card.passes(width, height, parameters)
    route = ", ".join(f"{stage.model_calls} calls at {stage.width}x{stage.height}" for stage in passes)
    shown = parameters.prompt or parameters.condition or "anything"
    chosen = f"{card.name} ({shown}), t0 {parameters.t0:g}, seed {parameters.seed}"
    typer.echo(f"{chosen}, {parameters.solver}: {route or 'no calls'}")
    typer.echo(f"{out}: {width}x{height}, {result.seconds:.1f} s on {model.device_name}")
    if result.note:
        typer.echo(result.note)
