"""Networks on a CUDA device run as CUDA graphs, one for each shape of the inputs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

KEPT = 8
"""Graphs in memory at a time. An edit has a few shapes: one for each pass, and one for tiles."""

WARM_UPS = 3
"""Calls before capture, in which libraries choose algorithms and allocate memory."""

Function = Callable[..., Tensor]


@dataclass(frozen=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    output: Tensor


class CudaGraphs:
    """`function` of tensors, captured as a graph at its first call with a shape and replayed later; unchanged off CUDA.

    At batch size 1 a small U-Net is a thousand short kernels, and launching them takes longer than running them. A
    function that cannot be captured runs as it is. For one thread.
    """

    def __init__(self, function: Function, device: torch.device) -> None:
        self._function = function
        self._recordable = device.type == "cuda"
        self._recorded: OrderedDict[tuple[object, ...], _Recorded] = OrderedDict()

    def __call__(self, *inputs: Tensor) -> Tensor:
        if not self._recordable:
            return self._function(*inputs)
        key = tuple((tensor.shape, tensor.dtype, tensor.stride()) for tensor in inputs)
        if key not in self._recorded:
            recorded = self._record(inputs)
            if recorded is None:
                return self._function(*inputs)
            self._recorded[key] = recorded
            if len(self._recorded) > KEPT:
                self._recorded.popitem(last=False)
        self._recorded.move_to_end(key)
        recorded = self._recorded[key]
        for held, given in zip(recorded.inputs, inputs, strict=True):
            held.copy_(given)
        recorded.graph.replay()
        return recorded.output.clone()

    def forget(self) -> None:
        """Free the memory of all graphs."""
        self._recorded.clear()

    def _record(self, inputs: tuple[Tensor, ...]) -> _Recorded | None:
        held = tuple(tensor.clone(memory_format=torch.preserve_format) for tensor in inputs)
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                self._function(*held)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                output = self._function(*held)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError:  # some part of it waits for the host or copies from it
            self._recordable = False
            return None
        return _Recorded(graph, held, output)
