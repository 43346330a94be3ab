"""Published upscalers, built by the optional package spandrel. Importing this module loads torch."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from sdedit_studio.models.problem import ModelProblem

if TYPE_CHECKING:
    from spandrel import Architecture, ImageModelDescriptor, MaskedImageModelDescriptor

INSTALL = "install the package spandrel with `pip install sdedit-studio[upscalers]`"

_TORCHVISION: Any = "torchvision.transforms.functional"


class NoSpandrel(ModelProblem):
    """The package is not installed."""


def kind_of(weights: Mapping[str, Tensor]) -> Architecture[nn.Module] | None:
    """The architecture that spandrel recognises by the names of `weights`; None when it recognises none.

    Raises NoSpandrel when it is not installed.
    """
    library = _spandrel()
    state = library.canonicalize_state_dict(dict(weights))
    kinds = library.MAIN_REGISTRY.architectures("detection")
    return next((kind.architecture for kind in kinds if kind.detect(state)), None)


def build(weights: Mapping[str, Tensor], label: str) -> ImageModelDescriptor | MaskedImageModelDescriptor:
    """The network with these weights, in float32 on the CPU. `label`: its name in error messages.

    Raises NoSpandrel when spandrel is not installed, and ModelProblem when the weights fit no known architecture.
    """
    if (kind := kind_of(weights)) is None:
        raise ModelProblem(f"{label} is no network that spandrel knows: update it, or take another.")
    try:
        with warnings.catch_warnings(action="ignore"):  # of torch, about how these networks are written
            network = kind.load(_spandrel().canonicalize_state_dict(dict(weights)))
    except Exception as error:  # whatever a stranger's file makes it raise
        raise ModelProblem(
            f"{label} has the names of {kind.name} but does not fit it ({_last_line(error)}): copy or download it "
            "again, or take another."
        ) from error
    network.eval().model.requires_grad_(False)
    return network


def _spandrel() -> ModuleType:
    try:
        with _torchvision_left_out():
            import spandrel
    except ImportError as error:
        raise NoSpandrel(f"Upscalers need one package more: {INSTALL}.") from error
    return spandrel


@contextmanager
def _torchvision_left_out() -> Iterator[None]:
    """Import without torchvision, which cannot be imported beside a torch of another build.

    A face restorer and an inpainter take three functions of it, and no upscaler takes any.
    """
    if _TORCHVISION in sys.modules:
        yield
        return
    sys.modules[_TORCHVISION] = SimpleNamespace(InterpolationMode=None, normalize=None, rotate=None)  # type: ignore
    try:
        yield
    finally:
        del sys.modules[_TORCHVISION]


def _last_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()[:160]
