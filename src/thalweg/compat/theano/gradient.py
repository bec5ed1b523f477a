"""``theano.gradient``: derivatives with respect to variables."""

from __future__ import annotations

import functools
import warnings
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import thalweg as tw
from thalweg.compat.theano.configuration import config
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, wrap
from thalweg.graph.op import Op as CoreOp
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
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
    (both give zeros). ``known_grads``: pairs of a variable and the gradient that reaches it. The gradient of an integer
    variable is that of the number it is; it is named ``(dcost/dx)`` where both have names.
    """
    targets = list(wrt) if isinstance(wrt, (list, tuple)) else [wrt]
    for v in targets:
        if not isinstance(v, AnyVariable):
            raise TypeError("Expected Variable, got " + str(v) + " of type " + str(type(v)))
    ys, seeds = _heads(cost, known_grads)
    constants = [tensor_of(c) for c in _listed(consider_constant)]
    found = _gradients(
        ys, [tensor_of(v) for v in targets], seeds, constants, disconnected_inputs, return_disconnected
    )
    _refuse_undefined([g for g in found if g is not None], null_gradients)
    made = [None if g is None else TensorVariable(g) for g in found]
    for v, g in zip(targets, made, strict=True):
        if (
            add_names
            and g is not None
            and g.tensor.op is not None
            and cost is not None
            and cost.name
            and v.name
        ):
            g.name = g.name or f"(d{cost.name}/d{v.name})"
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
        if y.dtype.kind not in "fiub":
            raise TypeError(f"Cost must be a number, received {y.dtype}")
        ys.append(y)
        seeds.append(None)
    for variable, g in (known or {}).items():
        ys.append(tensor_of(variable))
        seeds.append(tensor_of(g))
    if not ys:
        raise ValueError("grad: neither a cost nor known_grads is given")
    return ys, [tw.ones_like(y) if s is None else s for y, s in zip(ys, seeds, strict=True)]


def _refuse_undefined(found: list[Tensor], null_gradients: str) -> None:
    """Complain where a gradient was needed that an op says it does not have."""
    for tensor in topological(found) if null_gradients == "raise" else []:
        if tensor.op is not None and isinstance(tensor.op.meaning, _Undefined):
            raise NullTypeGradError(f"tensor.grad encountered a NaN. {tensor.op.meaning.reason}")


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
    connected = {id(t) for t in topological(ys, stop=_stops(constants))}
    for x in xs:
        if missing == "raise" and id(x) not in connected:
            raise DisconnectedInputError(
                "grad method was asked to compute the gradient with respect to a variable that is not part of the "
                f"computational graph of the cost, or is used only by a non-differentiable operator: {x.label()}"
            )
    found = _arrived(ys, xs, seeds, constants)
    found = [_zeros(x) if g is None and id(x) in connected else g for g, x in zip(found, xs, strict=True)]
    if missing == "warn" and any(g is None for g in found):
        warnings.warn("grad: a variable is not part of the computational graph of the cost", stacklevel=4)
    if zero in ("zero", "Disconnected"):
        return [_zeros(x) if g is None else g for g, x in zip(found, xs, strict=True)]
    return found


_cuts: weakref.WeakValueDictionary[int, Tensor] = weakref.WeakValueDictionary()  # what disconnected_grad made


def _stops(constants: list[Tensor]) -> Callable[[Tensor], bool]:
    blocked = {id(t) for t in constants}
    return lambda t: id(t) in blocked or id(t) in _cuts


def _zeros(x: Tensor) -> Tensor:
    """No slope, in the dtype of a gradient."""
    return as_dtype(tw.zeros_like(x), x.dtype if x.dtype.kind == "f" else config.floatX)


def _arrived(ys: list[Tensor], xs: list[Tensor], seeds: list[Any], constants: list[Tensor]) -> list[Any]:
    """What reaches each x; integers, which have no slope themselves, where floats are made of them."""
    pairs = [(y, s) for y, s in zip(ys, seeds, strict=True) if y.dtype.kind == "f"]
    views = {id(x): [x] if x.dtype.kind == "f" else _floats_of(x, ys) for x in xs}
    targets = list({id(t): t for found in views.values() for t in found}.values())
    slopes = tw.gradients(
        [y for y, _ in pairs], targets, [s for _, s in pairs], unconnected="none", consider_constant=constants
    )
    by_target = dict(zip(map(id, targets), slopes, strict=True))
    found = []
    for x in xs:
        parts = [by_target[id(t)] for t in views[id(x)]]
        parts += [
            as_dtype(s, config.floatX)
            for y, s in zip(ys, seeds, strict=True)
            if y is x and x.dtype.kind != "f"
        ]
        parts = [g for g in parts if g is not None]
        found.append(functools.reduce(tw.add, parts) if parts else None)
    return found


def _floats_of(x: Tensor, ys: list[Tensor]) -> list[Tensor]:
    return [
        t
        for t in topological(ys)
        if t.op is not None and t.op.name == "astype" and t.inputs[0] is x and t.dtype.kind == "f"
    ]


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


def Rop(
    f: Any, wrt: Any, eval_points: Any, disconnected_outputs: str = "raise", return_disconnected: str = "zero"
) -> Any:
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


def zero_grad(x: Any) -> TensorVariable:
    """x, through which no gradient passes."""
    return TensorVariable(tw.stop_gradient(tensor_of(x)))


consider_constant = zero_grad


def disconnected_grad(x: Any) -> TensorVariable:
    """x, through which no gradient passes; asking for one that has no other way is an error."""
    made = zero_grad(x)
    _cuts[id(made.tensor)] = made.tensor
    return made


def grad_clip(x: Any, lower_bound: Any, upper_bound: Any) -> TensorVariable:
    """x, whose gradient is kept within bounds."""
    return _with_rule(x, lambda g: tw.minimum(tw.maximum(g, lower_bound), upper_bound))


def grad_scale(x: Any, multiplier: Any) -> TensorVariable:
    """x, whose gradient is multiplied by a number."""
    return _with_rule(x, lambda g: tw.multiply(g, tensor_of(multiplier, g.dtype)))


class _Undefined:
    """The meaning of a gradient that an op does not have."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, *arrays: Any) -> Any:
        raise NullTypeGradError(self.reason)


