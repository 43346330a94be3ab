"""The sheets to look at, and the search for results among training pictures."""

import numpy as np
import pytest
from PIL import Image

from sdedit_studio.evaluation import memorisation
from sdedit_studio.evaluation.by_eye import nearest_level, show_neighbours, show_pairs
from sdedit_studio.evaluation.evaluate import evaluate
from sdedit_studio.evaluation.memorisation import neighbours
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.sheet import GAP, HEADING
from sdedit_studio.parameters import Parameters
from tests.evaluation.conftest import SIDE, photograph

FEATURES = SlicedPatches()


def opened(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def cell(sheet, row, column, width=SIDE, height=SIDE):
    top, left = HEADING + row * (height + GAP), GAP + column * (width + GAP)
    return sheet[top : top + height, left : left + width]


@pytest.fixture
def trained_on(folder_of_pictures, monkeypatch):
    """Sixty pictures, more than are read at a time, and more than a short list holds."""
    monkeypatch.setattr(memorisation, "CHUNK", 7)
    return folder_of_pictures(60)


def test_a_copy_is_found_and_nothing_is_nearer(trained_on):
    reduced = [np.asarray(Image.open(trained_on / f"{i:03d}.png").resize((SIDE, SIDE), 3)) for i in (41, 7)]
    noise = np.random.default_rng(9).normal(0, 2, (2, SIDE, SIDE, 3))
    copies = np.clip(np.stack(reduced) + noise, 0, 255).astype(np.uint8)
    found = neighbours(copies, trained_on, FEATURES)
    assert np.array_equal(found.pixels, np.stack(reduced))
    other = neighbours(np.stack([photograph(900), photograph(901)]), trained_on, FEATURES)
    assert found.distance.max() < other.distance.min()


def test_remembered_results_come_first_and_the_note_tells(trained_on, tmp_path):
    copies = np.stack([np.asarray(Image.open(trained_on / f"{i:03d}.png").resize((SIDE, SIDE), 3)) for i in range(3)])
    guides, unseen = np.zeros_like(copies), np.stack([photograph(900 + i) for i in range(3)])
    note = show_neighbours(tmp_path, guides, np.concatenate([unseen[:1], copies[1:]]), unseen, trained_on, FEATURES)
    sheet = opened(tmp_path / "neighbours.png")
    assert np.array_equal(cell(sheet, 0, 1), cell(sheet, 0, 2))
    assert np.array_equal(cell(sheet, 2, 1), unseen[0])
    assert "0 at the least" in note and "3 of each, among the pictures of pictures" in note


def test_strokes_stand_beside_their_pictures(tmp_path):
    guides = np.stack([np.full((SIDE, SIDE, 3), 4 * i, np.uint8) for i in range(50)])
    show_pairs(tmp_path, guides, 255 - guides)
    sheet = opened(tmp_path / "pairs.png")
    assert sheet.shape == (HEADING + 8 * (SIDE + GAP), GAP + 12 * (SIDE + GAP), 3)
    assert np.array_equal(cell(sheet, 2, 4), guides[18]) and np.array_equal(cell(sheet, 2, 5), 255 - guides[18])


def test_an_evaluation_makes_them_all(model, folder_of_pictures, tmp_path):
    source, out = folder_of_pictures(40), tmp_path / "out"
    parameters = Parameters(calls=1, model="fake")
    table = evaluate(model.loaded, source, None, 10, (0.2, 0.5), parameters, out, FEATURES, trained_on=source)
    written = {path.name for path in out.iterdir()}
    assert {"pairs.png", "neighbours.png"} <= written
    assert "Nearest training picture" in " ".join(table.notes)


def test_a_missing_training_set_is_told(photographs, tmp_path):
    with pytest.raises(EvaluationProblem, match="neither a folder nor a zip"):
        neighbours(photographs(1), tmp_path / "missing", FEATURES)


def test_the_level_nearest_to_the_model_s_own():
    assert nearest_level((0.0, 0.2, 0.5), 0.4) == 0.5
    assert nearest_level((0.0,), 0.4) is None
