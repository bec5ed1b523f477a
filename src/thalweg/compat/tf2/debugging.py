"""``tf.debugging``: checks of values. A compiled function is one for calls in which they hold; others run as Python."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.text import is_text, texts
from thalweg.compat.tf2.values import is_known, tensor
from thalweg.ops import reduce


def _everywhere(holds: Callable[..., Any], *given: Any) -> bool:
    """Whether a relation holds for all elements: of arrays, or of tensors whose values a run knows."""
    if all(map(is_known, given)):
        return bool(np.all(holds(*map(_array, given))))
    return bool(reduce.all(holds(*map(tensor, given))))


def _array(x: Any) -> np.ndarray:
    return np.asarray(texts(x) if is_text(x) else x)


def _check(name: str, holds: Callable[..., Any], relation: str) -> Callable[..., Any]:
    def check(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: Any = None) -> None:
        if not _everywhere(holds, x, y):
            a, b = _array(x), _array(y)
            told = f"Condition x {relation} y did not hold: x = {a}, y = {b}"
            raise InvalidArgumentError(f"{message or ''} {told}".strip())

    check.__name__, check.__doc__ = name, f"An error unless x {relation} y for all elements."
    return check


assert_equal = _check("assert_equal", operator.eq, "==")
assert_none_equal = _check("assert_none_equal", operator.ne, "!=")
assert_less = _check("assert_less", operator.lt, "<")
assert_less_equal = _check("assert_less_equal", operator.le, "<=")
assert_greater = _check("assert_greater", operator.gt, ">")
assert_greater_equal = _check("assert_greater_equal", operator.ge, ">=")


def assert_near(
    x: Any,
    y: Any,
    rtol: float | None = None,
    atol: float | None = None,
    message: str | None = None,
    summarize: int | None = None,
    name: Any = None,
) -> None:
    """An error unless ``|x - y| <= atol + rtol |y|``; both are 10 eps unless given."""
    a, b = np.asarray(x), np.asarray(y)
    least = 10 * float(np.finfo(a.dtype if a.dtype.kind == "f" else np.float32).eps)
    if not np.allclose(a, b, rtol=least if rtol is None else rtol, atol=least if atol is None else atol):
        raise InvalidArgumentError(
            f"{message or ''} x and y not equal to tolerance: x = {a}, y = {b}".strip()
        )


def assert_positive(
    x: Any, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless all elements are above 0."""
    assert_greater(x, 0, message)


def assert_negative(
    x: Any, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless all elements are below 0."""
    assert_less(x, 0, message)


def assert_non_negative(
    x: Any, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless no element is below 0."""
    assert_greater_equal(x, 0, message)


def assert_non_positive(
    x: Any, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless no element is above 0."""
    assert_less_equal(x, 0, message)


def assert_rank(
    x: Any, rank: int, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless there are so many axes."""
    if tensor(x).ndim != int(rank):
        raise ValueError(
            f"{message or ''} {x} must have rank {rank}, received shape {tensor(x).shape}".strip()
        )


def assert_shapes(
    shapes: Any, data: Any = None, summarize: int | None = None, message: str | None = None, name: Any = None
) -> None:
    """An error unless the tensors have the shapes, in which a name stands for the same length everywhere."""
    known: dict[Any, Any] = {}
    for x, wanted in shapes.items() if isinstance(shapes, dict) else shapes:
        found = tuple(tensor(x).shape)
        if len(found) != len(wanted) or any(known.setdefault(w, n) != n if isinstance(w, str) else w != n
                                            for w, n in zip(wanted, found) if w is not None):  # fmt: skip
            raise ValueError(f"shape {found} is not {tuple(wanted)}")


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless the elements are of that type."""
    if as_dtype(tensor.dtype) != as_dtype(tf_type):
        raise TypeError(f"{message or ''} must be of type {tf_type}, received {tensor.dtype}".strip())


def Assert(condition: Any, data: Any, summarize: Any = None, name: Any = None) -> None:
    """An error with the data unless the condition holds."""
    if not _everywhere(lambda x: x, condition):
        raise InvalidArgumentError(f"Expected 'tf.Tensor({condition})' to be true. Summarized data: {data}")


def check_numerics(tensor: Any, message: str, name: Any = None) -> Any:
    """The tensor, or an error where it holds a number that is not finite."""
    if not _everywhere(lambda x: abs(x) < np.inf, tensor):
        raise InvalidArgumentError(f"{message} : Tensor had NaN or Inf values")
    return tensor


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return getattr(tensor, "dtype", None) is not None and as_dtype(tensor.dtype).name not in (
        "string",
        "bool",
    )


def assert_scalar(tensor: Any, name: Any = None, message: str | None = None) -> Any:
    """An error unless it has no axes."""
    TensorShape(tensor.shape).assert_has_rank(0)
    return tensor


def enable_check_numerics(*args: Any, **ignored: Any) -> None:
    """Accepted; ``check_numerics`` looks at a tensor."""


disable_check_numerics = set_log_device_placement = enable_check_numerics


def assert_all_finite(x: Any, message: str, name: Any = None) -> Any:
    """The tensor, or an error where it holds a number that is not finite."""
    return check_numerics(x, message)


def assert_integer(x: Any, message: str | None = None, name: Any = None) -> None:
    """An error unless the elements are whole numbers."""
    if not as_dtype(tensor(x).dtype).is_integer:
        raise TypeError(f"{message or ''} Expected integer type, received {tensor(x).dtype}".strip())


def assert_rank_at_least(
    x: Any, rank: int, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error where there are fewer axes."""
    if tensor(x).ndim < int(rank):
        raise ValueError(f"{message or ''} {x} must have rank at least {rank}".strip())


def assert_rank_in(
    x: Any, ranks: Any, message: str | None = None, summarize: int | None = None, name: Any = None
) -> None:
    """An error unless the number of axes is one of these."""
    if tensor(x).ndim not in [int(r) for r in ranks]:
        raise ValueError(f"{message or ''} {x} must have a rank in {tuple(ranks)}".strip())
