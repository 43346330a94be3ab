"""The steps of an edit as files: read back by Pillow, they are the pictures that went in, for as long as was asked."""

import json

import numpy as np
import pytest
from PIL import Image, ImageSequence

from sdedit_studio.files import FileProblem, animation, pictures

RECORD = {"t0": 0.4, "seed": 3, "model": "scenes-96"}


def steps(count, height=12, width=20):
    return np.random.default_rng(7).integers(0, 256, (count, height, width, 3), np.uint8)


def smooth(count):
    """Pictures that a lossy format and a palette keep nearly as they are."""
    ramp = np.linspace(0, 120, 40)
    return np.stack(
        [
            np.dstack([np.tile(ramp + 10 * i, (24, 1)), np.full((24, 40), 60 + i), np.full((24, 40), 200 - 9 * i)])
            for i in range(count)
        ]
    ).astype(np.uint8)


def read(path):
    with Image.open(path) as image:
        frames = [(np.asarray(frame.convert("RGB")), frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
        assert image.info["loop"] == 0
    return [frame for frame, _ in frames], [duration for _, duration in frames]


def test_an_animated_png_holds_every_step_bit_for_bit(tmp_path):
    wanted, path = steps(5), tmp_path / "a.apng"
    animation.export(path, 5, lambda index: wanted[index], rate=8, metadata=RECORD, composite=True)
    frames, durations = read(path)
    assert np.array_equal(frames, wanted)
    assert durations == [125] * 4 + [animation.HOLD_MS]
    assert pictures.read_metadata(path) == RECORD


@pytest.mark.parametrize("suffix", [".webp", ".gif"])
def test_lossy_animations_come_close_and_last_as_long(tmp_path, suffix):
    wanted, path = smooth(6), tmp_path / f"a{suffix}"
    animation.export(path, 6, lambda index: wanted[index], rate=10, metadata=RECORD)
    frames, durations = read(path)
    assert len(frames) == 6
    assert np.abs(np.array(frames).astype(int) - wanted).mean() < 4
    assert durations == [100] * 5 + [animation.HOLD_MS]


def test_a_webp_has_the_record_and_a_gif_has_it_as_its_comment(tmp_path):
    wanted = smooth(3)
    for suffix in (".webp", ".gif"):
        animation.export(tmp_path / f"a{suffix}", 3, lambda index: wanted[index], metadata=RECORD)
        animation.export(tmp_path / f"plain{suffix}", 3, lambda index: wanted[index])
    assert pictures.read_metadata(tmp_path / "a.webp") == RECORD
    assert pictures.read_metadata(tmp_path / "plain.webp") is None
    with Image.open(tmp_path / "a.gif") as image:
        said = image.info["comment"].decode()
    assert said.startswith("SDEdit Studio ") and json.loads(said[said.index("{") :]) == RECORD
    with Image.open(tmp_path / "plain.gif") as image:
        assert "comment" not in image.info


def test_there_and_back_shows_the_ends_once(tmp_path):
    wanted, path = steps(4), tmp_path / "a.apng"
    animation.export(path, 4, lambda index: wanted[index], rate=20, there_and_back=True)
    frames, durations = read(path)
    assert np.array_equal(frames, wanted[[0, 1, 2, 3, 2, 1]])
    assert durations == [50, 50, 50, animation.HOLD_MS, 50, 50]


def test_a_series_is_one_numbered_picture_for_each_step(tmp_path):
    wanted = steps(11)
    animation.export(tmp_path / "lake.png", 11, lambda index: wanted[index], metadata=RECORD)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"lake-{number:02}.png" for number in range(1, 12)]
    for index, name in enumerate(names):
        assert np.array_equal(np.asarray(Image.open(tmp_path / name)), wanted[index])
    assert pictures.read_metadata(tmp_path / "lake-03.png") == {**RECORD, "picture": 3, "pictures": 11}


def test_a_series_takes_nothing_away_and_leaves_nothing_half_done(tmp_path):
    wanted = steps(3)
    (tmp_path / "lake-02.png").write_bytes(b"mine")
    with pytest.raises(FileProblem, match=r"lake-02\.png is there already"):
        animation.export(tmp_path / "lake.png", 3, lambda index: wanted[index])
    assert [path.name for path in tmp_path.iterdir()] == ["lake-02.png"]

    def fails(index):
        if index == 2:
            raise MemoryError
        return wanted[index]

    for name in ("sea.png", "sea.apng"):
        with pytest.raises(MemoryError):
            animation.export(tmp_path / name, 3, fails)
    assert [path.name for path in tmp_path.iterdir()] == ["lake-02.png"]


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_a_folder_that_is_not_there_is_said(tmp_path, name):
    with pytest.raises(FileProblem, match="does not exist"):
        animation.export(tmp_path / "nowhere" / name, 2, lambda index: steps(2)[index])


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(FileProblem, match=r"\.webp, \.gif, \.apng or \.png"):
        animation.export(tmp_path / "a.mp4", 2, lambda index: steps(2)[index])


@pytest.mark.parametrize("count", [1, 2, animation.MOST, animation.MOST + 1, 1000])
def test_animations_show_evenly_chosen_steps_with_both_ends(count):
    shown = list(animation.chosen(count, ".webp"))
    assert shown[0] == 0 and shown[-1] == count - 1
    assert len(shown) == min(count, animation.MOST)
    gaps = np.diff(shown)
    assert count == 1 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)
    assert list(animation.chosen(count, animation.SERIES)) == list(range(count))


def test_large_frames_are_exported_smaller_and_small_ones_as_they_are():
    assert animation.size_of(768, 512) == (768, 512)
    assert animation.size_of(4096, 2048) == (1024, 512)
    assert animation.size_of(9000, 3) == (1024, 1)


@pytest.mark.parametrize("suffix", animation.SUFFIXES)
def test_the_pace_is_measured_by_writing_one(suffix):
    assert 0 < animation.pace(steps(1)[0], suffix) < 5
