"""The text of a mix of classes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio import mix

CLASSES = ("mountain", "sea", "tench, Tinca tinca", "route 66", "area 51, Nevada 7")


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("mountain", {"mountain": 1.0}),
        ("mountain 60, sea 40", {"mountain": 0.6, "sea": 0.4}),
        (" mountain 30 % ,sea 10%", {"mountain": 0.75, "sea": 0.25}),
        ("tench, Tinca tinca 50, route 66 50", {"tench, Tinca tinca": 0.5, "route 66": 0.5}),
        ("route 66", {"route 66": 1.0}),
        ("area 51, Nevada 7", {"area 51, Nevada 7": 1.0}),
        ("sea 1.5, mountain 0, sea 0.5", {"sea": 1.0}),
    ],
)
def test_what_it_reads(text, shares):
    assert mix.read(text, CLASSES) == pytest.approx(shares)


@pytest.mark.parametrize("text", ["", "  ", "desert", "mountain 60, sea", "60, 40", "mountain 60 sea 40 %%", ", sea 3"])
def test_what_is_no_mix_is_told(text):
    with pytest.raises(ValueError, match="write it as in “mountain 60, sea 40”"):
        mix.read(text, CLASSES)


def test_shares_of_nothing_are_told():
    with pytest.raises(ValueError, match="are all 0"):
        mix.read("mountain 0, sea 0", CLASSES)


@given(st.dictionaries(st.sampled_from(["hill", "lake", "old town", "tench, Tinca tinca"]), st.integers(1, 97)))
def test_what_it_writes_it_reads(percents):
    shares = {name: percent / sum(percents.values()) for name, percent in percents.items()}
    text = mix.write(shares)
    if shares:
        again = mix.read(text, tuple(shares))
        assert all(abs(again.get(name, 0) - share) < 0.02 for name, share in shares.items())
        assert mix.write(again) == mix.write(mix.read(mix.write(again), tuple(shares)))


def test_a_class_alone_is_its_name():
    assert mix.write({"sea": 1.0}) == "sea"
    assert mix.write({"mountain": 0.6, "sea": 0.4}) == "mountain 60, sea 40"
