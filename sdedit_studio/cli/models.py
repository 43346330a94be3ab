"""`sdedit-studio models`: which models are here, and what each one is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from sdedit_studio.models import catalogue

models = typer.Typer(name="models", help="The models installed on this machine.")


@models.command(name="list")
def show_all() -> None:
    """List the installed models."""
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Title", "Native size", "Classes"):
        table.add_column(heading)
    for card in catalogue.installed():
        table.add_row(card.name, card.title, f"{card.native} px", ", ".join(card.classes) or "none")
    Console().print(table)
    Console(soft_wrap=True).print(f"Models of your own go into {catalogue.user_folder()}")


@models.command()
def info(name: Annotated[str, typer.Argument(help="The model's name, as `models list` shows it.")]) -> None:
    """Say what is known of one model."""
    card = catalogue.find(name)
    table = Table.grid(padding=(0, 2))
    size = sum(file.stat().st_size for file in card.folder.iterdir() if file.is_file())
    facts = {
        "Name": card.name,
        "Title": card.title,
        "Format": card.format,
        "Native size": f"{card.native} px; sides multiples of {card.stride}",
        "Classes": ", ".join(card.classes) or "none",
        "Noise levels": f"{card.sigma_min:g} to {card.sigma_max:g}",
        "Defaults": f"t0 {card.default_t0:g}, {card.default_calls} steps",
        "On disk": f"{size / 2**20:.1f} MiB in {card.folder}",
        "Licence": card.licence,
    }
    for label, fact in facts.items():
        table.add_row(label, fact)
    Console().print(table)
