"""The processes of a training run: one, or those that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, distributed

from sdedit_studio.training.problem import TrainingProblem


@dataclass(frozen=True)
class World:
    """This process is number `rank` of `size`."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process reports and writes for all."""
        return self.rank == 0

    def broadcast(self, values: list[float]) -> list[float]:
        """The leading process's `values`, on every process. They go from CPU to CPU, so no device has to wait."""
        if self.size == 1:
            return values
        shared = torch.tensor(values, dtype=torch.float64)
        distributed.broadcast(shared, src=0)
        return shared.tolist()

    def summed(self, values: list[int]) -> list[int]:
        """The sums over all processes of their `values`."""
        if self.size == 1:
            return values
        shared = torch.tensor(values)
        distributed.all_reduce(shared)
        return shared.tolist()

    def average(self, tensors: list[Tensor]) -> None:
        """Replace each of `tensors` by its mean over all processes."""
        if self.size == 1:
            return
        together = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(together)
        for tensor, mean in zip(tensors, together.div_(self.size).split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(mean.view_as(tensor))


def seed_of(*where: int) -> int:
    """A seed made of the integers `where`, which name the use and the step of random numbers: the same at any time."""
    return int(np.random.SeedSequence(where).generate_state(1, np.uint64)[0])


def chosen_device(name: str | None) -> torch.device:
    """The device called "cpu", "cuda" or "mps", or the best there is; of several GPUs, this process's own.

    Raises TrainingProblem when it is not there.
    """
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    name = name or ("cuda" if cuda else "mps" if mps else "cpu")
    there = {"cpu": True, "cuda": cuda, "mps": mps}
    if not there.get(name):
        ready = ", ".join(kind for kind in there if there[kind])
        raise TrainingProblem(f"There is no device “{name}” here: choose one of {ready}.")
    if name != "cuda":
        return torch.device(name)
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(device)
    return device


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """Join the process group if torchrun started this process, as the environment says, and leave it at the end."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World()
        return
    distributed.init_process_group("cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(distributed.get_rank(), size)
    finally:
        distributed.destroy_process_group()
