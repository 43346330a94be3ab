"""`sdedit-studio train-detail`, as a person types it."""

import json
import shutil

import pytest

from sdedit_studio.cli.commands import command
from sdedit_studio.evaluation import features
from sdedit_studio.models.detail import of_model

SHORT = ["--steps", "2", "--batch", "3", "--frames", "1", "--critic-first", "1", "--device", "cpu"]


@pytest.fixture
def arguments(views, base, start_file, tmp_path):
    out = tmp_path / "mine"
    options = ["--base", str(base.folder), "--start", str(start_file), "--out", str(out)]
    return ["train-detail", str(views), *options, *SHORT]


def test_a_run_says_how_it_goes_and_what_it_made(arguments, tmp_path, capsys):
    assert command(arguments) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "6 photographs."
    assert "2 of 2 steps, loss" in said[1]
    assert said[-1] == (
        f"Trained for 2 steps. To use it, copy what lies in {tmp_path / 'mine'} to the folder detail of tiny."
    )
    assert json.loads((tmp_path / "mine" / "detail.json").read_text())["licence"] == "not stated"
    assert command([*arguments, "--steps", "3"]) == 0
    assert "Going on after 2 steps." in capsys.readouterr().err


def test_without_a_start_it_is_the_base_models_own(arguments, base, tmp_path, start_file):
    model = shutil.copytree(base.folder, tmp_path / "tiny")
    (model / "detail").mkdir()
    shutil.copy(start_file, model / "detail" / "weights.safetensors")
    card = {"title": "T", "format": "span", "weights": "weights.safetensors", "factor": 4, "licence": "CC BY-SA 4.0"}
    (model / "detail" / "detail.json").write_text(json.dumps(card))
    at = arguments.index("--start")
    own = [*arguments[:at], *arguments[at + 2 :], "--base", str(model)]
    assert command(own) == 0
    shutil.copytree(tmp_path / "mine", model / "detail", dirs_exist_ok=True)
    made = of_model(model)
    assert made is not None
    assert (made.licence, made.source) == ("CC BY-SA 4.0", "derived from the detail network of tiny")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--start", "nowhere.safetensors"], "There is no file nowhere.safetensors to begin from"),
        (["--base", "no-such-model"], "There is no model called"),
        (["--batch", "2"], "at least 3 patches"),
        (["--minutes", "-1"], "more than nothing"),
        (["--rate", "0"], "learning rate must be more than 0"),
        (["--adversarial", "-1"], "must be 0 or more"),
        (["--frames", "0"], "at least one frame"),
        (["--device", "quantum"], "There is no device “quantum” here: choose one of cpu"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(arguments, tmp_path, capsys, options, says):
    assert command([*arguments, *options]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert says in line
    assert not (tmp_path / "mine" / "detail.json").exists()


def test_weights_of_another_network_are_told(arguments, base, capsys):
    assert command([*arguments, "--start", str(base.folder / "model.safetensors")]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "holds no weights in Span's layout" in line


def test_a_base_without_a_detail_network_needs_a_start(arguments, capsys):
    at = arguments.index("--start")
    assert command([*arguments[:at], *arguments[at + 2 :]]) == 1
    assert "The model tiny brings no detail network to begin from" in capsys.readouterr().err


def test_missing_features_say_what_to_install(arguments, monkeypatch, capsys):
    monkeypatch.setattr(features, "find_spec", lambda name: None)
    assert command(arguments) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "pip install 'sdedit-studio[evaluation]'" in line
