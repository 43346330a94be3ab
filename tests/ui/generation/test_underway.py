"""The table of what can happen to what is under way, without anything that it happens to."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.ui.generation.activity import TRANSITIONS, Activity, Event, Underway

NOTHING, RESULT, LIVE, APPLYING, PREPARING, RUNNING, PLAYING, COMPARING = Activity


def after(*events: Event) -> Underway:
    """What is under way when all of them have happened."""
    underway = Underway()
    assert all(underway.happen(event) for event in events)
    return underway


ASK = Event.ASKED, Event.GUIDE_MADE
WAIT = *ASK, Event.SUCCEEDED

COURSES: list[list[tuple[Event, Activity]]] = [
    [
        (Event.ASKED, PREPARING),
        (Event.GUIDE_MADE, RUNNING),
        (Event.SUCCEEDED, RESULT),
        (Event.PLAY, PLAYING),
        (Event.PLAY_ENDED, RESULT),
        (Event.APPLY, APPLYING),
        (Event.NOT_APPLIED, RESULT),
        (Event.APPLY, APPLYING),
        (Event.APPLIED, NOTHING),
    ],
    [(Event.ASKED, PREPARING), (Event.FAILED, NOTHING)],
    [(Event.ASKED, PREPARING), (Event.CANCELLED, NOTHING)],
    [(Event.ASKED, PREPARING), (Event.GUIDE_MADE, RUNNING), (Event.FAILED, NOTHING)],
    [(Event.ASKED, PREPARING), (Event.GUIDE_MADE, RUNNING), (Event.CANCELLED, NOTHING)],
    [(Event.ASKED, PREPARING), (Event.REPLACED, NOTHING)],
    [(Event.ASKED, PREPARING), (Event.GUIDE_MADE, RUNNING), (Event.REPLACED, NOTHING)],
    # A result waits under a run, or is put away there, or becomes a layer.
    [(Event.PRESENTED, RESULT), (Event.ASKED, PREPARING), (Event.GUIDE_MADE, RUNNING), (Event.FAILED, RESULT)],
    [(Event.PRESENTED, RESULT), (Event.ASKED, PREPARING), (Event.CANCELLED, RESULT), (Event.DISCARDED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.ASKED, PREPARING), (Event.DISCARDED, PREPARING), (Event.CANCELLED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.ASKED, PREPARING), (Event.CANCELLED, APPLYING)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.ASKED, PREPARING), (Event.FAILED, APPLYING)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.ASKED, PREPARING), (Event.APPLIED, PREPARING)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.ASKED, PREPARING), (Event.NOT_APPLIED, PREPARING)],
    [
        (Event.PRESENTED, RESULT),
        (Event.APPLY, APPLYING),
        (Event.ASKED, PREPARING),
        (Event.GUIDE_MADE, RUNNING),
        (Event.APPLIED, RUNNING),
        (Event.CANCELLED, NOTHING),
    ],
    [
        (Event.PRESENTED, RESULT),
        (Event.ASKED, PREPARING),
        (Event.GUIDE_MADE, RUNNING),
        (Event.DISCARDED, RUNNING),
        (Event.FAILED, NOTHING),
    ],
    # Another result is not being applied only because the one before it is.
    [
        (Event.PRESENTED, RESULT),
        (Event.APPLY, APPLYING),
        (Event.ASKED, PREPARING),
        (Event.GUIDE_MADE, RUNNING),
        (Event.SUCCEEDED, RESULT),
    ],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.PRESENTED, RESULT)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.DISCARDED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.REPLACED, NOTHING)],
    # Live mode stays on under what is applied, and on another canvas.
    [(Event.LIVE_ON, LIVE), (Event.APPLY, APPLYING), (Event.APPLIED, LIVE), (Event.LIVE_OFF, NOTHING)],
    [(Event.LIVE_ON, LIVE), (Event.APPLY, APPLYING), (Event.NOT_APPLIED, LIVE), (Event.REPLACED, LIVE)],
    [(Event.LIVE_ON, LIVE), (Event.APPLY, APPLYING), (Event.LIVE_OFF, NOTHING)],
    [(Event.LIVE_ON, LIVE), (Event.APPLY, APPLYING), (Event.LIVE_ON, LIVE)],
    [(Event.LIVE_ON, LIVE), (Event.APPLY, APPLYING), (Event.REPLACED, LIVE)],
    # The steps are played until their result is no longer what is seen.
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.ASKED, PREPARING), (Event.CANCELLED, RESULT)],
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.PRESENTED, RESULT)],
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.DISCARDED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.REPLACED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.APPLY, PLAYING), (Event.APPLIED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.APPLY, PLAYING), (Event.NOT_APPLIED, PLAYING)],
    [(Event.PRESENTED, RESULT), (Event.APPLY, APPLYING), (Event.PLAY, PLAYING), (Event.PLAY_ENDED, APPLYING)],
    # Comparing lies over all of it and changes nothing there.
    [(Event.COMPARE, COMPARING), (Event.COMPARE, COMPARING), (Event.COMPARE_ENDED, NOTHING)],
    [(Event.COMPARE, COMPARING), (Event.ASKED, COMPARING), (Event.COMPARE_ENDED, PREPARING)],
    [(Event.LIVE_ON, LIVE), (Event.COMPARE, COMPARING), (Event.LIVE_OFF, COMPARING), (Event.COMPARE_ENDED, NOTHING)],
    [(Event.PRESENTED, RESULT), (Event.PLAY, PLAYING), (Event.COMPARE, COMPARING), (Event.COMPARE_ENDED, PLAYING)],
]


@pytest.mark.parametrize("course", COURSES)
def test_what_is_under_way_after_each_event(course):
    underway = Underway()
    assert underway.activity is NOTHING
    for event, expected in course:
        assert underway.happen(event)
        assert underway.activity is expected


ALWAYS = {Event.COMPARE, Event.REPLACED}
BEGIN = {Event.ASKED, Event.PRESENTED}
END_RUN = {Event.FAILED, Event.CANCELLED}
END_APPLYING = {Event.APPLIED, Event.NOT_APPLIED}

POSSIBLE: list[tuple[tuple[Event, ...], set[Event]]] = [
    ((), {*BEGIN, Event.LIVE_ON}),
    ((Event.ASKED,), {Event.GUIDE_MADE, *END_RUN}),
    (ASK, {Event.SUCCEEDED, *END_RUN}),
    ((*WAIT, Event.ASKED), {Event.GUIDE_MADE, *END_RUN, Event.DISCARDED}),
    ((*WAIT, *ASK), {Event.SUCCEEDED, *END_RUN, Event.DISCARDED}),
    (WAIT, {*BEGIN, Event.APPLY, Event.DISCARDED, Event.PLAY}),
    ((*WAIT, Event.PLAY), {*BEGIN, Event.APPLY, Event.DISCARDED, Event.PLAY, Event.PLAY_ENDED}),
    ((*WAIT, Event.APPLY), {*BEGIN, *END_APPLYING, Event.DISCARDED, Event.PLAY}),
    ((*WAIT, Event.APPLY, *ASK), {Event.SUCCEEDED, *END_RUN, *END_APPLYING, Event.DISCARDED}),
    ((Event.LIVE_ON,), {Event.LIVE_ON, Event.LIVE_OFF, Event.APPLY}),
    ((Event.LIVE_ON, Event.APPLY), {Event.LIVE_ON, Event.LIVE_OFF, *END_APPLYING}),
    ((Event.COMPARE,), {*BEGIN, Event.LIVE_ON, Event.COMPARE_ENDED}),
]
"""The events that are not refused, by what has happened before, besides those that never are."""


@pytest.mark.parametrize(("before", "possible"), POSSIBLE)
def test_all_else_is_refused_and_changes_nothing(before, possible):
    for event in Event:
        now = after(*before)
        assert now.happen(event) == (event in possible | ALWAYS), event
        assert event in possible | ALWAYS or now == after(*before)


def test_the_table_has_every_event_and_the_courses_too():
    assert set(TRANSITIONS) == set(Event) == {event for course in COURSES for event, _ in course}


@given(events=st.lists(st.sampled_from(Event), max_size=40))
def test_what_is_under_way_goes_together_and_ends(events):
    underway = Underway()
    for event in events:
        before = deepcopy(underway)
        assert underway.happen(event) or underway == before
        now = {each for each in Activity if each in underway}
        assert underway.activity in now and NOTHING in now
        assert len(now & {PREPARING, RUNNING, LIVE}) <= 1 and not {RESULT, LIVE} <= now
        assert APPLYING not in now or now & {RESULT, LIVE}
        assert PLAYING not in now or underway.waits
        assert underway.idle == (now <= {NOTHING, COMPARING})
    for event in (Event.CANCELLED, Event.LIVE_OFF, Event.DISCARDED, Event.COMPARE_ENDED):
        underway.happen(event)
    assert underway == Underway() and underway.activity is NOTHING


@pytest.mark.parametrize("before", [before for before, _ in POSSIBLE if Event.COMPARE not in before])
def test_comparing_changes_nothing_of_what_it_lies_over(before):
    assert after(*before, Event.COMPARE, Event.COMPARE_ENDED) == after(*before)
    for event in set(Event) - {Event.COMPARE, Event.COMPARE_ENDED}:
        compared, alone = after(*before, Event.COMPARE), after(*before)
        assert compared.happen(event) == alone.happen(event)
        assert compared.activity is COMPARING
        assert compared.happen(Event.COMPARE_ENDED) and compared == alone
