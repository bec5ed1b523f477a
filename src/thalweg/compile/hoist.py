"""What a loop over steps need not do step by step: done once for all steps, before or after it.

Before: products of elements of sequences with what never changes, and what never changes itself. After: outputs that no
later step reads, where that saves products, and sums over the steps that nothing in the loop reads (the gradients of
what never changes): a sum of products is one product over all steps. What no later step and no output needs is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.graph.lowering import (
    Assemble,
    Layout,
    Loop,
    MatrixProduct,
    Pointwise,
    Reduce,
    Reshape,
    View,
    row_major,
)
from thalweg.graph.op import item, make_op, parts_of
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import data_inputs, rebuild, remake, topological
from thalweg.ops.bodies import Body
from thalweg.ops.elementwise import add
from thalweg.ops.joining import concat_op
from thalweg.ops.shape import broadcast_to, permute_dims, reshape


class LoweredBody(Body):
    """A loop's body for known shapes, in which every op has a lowering."""


class StepByStepError(Exception):
    """An expression has no form for all steps at once."""


def hoisted(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The lowered outputs with each native loop made as small as it gets; what is new is yet to be lowered."""
    outputs, done = list(outputs), set()
    while True:
        loops = [t for t in topological(outputs) if is_loop(t) and t.attrs["body"] not in done]
        if not loops:
            return outputs
        # the last first: what it no longer reads, earlier ones need not give
        replace, body = Hoisting(loops[-1], topological(outputs)).replacements()
        done |= {loops[-1].attrs["body"], body}
        outputs = rebuild(outputs, replace, on_new_inputs)


def is_loop(tensor: Tensor) -> bool:
    return tensor.op is not None and isinstance(tensor.op.lower, Loop)


def is_a(tensor: Tensor, *kinds: type) -> bool:
    return tensor.op is not None and isinstance(tensor.op.lower, kinds)


# --- one view of the elements of each step ----------------------------------------------------------------------------


def _each_view(layout: Layout, *, view: Any, given: Any) -> Layout:
    inner = view.lower.view(Layout(layout.offset, layout.shape[1:], layout.strides[1:]), **given)
    return Layout(inner.offset, (layout.shape[0], *inner.shape), (layout.strides[0], *inner.strides))


def _each_infer(x: Spec, *, view: Any, given: Any) -> Spec:
    assert x.shape is not None
    inner = view.infer(Spec(x.shape[1:], x.dtype), **given)
    return Spec((x.shape[0], *inner.shape), inner.dtype)


@make_op({}, infer=_each_infer, lower=View(_each_view))
def each(x, /, view, given):  # type: ignore[no-untyped-def]
    """The view, an op with its attributes given, of each element along the first axis."""
    return np.stack([view.meaning(row, **given) for row in x])


def _each_parts(_: Any, out_shape: tuple[int, ...], *, of: Any, given: Any, shapes: Any, shape: Any) -> Any:
    fill, parts = of.lower.parts(list(shapes), out_shape[1:], **given)
    data = [k for k in range(len(shapes)) if k not in of.shape_only]
    step = row_major(out_shape).strides[0]
    return fill, [
        (data.index(k), Layout(p.offset, (out_shape[0], *p.shape), (step, *p.strides))) for k, p in parts
    ]


@make_op(
    {}, infer=lambda *xs, of, given, shapes, shape: Spec(shape, xs[0].dtype), lower=Assemble(_each_parts)
)
def each_assembled(*xs, of, given, shapes, shape):  # type: ignore[no-untyped-def]
    """What an assembling op makes of each element along the first axes; ``shapes``: of all its inputs."""
    rows = []
    for step in zip(*xs, strict=True):
        data = iter(step)
        args = [np.zeros(s) if k in of.shape_only else next(data) for k, s in enumerate(shapes)]
        rows.append(of.meaning(*args, **given))
    return np.stack(rows)


# --- one loop ---------------------------------------------------------------------------------------------------------


class Hoisting:
    """One loop being cut into what comes before it, what is left of it, and what comes after."""

    def __init__(self, node: Tensor, order: Sequence[Tensor]) -> None:
        self.node, self.body = node, node.attrs["body"]
        self.num_carry, self.num_xs = node.attrs["num_carry"], node.attrs["num_xs"]
        self.count = len(self.body.outputs)
        first = node.inputs[self.num_carry] if self.num_xs else None
        self.length = node.attrs["length"] if first is None else first.shape[0]
        self.wanted = self._wanted(order)
        self.place = {id(p): k for k, p in enumerate(self.body.parameters)}
        self.order = topological(self.body.outputs)
        self.kind = self._kinds()
        self.users = self._users()

    def _wanted(self, order: Sequence[Tensor]) -> dict[int, list[Tensor]]:
        """The results that somebody reads, by number."""
        found: dict[int, list[Tensor]] = {}
        for tensor in order:
            if tensor.op is item and tensor.inputs[0] is self.node:
                found.setdefault(tensor.attrs["index"], []).append(tensor)
        return found or {0: [self.node]}

    def _kinds(self) -> dict[int, str]:
        """What each tensor of the body depends on: "number" on nothing, "constant", "sequence", or "carry"."""
        ranks = ("number", "constant", "sequence", "carry")
        found: dict[int, str] = {}
        for tensor in [*self.body.parameters, *self.order]:
            k = self.place.get(id(tensor))
            if k is not None:
                n = 3 if k < self.num_carry else 2 if k < self.num_carry + self.num_xs else 1
            else:
                n = max((ranks.index(found[id(t)]) for t in tensor.inputs), default=0)
            found[id(tensor)] = ranks[n]
        return found

    def _users(self) -> dict[int, int]:
        count: dict[int, int] = {}
        for tensor in [*(x for t in self.order for x in t.inputs), *self.body.outputs]:
            count[id(tensor)] = count.get(id(tensor), 0) + 1
        return count

    # --- what stays

    def replacements(self) -> tuple[dict[Tensor, Tensor], Body | None]:
        """The new expression of each result that somebody wants, and the body that is left."""
        needed = self._needed()
        sums = {k: self._other(k) for k in needed if k < self.num_carry and self._is_sum(k)}
        kept = {k for k in needed if k < self.num_carry and k not in sums}
        late = {k for k in needed if k >= self.num_carry}
        while True:  # what has no form for all steps at once stays in the loop
            core = self._below([self.body.outputs[k] for k in kept])
            again = {k for k in late if not self._is_worth_it(self.body.outputs[k], core)}
            made = AllSteps(self, core)
            if not again:
                again = set(self._refused(made, late, sums))
            if not again:
                return self._cut(kept, late, made)
            kept |= again
            late -= again
            sums = {k: t for k, t in sums.items() if k not in again}

    def _needed(self) -> set[int]:
        """The outputs that are wanted and the carries that these need."""
        needed = {k if k < self.count else k - self.count for k in self.wanted}
        while True:
            below = self._below([self.body.outputs[k] for k in sorted(needed)])
            more = needed | {k for i, k in self.place.items() if k < self.num_carry and i in below}
            if more == needed:
                return needed
            needed = more

    @staticmethod
    def _below(outputs: Sequence[Tensor]) -> set[int]:
        return {id(t) for t in topological(outputs)}

    def _is_sum(self, k: int) -> bool:
        """Whether a carry is only added to, and only its last value wanted."""
        old, new = self.body.parameters[k], self.body.outputs[k]
        alone = (
            self.users.get(id(old)) == 1 and self.users[id(new)] == 1 and k + self.count not in self.wanted
        )
        if not alone or new.op is not add or not any(t is old for t in new.inputs):
            return False
        return new.dtype.kind == "f" and self._is_summable(self._other(k))

    def _other(self, k: int) -> Tensor:
        a, b = self.body.outputs[k].inputs
        return b if a is self.body.parameters[k] else a

    def _is_summable(self, term: Tensor) -> bool:
        """Whether the sum over all steps takes less than the terms one by one."""
        if term.op is add:
            return all(t.shape == term.shape and self._is_summable(t) for t in term.inputs)
        if is_a(term, View, Reshape) and len(term.inputs) == 1:
            return self._is_summable(term.inputs[0])
        if term.op is concat_op:
            return all(map(self._is_summable, term.inputs))
        if is_a(term, MatrixProduct):
            return len(term.shape) == 2
        return is_a(term, Reduce) and term.op.lower.combine == "add"  # type: ignore[union-attr]

    def _is_worth_it(self, output: Tensor, core: set[int]) -> bool:
        """Whether the loop is rid of work if the output is computed after it."""
        if self.kind[id(output)] != "carry":
            return True
        rest = topological([output], stop=lambda t: id(t) in core)
        return any(is_a(t, MatrixProduct) and id(t) not in core for t in rest)

    @staticmethod
    def _refused(made: AllSteps, late: set[int], sums: dict[int, Tensor]) -> Iterator[int]:
        """The first output that has no form for all steps at once."""
        for k in (*sorted(late), *sorted(sums)):
            try:
                made.result(k, sums.get(k))
            except StepByStepError:
                yield k
                return

    # --- the new loop

    def _cut(
        self, kept: set[int], late: set[int], made: AllSteps
    ) -> tuple[dict[Tensor, Tensor], Body | None]:
        order = sorted(kept)
        carries = [k for k in order if k < self.num_carry]
        given = {id(self.body.outputs[k]): k for k in order if k >= self.num_carry}
        extra = [t for i, (t, _) in made.stops.items() if i not in given]
        roots = [*(self.body.outputs[k] for k in order), *extra]
        results, body = self._applied(carries, roots)
        found = dict(zip(order, results, strict=False))
        found.update((k + self.count, s) for k, s in zip(carries, results[len(roots) :], strict=True))
        stops = dict(zip(map(id, extra), results[len(order) :], strict=False))
        stops.update((i, found[k]) for i, k in given.items())
        replace = {p: stops[i] for i, (_, p) in made.stops.items()}
        replace.update((p, found[k + self.count]) for k, p in made.saved.items())
        after = rebuild(list(made.results.values()), replace, on_new_inputs)
        found.update(zip(made.results, after, strict=True))
        return {t: found[k] for k, same in self.wanted.items() for t in same}, body

    def _applied(self, carries: list[int], roots: list[Tensor]) -> tuple[tuple[Tensor, ...], Body | None]:
        """The loop that is left, over the parameters that it reads and those computed before it."""
        if not roots:
            return (), None
        leaves, outside = self._before(roots)
        below = {id(t) for t in topological(roots, stop=lambda t: id(t) in leaves)}
        pairs = list(zip(self.body.parameters, self.node.inputs, strict=True))
        last = self.num_carry + self.num_xs
        xs = [pair for pair in pairs[self.num_carry : last] if id(pair[0]) in below]
        constants = [pair for pair in pairs[last:] if id(pair[0]) in below]
        for i, leaf in leaves.items():
            if i in below:
                (xs if self.kind[i] == "sequence" else constants).append((leaf, outside[i]))
        inside = [*(pairs[k] for k in carries), *xs, *constants]
        replace = {t: leaves[id(t)] for t in self.order if id(t) in leaves}
        body = LoweredBody([p for p, _ in inside], rebuild(roots, replace, same_op))
        attrs = {
            "body": body,
            "num_carry": len(carries),
            "num_xs": len(xs),
            "length": self.length,
            "reverse": self.node.attrs["reverse"],
        }
        return applied(self.node, [x for _, x in inside], attrs), body

    def _before(self, outputs: Sequence[Tensor]) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
        """New parameters for what is computed before the loop, and the expressions for all steps, by id."""
        early = self._early(topological(outputs))
        users: dict[int, list[Tensor]] = {}
        for tensor in topological(outputs):
            for x in tensor.inputs:
                users.setdefault(id(x), []).append(tensor)
        leaves: dict[int, Tensor] = {}
        outside: dict[int, Tensor] = {}
        steps = AllSteps(self, set())
        roots = {id(t) for t in outputs}
        for tensor in topological(outputs):
            i = id(tensor)
            if i not in early or (i not in roots and all(id(u) in early for u in users.get(i, ()))):
                continue
            try:
                whole = steps.of(tensor)
            except StepByStepError:
                continue
            if self.kind[i] == "sequence":
                whole = steps.wide(tensor)
            outside[i] = whole
            leaves[i] = Placeholder(None, (), {}, tensor.specs, built_at=tensor.built_at)
        return leaves, outside

    def _early(self, order: Sequence[Tensor]) -> set[int]:
        """What is done before the loop: products of sequences and what they are made of, sums of these in passing; and
        whatever is computed from constants.
        """
        early: set[int] = set()
        for tensor in order:
            if tensor.op is None or self.kind[id(tensor)] not in ("sequence", "constant"):
                continue
            if self.kind[id(tensor)] == "constant":
                if not is_a(tensor, View, Reshape):
                    early.add(id(tensor))
            elif is_a(tensor, MatrixProduct):
                early |= {
                    id(t)
                    for t in topological([tensor])
                    if self.kind[id(t)] == "sequence" and t.op is not None
                }
            elif is_a(tensor, Pointwise):
                moving = [t for t in tensor.inputs if self.kind[id(t)] == "sequence"]
                alone = [t for t in moving if self.users[id(t)] == 1 and t.shape == tensor.shape]
                if alone and all(id(t) in early for t in moving):
                    early.add(id(tensor))
        return early


def on_new_inputs(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
    """The tensor itself where nothing below it is new."""
    unchanged = all(a is b for a, b in zip(tensor.inputs, inputs, strict=True))
    return tensor if unchanged else remake(tensor, inputs)


def same_op(tensor: Tensor, inputs: list[Tensor]) -> Tensor:
    """The tensor on other inputs of the same specs."""
    return Tensor(
        tensor.op, tuple(inputs), tensor.attrs, tensor.specs, name=tensor.name, built_at=tensor.built_at
    )


def applied(node: Tensor, inputs: Sequence[Tensor], attrs: dict[str, Any]) -> tuple[Tensor, ...]:
    assert node.op is not None
    specs = node.op.infer(*[t.specs[0] for t in inputs], **attrs)
    several = not isinstance(specs, Spec)
    made = Tensor(
        node.op,
        tuple(inputs),
        attrs,
        tuple(specs) if several else (specs,),
        name=node.name,
        built_at=node.built_at,
        tracked=node.tracked,
    )
    return parts_of(made) if several else (made,)


class AllSteps:
    """Expressions of the body for all steps at once: with one more axis in front where they differ from step to step.

    What the loop computes for itself (``core``) becomes an output of it: ``stops`` and ``saved`` hold placeholders for
    those, which the results replace.
    """

    def __init__(self, loop: Hoisting, core: set[int]) -> None:
        self.loop, self.core = loop, core
        self.stops: dict[int, tuple[Tensor, Tensor]] = {}
        self.saved: dict[int, Tensor] = {}
        self._known: dict[int, Tensor] = {}
        self.results: dict[int, Tensor] = {}

    def result(self, k: int, term: Tensor | None) -> Tensor:
        """An output for all steps; with a term, the first value of the carry plus the sum of the terms."""
        if k not in self.results:
            if term is None:
                self.results[k] = self.wide(self.loop.body.outputs[k])
            else:
                self.results[k] = built(add, self.loop.node.inputs[k], self._sum(term))
        return self.results[k]

    def of(self, tensor: Tensor) -> Tensor:
        """The expression for all steps; without the axis of steps where it is the same at every one."""
        for t in topological([tensor], stop=self._is_end):
            if id(t) not in self._known:
                self._known[id(t)] = self._made(t)
        return self._known[id(tensor)]

    def _is_end(self, tensor: Tensor) -> bool:
        return id(tensor) in self._known or self._is_stop(tensor)

    def _is_stop(self, tensor: Tensor) -> bool:
        """Whether the loop computes the tensor for itself."""
        moves = self.loop.kind[id(tensor)] == "carry" and id(tensor) in self.core
        return moves and tensor.op is not None and not is_a(tensor, View, Reshape)

    def wide(self, tensor: Tensor) -> Tensor:
        """The expression for all steps, with their axis."""
        made = self.of(tensor)
        if self._moves(tensor):
            return made
        return built(broadcast_to, made, shape=(self.loop.length, *tensor.shape))

    def _moves(self, tensor: Tensor) -> bool:
        return self.loop.kind[id(tensor)] in ("sequence", "carry")

    def _made(self, tensor: Tensor) -> Tensor:
        loop = self.loop
        k = loop.place.get(id(tensor))
        if k is not None and k < loop.num_carry:
            if id(tensor) not in self.core:
                raise StepByStepError
            self.saved[k] = self._placeholder(tensor)
            return self.saved[k]
        if k is not None:
            return loop.node.inputs[k]
        if tensor.op is None:
            return tensor
        if self._is_stop(tensor):
            if len(tensor.specs) != 1:
                raise StepByStepError
            self.stops[id(tensor)] = (tensor, self._placeholder(tensor))
            return self.stops[id(tensor)][1]
        inputs = [self.of(t) for t in data_inputs(tensor)]
        if not self._moves(tensor):
            return remake(tensor, [self.of(t) for t in tensor.inputs])
        made = self._applied(tensor, inputs)
        if made.shape != (loop.length, *tensor.shape):
            raise StepByStepError
        return made

    def _placeholder(self, tensor: Tensor) -> Tensor:
        return Placeholder(None, (), {}, (Spec((self.loop.length, *tensor.shape), tensor.dtype),))

    def _applied(self, tensor: Tensor, inputs: list[Tensor]) -> Tensor:
        n, op = self.loop.length, tensor.op
        assert op is not None
        if is_a(tensor, Assemble):
            return self._assembled(tensor)
        if op.shape_only:
            raise StepByStepError
        if is_a(tensor, Pointwise):
            return remake(
                tensor,
                [
                    self._stretched(t, x, len(tensor.shape))
                    for t, x in zip(tensor.inputs, inputs, strict=True)
                ],
            )
        if is_a(tensor, MatrixProduct):
            return self._product(tensor, inputs)
        if is_a(tensor, Reshape):
            return built(reshape, inputs[0], shape=(n, *tensor.shape))
        if is_a(tensor, View) and len(inputs) == 1:
            return built(each, inputs[0], view=op, given=tensor.attrs)
        if is_a(tensor, Reduce):
            return remake(tensor, inputs, axis=tuple(a + 1 for a in tensor.attrs["axis"]))
        raise StepByStepError

    def _assembled(self, tensor: Tensor) -> Tensor:
        op = tensor.op
        assert op is not None
        data = [t for k, t in enumerate(tensor.inputs) if k not in op.shape_only]
        shapes = tuple(t.shape for t in tensor.inputs)
        return built(
            each_assembled,
            *map(self.wide, data),
            of=op,
            given=tensor.attrs,
            shapes=shapes,
            shape=(self.loop.length, *tensor.shape),
        )

    def _stretched(self, tensor: Tensor, whole: Tensor, rank: int) -> Tensor:
        """An operand of an elementwise op, with axes of length 1 where broadcasting would put the axis of steps."""
        missing = rank - len(tensor.shape)
        if not self._moves(tensor) or not missing:
            return whole
        return built(reshape, whole, shape=(self.loop.length, *(1,) * missing, *tensor.shape))

    def _product(self, tensor: Tensor, inputs: list[Tensor]) -> Tensor:
        """One product of all rows where the right factor is always the same; else one product per step."""
        (x, y), (a, b) = tensor.inputs, inputs
        n = self.loop.length
        if len(tensor.shape) == 2 and not self._moves(y):
            rows = built(reshape, a, shape=(n * x.shape[0], x.shape[1]))
            return built(reshape, remake(tensor, [rows, b]), shape=(n, *tensor.shape))
        return remake(tensor, [self.wide(x), self.wide(y)])

    # --- sums over the steps

    def _sum(self, term: Tensor) -> Tensor:
        """The sum of the term over all steps."""
        if not self._moves(term):
            raise StepByStepError
        if term.op is add:
            return built(add, *[self._sum(t) for t in term.inputs])
        if is_a(term, View, Reshape):
            return remake(term, [self._sum(term.inputs[0])])
        if term.op is concat_op:
            return remake(term, [self._sum(t) for t in term.inputs])
        if is_a(term, MatrixProduct):
            x, y = term.inputs
            return remake(term, [self._side_by_side(x), self._one_below_the_other(y)])
        x, axes, keep = term.inputs[0], term.attrs["axis"], term.attrs["keepdims"]
        made = remake(term, [self.wide(x)], axis=(0, *(a + 1 for a in axes)))
        return built(reshape, made, shape=term.shape) if keep else made

    def _side_by_side(self, x: Tensor) -> Tensor:
        """The matrices of all steps as one of as many rows."""
        return built(permute_dims, self._one_below_the_other(x, turned=True), axes=(1, 0))

    def _one_below_the_other(self, x: Tensor, turned: bool = False) -> Tensor:
        """The matrices of all steps (or their transposes) as one of as many columns."""
        n = self.loop.length
        rows, cols = reversed(x.shape) if turned else x.shape
        if turned and x.op is permute_dims and x.attrs["axes"] == (1, 0):
            whole = self.wide(x.inputs[0])
        elif turned:
            whole = built(permute_dims, self.wide(x), axes=(0, 2, 1))
        else:
            whole = self.wide(x)
        return built(reshape, whole, shape=(n * rows, cols))


def built(op: Any, *inputs: Tensor, **attrs: Any) -> Tensor:
    """The op on tensors, with its attributes as they are."""
    (spec,) = [op.infer(*[t.specs[0] for t in inputs], **attrs)]
    tracked = any(t.tracked for t in inputs)
    return Tensor(op, tuple(inputs), attrs, (spec,), tracked=tracked)
