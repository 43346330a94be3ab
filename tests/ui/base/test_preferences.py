"""The table of settings: what is remembered, files of other versions, and values that cannot be read."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QByteArray, QSettings

from sdedit_studio.ui.base.preferences import RECENT, VERSION, Preferences, Setting


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.ini"


VALUES = {
    "theme": "light",
    "keys": {"edit.undo": "Ctrl+U", "edit.redo": ""},
    "recent_colours": ["#102030"],
    "brushes": {"brush": {"size": 12.5, "hardness": 1.0}},
    "geometry": QByteArray(b"\x00\x01g"),
    "state": QByteArray(b"\x00\x02s"),
    "folded": ["layers"],
    "cut": ["sdedit", "colour"],
    "result_place": "beside",
    "result_geometry": QByteArray(b"\x00\x03r"),
}


def test_every_setting_is_as_it_was_left(path, tmp_path):
    values = VALUES | {"recent": [tmp_path / "a, b.ora"]}
    declared = {name for name, setting in vars(Preferences).items() if isinstance(setting, Setting)}
    assert declared == set(values)
    preferences = Preferences(path)
    for name, value in values.items():
        setattr(preferences, name, value)
    preferences.sync()
    again = Preferences(path)
    assert {name: getattr(again, name) for name in values} == values


def test_a_setting_says_when_it_has_another_value_and_only_then(path):
    preferences, changed = Preferences(path), []
    preferences.changed.connect(changed.append)
    preferences.theme = "light"
    preferences.theme = "light"
    preferences.folded = ["layers"]
    assert changed == ["theme", "folded"]


def test_a_default_that_was_changed_in_place_stays_the_default(path):
    preferences = Preferences(path)
    preferences.keys["edit.undo"] = "U"
    preferences.recent_colours.append("#000000")
    assert (preferences.keys, preferences.recent_colours) == ({}, [])


def test_a_file_without_a_version_is_read_and_gets_one(path):
    path.write_text('[General]\ntheme=light\ncolours="[\\"#102030\\"]"\nkeys="{\\"edit.undo\\": \\"U\\"}"\n')
    preferences = Preferences(path)
    assert (preferences.theme, preferences.recent_colours) == ("light", ["#102030"])
    assert preferences.keys == {"edit.undo": "U"}
    preferences.sync()
    assert int(QSettings(str(path), QSettings.Format.IniFormat).value("version")) == VERSION


def test_a_file_of_a_newer_version_is_read_and_keeps_its_version_and_what_is_not_known(path):
    path.write_text(f"[General]\nversion={VERSION + 1}\ntheme=light\nsomething=new\n")
    preferences = Preferences(path)
    preferences.folded = ["layers"]
    preferences.sync()
    assert preferences.theme == "light"
    written = QSettings(str(path), QSettings.Format.IniFormat)
    assert (int(written.value("version")), written.value("something")) == (VERSION + 1, "new")


@pytest.mark.parametrize("version", ["none", "", "1.5"])
def test_a_version_that_cannot_be_read_counts_as_none(path, version):
    path.write_text(f"[General]\nversion={version}\ntheme=light\n")
    preferences = Preferences(path)
    assert (preferences.version, preferences.theme) == (VERSION, "light")


def test_recent_files_are_few_distinct_and_newest_first(path, tmp_path):
    preferences = Preferences(path)
    for number in range(RECENT + 3):
        preferences.add_recent(tmp_path / f"{number}.ora")
    preferences.add_recent(tmp_path / "5.ora")
    preferences.sync()
    recent = Preferences(path).recent
    assert len(recent) == RECENT
    assert [file.name for file in recent[:2]] == ["5.ora", f"{RECENT + 2}.ora"]
    preferences.forget_recent(tmp_path / "5.ora")
    assert preferences.recent[0].name == f"{RECENT + 2}.ora"
    assert preferences.folder == tmp_path


def test_settings_that_cannot_be_read_count_as_not_set(path):
    path.write_text('[General]\nkeys=not json\nrecent=7\nbrushes="[1]"\n[window]\ngeometry=x\n')
    preferences = Preferences(path)
    assert preferences.keys == {}
    assert preferences.recent == []
    assert preferences.brushes == {}
    assert preferences.geometry.isEmpty() and not preferences.first_run
