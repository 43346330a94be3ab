"""Reading pictures to train on, and making batches of them."""

import io
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from sdedit_studio.training import dataset
from sdedit_studio.training.dataset import Pictures, crops, read
from sdedit_studio.training.problem import TrainingProblem

CPU = torch.device("cpu")


def zipped(folder, inside=""):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.rglob("*.png")):
            archive.write(file, inside + file.relative_to(folder).as_posix())
    return path


@pytest.mark.parametrize("inside", ["", "scenes/small/"])
def test_a_zip_is_read_as_its_folder(photographs, inside):
    one, two = read(photographs, 16), read(zipped(photographs, inside), 16)
    assert one.classes == two.classes == ("day", "night")
    assert one.counts == two.counts == {"day": 12, "night": 12}
    assert torch.equal(one.training.pixels, two.training.pixels)
    assert torch.equal(one.training.labels, two.training.labels)


def test_labels_are_those_of_the_subfolders(photographs):
    data = read(photographs, 16).training
    bright_above = data.pixels[:, :8].float().mean((1, 2, 3)) > data.pixels[:, 8:].float().mean((1, 2, 3))
    assert torch.equal(data.labels, (~bright_above).long())


def test_pictures_keep_a_margin_for_crops_but_are_not_enlarged_for_it(photographs):
    assert read(photographs, 16).training.pixels.shape == (24, 16, 16, 3)
    assert read(photographs, 20).training.pixels.shape == (24, 20, 20, 3)
    for path in photographs.rglob("*.png"):
        Image.open(path).resize((128, 100)).save(path)
    assert read(photographs, 96).training.pixels.shape == (24, 100, 100, 3)
    assert read(photographs, 98).training.pixels.shape == (24, 100, 100, 3)


def test_small_pictures_are_enlarged_and_counted(photographs):
    data = read(photographs, 32)
    assert data.training.pixels.shape == (24, 32, 32, 3)
    assert data.enlarged == 24


