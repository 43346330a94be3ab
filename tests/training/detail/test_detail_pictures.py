"""What a detail network is trained on: photographs, the base model's passes of them, and spoilt ones."""

import shutil
from functools import partial
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d

from sdedit_studio.models.load import load
from sdedit_studio.training.detail import batch, photographs
from sdedit_studio.training.detail.batch import degrade, draw
from sdedit_studio.training.detail.frames import Frame, Frames, prepare_frames
from sdedit_studio.training.detail.photographs import Photographs, read_photographs
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.world import World


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def read(*sources, least=60, longest=183, seed=1, **options):
    return read_photographs(sources, least=least, longest=longest, seed=seed, **options)


def test_the_frame_of_the_bundled_model_is_what_the_studio_edits():
    assert Frame((192, 128)).size == (768, 512)
    assert Frame((192, 128)).patch == 48


def test_degrading_is_decided_by_its_generator():
    x = torch.rand(4, 3, 24, 24, generator=seeded(0)) * 2 - 1
    assert torch.equal(degrade(x, seeded(1)), degrade(x, seeded(1)))
    assert not torch.equal(degrade(x, seeded(1)), degrade(x, seeded(2)))


def test_degrading_by_nothing_changes_nothing(monkeypatch):
    for name in ("MOST_BLUR", "MOST_NOISE", "MOST_HATCHING"):
        monkeypatch.setattr(batch, name, 0.0)
    x = torch.rand(2, 3, 16, 20, generator=seeded(0)) * 2 - 1
    torch.testing.assert_close(degrade(x, seeded(1)), x)


def test_the_hatching_is_two_pixels_wide(monkeypatch):
    monkeypatch.setattr(batch, "MOST_BLUR", 0.0)
    monkeypatch.setattr(batch, "MOST_NOISE", 0.0)
    hatched = degrade(torch.zeros(8, 3, 48, 48), seeded(1))
    assert hatched.abs().max().item() > 0.01
    # What is left of its mean over a period is where its strength changes.
    assert avg_pool2d(hatched, 2).std().item() < 0.1 * hatched.std().item()
    assert torch.equal(hatched[:, 0], hatched[:, 2])


def test_blurring_takes_contrast(monkeypatch):
    monkeypatch.setattr(batch, "MOST_NOISE", 0.0)
    monkeypatch.setattr(batch, "MOST_HATCHING", 0.0)
    x = torch.rand(8, 3, 24, 24, generator=seeded(0)) * 2 - 1
    blurred = degrade(x, seeded(1))
    spreads = blurred.flatten(1).std(1) / x.flatten(1).std(1)
    assert spreads.max().item() <= 1.001
    assert spreads.min().item() < 0.7
    torch.testing.assert_close(blurred.mean((1, 2, 3)), x.mean((1, 2, 3)), atol=0.02, rtol=0)


def test_photographs_come_from_folders_and_zips(views, tmp_path):
    with ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.write(views / "0.png", "deep/0.png")
    found = read(views, tmp_path / "more.zip")
    assert sorted(found.names) == ["more.zip/deep/0.png", *(f"views/{index}.png" for index in range(6))]
    assert all(pixels.shape == (120, 160, 3) for pixels in found.pixels)


