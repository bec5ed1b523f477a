"""``theano.tensor.opt``: conditions that are checked when a function runs."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.conditions import checked
from thalweg.compat.theano.variable import TensorVariable


class Assert:
    """``Assert("message")(x, condition, ...)`` is x, or an AssertionError when a condition does not hold."""

    def __init__(self, msg: str = "Theano Assert failed!") -> None:
        self.msg = msg

    def __call__(self, value: Any, *conds: Any) -> TensorVariable:
        return checked(value, conds, self.msg, AssertionError)


assert_op = Assert()


def register_canonicalize(optimizer: Any, *tags: Any, **options: Any) -> Any:
    """A rewriting that a program registers: what it would leave out (``OpRemove``) costs nothing."""
    return optimizer


register_specialize = register_stabilize = register_useless = register_canonicalize
