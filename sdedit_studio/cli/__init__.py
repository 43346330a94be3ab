"""The command `sdedit-studio`: no word opens the studio, a word runs without a window. Starts neither for the other."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run the command in `sys.argv` and exit. Bad input: one line on stderr and a non-zero exit code."""
    arguments = sys.argv[1:]
    if _for_the_studio(arguments):
        from sdedit_studio.preflight import check_display

        check_display()
        from sdedit_studio.ui.app import run

        sys.exit(run(sys.argv))
    from sdedit_studio.cli.commands import command

    sys.exit(command(arguments))


def _for_the_studio(arguments: list[str]) -> bool:
    """Nothing, the studio's own option, or files to open."""
    return not arguments or arguments[0] == "--smoke" or Path(arguments[0]).is_file()
