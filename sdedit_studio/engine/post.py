"""Calls from any thread to the loop's thread."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


def post(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    """Run `callback` on the loop's thread; do nothing when the loop is closed."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(callback)
