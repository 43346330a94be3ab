"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from sdedit_studio.parameters import Refine, Solver

SOLVERS = "|".join(Solver)


def refine_of(text: str) -> Refine:
    """The way of refining called `text`, by its name of today or of earlier versions. Raises BadParameter."""
    try:
        return Refine(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}” is none of detail, sde and off.") from None


def solver_of(text: str) -> Solver:
    """The solver called `text`, by its name of today or of earlier versions. Raises BadParameter."""
    try:
        return Solver(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}” is none of {', '.join(Solver)}.") from None


RefineChoice = Annotated[
    Refine | None,
    typer.Option(
        parser=refine_of,
        metavar="detail|sde|off",
        help="How the picture gets to its own size: by a detail network, by the model itself (slow), or enlarged. "
        "Default: the model's own way.",
    ),
]
