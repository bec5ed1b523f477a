"""Every example runs, its own assertions hold, and the page of the examples shows it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DRAWN = {"autoencoder", "early_stopping", "learning_rates"}


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Caches in which no other test has left a data set."""
    empty = str(tmp_path_factory.mktemp("cache"))
    return {**os.environ, "XDG_CACHE_HOME": empty, "LOCALAPPDATA": empty}


def run(path: Path, folder: Path, environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout and not done.stderr
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_example_runs(path: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    out = ["--out", str(tmp_path)] if path.stem in DRAWN else []
    run(path, tmp_path, environment, *out)
    assert [file.name for file in tmp_path.iterdir()] == ([f"{path.stem}.png"] if out else [])


def test_the_page_shows_every_example() -> None:
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    linked = re.findall(r"\(\.\./examples/(\w+)\.py\)", page)
    assert sorted(linked) == [path.stem for path in EXAMPLES]
