import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from sdedit_studio.document.document import MAX_SIDE, Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.files import FileProblem, pictures
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.tiles import Tiles

GRADIENT = np.dstack([*np.meshgrid(np.linspace(0, 255, 40), np.linspace(0, 255, 24)), np.full((24, 40), 60.0)]).astype(
    np.uint8
)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def rgb(bgra: np.ndarray) -> np.ndarray:
    assert (bgra[..., 3] == 255).all()
    return bgra[..., 2::-1]


# --- Reading


@pytest.mark.parametrize(
    ("kind", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TGA", {}, 0),
        ("PPM", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 98, "subsampling": 0}, 4),
        ("MPO", {"quality": 98, "subsampling": 0, "save_all": True, "append_images": [Image.new("RGB", (9, 9))]}, 4),
        ("AVIF", {"quality": 98}, 8),
    ],
)
def test_reads_the_usual_formats(tmp_path, kind, options, tolerance):
    path = tmp_path / "picture"
    path.write_bytes(encoded(Image.fromarray(GRADIENT), kind, **options))
    pixels = pictures.read(path)
    assert pixels.dtype == np.uint8
    assert np.abs(rgb(pixels).astype(int) - GRADIENT).max() <= tolerance
    assert np.array_equal(pixels, pictures.read(path.read_bytes()))
    assert np.array_equal(pixels, pictures.read(str(path)))


def test_reads_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert (rgb(pictures.read(data)) == (255, 0, 0)).all()


def test_alpha_is_premultiplied():
    straight = np.zeros((2, 3, 4), np.uint8)
    straight[:] = (200, 100, 50, 128)
    straight[0, 0] = (9, 9, 9, 0)
    pixels = pictures.read(encoded(Image.fromarray(straight)))
    assert tuple(pixels[1, 1]) == (25, 50, 100, 128)
    assert tuple(pixels[0, 0]) == (0, 0, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "LAB"])
def test_every_mode_becomes_colour(mode):
    image = (
        Image.new("LAB", (6, 6), (255, 128, 128)) if mode == "LAB" else Image.new("RGB", (6, 6), "white").convert(mode)
    )
    pixels = pictures.read(encoded(image, "PNG" if mode in ("1", "L", "LA", "P", "RGBA") else "TIFF"))
    assert np.abs(rgb(pixels).astype(int) - 255).max() <= 1


def test_transparency_of_palettes_and_of_a_key_colour():
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 255, 0])
    palette.putdata([0, 1])
    assert pictures.read(encoded(palette, transparency=0))[0].tolist() == [[0, 0, 0, 0], [0, 255, 0, 255]]
    keyed = Image.new("RGB", (2, 1), (1, 2, 3))
    keyed.putpixel((1, 0), (4, 5, 6))
    assert pictures.read(encoded(keyed, transparency=(1, 2, 3)))[0].tolist() == [[0, 0, 0, 0], [6, 5, 4, 255]]
    grey = Image.merge("LA", [Image.new("L", (2, 1), 80), Image.fromarray(np.array([[255, 0]], np.uint8))])
    assert pictures.read(encoded(grey))[0].tolist() == [[80, 80, 80, 255], [0, 0, 0, 0]]


def test_sixteen_bits_keep_their_scale():
    levels = np.array([[0, 257 * 10, 257 * 128, 65535]], np.uint16)
    for kind in ("PNG", "TIFF"):
        assert pictures.read(encoded(Image.fromarray(levels), kind))[0, :, 0].tolist() == [0, 10, 128, 255]
    deep = np.repeat(levels[..., None], 3, axis=2)
    assert pictures.read(png_chunks(4, 1, 16, 2, deep))[0, :, 1].tolist() == [0, 10, 128, 255]
    floats = Image.fromarray(np.array([[0, 0.5, 1]], np.float32))
    assert pictures.read(encoded(floats, "TIFF"))[0, :, 0].tolist() == [0, 128, 255]


