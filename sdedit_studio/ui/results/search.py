"""Finding results by words: what can be said of one, and whether a search meets it."""

from __future__ import annotations

from itertools import pairwise

from sdedit_studio.document.results import Record
from sdedit_studio.ui.base import words


def matches(record: Record, search: str) -> bool:
    """Whether each word of a search is the beginning of something that can be said of the record.

    What follows the name of a setting, as in "seed 3", is sought in that setting alone.
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
