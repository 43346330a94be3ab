"""One sentence for whatever goes wrong."""

import pytest
import torch

from sdedit_studio.engine.problems import describe
from sdedit_studio.models.catalogue import ModelProblem


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:118] DefaultCPUAllocator: can't allocate memory: you tried ..."),
    ],
)
def test_out_of_memory_says_what_to_do(error):
    assert "smaller refine" in describe(error)


def test_our_own_sentences_pass_through():
    assert describe(ModelProblem("There is none.")) == "There is none."
    assert describe(ValueError("The mask is all black.")) == "The mask is all black."


def test_anything_else_is_one_line():
    assert describe(RuntimeError("first\nsecond")).splitlines() == [
        "The edit stopped because of an unexpected error (RuntimeError: first)."
    ]
    assert "install SDEdit Studio again" in describe(ImportError("No module named 'torch'"))
