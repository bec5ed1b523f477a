"""``theano.compile.debugmode``."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.modes import Mode


class DebugMode(Mode):
    """Kept for the programs that ask for it: every op has one implementation here, so there is nothing to compare."""

    def __init__(self, optimizer: Any = None, **options: Any) -> None:
        super().__init__(None, optimizer)
