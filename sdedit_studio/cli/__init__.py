"""The command `sdedit-studio`: without arguments it opens the studio, with a command it runs without a window."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Run the command in `sys.argv` and exit; for bad input with one line on stderr and a non-zero exit code."""
    arguments = sys.argv[1:]
    if _for_the_studio(arguments):
        from sdedit_studio.ui.shell.app import run

        sys.exit(run(arguments))
    from sdedit_studio.cli.commands import command

    sys.exit(command(arguments))


def _for_the_studio(arguments: list[str]) -> bool:
    """Whether to open the studio: without arguments, with its own options, or with files to open."""
    if not arguments or arguments[0] in ("--smoke", "--profile"):
        return True
    first = Path(arguments[0])
    return first.suffix != "" and first.is_file()
