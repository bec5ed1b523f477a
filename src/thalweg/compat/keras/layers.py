"""``keras.layers``: the layers of the main library under the names and arguments of Keras 1, Keras 2 and tf.keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg import layers as _main
from thalweg.compat.keras.spelling import Renamed, renamed
from thalweg.compat.names import Namespace, unsupported
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Variable
from thalweg.registry import register

# --- arguments ------------------------------------------------------------------------------------------------------

_COMMON: dict[str, str | None] = {
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
    "dim_ordering": "data_format",
    "atrous_rate": "dilation_rate",
    "p": "rate",
    "sigma": "stddev",
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "forget_bias_init": None,
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": None,
    "implementation": None,
    "nb_feature": "pieces",
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "mode": None,
    "batch_shape": "batch_input_shape",
}
_ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": None}
_WINDOWS = {2: ("nb_row", "nb_col"), 3: ("kernel_dim1", "kernel_dim2", "kernel_dim3")}


def _values(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Values that were written otherwise: orders of axes, batch sizes, and functions of old initialisers."""
    if "data_format" in kwargs:
        kwargs["data_format"] = _ORDERINGS.get(kwargs["data_format"], kwargs["data_format"])
    batch = kwargs.pop("batch_size", None)
    if batch is not None and kwargs.get("input_shape") is not None:
        kwargs["batch_input_shape"] = (batch, *kwargs.pop("input_shape"))
    for name in ("input_shape", "batch_input_shape"):
        if kwargs.get(name) is not None and not isinstance(kwargs[name], int):
            kwargs[name] = tuple(None if n is None else int(n) for n in kwargs[name])
    for name, value in kwargs.items():
        if name.endswith("_initializer") and callable(value) and not isinstance(value, type):
            kwargs[name] = _initialiser(value)
    return kwargs


def _initialiser(function: Callable[..., Any]) -> Callable[..., Any]:
    """An initialiser that may be one of Keras 1: a function of the shape alone that gives a variable."""
    if hasattr(function, "make"):
        return function

    def make(shape: Any, dtype: Any = None) -> Any:
        try:
            value = function(shape, dtype=dtype)
        except TypeError:
            value = function(shape)
        return value.get_value() if isinstance(value, Variable) else value

    return make


