"""Downloads in a process of their own: told as they come, stopped at any moment, gone on with, refused offline."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel

from sdedit_studio.engine import library
from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import InstallProgress, ModelRefused
from sdedit_studio.models.adding import download
from tests.models.adding.test_download import Answer, Hub

WEIGHTS = "diffusion_pytorch_model.safetensors"


class SlowFile:
    """Writes in small pieces with a rest after each."""

    def __init__(self, file, rest: float) -> None:
        self._file, self._rest = file, rest

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), 1 << 18):
            self._file.write(data[start : start + (1 << 18)])
            time.sleep(self._rest)

    def __getattr__(self, name):
        return getattr(self._file, name)


class SlowAnswer(Answer):
    def send_file(self, hub, name):
        self.wfile = SlowFile(self.wfile, hub.rest)
        return super().send_file(hub, name)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch):
    """A hub with one model of some 30 MB, since what arrives is written in pieces of 10 MB."""
    torch.manual_seed(0)
    UNet2DModel(
        sample_size=16,
        block_out_channels=(128, 192),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ).save_pretrained(tmp_path / "hub")
    DDPMScheduler().save_pretrained(tmp_path / "hub")
    server = Hub(tmp_path / "hub")
    server.RequestHandlerClass, server.rest = SlowAnswer, 0.02
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


def test_a_download_is_told_stopped_and_gone_on_with(hub, tmp_path):
    assert (tmp_path / "hub" / WEIGHTS).stat().st_size > 25_000_000
    engine = Engine(tmp_path / "models")

    async def story() -> None:
        steps: list[InstallProgress] = []
        coming = asyncio.ensure_future(engine.download_model("someone/tiny", steps.append))
        while not any(step.part and step.part > 0.2 for step in steps):
            await asyncio.sleep(0.01)
            assert not coming.done()
        assert steps[0] == InstallProgress("Asking Hugging Face")
        assert steps[-1].words.endswith(" MB") and 0.2 < steps[-1].part < 0.9
        coming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await coming
        assert not (tmp_path / "models" / "tiny").exists()

        hub.rest, hub.asked = 0.0, []
        assert await engine.download_model("someone/tiny", steps.append) == "tiny"
        assert next(start for name, start in hub.asked if name == WEIGHTS) >= 10_000_000
        assert steps[-1].words == "Trying it"
        details = await engine.model_details("tiny")
        assert (details.source, details.licence) == ("someone/tiny", "apache-2.0")
        assert engine.models()[-1].title == "tiny"

    asyncio.run(asyncio.wait_for(story(), 300))


def test_offline_it_is_refused_in_a_sentence(tmp_path, monkeypatch):
    """Told by the work itself, without the process that it is done in."""
    monkeypatch.setattr(download, "ENDPOINT", "http://127.0.0.1:9")
    steps: list[InstallProgress] = []
    with pytest.raises(ModelRefused, match=r"The hub cannot be reached .* try again: it goes on where it stopped\."):
        library._refusing(lambda: library._download(steps.append, "someone/tiny", tmp_path / "models"))
    assert steps == [InstallProgress("Asking Hugging Face")]
