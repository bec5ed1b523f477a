"""``theano.gof.op``."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.operation import Op as Op
from thalweg.compat.theano.variable import as_tensor_variable


def get_test_value(v: Any) -> Any:
    """The test value of a variable; a constant's and a shared variable's own value."""
    return as_tensor_variable(v).get_test_value()
