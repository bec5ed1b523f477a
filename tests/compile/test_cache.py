"""Object code on disk: found again, and never trusted where it could be somebody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from thalweg.compile import cache

if not hasattr(os, "getuid"):
    pytest.skip("the checks of owner and mode are those of POSIX systems", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    return tmp_path / "thalweg" / "objects"


def test_what_is_stored_is_loaded(folder: Path) -> None:
    assert cache.load("a") is None
    cache.store("a", b"code")
    assert cache.load("a") == b"code"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "a").stat().st_mode & 0o077 == 0
    assert [p.name for p in folder.iterdir()] == ["a"]


def test_the_key_says_all_that_matters() -> None:
    keys = [cache.key(parts) for parts in (["a", "b"], ["ab", ""], ["a", "c"], ["a"], ["b", "a"])]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("place", [0, 20, 60])
def test_a_flipped_byte_is_a_miss(folder: Path, place: int) -> None:
    cache.store("a", bytes(range(64)))
    data = bytearray((folder / "a").read_bytes())
    data[place] ^= 1
    (folder / "a").write_bytes(data)
    assert cache.load("a") is None


def test_a_truncated_file_is_a_miss(folder: Path) -> None:
    cache.store("a", b"code" * 100)
    (folder / "a").write_bytes((folder / "a").read_bytes()[:-1])
    assert cache.load("a") is None


def test_a_file_others_can_write_is_a_miss(folder: Path) -> None:
    cache.store("a", b"code")
    (folder / "a").chmod(0o666)
    assert cache.load("a") is None


def test_a_linked_file_is_a_miss(folder: Path, tmp_path: Path) -> None:
    cache.store("a", b"code")
    (folder / "a").rename(tmp_path / "elsewhere")
    (folder / "a").symlink_to(tmp_path / "elsewhere")
    assert cache.load("a") is None


def test_a_folder_others_can_write_is_not_used(folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    cache.store("a", b"code")
    assert cache.load("a") is None and not list(folder.iterdir())


def test_a_linked_folder_is_not_used(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    folder.parent.mkdir(parents=True)
    folder.symlink_to(tmp_path / "other")
    cache.store("a", b"code")
    assert cache.load("a") is None and not list((tmp_path / "other").iterdir())


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache.store("a", b"code")
    assert cache.load("a") is None


def test_the_least_recently_used_go_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_LIMIT_BYTES", 1000)
    for k, name in enumerate("abcde"):
        cache.store(name, bytes(200))
        os.utime(folder / name, (k, k))
    assert cache.load("a") is not None  # and is the last that was used; nobody has looked how many there are
    cache.store("0", bytes(200))
    assert [name for name in "abcde0" if cache.load(name) is None] == ["b", "c", "d"]


PROGRAM = """
import numpy as np, thalweg as tw
from thalweg.compile import llvm, native
x = tw.placeholder("float32", (20, 30))
w = tw.Variable(np.ones((30, 40), "float32"))
loss = tw.sum(tw.tanh(x @ w))
step = tw.function([x], loss, updates=[(w, w - 0.1 * tw.gradients(loss, w))])
made = []
native._WORTH_KEEPING = 0.0  # this program is small: a fast machine would not keep it
optimised = llvm._optimised
llvm._optimised = lambda *args: made.append(1) or optimised(*args)
print(float(step(np.full((20, 30), 0.01, "float32"))), len(made))
"""


def test_a_second_process_compiles_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    if sys.platform == "darwin":
        pytest.skip("the cache's folder is not moved by the environment there")
    runs = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        for _ in range(2)
    ]
    (first, once), (second, never) = (run.stdout.split() for run in runs)
    assert (first, once, never) == (second, "2", "0")  # the step, and the entry that serves every step
