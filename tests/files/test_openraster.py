import json
import re
import shutil
import struct
import subprocess
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from sdedit_studio.document.document import Document
from sdedit_studio.document.layer import Layer
from sdedit_studio.document.results import Results
from sdedit_studio.files import FileProblem, pictures
from sdedit_studio.files.openraster import load, save
from sdedit_studio.files.results import new_record
from sdedit_studio.parameters import Parameters
from sdedit_studio.raster.blend import BlendMode
from sdedit_studio.raster.compositor import flatten
from sdedit_studio.raster.geometry import Rect
from sdedit_studio.raster.tiles import Tiles

BASELINE = ("mimetype", "stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png")


def composite(document: Document) -> np.ndarray:
    return flatten(document.layers, document.bounds)


def png(width=8, height=8, colour=(255, 0, 0, 255)) -> bytes:
    file = BytesIO()
    Image.new("RGBA", (width, height), colour).save(file, "PNG")
    return file.getvalue()


def foreign(path, stack: str, files=None, mimetype="image/openraster"):
    """A file as another program, or an attacker, may write it. `stack`: what is inside <image>, or the whole XML."""
    xml = stack if stack.startswith("<?") else f"<image version='0.0.3' w='20' h='10'>{stack}</image>"
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", mimetype)
        archive.writestr("stack.xml", xml)
        for name, data in {"data/a.png": png(), **(files or {})}.items():
            archive.writestr(name, data)
    return path


def rewritten(source, target, change):
    """A copy of a file in which `change(name, data)` gives each entry's new bytes, or None to leave it out."""
    with ZipFile(source) as old, ZipFile(target, "w") as new:
        for info in old.infolist():
            if (data := change(info.filename, old.read(info))) is not None:
                new.writestr(info, data)
    return target


# --- Round trip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_everything_comes_back(tmp_path, documents, parameters, content, data):
    document, settings_ = data.draw(documents), data.draw(st.none() | parameters)
    path, notes = tmp_path / "a.ora", []
    save(path, document, settings_)
    loaded, back = load(path, notes)
    assert content(loaded) == content(document)
    assert back == settings_
    assert notes == []
    assert not {layer.id for layer in loaded.layers} & {layer.id for layer in document.layers}


def test_the_file_is_baseline_openraster(tmp_path, painting):
    path = tmp_path / "a.ora"
    save(path, painting, Parameters())
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"
    with ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].compress_type == ZIP_STORED
        assert set(BASELINE) < set(archive.namelist())
        assert np.array_equal(pictures.read(archive.read("mergedimage.png")), composite(painting))
        with Image.open(BytesIO(archive.read("Thumbnails/thumbnail.png"))) as thumbnail:
            assert thumbnail.format == "PNG"
            assert thumbnail.size == (120, 90)


def test_the_thumbnail_of_a_large_canvas_is_small(tmp_path):
    paper = Tiles.from_array(np.full((700, 1300, 4), (10, 20, 30, 255), np.uint8))
    save(tmp_path / "a.ora", Document.of(1300, 700, [Layer("Paper", paper)]))
    with ZipFile(tmp_path / "a.ora") as archive:
        thumbnail = pictures.read(archive.read("Thumbnails/thumbnail.png"))
    assert thumbnail.shape == (138, 256, 4)
    assert (thumbnail == (10, 20, 30, 255)).all()


def test_equal_documents_give_equal_files(tmp_path, painting):
    save(tmp_path / "a.ora", painting)
    save(tmp_path / "b.ora", painting.replace(layers=tuple(layer.replace() for layer in painting.layers)))
    assert (tmp_path / "a.ora").read_bytes() == (tmp_path / "b.ora").read_bytes()


def test_a_program_that_knows_only_the_baseline_sees_the_same_picture(tmp_path, painting):
    save(tmp_path / "a.ora", painting, Parameters(seed=9))
    plain = rewritten(tmp_path / "a.ora", tmp_path / "b.ora", lambda name, data: None if "sdedit" in name else data)
    loaded, parameters = load(plain)
    assert parameters is None
    assert all(layer.mask is None for layer in loaded.layers)
    assert np.array_equal(composite(loaded), composite(painting))


