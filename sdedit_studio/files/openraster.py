"""Documents as OpenRaster (.ora), which Krita, GIMP and MyPaint open too (https://www.openraster.org).

The baseline format has no masks, so for other programs the picture of a masked layer has its mask in the alpha. What
only the studio reads is in further files that others ignore: `sdedit/studio.json`, the pixels and masks of masked
layers, and the results in `sdedit/results`. A layer's data refer to the hash of its baseline picture, so that they are
ignored after another program changed the layer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from sdedit_studio.document.document import MAX_SIDE, Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.document.sources import CHANGED, outdated, outdated_ids, with_current_sources
from sdedit_studio.files import results as records
from sdedit_studio.files import stack
from sdedit_studio.files.archive import Archive
from sdedit_studio.files.atomic import writing
from sdedit_studio.files.pictures import encode, thumbnail, too_large
from sdedit_studio.files.placed import from_png, to_png
from sdedit_studio.files.problem import FileProblem
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import COLOUR, COVERAGE, EMPTY, Tiles

SUFFIX = ".ora"

_MIMETYPE = b"image/openraster"
_STUDIO = "sdedit/studio.json"
_RESULTS = "sdedit/results/results.json"
_VERSION = 1
_MOST_BYTES = 8 * 2**30
"""Memory that the layers of a file may take."""


def save(
    path: Path | str, document: Document, parameters: Parameters | None = None, results: Results | None = None
) -> None:
    """Write a document with its edit settings and results, atomically; for a background thread. Raises FileProblem.

    Equal documents give equal files.
    """
    merged = flatten(document.layers, document.bounds)
    with writing(Path(path)) as file, ZipFile(file, "w") as archive:
        _put(archive, "mimetype", _MIMETYPE)
        entries, records = [], []
        for index, layer in enumerate(document.layers):
            entry, record = _put_layer(archive, document, layer, index)
            entries.append(entry)
            records.append(record)
        _put(archive, "stack.xml", stack.write(stack.Stack(document.width, document.height, entries)))
        _put(archive, "mergedimage.png", encode(merged))
        _put(archive, "Thumbnails/thumbnail.png", thumbnail(merged))
        selection, protection = document.selection, document.protection
        studio = {
            "version": _VERSION,
            "canvas": [document.width, document.height],
            "layers": records,
            "frame": document.frame,
            "selection": selection and _put_tiles(archive, "sdedit/selection.png", selection, document.bounds),
            "protection": protection and _put_tiles(archive, "sdedit/protection.png", protection, document.bounds),
            "parameters": parameters and parameters.as_dict(),
        }
        _put(archive, _STUDIO, json.dumps(studio, allow_nan=False, indent=1).encode())
        if results:
            _put_results(archive, results)


def load(path: Path | str, notes: list[str] | None = None) -> tuple[Document, Parameters | None]:
    """The document in an OpenRaster file of any program, and the edit settings saved with it, if any.

    `notes`: a list that receives one sentence for each thing that could not be kept. Raises FileProblem when the file
    cannot be read.
    """
    path = Path(path)
    notes = [] if notes is None else notes
    with Archive(path) as archive:
        if "mimetype" not in archive or archive.read("mimetype").strip() != _MIMETYPE:
            raise FileProblem(f"{path.name} is not an OpenRaster file. Choose a file that ends in .ora.")
        xml = archive.read("stack.xml")
        try:
            found = stack.read(xml)
        except ValueError as error:
            raise archive.damaged("its list of layers cannot be read") from error
        if min(found.width, found.height) < 1:
            raise archive.damaged("its canvas is empty")
        if max(found.width, found.height) > MAX_SIDE:
            raise too_large(path.name, MAX_SIDE)
        notes += found.notes
        studio = _studio(archive, notes)
        layers = _layers(archive, found, studio, notes) or [Layer("Layer 1")]
        active = next((index for index, entry in enumerate(found.entries) if entry.selected), len(layers) - 1)
        document = Document(found.width, found.height, tuple(layers), layers[active].id)
        document = with_current_sources(document, outdated_ids(document))
        return _with_extras(archive, document, studio, notes)


def load_results(path: Path | str, notes: list[str] | None = None) -> Results:
    """The results saved with a document; none when the file has none. `notes`: as for `load`.

    Raises FileProblem when the file cannot be read.
    """
    notes = [] if notes is None else notes
    with Archive(Path(path)) as archive:
        if _RESULTS not in archive:
            return Results()
        try:
            found = json.loads(archive.read(_RESULTS))
            if found["version"] > _VERSION:
                notes.append("The file was saved by a newer SDEdit Studio, so its results were not read.")
                return Results()
            values = found["results"]
        except _DAMAGE:
            values = None
        return records.from_json(values, archive.read, notes)


# --- Writing


def _put(archive: ZipFile, name: str, data: bytes) -> None:
    info = ZipInfo(name)  # with a fixed date
    info.external_attr = 0o644 << 16
    info.compress_type = ZIP_STORED if name == "mimetype" or name.endswith((".png", ".webp")) else ZIP_DEFLATED
    archive.writestr(info, data)


def _put_layer(archive: ZipFile, document: Document, layer: Layer, index: int) -> tuple[stack.Entry, dict[str, Any]]:
    """Write a layer's pictures. Returns its entry in the stack and its record in studio.json."""
    src = f"data/layer{index}.png"
    picture, x, y = to_png(layer.masked(), document.bounds)
    _put(archive, src, picture)
    record: dict[str, Any] = {
        "src": src,
        "sha256": sha256(picture).hexdigest(),
        "x": x,
        "y": y,
        "in_guide": layer.in_guide,
        "alpha_locked": layer.alpha_locked,
        "generation": layer.generation and dict(layer.generation),
        "follows": layer.follows,
        "outdated": outdated(document, layer),
    }
    if layer.mask is not None:
        record["pixels"] = _put_tiles(archive, f"sdedit/pixels{index}.png", layer.pixels, document.bounds)
        record["mask"] = _put_tiles(archive, f"sdedit/mask{index}.png", layer.mask, document.bounds)
    selected = layer.id == document.active
    return stack.Entry(layer.name, src, x, y, layer.opacity, layer.visible, layer.mode, selected), record


