"""The page of supported names is the one that the code gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import thalweg.compat.tf1 as tf1
import thalweg.compat.tf2 as tf2

PAGE = Path(__file__).parents[2] / "docs" / "compat.md"


@pytest.fixture(scope="module")
def page() -> str:
    """The page as a fresh process writes it: what other tests imported does not count."""
    command = [sys.executable, "-m", "thalweg.compat.listing"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_the_page_is_up_to_date(page: str) -> None:
    told = "write it anew: python -m thalweg.compat.listing > docs/compat.md"
    assert PAGE.read_text(encoding="utf-8") == page, told


def test_the_page_names_what_programs_use(page: str) -> None:
    assert all(
        f"`{name}`" in page for name in ("placeholder", "Session", "AdamOptimizer", "shared", "dmatrix")
    )
    assert not any(f"`{name}`" in page for name in ("Any", "Callable", "annotations", "get_close_matches"))


def test_what_rooms_have_for_each_other_is_not_in_programs() -> None:
    for namespace, name in (
        (tf1, "HostSource"),
        (tf1.nn, "Sampled"),
        (tf1.train, "values_at"),
        (tf2.math, "kernel"),
    ):
        assert not hasattr(namespace, name), name
