"""Steps of an optimizer, and its state by the names of the weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Adam, AdamW

SLOTS = ("step", "exp_avg", "exp_avg_sq")
"""Adam's state of each parameter."""


def descend(optimizer: Adam | AdamW, parameters: Iterable[nn.Parameter], rate: float, norm: float) -> None:
    """Take a step at learning rate `rate`, with the gradients clipped to a total norm of `norm`."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    with_gradient = [parameter for parameter in parameters if parameter.grad is not None]
    for parameter in with_gradient:
        # A step without a number leaves the weights as they were; the loss tells of it.
        assert parameter.grad is not None
        torch.nan_to_num(parameter.grad, nan=0.0, posinf=0.0, neginf=0.0, out=parameter.grad)
    nn.utils.clip_grad_norm_(with_gradient, norm)
    optimizer.step()


def saved(network: nn.Module, optimizer: Adam | AdamW, prefix: str = "") -> dict[str, Tensor]:
    """The weights of `network` and the state of `optimizer`, by name."""
    state = {f"{prefix}network.{name}": value for name, value in network.state_dict().items()}
    for name, parameter in network.named_parameters():
        kept = optimizer.state.get(parameter, {})
        state.update({f"{prefix}optimizer.{slot}.{name}": kept[slot] for slot in SLOTS if kept})
    return state


@torch.no_grad()
def restore(network: nn.Module, optimizer: Adam | AdamW, state: Mapping[str, Tensor], prefix: str = "") -> None:
    """Inverse of `saved`."""
    for name, value in network.state_dict().items():
        value.copy_(state[f"{prefix}network.{name}"])
    names = {parameter: name for name, parameter in network.named_parameters()}
    optimised = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    slots = {}
    for index, parameter in enumerate(optimised):
        keys = [f"{prefix}optimizer.{slot}.{names[parameter]}" for slot in SLOTS]
        if keys[0] in state:
            step, *moments = (state[key] for key in keys)
            laid_out = (torch.empty_like(parameter).copy_(moment) for moment in moments)
            slots[index] = dict(zip(SLOTS, (step, *laid_out), strict=True))
    optimizer.load_state_dict(optimizer.state_dict() | {"state": slots})
