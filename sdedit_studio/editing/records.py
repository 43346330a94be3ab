"""Records of results, and the edits, layers and files made from records. Pure, for any thread."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import result_name, strength, with_picture
from sdedit_studio.document.results import Record
from sdedit_studio.document.target import Target, surface, with_surface
from sdedit_studio.editing.edit import Edit
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.files import pictures
from sdedit_studio.files import results as files


def title(record: Record) -> str:
    """The title of a result, such as "t₀ 0.42, seed 3"."""
    return f"t₀ {record.settings.t0:.2f}, seed {record.settings.seed}"


def record_of(edit: Edit, result: Result) -> Record:
    """The record of a result; for a background thread."""
    job = result.job
    held = None if job.strength is None else job.strength.array
    return files.new_record(
        result.unpasted.array,
        job.guide.array,
        None if job.mask is None else job.mask.array,
        # A task grades its strength itself, and that is nothing a person painted.
        strength=strength(edit.document, edit.frame) if edit.task else held,
        frame=edit.frame,
        canvas=(edit.document.width, edit.document.height),
        parameters=job.parameters.as_dict(),
        calls=result.calls,
        seconds=result.seconds,
    )


def edit_of_record(record: Record, document: Document, revision: int) -> tuple[Edit, Result]:
    """A record as an edit of `document` with its result; for a background thread. Raises FileProblem."""
    mask, held = (None if each is None else Pixels.of(files.coverage(each)) for each in (record.mask, record.strength))
    job = Job(Pixels.of(files.rgb(record.guide)), record.settings, mask, revision, strength=held)
    picture = Pixels.of(files.rgb(record.picture))
    return Edit(document, record.frame, job), Result(job, picture, picture, record.seconds, record.calls)


def with_protection_of(document: Document, record: Record) -> Document:
    """The document with the record's frame protected as it was when the result was made.

    Returns the same document object if the protection is equal. Raises ValueError, with a sentence for the person, when
    the canvas has another size.
    """
    assert record.strength is not None
    if record.canvas != (document.width, document.height):
        raise ValueError("The settings are back, but what was protected lies on a canvas of another size.")
    held, now = 255 - files.coverage(record.strength), surface(document, Target.PROTECTION)
    if np.array_equal(now.read(record.frame), held):
        return document
    return with_surface(document, Target.PROTECTION, now.with_array(held, record.frame.x, record.frame.y))


def export_picture(path: Path, record: Record) -> None:
    """Write the picture of a record to a file, with its settings as metadata. Raises FileProblem."""
    pictures.export(path, files.pasted(record), metadata=record.parameters, composite=record.mask is not None)


def with_layer_of(document: Document, record: Record) -> Document:
    """The document with the record's picture as a new layer, on a canvas of any size. Raises FileProblem."""
    picture = files.rgb(record.picture)[..., ::-1]
    alpha = np.full(picture.shape[:2], 255, np.uint8) if record.mask is None else files.coverage(record.mask)
    premultiplied = (picture.astype(np.uint16) * alpha[..., None] + 127) // 255
    pixels = np.dstack([premultiplied.astype(np.uint8), alpha])
    return with_picture(document, pixels, result_name(record.settings))
