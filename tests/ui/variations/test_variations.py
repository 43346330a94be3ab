"""Variations: filled while painting goes on, and what can be done with them."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from sdedit_studio.document.edits import with_canvas
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.target import Target
from sdedit_studio.editing.variation import NEAR, blended
from sdedit_studio.engine.job import Job
from sdedit_studio.parameters import Refine
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.session import new_document
from sdedit_studio.ui.generation.activity import Activity
from tests.ui.documents import push
from tests.ui.flow import settle
from tests.ui.variations.sheets import COLOURS, begun, composite, filled, paint, select_left, shown

# --- Filling -------------------------------------------------------------------------------------------------------


def test_a_sheet_is_the_seed_and_those_after_it(flow, tell):
    async def story(flow):
        flow.session.set_parameters(seed=5, refine=Refine.SDE)
        runs = await begun(flow)
        assert [run.job.parameters.seed for run in runs] == [5, 6, 7, 8]
        assert {run.job.parameters.refine for run in runs} == {Refine.OFF}
        assert len({run.job.guide.data for run in runs}) == 1
        assert flow.panel.sheet.hint.text() == "0 of 4 ready, about 21 s left."
        runs[1].progress(8)
        runs[1].finish()
        variations = flow.variations
        await flow.until(lambda: variations.sheet[1].done)
        assert [each.done for each in variations.sheet] == [False, True, False, False]
        assert variations.filling and flow.panel.sheet.hint.text().startswith("1 of 4 ready")
        variations = await filled(flow, [runs[0], *runs[2:]])
        assert all(run.closed for run in runs)
        assert [each.seed for each in variations.sheet] == [5, 6, 7, 8]

    tell(story)


def test_painting_goes_on_while_it_fills_and_the_sheet_says_that_it_is_older(flow, tell):
    async def story(flow):
        variations, session = flow.variations, flow.session
        runs = await begun(flow)
        document = session.document
        paint(session)
        assert variations.filling and variations.outdated
        await filled(flow, runs)
        assert flow.panel.sheet.hint.text().startswith("Of earlier strokes or settings")
        session.undo()
        assert session.document is document and not variations.outdated
        session.set_parameters(t0=0.7)
        assert variations.outdated
        session.set_parameters(t0=0.4, seed=99, refine=Refine.OFF)
        assert not variations.outdated, "it has several seeds, and is never refined"

    tell(story)


def test_a_sheet_that_came_to_nothing_leaves_the_one_before_as_it_was(flow, tell, empty_document):
    async def story(flow):
        variations = await filled(flow)
        paint(flow.session)
        variations.make()
        assert variations.stop()
        assert variations.outdated and not variations.continues_seeds
        push(flow.session, "Clear", empty_document)
        variations.make()
        await flow.until(lambda: flow.problems)
        assert flow.problems[0][0].startswith("Paint something first")
        assert variations.outdated and len(variations.sheet) == 4

    tell(story)


def test_beginning_again_after_something_more_urgent_shows_nothing_coarser(flow, tell):
    async def story(flow):
        runs = await begun(flow)
        variation = flow.variations.sheet[0]
        for call, colour in ((1, COLOURS[0]), (2, COLOURS[1]), (1, COLOURS[2])):
            runs[0].progress(call, colour=colour)
        await flow.until(lambda: runs[0].updates.empty())
        await asyncio.sleep(0)
        assert variation.picture.array[0, 0].tolist() == list(COLOURS[1])

    tell(story)


def test_the_next_sheet_of_the_same_painting_has_the_seeds_that_follow(flow, tell):
    async def story(flow):
        flow.session.set_parameters(seed=2**32 - 6)
        await filled(flow)
        assert [run.job.parameters.seed for run in await begun(flow)] == [2**32 - 2, 2**32 - 1, 0, 1]
        paint(flow.session)
        assert (await begun(flow))[0].job.parameters.seed == 2**32 - 6

    tell(story)


def test_stopping_keeps_what_is_ready(flow, tell):
    async def story(flow):
        variations = flow.variations
        runs = await begun(flow)
        runs[0].progress(8)
        runs[0].finish()
        await flow.until(lambda: variations.sheet[0].done)
        assert variations.stop()
        await flow.until(lambda: runs[1].closed)
        assert [each.seed for each in variations.sheet] == [1] and not variations.filling
        assert not variations.stop()

    tell(story)


def test_another_model_ends_the_filling_so_that_the_one_before_is_not_loaded_again(flow, tell):
    async def story(flow):
        variations = flow.variations
        runs = await begun(flow)
        runs[0].progress(8)
        runs[0].finish()
        await flow.until(lambda: variations.sheet[0].done)
        flow.session.set_parameters(t0=0.6)
        assert variations.filling
        flow.session.set_parameters(model="cats-64")
        await flow.until(lambda: runs[-1].closed)
        assert [each.seed for each in variations.sheet] == [1] and not variations.filling
        assert flow.messages[-1].startswith("Another model was chosen")
        assert await begun(flow), "a sheet of the new model fills"
        flow.session.set_parameters(calls=5)
        assert variations.filling

    tell(story)


def test_a_failure_is_said_once_and_keeps_what_is_ready(flow, tell):
    async def story(flow):
        variations = flow.variations
        runs = await begun(flow)
        runs[0].progress(8)
        runs[0].finish()
        for run in runs[1:]:
            run.fail("The model broke. Choose another.", "traceback")
        await flow.until(lambda: not variations.filling)
        assert flow.problems == [("The model broke. Choose another.", "traceback")]
        assert len(variations.sheet) == 1 and all(run.closed for run in runs)

    tell(story)


def test_nothing_to_work_from_is_said(flow, tell, empty_document):
    async def story(flow):
        flow.session.set_parameters(t0=0.0)
        flow.variations.make()
        assert flow.problems[-1][0].startswith("At 0 nothing changes.")
        flow.session.set_parameters(t0=0.4)
        flow.session.open(empty_document, None)
        flow.variations.make()
        await flow.until(lambda: len(flow.problems) == 2)
        assert flow.problems[-1][0].startswith("Paint something first")
        assert not flow.variations.filling and flow.engine.idle == []

    tell(story)


def test_another_document_clears_the_sheet_and_cancels_the_rest(flow, tell):
    async def story(flow):
        runs = await begun(flow)
        flow.session.open(new_document(), None)
        await flow.until(lambda: all(run.closed for run in runs))
        assert flow.variations.sheet == () and flow.panel.sheet.sheet.isHidden()
        assert flow.panel.sheet.hint.text().startswith("See your painting with other seeds")

    tell(story)


def test_one_that_is_being_shown_is_not_when_the_canvas_becomes_another(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        variations.choose([variations.sheet[0]])
        await asyncio.sleep(0)
        push(flow.session, "Resize canvas", with_canvas(flow.session.document, 200, 150))
        await settle()
        assert flow.generation.activity is Activity.NOTHING

    tell(story)


# --- What can be done with them ------------------------------------------------------------------------------------


def test_a_click_shows_one_and_apply_makes_it_a_layer(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        document = flow.session.document
        variations.choose([variations.sheet[1]])
        await shown(flow, variations.sheet[1])
        assert flow.generation.activity is Activity.RESULT and flow.session.document is document
        await flow.applied()
        assert (composite(flow.session.document)[..., 2::-1] == COLOURS[1]).all()
        assert flow.session.document.active_layer.name == "SDEdit 0.40, seed 2"
        flow.session.undo()
        assert flow.session.document is document

    tell(story)


def test_another_one_goes_over_what_was_applied_but_not_over_strokes(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        variations.choose([variations.sheet[0]])
        await shown(flow, variations.sheet[0])
        await flow.applied()
        push(flow.session, "Add layer", flow.session.document.inserted(Layer("Mine")))
        paint(flow.session)
        variations.choose([variations.sheet[1]])
        await shown(flow, variations.sheet[1])
        await flow.applied()
        picture = composite(flow.session.document)[..., 2::-1]
        assert (picture[4:12, 4:12] == 255).all() and (picture[20:] == COLOURS[1]).all()

    tell(story)


def test_what_was_applied_becomes_a_layer_although_another_one_is_chosen_meanwhile(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        variations.choose([variations.sheet[0]])
        await shown(flow, variations.sheet[0])
        before = flow.session.document
        assert flow.generation.apply() and flow.generation.apply(), "asked for twice it is one layer"
        variations.choose([variations.sheet[1]])
        await shown(flow, variations.sheet[1])
        assert flow.session.document.active_layer.name == "SDEdit 0.40, seed 1"
        assert len(flow.session.document.layers) == len(before.layers) + 1
        await flow.applied()
        assert (composite(flow.session.document)[..., 2::-1] == COLOURS[1]).all(), "it lies over the first"
        flow.session.undo()
        flow.session.undo()
        assert flow.session.document is before

    tell(story)


def test_looking_at_one_ends_live_mode_and_the_cost_is_again_that_of_generate(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        flow.generation.toggle_live()
        assert flow.panel.cost.text().startswith("11 model calls")
        variations.choose([variations.sheet[0]])
        await shown(flow, variations.sheet[0])
        assert not flow.generation.live.on and flow.panel.cost.text().startswith("14 model calls and detail")

    tell(story)


def test_one_that_was_discarded_can_be_shown_again(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        variations.choose([variations.sheet[1]])
        await shown(flow, variations.sheet[1])
        flow.generation.discard()
        flow.panel.sheet.sheet.clicked_again.emit()
        await shown(flow, variations.sheet[1])

    tell(story)


def test_a_run_is_not_given_up_for_a_look(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        run = await flow.started()
        variations.choose([variations.sheet[0]])
        await settle()
        assert not run.closed and flow.generation.activity is Activity.RUNNING
        assert flow.messages[-1].startswith("A run is under way.")
        assert not variations.can_make_full_size

    tell(story)


def test_working_one_out_carries_this_very_picture_on_and_keeps_its_seed(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        paint(flow.session)
        flow.session.set_parameters(refine=Refine.DOUBLE)
        one = variations.sheet[2]
        variations.choose([one])
        variations.make_full_size()
        await flow.until(lambda: flow.engine.runs)
        job = flow.engine.runs[0].job
        assert (job.first, job.guide, job.parameters.refine) == (one.picture, one.edit.job.guide, Refine.DOUBLE)
        assert flow.session.parameters.seed == job.parameters.seed == 3 and flow.generation.seed_locked
        flow.engine.runs[0].finish()
        await flow.until(lambda: flow.generation.activity is Activity.RESULT)
        assert not variations.can_make_full_size, "it waits already, so Enter is for applying it"
        variations.make_full_size()
        assert flow.generation.activity is Activity.RESULT

    tell(story)


async def worked_out(flow, variations) -> Job:
    """Work the third one out, to a result that waits. Returns what was asked of the engine."""
    variations.choose([variations.sheet[2]])
    variations.make_full_size()
    await flow.until(lambda: flow.engine.runs)
    run = flow.engine.runs[0]
    run.finish()
    await flow.until(lambda: flow.generation.activity is Activity.RESULT)
    return run.job


def test_working_one_out_of_another_model_refines_as_that_model_does(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        flow.session.set_parameters(model="church", refine=Refine.SDE, crispness=0.3)
        parameters = (await worked_out(flow, variations)).parameters
        assert (parameters.model, parameters.refine, parameters.crispness) == ("scenes-96", Refine.DETAIL, 1.0)

    tell(story)


def test_the_sheet_stays_what_it_is_however_results_are_refined(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        flow.session.set_parameters(crispness=0.2, detail="finer")
        assert not variations.outdated

    tell(story)


def test_working_one_out_is_for_full_size_even_where_nothing_is_refined(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        flow.session.set_parameters(refine=Refine.OFF)
        assert (await worked_out(flow, variations)).parameters.refine is Refine.DETAIL

    tell(story)


def test_starred_ones_stay_when_the_sheet_is_made_again(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        kept, told = variations.sheet[2], []
        variations.starred.connect(told.append)
        variations.choose([kept])
        variations.star()
        assert told == [kept]
        flow.session.set_parameters(seed=1, t0=0.5)
        runs = await begun(flow)
        assert variations.sheet[0] is kept and [run.job.parameters.seed for run in runs] == [1, 2, 3, 4]
        await filled(flow, runs)
        flow.session.set_parameters(t0=0.4)
        assert [run.job.parameters.seed for run in await begun(flow)] == [1, 2, 4], (
            "the very same one is not made twice"
        )
        variations.choose([kept])
        variations.star()
        assert not kept.starred
        assert told == [kept]

    tell(story)


def test_locking_a_seed(flow, tell):
    async def story(flow):
        variations = await filled(flow)
        variations.choose([variations.sheet[3]])
        variations.lock_seed()
        assert flow.session.parameters.seed == 4 and flow.generation.seed_locked
        assert flow.messages[-1] == "Seed 4 is kept from now on."

    tell(story)


def test_more_like_one_are_small_changes_of_its_picture(flow, tell):
    async def story(flow):
        select_left(flow.session)
        variations = await filled(flow)
        chosen = variations.sheet[1]
        variations.choose([chosen])
        before = len(flow.engine.idle)
        variations.more_like_this()
        await flow.until(lambda: len(flow.engine.idle) > before)
        jobs = [run.job for run in flow.engine.idle[before:]]
        assert [job.parameters.seed for job in jobs] == [3, 4, 5] and {job.parameters.t0 for job in jobs} == {NEAR}
        original, guide = chosen.edit.job.guide.array, jobs[0].guide.array
        inside = chosen.edit.job.mask.array == 255
        assert (guide[inside] == COLOURS[1]).all() and (guide[~inside] == original[~inside]).all()
        assert variations.sheet[0] is chosen and all(each.origin is chosen for each in variations.sheet[1:])
        assert flow.panel.sheet.hint.text().startswith("More like seed 2.")
        await filled(flow, flow.engine.idle[before:])
        variations.choose([variations.sheet[1]])
        assert not variations.can_lock, "its seed alone would not make it again"

    tell(story)


def test_blending_two_is_one_step_with_the_upper_one_hidden(flow, tell):
    async def story(flow):
        session = flow.session
        variations = await filled(flow)
        below, above = variations.sheet[0], variations.sheet[2]
        variations.choose([below])
        await shown(flow, below)
        variations.choose([below, above])
        paint(session)
        before = session.document
        assert variations.can_blend
        variations.blend()
        await flow.until(lambda: session.document is not before)
        document = session.document
        assert flow.generation.activity is Activity.NOTHING, "the one that was shown is a layer now"
        assert [layer.name[-6:] for layer in document.layers[-2:]] == ["seed 1", "seed 3"]
        picture = composite(document)
        assert (picture[4:12, 4:12] == 255).all(), "what was painted since stays in sight"
        assert (picture[20:, :, 2::-1] == COLOURS[0]).all()
        assert (session.tool, session.target, session.foreground) == ("brush", Target.MASK, (255, 255, 255))
        assert flow.messages[-1].startswith("Paint with white where seed 3 should show")
        session.undo()
        assert session.document is before

    tell(story)


@pytest.mark.parametrize("coverage", [0, 255])
def test_what_edits_left_alone_stays_under_any_blend(flow, tell, coverage):
    async def story(flow):
        select_left(flow.session)
        variations = await filled(flow)
        now = flow.session.document
        document = blended(variations.sheet[0], variations.sheet[1], now)
        mask = Tiles.from_array(np.full((64, 96), coverage, np.uint8))
        picture = composite(document.with_layer(document.active, mask=mask))
        assert (picture[:, 48:] == composite(now)[:, 48:]).all()
        assert (picture[:, :48, 2::-1] == COLOURS[1 if coverage else 0]).all()

    tell(story)
