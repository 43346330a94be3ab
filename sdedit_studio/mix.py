"""The condition of an edit as text: a class, or a mix of classes such as "mountain 60, sea 40".

Parameters, files and the command line hold the text. Whether a model has these classes is checked by its card. Imports
nothing of this package.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_PART = re.compile(r"\s*([^\s,](?:.*?[^\s,])?)\s+(\d+(?:\.\d+)?)\s*%?\s*(?:,|$)")


def read(text: str, classes: Collection[str]) -> dict[str, float]:
    """The share of each class; the shares sum to 1.

    `classes`: known names, which count as one class even where they look like a mix. Raises ValueError when the text
    is neither a known name nor a mix. The names in a mix are not checked.
    """
    if text in classes:
        return {text: 1.0}
    shares: dict[str, float] = {}
    place = 0
    while place < len(text) or not text:
        part = _PART.match(text, place)
        if part is None:
            raise ValueError(f"“{text}” is not a mix of classes; write it as in “mountain 60, sea 40”.")
        name, place = part[1], part.end()
        shares[name] = shares.get(name, 0.0) + float(part[2])
    total = sum(shares.values())
    if total == 0:
        raise ValueError(f"The shares in “{text}” are all 0; write them as in “mountain 60, sea 40”.")
    return {name: share / total for name, share in shares.items() if share > 0}


def write(shares: Mapping[str, float]) -> str:
    """The text of shares, in whole per cents; of a single class, its name."""
    parts = [(name, percent) for name, share in shares.items() if (percent := round(100 * share)) > 0]
    return parts[0][0] if len(parts) == 1 else ", ".join(f"{name} {percent}" for name, percent in parts)
