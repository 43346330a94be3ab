"""When live mode runs what, on a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.engine.live import REMEMBERED, REST, Order, Schedule


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def begun() -> tuple[Schedule, Clock]:
    clock = Clock()
    schedule = Schedule(clock)
    assert schedule.take() is None and schedule.rests_in() is None
    schedule.changed(1)
    return schedule, clock


def first(revision: int) -> Order:
    return Order(revision, refine=False)


def refined(revision: int) -> Order:
    return Order(revision, refine=True)


def test_a_change_is_followed_at_once_and_refined_when_the_pen_rests():
    schedule, clock = begun()
    assert schedule.take() == first(1)
    clock.now += 0.2
    schedule.finished(first(1))
    assert schedule.take() is None
    assert abs(schedule.rests_in() - (REST - 0.2)) < 1e-9
    clock.now += REST - 0.2
    assert schedule.rests_in() == 0
    assert schedule.take() == refined(1)
    schedule.finished(refined(1))
    clock.now += 1000
    assert schedule.take() is None and schedule.rests_in() is None


def test_a_pen_that_never_rests_is_followed_pass_by_pass_and_the_latest_wins():
    schedule, clock = begun()
    schedule.take()
    for revision in range(2, 9):
        clock.now += 0.1
        schedule.changed(revision)
        assert schedule.take() is None
    schedule.finished(first(1))
    assert schedule.take() == first(8)


def test_a_refinement_gives_way_and_counts_for_nothing():
    schedule, clock = begun()
    schedule.take()
    schedule.finished(first(1))
    clock.now += REST
    schedule.take()
    schedule.changed(2)
    assert schedule.take() == first(2)
    schedule.finished(refined(1))
    assert schedule.running == first(2)
    schedule.finished(first(2))
    clock.now += REST
    assert schedule.take() == refined(2)


def test_the_end_of_a_stroke_is_not_kept_waiting_but_quick_strokes_starve_nothing():
    schedule, _ = begun()
    schedule.take()
    schedule.lifted()
    assert schedule.running == first(1)  # it has the whole stroke
    schedule.changed(2)
    schedule.lifted()
    assert schedule.take() == first(2)
    schedule.changed(3)
    schedule.lifted()
    assert schedule.running == first(2)
    schedule.finished(first(2))
    assert schedule.take() == first(3)
    schedule.changed(4)
    schedule.lifted()
    assert schedule.take() == first(4)


def test_nothing_is_ordered_while_paused_and_the_latest_afterwards():
    schedule, clock = begun()
    schedule.paused = True
    clock.now += 10
    assert schedule.take() is None and schedule.rests_in() is None
    schedule.changed(2)
    schedule.paused = False
    assert schedule.take() == first(2)


def test_what_was_given_up_is_ordered_again_and_what_is_settled_is_not():
    schedule, clock = begun()
    schedule.take()
    schedule.abandoned()
    assert schedule.take() == first(1)
    schedule.settled(2)
    clock.now += 10
    assert schedule.take() is None
    schedule.changed(3)
    assert schedule.take() == first(3)


def test_the_pace_is_that_of_first_passes():
    schedule, clock = begun()
    assert schedule.rate is None and schedule.behind is None
    for revision, seconds in ((1, 0.5), (2, 0.5), (3, 0.2)):
        schedule.changed(revision)
        schedule.take()
        clock.now += seconds
        schedule.finished(first(revision))
    rate = schedule.rate
    assert abs(rate - 3 / 1.2) < 1e-9
    assert abs(schedule.behind - 0.2) < 1e-9
    clock.now += REST
    schedule.take()
    clock.now += 60
    schedule.finished(refined(3))
    assert schedule.rate == rate


EVENTS = st.lists(st.sampled_from(["change", "lift", "end", "wait", "pause", "go on", "give up"]), max_size=60)


def test_nothing_to_work_from_says_nothing_of_the_pace_and_is_not_refined():
    schedule, clock = begun()
    schedule.take()
    clock.now += 0.01
    schedule.finished(first(1), empty=True)
    assert schedule.rate is None and schedule.behind is None
    assert schedule.rests_in() is None and schedule.take() is None
    schedule.changed(2)
    assert schedule.take() == first(2)


@given(EVENTS)
def test_whatever_happens_the_last_revision_is_followed_refined_and_then_left_alone(events):
    """Only the latest revision is ever ordered, and only a change makes anything run a second time."""
    schedule, clock = begun()
    revision, running, ordered = 1, None, []

    def take() -> None:
        nonlocal running
        if (order := schedule.take()) is not None:
            assert order.revision == revision and not schedule.paused
            running = order
            ordered.append(order)
        assert schedule.running in (None, running)

    for event in events:
        match event:
            case "change":
                revision += 1
                schedule.changed(revision)
            case "lift":
                schedule.lifted()
            case "end" if running is not None:
                schedule.finished(running)
            case "wait":
                clock.now += 0.3
            case "pause" | "go on":
                schedule.paused = event == "pause"
            case "give up":
                schedule.abandoned()
        take()
    schedule.paused = False
    for _ in range(4):
        take()
        if running is not None:
            schedule.finished(running)
        clock.now += REST
    assert ordered[-2:] == [first(revision), refined(revision)] or ordered[-1] == refined(revision)
    count = len(ordered)
    clock.now += 100
    take()
    assert len(ordered) == count


def test_a_refinement_that_runs_is_not_ordered_again():
    schedule, clock = begun()
    schedule.take()
    schedule.finished(first(1))
    clock.now += REST
    assert schedule.take() == refined(1)
    for _ in range(3):
        clock.now += REST
        assert schedule.take() is None and schedule.rests_in() is None
        schedule.lifted()
        assert schedule.running == refined(1)


def test_what_settles_ends_what_runs():
    schedule, clock = begun()
    schedule.take()
    schedule.settled(2)
    assert schedule.running is None and schedule.rests_in() is None
    schedule.finished(first(1))
    clock.now += REST
    assert schedule.take() is None and schedule.rate is None


def test_the_pace_is_that_of_the_last_few_first_passes():
    schedule, clock = begun()
    for revision, seconds in enumerate([30.0] * 5 + [0.1] * REMEMBERED, 1):
        schedule.changed(revision)
        schedule.take()
        clock.now += seconds
        schedule.finished(first(revision))
    assert abs(schedule.rate - 10) < 1e-6
