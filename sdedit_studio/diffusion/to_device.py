"""Copies from the host to a device."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(values: Tensor, device: torch.device | str) -> Tensor:
    """`values` from the host on `device`, by an asynchronous copy where the device is CUDA."""
    if torch.device(device).type != "cuda":
        return values.to(device)
    # A copy from pageable memory would wait for the device.
    return values.pin_memory().to(device, non_blocking=True)
