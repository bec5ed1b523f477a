"""Processes that a program starts afresh (``multiprocessing`` by "spawn" or "forkserver") are prepared like its own."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import spawn
from pathlib import Path
from typing import Any


class _Call:
    """Is a call, once it is unpickled."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def __reduce__(self) -> Any:
        return _result, (self.function,)


def _result(function: Callable[[], Any]) -> Any:
    return function()


def prepare_alike(program: Path, prepare: Callable[[], None]) -> None:
    """Let new processes call ``prepare`` before all else, and find what the program defines by importing its file."""
    data_for = spawn.get_preparation_data

    def data(name: str) -> dict[str, Any]:
        told = data_for(name)
        if told.pop("init_main_from_path", None) and program.suffix == ".py":
            told["init_main_from_name"] = program.stem
        return {"thalweg": _Call(prepare), **told}

    spawn.get_preparation_data = data  # type: ignore[assignment]


__all__ = ["prepare_alike"]
