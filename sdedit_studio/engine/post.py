"""From any thread to the loop's."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


def post(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Run `callback` on the loop's thread, unless the loop is gone: then nobody is left to hear it."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
