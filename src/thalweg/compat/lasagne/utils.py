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
    if isinstance(input, dict) and input:
        return {key: as_tensor_variable(value) for key, value in input.items()}
    try:
        return as_tensor_variable(input)
    except Exception as error:
        raise TypeError(
            f"Input of type {type(input).__name__} is not a Theano expression and cannot be made one"
        ) from error


def one_hot(x: Any, m: int | None = None) -> TensorVariable:
    """Class numbers as rows."""
    classes: Any = tensor.cast(tensor.max(x) + 1, "int32") if m is None else m
    return tensor.extra_ops.to_one_hot(x, classes)


def as_tuple(x: Any, N: int, t: type | None = None) -> tuple[Any, ...]:
    """N of a number, or the N numbers given."""
    made = tuple(x) if isinstance(x, (list, tuple)) else (x,) * N
    if t is not None and not all(isinstance(v, t) for v in made):
        raise TypeError(f"expected a single value or an iterable of {t.__name__}, got {x!r} instead")
    if len(made) != N:
        raise ValueError(f"expected a single value or an iterable with length {N}, got {x!r} instead")
    return made


def unique(sequence: Any) -> list[Any]:
    """The elements, each once, in order of first appearance."""
    return list(dict.fromkeys(sequence))


def create_param(spec: Any, shape: Any, name: str | None = None) -> Any:
    """A parameter from a shared variable, an expression, an array or a function of the shape.

    Of an expression the number of axes is looked at: its lengths may be symbolic.
    """
    shape = tuple(n if isinstance(n, AnyVariable) else int(n) for n in shape)
    if any(isinstance(n, int) and n <= 0 for n in shape):
        raise ValueError(
            f"Cannot create param with a non-positive shape dimension. shape={shape}, name={name}"
        )
    if isinstance(spec, Callable) and not isinstance(spec, AnyVariable):  # type: ignore[arg-type]
        spec = spec(shape)
    if isinstance(spec, AnyVariable):
        if spec.ndim != len(shape):
            raise RuntimeError(
                f"parameter {name}: it has {spec.ndim} dimensions, but should have {len(shape)}"
            )
        return spec
    value = np.asarray(spec)
    if value.shape != shape:
        raise RuntimeError(f"parameter {name}: its shape is {value.shape}, but should be {shape}")
    return shared(floatX(value), name=name)


def collect_shared_vars(expressions: Any) -> list[Any]:
    """The shared variables below expressions, each once."""
    given = [expressions] if isinstance(expressions, AnyVariable) else expressions
    return unique(v for v in inputs(given) if isinstance(v, SharedVariable))


def compute_norms(array: Any, norm_axes: Any = None) -> Any:
    """The Euclidean norms of the weights of each unit of a layer."""
    rank = array.ndim
    if norm_axes is None and not 1 <= rank <= 5:
        raise ValueError(f"Unsupported tensor dimensionality {rank}. Must specify `norm_axes`")
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
