"""What all tests share: no test reads the user's own data folder or cache."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from thalweg.ops import random


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--update-golden``: write the golden texts anew instead of comparing with them."""
    parser.addoption("--update-golden", action="store_true", help="write the golden texts anew")


def pytest_configure(config: pytest.Config) -> None:
    """Processes that test side by side share the processors: threads that wait for each other would wait long."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if processes > 1:
        os.environ.setdefault("THALWEG_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """``golden(name, text)``: the text equals that of the file ``golden/name`` beside the test."""

    def check(name: str, text: str) -> None:
        file = request.path.parent / "golden" / name
        if request.config.getoption("--update-golden"):
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
        assert file.read_text(encoding="utf-8") == text, (
            f"{name} has changed; if it should, run with --update-golden"
        )

    return check


@pytest.fixture(autouse=True)
def _private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the caches at an empty folder, forget THALWEG_DATA, and begin all random numbers from one seed."""
    empty = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty))
    monkeypatch.setenv("LOCALAPPDATA", str(empty))
    monkeypatch.delenv("THALWEG_DATA", raising=False)
    random.set_seed(0)


@pytest.fixture
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parent.parent
