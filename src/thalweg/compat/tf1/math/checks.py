"""Work that Python does while the graph runs: printing, checks, functions of arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import node_defs
from thalweg.compat.tf1.graph import (
    Node,
    Tensor,
    as_array,
    static_int,
    static_value,
    value,
    values,
    wrap,
    wrap_all,
)
from thalweg.compat.tf1.math.shapes import identity
from thalweg.compat.tf1.types import numpy_dtype
from thalweg.dtypes import is_floating
from thalweg.errors import ArgumentError, fail
from thalweg.graph import tensor as core
from thalweg.graph.op import make_op
from thalweg.ops import create, elementwise, logic, reduce


@make_op(
    {},
    infer=lambda x, *data, message, summarize: x,
    pure=False,
    grad=lambda g, y, x, *data, message, summarize: [g, *[None] * len(data)],
)
def _printed(x, *data, message, summarize):  # type: ignore[no-untyped-def]
    """x; writes the data to stderr."""
    shown = "".join(f"[{' '.join(map(_number_text, np.asarray(d).reshape(-1)[:summarize]))}]" for d in data)
    sys.stderr.write(f"{message}{shown}\n")
    return x


def _number_text(number: Any) -> str:
    return f"{number:.6g}" if isinstance(number, np.floating) else str(number)


def Print(
    input_: Any,
    data: Sequence[Any],
    message: str | None = None,
    first_n: Any = None,
    summarize: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_``; each run writes the data to stderr."""
    attrs = {"message": message or "", "summarize": summarize or 3}
    return wrap(_printed.build([value(input_), *map(value, data)], attrs), name, "Print", [input_])


@make_op({}, infer=lambda *data, parts, stream, summarize: core.Spec((), np.dtype(bool)), pure=False)
def _told(*data, parts, stream, summarize):  # type: ignore[no-untyped-def]
    """Writes texts and, where a part is None, the next tensor."""
    rest = iter(data)
    texts = (part if part is not None else _as_text(next(rest), summarize) for part in parts)
    print(*texts, sep="", end="", file=stream or sys.stderr, flush=True)
    return np.asarray(True)


def _as_text(x: Any, summarize: int) -> str:
    x = np.asarray(x)
    x = x.astype(int) if x.dtype == bool else x
    edge, most = (x.size + 1, x.size + 1) if summarize < 0 else (summarize, 2 * summarize)
    whole = all(n <= most for n in x.shape)
    formatter: Any = {"all": lambda number: f"{number:.9g}" if x.dtype.kind == "f" else str(number)}
    return np.array2string(x, threshold=x.size + 1 if whole else 0, edgeitems=edge, formatter=formatter)


def print_(
    *inputs: Any,
    output_stream: Any = None,
    summarize: int = 3,
    sep: str = " ",
    end: str = "\n",
    name: str | None = None,
) -> g.Operation:
    """An operation that writes texts and tensors to stderr or a stream, of each axis ``summarize`` at both ends."""
    parts: list[Any] = []
    for x in inputs:
        parts += [x if isinstance(x, str) else None, sep]
    parts[-1:] = [end]
    tensors = [value(x) for x in inputs if not isinstance(x, str)]
    made = _told.build(tensors, {"parts": tuple(parts), "stream": output_stream, "summarize": summarize})
    return g.Operation(name, "PrintV2", g.Effect(fetches=[made]))


@make_op({}, infer=lambda holds, *data, message: core.Spec((), np.dtype(bool)), pure=False)
def _asserted(holds, *data, message):  # type: ignore[no-untyped-def]
    """Raises where the condition does not hold."""
    if not np.all(holds):
        from thalweg.compat.tf1.errors import InvalidArgumentError

        shown = " ".join(f"[{d}]" for d in data)
        raise InvalidArgumentError(f"assertion failed: {message} {shown}".rstrip())
    return np.asarray(True)


