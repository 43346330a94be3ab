"""The experiment end to end with a model in closed form, and its baselines."""

import numpy as np
import pytest
from PIL import Image

from sdedit_studio.evaluation.evaluate import blurred, evaluate, nearest, split
from sdedit_studio.evaluation.kid import FEWEST
from sdedit_studio.evaluation.memorisation import colour_layout
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.parameters import Parameters

PARAMETERS = Parameters(calls=2, model="fake")


def run(model, source, folder, *, reference=None, count=10, t0s=(0.2, 0.5)):
    return evaluate(model.loaded, source, reference, count, t0s, PARAMETERS, folder, SlicedPatches())


def test_sdedit_against_its_baselines(model, folder_of_pictures, tmp_path):
    out = tmp_path / "out"
    table = run(model, folder_of_pictures(40), out)
    rows = {row.method if row.t0 is None else row.t0: row for row in table.rows}
    assert list(rows) == [
        0.0, 0.2, 0.5, "the guide, blurred", "the nearest photograph", "the photographs themselves"
    ]  # fmt: skip
    assert rows[0.0].l2 == 0 < rows[0.2].l2 < rows[0.5].l2
    assert all(row.kid is not None and row.kid.references == 15 for row in table.rows)
    photographs, guides = rows["the photographs themselves"].kid, rows[0.0].kid
    assert photographs.mean < guides.mean
    written = {path.name for path in out.iterdir()}
    assert {"contact.png", "curve.png", "table.csv", "table.md", "table.json", "reference.safetensors"} <= written
    assert not list(out.rglob("*.part"))
    assert len(table.settings["photographs"]) == 10
    assert "15 other photographs" in " ".join(table.notes)


def test_a_reference_of_its_own_or_one_kept_before(model, folder_of_pictures, tmp_path):
    source = folder_of_pictures(40)
    first = run(model, source, tmp_path / "first")
    kept = tmp_path / "first" / "reference.safetensors"
    second = run(model, source, tmp_path / "second", reference=kept)
    assert second.rows[0].kid.mean == pytest.approx(first.rows[0].kid.mean, rel=1e-3)
    assert "30 other photographs" in " ".join(second.notes)


def test_all_pictures_may_be_guides_when_the_reference_is_elsewhere(model, folder_of_pictures, tmp_path):
    source = folder_of_pictures(30)
    run(model, source, tmp_path / "first")
    kept = tmp_path / "first" / "reference.safetensors"
    table = run(model, source, tmp_path / "second", reference=kept, count=100)
    assert "the nearest photograph" not in [row.method for row in table.rows]
    assert table.rows[0].kid.pictures == 30


def test_the_same_command_goes_on_without_a_call(model, folder_of_pictures, tmp_path):
    source = folder_of_pictures(40)
    first = run(model, source, tmp_path / "out")
    calls = model.calls.count
    assert run(model, source, tmp_path / "out") == first
    assert model.calls.count == calls


def test_damaged_pictures_are_named(model, folder_of_pictures, tmp_path):
    source = folder_of_pictures(40)
    for name in ("a.png", "b.png", "c.png"):
        (source / name).write_text("not a picture")
    notes = " ".join(run(model, source, tmp_path / "out").notes)
    assert "Left out, as they cannot be read" in notes and notes.count(".png") == 3


def test_too_few_readable_pictures_are_told_before_anything_is_done(model, tmp_path):
    source = tmp_path / "broken"
    source.mkdir()
    for index in range(40):
        (source / f"{index}.png").write_text("not a picture")
    with pytest.raises(EvaluationProblem, match=r"Only 0 pictures of .* can be read"):
        run(model, source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_shares_are_disjoint_and_the_same_every_time():
    names = [str(i) for i in range(3000)]
    shares = split(names, 100, reference_given=False)
    sets = [set(shares.photographs), set(shares.gallery), set(shares.reference)]
    assert [len(each) for each in sets] == [100, 1000, 1000]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])
    assert shares == split(names, 100, reference_given=False)


@pytest.mark.parametrize(
    ("have", "count", "words"),
    [
        (FEWEST - 1, 64, f"at least {FEWEST} pictures to make guides of"),
        (100, 3, "and there are 3"),
        (30, 20, "30 pictures leave 10 to compare 20 guides with"),
    ],
)
def test_too_few_pictures_are_told(have, count, words):
    with pytest.raises(EvaluationProblem, match=words):
        split([str(i) for i in range(have)], count, reference_given=False)


def test_a_folder_cannot_be_its_reference_given(model, folder_of_pictures, tmp_path):
    source = folder_of_pictures(20)
    with pytest.raises(EvaluationProblem, match="cannot be its own reference"):
        run(model, source, tmp_path / "out", reference=source)


def test_the_nearest_picture_has_the_nearest_layout(photographs):
    gallery = photographs(20)
    changed = np.clip(gallery[[3, 17, 8]].astype(int) + 4, 0, 255).astype(np.uint8)
    assert np.array_equal(nearest(changed, gallery), gallery[[3, 17, 8]])


def test_the_layout_is_of_mean_colours():
    picture = np.kron(np.random.default_rng(0).integers(0, 256, (8, 8, 3)), np.ones((4, 4, 1))).astype(np.uint8)
    layout = colour_layout(picture[None]).reshape(8, 8, 3)
    assert np.array_equal(layout, picture[::4, ::4])


def test_blurring_keeps_the_mean_and_loses_edges():
    board = np.asarray(Image.fromarray((np.indices((6, 6)).sum(0) % 2 * 255).astype(np.uint8)).resize((96, 96), 0))
    picture = np.repeat(board[..., None], 3, 2)
    soft = blurred(picture).astype(float)
    assert soft.mean() == pytest.approx(picture.mean(), abs=1)
    assert abs(np.diff(soft, axis=0)).max() < 80 < abs(np.diff(picture.astype(float), axis=0)).max()
