"""Where jobs wait for the worker, each in its lane: queued ones in order, live ones in a mailbox of one where the
latest wins, idle ones until there is nothing else to do.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event

from sdedit_studio.engine.job import Cancelled, Job, Lane, Update


@dataclass(eq=False)
class Request:
    """Jobs that run as one batch; mostly one. `deliver` takes their updates on any thread; `stopped` is read before
    every model call.

    `interrupted`: it stops now and will start again; `cancelled`: it stops for good.
    """

    jobs: tuple[Job, ...]
    lane: Lane
    deliver: Callable[[Update], None]
    cancelled: Event = field(default_factory=Event)
    interrupted: Event = field(default_factory=Event)

    def stopped(self) -> bool:
        return self.cancelled.is_set() or self.interrupted.is_set()

    def give_up(self) -> None:
        """Deliver `Cancelled` for each job: the request will never run."""
        for job in self.jobs:
            self.deliver(Cancelled(job))


class Mailbox:
    """Thread-safe. Queued requests go before live ones, and those before idle ones.

    A running live request is cancelled by a queued or a live one; a running idle one is interrupted by anything, and
    waits again.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._queue: deque[Request] = deque()
        self._latest: Request | None = None
        self._idle: deque[Request] = deque()
        self._running: Request | None = None
        self._wanted: str | None = None
        self._closed = False

    def put(self, request: Request) -> list[Request]:
        """Add a request. Returns the waiting ones that will never run because of it: a replaced live job, or this one
        when the mailbox is closed."""
        with self._changed:
            if self._closed:
                return [request]
            dropped = []
            if request.lane is Lane.IDLE:
                self._idle.append(request)
                self._changed.notify()
                return dropped
            self._interrupt()
            if request.lane is Lane.LIVE:
                if self._latest is not None:
                    dropped.append(self._latest)
                self._latest = request
            else:
                self._queue.append(request)
            self._changed.notify()
            return dropped

    def want_model(self, model: str) -> None:
        """Request that a model be made ready, in place of an earlier request for one."""
        with self._changed:
            self._wanted = model
            if self._running is not None and self._running.lane is Lane.IDLE:
                self._running.interrupted.set()
            self._changed.notify()

    def take(self) -> Request | str | None:
        """Wait for the next request to run, or the name of a model to make ready, which goes after queued requests and
        before live and idle ones. Ends the run of the last one. None once the mailbox is closed.
        """
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._queue or self._wanted or self._latest or self._idle or self._closed)
            if self._closed:
                return None
            if self._queue:
                self._running = self._queue.popleft()
            elif self._wanted:
                wanted, self._wanted = self._wanted, None
                return wanted
            elif self._latest is not None:
                self._running, self._latest = self._latest, None
            else:
                self._running = self._idle.popleft()
            return self._running

    def requeue(self, request: Request) -> bool:
        """Put an interrupted request back, before the others of its lane. False when it was cancelled meanwhile."""
        with self._changed:
            if request.cancelled.is_set() or self._closed:
                return False
            request.interrupted.clear()
            self._idle.appendleft(request)
            return True

    def current(self) -> Request | None:
        """The request that runs, or would run next; idle ones are nobody's to see."""
        with self._changed:
            running = self._running
            if running is not None and running.lane is not Lane.IDLE:
                return running
            return self._queue[0] if self._queue else self._latest

    def withdraw(self, request: Request) -> bool:
        """Cancel one request. True when it was still waiting, so that the worker will never answer for it."""
        with self._changed:
            request.cancelled.set()
            if request in self._queue:
                self._queue.remove(request)
                return True
            if request in self._idle:
                self._idle.remove(request)
                return True
            if request is self._latest:
                self._latest = None
                return True
            return False

    def close(self) -> list[Request]:
        """Cancel what runs, let nothing more in, and return what was waiting."""
        with self._changed:
            self._closed = True
            if self._running is not None:
                self._running.cancelled.set()
            waiting = [*self._queue, *([self._latest] if self._latest else []), *self._idle]
            self._queue.clear()
            self._idle.clear()
            self._latest = None
            self._changed.notify_all()
            return waiting

    def _interrupt(self) -> None:
        """Something more urgent than what may be running has come."""
        running = self._running
        if running is not None and running.lane is Lane.LIVE:
            running.cancelled.set()
        elif running is not None and running.lane is Lane.IDLE:
            running.interrupted.set()

    @property
    def closed(self) -> bool:
        return self._closed
