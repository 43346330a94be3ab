"""What was measured on this machine."""

import pytest

from sdedit_studio.engine.measured import Measured


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / "measured.json"


def test_nothing_is_known_at_first(path):
    assert Measured(1, path).call_seconds("scenes-96", 9216) is None
    assert Measured(1, path).precision("scenes-96") is None


def test_an_unknown_size_is_scaled_from_the_nearest(path):
    measured = Measured(1, path)
    measured.learn("m", 1000, 0.1)
    measured.learn("m", 100_000, 20.0)
    assert measured.call_seconds("m", 2000) == pytest.approx(0.2)
    assert measured.call_seconds("m", 50_000) == pytest.approx(10.0)
    assert measured.call_seconds("other", 1000) is None


def test_a_slow_first_call_is_forgotten(path):
    measured = Measured(1, path)
    for seconds in (5.0, 1.0, 1.0, 1.0, 1.0, 1.0):
        measured.learn("m", 1000, seconds)
    assert measured.call_seconds("m", 1000) == pytest.approx(1.0, abs=0.15)


def test_it_is_remembered_per_number_of_threads(path):
    measured = Measured(2, path)
    measured.learn("m", 1000, 0.1)
    measured.set_precision("m", "bfloat16")
    measured.save()
    again, other = Measured(2, path), Measured(1, path)
    assert again.call_seconds("m", 1000) == pytest.approx(0.1)
    assert other.call_seconds("m", 1000) is None
    assert other.precision("m") == "bfloat16"


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"m on here": 3}', "\x00"])
def test_a_damaged_file_only_means_measuring_again(path, text):
    path.parent.mkdir()
    path.write_text(text)
    measured = Measured(1, path)
    assert measured.call_seconds("m", 1000) is None
    measured.learn("m", 1000, 1.0)
    measured.save()
    assert Measured(1, path).call_seconds("m", 1000) == 1.0


def test_a_folder_that_cannot_be_written_is_no_problem(tmp_path):
    (tmp_path / "file").write_text("")
    measured = Measured(1, tmp_path / "file" / "measured.json")
    measured.learn("m", 1000, 1.0)
    measured.save()
    assert measured.call_seconds("m", 1000) == 1.0
