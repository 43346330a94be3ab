"""Who runs next, and who never will."""

import pytest

from sdedit_studio.engine.job import Lane
from sdedit_studio.engine.mailbox import Mailbox, Request
from tests.engine.conftest import job


@pytest.fixture
def box():
    return Mailbox()


def request(lane=Lane.QUEUED):
    return Request((job(),), lane, lambda update: None)


def test_explicit_jobs_queue(box):
    first, second = request(), request()
    assert box.put(first) == box.put(second) == []
    assert box.take() is first
    assert not first.cancelled.is_set()
    assert box.take() is second


def test_the_latest_live_job_wins(box):
    old, new = request(Lane.LIVE), request(Lane.LIVE)
    assert box.put(old) == []
    assert box.put(new) == [old]
    assert box.take() is new


def test_a_running_live_job_gives_way_to_any_other(box):
    for other in (request(Lane.LIVE), request()):
        running = request(Lane.LIVE)
        box.put(running)
        assert box.take() is running
        box.put(other)
        assert running.cancelled.is_set()
        assert box.take() is other


def test_a_running_explicit_job_does_not(box):
    running = request()
    box.put(running)
    box.take()
    box.put(request(Lane.LIVE))
    box.put(request())
    assert not running.cancelled.is_set()


def test_explicit_goes_before_live(box):
    live, explicit = request(Lane.LIVE), request()
    box.put(live)
    box.put(explicit)
    assert box.take() is explicit
    assert box.take() is live


def test_withdrawing(box):
    running, waiting, live = request(), request(), request(Lane.LIVE)
    box.put(running)
    box.take()
    box.put(waiting)
    box.put(live)
    assert box.current() is running
    assert not box.withdraw(running), "the worker answers for it"
    assert box.withdraw(waiting)
    assert box.withdraw(live)
    assert running.cancelled.is_set()
    box.put(last := request())
    assert box.take() is last


def test_closing_gives_back_what_waits_and_lets_nothing_in(box):
    running, waiting, live = request(), request(), request(Lane.LIVE)
    box.put(running)
    box.take()
    box.put(waiting)
    box.put(live)
    assert box.close() == [waiting, live]
    assert running.cancelled.is_set()
    assert box.put(late := request()) == [late]
    assert box.take() is None
    assert box.current() is None


def test_idle_jobs_run_when_nothing_else_is_to_do(box):
    idle, live, asked = request(Lane.IDLE), request(Lane.LIVE), request()
    for each in (idle, live, asked):
        assert box.put(each) == []
    box.want_model("a model")
    assert [box.take() for _ in range(4)] == [asked, "a model", live, idle]


@pytest.mark.parametrize("lane", [Lane.QUEUED, Lane.LIVE])
def test_a_running_idle_job_gives_way_and_comes_again_before_the_others_of_its_lane(box, lane):
    idle, next_idle, other = request(Lane.IDLE), request(Lane.IDLE), request(lane)
    box.put(idle)
    box.put(next_idle)
    assert box.take() is idle
    box.put(other)
    assert idle.stopped() and not idle.cancelled.is_set()
    assert box.requeue(idle)
    assert [box.take() for _ in range(3)] == [other, idle, next_idle]
    assert not idle.stopped()


def test_an_idle_job_does_not_disturb_another(box):
    running = request(Lane.IDLE)
    box.put(running)
    box.take()
    box.put(request(Lane.IDLE))
    assert not running.stopped()
    box.want_model("another model")
    assert running.interrupted.is_set()


def test_an_idle_job_that_was_cancelled_does_not_come_again(box):
    idle, waiting = request(Lane.IDLE), request(Lane.IDLE)
    box.put(idle)
    box.put(waiting)
    box.take()
    assert box.current() is None
    assert not box.withdraw(idle)
    assert not box.requeue(idle)
    assert box.withdraw(waiting)
    box.put(last := request(Lane.IDLE))
    assert box.close() == [last]
    assert not box.requeue(last)
