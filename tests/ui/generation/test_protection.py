"""What is protected reaches the model as a strength map and comes out of an edit as it was."""

from __future__ import annotations

import numpy as np

from sdedit_studio.editing.live_pictures import picture_dependencies
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import words
from tests.ui.documents import push
from tests.ui.flow import settle


def protect(session, level: int = 255) -> None:
    """The left half of the canvas."""
    half = np.zeros((64, 96), np.uint8)
    half[:, :48] = level
    push(session, "Paint protection", session.document.replace(protection=Tiles.from_array(half)))


def test_protected_pixels_are_bit_identical_and_half_protected_ones_change_by_half_of_t0(tell):
    async def story(flow):
        protect(flow.session, 128)
        held = flow.session.document.protection.changed(flow.session.document.bounds, _fully_in_the_first_rows)
        push(flow.session, "Paint protection", flow.session.document.replace(protection=held))
        before = flatten(flow.session.document.layers, flow.session.document.bounds)
        run = await flow.finished()
        strength = run.job.strength.array
        assert (strength[:20, :48] == 0).all() and (strength[20:, :48] == 127).all() and (strength[:, 48:] == 255).all()
        assert np.array_equal(run.job.mask.array > 0, strength > 0)
        await flow.applied()
        after = flatten(flow.session.document.layers, flow.session.document.bounds)
        assert np.array_equal(after[:20, :48], before[:20, :48])
        assert (after[strength > 0][:, :3] == (10, 40, 200)).all()
        assert (flow.session.document.active_layer.mask.read(flow.session.document.bounds)[strength == 0] == 0).all()

    tell(story)


def _fully_in_the_first_rows(coverage, where) -> None:
    coverage[:20, :48] = 255


def test_a_job_of_nothing_protected_has_no_map(tell):
    async def story(flow):
        run = await flow.finished()
        assert run.job.strength is None and run.job.mask is None

    tell(story)


def test_nothing_left_to_change_is_said_and_nothing_runs(tell):
    async def story(flow):
        full = np.full((64, 96), 255, np.uint8)
        push(flow.session, "Protect", flow.session.document.replace(protection=Tiles.from_array(full)))
        flow.generation.generate()
        await flow.until(lambda: flow.problems)
        assert "protected" in flow.problems[0][0]
        assert not flow.engine.runs

    tell(story)


def test_protecting_while_a_result_waits_counts_as_no_painting(tell):
    async def story(flow):
        await flow.finished()
        protect(flow.session)
        await settle()
        assert not flow.generation.painted_since.tiles

    tell(story)


def test_live_mode_and_the_panel_follow_the_protection(tell):
    async def story(flow):
        before = picture_dependencies(flow.session.document, flow.session.parameters)
        assert "rotected" not in flow.panel.cost.text()
        protect(flow.session)
        assert picture_dependencies(flow.session.document, flow.session.parameters) != before
        assert "Protected pixels stay exactly as they are" in flow.panel.cost.text()
        flow.session.undo()
        assert picture_dependencies(flow.session.document, flow.session.parameters) == before
        assert "rotected" not in flow.panel.cost.text()

    tell(story)


def test_the_promise_tells_of_all_that_stays(tell):
    async def story(flow):
        protect(flow.session)
        box = Tiles.from_array(np.full((20, 20), 255, np.uint8))
        promise = words.promise(flow.session.document.replace(selection=box))
        assert "outside the selection and protected ones" in promise

    tell(story)
