"""Networks on the CPU compiled for ONNX Runtime, which takes two thirds of torch's time (`docs/cpu.md`)."""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from sdedit_studio import cache
from sdedit_studio.models.interruption import Check, current_check

INPUTS = ("picture", "times", "classes")

SHARE = 1e-4
"""The largest difference to torch's output that a graph may have, relative to the largest output."""

EVERY = 0.004
"""Seconds between two checks whether a run shall end; the longest layers take about twice that."""

LARGEST = 2**28
"""The most weights of a network that is compiled, 1 GiB: for a moment they are in memory several times."""

_FILE = "weights"
"""The name in a graph of the file with the network's weights, float32 one after another."""

_FATAL = 4
"""The log level of ONNX Runtime; its errors are raised as well."""


class NotCompiled(Exception):
    """ONNX Runtime cannot run the network, its output differs from torch's, or the network is too large."""


class Compiled:
    """A compiled network: a function of pictures (b, c, h, w), times (b,) and, if it has classes, labels (b,).

    All are float32 but the labels. `network`: takes `example` as its inputs, and is compiled for any b, h and w.
    `identity`: a text of all that its graph depends on, which the weights do not. It runs on as many threads as torch.
    Raises NotCompiled and MemoryError.
    """

    def __init__(self, network: nn.Module, example: tuple[Tensor, ...], identity: str) -> None:
        if sum(weight.numel() for weight in network.parameters()) > LARGEST:
            raise NotCompiled("it has too many weights to be compiled in memory")
        kept = cache.folder() / "graphs" / f"{hashlib.sha256(identity.encode()).hexdigest()}.onnx"
        try:
            self._session = _tried(kept.read_bytes(), network, example)
        except (OSError, NotCompiled):
            graph = _graph(network, example)
            self._session = _tried(graph, network, example)
            cache.keep(kept, graph)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """Raises MemoryError, and the exception of the check given to `interruptible`."""
        check, options = current_check.get(), onnxruntime.RunOptions()
        options.log_severity_level = _FATAL
        # What a run took goes back after it, or the largest one would be kept.
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        with nullcontext() if check is None else _watched(check, options):
            return _run(self._session, inputs, options)


def _tried(graph: bytes, network: nn.Module, example: tuple[Tensor, ...]) -> onnxruntime.InferenceSession:
    """A session whose output was checked against the network's. Raises NotCompiled."""
    try:
        with _memory_errors():
            session = _session(graph, network)
        with torch.inference_mode():
            given, expected = _run(session, example, onnxruntime.RunOptions()), network(*example)
    except MemoryError:
        raise
    except Exception as error:
        raise NotCompiled(str(error)) from error
    if not torch.allclose(given, expected, rtol=0, atol=SHARE * float(expected.abs().max())):
        raise NotCompiled("its numbers differ from torch's")
    return session


def _session(graph: bytes, network: nn.Module) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = torch.get_num_threads()
    # Its threads wait by spinning, which between two runs would take a core from painting.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # As a file in memory, which it takes the weights out of; of tensors that are lent to it, it makes others and still
    # needs those.
    weights = b"".join(value.contiguous().numpy().tobytes() for value in network.state_dict().values())
    options.add_external_initializers_from_files_in_memory([_FILE], [weights], [len(weights)])
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _run(session: onnxruntime.InferenceSession, inputs: tuple[Tensor, ...], options: onnxruntime.RunOptions) -> Tensor:
    feeds = {name: value.contiguous().numpy() for name, value in zip(INPUTS, inputs, strict=False)}
    with _memory_errors():
        (output,) = session.run(None, feeds, options)
    return torch.from_numpy(np.asarray(output))


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Raise MemoryError where ONNX Runtime lacks memory; its errors have no class for that."""
    try:
        yield
    except Exception as error:
        if any(sign in str(error) for sign in ("bad_alloc", "allocate")):
            raise MemoryError(str(error)) from error
        raise


@contextmanager
def _watched(check: Check, options: onnxruntime.RunOptions) -> Iterator[None]:
    """Within the block, a thread ends the run with `options` once `check` raises; the exception is then raised here."""
    over, raised = threading.Event(), list[Exception]()

    def watch() -> None:
        while not over.wait(EVERY):
            try:
                check()
            except Exception as error:
                raised.append(error)
                options.terminate = True
                return

    watcher = threading.Thread(target=watch, name="interruption")
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        if raised:
            # Taken out, or it and its traceback would hold each other, and the pictures of the frames between.
            raise raised.pop() from None


def _graph(network: nn.Module, example: tuple[Tensor, ...]) -> bytes:
    """The network as an ONNX model without its weights, which each session is given. Raises NotCompiled."""
    import onnx

    exported = BytesIO()
    sizes = {0: "batch", 2: "height", 3: "width"}
    made = {0: "batch", 2: "height made", 3: "width made"}
    names = list(INPUTS[: len(example)])
    try:
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # that the exporter is an old one, and of sizes that are the same for all
            torch.onnx.export(
                network,
                example,
                exported,  # pyright: ignore[reportArgumentType]: a file will do, too
                dynamo=False,  # the new one takes a minute
                export_params=False,
                keep_initializers_as_inputs=True,  # or those that happen to be equal would be one
                do_constant_folding=False,  # it would give weights other names
                input_names=names,
                output_names=["output"],
                dynamic_axes={"picture": sizes, "output": made, "times": {0: "batch"}, "classes": {0: "batch"}},
            )
    except (RuntimeError, TypeError, ValueError, torch.onnx.OnnxExporterError) as error:
        raise NotCompiled(str(error)) from error
    model = onnx.load_model_from_string(exported.getvalue())
    inputs = {value.name: value for value in model.graph.input}
    offset = 0
    for name, value in network.state_dict().items():
        place = {"location": _FILE, "offset": offset, "length": value.nbytes}
        model.graph.input.remove(inputs[name])
        model.graph.initializer.add(
            name=name,
            dims=value.shape,
            data_type=onnx.TensorProto.FLOAT,
            data_location=onnx.TensorProto.EXTERNAL,
            external_data=[onnx.StringStringEntryProto(key=key, value=str(of)) for key, of in place.items()],
        )
        offset += value.nbytes
    return model.SerializeToString()
