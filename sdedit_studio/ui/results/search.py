"""Searching results by words."""

from __future__ import annotations

from itertools import pairwise

from sdedit_studio.document.results import Record
from sdedit_studio.ui.base import words


def matches(record: Record, search: str) -> bool:
    """Whether each word of a search is a prefix of a word that describes the record.

    A word after the name of a setting, as in "seed 3", is compared with that setting only.
    """
    wanted = _split(search)
    if not wanted:
        return True
    settings = _settings(record)
    known = [*settings, *(word for values in settings.values() for word in values), *_words(record)]
    return all(
        any(word.startswith(each) for word in settings.get(before, known)) for before, each in pairwise(["", *wanted])
    )


def _settings(record: Record) -> dict[str, list[str]]:
    """The values of what has a name, in the ways in which they are written."""
    t0 = f"{record.settings.t0:.2f}"
    level = [t0, t0.removeprefix("0")]
    return {"seed": [str(record.settings.seed)], "t0": level, "t₀": level}


def _words(record: Record) -> list[str]:
    settings, local = record.settings, record.time.astimezone()
    said = [
        f"{settings.model} {settings.solver} {settings.condition or 'any'} {settings.prompt or ''}",
        f"{words.day(record.time)} {local:%A} {local:%B} {local:%Y-%m-%d} {local:%H:%M}",
        "starred" if record.starred else "",
        "masked" if record.mask is not None else "",
    ]
    return [word for part in said for word in _split(part)]


def _split(text: str) -> list[str]:
    """A "seed=3" or "seed: 3" is two words."""
    return text.casefold().replace("=", " ").replace(": ", " ").replace(",", " ").split()
