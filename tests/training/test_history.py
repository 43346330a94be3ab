"""The history of a run: which rows count after a stop, and the mean that its plot shows."""

import pytest

from sdedit_studio.training.history import Row, _running_mean, _ticks, as_csv, from_csv
from sdedit_studio.training.problem import TrainingProblem

ROWS = [Row(100 * n, 1.5 * n, 0.5 / n, None if n % 2 else 0.25, 1e-4, 40.0) for n in range(1, 6)]


def test_rows_up_to_the_checkpoint_come_back_and_that_one_too(tmp_path):
    path = tmp_path / "loss.csv"
    assert from_csv(path, 1000) == []
    path.write_text(as_csv(ROWS))
    assert from_csv(path, 300) == ROWS[:3]
    assert from_csv(path, 299) == ROWS[:2]
    assert from_csv(path, 10_000) == ROWS


def test_a_damaged_table_is_told(tmp_path):
    path = tmp_path / "loss.csv"
    path.write_text(as_csv(ROWS).replace("100,", "many,"))
    with pytest.raises(TrainingProblem, match="is damaged"):
        from_csv(path, 1000)


def test_the_mean_is_over_the_last_twentieth_of_the_run():
    losses = [float(n**2) for n in range(60)]
    found = _running_mean(losses)
    assert found[:2] == pytest.approx([0, 0.5])
    assert found[2:] == pytest.approx(
        [(a + b + c) / 3 for a, b, c in zip(losses, losses[1:], losses[2:], strict=False)]
    )
    assert _running_mean([4.0, 2.0]) == pytest.approx([4.0, 2.0]), "of a short run, each loss by itself"


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.3, 0.7, [0.2, 0.5, 1]),
        (0.2, 0.5, [0.1, 0.2, 0.5, 1]),
        (30, 40, [20, 50]),
        (0.009, 0.011, [0.005, 0.01, 0.02]),
    ],
)
def test_ticks_are_round_and_go_beyond_the_losses(low, high, ticks):
    assert _ticks(low, high) == pytest.approx(ticks)
