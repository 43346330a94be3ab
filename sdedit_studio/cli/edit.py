"""`sdedit-studio edit`: one guide in, one picture out, without a window."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from sdedit_studio.cli.choices import SOLVERS, RefineChoice, solver_of
from sdedit_studio.diffusion.plan import Detail, Stage
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads, open_model
from sdedit_studio.engine.trajectory import Trajectory, step_picture
from sdedit_studio.files import FileProblem, animation
from sdedit_studio.files.pictures import EXPORTED, export, read
from sdedit_studio.models.catalogue import find
from sdedit_studio.parameters import Masking, Parameters, Refine, Sde, Solver
from sdedit_studio.raster.tiles import grey

if TYPE_CHECKING:
    from sdedit_studio.models.loaded import LoadedModel


def edit(
    guide: Annotated[Path, typer.Argument(metavar="GUIDE", help="The rough picture to start from.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the result goes; its suffix says the format.")],
    t0: Annotated[
        float | None,
        typer.Option(help="0 keeps the guide, 1 forgets it; 0.2 to 0.4 suits most. Default: the model's own."),
    ] = None,
    calls: Annotated[
        int | None, typer.Option("--steps", help="Model calls of the first pass. Default: the model's own.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same picture.")] = Parameters.seed,
    refine: RefineChoice = None,
    detail: Annotated[
        str | None, typer.Option(help="Which detail network; see `models list`. Default: the model's own.")
    ] = None,
    crispness: Annotated[
        float, typer.Option(min=0, max=100, help="How much of what it adds is taken, in per cent.")
    ] = 100.0,
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
        typer.Option("--class", help="What it shows: mountain, or “mountain 60, sea 40”; see `models list`."),
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="What a text model shall show.")] = None,
    guidance: Annotated[
        float | None,
        typer.Option(help="How much the class or prompt weighs; 1 is as it was trained. Default: the model's own."),
    ] = None,
    solver: Annotated[
        Solver | None,
        typer.Option(parser=solver_of, metavar=SOLVERS, help="How the first pass is solved. Default: the model's own."),
    ] = None,
    sde: Annotated[Sde, typer.Option(help="Form of euler-maruyama: the paper's algorithm 1 or 4.")] = Parameters.sde,
    repeats: Annotated[int, typer.Option(help="The paper's K: more is more realistic, and takes K times as long.")] = 1,
    masking: Annotated[
        Masking, typer.Option(help="How the region outside the mask follows: steady, or as the paper or its code.")
    ] = Parameters.masking,
    model: Annotated[str, typer.Option(help="Which model; see `models list`.")] = Parameters.model,
    trajectory: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the estimate after each step goes: an animation (.webp, .gif, .apng) or numbered pictures "
            "(.png).",
        ),
    ] = None,
) -> None:
    """Turn a rough picture into a believable one. The result has the guide's size."""
    card = find(model)
    card.shares(condition)
    parameters = Parameters(
        t0=card.default_t0 if t0 is None else t0,
        calls=card.default_calls if calls is None else calls,
        repeats=repeats,
        refine=(Refine.DETAIL if detail else card.default_refine) if refine is None else refine,
        detail=detail,
        crispness=crispness / 100,
        seed=seed,
        solver=card.default_solver if solver is None else solver,
        sde=sde,
        model=model,
        condition=condition,
        prompt=prompt,
        guidance=card.default_guidance if guidance is None else guidance,
        masking=masking,
    )
    card.detail(parameters)
    _check("Pictures", out, EXPORTED)
    if trajectory is not None:
        _check("Steps", trajectory, animation.SUFFIXES)
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
        result, model_used, steps = _run(job, keep=trajectory is not None)
    except KeyboardInterrupt:
        typer.echo("sdedit-studio: Stopped; nothing was written.", err=True)
        raise typer.Exit(130) from None
    record = job.record()
    export(
        out,
        _opaque_where_edited(result, original, stays),
        metadata=record,
        composite=bool(stays),
    )
    _tell(result, model_used, out)
    if trajectory is not None:
        _export_steps(trajectory, steps, result, record)


