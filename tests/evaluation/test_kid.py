"""KID against closed forms: for Gaussian features every moment of the cubic kernel is known."""

import numpy as np
import pytest

from sdedit_studio.evaluation.kid import FEWEST, MANY, kid, mmd2


def gaussian_kernel_mean(a: np.ndarray, b: np.ndarray) -> float:
    """E (x.y / d + 1)^3 for independent x ~ N(a, I), y ~ N(b, I), by the moments of s = x.y:
    E s = m, E s^2 = m^2 + |a|^2 + |b|^2 + d, E s^3 = m^3 + 3 m (|a|^2 + |b|^2 + d + 2), m = a.b."""
    d, m, squares = len(a), a @ b, a @ a + b @ b
    second, third = m**2 + squares + d, m**3 + 3 * m * (squares + d + 2)
    return third / d**3 + 3 * second / d**2 + 3 * m / d + 1


def closed_form(a: np.ndarray, b: np.ndarray) -> float:
    return gaussian_kernel_mean(a, a) + gaussian_kernel_mean(b, b) - 2 * gaussian_kernel_mean(a, b)


def textbook(x: np.ndarray, y: np.ndarray) -> float:
    """The definition, term by term."""

    def k(p, q):
        return (float(p @ q) / len(p) + 1) ** 3

    m, n = len(x), len(y)
    within_x = sum(k(x[i], x[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    within_y = sum(k(y[i], y[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    return within_x + within_y - 2 * sum(k(p, q) for p in x for q in y) / (m * n)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_gaussians_with_a_known_shift_of_the_mean(shift):
    random = np.random.default_rng(1)
    a = np.full(6, 0.5)
    b = a + shift
    estimates = [mmd2(random.normal(a, 1, (80, 6)), random.normal(b, 1, (120, 6))) for _ in range(300)]
    error = np.std(estimates) / np.sqrt(len(estimates))
    assert np.mean(estimates) == pytest.approx(closed_form(a, b), abs=3.5 * error)
    assert error < 0.05 * closed_form(a, a + max(shift, 0.3))


def test_subsets_do_not_bias_it():
    random = np.random.default_rng(2)
    a, b = np.zeros(6), np.ones(6)
    estimate = kid(random.normal(a, 1, (4000, 6)), random.normal(b, 1, (4000, 6)), subsets=200, size=50)
    assert estimate.mean == pytest.approx(closed_form(a, b), rel=0.05)


def test_it_is_the_definition():
    random = np.random.default_rng(3)
    x, y = random.normal(size=(9, 5)), random.normal(1, 2, (12, 5))
    assert mmd2(x, y) == pytest.approx(textbook(x, y), rel=1e-12)


def test_two_halves_of_one_set_scatter_around_zero():
    random = np.random.default_rng(4)
    whole = random.normal(size=(2000, 16))
    halves = [np.array_split(random.permutation(whole), 2) for _ in range(60)]
    values = [mmd2(x, y) for x, y in halves]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 0.01 * mmd2(whole, whole + 1)


def test_the_order_of_pictures_is_nothing():
    random = np.random.default_rng(5)
    x, y = random.normal(size=(20, 4)), random.normal(size=(30, 4))
    assert mmd2(random.permutation(x), random.permutation(y)) == pytest.approx(mmd2(x, y), rel=1e-12)
    assert mmd2(y, x) == pytest.approx(mmd2(x, y), rel=1e-12)


@pytest.mark.parametrize(("shift", "found"), [(0.0, False), (0.5, True)])
def test_a_permutation_test_on_it_finds_a_shift_and_nothing_else(shift, found):
    random = np.random.default_rng(6)
    x, y = random.normal(size=(60, 8)), random.normal(shift, 1, (60, 8))
    pool, observed = np.concatenate([x, y]), mmd2(x, y)
    shuffled = [mmd2(*np.split(random.permutation(pool), 2)) for _ in range(199)]
    p = (1 + sum(value >= observed for value in shuffled)) / 200
    assert (p < 0.02) is found


def test_single_precision_features_are_summed_in_double():
    random = np.random.default_rng(7)
    x = (random.normal(size=(64, 32)) + 30).astype(np.float32)
    y = (random.normal(size=(64, 32)) + 30).astype(np.float32)
    assert mmd2(x, y) == pytest.approx(textbook(x.astype(np.float64), y.astype(np.float64)), rel=1e-6)


def test_it_says_what_it_used():
    features = np.random.default_rng(8).normal(size=(30, 4))
    default = kid(features, np.repeat(features, 2, axis=0))
    assert (default.subsets, default.size, default.pictures, default.references) == (100, 15, 30, 60)
    assert not default.steady and default.std > 0
    many = np.random.default_rng(9).normal(size=(MANY, 2))
    assert kid(many, many, subsets=2).steady


def test_no_picture_is_drawn_twice_into_a_subset():
    """Subsets as large as a set are that set, so all of them give its one estimate."""
    random = np.random.default_rng(11)
    x, y = random.normal(size=(12, 4)), random.normal(0.3, 1, (12, 4))
    for one, other in ((x, y), (y, x)):
        estimate = kid(one, other, subsets=20, size=12)
        assert estimate.mean == pytest.approx(mmd2(one, other), rel=1e-9)
        assert estimate.std == pytest.approx(0, abs=1e-12)


def test_the_seed_decides():
    x, y = np.random.default_rng(10).normal(size=(2, 40, 3))
    assert kid(x, y) == kid(x, y)
    assert kid(x, y, seed=1) != kid(x, y)


@pytest.mark.parametrize(
    ("x", "y", "size", "words"),
    [
        (np.zeros((FEWEST - 1, 3)), np.zeros((50, 3)), None, f"at least {FEWEST} pictures on either side"),
        (np.zeros((50, 3)), np.zeros((1, 3)), None, "and one has 1"),
        (np.zeros((50, 3)), np.zeros((50, 4)), None, "different extractors"),
        (np.full((50, 3), np.nan), np.zeros((50, 3)), None, "not numbers"),
        (np.zeros((50, 3)), np.zeros((20, 3)), 21, "cannot be drawn from 20"),
        (np.zeros((50, 3)), np.zeros((20, 3)), 1, "Subsets of 1"),
    ],
)
def test_what_cannot_be_estimated_is_told(x, y, size, words):
    with pytest.raises(ValueError, match=words):
        kid(x, y, size=size)
