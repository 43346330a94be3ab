"""What the worker asks of the system."""

import platform
import subprocess
import sys

import pytest

STORY = """
import sys
from pathlib import Path
from resource import getpagesize

import numpy as np

from sdedit_studio.engine.worker import return_large_blocks

if sys.argv[1] == "told":
    return_large_blocks()
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize() / 2**20
for size in (8, 16, 31):
    np.ones(size * 2**20, np.uint8)  # from here on glibc would take such blocks from its heap
before, large, small = resident(), [], []
for _ in range(10):
    large.append(np.ones(8 * 2**20, np.uint8))
    small.append(np.ones(100_000, np.uint8))
large.clear()
print(resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Elsewhere there is nothing to tell.")
def test_what_was_freed_between_small_blocks_goes_back_to_the_system():
    def kept(told):
        run = [sys.executable, "-c", STORY, told]
        return float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)

    assert kept("told") < 10 < 60 < kept("")