def png_chunks(width, height, depth, colour_type, pixels=None) -> bytes:
    """A PNG written by hand: 16 bits a channel, or only a header that claims any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = b"" if pixels is None else b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_exif_orientation_turns_the_picture():
    upright = Image.fromarray(GRADIENT)
    ways = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    for orientation, way in ways.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = upright if way is None else upright.transpose(way)
        assert np.array_equal(rgb(pictures.read(encoded(stored, exif=exif.tobytes()))), GRADIENT), orientation


def test_damaged_exif_is_no_reason_to_refuse():
    data = encoded(Image.fromarray(GRADIENT), exif=b"Exif\0\0MM\0*" + bytes(range(7, 210, 5)))
    assert np.array_equal(rgb(pictures.read(data)), GRADIENT)


# --- Colour profiles


def tags_of(profile: bytes) -> dict[bytes, tuple[int, int, int]]:
    """Offset in the tag table, offset of the data, and size, by tag."""
    (count,) = struct.unpack_from(">I", profile, 128)
    entries = [(132 + 12 * i, *struct.unpack_from(">4sII", profile, 132 + 12 * i)) for i in range(count)]
    return {tag: (at, offset, size) for at, tag, offset, size in entries}


def swapped_profile() -> bytes:
    """sRGB with its red and green primaries exchanged: what it calls red is green."""
    profile = bytearray(pictures.srgb_profile())
    tags = tags_of(profile)
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    struct.pack_into(">II", profile, red[0] + 4, green[1], green[2])
    struct.pack_into(">II", profile, green[0] + 4, red[1], red[2])
    return bytes(profile)


def linear_grey_profile() -> bytes:
    """A grey profile with gamma 1, written by hand (ICC.1:2010, 7.2 and 10)."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv" + bytes(4) + struct.pack(">I", 0)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    parts, table, offset = [], b"", 132 + 3 * 12
    for tag, data in ((b"wtpt", white), (b"kTRC", curve), (b"desc", text)):
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", offset, len(data))
        parts.append(data)
        offset += len(data)
    header = bytearray(128)
    struct.pack_into(">I4sI4s4s4s", header, 0, offset, b"lcms", 0x02100000, b"mntr", b"GRAY", b"XYZ ")
    header[36:40] = b"acsp"
    struct.pack_into(">iii", header, 68, 0xF6D6, 0x10000, 0xD32D)
    return bytes(header) + struct.pack(">I", 3) + table + b"".join(parts)


def test_a_colour_profile_is_converted_to_srgb():
    image = Image.new("RGB", (4, 4), (250, 20, 90))
    pixels = pictures.read(encoded(image, icc_profile=swapped_profile()))
    assert np.abs(rgb(pixels).astype(int) - (20, 250, 90)).max() <= 2
    with_alpha = image.convert("RGBA")
    with_alpha.putalpha(100)
    half = pictures.read(encoded(with_alpha, icc_profile=swapped_profile()))
    assert np.abs(half[0, 0].astype(int) - (35, 98, 8, 100)).max() <= 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_profiles_are_found_in_every_format(kind):
    image = Image.new("RGB", (16, 16), (250, 20, 90))
    pixels = pictures.read(encoded(image, kind, icc_profile=swapped_profile(), quality=100))
    assert np.abs(rgb(pixels).astype(int) - (20, 250, 90)).max() <= 6


def test_a_grey_profile_is_converted_to_srgb():
    image = Image.fromarray(np.array([[0, 55, 128, 255]], np.uint8))
    grey = rgb(pictures.read(encoded(image, icc_profile=linear_grey_profile())))[0, :, 0]
    linear = np.array([0, 55, 128, 255]) / 255
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055) * 255
    assert np.abs(grey - expected).max() <= 1.5


def test_srgb_by_any_name_changes_no_bit():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (own, pictures.srgb_profile()):
        assert np.array_equal(rgb(pictures.read(encoded(Image.fromarray(noise), icc_profile=profile))), noise)