def _plain(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, _values(renamed(kwargs, _COMMON))


def _without_dtype_of_inputs(args: Any, kwargs: dict[str, Any]) -> Any:
    """Arguments of layers of numbers of words, whose ``input_dim`` and ``output_dim`` are their own."""
    table = {k: v for k, v in _COMMON.items() if k != "output_dim"}
    table |= {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer"}
    table |= {"W_constraint": "embeddings_constraint"}
    kwargs = renamed(kwargs, table)
    rate = kwargs.pop("dropout", None)
    if rate:
        raise fail(ArgumentError, "Embedding: dropout", expected="a layer of Dropout after it", received=rate)
    return args, _values(kwargs)


def _convolution(rank: int, old: bool) -> Callable[..., Any]:
    """Arguments of a convolution; Keras 1 gave the lengths of the window one by one (always so, where ``old``)."""
    names = _WINDOWS.get(rank, ())

    def translate(args: Any, kwargs: dict[str, Any]) -> Any:
        if rank > 1 and (old or any(k in kwargs for k in ("border_mode", "subsample", "nb_col"))):
            numbers = args[1 : 1 + rank]
            if len(numbers) == rank and all(isinstance(n, (int, np.integer)) for n in numbers):
                args = (args[0], tuple(numbers), *args[1 + rank :])
        args, kwargs = _plain(args, kwargs)
        window = [kwargs.pop(name) for name in names if name in kwargs]
        if window:
            given = args[1:]
            if given and len(window) == 1:  # one by position, the other by name
                window, args = [given[0], *window], args[:1]
            kwargs["kernel_size"] = tuple(window)
        return args, _steps(kwargs)

    return translate


def _transposed(args: Any, kwargs: dict[str, Any]) -> Any:
    """Deconvolution2D(filters, rows, columns, output_shape, ...): the shape follows from the inputs."""
    args, kwargs = _convolution(2, True)(args, kwargs)
    kwargs.pop("output_shape", None)
    return (args[:2] if len(args) > 2 and isinstance(args[2], (tuple, list)) else args), kwargs


def _steps(kwargs: dict[str, Any]) -> dict[str, Any]:
    """For layers on sequences: ``input_dim`` is the number of features, ``input_length`` that of steps."""
    features, length = kwargs.pop("input_dim", None), kwargs.pop("input_length", None)
    if features is not None:
        kwargs["input_shape"] = (length, int(features))
    return kwargs


def _sequence(args: Any, kwargs: dict[str, Any]) -> Any:
    args, kwargs = _plain(args, kwargs)
    return args, _steps(kwargs)


def _normalised(args: Any, kwargs: dict[str, Any]) -> Any:
    """BatchNormalization of Keras 1 had (epsilon, mode, axis, momentum) by position; 2 has (axis, momentum, ...)."""
    if args and isinstance(args[0], float) and args[0] < 1:
        args, kwargs = (), {"epsilon": args[0], **kwargs}
    kwargs = {k: v for k, v in kwargs.items() if k not in ("renorm", "fused", "virtual_batch_size")}
    return _plain(args, kwargs)


def _pooled(args: Any, kwargs: dict[str, Any]) -> Any:
    args, kwargs = _plain(args, kwargs)
    if isinstance(kwargs.get("pool_size"), list):
        kwargs["pool_size"] = tuple(kwargs["pool_size"])
    return args, kwargs


def _sloped(args: Any, kwargs: dict[str, Any]) -> Any:
    return args, _values(renamed(kwargs, {"init": "alpha_initializer", "weights": "weights"}))


def _lambda(args: Any, kwargs: dict[str, Any]) -> Any:
    if len(args) > 1 and not isinstance(args[1], dict):  # (function, output_shape)
        args = (args[0],)
    kwargs = {k: v for k, v in kwargs.items() if k not in ("mask",)}
    return args, _values(kwargs)


def _reshaped(args: Any, kwargs: dict[str, Any]) -> Any:
    return args, _values(renamed(kwargs, {"dims": "target_shape"}))


def _wrapped(args: Any, kwargs: dict[str, Any]) -> Any:
    return args, _steps(_values(dict(kwargs)))


# --- the base class -------------------------------------------------------------------------------------------------


class Layer_(_main.Layer):
    """What a program's own layers derive from: the methods of Keras 1 and 2 beside those of the main library."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register("custom")(cls)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(
            *args, **_values(renamed(kwargs, {"batch_shape": "batch_input_shape", "dynamic": None}))
        )

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """A weight, in any order of name, shape and initialiser that was current."""
        kwargs = {
            k: v for k, v in kwargs.items() if k not in ("synchronization", "aggregation", "use_resource")
        }
        if args and not isinstance(args[0], str) and len(args) > 1 and not kwargs.get("initializer"):
            args, kwargs = args[:1], {"initializer": args[1], **kwargs}
        if "initializer" in kwargs and callable(kwargs["initializer"]):
            kwargs["initializer"] = _initialiser(kwargs["initializer"])
        return super().add_weight(*args, **kwargs)

    add_variable = add_weight

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The inputs, where a subclass computes nothing."""
        return inputs

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
        """Accepted; figures come from ``compile(metrics=...)``."""

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training moves; a list may be set, as layers of Keras 1 did."""
        found = super().trainable_weights
        known = {id(v) for v in found}
        return found + [v for v in vars(self).get("listed_weights", []) if id(v) not in known]

    @trainable_weights.setter
    def trainable_weights(self, weights: Sequence[Variable]) -> None:
        self.listed_weights = list(weights)

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as ``trainable_weights``."""
        return self.trainable_weights

    def get_config(self) -> dict[str, Any]:
        """The arguments by which Keras describes a layer: its name, and what the constructor was given."""
        return {k: v for k, v in super().get_config().items() if k not in ("args", "kwargs")}


Layer = Renamed(_main.Layer, lambda args, kwargs: (args, kwargs), base=Layer_)

# --- layers ---------------------------------------------------------------------------------------------------------

_TRANSLATIONS: dict[str, Callable[..., Any]] = {
    "Embedding": _without_dtype_of_inputs,
    "BatchNormalization": _normalised,
    "PReLU": _sloped,
    "LeakyReLU": _sloped,
    "Lambda": _lambda,
    "Reshape": _reshaped,
    "TimeDistributed": _wrapped,
    "Bidirectional": _wrapped,
    "Dot": lambda args, kwargs: (args, kwargs),
    "Concatenate": lambda args, kwargs: (args, kwargs),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), _sequence),
    **{name: _convolution(1, False) for name in ("Conv1D", "SeparableConv1D", "Conv1DTranspose")},
    **{name: _convolution(2, False) for name in ("Conv2D", "SeparableConv2D", "Conv2DTranspose")},
    **{name: _convolution(3, False) for name in ("Conv3D", "Conv3DTranspose")},
}