def Assert(
    condition: Any, data: Sequence[Any], summarize: Any = None, name: str | None = None
) -> g.Operation:
    """An operation that raises where the condition does not hold."""
    texts = [d for d in data if isinstance(d, str)]
    numbers = [value(d) for d in data if not isinstance(d, (str, g.HostTensor))]
    check = _asserted.build([value(condition), *numbers], {"message": " ".join(texts)})
    return g.Operation(name, "Assert", g.Effect(fetches=[check]))


def _assertion(kind: str, test: Callable[..., Any], reads: str) -> Callable[..., g.Operation]:
    def check(
        x: Any, y: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
    ) -> g.Operation:
        a, b = values(x, y)
        scope = name or kind
        holds = wrap(reduce.all(test(a, b)), f"{scope}/All", "All")
        said = message or f"x {reads} y did not hold"
        return Assert(holds, [said, *(data or ())], name=f"{scope}/Assert")

    check.__doc__ = f"An operation that raises unless x {reads} y everywhere."
    return check


assert_equal = _assertion("assert_equal", elementwise.equal, "==")
assert_less = _assertion("assert_less", elementwise.less, "<")
assert_less_equal = _assertion("assert_less_equal", elementwise.less_equal, "<=")
assert_greater = _assertion("assert_greater", elementwise.greater, ">")
assert_greater_equal = _assertion("assert_greater_equal", elementwise.greater_equal, ">=")


def assert_positive(
    x: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
) -> g.Operation:
    """An operation that raises unless x > 0 everywhere."""
    return assert_greater(x, 0, data, message=message or "x > 0 did not hold")


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor; raises where it holds a NaN or an infinity."""
    fine = reduce.all(logic.isfinite(value(tensor)))
    with g.default_graph().control_dependencies([Assert(wrap(fine, None, "IsFinite"), [message])]):
        return identity(tensor, name)


def add_check_numerics_ops() -> g.Operation:
    """Checks nothing: ask the main library's own tools for NaNs."""
    return g.Operation(None, "NoOp", g.Effect())


def _call_slopes(g: Any, y: Any, *inputs: Any, fn: Any, specs: Any, slopes: Any) -> list[Any]:
    """The gradients of a Python function: another one gives those of all inputs that are no whole numbers."""
    if slopes is None:
        return [None] * len(inputs)
    outputs, arrived = (y, g) if len(specs) > 1 else ((y,), (g,))
    given = [
        create.zeros_like(out) if part is None else part for out, part in zip(outputs, arrived, strict=True)
    ]
    smooth = [x for x in inputs if is_floating(x.dtype)]
    wanted = tuple(x.specs[0] for x in smooth)
    made = _python_call.build([*given, *inputs], {"fn": slopes, "specs": wanted, "slopes": None})
    found = iter(made if isinstance(made, tuple) else [made])
    return [next(found) if is_floating(x.dtype) else None for x in inputs]


@make_op(
    {},
    infer=lambda *inputs, fn, specs, slopes: specs if len(specs) > 1 else specs[0],
    pure=False,
    grad=_call_slopes,
)
def _python_call(*inputs, fn, specs, slopes):  # type: ignore[no-untyped-def]
    """What a Python function makes of arrays, which it gets without axes as numbers; ``slopes`` of the gradients of
    its results and of them makes the gradients of those that are no whole numbers.
    """
    made = fn(*[np.asarray(x)[()] for x in inputs])
    parts = made if isinstance(made, (list, tuple)) else [made]
    if len(parts) != len(specs):
        raise fail(
            ArgumentError, "tf.py_func: another number of results", expected=len(specs), received=len(parts),
            hint="list in Tout one dtype for each array that the function returns",
        )  # fmt: skip
    arrays = tuple(np.asarray(p, dtype) for p, (_, dtype) in zip(parts, specs, strict=True))
    return arrays if len(specs) > 1 else arrays[0]


def py_func(
    func: Callable[..., Any], inp: Sequence[Any], Tout: Any, stateful: bool = True, name: Any = None
) -> Any:
    """A Python function of arrays as a node, without gradient; one dtype gives one tensor, a list a list."""
    kinds = Tout if isinstance(Tout, (list, tuple)) else [Tout]
    parts = computed(func, inp, [(kind, None) for kind in kinds], name, "PyFunc")
    return parts if isinstance(Tout, (list, tuple)) else parts[0]


