"""Exceptions as one clear sentence for people. Loads no torch."""

from __future__ import annotations

from sdedit_studio.models.catalogue import ModelProblem

_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")


def describe(error: BaseException) -> str:
    """What went wrong and what to do, in one sentence."""
    text = str(error)
    if is_lack_of_memory(error):
        return "There was not enough memory: choose a smaller refine, or close other programs, and try again."
    if isinstance(error, ModelProblem | ValueError):
        return text
    if isinstance(error, ImportError):
        return f"A part that runs the model could not be loaded ({text}): install SDEdit Studio again."
    reason = f"{type(error).__name__}: {text}".splitlines()[0]
    return f"The edit stopped because of an unexpected error ({reason})."


def is_lack_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _OUT_OF_MEMORY)
