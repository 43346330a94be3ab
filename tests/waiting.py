"""How tests wait for what happens by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TORCH_SECONDS = 600.0
"""For a process that imports torch or runs a model: it must be enough on a machine with a load of 15."""


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Let the loop run until something is so. It counts its own pauses, so under load it waits longer."""
    for _ in range(round(seconds / 0.01)):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"It did not happen within {seconds:g} seconds.")
