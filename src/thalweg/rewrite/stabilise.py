"""Rules that keep numbers finite and accurate: the same mathematics by a way that neither overflows nor cancels.

They come before everything else, also before differentiation, so that gradients are those of the stable form. The phase
``STABILISE`` is to be read as a table: name, what the user wrote, what stands in its place. Rules of more than one line
are the functions above it.
"""

from __future__ import annotations

import math
from collections.abc import Set
from typing import Any

from thalweg.graph.lowering import Reshape, View
from thalweg.graph.op import Op
from thalweg.graph.tensor import Tensor
from thalweg.ops import activation, elementwise, reduce, shape, special
from thalweg.ops import softmax as soft
from thalweg.ops.gathering import gather
from thalweg.ops.slices import WHOLE, slice_axes
from thalweg.ops.state import stop_gradient
from thalweg.rewrite.match import Phase, rule
from thalweg.rewrite.patterns import Attribute, Var, pattern_of, peel, same

# --- the ops as patterns --------------------------------------------------------------------------------------------

exp, expm1, log, log1p = map(
    pattern_of, (elementwise.exp, elementwise.expm1, elementwise.log, elementwise.log1p)
)
sqrt, square, absolute = map(pattern_of, (elementwise.sqrt, elementwise.square, elementwise.abs))
reciprocal, masked_product = map(pattern_of, (elementwise.reciprocal, elementwise.masked_product))
sin, cos, sinh, cosh = map(pattern_of, (elementwise.sin, elementwise.cos, elementwise.sinh, elementwise.cosh))
tanh, asinh, atanh = map(pattern_of, (elementwise.tanh, elementwise.asinh, elementwise.atanh))
sigmoid, log_sigmoid, softplus = map(
    pattern_of, (activation.sigmoid, activation.log_sigmoid, activation.softplus)
)
erf, erfc, xlogy, logaddexp = map(pattern_of, (special.erf, special.erfc, special.xlogy, special.logaddexp))
softmax, log_softmax = map(pattern_of, (soft.softmax, soft.log_softmax))
sum, mean, logsumexp = map(pattern_of, (reduce.sum, reduce.mean, reduce.logsumexp))

x, y = Var("x"), Var("y")
axis, keepdims = Attribute("axis"), Attribute("keepdims")

# --- reductions, however their axes were brought back ---------------------------------------------------------------


def reduced_beside(t: Tensor, term: Tensor, ops: tuple[Op, ...], kept: Set[int]) -> Tensor | None:
    """The reduction (one of ``ops``) that ``t`` is, if it broadcasts against its own input as with ``keepdims=True``.

    Seen through ``keepdims``, ``expand_dims``, ``[:, None]``, a reshape, a broadcast to the shape of ``term``, and for
    leading axes nothing at all.
    """
    layers: list[Tensor] = []
    t = peel(t, kept)
    while id(t) not in kept and t.op not in ops and len(layers) < 4:
        if t.op not in _BROADCASTS and not (t.op is slice_axes and all(i == WHOLE for i in t.attrs["items"])):
            return None
        layers.append(t)
        t = peel(t.inputs[0], kept)
    if id(t) in kept or t.op not in ops or t.inputs[0].shape is None:
        return None
    return t if _lined_up(layers, t, term) else None


_BROADCASTS = (shape.expand_dims, shape.reshape, shape.reshape_like, shape.broadcast_to, shape.broadcast_like)


def _lined_up(layers: list[Tensor], reduction: Tensor, term: Tensor) -> bool:
    """Whether the reduction's axes stand where they stood before it, as far as broadcasting can tell."""
    whole, axes = reduction.inputs[0].shape, reduction.attrs["axis"]
    kept_shape = tuple(1 if k in axes else d for k, d in enumerate(whole))
    in_place = reduction.attrs["keepdims"] or axes == tuple(range(len(axes)))
    for layer in reversed(layers):
        if layer.op in (shape.broadcast_to, shape.broadcast_like):
            if not in_place or layer.shape != term.shape:
                return False
        elif layer.op is shape.expand_dims and not reduction.attrs["keepdims"] and layer is layers[-1]:
            in_place = layer.attrs["axis"] == axes
        elif layer.op in (shape.reshape, shape.reshape_like):
            in_place = layer.shape == kept_shape and kept_shape.count(None) <= 1
        elif layer.op is not slice_axes:
            return False
    return in_place


_LARGEST = (reduce.max, reduce.greatest)


def _is_largest(m: Tensor, t: Tensor, axes: tuple[int, ...], kept: Set[int]) -> bool:
    """Whether ``m`` is the maximum of ``t`` over the axes, beside it; with or without a gradient of its own."""
    m = peel(m, kept)
    if m.op is stop_gradient:
        m = m.inputs[0]
    found = reduced_beside(m, t, _LARGEST, kept)
    if found is None or found.attrs["axis"] != axes:
        return False
    inner = peel(found.inputs[0], kept)
    return same(inner.inputs[0] if inner.op is stop_gradient else inner, t, kept)


