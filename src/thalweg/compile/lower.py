"""From a graph as the user built it to one in which every op has a lowering: shapes known, ops expanded,
nothing twice.

Ops with an ``expand`` become what they expand to, reads of a variable become its storage, equal expressions
become one, expressions of constants become constants, and reductions are cut into the two forms that loops
know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from thalweg.compile.bounds import Range, ranges_of
from thalweg.compile.hoist import LoweredBody, hoisted
from thalweg.compile.orders import in_their_order
from thalweg.compile.panels import paneled
from thalweg.compile.parts import put_together
from thalweg.compile.residuals import shared
from thalweg.compile.unjoined import unjoined
from thalweg.dtypes import is_floating
from thalweg.errors import CompileError, ThalwegError
from thalweg.graph.lowering import Loop, Reduce
from thalweg.graph.op import item, parts_of
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import attributes_key, remake, topological
from thalweg.ops.bodies import Body
from thalweg.ops.families import cast_all
from thalweg.ops.lengths import at_run_time
from thalweg.rewrite.pipeline import optimise, simplify

_FOLD_LIMIT = 4096  # elements: larger constants are computed by the program, not carried by it
PASSED_ON = ("read", "identity", "stop_gradient")  # of which nothing is left in a program
_MOST_PIECES = 64  # of one axis that is reduced
_LARGE_REDUCTION = 1 << 14  # elements above which a full reduction is done row by row first, for the threads


class UnknownShapeError(ThalwegError):
    """Shapes depend on values: those of the results of ``found``, ops in the ``outputs``, a simple form of those to be
    lowered.
    """

    outputs: list[Tensor]
    found: list[Tensor]


def specialise(
    outputs: Sequence[Tensor],
    replace: dict[Tensor, Tensor],
    open_lengths: bool = False,
    ranges: list[Range] | None = None,
) -> list[Tensor]:
    """The outputs over the replaced leaves (whose shapes are known), lowered. What ops want of the values they get is
    added to ``ranges``.

    ``open_lengths``: the lengths are samples of run-time lengths, so no number may be computed from them now.
    Raises UnknownShapeError where a shape depends on values.
    """
    specialiser = _Specialiser(replace, open_lengths)
    simple = optimise(outputs)
    try:
        lowered = hoisted(unjoined(specialiser.run(simple)))
        if ranges is not None:
            ranges += specialiser.sure_ranges(simple)
    except UnknownShapeError as error:
        error.outputs, error.found = simple, specialiser.unknown(simple)
        raise
    lowered = specialiser.run(simplify(in_their_order(lowered)))  # again, now that the shapes are known
    return paneled(shared(lowered, lambda again: specialiser.run(simplify(again))))


class _Specialiser:
    """The new tensor of each old one, and the expressions made so far."""

    def __init__(self, replace: dict[Tensor, Tensor], open_lengths: bool) -> None:
        self.open_lengths = open_lengths
        self.new: dict[int, Any] = {id(old): t for old, t in replace.items()}
        self.keep: list[Tensor] = list(replace)  # ids stay valid while their tensors live
        self.final: set[int] = {id(t) for t in replace.values()}
        self.known: dict[Any, Any] = {}
        self.ranges: list[
            tuple[Tensor, Range]
        ] = []  # of what was lowered, be it as a part of something larger
        self.whole: Tensor | None = None  # which is that
        self.branches = False

    def run(self, outputs: Iterable[Tensor]) -> list[Tensor]:
        outputs, outermost = list(outputs), self.whole is None
        for tensor in topological(outputs, stop=lambda t: id(t) in self.new or id(t) in self.final):
            if id(tensor) not in self.new:
                self.keep.append(tensor)
                self.whole = tensor if outermost else self.whole
                self.new[id(tensor)] = tensor if id(tensor) in self.final else self._lower(tensor)
        self.whole = None if outermost else self.whole
        return [self.new[id(t)] for t in outputs]

    def sure_ranges(self, outputs: Iterable[Tensor]) -> list[Range]:
        """What ops want of their inputs, but those on whose results a branch alone depends, which may not be taken."""
        if not self.branches:
            return [found for _, found in self.ranges]
        sure = {id(t) for t in topological(outputs, stop=_has_bodies)}
        return [found for whole, found in self.ranges if id(whole) in sure]

    def unknown(self, outputs: Iterable[Tensor]) -> list[Tensor]:
        """The ops whose results' shapes depend on values, and no input of which does on theirs."""
        found, behind = [], set()
        for tensor in topological(outputs, stop=lambda t: id(t) in self.new):
            if any(id(t) in behind for t in tensor.inputs):
                behind.add(id(tensor))
                continue
            try:
                self.run([tensor])
            except UnknownShapeError:
                found.append(tensor)
                behind.add(id(tensor))
        return found

    def _lower(self, tensor: Tensor) -> Any:
        if tensor.op is None:
            return self._leaf(tensor)
        inputs = [self.new[id(t)] for t in tensor.inputs]
        if tensor.op is item:
            return self._part(inputs[0], tensor)
        assert self.whole is not None
        self.branches = self.branches or _has_bodies(tensor)
        self.ranges += [(self.whole, found) for found in ranges_of(tensor, inputs)]
        if tensor.op.name in PASSED_ON:
            return inputs[0]
        return self._apply(tensor, inputs)

    def _leaf(self, tensor: Tensor) -> Tensor:
        if tensor.value is None:
            raise CompileError(f"a leaf without a value reached the compiler: {tensor!r}")
        if tensor.value.size <= 16:
            key = ("constant", tensor.dtype, tensor.shape, tensor.value.tobytes())
            tensor = self.known.setdefault(key, tensor)
        self.final.add(id(tensor))
        return tensor

    def _part(self, parts: Any, tensor: Tensor) -> Tensor:
        index = tensor.attrs["index"]
        if isinstance(parts, tuple):
            return parts[index]
        key = (item, id(parts), index)
        if key not in self.known:
            self.known[key] = self._done(parts_of(parts)[index])
        return self.known[key]

    def _apply(self, tensor: Tensor, inputs: list[Tensor]) -> Any:
        op = tensor.op
        assert op is not None
        key = (op, tuple(id(t) for t in inputs), attributes_key(tensor.attrs))
        if op.pure and key in self.known:
            return self.known[key]
        try:
            result = self._expanded(tensor, inputs)
        except ThalwegError as error:  # lengths that were open when the graph was built do not fit
            if not getattr(error, "__notes__", None):
                error.add_note(f"in {op.name}, built at {tensor.built_at}")
            raise
        self.known[key] = result
        return result

    def _expanded(self, tensor: Tensor, inputs: list[Tensor]) -> Any:
        op = tensor.op
        assert op is not None
        if self.open_lengths and inputs and (later := at_run_time(tensor, inputs[0])) is not None:
            return self._done(later)
        if isinstance(op.lower, Loop):
            body = self._native_body(tensor, inputs)
            if body is not None:
                return self._done(remake(tensor, inputs, body=body))
        if (op.lower is None or isinstance(op.lower, Loop)) and op.expand is not None:
            op.infer(*[t.specs[0] for t in inputs], **tensor.attrs)
            made = op.expand(*inputs, **tensor.attrs)
            if made is not None:
                return tuple(self.run(made)) if isinstance(made, tuple) else self.run([made])[0]
        made = put_together(remake(tensor, inputs))
        if any(s.shape is None or None in s.shape for s in made.specs):
            raise UnknownShapeError(f"{op.name} at {tensor.built_at}: its result's shape depends on values")
        if isinstance(op.lower, Reduce):
            cut = _cut_reduction(made)
            if cut is not made:
                return self.run([cut])[0]
        folded = self._folded(made)
        if folded is not None:
            return folded
        return self._done(made)

    def _native_body(self, tensor: Tensor, inputs: Sequence[Tensor]) -> Body | None:
        """The lowered body of a loop over these inputs; None where the host has to do the loop.

        It does where the body has an op without a lowering, or shapes that depend on values or change from step to
        step; and for no steps at all.
        """
        body, first = tensor.attrs["body"], tensor.attrs["num_carry"]
        last = first + tensor.attrs["num_xs"]
        shapes = [t.shape[1:] if first <= k < last else t.shape for k, t in enumerate(inputs)]
        length = inputs[first].shape[0] if last > first else tensor.attrs["length"]
        if isinstance(body, LoweredBody) or not length:
            return body if length else None
        leaves = [
            Placeholder(None, (), {}, (Spec(shape, t.dtype),), built_at=tensor.built_at)
            for shape, t in zip(shapes, inputs, strict=True)
        ]
        try:
            outputs = specialise(
                body.outputs, dict(zip(body.parameters, leaves, strict=True)), self.open_lengths
            )
        except UnknownShapeError:
            return None
        native = all(t.op in (None, item) or t.op.lower is not None for t in topological(outputs))
        same = all(a.specs == b.specs for a, b in zip(leaves[:first], outputs, strict=False))
        return LoweredBody(leaves, outputs) if native and same else None

    def _folded(self, made: Tensor) -> Tensor | None:
        """The constant that an expression of constants is, unless it is large."""
        if not made.inputs or any(
            t.op is not None or isinstance(t, Placeholder) or t.value is None for t in made.inputs
        ):
            return None
        size = int(np.prod(made.shape, dtype=np.int64))
        if size > max(
            t.value.size for t in made.inputs
        ):  # stretched: the numbers are better read where they are
            return None
        if size > _FOLD_LIMIT or len(made.specs) > 1 or not made.op.pure:  # type: ignore[union-attr]
            return None
        with np.errstate(all="ignore"):
            value = np.array(made.op.meaning(*[t.value for t in made.inputs], **made.attrs))  # type: ignore[union-attr]
        return self._leaf(Tensor(None, (), {}, (Spec(value.shape, value.dtype),), value))

    def _done(self, tensor: Tensor) -> Tensor:
        self.final.add(id(tensor))
        self.keep.append(tensor)
        return tensor


