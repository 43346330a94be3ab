"""The models dialog in the whole window: how one gets to it, and from a file on the disk to a sentence."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.ui.models.dialog import ModelsDialog
from sdedit_studio.ui.shell.menus import MENUS
from sdedit_studio.ui.widgets.action_button import ActionButton
from tests.waiting import TORCH_SECONDS

# The offscreen platform has no stack of windows and no menus that take the keyboard.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing)", extend=True)


@pytest.fixture
def show(show, tmp_path):
    """Run a story in a window whose models folder is empty."""
    return lambda told: show(told, models=tmp_path / "models")


def test_menu_palette_and_panel_lead_to_the_dialog(show):
    assert "generate.models" in dict(MENUS)["Generate"]

    async def told(window, story):
        title = window.docks[0].titleBarWidget()
        button = next(b for b in title.findChildren(ActionButton) if b.accessibleName() == "Models")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        dialog = await story.appears(window, ModelsDialog)
        assert [model.name for model in window.models.installed] == ["scenes-96"]
        await story.until(lambda: dialog.card.facts["Network"].text().endswith("32.3 million parameters"))
        assert not dialog.card.strip.pixmap().isNull()
        dialog.reject()
        await story.gone(dialog)
        window.actions_["generate.models"].trigger()
        await story.gone(await _closed(story, window))

    show(told)


async def _closed(story, window) -> ModelsDialog:
    dialog = await story.appears(window, ModelsDialog)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    return dialog


def test_a_broken_file_is_refused_in_a_sentence(show, tmp_path):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no weights at all")

    async def told(window, story):
        window.actions_["generate.models"].trigger()
        dialog = await story.appears(window, ModelsDialog)
        QTest.mouseClick(dialog.add, Qt.MouseButton.LeftButton)
        await story.until(dialog._menu.isVisible)
        dialog._menu.actions()[0].trigger()
        dialog._menu.close()
        await story.file_chosen(dialog, broken)
        await story.until(dialog.refused.isVisible, TORCH_SECONDS)
        assert dialog.refusal.text().startswith("broken.safetensors is damaged")
        assert [model.name for model in window.models.installed] == ["scenes-96"]
        dialog.reject()
        await story.gone(dialog)

    show(told)
