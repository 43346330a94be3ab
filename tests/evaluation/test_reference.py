import numpy as np
import pytest

from sdedit_studio.evaluation.kid import FEWEST
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.pictures import Pictures
from sdedit_studio.evaluation.problem import EvaluationProblem
from sdedit_studio.evaluation.reference import Realism, as_file, read_reference, reference_of

SIDE = 32  # the fake model's


class OtherFeatures(SlicedPatches):
    name = "other"


@pytest.fixture
def reference(photographs):
    pictures = Pictures(photographs(20), [str(i) for i in range(20)])
    return reference_of(pictures, SlicedPatches(), "test pictures")


def test_a_kept_reference_gives_the_same_kid(reference, tmp_path, photographs):
    path = tmp_path / "reference.safetensors"
    path.write_bytes(as_file(reference))
    kept = read_reference(path, SlicedPatches(), SIDE)
    assert (kept.extractor, kept.side, kept.source) == (reference.extractor, SIDE, "20 pictures of test pictures")
    pictures = photographs(30)[10:] // 2
    fresh, again = (Realism(SlicedPatches(), each).measure(pictures) for each in (reference, kept))
    assert again.mean == pytest.approx(fresh.mean, rel=1e-3)
    assert abs(again.mean - fresh.mean) < 0.01 * fresh.std


def test_folders_are_read(folder_of_pictures):
    read = read_reference(folder_of_pictures(9), SlicedPatches(), SIDE)
    assert len(read) == 9 and read.side == SIDE and read.source == "9 pictures of pictures"


def test_features_and_sizes_are_never_mixed(reference, tmp_path):
    path = tmp_path / "reference.safetensors"
    path.write_bytes(as_file(reference))
    with pytest.raises(EvaluationProblem, match="KID cannot mix the two"):
        read_reference(path, OtherFeatures(), SIDE)
    with pytest.raises(EvaluationProblem, match="pictures of 32 px, but this model makes 64 px"):
        read_reference(path, SlicedPatches(), 64)


@pytest.mark.parametrize("data", [b"", b"text", b"\x08\0\0\0\0\0\0\0{}      ", b"\xff" * 64])
def test_other_files_are_told(tmp_path, data):
    path = tmp_path / "other.safetensors"
    path.write_bytes(data)
    with pytest.raises(EvaluationProblem, match="no reference written by sdedit-studio evaluate"):
        read_reference(path, SlicedPatches(), SIDE)


def test_too_few_are_told(photographs):
    few = Pictures(photographs(FEWEST - 1), ["x"] * (FEWEST - 1))
    with pytest.raises(EvaluationProblem, match=f"leaves {FEWEST - 1} pictures to compare with"):
        reference_of(few, SlicedPatches(), "few")


def test_realism_is_kid(reference, photographs):
    realism = Realism(SlicedPatches(), reference)
    same = realism.measure(photographs(40)[20:])
    noise = np.random.default_rng(0).integers(0, 256, (20, SIDE, SIDE, 3), dtype=np.uint8)
    assert same.mean < 5 * same.std < realism.measure(noise).mean
