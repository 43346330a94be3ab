"""The two commands of a fresh clone: `python3 packaging/dev.py app` and `python3 packaging/dev.py test`.

Makes `.venv` in the checkout, installs the tested versions into it once, and runs. `app` installs what the window can
use; `test` adds the tools and the studies. Standard library only; no `match` and no newer syntax than Python 3.8 here,
so that an old Python can still say which one is needed.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed.txt"
"""What is installed: the hash of all that decides it, and for which command."""
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
CONSTRAINTS = ROOT / "packaging" / "constraints.txt"
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"
EXTRAS = {"app": "text", "test": "test"}
"""What is installed beside the program itself. The window reads text models; `test` includes all of `app`."""
SIZES = {"app": "1.8 GB", "test": "2.2 GB"}
"""Of `.venv`, measured on Linux with the CPU build of torch."""
ALL_TESTS = ["-n", "2", "--dist", "worksteal"]
"""Most of them keep one core busy."""
WITHOUT_DEPENDENCIES = ["spandrel", "einops"]
"""spandrel asks for torchvision, which the studio never imports; beside the CPU build of torch, the usual torchvision
cannot be imported, and transformers, which takes any that it finds, could not be either. einops is what it needs."""
USAGE = """usage: python3 packaging/dev.py app [arguments of sdedit-studio]
       python3 packaging/dev.py test [arguments of pytest]"""


def system_packages():
    """Install Qt's system libraries where that needs no password; otherwise say how."""
    sys.path.insert(0, str(ROOT))
    from sdedit_studio.preflight import missing_packages

    missing = missing_packages(x11=True)
    if importlib.util.find_spec("ensurepip") is None:
        missing.append("python3-venv")
    if not missing:
        return
    if not shutil.which("apt-get"):
        sys.exit("System libraries are missing. Install your distribution's packages of: " + ", ".join(missing))
    command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if os.geteuid() != 0:
        sys.exit("System libraries are missing. Run this once, then start again:\n    sudo " + " ".join(command))
    subprocess.run(["apt-get", "update", "-q"], check=True)
    subprocess.run(command, check=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


def pip(*arguments):
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def cpu_torch():
    """On a Linux without an NVIDIA driver, take the CPU build: the default one brings gigabytes of CUDA."""
    if sys.platform != "linux" or shutil.which("nvidia-smi"):
        return
    version = next(line.strip() for line in CONSTRAINTS.read_text().splitlines() if line.startswith("torch=="))
    for source in ([], ["--index-url", CPU_WHEELS]):
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        command = [str(PYTHON), "-m", "pip", "install", "-q", "--no-deps", "--retries", "1", *source, version + "+cpu"]
        if subprocess.run(command, cwd=ROOT, **quiet).returncode == 0:
            return


def set_up(command):
    """Install what `command`, "app" or "test", needs, unless it is installed."""
    state = hashlib.sha256()
    for file in (ROOT / "pyproject.toml", CONSTRAINTS, Path(__file__)):
        state.update(file.read_bytes())
    state.update((sys.version + str(ROOT)).encode())
    installed = STAMP.read_text() if STAMP.exists() else ""
    if installed in (f"{state.hexdigest()} {command}", f"{state.hexdigest()} test"):
        return
    print(f"Setting up SDEdit Studio in .venv, once: one to three minutes, {SIZES[command]}.", flush=True)
    if sys.platform == "linux":
        system_packages()
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    cpu_torch()
    constraints = ("-c", str(CONSTRAINTS))
    if not (pip(*constraints, "-e", f".[{EXTRAS[command]}]") and pip(*constraints, "--no-deps", *WITHOUT_DEPENDENCIES)):
        sys.exit("Installing the Python packages failed; see above. Check the connection and run the command again.")
    STAMP.write_text(f"{state.hexdigest()} {command}")


def check():
    """Lint, types and import contracts; the first that fails ends the run."""
    for command in (
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["lint-imports"],
        ["pyright"],
    ):
        print("$ " + " ".join(command), flush=True)
        code = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=ROOT).returncode
        if code != 0:
            sys.exit(code)


def main(arguments):
    if sys.version_info < (3, 11):
        sys.exit("SDEdit Studio needs Python 3.11 or newer; this is %d.%d." % sys.version_info[:2])
    if not arguments or arguments[0] not in ("app", "test"):
        sys.exit(USAGE)
    set_up(arguments[0])
    if arguments[0] == "app":
        command = ["-m", "sdedit_studio", *arguments[1:]]
    else:
        if len(arguments) == 1:
            check()
        command = ["-m", "pytest", *(arguments[1:] or ALL_TESTS)]
    sys.exit(subprocess.run([str(PYTHON), *command], cwd=ROOT if arguments[0] == "test" else None).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
