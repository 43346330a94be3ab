"""`sdedit-studio bench`, on a tiny model."""

import json

import pytest

from sdedit_studio.cli.commands import command
from sdedit_studio.engine import bench
from sdedit_studio.models import catalogue
from sdedit_studio.parameters import Solver


@pytest.fixture(autouse=True)
def studio_folder(tiny_models, monkeypatch):
    monkeypatch.setattr(catalogue, "user_folder", lambda: tiny_models)
    monkeypatch.setattr(bench, "CANVAS", (96, 64))
    monkeypatch.setattr(bench, "SECONDS", 0.01)
    monkeypatch.setattr(bench, "HOPELESS", 1000.0)


def rows(capsys, *arguments):
    assert command(["bench", "--model", "tiny", "--device", "cpu", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_row_for_each_precision_and_solver(capsys):
    found = rows(capsys)
    assert [(row["precision"], row["solver"]) for row in found] == [
        (precision, solver) for precision in ("float32", "bfloat16") for solver in Solver
    ]
    assert all(row["model"] == "tiny" and row["device"] == "CPU" for row in found)
    assert all((row["width"], row["height"], row["calls"]) == (16, 16, 8) for row in found)
    assert all(0 < row["ms_per_call"] < 1000 * row["seconds_per_picture"] for row in found)


def test_whole_pictures_by_the_ways_that_are_asked_for(capsys):
    *_, native, sde = rows(capsys, "--solver", "heun", "--refine", "off", "--refine", "sde")
    assert (native["refine"], native["width"], native["height"], native["calls"]) == ("off", 96, 64, 8)
    assert (sde["refine"], sde["width"], sde["height"], sde["solver"]) == ("sde", 96, 64, "dpmpp-2m")
    assert sde["calls"] > 8 and sde["ms_per_call"] is native["ms_per_call"] is None
    assert native["seconds_per_picture"] > 0 and sde["seconds_per_picture"] > 0


def test_a_detail_network_has_a_row_of_its_own(capsys, monkeypatch, detailed_models):
    monkeypatch.setattr(catalogue, "user_folder", lambda: detailed_models)
    *_, network, whole = rows(capsys, "--solver", "heun")
    assert (network["solver"], network["width"], network["height"], network["calls"]) == ("detail network", 24, 16, 1)
    assert network["ms_per_call"] > 0 and network["seconds_per_picture"] is None
    assert (whole["model"], whole["refine"], whole["width"], whole["height"], whole["calls"]) == (
        "tiny", "detail", 96, 64, 9
    )  # fmt: skip
    assert whole["seconds_per_picture"] > 0


def test_a_precision_that_is_hopeless_here_is_told_and_left_out(capsys, monkeypatch):
    monkeypatch.setattr(bench, "HOPELESS", 0.0)
    *_, last = rows(capsys, "--solver", "heun")
    assert (last["precision"], last["ms_per_call"], last["seconds_per_picture"]) == ("bfloat16", None, None)
    assert command(["bench", "--model", "tiny", "--solver", "heun"]) == 0
    assert "far slower" in capsys.readouterr().out


def test_an_unknown_device_or_model_is_told(capsys):
    assert command(["bench", "--device", "abacus"]) == 1
    assert "choose one of cpu" in capsys.readouterr().err
    assert command(["bench", "--model", "huge"]) == 1
    assert "no model called “huge”" in capsys.readouterr().err
