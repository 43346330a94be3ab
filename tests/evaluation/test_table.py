import csv
import json
from io import StringIO

import pytest

from sdedit_studio.evaluation.kid import Kid
from sdedit_studio.evaluation.table import Row, Table, as_csv, as_json, as_markdown, kid_note

MODEL_CARD = [  # t0, sigma, L2, RMSE, KID: the bundled model's card
    (0, 0.0, 0.0, 0.0, 0.1452),
    (0.1, 0.34, 41.1, 9.8, 0.0950),
    (0.2, 0.72, 83.2, 14.0, 0.0845),
    (0.3, 1.234, 140.3, 18.2, 0.0770),
    (0.4, 2.028, 229.7, 23.2, 0.0674),
    (0.5, 3.413, 377.4, 29.8, 0.0594),
    (0.6, 6.097, 625.7, 38.4, 0.0563),
    (0.8, 25.109, 1750.4, 64.2, 0.0666),
]


def kid(mean: float) -> Kid:
    return Kid(mean, 0.005, 100, 100, 192, 695)


@pytest.fixture
def table() -> Table:
    curve = [Row("SDEdit", t0, sigma, l2, 1.5, rmse, kid(mean)) for t0, sigma, l2, rmse, mean in MODEL_CARD]
    return Table(
        [*curve[::-1], Row("blurred", None, None, 33, 2, 8, kid(-0.001))], "some net", {"seed": 1}, ["A note."]
    )


def test_the_sweet_spot_of_the_model_card_is_its_knee(table):
    assert table.sweet_spot == 0.4


def test_without_kid_or_a_curve_there_is_no_sweet_spot(table):
    bare = [Row(row.method, row.t0, row.sigma, row.l2, row.l2_std, row.rmse, None) for row in table.rows]
    assert Table(bare, None, {}, []).sweet_spot is None
    assert Table(table.curve[:2], "some net", {}, []).sweet_spot is None


def test_every_form_names_the_features(table):
    header, *lines = csv.reader(StringIO(as_csv(table).decode()))
    assert header[-2:] == ["kid (some net)", "kid_std (some net)"]
    assert "KID, some net features" in as_markdown(table).decode()
    assert json.loads(as_json(table))["features"] == "some net"
    assert len(lines) == len(table.rows) and lines[-1][:3] == ["blurred", "", ""]
    assert [float(line[3]) for line in lines] == [row.l2 for row in table.rows]


def test_markdown_is_for_people(table):
    text = as_markdown(table).decode()
    assert "| SDEdit | 0.4 | 2.028 | 229.7 ± 1.5 | 23.2 | 0.0674 ± 0.0050 |" in text
    assert "| blurred |  |  | 33.0 ± 2.0 | 8.0 | -0.0010 ± 0.0050 |" in text
    assert "A note." in text and "Sweet spot: t0 0.4" in text


def test_json_has_everything(table):
    whole = json.loads(as_json(table))
    assert whole["settings"] == {"seed": 1} and whole["sweet_spot"] == 0.4
    assert whole["rows"][-1]["kid"] == vars(kid(-0.001))


def test_small_sets_come_with_a_warning():
    assert "With fewer than 500 pictures" in kid_note(kid(0.1))
    assert "fewer" not in kid_note(Kid(0.1, 0.005, 100, 1000, 1000, 1000))
