"""What a live picture is made of: the guide brought up to date, and a coarse picture over a finer one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sdedit_studio.document.edits import guide
from sdedit_studio.editing.edit import Edit, edit_of
from sdedit_studio.editing.live_pictures import CALLS, BasePicture, live_parameters, partial_refinement
from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.parameters import Parameters, Refine, Solver
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from tests.editing.documents import painted, painted_document

SIDES = st.integers(96, 700)


def test_a_guide_brought_up_to_date_is_the_guide():
    document = painted_document()
    before = edit_of(document, Parameters(), 0)
    document = painted(document, Rect(20, 10, 30, 30), (9, 90, 200, 255))
    again = edit_of(document, Parameters(), 1, before)
    assert np.array_equal(again.job.guide.array, guide(document, document.bounds))
    for change in ({"opacity": 0.5}, {"visible": False}, {"visible": True}, {"in_guide": False}):
        document = document.with_layer(document.active, **change)
        again = edit_of(document, Parameters(), 2, again)
        assert np.array_equal(again.job.guide.array, guide(document, document.bounds)), change


def test_whether_only_paint_differs_is_told_without_a_look_at_a_mask(monkeypatch):
    cover = Tiles.from_array(np.full((64, 48), 255, np.uint8))
    held = Tiles.from_array(np.full((9, 9), 100, np.uint8))
    document = painted_document().replace(selection=cover, protection=held)
    before = edit_of(document, Parameters(), 0)
    base = BasePicture.of(before, before.job.guide)
    document = painted(document, Rect(20, 10, 30, 30), (9, 90, 200, 255))
    again = edit_of(document, Parameters(), 1, before)
    monkeypatch.setattr(Pixels, "__eq__", lambda *_args: pytest.fail("An 8K mask is compared at every picture."))
    assert base.fits(again) and again.job.mask is not None and again.job.strength is not None
    for change in ({"selection": None}, {"protection": None}, {"frame": Rect(0, 0, 80, 60)}):
        document = document.replace(**change)
        again = edit_of(document, Parameters(), 2, again)
        assert not base.fits(again), change


def test_a_live_picture_takes_few_calls_once_and_the_solver_that_its_model_needs():
    chosen = Parameters(calls=20, repeats=3, solver=Solver.EULER_MARUYAMA, refine=Refine.SDE, seed=5, t0=0.6)
    assert live_parameters(chosen) == Parameters(calls=CALLS, refine=Refine.OFF, seed=5, t0=0.6)
    few_step = Parameters(calls=2, solver=Solver.CONSISTENCY)
    assert live_parameters(few_step) == Parameters(calls=2, solver=Solver.CONSISTENCY, refine=Refine.OFF)


def test_where_nothing_is_selected_other_protection_alone_tells_two_edits_apart():
    def held(level: int) -> Tiles:
        return Tiles.from_array(np.full((9, 9), level, np.uint8))

    document = painted_document().replace(protection=held(100))
    before = edit_of(document, Parameters(), 0)
    base = BasePicture.of(before, before.job.guide)
    assert before.job.mask is None and before.job.strength is not None
    assert base.fits(edit_of(document, Parameters(), 1, before))
    for protection in (held(90), None):
        assert not base.fits(edit_of(document.replace(protection=protection), Parameters(), 1, before))


def test_a_coarse_picture_over_a_fine_one_changes_nothing_far_from_the_paint():
    document = painted_document()
    then = np.full((400, 600, 3), 120, np.uint8)
    now = then.copy()
    now[20:60, 20:60] = 250
    fine = np.random.default_rng(0).integers(0, 256, (400, 600, 3), np.uint8)
    coarse = np.full((96, 144, 3), 7, np.uint8)
    edits = [Edit(document, Rect(0, 0, 600, 400), Job(Pixels.of(picture), Parameters())) for picture in (then, now)]
    seen = BasePicture.of(edits[0], Pixels.of(fine)).blended_with(edits[1], Pixels.of(coarse)).array
    assert np.abs(seen[25:55, 25:55].astype(int) - 7).max() <= 2
    assert np.array_equal(seen[200:], fine[200:]) and np.array_equal(seen[:, 250:], fine[:, 250:])
    assert isinstance(BasePicture.of(edits[0], Pixels.of(fine)).picture, Image.Image)


def test_what_cannot_be_refined_in_part_is_refined_whole():
    document = painted_document()
    then = np.full((400, 600, 3), 120, np.uint8)
    frame, fine = Rect(0, 0, 600, 400), Pixels.of(np.full((400, 600, 3), 33, np.uint8))
    first = Pixels.of(np.full((96, 144, 3), 7, np.uint8))

    def edit(picture: np.ndarray, refine: Refine = Refine.SDE, **more) -> Edit:
        return Edit(document, frame, Job(Pixels.of(picture), Parameters(refine=refine), **more))

    def painted(*box: slice) -> np.ndarray:
        now = then.copy()
        now[box] = 250
        return now

    base = BasePicture.of(edit(then), fine)
    little = painted(slice(20, 60), slice(20, 60))
    again = partial_refinement(base, edit(little), Refine.SDE, first)
    assert again.job.guide == fine and again.job.first == first
    assert again.job.mask.array[40, 40] == 255 and not again.job.mask.array[200:].any()
    two = painted(slice(20, 60), slice(20, 60)) | painted(slice(340, 380), slice(540, 580))
    assert partial_refinement(base, edit(two), Refine.SDE, first) is not None
    assert partial_refinement(base, edit(painted(slice(0, 300), slice(0, 500))), Refine.SDE, first) is None
    assert partial_refinement(base, edit(then), Refine.SDE, first) is None
    assert partial_refinement(base, edit(little), Refine.DOUBLE, first) is None
    assert partial_refinement(BasePicture.of(edit(then), first), edit(little), Refine.SDE, first) is None
    weak = Pixels.of(np.full((400, 600), 90, np.uint8))
    assert partial_refinement(base, edit(little, strength=weak), Refine.SDE, first) is None
    land = np.zeros((400, 600), np.uint8)
    land[300:] = 255
    mask = Pixels.of(land)
    masked = [edit(picture, mask=mask) for picture in (then, little)]
    assert BasePicture.of(masked[0], fine).fits(masked[1])
    assert partial_refinement(BasePicture.of(masked[0], fine), masked[1], Refine.SDE, first) is None


@given(SIDES, SIDES, st.data())
def test_only_the_box_around_the_paint_is_worked_on_and_nothing_shows_of_that(width, height, data):
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    noise = np.random.default_rng(width * height)
    then = noise.integers(0, 200, (height, width, 3), np.uint8)
    now = then.copy()
    now[top : top + 30, left : left + 50] += 40
    fine, coarse = (Pixels.of(noise.integers(60, 196, (*size, 3), np.uint8)) for size in ((height, width), (32, 48)))
    frame, document = Rect(0, 0, width, height), painted_document(1, 2)
    before, after = (Edit(document, frame, Job(Pixels.of(picture), Parameters())) for picture in (then, now))
    base = BasePicture.of(before, fine)
    whole = Image.fromarray(coarse.array).resize(base.picture.size, Image.Resampling.BICUBIC)
    wanted = np.asarray(Image.composite(whole, base.picture, base.painted(after)))
    # A level each for what resizing rounds across, down, and in the cover. Nothing overshoots, which would be cut off
    # in whatever order Pillow resizes the two sides.
    assert np.abs(base.blended_with(after, coarse).array.astype(int) - wanted).max() <= 3
