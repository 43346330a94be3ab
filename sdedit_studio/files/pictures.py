"""Reading pictures of the usual formats as sRGB pixels, and exporting PNG, JPEG and WebP."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from sdedit_studio.document.document import MAX_SIDE, Document
from sdedit_studio.files import metadata as meta
from sdedit_studio.files.atomic import writing
from sdedit_studio.files.premultiply import premultiplied, straight
from sdedit_studio.files.problem import FileProblem, because
from sdedit_studio.raster.compositor import flatten

SUPPORTED = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".tga", ".ppm", ".ico")
"""Suffixes of the pictures that `read` understands."""

EXPORTED = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
"""Suffixes that `export` writes, with Pillow's names of the formats."""

_READ = ("PNG", "JPEG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "TGA", "PPM", "ICO")

_EXIF_LIMIT = 60_000
"""Bytes of a record that fit in a JPEG segment."""


def read(source: Path | str | bytes) -> np.ndarray:
    """A picture from a file or from its bytes, as premultiplied BGRA in sRGB: uint8 (h, w, 4).

    Turned by its EXIF orientation, converted from its ICC profile; of an animation, the first frame. Raises
    FileProblem when it cannot be read or a side exceeds `MAX_SIDE`.
    """
    if isinstance(source, bytes):
        return decode(source, "The picture", MAX_SIDE)
    path = Path(source)
    try:
        return decode(path.read_bytes(), path.name, MAX_SIDE)
    except OSError as error:
        raise FileProblem(f"{path.name} could not be opened: {because(error)}") from error


def decode(data: bytes, name: str, longest: int) -> np.ndarray:
    """`read` for bytes. `name`: in error messages. `longest`: the limit in pixels a side."""
    try:
        with Image.open(BytesIO(data), formats=_READ) as image:
            if max(image.size) > longest:
                raise too_large(name, longest)
            image.load()
            return _pixels(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_large(name, longest) from error
    except Image.UnidentifiedImageError as error:
        raise FileProblem(f"{name} is not a picture that can be opened. Convert it to PNG or JPEG first.") from error
    except FileProblem:
        raise
    except Exception as error:  # a hostile or cut-off file can raise nearly anything in a decoder
        raise FileProblem(f"{name} is damaged and could not be opened. Try another copy of it.") from error


def too_large(name: str, longest: int) -> FileProblem:
    """The FileProblem of a picture `name` with more than `longest` pixels a side."""
    return FileProblem(f"{name} is larger than {longest} pixels a side, which is the limit. Make it smaller first.")


def encode(pixels: np.ndarray) -> bytes:
    """A PNG, fast to write, that `decode` reads bit for bit: of premultiplied BGRA, or of coverage as grey.

    `pixels`: uint8, (h, w, 4) or (h, w).
    """
    image = Image.fromarray(straight(pixels) if pixels.ndim == 3 else pixels)
    file = BytesIO()
    image.save(
        file, "PNG", compress_level=1, compress_type=zlib.Z_RLE
    )  # about level 6 in size, at four times its speed
    return file.getvalue()


def thumbnail(pixels: np.ndarray) -> bytes:
    """A PNG of at most 256 pixels a side, of premultiplied BGRA, uint8 (h, w, 4)."""
    image = Image.frombuffer("RGBa", pixels.shape[1::-1], np.ascontiguousarray(pixels), "raw", "RGBa", 0, 1)
    image.thumbnail((256, 256), Image.Resampling.BOX)
    return encode(np.array(image))


def export(
    path: Path | str,
    pixels: np.ndarray,
    *,
    quality: int = 90,
    metadata: Mapping[str, Any] | None = None,
    composite: bool = False,
) -> None:
    """Write a picture as PNG, JPEG or WebP, whichever its suffix says, tagged as sRGB.

    `pixels`: uint8, (h, w, 4) premultiplied BGRA or (h, w, 3) RGB. JPEG shows transparent pixels on white.
    `quality`: 1 .. 100 for JPEG and WebP; a WebP of quality 100 loses nothing. `metadata`: the JSON record of a
    generation, which marks the picture as made by a model, in part if `composite`. Equal arguments give equal bytes.
    Raises FileProblem when the picture cannot be written.
    """
    path = Path(path)
    if (kind := EXPORTED.get(path.suffix.lower())) is None:
        raise FileProblem(f"{path.name} does not end in .png, .jpg or .webp. Add one of these to its name.")
    image = _straight_image(pixels, on_white=kind == "JPEG")
    options: dict[str, Any] = {"icc_profile": srgb_profile()}
    if metadata is not None:
        packet = meta.xmp(metadata, composite=composite)
        if kind == "JPEG" and len(packet) > _EXIF_LIMIT:
            raise FileProblem("The settings of all these edits do not fit in a JPEG. Export a PNG or a WebP.")
        if kind == "PNG":
            options["pnginfo"] = meta.png_text(metadata, packet)
        else:
            options |= {"xmp": packet, "exif": meta.exif(metadata)}
    if kind == "JPEG":
        options |= {"quality": quality, "subsampling": 0 if quality >= 90 else 2, "optimize": True}
    elif kind == "WEBP":
        options |= {"quality": quality, "lossless": quality == 100}
    with writing(path) as file:
        image.save(file, kind, **options)


def export_document(path: Path | str, document: Document, *, quality: int = 90) -> None:
    """Export what the canvas shows. The records of the visible results become the picture's metadata.

    Raises FileProblem when the picture cannot be written.
    """
    shown = [layer for layer in document.layers if layer.visible and layer.opacity > 0]
    records = [dict(layer.generation) for layer in shown if layer.generation is not None]
    record = {"edits": records} if records else None
    pixels = flatten(document.layers, document.bounds)
    export(path, pixels, quality=quality, metadata=record, composite=len(shown) > len(records))


def read_metadata(path: Path | str) -> dict[str, Any] | None:
    """The JSON record that `export` put into a picture, or None when it has none. Raises FileProblem."""
    path = Path(path)
    try:
        with Image.open(path, formats=_READ) as image:
            return meta.record_in(image.info.get("xmp"))
    except Image.UnidentifiedImageError as error:
        raise FileProblem(f"{path.name} is not a picture that can be opened. Choose another file.") from error
    except OSError as error:
        raise FileProblem(f"{path.name} could not be opened: {because(error)}") from error
    except Exception as error:  # as in `decode`
        raise FileProblem(f"{path.name} is damaged and could not be opened. Try another copy of it.") from error


@cache
def srgb_profile() -> bytes:
    """An ICC profile of sRGB with a fixed date, so that it is always the same."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[24:36] = bytes((7, 208, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0))  # 1 January 2000
    profile[84:100] = bytes(16)  # a checksum that is not given
    return bytes(profile)


def _straight_image(pixels: np.ndarray, *, on_white: bool) -> Image.Image:
    if pixels.shape[2] == 3:
        return Image.fromarray(pixels)
    if on_white or pixels[..., 3].min() == 255:
        return Image.fromarray(np.ascontiguousarray((pixels[..., :3] + (255 - pixels[..., 3:]))[..., ::-1]))
    return Image.fromarray(straight(pixels))


def _pixels(image: Image.Image) -> np.ndarray:
    image = _turned(image)
    profile = image.info.get("icc_profile")
    if image.mode == "RGBA" and not profile:
        return premultiplied(np.asarray(image))
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    rgb = _srgb(_plain(image), profile)
    rgba = np.dstack([np.asarray(rgb), np.asarray(alpha) if alpha else np.full(rgb.size[::-1], 255, np.uint8)])
    return premultiplied(rgba)


def _turned(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # damaged EXIF, of which any field can raise anything, says nothing of the pixels
        return image


def _plain(image: Image.Image) -> Image.Image:
    """The colours alone, 8 bits each, as L, RGB or CMYK: the modes that profiles describe."""
    mode = image.mode
    if mode.startswith("I") or mode == "F":
        return _eight_bits(image)
    if mode in ("1", "L", "LA", "La"):
        return image.convert("RGBA").getchannel("R") if mode == "La" else image.convert("L")
    return image if mode == "CMYK" else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, or floating point, as 8 bits; the scale is guessed from the largest value."""
    values = np.asarray(image).astype(np.float64)
    deep = image.mode.startswith("I;16") or (image.mode == "I" and values.max() > 255)
    white = 65535 if deep else 1 if image.mode == "F" and values.max() <= 1 else 255
    return Image.fromarray(np.rint(np.clip(values / white, 0, 1) * 255).astype(np.uint8))


def _srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Converted from its ICC profile. One that is broken, or of another kind of colour, is ignored as browsers do."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            convert = ImageCms.buildTransform(source, _SRGB, image.mode, "RGB")
            if image.mode != "RGB" or not _changes_nothing(convert):
                return convert.apply(image)
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


_SRGB = ImageCms.createProfile("sRGB")


def _changes_nothing(convert: ImageCms.ImageCmsTransform) -> bool:
    """Whether a profile is sRGB to rounding, by whatever name, so that its pixels can stay bit for bit."""
    levels = np.linspace(0, 255, 17).astype(np.uint8)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    return np.abs(np.asarray(convert.apply(Image.fromarray(cube))).astype(int) - cube).max() <= 1
