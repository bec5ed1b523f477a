"""``lasagne.utils``: conversions that programs use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.theano import config, tensor
from thalweg.compat.theano.gof.graph import inputs
from thalweg.compat.theano.sharing import TensorSharedVariable as SharedVariable
from thalweg.compat.theano.sharing import shared
from thalweg.compat.theano.variable import AnyVariable, TensorVariable, as_tensor_variable


def floatX(arr: Any) -> np.ndarray:
    """In the dtype ``theano.config.floatX``."""
    return np.asarray(arr, dtype=config.floatX)


def shared_empty(dim: int = 2, dtype: Any = None) -> TensorVariable:
    """A shared variable of ``dim`` axes of length 1."""
    return shared(np.zeros((1,) * dim, dtype=dtype or config.floatX))


def as_theano_expression(input: Any) -> Any:
    """Numbers and arrays as expressions; a dict of them by name."""
    if isinstance(input, dict):
        return {key: as_tensor_variable(value) for key, value in input.items()}
    return as_tensor_variable(input)


def one_hot(x: Any, m: int | None = None) -> TensorVariable:
    """Class numbers as rows."""
    classes: Any = tensor.cast(tensor.max(x) + 1, "int32") if m is None else m
    return tensor.extra_ops.to_one_hot(x, classes)


def as_tuple(x: Any, N: int, t: type | None = None) -> tuple[Any, ...]:
    """N of a number, or the N numbers given."""
    made = tuple(x) if isinstance(x, (list, tuple)) else (x,) * N
    if len(made) != N or (t is not None and not all(isinstance(v, t) for v in made)):
        raise ValueError(f"expected a value or {N} of them, received {x!r}")
    return made


def unique(sequence: Any) -> list[Any]:
    """The elements, each once, in order of first appearance."""
    return list(dict.fromkeys(sequence))


def create_param(spec: Any, shape: Any, name: str | None = None) -> Any:
    """A parameter from a shared variable, an expression, an array or a function of the shape.

    The shape of an expression is not looked at: it may be symbolic.
    """
    shape = tuple(n if isinstance(n, AnyVariable) else int(n) for n in shape)
    if isinstance(spec, Callable) and not isinstance(spec, AnyVariable):  # type: ignore[arg-type]
        spec = spec(shape)
    if isinstance(spec, AnyVariable):
        return spec
    value = np.asarray(spec)
    if value.shape != shape:
        raise ValueError(f"parameter {name}: expected shape {shape}, received {value.shape}")
    return shared(floatX(value), name=name)


def collect_shared_vars(expressions: Any) -> list[Any]:
    """The shared variables below expressions, each once."""
    given = [expressions] if isinstance(expressions, AnyVariable) else expressions
    return unique(v for v in inputs(given) if isinstance(v, SharedVariable))


def compute_norms(array: Any, norm_axes: Any = None) -> Any:
    """The Euclidean norms of the weights of each unit of a layer."""
    rank = array.ndim
    axes = tuple(norm_axes) if norm_axes is not None else ((0,) if rank == 2 else tuple(range(1, rank)))
    if rank == 1 and norm_axes is None:
        return abs(array)
    if isinstance(array, AnyVariable):
        return tensor.sqrt(tensor.sum(array**2, axis=axes))
    return np.sqrt(np.sum(np.square(array), axis=axes))


def unroll_scan(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any,
    n_steps: int,
    go_backwards: bool = False,
) -> list[Any]:
    """A loop written out: for each output of ``fn`` its values of all steps, stacked."""
    given = sequences if isinstance(sequences, (list, tuple)) else [sequences]
    states = list(outputs_info) if isinstance(outputs_info, (list, tuple)) else [outputs_info]
    steps = []
    for k in reversed(range(n_steps)) if go_backwards else range(n_steps):
        found = fn(*[s[k] for s in given], *states, *non_sequences)
        states = list(found) if isinstance(found, (list, tuple)) else [found]
        steps.append(states)
    return [tensor.stack(list(values)) for values in zip(*steps, strict=True)]
