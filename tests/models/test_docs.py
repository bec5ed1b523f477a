"""The programs on the page about layers run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


def test_the_examples_of_the_page_run(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (repository / "docs" / "layers.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert len(programs) == 2
    for program in programs:
        exec(compile(program, "layers.md", "exec"), {"__name__": "docs"})
    assert (tmp_path / "model.safetensors").exists()


def test_the_page_names_layers_that_exist(repository: Path) -> None:
    from thalweg import layers

    text = (repository / "docs" / "layers.md").read_text(encoding="utf-8")
    table = text.split("## What is there")[1].split("\n## ")[0]
    for name in re.findall(r"`([A-Z]\w+)`", table):
        assert hasattr(layers, name) or hasattr(layers, f"{name}1D"), name
