"""``theano.gradient``: derivatives with respect to variables."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.variable import TensorVariable, wrap
from thalweg.errors import GradientError as NoGradientError
from thalweg.graph.tensor import Tensor
from thalweg.ops.state import with_gradient


class DisconnectedInputError(ValueError):
    """A variable with respect to which was differentiated does not lead to the cost."""


class NullTypeGradError(TypeError):
    """A gradient that does not exist was needed."""


def grad(
    cost: Any,
    wrt: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Mapping[Any, Any] | None = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """The gradient of a scalar cost with respect to a variable, or to each of a list of them.

    ``disconnected_inputs``: what to do for a variable that the cost does not depend on: "raise", "warn" or "ignore"
    (both give zeros). ``known_grads``: pairs of a variable and the gradient that reaches it.
    """
    targets = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    for v in targets:
        if not isinstance(v, TensorVariable):
            raise TypeError("Expected Variable, got " + str(v) + " of type " + str(type(v)))
    ys, seeds = _heads(cost, known_grads)
    constants = [tensor_of(c) for c in _listed(consider_constant)]
    found = _gradients(
        ys, [tensor_of(v) for v in targets], seeds, constants, disconnected_inputs, return_disconnected
    )
    made = [None if g is None else TensorVariable(g) for g in found]
    if isinstance(wrt, (list, tuple)):
        return tuple(made) if isinstance(wrt, tuple) else made
    return made[0]


def _heads(cost: Any, known: Mapping[Any, Any] | None) -> tuple[list[Tensor], list[Any]]:
    ys: list[Tensor] = []
    seeds: list[Any] = []
    if cost is not None:
        y = tensor_of(cost)
        if y.ndim != 0:
            raise TypeError("Cost must be a scalar.")
        if y.dtype.kind != "f":
            raise TypeError(f"Cost must be of a floating dtype, received {y.dtype}")
        ys.append(y)
        seeds.append(None)
    for variable, g in (known or {}).items():
        ys.append(tensor_of(variable))
        seeds.append(tensor_of(g))
    if not ys:
        raise ValueError("grad: neither a cost nor known_grads is given")
    return ys, [tw.ones_like(y) if s is None else s for y, s in zip(ys, seeds, strict=True)]


def _listed(given: Any) -> list[Any]:
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple, set)) else [given]


def _gradients(
    ys: list[Tensor], xs: list[Tensor], seeds: list[Any], constants: list[Tensor], missing: str, zero: str
) -> list[Any]:
    if missing not in ("raise", "warn", "ignore"):
        raise ValueError(
            "Invalid value for keyword 'disconnected_inputs', valid values are 'ignore', 'warn' and 'raise': "
            f"{missing!r}"
        )
    if missing == "raise":
        try:
            return list(tw.gradients(ys, xs, seeds, consider_constant=constants))
        except NoGradientError as error:
            if "does not depend on it" not in str(error):  # connected, but by ops of no slope: zeros
                return list(tw.gradients(ys, xs, seeds, unconnected="zero", consider_constant=constants))
            raise DisconnectedInputError(
                "grad method was asked to compute the gradient with respect to a variable that is not part of the "
                f"computational graph of the cost, or is used only by a non-differentiable operator: {error}"
            ) from None
    found = tw.gradients(ys, xs, seeds, unconnected="none", consider_constant=constants)
    if missing == "warn" and any(g is None for g in found):
        warnings.warn("grad: a variable is not part of the computational graph of the cost", stacklevel=4)
    if zero in ("zero", "Disconnected"):
        return [tw.zeros_like(x) if g is None else g for g, x in zip(found, xs, strict=True)]
    return list(found)


def _each(wrt: Any, make: Any) -> Any:
    if isinstance(wrt, (list, tuple)):
        made = [make(v) for v in wrt]
        return tuple(made) if isinstance(wrt, tuple) else made
    return make(wrt)


def jacobian(
    expression: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """Every derivative of a vector (or scalar): one row for each of its elements."""
    y = tensor_of(expression)
    if y.ndim > 1:
        raise ValueError("jacobian expects a 1 dimensional variable as `expression`")
    constants = [tensor_of(c) for c in _listed(consider_constant)]

    def rows(v: Any) -> TensorVariable:
        x = tensor_of(v)
        if y.ndim == 0:
            return TensorVariable(
                _gradients([y], [x], [tw.ones_like(y)], constants, disconnected_inputs, "zero")[0]
            )
        places = tw.iota_like(y, axis=0)

        def row(k: Tensor) -> Tensor:
            seed = as_dtype(tw.equal(places, k), y.dtype)
            return _gradients([y], [x], [seed], constants, disconnected_inputs, "zero")[0]

        return TensorVariable(tw.map_fn(row, places))

    return _each(wrt, rows)


def hessian(cost: Any, wrt: Any, consider_constant: Any = None, disconnected_inputs: str = "raise") -> Any:
    """Every second derivative of a scalar by a vector."""
    y = tensor_of(cost)
    if y.ndim != 0:
        raise ValueError("hessian expects a scalar `cost`")

    def one(v: Any) -> TensorVariable:
        if v.ndim != 1:
            raise ValueError("hessian only computes derivatives with respect to vectors")
        return jacobian(grad(cost, v, consider_constant, disconnected_inputs), v, None, "ignore")

    return _each(wrt, one)


def Rop(f: Any, wrt: Any, eval_points: Any, disconnected_outputs: str = "raise", **_: Any) -> Any:
    """The Jacobian of f by ``wrt`` times ``eval_points``: how f changes in that direction."""
    xs = [tensor_of(v) for v in _listed(wrt)]
    points = [tensor_of(p) for p in _listed(eval_points)]

    def one(v: Any) -> TensorVariable:
        y = tensor_of(v)
        u = tw.identity(tw.zeros_like(y))
        slopes = tw.gradients([y], xs, [u], unconnected="zero")
        total = None
        for slope, point in zip(slopes, points, strict=True):
            part = tw.sum(tw.multiply(slope, as_dtype(point, slope.dtype)))
            total = part if total is None else tw.add(total, part)
        return TensorVariable(tw.gradients(total, u, unconnected="zero"))

    return _each(f, one)


def Lop(
    f: Any, wrt: Any, eval_points: Any, consider_constant: Any = None, disconnected_inputs: str = "raise"
) -> Any:
    """``eval_points`` times the Jacobian of f by ``wrt``."""
    ys = [tensor_of(v) for v in _listed(f)]
    seeds = [as_dtype(tensor_of(p), y.dtype) for p, y in zip(_listed(eval_points), ys, strict=True)]
    constants = [tensor_of(c) for c in _listed(consider_constant)]
    xs = [tensor_of(v) for v in _listed(wrt)]
    made = wrap(_gradients(ys, xs, seeds, constants, disconnected_inputs, "zero"))
    return made if isinstance(wrt, (list, tuple)) else made[0]


def subgraph_grad(wrt: Any, end: Any, start: Any = None, cost: Any = None, details: bool = False) -> Any:
    """The gradients by ``wrt`` and by ``end``, of gradients that reach ``start`` and of a cost."""
    params = grad(
        cost, list(wrt), consider_constant=list(end), known_grads=start, disconnected_inputs="ignore"
    )
    ends = grad(cost, list(end), known_grads=start, disconnected_inputs="ignore")
    return params, ends


def disconnected_grad(x: Any) -> TensorVariable:
    """x, through which no gradient passes."""
    return TensorVariable(tw.stop_gradient(tensor_of(x)))


zero_grad = consider_constant = disconnected_grad


def grad_clip(x: Any, lower_bound: Any, upper_bound: Any) -> TensorVariable:
    """x, whose gradient is kept within bounds."""
    return _with_rule(x, lambda g: tw.minimum(tw.maximum(g, lower_bound), upper_bound))


def grad_scale(x: Any, multiplier: Any) -> TensorVariable:
    """x, whose gradient is multiplied by a number."""
    return _with_rule(x, lambda g: tw.multiply(g, tensor_of(multiplier, g.dtype)))


def grad_not_implemented(op: Any, x_pos: int, x: Any, comment: str = "") -> Any:
    """Said by an op that has no gradient for an input."""
    raise NotImplementedError(f"{op}: no gradient for input {x_pos} {comment}")


grad_undefined = grad_not_implemented


def _with_rule(x: Any, rule: Any) -> TensorVariable:
    t = tensor_of(x)
    return TensorVariable(with_gradient(tw.stop_gradient(t), t, rule=rule))


class DisconnectedType:
    """The type of a gradient where there is no path."""

    def __call__(self) -> None:
        return None


disconnected_type = DisconnectedType()


class GradientError(ValueError):
    """What :func:`verify_grad` says of gradients that differ from differences."""


def verify_grad(
    fun: Any, pt: Any, n_tests: int = 2, rng: Any = None, eps: float | None = None, **_: Any
) -> None:
    """Compare gradients with differences of values; raises a GradientError where they differ."""
    from thalweg.compat.theano.functions import function
    from thalweg.compat.theano.tensor import basic

    rng = rng or np.random.RandomState(0)
    points = [np.array(p, "float64") for p in pt]
    variables = [TensorVariable(tw.placeholder("float64", [None] * p.ndim)) for p in points]
    result = fun(*variables)
    weights = rng.uniform(0.5, 1.5, function(variables, result)(*points).shape)
    cost = basic.sum(result * weights)
    value = function(variables, cost)
    slopes = function(variables, grad(cost, variables))(*points)
    step = eps or 1e-6
    for k, (point, slope) in enumerate(zip(points, slopes, strict=True)):
        for place in np.ndindex(*point.shape):
            up, down = point.copy(), point.copy()
            up[place] += step
            down[place] -= step
            high = value(*points[:k], up, *points[k + 1 :])
            low = value(*points[:k], down, *points[k + 1 :])
            found = (high - low) / (2 * step)
            if abs(found - slope[place]) > 1e-4 * max(1.0, abs(found)):
                raise GradientError(
                    f"verify_grad: input {k} at {place}: {slope[place]} by rule, {found} by differences"
                )


vars(verify_grad)["E_grad"] = GradientError


def numeric_grad(f: Any, pt: Any, eps: float = 1e-6) -> np.ndarray:
    """The gradient of a function of an array by differences."""
    point = np.array(pt, "float64")
    slope = np.zeros_like(point)
    for place in np.ndindex(*point.shape):
        up, down = point.copy(), point.copy()
        up[place] += eps
        down[place] -= eps
        slope[place] = (f(up) - f(down)) / (2 * eps)
    return slope
