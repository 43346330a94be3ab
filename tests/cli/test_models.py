"""`sdedit-studio models add|download|remove`, from the command to the folder."""

import pytest
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
