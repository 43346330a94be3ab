"""The Inception-v3 that KID and FID are defined on: TensorFlow's of December 2015, in the layout of pytorch-fid.

It differs from the network of the paper (Szegedy et al. 2016) where TensorFlow's graph does: average pools do not
count their padding, and the last block pools by maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, max_pool2d, relu

WIDTH = 2048
SIDE = 299

Kernel = int | tuple[int, int]
Layer = tuple[str, int, Kernel]
"""Name, channels out and kernel of a convolution that keeps the size."""


class Pool(Enum):
    """The pooling branch of a block."""

    AVERAGE = "average"
    MAXIMUM = "maximum"
    HALVE = "halve"


class Convolution(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, channels: int, out: int, kernel: Kernel, *, stride: int = 1, padded: bool = True) -> None:
        super().__init__()
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        padding = (height // 2, width // 2) if padded else 0
        self.conv = nn.Conv2d(channels, out, (height, width), stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.bn(self.conv(x)))


class Mixed(nn.Module):
    """Branches side by side, joined along the channels: each in `branches` a chain of layers, then a pool.

    A branch may end in two layers side by side. With `Pool.HALVE` the last layer of each branch halves the size too,
    and the pool keeps its channels; else the pool is followed by a convolution to `pooled` channels.
    """

    def __init__(
        self, channels: int, branches: Sequence[Sequence[Layer | tuple[Layer, Layer]]], pool: Pool, pooled: int = 0
    ) -> None:
        super().__init__()
        self._pool = pool
        self._branches: list[list[list[str]]] = []
        for branch in branches:
            width, steps = channels, []
            for step in branch:
                layers: Sequence[Layer] = step if isinstance(step[0], tuple) else [step]  # type: ignore[assignment]
                halves = pool is Pool.HALVE and step is branch[-1]
                for name, out, kernel in layers:
                    layer = Convolution(width, out, kernel, stride=2 if halves else 1, padded=not halves)
                    self.add_module(name, layer)
                steps.append([name for name, _, _ in layers])
                width = layers[0][1]
            self._branches.append(steps)
        if pooled:
            self.branch_pool = Convolution(channels, pooled, 1)

    def forward(self, x: Tensor) -> Tensor:
        outputs = []
        for branch in self._branches:
            ends = [x]
            for names in branch:
                ends = [self.get_submodule(name)(ends[0]) for name in names]
            outputs += ends
        match self._pool:
            case Pool.AVERAGE:
                outputs.append(self.branch_pool(avg_pool2d(x, 3, 1, 1, count_include_pad=False)))
            case Pool.MAXIMUM:
                outputs.append(self.branch_pool(max_pool2d(x, 3, 1, 1)))
            case Pool.HALVE:
                outputs.append(max_pool2d(x, 3, 2))
        return torch.cat(outputs, 1)


class Inception(nn.Module):
    """Pictures (b, 3, 299, 299) in [-1, 1] to the 2048 features of the last pool, (b, 2048)."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, stride=2, padded=False)
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3, padded=False)
        self.Conv2d_2b_3x3 = Convolution(32, 64, 3)
        self.Conv2d_3b_1x1 = Convolution(64, 80, 1)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3, padded=False)
        self.Mixed_5b = _grid_35(192, 32)
        self.Mixed_5c = _grid_35(256, 64)
        self.Mixed_5d = _grid_35(288, 64)
        self.Mixed_6a = Mixed(
            288,
            [
                [("branch3x3", 384, 3)],
                [("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)],
            ],
            Pool.HALVE,
        )
        self.Mixed_6b = _grid_17(128)
        self.Mixed_6c = _grid_17(160)
        self.Mixed_6d = _grid_17(160)
        self.Mixed_6e = _grid_17(192)
        self.Mixed_7a = Mixed(
            768,
            [
                [("branch3x3_1", 192, 1), ("branch3x3_2", 320, 3)],
                [
                    ("branch7x7x3_1", 192, 1),
                    ("branch7x7x3_2", 192, (1, 7)),
                    ("branch7x7x3_3", 192, (7, 1)),
                    ("branch7x7x3_4", 192, 3),
                ],
            ],
            Pool.HALVE,
        )
        self.Mixed_7b = _grid_8(1280, Pool.AVERAGE)
        self.Mixed_7c = _grid_8(2048, Pool.MAXIMUM)

    def forward(self, x: Tensor) -> Tensor:
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(x, 3, 2)))
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(max_pool2d(x, 3, 2))))
        x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))))
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x))).mean((2, 3))


def _grid_35(channels: int, pooled: int) -> Mixed:
    return Mixed(
        channels,
        [
            [("branch1x1", 64, 1)],
            [("branch5x5_1", 48, 1), ("branch5x5_2", 64, 5)],
            [("branch3x3dbl_1", 64, 1), ("branch3x3dbl_2", 96, 3), ("branch3x3dbl_3", 96, 3)],
        ],
        Pool.AVERAGE,
        pooled,
    )


def _grid_17(inner: int) -> Mixed:
    return Mixed(
        768,
        [
            [("branch1x1", 192, 1)],
            [("branch7x7_1", inner, 1), ("branch7x7_2", inner, (1, 7)), ("branch7x7_3", 192, (7, 1))],
            [
                ("branch7x7dbl_1", inner, 1),
                ("branch7x7dbl_2", inner, (7, 1)),
                ("branch7x7dbl_3", inner, (1, 7)),
                ("branch7x7dbl_4", inner, (7, 1)),
                ("branch7x7dbl_5", 192, (1, 7)),
            ],
        ],
        Pool.AVERAGE,
        192,
    )


def _grid_8(channels: int, pool: Pool) -> Mixed:
    return Mixed(
        channels,
        [
            [("branch1x1", 320, 1)],
            [("branch3x3_1", 384, 1), (("branch3x3_2a", 384, (1, 3)), ("branch3x3_2b", 384, (3, 1)))],
            [
                ("branch3x3dbl_1", 448, 1),
                ("branch3x3dbl_2", 384, 3),
                (("branch3x3dbl_3a", 384, (1, 3)), ("branch3x3dbl_3b", 384, (3, 1))),
            ],
        ],
        pool,
        192,
    )
