"""Nodes of tensors whose rank only a run knows, as of ``tf.placeholder(tf.float32)`` without a shape.

Most functions of the main library have to know how many axes a tensor has. Where one of them does not, the call is kept
as an expression of its own, ``late``; a session, which knows the ranks of what it is fed, makes the call then.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import nest
from thalweg.compat.tf1.graph import Node, Tensor, wrap
from thalweg.compat.tf1.types import NotKnownYet
from thalweg.errors import FeedError, ShapeError, fail
from thalweg.gradient import gradients
from thalweg.graph import tensor as core
from thalweg.graph.interpret import evaluate
from thalweg.graph.op import make_op
from thalweg.graph.walk import leaves, rebuild, remake
from thalweg.ops.bodies import parameter
from thalweg.ops.draws import RandomKey
from thalweg.ops.shape import full_like

_RANKS = (2, 1, 3, 4, 5, 0)  # tried in this order to see what a call gives

Call = Callable[[Sequence[core.Tensor]], list[core.Tensor]]


def _gradient(grad: Any, y: Any, *inputs: core.Tensor, call: Call, index: int, dtype: Any) -> list[Any]:
    wanted = [k for k, x in enumerate(inputs) if x.dtype.kind == "f"]

    def back(place: int) -> core.Tensor:
        def parts(given: Sequence[core.Tensor]) -> list[core.Tensor]:
            *xs, cotangent = given
            found = gradients([call(xs)[index]], [xs[place]], [cotangent], unconnected="none")[0]
            return [full_like(xs[place], 0) if found is None else found]

        made = late.build([*inputs, grad], {"call": parts, "index": 0, "dtype": inputs[place].dtype})
        return made if inputs[place].shape is None else g.shaped_as(made, inputs[place].shape)

    return [back(k) if k in wanted else None for k in range(len(inputs))]


def _made_now(*inputs: core.Tensor, call: Call, index: int, dtype: Any) -> core.Tensor | None:
    """The call in a program whose shapes are all known by now; None where it needs numbers that only a run has."""
    try:
        made = call(inputs)[index]
    except NotKnownYet:
        return None
    own = set(leaves(inputs))
    strange = [t for t in leaves([made]) if t.value is None and t not in own]
    if strange:
        raise fail(
            ShapeError, f"of how many axes a tensor is depends on values, and behind it {strange[0].label()} is read",
            hint="give the tensor a shape with set_shape, or tf.squeeze the axes",
        )  # fmt: skip
    return made


@make_op(
    {}, infer=lambda *inputs, call, index, dtype: core.Spec(None, dtype), grad=_gradient, expand=_made_now
)
def late(*inputs, call, index, dtype):  # type: ignore[no-untyped-def]
    """Result ``index`` of a call that is made when the ranks of its inputs are known."""
    (made,) = evaluate([call([_point(np.asarray(x)) for x in inputs])[index]], {})
    return made


def _point(array: np.ndarray) -> core.Tensor:
    """A tensor of this value that may be differentiated by."""
    spec = core.Spec(array.shape, array.dtype)
    return core.Tensor(None, (), {}, (spec,), array, tracked=array.dtype.kind == "f")


def can_wait(thing: Any) -> bool:
    """Whether it is a function, whose calls can be kept."""
    return callable(thing) and not isinstance(thing, type)


def deferring(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose call is kept for later where it needs to know the rank of an argument."""

    @functools.wraps(fn)
    def apply(*args: Any, **options: Any) -> Any:
        try:
            return fn(*args, **options)
        except (ShapeError, AssertionError, TypeError, NotKnownYet) as error:
            tensors = [x for x in _leaves((args, options)) if _is_numeric(x)]
            if all(x.t.shape is not None for x in tensors) and not isinstance(error, NotKnownYet):
                raise
            made = _kept(fn, args, options, tensors)
            if made is None:
                raise
        return made

    return apply


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, dict):
        return [leaf for part in tree.values() for leaf in _leaves(part)]
    if isinstance(tree, (list, tuple)):
        return [leaf for part in tree for leaf in _leaves(part)]
    return [tree]


