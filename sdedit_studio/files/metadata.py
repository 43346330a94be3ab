"""The metadata of exported pictures: the record of a generation, and a note that a model took part.

The record is JSON in an XMP property of our own, which PNG, JPEG and WebP all carry, and it is read back from there.
For other programs it is also in a PNG text chunk and in the EXIF user comment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sdedit_studio import __version__
from sdedit_studio.files import markup

SOFTWARE = f"SDEdit Studio {__version__}"

TEXT_KEY = "sdedit-studio"
"""Keyword of the PNG text chunk."""

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_META = "adobe:ns:meta/"
_XMP = "http://ns.adobe.com/xap/1.0/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_OURS = "urn:sdedit-studio:1.0/"
_SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
for _prefix, _uri in {"rdf": _RDF, "x": _META, "xmp": _XMP, "Iptc4xmpExt": _IPTC, "sdedit": _OURS}.items():
    register_namespace(_prefix, _uri)

_EXIF_IFD, _TAG_SOFTWARE, _TAG_USER_COMMENT = 0x8769, 0x0131, 0x9286


def xmp(record: Mapping[str, Any], *, composite: bool) -> bytes:
    """An XMP packet with the record and IPTC's digital source type.

    `composite`: whether the picture also holds pixels that the model did not make.
    """
    kind = "compositeWithTrainedAlgorithmicMedia" if composite else "trainedAlgorithmicMedia"
    root = Element(f"{{{_META}}}xmpmeta")
    about = SubElement(SubElement(root, f"{{{_RDF}}}RDF"), f"{{{_RDF}}}Description", {f"{{{_RDF}}}about": ""})
    SubElement(about, f"{{{_XMP}}}CreatorTool").text = SOFTWARE
    SubElement(about, f"{{{_IPTC}}}DigitalSourceType").text = _SOURCES + kind
    SubElement(about, f"{{{_OURS}}}record").text = _json(record)
    body = tostring(root, encoding="utf-8")
    return b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>' + body + b'<?xpacket end="w"?>'


def exif(record: Mapping[str, Any]) -> bytes:
    """An EXIF block with the record as user comment."""
    tags = Image.Exif()
    tags[_TAG_SOFTWARE] = SOFTWARE
    tags.get_ifd(_EXIF_IFD)[_TAG_USER_COMMENT] = b"ASCII\0\0\0" + _json(record).encode("ascii")
    return tags.tobytes()


def png_text(record: Mapping[str, Any], packet: bytes) -> PngInfo:
    """PNG text chunks with the record and its XMP packet."""
    text = PngInfo()
    text.add_itxt("Software", SOFTWARE)
    text.add_itxt(TEXT_KEY, _json(record))
    text.add_itxt("XML:com.adobe.xmp", packet.decode())
    return text


def comment(record: Mapping[str, Any]) -> bytes:
    """A line of text with the record, for formats without other metadata."""
    return f"{SOFTWARE} {_json(record)}".encode()


def record_in(packet: bytes | str | None) -> dict[str, Any] | None:
    """The record in an XMP packet; None when there is none that can be read."""
    if packet is None:
        return None
    try:
        root = markup.parse(packet.encode() if isinstance(packet, str) else packet.rstrip(b"\0 "))
        record = json.loads(root.findtext(f".//{{{_OURS}}}record") or "null")
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _json(record: Mapping[str, Any]) -> str:
    return json.dumps(dict(record), allow_nan=False)
