"""Contracts that import-linter cannot see: submodules of PySide6, torch at start-up, and words that must not ship."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "sdedit_studio"


def test_only_the_ui_knows_widgets():
    offenders = [
        path.relative_to(ROOT)
        for path in PACKAGE.rglob("*.py")
        if "ui" not in path.relative_to(PACKAGE).parts[:1]
        and re.search(r"^\s*(from|import).*QtWidgets", path.read_text(), re.M)
    ]
    assert offenders == []


def test_the_window_loads_without_torch():
    code = (
        "import sys; import sdedit_studio.ui.shell.window, sdedit_studio.engine.engine; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_nothing_unpickles():
    offenders = [
        path.relative_to(ROOT)
        for path in PACKAGE.rglob("*.py")
        if re.search(r"import pickle|weights_only=False", path.read_text())
    ]
    assert offenders == []


def test_nobody_reaches_past_the_door():
    """What the session keeps to itself, its history above all, is its own: the document changes through its door."""
    offenders = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in PACKAGE.rglob("*.py")
        for found in re.finditer(r"\b_?session\._\w+", path.read_text())
    ]
    assert offenders == []
