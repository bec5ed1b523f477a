"""Between nodes, expressions, numbers and arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.compat.tf1.graph.graphs import after, default_graph, node_of
from thalweg.compat.tf1.graph.nodes import HostTensor, Node, Operation, Tensor, host, shaped_as
from thalweg.compat.tf1.types import NotKnownYet, TensorShape, as_dtype, numpy_dtype, string
from thalweg.graph import tensor as core
from thalweg.ops import joining
from thalweg.ops.elementwise import astype
from thalweg.ops.state import identity

# What programs teach: (kinds, a function of (value, dtype, name, as_ref)), the first in priority in front.
_conversions: list[tuple[int, Any, Callable[..., Any]]] = []


def register_tensor_conversion_function(base_type: Any, conversion_func: Any, priority: int = 100) -> None:
    """Let objects of a class (or tuple of classes) stand for tensors: ``conversion_func(value, dtype, name, as_ref)``.

    It may return ``NotImplemented``; of several that fit, the one of the lowest ``priority`` goes first.
    """
    if not callable(conversion_func):
        raise TypeError(f"conversion_func must be callable, received {conversion_func!r}")
    _conversions.append((priority, base_type, conversion_func))
    _conversions.sort(key=lambda known: known[0])


def converted(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """The tensor that an object stands for, or the object itself."""
    for _, kinds, fn in _conversions:
        if isinstance(x, kinds) and not isinstance(x, Node):
            made = fn(x, None if dtype is None else as_dtype(dtype), name, False)
            if made is not NotImplemented:
                return made
    return x


def accepting(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which takes Keras's tensors as nodes of the graph."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        if any(map(_holds_core, args)):
            args = tuple(map(nodes_of, args))
        if options and any(map(_holds_core, options.values())):
            options = {name: nodes_of(part) for name, part in options.items()}
        return fn(*args, **options)

    return apply


def nodes_of(structure: Any) -> Any:
    """Nodes in place of Keras's tensors, in lists and tuples."""
    if type(structure) in (list, tuple) and _holds_core(structure):
        return type(structure)(map(nodes_of, structure))
    return node_of(structure)


def _holds_core(x: Any) -> bool:
    return isinstance(x, core.Tensor) or (type(x) in (list, tuple) and any(map(_holds_core, x)))


def value(x: Any, dtype: Any = None) -> core.Tensor:
    """The expression of a tensor, number, array or list; what is not a tensor takes ``dtype`` if it can."""
    x = converted(x, dtype)
    if isinstance(x, Node):
        if x.t is None:
            raise TypeError(f"{x.name} is a string; a number is needed")
        if isinstance(x.t, core.Variable) and (effects := x.graph.controls()):
            return after.build([x.t], {"effects": tuple(effects)})
        return x.t
    if isinstance(x, core.Tensor):
        return x
    if isinstance(x, (list, tuple)) and _has_tensor(x):
        like = dtype or next(iter(_leaf_dtypes(x)))
        return joining.stack([value(part, like) for part in x])
    wanted = None if dtype is None else numpy_dtype(dtype)
    array = as_array(x)
    if wanted is not None and dtypes.rank(wanted) >= dtypes.rank(array.dtype):
        array = as_array(
            x, wanted
        )  # of the number itself: a float that was rounded to 32 bits is another one
    return core.constant(array)


def as_array(x: Any, dtype: Any = None) -> np.ndarray:
    """A number, list or array with TensorFlow's dtype: Python ints are int32 and floats float32."""
    if isinstance(x, TensorShape):
        x = x.as_list()
    array = np.asarray(x)
    if dtype is not None:
        return array.astype(numpy_dtype(dtype))
    if not isinstance(x, (np.ndarray, np.generic)) and not _has_arrays(x):
        if array.dtype == np.float64:
            return array.astype(np.float32)
        if array.dtype == np.int64 and (array.size == 0 or np.abs(array).max() < 2**31):
            return array.astype(np.int32)
    return array


def _has_arrays(x: Any) -> bool:
    """Whether lists hold arrays; NumPy's numbers in them, arrays without axes too, are as Python's."""
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return isinstance(x, np.ndarray) and x.ndim > 0


def _has_tensor(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_has_tensor(part) for part in x)
    return isinstance(x, (Node, core.Tensor))


def _leaf_dtypes(x: Any) -> Iterator[Any]:
    for part in x:
        if isinstance(part, (list, tuple)):
            yield from _leaf_dtypes(part)
        elif isinstance(part, (Node, core.Tensor)):
            yield part.dtype


def values(*xs: Any) -> list[core.Tensor]:
    """Expressions of operands; numbers and arrays take the dtype of the tensor beside them, or of the first."""
    dtype = next((x.dtype for x in xs if isinstance(x, Node)), None)
    if dtype is None and xs:
        dtype = as_dtype(value(xs[0]).dtype)
    return [value(x, dtype) for x in xs]


