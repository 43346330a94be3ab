"""The models on this machine, as the window lists, adds, downloads and removes them. Loads no torch in this process.

Models are added in a subprocess: it can be stopped at any moment, and neither a hostile file, nor a lack of memory, nor
loading torch affects the window.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any

from sdedit_studio import resources
from sdedit_studio.engine.job import DetailInfo, InstallProgress, ModelDetails, ModelInfo, ModelRefused
from sdedit_studio.engine.post import post
from sdedit_studio.engine.problems import describe
from sdedit_studio.models import catalogue, facts
from sdedit_studio.models.catalogue import ModelCard, ModelProblem, Prediction
from sdedit_studio.models.detail import DetailCard

Watch = Callable[[InstallProgress], None]
"""Called at each step, on the loop's thread."""

Task = Callable[[Watch, str, Path | None], str]
"""Work for the subprocess: of a callback for its progress, a path or repository, and the models' folder. Returns a
model's name.
"""

_REPORT_SECONDS = 0.1
"""Seconds between two reports of a download's progress."""

_NICE = 10

_PREDICTS = {
    Prediction.NOISE: "Predicts the noise",
    Prediction.VELOCITY: "Predicts velocity",
    Prediction.PICTURE: "Predicts the picture",
    Prediction.SCORE: "Score network",
    Prediction.EDM: "Denoiser in EDM’s form",
    Prediction.CONSISTENCY: "Consistency model for few steps",
}


def infos(models_dir: Path | None) -> list[ModelInfo]:
    """The installed models, the shipped ones first."""
    networks = {network.name: network for network in detail_infos(models_dir) if not network.upscaler}
    return [_info(card, networks.get(card.name)) for card in catalogue.installed(models_dir)]


def detail_infos(models_dir: Path | None) -> list[DetailInfo]:
    """The detail networks that models bring, in the models' order, then the added upscalers."""
    return [_detail_info(card) for card in catalogue.detail_networks(models_dir)]


async def details(name: str, models_dir: Path | None) -> ModelDetails:
    """The details of one model. Raises ModelRefused when it cannot be read."""
    return await asyncio.to_thread(_refusing, lambda: _details(catalogue.find(name, models_dir)))


async def add(path: Path, models_dir: Path | None, watch: Watch) -> str:
    """Install the model or upscaler at `path`, a file or a folder; returns its name.

    Raises ModelRefused for anything that cannot be used; then, and when cancelled, nothing has changed.
    """
    return await _in_subprocess(_add, str(path), models_dir, watch)


async def download(repository: str, models_dir: Path | None, watch: Watch) -> str:
    """Download the model `repository` from Hugging Face and install it; returns its name. The next call resumes.

    Raises ModelRefused when offline, and for anything that cannot be used.
    """
    return await _in_subprocess(_download, repository, models_dir, watch)


async def remove(name: str, models_dir: Path | None) -> None:
    """Delete a model or an upscaler. Raises ModelRefused for a shipped one, or when the system does not allow it."""
    await asyncio.to_thread(_refusing, lambda: catalogue.remove(name, models_dir))


def _detail_info(card: DetailCard) -> DetailInfo:
    return DetailInfo(
        card.name,
        card.title,
        card.factor,
        card.licence,
        card.source or "not stated",
        card.sha256 or "",
        card.bytes_on_disk,
        card.folder,
        card.upscaler,
        card.folder.is_relative_to(resources.path("models")),
    )


def _info(card: ModelCard, detail: DetailInfo | None) -> ModelInfo:
    return ModelInfo(
        card.name,
        card.title,
        card.native,
        card.stride,
        card.classes,
        card.default_t0,
        card.default_calls,
        card.default_solver,
        card.default_guidance,
        card.default_condition is None,
        card.takes_prompt,
        card.bundled,
        detail,
    )


def _details(card: ModelCard) -> ModelDetails:
    strip = card.folder / "strip.png"
    return ModelDetails(
        kind=f"{_PREDICTS[card.prediction]}, in {'latents' if card.format == 'latent' else 'pixels'}",
        parameters=facts.parameters(card.folder),
        bytes_on_disk=card.bytes_on_disk,
        licence=card.licence,
        source="SDEdit Studio itself" if card.bundled else card.source or "not stated",
        sha256=card.sha256 or catalogue.digest(card.folder),
        about=facts.about(card.folder),
        strip=strip if strip.is_file() else None,
        folder=card.folder,
    )


def _refusing(work: Callable[[], Any]) -> Any:
    """What `work` returns. Raises ModelRefused for whatever it raises."""
    try:
        return work()
    except Exception as error:
        raise ModelRefused(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    if isinstance(error, ModelProblem | ImportError):
        return describe(error)
    if isinstance(error, MemoryError):
        return "There is not enough memory for this model: close other programs and try again."
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"This did not work because of an unexpected error ({reason})."


# --- In the window's process ---------------------------------------------------------------------------------------


async def _in_subprocess(task: Task, source: str, models_dir: Path | None, watch: Watch) -> str:
    """What `task` returns in a subprocess, which is terminated when this is cancelled. Raises ModelRefused."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[str] = loop.create_future()
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, task, source, models_dir), name="models")

    def receive(outcome: str, value: Any) -> None:
        if ended.done():
            return
        match outcome:
            case "step":
                watch(value)
            case "added":
                ended.set_result(value)
            case "refused":
                ended.set_exception(ModelRefused(value))

    def listen() -> None:
        with here:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    message = here.recv()
                    post(loop, lambda message=message: receive(*message))
            process.join()
            died = "The model could not be added: reading it ended abnormally, perhaps for lack of memory."
            post(loop, lambda: receive("refused", died))

    process.start()
    there.close()
    threading.Thread(target=listen, name="models").start()
    try:
        return await ended
    except asyncio.CancelledError:
        process.terminate()
        raise


# --- In the other process ------------------------------------------------------------------------------------------


def _work(connection: Connection, task: Task, source: str, models_dir: Path | None) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what is half written is cleared away
    if sys.platform == "linux":
        os.nice(_NICE)
    try:
        name = task(lambda step: connection.send(("step", step)), source, models_dir)
    except Exception as error:
        connection.send(("refused", _sentence(error)))
    else:
        connection.send(("added", name))


def _add(report: Watch, path: str, models_dir: Path | None) -> str:
    from sdedit_studio.models.adding.add import add

    return add(Path(path), models_dir=models_dir, watch=lambda words: report(InstallProgress(words))).name


def _download(report: Watch, repository: str, models_dir: Path | None) -> str:
    from sdedit_studio.models.adding.download import download

    reported_at, all_here = -_REPORT_SECONDS, False

    def fetched(here: int, total: int) -> None:
        nonlocal reported_at
        if monotonic() >= reported_at + _REPORT_SECONDS:
            reported_at = monotonic()
            report(InstallProgress(f"{here / 1e6:.0f} of {total / 1e6:.0f} MB", here / max(1, total)))

    def watch(words: str) -> None:
        """Report the words of adding; until all is fetched, they are names of files."""
        nonlocal all_here
        all_here = all_here or words == "Reading"
        if all_here:
            report(InstallProgress(words))

    report(InstallProgress("Asking Hugging Face"))
    return download(repository, models_dir=models_dir, fetched=fetched, watch=watch).name
