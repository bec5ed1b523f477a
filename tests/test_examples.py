"""Every example runs, its own assertions hold, and the page of the examples shows it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
DRAWN = {"autoencoder", "early_stopping", "learning_rates"}


def run(path: Path, folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-W", "error", str(path), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout and not done.stderr
    return done.stdout


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_the_example_runs(path: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path)] if path.stem in DRAWN else []
    run(path, tmp_path, *out)
    assert [file.name for file in tmp_path.iterdir()] == ([f"{path.stem}.png"] if out else [])


def test_the_page_shows_every_example() -> None:
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    linked = re.findall(r"\(\.\./examples/(\w+)\.py\)", page)
    assert sorted(linked) == [path.stem for path in EXAMPLES]
