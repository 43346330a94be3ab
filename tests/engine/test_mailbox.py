"""Who runs next, and who never will."""

import pytest

from sdedit_studio.engine.mailbox import Mailbox, Request
from tests.engine.conftest import job


@pytest.fixture
def box():
    return Mailbox()


def request(*, live=False):
    return Request(job(), live, lambda update: None)


def test_explicit_jobs_queue(box):
    first, second = request(), request()
    assert box.put(first) == box.put(second) == []
    assert box.take() is first
    assert not first.cancelled.is_set()
    assert box.take() is second


def test_the_latest_live_job_wins(box):
    old, new = request(live=True), request(live=True)
    assert box.put(old) == []
    assert box.put(new) == [old]
    assert box.take() is new


def test_a_running_live_job_gives_way_to_any_other(box):
    for other in (request(live=True), request()):
        running = request(live=True)
        box.put(running)
        assert box.take() is running
        box.put(other)
        assert running.cancelled.is_set()
        assert box.take() is other


def test_a_running_explicit_job_does_not(box):
    running = request()
    box.put(running)
    box.take()
    box.put(request(live=True))
    box.put(request())
    assert not running.cancelled.is_set()


def test_explicit_goes_before_live(box):
    live, explicit = request(live=True), request()
    box.put(live)
    box.put(explicit)
    assert box.take() is explicit
    assert box.take() is live


def test_withdrawing(box):
    running, waiting, live = request(), request(), request(live=True)
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
    running, waiting, live = request(), request(), request(live=True)
    box.put(running)
    box.take()
    box.put(waiting)
    box.put(live)
    assert box.close() == [waiting, live]
    assert running.cancelled.is_set()
    assert box.put(late := request()) == [late]
    assert box.take() is None
    assert box.current() is None
