"""Processes that a program starts afresh (by multiprocessing or joblib) are prepared like its own."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import spawn
from pathlib import Path
from typing import Any

from thalweg.compat import removed_names


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

    def tell(starts: Any) -> None:
        data_for = starts.get_preparation_data

        def data(*args: Any, **options: Any) -> dict[str, Any]:
            told = data_for(*args, **options)
            if told.pop("init_main_from_path", None) and program.suffix == ".py":
                told["init_main_from_name"] = program.stem
            return {"thalweg": _Call(prepare), **told}

        starts.get_preparation_data = data

    tell(spawn)
    removed_names.complete("joblib.externals.loky.backend.spawn", tell)


__all__ = ["prepare_alike"]
