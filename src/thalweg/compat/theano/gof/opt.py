"""``theano.gof.opt``."""

from __future__ import annotations

from typing import Any


class OpRemove:
    """The rewriting that leaves out an op which gives its input as it is; here such ops cost nothing anyway."""

    def __init__(self, op: Any) -> None:
        self.op = op


__all__ = ["OpRemove"]