def _under_old_names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, thing in vars(_main).items():
        if isinstance(thing, type) and issubclass(thing, _main.Layer) and name != "Layer":
            default = _pooled if "Pool" in name else _plain
            found[name] = Renamed(thing, _TRANSLATIONS.get(thing.__name__, default))
    return found


_layers = _under_old_names()
globals().update(_layers)
Convolution1D = Renamed(_main.Conv1D, _convolution(1, True))
Convolution2D = Renamed(_main.Conv2D, _convolution(2, True))
Convolution3D = Renamed(_main.Conv3D, _convolution(3, True))
SeparableConvolution2D = Renamed(_main.SeparableConv2D, _convolution(2, True))
AtrousConvolution1D = Renamed(_main.Conv1D, _convolution(1, True))
AtrousConvolution2D = Renamed(_main.Conv2D, _convolution(2, True))
Deconvolution2D = Renamed(_main.Conv2DTranspose, _transposed)
CuDNNLSTM = CudnnLSTM = Renamed(_main.LSTM, _sequence)
CuDNNGRU = Renamed(_main.GRU, _sequence)
MaxoutDense = Renamed(_main.Maxout, _plain)


def Input(
    shape: Any = None, batch_shape: Any = None, name: str | None = None, dtype: Any = None, tensor: Any = None,
    batch_size: int | None = None, batch_input_shape: Any = None, sparse: bool = False, **ignored: Any,
) -> Any:  # fmt: skip
    """A symbolic input; ``tensor`` gives one that exists already."""
    if tensor is not None:
        return tensor
    batch_shape = batch_shape if batch_shape is not None else batch_input_shape
    if isinstance(batch_shape, int):  # tf.keras: (shape, batch_size, name)
        batch_shape, batch_size = None, batch_shape
    return _main.Input(shape, batch_size=batch_size, dtype=dtype, name=name, batch_shape=batch_shape)


def InputLayer(input_shape: Any = None, batch_size: Any = None, **options: Any) -> Any:
    """:func:`Input`, by the name of its layer."""
    shape = options.pop("shape", None) if input_shape is None else input_shape
    return Input(shape, batch_size=batch_size, **options)


def TimeDistributedDense(output_dim: int, **options: Any) -> Any:
    """Dense at each step: Dense takes any number of axes in front."""
    return _main.Dense(output_dim, **_sequence((), options)[1])


def ActivityRegularization(l1: float = 0.0, l2: float = 0.0, **options: Any) -> Any:
    """The inputs, whose size adds to the loss."""
    from thalweg.regularizers import L1L2

    return _main.Activation("linear", activity_regularizer=L1L2(l1, l2), **options)


def ThresholdedReLU(theta: float = 1.0, **options: Any) -> Any:
    """x where it is greater than ``theta``, 0 elsewhere."""
    return _main.ReLU(threshold=theta, **options)


SpatialDropout = _layers["SpatialDropout2D"]

# --- merging --------------------------------------------------------------------------------------------------------

_MODES: dict[str, Any] = {
    "sum": _main.Add, "mul": _main.Multiply, "ave": _main.Average, "max": _main.Maximum, "concat": _main.Concatenate,
    "dot": _main.Dot, "cos": _main.Dot,
}  # fmt: skip


