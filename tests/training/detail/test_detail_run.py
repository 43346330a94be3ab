"""Runs that make a detail network: what a kill costs, what is written, several processes."""

import csv
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from PIL import Image

from sdedit_studio.diffusion.detail import enlarged, with_detail
from sdedit_studio.models import detail
from sdedit_studio.models.catalogue import digest, read_card
from sdedit_studio.models.detail_network import load_detail
from sdedit_studio.training import run as runs
from sdedit_studio.training.checkpoint import load_checkpoint
from sdedit_studio.training.detail import run
from sdedit_studio.training.detail.recipe import DetailRecipe
from sdedit_studio.training.detail.run import prepare_detail
from sdedit_studio.training.detail.start import read_start
from sdedit_studio.training.problem import TrainingProblem
from tests.waiting import TORCH_SECONDS

CPU = torch.device("cpu")
RECIPE = DetailRecipe(batch=4, steps=6, critic_first=2, frames=2, learning_rate=1e-3)


@pytest.fixture(autouse=True)
def float32(monkeypatch):
    """Which type is faster is measured, and two runs may come to different ends."""
    monkeypatch.setattr(run, "bf16_is_faster", lambda *arguments: False)


@pytest.fixture
def train(views, base, start_file):
    def train(recipe, folder, stop=lambda: False, said=None):
        start = read_start(start_file, base, "CC BY 4.0")
        say = (lambda sentence: None) if said is None else said.append
        begun = prepare_detail(recipe, [views], folder, base=base, start=start, device=CPU, say=say)
        return begun, list(begun.sitting(stop))

    return train


def after(steps):
    """A `stop` that says so when it has been asked so often."""
    asked = iter(range(steps))
    return lambda: next(asked, None) is None


def digest_of(folder):
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()


def test_going_on_gives_the_same_bytes_as_going_straight_through(train, tmp_path):
    whole, _ = train(RECIPE, tmp_path / "whole")
    parts, said = tmp_path / "parts", []
    # Before the critic's word counts, and after.
    for steps in (1, 3, 9):
        later, _ = train(RECIPE, parts, after(steps), said)
    assert said == ["Going on after 1 steps.", "Going on after 4 steps."]
    assert digest_of(parts) == digest_of(tmp_path / "whole")
    expected, found = whole.trainer.state(), later.trainer.state()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_run_that_is_killed_has_saved_at_most_two_minutes_before(train, tmp_path, monkeypatch):
    assert runs.SAVE_SECONDS <= 120
    monkeypatch.setattr(runs, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(runs, "SAVE_SECONDS", 0.0)
    begun, _ = train(RECIPE, tmp_path / "mine", after(0))
    reports = begun.sitting()
    next(reports)
    next(reports)
    reports.close()
    _, state = load_checkpoint(tmp_path / "mine" / "training" / "checkpoint.safetensors")
    assert state["images"] == 8
    train(RECIPE, tmp_path / "mine")
    train(RECIPE, tmp_path / "whole")
    assert digest_of(tmp_path / "mine") == digest_of(tmp_path / "whole")


def test_the_student_comes_nearer_to_its_teacher_and_moves(train, tmp_path):
    recipe = replace(RECIPE, steps=20, critic_first=100)
    begun, _ = train(recipe, tmp_path / "mine", after(0))
    losses = [begun.trainer.step(0.1).item() for _ in range(20)]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])


def test_the_critic_only_learns_when_it_counts_for_something(train, tmp_path):
    begun, _ = train(replace(RECIPE, adversarial=0.0), tmp_path / "without", after(0))
    before = [value.clone() for value in begun.trainer.critic.learning]
    begun.trainer.step(0.1)
    assert all(torch.equal(a, b) for a, b in zip(before, begun.trainer.critic.learning, strict=True))
    begun, _ = train(RECIPE, tmp_path / "with", after(0))
    mixing = [value.clone() for value in begun.trainer.critic.mix.parameters()]
    begun.trainer.step(0.1)
    assert not any(torch.equal(a, b) for a, b in zip(before, begun.trainer.critic.learning, strict=True) if a.ndim > 1)
    assert all(torch.equal(a, b) for a, b in zip(mixing, begun.trainer.critic.mix.parameters(), strict=True))


def test_the_teacher_stays_as_it_was(train, tmp_path, base, start_file):
    begun, _ = train(RECIPE, tmp_path / "mine")
    start = read_start(start_file, base).network.state_dict()
    assert all(torch.equal(value, start[name]) for name, value in begun.trainer.teacher.state_dict().items())
    assert not torch.equal(begun.trainer.student.up.weight, start["up.weight"])


