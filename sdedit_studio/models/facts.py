"""Facts about a model that its card does not hold, read from its folder when asked for. Loads no torch."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path

from sdedit_studio.models.catalogue import weight_files

_LONGEST_HEADER = 100 << 20
"""Bytes, as safetensors itself allows."""


def parameters(folder: Path) -> int:
    """The number of weights of its networks, from the headers of the safetensors files; damaged files count as 0."""
    return sum(_parameters_in(path) for path in weight_files(folder))


def about(folder: Path) -> str:
    """The first paragraph of its model card, `README.md`; empty where there is none."""
    try:
        text = (folder / "README.md").read_text("utf-8", errors="replace")
    except OSError:
        return ""
    if text.startswith("---"):
        text = text.partition("\n---")[2].partition("\n")[2]
    lines = ("" if line.startswith("#") else line for line in text.splitlines())
    blocks = (" ".join(block.split()) for block in "\n".join(lines).split("\n\n"))
    return next((block for block in blocks if block and block[0] not in "|!<[`-*"), "")


def _parameters_in(path: Path) -> int:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length)) if length <= _LONGEST_HEADER else {}
        return sum(prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0
