"""Work on arrays whose axes were put in another order, done in the order in which they lie.

Where a convolution's result is looked at with its channels first, normalised, and looked at with its channels last by
the next convolution, the elements need never lie channels first: elementwise ops on arrays of one order are ops on the
arrays themselves, reductions are reductions of these, and the order that undoes it gives them. What is asked for in
the other order all the same is computed in it, as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from thalweg.compile.hoist import is_a
from thalweg.graph.lowering import Pointwise, Reduce, View
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import remake, topological
from thalweg.ops.shape import permute_dims, reshape

_LIGHT = 8  # times smaller, at least, is what may be read in any order


@dataclass(frozen=True, eq=False)
class _Form:
    """A tensor as another whose axes are in the given order: ``permute_dims(under, axes)``."""

    under: Tensor
    axes: tuple[int, ...]


def in_their_order(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The outputs, where that saves memory that is read across."""
    return _Orders().run(outputs)


class _Orders:
    """The new tensor of each old one, and those that are others in another order."""

    def __init__(self) -> None:
        self.new: dict[int, Tensor] = {}
        self.forms: dict[int, _Form] = {}  # of new tensors
        self.keep: list[Tensor] = []

    def run(self, outputs: Sequence[Tensor]) -> list[Tensor]:
        order = topological(outputs)
        if not any(t.op is permute_dims for t in order):
            return list(outputs)
        for t in order:
            inputs = [self.new[id(x)] for x in t.inputs]
            same = all(a is b for a, b in zip(inputs, t.inputs, strict=True))
            self.new[id(t)] = self._looked_at(t if same else remake(t, inputs))
        return [self.new[id(t)] for t in outputs]

    def _looked_at(self, t: Tensor) -> Tensor:
        """The tensor, or what it is in the order of what it is made of."""
        self.keep.append(t)
        if t.op is permute_dims:
            return self._permuted(t)
        if is_a(t, Pointwise):
            self._worked(t)
        elif is_a(t, Reduce):
            return self._reduced(t)
        return t

    def _permuted(self, t: Tensor) -> Tensor:
        (x,), axes = t.inputs, t.attrs["axes"]
        form = self.forms.get(id(x))
        if form is None:
            self.forms[id(t)] = _Form(x, axes)
            return t
        both = tuple(form.axes[a] for a in axes)
        if both == tuple(range(len(both))):
            return form.under
        self.forms[id(t)] = _Form(form.under, both)
        return t

    def _worked(self, t: Tensor) -> None:
        """Elementwise ops on arrays of one order, and on what is small beside them."""
        forms = [self.forms.get(id(x)) for x in t.inputs]
        of_one = {form.axes for x, form in zip(t.inputs, forms, strict=True) if form and x.shape == t.shape}
        if len(of_one) != 1:
            return
        (axes,) = of_one
        under = []
        for x, form in zip(t.inputs, forms, strict=True):
            if form is not None and form.axes == axes:
                under.append(form.under)
            elif (light := _light(x, t, axes)) is not None:
                under.append(light)
            else:
                return
        made = remake(t, under)
        self.keep.append(made)
        self.forms[id(t)] = _Form(made, axes)

    def _reduced(self, t: Tensor) -> Tensor:
        """A reduction of what is in another order; several of one kind after each other as one."""
        (x,), op = t.inputs, t.op
        form = self.forms.get(id(x))
        if form is None or op is None:
            return t
        under, axes = form.under, {form.axes[a] for a in t.attrs["axis"]}
        if under.op is op and under.attrs["keepdims"] and x.dtype.itemsize >= 4:
            under, axes = under.inputs[0], axes | set(under.attrs["axis"])
        made = op.build((under,), {**t.attrs, "axis": tuple(sorted(axes)), "keepdims": True})
        turned = permute_dims(made, form.axes)
        self.keep += [made, turned]
        self.forms[id(turned)] = _Form(made, form.axes)
        return turned if t.attrs["keepdims"] else reshape(turned, t.shape)


def _light(x: Tensor, t: Tensor, axes: tuple[int, ...]) -> Tensor | None:
    """A small operand of t, looked at in the order of the others; None where it is not small."""
    if x.ndim == 0 or x.size == 1:
        return x
    source = x
    while is_a(source, View):
        source = source.inputs[0]
    if source.size is None or t.size is None or not source.size * _LIGHT <= t.size:
        return None
    whole = x if x.ndim == t.ndim else reshape(x, (1,) * (t.ndim - x.ndim) + x.shape)
    back = sorted(range(len(axes)), key=axes.__getitem__)
    return permute_dims(whole, tuple(back))
