"""Starting and ending the studio."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from sdedit_studio import preflight


def run(argv: Sequence[str] = ()) -> int:
    """Open the studio and return its exit code once the window has been closed.

    `argv`: files to open; `--profile DIR` keeps settings, recovery and logs there; `--smoke` makes one small edit by
    itself and ends. Exits with a sentence when no window can open here.
    """
    parser = argparse.ArgumentParser(prog="sdedit-studio", add_help=False)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--profile", type=Path)
    parser.add_argument("--smoke", action="store_true")
    arguments = parser.parse_args(list(argv))
    preflight.check_display()
    # Only now: a missing library of Qt ends the process where no `except` could reach it.
    from sdedit_studio.ui.shell import program

    return program.run(arguments.files, arguments.profile, smoke=arguments.smoke)
