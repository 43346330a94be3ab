"""The variations in the SDEdit panel: a button with how many, the contact sheet, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from sdedit_studio.ui.base import theme, words
from sdedit_studio.ui.variations.contact_sheet import ContactSheet
from sdedit_studio.ui.variations.variations import COUNTS, Variations
from sdedit_studio.ui.widgets.buttons import IconButton, SecondaryButton

EMPTY = "See your painting with other seeds, small and quick. You can go on painting."


class VariationsRow(QWidget):
    """Shows and drives `variations`. `menu_requested(QPoint)`: a right-click on the sheet, at a global position."""

    menu_requested = Signal(QPoint)

    def __init__(self, variations: Variations) -> None:
        super().__init__()
        self._variations = variations
        self.make = SecondaryButton("Variations", "layout-grid")
        self.make.clicked.connect(variations.make)
        self.count = QComboBox()
        self.count.setAccessibleName("How many variations")
        self.count.setToolTip("How many seeds at a time")
        self.count.addItems([str(count) for count in COUNTS])
        self.count.activated.connect(self._set_count)
        self.stop = self._button("x", "Stop making variations; those that are ready stay", variations.stop)
        self.star = self._button("star", "Star: it stays when the sheet is made again (S)", variations.star)
        self.more = self._button("grid-2x2-plus", "More like this (M)", variations.more_like_this)
        self.lock = self._button("lock", "Keep this seed (L)", variations.lock_seed)
        self.blend = self._button("blend", "Blend the two by painting (B)", variations.blend)
        self.sheet = ContactSheet()
        self.sheet.can_make_full_size = lambda: variations.can_make_full_size
        self.sheet.chosen.connect(variations.choose)
        self.sheet.clicked_again.connect(variations.show_chosen)
        self.sheet.action_requested.connect(self._do)
        self.sheet.menu_requested.connect(self.menu_requested)
        self._reveal = QTimer(self, singleShot=True, interval=0)
        self._reveal.timeout.connect(self._scroll_here)
        self.hint = QLabel(wordWrap=True)
        self.hint.setProperty("role", "hint")

        row = QHBoxLayout()
        row.setSpacing(theme.SPACE)
        row.addWidget(self.make)
        row.addWidget(self.count)
        row.addStretch(1)
        for button in (self.stop, self.star, self.more, self.lock, self.blend):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.SPACE)
        column.addLayout(row)
        column.addWidget(self.sheet)
        column.addWidget(self.hint)

        variations.changed.connect(self._show)
        variations.drawn.connect(self.sheet.redraw)
        self._show()

    @staticmethod
    def _button(icon_name: str, tip: str, run: Callable[[], object]) -> IconButton:
        button = IconButton(icon_name, tip, size=16, side=24)
        button.clicked.connect(lambda: run())
        return button

    def _set_count(self, index: int) -> None:
        self._variations.count = COUNTS[index]

    def _do(self, name: str) -> None:
        variations = self._variations
        {
            "work-out": variations.make_full_size,
            "star": variations.star,
            "lock": variations.lock_seed,
            "more": variations.more_like_this,
            "blend": variations.blend,
        }[name]()

    def _show(self) -> None:
        variations = self._variations
        others = self.sheet.show_sheet(variations.sheet, variations.chosen)
        self.sheet.setVisible(bool(variations.sheet))
        if others and variations.filling:
            self._reveal.start()
        self.stop.setVisible(variations.filling)
        self.star.setVisible(bool(variations.chosen))
        self.more.setVisible(variations.single_choice is not None)
        self.lock.setVisible(variations.can_lock)
        self.blend.setVisible(variations.can_blend)
        self.make.setToolTip(
            "Make as many more, with the seeds that follow"
            if variations.continues_seeds
            else "Edit the painting as it is now with this seed and those that follow"
        )
        self.hint.setText(self._words())

    def _scroll_here(self) -> None:
        """Scroll to a new sheet if the panel is not high enough to show all of it."""
        part = self.parentWidget()
        while part is not None and not isinstance(part, QScrollArea):
            part = part.parentWidget()
        if part is not None:
            part.ensureWidgetVisible(self.hint, 0, 0)

    def _words(self) -> str:
        variations = self._variations
        if not variations.sheet:
            return "The guide is being made." if variations.filling else EMPTY
        origin = "" if variations.origin is None else f"More like {variations.origin.name}. "
        if variations.filling:
            ready, left = sum(each.done for each in variations.sheet), variations.seconds_left
            about = "" if left is None else f", about {words.duration(left)} left"
            return f"{origin}{ready} of {len(variations.sheet)} ready{about}."
        if variations.can_blend:
            return "Two chosen: the last button above blends them by painting."
        if variations.outdated:
            return f"{origin}Of earlier strokes or settings; “Variations” renews it."
        return f"{origin}Click to see one, double-click to work it out at full size."