def _is_numeric(x: Any) -> bool:
    return isinstance(x, Node) and x.t is not None


def _replaced(tree: Any, new: dict[int, Any]) -> Any:
    if isinstance(tree, dict):
        return {key: _replaced(part, new) for key, part in tree.items()}
    if isinstance(tree, (list, tuple)):
        parts = [_replaced(part, new) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return new.get(id(tree), tree)


def _kept(fn: Any, args: Any, options: Any, tensors: Sequence[Tensor]) -> Any:
    """The call as nodes; None where no rank makes it possible."""
    tensors = list(dict.fromkeys(tensors))

    def made_of(expressions: Sequence[core.Tensor], guessed: Sequence[Any] = ()) -> Any:
        with g.Graph().as_default():
            new = {}
            for old, t, guess in itertools.zip_longest(tensors, expressions, guessed):
                operation = g.Operation(old.op.name, "Late")
                known = {"static": old.static, "dims": old.dims} if old.t.shape is not None else {}
                if known.get("static") is None:  # what follows from ranks is known with them
                    known["static"] = t.value if guess is None else guess
                new[id(old)] = Tensor(t, operation, **known)
            return fn(*_replaced(args, new), **_replaced(options, new))

    tried, dummies = _tried(made_of, tensors)
    if tried is None:
        return None
    # What the functions among the arguments read besides: of these there are gradients, too.
    own = {*leaves([x.t for x in tensors]), *dummies}
    read = [t for t in leaves([x.t for x in nest.flatten(tried)]) if t.value is None and t not in own]
    read = [t for t in read if not isinstance(t, RandomKey)]
    count, waits = len(tensors), tuple(g.default_graph().controls())
    given = [
        g.after.build([t], {"effects": waits}) if waits and isinstance(t, core.Variable) else t for t in read
    ]

    def call(expressions: Sequence[core.Tensor]) -> list[core.Tensor]:
        made = [x.t for x in nest.flatten(made_of(expressions[:count]))]
        return rebuild(made, dict(zip(read, expressions[count:], strict=True)), remake) if read else made

    parts = []
    for index, leaf in enumerate(nest.flatten(tried)):
        t = late.build(
            [*(x.t for x in tensors), *given], {"call": call, "index": index, "dtype": np.dtype(leaf.t.dtype)}
        )
        parts.append(wrap(t, None, fn.__name__, tensors))
    return nest.pack_sequence_as(tried, parts)


def _guessed(x: Tensor, rank_of: dict[Tensor, int]) -> Any:
    """A list of whole numbers as these ranks decide it, or else axes in their order: only to see what a call gives."""
    if x in rank_of or x.t.dtype.kind != "i" or len(x.t.shape) > 1:
        return None
    given = {y.t: np.zeros((1,) * rank, y.t.dtype) for y, rank in rank_of.items()}
    try:
        return evaluate([x.t], given)[0]
    except (ShapeError, FeedError, ValueError, IndexError):
        return None if None in x.t.shape else np.arange(x.t.size, dtype=x.t.dtype).reshape(x.t.shape)


def _tried(made_of: Any, tensors: Sequence[Tensor]) -> tuple[Any, list[core.Tensor]]:
    """What the call gives for some rank of the tensors whose rank is not known, and what stood for them."""
    unknown = [x for x in tensors if x.t.shape is None]
    same = [(rank,) * len(unknown) for rank in _RANKS]
    mixed = itertools.product(_RANKS[:4], repeat=len(unknown)) if len(unknown) <= 2 else ()
    for ranks in itertools.chain(same, mixed):
        rank_of = dict(zip(unknown, ranks, strict=True))
        dummies = [
            parameter(core.Spec((None,) * rank_of[x], x.t.dtype)) if x in rank_of else x.t for x in tensors
        ]
        try:
            made = made_of(dummies, [_guessed(x, rank_of) for x in tensors])
        except (ShapeError, AssertionError, TypeError, ValueError, IndexError):
            continue
        return made if all(isinstance(leaf, Node) for leaf in nest.flatten(made)) else None, dummies
    return None, []
