"""``keras.utils.conv_utils``, ``generic_utils`` and the like: small functions that programs' own layers use."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.keras import backend as K
from thalweg.errors import ArgumentError, fail
from thalweg.extras import needs
from thalweg.graph.tensor import Tensor

# --- convolution ----------------------------------------------------------------------------------------------------


def normalize_tuple(value: Any, n: int, name: str = "argument") -> tuple[int, ...]:
    """A number, or n of them, as a tuple of n.

    >>> normalize_tuple(3, 2)
    (3, 3)
    """
    found: tuple[Any, ...] = (value,) * n if isinstance(value, int) or value is None else tuple(value)
    if len(found) != n or not all(isinstance(v, (int, np.integer)) for v in found):
        raise fail(ArgumentError, name, expected=f"a whole number, or {n} of them", received=repr(value))
    return tuple(int(v) for v in found)


def _one_of(what: str, value: Any, known: Sequence[str]) -> str:
    if str(value).lower() not in known:
        raise fail(ArgumentError, what, expected=", ".join(known), received=repr(value))
    return str(value).lower()


def normalize_padding(value: Any) -> str:
    """ "valid", "same" or "causal" in small letters."""
    return _one_of("padding", value, ("valid", "same", "causal"))


def normalize_data_format(value: Any) -> str:
    """ "channels_last" or "channels_first"; what the backend is set to, for None."""
    value = K.image_data_format() if value is None else value
    return _one_of("data_format", value, ("channels_first", "channels_last"))


def conv_output_length(
    input_length: int | None, filter_size: int, padding: str, stride: int, dilation: int = 1
) -> int | None:
    """How many places a window has.

    >>> conv_output_length(10, 3, "valid", 2)
    4
    """
    assert padding in ("same", "valid", "full", "causal"), padding
    if input_length is None:
        return None
    wide = (filter_size - 1) * dilation + 1
    length = {"same": input_length, "causal": input_length, "full": input_length + wide - 1}.get(
        padding, input_length - wide + 1
    )
    return (length + stride - 1) // stride


def conv_input_length(output_length: int | None, filter_size: int, padding: str, stride: int) -> int | None:
    """The shortest input whose windows have so many places."""
    assert padding in ("same", "valid", "full"), padding
    if output_length is None:
        return None
    pad = {"valid": 0, "same": filter_size // 2, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_length(
    dim_size: int | None, stride_size: int, kernel_size: int, padding: str, output_padding: int | None = None,
    dilation: int = 1,
) -> int | None:  # fmt: skip
    """The length that a transposed convolution gives."""
    if dim_size is None:
        return None
    kernel_size = (kernel_size - 1) * dilation + 1
    if output_padding is not None:
        pad = {"same": kernel_size // 2, "valid": 0, "full": kernel_size - 1}[padding]
        return (dim_size - 1) * stride_size + kernel_size - 2 * pad + output_padding
    longer = {"valid": max(kernel_size - stride_size, 0), "full": -(stride_size + kernel_size - 2)}
    return dim_size * stride_size + longer.get(padding, 0)


def deconv_output_length(
    input_length: int | None, filter_size: int, padding: str, output_padding: int | None = None, stride: int = 0,
    dilation: int = 1,
) -> int | None:  # fmt: skip
    """The length that a transposed convolution gives, by tf.keras's order of arguments."""
    return deconv_length(input_length, stride, filter_size, padding.lower(), output_padding, dilation)


def convert_kernel(kernel: Any) -> np.ndarray:
    """A kernel [*window, in, out] turned by half a circle: between convolution and cross-correlation."""
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise fail(ArgumentError, "convert_kernel", expected="3 to 5 axes", received=f"{kernel.ndim}")
    return np.flip(kernel, tuple(range(kernel.ndim - 2))).copy()


# --- functions and lists --------------------------------------------------------------------------------------------


def has_arg(fn: Callable[..., Any], name: str, accept_all: bool = False) -> bool:
    """Whether a function takes an argument by this name; ``accept_all``: or any name."""
    parameters = inspect.signature(fn).parameters
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    found = parameters.get(name)
    return (accept_all and any_name) or (
        found is not None and found.kind in (found.POSITIONAL_OR_KEYWORD, found.KEYWORD_ONLY)
    )


def func_dump(func: Callable[..., Any]) -> Any:
    """Keras wrote a function's byte code into files: that is refused, as reading it would run what a file says."""
    raise fail(
        ArgumentError, f"keras.utils.func_dump({getattr(func, '__name__', func)}): code is not written to files",
        hint="keep the function's name, and give the function to what reads it, as custom_objects",
    )  # fmt: skip


def func_load(code: Any, defaults: Any = None, closure: Any = None, globs: Any = None) -> Any:
    """The counterpart of :func:`func_dump`."""
    raise fail(
        ArgumentError, "keras.utils.func_load: code from files is not run",
        hint="give the function itself, as custom_objects",
    )  # fmt: skip


def smart_cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: Any = None) -> Any:
    """One function's value or the other's: by a condition that is known now, or when a program runs.

    >>> smart_cond(True, lambda: "one", lambda: "other")
    'one'
    """
    known = pred if not isinstance(pred, Tensor) else None if pred.value is None else bool(pred.array())
    if known is None:
        return K.switch(pred, true_fn, false_fn)
    return true_fn() if known else false_fn()