def _merging(mode: Any, concat_axis: int, dot_axes: Any, options: dict[str, Any]) -> _main.Layer:
    if callable(mode):
        return _main.Lambda(mode, **options)
    if mode not in _MODES:
        raise fail(ArgumentError, "merge: mode", expected=", ".join(_MODES), received=repr(mode))
    if mode == "concat":
        return _main.Concatenate(axis=concat_axis, **options)
    if mode in ("dot", "cos"):
        axes = 1 if dot_axes == -1 else dot_axes
        axes = (
            tuple(a[0] if isinstance(a, (list, tuple)) else a for a in axes)
            if not isinstance(axes, int)
            else axes
        )
        return _main.Dot(axes=axes, normalize=mode == "cos", **options)
    return _MODES[mode](**options)


def merge(
    inputs: Sequence[Any], mode: Any = "sum", dot_axes: Any = -1, concat_axis: int = -1, output_shape: Any = None,
    output_mask: Any = None, arguments: Any = None, name: str | None = None, **ignored: Any,
) -> Any:  # fmt: skip
    """Several tensors as one: Keras 1."""
    options: dict[str, Any] = {"name": name} if name else {}
    return _merging(mode, concat_axis, dot_axes, options)(list(inputs))


class Merge:
    """The outputs of several models as one, at the start of a Sequential: Keras 1."""

    def __init__(
        self, layers: Sequence[Any] | None = None, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1,
        output_shape: Any = None, arguments: Any = None, name: str | None = None, **ignored: Any,
    ) -> None:  # fmt: skip
        self.parts = list(layers or [])
        self.layer = _merging(mode, concat_axis, dot_axes, {"name": name} if name else {})

    def __call__(self, inputs: Any) -> Any:
        return self.layer(list(inputs))


add, subtract, multiply, average = _main.add, _main.subtract, _main.multiply, _main.average
maximum, minimum, concatenate, dot = _main.maximum, _main.minimum, _main.concatenate, _main.dot


def serialize(layer: _main.Layer) -> dict[str, Any]:
    """A layer as data."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Any:
    """The layer of :func:`serialize`."""
    cls = (custom_objects or {}).get(config["class_name"]) or globals()[config["class_name"]]
    return cls(**config["config"])


# --- the rooms of Keras 1 and 2 -------------------------------------------------------------------------------------


def _room(name: str, names: str) -> Namespace:
    return Namespace(f"keras.layers.{name}", Layer=Layer, **{n: globals()[n] for n in names.split()})


_core = (
    "Dense Activation Dropout Flatten Reshape Permute RepeatVector Lambda Masking SpatialDropout1D SpatialDropout2D "
    "SpatialDropout3D ActivityRegularization MaxoutDense TimeDistributedDense Merge"
)
_convolutional = (
    "Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv1D SeparableConv2D Deconvolution2D "
    "SeparableConvolution2D AtrousConvolution1D AtrousConvolution2D Conv2DTranspose Conv3DTranspose ZeroPadding1D "
    "ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D "
    "DepthwiseConv2D "
)
_pooling = " ".join(n for n in _layers if "Pool" in n)
convolutional = _room("convolutional", _convolutional + _pooling)
pooling = _room("pooling", _pooling)
recurrent = _room("recurrent", "LSTM GRU SimpleRNN TimeDistributedDense")
normalization = _room("normalization", "BatchNormalization LayerNormalization")
advanced_activations = _room("advanced_activations", "LeakyReLU PReLU ELU ThresholdedReLU Softmax ReLU")
embeddings = _room("embeddings", "Embedding")
noise = _room("noise", "GaussianNoise GaussianDropout AlphaDropout")
wrappers = _room("wrappers", "TimeDistributed Bidirectional")
local = Namespace("keras.layers.local")
convolutional_recurrent = Namespace("keras.layers.convolutional_recurrent")
_merge_room = _room(
    "merge",
    "Add Subtract Multiply Average Maximum Minimum Concatenate Dot add subtract multiply average maximum minimum "
    "concatenate dot Merge",
)
for _name, _thing in vars(
    _merge_room
).items():  # keras.layers.merge is a function of Keras 1 and a room of Keras 2
    if not _name.startswith("__"):
        setattr(merge, _name, _thing)
core = _room("core", _core)
experimental = Namespace(
    "keras.layers.experimental",
    preprocessing=Namespace(
        "keras.layers.experimental.preprocessing",
        **{n: _layers[n] for n in ("Rescaling", "Normalization", "CategoryEncoding")},
    ),
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise unsupported("keras.layers", name, [n for n in globals() if n[0].isupper()])