# --- rules of more than one line ------------------------------------------------------------------------------------


def exp_over_sum(x: Tensor, y: Tensor, root: Tensor, kept: Set[int]) -> Tensor | None:
    """exp(x) / sum(exp(x)) is a softmax."""
    total = reduced_beside(y, root.inputs[0], (reduce.sum,), kept)
    if total is None or not same(total.inputs[0], root.inputs[0], kept):
        return None
    return soft.softmax(x, axis=total.attrs["axis"])


def less_logsumexp(x: Tensor, y: Tensor, kept: Set[int]) -> Tensor | None:
    """x - logsumexp(x) is a log_softmax."""
    total = reduced_beside(y, x, (reduce.logsumexp,), kept)
    if total is None or not same(total.inputs[0], x, kept):
        return None
    return soft.log_softmax(x, axis=total.attrs["axis"])


def unshifted(op: Op) -> Any:
    """softmax and log_softmax subtract the maximum themselves."""

    def replace(x: Tensor, y: Tensor, axis: tuple[int, ...], kept: Set[int]) -> Tensor | None:
        return op(x, axis=axis) if _is_largest(y, x, axis, kept) else None

    return replace


def logsumexp_shifted_back(
    x: Tensor, y: Tensor, axis: Any, keepdims: bool, root: Tensor, kept: Set[int]
) -> Tensor | None:
    """logsumexp(x - max(x)) + max(x): the user's own shift, which logsumexp does itself."""
    first, second = (peel(t, kept) for t in root.inputs)
    added = second if first.op is reduce.logsumexp else first
    if not _is_largest(y, x, axis, kept):
        return None
    beside = (
        added.inputs[0]
        if added.op in (shape.squeeze, stop_gradient, shape.reshape) and id(added) not in kept
        else added
    )
    largest = beside if beside.op in _LARGEST else None
    fits = largest is not None and largest.attrs["axis"] == axis and same(largest.inputs[0], x, kept)
    lined = added.shape == root.shape and (keepdims == added.attrs.get("keepdims", False))
    return reduce.logsumexp(x, axis=axis, keepdims=keepdims) if fits and lined else None


