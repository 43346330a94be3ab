"""An asyncio loop on Qt's, a dressed application, and a profile of the test's own."""

from __future__ import annotations

import asyncio

import pytest
import qasync
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.raster.tiles import Tiles, blank
from sdedit_studio.ui import theme
from sdedit_studio.ui.preferences import Preferences
from sdedit_studio.ui.profile import Profile
from sdedit_studio.ui.studio import Studio


def painted(colour: tuple[int, int, int], width: int = 96, height: int = 64, x: int = 0, y: int = 0) -> Tiles:
    """A rectangle of one RGB colour."""
    picture = blank(width, height)
    picture[:] = (*reversed(colour), 255)
    return Tiles.from_array(picture, x, y)


@pytest.fixture
def dressed(qapp: QApplication) -> QApplication:
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    theme.apply(qapp, theme.DARK)
    return qapp


@pytest.fixture
def loop(dressed: QApplication):
    loop = qasync.QEventLoop(dressed)
    asyncio.set_event_loop(loop)
    yield loop
    loop.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def preferences(tmp_path) -> Preferences:
    return Preferences(Profile.at(tmp_path).settings)


@pytest.fixture
def studio(dressed) -> Studio:
    """Four layers, the bottom one "Sky" and the top one "Land", which is active."""
    layers = [
        Layer("Sky", painted((150, 190, 230))),
        Layer("Mountains", painted((100, 105, 115), 60, 30, 10, 20)),
        Layer("Notes", painted((255, 0, 0), 8, 8), in_guide=False, visible=False),
        Layer("Land", painted((50, 80, 40), 96, 20, 0, 44)),
    ]
    return Studio(Document.of(96, 64, layers))

