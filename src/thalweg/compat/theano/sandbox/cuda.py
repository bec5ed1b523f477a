"""``theano.sandbox.cuda``: says that there is no such device."""

from __future__ import annotations

from typing import Any

cuda_available = False
cuda_enabled = False


def use(device: Any = None, **_: Any) -> None:
    """Nothing: programs run where they are."""