def test_where_no_layer_is_selected_the_topmost_is_active(tmp_path):
    names = {"top": "", "middle": "selected='false'", "bottom": ""}
    layers = [f"<layer name='{name}' src='data/a.png' {more}/>" for name, more in names.items()]
    loaded, _ = load(foreign(tmp_path / "a.ora", f"<stack>{''.join(layers)}</stack>"))
    assert [layer.name for layer in loaded.layers] == ["bottom", "middle", "top"]
    assert loaded.active_layer.name == "top"


def test_names_may_hold_anything_but_what_xml_cannot(tmp_path):
    names = ["<&>\"'", "a\tb\nc\rd", "Größe 木 🎨", "bell\x07 and \x00 \ud800"]
    save(tmp_path / "a.ora", Document.of(4, 4, [Layer(name) for name in names]))
    loaded, _ = load(tmp_path / "a.ora")
    assert [layer.name for layer in loaded.layers] == [*names[:3], "bell and  "]


def test_saving_is_atomic(tmp_path, painting):
    path = tmp_path / "a.ora"
    save(path, painting)
    before = path.read_bytes()
    broken = painting.with_layer(painting.active, generation={"not JSON": object()})
    with pytest.raises(TypeError):
        save(path, broken)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(FileProblem, match="does not exist"):
        save(tmp_path / "none" / "a.ora", painting)


# --- Changed by another program


def test_a_layer_that_another_program_repainted_is_as_it_left_it(tmp_path, painting, content):
    save(tmp_path / "a.ora", painting, Parameters(seed=9))
    edited = rewritten(
        tmp_path / "a.ora", tmp_path / "b.ora", lambda name, data: png() if name == "data/layer3.png" else data
    )
    loaded, parameters = load(edited)
    masked = loaded.layers[3]
    assert (masked.mask, masked.generation, masked.pixels.content_bounds()) == (None, None, Rect(40, 30, 8, 8))
    others, expected = content(loaded)[4], content(painting)[4]
    assert others[:3] + others[4:] == expected[:3] + expected[4:]
    assert parameters == Parameters(seed=9)


def test_a_layer_that_another_program_moved_takes_its_mask_along(tmp_path, painting):
    save(tmp_path / "a.ora", painting)

    def move(name, data):
        return data.replace(b'src="data/layer3.png" x="40" y="30"', b'src="data/layer3.png" x="45" y="10"')

    loaded, _ = load(rewritten(tmp_path / "a.ora", tmp_path / "b.ora", move))
    old, new = painting.layers[3], loaded.layers[3]
    assert new.mask.content_bounds() == old.mask.content_bounds().moved(5, -20)
    assert new.pixels.content_bounds() == old.pixels.content_bounds().moved(5, -20)


def test_layers_that_another_program_restacked_keep_their_settings(tmp_path, painting):
    save(tmp_path / "a.ora", painting)

    def restack(name, data):
        if name != "stack.xml":
            return data
        first, *layers, last = data.decode().splitlines()
        head, tail = layers[:2], layers[-1:]
        return "\n".join([first, *head, *layers[2:-1][::-1], *tail, last])

    loaded, _ = load(rewritten(tmp_path / "a.ora", tmp_path / "b.ora", restack))
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in painting.layers[::-1]]
    assert [layer.in_guide for layer in loaded.layers] == [True, True, False, True, True]
    assert loaded.active_layer.name == "Glow"


