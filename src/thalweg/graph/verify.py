"""What makes a graph legal: a table of laws, checked after every pass in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from thalweg.errors import CompileError, fail
from thalweg.graph.op import Op, item
from thalweg.graph.tensor import Spec, Tensor, shapes_match
from thalweg.graph.walk import topological


def verify(outputs: Iterable[Tensor]) -> None:
    """Raise CompileError, naming the tensor and the law, where a graph breaks one of the laws of
    :data:`LAWS`.

    >>> from thalweg.graph.tensor import placeholder
    >>> import thalweg.ops
    >>> verify([placeholder("float32", [2]) + 1])
    """
    outputs = list(outputs)
    _check_acyclic(outputs)
    for tensor in topological(outputs):
        for law, holds in LAWS.items():
            if not holds(tensor):
                raise fail(
                    CompileError,
                    f"an illegal graph: {tensor!r}",
                    expected=law,
                    received=_described(tensor),
                    built_at=tensor.built_at,
                )


def _described(tensor: Tensor) -> str:
    inputs = ", ".join(str(t.specs[0]) if isinstance(t, Tensor) else repr(t) for t in tensor.inputs)
    name = tensor.op.name if tensor.op else "a leaf"
    return f"{name}({inputs}) {tensor.attrs} -> {', '.join(map(str, tensor.specs))}"


def _inputs_are_tensors(tensor: Tensor) -> bool:
    return all(isinstance(t, Tensor) for t in tensor.inputs)


def _leaf_is_bare(tensor: Tensor) -> bool:
    return tensor.op is not None or (not tensor.inputs and not tensor.attrs)


def _op_is_op(tensor: Tensor) -> bool:
    return tensor.op is None or isinstance(tensor.op, Op)


def _spec_is_inferred(tensor: Tensor) -> bool:
    if tensor.op is None:
        return True
    if tensor.op is item:
        expected = [tensor.inputs[0].specs[tensor.attrs["index"]]]
    else:
        made = tensor.op.infer(*[t.specs[0] for t in tensor.inputs], **tensor.attrs)
        expected = [made] if isinstance(made, Spec) else list(made)
    return len(expected) == len(tensor.specs) and all(
        e.dtype == s.dtype
        and (e.shape == s.shape or (tensor.value is not None and shapes_match(e.shape, s.shape)))
        for e, s in zip(expected, tensor.specs, strict=True)
    )


def _value_fits(tensor: Tensor) -> bool:
    if tensor.value is None:
        return True
    values = tensor.value if isinstance(tensor.value, tuple) else (tensor.value,)
    return all(
        v.dtype == s.dtype and shapes_match(s.shape, v.shape)
        for v, s in zip(values, tensor.specs, strict=True)
    )


LAWS: dict[str, Callable[[Tensor], bool]] = {
    "inputs that are tensors": _inputs_are_tensors,
    "an op, or None for a leaf": _op_is_op,
    "a leaf without inputs and attributes": _leaf_is_bare,
    "the spec that the op infers from its inputs": _spec_is_inferred,
    "a value of the tensor's dtype and shape": _value_fits,
}


def _check_acyclic(outputs: list[Tensor]) -> None:
    """No tensor below itself: a depth-first walk that meets a tensor on its own path has found a cycle."""
    finished: set[int] = set()
    path: set[int] = set()
    stack: list[tuple[Tensor, bool]] = [(t, False) for t in outputs]
    while stack:
        tensor, leaving = stack.pop()
        if leaving:
            path.discard(id(tensor))
            finished.add(id(tensor))
        elif id(tensor) in path:
            raise fail(
                CompileError,
                f"an illegal graph: {tensor.label()} stands below itself",
                built_at=tensor.built_at,
            )
        elif id(tensor) not in finished:
            path.add(id(tensor))
            stack.append((tensor, True))
            stack.extend((t, False) for t in tensor.inputs if isinstance(t, Tensor))
