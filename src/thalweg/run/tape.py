"""The gradient tape: a thin form of ``gradients`` for eager programs."""

from __future__ import annotations

from typing import Any

from thalweg.dtypes import is_floating
from thalweg.errors import ArgumentTypeError, GradientError, fail
from thalweg.gradient import gradients, jacobian
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import current_recorder
from thalweg.ops.shape import full_like
from thalweg.run.replay import remembered_gradients


class GradientTape:
    """Gives gradients of what was computed from variables and watched tensors.

    ``persistent=False`` allows one call of :meth:`gradient`. Variables are watched by themselves; other
    tensors by :meth:`watch`. Tapes nest, for gradients of gradients.

    >>> x = Variable(3.0)
    >>> with GradientTape() as tape:
    ...     y = x * x
    >>> tape.gradient(y, x).item()
    6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self._persistent = persistent
        self._used = False
        self._automatic = watch_accessed_variables
        self._watched: set[Tensor] = set()

    def __enter__(self) -> GradientTape:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def watch(self, tensor: Any) -> None:
        """Follow a tensor that is not a variable (or a list of them)."""
        for t in tensor if isinstance(tensor, (list, tuple)) else [tensor]:
            if not isinstance(t, Tensor):
                raise fail(ArgumentTypeError, "tape.watch: not a tensor", received=repr(t))
            t.tracked = True
            self._watched.add(t)

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The gradient of the target (summed where it is not a scalar) with respect to each source.

        Sources may be nested lists and dicts. ``unconnected_gradients``: "none" gives None for a source that
        the target does not depend on, "zero" zeros, "raise" an error that names the op that cuts the path.
        """
        self._use("gradient")
        flat = _flat(sources)
        allowed = [t for t in flat if self._automatic or not isinstance(t, Variable) or t in self._watched]
        plain = output_gradients is None and unconnected_gradients == "none"
        found = _waiting(target, allowed) if plain else None
        if found is None:
            found = gradients(target, allowed, output_gradients, unconnected=unconnected_gradients)
        by_source = {id(t): g for t, g in zip(allowed, found, strict=True)}
        return _like(sources, lambda t: by_source.get(id(t)))

    def jacobian(self, target: Tensor, sources: Any) -> Any:
        """The derivative of every element of the target by every element of each source: shape target.shape
        + source.shape.
        """
        self._use("jacobian")
        return _like(sources, lambda t: jacobian(target, t))

    def _use(self, what: str) -> None:
        if self._used and not self._persistent:
            raise fail(
                GradientError,
                f"tape.{what}: a tape gives gradients once",
                hint="make it GradientTape(persistent=True)",
            )
        self._used = True

    def reset(self) -> None:
        """Forget what is watched, and allow another gradient."""
        self._used = False
        self._watched.clear()


def _waiting(target: Any, sources: list[Tensor]) -> list[Tensor | None] | None:
    """The gradients as further results that wait, where the target waits and the sources are variables."""
    targets = list(target) if isinstance(target, (list, tuple)) else [target]
    if current_recorder() is not None or not all(isinstance(s, Variable) for s in sources):
        return None
    if any(not isinstance(t, Tensor) or t.later is None or not is_floating(t.dtype) for t in targets):
        return None
    return remembered_gradients(targets, sources, [full_like(t, 1) for t in targets])


def _flat(sources: Any) -> list[Tensor]:
    if isinstance(sources, Tensor):
        return [sources]
    if isinstance(sources, dict):
        return [t for value in sources.values() for t in _flat(value)]
    if isinstance(sources, (list, tuple)):
        return [t for value in sources for t in _flat(value)]
    raise fail(ArgumentTypeError, "tape.gradient: a source is not a tensor", received=repr(sources))


def _like(sources: Any, of: Any) -> Any:
    if isinstance(sources, Tensor):
        return of(sources)
    if isinstance(sources, dict):
        return {key: _like(value, of) for key, value in sources.items()}
    return [_like(value, of) for value in sources]
