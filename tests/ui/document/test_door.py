"""The door: whatever is computed meanwhile, the document becomes what it would have become if nothing took any time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdedit_studio.document import edits
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.transforming import Lifted
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from sdedit_studio.ui.document.session import Session, new_document
from tests.ui.document.later import Later

SIDE = 12


class Person:
    """Asks for things, and paints with a pen whose strokes wait for their turn as the canvas's do."""

    def __init__(self, *, at_once: bool) -> None:
        self.later = Later(at_once=at_once)
        self.session = Session(new_document(SIDE, SIDE), self.later)
        self.strokes = 0
        self._samples: list[str] = []
        self._has_turn = False
        self._gesture = None

    def pen(self, sample: str) -> None:
        self._samples.append(sample)
        if sample == "press":
            self.session.in_turn(self._begin, changes=False)
        self._draw()

    def _begin(self) -> None:
        self._has_turn = True
        self.session.set_pen_down(True)
        self._draw()

    def _draw(self) -> None:
        while self._samples and (self._samples[0] != "press" or self._has_turn):
            sample = self._samples.pop(0)
            self.session.by_pen(lambda: self._give(sample))  # noqa: B023
            if sample.startswith("lift"):
                self._has_turn = False
                self.session.set_pen_down(False)

    def _give(self, sample: str) -> None:
        if sample == "press":
            self.strokes += 1
            self._gesture = self.session.begin(f"Stroke {self.strokes}", self._settle)
        elif sample == "lift":
            self._settle()
        elif sample == "lift and select":
            self._settle()
            ask(self, ("select", 4))
        document = self.session.document
        if self._gesture is not None:
            pixel = np.full((1, 1, 4), 255, np.uint8)
            pixel[..., :3] = self.strokes
            pixels = document.active_layer.pixels.with_array(pixel, self.strokes % SIDE, SIDE // 2)
            self._gesture.show(document.with_pixels(pixels))

    def _settle(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.commit()

    def float(self, dx: int) -> None:
        """Begin to move what is selected, and leave it floating until something else is asked for."""

        def begin() -> None:
            gesture = self.session.begin_computed(f"Move by {dx}", lambda: gesture.finish(lambda: None))
            gesture.want(lambda document: _moved(document, dx))

        self.session.in_turn(begin)

    def end(self) -> None:
        if self._gesture is not None or self._samples:
            self.pen("lift")
        self.session.in_turn(lambda: None)
        while self.later.busy:
            self.later.finish()


def _moved(document, dx):
    from PySide6.QtGui import QTransform

    return Lifted.of(document).placed(QTransform.fromTranslate(dx, 0))


def _delete(document):
    return document.removed(document.active)


def _neighbour(by):
    return lambda document: document.layers[(document.active_index + by) % len(document.layers)].id


NUMBERS = st.integers(1, 9)

COMMANDS = st.one_of(
    st.tuples(st.just("fill"), NUMBERS),
    st.tuples(st.just("gradient"), NUMBERS),
    st.tuples(st.just("select"), NUMBERS),
    st.tuples(st.just("float"), st.sampled_from([-2, 1, 3])),
    st.tuples(st.just("above"), st.sampled_from([-1, 1])),
    st.tuples(st.just("opacity"), NUMBERS),
    *(
        st.tuples(st.just(name))
        for name in (
            "add",
            "duplicate",
            "delete",
            "merge",
            "flatten",
            "deselect",
            "cut",
            "undo",
            "redo",
            "scale",
            "open",
        )
    ),
    *(st.tuples(st.just("pen"), st.just(sample)) for sample in ("press", "move", "lift", "lift and select")),
    *(st.tuples(st.just("finish")) for _ in range(4)),
)


def ask(person: Person, command: tuple) -> None:
    session, (name, *rest) = person.session, command
    match name:
        case "fill":
            session.change(f"Fill {rest[0]}", lambda document: edits.fill(document, (20 * rest[0], 0, 90)))
        case "gradient":
            person.session.change(f"Gradient {rest[0]}", lambda document: edits.fill(document, (0, 20 * rest[0], 0)))
        case "select":
            box = Rect(rest[0] % 5, 1, 5, rest[0])
            session.change("Select", lambda document: document.replace(selection=rectangle(box, document.bounds)))
        case "float":
            person.float(rest[0])
        case "above":
            session.activate_by(_neighbour(rest[0]))
        case "opacity":
            session.change(
                "Opacity",
                lambda document: document.with_layer(document.active, opacity=rest[0] / 9),
                at_once=True,
                join="drag",
            )
        case "add":
            session.change("Add", lambda document: document.inserted(Layer("New")), at_once=True)
        case "duplicate":
            session.change("Copy", lambda document: document.duplicated(document.active), at_once=True)
        case "delete":
            session.change("Delete", _delete, at_once=True)
        case "merge":
            session.change("Merge", lambda document: document.merged_down(document.active))
        case "flatten":
            session.change("Flatten", edits.flattened)
        case "deselect":
            session.change("Deselect", lambda document: document.replace(selection=None))
        case "cut":
            session.change("Cut", lambda document: edits.cut(document)[0])
        case "scale":
            session.change("Scale", lambda document: edits.scaled(document, document.height + 1, document.width))
        case "open":
            session.open(new_document(SIDE, SIDE), None)
        case "undo":
            session.undo()
        case "redo":
            session.redo()
        case "pen":
            person.pen(rest[0])
        case "finish":
            person.later.finish()


def state(session: Session) -> tuple:
    document = session.document
    return (
        document.width,
        document.height,
        [(layer.name, layer.opacity, layer.pixels.read(document.bounds).tobytes()) for layer in document.layers],
        document.active_index,
        None if document.selection is None else document.selection.read(document.bounds).tobytes(),
        session.undo_labels,
        session.redo_label,
    )


def with_whole_strokes(commands):
    """Nobody presses a pen that is down, or moves one that is not."""
    down, whole = False, []
    for command in commands:
        if command[0] == "pen":
            if (command[1] == "press") == down:
                continue
            down = not command[1].startswith("lift")
        whole.append(command)
    return whole


@settings(max_examples=300, deadline=None)
@given(st.lists(COMMANDS, max_size=25).map(with_whole_strokes))
def test_slow_computations_change_nothing_but_when(commands):
    slow, instant = Person(at_once=False), Person(at_once=True)
    for command in commands:
        ask(slow, command)
        ask(instant, command)
    slow.end()
    instant.end()
    assert not slow.session.busy
    assert state(slow.session) == state(instant.session)


@pytest.fixture
def person(qapp):
    return Person(at_once=False)


def fill(session, colour, **options):
    session.change("Fill", lambda document: edits.fill(document, colour), **options)


def layer_pixel(session, index):
    return session.document.layers[index].pixels.pixel(0, 0)[2::-1]


def test_what_is_asked_for_while_a_fill_is_computed_comes_after_it(person):
    session = person.session
    fill(session, (9, 8, 7))
    session.activate(session.document.layers[0].id)
    session.change("Copy", lambda document: document.duplicated(document.active), at_once=True)
    assert session.busy and session.undo_labels == []
    person.end()
    assert session.undo_labels == ["Fill", "Copy"]
    assert layer_pixel(session, 2) == (9, 8, 7)
    assert layer_pixel(session, 0) == layer_pixel(session, 1) == (255, 255, 255)


def test_undo_waits_for_the_fill_that_it_takes_back(person):
    session = person.session
    person.pen("press")
    person.pen("lift")
    painted = session.document
    fill(session, (9, 8, 7))
    session.undo()
    person.end()
    assert session.document is painted and session.redo_label == "Fill"


def test_a_change_asked_for_in_the_middle_of_a_stroke_comes_right_after_it(person):
    session = person.session
    person.pen("press")
    session.change("Merge", lambda document: document.merged_down(document.active))
    person.pen("move")
    assert not person.later.busy, "it has not begun"
    person.pen("lift")
    person.end()
    assert session.undo_labels == ["Stroke 1", "Merge"]
    assert len(session.document.layers) == 1


def test_a_stroke_begun_while_something_is_computed_comes_after_it_whole(person):
    session = person.session
    fill(session, (9, 8, 7))
    person.pen("press")
    person.pen("move")
    person.pen("lift")
    session.undo()
    person.end()
    assert session.undo_labels == ["Fill"] and session.redo_label == "Stroke 1"


def test_what_was_asked_of_a_document_is_not_done_to_another(person):
    session, said = person.session, []
    session.notices.told.connect(said.append)
    opened = session.opened
    session.open(new_document(5, 5), None)
    fill(session, (9, 8, 7), of=opened)
    person.end()
    assert session.undo_labels == [] and said == ["Fill was meant for the document before, so it was not done."]


def test_what_was_asked_of_a_layer_that_is_gone_is_not_done_and_said(person):
    session, said = person.session, []
    session.notices.told.connect(said.append)
    layer = session.document.active
    session.change("Delete", _delete, at_once=True)
    session.change("Rename", lambda document: document.with_layer(layer, name="x"), at_once=True, layer=layer)
    assert session.undo_labels == ["Delete"]
    assert said == ["Rename was meant for a layer that is gone, so it was not done."]


def test_a_change_that_fails_is_told_and_the_next_one_is_made(person):
    session, warned, otherwise = person.session, [], []
    session.notices.warned.connect(lambda sentence, details: warned.append((sentence, bool(details))))

    def fails(_document):
        raise MemoryError

    def refuses(_document):
        raise ValueError("Draw it over the picture.")

    session.change("Flatten", fails, otherwise=lambda: otherwise.append("Flatten"))
    session.change("Crop", refuses, otherwise=lambda: otherwise.append("Crop"))
    fill(session, (9, 8, 7))
    person.end()
    assert session.undo_labels == ["Fill"] and otherwise == ["Flatten", "Crop"]
    assert warned == [
        ("“Flatten” could not be done. Your painting is unchanged; try again.", True),
        ("Draw it over the picture.", False),
    ]


def test_what_is_withdrawn_is_not_made(person):
    session = person.session
    assert not session.withdraw()
    fill(session, (1, 1, 1))
    session.change("Flatten", edits.flattened)
    assert session.withdraw(), "the one that waits"
    assert session.withdraw(), "the one that is computed"
    person.end()
    assert session.undo_labels == [] and not session.busy
    fill(session, (1, 1, 1))
    person.end()
    assert session.undo_labels == ["Fill"]


def test_changes_that_join_are_one_step_until_something_else_comes(person):
    session = person.session

    def opacity(value, drag):
        session.change(
            "Opacity",
            lambda document: document.with_layer(document.active, opacity=value),
            at_once=True,
            join=drag,
        )

    before, first, second = session.document, object(), object()
    opacity(0.5, first)
    opacity(0.4, first)
    opacity(0.3, second)
    fill(session, (1, 2, 3))
    person.end()
    opacity(0.2, second)
    assert session.undo_labels == ["Opacity", "Opacity", "Fill", "Opacity"]
    for _ in range(4):
        session.undo()
    assert session.document is before


def test_a_change_that_changes_nothing_is_no_step(person):
    person.session.change("Nothing", lambda document: document, at_once=True)
    assert person.session.undo_labels == []


def test_what_floats_is_put_down_by_the_next_change_and_read_where_it_is(person):
    session, seen = person.session, []
    fill(session, (9, 8, 7))
    ask(person, ("select", 3))
    while person.later.busy:
        person.later.finish()
    person.float(3)
    session.compute("Copy", lambda document: document, seen.append)
    while person.later.busy:
        person.later.finish()
    assert session.undo_labels == ["Fill", "Select"], "it still floats"
    assert seen == [session.document]
    session.change("Deselect", lambda document: document.replace(selection=None))
    person.end()
    assert session.undo_labels == ["Fill", "Select", "Move by 3", "Deselect"]


def test_what_takes_long_is_named_as_long_as_it_is_computed(person):
    session, said = person.session, []
    session.notices.told.connect(said.append)
    session.change("Flatten", edits.flattened)
    session._slow.timeout.emit()
    assert said == ["Flatten…"]
    assert session._slow.isActive()
    person.end()
    assert not session._slow.isActive()


def test_an_error_of_the_program_itself_holds_nobody_up(person):
    session, settled = person.session, []
    session.settled.connect(lambda: settled.append(True))

    def breaks():
        raise RuntimeError

    session.change("Add", edits.flattened, then=breaks)
    with pytest.raises(RuntimeError):
        person.later.finish()
    assert not session.busy and settled
    with pytest.raises(RuntimeError):
        session.in_turn(breaks)
    fill(session, (1, 1, 1))
    person.end()
    assert session.undo_labels == ["Add", "Fill"]


def test_what_is_withdrawn_already_is_not_withdrawn_again(person):
    fill(person.session, (1, 1, 1))
    assert person.session.withdraw()
    assert not person.session.withdraw(), "so Esc goes on to what is next"
