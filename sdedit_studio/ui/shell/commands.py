"""The declared list of everything a person can ask for, with the keys of the defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sdedit_studio.document.target import Target
from sdedit_studio.ui.base import theme
from sdedit_studio.ui.base.actions import Action
from sdedit_studio.ui.compare.compare import PLACES, CompareMode
from sdedit_studio.ui.generation.activity import Activity
from sdedit_studio.ui.tools.toolbox import TOOLS
from sdedit_studio.ui.variations.actions import variation_actions

if TYPE_CHECKING:
    from sdedit_studio.ui.shell.window import Window

DEFAULT_COLOURS = {"foreground": (0, 0, 0), "background": (255, 255, 255)}

T0_STEP = 0.05


def declared(window: Window) -> list[Action]:
    return [
        *_file(window),
        *_edit(window),
        *_image(window),
        *_layer(window),
        *_select(window),
        *_protect(window),
        *_generate(window),
        *_results(window),
        *_steps(window),
        *variation_actions(window),
        *_view(window),
        *_help(window),
        *_tools(window),
        *_brush(window),
    ]


def _file(window: Window) -> list[Action]:
    files, edit = window.files, window.edit
    return [
        Action("file.new", "New…", files.new, ("Ctrl+N",), "file-plus"),
        Action("file.open", "Open…", files.open, ("Ctrl+O",), "folder-open"),
        Action("file.samples", "Samples…", files.samples, (), "images"),
        Action("file.save", "Save", files.save, ("Ctrl+S",), "save"),
        Action("file.save-as", "Save as…", files.save_as, ("Ctrl+Shift+S",)),
        Action("file.export", "Export…", files.export, ("Ctrl+Shift+E",), "download"),
        Action(
            "file.add-picture", "Add picture as a layer…", lambda: files.add_picture(edit.add_pictures), (), "image"
        ),
        Action("file.quit", "Quit", window.close, ("Ctrl+Q",)),
    ]


def _edit(window: Window) -> list[Action]:
    session, edit = window.session, window.edit

    def undo_label() -> str:
        return f"Undo {_lower(session.undo_label)}".strip()

    def redo_label() -> str:
        return f"Redo {_lower(session.redo_label)}".strip()

    def swap() -> None:
        session.set_colours(foreground=session.background, background=session.foreground)

    return [
        Action(
            "edit.undo",
            "Undo",
            window.undo,
            ("Ctrl+Z",),
            "undo-2",
            enabled=lambda: session.undo_label is not None or session.busy,
            label=undo_label,
            repeats=True,
        ),
        Action(
            "edit.redo",
            "Redo",
            window.redo,
            ("Ctrl+Shift+Z", "Ctrl+Y"),
            "redo-2",
            enabled=lambda: session.redo_label is not None,
            label=redo_label,
            repeats=True,
        ),
        Action("edit.cut", "Cut", edit.cut, ("Ctrl+X",), "scissors"),
        Action("edit.copy", "Copy", edit.copy, ("Ctrl+C",), "copy"),
        Action("edit.copy-merged", "Copy all layers", edit.copy_merged, ("Ctrl+Shift+C",)),
        Action("edit.paste", "Paste", edit.paste, ("Ctrl+V",), "clipboard"),
        Action("edit.fill", "Fill with the foreground colour", edit.fill, ("Alt+Backspace",)),
        Action("edit.clear", "Clear", edit.clear, ("Delete",)),
        Action("edit.swap-colours", "Swap colours", swap, ("X",), "arrow-left-right"),
        Action(
            "edit.default-colours",
            "Black and white",
            lambda: session.set_colours(**DEFAULT_COLOURS),
            ("D",),
            "rotate-ccw",
        ),
    ]


def _image(window: Window) -> list[Action]:
    edit = window.edit
    return [
        Action("image.canvas-size", "Canvas size…", edit.canvas_size, (), "proportions"),
        Action("image.size", "Image size…", edit.image_size, (), "scaling"),
        Action("image.crop", "Crop to selection", edit.crop_to_selection, (), "crop", enabled=_selected(window)),
        Action("image.flip-horizontal", "Flip left to right", lambda: edit.flip(horizontally=True)),
        Action("image.flip-vertical", "Flip top to bottom", lambda: edit.flip(horizontally=False)),
        Action("image.merge-visible", "Merge visible layers", edit.merge_visible),
        Action("image.flatten", "Flatten image", edit.flatten),
    ]


def _layer(window: Window) -> list[Action]:
    session, edit = window.session, window.edit

    def index() -> int:
        return session.document.active_index

    def is_result() -> bool:
        return session.document.active_layer.generation is not None

    def has_mask() -> bool:
        return session.document.active_layer.mask is not None

    def switch(field: str, on: str, off: str) -> Callable[[], None]:
        return lambda: edit.switch_layer(field, on, off)

    return [
        Action("layer.add", "Add layer", edit.add_layer, ("Ctrl+Shift+N",), "plus"),
        Action("layer.duplicate", "Duplicate layer", edit.duplicate_layer, ("Ctrl+J",), "copy"),
        Action("layer.delete", "Delete layer", edit.delete_layer, ("Ctrl+Delete",), "trash-2"),
        Action("layer.rename", "Rename layer", window.layers.list.rename_active, ("F2",)),
        Action(
            "layer.merge-down",
            "Merge down",
            edit.merge_down,
            ("Ctrl+E",),
            "arrow-down-to-line",
            enabled=lambda: index() > 0,
        ),
        Action(
            "layer.raise",
            "Raise layer",
            lambda: edit.move_layer(1),
            ("Ctrl+]",),
            enabled=lambda: index() < len(session.document.layers) - 1,
        ),
        Action("layer.lower", "Lower layer", lambda: edit.move_layer(-1), ("Ctrl+[",), enabled=lambda: index() > 0),
        Action("layer.above", "Choose the layer above", lambda: edit.activate_neighbour(1), ("PgUp",), on_canvas=True),
        Action(
            "layer.below", "Choose the layer below", lambda: edit.activate_neighbour(-1), ("PgDown",), on_canvas=True
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
        Action("layer.add-mask", "Add mask", edit.add_mask, (), "venetian-mask", enabled=lambda: not has_mask()),
        Action("layer.mask-from-selection", "Mask from selection", edit.mask_from_selection, enabled=_selected(window)),
        Action(
            "layer.remove-mask",
            "Delete mask",
            edit.remove_mask,
            enabled=has_mask,
        ),
        Action(
            "layer.paint-mask",
            "Paint on the mask",
            edit.paint_on_mask,
            ("K",),
            enabled=has_mask,
            checked=lambda: session.target is Target.MASK,
        ),
        Action(
            "layer.again",
            "Generate again in place",
            window.regeneration.regenerate,
            ("Ctrl+R",),
            "refresh-cw",
            enabled=is_result,
        ),
        Action(
            "layer.follow",
            "Follow the layers below",
            switch("follows", "Let layer follow", "Stop following"),
            enabled=is_result,
            checked=lambda: is_result() and session.document.active_layer.follows,
        ),
    ]


def _select(window: Window) -> list[Action]:
    edit, selected = window.edit, _selected(window)
    return [
        Action("select.all", "Select all", edit.select_all, ("Ctrl+A",)),
        Action("select.none", "Deselect", edit.select_none, ("Ctrl+D", "Ctrl+Shift+A"), enabled=selected),
        Action("select.inverse", "Invert selection", edit.select_inverse, ("Ctrl+Shift+I",)),
        Action("select.layer", "Select layer’s paint", edit.select_layer),
        Action("select.feather", "Feather…", edit.feather, ("Shift+F6",), enabled=selected),
        Action("select.grow", "Grow…", edit.grow, enabled=selected),
        Action("select.shrink", "Shrink…", edit.shrink, enabled=selected),
    ]


def _protect(window: Window) -> list[Action]:
    session, edit = window.session, window.edit

    def protected() -> bool:
        return session.document.protection is not None

    return [
        Action(
            "protect.paint",
            "Protect: paint what the model leaves alone",
            edit.protect,
            ("P",),
            "shield",
            checked=lambda: session.target is Target.PROTECTION,
        ),
        Action("protect.selection", "Protect the selection", edit.protect_selection, enabled=_selected(window)),
        Action("protect.invert", "Invert protection", edit.invert_protection),
        Action("protect.clear", "Clear protection", edit.clear_protection, enabled=protected),
        Action("protect.select", "Select what is protected", edit.select_protected, enabled=protected),
    ]


def _generate(window: Window) -> list[Action]:
    generation, tasks = window.generation, window.paper_tasks

    def has_result() -> bool:
        return generation.activity is Activity.RESULT and not window.compare.comparing

    def running() -> bool:
        return generation.activity.is_run

    return [
        Action("generate.start", "Generate", generation.generate, ("Ctrl+Return", "Ctrl+Enter"), "sparkles"),
        Action(
            "generate.live",
            "Live",
            generation.toggle_live,
            ("Ctrl+Shift+Return", "Ctrl+Shift+Enter"),
            "play",
            checked=lambda: generation.live.on,
        ),
        Action("generate.cancel", "Cancel the run", generation.cancel, enabled=running),
        Action("generate.apply", "Apply the result", generation.apply, enabled=window.can_apply),
        Action("generate.discard", "Discard the result", generation.discard, enabled=has_result),
        Action(
            "generate.compare",
            "See before (hold)",
            window.compare.glance,
            ("\\",),
            enabled=lambda: generation.shown is not None,
            key_run=window.compare.peek,
        ),
        Action(
            "generate.split",
            "Split between before and after",
            window.compare.toggle_split,
            (),
            "columns-2",
            enabled=lambda: generation.shown is not None,
            checked=lambda: window.compare.mode is CompareMode.SPLIT and window.compare.split > 0,
        ),
        Action("generate.harmonise", "Harmonise", tasks.harmonise, ("Ctrl+H",), "blend"),
        Action("generate.strokes", "Edit with strokes", tasks.edit_with_strokes, ("Alt+Return", "Alt+Enter"), "brush"),
        Action("generate.less", "Change less", lambda: tasks.nudge_t0(-T0_STEP), (",",), repeats=True),
        Action("generate.more", "Change more", lambda: tasks.nudge_t0(T0_STEP), (".",), repeats=True),
        Action("generate.seed", "New seed", generation.new_seed, (), "dices"),
        Action(
            "generate.results",
            "Results",
            window.toggle_results,
            ("Ctrl+Shift+H",),
            "history",
            checked=lambda: window.docks.results.isVisible(),
        ),
        Action("generate.models", "Models…", window.show_models, (), "box"),
        Action("generate.enter", "Accept", window.accept, ("Return", "Enter"), enabled=window.can_accept),
        Action("generate.escape", "Cancel or discard", window.escape, ("Esc",)),
    ]


def _results(window: Window) -> list[Action]:
    """Where results show, and how they are held against the painting."""
    compare = window.compare

    def look(mode: CompareMode, title: str, key: str, icon: str) -> Action:
        looked_at = mode not in PLACES
        return Action(
            f"view.result-{mode.value}",
            title,
            lambda: compare.toggle_mode(mode),
            (key,),
            icon,
            enabled=(lambda: compare.comparison.right is not None) if looked_at else None,
            checked=lambda: compare.mode is mode,
        )

    return [
        look(CompareMode.SPLIT, "Result over the painting", "F3", "columns-2"),
        look(CompareMode.BESIDE, "Result beside the painting", "F4", "square-split-horizontal"),
        look(CompareMode.WINDOW, "Result in its own window", "F5", "app-window"),
        look(CompareMode.FLICKER, "Painting and result by turns", "F7", "repeat-2"),
        look(CompareMode.DIFFERENCE, "Difference of painting and result", "F8", "diff"),
    ]


def _steps(window: Window) -> list[Action]:
    playback = window.playback

    def available() -> bool:
        return playback.available

    def play_label() -> str:
        return "Pause the steps" if playback.playing else "Play the steps"

    return [
        Action("generate.play", "Play the steps", playback.toggle, ("J",), "film", enabled=available, label=play_label),
        Action(
            "generate.step-back",
            "Step before",
            lambda: playback.step(-1),
            ("Shift+,",),
            "step-back",
            enabled=available,
            repeats=True,
        ),
        Action(
            "generate.step-forward",
            "Step after",
            lambda: playback.step(1),
            ("Shift+.",),
            "step-forward",
            enabled=available,
            repeats=True,
        ),
        Action("generate.export-steps", "Export the steps…", window.export_steps, (), "download", enabled=available),
    ]


def _view(window: Window) -> list[Action]:
    canvas = window.canvas
    return [
        Action("view.zoom-in", "Zoom in", canvas.zoom_in, ("Ctrl++", "Ctrl+=", "+"), "zoom-in", repeats=True),
        Action("view.zoom-out", "Zoom out", canvas.zoom_out, ("Ctrl+-", "-"), "zoom-out", repeats=True),
        Action("view.fit", "Fit in window", canvas.fit, ("Ctrl+0",), "maximize"),
        Action("view.actual", "100 %", canvas.actual_size, ("Ctrl+1",)),
        Action("view.rotate-left", "Rotate view left", lambda: canvas.rotate_by(-15), ("Num+4", "Alt+4"), repeats=True),
        Action(
            "view.rotate-right", "Rotate view right", lambda: canvas.rotate_by(15), ("Num+6", "Alt+6"), repeats=True
        ),
        Action("view.rotate-reset", "Upright view", canvas.reset_rotation, ("Num+5", "Alt+5")),
        Action(
            "view.mirror",
            "Mirror view",
            canvas.toggle_mirror,
            ("Shift+H",),
            "flip-horizontal-2",
            checked=lambda: canvas.mirrored,
        ),
        Action(
            "view.hide-panels",
            "Hide all panels",
            lambda: window.arrangement.toggle_hidden(),
            ("Tab",),
            checked=lambda: window.arrangement.hidden,
            on_canvas=True,
        ),
        Action(
            "view.full-screen",
            "Full screen",
            window.toggle_full_screen,
            ("F11",),
            checked=lambda: window.isFullScreen(),
        ),
        Action(
            "view.light",
            "Light theme",
            window.toggle_theme,
            (),
            "sun",
            checked=lambda: theme.current() is theme.LIGHT,
        ),
        Action("view.reset-layout", "Put all panels back", lambda: window.arrangement.reset()),
        Action("view.next-part", "Move the keyboard to the next part of the window", window.focus_next_part, ("F6",)),
        Action("view.menu", "Move the keyboard to the menus", window.focus_menus, ("F10",)),
    ]


def _help(window: Window) -> list[Action]:
    return [
        Action("help.commands", "All commands…", window.show_palette, ("Ctrl+K",), "search"),
        Action("help.shortcuts", "Keyboard shortcuts…", window.show_shortcuts, (), "keyboard"),
        Action("help.logs", "Open log folder", window.open_logs),
        Action("help.about", "About SDEdit Studio", window.show_about, (), "info"),
    ]


def _tools(window: Window) -> list[Action]:
    session = window.session
    return [
        Action(
            f"tool.{tool.id}",
            tool.title,
            lambda tool=tool: session.set_tool(tool.id),
            (tool.shortcut,) if tool.shortcut else (),
            tool.icon,
        )
        for tool in TOOLS
    ]


def _brush(window: Window) -> list[Action]:
    canvas = window.canvas

    def strength(tenths: int) -> Action:
        percent = 10 * tenths
        return Action(
            f"brush.opacity-{percent}",
            f"Paint with {percent} % opacity",
            lambda: canvas.tool.set_opacity(percent / 100),
            (str(tenths % 10),),
        )

    return [
        Action("brush.smaller", "Smaller tip", lambda: canvas.tool.resize(-1), ("[",), repeats=True),
        Action("brush.larger", "Larger tip", lambda: canvas.tool.resize(1), ("]",), repeats=True),
        Action("brush.softer", "Softer tip", lambda: canvas.tool.harden(-1), ("Shift+[",), repeats=True),
        Action("brush.harder", "Harder tip", lambda: canvas.tool.harden(1), ("Shift+]",), repeats=True),
        *(strength(tenths) for tenths in range(1, 11)),
        Action(
            "brush.mirror",
            "Paint on both sides",
            lambda: canvas.brushes.set_mirror(not canvas.brushes.mirror),
            (),
            "flip-horizontal-2",
            checked=lambda: canvas.brushes.mirror,
        ),
    ]


def _selected(window: Window) -> Callable[[], bool]:
    return lambda: window.session.document.selection is not None


def _lower(label: str | None) -> str:
    """A step's name inside a sentence; names of layers and modes keep their capitals."""
    return "" if label is None else label[0].lower() + label[1:]