def _put_tiles(archive: ZipFile, src: str, tiles: Tiles, canvas: Rect) -> dict[str, Any]:
    """Write a picture. Returns its place, for `_tiles`."""
    picture, x, y = to_png(tiles, canvas)
    _put(archive, src, picture)
    return {"src": src, "x": x, "y": y}


def _put_results(archive: ZipFile, results: Results) -> None:
    def put(data: bytes) -> str:
        src = f"sdedit/results/{len(archive.filelist)}.webp"
        _put(archive, src, data)
        return src

    found = {"version": _VERSION, "results": records.as_json(results, put)}
    _put(archive, _RESULTS, json.dumps(found, allow_nan=False, indent=1).encode())


# --- Reading


_DAMAGE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)
"""Exceptions of reading a JSON file that differs from what `save` writes."""


def _studio(archive: Archive, notes: list[str]) -> Mapping[str, Any]:
    """The contents of studio.json; empty when it is absent, damaged or of a later version."""
    if _STUDIO not in archive:
        return {}
    try:
        studio = json.loads(archive.read(_STUDIO))
        if studio["version"] > _VERSION:
            notes.append("The file was saved by a newer SDEdit Studio, so masks and edit settings were not read.")
            return {}
        return {**studio, "layers": {(layer["src"], layer["sha256"]): layer for layer in studio["layers"]}}
    except _DAMAGE:
        notes.append("The file's masks and edit settings are damaged and were not read.")
        return {}


def _layers(archive: Archive, found: stack.Stack, studio: Mapping[str, Any], notes: list[str]) -> list[Layer]:
    layers: list[Layer] = []
    for entry in found.entries:
        layers.append(_layer(archive, entry, studio.get("layers", {}), notes))
        if sum(layer.pixels.nbytes for layer in layers) > _MOST_BYTES:
            raise archive.damaged("its layers would not fit in memory")
    return layers


def _layer(archive: Archive, entry: stack.Entry, records: Mapping[Any, Any], notes: list[str]) -> Layer:
    data = archive.read(entry.src)
    layer = Layer(entry.name, EMPTY, None, entry.opacity, entry.mode, entry.visible)
    record = records.get((entry.src, sha256(data).hexdigest()))
    if record is not None:
        try:
            layer = _restored(archive, layer, record, entry)
        except _DAMAGE:
            notes.append(f"The mask of {entry.name} is damaged and was not read.")
    if layer.mask is not None:
        return layer
    return layer.replace(pixels=from_png(data, f"{entry.src} in {archive.name}", entry.x, entry.y))


def _restored(archive: Archive, layer: Layer, record: Mapping[str, Any], entry: stack.Entry) -> Layer:
    """The layer with its record in studio.json, moved as far as another program moved it."""
    generation = record["generation"]
    layer = layer.replace(
        in_guide=bool(record["in_guide"]),
        alpha_locked=bool(record["alpha_locked"]),
        generation=None if generation is None else dict(generation),
        follows=bool(record.get("follows", False)),
        sources=CHANGED if record.get("outdated", False) else None,
    )
    if "mask" not in record:
        return layer
    dx, dy = entry.x - int(record["x"]), entry.y - int(record["y"])
    pixels, mask = _tiles(archive, record["pixels"]), _tiles(archive, record["mask"], COVERAGE)
    return layer.replace(pixels=pixels.moved(dx, dy), mask=mask.moved(dx, dy))


def _with_extras(
    archive: Archive, document: Document, studio: Mapping[str, Any], notes: list[str]
) -> tuple[Document, Parameters | None]:
    """The document with its selection, frame and protection, if the canvas is still the one they were made on, and the
    settings.
    """
    try:
        if studio.get("canvas") == [document.width, document.height]:
            frame, selection, protection = studio["frame"], studio["selection"], studio.get("protection")
            document = document.replace(
                frame=None if frame is None else Rect(*map(int, frame)),
                selection=None if selection is None else _tiles(archive, selection, COVERAGE),
                protection=None if protection is None else _tiles(archive, protection, COVERAGE),
            )
        parameters = studio.get("parameters")
        return document, None if parameters is None else Parameters.from_dict(parameters)
    except _DAMAGE:
        notes.append("The file's selection and edit settings are damaged and were not read.")
        return document, None


def _tiles(archive: Archive, where: Mapping[str, Any], channels: int = COLOUR) -> Tiles:
    src = str(where["src"])
    return from_png(archive.read(src), f"{src} in {archive.name}", int(where["x"]), int(where["y"]), channels)
