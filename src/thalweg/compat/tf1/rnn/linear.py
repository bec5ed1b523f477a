"""``_linear`` and ``_Linear``: one matrix product of several tensors, with which programs write cells of their own."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.initializers import constant_initializer, zeros_initializer
from thalweg.compat.tf1.variables import get_variable, variable_scope


def _parts(args: Any) -> list[Any]:
    return list(args) if isinstance(args, (list, tuple)) else [args]


class Linear:
    """``args[0] @ W[0] + args[1] @ W[1] + ... + b`` for tensors ``[batch, n]``: the variables ``kernel`` and ``bias``
    of the open scope; called with such tensors.
    """

    def __init__(
        self, args: Any, output_size: int, build_bias: bool = True, bias_initializer: Any = None,
        kernel_initializer: Any = None,
    ) -> None:  # fmt: skip
        parts = _parts(args)
        for part in parts:
            if part.get_shape().ndims != 2:
                raise ValueError(f"linear is expecting 2D arguments: {[p.get_shape() for p in parts]}")
        width = sum(int(part.get_shape()[1]) for part in parts)
        dtype = parts[0].dtype
        self.kernel = get_variable("kernel", [width, output_size], dtype, kernel_initializer)
        self.bias = (
            get_variable("bias", [output_size], dtype, bias_initializer or zeros_initializer())
            if build_bias
            else None
        )

    def __call__(self, args: Any) -> Any:
        parts = _parts(args)
        joined = math.concat(parts, 1) if len(parts) > 1 else parts[0]
        made = math.matmul(joined, self.kernel)
        return made if self.bias is None else nn.bias_add(made, self.bias)


def linear(
    args: Sequence[Any] | Any, output_size: int, bias: bool = True, bias_initializer: Any = None,
    kernel_initializer: Any = None, scope: Any = None, bias_start: float | None = None,
) -> Any:  # fmt: skip
    """:class:`Linear` of the tensors themselves; where the initialiser stands now, versions before 1.2 had the number
    from which the bias starts, and the scope after it.
    """
    if isinstance(bias_initializer, (int, float)):
        bias_initializer, bias_start = None, float(bias_initializer)
    if isinstance(kernel_initializer, str):
        kernel_initializer, scope = None, kernel_initializer
    if bias_initializer is None and bias_start is not None:
        bias_initializer = constant_initializer(bias_start)
    with variable_scope(scope) if scope is not None else contextlib.nullcontext():
        return Linear(args, output_size, bias, bias_initializer, kernel_initializer)(args)


__all__ = ["Linear", "linear"]
