"""The Layers panel: blend mode and opacity of the active layer above the stack."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.document.layer_list import LayerList
from sdedit_studio.ui.document.session import Session
from sdedit_studio.ui.widgets.buttons import IconButton
from sdedit_studio.ui.widgets.slider_row import SliderRow

FAMILIES = (
    (BlendMode.NORMAL,),
    (BlendMode.DARKEN, BlendMode.MULTIPLY, BlendMode.COLOR_BURN),
    (BlendMode.LIGHTEN, BlendMode.SCREEN, BlendMode.COLOR_DODGE),
    (BlendMode.OVERLAY, BlendMode.SOFT_LIGHT, BlendMode.HARD_LIGHT),
    (BlendMode.DIFFERENCE, BlendMode.EXCLUSION),
    (BlendMode.HUE, BlendMode.SATURATION, BlendMode.COLOR, BlendMode.LUMINOSITY),
)
"""Blend modes by what they do: darken, lighten, contrast, compare, colour."""


class LayersPanel(QWidget):
    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._drag: object = None
        self.mode = QComboBox()
        self.mode.setAccessibleName("Blend mode")
        self.mode.setToolTip("How the layer's colours combine with what lies below")
        self.mode.setMaxVisibleItems(24)
        for family in FAMILIES:
            if self.mode.count():
                self.mode.insertSeparator(self.mode.count())
            for mode in family:
                self.mode.addItem(mode.label, mode)
        self.opacity = SliderRow("", 0, 100, 100, suffix=" %")
        self.opacity.track.setAccessibleName("Layer opacity")
        self.opacity.field.setAccessibleName("Layer opacity")
        self.opacity.track.setToolTip(f"Layer opacity. {self.opacity.track.toolTip()}")
        self.lock = IconButton(
            "lock-open", "Lock transparency: painting keeps the layer's outline", size=16, side=26, checkable=True
        )
        self.list = LayerList(session)
        top = QHBoxLayout()
        top.setContentsMargins(4 * theme.SPACE, 2 * theme.SPACE, 3 * theme.SPACE, 2 * theme.SPACE)
        top.setSpacing(2 * theme.SPACE)
        top.addWidget(self.mode, 5)
        top.addWidget(self.opacity, 6)
        top.addWidget(self.lock)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        self.mode.activated.connect(self._choose_mode)
        self.opacity.value_changed.connect(self._drag_opacity)
        self.opacity.released.connect(self._end_drag)
        self.lock.clicked.connect(self._lock)
        session.layers_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        layer = self._session.document.active_layer
        self.mode.setCurrentIndex(self.mode.findData(layer.mode))
        self.opacity.set_value(100 * layer.opacity)
        self.lock.setChecked(layer.alpha_locked)
        self.lock.set_icon("lock" if layer.alpha_locked else "lock-open", "accent" if layer.alpha_locked else "text")

    def _choose_mode(self, index: int) -> None:
        mode = BlendMode(self.mode.itemData(index))  # Qt hands it back as plain text
        if mode is not self._session.document.active_layer.mode:
            self._session.change(
                f"Blend mode {mode.label}",
                lambda document: document.with_layer(document.active, mode=mode),
                at_once=True,
            )

    def _drag_opacity(self, percent: float) -> None:
        self._drag = self._drag or object()
        self._session.change(
            "Layer opacity",
            lambda document: document.with_layer(document.active, opacity=percent / 100),
            at_once=True,
            join=self._drag,
        )

    def _end_drag(self) -> None:
        """The next change is a step of its own."""
        self._drag = None

    def _lock(self, locked: bool) -> None:
        self._session.change(
            "Lock transparency" if locked else "Unlock transparency",
            lambda document: document.with_layer(document.active, alpha_locked=locked),
            at_once=True,
        )