def test_a_canvas_that_another_program_resized_drops_selection_and_frame(tmp_path, painting):
    save(tmp_path / "a.ora", painting, Parameters(seed=9))
    loaded, parameters = load(
        rewritten(tmp_path / "a.ora", tmp_path / "b.ora", lambda _, data: data.replace(b'w="120"', b'w="140"'))
    )
    assert (loaded.width, loaded.selection, loaded.frame, parameters.seed) == (140, None, None, 9)


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (lambda text: "{", "masks and edit settings are damaged"),
        (lambda text: "[1]", "masks and edit settings are damaged"),
        (lambda text: "[" * 100_000, "masks and edit settings are damaged"),
        (lambda text: text.replace('"version": 1', '"version": 2'), "newer SDEdit Studio"),
        (lambda text: text.replace('"layers": [', '"layers": [7, '), "masks and edit settings are damaged"),
        (lambda text: re.sub('"t0": [0-9.]+', '"t0": 7', text), "selection and edit settings are damaged"),
        (lambda text: re.sub('"t0": [0-9.]+', '"t0": [7]', text), "selection and edit settings are damaged"),
        (lambda text: text.replace("sdedit/selection.png", "sdedit/nothing.png"), "selection and edit settings"),
        (lambda text: text.replace("sdedit/mask3.png", "../mask3.png"), "mask of Masked is damaged"),
        (lambda text: text.replace('"in_guide"', '"x"'), "mask of Masked is damaged"),
    ],
)
def test_damaged_extras_fall_back_to_the_baseline_and_say_so(tmp_path, painting, change, note):
    save(tmp_path / "a.ora", painting, Parameters())

    def damage(name, data):
        return change(data.decode()).encode() if name.endswith(".json") else data

    notes = []
    loaded, _ = load(rewritten(tmp_path / "a.ora", tmp_path / "b.ora", damage), notes)
    assert note in " ".join(notes)
    assert np.array_equal(composite(loaded), composite(painting))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_extras_of_any_shape_are_survived(tmp_path, painting, data):
    if not (tmp_path / "a.ora").exists():
        save(tmp_path / "a.ora", painting, Parameters())

    def damage(name, old):
        if name != "sdedit/studio.json":
            return old
        studio = json.loads(old)
        place = data.draw(
            st.sampled_from([studio, studio["layers"][3], studio["layers"][3]["mask"], studio["parameters"]])
        )
        key = data.draw(st.sampled_from(sorted(place)))
        place[key] = data.draw(
            st.sampled_from(
                [None, True, -1, 1e400, 10**40, "", "../x", [], [[]], {}, {"src": "mimetype"}, [1, 2, 3, "4"]]
            )
        )
        return json.dumps(studio)

    loaded, _ = load(rewritten(tmp_path / "a.ora", tmp_path / "b.ora", damage))
    assert [layer.name for layer in loaded.layers] == [layer.name for layer in painting.layers]
    composite(loaded)


# --- Files of other programs


def test_groups_are_opened_and_said_to_be(tmp_path):
    stack = """<stack>
      <layer name="top" src="data/a.png" x="3" y="-2" opacity="0.5" composite-op="svg:multiply" selected="true"/>
      <stack name="group" opacity="0.5" visibility="hidden" composite-op="svg:screen">
        <layer name="in" src="data/a.png" opacity="0.5"/>
        <stack opacity="0.5"><layer name="deep" src="data/a.png"/></stack>
      </stack>
      <layer name="odd" src="data/a.png" composite-op="krita:erase"/>
      <text/>
      <layer name="vector" src="data/shape.svg"/>
      <layer src="data/a.png" visibility="hidden"/>
    </stack>"""
    notes = []
    document, parameters = load(foreign(tmp_path / "a.ora", stack), notes)
    found = [(x.name, x.opacity, x.visible, x.mode) for x in document.layers]
    assert found == [
        ("Layer", 1.0, False, BlendMode.NORMAL),
        ("odd", 1.0, True, BlendMode.NORMAL),
        ("deep", 0.25, False, BlendMode.NORMAL),
        ("in", 0.25, False, BlendMode.NORMAL),
        ("top", 0.5, True, BlendMode.MULTIPLY),
    ]
    assert document.active_layer.name == "top"
    assert document.active_layer.pixels.content_bounds() == Rect(3, -2, 8, 8)
    assert parameters is None
    assert notes == [
        "2 groups were opened as separate layers.",
        "1 blend mode of a group was dropped.",
        "1 unknown blend mode became Normal.",
        "2 items that are not painted layers left out.",
    ]


