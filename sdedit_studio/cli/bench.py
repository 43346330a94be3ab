"""`sdedit-studio bench`: what each installed model costs on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sdedit_studio.cli.choices import SOLVERS, refine_of, solver_of
from sdedit_studio.engine.prepare import compute_threads
from sdedit_studio.models.catalogue import ModelProblem, find, installed
from sdedit_studio.parameters import Refine, Solver

if TYPE_CHECKING:
    from sdedit_studio.engine.bench import Timing


HOW = "Solver, refine"
SOLVER_WIDTH = max(len(solver) for solver in Solver)


def bench(
    model: Annotated[list[str] | None, typer.Option(help="Which models; more than once. Default: all.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda or mps. Default: all there are.")] = None,
    solver: Annotated[
        list[Solver] | None, typer.Option(parser=solver_of, metavar=SOLVERS, help="Which solvers. Default: all.")
    ] = None,
    refine: Annotated[
        list[Refine] | None,
        typer.Option(
            parser=refine_of,
            metavar="detail|sde|off",
            help="Which ways of refining to time a picture of 768x512 by; more than once. sde takes up to minutes. "
            "Default: detail, where the model brings a detail network.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON in place of a table.")] = False,
) -> None:
    """Measure milliseconds a call and seconds a picture, by model, device, precision, solver and way of refining.

    Nothing is estimated: what was not measured is left empty.
    """
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
                ways = [way for way in refine or [Refine.DETAIL] if way is not Refine.DETAIL or card.own_detail]
                timings += measure(card, each, solver or list(Solver), ways)
    if as_json:
        typer.echo(json.dumps([asdict(timing) for timing in timings], indent=1))
    else:
        Console().print(_table(timings))


def _table(timings: Sequence[Timing]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("Model", "Device", "Precision", HOW, "Size"):
        table.add_column(heading, no_wrap=True, min_width=len(heading) if heading != HOW else SOLVER_WIDTH)
    for heading in ("Calls", "ms a call", "s a picture"):
        table.add_column(heading, justify="right")
    for row in timings:
        call = "" if row.ms_per_call is None else f"{row.ms_per_call:.1f}"
        picture = "" if row.seconds_per_picture is None else f"{row.seconds_per_picture:.2f}"
        how = f"refine {row.refine}" if picture and not call else row.solver
        size = f"{row.width}x{row.height}"
        table.add_row(
            row.model,
            row.device,
            row.precision,
            how,
            size,
            str(row.calls),
            call or ("" if picture else "far slower"),
            picture,
        )
    return table
