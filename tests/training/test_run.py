"""Runs from pictures to a model: kills, sittings, several processes, and what is written."""

import csv
import errno
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from sdedit_studio.models.catalogue import installed, read_card
from sdedit_studio.models.load import load
from sdedit_studio.training import checkpoint, run
from sdedit_studio.training.problem import TrainingProblem
from sdedit_studio.training.recipe import Recipe
from sdedit_studio.training.run import prepare
from tests.waiting import TORCH_SECONDS

CPU = torch.device("cpu")
RECIPE = Recipe(size=16, channels=(32,), layers=1, patch=2, batch=8, images=64, held_out=0.2, learning_rate=2e-3)


def train(recipe, source, folder, stop=lambda: False, **options):
    begun = prepare(recipe, source, folder, device=CPU, **options)
    return begun, list(begun.sitting(stop))


def digest(folder):
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def rows(folder):
    with (folder / "training" / "loss.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def trained_once(photographs_once, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "tiny-scenes"
    train(RECIPE, photographs_once, folder)
    return folder


@pytest.fixture
def trained(trained_once, tmp_path):
    return shutil.copytree(trained_once, tmp_path / "tiny-scenes")


def after(steps):
    """A `stop` that says so when it has been asked so often."""
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


def test_a_sitting_goes_on_where_the_last_one_ended(photographs, trained, tmp_path):
    parts = tmp_path / "parts"
    first, _ = train(RECIPE, photographs, parts, after(3))
    assert first.trainer.images == 24
    said = []
    train(RECIPE, photographs, parts, say=said.append)
    assert said == ["Going on after 24 pictures."]
    assert digest(parts) == digest(trained)
    assert rows(parts)[-1]["images"] == "64"


KILLED = """
import sys, torch
from pathlib import Path
from sdedit_studio.training import run
from sdedit_studio.training.recipe import Recipe
run.SAVE_SECONDS = run.REPORT_SECONDS = 0.0
recipe = Recipe.from_dict(__import__("json").loads(sys.argv[3]))
begun = run.prepare(recipe, Path(sys.argv[1]), Path(sys.argv[2]), device=torch.device("cpu"))
for report in begun.sitting():
    pass
"""


def test_a_killed_run_goes_on_to_the_same_bytes(photographs, tmp_path):
    recipe = replace(RECIPE, images=200)
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    arguments = [str(photographs), str(killed), json.dumps(recipe.as_dict())]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *arguments])
    train(recipe, photographs, whole)
    deadline = time.monotonic() + TORCH_SECONDS
    while not (killed / "model.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    images = json.loads(load_metadata(killed / "training" / "checkpoint.safetensors"))["images"]
    assert 0 < images < 200
    load(read_card(killed), CPU, torch.float32)

    begun = prepare(recipe, photographs, killed, device=CPU)
    assert begun.trainer.images == images
    assert all(row.images <= images for row in begun.rows)
    list(begun.sitting())
    assert digest(killed) == digest(whole)


def load_metadata(path):
    header = path.read_bytes()
    return json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])["__metadata__"]["state"]


def test_the_folder_is_a_model(trained, tmp_path):
    models = tmp_path / "models"
    shutil.copytree(trained, models / trained.name)
    card = next(card for card in installed(models) if card.name == "tiny-scenes")
    assert (card.native, card.stride, card.classes, card.any_class) == (16, 2, ("day", "night"), 2)
    model = load(card, CPU, torch.float32)
    x = torch.randn(2, 3, 16, 16)
    named, anything = model.denoiser("night")(x, 0.7), model.denoiser(None)(x, 0.7)
    assert named.isfinite().all()
    assert not torch.equal(named, anything)


def test_the_studio_and_the_trainer_run_the_same_function(photographs, tmp_path):
    begun, _ = train(RECIPE, photographs, tmp_path / "tiny")
    x = torch.randn(2, 3, 16, 16)
    for sigma in (0.05, 1.0, 40.0):
        expected = begun.trainer.denoiser(torch.tensor([1, 1]))(x, sigma)
        found = load(read_card(tmp_path / "tiny"), CPU, torch.float32).denoiser("night")(x, sigma)
        torch.testing.assert_close(found, expected, atol=5e-3, rtol=5e-3)