def wrap(t: core.Tensor, name: str | None, kind: str, inputs: Sequence[Any] = (), **known: Any) -> Tensor:
    """A new node of the default graph with this expression; one of constants alone is a constant."""
    if isinstance(t, core.Variable) or t.later is not None:  # what waits is not looked at
        t = identity.build([t], {})
    elif t.value is not None:
        if not t.tracked and known.get("static") is None:
            known["static"] = np.asarray(t.value)
        t = identity.build([t], {})
    graph = default_graph()
    if effects := graph.controls():
        t = after.build([t], {"effects": tuple(effects)})
    operation = Operation(name, kind, inputs=inputs)
    if kind in graph.overrides:
        from thalweg.compat.tf1.math.gradients import RegisterGradient

        t = RegisterGradient.overridden(t, graph.overrides[kind], operation)
    return Tensor(t, operation, **known)


def wrap_all(
    parts: Sequence[core.Tensor], name: str | None, kind: str, inputs: Sequence[Any] = ()
) -> list[Tensor]:
    """One new node with several outputs."""
    graph = default_graph()
    effects = graph.controls()
    operation = Operation(name, kind, inputs=inputs)
    made = []
    for t in parts:
        if t.value is not None or isinstance(t, core.Variable):
            t = identity.build([t], {})
        made.append(Tensor(after.build([t], {"effects": tuple(effects)}) if effects else t, operation))
    return made


def constant(
    value: Any, dtype: Any = None, shape: Any = None, name: str = "Const", verify_shape: bool = False
) -> Tensor:
    """A constant node. Strings stay on the host."""
    if isinstance(value, Node):
        return convert_to_tensor(value)
    if value is None:
        raise ValueError("None values not supported.")
    if (dtype is not None and as_dtype(dtype) == string) or np.asarray(value).dtype.kind in "SUO":
        text = np.array(value, dtype=object)
        encoded = np.vectorize(_bytes, otypes=[object])(text) if text.size else text
        held = host("Const", name, (), lambda: encoded[()] if encoded.ndim == 0 else encoded, encoded.shape)
        held.static = encoded
        return held
    array = as_array(value, dtype)
    array = np.array(array if shape is None else filled(array, [int(d) for d in TensorShape(shape)]))
    return wrap(core.constant(array), name, "Const", static=array)


def filled(array: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """The elements in another shape, the last one in all the places for which there are none.

    >>> filled(np.array([1, 2]), [2, 2]).tolist()
    [[1, 2], [2, 2]]
    """
    size = int(np.prod(shape))
    flat = array.reshape(-1)
    if flat.size < size:
        flat = np.concatenate([flat, np.repeat(flat[-1:], size - flat.size)])
    return (flat if size else flat[:0]).reshape(tuple(shape))


def _bytes(text: Any) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()


def convert_to_tensor(
    value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None
) -> Tensor:
    """The tensor itself, or a constant."""
    value = converted(value, dtype, name)
    if isinstance(value, Node):
        if dtype is not None and value.t is not None and value.dtype != as_dtype(dtype):
            raise ValueError(f"Tensor conversion requested dtype {as_dtype(dtype).name} for {value}")
        return value.as_tensor()
    if _has_tensor(value):
        if _has_text(value):
            return packed_texts(value, name)
        return wrap(globals()["value"](value, dtype), name, "Pack", list(value))
    return constant(value, dtype, name=name or "Const")


def _has_text(x: Any) -> bool:
    return any(_has_text(part) for part in x) if isinstance(x, (list, tuple)) else isinstance(x, HostTensor)


def packed_texts(values: Sequence[Any], name: str | None = None, axis: int = 0) -> Tensor:
    """Texts of one shape joined along a new axis, on the host."""
    nodes = [convert_to_tensor(part) for part in values]
    dims = nodes[0].get_shape().dims
    shape = None if dims is None else list(nodes[0].get_shape().as_list())
    if shape is not None:
        shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, len(nodes))
    return host(
        "Pack", name, nodes, lambda *parts: np.stack([np.asarray(p, object) for p in parts], axis), shape
    )


def static_value(x: Any) -> Any:
    """The value of a constant, number or list as NumPy; None where it is known only when the graph runs."""
    if isinstance(x, Node):
        return x.static
    if _has_tensor(x):
        parts = [static_value(part) for part in x]
        return None if any(p is None for p in parts) else np.asarray(parts)
    return np.asarray(x.as_list() if isinstance(x, TensorShape) else x)


def known_value(x: Any, what: str) -> np.ndarray:
    """An argument that decides what is built, as NumPy; ``NotKnownYet`` where only a run knows it."""
    found = static_value(x)
    if found is None:
        raise NotKnownYet(f"{what} must be known when the graph is built, received {x!r}")
    return np.asarray(found)


def static_int(x: Any, what: str) -> int:
    """An argument that must be known when the graph is built, as an int."""
    found = known_value(x, what)
    if np.size(found) != 1:
        raise ValueError(f"{what} must be one number, received {x!r}")
    return int(np.asarray(found).item())  # programs give [-1] for -1


def cast(t: core.Tensor, dtype: Any) -> core.Tensor:
    """The expression in another dtype."""
    wanted = numpy_dtype(dtype)
    return t if t.dtype == wanted else astype(t, wanted)


def truth(x: Any) -> core.Tensor:
    """A condition as a scalar bool, also where a placeholder does not say that it is a scalar."""
    t = cast(value(x), "bool")
    return t if t.shape == () else shaped_as(t, ())


def axes_of(axis: Any) -> Any:
    """Axes as an int, a tuple or None."""
    if axis is None:
        return None
    found = known_value(axis, "the axis")
    return int(found) if found.ndim == 0 else tuple(int(a) for a in found)
