"""``theano.scan_module.scan_utils``: what ``until`` and ``clone`` are also found as."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.scan_module import until as until


def clone(output: Any, replace: Any = None, **options: Any) -> Any:
    """``theano.clone``."""
    import thalweg.compat.theano as theano

    return theano.clone(output, replace, **options)
