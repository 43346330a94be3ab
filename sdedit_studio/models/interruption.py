"""Interrupting a network on the CPU while it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch.nn.modules.module import register_module_forward_pre_hook

Check = Callable[[], None]
"""Raises an exception when the run shall end, and else returns."""

current_check: ContextVar[Check | None] = ContextVar("current_check", default=None)
"""The check of the enclosing `interruptible` block, for networks that torch does not run layer by layer."""


@contextmanager
def interruptible(check: Check) -> Iterator[None]:
    """Within the block, `check` is called before each layer of a torch network.

    While a compiled network runs it is called every few milliseconds, on another thread. The exception that it raises
    ends the run and is raised from it.
    """
    token = current_check.set(check)
    try:
        with register_module_forward_pre_hook(lambda *_: check()):
            yield
    finally:
        current_check.reset(token)
