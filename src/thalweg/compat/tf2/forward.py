"""``tf.autodiff.ForwardAccumulator``: derivatives in one direction, of what is computed in its block."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf2.tape import GradientTape, UnconnectedGradients
from thalweg.compat.tf2.values import tensor
from thalweg.errors import ShapeError, fail
from thalweg.gradient import gradients
from thalweg.graph.tensor import Tensor
from thalweg.nested import mapped
from thalweg.ops import reduce
from thalweg.ops.shape import full_like

__all__ = ["ForwardAccumulator", "autodiff"]


class ForwardAccumulator(GradientTape):
    """Jacobians times vectors: how results of its block change when the ``primals`` do, in the direction ``tangents``.

    The transposed product J^T u is linear in u, so that its gradient by u in the direction of the tangents is J times
    them.

    >>> x = tensor([2.0, 3.0])
    >>> with ForwardAccumulator(x, tensor([1.0, 0.0])) as accumulator:
    ...     y = x * x
    >>> accumulator.jvp(y).numpy().tolist()
    [4.0, 0.0]
    """

    def __init__(self, primals: Any, tangents: Any) -> None:
        super().__init__(persistent=True)
        alone = isinstance(primals, Tensor)
        self._primals = [primals] if alone else list(primals)
        self._tangents = [tensor(t) for t in ([tangents] if alone else tangents)]
        for k, (x, t) in enumerate(zip(self._primals, self._tangents, strict=True)):
            if tuple(x.shape) != tuple(t.shape):
                raise fail(
                    ShapeError, f"ForwardAccumulator: tangent {k}", expected=f"shape {x.shape}",
                    received=f"shape {t.shape}",
                )  # fmt: skip

    def __enter__(self) -> ForwardAccumulator:
        super().__enter__()
        self.watch([x for x in self._primals if isinstance(x, Tensor)])
        return self

    def jvp(self, primals: Any, unconnected_gradients: str = UnconnectedGradients.NONE) -> Any:
        """The derivatives of results in the direction of the tangents; None (or zeros) where they do not depend on
        the primals.
        """
        zero = unconnected_gradients == UnconnectedGradients.ZERO

        def one(y: Any) -> Any:
            u = full_like(y, 0)
            u.tracked = True
            slopes = gradients([y], self._primals, [u], unconnected="none")
            parts = [
                reduce.sum(slope * tangent)
                for slope, tangent in zip(slopes, self._tangents, strict=True)
                if slope is not None
            ]
            if not parts:
                return full_like(y, 0) if zero else None
            total = parts[0]
            for part in parts[1:]:
                total = total + part
            found = gradients(total, [u], unconnected="none")[0]
            return full_like(y, 0) if found is None and zero else found

        return mapped(one, primals)


autodiff = Namespace("tf.autodiff", ForwardAccumulator=ForwardAccumulator, GradientTape=GradientTape)
