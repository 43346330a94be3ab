"""`edit` and `models` from the command line, on a model of the real kind."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdedit_studio import cli
from sdedit_studio.cli.commands import command
from sdedit_studio.cli.edit import _opaque_where_edited
from sdedit_studio.engine.job import Job, Pixels, Result
from sdedit_studio.files.pictures import read_metadata
from sdedit_studio.models import catalogue
from sdedit_studio.parameters import Parameters

BASE = ["--model", "tiny", "--steps", "2"]


@pytest.fixture(autouse=True)
def home(tiny_models, tmp_path, monkeypatch):
    """The tiny model as an added one, and a cache of our own."""
    monkeypatch.setattr(catalogue, "user_folder", lambda: tiny_models)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def guide(tmp_path):
    array = np.random.default_rng(1).integers(0, 256, (30, 50, 3), np.uint8)
    Image.fromarray(array).save(tmp_path / "guide.png")
    return array


def pixels(path):
    return np.asarray(Image.open(path))


def told(capsys):
    """The one line on stderr."""
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sdedit-studio: ")
    return line


def test_it_edits_keeps_the_size_and_says_what_it_did(guide, capsys):
    assert command(["edit", "guide.png", "-o", "out.png", *BASE, "--t0", "0.5", "--class", "lake"]) == 0
    assert pixels("out.png").shape == guide.shape
    assert not np.array_equal(pixels("out.png"), guide)
    said = capsys.readouterr().out
    assert re.search(r"tiny \(lake\), t0 0.5, seed 1, dpmpp-2m: 2 calls at 24x16", said)
    assert "out.png: 50x30" in said


def test_the_same_seed_is_the_same_file_and_another_is_another(guide):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert command(["edit", "guide.png", "-o", f"{name}.png", *BASE, "--seed", seed]) == 0
    a, b, c = (Path(f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_outside_the_mask_pixels_stay_and_transparent_ones_too(guide, tmp_path):
    rgba = np.dstack([guide, np.full(guide.shape[:2], 255, np.uint8)])
    rgba[:10, :, 3] = 90
    Image.fromarray(rgba).save("guide.png")
    mask = np.zeros(guide.shape[:2], np.uint8)
    mask[12:28, 20:40] = 255
    mask[18:22] = 100
    Image.fromarray(mask).save("mask.png")
    assert command(["edit", "guide.png", "-o", "out.png", *BASE, "--mask", "mask.png"]) == 0
    result = pixels("out.png")
    opaque = (mask == 0) & (rgba[..., 3] == 255)
    assert np.array_equal(result[opaque], rgba[opaque])
    assert np.array_equal(result[:10, :, 3], rgba[:10, :, 3])
    assert not np.array_equal(result[mask == 255], rgba[mask == 255])
    assert (result[mask > 0][:, 3] == 255).all()


def test_a_strength_map_says_how_much_may_change(guide):
    strength = np.zeros(guide.shape[:2], np.uint8)
    strength[:, 10:] = np.linspace(0, 255, 40)
    Image.fromarray(strength).save("strength.png")
    assert command(["edit", "guide.png", "-o", "out.png", *BASE, "--strength", "strength.png"]) == 0
    result = pixels("out.png")
    assert np.array_equal(result[strength == 0], guide[strength == 0])
    assert not np.array_equal(result[strength == 255], guide[strength == 255])
    record = read_metadata("out.png")
    assert record is not None and record["strength_map"] is True


def test_t0_of_nothing_is_the_guide(guide):
    assert command(["edit", "guide.png", "-o", "out.png", *BASE, "--t0", "0"]) == 0
    assert np.array_equal(pixels("out.png"), guide)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_the_settings_go_into_the_file(guide, suffix):
    options = ["--seed", "7", "--solver", "heun", "--refine", "off", "--repeats", "2"]
    assert command(["edit", "guide.png", "-o", f"out{suffix}", *BASE, *options]) == 0
    record = read_metadata(f"out{suffix}")
    assert record is not None
    assert {key: record[key] for key in ("seed", "solver", "refine", "repeats", "model", "calls")} == {
        "seed": 7,
        "solver": "heun",
        "refine": "off",
        "repeats": 2,
        "model": "tiny",
        "calls": 2,
    }


@pytest.mark.parametrize("sde", ["ve", "vp"])
def test_the_papers_solver_in_both_forms(guide, sde):
    assert command(["edit", "guide.png", "-o", "out.png", *BASE, "--solver", "euler-maruyama", "--sde", sde]) == 0
    assert pixels("out.png").shape == guide.shape


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["none.png", "-o", "out.png"], 1, "none.png could not be opened"),
        (["guide.png", "-o", "out.xyz"], 1, "cannot be written as “.xyz”"),
        (["guide.png", "-o", "no/out.png"], 1, "folder no does not exist"),
        (["guide.png", "-o", "out.png", "--t0", "1.5"], 1, "t0 must lie between 0 and 1"),
        (["guide.png", "-o", "out.png", "--steps", "0"], 1, "number of steps must lie between 1 and 1000"),
        (["guide.png", "-o", "out.png", "--seed", "-1"], 1, "seed must lie between"),
        (["guide.png", "-o", "out.png", "--class", "moon"], 1, "no class “moon”: choose one of hill, lake"),
        (["guide.png", "-o", "out.png", "--model", "huge"], 1, "no model called “huge”"),
        (["guide.png", "-o", "out.png", "--mask", "guide.png", "--t0", "0"], 0, ""),
        (["guide.png", "-o", "out.png", "--mask", "small.png"], 1, "mask is 5 x 5 pixels, but the guide is 50 x 30"),
        (
            ["guide.png", "-o", "out.png", "--strength", "small.png"],
            1,
            "strength map is 5 x 5 pixels",
        ),
        (["guide.png", "-o", "out.png", "--mask", "black.png"], 1, "The mask is all black"),
        (["text.png", "-o", "out.png"], 1, "not a picture"),
        (["guide.png", "-o", "out.png", "--t0", "much"], 2, "--t0"),
        (["guide.png", "-o", "out.png", "--solver", "magic"], 2, "--solver"),
        (["guide.png"], 2, "--out"),
        (["guide.png", "-o", "out.png", "--wrong"], 2, "--wrong"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(guide, tmp_path, capsys, options, code, sentence):
    Image.new("L", (5, 5), 255).save("small.png")
    Image.new("L", (50, 30), 0).save("black.png")
    (tmp_path / "text.png").write_text("not a picture")
    before = set(tmp_path.iterdir())
    assert command(["edit", *BASE, *options]) == code
    if code:
        assert sentence in told(capsys)
        assert {path.name for path in set(tmp_path.iterdir()) - before} <= {"cache"}


def test_a_solver_of_an_earlier_version_is_known(guide, capsys):
    assert command(["edit", *BASE, "guide.png", "-o", "out.png", "--solver", "renoise", "--steps", "1"]) == 0
    assert ", consistency: 1 calls" in capsys.readouterr().out


def test_damaged_weights_are_one_line(guide, tiny_models, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "models" / "torn"
    folder.mkdir(parents=True)
    for name in ("model.json", "config.json"):
        (folder / name).write_bytes((tiny_models / "tiny" / name).read_bytes())
    (folder / "model.safetensors").write_bytes(b"\x00" * 50)
    monkeypatch.setattr(catalogue, "user_folder", lambda: folder.parent)
    assert command(["edit", "guide.png", "-o", "out.png", "--model", "torn"]) == 1
    assert "torn cannot be loaded" in told(capsys)


def test_an_interrupt_writes_nothing(guide, tmp_path, capsys, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("sdedit_studio.cli.edit.open_model", interrupted)
    assert command(["edit", "guide.png", "-o", "out.png", *BASE]) == 130
    assert "nothing was written" in told(capsys)
    assert not (tmp_path / "out.png").exists()


def test_models_are_listed_and_described(capsys):
    assert command(["models", "list"]) == 0
    assert re.search(r"scenes-96 +96 px +[\d.]+ MiB +6 classes", listed := capsys.readouterr().out)
    assert re.search(r"tiny +16 px +[\d.]+ MiB +2 classes", listed)
    assert command(["models", "info", "tiny"]) == 0
    described = capsys.readouterr().out
    assert "hill, lake" in described
    assert "not stated" in described
    assert command(["models", "info", "huge"]) == 1
    assert "no model called" in told(capsys)


def test_help_has_an_example(capsys):
    assert command(["edit", "--help"]) == 0
    assert "Example" in capsys.readouterr().out
    assert command(["--version"]) == 0
    assert "SDEdit Studio" in capsys.readouterr().out


def test_an_unknown_word_is_told(capsys):
    assert command(["edti"]) == 2
    assert "No such command 'edti'" in told(capsys)


class TestWhichDoor:
    @pytest.fixture
    def opened(self, monkeypatch):
        """What the studio or a command was started with."""
        doors = []
        monkeypatch.setattr("sdedit_studio.ui.shell.app.run", lambda argv: doors.append(("studio", list(argv))) or 0)
        monkeypatch.setattr("sdedit_studio.cli.commands.command", lambda argv: doors.append(("word", list(argv))) or 0)
        return doors

    @pytest.mark.parametrize(
        ("arguments", "door"),
        [
            ([], "studio"),
            (["--smoke"], "studio"),
            (["--profile", "p"], "studio"),
            (["guide.png"], "studio"),
            (["edit", "guide.png"], "word"),
            (["--help"], "word"),
            (["none.png"], "word"),
        ],
    )
    def test_no_word_opens_the_studio(self, guide, tmp_path, monkeypatch, opened, arguments, door):
        (tmp_path / "edit").write_text("a file named as a command does not hide it")
        monkeypatch.setattr(sys, "argv", ["sdedit-studio", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert end.value.code == 0
        assert opened == [(door, arguments)]


def test_the_studio_does_not_pay_for_the_words():
    code = "import sys, sdedit_studio.cli; print({'typer', 'rich', 'torch'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_steps_come_as_an_animation_or_as_pictures(guide, capsys):
    way = ["edit", "guide.png", "-o", "out.png", *BASE, "--t0", "0.5", "--refine", "off"]
    assert command([*way, "--trajectory", "steps.apng"]) == 0
    assert "steps.apng: 2 steps, 50x30" in capsys.readouterr().out
    assert read_metadata(Path("steps.apng"))["t0"] == 0.5
    with Image.open("steps.apng") as film:
        assert film.n_frames == 2
        film.seek(1)
        assert np.array_equal(np.asarray(film.convert("RGB")), pixels("out.png")[..., :3])
    assert command([*way, "--trajectory", "steps.png"]) == 0
    assert np.array_equal(pixels("steps-02.png"), pixels("out.png")[..., :3])


def test_steps_that_cannot_be_written_are_refused_before_the_work(guide, capsys):
    assert command(["edit", "guide.png", "-o", "out.png", *BASE, "--trajectory", "steps.mp4"]) != 0
    assert ".webp, .gif, .apng, .png" in told(capsys)
    assert not Path("out.png").exists()


def test_a_pixel_that_mask_or_strength_holds_back_keeps_its_transparency():
    guide, picture = Pixels.of(np.zeros((4, 6, 3), np.uint8)), Pixels.of(np.full((4, 6, 3), (10, 20, 30), np.uint8))
    original = np.full((4, 6, 4), 7, np.uint8)
    masked, held = np.zeros((4, 6), bool), np.zeros((4, 6), bool)
    masked[:, :2], held[:1] = True, True
    result = Result(Job(guide, Parameters()), picture, picture, 1.0, 8)
    found = _opaque_where_edited(result, original, [masked, held])
    stays = masked | held
    assert (found[stays] == 7).all()
    assert (found[~stays] == (30, 20, 10, 255)).all()
    assert (_opaque_where_edited(result, original, []) == (30, 20, 10, 255)).all()
