"""The error that reading and writing files raises."""

from __future__ import annotations

import errno

_WORDS = {
    errno.ENOSPC: "the disk is full. Free some space and try again",
    errno.EDQUOT: "your disk quota is used up. Free some space and try again",
    errno.EACCES: "you have no permission there. Choose another folder",
    errno.EPERM: "you have no permission there. Choose another folder",
    errno.EROFS: "that disk is read-only. Choose another folder",
    errno.ENOENT: "the folder or file does not exist. Choose another one",
    errno.ENOTDIR: "the folder does not exist. Choose another one",
    errno.EISDIR: "that is a folder. Choose a file name",
    errno.ENAMETOOLONG: "the name is too long. Choose a shorter one",
}


class FileProblem(ValueError):
    """A file cannot be read or written. The message is one sentence, or two, that says what to do."""


def because(error: OSError) -> str:
    """Why the system refused, in plain words, to end a sentence with."""
    return _WORDS.get(error.errno or 0, error.strerror or str(error) or "the system refused") + "."
