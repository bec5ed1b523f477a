"""What ``+``, ``[]`` and the other operators of tensors do."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1.graph import Node, Tensor
from thalweg.compat.tf1.late import deferring
from thalweg.compat.tf1.math.elementwise import (
    abs,
    add,
    div,
    divide,
    floordiv,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    mod,
    multiply,
    negative,
    pow,
    subtract,
)
from thalweg.compat.tf1.math.indexing import _item
from thalweg.compat.tf1.math.linalg import matmul


def _install() -> None:
    def forward(op: Any, title: str | None = None) -> Any:
        def apply(self: Tensor, other: Any) -> Any:
            return NotImplemented if getattr(other, "takes_over", False) else op(self, other, name=title)

        return apply

    def reflected(op: Any, title: str) -> Any:
        return lambda self, other: op(other, self, name=title)

    pairs = {
        "add": add,
        "sub": subtract,
        "mul": multiply,
        "truediv": divide,
        "div": div,
        "floordiv": floordiv,
        "mod": mod,
        "pow": pow,
        "and": logical_and,
        "or": logical_or,
        "xor": logical_xor,
        "matmul": deferring(matmul),
    }
    for name, op in pairs.items():
        setattr(Node, f"__{name}__", forward(op, name))
        setattr(Node, f"__r{name}__", reflected(op, name))
    for name, op in {"lt": less, "le": less_equal, "gt": greater, "ge": greater_equal}.items():
        setattr(Node, f"__{name}__", forward(op))
    for name, one in {"neg": negative, "abs": abs, "invert": logical_not}.items():
        setattr(Node, f"__{name}__", lambda self, one=one: one(self))
    setattr(Node, "__getitem__", deferring(_item))  # noqa: B010 - the class declares it for readers


_install()
