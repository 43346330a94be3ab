"""`sdedit-studio models`: listing, describing, adding and removing models. Loads torch only to add."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
from rich.table import Table

from sdedit_studio.diffusion.schedule import Betas
from sdedit_studio.models import catalogue, detail
from sdedit_studio.models.catalogue import ModelCard, ModelProblem, Prediction
from sdedit_studio.models.detail import DetailCard

if TYPE_CHECKING:
    from sdedit_studio.models.adding.imported import ImportOptions

models = typer.Typer(name="models", help="The models installed on this machine.")

_HASH = 12
"""Digits of a hash that a table shows."""

_CLASSES = 8
"""Classes named before the rest is counted."""

Name = Annotated[str | None, typer.Option(help="What it shall be called.", show_default="the name of what is added")]
Licence = Annotated[str | None, typer.Option(help="Its licence, as its makers state it.")]
Predicts = Annotated[
    Prediction | None, typer.Option("--prediction", help="What the network predicts, where its files do not tell.")
]
Schedule = Annotated[Betas | None, typer.Option("--schedule", help="Its noise schedule, where its files do not tell.")]
HeadChannels = Annotated[
    int | None, typer.Option(min=1, help="guided-diffusion's num_head_channels.", show_default="64")
]
AttentionOrder = Annotated[
    bool | None,
    typer.Option(
        "--new-attention-order/--legacy-attention-order",
        help="guided-diffusion's use_new_attention_order.",
        show_default="as published: new for 64 px and consistency networks",
    ),
]


@models.command(name="list")
def show_all() -> None:
    """List the installed models, and the detail networks that `edit --detail` takes."""
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Native size", "Size", "Takes", "Licence", "SHA-256"):
        table.add_column(heading, overflow="fold" if heading == "Licence" else "ellipsis")
    for card in catalogue.installed():
        sha256 = (card.sha256 or catalogue.digest(card.folder))[:_HASH]
        table.add_row(card.name, f"{card.native} px", _bytes(card.bytes_on_disk), _takes(card), card.licence, sha256)
    Console().print(table)
    networks = Table(box=None, pad_edge=False)
    for heading in ("Detail network", "Enlarges", "Size", "From", "Licence", "SHA-256"):
        networks.add_column(heading, overflow="fold" if heading == "Licence" else "ellipsis")
    for network in catalogue.detail_networks():
        source = network.source if network.upscaler else f"the model {network.name}"
        sha256 = (network.sha256 or "")[:_HASH]
        size = _bytes(network.bytes_on_disk)
        networks.add_row(network.name, f"{network.factor} times", size, source, network.licence, sha256)
    Console().print()
    Console().print(networks)
    Console(soft_wrap=True).print(f"\nModels of your own are kept in {catalogue.user_folder()}")


@models.command()
def info(name: Annotated[str, typer.Argument(help="The model's name, as `models list` shows it.")]) -> None:
    """Say what is known of one model or upscaler."""
    upscaler = detail.upscaler(catalogue.user_folder(), name)
    _show_upscaler(upscaler) if upscaler else _show(catalogue.find(name))


@models.command(
    epilog="Example:  sdedit-studio models add ema_diffusion_lsun_church_model.ckpt --name church --licence MIT"
)
def add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder of diffusers or of `train`, or a file.")],
    name: Name = None,
    licence: Licence = None,
    prediction: Predicts = None,
    schedule: Schedule = None,
    head_channels: HeadChannels = None,
    new_attention_order: AttentionOrder = None,
) -> None:
    """Add a model: a folder of diffusers, a .safetensors, or a checkpoint of DDPM, guided-diffusion or score_sde.

    Or add an upscaler: any that spandrel reads and that enlarges two or four times. Either is copied into one form of
    its own. Pickles are read without running what is in them.
    """
    options = _options(name, licence, prediction, schedule, head_channels, new_attention_order)
    from sdedit_studio.models.adding.add import add as add_model

    with Console(stderr=True).status(f"Adding {path.name}") as status:
        card = add_model(path, options, watch=lambda words: status.update(words))
    _added(card)


@models.command(epilog="Example:  sdedit-studio models download google/ddpm-church-256")
def download(
    repository: Annotated[str, typer.Argument(metavar="REPO", help="A repository of the Hugging Face hub.")],
    name: Name = None,
    licence: Licence = None,
    prediction: Predicts = None,
    schedule: Schedule = None,
) -> None:
    """Download a model from the Hugging Face hub and add it. Stopped, the same command goes on."""
    options = _options(name, licence, prediction, schedule, None, None)
    from sdedit_studio.models.adding.download import download as download_model

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(repository, total=None)
            card = download_model(
                repository,
                options,
                fetched=lambda here, total: bar.update(task, completed=here, total=total),
                watch=lambda words: bar.update(task, description=words),
            )
    except KeyboardInterrupt:
        typer.echo("sdedit-studio: Stopped. The same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    _added(card)


@models.command()
def remove(
    name: Annotated[str, typer.Argument(help="The model's name, as `models list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a model or an upscaler that was added."""
    if not (yes or typer.confirm(f"Delete {name} and its files?")):
        raise typer.Exit(1)
    catalogue.remove(name)
    typer.echo(f"{name} is removed.")


