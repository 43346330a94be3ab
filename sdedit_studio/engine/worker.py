"""The worker thread, which owns the model. Importing this module loads no torch; running the thread does."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from sdedit_studio.engine.job import Cancelled, Failed, Lane, Phase, Result, Status, Update
from sdedit_studio.engine.mailbox import Mailbox, Request
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.problems import describe, is_lack_of_memory

if TYPE_CHECKING:
    from sdedit_studio.models.loaded import LoadedModel

Opener = Callable[[str], "LoadedModel"]
"""Loads the model with a name on the calling thread."""

_HEAVY = ("sdedit_studio.engine.prepare", "torch", "sdedit_studio.engine.execute", "sdedit_studio.models.unet")
"""Imported one by one, so that closing waits for one of them at most."""

_NICE = 10
"""Well below the priority of the window's thread, which must win whenever both want the same core."""

_LARGE = 4 * 2**20
"""Bytes. Brushes take at most 1 MiB at a time, and are slower by a half where that comes from the system."""

_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -3, -1
"""Of glibc's malloc.h."""


class Worker(threading.Thread):
    """Loads the model `first`, then serves the mailbox until it closes.

    The model in use is freed when another is ready, or when both do not fit in memory. `publish`: called with every
    change of status, on this thread. Not a daemon thread: torch must not be torn down in a call.
    """

    def __init__(
        self, first: str, mailbox: Mailbox, open_model: Opener, measured: Measured, publish: Callable[[Status], None]
    ) -> None:
        super().__init__(name="model")
        self._first = first
        self._mailbox = mailbox
        self._open_model = open_model
        self._measured = measured
        self._publish = publish
        self._model: LoadedModel | None = None

    def run(self) -> None:
        lower_priority()
        return_large_blocks()
        try:
            for module in _HEAVY:
                if self._mailbox.closed:
                    return
                import_module(module)
            self._open(self._first)
        except Exception as error:
            self._publish(Status(Phase.BROKEN, self._first, message=describe(error)))
        while taken := self._mailbox.take():
            self._prepare(taken) if isinstance(taken, str) else self._answer(taken)
        self._measured.save()

    def _prepare(self, name: str) -> None:
        """Load a model and publish the outcome."""
        try:
            self._publish(self._status(Phase.READY, self._ready(name)))
        except Exception as error:
            self._publish(Status(Phase.BROKEN, name, message=describe(error)))

    def _answer(self, request: Request) -> None:
        """Run a request and deliver its outcome. After any failure the worker serves the next one."""
        name = request.jobs[0].parameters.model
        try:
            model = self._ready(name)
        except Exception as error:
            self._publish(Status(Phase.BROKEN, name, message=describe(error)))
            for job in request.jobs:
                request.deliver(Failed(job, describe(error), traceback.format_exc()))
            return
        if request.lane is not Lane.IDLE:
            self._publish(self._status(Phase.BUSY, model))
        ends = self._run(request, model)
        self._publish(self._status(Phase.READY, model))
        if isinstance(ends[0], Cancelled) and request.interrupted.is_set() and self._mailbox.requeue(request):
            return
        for end in ends:
            request.deliver(end)
        if not request.jobs[0].sketch:  # those are small, and the next may be waiting
            give_back_memory()

    def _run(self, request: Request, model: LoadedModel) -> Sequence[Update]:
        """Run the jobs of a request, deliver their progress, and return the last update of each."""
        from sdedit_studio.engine.execute import Stopped
        from sdedit_studio.engine.memory import execute_with_fallbacks
        from sdedit_studio.engine.prepare import open_on_cpu

        jobs, measured, cancelled = request.jobs, self._measured, request.stopped
        results: list[Result] = []
        try:
            for update in execute_with_fallbacks(
                jobs, model, lambda: open_on_cpu(model.card, measured), cancelled=cancelled, measured=measured
            ):
                if isinstance(update, Result):
                    results.append(update)
                else:
                    request.deliver(update)
        except Stopped:
            return [Cancelled(job) for job in jobs]
        except Exception as error:
            return [Failed(job, describe(error), traceback.format_exc()) for job in jobs]
        return results

    def _ready(self, name: str) -> LoadedModel:
        return self._model if self._model and self._model.card.name == name else self._open(name)

    def _open(self, name: str) -> LoadedModel:
        from sdedit_studio.engine.prepare import warm_up

        self._publish(Status(Phase.WARMING_UP, name))
        try:
            model = self._open_model(name)
        except Exception as error:
            if self._model is None or not is_lack_of_memory(error):
                raise
            self._model = None
            model = self._open_model(name)
        warm_up(model, self._measured)
        self._measured.save()
        self._model = model
        give_back_memory()
        self._publish(self._status(Phase.READY, model))
        return model

    def _status(self, phase: Phase, model: LoadedModel) -> Status:
        from sdedit_studio.engine.prepare import together

        seconds = self._measured.call_seconds(model.card.name, model.card.native**2)
        return Status(phase, model.card.name, model.device_name, seconds, together(model, seconds))


def lower_priority() -> None:
    """Let other threads of this process go first. Linux only: elsewhere a priority belongs to the whole process."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def return_large_blocks() -> None:
    """Make glibc return every block of `_LARGE` bytes or more to the system when it is freed.

    By default glibc takes blocks of up to 32 MiB from its heaps, where small blocks between them keep freed memory:
    200 MiB, and more with every hour.
    """
    _tell_glibc("mallopt", _M_MMAP_THRESHOLD, _LARGE)
    _tell_glibc("mallopt", _M_TRIM_THRESHOLD, 4 * _LARGE)  # else 128 KiB: brushes would take and give all the time


def give_back_memory() -> None:
    """Return freed memory to the system: glibc keeps 200 MiB of loading the bundled model, 300 of large pictures."""
    _tell_glibc("malloc_trim", 0)


def _tell_glibc(function: str, *arguments: int) -> None:
    """Call a function of glibc; does nothing on other systems."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            getattr(ctypes.CDLL("libc.so.6"), function)(*arguments)
