"""The log, and errors that nobody caught: they are written down and shown, and the painting stays open."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

LOG = logging.getLogger("sdedit_studio")
NAME = "sdedit-studio.log"
BYTES, COPIES = 1_000_000, 3


def start(folder: Path) -> None:
    """Write the program's log into `folder`, or to the terminal alone where that is not possible."""
    LOG.setLevel(logging.INFO)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / NAME, maxBytes=BYTES, backupCount=COPIES, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOG.addHandler(handler)


def stop() -> None:
    for handler in tuple(LOG.handlers):
        LOG.removeHandler(handler)
        handler.close()


def details(error: BaseException) -> str:
    """The traceback as text."""
    return "".join(traceback.format_exception(error))


def catch_all(show: Callable[[BaseException], None]) -> Callable[[], None]:
    """Log errors that reach the top of a slot or a thread and hand those of the UI thread to `show`.

    Returns how to undo this.
    """
    hooks = sys.excepthook, threading.excepthook

    def uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            hooks[0](kind, error, trace)
            return
        LOG.error("Uncaught\n%s", details(error))
        show(error)

    def uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            LOG.error("Uncaught in a thread\n%s", details(arguments.exc_value))

    def undo() -> None:
        sys.excepthook, threading.excepthook = hooks

    sys.excepthook, threading.excepthook = uncaught, uncaught_in_thread
    return undo
