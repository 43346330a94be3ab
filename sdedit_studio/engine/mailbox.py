"""Where jobs wait for the worker: explicit ones in a queue, live ones in a mailbox of one where the latest wins."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition, Event

from sdedit_studio.engine.job import Job, Update


@dataclass(eq=False)
class Request:
    """One job on its way. `deliver` takes its updates on any thread; `cancelled` is read before every model call."""

    job: Job
    live: bool
    deliver: Callable[[Update], None]
    cancelled: Event = field(default_factory=Event)


class Mailbox:
    """Thread-safe. Explicit jobs go before live ones, and a running live job gives way to either."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._queue: deque[Request] = deque()
        self._latest: Request | None = None
        self._running: Request | None = None
        self._wanted: str | None = None
        self._closed = False

    def put(self, request: Request) -> list[Request]:
        """Add a request. Returns the waiting ones that will never run because of it: a replaced live job, or this one
        when the mailbox is closed."""
        with self._changed:
            if self._closed:
                return [request]
            if self._running is not None and self._running.live:
                self._running.cancelled.set()
            dropped = []
            if request.live:
                if self._latest is not None:
                    dropped.append(self._latest)
                self._latest = request
            else:
                self._queue.append(request)
            self._changed.notify()
            return dropped

    def want(self, model: str) -> None:
        """Ask for a model to be made ready, instead of any asked for before."""
        with self._changed:
            self._wanted = model
            self._changed.notify()

    def take(self) -> Request | str | None:
        """Wait for the next request to run, or the name of a model to make ready: that goes after explicit jobs and
        before live ones. None once the mailbox is closed. Ends the last one's run."""
        with self._changed:
            self._running = None
            self._changed.wait_for(lambda: self._queue or self._wanted or self._latest or self._closed)
            if self._closed:
                return None
            if self._queue:
                self._running = self._queue.popleft()
            elif self._wanted:
                wanted, self._wanted = self._wanted, None
                return wanted
            else:
                self._running, self._latest = self._latest, None
            return self._running

    def current(self) -> Request | None:
        """The request that runs, or would run next."""
        with self._changed:
            return self._running or (self._queue[0] if self._queue else self._latest)

    def withdraw(self, request: Request) -> bool:
        """Cancel one request. True when it was still waiting, so that the worker will never answer for it."""
        with self._changed:
            request.cancelled.set()
            if request in self._queue:
                self._queue.remove(request)
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
            waiting = [*self._queue, *([self._latest] if self._latest else [])]
            self._queue.clear()
            self._latest = None
            self._changed.notify_all()
            return waiting

    @property
    def closed(self) -> bool:
        return self._closed
