"""Values on their way from the host to a device."""

from __future__ import annotations

import torch
from torch import Tensor


def to_device(values: Tensor, device: torch.device | str) -> Tensor:
    """`values` of the host on `device`, without waiting for what that has yet to do."""
    if torch.device(device).type != "cuda":
        return values.to(device)
    # From ordinary memory the copy would wait.
    return values.pin_memory().to(device, non_blocking=True)
