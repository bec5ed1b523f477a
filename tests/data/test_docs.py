"""The programs on the page about data run, and the page names what exists."""

from __future__ import annotations

import re
from pathlib import Path

from thalweg import data


def test_the_examples_of_the_page_run(repository: Path) -> None:
    text = (repository / "docs" / "data.md").read_text(encoding="utf-8")
    programs = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    assert len(programs) == 2
    for program in programs:
        exec(compile(program, "data.md", "exec"), {"__name__": "docs"})


def test_the_page_names_functions_that_exist(repository: Path) -> None:
    text = (repository / "docs" / "data.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:load|make|image|text|train|encode|to)_\w+)", text))
    loaders = {name for name in vars(data) if name.startswith(("load_", "make_"))}
    assert named - set(vars(data)) == set() and loaders - named == set()
