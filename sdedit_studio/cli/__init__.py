"""The command `sdedit-studio`: no word opens the studio, a word runs without a window. Starts neither for the other."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run the command in `sys.argv` and exit. Bad input: one line on stderr and a non-zero exit code."""
    arguments = sys.argv[1:]
    if _for_the_studio(arguments):
        from sdedit_studio.ui.shell.app import run

        sys.exit(run(arguments))
    from sdedit_studio.cli.commands import command

    sys.exit(command(arguments))


def _for_the_studio(arguments: list[str]) -> bool:
    """Nothing, the studio's own options, or files to open; a file named as a command is not one."""
    if not arguments or arguments[0] in ("--smoke", "--profile"):
        return True
    first = Path(arguments[0])
    return first.suffix != "" and first.is_file()
