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
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QImage

from sdedit_studio.document.document import Document
from sdedit_studio.document.edits import with_picture
from sdedit_studio.files import pictures
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.raster.tiles import Tiles
from sdedit_studio.ui.document.background import Background
from sdedit_studio.ui.document.door import Opened
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


class Drops:
    """Makes a layer of each picture, all in one step, and hands them to the move tool. Decodes in a thread."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._background = Background(session)

    def welcomes(self, mime: QMimeData) -> bool:
        """Whether there may be a picture or a document in this."""
        return mime.hasUrls() or mime.hasImage() or any(mime.hasFormat(name) for name in ENCODED) or mime.hasHtml()

    def take(self, mime: QMimeData, at: tuple[int, int], *, in_turn: bool = False) -> list[Path]:
        """Add the pictures at a document point, as soon as they are decoded. Returns the document files among them.

        `in_turn`: before anything else is done to the document; else painting goes on while they are decoded.
        """
        files = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        documents = [path for path in files if path.suffix.lower() == DOCUMENT]
        sources = [_file(path) for path in files if path not in documents] or ([] if documents else _without_file(mime))
        if sources:
            self.add(sources, at, in_turn=in_turn)
        elif not documents:
            words = "That is only the address of a picture. Save the picture as a file and drop the file here."
            self._session.notices.warn(words if mime.hasUrls() else "There is no picture in that.")
        return documents

    def add(self, sources: Sequence[Source], at: tuple[int, int], *, in_turn: bool = False) -> None:
        """Decode these and add them at a document point."""
        if in_turn:
            self._add(_Decoding(sources), at)
            return
        decoding, opened = _Decoding(sources), self._session.opened
        self._background.start(decoding.pictures, lambda _: self._add(decoding, at, opened))

    def _add(self, decoding: _Decoding, at: tuple[int, int], of: Opened | None = None) -> None:
        def add(document: Document) -> Document:
            for index, picture in enumerate(decoding.pictures()):
                place = at[0] + STEP * index, at[1] + STEP * index
                document = with_picture(document, picture.pixels, picture.name, place)
            return document

        def added() -> None:
            if decoding.pictures():
                self._session.set_tool("move")
                self._session.picture_added.emit(self._session.document.active)
            if decoding.problems:
                self._session.notices.warn(" ".join(decoding.problems))

        count = decoding.count
        self._session.change(f"Add {count} pictures" if count > 1 else "Add picture", add, of=of, then=added)


class _Decoding:
    """Pictures that are decoded once. For one thread at a time."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self.problems: list[str] = []
        """Why some cannot be read."""
        self._pictures: list[Picture] | None = None

    @property
    def count(self) -> int:
        """How many there are, or may be as long as they are not decoded."""
        return len(self._sources if self._pictures is None else self._pictures)

    def pictures(self) -> list[Picture]:
        """Those that can be read."""
        if self._pictures is None:
            self._pictures = []
            for source in self._sources:
                try:
                    self._pictures.append(Picture(source.name, source.read()))
                except FileProblem as problem:
                    self.problems.append(str(problem))
        return self._pictures


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
