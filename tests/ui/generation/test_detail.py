"""The choice of a detail network, in the panel and in the models dialog, on the scripted engine."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.parameters import Refine
from tests.ui.fake_engine import SHARP
from tests.ui.flow import Flow
from tests.ui.models.picking import choose, click


def refine(flow: Flow, way: str) -> None:
    box = flow.panel.refine
    box.setCurrentIndex(box.findText(way))
    box.activated.emit(box.currentIndex())


@pytest.fixture
def enlarging(many) -> Flow:
    """The flow with four models and an upscaler."""
    many.engine.networks.append(SHARP)
    many.models._refresh()
    many.panel.advanced.fold.setChecked(True)
    return many


def test_which_network_and_how_crisp_are_asked_only_where_one_is_used(enlarging):
    advanced, session = enlarging.panel.advanced, enlarging.session
    assert advanced.detail.isVisible() and advanced.detail.currentText() == "The model's own"
    assert [advanced.detail.itemText(i) for i in range(advanced.detail.count())] == ["The model's own", "Sharp"]
    advanced.detail.setFocus()
    QTest.keyClick(advanced.detail, Qt.Key.Key_Down)
    assert (session.parameters.refine, session.parameters.detail) == (Refine.DETAIL, "sharp")
    QTest.keyClick(advanced.crispness.track, Qt.Key.Key_Left)
    assert session.parameters.crispness == pytest.approx(0.99)
    advanced.crispness.reset()
    assert session.parameters.crispness == 1
    for way in ("SDE", "off"):
        refine(enlarging, way)
        assert not advanced.detail.isVisible() and not advanced.crispness.isVisible()
    refine(enlarging, "detail")
    assert advanced.detail.currentText() == "Sharp", "it is remembered"


def test_a_model_without_a_network_uses_the_bundled_one_when_asked_to(enlarging):
    session, advanced = enlarging.session, enlarging.panel.advanced
    choose(enlarging, "Church")
    assert (session.parameters.refine, session.parameters.detail) == (Refine.SDE, None)
    assert enlarging.panel.refine.currentText() == "SDE"
    refine(enlarging, "detail")
    assert (session.parameters.refine, session.parameters.detail) == (Refine.DETAIL, "scenes-96")
    assert advanced.detail.currentText() == "Scenes, detail"
    choose(enlarging, "Scenes · any")
    assert (session.parameters.refine, session.parameters.detail) == (Refine.DETAIL, None)
    choose(enlarging, "Church")
    assert session.parameters.refine is Refine.SDE, "for scenes that it has not seen it is off until asked for"


def test_a_favourite_upscaler_and_off_stay_with_another_model(enlarging):
    enlarging.models.choose_detail("sharp")
    choose(enlarging, "Church")
    assert (enlarging.session.parameters.refine, enlarging.session.parameters.detail) == (Refine.DETAIL, "sharp")
    refine(enlarging, "off")
    choose(enlarging, "Words")
    assert enlarging.session.parameters.refine is Refine.OFF


def test_old_documents_and_missing_networks_show_what_they_have(enlarging):
    panel = enlarging.panel
    enlarging.session.set_parameters(refine=Refine.DOUBLE)
    assert panel.refine.currentIndex() == -1 and panel.refine.placeholderText() == "2×"
    assert enlarging.session.parameters.refine is Refine.DOUBLE
    refine(enlarging, "detail")
    assert enlarging.session.parameters.refine is Refine.DETAIL
    enlarging.session.set_parameters(detail="gone")
    assert panel.advanced.detail.currentIndex() == -1
    assert panel.advanced.detail.placeholderText() == "gone (not here)"


def test_the_dialog_lists_uses_and_removes_upscalers(flow, tell, opened):
    async def story(flow):
        flow.engine.networks.append(SHARP)
        flow.models._refresh()
        dialog = await opened()
        card = dialog.card
        assert [dialog.list.item(row).text() for row in range(4, 6)] == ["Upscalers", "Sharp"]
        assert card.facts["Detail by"].text() == "Scenes, detail: enlarges 4 times; CC BY-SA 4.0"
        dialog.list.setCurrentRow(3)
        assert card.facts["Detail by"].text() == "None of its own; it can use the built-in one"
        QTest.keyClick(dialog.list, Qt.Key.Key_Down)
        assert card.title.text() == "Sharp" and card.facts["Enlarges"].text() == "2 times in each direction"
        assert card.facts["Licence"].text() == "CC0" and not card.facts["Takes"].isVisible()
        click(card.use_detail)
        assert flow.session.parameters.detail == "sharp" and card.in_use.isVisible()
        click(card.remove)
        click(card.delete)
        await flow.until(lambda: dialog.list.count() == 4)
        assert flow.session.parameters.detail is None and flow.session.parameters.refine is Refine.DETAIL
        assert card.title.text() == "Scenes"
        dialog.reject()

    tell(story)


def test_an_upscaler_that_was_added_is_shown(flow, tell, opened, tmp_path):
    async def story(flow):
        dialog = await opened()
        flow.models.add(tmp_path / "sharp.pth")
        await flow.until(lambda: len(flow.engine.arrivals) == 1)
        flow.engine.networks.append(SHARP)
        flow.engine.arrivals[0].end("sharp")
        await flow.until(lambda: dialog.card.title.text() == "Sharp")
        assert flow.messages == ["Added Sharp."]
        dialog.reject()

    tell(story)
