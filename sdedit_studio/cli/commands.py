"""The commands of the command line, and their error messages."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from sdedit_studio import __version__
from sdedit_studio.cli.bench import bench
from sdedit_studio.cli.edit import edit
from sdedit_studio.cli.evaluate import evaluate
from sdedit_studio.cli.models import models
from sdedit_studio.cli.sweep import sweep
from sdedit_studio.cli.train import train
from sdedit_studio.cli.train_detail import train_detail
from sdedit_studio.engine.problems import describe

app = typer.Typer(
    name="sdedit-studio",
    help="Paint a rough picture; a diffusion model on your own machine turns it into a believable one. "
    "Without a command, the studio opens.",
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog="Example:  sdedit-studio edit painting.png -o photo.png --t0 0.3 --class mountain")(edit)
app.command(epilog="Example:  sdedit-studio sweep one.png two.png --t0 0:1:0.1 -o sweep")(sweep)
app.command(epilog="Example:  sdedit-studio evaluate photographs.zip -o evaluation --count 64")(evaluate)
app.command(epilog="Example:  sdedit-studio train photographs.zip --out my-scenes --size 32 --minutes 10")(train)
app.command(epilog="Example:  sdedit-studio train-detail photographs --out my-detail --minutes 5")(train_detail)
app.command(epilog="Example:  sdedit-studio bench --model scenes-96 --json")(bench)
app.add_typer(models)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"SDEdit Studio {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None: ...


def command(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code: 0 done, 1 could not be done, 2 not understood, 130 stopped by Ctrl+C."""
    try:
        return app(arguments, prog_name="sdedit-studio", standalone_mode=False) or 0
    except typer.TyperException as error:
        reason = " ".join(error.format_message().split()).rstrip(".")
        return _told(f"{reason}. See sdedit-studio --help.", 2)
    except Exception as error:
        return _told(describe(error), 1)


def _told(sentence: str, code: int) -> int:
    print(f"sdedit-studio: {sentence}", file=sys.stderr)  # noqa: T201
    return code
