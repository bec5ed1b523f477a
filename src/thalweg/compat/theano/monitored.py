"""Functions that are watched: one application after the other, with a call before and after each.

``MonitorMode`` and ``NanGuardMode`` ask for this; a compiled function has no single applications to look at.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.printing import apply_of, debugprint
from thalweg.compat.theano.sharing import SharedTensor
from thalweg.compat.theano.variable import TensorVariable
from thalweg.graph.interpret import evaluate
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import leaves, topological
from thalweg.rewrite.pipeline import optimise


class MonitorMode:
    """A mode in which ``pre_func`` and ``post_func`` are called with (position, application, values) at each one."""

    def __init__(
        self, pre_func: Any = None, post_func: Any = None, optimizer: Any = None, linker: Any = None
    ) -> None:
        self.pre_func = pre_func
        self.post_func = post_func

    def including(self, *tags: str) -> MonitorMode:
        """This mode."""
        return self

    excluding = including


class Application:
    """The values at one application: ``inputs`` and ``outputs``, each in a list of one."""

    def __init__(self, inputs: list[Any]) -> None:
        self.inputs = [[x] for x in inputs]
        self.outputs: list[list[Any]] = []


class NanGuardMode(MonitorMode):
    """A mode in which a NaN, an infinity or a number beyond 1e10 in a result is an AssertionError."""

    def __init__(
        self,
        nan_is_error: bool = True,
        inf_is_error: bool = True,
        big_is_error: bool = True,
        optimizer: Any = None,
        linker: Any = None,
    ) -> None:
        super().__init__(post_func=self._check)
        self._kinds = {
            "NaN": lambda x: nan_is_error and np.isnan(x).any(),
            "Inf": lambda x: inf_is_error and np.isinf(x).any(),
            "Big value": lambda x: big_is_error and bool((np.abs(x) > 1e10).any()),
        }

    def _check(self, i: int, node: Any, fn: Application) -> None:
        values = [slot[0] for slot in (*fn.inputs, *fn.outputs)]
        for value in (v for v in values if np.asarray(v).dtype.kind == "f"):
            for kind, found in self._kinds.items():
                if found(value):
                    raise AssertionError(f"{kind} detected at application {i}, {node}")


class InvalidValueError(Exception):
    """A result in ``DebugMode`` that is not finite."""


class DebugMode(MonitorMode):
    """A mode in which a result that is not finite is an InvalidValueError.

    Every op has one implementation here, so there is nothing else to compare.
    """

    def __init__(self, optimizer: Any = None, check_isfinite: bool = True, **options: Any) -> None:
        super().__init__(post_func=self._check)
        self.check_isfinite = check_isfinite

    def _check(self, i: int, node: Any, fn: Application) -> None:
        for value in (np.asarray(slot[0]) for slot in fn.outputs):
            if self.check_isfinite and value.dtype.kind == "f" and not np.isfinite(value).all():
                raise InvalidValueError(f"the result of application {i}, {node}, is not finite: {value}")


_NAMED = {"DebugMode": DebugMode, "DEBUG_MODE": DebugMode, "NanGuardMode": NanGuardMode}


def watched(mode: Any) -> Any:
    """The mode that a name stands for, where functions in it are watched; else what is given."""
    name = mode if isinstance(mode, str) else config.mode if mode is None else None
    return _NAMED[name]() if name in _NAMED else mode


def detect_nan(i: int, node: Any, fn: Application) -> None:
    """What ``MonitorMode(post_func=detect_nan)`` calls: prints the applications that give NaN."""
    if any(np.isnan(slot[0]).any() for slot in fn.outputs):
        print("*** NaN detected ***")  # noqa: T201
        debugprint(node.outputs[0])
        print("Inputs :", [slot[0] for slot in fn.inputs])  # noqa: T201
        print("Outputs:", [slot[0] for slot in fn.outputs])  # noqa: T201


def run(mode: MonitorMode, given: dict[Tensor, Any], outputs: list[Tensor], updates: list[Any]) -> list[Any]:
    """The outputs' values, and the shared variables updated, with the mode's functions called at each application."""
    roots = optimise([*outputs, *(new for _, new in updates)])
    values: dict[Tensor, Any] = dict(given)
    values.update((t, t.get_value()) for t in leaves(roots) if isinstance(t, SharedTensor))
    position = 0
    for tensor in topological(roots):
        if tensor.op is None or tensor.op is item or tensor in values:
            values.setdefault(tensor, evaluate([tensor], values)[0])
            continue
        node = apply_of(TensorVariable(tensor))
        slots = Application([values[t] for t in tensor.inputs])
        if mode.pre_func is not None:
            mode.pre_func(position, node, slots)
        values[tensor] = evaluate([tensor], values)[0]
        several = isinstance(values[tensor], tuple)
        slots.outputs = [[x] for x in (values[tensor] if several else (values[tensor],))]
        if mode.post_func is not None:
            mode.post_func(position, node, slots)
        position += 1
    news = [values[t] for t in roots[len(outputs) :]]
    for (variable, _), new in zip(updates, news, strict=True):
        variable.loosen(np.shape(new))
        variable.set_value(np.asarray(new, variable.dtype))
    return [np.asarray(values[t]) for t in roots[: len(outputs)]]
