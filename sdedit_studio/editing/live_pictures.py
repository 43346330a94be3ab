"""Live pictures: their parameters, and how a coarse new picture is blended with a finer one. For any thread."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor
from typing import Any

import numpy as np
from PIL import Image, ImageChops, ImageFilter

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import frame_of
from sdedit_studio.editing.edit import Edit, EditPicture
from sdedit_studio.engine.job import Pixels, Result
from sdedit_studio.engine.trajectory import at_frame_size
from sdedit_studio.parameters import Parameters, Refine, Solver

Size = tuple[int, int]

Box = tuple[int, int, int, int]
"""Left, top, right and bottom."""

CALLS = 4
"""Model calls of a live picture at most; `docs/live.md` has the measurements."""

SIDE = 1536
"""Longest side of a `BasePicture` in pixels. It is blended again with each new picture, so it is kept small."""

COARSE = 192
"""Longest side at which two guides are compared."""

REACH, FADE = 10, 4
"""Distance around a change within which the new picture is used, and width of the fade, in pixels of `COARSE`."""

NOTICED = 6
"""Grey levels by which a guide must differ to count as painted on."""

SUPPORT = 2
"""Pixels to either side that bicubic resizing looks at."""

LARGE = 0.5
"""If more than this part of the frame changed, all of it is refined again."""


@dataclass(frozen=True, eq=False)
class BasePicture:
    """The finest complete picture of an edit so far, which newer ones are blended with."""

    edit: Edit
    picture: Image.Image

    @staticmethod
    def of(edit: Edit, picture: Pixels) -> BasePicture:
        image = Image.fromarray(picture.array)
        image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
        return BasePicture(edit, image)

    def fits(self, edit: Edit) -> bool:
        """Whether the edits differ in nothing but what was painted. Looks at no pixel: `edit_of` keeps their masks."""
        own, other = self.edit.job, edit.job
        return (
            self.edit.frame == edit.frame
            and own.mask is other.mask
            and own.strength is other.strength
            and replace(own.parameters, refine=Refine.OFF) == replace(other.parameters, refine=Refine.OFF)
        )

    def painted(self, edit: Edit) -> Image.Image:
        """Coverage, at the size of this picture, of where the edit's guide was painted on since."""
        return _painted(self.edit.job.guide.array, edit.job.guide.array).resize(self.picture.size)

    def blended_with(self, edit: Edit, picture: Pixels) -> Pixels:
        """`picture` near what was painted since, fading into this one elsewhere.

        The noise is the same, so what was not painted on is nearly the same picture in both; this one has the detail.
        """
        where, new = _painted(self.edit.job.guide.array, edit.job.guide.array), Image.fromarray(picture.array)
        whole = self.picture.copy()
        if (box := where.getbbox()) is not None:
            near = _around(box, where, new, whole.size)
            whole.paste(_part(new, near, whole.size), near[:2], _part(where, near, whole.size))
        return Pixels.of(np.asarray(whole))


def picture_dependencies(document: Document, parameters: Parameters) -> tuple[Any, ...]:
    """The values that a live picture depends on. They stay equal while the guide does. Reads no pixels."""
    guides = [
        (layer.pixels, layer.mask, layer.opacity, layer.mode)
        for layer in document.layers
        if layer.in_guide and layer.visible
    ]
    return parameters, frame_of(document), document.selection, document.protection, *guides


def live_parameters(parameters: Parameters) -> Parameters:
    """The settings of a live first pass. A few-step model keeps its own solver."""
    solver = Solver.CONSISTENCY if parameters.solver is Solver.CONSISTENCY else Solver.DPMPP_2M
    return replace(parameters, calls=min(parameters.calls, CALLS), repeats=1, solver=solver, refine=Refine.OFF)


def refinement(edit: Edit, refine: Refine, first: Pixels | None = None) -> Edit:
    """The edit that carries the first pass of `edit` further. `first`: its picture, if it was made before."""
    parameters = replace(edit.job.parameters, refine=refine)
    return replace(edit, job=replace(edit.job, parameters=parameters, first=first))


def partial_refinement(base: BasePicture, edit: Edit, refine: Refine, first: Pixels) -> Edit | None:
    """The edit that refines only what was painted since `base` was made, and keeps the base's picture elsewhere.

    The base's picture takes the place of the guide, so the passes after the first must not need the guide.

    None if this is not possible: the base was refined in another way or not completely, is smaller than the frame, was
    painted on in most parts, or the edit has a strength map.
    """
    job = edit.job
    if (
        not base.fits(edit)
        or job.strength is not None
        or base.edit.job.parameters.refine is not refine
        or base.picture.size != (job.guide.width, job.guide.height)
    ):
        return None
    where = base.painted(edit)
    if job.mask is not None:
        where = ImageChops.darker(where, Image.fromarray(job.mask.array))
    mask = np.asarray(where)
    if not 0 < np.count_nonzero(mask) <= LARGE * mask.size:
        return None
    whole = refinement(edit, refine, first)
    return replace(whole, job=replace(whole.job, guide=Pixels.of(np.asarray(base.picture)), mask=Pixels.of(mask)))


def as_result(shown: EditPicture, seconds: float) -> Result:
    """A picture over the canvas as a result that can be applied, enlarged to the frame's size."""
    job = shown.edit.job
    whole = at_frame_size(job, shown.picture)
    return Result(job, whole, whole, seconds, job.parameters.calls)


def _painted(then: np.ndarray, now: np.ndarray) -> Image.Image:
    """Coverage of where two guides of one size differ, widened and soft, about `COARSE` pixels long."""
    step = max(1, max(now.shape) // COARSE)
    differs = np.abs(then[::step, ::step].astype(np.int16) - now[::step, ::step]).max(axis=2) >= NOTICED
    wide = Image.fromarray(np.where(differs, 255, 0).astype(np.uint8)).filter(ImageFilter.BoxBlur(REACH))
    return wide.point([0] + [255] * 255).filter(ImageFilter.GaussianBlur(FADE))


def _around(box: Box, where: Image.Image, new: Image.Image, to: Size) -> Box:
    """A box of `where`, scaled to a picture of size `to` and grown by the support of the resizing filter.

    Inside the grown box, resizing `new` and `where` to size `to` depends on nothing outside it.
    """
    (left, top, right, bottom), (width, height) = box, to
    across, down = width / where.width, height / where.height
    reach = SUPPORT * max(
        side / min(small) for side, small in zip(to, zip(where.size, new.size, strict=True), strict=True)
    )
    return (
        max(0, floor(left * across - reach)),
        max(0, floor(top * down - reach)),
        min(width, ceil(right * across + reach)),
        min(height, ceil(bottom * down + reach)),
    )


def _part(image: Image.Image, box: Box, whole: Size) -> Image.Image:
    """The part inside `box` of the image resized to `whole`."""
    across, down = image.width / whole[0], image.height / whole[1]
    left, top, right, bottom = box
    source = left * across, top * down, right * across, bottom * down
    return image.resize((right - left, bottom - top), Image.Resampling.BICUBIC, box=source)
