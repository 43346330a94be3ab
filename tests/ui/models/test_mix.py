"""Mixing classes in the panel, by mouse and keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from sdedit_studio.engine.job import ModelInfo
from tests.ui.flow import Flow

CLASSES = ("forest", "mountain", "sea", "street")
SCENES = ModelInfo("scenes-96", "Scenes", 96, 16, CLASSES, 0.4, 8, bundled=True)
CHURCH = ModelInfo("church", "Church", 256, 32, (), 0.5, 20)
THOUSAND = ModelInfo("thousand", "Thousand", 64, 8, tuple(f"kind {i}" for i in range(1000)), 0.4, 8, knows_any=False)


@pytest.fixture
def mixing(flow: Flow) -> Flow:
    flow.engine.installed = [SCENES, CHURCH, THOUSAND]
    flow.models._refresh()
    flow.session.set_parameters(condition="mountain")
    return flow


def click(widget: QWidget) -> None:
    assert widget.isVisible() and widget.isEnabled()
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def shown(flow: Flow) -> str:
    scene = flow.panel.model.scene
    return scene.currentText() or scene.placeholderText()


def test_a_single_class_is_as_it_was(mixing):
    model = mixing.panel.model
    assert shown(mixing) == "Scenes · mountain"
    assert not model.mix.isVisible() and model.add.isEnabled()


def test_another_class_is_mixed_in_and_taken_out(mixing):
    model, session = mixing.panel.model, mixing.session
    click(model.add)
    assert session.parameters.condition == "mountain 50, forest 50"
    first, second = model.mix.rows
    assert first.isVisible() and not second.isVisible()
    QTest.keyClicks(first.kind, "sea")
    assert session.parameters.condition == "mountain 50, sea 50"
    for _ in range(20):
        QTest.keyClick(first.share.track, Qt.Key.Key_Left)
    assert session.parameters.condition == "mountain 70, sea 30"
    assert shown(mixing) == "Scenes · mountain 70 %, sea 30 %"
    first.share.reset()
    assert session.parameters.condition == "mountain 50, sea 50"
    click(first.remove)
    assert session.parameters.condition == "mountain" and shown(mixing) == "Scenes · mountain"
    assert not model.mix.isVisible()


def test_a_mix_that_is_longer_than_the_field_ends_in_an_ellipsis(mixing):
    scene = mixing.panel.model.scene
    mixing.session.set_parameters(condition="mountain 40, forest 30, street 30")
    whole = "Scenes · mountain 40 %, forest 30 %, street 30 %"
    scene.resize(170, scene.height())
    assert shown(mixing).endswith("…") and whole.startswith(shown(mixing)[:-1])
    assert whole.removeprefix("Scenes · ") in scene.toolTip()
    scene.resize(600, scene.height())
    assert shown(mixing) == whole


def test_three_are_the_most_and_every_one_keeps_a_part(mixing):
    model, session = mixing.panel.model, mixing.session
    session.set_parameters(condition="mountain 70, sea 30")
    click(model.add)
    assert session.parameters.condition == "mountain 47, sea 20, forest 33"
    assert not model.add.isEnabled() and "at most three" in model.add.toolTip()
    first, second = model.mix.rows
    assert "forest" not in [first.kind.itemText(i) for i in range(first.kind.count())], "it is in the other row"
    QTest.keyClick(second.share.track, Qt.Key.Key_End)
    assert session.parameters.condition == "mountain 1, sea 1, forest 98"
    QTest.keyClick(first.share.track, Qt.Key.Key_End)
    assert session.parameters.condition == "mountain 1, sea 98, forest 1"
    click(first.remove)
    assert session.parameters.condition == "mountain 50, forest 50"


def test_choosing_one_class_ends_the_mix(mixing):
    scene = mixing.panel.model.scene
    mixing.session.set_parameters(condition="mountain 70, sea 30")
    scene.activated.emit(scene.findText("Scenes · sea"))
    assert mixing.session.parameters.condition == "sea" and not mixing.panel.model.mix.isVisible()


def test_any_says_what_to_do_first_and_models_without_classes_have_no_mix(mixing):
    model = mixing.panel.model
    mixing.session.set_parameters(condition=None)
    assert not model.add.isEnabled() and "Choose a kind of scene first" in model.add.toolTip()
    mixing.models.choose("church")
    assert not model.add.isVisible() and not model.mix.isVisible()


def test_a_model_of_many_classes_mixes_too(mixing):
    model = mixing.panel.model
    mixing.models.choose("thousand")
    click(model.add)
    assert mixing.session.parameters.condition == "kind 0 50, kind 1 50"
    assert model.kind.currentText() == "" and model.kind.placeholderText() == "kind 0 50 %, kind 1 50 %"


def test_what_the_model_does_not_know_is_no_mix(mixing):
    model = mixing.panel.model
    for condition in ("mountain 50, moon 50", "moon"):
        mixing.session.set_parameters(condition=condition)
        assert not model.mix.isVisible() and not model.add.isEnabled()
        assert model.scene.currentIndex() == -1
