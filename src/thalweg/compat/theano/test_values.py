"""``config.compute_test_value``: expressions evaluated as they are written, from the values in ``tag.test_value``."""

from __future__ import annotations

import warnings
from typing import Any
from weakref import finalize

import numpy as np

from thalweg.compat.theano.configuration import config
from thalweg.graph.interpret import evaluate
from thalweg.graph.tensor import Placeholder, Tensor, Variable
from thalweg.graph.walk import topological

_values: dict[int, Any] = {}  # by the identity of a tensor, as long as it lives


def _keep(tensor: Tensor, value: Any) -> None:
    if id(tensor) not in _values:
        finalize(tensor, _values.pop, id(tensor), None)
    _values[id(tensor)] = value


class Tag:
    """What programs attach to a variable; ``test_value`` stands for it while expressions are written."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    @property
    def test_value(self) -> Any:
        """The value given, or computed from those below; what is known already is its own."""
        if self._tensor.op is None and not isinstance(self._tensor, (Placeholder, Variable)):
            return self._tensor.numpy()
        compute(self._tensor)  # of what was made without a variable, as a shape
        if id(self._tensor) not in _values:
            raise AttributeError("no test value: set tag.test_value, or config.compute_test_value before")
        return _values[id(self._tensor)]

    @test_value.setter
    def test_value(self, value: Any) -> None:
        _keep(self._tensor, np.asarray(value, self._tensor.dtype) if np.ndim(value) == 0 else value)


def carry(old: Tensor, new: Tensor) -> None:
    """Give a copy of an expression its test value, if it has one."""
    if id(old) in _values:
        _keep(new, _values[id(old)])


def compute(tensor: Tensor) -> None:
    """Give an expression its test value; an error in it is raised here, at the line that writes it."""
    if tensor.op is None or id(tensor) in _values or config.compute_test_value == "off":
        return
    given: dict[Tensor, Any] = {}
    for t in topological([tensor], stop=lambda t: id(t) in _values):
        if id(t) in _values:
            given[t] = _values[id(t)]
        elif isinstance(t, Variable):
            given[t] = t.get_value()
        elif type(t) is Placeholder:
            if t.name is not None:  # what a loop hands its step has no name, and no value yet
                _complain(t)
            return
    _keep(tensor, evaluate([tensor], given)[0])


def _complain(leaf: Tensor) -> None:
    message = (
        f"Cannot compute test value: input {leaf.name} has no test value: set {leaf.name}.tag.test_value"
    )
    if config.compute_test_value == "raise":
        raise AttributeError(message)
    if config.compute_test_value == "warn":
        warnings.warn(message, stacklevel=5)
