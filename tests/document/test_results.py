from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.document import results as module
from sdedit_studio.document.results import Record, Results
from sdedit_studio.raster.geometry import Rect

START = datetime(2026, 5, 1, tzinfo=UTC)


def record(number: int, size: int = 10, starred: bool = False, guide: bytes = b"", **changes) -> Record:
    """One whose own pictures take `size` bytes, besides a guide."""
    made = Record(
        picture=number.to_bytes(4) + b"p" * (size - 4),
        guide=guide,
        mask=None,
        thumbnail=b"",
        frame=Rect(0, 0, 4, 4),
        canvas=(8, 8),
        parameters={"seed": number},
        calls=8,
        seconds=1.5,
        time=START + timedelta(seconds=number),
        starred=starred,
    )
    return replace(made, **changes)


def numbers(results: Results) -> list[int]:
    return [each.parameters["seed"] for each in results]


arrivals = st.lists(st.tuples(st.integers(4, 60), st.booleans()), max_size=30)


@given(arrivals, st.integers(1, 200))
def test_the_budget_holds_and_the_oldest_without_a_star_go_first(sizes, budget):
    results = Results(budget=budget)
    for number, (size, starred) in enumerate(sizes):
        before = results
        results = results.added(record(number, size, starred))
        kept = numbers(results)
        assert kept[-1] == number, "the newest stays"
        assert kept == sorted(kept)
        spare = [each for each in results.records[:-1] if not each.starred]
        assert results.nbytes <= budget or not spare
        gone = [each for each in before if each not in results.records]
        assert not any(each.starred for each in gone)
        assert all(lost.time < left.time for lost in gone for left in spare)
        if gone:
            assert results.nbytes + max(map(len, (each.picture for each in gone))) > budget, "none went for nothing"


@given(st.integers(1, 40), st.booleans())
def test_one_larger_than_the_budget_stays_alone(size, starred):
    results = Results(budget=30).added(record(0, 12)).added(record(1, 12)).added(record(2, 30 + size, starred))
    assert numbers(results) == [2]


def test_what_records_share_counts_once():
    guide = b"g" * 50
    results = Results(budget=100).added(record(0, 10, guide=guide)).added(record(1, 10, guide=bytes(guide)))
    assert results.nbytes == 70
    assert numbers(results.added(record(2, 10, guide=b"h" * 20))) == [0, 1, 2]
    assert numbers(results.added(record(2, 10, strength=b"h" * 20))) == [0, 1, 2]
    assert numbers(results.added(record(2, 10, strength=b"h" * 21))) == [1, 2], "what was protected counts as well"
    assert numbers(results.added(record(3, 10, guide=b"h" * 40))) == [3], "a guide goes with the last that needs it"


def test_there_is_a_limit_to_how_many_small_ones_there_are(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    results = Results()
    for number in range(6):
        results = results.added(record(number, starred=number == 1))
    assert numbers(results) == [1, 4, 5]


def test_the_same_result_made_again_is_the_newest_and_keeps_its_star():
    first, second = record(0, starred=True), record(1)
    results = Results().added(first).added(second)
    again = replace(first, id="another", time=START + timedelta(minutes=1), starred=False, seconds=9.0)
    results = results.added(again)
    assert numbers(results) == [1, 0]
    assert (results.records[-1].id, results.records[-1].starred, results.records[-1].seconds) == (first.id, True, 9.0)
    assert len(results.added(replace(first, id="x", frame=Rect(1, 0, 4, 4)))) == 3


def test_stars_deletions_and_putting_back():
    records = [record(number) for number in range(4)]
    results = Results(tuple(records))
    starred = results.starred([records[1].id, "gone"], True)
    assert [each.starred for each in starred] == [False, True, False, False]
    assert starred.starred([records[1].id], False) == results
    assert starred != results
    less = results.without([records[1].id, records[3].id])
    assert numbers(less) == [0, 2]
    assert less.put_back([records[3], records[1], records[0]]) == results
    with pytest.raises(KeyError):
        results.record("nothing")


def test_taking_a_star_makes_room_at_once():
    results = Results(budget=25)
    for number in range(3):
        results = results.added(record(number, 10, starred=True))
    assert len(results) == 3
    assert numbers(results.starred([results.records[0].id], False)) == [1, 2]
    assert numbers(results.starred([each.id for each in reversed(results.records)], False)) == [1, 2], (
        "the oldest go first"
    )
