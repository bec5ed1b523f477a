"""Products of what a loop joins at every step, parts of a sequence and what it carries, as products of the parts.

A cell that multiplies ``[x, h]`` by one matrix hides that the part of ``x`` needs no step: the product of all steps can
come before the loop, and its gradients after it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence

from thalweg.compile.hoist import LoweredBody, built, is_a, is_loop, same_op
from thalweg.graph.lowering import Reshape, View
from thalweg.graph.op import item
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import rebuild, topological
from thalweg.ops.contract import matrix_product
from thalweg.ops.elementwise import add
from thalweg.ops.joining import concat_op
from thalweg.ops.shape import permute_dims
from thalweg.ops.slices import slice_at


def unjoined(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The lowered outputs with the products of parts in their loops."""
    return rebuild(outputs, {}, _remade)


def _remade(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
    if is_loop(tensor):
        body = _Unjoining(tensor, inputs).body()
        if body is not None:
            attrs = {**tensor.attrs, "body": body}
            return same_op(Tensor(tensor.op, (), attrs, tensor.specs, built_at=tensor.built_at), inputs)
    same = all(a is b for a, b in zip(tensor.inputs, inputs, strict=True))
    return tensor if same else same_op(tensor, inputs)


def _holds_carries(tensor: Tensor) -> bool:
    """Whether what a loop reads is what another one carried, at all steps."""
    while is_a(tensor, View, Reshape) and len(tensor.inputs) == 1:
        tensor = tensor.inputs[0]
    of_loop = tensor.op is item and is_loop(tensor.inputs[0])
    return of_loop and tensor.attrs["index"] >= len(tensor.inputs[0].attrs["body"].outputs)


class _Unjoining:
    """The body of one loop, a node on these inputs."""

    def __init__(self, node: Tensor, inputs: Sequence[Tensor]) -> None:
        self._body, self._num_carry = node.attrs["body"], node.attrs["num_carry"]
        self._order = topological(self._body.outputs)
        pairs = zip(self._body.parameters, inputs, strict=True)
        self._carried = {
            id(p) for k, (p, given) in enumerate(pairs) if k < self._num_carry or _holds_carries(given)
        }
        self._users: dict[int, list[Tensor]] = {}
        for t in self._order:
            if any(id(x) in self._carried for x in t.inputs):
                self._carried.add(id(t))
            for x in t.inputs:
                self._users.setdefault(id(x), []).append(t)

    def body(self) -> LoweredBody | None:
        """The new body; None where it is as it was."""
        if not any(self._is_joined(t) for t in self._order):
            return None
        outputs = rebuild(self._body.outputs, {}, self._made)
        return LoweredBody(self._body.parameters, outputs)

    def _is_joined(self, t: Tensor) -> bool:
        """Whether these are matrices side by side, of which some depend on what the loop carries and some do not."""
        if t.op is not concat_op or len(t.shape) != 2 or t.attrs["axis"] != 1:
            return False
        return 0 < sum(id(x) in self._carried for x in t.inputs) < len(t.inputs)

    def _made(self, t: Tensor, inputs: list[Tensor]) -> Tensor:
        if t.op is matrix_product:
            x = t.inputs[0]
            if self._is_joined(x):
                return _sum_of_parts(inputs[0].inputs, inputs[1])
            if _is_turned(x) and self._is_joined(x.inputs[0]):
                turned = (built(permute_dims, part, axes=(1, 0)) for part in inputs[0].inputs[0].inputs)
                return built(concat_op, *(built(matrix_product, part, inputs[1]) for part in turned), axis=0)
        if t.op is slice_at and inputs[0].op is matrix_product and self._is_apart(t.inputs[0]):
            x, y = inputs[0].inputs
            start, count = t.attrs["starts"][1], t.attrs["lengths"][1]
            return built(matrix_product, x, _slice(y, 1, start, count))
        same = all(a is b for a, b in zip(t.inputs, inputs, strict=True))
        return t if same else same_op(t, inputs)

    def _is_apart(self, product: Tensor) -> bool:
        """Whether only columns of a product are read, and some of them by nothing in the loop."""
        users = self._users[id(product)]
        if any(product is t for t in self._body.outputs) or not all(map(_is_columns, users)):
            return False
        carries = self._body.outputs[: self._num_carry]
        return any(id(t) not in self._users and not any(t is c for c in carries) for t in users)


def _is_turned(t: Tensor) -> bool:
    return t.op is permute_dims and t.attrs["axes"] == (1, 0)


def _is_columns(t: Tensor) -> bool:
    """Whether a tensor is columns side by side of a matrix."""
    if t.op is not slice_at or len(t.inputs[0].shape) != 2:
        return False
    plain = t.attrs["steps"] == (1, 1) and not any(t.attrs["dropped"])
    return plain and t.attrs["lengths"][0] == t.inputs[0].shape[0]


def _sum_of_parts(parts: Sequence[Tensor], y: Tensor) -> Tensor:
    starts = itertools.accumulate((part.shape[1] for part in parts), initial=0)
    products = [
        built(matrix_product, part, _slice(y, 0, start, part.shape[1]))
        for part, start in zip(parts, starts, strict=False)
    ]
    return functools.reduce(lambda a, b: built(add, a, b), products)


def _slice(y: Tensor, axis: int, start: int, count: int) -> Tensor:
    """Rows or columns of a matrix; of a turned one the columns or rows, turned."""
    if _is_turned(y):
        return built(permute_dims, _slice(y.inputs[0], 1 - axis, start, count), axes=(1, 0))
    shape = y.shape
    assert shape is not None
    return built(
        slice_at, y, starts=(0, start) if axis else (start, 0),
        lengths=(shape[0], count) if axis else (count, shape[1]), steps=(1, 1), dropped=(False, False),
        only=("", ""),
    )  # fmt: skip
