"""Checks for the system libraries and the display that Qt needs, before Qt is imported. Standard library only.

A missing library of Qt's X11 plugin aborts the process, and no `except` can catch that.
"""

from __future__ import annotations

import ctypes
import os
import sys

_BASE = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
}
_X11 = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


def _loads(soname: str) -> bool:
    try:
        return bool(ctypes.CDLL(soname))
    except OSError:
        return False


def missing_packages(*, x11: bool) -> list[str]:
    """The Debian packages of libraries that Qt needs and this Linux lacks. `x11`: include those of an X11 window."""
    if sys.platform != "linux":
        return []
    wanted = _BASE | (_X11 if x11 else {})
    return [package for soname, package in wanted.items() if not _loads(soname)]


def check_display() -> None:
    """Exit with a sentence that says what to do when no window could open. Call it before PySide6 is imported."""
    if sys.platform != "linux":
        return
    platform = os.environ.get("QT_QPA_PLATFORM", "").split(":")[0]
    wayland = os.environ.get("WAYLAND_DISPLAY")
    if not (platform or wayland or os.environ.get("DISPLAY")):
        sys.exit("No display found: start SDEdit Studio from a desktop session, or under `xvfb-run -a`.")
    if missing := missing_packages(x11=platform == "xcb" or not (platform or wayland)):
        sys.exit(
            "Some system libraries are missing. On Debian or Ubuntu run:\n"
            f"    sudo apt-get install -y {' '.join(missing)}"
        )
