"""Models told about, added, removed and changed over to, by the engine as the window has it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import InstallProgress, ModelRefused, Phase, Result, Status
from sdedit_studio.engine.measured import Measured
from sdedit_studio.models import facts
from tests.engine.conftest import FakeModels, job
from tests.waiting import TORCH_SECONDS


@pytest.fixture
def engine(tmp_path: Path, measured: Measured) -> Engine:
    return Engine(tmp_path / "models", measured=measured)


def test_a_folder_is_added_told_about_and_removed(engine, tiny_models):
    async def story() -> None:
        steps: list[InstallProgress] = []
        assert await engine.add_model(tiny_models / "tiny", steps.append) == "tiny"
        assert [step.words for step in steps] == ["Reading", "Trying it"]
        info = next(model for model in engine.models() if model.name == "tiny")
        assert (info.title, info.native, info.classes, info.bundled) == ("Tiny", 16, ("hill", "lake"), False)
        details = await engine.model_details("tiny")
        assert details.parameters == facts.parameters(tiny_models / "tiny") > 1000
        assert details.source == "tiny" and len(details.sha256) == 64 and details.strip is None
        with pytest.raises(ModelRefused, match="a model called “tiny” already"):
            await engine.add_model(tiny_models / "tiny", steps.append)
        await engine.remove_model("tiny")
        assert [model.name for model in engine.models()] == ["scenes-96"]

    asyncio.run(story())


def test_what_cannot_be_used_is_refused_in_a_sentence_and_leaves_nothing(engine, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights at all")

    async def story() -> None:
        with pytest.raises(ModelRefused, match=r"broken\.safetensors is damaged"):
            await engine.add_model(broken, lambda step: None)
        assert list((tmp_path / "models").iterdir()) == []
        with pytest.raises(ModelRefused, match="comes with SDEdit Studio and cannot be removed"):
            await engine.remove_model("scenes-96")
        with pytest.raises(ModelRefused, match="no model called “gone”"):
            await engine.model_details("gone")

    asyncio.run(story())


def test_adding_can_be_given_up(engine, tiny_models, tmp_path):
    async def story() -> None:
        reading = asyncio.Event()
        adding = asyncio.ensure_future(engine.add_model(tiny_models / "tiny", lambda step: reading.set()))
        await asyncio.wait_for(reading.wait(), TORCH_SECONDS)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding
        await _until(lambda: not list((tmp_path / "models").iterdir()))

    asyncio.run(story())


def test_the_bundled_models_card_is_told(engine):
    details = asyncio.run(engine.model_details("scenes-96"))
    assert details.about.startswith("A class-conditional denoiser of outdoor scenes")
    assert details.parameters == 32_299_596
    assert details.strip is not None and details.kind == "Denoiser in EDM’s form, in pixels"


def test_a_model_asked_for_is_made_ready_at_once(measured):
    models = FakeModels()
    seen = asyncio.run(_statuses(Engine(opener=models, measured=measured), "scenes-96", "other"))
    assert [(status.phase, status.model) for status in seen] == [
        (Phase.READY, "scenes-96"),
        (Phase.WARMING_UP, "other"),
        (Phase.READY, "other"),
    ]
    assert models.opened == ["scenes-96", "other"]


def test_a_model_that_fails_leaves_the_one_before_ready(measured):
    models = FakeModels()
    seen = asyncio.run(_statuses(Engine(opener=models, measured=measured), "scenes-96", "missing", "scenes-96"))
    assert [status.phase for status in seen] == [Phase.READY, Phase.WARMING_UP, Phase.BROKEN, Phase.READY]
    assert seen[2].message == "There is no model called “missing”."
    assert models.opened == ["scenes-96"], "it was not loaded again"


def test_a_model_takes_the_place_of_the_one_before_where_both_are_too_much(measured):
    room = FakeModels()
    refused = []

    def opener(name: str):
        if name == "large" and not refused:
            refused.append(name)
            raise RuntimeError("CUDA out of memory")
        return room(name)

    seen = asyncio.run(_statuses(Engine(opener=opener, measured=measured), "scenes-96", "large"))
    assert seen[-1].phase is Phase.READY and seen[-1].model == "large" and refused == ["large"]


def test_jobs_go_before_a_model_that_is_asked_for(measured):
    async def story() -> None:
        models = FakeModels()
        engine = Engine(opener=models, measured=measured)
        engine.start()
        engine.prepare("other")
        updates = [update async for update in engine.run(job())]
        assert isinstance(updates[-1], Result)
        await _until(lambda: models.opened[-1] == "other")
        engine.close()

    asyncio.run(story())


async def _statuses(engine: Engine, first: str, *asked: str) -> list[Status]:
    """What is told while one model after another is asked for, each once the one before has been dealt with."""
    seen: list[Status] = []
    engine.watch(seen.append)
    engine.start(first)
    for name in (first, *asked):
        if name != first or seen:
            before = len(seen)
            engine.prepare(name)
        else:
            before = 0
        await _until(lambda before=before: len(seen) > before and seen[-1].phase in (Phase.READY, Phase.BROKEN))
    engine.close()
    return seen


async def _until(condition) -> None:
    """Other processes and threads may import torch meanwhile, at a low priority on a busy machine."""
    async with asyncio.timeout(300):
        while not condition():
            await asyncio.sleep(0.01)


def test_a_card_without_a_paragraph_says_nothing(tmp_path):
    (tmp_path / "README.md").write_text("---\ntags: [a]\n---\n# Title\n\n| a | b |\n|---|---|\n", "utf-8")
    assert facts.about(tmp_path) == ""
    (tmp_path / "README.md").write_text("# Title\nWhat it\nshows.\n\nMore.\n", "utf-8")
    assert facts.about(tmp_path) == "What it shows."
    shutil.rmtree(tmp_path)
    assert facts.about(tmp_path) == "" and facts.parameters(tmp_path) == 0
