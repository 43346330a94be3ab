"""The models dialog and the panel's model, by mouse and keyboard, on the scripted engine and once on the real one."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from sdedit_studio.engine.engine import Engine
from sdedit_studio.engine.job import InstallProgress, ModelInfo, ModelRefused, Phase, Status
from sdedit_studio.engine.measured import Measured
from sdedit_studio.parameters import Refine, Solver
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.generation.generation import Generation
from sdedit_studio.ui.generation.panel import SdeditPanel
from sdedit_studio.ui.models.card_dialog import count, takes
from sdedit_studio.ui.models.dialog import ModelsDialog
from sdedit_studio.ui.models.models import Models
from tests.editing.documents import painted_document
from tests.ui.fake_engine import CHURCH, THOUSAND, WORDS
from tests.ui.models.picking import choose, click
from tests.waiting import TORCH_SECONDS, until

# --- The panel -----------------------------------------------------------------------------------------------------


def test_the_panel_offers_each_model_with_its_classes(many):
    scene = many.panel.model.scene
    assert [scene.itemText(i) for i in range(scene.count())] == [
        "Scenes · any",
        "Scenes · forest",
        "Scenes · mountain",
        "Church",
        "Words",
        "Thousand",
    ]
    assert many.panel.native.text() == "Native size 96 px; first sees yours at 144 × 96."


def test_a_model_comes_with_its_defaults_and_is_loaded_at_once(many):
    choose(many, "Church")
    parameters = many.session.parameters
    assert (parameters.model, parameters.condition, parameters.t0, parameters.calls) == ("church", None, 0.5, 20)
    assert many.engine.prepared == ["church"]
    many.panel.t0.reset()
    many.session.set_parameters(t0=0.9)
    many.panel.t0.reset()
    assert many.session.parameters.t0 == 0.5, "double-click goes to the model's own"
    choose(many, "Scenes · mountain")
    assert (many.session.parameters.condition, many.session.parameters.t0) == ("mountain", 0.4)
    choose(many, "Scenes · forest")
    assert many.engine.prepared == ["church", "scenes-96"], "another class is no other model"


def test_only_what_a_model_can_be_told_is_there(many):
    model = many.panel.model
    assert not model.prompt.isVisible() and not model.guidance.isVisible() and not model.kind.isVisible()
    choose(many, "Words")
    assert model.prompt.isVisible() and model.guidance.isVisible() and not model.kind.isVisible()
    assert many.session.parameters.guidance == 7.5 and many.session.parameters.solver is Solver.CONSISTENCY
    choose(many, "Thousand")
    assert model.kind.isVisible() and not model.prompt.isVisible()
    assert model.kind.count() == 1000 and many.session.parameters.condition == "kind 0"
    model.kind.setFocus()
    QTest.keyClick(model.kind, Qt.Key.Key_Down)
    assert many.session.parameters.condition == "kind 1" and model.scene.currentText() == "Thousand"


def test_the_prompt_is_typed_kept_and_given_only_to_models_that_read(many):
    model, session = many.panel.model, many.session
    choose(many, "Words")
    model.prompt.setFocus()
    QTest.keyClicks(model.prompt, "a lake at dawn ")
    assert session.parameters.prompt == "a lake at dawn" and model.prompt.text() == "a lake at dawn "
    QTest.keyClick(model.guidance.track, Qt.Key.Key_Right)
    assert session.parameters.guidance == pytest.approx(7.7)
    choose(many, "Church")
    assert session.parameters.prompt is None and session.parameters.guidance == 1.0
    choose(many, "Words")
    assert session.parameters.prompt == "a lake at dawn" and model.prompt.text().strip() == "a lake at dawn"
    model.prompt.selectAll()
    QTest.keyClick(model.prompt, Qt.Key.Key_Delete)
    assert session.parameters.prompt is None


def test_guidance_towards_a_class_is_there_while_one_is_chosen(many):
    guidance = many.panel.advanced.guidance
    many.panel.advanced.fold.setChecked(True)
    assert not guidance.isVisible()
    choose(many, "Scenes · mountain")
    assert guidance.isVisible()
    QTest.keyClick(guidance.track, Qt.Key.Key_Right)
    assert many.session.parameters.guidance == pytest.approx(1.2)
    choose(many, "Words")
    assert not guidance.isVisible() and many.session.parameters.guidance == 7.5
    choose(many, "Thousand")
    assert not guidance.isVisible(), "without a label for none there is nothing to go away from"


def test_a_model_that_cannot_be_loaded_gives_way_to_the_one_before(many):
    many.session.set_parameters(condition="mountain", t0=0.33)
    choose(many, "Church")
    many.engine.become(Status(Phase.WARMING_UP, "church"))
    assert many.panel.status.text() == "You can paint already; the model is warming up."
    many.session.set_parameters(seed=77)
    many.engine.become(Status(Phase.BROKEN, "church", message="Its weights are damaged. Add it again."))
    parameters = many.session.parameters
    assert (parameters.model, parameters.condition, parameters.t0) == ("scenes-96", "mountain", 0.33)
    assert parameters.seed == 77, "what is not the model's stays"
    assert many.engine.prepared == ["church", "scenes-96"]
    assert many.problems == [("Its weights are damaged. Add it again. Scenes is used as before.", "")]


def test_the_first_model_that_cannot_be_loaded_is_told_in_the_panel(many):
    many.models._usable = None
    many.engine.become(Status(Phase.BROKEN, "scenes-96", message="Its weights are damaged. Install again."))
    assert many.session.parameters.model == "scenes-96" and many.problems == []
    assert many.panel.status.text() == "Its weights are damaged. Install again."


# --- The dialog ----------------------------------------------------------------------------------------------------


def test_while_the_dialog_is_open_it_says_what_could_not_be_loaded(flow, tell, opened):
    async def story(flow):
        dialog = await opened()
        flow.models.choose("church")
        flow.engine.become(Status(Phase.BROKEN, "church", message="Its weights are damaged. Add it again."))
        assert dialog.refusal.text() == "Its weights are damaged. Add it again. Scenes is used as before."
        assert dialog.refused.isVisible() and flow.problems == [] and dialog.card.in_use.isVisible()
        dialog.reject()

    tell(story)


def test_the_dialog_tells_of_each_model_and_changes_over(flow, tell, opened):
    async def story(flow):
        dialog = await opened()
        assert dialog.list.count() == 4 and dialog.list.currentRow() == 0
        card = dialog.card
        assert card.title.text() == "Scenes" and card.in_use.isVisible() and not card.use.isVisible()
        assert not card.remove.isVisible(), "the bundled one stays"
        assert card.about.text() == "What scenes-96 was trained on."
        assert card.facts["Network"].text() == "Denoiser, 32.3 million parameters"
        assert card.facts["On disk"].text() == "68.2 MB"
        assert card.facts["SHA-256"].text() == "fe7cfe7cfe7c…"
        click(card.copy)
        assert QGuiApplication.clipboard().text() == "fe7c" * 16
        QTest.keyClick(dialog.list, Qt.Key.Key_Down)
        await flow.until(lambda: card.about.text() == "What church was trained on.")
        assert card.remove.isVisible() and not card.in_use.isVisible()
        click(card.use)
        assert flow.session.parameters.model == "church" and card.in_use.isVisible()
        flow.engine.become(Status(Phase.WARMING_UP, "church"))
        assert card.in_use.text() == "Warming up. You can close this and paint."
        flow.engine.become(Status(Phase.READY, "church"))
        assert card.in_use.text() == "This model is in use."
        QTest.keyClick(dialog.list, Qt.Key.Key_Up)
        QTest.keyClick(dialog.list, Qt.Key.Key_Return)
        assert flow.session.parameters.model == "scenes-96", "Enter uses it"
        dialog.reject()

    tell(story)


def test_a_folder_that_is_dropped_is_added_and_shown(flow, tell, opened, tmp_path):
    async def story(flow):
        dialog = await opened()
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
        keys = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
        entering = QDragEnterEvent(QPoint(50, 50), *keys)
        QApplication.sendEvent(dialog, entering)
        assert entering.isAccepted() and dialog.drop_place._lit
        QApplication.sendEvent(dialog, QDropEvent(QPointF(50, 50), *keys))
        await flow.until(lambda: len(flow.engine.arrivals) == 1)
        arrival = flow.engine.arrivals[0]
        assert arrival.subject == str(tmp_path) and not dialog.drop_place._lit
        arrival.watch(InstallProgress("Trying it"))
        assert dialog.doing.text() == f"Adding {tmp_path.name}" and dialog.step.text() == "Trying it"
        assert dialog.bar.maximum() == 0 and not dialog.add.isEnabled()
        flow.engine.installed.append(ModelInfo("lakes", "Lakes", 32, 8, (), 0.4, 8))
        arrival.end("lakes")
        await flow.until(lambda: not dialog.working.isVisible())
        assert dialog.card.title.text() == "Lakes" and flow.messages == ["Added Lakes."]
        assert flow.panel.model.scene.findText("Lakes") >= 0
        dialog.reject()

    tell(story)


def test_a_download_tells_how_far_it_is_and_can_be_cancelled_and_begun_again(flow, tell, opened, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr("sdedit_studio.ui.models.models.perf_counter", lambda: clock[0])

    async def story(flow):
        dialog = await opened()
        click(dialog.download)
        assert dialog.repository.hasFocus() and not dialog.fetch.isEnabled()
        click(next(b for b in dialog.fetching.findChildren(QPushButton) if b.text() == "google/ddpm-church-256"))
        QTest.keyClick(dialog.repository, Qt.Key.Key_Return)
        await flow.until(lambda: len(flow.engine.arrivals) == 1)
        arrival = flow.engine.arrivals[0]
        assert arrival.subject == "google/ddpm-church-256" and not dialog.fetching.isVisible()
        arrival.watch(InstallProgress("40 of 400 MB", 0.1))
        clock[0] += 10
        arrival.watch(InstallProgress("80 of 400 MB", 0.2))
        assert dialog.step.text() == "80 of 400 MB, about 80 s left"
        assert (dialog.bar.value(), dialog.bar.maximum()) == (200, 1000)
        click(dialog.cancel)
        await flow.until(lambda: not dialog.working.isVisible())
        assert arrival.ended.cancelled() and not dialog.refused.isVisible()
        flow.models.download("google/ddpm-church-256")
        await flow.until(lambda: len(flow.engine.arrivals) == 2)
        flow.engine.arrivals[1].end(ModelRefused("The hub cannot be reached. Check the connection and try again."))
        await flow.until(lambda: dialog.refused.isVisible())
        assert dialog.refusal.text() == "The hub cannot be reached. Check the connection and try again."
        flow.models.dismiss_refusal()
        assert not dialog.refused.isVisible() and dialog.add.isEnabled()
        dialog.reject()

    tell(story)


def test_work_goes_on_when_the_dialog_is_closed(flow, tell, opened, tmp_path):
    async def story(flow):
        dialog = await opened()
        flow.models.add(tmp_path)
        dialog.reject()
        assert flow.messages == [f"Adding {tmp_path.name} goes on; the models dialog shows how far it is."]
        await flow.until(lambda: len(flow.engine.arrivals) == 1)
        again = await opened()
        assert again.working.isVisible() and again.doing.text() == f"Adding {tmp_path.name}"
        flow.models.add(tmp_path)
        assert len(flow.engine.arrivals) == 1, "one at a time"
        flow.models.cancel()
        await flow.until(lambda: not again.working.isVisible())
        again.reject()
        flow.models.add(tmp_path)
        await flow.until(lambda: len(flow.engine.arrivals) == 2)
        flow.engine.arrivals[1].end(ModelRefused("This folder holds no model. Choose another."))
        await flow.until(lambda: flow.problems == [("This folder holds no model. Choose another.", "")])
        assert flow.models.refusal == ""

    tell(story)


def test_a_model_that_a_document_asks_for_is_used_once_it_is_here(flow):
    flow.session.set_parameters(model="church", t0=0.7)
    assert flow.generation.estimate is None and flow.engine.prepared == []
    flow.engine.installed.append(CHURCH)
    flow.models._refresh()
    assert flow.engine.prepared == ["church"] and flow.generation.estimate is not None
    assert flow.session.parameters.t0 == 0.7 and flow.panel.model.scene.currentText() == "Church"


def test_removing_asks_in_its_place_and_the_model_in_use_gives_way(flow, tell, opened):
    async def story(flow):
        flow.models.choose("church")
        dialog = await opened()
        card = dialog.card
        assert dialog.list.currentRow() == 1
        click(card.remove)
        assert card.question.text() == "Delete Church and its 68.2 MB from this computer?"
        assert card.keep.hasFocus()
        click(card.keep)
        assert card.remove.isVisible() and not card.delete.isVisible()
        click(card.remove)
        click(card.delete)
        await flow.until(lambda: dialog.list.count() == 3)
        assert flow.session.parameters.model == "scenes-96" and flow.engine.prepared == ["church", "scenes-96"]
        assert card.title.text() == "Scenes"
        dialog.reject()

    tell(story)


def test_a_model_that_cannot_be_read_and_none_at_all(flow, tell, opened):
    async def story(flow):
        dialog = await opened()
        flow.engine.installed = [ModelInfo("unreadable", "Unreadable", 32, 8, (), 0.4, 8)]
        flow.models._refresh()
        await flow.until(lambda: dialog.card.about.text() == "Its folder cannot be read.")
        flow.engine.installed = []
        flow.models._refresh()
        assert dialog.empty.isVisible() and "No model is installed" in dialog.empty.text()
        assert flow.models.chosen is None and flow.panel.model.scene.count() == 0
        assert dialog.add.isEnabled() and dialog.download.isEnabled()
        dialog.reject()

    tell(story)


def test_what_a_model_takes_is_said_in_words():
    assert takes(WORDS) == "A prompt in words"
    assert takes(CHURCH) == "Nothing but your painting"
    assert takes(THOUSAND).endswith("kind 7 and 992 more")
    assert [count(number) for number in (32_299_596, 865_900, 1_070_000_000)] == [
        "32.3 million",
        "866 thousand",
        "1.07 billion",
    ]


# --- The real engine -----------------------------------------------------------------------------------------------


@pytest.mark.model
def test_a_folder_is_added_chosen_used_and_removed_while_in_use(loop, qapp, qtbot, tiny_models, tmp_path):
    engine = Engine(tmp_path / "models", measured=Measured(1, tmp_path / "measured.json"))
    session = Session(painted_document(48, 32))
    generation, models = Generation(session, engine), Models(session, engine)
    panel = SdeditPanel(session, generation, models, QWidget(), QWidget())
    parent = QWidget()
    for widget in (panel, parent):
        qtbot.addWidget(widget)
    problems = []
    session.notices.warned.connect(lambda sentence, _details: problems.append(sentence))
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights at all")

    async def story() -> None:
        engine.start()
        dialog = ModelsDialog(parent, models)
        dialog.open()
        models.add(tiny_models / "tiny")
        await until(lambda: models.work is None, TORCH_SECONDS)
        assert models.refusal == "" and dialog.card.title.text() == "Tiny"
        click(dialog.card.use)
        assert session.parameters.model == "tiny"
        await until(lambda: engine.status.phase is Phase.READY and engine.status.model == "tiny", TORCH_SECONDS)
        assert panel.model.scene.currentText() == "Tiny · any"
        models.choose("tiny", "lake")
        session.set_parameters(calls=2, refine=Refine.OFF)
        generation.generate()
        await until(lambda: generation.activity is Activity.RESULT, TORCH_SECONDS)
        assert generation.result.job.parameters.condition == "lake"
        assert generation.result.picture.shape == (32, 48, 3)

        models.add(broken)
        await until(lambda: dialog.refused.isVisible(), TORCH_SECONDS)
        assert dialog.refusal.text().startswith("broken.safetensors is damaged")
        (tmp_path / "models" / "tiny" / "model.safetensors").write_bytes(b"damaged after it was added")
        models.choose("scenes-96")
        await until(lambda: engine.status == Status(*_ready(engine, "scenes-96")), TORCH_SECONDS)
        models.choose("tiny")
        await until(lambda: "Scenes is used as before." in models.refusal, TORCH_SECONDS)
        assert session.parameters.model == "scenes-96" and problems == []
        await until(lambda: engine.status.phase is Phase.READY, TORCH_SECONDS)

        models.choose("tiny")
        models.remove("tiny")
        await until(lambda: [model.name for model in models.installed] == ["scenes-96"], TORCH_SECONDS)
        assert session.parameters.model == "scenes-96" and not (tmp_path / "models" / "tiny").exists()
        await until(lambda: engine.status.phase is Phase.READY and engine.status.model == "scenes-96", TORCH_SECONDS)
        dialog.reject()
        models.close()
        generation.close()

    try:
        loop.run_until_complete(story())
    finally:
        engine.close()


def _ready(engine: Engine, model: str) -> tuple:
    return Phase.READY, model, engine.status.device, engine.status.call_seconds, engine.status.together
