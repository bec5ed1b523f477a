"""The programs on the pages about layers, losses and metrics run."""

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


def test_the_page_about_losses_and_metrics_is_true(repository: Path) -> None:
    import thalweg as tw

    text = (repository / "docs" / "losses.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    exec(compile(program, "losses.md", "exec"), {"__name__": "docs"})
    rows = [row for row in text.splitlines() if row.startswith("|")]
    for name in re.findall(r"`([A-Z]\w+)`", "\n".join(rows)):
        assert hasattr(tw.losses, name) or hasattr(tw.metrics, name), name
