"""Jobs that differ only in their seed or t0, made as one batch: the same pictures, and nothing in anybody's way."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.diffusion.realism import LEVEL
from sdedit_studio.engine.execute import Stopped, execute, execute_together
from sdedit_studio.engine.job import Cancelled, Failed, Lane, Pixels, Progress, Result
from sdedit_studio.engine.measured import Measured
from sdedit_studio.engine.memory import execute_with_fallbacks
from sdedit_studio.engine.prepare import MOST_TOGETHER, together
from sdedit_studio.models.catalogue import find
from sdedit_studio.models.load import load
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Masking, Refine, Solver
from tests.engine.conftest import CARD, FakeModels, job
from tests.engine.test_engine import engine_test

HALF = np.where(np.arange(40) < 20, 0, 255).astype(np.uint8)[None].repeat(32, 0)


def sheet(*seeds, strength=None, **parameters):
    """Edits of one guide."""
    one = replace(job(**parameters), strength=None if strength is None else Pixels.of(strength))
    return [replace(one, parameters=replace(one.parameters, seed=seed)) for seed in seeds]


def ladder(*t0s, strength=None, **parameters):
    """Edits of one guide from several levels, with one seed."""
    one = replace(job(**parameters), strength=None if strength is None else Pixels.of(strength))
    return [replace(one, parameters=replace(one.parameters, t0=t0)) for t0 in t0s]


def singly(jobs, model, measured):
    return [[*execute(each, model, cancelled=lambda: False, measured=measured)][-1] for each in jobs]


def batched(jobs, model, measured):
    updates = [*execute_together(jobs, model, cancelled=lambda: False, measured=measured)]
    return [update for update in updates if isinstance(update, Result)]


def apart(one: Result, other: Result) -> int:
    """Grey levels."""
    return int(np.abs(one.unpasted.array.astype(int) - other.unpasted.array).max())


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"refine": Refine.SDE},
        {"mask": HALF},
        {"mask": HALF, "masking": Masking.PAPER, "refine": Refine.DOUBLE},
        {"solver": Solver.EULER_MARUYAMA, "repeats": 2},
        {"t0": 0.0},
        {"strength": np.arange(40, dtype=np.uint8)[None].repeat(32, 0) * 6},
    ],
)
def test_a_batch_makes_what_each_job_makes_alone(models, measured, parameters):
    jobs, model = sheet(3, 9, 4, **parameters), models(CARD.name)
    together = batched(jobs, model, measured)
    assert [result.job for result in together] == jobs
    for one, other in zip(together, singly(jobs, model, measured), strict=True):
        assert apart(one, other) <= 1
        assert one.calls == other.calls


RAMP = np.arange(40, dtype=np.uint8)[None].repeat(32, 0) * 6


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"mask": HALF},
        {"strength": RAMP},
        {"mask": HALF, "strength": RAMP, "masking": Masking.PAPER},
        {"solver": Solver.EULER_MARUYAMA, "repeats": 2},
        {"solver": Solver.HEUN},
        {"solver": Solver.CONSISTENCY, "strength": RAMP},
    ],
)
def test_a_batch_of_different_t0_makes_what_each_job_makes_alone(models, measured, parameters):
    jobs, model = ladder(0.1, 0.9, 0.4, **parameters), models(CARD.name)
    together = batched(jobs, model, measured)
    assert [result.job for result in together] == jobs
    for one, other in zip(together, singly(jobs, model, measured), strict=True):
        assert apart(one, other) <= 1
        assert one.calls == other.calls


@given(t0s=st.lists(st.floats(0.01, 1.0), min_size=2, max_size=4), seeds=st.lists(st.integers(0, 9), min_size=4))
def test_any_t0_and_seeds_go_together(t0s, seeds):
    jobs = [
        replace(job(), parameters=replace(job().parameters, t0=t0, seed=seed))
        for t0, seed in zip(t0s, seeds, strict=False)
    ]
    model, measured = FakeModels()(CARD.name), Measured(1, Path("none.json"))
    for one, other in zip(batched(jobs, model, measured), singly(jobs, model, measured), strict=True):
        assert apart(one, other) <= 1


def test_each_of_a_batch_tells_its_own_level(models, measured):
    jobs, model = ladder(0.2, 0.7), models(CARD.name)
    together = [*execute_together(jobs, model, cancelled=lambda: False, measured=measured)]
    for each in jobs:
        alone = [*execute(each, model, cancelled=lambda: False, measured=measured)]
        for ours, theirs in zip([u for u in together if u.job == each], alone, strict=True):
            if isinstance(ours, Progress):
                assert (ours.call, ours.sigma, ours.t) == (theirs.call, theirs.sigma, theirs.t)


def test_a_batch_is_judged_in_two_calls_for_all(models, measured):
    jobs, model = [replace(each, judge=True) for each in ladder(0.2, 0.5, 0.7, mask=HALF)], models(CARD.name)
    together = batched(jobs, model, measured)
    assert len(models.calls) == 4 + 2
    for one, other in zip(together, singly(jobs, model, measured), strict=True):
        assert one.photo_distance == pytest.approx(other.photo_distance, abs=0.02)


def test_a_batch_of_one_is_the_very_same(models, measured):
    jobs, model = sheet(7), models(CARD.name)
    assert batched(jobs, model, measured)[0].picture == singly(jobs, model, measured)[0].picture


def test_the_bundled_model_makes_the_same_in_a_batch(measured):
    model = load(find("scenes-96"), torch.device("cpu"), torch.float32)
    jobs = sheet(1, 2, calls=2)
    for one, other in zip(batched(jobs, model, measured), singly(jobs, model, measured), strict=True):
        assert apart(one, other) <= 1


def test_the_bundled_model_makes_the_same_of_different_t0(measured):
    model = load(find("scenes-96"), torch.device("cpu"), torch.float32)
    jobs = ladder(0.3, 0.7, calls=2)
    for one, other in zip(batched(jobs, model, measured), singly(jobs, model, measured), strict=True):
        assert apart(one, other) <= 1


def test_a_batch_calls_the_model_once_for_all(models, measured):
    jobs, model = sheet(1, 2, 3, calls=4), models(CARD.name)
    updates = [*execute_together(jobs, model, cancelled=lambda: False, measured=measured)]
    assert len(models.calls) == 4
    progress = [update for update in updates if isinstance(update, Progress)]
    assert [update.job for update in progress] == jobs * 4
    assert len({update.preview.data for update in progress if update.call == 4}) == 3


def test_a_batch_stops_between_two_calls(models, measured):
    updates = execute_together(
        sheet(1, 2), models(CARD.name), cancelled=lambda: len(models.calls) == 2, measured=measured
    )
    with pytest.raises(Stopped):
        list(updates)
    assert len(models.calls) == 2


def test_without_memory_for_all_they_are_made_one_after_another(measured):
    sizes = []

    def denoise(x, sigma):
        if len(x) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        sizes.append(len(x))
        return x * 0

    model = LoadedModel(CARD, torch.device("cpu"), lambda label: denoise)
    jobs = sheet(1, 2, calls=2)
    updates = [*execute_with_fallbacks(jobs, model, lambda: model, cancelled=lambda: False, measured=measured)]
    results = [update for update in updates if isinstance(update, Result)]
    assert ([result.job for result in results], [result.note for result in results]) == (jobs, ["", ""])
    assert sizes == [1] * 4


def test_without_memory_to_judge_all_each_is_made_and_judged_alone(measured):
    def denoise(x, sigma):
        if sigma == LEVEL and len(x) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return x * 0

    model = LoadedModel(CARD, torch.device("cpu"), lambda label: denoise)
    jobs = [replace(each, judge=True) for each in sheet(1, 2, calls=1)]
    updates = [*execute_with_fallbacks(jobs, model, lambda: model, cancelled=lambda: False, measured=measured)]
    results = [update for update in updates if isinstance(update, Result)]
    assert [result.job for result in results] == jobs
    assert all(result.photo_distance is not None for result in results)


@pytest.mark.parametrize(
    ("device", "call", "count"),
    [("cpu", 0.05, 8), ("cpu", 0.2, 2), ("cpu", None, 1), ("cuda", 0.005, 4), ("cuda", 0.1, 2), ("cuda", 3.0, 1)],
)
def test_how_many_are_made_at_once_depends_on_how_long_a_call_takes(device, call, count):
    assert together(LoadedModel(CARD, torch.device(device), lambda label: lambda x, sigma: x), call) == count


@engine_test
async def test_every_job_of_a_sheet_ends_with_its_result(engine, models):
    while engine.status.together == 1:
        await asyncio.sleep(0.01)
    models.calls.clear()
    jobs = sheet(*range(MOST_TOGETHER + 1), calls=2)
    ends = [update async for update in engine.run_together(jobs) if not isinstance(update, Progress)]
    assert [end.job for end in ends] == jobs
    assert all(isinstance(end, Result) for end in ends)
    assert len(models.calls) == 4, "as many as go at once, then the last"


@engine_test
async def test_a_sheet_gives_way_and_goes_on_after(engine, models):
    models.seconds = 0.02
    ends = []

    async def fill():
        ends.extend([u async for u in engine.run_together(sheet(1, 2, 3, 4)) if not isinstance(u, Progress)])
        ends.append("sheet")

    filling = asyncio.create_task(fill())
    await asyncio.sleep(0.05)
    for lane in (Lane.LIVE, Lane.QUEUED):
        ends.extend([type(u) async for u in engine.run(job(seed=9), lane) if not isinstance(u, Progress)])
    assert ends[-1] is Result and "sheet" not in ends
    await filling
    assert len([end for end in ends if isinstance(end, Result)]) == 4


@engine_test
async def test_closing_a_sheet_cancels_all_that_is_left(engine, models):
    models.seconds = 0.02
    async with aclosing(engine.run_together(sheet(1, 2, 3, 4))) as updates:
        async for _ in updates:
            break
    models.calls.clear()
    *_, last = [update async for update in engine.run(job(seed=9))]
    assert isinstance(last, Result)
    assert len(models.calls) <= 5


@engine_test
async def test_a_failure_is_told_for_each_job(engine, models):
    def fail():
        raise RuntimeError("The model broke.")

    models.before_call = fail
    ends = [update async for update in engine.run_together(sheet(1, 2))]
    assert [type(end) for end in ends] == [Failed, Failed]


@engine_test
async def test_only_edits_that_differ_in_seed_and_t0_go_together(engine, models):
    for differing in (
        [job(t0=0.3, refine=Refine.SDE), job(t0=0.5, refine=Refine.SDE)],
        [job(t0=0.0), job(t0=0.5)],
        [job(calls=3), job(calls=4)],
    ):
        with pytest.raises(ValueError, match="nothing but the seed"):
            await anext(engine.run_together(differing))
    with pytest.raises(ValueError, match="nothing but the seed"):
        await anext(engine.run_together([job(seed=1), job(seed=2, mask=HALF)]))


def test_a_closed_engine_gives_the_sheet_up(measured):
    async def main():
        from sdedit_studio.engine.engine import Engine

        models = FakeModels(seconds=0.05)
        engine = Engine(opener=models, measured=measured)
        engine.start(CARD.name)
        ends = []

        async def fill():
            ends.extend([u async for u in engine.run_together(sheet(1, 2)) if not isinstance(u, Progress)])

        filling = asyncio.create_task(fill())
        await asyncio.sleep(0.05)
        engine.close()
        await filling
        assert [type(end) for end in ends] == [Cancelled, Cancelled]

    asyncio.run(main())