def grad_undefined(op: Any, x_pos: int, x: Any, comment: str = "") -> TensorVariable:
    """Given by an op as the gradient that it does not have for an input: an error where it is needed."""
    t = tensor_of(x)
    meaning = _Undefined(f"{op} has no gradient by its input {x_pos}. {comment}".rstrip())
    return TensorVariable(CoreOp("undefined_gradient", meaning, lambda *_: t.specs[0]).build([t], {}))


grad_not_implemented = grad_undefined


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


# How far points of a dtype are moved, and how far gradients may be from the differences.
_STEPS = {"float16": (1e-1, 5e-2), "float32": (3e-4, 1e-2), "float64": (1e-6, 1e-4)}


def verify_grad(
    fun: Any,
    pt: Any,
    n_tests: int = 2,
    rng: Any = None,
    eps: float | None = None,
    out_type: Any = None,
    abs_tol: float | None = None,
    rel_tol: float | None = None,
    mode: Any = None,
    cast_to_output_type: bool = False,
    no_debug_ref: bool = True,
) -> None:
    """Compare gradients with differences of values; raises a GradientError where they differ.

    Each point keeps its dtype, which must be one of floats; in float32 the steps and tolerances are wider.
    """
    from thalweg.compat.theano.functions import function
    from thalweg.compat.theano.tensor import basic

    rng = rng or np.random.RandomState(0)
    points = [np.array(p) for p in pt]
    for k, p in enumerate(points):
        if p.dtype.name not in _STEPS:
            raise TypeError(
                f"verify_grad can work only with floating point inputs, but input {k} has dtype {p.dtype.name}; "
                "give it as an array of floats"
            )
    variables = [TensorVariable(tw.placeholder(p.dtype.name, [None] * p.ndim)) for p in points]
    result = fun(*variables)
    values = function(variables, result)
    weights = rng.uniform(0.5, 1.5, values(*points).shape).astype(result.dtype)
    cost = basic.sum(result * weights)
    slopes = function(variables, grad(cost, variables))(*points)
    coarsest = max((p.dtype.name for p in points), key=lambda name: _STEPS[name][0])
    step, tolerance = eps or _STEPS[coarsest][0], _STEPS[coarsest][1]
    absolute = tolerance if abs_tol is None else abs_tol
    relative = tolerance if rel_tol is None else rel_tol
    for k, (point, slope) in enumerate(zip(points, slopes, strict=True)):
        for place in np.ndindex(*point.shape):
            up, down = point.copy(), point.copy()
            up[place] += step
            down[place] -= step
            high, low = (values(*points[:k], moved, *points[k + 1 :]) for moved in (up, down))
            apart = float(up[place]) - float(down[place])
            found = np.sum((high.astype("float64") - low) * weights) / apart
            if abs(found - slope[place]) > max(absolute, relative * abs(found)):
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