def _options(
    name: str | None,
    licence: str | None,
    prediction: Prediction | None,
    schedule: Betas | None,
    head_channels: int | None,
    new_attention_order: bool | None,
) -> ImportOptions:
    try:
        from sdedit_studio.models.adding.imported import ImportOptions
    except ImportError as error:
        raise ModelProblem(f"Adding models needs PyTorch, which could not be loaded: {error}.") from error

    return ImportOptions(name, licence, prediction, schedule, head_channels, new_attention_order)


def _added(card: ModelCard | DetailCard) -> None:
    if isinstance(card, DetailCard):
        _show_upscaler(card)
        choice = f"--refine detail --detail {card.name}"
    else:
        _show(card)
        choice = f"--model {card.name}"
    typer.echo(f"\nUse it with:  sdedit-studio edit painting.png -o photo.png {choice}")


def _show_upscaler(card: DetailCard) -> None:
    _show_facts(
        {
            "Name": card.name,
            "Title": card.title,
            "Enlarges": f"{card.factor} times",
            "On disk": f"{_bytes(card.bytes_on_disk)} in {card.folder}",
            "SHA-256": card.sha256 or "not stated",
            "From": card.source or "not stated",
            "Licence": card.licence,
        }
    )


def _show(card: ModelCard) -> None:
    facts = {
        "Name": card.name,
        "Title": card.title,
        "Format": f"{card.format}, predicts {card.prediction}",
        "Native size": f"{card.native} px; sides multiples of {card.stride}",
        "Takes": _takes(card),
        "Classes": _classes(card),
        "Noise levels": f"{card.sigma_min:.3g} to {card.sigma_max:.3g}",
        "Defaults": f"t0 {card.default_t0:g}, {card.default_calls} steps, {card.default_solver}",
        "Detail network": _detail(card),
        "On disk": f"{_bytes(card.bytes_on_disk)} in {card.folder}",
        "SHA-256": card.sha256 or catalogue.digest(card.folder),
        "From": card.source or ("the studio itself" if card.bundled else "not stated"),
        "Licence": card.licence,
    }
    _show_facts(facts)


def _detail(card: ModelCard) -> str:
    network = card.own_detail
    return f"{network.title}, enlarges {network.factor} times, {network.licence}" if network else "none of its own"


def _show_facts(facts: Mapping[str, str]) -> None:
    table = Table.grid(padding=(0, 2))
    for label, fact in facts.items():
        table.add_row(label, fact)
    Console(soft_wrap=True).print(table)


def _takes(card: ModelCard) -> str:
    if card.takes_prompt:
        return "a prompt"
    return f"{len(card.classes)} classes" if card.classes else "no condition"


def _classes(card: ModelCard) -> str:
    shown, more = card.classes[:_CLASSES], len(card.classes) - _CLASSES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") or "none"


def _bytes(count: int) -> str:
    return f"{count / 2**20:.1f} MiB" if count < 2**30 else f"{count / 2**30:.2f} GiB"
