"""Ways of refining compared, end to end with a tiny model and a tiny canvas."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from sdedit_studio.evaluation import canvas, canvas_edits
from sdedit_studio.evaluation.canvas import compare, crops
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.pictures import Frame
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.sheet import GAP, HEADING
from sdedit_studio.models.catalogue import find
from sdedit_studio.models.load import load
from sdedit_studio.models.problem import ModelProblem
from sdedit_studio.parameters import Parameters, Refine
from tests.evaluation.conftest import photograph

PARAMETERS = Parameters(t0=0.4, calls=2, model="tiny")
FRAME = Frame(96, 64)
WAYS = (Refine.DETAIL, Refine.SDE, Refine.OFF)


@pytest.fixture(autouse=True)
def small_crops(monkeypatch):
    monkeypatch.setattr(canvas, "CROP", 32)


@pytest.fixture
def tiny(detailed_models):
    torch.set_num_threads(1)
    return load(find("tiny", detailed_models), torch.device("cpu"), torch.float32)


@pytest.fixture
def photographs(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    for seed in range(4):
        Image.fromarray(photograph(seed, 100)).save(folder / f"{seed}.png")
    return folder


def run(model, source, folder, *, reference=None, ways=WAYS, frame=FRAME, parameters=PARAMETERS, painted=False):
    return compare(
        model, source, reference, 3, frame, ways, parameters, folder, SlicedPatches(), painted=painted
    )  # fmt: skip


def test_each_way_has_its_figures(tiny, photographs, tmp_path):
    out = tmp_path / "out"
    table = run(tiny, photographs, out)
    real, guides, detail, sde, off = table.rows
    assert [row.pictures for row in table.rows] == ["the photographs", "the guides", "detail", "sde", "off"]
    assert real.kid is None and all(row.kid.pictures == row.kid.references == 18 for row in (guides, detail, sde, off))
    assert real.drift is guides.gflop is guides.seconds is None
    assert off.drift == 0 and off.last_drift is None
    assert 0 < detail.last_drift < sde.last_drift
    assert 0 < off.gflop < detail.gflop < sde.gflop
    assert 0 < off.seconds < min(detail.seconds, sde.seconds)
    assert off.sharpness < detail.sharpness
    notes = " ".join(table.notes)
    assert "3 guides at 96 x 64 px" in notes and "18 crops of 32 px of 3 pictures against 18 of 3 photographs" in notes
    assert "the photographs that the strokes were simulated from" in notes


def test_the_table_is_written_three_times_and_pairs_at_full_size(tiny, photographs, tmp_path):
    out = tmp_path / "out"
    table = run(tiny, photographs, out)
    lines = (out / "table.md").read_text().splitlines()
    assert lines[2].startswith("| the photographs |  |") and len(lines[2].split("|")) == len(lines[0].split("|"))
    header, *rows = csv.reader((out / "table.csv").read_text().splitlines())
    assert header[3:] == ["sharpness", "drift", "last_drift", "gflop", "seconds"] and len(rows) == 5
    whole = json.loads((out / "table.json").read_text())
    assert whole["rows"][2]["gflop"] == table.rows[2].gflop and whole["settings"]["t0"] == 0.4
    with Image.open(out / "pairs-100.png") as opened:
        sheet = np.asarray(opened.convert("RGB"))
    assert sheet.shape == (HEADING + 3 * (32 + GAP), GAP + 5 * (32 + GAP), 3)
    with Image.open(out / "results" / "sde" / "00001.png") as opened:
        made = np.asarray(opened)
    top, left = HEADING + 32 + GAP, GAP + 3 * (32 + GAP)
    assert np.array_equal(sheet[top : top + 32, left : left + 32], made[16:48, 32:64])


def test_a_stopped_study_goes_on_and_another_way_shares_its_first_passes(tiny, photographs, tmp_path, monkeypatch):
    out = tmp_path / "out"
    run(tiny, photographs, out, ways=[Refine.OFF])
    first = (out / "results" / "first" / "00002.png").read_bytes()
    edit, made = canvas_edits.edit, []

    def stopping(*arguments, **options):
        made.append(options["first"] is None)
        if len(made) == 3:
            raise KeyboardInterrupt
        return edit(*arguments, **options)

    monkeypatch.setattr(canvas_edits, "edit", stopping)
    with pytest.raises(KeyboardInterrupt):
        run(tiny, photographs, out, ways=[Refine.DETAIL])
    kept = len(list((out / "results" / "detail").glob("*.png")))
    assert kept == 1  # the first is made twice
    run(tiny, photographs, out, ways=[Refine.DETAIL])
    assert not any(made) and len(made) == 3 + 1 + 3 - kept
    assert (out / "results" / "first" / "00002.png").read_bytes() == first
    count = len(made)
    again = run(tiny, photographs, out)
    assert len(made) == count + 1 + 3  # SDE alone
    assert run(tiny, photographs, out) == again


def test_the_same_study_gives_the_same_bytes(tiny, photographs, tmp_path):
    for name in ("one", "two"):
        run(tiny, photographs, tmp_path / name, ways=[Refine.DETAIL, Refine.OFF])
    for path in (tmp_path / "one" / "results").rglob("*.png"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_guides_are_used_as_they_are(tiny, photographs, tmp_path):
    with pytest.raises(EvaluationProblem, match="give a --reference"):
        run(tiny, photographs, tmp_path / "none", painted=True)
    table = run(tiny, photographs, tmp_path / "out", reference=photographs, painted=True, ways=[Refine.OFF])
    assert [row.pictures for row in table.rows] == ["the guides", "off"]
    assert table.rows[0].kid.references == 24
    simulated = run(tiny, photographs, tmp_path / "simulated", reference=photographs, ways=[Refine.OFF])
    assert table.rows[0].sharpness == simulated.rows[0].sharpness and simulated.rows[0].kid is not None


def test_small_photographs_are_left_out_or_enlarged(tiny, photographs, tmp_path):
    Image.fromarray(photograph(50, 80)).save(photographs / "small.png")
    (photographs / "broken.png").write_text("no picture")
    frame = replace(FRAME, enlarged=1.25)
    notes = " ".join(
        compare(tiny, photographs, None, 20, FRAME, [Refine.OFF], PARAMETERS, tmp_path / "a", SlicedPatches()).notes
    )
    assert "4 guides" in notes and "2 others were left out" in notes
    notes = " ".join(
        compare(tiny, photographs, None, 20, frame, [Refine.OFF], PARAMETERS, tmp_path / "b", SlicedPatches()).notes
    )
    assert "5 guides" in notes and "1 others" in notes and "enlarged up to 1.25 times" in notes
    with pytest.raises(EvaluationProblem, match="0 pictures that fill 960 x 640 pixels, too few"):
        run(tiny, photographs, tmp_path / "c", frame=Frame(960, 640))


@pytest.mark.parametrize("t0", [0.0, 0.1])
def test_a_low_t0_leaves_no_first_pass_to_share(tiny, photographs, tmp_path, t0):
    with pytest.raises(EvaluationProblem, match="no first pass in common"):
        run(tiny, photographs, tmp_path / "out", parameters=replace(PARAMETERS, t0=t0))
    assert not (tmp_path / "out").exists()


def test_a_model_without_a_detail_network_says_so(tiny_models, photographs, tmp_path):
    plain = load(find("tiny", tiny_models), torch.device("cpu"), torch.float32)
    with pytest.raises(ModelProblem, match="brings no detail network"):
        run(plain, photographs, tmp_path / "out")
    run(plain, photographs, tmp_path / "out", ways=[Refine.OFF])


def test_crops_are_a_grid_in_the_middle(monkeypatch):
    monkeypatch.setattr(canvas, "CROP", 4)
    pictures = np.arange(2 * 9 * 14, dtype=np.uint8).reshape(2, 9, 14, 1).repeat(3, 3)
    found = crops(pictures)
    assert found.shape == (2 * 2 * 3, 4, 4, 3)
    assert np.array_equal(found[0], pictures[0, :4, 1:5]) and np.array_equal(found[-1], pictures[1, 4:8, 9:13])
