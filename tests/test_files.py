"""Atomic writing: complete or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from thalweg.errors import DataError
from thalweg.files import atomic_write, atomic_write_bytes, atomic_write_text, writable_folder


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic_write_text(path, "first")
    atomic_write_text(path, "zweite Fassung: \N{GREEK SMALL LETTER ALPHA}")
    assert path.read_text(encoding="utf-8").endswith("\N{GREEK SMALL LETTER ALPHA}")
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    atomic_write_bytes(path, b"old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as file:
        file.write(b"half of the n")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.bin"]


def test_the_name_appears_only_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    with atomic_write(path) as file:
        file.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_permissions_are_those_of_a_plain_file_or_of_the_old_one(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain", tmp_path / "a"
    plain.write_bytes(b"")
    atomic_write_bytes(path, b"1")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o600)
    atomic_write_bytes(path, b"2")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_folder_is_made_and_proved(tmp_path: Path) -> None:
    folder = writable_folder(tmp_path / "a" / "b")
    assert folder.is_dir() and not list(folder.iterdir())


def test_an_unusable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write to the folder '.*file.*': .*; choose another one"):
        writable_folder(tmp_path / "file")
    with pytest.raises(DataError, match="cannot write to the folder"):
        writable_folder(tmp_path / "file" / "below")
