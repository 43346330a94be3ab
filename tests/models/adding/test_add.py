"""Adding is all or nothing, in one clear sentence; pickles are read by a process of their own that runs no code."""

import errno
import os
import pickle
import time
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from sdedit_studio.models.adding import add as module
from sdedit_studio.models.adding import checkpoint, unpickle
from sdedit_studio.models.adding.add import add
from sdedit_studio.models.adding.imported import ImportOptions
from sdedit_studio.models.catalogue import ModelProblem, find, installed, remove
from tests.models.adding.originals import Ddpm, randomised


@pytest.fixture(scope="module")
def state():
    return randomised(Ddpm()).state_dict()


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def in_this_process(monkeypatch):
    monkeypatch.setattr(checkpoint, "unpickle", unpickle._convert)


def refused(path, models, message):
    with pytest.raises(ModelProblem, match=message) as problem:
        add(path, models_dir=models)
    assert "\n" not in str(problem.value)
    assert len(str(problem.value)) < 400
    assert not models.exists() or list(models.iterdir()) == []


class Attack:
    """A pickle of it makes a file when it is opened as pickles are."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class TestInAProcessOfItsOwn:
    def test_a_checkpoint_is_read(self, state, models, tmp_path):
        torch.save({"model": state}, tmp_path / "net.pt")
        assert add(tmp_path / "net.pt", models_dir=models) == find("net", models)

    def test_code_is_not_run(self, models, tmp_path):
        torch.save({"model": Attack(tmp_path / "attacked")}, tmp_path / "net.ckpt")
        refused(tmp_path / "net.ckpt", models, "would run code when it is opened")
        assert not (tmp_path / "attacked").exists()

    def test_a_process_that_dies_is_told(self, models, tmp_path, monkeypatch):
        torch.save({}, tmp_path / "net.ckpt")
        monkeypatch.setattr(unpickle, "_convert", _die)
        refused(tmp_path / "net.ckpt", models, "reading it ended abnormally")


def _die(source, target):
    os._exit(9)


@pytest.mark.usefixtures("in_this_process")
class TestDamagedAndHostile:
    def test_a_bare_pickle(self, models, tmp_path):
        (tmp_path / "net.pth").write_bytes(pickle.dumps(Attack(tmp_path / "attacked")))
        refused(tmp_path / "net.pth", models, "would run code|no PyTorch checkpoint")
        assert not (tmp_path / "attacked").exists()

    def test_edm_files_carry_their_source(self, models, tmp_path, monkeypatch):
        monkeypatch.undo()
        (tmp_path / "edm.pkl").write_bytes(b"\x80\x04ctorch_utils.persistence\n_reconstruct_persistent_obj\n.")
        refused(tmp_path / "edm.pkl", models, r"runs source code of its own.*OpenAI's edm_\*_ema\.pt")

    @pytest.mark.parametrize("left", [0.99, 0.5, 0.01])
    def test_cut_off(self, left, state, models, tmp_path):
        torch.save(state, tmp_path / "net.ckpt")
        data = (tmp_path / "net.ckpt").read_bytes()
        (tmp_path / "net.ckpt").write_bytes(data[: int(left * len(data))])
        refused(tmp_path / "net.ckpt", models, "copy or download it again")

    def test_empty(self, models, tmp_path, monkeypatch):
        monkeypatch.undo()
        (tmp_path / "net.ckpt").touch()
        refused(tmp_path / "net.ckpt", models, "is empty")

    def test_packed_to_look_small(self, models, tmp_path):
        with zipfile.ZipFile(tmp_path / "net.pt", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("archive/data/0", b"\0" * 10_000_000)
        refused(tmp_path / "net.pt", models, "packed to be larger than it looks")

    def test_a_few_numbers_that_claim_to_be_many(self, models, tmp_path):
        torch.save({"temb.dense.0.weight": torch.zeros(1).expand(50_000, 50_000)}, tmp_path / "net.pt")
        refused(tmp_path / "net.pt", models, "declares more numbers than it holds")

    def test_no_weights_at_all(self, models, tmp_path):
        torch.save({"epoch": 3, "names": ["a"]}, tmp_path / "net.pt")
        refused(tmp_path / "net.pt", models, "holds no weights")

    def test_weights_of_something_else(self, models, tmp_path):
        torch.save({"fc.weight": torch.zeros(3, 3)}, tmp_path / "net.pt")
        refused(tmp_path / "net.pt", models, "no network of a known kind")

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_values_that_are_not_numbers(self, value, state, models, tmp_path):
        bad = {**state, "mid.attn_1.q.weight": torch.full_like(state["mid.attn_1.q.weight"], value)}
        torch.save(bad, tmp_path / "net.ckpt")
        refused(tmp_path / "net.ckpt", models, "values that are not numbers")

    @pytest.mark.parametrize(
        ("name", "weight", "message"),
        [
            ("conv_out.weight", torch.zeros(3, 31, 3, 3), "does not fit its kind"),
            ("conv_out.weight", None, "lacks conv_out.weight"),
            ("down.0.block.0.conv2.weight", None, "lacks"),
            ("another.weight", torch.zeros(3), "weights that no known network has, such as another.weight"),
            ("conv_in.bias", torch.zeros(32, dtype=torch.int64), "int64 weights"),
        ],
    )
    def test_of_the_wrong_shape_or_incomplete(self, name, weight, message, state, models, tmp_path):
        bad = {key: value for key, value in {**state, name: weight}.items() if value is not None}
        save_file(bad, tmp_path / "net.safetensors")
        refused(tmp_path / "net.safetensors", models, message)

    def test_a_damaged_safetensors(self, state, models, tmp_path):
        save_file(state, tmp_path / "net.safetensors")
        data = (tmp_path / "net.safetensors").read_bytes()
        (tmp_path / "net.safetensors").write_bytes(data[:-100])
        refused(tmp_path / "net.safetensors", models, "is damaged")

    def test_a_network_that_overflows(self, state, models, tmp_path):
        huge = {**state, "conv_out.weight": torch.full_like(state["conv_out.weight"], 3e38)}
        save_file(huge, tmp_path / "net.safetensors")
        refused(tmp_path / "net.safetensors", models, "gives values that are not numbers")

    def test_no_model_file(self, models, tmp_path):
        (tmp_path / "picture.png").write_bytes(b"a picture")
        refused(tmp_path / "picture.png", models, "is no model file")
        refused(tmp_path / "missing.ckpt", models, "does not exist")


@pytest.fixture
def file(state, tmp_path):
    save_file(state, tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


class TestAllOrNothing:
    def test_a_full_disk(self, file, models, monkeypatch):
        def full(*arguments):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(module, "save_file", full)
        refused(file, models, "the disk is full")

    def test_a_name_that_is_taken(self, file, models):
        add(file, models_dir=models)
        with pytest.raises(ModelProblem, match="a model called “net” already"):
            add(file, models_dir=models)
        with pytest.raises(ModelProblem, match="a model called “scenes-96” already"):
            add(file, ImportOptions(name="scenes-96"), models)
        assert [card.name for card in installed(models)] == ["scenes-96", "net"]

    @pytest.mark.parametrize("name", ["", "../net", "a/b", ".hidden", "a b", "x" * 200])
    def test_a_name_that_is_none(self, name, file, models):
        with pytest.raises(ModelProblem, match="cannot be a model's name"):
            add(file, ImportOptions(name=name or " "), models)

    def test_what_a_killed_run_left_is_neither_shown_nor_kept(self, file, models):
        left = models / ".adding-0123"
        left.mkdir(parents=True)
        (left / "model.json").write_text("{}")
        assert [card.name for card in installed(models)] == ["scenes-96"]
        os.utime(left, (time.time() - 10**6,) * 2)
        add(file, models_dir=models)
        assert not left.exists()


class TestRemove:
    def test_a_model_is_gone(self, file, models):
        add(file, models_dir=models)
        remove("net", models)
        assert list(models.iterdir()) == []

    def test_a_damaged_one_too(self, file, models):
        (add(file, models_dir=models).folder / "model.json").write_text("{")
        remove("net", models)
        assert list(models.iterdir()) == []

    def test_what_is_shipped_stays(self, models):
        with pytest.raises(ModelProblem, match="comes with SDEdit Studio"):
            remove("scenes-96", models)
        with pytest.raises(ModelProblem, match="no model called"):
            remove("nothing", models)
