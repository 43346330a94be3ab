"""`sweep` and `evaluate` from the command line: what they print, write and say of bad input."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from sdedit_studio.cli import study
from sdedit_studio.cli.commands import command
from sdedit_studio.diffusion.exact import GaussianDenoiser
from sdedit_studio.evaluation import canvas
from sdedit_studio.models.catalogue import ModelCard
from sdedit_studio.models.loaded import LoadedModel
from sdedit_studio.parameters import Sde, Solver

SIDE = 32


@pytest.fixture
def denoiser(monkeypatch, tmp_path) -> dict[str, Callable]:
    """The model's denoiser, in a dict so that a test can put another in its place."""
    gaussian = GaussianDenoiser(torch.zeros(3, SIDE, SIDE), torch.tensor(0.25))
    held = {"denoiser": gaussian}
    card = ModelCard("scenes-96", tmp_path, "Fake", "closed form", "none", SIDE, 16, 0.002, 80.0)
    loaded = LoadedModel(card, torch.device("cpu"), lambda label: held["denoiser"])
    monkeypatch.setattr(study, "open_model", lambda name, measured: loaded)
    return held


@pytest.fixture
def pictures(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(40):
        small = Image.fromarray(random.integers(0, 256, (4, 4, 3), dtype=np.uint8))
        small.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(folder / f"{index:02d}.png")
    return folder


def test_sweep_prints_the_table_it_writes(denoiser, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    guides = [str(path) for path in sorted(pictures.iterdir())[:9]]
    options = ["--t0", "0:0.6:0.2", "--steps", "2", "--features", "patches", "--reference", str(pictures)]
    assert command(["sweep", *guides, *options, "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert (out / "table.md").read_text() in printed
    assert "KID, sliced patches, no network features" in printed and "Sweet spot" in printed
    assert {"strip.png", "curve.png", "table.csv", "table.json"} <= {path.name for path in out.iterdir()}


def test_evaluate_prints_the_table_it_writes(denoiser, pictures, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--count", "8", "--t0", "0.3", "--steps", "2", "--features", "patches"]
    assert command(["evaluate", str(pictures), *options, "-o", str(out)]) == 0
    assert (out / "table.md").read_text() in capsys.readouterr().out
    assert (out / "contact.png").exists()


def test_evaluate_compares_ways_of_refining(denoiser, pictures, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(canvas, "gflop", lambda *edit: None)  # a model in closed form has no network to count
    out = tmp_path / "out"
    options = ["--refine", "off", "--canvas", "32x32", "--count", "8", "--steps", "2", "--features", "patches"]
    assert command(["evaluate", str(pictures), *options, "-o", str(out)]) == 0
    printed = capsys.readouterr().out
    assert (out / "table.md").read_text() in printed and "8 guides at 32 x 32 px" in printed
    assert f"{out}: pairs-100.png, settings.json, table.csv, table.json, table.md" in printed


def test_ctrl_c_says_how_to_go_on_and_the_command_does(denoiser, pictures, tmp_path, capsys):
    whole, calls = denoiser["denoiser"], 0

    def stopping(x: torch.Tensor, sigma: float) -> torch.Tensor:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return whole(x, sigma)

    denoiser["denoiser"] = stopping
    arguments = ["sweep", str(pictures / "00.png"), "--t0", "0.2,0.4", "--steps", "3", "-o", str(tmp_path / "out")]
    assert command(arguments) == 130
    assert "The same command goes on from here" in capsys.readouterr().err
    assert [path.parent.name for path in (tmp_path / "out").rglob("*.png")] == ["t0-0.2"]
    assert command(arguments) == 0
    assert calls == 4 + 3


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sweep", "nothing.png", "-o", "out"], 1, "nothing.png cannot be read as a picture"),
        (["sweep", "00.png", "--t0", "2", "-o", "out"], 1, "write start:stop:step or a list"),
        (["sweep", "00.png", "--steps", "0", "-o", "out"], 1, "between 1 and 1000, not 0"),
        (["sweep", "00.png", "--model", "none", "-o", "out"], 1, "There is no model called “none”"),
        (["sweep", "00.png", "--class", "cat", "-o", "out"], 1, "has no class “cat”"),
        (["sweep", "00.png", "-o", "."], 1, "holds other things: choose an empty or a new folder"),
        (["sweep", "00.png", "--reference", ".", "--features", "vgg", "-o", "out"], 1, "no features called “vgg”"),
        (["sweep", "00.png", "--reference", "x", "-o", "out"], 1, "neither a folder nor a zip"),
        (["sweep", "-o", "out"], 2, "Missing argument"),
        (["evaluate", "."], 2, "Missing option '--out'"),
        (["evaluate", "missing", "-o", "out"], 1, "neither a folder nor a zip"),
        (["evaluate", ".", "--count", "30", "-o", "out"], 1, "40 pictures leave 10 to compare 30 guides with"),
        (["evaluate", ".", "--count", "0", "-o", "out"], 2, "--count"),
        (["evaluate", ".", "--reference", ".", "-o", "out"], 1, "cannot be its own reference"),
        (["evaluate", ".", "--guides", "-o", "out"], 2, "need --refine"),
        (["evaluate", ".", "--refine", "detail,up", "-o", "out"], 2, "“up” is none of detail, sde and off"),
        (["evaluate", ".", "--refine", "off", "--canvas", "big", "-o", "out"], 2, "“big” is no size"),
        (["evaluate", ".", "--refine", "off", "--canvas", "8x8", "-o", "out"], 2, "sides of 16 to 8192 pixels"),
        (["evaluate", ".", "--refine", "off", "--t0", "0.2,0.4", "-o", "out"], 2, "at a single --t0"),
        (["evaluate", ".", "--refine", "off", "--trained-on", ".", "-o", "out"], 2, "does not go with --refine"),
        (["evaluate", ".", "--refine", "off", "-o", "out"], 1, "0 pictures that fill 768 x 512 pixels"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(denoiser, pictures, monkeypatch, capsys, arguments, code, words):
    monkeypatch.chdir(pictures)
    before = sorted(pictures.iterdir())
    assert command(arguments) == code
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("sdedit-studio: ")]
    assert len(lines) == 1 and words in lines[0]
    assert sorted(pictures.iterdir()) == before


def test_a_few_step_models_own_solver_and_guidance_are_the_defaults(monkeypatch, tmp_path):
    card = ModelCard("quick", tmp_path, "Quick", "closed form", "none", SIDE, 16, 0.002, 80.0)
    card = replace(card, few_step=True, default_calls=2, default_guidance=1.5)
    monkeypatch.setattr(study, "find", lambda name: card)
    chosen = study.parameters(None, 1, None, None, None, None, Sde.VP, 1, "quick")
    assert (chosen.solver, chosen.calls, chosen.guidance) == (Solver.CONSISTENCY, 2, 1.5)
    asked = study.parameters(4, 1, None, None, 3.0, Solver.HEUN, Sde.VP, 1, "quick")
    assert (asked.solver, asked.calls, asked.guidance) == (Solver.HEUN, 4, 3.0)