@pytest.mark.parametrize("profile", [b"nonsense", bytes(500)])
def test_a_broken_or_foreign_profile_is_ignored(profile):
    image = Image.fromarray(GRADIENT)
    assert np.array_equal(rgb(pictures.read(encoded(image, icc_profile=profile))), GRADIENT)
    grey_profile = encoded(image, icc_profile=linear_grey_profile())
    assert np.array_equal(rgb(pictures.read(grey_profile)), GRADIENT)
    cmyk = encoded(Image.new("CMYK", (4, 4)), "TIFF", icc_profile=pictures.srgb_profile())
    assert (rgb(pictures.read(cmyk)) == 255).all()


# --- What cannot be read


def test_limits_are_named(tmp_path):
    largest = encoded(Image.new("1", (MAX_SIDE, 1)))
    assert pictures.read(largest).shape == (1, MAX_SIDE, 4)
    path = tmp_path / "long.png"
    path.write_bytes(encoded(Image.new("1", (1, MAX_SIDE + 1))))
    with pytest.raises(FileProblem, match=r"long\.png is larger than 8192 pixels a side.*Make it smaller"):
        pictures.read(path)


@pytest.mark.parametrize("size", [(9_400, 9_600), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_decompression_bombs_are_refused_before_they_go_off(size):
    with pytest.raises(FileProblem):
        pictures.read(png_chunks(*size, 8, 6))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_damaged_pictures_are_a_problem_or_a_picture_and_never_a_crash(kind, data):
    whole = encoded(Image.fromarray(GRADIENT), kind)
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, max(0, cut - 5)))
    damaged = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + 4 : cut]
    try:
        assert pictures.read(damaged).ndim == 3
    except FileProblem as problem:
        assert str(problem).startswith("The picture ") and str(problem).endswith(".")


def test_what_is_no_picture_is_told_in_words(tmp_path):
    (tmp_path / "a.png").write_text("hello")
    with pytest.raises(FileProblem, match=r"a\.png is not a picture"):
        pictures.read(tmp_path / "a.png")
    with pytest.raises(FileProblem, match=r"b\.png could not be opened: the folder or file does not exist"):
        pictures.read(tmp_path / "b.png")
    with pytest.raises(FileProblem, match="folder"):
        pictures.read(tmp_path)
    with pytest.raises(FileProblem, match="not a picture"):
        pictures.read(b"%!PS-Adobe-3.0 EPSF-3.0\n")


# --- Writing


RECORD = {"t0": 0.42, "seed": 3, "condition": None, "model": "scenes-96", "prompt": "Größe <&> \"'\u2028 ]]>"}


