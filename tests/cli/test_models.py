"""`sdedit-studio models add|download|remove`, from the command to the folder."""

import pytest
from PIL import Image
from safetensors.torch import save_file

from sdedit_studio.cli.commands import command
from sdedit_studio.models import catalogue
from sdedit_studio.models.adding import add, download
from tests.models.adding.originals import Adm, randomised


@pytest.fixture(autouse=True)
def studio_folder(tmp_path, monkeypatch):
    for module in (catalogue, add, download):
        monkeypatch.setattr(module, "user_folder", lambda: tmp_path / "models")


@pytest.fixture
def file(tmp_path):
    save_file(randomised(Adm(classes=20)).state_dict(), tmp_path / "net.safetensors")
    return str(tmp_path / "net.safetensors")


def test_a_file_is_added_described_and_removed(file, capsys):
    arguments = ["--name", "mine", "--licence", "MIT", "--head-channels", "16", "--legacy-attention-order"]
    assert command(["models", "add", file, *arguments]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "16 px" in told
    assert "0, 1, 2, 3, 4, 5, 6, 7 and 12 more" in told
    assert "--model mine" in told
    card = catalogue.find("mine")
    assert card.licence == "MIT"
    assert command(["models", "list"]) == 0
    listed = capsys.readouterr().out
    assert "mine" in listed
    assert card.sha256 is not None
    assert card.sha256[:12] in listed
    assert command(["models", "remove", "mine", "--yes"]) == 0
    assert not card.folder.exists()


def test_an_upscaler_is_added_described_and_removed(tmp_path, capsys):
    from tests.models.adding.strangers import saved

    assert command(["models", "add", str(saved("Compact 4x", tmp_path / "4x_mine.pth", "params"))]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Enlarges 4 times" in told
    assert "--refine detail --detail 4x-mine" in told
    assert command(["models", "list"]) == 0
    assert "4x-mine" in capsys.readouterr().out
    assert command(["models", "info", "4x-mine"]) == 0
    assert "4x_mine.pth" in capsys.readouterr().out
    guide, out = tmp_path / "guide.png", tmp_path / "out.png"
    Image.new("RGB", (240, 160), (90, 140, 200)).save(guide)
    arguments = ["--t0", "0.45", "--steps", "1", "--refine", "detail", "--detail", "4x-mine"]
    assert command(["edit", str(guide), "-o", str(out), *arguments]) == 0
    with Image.open(out) as picture:
        assert picture.size == (240, 160)
    assert command(["models", "remove", "4x-mine", "--yes"]) == 0
    assert command(["models", "info", "4x-mine"]) == 1


def test_a_model_says_which_detail_network_it_brings(capsys):
    assert command(["models", "info", "scenes-96"]) == 0
    assert "Scenes, detail, enlarges 4 times" in capsys.readouterr().out


def test_removing_asks_first(file, capsys, monkeypatch):
    assert command(["models", "add", file, "--head-channels", "16"]) == 0
    answers = iter([False, True])
    monkeypatch.setattr("typer.confirm", lambda question: next(answers))
    assert command(["models", "remove", "net"]) == 1
    assert catalogue.find("net")
    assert command(["models", "remove", "net"]) == 0
    assert [card.name for card in catalogue.installed()] == ["scenes-96"]


def test_what_cannot_be_added_is_one_line(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("no model")
    assert command(["models", "add", str(tmp_path / "notes.txt")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert command(["models", "remove", "scenes-96", "--yes"]) == 1
    assert "comes with SDEdit Studio" in capsys.readouterr().err


def test_offline_a_download_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(download, "ENDPOINT", "http://127.0.0.1:9")
    assert command(["models", "download", "someone/tiny"]) == 1
    assert "The hub cannot be reached" in capsys.readouterr().err