def on_white(picture: np.ndarray) -> np.ndarray:
    """Premultiplied BGRA (h, w, 4) as RGB (h, w, 3) on white paper."""
    return np.ascontiguousarray(picture[..., 2::-1] + (255 - picture[..., 3:]))


def _opaque_where_edited(result: Result, original: np.ndarray, stays: Sequence[np.ndarray]) -> np.ndarray:
    """The result as BGRA; where any of `stays` is true, the pixels of the guide, transparent ones too."""
    picture = np.dstack([result.picture.array[..., ::-1], np.full(original.shape[:2], 255, np.uint8)])
    return np.where(np.any(stays, axis=0)[..., None], original, picture) if stays else picture


def words_of(stage: Stage) -> str:
    """A pass in words, such as "8 calls at 144x96"."""
    if isinstance(stage, Detail):
        return f"detail to {stage.width}x{stage.height}"
    return f"{stage.model_calls} calls at {stage.width}x{stage.height}"


def _check(what: str, path: Path, suffixes: Iterable[str]) -> None:
    """Raises FileProblem when a file cannot be written, before any work is done."""
    if path.suffix.lower() not in suffixes:
        raise FileProblem(f"{what} cannot be written as “{path.suffix}”; choose one of {', '.join(suffixes)}.")
    if not path.parent.is_dir():
        raise FileProblem(f"The folder {path.parent} does not exist. Make it first, or choose another.")


def _export_steps(path: Path, steps: Trajectory, result: Result, record: Mapping[str, Any]) -> None:
    if len(steps) == 0:
        raise FileProblem("At t0 0 there are no steps, so none were written. Choose a higher t0.")
    size, last = animation.size_of(result.picture.width, result.picture.height), len(steps) - 1
    animation.export(
        path,
        len(steps),
        lambda index: step_picture(steps[index], result, size, last=index == last),
        metadata=record,
        composite=result.job.mask is not None or result.job.strength is not None,
    )
    typer.echo(f"{path}: {len(animation.chosen(len(steps), path.suffix.lower()))} steps, {size[0]}x{size[1]}")


def _run(job: Job, *, keep: bool) -> tuple[Result, LoadedModel, Trajectory]:
    """The result, its model, and its steps if `keep`; with a progress bar on stderr."""
    measured, trajectory = Measured(compute_threads()), Trajectory()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"Loading {job.parameters.model}", total=None, left="")
        model = open_model(job.parameters.model, measured)
        from sdedit_studio.engine.memory import execute_with_fallbacks
        from sdedit_studio.engine.prepare import open_on_cpu

        for update in execute_with_fallbacks(
            [job], model, lambda: open_on_cpu(model.card, measured), cancelled=lambda: False, measured=measured
        ):
            if isinstance(update, Result):
                measured.save()
                return update, model, trajectory
            if keep:
                trajectory.add(update)
                while (point := trajectory.first_unpacked()) is not None:
                    trajectory.replace_packed(point, point.packed())
            left = "" if update.seconds_left is None else f"{update.seconds_left:.1f} s left"
            words = f"Model call {update.call} of {update.calls}"
            bar.update(task, description=words, completed=update.call, total=update.calls, left=left)
    raise AssertionError("An edit ends with its result.")


def _tell(result: Result, model: LoadedModel, out: Path) -> None:
    parameters, card = result.job.parameters, model.card
    width, height = result.picture.width, result.picture.height
    passes = card.passes(width, height, parameters)
    route = ", ".join(words_of(stage) for stage in passes)
    shown = parameters.prompt or parameters.condition or "anything"
    chosen = f"{card.name} ({shown}), t0 {parameters.t0:g}, seed {parameters.seed}"
    typer.echo(f"{chosen}, {parameters.solver}: {route or 'no calls'}")
    typer.echo(f"{out}: {width}x{height}, {result.seconds:.1f} s on {model.device_name}")
    if result.note:
        typer.echo(result.note)