def test_small_and_broken_photographs_are_left_out_and_counted(views, tmp_path):
    folder = shutil.copytree(views, tmp_path / "mixed")
    Image.new("RGB", (300, 59)).save(folder / "flat.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    found = read(folder)
    assert (len(found), found.small, found.unreadable, found.not_fit) == (6, 1, 1, 0)


def test_large_photographs_are_reduced_and_turned_upright(tmp_path):
    (tmp_path / "large").mkdir()
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.new("RGB", (1000, 500)).save(tmp_path / "large" / "one.jpg", exif=turned)
    (pixels,) = read(tmp_path / "large").pixels
    assert pixels.shape[0] == 183
    assert abs(pixels.shape[1] - 92) <= 1


def test_the_seed_decides_the_order_and_processes_share_out(views):
    whole = read(views)
    assert read(views).names == whole.names
    assert read(views, seed=2).names != whole.names
    halves = [read(views, shard=(rank, 2)).names for rank in range(2)]
    assert halves == [whole.names[0::2], whole.names[1::2]]


def test_what_does_not_fit_into_memory_is_counted(views, monkeypatch):
    monkeypatch.setattr(photographs, "CHUNK", 2)
    monkeypatch.setattr(photographs, "free_memory", lambda: 2 * 3 * 120 * 160 * 3)
    found = read(views)
    assert (len(found), found.not_fit) == (4, 2)


def test_no_usable_photograph_is_told(views, tmp_path):
    with pytest.raises(TrainingProblem, match=r"None of the 6 photographs can be used: .* short side has 200 px"):
        read(views, least=200)
    with pytest.raises(TrainingProblem, match="does not exist"):
        read(tmp_path / "nowhere")


def test_crops_are_parts_of_photographs():
    ramp = np.linspace(0, 255, 160).astype(np.uint8)
    pixels = np.broadcast_to(ramp[None, :, None], (120, 160, 3)).copy()
    found = Photographs([pixels], ["ramp"])
    random = np.random.default_rng(0)
    steps = set()
    for _ in range(20):
        crop = found.crop(48, (80.0, 160.0), random)
        assert crop.shape == (48, 48, 3)
        slope = (int(crop[24, 40, 0]) - int(crop[24, 8, 0])) / 32
        # Between whole and half the size, mirrored or not.
        assert 0.9 * 255 / 160 < abs(slope) < 2.1 * 255 / 160
        steps.add(slope > 0)
    assert steps == {True, False}


def aligned_frames():
    """Frames whose passes are the photographs themselves, reduced."""
    random = np.random.default_rng(5)
    small = random.integers(0, 256, (3, 24, 32, 3), dtype=np.uint8)
    return Frames(small.repeat(4, 1).repeat(4, 2), small, 255 - small)


def test_patches_of_photographs_and_passes_show_the_same_place():
    random = np.random.default_rng(0)
    frames = aligned_frames()
    for _ in range(10):
        photograph, made = frames.patch(frames.light, 12, random)
        assert made.shape == (12, 12, 3)
        assert np.array_equal(photograph, made.repeat(4, 0).repeat(4, 1))


def test_a_batch_is_of_light_passes_usual_passes_and_spoilt_photographs(views):
    drawn = draw(aligned_frames(), read(views), 8, 12, 128, 4)
    assert (drawn.photograph.shape, drawn.picture.shape) == ((8, 3, 48, 48), (8, 3, 12, 12))
    assert drawn.aligned.flatten().tolist() == [1, 1, 1, 0, 0, 1, 1, 1]
    torch.testing.assert_close(drawn.picture[:3], drawn.clean[:3])
    torch.testing.assert_close(drawn.picture[3:5], -drawn.clean[3:5])
    spoilt = (drawn.picture[5:] - drawn.clean[5:]).abs().mean().item()
    assert 0 < spoilt < 0.2
    again = draw(aligned_frames(), read(views), 8, 12, 128, 4)
    assert torch.equal(drawn.picture, again.picture)


def frames_of(views, base, folder, count=3, seed=1, loader=None):
    loader = loader or partial(load, base, torch.device("cpu"), torch.float32)
    return prepare_frames(read(views), base, loader, folder, count, seed=seed, world=World())


def not_needed():
    raise AssertionError("The base model was loaded again.")


def test_the_base_models_passes_are_made_once(views, base, tmp_path):
    first = frames_of(views, base, tmp_path)
    assert first.photographs.shape == (3, 96, 128, 3)
    assert first.light.shape == first.usual.shape == (3, 24, 32, 3)
    again = frames_of(views, base, tmp_path, loader=not_needed)
    assert np.array_equal(first.usual, again.usual)
    assert np.array_equal(first.photographs, again.photographs)
    # One that a kill left out is made as it would have been.
    (tmp_path / "0001.safetensors").unlink()
    assert np.array_equal(first.light, frames_of(views, base, tmp_path).light)


def test_passes_of_another_run_are_made_anew(views, base, tmp_path):
    first = frames_of(views, base, tmp_path)
    assert not np.array_equal(first.photographs, frames_of(views, base, tmp_path, seed=2).photographs)


def test_light_passes_stay_nearer_to_the_photograph_than_usual_ones(views, tmp_path):
    from sdedit_studio.diffusion.space import PIXELS
    from sdedit_studio.models.catalogue import read_card
    from sdedit_studio.models.loaded import LoadedModel
    from sdedit_studio.resources import path

    card = read_card(path("models", "scenes-96"))
    drift = LoadedModel(card, torch.device("cpu"), lambda label: lambda x, sigma: x / (1 + sigma**2), PIXELS)
    found = read(views, longest=1100)
    large = Photographs([pixels.repeat(8, 0).repeat(8, 1) for pixels in found.pixels], found.names)
    frames = prepare_frames(large, card, lambda: drift, tmp_path, 2, seed=1, world=World())
    reduced = frames.photographs.reshape(2, 128, 4, 192, 4, 3).mean((2, 4))
    light, usual = (np.abs(made - reduced).mean() for made in (frames.light, frames.usual))
    assert light < usual


def test_too_small_photographs_for_a_frame_are_told(base, views, tmp_path):
    small = Photographs([np.zeros((89, 160, 3), np.uint8)], ["small"])
    with pytest.raises(TrainingProblem, match="None of the photographs has 120x90 px"):
        prepare_frames(small, base, not_needed, tmp_path, 1, seed=1, world=World())
