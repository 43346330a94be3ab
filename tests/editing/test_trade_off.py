"""The sweet spot: a rule on two curves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdedit_studio.editing.trade_off import LEAST_SPREAD, heights, sweet_spot

T0S = [tenth / 10 for tenth in range(11)]
CURVES = st.lists(st.floats(0, 100), min_size=11, max_size=11)


def test_heights_go_from_0_to_1():
    assert heights([3, 1, 2]) == [1, 0, 0.5]
    assert heights([2, 2]) == [0, 0]
    assert heights([0.3, 0.35], least=0.1) == pytest.approx([0, 0.5])


def test_it_is_where_one_curve_has_fallen_and_the_other_not_yet_risen():
    low, high = sweet_spot(T0S, [t0**2 for t0 in T0S], [max(0, 0.4 - t0) for t0 in T0S])
    assert 0.2 < low < 0.4 < high < 0.6


def test_its_ends_lie_on_the_straight_lines_between_levels():
    assert sweet_spot([0, 0.5, 1], [0, 0, 1], [1, 0, 0]) == pytest.approx((0.45, 0.55))


def test_a_realism_that_hardly_differs_does_not_decide():
    noise = [0.2 + 0.1 * LEAST_SPREAD * (index % 2) for index in range(11)]
    assert sweet_spot(T0S, T0S, noise)[0] == 0


@given(CURVES, CURVES)
def test_it_holds_a_level_of_the_least_sum(one, other):
    low, high = sweet_spot(T0S, one, other)
    sums = [a + b for a, b in zip(heights(one), heights(other, LEAST_SPREAD), strict=True)]
    assert 0 <= low <= T0S[sums.index(min(sums))] <= high <= 1
