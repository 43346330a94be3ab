"""Finding results by words: what can be said of one, and whether a search meets it."""

from __future__ import annotations

from sdedit_studio.document.results import Record
from sdedit_studio.ui import words


def meets(record: Record, search: str) -> bool:
    """Whether each word of a search is the beginning of something that can be said of the record."""
    wanted = _split(search)
    known = _words(record) if wanted else []
    return all(any(word.startswith(each) for word in known) for each in wanted)


def _words(record: Record) -> list[str]:
    settings, local = record.settings, record.time.astimezone()
    t0 = f"{settings.t0:.2f}"
    said = [
        f"seed {settings.seed} t0 t₀ {t0} {t0.removeprefix('0')} {settings.model} {settings.solver}",
        f"{settings.condition or 'any'} {settings.prompt or ''}",
        f"{words.day(record.time)} {local:%A} {local:%B} {local:%Y-%m-%d} {local:%H:%M}",
        "starred" if record.starred else "",
        "masked" if record.mask is not None else "",
    ]
    return [word for part in said for word in _split(part)]


def _split(text: str) -> list[str]:
    """A "seed=3" or "seed: 3" is two words."""
    return text.casefold().replace("=", " ").replace(": ", " ").replace(",", " ").split()