def test_an_empty_stack_gets_a_layer_to_paint_on(tmp_path):
    document, _ = load(foreign(tmp_path / "a.ora", "<stack/>"))
    assert (document.width, document.height, len(document.layers)) == (20, 10, 1)


def test_layer_pictures_of_other_kinds_are_converted(tmp_path):
    file = BytesIO()
    Image.fromarray(np.array([[0, 65535]], np.uint16)).save(file, "PNG")
    document, _ = load(
        foreign(tmp_path / "a.ora", "<stack><layer src='data/a.png'/></stack>", {"data/a.png": file.getvalue()})
    )
    assert document.active_layer.pixels.read(Rect(0, 0, 2, 1)).tolist() == [[[0, 0, 0, 255], [255] * 4]]


# --- Hostile files

LAYER = "<layer src='data/a.png'/>"


@pytest.mark.parametrize(
    ("stack", "words"),
    [
        ("<stack><layer src='../../etc/passwd.png'/></stack>", "outside itself"),
        ("<stack><layer src='/etc/passwd.png'/></stack>", "outside itself"),
        ("<stack><layer src='..\\\\secret.png'/></stack>", "outside itself"),
        ("<stack><layer src='data/none.png'/></stack>", "none.png is missing"),
        ("<stack><layer src='data/a.png' x='1e99'/></stack>", "list of layers"),
        ("<stack><layer src='data/a.png' opacity='nan'/></stack>", "list of layers"),
        ("<stack><layer src='data/a.png' opacity='half'/></stack>", "list of layers"),
        ("<stack><layer src='data/text.png'/></stack>", "not a picture"),
        ("<stack><layer src='data/huge.png'/></stack>", "larger than"),
        ("<stack>" * 70 + "</stack>" * 70, "list of layers"),
        ("<stack>" + "<layer src='data/a.png'/>" * 2001 + "</stack>", "list of layers"),
        ("<stack>", "list of layers"),
        ("", "list of layers"),
        ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><image w='9' h='9'><stack/></image>", "list of layers"),
        ("<?xml version='1.0' encoding='klingon'?><image w='9' h='9'><stack/></image>", "list of layers"),
        ("<?xml version='1.0'?><image w='9000' h='9'><stack/></image>", "larger than 8192"),
        ("<?xml version='1.0'?><image w='0' h='9'><stack/></image>", "canvas is empty"),
        ("<?xml version='1.0'?><image w='9'><stack/></image>", "list of layers"),
        ("<?xml version='1.0'?><svg w='9' h='9'><stack/></svg>", "list of layers"),
    ],
)
def test_hostile_stacks_are_a_problem(tmp_path, stack, words):
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 6, 0, 0, 0)
    huge = b"\x89PNG\r\n\x1a\n\0\0\0\r" + header + struct.pack(">I", zlib.crc32(header))
    huge += struct.pack(">I4sI", 0, b"IDAT", zlib.crc32(b"IDAT"))
    path = foreign(tmp_path / "a.ora", stack, {"data/text.png": b"hello", "data/huge.png": huge})
    with pytest.raises(FileProblem, match=words):
        load(path)


def test_a_billion_laughs_are_not_laughed(tmp_path):
    entities = "".join(f"<!ENTITY a{i} '{f'&a{i - 1};' * 10}'>" for i in range(1, 10))
    xml = f"<?xml version='1.0'?><!DOCTYPE i [<!ENTITY a0 'ha'>{entities}]><image w='9' h='9'>&a9;<stack/></image>"
    for encoding in ("utf-8", "utf-16"):
        with ZipFile(tmp_path / "a.ora", "w") as archive:
            archive.writestr("mimetype", "image/openraster")
            archive.writestr("stack.xml", xml.encode(encoding))
        with pytest.raises(FileProblem, match="list of layers"):
            load(tmp_path / "a.ora")