def test_the_cards_own_code_runs_the_model_with_diffusers(trained, monkeypatch):
    code = re.search(r"```python\n(.*?)```", (trained / "README.md").read_text(), re.S)
    assert code is not None
    monkeypatch.chdir(trained)
    scope = {}
    exec(code[1], scope)
    scope["unet"].eval()
    x = torch.randn(2, 3, 16, 16)
    with torch.no_grad():
        found = scope["denoise"](x, torch.tensor([0.7, 0.7]), torch.tensor([0, 0]))
    torch.testing.assert_close(found, load(read_card(trained), CPU, torch.float32).denoiser("day")(x, 0.7))


def test_the_loss_falls_within_seconds(photographs, tmp_path):
    recipe = replace(RECIPE, images=480)
    train(recipe, photographs, tmp_path / "learnt")
    begun, _ = train(recipe, photographs, tmp_path / "fresh", after(1))
    fresh = begun.trainer.held_out_loss(begun.output.data.held_out, 0.0)
    assert float(rows(tmp_path / "learnt")[-1]["held_out"]) < 0.6 * fresh


def test_progress_is_kept_beside_the_weights(trained):
    table = rows(trained)
    assert [int(row["images"]) for row in table] == sorted({int(row["images"]) for row in table})
    assert float(table[-1]["held_out"]) > 0
    with (
        Image.open(trained / "training" / "loss.png") as plot,
        Image.open(trained / "training" / "samples-100.png") as samples,
    ):
        assert len(plot.convert("L").getcolors()) > 10
        assert samples.width > 4 * 96
    card = (trained / "README.md").read_text()
    assert "64 pictures seen" in card
    assert "day 12, night 12" in card


def test_without_subfolders_there_are_no_classes(photographs, tmp_path):
    train(replace(RECIPE, images=16), photographs / "day", tmp_path / "days")
    card = read_card(tmp_path / "days")
    assert (card.classes, card.any_class) == ((), None)
    assert load(card, CPU, torch.float32).denoiser(None)(torch.zeros(1, 3, 16, 16), 1.0).shape == (1, 3, 16, 16)


def test_minutes_are_the_length_of_a_run_without_images(photographs, tmp_path):
    recipe = replace(RECIPE, images=None, minutes=0.01)
    begun, reports = train(recipe, photographs, tmp_path / "timed")
    assert reports[-1].saved
    assert reports[-1].progress == 1.0
    assert 0.6 <= begun.seconds < 20
    again, none = train(recipe, photographs, tmp_path / "timed")
    assert none == []
    assert again.trainer.images == begun.trainer.images


def test_minutes_end_a_sitting_of_a_run_of_so_many_images(photographs, tmp_path):
    begun, _ = train(replace(RECIPE, images=10**7, minutes=0.01), photographs, tmp_path / "parts")
    later, _ = train(replace(RECIPE, images=10**7, minutes=0.01), photographs, tmp_path / "parts")
    assert 0 < begun.trainer.images < later.trainer.images < 10**7


def test_another_recipe_is_not_taken_for_the_same_run(photographs, trained):
    with pytest.raises(TrainingProblem, match="holds a run with size 16; seed 1: repeat that"):
        prepare(replace(RECIPE, size=18, seed=2), photographs, trained, device=CPU)
    with pytest.raises(TrainingProblem, match="the classes day, night"):
        prepare(RECIPE, photographs / "day", trained, device=CPU)


def test_a_longer_run_goes_on(photographs, trained):
    begun, _ = train(replace(RECIPE, images=80), photographs, trained)
    assert begun.trainer.images == 80


def test_a_full_disk_leaves_what_was_saved(photographs, trained, monkeypatch):
    before = {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()}

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(TrainingProblem, match=r"cannot be written \(No space left on device\): make room"):
        train(replace(RECIPE, images=80), photographs, trained)
    assert {path: path.read_bytes() for path in trained.rglob("*") if path.is_file()} == before


