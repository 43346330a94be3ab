"""Actions of the document: file, editing, layers, selection and protection."""

from __future__ import annotations

from collections.abc import Callable

from sdedit_studio.document.target import Target
from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.document.edit_actions import EditActions
from sdedit_studio.ui.document.file_actions import FileActions
from sdedit_studio.ui.document.layer_list import LayerList
from sdedit_studio.ui.document.session import BLACK, WHITE, Session


def file_actions(files: FileActions, edits: EditActions) -> list[Action]:
    return [
        Action("file.new", "New…", files.new, ("Ctrl+N",), "file-plus"),
        Action("file.open", "Open…", files.open, ("Ctrl+O",), "folder-open"),
        Action("file.samples", "Samples…", files.samples, (), "images"),
        Action("file.save", "Save", files.save, ("Ctrl+S",), "save"),
        Action("file.save-as", "Save as…", files.save_as, ("Ctrl+Shift+S",)),
        Action("file.export", "Export…", files.export, ("Ctrl+Shift+E",), "download"),
        Action(
            "file.add-picture", "Add picture as a layer…", lambda: files.add_picture(edits.add_pictures), (), "image"
        ),
    ]


def edit_actions(
    session: Session, edits: EditActions, undo: Callable[[], None], redo: Callable[[], None]
) -> list[Action]:
    """`undo` and `redo` also end a gesture in progress, which the document does not know."""

    def undo_label() -> str:
        return f"Undo {_lower(session.undo_label)}".strip()

    def redo_label() -> str:
        return f"Redo {_lower(session.redo_label)}".strip()

    def swap() -> None:
        session.set_colours(foreground=session.background, background=session.foreground)

    def black_and_white() -> None:
        session.set_colours(foreground=BLACK, background=WHITE)

    return [
        Action(
            "edit.undo",
            "Undo",
            undo,
            ("Ctrl+Z",),
            "undo-2",
            enabled=lambda: session.can_undo,
            label=undo_label,
            repeats=True,
        ),
        Action(
            "edit.redo",
            "Redo",
            redo,
            ("Ctrl+Shift+Z", "Ctrl+Y"),
            "redo-2",
            enabled=lambda: session.redo_label is not None,
            label=redo_label,
            repeats=True,
        ),
        Action("edit.cut", "Cut", edits.cut, ("Ctrl+X",), "scissors"),
        Action("edit.copy", "Copy", edits.copy, ("Ctrl+C",), "copy"),
        Action("edit.copy-merged", "Copy all layers", edits.copy_merged, ("Ctrl+Shift+C",)),
        Action("edit.paste", "Paste", edits.paste, ("Ctrl+V",), "clipboard"),
        Action("edit.fill", "Fill with the foreground colour", edits.fill, ("Alt+Backspace",)),
        Action("edit.clear", "Clear", edits.clear, ("Delete",)),
        Action("edit.swap-colours", "Swap colours", swap, ("X",), "arrow-left-right"),
        Action("edit.default-colours", "Black and white", black_and_white, ("D",), "rotate-ccw"),
    ]


def image_actions(session: Session, edits: EditActions) -> list[Action]:
    return [
        Action("image.canvas-size", "Canvas size…", edits.canvas_size, (), "proportions"),
        Action("image.size", "Image size…", edits.image_size, (), "scaling"),
        Action("image.crop", "Crop to selection", edits.crop_to_selection, (), "crop", enabled=_selected(session)),
        Action("image.flip-horizontal", "Flip left to right", lambda: edits.flip(horizontally=True)),
        Action("image.flip-vertical", "Flip top to bottom", lambda: edits.flip(horizontally=False)),
        Action("image.merge-visible", "Merge visible layers", edits.merge_visible),
        Action("image.flatten", "Flatten image", edits.flatten),
    ]


