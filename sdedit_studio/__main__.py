"""`python -m sdedit_studio` is the command `sdedit-studio`."""

from sdedit_studio.cli import main

if __name__ == "__main__":
    main()
