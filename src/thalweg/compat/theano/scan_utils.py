"""``theano.scan_module.scan_utils``: what ``until`` and ``clone`` are also found as."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.scan_module import until as until


def clone(output: Any, replace: Any = None, **options: Any) -> Any:
    """``theano.clone``."""
    import thalweg.compat.theano as theano

    return theano.clone(output, replace, **options)


def equal_computations(xs: Any, ys: Any, in_xs: Any = None, in_ys: Any = None) -> bool:
    """Whether two lists of variables are computed in the same way from the same leaves."""
    from thalweg.compat.theano.gof.graph import is_same_graph

    if in_xs or in_ys:
        raise NotImplementedError("equal_computations: inputs that stand for each other are not supported")
    return len(xs) == len(ys) and all(is_same_graph(x, y) for x, y in zip(xs, ys, strict=True))
