"""The error that is raised for models."""


class ModelProblem(ValueError):
    """A model that cannot be found or used; the message is one sentence that says what to do."""