@inner
def computed(
    fn: Callable[..., Any],
    inputs: Sequence[Any],
    specs: Sequence[Any],
    name: Any,
    kind: str,
    slopes: Any = None,
) -> list[Tensor]:
    """Nodes (dtype, shape) for the arrays that Python makes of arrays; ``slopes`` gives them a gradient."""
    wanted = tuple(core.Spec(core.check_shape(shape), numpy_dtype(dtype)) for dtype, shape in specs)
    made = _python_call.build([value(x) for x in inputs], {"fn": fn, "specs": wanted, "slopes": slopes})
    return wrap_all(list(made) if isinstance(made, tuple) else [made], name, kind, inputs)


@inner
def on_tensors(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which takes and gives eager tensors, as one of arrays."""
    from thalweg.compat.tf2.values import tensor  # the second generation is built on this one

    def call(*arrays: Any) -> Any:
        return _arrays_of(func(*map(tensor, arrays)))

    return call


def _arrays_of(made: Any) -> Any:
    if isinstance(made, (list, tuple)):
        return [_arrays_of(part) for part in made]
    made = value(made) if isinstance(made, g.Node) else made
    return made.numpy() if hasattr(made, "numpy") else made


def _slopes_on_tensors(func: Callable[..., Any], count: int) -> Callable[..., Any]:
    """Of the gradients of ``count`` results and the arguments, the gradients of the arguments with fractions."""
    from thalweg.compat.tf2.tape import GradientTape
    from thalweg.compat.tf2.values import tensor

    def call(*arrays: Any) -> list[Any]:
        incoming, given = arrays[:count], [tensor(a) for a in arrays[count:]]
        smooth = [x for x in given if is_floating(x.dtype)]
        with GradientTape() as tape:
            tape.watch(smooth)
            made = func(*given)
        results = list(made) if isinstance(made, (list, tuple)) else [made]
        joined = [
            (y, tensor(part)) for y, part in zip(results, incoming, strict=True) if isinstance(y, core.Tensor)
        ]
        slopes = tape.gradient([y for y, _ in joined], smooth, output_gradients=[part for _, part in joined])
        return [np.zeros(x.shape) if s is None else s.numpy() for x, s in zip(smooth, slopes, strict=True)]

    return call


def py_function(func: Callable[..., Any], inp: Sequence[Any], Tout: Any, name: str | None = None) -> Any:
    """A Python function of eager tensors as a node; its gradient is that of what it does with them.

    One dtype gives one tensor, a list a list. With texts among the arguments or results there is no gradient.
    """
    kinds = Tout if isinstance(Tout, (list, tuple)) else [Tout]
    parts = computed(
        on_tensors(func),
        inp,
        [(kind, None) for kind in kinds],
        name,
        "EagerPyFunc",
        _slopes_on_tensors(func, len(kinds)),
    )
    return parts if isinstance(Tout, (list, tuple)) else parts[0]


eager_py_func = py_function


def verify_tensor_all_finite(t: Any = None, msg: str = "", name: str | None = None, x: Any = None) -> Tensor:
    """The tensor; a run raises where it holds a NaN or an infinity."""
    return check_numerics(x if t is None else t, msg, name)


def assert_non_negative(
    x: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
) -> g.Operation:
    """An operation that raises unless x >= 0 everywhere."""
    return assert_greater_equal(x, 0, data, message=message or "x >= 0 did not hold", name=name)


def _rank_check(kind: str, fits: Callable[[int, int], bool], text: str) -> Callable[..., g.Operation]:
    def check(
        x: Any, rank: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
    ) -> g.Operation:
        found, wanted = g.convert_to_tensor(x).shape.ndims, static_int(rank, "rank")
        if found is not None and not fits(found, wanted):
            raise ValueError(
                f"{message} Tensor must have rank {text} {wanted}, received rank {found}".strip()
            )
        return g.Operation(name, "NoOp", g.Effect())

    check.__doc__ = (
        f"{kind}: raises while the graph is built unless the rank is {text or 'exactly'} the given one."
    )
    return check


assert_rank = _rank_check("assert_rank", lambda a, b: a == b, "")
assert_rank_at_least = _rank_check("assert_rank_at_least", lambda a, b: a >= b, "at least")


def assert_type(tensor: Any, tf_type: Any, message: str = "", name: str | None = None) -> g.Operation:
    """Raises while the graph is built unless the dtype is the given one."""
    if numpy_dtype(tensor.dtype) != numpy_dtype(tf_type):
        raise TypeError(f"{message} tensor must be of type {tf_type!r}, received {tensor.dtype!r}".strip())
    return g.Operation(name, "NoOp", g.Effect())


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return isinstance(tensor, Node) and not isinstance(tensor, g.HostTensor)


def make_tensor_proto(values: Any, dtype: Any = None, shape: Any = None, verify_shape: bool = False) -> Any:
    """The numbers or texts as TensorFlow's message."""
    found = np.asarray(as_array(values, dtype))
    return node_defs.tensor_proto(found if shape is None else found.reshape(shape))


def make_ndarray(tensor: Any) -> Any:
    """The array of a message, as a node's ``attr["value"].tensor``, or of a constant."""
    return node_defs.array_of(tensor) if isinstance(tensor, node_defs.TensorProto) else static_value(tensor)


numpy_function = py_func
assert_none_equal = _assertion("assert_none_equal", elementwise.not_equal, "!=")


def _sign_check(kind: str, compare: Any, reads: str) -> Callable[..., g.Operation]:
    def check(
        x: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
    ) -> g.Operation:
        return compare(x, 0, data, message=message or f"x {reads} 0 did not hold", name=name)

    check.__doc__ = f"An operation that raises unless x {reads} 0 everywhere."
    return check


assert_negative = _sign_check("assert_negative", assert_less, "<")
assert_non_positive = _sign_check("assert_non_positive", assert_less_equal, "<=")


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = 1e-6,
    atol: Any = 1e-6,
    data: Any = None,
    summarize: Any = None,
    message: str = "",
    name: Any = None,
) -> g.Operation:
    """An operation that raises unless ``|x - y| <= atol + rtol |y|`` everywhere."""
    a, b = values(x, y)
    near = elementwise.less_equal(elementwise.abs(a - b), atol + rtol * elementwise.abs(b))  # type: ignore[operator]
    return Assert(
        wrap(reduce.all(near), None, "assert_near"), [message or "x and y are not near", *(data or ())]
    )