def test_entries_of_impossible_size_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.ora"
    foreign(path, f"<stack>{LAYER}</stack>")
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr("data/b.png", bytes(3 * 2**20))
    monkeypatch.setattr("sdedit_studio.files.archive._LARGEST", 2**20)
    load(path)
    with pytest.raises(FileProblem, match=r"data/b\.png is larger than any picture"):
        load(foreign_with_layer_b(path, tmp_path / "b.ora"))


def foreign_with_layer_b(source, target):
    return rewritten(source, target, lambda name, data: data.replace(b"data/a.png", b"data/b.png"))


def test_layers_that_would_not_fit_in_memory_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("sdedit_studio.files.openraster._MOST_BYTES", 3 * 256 * 256 * 4)
    load(foreign(tmp_path / "a.ora", f"<stack>{LAYER * 3}</stack>"))
    with pytest.raises(FileProblem, match="memory"):
        load(foreign(tmp_path / "a.ora", f"<stack>{LAYER * 4}</stack>"))


def test_what_is_no_openraster_file_is_told_in_words(tmp_path):
    path = tmp_path / "a.ora"
    with pytest.raises(FileProblem, match="does not exist"):
        load(path)
    path.write_text("hello")
    with pytest.raises(FileProblem, match="damaged"):
        load(path)
    with pytest.raises(FileProblem, match="not an OpenRaster file"):
        load(foreign(path, "<stack/>", mimetype="application/x-krita"))
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
    with pytest.raises(FileProblem, match=r"stack\.xml is missing"):
        load(path)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_files_are_a_problem_or_a_document_and_never_a_crash(tmp_path, painting, data):
    path = tmp_path / "a.ora"
    save(path, painting, Parameters())
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)) | st.just(len(whole)))
    at = data.draw(st.integers(0, max(0, cut - 1)))
    path.write_bytes(whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + 8 : cut])
    try:
        composite(load(path)[0])
    except FileProblem as problem:
        assert "a.ora" in str(problem)


# --- Other programs


@pytest.mark.skipif(not (shutil.which("krita") and shutil.which("xvfb-run")), reason="needs krita and xvfb-run")
def test_krita_shows_the_same_picture(tmp_path):
    """All modes, many opacities, a mask, layers that reach over the edge, and a result, which Krita ignores."""
    random = np.random.default_rng(0)

    def soft(x, y, width, height):
        colour = np.linspace(0, 255, width)[None, :, None] * random.random(3)
        alpha = np.repeat(np.linspace(40, 255, height)[:, None, None], width, axis=1)
        return Tiles.from_array(np.dstack([colour * alpha / 255, alpha]).astype(np.uint8), x, y)

    layers = [Layer("Paper", Tiles.from_array(np.full((120, 160, 4), (210, 180, 150, 255), np.uint8)))]
    for index, mode in enumerate(BlendMode):
        layers.append(Layer(mode.label, soft(9 * index - 10, 5 * index, 50, 40), mode=mode, opacity=1 - 0.05 * index))
    mask = Tiles.from_array(np.tile(np.linspace(0, 255, 90).astype(np.uint8), (40, 1)), 30, 70)
    layers.append(Layer("Masked", soft(20, 60, 120, 80), mask))
    document = Document.of(160, 120, layers)
    picture = np.zeros((20, 30, 3), np.uint8)
    given = {"frame": Rect(0, 0, 30, 20), "canvas": (160, 120), "parameters": {}, "calls": 1, "seconds": 1.0}
    record = new_record(picture, picture, None, **given)
    save(tmp_path / "in.ora", document, Parameters(), Results((record,)))
    command = ["xvfb-run", "-a", "krita", "--export", "--export-filename", "out.png", "in.ora"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    difference = pictures.read(tmp_path / "out.png").astype(int) - composite(document)
    assert np.abs(difference).max() <= 8
    assert np.abs(difference).mean() < 1
