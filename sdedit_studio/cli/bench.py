"""`sdedit-studio bench`: what each installed model costs on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sdedit_studio.engine.prepare import compute_threads
from sdedit_studio.models.catalogue import ModelProblem, find, installed
from sdedit_studio.parameters import Solver

if TYPE_CHECKING:
    from sdedit_studio.engine.bench import Timing


SOLVER_WIDTH = max(len(solver) for solver in Solver)


def bench(
    model: Annotated[list[str] | None, typer.Option(help="Which models; more than once. Default: all.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps. Default: all there are.")] = None,
    solver: Annotated[list[Solver] | None, typer.Option(help="Which solvers. Default: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON in place of a table.")] = False,
) -> None:
    """Measure milliseconds a call and seconds a picture, by model, device, precision and solver."""
    cards = [find(name) for name in model] if model else installed()
    import torch

    from sdedit_studio.engine.bench import devices, measure

    torch.set_num_threads(compute_threads())
    chosen = [each for each in devices() if device in (None, each.type)]
    if not chosen:
        here = ", ".join(each.type for each in devices())
        raise ModelProblem(f"There is no device “{device}” here: choose one of {here}.")
    timings: list[Timing] = []
    with Console(stderr=True).status("Measuring") as status:
        for card in cards:
            for each in chosen:
                status.update(f"Measuring {card.name} on {each.type}")
                timings += measure(card, each, solver or list(Solver))
    if as_json:
        typer.echo(json.dumps([asdict(timing) for timing in timings], indent=1))
    else:
        Console().print(_table(timings))


def _table(timings: Sequence[Timing]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("Model", "Device", "Precision", "Solver", "Size"):
        table.add_column(heading, no_wrap=True, min_width=len(heading) if heading != "Solver" else SOLVER_WIDTH)
    for heading in ("Calls", "ms a call", "s a picture"):
        table.add_column(heading, justify="right")
    for row in timings:
        size = f"{row.width}x{row.height}"
        call = "far slower" if row.ms_per_call is None else f"{row.ms_per_call:.1f}"
        picture = "" if row.seconds_per_picture is None else f"{row.seconds_per_picture:.2f}"
        table.add_row(row.model, row.device, row.precision, row.solver, size, str(row.calls), call, picture)
    return table
