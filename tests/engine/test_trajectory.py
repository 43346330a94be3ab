"""The steps of a run within a budget: which stay, what they weigh, and that no pixel changes on the way."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.engine.job import Job, Pixels, Progress, Result
from sdedit_studio.engine.trajectory import Trajectory, at_frame_size, step_picture
from sdedit_studio.parameters import Parameters

JOB = Job(Pixels.of(np.zeros((4, 6, 3), np.uint8)), Parameters())


def picture(number: int, pixels: int) -> Pixels:
    return Pixels.of(np.full((1, pixels, 3), number % 256, np.uint8))


def run(calls: list[int], sides: list[int]) -> list[Progress]:
    """A run of `calls` calls in each pass, whose pictures have as many pixels as `sides` says."""
    whole, steps = sum(calls), []
    for index, (count, pixels) in enumerate(zip(calls, sides, strict=True)):
        for _ in range(count):
            call = len(steps) + 1
            steps.append(Progress(JOB, call, whole, index, len(calls), picture(call, pixels), 1.0, 1 / call, 0.5))
    return steps


def test_a_run_that_begins_again_takes_the_place_of_what_there_was():
    one, two, three = run([3], [5])
    trajectory = Trajectory()
    for steps, kept in (([one, two, three], [1, 2, 3]), ([one, two], [1, 2]), ([one], [1]), ([one, two], [1, 2])):
        for step in steps:
            trajectory.add(step)
        assert [point.call for point in trajectory] == kept
        assert trajectory.bytes == sum(point.bytes for point in trajectory)
    trajectory.add(two)
    assert [point.call for point in trajectory] == [2], "the same step again is another run"


passes = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 40)), min_size=1, max_size=4)


@settings(deadline=None)
@given(passes, st.integers(0, 4000), st.integers(0, 3))
def test_a_budget_holds_and_each_pass_keeps_its_ends_and_even_strides(passes, budget, packed):
    calls, sizes = [count for count, _ in passes], [size for _, size in passes]
    steps = run(calls, sizes)
    trajectory = Trajectory(budget)
    for step in steps:
        trajectory.add(step)
        for _ in range(packed):
            if point := trajectory.first_unpacked():
                trajectory.replace_packed(point, point.packed())
    points = list(trajectory)
    assert trajectory.bytes == sum(point.bytes for point in points)
    kept = [point.call for point in points]
    assert kept == sorted(set(kept))

    begin, ends = 1, set()
    for count in calls:
        own = [call for call in kept if begin <= call < begin + count]
        assert own[0] == begin and own[-1] == begin + count - 1
        gaps = [after - before for before, after in pairwise(own)]
        assert len(set(gaps[:-1])) <= 1, "all steps that stay are equally far apart, but for the last one"
        assert not gaps or gaps[-1] <= max(gaps)
        ends |= {begin, begin + count - 1}
        begin += count
    assert trajectory.bytes <= budget or set(kept) == ends
    if 3 * sum(count * size for count, size in passes) <= budget and not packed:
        assert kept == list(range(1, sum(calls) + 1))
    assert [kept[i] for i in trajectory.passes] == [1 + sum(calls[:i]) for i in range(len(calls))]


def test_the_heaviest_pass_is_thinned_first():
    trajectory = Trajectory(3 * (8 * 1 + 5 * 100))
    for step in run([8, 9], [1, 100]):
        trajectory.add(step)
    assert [point.call for point in trajectory] == [*range(1, 9), 9, 11, 13, 15, 17]


def test_a_thousand_steps_cost_no_more_than_their_budget():
    trajectory = Trajectory(200_000)
    for step in run([1000], [1000]):
        trajectory.add(step)
        assert trajectory.bytes <= 200_000
    assert len(trajectory) > 30


@given(st.integers(0, 2**32 - 1))
def test_packing_changes_no_pixel(seed):
    array = np.random.default_rng(seed).integers(0, 256, (7, 5, 3), np.uint8)
    trajectory = Trajectory()
    trajectory.add(Progress(JOB, 1, 2, 0, 1, Pixels.of(array), 3.0, 0.25, 0.1))
    point = trajectory.first_unpacked()
    trajectory.replace_packed(point, point.packed())
    assert trajectory.first_unpacked() is None and trajectory[0].packed() is trajectory[0]
    step = trajectory[0].unpacked()
    assert np.array_equal(step.preview.array, array)
    assert (step.call, step.calls, step.sigma, step.t, step.seconds_left) == (1, 2, 0.25, 0.1, None)


def test_a_step_that_was_dropped_while_it_was_packed_stays_away():
    trajectory = Trajectory(3 * 4)
    steps = run([5], [2])
    trajectory.add(steps[0])
    trajectory.add(steps[1])
    second = trajectory[1]
    trajectory.add(steps[2])
    trajectory.replace_packed(second, second.packed())
    assert [point.call for point in trajectory] == [1, 3]
    assert trajectory.bytes == sum(point.bytes for point in trajectory)


def test_a_run_that_begins_again_replaces_its_steps():
    trajectory = Trajectory()
    for step in [*run([6], [2])[:4], *run([3, 2], [2, 4])]:
        trajectory.add(step)
    assert [point.call for point in trajectory] == [1, 2, 3, 4, 5]
    assert trajectory.passes == [0, 3]


@pytest.mark.parametrize("size", [(6, 4), (3, 2)])
def test_what_is_seen_of_a_step_leaves_the_guide_where_the_mask_is_black(size):
    guide = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)
    mask = np.zeros((4, 6), np.uint8)
    mask[:, 4:] = 255
    job = Job(Pixels.of(guide), Parameters(), Pixels.of(mask))
    whole = Pixels.of(np.full_like(guide, 9))
    result = Result(job, whole, whole, 1.0, 2)
    trajectory = Trajectory()
    trajectory.add(Progress(job, 1, 2, 0, 1, Pixels.of(np.full((2, 3, 3), 200, np.uint8)), None))
    early = step_picture(trajectory[0], result, size, last=False)
    assert early.shape == (size[1], size[0], 3)
    assert (early[:, -1] == 200).all()
    if size == (6, 4):
        assert np.array_equal(early[:, :4], guide[:, :4])
    assert (step_picture(trajectory[0], result, size, last=True) == 9).all()


def test_where_the_strength_is_nothing_an_estimate_is_the_guide():
    guide = np.random.default_rng(1).integers(0, 256, (4, 6, 3), np.uint8)
    strength = np.zeros((4, 6), np.uint8)
    strength[:, 4:] = 255
    job = Job(Pixels.of(guide), Parameters(), strength=Pixels.of(strength))
    estimate = Pixels.of(np.full((2, 3, 3), 200, np.uint8))
    whole = at_frame_size(job, estimate).array
    assert np.array_equal(whole[:, :4], guide[:, :4]) and (whole[:, 4:] == 200).all()
    trajectory = Trajectory()
    trajectory.add(Progress(job, 1, 2, 0, 1, estimate, None))
    result = Result(job, job.guide, job.guide, 1.0, 2)
    assert np.array_equal(step_picture(trajectory[0], result, (6, 4), last=False), whole)