def layer_actions(session: Session, edits: EditActions, layer_list: LayerList) -> list[Action]:
    """Actions for layers, most of them for the active one."""

    def index() -> int:
        return session.document.active_index

    def has_mask() -> bool:
        return session.document.active_layer.mask is not None

    def switch(field: str, on: str, off: str) -> Callable[[], None]:
        return lambda: edits.switch_layer(field, on, off)

    return [
        Action("layer.add", "Add layer", edits.add_layer, ("Ctrl+Shift+N",), "plus"),
        Action("layer.duplicate", "Duplicate layer", edits.duplicate_layer, ("Ctrl+J",), "copy"),
        Action("layer.delete", "Delete layer", edits.delete_layer, ("Ctrl+Delete",), "trash-2"),
        Action("layer.rename", "Rename layer", layer_list.rename_active, ("F2",)),
        Action(
            "layer.merge-down",
            "Merge down",
            edits.merge_down,
            ("Ctrl+E",),
            "arrow-down-to-line",
            enabled=lambda: index() > 0,
        ),
        Action(
            "layer.raise",
            "Raise layer",
            lambda: edits.move_layer(1),
            ("Ctrl+]",),
            enabled=lambda: index() < len(session.document.layers) - 1,
        ),
        Action("layer.lower", "Lower layer", lambda: edits.move_layer(-1), ("Ctrl+[",), enabled=lambda: index() > 0),
        Action("layer.above", "Choose the layer above", lambda: edits.activate_neighbour(1), ("PgUp",), on_canvas=True),
        Action(
            "layer.below", "Choose the layer below", lambda: edits.activate_neighbour(-1), ("PgDown",), on_canvas=True
        ),
        Action(
            "layer.visible",
            "Visible",
            switch("visible", "Show layer", "Hide layer"),
            checked=lambda: session.document.active_layer.visible,
        ),
        Action(
            "layer.guide",
            "Part of the guide",
            switch("in_guide", "Put layer into the guide", "Leave layer out of the guide"),
            checked=lambda: session.document.active_layer.in_guide,
        ),
        Action(
            "layer.alpha-lock",
            "Lock transparency",
            switch("alpha_locked", "Lock transparency", "Unlock transparency"),
            ("/",),
            checked=lambda: session.document.active_layer.alpha_locked,
        ),
        Action("layer.add-mask", "Add mask", edits.add_mask, (), "venetian-mask", enabled=lambda: not has_mask()),
        Action(
            "layer.mask-from-selection", "Mask from selection", edits.mask_from_selection, enabled=_selected(session)
        ),
        Action("layer.remove-mask", "Delete mask", edits.remove_mask, enabled=has_mask),
        Action(
            "layer.paint-mask",
            "Paint on the mask",
            edits.paint_on_mask,
            ("K",),
            enabled=has_mask,
            checked=lambda: session.target is Target.MASK,
        ),
    ]


def selection_actions(session: Session, edits: EditActions) -> list[Action]:
    selected = _selected(session)
    return [
        Action("select.all", "Select all", edits.select_all, ("Ctrl+A",)),
        Action("select.none", "Deselect", edits.select_none, ("Ctrl+D", "Ctrl+Shift+A"), enabled=selected),
        Action("select.inverse", "Invert selection", edits.select_inverse, ("Ctrl+Shift+I",)),
        Action("select.layer", "Select layer’s paint", edits.select_layer),
        Action("select.feather", "Feather…", edits.feather, ("Shift+F6",), enabled=selected),
        Action("select.grow", "Grow…", edits.grow, enabled=selected),
        Action("select.shrink", "Shrink…", edits.shrink, enabled=selected),
    ]


def protection_actions(session: Session, edits: EditActions) -> list[Action]:
    def protected() -> bool:
        return session.document.protection is not None

    return [
        Action(
            "protect.paint",
            "Protect: paint what the model leaves alone",
            edits.protect,
            ("P",),
            "shield",
            checked=lambda: session.target is Target.PROTECTION,
        ),
        Action("protect.selection", "Protect the selection", edits.protect_selection, enabled=_selected(session)),
        Action("protect.invert", "Invert protection", edits.invert_protection),
        Action("protect.clear", "Clear protection", edits.clear_protection, enabled=protected),
        Action("protect.select", "Select what is protected", edits.select_protected, enabled=protected),
    ]


def _selected(session: Session) -> Callable[[], bool]:
    return lambda: session.document.selection is not None


def _lower(label: str | None) -> str:
    """A step's name inside a sentence; names of layers and modes keep their capitals."""
    return "" if label is None else label[0].lower() + label[1:]