@pytest.fixture
def painting() -> np.ndarray:
    random = np.random.default_rng(1)
    alpha = random.integers(0, 256, (30, 50, 1))
    return np.dstack([(random.integers(0, 256, (30, 50, 3)) * alpha + 127) // 255, alpha]).astype(np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_lossless_exports_come_back_bit_for_bit(tmp_path, painting, name):
    pictures.export(tmp_path / name, painting, quality=100)
    assert np.array_equal(pictures.read(tmp_path / name), painting)
    pictures.export(tmp_path / name, GRADIENT, quality=100)
    assert np.array_equal(rgb(pictures.read(tmp_path / name)), GRADIENT)
    with Image.open(tmp_path / name) as image:
        assert image.mode == "RGB"


def test_jpeg_shows_transparency_on_white(tmp_path):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:, 16:] = (0, 0, 100, 100)
    pictures.export(tmp_path / "a.JPG", pixels, quality=95)
    back = rgb(pictures.read(tmp_path / "a.JPG")).astype(int)
    assert np.abs(back[:, :12] - 255).max() <= 3
    assert np.abs(back[:, 20:] - (255, 155, 155)).max() <= 3


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_quality_costs_bytes_and_buys_likeness(tmp_path, name):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    sizes, errors = [], []
    for quality in (20, 60, 95):
        pictures.export(tmp_path / name, noise, quality=quality)
        sizes.append((tmp_path / name).stat().st_size)
        errors.append(np.abs(rgb(pictures.read(tmp_path / name)).astype(int) - noise).mean())
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_exports_carry_their_profile_and_their_record(tmp_path, painting, name):
    path = tmp_path / name
    pictures.export(path, painting, metadata=RECORD)
    assert pictures.read_metadata(path) == RECORD
    with Image.open(path) as image:
        assert image.info["icc_profile"] == pictures.srgb_profile()
        packet = image.info["xmp"]
        packet = packet if isinstance(packet, bytes) else packet.encode()
        assert b"digitalsourcetype/trainedAlgorithmicMedia<" in packet
        assert b"SDEdit Studio" in packet
        if name == "a.png":
            assert '"seed": 3' in image.text["sdedit-studio"]
        else:
            exif = image.getexif()
            assert exif[0x0131].startswith("SDEdit Studio")
            assert b'"seed": 3' in exif.get_ifd(0x8769)[0x9286]
    pictures.export(path, painting, metadata=RECORD, composite=True)
    with Image.open(path) as image:
        assert "digitalsourcetype/compositeWithTrainedAlgorithmicMedia<" in str(image.info["xmp"])
    first = path.read_bytes()
    pictures.export(path, painting, metadata=RECORD, composite=True)
    assert path.read_bytes() == first


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_a_picture_without_a_record_claims_nothing(tmp_path, painting, name):
    pictures.export(tmp_path / name, painting)
    assert pictures.read_metadata(tmp_path / name) is None
    assert b"AlgorithmicMedia" not in (tmp_path / name).read_bytes()


@pytest.mark.parametrize(
    "packet",
    [
        b"<",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>',
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'.encode("utf-16"),
        b"<a>" * 5000,
        b'<x xmlns:s="urn:sdedit-studio:1.0/"><s:record>[1]</s:record></x>',
        b'<x xmlns:s="urn:sdedit-studio:1.0/"><s:record>{nonsense</s:record></x>',
    ],
)
def test_hostile_metadata_is_none(tmp_path, packet):
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(Image.fromarray(GRADIENT), "JPEG", xmp=packet))
    assert pictures.read_metadata(path) is None


def test_export_refuses_what_it_cannot_do(tmp_path, painting):
    with pytest.raises(FileProblem, match=r"a\.gif does not end in \.png, \.jpg or \.webp"):
        pictures.export(tmp_path / "a.gif", painting)
    with pytest.raises(FileProblem, match="does not exist"):
        pictures.export(tmp_path / "none" / "a.png", painting)
    with pytest.raises(FileProblem, match="do not fit in a JPEG"):
        pictures.export(tmp_path / "a.jpg", painting, metadata={"prompt": "x" * 70_000})
    pictures.export(tmp_path / "a.webp", painting, metadata={"prompt": "x" * 70_000})
    assert [file.name for file in tmp_path.iterdir()] == ["a.webp"]
    with pytest.raises(FileProblem, match="could not be opened"):
        pictures.read_metadata(tmp_path / "none.png")
    (tmp_path / "b.png").write_text("text")
    with pytest.raises(FileProblem, match="not a picture"):
        pictures.read_metadata(tmp_path / "b.png")


def test_a_document_exports_what_the_canvas_shows_with_its_results(tmp_path, painting):
    result = Layer("SDEdit", Tiles.from_array(painting), opacity=0.5, generation=RECORD)
    paper = Layer("Paper", Tiles.from_array(np.full((30, 50, 4), 255, np.uint8)))
    document = Document.of(50, 30, [paper, result, result.replace(id="hidden", visible=False)])
    path = tmp_path / "a.png"
    pictures.export_document(path, document)
    assert np.array_equal(pictures.read(path), flatten(document.layers, document.bounds))
    assert pictures.read_metadata(path) == {"edits": [RECORD]}
    assert b"compositeWith" in path.read_bytes()
    pictures.export_document(path, document.removed(paper.id))
    assert b"compositeWith" not in path.read_bytes()
    pictures.export_document(path, document.removed(result.id))
    assert pictures.read_metadata(path) is None
