"""Arguments of layers in Keras 1, Keras 2 and tf.keras, brought into those of the main library, step by step."""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from thalweg import initializers as _initializers
from thalweg.compat.keras import backend as _K
from thalweg.compat.keras.helpers import has_arg
from thalweg.compat.keras.mixed_precision import of_weights
from thalweg.compat.keras.spelling import Arguments, Renamed, Step
from thalweg.errors import ArgumentError, fail
from thalweg.registry import lookup, register

NAMES: dict[str, str | None] = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "stride": "strides",
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "pool_length": "pool_size",
    "length": "size",
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
    "p": "rate",
    "sigma": "stddev",
    "output_dim": "units",
    "dims": "target_shape",
    "inner_init": "recurrent_initializer",
    "forget_bias_init": None,
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": None,
    "nb_feature": "pieces",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "batch_shape": "batch_input_shape",
    "autocast": None,
    "dynamic": None,
    "renorm": None,
    "fused": None,
    "virtual_batch_size": None,
}
OWN_NAMES: dict[str, dict[str, str | None]] = {
    "Embedding": {
        **{k: v for k, v in NAMES.items() if k != "output_dim"},
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "PReLU": {**NAMES, "init": "alpha_initializer"},
    "Permute": {k: v for k, v in NAMES.items() if k != "dims"},
}
# Keras took what a convolution takes, and read the arguments of the depthwise and the pointwise one.
_OF_TWO_STEPS = {k: v for k, v in NAMES.items() if not str(v).startswith("kernel_")} | dict.fromkeys(
    "init W_regularizer W_constraint kernel_initializer kernel_regularizer kernel_constraint".split()
)
OWN_NAMES |= dict.fromkeys(("SeparableConv1D", "SeparableConv2D", "DepthwiseConv2D"), _OF_TWO_STEPS)
_ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": None}


def values(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Values that were written otherwise: orders of axes, shapes, initialisers that give a variable."""
    if "data_format" in kwargs:
        kwargs["data_format"] = _ORDERINGS.get(kwargs["data_format"], kwargs["data_format"])
    batch = kwargs.pop("batch_size", None)
    if batch is not None and kwargs.get("input_shape") is not None:
        kwargs["batch_input_shape"] = (batch, *kwargs.pop("input_shape"))
    for name in ("input_shape", "batch_input_shape"):
        if kwargs.get(name) is not None and not isinstance(kwargs[name], int):
            kwargs[name] = tuple(None if n is None else int(n) for n in kwargs[name])
    for name, value in kwargs.items():
        if name.endswith("_initializer"):
            kwargs[name] = initialiser(value)
        elif isinstance(value, str) and name.endswith(("_constraint", "_regularizer")):
            kwargs[name] = _SHORT.get(value, value)
    if "dtype" in kwargs:
        kwargs["dtype"] = of_weights(kwargs["dtype"])
    if _K.floatx() != "float32":
        kwargs.setdefault("dtype", _K.floatx())
    return tuple(map(_activation, args)), {k: _activation(v) for k, v in kwargs.items()}


# Constraints and regularisers by the names of Keras 1.
_SHORT = {
    "maxnorm": "max_norm", "nonneg": "non_neg", "unitnorm": "unit_norm", "l1l2": "l1_l2", "activity_l1": "l1",
    "activity_l2": "l2", "activity_l1l2": "l1_l2",
}  # fmt: skip


def _activation(given: Any) -> Any:
    """An activation by a name that meant another function before Keras 3."""
    return _K.hard_sigmoid if isinstance(given, str) and given == "hard_sigmoid" else given


def initialiser(given: Any) -> Any:
    """An initialiser; one of a program's own may give a variable, a tensor or a node of a graph."""
    if isinstance(given, Renamed):  # a class: ``tf.initializers.zeros``
        return given()
    if isinstance(given, Mapping):  # as get_config describes it
        known = {name: cls for name, cls in vars(_initializers).items() if isinstance(cls, type)}
        cls = lookup("initialiser", given["class_name"], known)
        return cls(**{k: v for k, v in given.get("config", {}).items() if k != "dtype"})
    if not callable(given) or isinstance(given, type) or hasattr(given, "make"):
        return given

    @functools.wraps(given)
    def make(shape: Any, dtype: Any = None) -> Any:
        if has_arg(given, "dtype", True):
            return _K.get_value(given(shape, dtype=dtype))
        return _K.get_value(given(shape, name=None) if has_arg(given, "name") else given(shape))

    known_function(given, make)
    return make


def where_channels_are(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The order of axes that the backend was set to, where the layer is not told."""
    if kwargs.get("data_format") is None and _K.image_data_format() != "channels_last":
        kwargs["data_format"] = _K.image_data_format()
    return args, kwargs


_WINDOWS = {2: ("nb_row", "nb_col"), 3: ("kernel_dim1", "kernel_dim2", "kernel_dim3")}


def window(rank: int, old: bool) -> Step:
    """The lengths of the window one by one, as Keras 1 gave them; by position only where ``old``."""
    names = _WINDOWS.get(rank, ())

    def gathered(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        numbers = args[1 : 1 + rank]
        whole = len(numbers) == rank and all(isinstance(n, (int, np.integer)) for n in numbers)
        if rank > 1 and old and whole:
            args = (args[0], tuple(numbers), *args[1 + rank :])
        window = [kwargs.pop(name) for name in names if name in kwargs]
        if window:
            kwargs["kernel_size"] = (*args[1:], *window)  # the first may stand by position
            args = args[:1]
        return args, kwargs

    return gathered


_REST = "kernel_regularizer bias_regularizer activity_regularizer kernel_constraint bias_constraint use_bias"


def rest_of_keras_1(rank: int, atrous: bool) -> Step:
    """What followed the window by position in Keras 1, where it begins with an initialiser."""
    places = ["dilation_rate"] * atrous + ["data_format"] * (rank > 1)
    names = ["kernel_initializer", "activation", "weights", "padding", "strides", *places, *_REST.split()]

    def named(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        at = 2 if len(args) > 1 and isinstance(args[1], (list, tuple)) else 1 + rank
        if len(args) > at and (isinstance(args[at], str) or callable(args[at])):
            args, kwargs = args[:at], {**dict(zip(names, args[at:])), **kwargs}
        return args, kwargs

    return named


def with_full_borders(rank: int) -> Step:
    """``border_mode="full"``: every place at which the window touches the input has an output, as Theano had it."""

    def bordered(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        if kwargs.get("padding") != "full":
            return args, kwargs
        window = args[1] if len(args) > 1 else kwargs.get("kernel_size", 1)
        given = (window, kwargs.get("dilation_rate", 1))
        lengths, steps = (tuple(np.broadcast_to(numbers, rank).tolist()) for numbers in given)
        sides = tuple(((length - 1) * step,) * 2 for length, step in zip(lengths, steps, strict=True))
        return args, {**kwargs, "padding": sides}

    return bordered


def with_output_shape(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Deconvolution2D(filters, rows, columns, shape): the shape of the outputs is the last of them."""
    shapes = [k for k, a in enumerate(args) if k > 1 and isinstance(a, (tuple, list))]
    if shapes:
        args, kwargs = args[: shapes[0]] + args[shapes[0] + 1 :], {**kwargs, "output_shape": args[shapes[0]]}
    return args, kwargs


def by_sides(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """ZeroPadding2D of Keras 1: four numbers, or a dict of them by sides."""
    given = args[0] if args else kwargs.get("padding")
    if isinstance(given, Mapping):
        given = [given.get(f"{side}_pad", 0) for side in ("top", "bottom", "left", "right")]
    if isinstance(given, (tuple, list)) and len(given) == 4:
        pairs = ((given[0], given[1]), (given[2], given[3]))
        return ((pairs, *args[1:]), kwargs) if args else (args, {**kwargs, "padding": pairs})
    return args, kwargs


def by_steps(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """``input_dim`` is the number of features, ``input_length`` that of steps."""
    features, length = kwargs.pop("input_dim", None), kwargs.pop("input_length", None)
    if features is not None:
        kwargs["input_shape"] = (length, int(features))
    return args, kwargs


def with_implementation(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    kwargs.pop("implementation", None)
    return args, kwargs


def whole_part(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Of units and filters that are a quotient, such as ``Dense(words / 2)``, the whole part, and of a text the number
    that it writes: what Keras takes.
    """

    def whole(n: Any) -> Any:
        readable = n.isdecimal() if isinstance(n, str) else isinstance(n, float) and np.isfinite(n)
        return int(n) if readable else n

    named = {n: whole(v) if n in ("units", "filters") else v for n, v in kwargs.items()}
    return (*map(whole, args[:1]), *args[1:]), named


def epsilon_first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """BatchNormalization of Keras 1 was (epsilon, mode, axis, momentum); later it is (axis, momentum, epsilon)."""
    if kwargs.pop("mode", 0) not in (0, 2):
        raise fail(
            ArgumentError, "BatchNormalization: mode", expected="0 or 2", hint="LayerNormalization for mode=1"
        )
    if args and isinstance(args[0], float):
        args, kwargs = (), {**dict(zip(("epsilon", "mode", "axis", "momentum"), args)), **kwargs}
        kwargs.pop("mode", None)
    return args, kwargs


def function_alone(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Lambda(function, output_shape, mask, arguments): files name the function, and none that computes its shape."""
    given = {**dict(zip(("function", "output_shape", "mask", "arguments"), args)), **kwargs}
    if callable(given.get("output_shape")):  # the shape follows from the function
        del given["output_shape"]
    known_function(given.get("function"))
    known_function(given.get("mask"))
    return (), given


def known_function(function: Any, around: Any = None) -> None:
    """Let files name a function of the program, or one around it: without a name by its line and what it does."""
    if not callable(function) or isinstance(function, type):
        return
    name, code = getattr(function, "__name__", None), getattr(function, "__code__", None)
    if name == "<lambda>" and code is not None:
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        numbers = [
            v
            for v in (*code.co_consts, *cells)
            if v is None or isinstance(v, (int, float, str, bytes, tuple))
        ]
        said = code.co_code + repr((code.co_names, numbers, function.__defaults__)).encode()
        name = f"lambda_{code.co_firstlineno}_{zlib.crc32(said):08x}"
    if name and around is not None:
        around.__name__ = name  # by which another one like it is found, too
    if name:
        register("custom", name)(around or function)
