"""The samples that ship with the program: painted guides to start from, and photographs to edit."""

from __future__ import annotations

from pathlib import Path
from zipfile import BadZipFile, ZipFile

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QImageReader
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from sdedit_studio import resources
from sdedit_studio.ui.base.dialog import Dialog
from sdedit_studio.ui.widgets.rounded import rounded

SUFFIXES = (".ora", ".png", ".jpg", ".webp")
FIRST = "mountain-lake.ora"
"""The one that shows best what the program does."""

PICTURE = QSize(208, 138)
PATH = Qt.ItemDataRole.UserRole


def samples() -> list[Path]:
    """The shipped samples: `FIRST`, the other painted guides, the photographs."""
    found = [path for path in resources.path("samples").iterdir() if path.suffix in SUFFIXES]
    return sorted(found, key=lambda path: (path.name != FIRST, path.suffix != ".ora", path.name))


def title(path: Path) -> str:
    """A file name as words: "mountain-lake.ora" is "Mountain lake"."""
    return path.stem.replace("-", " ").replace("_", " ").capitalize()


def preview(path: Path, size: QSize) -> QImage:
    """A small picture of a sample that fills `size`; of OpenRaster, the merged one inside. Null if unreadable."""
    if path.suffix == ".ora":
        try:
            with ZipFile(path) as archive:
                image = QImage.fromData(archive.read("mergedimage.png"))
        except (OSError, KeyError, BadZipFile):
            return QImage()
    else:
        reader = QImageReader(str(path))
        reader.setAutoTransform(True)
        reader.setScaledSize(reader.size().scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
        image = reader.read()
    scaled = image.scaled(
        size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    return scaled.copy(
        (scaled.width() - size.width()) // 2, (scaled.height() - size.height()) // 2, size.width(), size.height()
    )


class SamplesDialog(Dialog):
    """`chosen` is the file to open."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            parent, "Samples", "Painted guides to press Generate on, and photographs to paint over. A copy opens."
        )
        self.list = QListWidget()
        self.list.setObjectName("gallery")
        self.list.setAccessibleName("Samples")
        self.list.setViewMode(QListWidget.ViewMode.IconMode)
        self.list.setMovement(QListWidget.Movement.Static)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setIconSize(PICTURE)
        self.list.setGridSize(PICTURE + QSize(16, 40))
        self.list.setMinimumSize(3 * (PICTURE.width() + 16) + 40, 400)
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        ratio = parent.devicePixelRatioF()
        for path in samples():
            item = QListWidgetItem(QIcon(rounded(preview(path, PICTURE * ratio), 5, ratio)), title(path))
            item.setData(PATH, path)
            item.setToolTip("A painted guide with its layers" if path.suffix == ".ora" else "A photograph")
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.itemActivated.connect(lambda _item: self.accept())
        self.body.addWidget(self.list)
        self.add_cancel()
        self.add_button("Open", default=True).clicked.connect(self.accept)

    @property
    def chosen(self) -> Path:
        return self.list.currentItem().data(PATH)
