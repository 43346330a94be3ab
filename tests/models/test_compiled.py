"""Networks compiled for ONNX Runtime, beside the same ones run by torch."""

import gc
import json
import shutil
import threading
import weakref
from contextlib import suppress

import onnx
import pytest
import torch
from safetensors.torch import load_file, save_file

from sdedit_studio import cache
from sdedit_studio.models import compiled
from sdedit_studio.models.catalogue import find
from sdedit_studio.models.compiled import Compiled
from sdedit_studio.models.interruption import interruptible
from sdedit_studio.models.load import load
from sdedit_studio.models.unet import build

CPU = torch.device("cpu")


@pytest.fixture
def graphs(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "graphs"


@pytest.fixture
def runs(monkeypatch):
    """Batches that compiled networks ran."""
    made = []
    run = Compiled.__call__
    monkeypatch.setattr(Compiled, "__call__", lambda self, *inputs: made.append(len(inputs[0])) or run(self, *inputs))
    return made


def opened(models, name="tiny", *, fast=True):
    return load(find(name, models), CPU, torch.float32, compiled=fast)


def pictures(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def test_a_compiled_network_gives_torchs_numbers_at_any_size(tiny_models, graphs, runs):
    fast, slow = (opened(tiny_models, fast=fast) for fast in (True, False))
    for shape in ((1, 3, 16, 16), (3, 3, 16, 16), (1, 3, 8, 8), (2, 3, 40, 24), (5, 3, 64, 96)):
        for condition, level in (("hill", 1.0), ("lake", 0.01), (None, tuple(float(i + 1) for i in range(shape[0])))):
            x = pictures(*shape)
            given = fast.denoiser(condition)(x, level)
            torch.testing.assert_close(given, slow.denoiser(condition)(x, level), rtol=1e-4, atol=1e-5)
            assert given.dtype == torch.float32
    assert runs == [size for size in (1, 3, 1, 2, 5) for _ in range(3)]


def test_a_network_without_classes_or_patches_is_compiled(tiny_models, tmp_path, graphs, runs):
    folder = tmp_path / "models" / "plain"
    shutil.copytree(tiny_models / "tiny", folder)
    config, card = (json.loads((folder / name).read_text()) for name in ("config.json", "model.json"))
    del config["num_class_embeds"], config["patch"], card["classes"], card["any_class"]
    config |= {"in_channels": 3, "out_channels": 3}
    card |= {"format": "unet", "stride": 2}
    save_file(build(config).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.json").write_text(json.dumps(card))
    fast, slow = (opened(tmp_path / "models", "plain", fast=fast) for fast in (True, False))
    x = pictures(2, 3, 20, 12)
    torch.testing.assert_close(fast.denoiser(None)(x, 3.0), slow.denoiser(None)(x, 3.0), rtol=1e-4, atol=1e-5)
    assert runs == [2]


def test_the_graph_is_made_once_and_holds_no_weights(tiny_models, tmp_path, graphs, runs, monkeypatch):
    opened(tiny_models)
    (graph,) = graphs.iterdir()
    tensors = onnx.load_model(graph, load_external_data=False).graph.initializer
    assert tensors and not any(tensor.raw_data or tensor.float_data for tensor in tensors)
    monkeypatch.setattr(compiled, "_graph", lambda *_: pytest.fail("It is there."))
    shutil.copytree(tiny_models / "tiny", tmp_path / "models" / "other")
    weights = tmp_path / "models" / "other" / "model.safetensors"
    save_file({name: 1.5 * value for name, value in load_file(weights).items()}, weights)
    x = pictures(1, 3, 16, 16)
    fast, slow = (opened(tmp_path / "models", "other", fast=fast).denoiser(None)(x, 1.0) for fast in (True, False))
    torch.testing.assert_close(fast, slow, rtol=1e-3, atol=1e-4)
    assert not torch.allclose(fast, opened(tiny_models).denoiser(None)(x, 1.0), atol=1e-2)
    assert runs == [1, 1]


@pytest.mark.parametrize("harm", [b"", b"\x08\x09 not a graph", None])
def test_a_damaged_or_wrong_graph_is_made_again(tiny_models, graphs, runs, harm):
    expected = opened(tiny_models).denoiser("hill")(pictures(1, 3, 16, 16), 1.0)
    (graph,) = graphs.iterdir()
    good = graph.read_bytes()
    graph.write_bytes(harm if harm is not None else good.replace(b"Cos", b"Sin"))
    assert torch.equal(opened(tiny_models).denoiser("hill")(pictures(1, 3, 16, 16), 1.0), expected)
    assert graph.read_bytes() == good
    assert runs == [1, 1]


def test_what_cannot_be_compiled_runs_in_torch(tiny_models, graphs, runs, monkeypatch, caplog):
    x = pictures(1, 3, 16, 16)
    expected = opened(tiny_models, fast=False).denoiser("hill")(x, 1.0)

    def refused(*_, **__):
        raise RuntimeError("an operator without a name")

    with monkeypatch.context() as patched:
        patched.setattr(torch.onnx, "export", refused)
        assert torch.equal(opened(tiny_models).denoiser("hill")(x, 1.0), expected)
    assert "tiny" in caplog.text and "an operator without a name" in caplog.text
    with monkeypatch.context() as patched:
        patched.setattr(compiled, "LARGEST", 1)
        assert torch.equal(opened(tiny_models).denoiser("hill")(x, 1.0), expected)
    assert runs == []


def test_numbers_unlike_torchs_are_not_trusted(tiny_models, graphs, runs, monkeypatch):
    graph = compiled._graph
    monkeypatch.setattr(compiled, "_graph", lambda *of: graph(*of).replace(b"Cos", b"Sin"))
    expected = opened(tiny_models, fast=False).denoiser("hill")(pictures(1, 3, 16, 16), 1.0)
    assert torch.equal(opened(tiny_models).denoiser("hill")(pictures(1, 3, 16, 16), 1.0), expected)
    assert runs == [] and not graphs.exists()


def test_lack_of_memory_is_told_as_such(tiny_models, graphs):
    denoiser = opened(tiny_models).denoiser("hill")
    with pytest.raises(MemoryError):
        denoiser(torch.zeros(1, 3, 16, 1).expand(1, 3, 16, 1 << 18), 1.0)
    assert denoiser(pictures(1, 3, 16, 16), 1.0).isfinite().all()


class Unwanted(Exception):
    pass


@pytest.fixture
def long(graphs):
    """A network whose run takes so long that it is asked for within."""
    network = torch.nn.Sequential(*(torch.nn.Conv2d(64, 64, 3, padding=1) for _ in range(40)))
    return Compiled(_Timed(network), (torch.zeros(1, 64, 8, 8), torch.zeros(1)), "forty layers")


def test_a_run_ends_when_it_is_no_longer_wanted(long):
    """The check is called within the run, on another thread; what it raises is raised from the run."""
    large = torch.zeros(1, 64, 192, 192)
    whole = long(large, torch.zeros(1))
    threads = []

    def check():
        threads.append(threading.current_thread())
        if len(threads) > 2:
            raise Unwanted

    with interruptible(check), pytest.raises(Unwanted):
        long(large, torch.zeros(1))
    assert threading.main_thread() not in threads
    assert not set(threads) & set(threading.enumerate()), "No thread is left behind."
    assert torch.equal(long(large, torch.zeros(1)), whole)


def test_what_a_run_was_given_goes_as_soon_as_it_is_broken_off(long):
    """Not only with the next collection of garbage: live mode breaks off several runs a second."""
    gone = threading.Event()

    def broken_off():
        large = torch.zeros(1, 64, 192, 192)
        weakref.finalize(large, gone.set)
        with suppress(Unwanted), interruptible(check):
            long(large, torch.zeros(1))
            pytest.fail("It was not broken off.")

    def check():
        raise Unwanted

    gc.disable()
    try:
        broken_off()
        assert gone.is_set()
    finally:
        gc.enable()


class _Timed(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x, times):
        return self.network(x) + times[:, None, None, None]


@pytest.mark.model
def test_the_bundled_model_is_compiled_and_gives_torchs_pictures(graphs, runs):
    fast, slow = (opened(None, "scenes-96", fast=fast).denoiser("sea") for fast in (True, False))
    x = pictures(1, 3, 96, 144)
    torch.testing.assert_close(fast(x, 2.0), slow(x, 2.0), rtol=0, atol=1e-4)
    assert runs == [1]
