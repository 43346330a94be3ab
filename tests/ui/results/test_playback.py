"""Watching it think: the steps of the run that made a result, looked at, applied and exported."""

from __future__ import annotations

import asyncio
import threading
from itertools import groupby

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from sdedit_studio.editing.edit import edit_of
from sdedit_studio.engine.job import Pixels, Progress, Result
from sdedit_studio.engine.trajectory import Point, Trajectory
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.base import words
from sdedit_studio.ui.base.actions import Action, Actions
from sdedit_studio.ui.base.preferences import Preferences
from sdedit_studio.ui.base.profile import Profile
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.results.playback import Playback
from sdedit_studio.ui.results.scrubber import Scrubber
from tests.ui.documents import push
from tests.ui.flow import settle

CALLS = 6


def estimate(call: int) -> np.ndarray:
    """No two pixels of it are alike, so that sizes and places show."""
    return np.random.default_rng(call).integers(0, 256, (8, 12, 3), np.uint8)


async def watched(flow, calls: int = CALLS, playback: Playback | None = None) -> Playback:
    """A run of two passes whose steps are random pictures, to its result."""
    playback = playback or Playback(flow.generation)
    run = await flow.started()
    for call in range(1, calls + 1):
        preview = Pixels.of(estimate(call))
        index = 0 if call <= calls - 2 else 1
        run.updates.put_nowait(Progress(run.job, call, calls, index, 2, preview, 1.0, 1 / call, 0.5 / call))
    run.finish()
    await flow.until(lambda: flow.generation.activity is Activity.RESULT)
    await flow.until(lambda: playback.trajectory is None or playback.trajectory.first_unpacked() is None)
    return playback


async def looked(flow, playback: Playback, position: int) -> None:
    playback.go(position)
    await flow.until(lambda: flow.generation.shown.picture.shape == (8, 12, 3))
    await flow.until(lambda: np.array_equal(flow.generation.shown.picture.array, estimate(position + 1)))


def scrubber(flow, playback: Playback, tmp_path) -> Scrubber:
    declared = [
        Action("generate.play", "Play the steps", playback.toggle, ("J",), "film"),
        Action("generate.step-back", "Step before", lambda: playback.step(-1), ("Shift+,",), "step-back"),
        Action("generate.step-forward", "Step after", lambda: playback.step(1), ("Shift+.",), "step-forward"),
        Action("generate.export-steps", "Export the steps…", lambda: None, (), "download"),
    ]
    window = QWidget(flow.view)
    actions = Actions(declared, window, flow.view, Preferences(Profile.at(tmp_path).settings))
    made = Scrubber(playback, actions, flow.view)
    flow.banner.stack(made)
    return made


def test_applying_a_step_takes_that_steps_picture_and_says_so(tell):
    async def story(flow):
        playback = await watched(flow)
        assert playback.available and playback.last == CALLS - 1 and playback.position == playback.last
        before = flow.session.document
        await looked(flow, playback, 2)
        await flow.applied()
        layer = flow.session.document.active_layer
        shown = flatten([layer], flow.session.document.bounds)[..., 2::-1]
        wanted = Image.fromarray(estimate(3)).resize((96, 64), Image.Resampling.BICUBIC)
        assert np.array_equal(shown, np.asarray(wanted))
        assert layer.name.endswith(f", step 3 of {CALLS}")
        assert (layer.generation["step"], layer.generation["steps"], layer.generation["calls_made"]) == (3, CALLS, 3)
        assert layer.generation["sigma"] == pytest.approx(1 / 3, abs=1e-4)
        await flow.until(lambda: not playback.available)
        flow.session.undo()
        assert flow.session.document is before

    tell(story)


def test_outside_the_selection_a_step_changes_nothing(tell):
    async def story(flow):
        coverage = np.full((30, 20), 255, np.uint8)
        selection = Tiles.from_array(coverage, 30, 10)
        push(flow.session, "Select", flow.session.document.replace(selection=selection))
        before = flatten(flow.session.document.layers, flow.session.document.bounds)
        playback = await watched(flow)
        await looked(flow, playback, 0)
        await flow.applied()
        after = flatten(flow.session.document.layers, flow.session.document.bounds)
        inside = np.zeros((64, 96), bool)
        inside[10:40, 30:50] = True
        assert np.array_equal(after[~inside], before[~inside])
        assert not np.array_equal(after[inside], before[inside])

    tell(story)


