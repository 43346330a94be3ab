"""The error that training raises."""

from __future__ import annotations


class TrainingProblem(ValueError):
    """A run that cannot start or go on; the message is one sentence that says what to do."""