def _has_bodies(tensor: Tensor) -> bool:
    return any(isinstance(value, Body) for value in tensor.attrs.values())


def _cut_reduction(tensor: Tensor) -> Tensor:
    """A reduction over one block of axes is kept; others become several, the last block of axes first. Of one long
    axis pieces are made, for the threads.
    """
    (x,) = tensor.inputs
    axes = [a for a in tensor.attrs["axis"] if x.shape[a] != 1]
    keepdims = tensor.attrs["keepdims"]
    solid = [k for k, d in enumerate(x.shape) if d != 1]
    positions = [solid.index(a) for a in axes]
    blocks = bool(positions) and positions != list(range(positions[0], positions[0] + len(positions)))
    large = len(positions) == len(solid) and x.size is not None and x.size > _LARGE_REDUCTION
    if not blocks and not large:
        return tensor
    if is_floating(x.dtype) and x.dtype.itemsize < 4:  # parts are rounded once, when they are together
        (wide,) = cast_all([x], np.dtype(np.float32))
        return cast_all([remake(tensor, [wide])], x.dtype)[0]
    if large and len(solid) == 1:
        return _in_pieces(tensor)
    first = axes[-1:] if large else _last_block(axes, solid)
    op = tensor.op
    assert op is not None
    part = op.build((x,), {"axis": tuple(first), "keepdims": True})
    rest = tuple(a for a in tensor.attrs["axis"] if a not in first)
    result = op.build((part,), {"axis": rest, "keepdims": True})
    if keepdims:
        return result
    from thalweg.ops.shape import reshape

    return reshape(result, tensor.shape)


def _in_pieces(tensor: Tensor) -> Tensor:
    """A reduction of one long axis as that of equal pieces; as it is, where none are or the length is not known."""
    from thalweg.ops.shape import reshape

    (x,), op = tensor.inputs, tensor.op
    length = x.size
    if type(length) is not int or op is None:  # a length of the running program is of another type
        return tensor
    pieces = max(d for d in range(1, _MOST_PIECES + 1) if length % d == 0)
    if pieces == 1:
        return tensor
    part = op.build((reshape(x, (pieces, length // pieces)),), {"axis": (1,), "keepdims": False})
    return reshape(op.build((part,), {"axis": (0,), "keepdims": False}), tensor.shape)


def _last_block(axes: list[int], solid: list[int]) -> list[int]:
    block = [axes[-1]]
    for a in reversed(axes[:-1]):
        if solid.index(block[0]) - solid.index(a) != 1:
            break
        block.insert(0, a)
    return block
