"""Documents and pictures on disk: OpenRaster, pictures in and out, metadata, autosave and recovery."""

from sdedit_studio.files.problem import FileProblem

__all__ = ["FileProblem"]