def assert_rank_in(
    x: Any, ranks: Any, data: Any = None, summarize: Any = None, message: str = "", name: Any = None
) -> g.Operation:
    """Raises while the graph is built unless the rank is one of those given."""
    found, wanted = g.convert_to_tensor(x).shape.ndims, [static_int(r, "rank") for r in ranks]
    if found is not None and found not in wanted:
        raise ValueError(f"{message} Tensor must have a rank of {wanted}, received rank {found}".strip())
    return g.Operation(name, "NoOp", g.Effect())


def assert_scalar(tensor: Any, name: str | None = None, message: str = "") -> Tensor:
    """The tensor; raises while the graph is built if it has axes."""
    assert_rank(tensor, 0, message=message)
    return g.convert_to_tensor(tensor)


def assert_integer(x: Any, message: str = "", name: str | None = None) -> g.Operation:
    """Raises while the graph is built unless the dtype is one of whole numbers."""
    if not x.dtype.is_integer:
        raise TypeError(f'{message} Expected "x" to be integer type. Found: {x.dtype!r}'.strip())
    return g.Operation(name, "NoOp", g.Effect())


def is_tensor(x: Any) -> bool:
    """Whether it is a node of a graph."""
    return isinstance(x, Node)


def convert_to_tensor_or_indexed_slices(value: Any, dtype: Any = None, name: str | None = None) -> Tensor:
    """``tf.convert_to_tensor``."""
    return g.convert_to_tensor(value, dtype, name)


convert_to_tensor_or_sparse_tensor = convert_to_tensor_or_indexed_slices
