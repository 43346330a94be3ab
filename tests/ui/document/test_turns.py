"""What is asked for is done in order, whatever fails, is withdrawn, or asks for more."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import QObject

from sdedit_studio.document import edits
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.ui.document.session import Session, new_document
from sdedit_studio.ui.document.turns import Turn, Turns, Withdrawn
from tests.ui.document.later import Later
from tests.ui.documents import paint


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def session(qapp, later) -> Session:
    return Session(new_document(12, 12), later)


def fill(session, label, **options):
    session.change(label, lambda document: edits.fill(document, (len(label), 0, 0)), **options)


def finished(later) -> None:
    while later.busy:
        later.finish()


def test_what_a_turn_asks_for_comes_right_after_it_in_the_order_asked(session, later):
    def ask_for_more() -> None:
        fill(session, "Second")
        fill(session, "Third 3")

    fill(session, "First")
    session.in_turn(ask_for_more)
    fill(session, "Last of all")
    finished(later)
    assert session.undo_labels == ["First", "Second", "Third 3", "Last of all"]


def test_what_was_asked_for_last_is_withdrawn_first(session, later):
    given_up = []
    for label in ("One", "Three", "Four"):
        fill(session, label, otherwise=lambda label=label: given_up.append(label))
    assert session.withdraw()
    assert given_up == ["Four"]
    finished(later)
    assert session.undo_labels == ["One", "Three"]


def test_a_turn_that_fails_does_not_keep_the_others_waiting(session, later, qtbot):
    def fails() -> None:
        raise RuntimeError("a fault of the program")

    done = []
    fill(session, "First")
    session.in_turn(fails)
    session.in_turn(lambda: done.append("after"))
    with pytest.raises(RuntimeError, match="a fault of the program"):
        later.finish()
    qtbot.waitUntil(lambda: done == ["after"])
    assert not session.busy


@pytest.mark.parametrize("why", ["another document", "no such layer", "not wanted", "not wanted any more"])
def test_who_asked_is_told_that_a_change_is_not_made(session, later, why):
    said, opened, layer, wanted = [], session.opened, session.document.active, [True]
    options = {
        "another document": {"of": opened},
        "no such layer": {"layer": layer},
        "not wanted": {"still": lambda: False},
        "not wanted any more": {"still": lambda: wanted[0]},
    }[why]
    if why == "another document":
        session.open(new_document(9, 9), None)
    if why == "no such layer":
        session.change("Delete", lambda document: document.removed(layer), at_once=True)
    before = session.document
    fill(session, "Fill", then=lambda: said.append("then"), otherwise=lambda: said.append("otherwise"), **options)
    wanted[0] = False
    finished(later)
    assert said == ["otherwise"] and session.document is before


def test_after_undo_a_drag_of_the_same_slider_is_a_step_of_its_own(session, later):
    def opacity(value) -> None:
        session.change(
            "Opacity",
            lambda document: document.with_layer(document.active, opacity=value),
            at_once=True,
            join="slider",
        )

    fill(session, "Fill")
    finished(later)
    filled = session.document
    for again in (session.undo, session.redo):
        opacity(0.5)
        session.undo()
        opacity(0.4)
        assert session.undo_labels == ["Fill", "Opacity"]
        session.undo()
        assert session.document is filled
        opacity(0.3)
        again()
        opacity(0.2)
        while session.document is not filled:
            session.undo()
        assert session.undo_labels == ["Fill"]


def test_only_an_empty_queue_is_said_to_be_empty(qapp, later):
    owner, emptied, may = QObject(), [], [True]
    turns = Turns(later, lambda turn: may[0], owner)
    turns.emptied.connect(lambda: emptied.append(turns.busy))
    taken, failed = [], []
    turns.ask(Turn(lambda: lambda: 7, taken.append, failed.append))
    turns.ask(Turn(lambda: lambda: 8, taken.append, failed.append))
    assert turns.computing and emptied == []
    later.finish()
    assert (taken, emptied) == ([7], [])
    later.finish()
    assert (taken, emptied) == ([7, 8], [False])
    may[0] = False
    turns.ask(Turn(lambda: lambda: 9, taken.append, failed.append))
    assert turns.busy and not turns.computing and not later.busy
    assert turns.withdraw()
    assert [type(error) for error in failed] == [Withdrawn] and emptied == [False, False]


def test_a_cancelled_gesture_leaves_the_document_as_it_was(session):
    before = session.document
    gesture = session.begin("Stroke", lambda: gesture.commit())
    gesture.show(edits.fill(before, (1, 2, 3)))
    assert session.document is not before
    gesture.cancel()
    assert session.document is before and session.undo_labels == []
    gesture.show(edits.fill(before, (4, 5, 6)))
    gesture.commit()
    assert session.document is before and session.undo_labels == [], "it is over"
    session.begin("Another", lambda: None).commit()


def test_what_nobody_waits_for_is_made_only_if_nothing_came_between(session, loop):
    def make(document):
        return edits.fill(document, (7, 7, 7))

    async def story() -> None:
        assert not await session.changed_meanwhile("Fill", make, lambda: False)
        session.set_pen_down(True)
        assert not await session.changed_meanwhile("Fill", make, lambda: True)
        session.set_pen_down(False)
        gesture = session.begin("Stroke", lambda: gesture.commit())
        assert not await session.changed_meanwhile("Fill", make, lambda: True)
        gesture.commit()
        making = asyncio.ensure_future(session.changed_meanwhile("Fill", make, lambda: True))
        await asyncio.sleep(0)
        paint(session, Rect(0, 0, 3, 3))
        assert not await making
        assert session.undo_labels == ["Brush"]
        assert await session.changed_meanwhile("Fill", make, lambda: True)
        assert session.undo_labels == ["Brush", "Fill"]

    loop.run_until_complete(story())
