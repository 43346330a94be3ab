"""The look in one place: colours, spacing and type, and the style sheet and palette made from them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from string import Template

from PySide6.QtCore import QTemporaryDir
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from sdedit_studio import resources


@dataclass(frozen=True)
class Theme:
    """Colours as `#rrggbb`. From the deepest plane to the highest: surround, window, panel, raised."""

    name: str
    surround: str
    """Around the page on the canvas."""
    window: str
    panel: str
    raised: str
    """Title bars of panels, menus, tool tips."""
    control: str
    """Fields and tracks, with `border` around fields."""
    border: str
    button: str
    hover: str
    """A button under the pointer."""
    line: str
    text: str
    strong: str
    secondary: str
    hint: str
    disabled: str
    accent: str
    accent_hover: str
    on_accent: str
    """Text on the accent colour."""
    selected: str
    """The chosen row or tool."""
    handle: str
    """The knob of a slider."""
    faithful: str
    realistic: str
    error: str

    def colour(self, role: str, alpha: float = 1.0) -> QColor:
        """The colour of a field of this class, such as `colour("accent")`."""
        colour = QColor(getattr(self, role))
        colour.setAlphaF(alpha)
        return colour


DARK = Theme(
    name="dark",
    surround="#17181a",
    window="#1e2023",
    panel="#26282c",
    raised="#2b2e33",
    control="#1c1e21",
    border="#3a3e45",
    button="#363a41",
    hover="#41464e",
    line="#1a1b1e",
    text="#d8dade",
    strong="#e6e8eb",
    secondary="#aeb2b8",
    hint="#9499a0",
    disabled="#5d6269",
    accent="#5b9cf5",
    accent_hover="#74acf8",
    on_accent="#0c1726",
    selected="#2d4668",
    handle="#e6e8eb",
    faithful="#e0a458",
    realistic="#6fcf97",
    error="#e5736b",
)

LIGHT = Theme(
    name="light",
    surround="#c6c9ce",
    window="#e6e8eb",
    panel="#f2f3f5",
    raised="#fafbfc",
    control="#ffffff",
    border="#bcc1c8",
    button="#dfe2e6",
    hover="#d2d6dc",
    line="#cfd3d8",
    text="#26292e",
    strong="#121417",
    secondary="#4a5058",
    hint="#5f656e",
    disabled="#a2a7ae",
    accent="#1d60c4",
    accent_hover="#1a58b4",
    on_accent="#ffffff",
    selected="#cbdef9",
    handle="#ffffff",
    faithful="#8a5508",
    realistic="#17703f",
    error="#b3362d",
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}

SPACE = 4
"""Spacing comes in steps of this many pixels."""

RADIUS_INPUT, RADIUS_BUTTON, RADIUS_BANNER = 4, 6, 9

TEXT_PIXELS, HINT_PIXELS, TITLE_PIXELS = 12.5, 11.0, 12.5

FILE_DIALOG_ICONS = {
    "back": "arrow-left",
    "forward": "arrow-right",
    "parent": "arrow-up",
    "new_folder": "folder-plus",
    "list_view": "layout-grid",
    "detail_view": "list",
}

_current = DARK
_parts: QTemporaryDir | None = None


def named(name: str) -> Theme:
    """The theme of this name, or the dark one."""
    return THEMES.get(name, DARK)


def current() -> Theme:
    """The theme that the application shows. Widgets that paint themselves ask at every paint."""
    return _current


def font(pixels: float = TEXT_PIXELS, weight: QFont.Weight = QFont.Weight.Normal, *, tabular: bool = False) -> QFont:
    """The interface's font at a size in pixels, fractions too. `tabular`: figures of equal width, for counting."""
    made = QFont(_family())
    made.setPointSizeF(_points(pixels))
    made.setWeight(weight)
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def apply(app: QApplication, theme: Theme) -> None:
    """Dress the whole application. Every widget gets a style change event, so that it can renew its icons."""
    global _current
    _current = theme
    if app.style().name() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))


def _points(pixels: float) -> float:
    return round(pixels * 72 / QApplication.primaryScreen().logicalDotsPerInch(), 3)


@cache
def _family() -> str:
    families = [
        family
        for weight in ("Regular", "SemiBold")
        for family in QFontDatabase.applicationFontFamilies(
            QFontDatabase.addApplicationFont(str(resources.path("fonts", f"Inter-{weight}.ttf")))
        )
    ]
    return families[0] if families else QApplication.font().family()


def _palette(theme: Theme) -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for name, colour in {
        role.Window: theme.panel,
        role.WindowText: theme.text,
        role.Base: theme.control,
        role.AlternateBase: theme.panel,
        role.Text: theme.text,
        role.PlaceholderText: theme.hint,
        role.Button: theme.button,
        role.ButtonText: theme.text,
        role.BrightText: theme.strong,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Accent: theme.accent,
        role.Light: theme.raised,
        role.Midlight: theme.button,
        role.Mid: theme.border,
        role.Dark: theme.line,
        role.Shadow: theme.line,
    }.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(theme.disabled))
    return palette


def _style_sheet(theme: Theme) -> str:
    values = asdict(theme) | {
        "text_size": f"{_points(TEXT_PIXELS)}pt",
        "hint_size": f"{_points(HINT_PIXELS)}pt",
        "heading_size": f"{_points(20)}pt",
        "down": _part("chevron-down", theme.secondary),
        "right": _part("chevron-right", theme.secondary),
        "check": _part("check", theme.on_accent),
        "menu_check": _part("check", theme.accent),
    }
    values |= {name: _part(icon, theme.secondary) for name, icon in FILE_DIALOG_ICONS.items()}
    return Template(resources.path("style.qss").read_text(encoding="utf-8")).substitute(values)


def svg(name: str, colour: str) -> str:
    """The source of a Lucide icon in resources/icons, in our stroke width and in a colour."""
    source = resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")
    return source.replace("currentColor", colour).replace('stroke-width="2"', 'stroke-width="1.75"')


def _part(name: str, colour: str) -> str:
    """A tinted icon as a file, because style sheets know pictures only by path."""
    global _parts
    if _parts is None:
        _parts = QTemporaryDir()
    path = Path(_parts.path()) / f"{name}-{colour[1:]}.svg"
    if not path.exists():
        path.write_text(svg(name, colour), encoding="utf-8")
    return path.as_posix()