def test_too_small_a_disk_is_told_at_once(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(run.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10**6}))
    with pytest.raises(TrainingProblem, match="make room"):
        prepare(RECIPE, photographs, tmp_path / "new", device=CPU)


def test_a_damaged_checkpoint_is_told(photographs, trained):
    path = trained / "training" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingProblem, match="is damaged"):
        prepare(RECIPE, photographs, trained, device=CPU)


def test_a_loss_that_stays_no_number_ends_the_run(photographs, tmp_path, monkeypatch):
    monkeypatch.setattr(run, "PATIENCE", 3)
    monkeypatch.setattr(run, "REPORT_SECONDS", 0.0)
    begun = prepare(RECIPE, photographs, tmp_path / "lost", device=CPU)
    monkeypatch.setattr(begun.trainer, "step", lambda progress: torch.tensor(float("nan")))
    with pytest.raises(TrainingProblem, match="no number for 3 steps"):
        list(begun.sitting())


def test_few_step_tuning_makes_a_model_that_says_so(photographs, trained, tmp_path):
    recipe = Recipe(few_step=True, batch=8, images=32, learning_rate=1e-4)
    begun, _ = train(recipe, photographs, tmp_path / "quick", base=read_card(trained))
    assert begun.recipe.size == 16
    assert (
        json.loads((tmp_path / "quick" / "model.json").read_text()).items()
        >= {
            "few_step": True,
            "default_calls": 2,
            "classes": ["day", "night"],
            "native": 16,
        }.items()
    )
    assert not json.loads((trained / "model.json").read_text())["few_step"]
    assert digest(tmp_path / "quick") != digest(trained)
    assert (tmp_path / "quick" / "config.json").read_bytes() == (trained / "config.json").read_bytes()
    with pytest.raises(TrainingProblem, match="--from"):
        prepare(recipe, photographs, tmp_path / "none", device=CPU)


def test_tuning_begins_from_the_models_weights(photographs, trained, tmp_path):
    begun = prepare(RECIPE, photographs / "day", tmp_path / "tuned", base=read_card(trained), device=CPU)
    assert begun.output.data.classes == ("day", "night")
    weights = load_file(trained / "model.safetensors")
    network = begun.trainer.network.network.state_dict()
    assert all(torch.equal(network[name], weights[name].float()) for name in weights)


MEMBER = """
import hashlib, json, sys, torch
from pathlib import Path
from sdedit_studio.training.recipe import Recipe
from sdedit_studio.training.run import prepare
from sdedit_studio.training.world import joined
device = torch.device("cpu")
with joined(device) as world:
    recipe = Recipe.from_dict(json.loads(sys.argv[3]))
    begun = prepare(recipe, Path(sys.argv[1]), Path(sys.argv[2]), device=device, world=world)
    reports = list(begun.sitting())
    weights = b"".join(value.numpy().tobytes() for value in begun.trainer.network.state_dict().values())
    print(json.dumps([hashlib.sha256(weights).hexdigest(), len(begun.output.data.training), len(reports)]))
"""


def test_two_processes_train_one_model(photographs, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    folder = tmp_path / "together"
    arguments = [sys.executable, "-c", MEMBER, str(photographs), str(folder), json.dumps(RECIPE.as_dict())]
    world = os.environ | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    members = [
        subprocess.Popen(
            arguments, env=world | {"RANK": str(rank), "LOCAL_RANK": str(rank)}, stdout=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    (first, own, reports), (second, others, silent) = (
        json.loads(member.communicate(timeout=TORCH_SECONDS)[0]) for member in members
    )
    assert first == second
    assert own + others == len(prepare(RECIPE, photographs, tmp_path / "count", device=CPU).output.data.training)
    assert reports > 0
    assert silent == 0
    alone, _ = train(replace(RECIPE, images=72), photographs, folder)
    assert alone.trainer.images == 72
