"""Where a model works: in pixels, or in an autoencoder's latents."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor
from torch.nn.functional import max_pool2d


class Space(Protocol):
    """`factor`: pixels to a value of it, across and down. Pictures are (b, 3, h, w) in [-1, 1]."""

    @property
    def channels(self) -> int: ...

    @property
    def factor(self) -> int: ...

    def encode(self, picture: Tensor, /) -> Tensor:
        """(b, 3, h, w) as (b, channels, h / factor, w / factor). The same picture gives the same values."""
        ...

    def decode(self, x: Tensor, /) -> Tensor:
        """Inverse of `encode`, as near as it comes."""
        ...

    def preview(self, x: Tensor, /) -> Tensor:
        """A quick look at what `decode` would show, of any size."""
        ...


class Pixels:
    """Pixels themselves: nothing to do."""

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
    """A mask (b, 1, h, w) on the grid of a space: a value may change where any of its pixels may."""
    return mask if factor == 1 else max_pool2d(mask, factor)
