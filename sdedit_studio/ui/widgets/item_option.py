"""The fields of a style option that delegates paint by; Qt has them, and its type stubs leave them out."""

from __future__ import annotations

from typing import Protocol, cast

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem


class ItemOption(Protocol):
    rect: QRect
    state: QStyle.StateFlag


def fields(option: QStyleOptionViewItem) -> ItemOption:
    return cast("ItemOption", option)
