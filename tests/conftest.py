"""Set before Qt and torch load: no display is needed, and one torch thread leaves the other core to Qt."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A property holds or not; how long an example takes on a busy machine is for tests/benchmarks to say.
settings.register_profile("studio", deadline=None)
settings.load_profile("studio")
