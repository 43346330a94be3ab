"""Live mode on the real engine, with a model that runs out of memory wherever it is tried."""

from __future__ import annotations

import asyncio

from torch import OutOfMemoryError

from sdedit_studio.engine import prepare, worker
from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import Phase
from sdedit_studio.engine.measured import Measured
from sdedit_studio.parameters import Refine
from sdedit_studio.ui.compare.banner import Banner
from sdedit_studio.ui.compare.compare import Compare
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation
from tests.editing.documents import painted_document
from tests.engine.conftest import FakeModels
from tests.waiting import TORCH_SECONDS


async def patiently(condition) -> None:
    """The worker imports torch and computes, at a low priority."""
    async with asyncio.timeout(TORCH_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


def test_lack_of_memory_pauses_it_keeps_the_picture_and_asking_again_goes_on(flow, loop, monkeypatch, tmp_path):
    measured = Measured(1, tmp_path / "measured.json")
    models = FakeModels()
    full = False

    def before_call() -> None:
        if full:
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    models.before_call = before_call
    monkeypatch.setattr(worker, "lower_priority", lambda: None)
    monkeypatch.setattr(prepare, "open_on_cpu", lambda card, measured: models(card.name))
    session, engine = Session(painted_document()), Engine(opener=models, measured=measured)
    generation = Generation(session, engine)
    compare = Compare(generation, flow.view)
    banner = Banner(generation, compare, flow.view)
    problems = []
    session.notices.warned.connect(lambda *problem: problems.append(problem))

    async def story() -> None:
        nonlocal full
        engine.start(session.parameters.model)
        await patiently(lambda: engine.status.phase is Phase.READY)
        session.set_parameters(refine=Refine.OFF)
        generation.toggle_live()
        await patiently(lambda: generation.live.rate is not None and not generation.live.busy)
        kept, painting = generation.shown, session.document
        full = True
        session.set_parameters(t0=0.5)
        await patiently(lambda: problems)
        assert problems[0][0].startswith("There was not enough memory")
        assert "OutOfMemoryError" in problems[0][1]
        assert generation.live.broken and generation.activity is Activity.LIVE
        assert generation.shown is kept and session.document is painting
        assert banner.activity.stage.text() == "Live is paused"
        assert banner.activity.detail.text() == "press Live"
        full = False
        generation.toggle_live()
        await patiently(lambda: generation.shown is not None and generation.shown.edit.job.parameters.t0 == 0.5)
        assert not generation.live.broken
        await patiently(lambda: engine.status.phase is Phase.READY)

    try:
        loop.run_until_complete(story())
    finally:
        generation.close()
        engine.close()