def log_of_mean(x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    """The logarithm of a mean of exponentials: that of their sum, less that of their number."""
    return reduce.logsumexp(x, axis=axis, keepdims=keepdims) - elementwise.log(
        shape.count(x, axis=axis, dtype=x.dtype)
    )


def mean_square_deviation(
    x: Tensor, y: Tensor, axis: Any, keepdims: bool, root: Tensor, kept: Set[int]
) -> Tensor | None:
    """The mean of (x - mean(x)) squared. The variance's own gradient knows that deviations add up to 0."""
    center = reduced_beside(y, x, (reduce.mean,), kept)
    if center is None or center.attrs["axis"] != axis or x.dtype != root.dtype:
        return None
    return reduce.var(x, axis=axis, keepdims=keepdims) if same(center.inputs[0], x, kept) else None


def log_of_one_less_exp(x: Tensor) -> Tensor:
    """log(1 - exp(x)) by whichever of two ways does not cancel; they meet at log(1/2) (Maechler 2012)."""
    near = elementwise.log(0 - elementwise.expm1(x))  # type: ignore[operator]
    return elementwise.where(
        elementwise.greater(x, -math.log(2)), near, elementwise.log1p(-elementwise.exp(x))
    )  # type: ignore[operator]


def log_through_views(x: Tensor, kept: Set[int]) -> Tensor | None:
    """log(view(p)) is view(log(p)): so that p's own rule is found through slices, gathers, transposes and reshapes."""
    views = []
    t = peel(x, kept)
    while _is_view(t) and id(t) not in kept:
        views.append(t)
        t = peel(t.inputs[0], kept)
    if not views or t.op not in (soft.softmax, activation.sigmoid) or id(t) in kept:
        return None
    made = elementwise.log(t)
    for view in reversed(views):
        assert view.op is not None
        made = view.op(made, *view.inputs[1:], **view.attrs)
    return made


def _is_view(t: Tensor) -> bool:
    return t.op is not None and (
        isinstance(t.op.lower, (View, Reshape)) or t.op in (gather, slice_axes, *_BROADCASTS)
    )


# --- the rules ------------------------------------------------------------------------------------------------------

STABILISE = Phase(
    "stabilise",
    (
        # logarithms of probabilities
        rule("log_softmax", log(softmax(x, axis=axis)), log_softmax(x, axis=axis)),
        rule("log_sigmoid", log(sigmoid(x)), log_sigmoid(x)),
        rule("log_one_less_sigmoid", [log(1 - sigmoid(x)), log1p(-sigmoid(x))], -softplus(x)),
        rule("xlogy_softmax", xlogy(y, softmax(x, axis=axis)), masked_product(y, log_softmax(x, axis=axis))),
        rule("xlogy_sigmoid", xlogy(y, sigmoid(x)), masked_product(y, log_sigmoid(x))),
        rule("xlogy_one_less_sigmoid", xlogy(y, 1 - sigmoid(x)), masked_product(y, -softplus(x))),
        rule(
            "log_through_views",
            log(x),
            log_through_views,
            within=("x",),  # what x is a view of has all its lengths
            law="log(view(p)) -> view(log(p)), p a softmax or sigmoid",
        ),
        rule("exp_log_softmax", exp(log_softmax(x, axis=axis)), softmax(x, axis=axis)),
        rule("exp_log_sigmoid", exp(log_sigmoid(x)), sigmoid(x)),
        # logarithms of exponentials
        rule("log_exp", log(exp(x)), x),
        rule("softplus", [log(1 + exp(x)), log1p(exp(x))], softplus(x)),
        rule("logaddexp", log(exp(x) + exp(y)), logaddexp(x, y)),
        rule(
            "logsumexp",
            log(sum(exp(x), axis=axis, keepdims=keepdims)),
            logsumexp(x, axis=axis, keepdims=keepdims),
        ),
        rule(
            "logmeanexp",
            log(mean(exp(x), axis=axis, keepdims=keepdims)),
            log_of_mean,
            law="log(mean(exp(x))) -> logsumexp(x) - log(count(x))",
        ),
        rule(
            "logsumexp_shift",
            logsumexp(x - y, axis=axis, keepdims=keepdims) + Var("z"),
            logsumexp_shifted_back,
            within=("y", "z"),
            law="logsumexp(x - max(x)) + max(x) -> logsumexp(x)",
        ),
        rule("log1p_expm1", log1p(expm1(x)), x),
        rule(
            "log1mexp",
            log(-expm1(x)),
            log_of_one_less_exp,
            law="log(1 - exp(x)) -> where(x > -log(2), log(-expm1(x)), log1p(-exp(x)))",
        ),
        # softmax, written out
        rule("softmax", exp(x) / y, exp_over_sum, within=("y",), law="exp(x) / sum(exp(x)) -> softmax(x)"),
        rule(
            "softmax_shift",
            softmax(x - y, axis=axis),
            unshifted(soft.softmax),
            within=("y",),
            law="softmax(x - max(x)) -> softmax(x)",
        ),
        rule(
            "log_softmax_shift",
            log_softmax(x - y, axis=axis),
            unshifted(soft.log_softmax),
            within=("y",),
            law="log_softmax(x - max(x)) -> log_softmax(x)",
        ),
        rule(
            "less_logsumexp", x - y, less_logsumexp, within=("y",), law="x - logsumexp(x) -> log_softmax(x)"
        ),
        rule(
            "variance",
            [mean(d, axis=axis, keepdims=keepdims) for d in (square(x - y), (x - y) * (x - y), (x - y) ** 2)],
            mean_square_deviation,
            within=("y",),
            law="mean(square(x - mean(x))) -> var(x)",
        ),
        # sigmoid and tanh, written out
        rule("sigmoid", [1 / (1 + exp(-x)), reciprocal(1 + exp(-x)), exp(x) / (1 + exp(x))], sigmoid(x)),
        rule("sigmoid_of_negative", [1 / (1 + exp(x)), reciprocal(1 + exp(x))], sigmoid(-x)),
        rule("times_sigmoid", y / (1 + exp(-x)), y * sigmoid(x)),
        rule("tanh", (exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)),
        rule("tanh_half", expm1(x) / (1 + exp(x)), tanh(0.5 * x)),
        rule("tanh_quotient", sinh(x) / cosh(x), tanh(x)),
        # what cancels near zero
        rule("log1p", log(1 + x), log1p(x)),
        rule("log1p_negative", log(1 - x), log1p(-x)),
        rule("expm1", [exp(x) - 1, exp(x) + -1], expm1(x)),
        rule("one_less_exp", 1 - exp(x), -expm1(x)),
        rule("one_less_cos", 1 - cos(x), 2 * square(sin(0.5 * x))),
        rule("cosh_less_one", cosh(x) - 1, 2 * square(sinh(0.5 * x))),
        rule("erfc", 1 - erf(x), erfc(x)),
        rule("erfc_of_negative", 1 + erf(x), erfc(-x)),
        rule("erf", 1 - erfc(x), erf(x)),
        rule("atanh", log((1 + x) / (1 - x)), 2 * atanh(x)),
        rule("asinh", [log(x + sqrt(1 + s)) for s in (x * x, square(x), x**2)], asinh(x)),
        # what overflows
        rule("root_of_square", [sqrt(x * x), sqrt(square(x)), sqrt(x**2)], absolute(x)),
    ),
)

# After the logarithms, which know 1 - sigmoid(x) themselves; where sigmoid(x) is used it is cheaper as it stands.
COMPLEMENTS = Phase(
    "stabilise: complements", (rule("one_less_sigmoid", 1 - sigmoid(x), sigmoid(-x), single=True),)
)
