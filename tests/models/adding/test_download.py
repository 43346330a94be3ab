"""Downloads from a hub of our own on this machine: what is fetched, going on after a stop, and what is said offline."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from diffusers import DDPMScheduler, UNet2DModel

from sdedit_studio.models.adding import download as module
from sdedit_studio.models.adding.download import RemoteFile, download, needed
from sdedit_studio.models.catalogue import ModelProblem, find

REVISION = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """As much of the hub's interface as a download asks for. `cut`: how many bytes it gives before it goes away."""

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder, self.cut, self.lie, self.asked = folder, None, False, []

    def handle_error(self, request, client_address):
        pass


class Answer(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        hub = self.server
        if hub.cut == 0:
            self.send_response(403)
            self.end_headers()
            return None
        if self.path.startswith("/api/models/someone/tiny"):
            return self.send_json(self.repository(hub))
        if match := re.fullmatch(rf"/someone/tiny/resolve/{REVISION}/(.+)", self.path):
            return self.send_file(hub, match[1])
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()
        return None

    def repository(self, hub):
        files = [path for path in sorted(hub.folder.rglob("*")) if path.is_file()]
        siblings = []
        for path in files:
            data = path.read_bytes()
            entry = {"rfilename": path.relative_to(hub.folder).as_posix(), "size": len(data)}
            if path.suffix == ".safetensors":
                sha256 = hashlib.sha256(b"another" if hub.lie else data).hexdigest()
                entry["lfs"] = {"size": len(data), "sha256": sha256, "pointerSize": 134}
            siblings.append(entry)
        card = {"license": "apache-2.0"}
        return {"id": "someone/tiny", "sha": REVISION, "siblings": siblings, "cardData": card, "tags": []}

    def send_json(self, values):
        data = json.dumps(values).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send_file(self, hub, name):
        data = (hub.folder / name).read_bytes()
        start = int(re.findall(r"\d+", self.headers.get("Range", "bytes=0-"))[0])
        hub.asked.append((name, start))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        end = len(data) if hub.cut is None else start + hub.cut
        self.wfile.write(data[start:end])
        if end < len(data):
            hub.cut = 0
        self.close_connection = True


@pytest.fixture
def hub(tmp_path, monkeypatch):
    folder = tmp_path / "hub"
    torch.manual_seed(0)
    UNet2DModel(
        sample_size=16,
        block_out_channels=(32, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D"),
    ).save_pretrained(folder)
    DDPMScheduler().save_pretrained(folder)
    (folder / "picture.png").write_bytes(b"not for us" * 100)
    server = Hub(folder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(module, "ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


def test_a_repository_becomes_a_model(hub, tmp_path):
    told = []
    card = download("someone/tiny", models_dir=tmp_path / "models", fetched=lambda *bytes: told.append(bytes))
    assert card == find("tiny", tmp_path / "models")
    assert (card.source, card.licence, card.native) == ("someone/tiny", "apache-2.0", 16)
    assert "picture.png" not in [name for name, _ in hub.asked]
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 100_000
    assert not (tmp_path / "models" / ".downloads" / "someone" / "tiny").exists()


def test_it_goes_on_where_it_stopped(hub, tmp_path, monkeypatch):
    name = "diffusion_pytorch_model.safetensors"
    hub.cut = 50_000
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10_000)
    with pytest.raises(ModelProblem, match="would not give"):
        download("someone/tiny", models_dir=tmp_path / "models")
    assert not (tmp_path / "models" / "tiny").exists()
    hub.cut, hub.asked = None, []
    download("someone/tiny", models_dir=tmp_path / "models")
    starts = [start for asked, start in hub.asked if asked == name]
    assert starts
    assert starts[0] >= 50_000
    assert "config.json" not in [asked for asked, _ in hub.asked]


def test_a_file_that_arrives_changed_is_refused(hub, tmp_path):
    hub.lie = True
    with pytest.raises(ModelProblem, match="did not arrive as it was sent"):
        download("someone/tiny", models_dir=tmp_path / "models")
    assert not (tmp_path / "models" / "tiny").exists()


def test_an_unknown_repository_is_told(hub, tmp_path):
    with pytest.raises(ModelProblem, match="no repository someone/else"):
        download("someone/else", models_dir=tmp_path / "models")
    with pytest.raises(ModelProblem, match="give owner/name"):
        download("tiny", models_dir=tmp_path / "models")


def test_offline_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelProblem, match="The hub cannot be reached") as problem:
        download("someone/tiny", models_dir=tmp_path / "models")
    assert "\n" not in str(problem.value)


def test_a_full_disk_is_told_before(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1000})())
    with pytest.raises(ModelProblem, match="not enough space"):
        download("someone/tiny", models_dir=tmp_path / "models")
    assert hub.asked == []


def test_each_set_of_weights_once():
    names = [
        "model_index.json",
        "sd_xl_base.safetensors",
        "unet/config.json",
        "unet/diffusion_pytorch_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.safetensors",
        "unet/diffusion_pytorch_model.non_ema.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
        "text_encoder/model.safetensors",
        "text_encoder/pytorch_model.bin",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
        "safety_checker/model.safetensors",
        "feature_extractor/preprocessor_config.json",
    ]
    assert [file.name for file in needed([RemoteFile(name, 1) for name in names])] == [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/config.json",
        "vae/diffusion_pytorch_model.bin",
        "text_encoder/model.safetensors",
        "tokenizer/merges.txt",
        "tokenizer/vocab.json",
    ]
