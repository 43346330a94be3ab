"""What can go wrong with a training run, told in one sentence."""

from __future__ import annotations


class TrainingProblem(ValueError):
    """A run that cannot start or go on; the message is one sentence that says what to do."""
