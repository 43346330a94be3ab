"""The engine from the window's side: a real thread, an asyncio loop, and models in closed form."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time

import pytest

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Cancelled, Failed, Lane, Phase, Progress, Result, Status
from sdedit_studio.models.catalogue import ModelProblem
from sdedit_studio.parameters import Parameters, Refine
from tests.engine.conftest import CARD, job
from tests.waiting import TORCH_SECONDS


@contextlib.asynccontextmanager
async def running(models, measured, *, model=CARD.name):
    engine = Engine(opener=models, measured=measured)
    engine.start(model)
    try:
        yield engine
    finally:
        engine.close()


async def updates(engine, job, lane=Lane.QUEUED):
    return [update async for update in engine.run(job, lane)]


def engine_test(test):
    """Run an async test with `engine` already started."""

    def wrapped(models, measured):
        async def main():
            async with asyncio.timeout(TORCH_SECONDS), running(models, measured) as engine:
                await test(engine, models)

        asyncio.run(main())

    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


@engine_test
async def test_a_job_yields_progress_then_its_result(engine, models):
    *progress, result = await updates(engine, wanted := job())
    assert [type(update) for update in progress] == [Progress] * 4
    assert isinstance(result, Result)
    assert result.job is wanted


@engine_test
async def test_equal_jobs_give_equal_pictures(engine, models):
    one, other = (await updates(engine, job(seed=9)))[-1], (await updates(engine, job(seed=9), lane=Lane.LIVE))[-1]
    assert one.picture == other.picture


@engine_test
async def test_cancelling_takes_at_most_one_call(engine, models):
    models.seconds = 0.1
    ends = []
    async for update in engine.run(job(calls=50)):
        if isinstance(update, Progress) and update.call == 2:
            engine.cancel()
            began, calls = time.perf_counter(), len(models.calls)
        ends.append(update)
    assert isinstance(ends[-1], Cancelled)
    assert time.perf_counter() - began < 0.1 + 0.25
    assert len(models.calls) <= calls + 1
    assert isinstance((await updates(engine, job()))[-1], Result)


@engine_test
async def test_leaving_the_iterator_cancels_the_job(engine, models):
    models.seconds = 0.05
    async with contextlib.aclosing(engine.run(job(calls=100))) as first:
        assert isinstance(await anext(first), Progress)
    assert isinstance((await updates(engine, job(calls=1)))[-1], Result)
    assert len(models.calls) < 12


@engine_test
async def test_the_latest_live_job_wins(engine, models):
    models.seconds = 0.05
    tasks = []
    for revision in range(6):
        tasks.append(asyncio.create_task(updates(engine, job(calls=8, revision=revision), lane=Lane.LIVE)))
        await asyncio.sleep(0.06)
    ends = [updates[-1] for updates in await asyncio.gather(*tasks)]
    assert [type(end) for end in ends] == [Cancelled] * 5 + [Result]
    assert [end.job.revision for end in ends] == list(range(6))


@engine_test
async def test_explicit_jobs_wait_their_turn(engine, models):
    ends = await asyncio.gather(*(updates(engine, job(seed=seed)) for seed in range(3)))
    assert [end[-1].job.parameters.seed for end in ends] == [0, 1, 2]
    assert all(isinstance(end[-1], Result) for end in ends)


@engine_test
async def test_an_explicit_job_interrupts_live(engine, models):
    models.seconds = 0.05
    running = aiter(engine.run(job(calls=100), Lane.LIVE))
    assert isinstance(await anext(running), Progress), "it runs now"
    assert isinstance((await updates(engine, job(calls=1)))[-1], Result)
    assert isinstance([update async for update in running][-1], Cancelled)


@engine_test
async def test_an_idle_job_gives_way_and_is_finished_after(engine, models):
    models.seconds = 0.05
    ends = []

    async def run(name, *arguments):
        ends.append((name, (await updates(engine, *arguments))[-1]))

    idle = asyncio.create_task(run("idle", job(calls=8, seed=4), Lane.IDLE))
    await asyncio.sleep(0.12)
    await run("asked", job(calls=1))
    await idle
    assert [name for name, _ in ends] == ["asked", "idle"]
    alone = (await updates(engine, job(calls=8, seed=4)))[-1]
    assert ends[1][1].picture == alone.picture


@engine_test
async def test_cancelling_while_waiting_answers_at_once(engine, models):
    gate = threading.Event()
    models.before_call = gate.wait
    first = asyncio.create_task(updates(engine, job()))
    second = engine.run(job(seed=2))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(anext(second))
    await asyncio.sleep(0.05)
    waiting.cancel()
    gate.set()
    assert isinstance((await first)[-1], Result)


@engine_test
async def test_a_failure_is_told_and_the_next_job_works(engine, models):
    def fail():
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    assert isinstance((await updates(engine, job()))[-1], Result)
    models.before_call = fail
    (failed,) = await updates(engine, job())
    assert isinstance(failed, Failed)
    assert "smaller refine" in failed.message
    assert "Traceback" in failed.details
    models.before_call = lambda: None
    assert isinstance((await updates(engine, job()))[-1], Result)
    assert engine.status.phase is Phase.READY


@engine_test
async def test_another_model_is_loaded_when_a_job_asks_for_it(engine, models):
    await updates(engine, job())
    await updates(engine, job(model="other"))
    assert models.opened == [CARD.name, "other"]
    assert engine.status.model == "other"
    (failed,) = await updates(engine, job(model="missing"))
    assert isinstance(failed, Failed)
    assert failed.message == "There is no model called “missing”."
    assert isinstance((await updates(engine, job()))[-1], Result)


@engine_test
async def test_cancel_with_nothing_to_cancel(engine, models):
    engine.cancel()
    assert isinstance((await updates(engine, job()))[-1], Result)


def test_watchers_hear_every_change_on_the_loops_thread(models, measured):
    heard: list[Status] = []
    threads = set()

    async def main():
        async with running(models, measured) as engine:
            engine.watch(lambda status: threads.add(threading.current_thread()))
            stop = engine.watch(heard.append)
            await updates(engine, job())
            await asyncio.sleep(0)
            stop()
            stop()
            await updates(engine, job())

    asyncio.run(main())
    assert [status.phase for status in heard] == [Phase.READY, Phase.BUSY, Phase.READY]
    assert heard[0].device == "CPU"
    assert heard[0].call_seconds is not None
    assert threads == {threading.main_thread()}


def test_jobs_may_come_before_the_model(models, measured):
    async def main():
        engine = Engine(opener=models, measured=measured)
        early = asyncio.create_task(updates(engine, job()))
        await asyncio.sleep(0)
        assert engine.status.phase is Phase.WARMING_UP
        engine.start(CARD.name)
        assert isinstance((await early)[-1], Result)
        engine.close()

    asyncio.run(main())


def test_a_model_that_cannot_load_is_told_and_tried_again(models, measured):
    models.broken = True

    async def main():
        async with running(models, measured) as engine:
            (failed,) = await updates(engine, job())
            assert isinstance(failed, Failed)
            assert engine.status.phase is Phase.BROKEN
            assert "no model" in engine.status.message
            models.broken = False
            assert isinstance((await updates(engine, job()))[-1], Result)
            assert engine.status.phase is Phase.READY

    asyncio.run(main())


def test_closing_is_quick_and_answers_everyone(models, measured):
    models.seconds = 0.05

    async def main():
        async with running(models, measured) as engine:
            jobs = [asyncio.create_task(updates(engine, job(calls=200, seed=seed))) for seed in range(3)]
            await asyncio.sleep(0.2)
            began = time.perf_counter()
            engine.close()
            assert time.perf_counter() - began < 1
            assert all(isinstance(end[-1], Cancelled) for end in await asyncio.gather(*jobs))
            assert isinstance((await updates(engine, job()))[-1], Cancelled), "closed"

    asyncio.run(main())
    assert models.thread is not None
    assert not models.thread.is_alive()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a priority belongs to the whole process")
def test_the_worker_lets_the_window_go_first(models, measured):
    niceness = []
    models.before_call = lambda: niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    async def main():
        async with running(models, measured) as engine:
            await updates(engine, job())

    asyncio.run(main())
    assert set(niceness) == {10}
    assert os.getpriority(os.PRIO_PROCESS, 0) < 10


class TestEstimate:
    def test_calls_and_sizes_need_no_model(self, measured):
        estimate = Engine(measured=measured).estimate(768, 512, Parameters())
        assert (estimate.native_width, estimate.native_height) == (144, 96)
        assert (estimate.calls, estimate.details) == (13, 1)
        assert estimate.seconds is None
        assert Engine(measured=measured).estimate(768, 512, Parameters(refine=Refine.SDE)).calls == 17

    def test_seconds_come_from_measured_calls(self, measured):
        measured.learn("scenes-96", 144 * 96, 0.1)
        engine = Engine(measured=measured)
        assert engine.estimate(768, 512, Parameters()).seconds is None
        measured.learn("scenes-96, detail", 192 * 128, 0.2)
        whole = engine.estimate(768, 512, Parameters())
        assert whole.later_seconds == pytest.approx(0.1 * 4 * 16 / 9 + 0.2)
        assert whole.seconds == pytest.approx(whole.later_seconds + 0.8)
        assert engine.estimate(768, 512, Parameters(refine=Refine.OFF)).seconds == pytest.approx(0.8)
        once, thrice = (engine.estimate(768, 512, Parameters(repeats=k)).seconds for k in (1, 3))
        assert thrice - once == pytest.approx(1.6)

    def test_nothing_costs_nothing(self, measured):
        estimate = Engine(measured=measured).estimate(768, 512, Parameters(t0=0))
        assert (estimate.calls, estimate.seconds, estimate.sigma) == (0, 0, 0)

    def test_a_model_that_is_not_there_is_told(self, measured):
        with pytest.raises(ModelProblem, match="no model called"):
            Engine(measured=measured).estimate(10, 10, Parameters(model="none"))


def test_the_models_it_tells_of(tiny_models, measured):
    bundled, tiny = Engine(tiny_models, measured=measured).models()
    assert (bundled.name, bundled.native, bundled.default_calls) == ("scenes-96", 96, 8)
    assert (tiny.name, tiny.classes, tiny.stride) == ("tiny", ("hill", "lake"), 8)


def test_a_model_from_the_disk_runs(tiny_models, measured):
    async def main():
        engine = Engine(tiny_models, measured=measured)
        engine.start("tiny")
        *_, result = await updates(engine, job(model="tiny", condition="lake", calls=2))
        engine.close()
        assert isinstance(result, Result)
        assert measured.precision("tiny") in ("float32", "bfloat16")

    asyncio.run(main())


def test_it_needs_neither_torch_nor_qt_to_be_imported():
    code = "import sys, sdedit_studio.engine.engine; print({'torch', 'PySide6', 'qasync'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
