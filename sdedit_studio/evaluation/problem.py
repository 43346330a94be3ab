"""The error that studies raise."""


class EvaluationProblem(ValueError):
    """A study that cannot be carried out; the message is one sentence that says what to do."""
