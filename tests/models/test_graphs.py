"""Recording for each shape, with the graphics card played by a stand-in that replays what it recorded."""

from contextlib import contextmanager

import pytest
import torch

from sdedit_studio.models import graphs
from sdedit_studio.models.graphs import CudaGraphs


class FakeCuda:
    """Records nothing: replaying calls the function again on the very tensors of the recording."""

    def __init__(self, monkeypatch, fails=False):
        self.recordings, self.replays, self.recording, self.fails = 0, 0, False, fails
        for name in ("Stream", "current_stream"):
            monkeypatch.setattr(torch.cuda, name, lambda *_: self)
        monkeypatch.setattr(torch.cuda, "stream", self.context)
        monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: self)
        monkeypatch.setattr(torch.cuda, "graph", self.graph)

    def wait_stream(self, other):
        pass

    @contextmanager
    def context(self, stream):
        yield

    @contextmanager
    def graph(self, graph, capture_error_mode):
        self.recordings += 1
        self.recording = True
        try:
            yield
            if self.fails:
                raise RuntimeError("operation not permitted when stream is capturing")
        finally:
            self.recording = False

    def replay(self):
        self.replays += 1


class Function:
    """Notes its inputs while it is recorded, so that a test can see them change in place."""

    def __init__(self, cuda=None):
        self.cuda, self.calls, self.held = cuda, 0, []

    def __call__(self, x, time):
        self.calls += 1
        if self.cuda is not None and self.cuda.recording:
            self.held.append((x, time))
        return x * time.sum()


@pytest.fixture
def cuda(monkeypatch):
    return FakeCuda(monkeypatch)


GPU = torch.device("cuda")


def test_on_a_cpu_it_is_the_function_itself():
    function = Function()
    x = torch.ones(2, 3)
    assert torch.equal(CudaGraphs(function, torch.device("cpu"))(x, torch.ones(2)), 2 * x)
    assert function.calls == 1


def test_a_shape_is_recorded_once_and_its_inputs_put_in_place(cuda):
    function = Function(cuda)
    run = CudaGraphs(function, GPU)
    for value in (1.0, 2.0, 3.0):
        run(torch.full((2, 3), value), torch.full((2,), value))
        x, time = function.held[0]
        assert torch.equal(x, torch.full((2, 3), value))
        assert torch.equal(time, torch.full((2,), value))
    assert (cuda.recordings, cuda.replays, function.calls) == (1, 3, graphs.WARM_UPS + 1)


def test_what_it_returns_is_not_overwritten_by_the_next_call(cuda):
    run = CudaGraphs(Function(cuda), GPU)
    one, other = run(torch.ones(2, 3), torch.ones(2)), run(torch.ones(2, 3), torch.ones(2))
    assert one.data_ptr() != other.data_ptr()


def test_the_oldest_shape_is_let_go(cuda, monkeypatch):
    monkeypatch.setattr(graphs, "KEPT", 2)
    run = CudaGraphs(Function(cuda), GPU)
    for size in (2, 3, 2, 4, 2, 3):
        run(torch.ones(size), torch.ones(1))
    assert cuda.recordings == 4, "3 was let go for 4, and 2 was used in between"


def test_what_cannot_be_recorded_runs_as_it_is(monkeypatch):
    cuda = FakeCuda(monkeypatch, fails=True)
    function = Function(cuda)
    run = CudaGraphs(function, GPU)
    for _ in range(2):
        assert torch.equal(run(torch.ones(2), torch.ones(2)), torch.full((2,), 2.0))
    assert (cuda.recordings, cuda.replays) == (1, 0)
