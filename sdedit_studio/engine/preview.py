"""Previews: estimates as 8-bit pictures, copied without delaying the next model call."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from sdedit_studio.diffusion.cascade import as_bytes, resized
from sdedit_studio.engine.job import Pixels

SIDE = 768
"""Longest side of a preview in pixels, so that passing it to the window's thread is cheap."""


class Previews:
    """On CUDA, a separate stream resizes and copies an estimate while the next model call runs.

    `behind`: after how many further model calls to fetch a preview, so that nothing waits.
    """

    def __init__(self, device: torch.device) -> None:
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self.behind = 0 if self._stream is None else 1

    def begin(self, picture: Tensor) -> Callable[[], Pixels]:
        """Start to copy `picture` (1, 3, h, w) in [-1, 1]; the function returned waits for the copy."""
        if self._stream is None:
            pixels = Pixels.of(as_bytes(_reduced(picture)).cpu().numpy())
            return lambda: pixels
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            picture.record_stream(self._stream)
            there = as_bytes(_reduced(picture))
            here = torch.empty(there.shape, dtype=torch.uint8, pin_memory=True)
            here.copy_(there, non_blocking=True)
            done = torch.cuda.Event()
            done.record()

        def arrived() -> Pixels:
            done.synchronize()
            return Pixels.of(here.numpy())

        return arrived


def _reduced(picture: Tensor) -> Tensor:
    height, width = picture.shape[-2:]
    factor = SIDE / max(height, width)
    return resized(picture, (round(height * factor), round(width * factor))) if factor < 1 else picture
