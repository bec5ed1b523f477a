"""Modes: how functions are optimised and linked; kept for the programs that ask, there is one way."""

from __future__ import annotations

from typing import Any


class Mode:
    """A linker and an optimizer by name, without effect here."""

    def __init__(self, linker: Any = None, optimizer: Any = None) -> None:
        self.linker = linker
        self.optimizer = optimizer

    def including(self, *tags: str) -> Mode:
        """This mode."""
        return self

    excluding = requiring = including


FAST_RUN, FAST_COMPILE = Mode("cvm", "fast_run"), Mode("vm", "fast_compile")
predefined_modes = {"FAST_RUN": FAST_RUN, "FAST_COMPILE": FAST_COMPILE, "Mode": FAST_RUN}


def get_default_mode() -> Mode:
    """The one mode there is."""
    return FAST_RUN


def get_mode(name: Any = None) -> Any:
    """A mode by name, or the mode that is given."""
    return predefined_modes.get(name or "Mode", FAST_RUN) if name is None or isinstance(name, str) else name
