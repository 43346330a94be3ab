"""A scripted engine with the real one's surface: a test sends its updates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from sdedit_studio.engine.job import (
    Cancelled,
    DetailInfo,
    Estimate,
    Failed,
    InstallProgress,
    Job,
    Lane,
    ModelDetails,
    ModelInfo,
    ModelRefused,
    Phase,
    Pixels,
    Progress,
    Result,
    Status,
    Update,
)
from sdedit_studio.engine.noised import Noised
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.parameters import Parameters, Refine, Solver

READY = Status(Phase.READY, "scenes-96", "CPU", 0.08)
WARMING_UP = Status(Phase.WARMING_UP, "scenes-96")

DETAIL = DetailInfo(
    "scenes-96", "Scenes, detail", 4, "CC BY-SA 4.0", "a disk", "5a" * 32, 856_000, Path(), bundled=True
)

SCENES = ModelInfo("scenes-96", "Scenes", 96, 16, ("forest", "mountain"), 0.4, 8, bundled=True, detail=DETAIL)
CHURCH = ModelInfo("church", "Church", 256, 32, (), 0.5, 20)
WORDS = ModelInfo("words", "Words", 512, 64, (), 0.6, 4, Solver.CONSISTENCY, default_guidance=7.5, takes_prompt=True)
THOUSAND = ModelInfo("thousand", "Thousand", 64, 8, tuple(f"kind {i}" for i in range(1000)), 0.4, 8, knows_any=False)
SHARP = DetailInfo("sharp", "Sharp", 2, "CC0", "sharp.pth", "ab" * 32, 67_000_000, Path("sharp"), upscaler=True)

SMALL = (8, 12, 3)
"""Shape of pictures at the model's own size."""


@dataclass(eq=False)
class Run:
    """One call of `FakeEngine.run`, whose updates the test sends."""

    job: Job
    updates: asyncio.Queue[Update] = field(default_factory=asyncio.Queue)
    closed: bool = False

    def progress(self, call: int, calls: int = 8, pass_index: int = 0, colour=(90, 60, 30), left: float = 1.5) -> None:
        preview = np.full(SMALL, colour, np.uint8)
        self.updates.put_nowait(Progress(self.job, call, calls, pass_index, 2, Pixels.of(preview), left))

    def finish(
        self, colour=(200, 40, 10), seconds: float = 1.25, note: str = "", photo_distance: float | None = None
    ) -> None:
        """End with a result that is one colour wherever the mask lets it be; a sketch is small and has no mask."""
        if self.job.sketch:
            small = Pixels.of(np.full(SMALL, colour, np.uint8))
            self.updates.put_nowait(Result(self.job, small, small, seconds, 8, note, photo_distance))
            return
        picture = self.job.guide.array.copy()
        picture[slice(None) if self.job.mask is None else self.job.mask.array > 0] = colour
        whole = np.full_like(picture, colour)
        self.updates.put_nowait(
            Result(self.job, Pixels.of(picture), Pixels.of(whole), seconds, 8, note, photo_distance)
        )

    def fail(self, message: str, details: str = "") -> None:
        self.updates.put_nowait(Failed(self.job, message, details))


@dataclass(eq=False)
class Arrival:
    """One model on its way in, whose steps and end the test tells. `end` takes a name, or a ModelRefused."""

    subject: str
    watch: Callable[[InstallProgress], None]
    ended: asyncio.Future[str]

    def end(self, outcome: str | ModelRefused) -> None:
        if isinstance(outcome, ModelRefused):
            self.ended.set_exception(outcome)
        else:
            self.ended.set_result(outcome)


class FakeEngine:
    def __init__(self) -> None:
        self.status = READY
        self.runs: list[Run] = []
        self.idle: list[Run] = []
        self.installed = [ModelInfo("scenes-96", "Scenes", 96, 16, ("forest", "mountain"), 0.4, 8, detail=DETAIL)]
        self.networks = [DETAIL]
        self.latent = False
        self.later_seconds = 3.0
        self.forgets_guide = True
        self.prepared: list[str] = []
        self.arrivals: list[Arrival] = []
        self._watchers = []

    def watch(self, callback):
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback) if callback in self._watchers else None

    def become(self, status: Status) -> None:
        self.status = status
        for callback in tuple(self._watchers):
            callback(status)

    async def run(self, job: Job, lane: Lane = Lane.QUEUED):
        run = Run(job)
        (self.idle if lane is Lane.IDLE else self.runs).append(run)
        try:
            while True:
                update = await run.updates.get()
                yield update
                if not isinstance(update, Progress):
                    return
        finally:
            run.closed = True

    async def run_together(self, jobs: Sequence[Job], lane: Lane = Lane.IDLE):
        """All at once, in the order in which the test sends their updates."""
        assert lane is Lane.IDLE
        updates: asyncio.Queue[Update] = asyncio.Queue()
        batch = [Run(job, updates) for job in jobs]
        self.idle += batch
        running = len(batch)
        try:
            while running:
                update = await updates.get()
                yield update
                running -= not isinstance(update, Progress)
        finally:
            for run in batch:
                run.closed = True

    def cancel(self) -> None:
        for run in self.runs:
            if not run.closed:
                run.updates.put_nowait(Cancelled(run.job))

    def estimate(self, width: int, height: int, parameters: Parameters, *, sketch: bool = False) -> Estimate:
        if parameters.model not in {model.name for model in self.installed}:
            raise ValueError("There is no such model.")
        if parameters.t0 == 0:
            return Estimate(0, 0.0, 144, 96)
        seconds = None if self.status.call_seconds is None else 5.2
        later = None if seconds is None else self.later_seconds
        details = int(parameters.refine is Refine.DETAIL)
        return Estimate(
            parameters.calls * parameters.repeats + 7, seconds, 144, 96, details, later, self.forgets_guide, 2.03
        )

    def with_refinement(self, parameters: Parameters) -> Parameters:
        return replace(parameters, refine=Refine.DETAIL) if parameters.refine is Refine.OFF else parameters

    def noised(self, job: Job) -> Noised | None:
        return None if self.latent else Noised.of(job, ModelCard("scenes-96", Path(), "", "", "", 96, 16, 0.002, 80.0))

    def models(self) -> list[ModelInfo]:
        return list(self.installed)

    def detail_networks(self) -> list[DetailInfo]:
        return list(self.networks)

    def prepare(self, model: str) -> None:
        self.prepared.append(model)

    async def model_details(self, name: str) -> ModelDetails:
        if name == "unreadable":
            raise ModelRefused("Its folder cannot be read.")
        title = f"What {name} was trained on."
        return ModelDetails("Denoiser", 32_300_000, 68_200_000, "MIT", "a disk", "fe7c" * 16, title, None, Path(name))

    async def add_model(self, path: Path, watch: Callable[[InstallProgress], None]) -> str:
        return await self._arrive(str(path), watch)

    async def download_model(self, repository: str, watch: Callable[[InstallProgress], None]) -> str:
        return await self._arrive(repository, watch)

    async def _arrive(self, subject: str, watch: Callable[[InstallProgress], None]) -> str:
        self.arrivals.append(Arrival(subject, watch, asyncio.get_running_loop().create_future()))
        return await self.arrivals[-1].ended

    async def remove_model(self, name: str) -> None:
        self.installed = [model for model in self.installed if model.name != name]
        self.networks = [network for network in self.networks if network.name != name]