def test_the_end_is_the_result_itself(tell):
    async def story(flow):
        playback = await watched(flow)
        result = flow.generation.result
        await looked(flow, playback, 1)
        assert flow.generation.result is result, "what waits is still the result"
        playback.go(playback.last)
        await flow.until(lambda: flow.generation.shown.picture is result.unpasted)
        await flow.applied()
        assert "step" not in flow.session.document.active_layer.generation
        assert (flatten(flow.session.document.layers, Rect(0, 0, 96, 64))[..., :3] == (10, 40, 200)).all()

    tell(story)


def test_steps_stop_at_the_ends_and_the_last_one_asked_for_is_seen(tell):
    async def story(flow):
        playback = await watched(flow)
        playback.step(1)
        assert playback.position == CALLS - 1
        playback.go(0)
        playback.step(-1)
        for _ in range(3):
            playback.step(1)
        assert playback.position == 3
        await flow.until(lambda: np.array_equal(flow.generation.shown.picture.array, estimate(4)))
        await settle()
        assert np.array_equal(flow.generation.shown.picture.array, estimate(4))

    tell(story)


def test_playing_goes_back_to_the_noise_and_forth_to_the_result(tell):
    async def story(flow):
        playback = await watched(flow)
        playback._timer.setInterval(15)
        seen = []
        playback.moved.connect(lambda: seen.append(playback.position))
        playback.toggle()
        assert playback.playing and playback.position == CALLS - 1
        assert flow.generation.activity is Activity.PLAYING
        await flow.until(lambda: not playback.playing)
        there = [position for position, _ in groupby(seen)]
        assert there == [*range(CALLS - 1, 0, -1), *range(CALLS)]
        playback.go(2)
        playback.toggle()
        assert playback.position == 2
        await flow.until(lambda: playback.position == 3)
        playback.toggle()
        assert not playback.playing
        playback.toggle()
        assert playback.playing and playback.position == 3, "it goes on from where it was"
        playback.go(4)
        assert not playback.playing, "taking hold of it stops it"

    tell(story)


def test_long_runs_play_no_longer_than_fifteen_seconds(tell):
    async def story(flow):
        playback = await watched(flow, calls=1000)
        playback._timer.setInterval(0)
        seen = []
        playback.moved.connect(lambda: seen.append(playback.position))
        playback.toggle()
        await flow.until(lambda: not playback.playing)
        assert min(seen) == 0 and seen[-1] == playback.last == 999
        assert len(seen) <= 2 * 150

    tell(story)


def test_discarding_puts_the_steps_away(tell):
    async def story(flow):
        playback = await watched(flow)
        await looked(flow, playback, 2)
        playback.toggle()
        assert flow.banner.escape()
        assert flow.generation.shown is None
        assert not playback.available and not playback.playing
        assert playback.trajectory is None and playback.result is None and playback.point is None
        playback.toggle()
        playback.step(-1)
        await settle()
        assert flow.generation.shown is None and not playback.playing

    tell(story)


def test_a_cancelled_run_gives_the_steps_before_it_back(tell):
    async def story(flow):
        playback = await watched(flow)
        await looked(flow, playback, 2)
        run = await flow.started()
        assert not playback.available, "a run under way has the banner"
        run.progress(1)
        await flow.until(lambda: flow.generation.progress)
        flow.generation.cancel()
        assert playback.available and playback.position == 2
        assert np.array_equal(flow.generation.shown.picture.array, estimate(3))
        await watched(flow, calls=4, playback=playback)
        assert playback.last == 3 and playback.position == 3

    tell(story)


def test_results_that_were_made_before_and_single_steps_have_none(tell):
    async def story(flow):
        playback = await watched(flow, calls=1)
        assert not playback.available
        await watched(flow, playback=playback)
        assert playback.available
        edit = edit_of(flow.session.document, flow.session.parameters, 0)
        whole = Pixels.of(np.zeros((64, 96, 3), np.uint8))
        flow.generation.present(edit, Result(edit.job, whole, whole, 1.0, 8))
        assert not playback.available and playback.trajectory is None

    tell(story)


