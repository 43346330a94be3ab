"""Texts of the window about edits, made from values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sdedit_studio.document.document import Document
from sdedit_studio.engine.job import Estimate, ModelInfo, Phase, Progress, Status
from sdedit_studio.raster.geometry import Rect

NO_CHANGE = "At 0 nothing changes. Move “Change t₀” to the right, to 0.3 for instance."

UNDER_WAY = "A run is under way. Wait for it, or press Esc to end it."

WARMING_UP = "You can paint already; the model is warming up."

KEEPS = (
    (0.0, "Changes nothing."),
    (0.12, "Keeps every stroke, adds a little texture."),
    (0.28, "Keeps your shapes and makes their surfaces natural."),
    (0.46, "Keeps the composition; strokes become a scene."),
    (0.62, "Keeps the large shapes and redraws what is in them."),
    (0.82, "Keeps only the rough layout of colours."),
    (0.95, "Keeps hardly more than light and dark."),
    (1.0, "Forgets your painting and makes a scene of its own."),
)
"""Up to each t0, what an edit does to strokes."""


def keeps(t0: float) -> str:
    """What an edit at this t0 keeps of the painting."""
    return next(words for limit, words in KEEPS if t0 <= limit)


def level(t0: float, estimate: Estimate | None) -> str:
    """The noise level that t0 stands for."""
    return f"t₀ = {t0:.2f}" + (f": the guide is noised to σ = {estimate.sigma:.2f}" if estimate else "")


NOISED = "On the canvas: what the model starts from here."


def measures(l2: float, rmse: float, photo_distance: float | None) -> str:
    """How far a picture of the t0 strip is from the strokes and from photographs."""
    strokes = f"L₂ {l2:.0f} away from your strokes: {rmse:.0f} grey levels a pixel."
    return (
        strokes
        if photo_distance is None
        else f"{strokes}\n{photo_distance:.2f} away from photographs, as the model estimates it."
    )


def curves(spot: tuple[float, float] | None) -> str:
    """What the two curves under the t0 strip are."""
    best = f"\nShaded: both together are least at t₀ {spot[0]:.2f} to {spot[1]:.2f}." if spot else ""
    return (
        "How far each picture above is\n– from your strokes (L₂: squared differences, summed over its pixels),\n"
        "– from photographs (how far the model’s denoising error is from what it expects).\n"
        f"Each curve goes from its least to its greatest.{best}"
    )


def cost(estimate: Estimate | None, status: Status, problem: str) -> str:
    """Model calls and time of an edit; or `problem`, if there is no estimate."""
    if estimate is None:
        return problem
    count = estimate.calls - estimate.details
    calls = "1 model call" if count == 1 else f"{count} model calls"
    if estimate.calls == 0:
        return "No model call is needed."
    if estimate.details:
        calls += " and detail"
    if estimate.seconds is not None:
        return f"{calls}, about {duration(estimate.seconds)} on this computer."
    if status.phase is Phase.WARMING_UP:
        return f"{calls}; their time is being measured."
    return f"{calls}."


def native(model: ModelInfo | None, estimate: Estimate | None) -> str:
    """At what size the model sees the picture."""
    if model is None:
        return ""
    seen = f"; first sees yours at {estimate.native_width} × {estimate.native_height}" if estimate else ""
    return f"Native size {model.native} px{seen}."


def mix(shares: Mapping[str, float]) -> str:
    """What the classes of a mix are, in per cents."""
    return ", ".join(f"{name} {100 * share:.0f} %" for name, share in shares.items())


def promise(document: Document) -> str:
    """What an edit leaves alone."""
    protected = document.protection is not None
    for part, limits in (
        ("selection", document.selection is not None),
        ("frame", document.frame is not None and document.frame != document.bounds),
    ):
        if limits:
            return f"Pixels outside the {part}{' and protected ones' if protected else ''} stay exactly as they are."
    if protected:
        return "Protected pixels stay exactly as they are; the result becomes a new layer."
    return "Your layers stay as they are; the result becomes a new one."


def duration(seconds: float) -> str:
    """A length of time to the precision that one can feel."""
    if seconds < 0.95:
        return f"{max(0.1, seconds):.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min"


def file_size(size: int) -> str:
    """A file size to the precision that one can use."""
    if size < 1000 * 1000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.2f} GB"


def when(time: datetime) -> str:
    """A moment as people say it: "Today at 14:05"."""
    local = time.astimezone()
    return f"{day(time)} at {local:%H:%M}"


def day(time: datetime) -> str:
    """A day as people say it: "Today", "Yesterday", "3 May 2026"."""
    local, now = time.astimezone(), datetime.now().astimezone()
    days = (now.date() - local.date()).days
    return {0: "Today", 1: "Yesterday"}.get(days, f"{local:%d} {local:%B} {local:%Y}".lstrip("0"))


def stage(progress: Progress) -> str:
    """Which pass is under way."""
    refining = progress.passes - 1 - progress.details
    if progress.pass_index == 0:
        return "Generating"
    if progress.pass_index > refining:
        return "Adding detail"
    return f"Refining {progress.pass_index} of {refining}" if refining > 1 else "Refining"


def step(progress: Progress) -> str:
    """Call, pass and noise level of a step of a run."""
    words = [f"Step {progress.call} of {progress.calls}"]
    if progress.passes > 1:
        words.append("first pass" if progress.pass_index == 0 else stage(progress).lower())
    if progress.call == progress.calls:
        words.append("the result")
    else:
        words.append(f"noise {progress.sigma:.2f} (t₀ {progress.t:.2f})")
    return " · ".join(words)


def clause(sentence: str) -> str:
    """The beginning of a sentence, for a line without room for all of it."""
    return re.split(r"[:.]", sentence)[0]


def pace(rate: float, latency: float) -> str:
    """How fast live mode follows the pen."""
    figure = f"{rate:.1f}" if rate < 9.95 else f"{rate:.0f}"
    return f"{figure} a second, {max(0.1, latency):.1f} s behind" if rate >= 0.05 else f"{latency:.0f} s behind"


def countdown(progress: Progress, seconds_left: float | None) -> str:
    """Progress of the run in calls, and the seconds left."""
    calls = f"call {progress.call} of {progress.calls}"
    if seconds_left is None:
        return calls
    return f"{calls} · {seconds_left:.1f} s left" if seconds_left < 9.95 else f"{calls} · {duration(seconds_left)} left"


def frame(document: Document, rect: Rect, estimate: Estimate | None) -> str:
    """Which part of the canvas is sent, and at what size the model first sees it; for the status bar."""
    if rect == document.bounds:
        part = "whole canvas"
    else:
        part = f"{'selection, ' if document.selection is not None else ''}{rect.width} × {rect.height}"
    size = f" → {estimate.native_width} × {estimate.native_height}" if estimate else ""
    return f"Frame: {part}{size}"


def engine(status: Status) -> str:
    """Which model runs where and how fast; for the status bar."""
    if status.phase is Phase.WARMING_UP:
        return f"{status.model} is warming up"
    if status.phase is Phase.BROKEN:
        return f"{status.model} cannot be used"
    call = "" if status.call_seconds is None else f", {1000 * status.call_seconds:.0f} ms a call"
    return f"{status.model} on {status.device}{call}"