def test_unreadable_pictures_are_left_out_and_counted(photographs):
    (photographs / "day" / "torn.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a picture")
    whole = (photographs / "night" / "03.png").read_bytes()
    (photographs / "night" / "03.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.full((20, 20), 40_000, np.uint16)).save(photographs / "day" / "sixteen-bit.png")
    (photographs / "notes.txt").write_text("no picture at all")
    (photographs / "day" / "._00.png").write_bytes(b"what a Mac leaves behind")
    data = read(photographs, 16)
    assert len(data.training) == 23
    assert data.unreadable == 3


def test_photographs_are_turned_upright_flattened_and_cut_square(tmp_path):
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, :20] = 200
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    Image.fromarray(wide).save(tmp_path / "turned.png", exif=exif)
    Image.new("RGBA", (20, 20), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    data = read(tmp_path, 20)
    clear, turned = data.training.pixels
    assert (clear == 255).all()
    assert turned[:9].min() > 190
    assert turned[11:].max() < 10
    assert data.classes == ()
    assert data.training.labels.tolist() == [-1, -1]


def test_held_out_pictures_are_never_trained_on(photographs):
    data, again = read(photographs, 16, held_out=0.4), read(photographs, 16, held_out=0.4)
    assert 3 < len(data.held_out) < 17
    assert len(data.training) + len(data.held_out) == 24
    assert torch.equal(data.held_out.pixels, again.held_out.pixels)
    trained = {picture.numpy().tobytes() for picture in data.training.pixels}
    assert not any(picture.numpy().tobytes() in trained for picture in data.held_out.pixels)


def test_processes_share_the_pictures_out(photographs):
    shards = [read(photographs, 16, shard=(rank, 3)) for rank in range(3)]
    assert [len(shard.training) for shard in shards] == [8, 8, 8]
    together = {picture.numpy().tobytes() for shard in shards for picture in shard.training.pixels}
    assert together == {picture.numpy().tobytes() for picture in read(photographs, 16).training.pixels}
    assert all(shard.classes == ("day", "night") for shard in shards)


def test_a_models_classes_fix_the_labels(photographs):
    data = read(photographs, 16, classes=("dusk", "night"))
    assert data.classes == ("dusk", "night")
    assert sorted(data.training.labels.tolist()) == [-1] * 12 + [1] * 12
    assert data.counts == {"": 12, "night": 12}


def test_pictures_that_fill_the_memory_are_kept_in_a_mapped_file(photographs, tmp_path, monkeypatch):
    in_memory = read(photographs, 16)
    monkeypatch.setattr(dataset, "free_memory", lambda: 1000)
    mapped = read(photographs, 16, scratch=tmp_path)
    assert torch.equal(mapped.training.pixels, in_memory.training.pixels)
    assert {path.name for path in tmp_path.iterdir()} == {"photographs"}


def test_crops_are_pixel_for_pixel_and_channels_last():
    pixels = torch.randint(256, (3, 6, 6, 3), dtype=torch.uint8)
    cut = crops(pixels, 4, torch.tensor([0, 2, 1]), torch.tensor([2, 0, 1]), torch.tensor([False, True, False]))
    assert cut.is_contiguous(memory_format=torch.channels_last)
    back = ((cut + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    assert torch.equal(back[0], pixels[0, 0:4, 2:6])
    assert torch.equal(back[1], pixels[1, 2:6, 0:4].flip(1))
    assert torch.equal(back[2], pixels[2, 1:5, 1:5])


def test_batches_vary_in_place_and_hand():
    ramp = torch.arange(6, dtype=torch.uint8)[None, None, :, None].expand(1, 6, 6, 3).contiguous()
    torch.manual_seed(0)
    batch, labels = Pictures(ramp, torch.tensor([4])).batch(torch.zeros(200, dtype=torch.int64), 4, CPU)
    assert batch.shape == (200, 3, 4, 4)
    assert labels.tolist() == [4] * 200
    firsts = ((batch[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()
    assert set(firsts) == {0, 1, 2, 3, 4, 5}


def test_the_middle_of_stored_pictures_is_taken_for_samples():
    pixels = torch.randint(256, (3, 8, 8, 3), dtype=torch.uint8)
    found = Pictures(pixels, torch.zeros(3, dtype=torch.int64)).centres([2, 0], 4)
    assert np.array_equal(found, pixels[[2, 0], 2:6, 2:6].numpy())


def test_crops_reach_every_edge_of_what_is_stored():
    places = torch.arange(36, dtype=torch.uint8).reshape(1, 6, 6, 1).expand(1, 6, 6, 3).contiguous()
    torch.manual_seed(1)
    batch, _ = Pictures(places, torch.tensor([0])).batch(torch.zeros(300, dtype=torch.int64), 4, CPU)
    corners = ((batch[:, 0, [0, 0, 3, 3], [0, 3, 0, 3]] + 1) * 127.5).round().int()
    assert {0, 5, 30, 35} <= set(corners.flatten().tolist())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.mkdir(), "There are no pictures in"),
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(b"PK, but no zip"), "neither a folder nor a whole zip"),
    ],
)
def test_a_source_without_pictures_is_told(tmp_path, make, says):
    make(source := tmp_path / "source")
    with pytest.raises(TrainingProblem, match=says):
        read(source, 16)


def test_only_unreadable_pictures_are_told(tmp_path):
    (tmp_path / "torn.png").write_bytes(b"torn")
    with pytest.raises(TrainingProblem, match="None of the 1 pictures"):
        read(tmp_path, 16)


def test_no_room_is_told(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(dataset, "free_memory", lambda: 1000)
    monkeypatch.setattr(dataset.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(TrainingProblem, match="make room"):
        read(photographs, 16, scratch=tmp_path)


def test_an_encrypted_or_damaged_entry_of_a_zip_is_left_out(photographs):
    path = zipped(photographs)
    data = bytearray(path.read_bytes())
    first = zipfile.ZipFile(io.BytesIO(bytes(data))).infolist()[0]
    start = first.header_offset + 30 + len(first.filename)
    data[start + 20 : start + 60] = bytes(40)  # its checksum no longer fits
    path.write_bytes(bytes(data))
    assert read(path, 16).unreadable == 1
