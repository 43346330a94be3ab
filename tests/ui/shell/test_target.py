"""Masks and protection in the window: keys, menus, the tool column, and the pill that says what is painted on."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from sdedit_studio.document.target import Target
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.selection import rectangle
from tests.ui.documents import push
from tests.ui.windowed import key, paint

LEFT = Qt.MouseButton.LeftButton


def test_a_mask_is_added_painted_on_and_left(show):
    async def told(window, story):
        session = window.session
        pixels = session.document.active_layer.pixels
        assert window.target.isHidden()
        window.actions_["layer.add-mask"].trigger()
        assert session.target is Target.MASK
        assert session.document.active_layer.mask.read(session.document.bounds).min() == 255
        assert "mask" in window.target.sentence.text()
        session.set_colours((0, 0, 0))
        paint(window)
        await story.until(lambda: session.undo_label == "Paint mask")
        assert session.document.active_layer.pixels is pixels
        await story.until(window.actions_["layer.paint-mask"].isEnabled)
        key(window, Qt.Key.Key_K)
        assert session.target is Target.PIXELS and window.target.isHidden()
        key(window, Qt.Key.Key_K)
        assert session.target is Target.MASK
        window.actions_["layer.remove-mask"].trigger()
        assert session.target is Target.PIXELS

    show(told)


def test_protecting_by_key_by_button_and_by_escape(show):
    async def told(window, story):
        session = window.session
        key(window, Qt.Key.Key_P)
        assert session.target is Target.PROTECTION and window.target.isVisible()
        await story.until(window.tool_column.protect.isChecked)
        paint(window)
        await story.until(lambda: session.undo_label == "Paint protection")
        assert session.document.protection is not None
        key(window, Qt.Key.Key_Escape)
        assert session.target is Target.PIXELS
        QTest.mouseClick(window.tool_column.protect, LEFT)
        assert session.target is Target.PROTECTION
        QTest.mouseClick(window.target.done, LEFT)
        assert session.target is Target.PIXELS

    show(told)


def test_what_is_protected_comes_from_a_selection_and_becomes_one(show):
    async def told(window, story):
        session, run = window.session, window.actions_
        box = rectangle(Rect(10, 10, 40, 30), session.document.bounds)
        push(session, "Select", session.document.replace(selection=box))

        async def did(action, label):
            await story.until(run[action].isEnabled)
            run[action].trigger()
            await story.until(lambda: session.undo_label == label)
            protection = session.document.protection
            return None if protection is None else protection.read(session.document.bounds)

        protected = await did("protect.selection", "Protect selection")
        assert np.array_equal(protected, box.read(session.document.bounds))
        push(session, "Deselect", session.document.replace(selection=None))
        await did("protect.select", "Select what is protected")
        assert np.array_equal(session.document.selection.read(session.document.bounds), protected)
        assert np.array_equal(await did("protect.invert", "Invert protection"), 255 - protected)
        assert await did("protect.clear", "Clear protection") is None

    show(told)


def test_cutting_from_a_mask_says_that_it_takes_pixels(show):
    async def told(window, story):
        said = []
        window.session.notices.told.connect(said.append)
        window.actions_["layer.add-mask"].trigger()
        before = window.session.document
        window.actions_["edit.cut"].trigger()
        assert "only a layer’s pixels" in said[-1]
        assert window.session.document is before
        window.actions_["edit.clear"].trigger()
        await story.until(lambda: window.session.document is not before)
        assert not window.session.document.active_layer.mask.read(before.bounds).any()

    show(told)
