"""The space of a denoiser: pixels, or an autoencoder's latents."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor
from torch.nn.functional import max_pool2d


class Space(Protocol):
    """`factor`: pixels per value along each side. Pictures are (b, 3, h, w) in [-1, 1]."""

    @property
    def channels(self) -> int: ...

    @property
    def factor(self) -> int: ...

    def encode(self, picture: Tensor, /) -> Tensor:
        """(b, 3, h, w) to (b, channels, h / factor, w / factor), deterministically."""
        ...

    def decode(self, x: Tensor, /) -> Tensor:
        """The approximate inverse of `encode`."""
        ...

    def preview(self, x: Tensor, /) -> Tensor:
        """A fast approximation of `decode`, of any size."""
        ...


class Pixels:
    """Pixel space, where encoding and decoding are the identity."""

    channels = 3
    factor = 1

    def encode(self, picture: Tensor) -> Tensor:
        return picture

    def decode(self, x: Tensor) -> Tensor:
        return x

    def preview(self, x: Tensor) -> Tensor:
        return x


PIXELS = Pixels()


def pooled(mask: Tensor, factor: int) -> Tensor:
    """A mask (b, 1, h, w) max-pooled to the grid of a space: a value may change where any of its pixels may."""
    return mask if factor == 1 else max_pool2d(mask, factor)
