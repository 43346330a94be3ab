import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from sdedit_studio.evaluation.pictures import (
    Frame,
    list_pictures,
    png,
    read_frame,
    read_frames,
    read_picture,
    read_pictures,
)
from sdedit_studio.evaluation.problem import EvaluationProblem


def test_a_picture_is_its_central_square(tmp_path):
    wide = np.zeros((20, 60, 3), np.uint8)
    wide[:, 20:40] = (10, 20, 30)
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert np.array_equal(read_picture(tmp_path / "wide.png", 20), wide[:, 20:40])


def test_reducing_does_not_alias(tmp_path):
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "stripes.png")
    reduced = read_picture(tmp_path / "stripes.png", 20).astype(int)
    assert abs(reduced[:, 2:-2] - 127).max() < 12


def test_it_is_upright_and_on_white(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    top_red = Image.new("RGB", (16, 16), "black")
    top_red.paste((255, 0, 0), (0, 0, 16, 8))
    top_red.save(tmp_path / "turned.png", exif=exif)
    assert read_picture(tmp_path / "turned.png", 16)[12, 8].tolist() == [255, 0, 0]
    Image.new("RGBA", (16, 16), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png", 16).min() == 255


def test_a_folder_and_its_zip_hold_the_same(tmp_path, folder_of_pictures):
    folder = folder_of_pictures(3)
    (folder / "notes.txt").write_text("no picture")
    (folder / "deep").mkdir()
    (folder / "000.png").rename(folder / "deep" / "000.png")
    (folder / "._001.png").write_bytes(b"what macOS leaves")
    with zipfile.ZipFile(tmp_path / "pictures.zip", "w") as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    names = list_pictures(folder)
    assert names == list_pictures(tmp_path / "pictures.zip") == ["001.png", "002.png", "deep/000.png"]
    read = [read_pictures(source, names, 16) for source in (folder, tmp_path / "pictures.zip")]
    assert np.array_equal(read[0].pixels, read[1].pixels)


def test_damaged_pictures_are_left_out_and_named(folder_of_pictures):
    folder = folder_of_pictures(2)
    whole = (folder / "000.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("not a picture")
    told = []
    read = read_pictures(folder, list_pictures(folder), 16, lambda *progress: told.append(progress), "Reading")
    assert read.names == ["000.png", "001.png"] and len(read) == 2
    assert read.broken == ["cut.png", "text.jpg"]
    assert told[-1] == ("Reading", 4, 4)


def test_what_cannot_be_read_is_told(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("not a picture")
    with pytest.raises(EvaluationProblem, match="holds no pictures"):
        list_pictures(tmp_path / "empty")
    with pytest.raises(EvaluationProblem, match="neither a folder nor a zip"):
        list_pictures(tmp_path / "missing")
    with pytest.raises(EvaluationProblem, match=r"text.png cannot be read as a picture"):
        read_picture(tmp_path / "text.png", 16)


def test_a_png_gives_the_pixels_back(photographs):
    (picture,) = photographs(1)
    with Image.open(BytesIO(png(picture))) as opened:
        assert np.array_equal(np.asarray(opened), picture)


def test_a_frame_is_the_middle_of_a_picture(tmp_path):
    tall = np.zeros((60, 20, 3), np.uint8)
    tall[20:40] = (10, 20, 30)
    Image.fromarray(tall).save(tmp_path / "tall.png")
    assert np.array_equal(read_frame(tmp_path / "tall.png", Frame(20, 20)), tall[20:40])
    with pytest.raises(EvaluationProblem, match="20 x 60 pixels is too small"):
        read_frame(tmp_path / "tall.png", Frame(40, 20))
    assert read_frame(tmp_path / "tall.png", Frame(40, 20, enlarged=2)).shape == (20, 40, 3)


def test_frames_are_drawn_until_there_are_enough(tmp_path):
    for index in range(6):
        Image.new("RGB", (10, 10) if index % 2 else (40, 30), (index, 0, 0)).save(tmp_path / f"{index}.png")
    whole, some = (read_frames(tmp_path, Frame(32, 24), most) for most in (10, 2))
    assert sorted(whole.names) == ["0.png", "2.png", "4.png"] and len(whole.broken) == 3
    assert list(some.names) == list(whole.names)[:2] and some.pixels.shape == (2, 24, 32, 3)
