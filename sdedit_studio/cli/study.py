"""Options and progress that `sweep` and `evaluate` share. Loads no torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sdedit_studio.cli.choices import SOLVERS, solver_of
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.prepare import compute_threads, open_model
from sdedit_studio.models.catalogue import find
from sdedit_studio.parameters import Parameters, Refine, Sde, Solver

if TYPE_CHECKING:
    from sdedit_studio.models.loaded import LoadedModel

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="The folder for pictures, tables and plots.")]
FEATURES_HELP = "What KID compares: efficientnet-lite0, efficientnet-lite2, patches, or a file of Inception-v3 weights."
FeaturesName = Annotated[str, typer.Option("--features", help=FEATURES_HELP)]
Calls = Annotated[
    int | None, typer.Option("--steps", help="Model calls for each picture.", show_default="the model's own, 8")
]
Seed = Annotated[int, typer.Option(help="Of the first guide; the others count up from it.")]
Condition = Annotated[
    str | None, typer.Option("--class", help="What all the pictures show; see `models list`.", show_default="anything")
]
Prompt = Annotated[str | None, typer.Option(help="What a text model shall show.")]
Guidance = Annotated[
    float | None, typer.Option(help="How much the class or prompt weighs.", show_default="the model's own")
]
SolverName = Annotated[
    Solver | None,
    typer.Option(
        parser=solver_of,
        metavar=SOLVERS,
        help="How the reverse SDE is solved.",
        show_default="the model's own, dpmpp-2m",
    ),
]
Form = Annotated[Sde, typer.Option(help="Form of euler-maruyama: the paper's algorithm 1 or 4.")]
Repeats = Annotated[int, typer.Option(help="The paper's K: more is more realistic, and takes K times as long.")]
ModelName = Annotated[str, typer.Option(help="Which model; see `models list`.")]


def parameters(
    calls: int | None,
    seed: int,
    condition: str | None,
    prompt: str | None,
    guidance: float | None,
    solver: Solver | None,
    sde: Sde,
    repeats: int,
    model: str,
) -> Parameters:
    """The settings of a study of first passes.

    Raises ModelProblem for an unknown model or class, ValueError for bad numbers.
    """
    card = find(model)
    card.shares(condition)
    return Parameters(
        calls=card.default_calls if calls is None else calls,
        seed=seed,
        condition=condition,
        prompt=prompt,
        guidance=card.default_guidance if guidance is None else guidance,
        solver=card.default_solver if solver is None else solver,
        sde=sde,
        repeats=repeats,
        refine=Refine.OFF,
        model=model,
    )


@contextmanager
def progress(model: str) -> Iterator[tuple[LoadedModel, Callable[[str, int, int], None]]]:
    """The loaded model, and a callback for progress, shown as bars with the time left on stderr.

    Ctrl+C ends the command with a line that says how to resume.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def watch(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bar.add_task(label, total=total)
            bar.update(tasks[label], completed=done, total=total)

        try:
            yield open_model(model, Measured(compute_threads())), watch
        except KeyboardInterrupt:
            bar.stop()
            typer.echo("sdedit-studio: Stopped. The same command goes on from here.", err=True)
            raise typer.Exit(130) from None


def tell(out: Path) -> None:
    """Print the table of a finished study and where everything is."""
    typer.echo((out / "table.md").read_text("utf-8"))
    typer.echo(f"{out}: {', '.join(sorted(path.name for path in out.iterdir() if path.is_file()))}")
