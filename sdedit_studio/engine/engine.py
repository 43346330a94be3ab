"""The window's side of the engine: jobs in, updates out, on one asyncio loop. Loads no torch and no Qt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from sdedit_studio.diffusion.plan import Detail, forgets_guide, native_size
from sdedit_studio.engine import library
from sdedit_studio.engine.cost import costs
from sdedit_studio.engine.job import (
    DetailInfo,
    Estimate,
    Job,
    Lane,
    ModelDetails,
    ModelInfo,
    Phase,
    Progress,
    Status,
    Step,
    Update,
    in_common,
)
from sdedit_studio.engine.mailbox import Mailbox, Request
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.noised import Noised
from sdedit_studio.engine.post import post
from sdedit_studio.engine.prepare import compute_threads, open_model
from sdedit_studio.engine.worker import Opener, Worker
from sdedit_studio.models.catalogue import find
from sdedit_studio.parameters import Parameters, Refine


class Engine:
    """Owns the worker thread. All methods belong to the thread of the loop on which `start` was called.

    `models_dir`: where added models are kept, by default the user's folder. `opener` and `measured`: how a model is
    loaded and where figures are kept, for tests.
    """

    def __init__(
        self, models_dir: Path | None = None, *, opener: Opener | None = None, measured: Measured | None = None
    ) -> None:
        self._models_dir = models_dir
        self._measured = measured or Measured(compute_threads())
        self._open = opener or (lambda name: open_model(name, self._measured, models_dir))
        self._mailbox = Mailbox()
        self._worker: Worker | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._status = Status(Phase.WARMING_UP, Parameters.model)
        self._watchers: list[Callable[[Status], None]] = []

    @property
    def status(self) -> Status:
        """The latest status; WARMING_UP before `start`."""
        return self._status

    def start(self, model: str = Parameters.model) -> None:
        """Start the worker thread; it loads torch and `model`, warms up and measures a call. Needs a running loop.

        Call it once, after the window shows: importing torch takes the interpreter's attention for moments.
        """
        self._loop = asyncio.get_running_loop()
        self._worker = Worker(model, self._mailbox, self._open, self._measured, self._post_status)
        self._worker.start()

    def watch(self, callback: Callable[[Status], None]) -> Callable[[], None]:
        """Have `callback` called on the loop's thread at every change of status. Returns how to stop that."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback) if callback in self._watchers else None

    async def run(self, job: Job, lane: Lane = Lane.ASKED) -> AsyncIterator[Update]:
        """Yield any number of `Progress`, then exactly one `Result`, `Cancelled` or `Failed`.

        Jobs that are asked for queue; a live job replaces the last live one, and a running live job gives way to any
        newer one. An idle job runs when there is nothing else to do, gives way to anything, and then begins again.
        Closing the iterator early cancels the job. Jobs may be given before the model is ready; they wait for it.
        """
        async with aclosing(self._updates((job,), lane)) as updates:
            async for update in updates:
                yield update

    async def run_together(self, jobs: Sequence[Job], lane: Lane = Lane.IDLE) -> AsyncGenerator[Update, None]:
        """`run` for jobs with the same `in_common`, several at a time where the device gains from that.

        Each update names its job; of every job the last is a `Result`, `Cancelled` or `Failed`. Between two batches
        anything may go first. Closing the iterator early cancels all. Raises ValueError for jobs that differ in more.
        """
        if any(in_common(job) != in_common(jobs[0]) for job in jobs[1:]):
            raise ValueError(
                "Only edits that differ in nothing but the seed, or unless refined the t0, can be made together."
            )
        left = tuple(jobs)
        while left:
            batch, left = left[: self._status.together], left[self._status.together :]
            async with aclosing(self._updates(batch, lane)) as updates:
                async for update in updates:
                    yield update

    async def _updates(self, jobs: tuple[Job, ...], lane: Lane) -> AsyncGenerator[Update]:
        """What becomes of jobs that are made as one batch."""
        loop = asyncio.get_running_loop()
        updates: asyncio.Queue[Update] = asyncio.Queue()

        def deliver(update: Update) -> None:
            post(loop, lambda: updates.put_nowait(update))

        request = Request(jobs, lane, deliver)
        for dropped in self._mailbox.put(request):
            dropped.give_up()
        running = len(jobs)
        try:
            while running:
                update = await updates.get()
                if not isinstance(update, Progress):
                    running -= 1
                yield update
        finally:
            self._mailbox.withdraw(request)

    def cancel(self) -> None:
        """Give up the job that runs, or that would run next: within one model call it yields `Cancelled`."""
        request = self._mailbox.current()
        if request is not None and self._mailbox.withdraw(request):
            request.give_up()

    def estimate(self, width: int, height: int, parameters: Parameters, *, sketch: bool = False) -> Estimate:
        """What an edit of a `width` x `height` frame will cost; `sketch` is a job's.

        Raises ModelProblem when the model, or the detail network that it needs, is not installed.
        """
        card = find(parameters.model, self._models_dir)
        passes = costs(card, width, height, parameters, sketch=sketch)
        seconds = [cost.seconds(self._measured) for cost in passes]
        known = [each for each in seconds if each is not None]
        complete = len(known) == len(passes)
        native_width, native_height = native_size(width, height, card.native, card.stride)
        return Estimate(
            calls=sum(cost.stage.model_calls for cost in passes),
            seconds=sum(known) if complete else None,
            native_width=native_width,
            native_height=native_height,
            details=sum(isinstance(cost.stage, Detail) for cost in passes),
            later_seconds=sum(known[1:]) if complete else None,
            forgets_guide=forgets_guide([cost.stage for cost in passes], (native_width, native_height)),
            sigma=passes[0].stage.sigma if passes else 0.0,
        )

    def carried_up(self, parameters: Parameters) -> Parameters:
        """The settings with the picture refined: as they say, or where they do not, as the model does it by default.

        Raises ModelProblem when the model is not installed.
        """
        if parameters.refine is not Refine.OFF:
            return parameters
        return replace(parameters, refine=find(parameters.model, self._models_dir).default_refine, detail=None)

    def noised(self, job: Job) -> Noised | None:
        """What the model starts from when it does `job`; None when it works in latents, where there is nothing to see.

        Safe on any thread. Raises ModelProblem when the model is not installed.
        """
        card = find(job.parameters.model, self._models_dir)
        return None if card.format == "latent" else Noised.of(job, card)

    def prepare(self, model: str) -> None:
        """Have `model` loaded now, after the jobs that queue. Until it is, and if it fails, the one before stays ready.

        The status tells how it goes; for a model that is ready already, it is READY again.
        """
        self._mailbox.want(model)

    def models(self) -> list[ModelInfo]:
        """The installed models, the shipped ones first."""
        return library.infos(self._models_dir)

    def detail_networks(self) -> list[DetailInfo]:
        """The detail networks that models bring, in the models' order, then the upscalers that were added."""
        return library.detail_infos(self._models_dir)

    async def model_details(self, name: str) -> ModelDetails:
        """All there is to tell of one model. Raises ModelRefused when it cannot be read."""
        return await library.details(name, self._models_dir)

    async def add_model(self, path: Path, watch: Callable[[Step], None]) -> str:
        """Bring the model or upscaler at `path`, a file or a folder, among the installed ones; returns its name.

        Raises ModelRefused for anything that cannot be used; then, and when cancelled, nothing has changed.
        """
        return await library.add(path, self._models_dir, watch)

    async def download_model(self, repository: str, watch: Callable[[Step], None]) -> str:
        """Fetch a model from Hugging Face, and add it; returns its name. A later call goes on after a cancel.

        Raises ModelRefused when offline, and for anything that cannot be used.
        """
        return await library.download(repository, self._models_dir, watch)

    async def remove_model(self, name: str) -> None:
        """Delete a model or an upscaler.

        Raises ModelRefused for a shipped one, or when the system does not allow it.
        """
        await library.remove(name, self._models_dir)

    def close(self) -> None:
        """Cancel everything and wait for the thread: at most one model call or one import. Call it once, at the end."""
        for waiting in self._mailbox.close():
            waiting.give_up()
        self._watchers.clear()
        if self._worker is not None:
            self._worker.join()

    def _post_status(self, status: Status) -> None:
        assert self._loop is not None
        post(self._loop, lambda: self._publish(status))

    def _publish(self, status: Status) -> None:
        if status != self._status:
            self._status = status
            for callback in tuple(self._watchers):
                callback(status)