def constant_value(pred: Any) -> Any:
    """The truth value of a condition; None where it is known only when a program runs."""
    if isinstance(pred, Tensor):
        return bool(pred.array()) if pred.value is not None else None
    return bool(pred)


def is_symbolic(value: Any) -> bool:
    """Whether a value is known only when a program runs."""
    return isinstance(value, Tensor) and value.is_symbolic


def to_list(x: Any, allow_tuple: bool = False) -> list[Any]:
    """A list as it is, anything else in a list."""
    return list(x) if isinstance(x, list) or (allow_tuple and isinstance(x, tuple)) else [x]


def unpack_singleton(x: Any) -> Any:
    """The one member of a list, or the list."""
    return x[0] if len(x) == 1 else x


def is_all_none(iterable_or_element: Any) -> bool:
    """Whether there is nothing but None."""
    return all(x is None for x in to_list(iterable_or_element, allow_tuple=True))


def slice_arrays(arrays: Any, start: Any = None, stop: Any = None) -> Any:
    """The rows from ``start`` to ``stop`` of an array or each of several; ``start`` may list them."""

    def part(array: Any) -> Any:
        return None if array is None else array[start] if hasattr(start, "__len__") else array[start:stop]

    return [part(a) for a in arrays] if isinstance(arrays, list) else part(arrays)


def object_list_uid(object_list: Any) -> str:
    """A text that is the same for the same objects."""
    return ", ".join(str(abs(id(x))) for x in to_list(object_list, allow_tuple=True))


# --- files ----------------------------------------------------------------------------------------------------------


def validate_file(fpath: Any, file_hash: str, algorithm: str = "auto", chunk_size: int = 65535) -> bool:
    """Whether a file has this MD5 or SHA-256 sum."""
    kind = "sha256" if algorithm == "sha256" or (algorithm == "auto" and len(file_hash) == 64) else "md5"
    with open(fpath, "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest() == file_hash


class HDF5Matrix:
    """The rows from ``start`` to ``end`` of a data set in a HDF5 file, read when they are asked for."""

    def __init__(
        self, datapath: Any, dataset: str, start: int = 0, end: int | None = None, normalizer: Any = None
    ) -> None:
        with needs("h5py", "reading HDF5"):
            import h5py
        self.data = h5py.File(datapath, "r")[dataset]
        self.start, self.end = start, len(self.data) if end is None else end
        self.normalizer = normalizer

    def __len__(self) -> int:
        return self.end - self.start

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            first, last, step = key.indices(len(self))
            found = self.data[first + self.start : last + self.start : step]
        elif isinstance(key, (int, np.integer)):
            found = self.data[range(len(self))[key] + self.start]
        else:
            places = np.asarray(key) + self.start
            unique, inverse = np.unique(places, return_inverse=True)  # h5py wants them in order
            found = self.data[unique][inverse]
        return found if self.normalizer is None else self.normalizer(found)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of these rows."""
        return (len(self), *self.data.shape[1:])

    @property
    def dtype(self) -> Any:
        """The dtype of the data set."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return int(self.data.ndim)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape))


# --- made-up data ---------------------------------------------------------------------------------------------------


def get_test_data(
    num_train: int = 1000, num_test: int = 500, input_shape: Any = (10,), output_shape: Any = (2,),
    classification: bool = True, num_classes: int = 2, nb_train: int | None = None, nb_test: int | None = None,
    nb_class: int | None = None,
) -> Any:  # fmt: skip
    """Two parts of inputs around their class number (or a number) and the targets."""
    num_train, num_test = nb_train or num_train, nb_test or num_test
    count = num_train + num_test
    y: np.ndarray
    if classification:
        y = np.random.randint(0, nb_class or num_classes, count)
        centres = y.astype(float)
    else:
        centres = np.random.random(count)
        y = np.random.normal(centres.reshape(-1, *[1] * len(output_shape)), 0.7, (count, *output_shape))
    x = np.random.normal(centres.reshape(-1, *[1] * len(input_shape)), 0.7, (count, *input_shape))
    x = x.astype("float32")
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


def make_batches(size: int, batch_size: int) -> list[tuple[int, int]]:
    """Where batches begin and end.

    >>> make_batches(5, 2)
    [(0, 2), (2, 4), (4, 5)]
    """
    return [(k, min(size, k + batch_size)) for k in range(0, size, batch_size)]


# --- shared variables of Keras 0.1, before it had a backend -----------------------------------------------------------


def floatX(X: Any) -> np.ndarray:
    """An array of floats of the default dtype."""
    return np.asarray(X, K.floatx())


def shared(X: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable that begins with these values.

    >>> shared([1, 2]).get_value().tolist()
    [1.0, 2.0]
    """
    return K.variable(np.asarray(X), dtype=dtype or K.floatx(), name=name)


def shared_zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of zeros."""
    return shared(np.zeros(shape), dtype, name)


def shared_ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of ones."""
    return shared(np.ones(shape), dtype, name)


def shared_scalar(val: float = 0.0, dtype: Any = None, name: str | None = None) -> Any:
    """A variable of one number."""
    return shared(val, dtype, name)


def alloc_zeros_matrix(*dims: int) -> Any:
    """Zeros of these lengths."""
    return K.constant(np.zeros(dims))


def ndim_tensor(ndim: int) -> Any:
    """A symbolic input of this rank, of any lengths.

    >>> ndim_tensor(2).shape
    (None, None)
    """
    return K.placeholder(ndim=ndim)
