"""Pictures that come from elsewhere onto the canvas: dropped, from files or from a browser."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
from PySide6.QtCore import QMimeData, QObject, QUrl
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from sdedit_studio.document.edits import with_picture
from sdedit_studio.files import pictures
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.background import Background
from sdedit_studio.ui.document.session import Session

DOCUMENT = ".ora"

ENCODED = ("image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/tiff", "image/bmp")
"""Formats in which other programs hand over a picture's own bytes."""

STEP = 24
"""Document pixels between several pictures dropped at once."""

_DATA = re.compile(r"data:image/[\w.+-]+(;[\w=-]+)*,[^\"'\s>]+")


@dataclass(frozen=True, eq=False)
class Picture:
    """What a layer is made of: its name, and its pixels as premultiplied BGRA uint8 (h, w, 4)."""

    name: str
    pixels: np.ndarray


@dataclass(frozen=True)
class Source:
    """A picture that has not been decoded. `read` is safe on any thread and raises FileProblem."""

    name: str
    read: Callable[[], np.ndarray]


class Drops(QObject):
    """Makes a layer of each picture, all in one step, and hands them to the move tool. Decodes in a thread."""

    def __init__(self, session: Session, parent: QWidget) -> None:
        super().__init__(parent)
        self._session = session
        self._background = Background(self)

    @property
    def busy(self) -> bool:
        return self._background.busy

    def welcomes(self, mime: QMimeData) -> bool:
        """Whether there may be a picture or a document in this."""
        return mime.hasUrls() or mime.hasImage() or any(mime.hasFormat(name) for name in ENCODED) or mime.hasHtml()

    def take(self, mime: QMimeData, at: tuple[int, int]) -> list[Path]:
        """Add the pictures at a document point, as soon as they are decoded. Returns the document files among them."""
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        documents = [path for path in files if path.suffix.lower() == DOCUMENT]
        sources = [_file(path) for path in files if path not in documents] or ([] if documents else _without_file(mime))
        if sources:
            self.add(sources, at)
        elif not documents:
            words = "That is only the address of a picture. Save the picture as a file and drop the file here."
            self._session.notices.warn(words if mime.hasUrls() else "There is no picture in that.")
        return documents

    def add(self, sources: Sequence[Source], at: tuple[int, int]) -> None:
        """Decode these and add them at a document point."""
        self._background.start(lambda: _decoded(sources), lambda read: self._insert(*read, at))

    def _insert(self, read: list[Picture], problems: list[str], at: tuple[int, int]) -> None:
        document = self._session.document
        for index, picture in enumerate(read):
            place = at[0] + STEP * index, at[1] + STEP * index
            document = with_picture(document, picture.pixels, picture.name, place)
        if read:
            self._session.push("Add picture" if len(read) == 1 else f"Add {len(read)} pictures", document)
            self._session.set_tool("move")
            self._session.picture_added.emit(document.active)
        if problems:
            self._session.notices.warn(" ".join(problems))


def _decoded(sources: Sequence[Source]) -> tuple[list[Picture], list[str]]:
    """The pictures that can be read, and why the others cannot."""
    read, problems = [], []
    for source in sources:
        try:
            read.append(Picture(source.name, source.read()))
        except FileProblem as problem:
            problems.append(str(problem))
    return read, problems


def _file(path: Path) -> Source:
    return Source(path.stem, lambda: pictures.read(path))


def _without_file(mime: QMimeData) -> list[Source]:
    """The picture that another program hands over: its own bytes if there are any, for they keep the profile."""
    name = next((Path(url.path()).stem for url in mime.urls() if Path(url.path()).stem), "Picture")
    for kind in ENCODED:
        if data := bytes(mime.data(kind).data()):
            return [Source(name, lambda: pictures.read(data))]
    if inline := _inline(mime):
        return [Source("Picture", lambda: pictures.read(inline))]
    image = mime.imageData() if mime.hasImage() else None
    if isinstance(image, QImage) and not image.isNull():
        return [Source(name, lambda: _pixels(image))]
    return []


def _inline(mime: QMimeData) -> bytes | None:
    """The bytes of a picture written out as a data: address, which is how some pages hold small ones."""
    addresses = [url.toString(QUrl.ComponentFormattingOption.FullyEncoded) for url in mime.urls()]
    for text in (*addresses, mime.html()):
        if found := _DATA.search(text):
            head, _, body = found.group().partition(",")
            try:
                return base64.b64decode(unquote_to_bytes(body)) if head.endswith(";base64") else unquote_to_bytes(body)
            except binascii.Error:
                return None
    return None


def _pixels(image: QImage) -> np.ndarray:
    whole = Tiles.from_image(image)
    return whole.read(whole.bounds)[: image.height(), : image.width()]