def test_the_folder_is_a_models_detail_folder(train, base, tmp_path):
    begun, _ = train(RECIPE, tmp_path / "tiny-detail")
    model = shutil.copytree(base.folder, tmp_path / "tiny")
    before = digest(model)
    shutil.copytree(tmp_path / "tiny-detail", model / "detail")
    card = detail.of_model(model)
    assert card is not None
    assert (card.factor, card.reach, card.licence) == (4, 21, "CC BY 4.0")
    assert read_card(model).default_refine == "detail"
    # What identifies the model's own weights does not see the detail network, nor how it was trained.
    assert digest(model) == before
    picture = torch.rand(1, 3, 24, 32) * 2 - 1
    network = load_detail(card, CPU, torch.float32)
    with torch.inference_mode():
        expected = begun.trainer.ema.network(picture)
    torch.testing.assert_close(network.run(picture), expected, atol=0.05, rtol=0.05)
    assert with_detail(network, picture, side=64).shape == enlarged(picture, 4).shape


def test_what_is_told_of_a_run(train, tmp_path):
    train(RECIPE, tmp_path / "mine")
    training = tmp_path / "mine" / "training"
    with (training / "loss.csv").open() as file:
        assert [row["images"] for row in csv.DictReader(file)][-1] == "24"
    with Image.open(training / "samples-100.png") as samples, Image.open(training / "loss.png") as plot:
        assert samples.width > 4 * 4 * 24
        assert plot.width > 0
    text = (tmp_path / "mine" / "README.md").read_text()
    assert "6 steps of 4 patches" in text
    assert "6 of views; 2 frames of tiny's own passes" in text
    assert "CC BY 4.0. The weights are derived from start.safetensors and keep its licence" in text


def test_another_run_is_not_taken_for_the_same(train, tmp_path, base, views, start_file):
    train(RECIPE, tmp_path / "mine", after(1))
    with pytest.raises(TrainingProblem, match=r"holds a run with learning rate 0\.001: repeat that"):
        train(replace(RECIPE, learning_rate=2e-3), tmp_path / "mine")
    other = replace(read_start(start_file, base), sha256="0")
    with pytest.raises(TrainingProblem, match="holds a run with another --start"):
        prepare_detail(RECIPE, [views], tmp_path / "mine", base=base, start=other, device=CPU)


def test_a_longer_run_goes_on(train, tmp_path):
    train(replace(RECIPE, steps=1), tmp_path / "mine")
    begun, _ = train(replace(RECIPE, steps=2), tmp_path / "mine")
    assert begun.trainer.images == 8


def test_the_type_it_computes_in_is_that_of_the_first_sitting(train, tmp_path, monkeypatch):
    train(RECIPE, tmp_path / "mine", after(1))
    monkeypatch.setattr(run, "bf16_is_faster", lambda *arguments: True)
    begun, _ = train(RECIPE, tmp_path / "mine", after(0))
    assert begun.trainer.bf16 is False


def test_photographs_that_are_left_out_are_told(train, tmp_path, views, base, start_file):
    folder = shutil.copytree(views, tmp_path / "mixed")
    Image.new("RGB", (300, 40)).save(folder / "flat.png")
    said, start = [], read_start(start_file, base)
    prepare_detail(RECIPE, [folder], tmp_path / "mine", base=base, start=start, device=CPU, say=said.append)
    assert said == ["Photographs left out because they have sides of less than 60 px: 1."]


MEMBER = """
import hashlib, json, sys, torch
from pathlib import Path
from sdedit_studio.models.catalogue import read_card
from sdedit_studio.training.detail import run
from sdedit_studio.training.detail.recipe import DetailRecipe
from sdedit_studio.training.detail.start import read_start
from sdedit_studio.training.world import joined
torch.set_num_threads(1)
device, base = torch.device("cpu"), read_card(Path(sys.argv[2]))
with joined(device) as world:
    begun = run.prepare_detail(
        DetailRecipe(**json.loads(sys.argv[5])), [Path(sys.argv[1])], Path(sys.argv[4]), base=base,
        start=read_start(Path(sys.argv[3]), base), device=device, world=world,
    )
    reports = list(begun.sitting())
    weights = [*begun.trainer.student.parameters(), *begun.trainer.critic.learning]
    data = b"".join(value.detach().numpy().tobytes() for value in weights)
    print(json.dumps([hashlib.sha256(data).hexdigest(), sorted(begun.trainer.photographs.names), len(reports)]))
"""


def test_two_processes_train_one_network(views, base, start_file, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    folder, recipe = tmp_path / "together", replace(RECIPE, batch=8, steps=3, critic_first=1)
    arguments = [sys.executable, "-c", MEMBER, *map(str, (views, base.folder, start_file, folder))]
    world = os.environ | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    members = [
        subprocess.Popen(
            [*arguments, json.dumps(recipe.as_dict())],
            env=world | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    (first, own, reports), (second, others, silent) = (
        json.loads(member.communicate(timeout=TORCH_SECONDS)[0]) for member in members
    )
    assert first == second
    assert len({*own, *others}) == len(own) + len(others) == 6
    assert reports > 0
    assert silent == 0
    assert "6 of views" in (folder / "README.md").read_text()
