"""`sdedit-studio train`, as a person types it."""

import json
import os
import signal
import threading

import pytest

from sdedit_studio.cli.commands import command

SMALL = ["--size", "16", "--channels", "32", "--layers", "1", "--batch", "8", "--device", "cpu"]


def test_a_run_says_how_it_goes_and_what_it_made(photographs, tmp_path, capsys):
    out = tmp_path / "mine"
    assert command(["train", str(photographs), "--out", str(out), *SMALL, "--images", "0.016k"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "24 pictures, 2 classes: day, night."
    assert "16 of 16 pictures, loss" in said[1]
    assert "images/s" in said[1]
    assert said[-1] == f"Trained on 16 pictures. To paint with it: sdedit-studio models add {out}"
    assert json.loads((out / "model.json").read_text())["native"] == 16


def test_a_polite_kill_saves_and_the_same_command_goes_on(photographs, tmp_path, capsys):
    arguments = ["train", str(photographs), "--out", str(tmp_path / "mine"), *SMALL, "--images", "1M"]
    for _ in range(2):
        timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        assert command(arguments) == 130
        timer.join()
    first, second = (line for line in capsys.readouterr().err.splitlines() if line.startswith("Stopped after"))
    assert "the same command goes on" in first
    assert int(first.split()[2].replace(",", "")) < int(second.split()[2].replace(",", ""))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--size", "100"], "the size must be a multiple of 16, not 100"),
        (["--channels", "64,100"], "multiples of 32"),
        (["--channels", "wide"], "are no channels"),
        (["--images", "many"], "is no number of pictures"),
        (["--minutes", "-1"], "more than nothing"),
        (["--from", "scenes-96", "--size", "64", "--layers", "1"], "leave out --size, --layers"),
        (["--few-step"], "name it with --from"),
        (["--few-step", "--loss", "vp"], "leave out --loss"),
        (["--from", "no-such-model"], "There is no model called"),
        (["--device", "quantum"], "There is no device “quantum” here: choose one of cpu"),
        (["--held-out", "0.9"], "less than or equal to 0.5"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(photographs, tmp_path, capsys, arguments, says):
    assert command(["train", str(photographs), "--out", str(tmp_path / "mine"), *arguments]) in (1, 2)
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert says in lines[0]
    assert not (tmp_path / "mine" / "model.json").exists()


def test_an_empty_folder_is_told(tmp_path, capsys):
    assert command(["train", str(tmp_path), "--out", str(tmp_path / "mine"), *SMALL]) == 1
    assert "There are no pictures in" in capsys.readouterr().err
