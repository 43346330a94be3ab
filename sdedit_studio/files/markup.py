"""Reading untrusted XML."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, TreeBuilder
from xml.parsers import expat

_DEPTH = 64
"""Deepest nesting that is read."""


def parse(data: bytes) -> Element:
    """The root element. Raises ValueError for damaged XML, document types (so for all entities) and deep nesting."""
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH:
            raise ValueError("The XML is nested too deeply.")
        builder.start(_braced(name), {_braced(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_braced(name))

    def refuse(*_: object) -> None:
        raise ValueError("The XML has a document type, which is not read.")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ParseError, LookupError) as error:
        raise ValueError(f"The XML is damaged: {error}.") from error
    return builder.close()


def _braced(name: str) -> str:
    """ElementTree's `{namespace}name`."""
    return "{" + name if "}" in name else name
