"""Where the program keeps what it remembers: settings, the recovery journal and logs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs


@dataclass(frozen=True)
class Profile:
    """`settings`: an INI file. `recovery` and `logs`: folders, made when first needed."""

    settings: Path
    recovery: Path
    logs: Path

    @staticmethod
    def of_user() -> Profile:
        """The platform's own places for this user."""
        places = PlatformDirs("sdedit-studio", appauthor=False)
        return Profile(
            places.user_config_path / "settings.ini", places.user_data_path / "recovery", places.user_log_path
        )

    @staticmethod
    def at(directory: Path) -> Profile:
        """Everything under one folder, apart from the user's own."""
        directory = directory.absolute()
        return Profile(directory / "settings.ini", directory / "recovery", directory / "logs")
