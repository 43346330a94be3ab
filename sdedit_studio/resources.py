"""Where the files that ship with the program are, in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def path(*parts: str) -> Path:
    """The path of a shipped file, such as `path("icons", "brush.svg")`. Raises FileNotFoundError when it is missing."""
    # An editable install leaves a stale copy where importlib.resources would look.
    for root in (_PACKAGE / "resources", _PACKAGE.parent / "resources"):
        if (found := root.joinpath(*parts)).exists():
            return found
    raise FileNotFoundError(f"SDEdit Studio is incomplete: {'/'.join(parts)} is missing. Install it again.")
