import errno
import os
import sys
from pathlib import Path

import pytest

from sdedit_studio.files import FileProblem
from sdedit_studio.files.atomic import write, writing


def test_a_file_is_replaced_whole_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "a.txt"
    write(path, b"old")
    assert path.stat().st_mode & 0o777 == 0o666 & ~current_umask()
    path.chmod(0o640)
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.txt"
    link.symlink_to(tmp_path / "real" / "a.txt")
    write(link, b"through")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.txt").read_bytes() == b"through"


def test_an_error_leaves_the_old_file_alone(tmp_path):
    path = tmp_path / "a.txt"
    write(path, b"old")
    with pytest.raises(RuntimeError, match="halfway"), writing(path) as file:
        file.write(b"new")
        raise RuntimeError("halfway")
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EACCES, "no permission"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "Input/output error"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_refusing_system_is_told_in_plain_words_and_nothing_is_half_written(
    tmp_path, monkeypatch, number, words, call
):
    path = tmp_path / "a.txt"
    write(path, b"old")

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(FileProblem, match=f"a.txt could not be saved: .*{words}"):
        write(path, b"new")
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_is_named_as_the_cause(tmp_path):
    with pytest.raises(FileProblem, match="does not exist"):
        write(tmp_path / "nowhere" / "a.txt", b"")
    with pytest.raises(FileProblem):
        write(tmp_path, b"")
    assert tmp_path.is_dir()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/dev/full")
def test_a_really_full_disk(tmp_path):
    with Path("/dev/full").open("wb", buffering=0) as full:
        descriptor = os.dup(full.fileno())
    with pytest.raises(FileProblem, match="the disk is full"), writing(tmp_path / "a.bin") as file:
        os.dup2(descriptor, file.fileno())
        file.write(bytes(10_000_000))
    os.close(descriptor)
    assert not list(tmp_path.iterdir())
