"""Whether a network on the CPU is still wanted, asked while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch.nn.modules.module import register_module_forward_pre_hook

Check = Callable[[], None]
"""Raises what shall end the run."""

asked: ContextVar[Check | None] = ContextVar("asked", default=None)
"""For networks that torch does not run layer by layer."""


@contextmanager
def asking(check: Check) -> Iterator[None]:
    """Within, `check` is called before each layer of a network of torch, and every few milliseconds while a compiled
    one runs, then on another thread. What it raises ends the run, and is raised from it.
    """
    token = asked.set(check)
    try:
        with register_module_forward_pre_hook(lambda *_: check()):
            yield
    finally:
        asked.reset(token)
