"""What a loop over steps computes on its way and others compute again: kept by the loop, read by the others.

The loop of a gradient needs what the loop before it made of its products. Which of it to keep is seen from both: the
last values that the later loop computes from sequences alone and that the earlier one has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from thalweg.compile.hoist import (
    AllSteps,
    Hoisting,
    LoweredBody,
    StepByStepError,
    applied,
    is_a,
    is_loop,
    on_new_inputs,
    same_op,
)
from thalweg.graph.lowering import MatrixProduct, Pointwise, Reduce
from thalweg.graph.op import item
from thalweg.graph.tensor import Placeholder, Tensor
from thalweg.graph.walk import rebuild, topological

_MOST = 1.5  # bytes kept for one no longer read: beyond, computing again is cheaper

Lowered = Callable[[list[Tensor]], list[Tensor]]  # gives equal expressions as one and the same tensor
Replacement = dict[Tensor, Tensor]


def shared(outputs: Sequence[Tensor], lowered: Lowered) -> list[Tensor]:
    """The outputs without what a loop computes on its way and others compute again."""
    outputs, done = list(outputs), set()
    while True:
        order = topological(outputs)
        node = next((t for t in order if is_loop(t) and t.attrs["body"] not in done), None)
        if node is None:
            return outputs
        replace = _Kept(node, order, lowered).replacement()
        if replace:
            outputs = lowered(rebuild(outputs, replace, on_new_inputs))
        else:
            done.add(node.attrs["body"])


class _Kept:
    """One loop whose values on the way others compute again."""

    def __init__(self, node: Tensor, order: Sequence[Tensor], lowered: Lowered) -> None:
        self.order, self.lowered = order, lowered
        self.loop = Hoisting(node, order)

    def replacement(self) -> Replacement:
        """New tensors for the results of the loop and of whatever reads what it keeps; none where it keeps no more."""
        found = list(self._found())
        if not found:
            return {}
        same = self.lowered([whole for _, whole in found])
        ours = {id(whole): tensor for (tensor, _), whole in reversed(list(zip(found, same, strict=True)))}
        for later in self._later():
            replace = self._read_by(later, ours)
            if replace:
                return replace
        present = {id(t) for t in self.order}
        for (tensor, _), whole in zip(found, same, strict=True):
            again = id(whole) in present and whole.op is not item
            if again and any(t is self.loop.node for t in topological([whole])):
                results, replace = self._with_outputs([tensor])
                return {**replace, whole: results[0]}
        return {}

    def _found(self) -> Iterator[tuple[Tensor, Tensor]]:
        """What is computed from products in the recurrence, the last first, and its expression for all steps."""
        loop, from_products = self.loop, set[int]()
        for t in loop.order:
            below = is_a(t, MatrixProduct) or any(id(x) in from_products for x in t.inputs)
            if below and loop.kind[id(t)] == "carry":
                from_products.add(id(t))
        steps = AllSteps(loop, {id(p) for p in loop.body.parameters[: loop.num_carry]})
        for t in reversed(loop.order):
            if id(t) in from_products and is_a(t, MatrixProduct, Pointwise, Reduce):
                whole = self._again(steps, t)
                if whole is not None:
                    yield t, whole

    def _again(self, steps: AllSteps, tensor: Tensor) -> Tensor | None:
        """The tensor for all steps computed from the stacked carries; None where those are not there."""
        try:
            whole = steps.of(tensor)
        except StepByStepError:
            return None
        saved = {p: self.loop.wanted.get(k + self.loop.count) for k, p in steps.saved.items()}
        replace = {p: items[0] for p, items in saved.items() if items}
        (made,) = rebuild([whole], replace, on_new_inputs)
        missing = [p for p, items in saved.items() if not items]
        return None if any(t is p for t in topological([made]) for p in missing) else made

    def _with_outputs(self, tensors: list[Tensor]) -> tuple[list[Tensor], Replacement]:
        """The stacked values of tensors of the body, and the results of the loop that gives them too."""
        loop = self.loop
        body = LoweredBody(loop.body.parameters, [*loop.body.outputs, *tensors])
        results = applied(loop.node, loop.node.inputs, {**loop.node.attrs, "body": body})
        last = loop.count + len(tensors)
        moved = {k: results[k if k < loop.count else k + len(tensors)] for k in loop.wanted}
        return list(results[loop.count : last]), {
            t: moved[k] for k, same in loop.wanted.items() for t in same
        }

    # --- other loops

    def _later(self) -> Iterator[Hoisting]:
        """The loops that read this one's results."""
        for tensor in self.order:
            other = is_loop(tensor) and tensor is not self.loop.node
            if other and any(t is self.loop.node for t in topological([tensor])):
                yield Hoisting(tensor, self.order)

    def _read_by(self, later: Hoisting, ours: dict[int, Tensor]) -> Replacement:
        """The later loop reading what this one keeps, if that is not much more than what it read before."""
        steps, again = AllSteps(later, set()), list[tuple[Tensor, Tensor]]()
        for t in later.order:
            if later.kind[id(t)] == "sequence" and is_a(t, Pointwise):
                try:
                    again.append((t, steps.of(t)))
                except StepByStepError:
                    continue
        wholes = self.lowered([whole for _, whole in again])
        known = {id(t): ours[id(w)] for (t, _), w in zip(again, wholes, strict=True) if id(w) in ours}
        leaves: Replacement = {
            t: Placeholder(None, (), {}, t.specs, built_at=t.built_at) for t in later.order if id(t) in known
        }
        outputs = rebuild(later.body.outputs, leaves, same_op)
        below = {id(t) for t in topological(outputs)}
        read = [t for t in leaves if id(leaves[t]) in below]
        pairs = list(zip(later.body.parameters, later.node.inputs, strict=True))
        first, last = later.num_carry, later.num_carry + later.num_xs
        kept = [pair for pair in pairs[first:last] if id(pair[0]) in below]
        spared = _bytes([p for p, _ in pairs[first:last]]) - _bytes([p for p, _ in kept])
        if not read or _bytes(read) > _MOST * spared:
            return {}
        results, replace = self._with_outputs([known[id(t)] for t in read])
        inside = [
            *pairs[:first],
            *kept,
            *((leaves[t], r) for t, r in zip(read, results, strict=True)),
            *pairs[last:],
        ]
        body = LoweredBody([p for p, _ in inside], outputs)
        attrs = {**later.node.attrs, "body": body, "num_xs": len(kept) + len(read)}
        inputs = rebuild([x for _, x in inside], replace, on_new_inputs)
        made = applied(later.node, inputs, attrs)
        return {**replace, **{t: made[k] for k, same in later.wanted.items() for t in same}}


def _bytes(tensors: Sequence[Tensor]) -> int:
    return sum((t.size or 0) * t.dtype.itemsize for t in tensors)
