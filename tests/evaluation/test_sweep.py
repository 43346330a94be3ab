"""Sweeps end to end with a model in closed form."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdedit_studio.engine.execute import execute
from sdedit_studio.engine.job import Job, Pixels
from sdedit_studio.engine.measured import Measured
from sdedit_studio.evaluation import edits
from sdedit_studio.evaluation.edits import Study
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.pictures import Pictures
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.reference import Realism, reference_of
from sdedit_studio.evaluation.sweep import parse_t0, sweep
from sdedit_studio.parameters import Parameters, Refine, Solver

SIDE = 32  # the fake model's
T0S = (0.0, 0.2, 0.5, 1.0)
PARAMETERS = Parameters(calls=3, seed=7, model="fake")
WRITTEN = {"settings.json", "results", "strip.png", "table.csv", "table.md", "table.json", "curve.png"}


def guides_of(pictures: np.ndarray) -> Pictures:
    return Pictures(pictures, [f"{i}.png" for i in range(len(pictures))])


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture
def realism(photographs):
    return Realism(SlicedPatches(), reference_of(guides_of(photographs(30)), SlicedPatches(), "photographs"))


def test_it_writes_the_strip_the_table_and_the_curve(model, photographs, realism, tmp_path):
    folder = tmp_path / "sweep"
    guides = guides_of(photographs(10))
    table = sweep(model.loaded, guides, T0S, PARAMETERS, folder, realism)
    assert {path.name for path in folder.iterdir()} == WRITTEN
    assert not list(folder.rglob("*.part"))
    assert [row.t0 for row in table.rows] == list(T0S)
    assert table.rows[0].l2 == 0 and table.rows[0].method == "the guide itself"
    assert table.rows[0].l2 < table.rows[1].l2 < table.rows[2].l2
    assert table.features == SlicedPatches.name and table.sweet_spot in T0S
    assert table.rows[-1].sigma == 80.0  # the most this model knows
    strip = pixels(folder / "strip.png")
    assert strip.shape == (24 + 10 * (SIDE + 4), 4 + 4 * (SIDE + 4), 3)
    assert np.array_equal(strip[24 : 24 + SIDE, 4 : 4 + SIDE], guides.pixels[0])
    last = pixels(folder / "results" / "t0-1" / "00009.png")
    assert np.array_equal(strip[-4 - SIDE : -4, -4 - SIDE : -4], last)
    assert pixels(folder / "curve.png").shape[1] > 800
    assert json.loads((folder / "table.json").read_text())["settings"]["guides"] == guides.names


def test_a_forgotten_guide_leaves_no_trace_but_a_kept_one_does(model, photographs, tmp_path):
    flat = np.stack([np.full((SIDE, SIDE, 3), value, np.uint8) for value in (20, 235)])
    sweep(model.loaded, guides_of(flat), (0.1, 1.0), PARAMETERS, tmp_path / "sweep", None)
    study = tmp_path / "sweep" / "results"
    dark, light = (pixels(study / "t0-1" / f"0000{i}.png").mean() for i in (0, 1))
    assert abs(dark - light) < 6
    dark, light = (pixels(study / "t0-0.1" / f"0000{i}.png").mean() for i in (0, 1))
    assert light - dark > 100


@pytest.mark.parametrize("solver", [Solver.DPMPP_2M, Solver.DPMPP_2M_SDE, Solver.EULER_MARUYAMA])
def test_each_result_is_the_edit_of_that_guide_alone(model, photographs, tmp_path, solver):
    guides = photographs(3)
    parameters = replace(PARAMETERS, solver=solver, repeats=2, t0=0.4, refine=Refine.OFF)
    results = edits.edit_all(Study(tmp_path / "s", {}), model.loaded, guides, [0.4], parameters)[0.4]
    for index, guide in enumerate(guides):
        job = Job(Pixels.of(guide), replace(parameters, seed=parameters.seed + index))
        measured = Measured(1, tmp_path / "measured.json")
        *_, last = execute(job, model.loaded, cancelled=lambda: False, measured=measured)
        assert abs(last.picture.array.astype(int) - results[index]).max() <= 1


def test_a_study_that_was_stopped_goes_on(model, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(edits, "BATCH", 2)
    guides, folder = guides_of(photographs(5)), tmp_path / "sweep"
    whole = sweep(model.loaded, guides, T0S, PARAMETERS, tmp_path / "whole", None)
    calls = model.calls.count
    assert calls == 3 * 3 * 3  # t0 > 0, batches, calls
    model.calls.stop_at = calls + 11
    with pytest.raises(KeyboardInterrupt):
        sweep(model.loaded, guides, T0S, PARAMETERS, folder, None)
    assert not list(folder.rglob("*.part")) and not (folder / "table.md").exists()
    kept = len(list(folder.rglob("*.png")))
    assert kept == 5 + 5  # the guides at t0 = 0 and those at 0.2; call 11 was the second of a batch
    model.calls.count, model.calls.stop_at = 0, None
    told = []
    again = sweep(model.loaded, guides, T0S, PARAMETERS, folder, None, lambda *progress: told.append(progress))
    assert model.calls.count == calls - 9
    assert again == whole
    assert told[-1] == ("Editing", told[-1][2], told[-1][2])
    model.calls.count = 0
    assert sweep(model.loaded, guides, T0S, PARAMETERS, folder, None) == whole
    assert model.calls.count == 0


def test_more_t0_can_be_added_later(model, photographs, tmp_path):
    guides = guides_of(photographs(2))
    sweep(model.loaded, guides, (0.2,), PARAMETERS, tmp_path / "sweep", None)
    before = model.calls.count
    sweep(model.loaded, guides, (0.2, 0.4), PARAMETERS, tmp_path / "sweep", None)
    assert model.calls.count == before + 3


def test_results_of_other_settings_are_not_mixed_in(model, photographs, tmp_path):
    guides = guides_of(photographs(2))
    sweep(model.loaded, guides, (0.2,), PARAMETERS, tmp_path / "sweep", None)
    for other in (replace(PARAMETERS, calls=4), replace(PARAMETERS, seed=8), replace(PARAMETERS, solver=Solver.HEUN)):
        with pytest.raises(EvaluationProblem, match="results of other settings"):
            sweep(model.loaded, guides, (0.2,), other, tmp_path / "sweep", None)
    with pytest.raises(EvaluationProblem, match="results of other settings"):
        sweep(model.loaded, guides_of(photographs(3)), (0.2,), PARAMETERS, tmp_path / "sweep", None)


def test_a_folder_of_other_things_is_left_alone(model, photographs, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "table.md").write_text("my own table")
    with pytest.raises(EvaluationProblem, match="holds other things"):
        sweep(model.loaded, guides_of(photographs(2)), (0.2,), PARAMETERS, folder, None)
    assert (folder / "table.md").read_text() == "my own table"
    assert len(list(folder.iterdir())) == 1


def test_few_guides_have_no_kid_and_it_is_said(model, photographs, realism, tmp_path):
    table = sweep(model.loaded, guides_of(photographs(3)), T0S, PARAMETERS, tmp_path / "sweep", realism)
    assert table.features is None and table.sweet_spot is None
    assert any("needs at least 8 guides, and there are 3" in note for note in table.notes)
    assert (tmp_path / "sweep" / "curve.png").stat().st_size > 5000


def test_without_matplotlib_it_is_said_before_anything_is_done(model, photographs, tmp_path, monkeypatch):
    monkeypatch.setattr("sdedit_studio.evaluation.plot.find_spec", lambda name: None)
    with pytest.raises(EvaluationProblem, match=r"pip install 'sdedit-studio\[evaluation\]'"):
        sweep(model.loaded, guides_of(photographs(2)), T0S, PARAMETERS, tmp_path / "sweep", None)
    assert model.calls.count == 0 and not (tmp_path / "sweep").exists()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0:1:0.1", [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]),
        ("0.2:0.5:0.15", [0.2, 0.35, 0.5]),
        ("0.2:0.5:0.2", [0.2, 0.4]),
        ("0.4", [0.4]),
        ("0.6,0,0.2,0.6", [0, 0.2, 0.6]),
    ],
)
def test_t0_is_a_range_or_a_list(text, values):
    assert parse_t0(text) == values


@pytest.mark.parametrize(
    "text", ["", "a", "0:1", "0:1:0", "0:1:-0.1", "1:0:-0.1", "1:0:0.1", "0:2:0.5", "nan", "0:1:nan", "0:1:1e-9", "-1"]
)
def test_other_t0_are_told(text):
    with pytest.raises(EvaluationProblem, match="start:stop:step or a list"):
        parse_t0(text)
