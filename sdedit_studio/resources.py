"""The files that ship with the program: beside the package in a checkout, inside it in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def path(*parts: str) -> Path:
    """The path of a shipped file, such as `path("icons", "brush.svg")`. Raises FileNotFoundError when it is missing."""
    for root in (_PACKAGE, _PACKAGE.parent):
        if (found := root.joinpath("resources", *parts)).exists():
            return found
    raise FileNotFoundError(f"SDEdit Studio is incomplete: {'/'.join(parts)} is missing. Install it again.")