def test_live_mode_keeps_no_steps(tell):
    async def story(flow):
        playback = await watched(flow)
        flow.generation.toggle_live()
        assert not playback.available and playback.trajectory is None
        flow.generation.stop_live()

    tell(story)


def test_the_steps_are_packed_behind_the_scenes(tell):
    async def story(flow):
        playback = await watched(flow)
        for index in range(CALLS):
            assert isinstance(playback.trajectory[index].picture, bytes)
            step = await asyncio.to_thread(playback.trajectory[index].unpacked)
            assert np.array_equal(step.preview.array, estimate(index + 1))

    tell(story)


def test_steps_left_out_for_want_of_room_when_the_run_is_over_leave_a_step_to_look_at(tell, tmp_path, monkeypatch):
    packs, pack = threading.Event(), Point.packed
    monkeypatch.setattr(Point, "packed", lambda point: (packs.wait(5), pack(point))[1])
    monkeypatch.setattr(Trajectory.__init__, "__defaults__", (CALLS * estimate(1).nbytes,))

    async def story(flow):
        playback = Playback(flow.generation)
        pill = scrubber(flow, playback, tmp_path)
        run = await flow.started()
        for call in range(1, CALLS + 1):
            run.updates.put_nowait(Progress(run.job, call, CALLS, 0, 1, Pixels.of(estimate(call)), 1.0, 1 / call))
        run.finish()
        await flow.until(lambda: playback.available)
        assert playback.position == playback.last == CALLS - 1
        packs.set()  # noise packs into more than it was
        await flow.until(lambda: playback.trajectory.first_unpacked() is None)
        assert playback.last < CALLS - 1
        assert playback.position == playback.last == pill.track.value and playback.point.call == CALLS
        playback.step(-1)
        await flow.until(lambda: np.array_equal(flow.generation.shown.picture.array, estimate(playback.point.call)))

    tell(story)


def test_the_scrubber_follows_and_leads(tell, tmp_path):
    async def story(flow):
        playback = Playback(flow.generation)
        pill = scrubber(flow, playback, tmp_path)
        assert pill.isHidden()
        await watched(flow, playback=playback)
        assert pill.isVisible() and pill.track.value == CALLS - 1
        assert pill.label.text() == f"Step {CALLS} of {CALLS} · refining · the result"
        assert pill.geometry().bottom() < flow.banner.activity.geometry().bottom()
        QTest.mouseClick(pill.track, Qt.MouseButton.LeftButton, pos=QPoint(3, 10))
        assert playback.position == 0
        assert pill.label.text() == f"Step 1 of {CALLS} · first pass · noise 1.00 (t₀ 0.50)"
        QTest.keyClick(pill.track, Qt.Key.Key_Right)
        QTest.keyClick(pill.track, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
        assert playback.position == pill.track.value == 2
        pill.play.click()
        assert playback.playing
        pill.play.click()
        assert not playback.playing
        QTest.mouseDClick(pill.track, Qt.MouseButton.LeftButton, pos=QPoint(60, 10))
        assert playback.position == CALLS - 1
        pill.set_aside(True)
        assert pill.isHidden()
        pill.set_aside(False)
        assert pill.isVisible() and pill.track.value == CALLS - 1
        pill.track.setFocus()
        flow.generation.discard()
        assert pill.isHidden()

    tell(story)


def test_a_step_is_told_by_its_place_and_its_noise(flow):
    job = edit_of(flow.session.document, flow.session.parameters, 0).job
    preview = Pixels.of(estimate(1))
    assert words.step(Progress(job, 3, 8, 0, 1, preview, None, 0.42, 0.2)) == "Step 3 of 8 · noise 0.42 (t₀ 0.20)"
    assert words.step(Progress(job, 8, 8, 0, 1, preview, None)) == "Step 8 of 8 · the result"
    last = Progress(job, 13, 13, 2, 3, preview, None, details=1)
    assert words.step(last) == "Step 13 of 13 · adding detail · the result"
    assert words.stage(Progress(job, 9, 13, 1, 3, preview, None, 0.3, details=1)) == "Refining"
    assert words.stage(Progress(job, 9, 17, 1, 3, preview, None, 0.3)) == "Refining 1 of 2"
