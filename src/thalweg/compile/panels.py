"""The layout of matrices that a loop multiplies by at every step: panels of columns, each row after row.

A product reads the right factor a few columns at a time. In a row-major matrix those lie far apart, so the product
first packs them side by side; a loop would do that again at each step. Here the loop gets the panels, made once before
it. Elsewhere matrices stay row-major: a product packs them in passing, which costs nothing if it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence

from thalweg.compile.dims import Dim
from thalweg.compile.hoist import LoweredBody, applied, built, is_a, is_loop, on_new_inputs, same_op
from thalweg.graph.lowering import MatrixProduct, Reshape, View
from thalweg.graph.op import item
from thalweg.graph.tensor import Placeholder, Spec, Tensor
from thalweg.graph.walk import rebuild, topological
from thalweg.ops.shape import permute_dims, reshape
from thalweg.ops.state import identity

PANEL_BYTES = 128  # of one row in a panel: two vectors of the widest, whole cache lines
_LEAST_ROWS, _LEAST_ELEMENTS, _LEAST_STEPS = 16, 1 << 12, 8  # below which making panels does not pay


def paneled(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The lowered outputs, the constant right factors in the bodies of their loops in panels."""
    outputs, done = list(outputs), set()
    while True:
        loops = [t for t in topological(outputs) if is_loop(t) and t.attrs["body"] not in done]
        if not loops:
            return outputs
        node = loops[0]
        done.add(node.attrs["body"])
        found = _factors(node)
        if found:
            results = _with_panels(node, found)
            done.add(
                results[0].inputs[0].attrs["body"] if results[0].op is item else results[0].attrs["body"]
            )
            readers = [t for t in topological(outputs) if t.op is item and t.inputs[0] is node]
            replace = {t: results[t.attrs["index"]] for t in readers} or {node: results[0]}
            outputs = rebuild(outputs, replace, on_new_inputs)


def _factors(node: Tensor) -> list[Tensor]:
    """The right factors of the body's products that are views of what never changes, and worth panels."""
    body, first = node.attrs["body"], node.attrs["num_carry"]
    last = first + node.attrs["num_xs"]
    steps = node.inputs[first].shape[0] if last > first else node.attrs["length"]
    constants = {id(p) for p in body.parameters[last:]}
    if isinstance(steps, Dim) or steps < _LEAST_STEPS:
        return []
    found: dict[int, Tensor] = {}
    order = topological(body.outputs)
    others = {id(x) for t in order for k, x in enumerate(t.inputs) if k != 1 or not is_a(t, MatrixProduct)}
    others |= {id(t) for t in body.outputs}
    for z in order:
        if is_a(z, MatrixProduct) and len(z.shape) == 2:
            y, width = z.inputs[1], PANEL_BYTES // z.dtype.itemsize
            known = not any(isinstance(d, Dim) for d in (z.shape[0], *y.shape))
            large = z.shape[0] >= _LEAST_ROWS and y.shape[0] * y.shape[1] >= _LEAST_ELEMENTS
            alone = id(y) not in others and id(_source(y)) in constants
            if known and large and alone and y.shape[1] % width == 0:
                found[id(y)] = y
    return list(found.values())


def _source(tensor: Tensor) -> Tensor:
    """What a chain of views is a view of."""
    while is_a(tensor, View, Reshape) and len(tensor.inputs) == 1:
        (tensor,) = tensor.inputs
    return tensor


def _with_panels(node: Tensor, factors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The loop over panels: its results."""
    body, first, num_xs = node.attrs["body"], node.attrs["num_carry"], node.attrs["num_xs"]
    pairs = list(zip(body.parameters, node.inputs, strict=True))
    outside = rebuild(factors, dict(pairs), same_op)
    inside: dict[Tensor, Tensor] = {}
    for factor, given in zip(factors, outside, strict=True):
        k, n = factor.shape
        width = PANEL_BYTES // factor.dtype.itemsize
        cut = built(permute_dims, built(reshape, given, shape=(k, n // width, width)), axes=(1, 0, 2))
        leaf = Placeholder(None, (), {}, (Spec(cut.shape, cut.dtype),), built_at=factor.built_at)
        pairs.append((leaf, built(identity, cut)))
        inside[factor] = built(reshape, built(permute_dims, leaf, axes=(1, 0, 2)), shape=(k, n))
    roots = rebuild(body.outputs, inside, same_op)
    below = {id(t) for t in topological(roots)}
    kept = [pair for k, pair in enumerate(pairs) if k < first + num_xs or id(pair[0]) in below]
    attrs = {**node.attrs, "body": LoweredBody([p for p, _ in kept], roots)}
    return applied(node, [x for _, x in kept], attrs)
