"""``keras.layers``: the layers of the main library under the names and arguments of Keras 1, Keras 2 and tf.keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg import layers as _main
from thalweg.compat.keras import backend as _K
from thalweg.compat.keras.spelling import Arguments, Renamed, Step, renamed, respelt
from thalweg.compat.names import Namespace, unsupported
from thalweg.errors import ArgumentError, fail
from thalweg.graph.tensor import Variable
from thalweg.nn.noise import dropout as _dropout
from thalweg.ops.create import full as _full
from thalweg.ops.elementwise import multiply as _multiply
from thalweg.ops.reduce import mean as _mean
from thalweg.registry import register
from thalweg.regularizers import L1L2

# --- arguments ------------------------------------------------------------------------------------------------------

_NAMES: dict[str, str | None] = {
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
_OWN_NAMES: dict[str, dict[str, str | None]] = {
    "Embedding": {
        **{k: v for k, v in _NAMES.items() if k != "output_dim"},
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    "PReLU": {**_NAMES, "init": "alpha_initializer"},
    "Permute": {k: v for k, v in _NAMES.items() if k != "dims"},
    "Lambda": {**_NAMES, "mask": None},
}
_ORDERINGS = {"th": "channels_first", "tf": "channels_last", "default": None}


def _values(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
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
            kwargs[name] = _initialiser(value)
    return tuple(map(_activation, args)), {k: _activation(v) for k, v in kwargs.items()}


def _activation(given: Any) -> Any:
    """An activation by a name that meant another function before Keras 3."""
    return _K.hard_sigmoid if isinstance(given, str) and given == "hard_sigmoid" else given


def _initialiser(given: Any) -> Any:
    """An initialiser; one of Keras 1 is a function of the shape alone that gives a variable."""
    if not callable(given) or isinstance(given, type) or hasattr(given, "make"):
        return given

    def make(shape: Any, dtype: Any = None) -> Any:
        try:
            value = given(shape, dtype=dtype)
        except TypeError:
            value = given(shape)
        return value.get_value() if isinstance(value, Variable) else value

    return make


def _where_channels_are(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The order of axes that the backend was set to, where the layer is not told."""
    if kwargs.get("data_format") is None and _K.image_data_format() != "channels_last":
        kwargs["data_format"] = _K.image_data_format()
    return args, kwargs


_WINDOWS = {2: ("nb_row", "nb_col"), 3: ("kernel_dim1", "kernel_dim2", "kernel_dim3")}


def _window(rank: int, old: bool) -> Step:
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


def _without_output_shape(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """The shape of the outputs follows from the inputs: Deconvolution2D(filters, rows, columns, shape)."""
    kwargs.pop("output_shape", None)
    return (args[:2] if len(args) > 2 and isinstance(args[2], (tuple, list)) else args), kwargs


def _steps(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """``input_dim`` is the number of features, ``input_length`` that of steps."""
    features, length = kwargs.pop("input_dim", None), kwargs.pop("input_length", None)
    if features is not None:
        kwargs["input_shape"] = (length, int(features))
    return args, kwargs


def _with_implementation(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    kwargs.pop("implementation", None)
    return args, kwargs


def _epsilon_first(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """BatchNormalization of Keras 1 was (epsilon, mode, axis, momentum); later it is (axis, momentum, epsilon)."""
    if kwargs.pop("mode", 0) not in (0, 2):
        raise fail(
            ArgumentError, "BatchNormalization: mode", expected="0 or 2", hint="LayerNormalization for mode=1"
        )
    if args and isinstance(args[0], float):
        args, kwargs = (), {**dict(zip(("epsilon", "mode", "axis", "momentum"), args)), **kwargs}
        kwargs.pop("mode", None)
    return args, kwargs


def _function_alone(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
    """Lambda(function, output_shape, mask, arguments): the shape follows from the function."""
    given = dict(zip(("output_shape", "mask", "arguments"), args[1:]))
    return args[:1], {**{k: v for k, v in given.items() if k == "arguments"}, **kwargs}


class DroppedEmbedding(_main.Embedding):
    """Embedding of Keras 1 with ``dropout``: in training, a share of the words is 0 in the whole batch."""

    def __init__(self, input_dim: int, output_dim: int, *args: Any, dropout: float, **options: Any) -> None:
        super().__init__(input_dim, output_dim, *args, **options)
        self.dropout = dropout

    def call(self, inputs: Any, training: Any = False) -> Any:
        if not training:
            return super().call(inputs)
        table, kept = self.embeddings, _dropout(_full((self.input_dim, 1), 1.0), self.dropout)
        self.embeddings = _multiply(table, kept)  # type: ignore[assignment]
        try:
            return super().call(inputs)
        finally:
            self.embeddings = table


class _EmbeddingNames(Renamed):
    """Embedding, and with ``dropout`` that of Keras 1."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _, kwargs = self.translate(args, kwargs)
        if not kwargs.get("dropout"):
            kwargs.pop("dropout", None)
        return (DroppedEmbedding if "dropout" in kwargs else self.target)(**kwargs)


# By position Keras 1 had (input_dim, output_dim, init, input_length).
_ORDER = "input_dim output_dim embeddings_initializer input_length"
Embedding = _EmbeddingNames(
    _main.Embedding, respelt(_main.Embedding, _OWN_NAMES["Embedding"], _values, order=_ORDER).translate
)


# --- the base class -------------------------------------------------------------------------------------------------

_OF_ALL = ("name", "trainable", "dtype", "input_shape", "input_dim", "batch_input_shape")
_UNUSED = ("synchronization", "aggregation", "use_resource", "partitioner")


class OwnLayer(_main.Layer):
    """What a program's own layers derive from: the methods of Keras 1 and 2 beside those of the main library."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        register("custom")(cls)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**_values((), renamed(kwargs, _NAMES))[1])

    def add_weight(self, *args: Any, **kwargs: Any) -> Variable:
        """A weight: (name, shape, dtype, initializer, ...), or Keras 1's and 3's (shape, initializer, ...)."""
        named = bool(args) and (args[0] is None or isinstance(args[0], str))
        order = ("name shape dtype initializer regularizer trainable constraint" if named else
                 "shape initializer name trainable regularizer constraint")  # fmt: skip
        given = {k: v for k, v in {**dict(zip(order.split(), args)), **kwargs}.items() if k not in _UNUSED}
        given["initializer"] = _initialiser(given.get("initializer"))
        return super().add_weight(**given)

    add_variable = add_weight

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add to the loss: a tensor, or several."""
        for loss in losses if isinstance(losses, (list, tuple)) else [losses]:
            super().add_loss(_mean(loss) if loss.ndim else loss)

    def call(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The inputs, where a subclass computes nothing."""
        return inputs

    def add_metric(self, value: Any, name: str | None = None, aggregation: str | None = None) -> None:
        """Accepted; figures come from ``compile(metrics=...)``."""

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training moves; a list may be set, as layers of Keras 1 did."""
        return super().trainable_weights

    @trainable_weights.setter
    def trainable_weights(self, weights: Sequence[Variable]) -> None:
        self.listed_weights = list(weights)  # found there as any attribute's are

    @property
    def trainable_variables(self) -> list[Variable]:
        """The same as ``trainable_weights``."""
        return self.trainable_weights

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; to a class with a ``get_config`` of its own, those that all layers have."""
        config = super().get_config()
        if type(self).get_config is OwnLayer.get_config:
            return config
        return {k: v for k, v in config.items() if k in _OF_ALL}


Layer = Renamed(_main.Layer, lambda args, kwargs: (args, kwargs), base=OwnLayer)


class InputSpec:
    """What a layer expects of its inputs: a note that a program's own layers keep."""

    def __init__(self, dtype: Any = None, shape: Any = None, ndim: Any = None, **more: Any) -> None:
        self.dtype, self.shape, self.ndim = dtype, shape, ndim
        vars(self).update(more)


# --- layers ---------------------------------------------------------------------------------------------------------

_STEPS: dict[str, tuple[Step, ...]] = {
    "BatchNormalization": (_epsilon_first,),
    "Lambda": (_function_alone,),
    "TimeDistributed": (_steps,),
    "Bidirectional": (_steps,),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "ConvLSTM2D"), (_with_implementation, _steps)),
}


def _conv_rank(name: str) -> int:
    """The number of spatial axes of a convolution, by its name; 0 for others."""
    return next((n for n in (1, 2, 3) if f"Conv{n}D" in name), 0)


def layer(cls: type, old_windows: bool = False, *more: Step, **defaults: Any) -> Renamed:
    """A layer of the main library with the arguments of all three; ``old_windows``: Conv2D(filters, rows, columns)."""
    name = cls.__name__
    steps = [*_STEPS.get(name, ()), *more]
    rank = _conv_rank(name)
    if rank:
        steps += [_window(rank, old_windows), _steps]
    if rank > 1 or any(
        part in name for part in ("Pooling2D", "Pooling3D", "Padding2D", "Sampling2D", "Cropping2D")
    ):
        steps.append(_where_channels_are)
    return respelt(cls, _OWN_NAMES.get(name, _NAMES), *steps, _values, **defaults)


def _layers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, thing in vars(_main).items():
        if isinstance(thing, type) and issubclass(thing, _main.Layer) and name not in ("Layer", "Embedding"):
            found[name] = layer(thing)
    return found


_found = _layers()
globals().update(_found)
_OLD = {"Convolution1D": _main.Conv1D, "Convolution2D": _main.Conv2D, "Convolution3D": _main.Conv3D,
        "SeparableConvolution2D": _main.SeparableConv2D, "AtrousConvolution1D": _main.Conv1D,
        "AtrousConvolution2D": _main.Conv2D}  # fmt: skip
globals().update({name: layer(cls, True) for name, cls in _OLD.items()})
Deconvolution2D = layer(_main.Conv2DTranspose, True, _without_output_shape)
Convolution2DTranspose = layer(_main.Conv2DTranspose)
CuDNNLSTM, CuDNNGRU = layer(_main.LSTM), layer(_main.GRU)
MaxoutDense, SpatialDropout = layer(_main.Maxout), _found["SpatialDropout2D"]
TimeDistributedDense = respelt(
    _main.Dense, _NAMES, _steps, _values
)  # Dense takes any number of axes in front


def Input(
    shape: Any = None, batch_shape: Any = None, name: str | None = None, dtype: Any = None, tensor: Any = None,
    batch_size: int | None = None, batch_input_shape: Any = None, **ignored: Any,
) -> Any:  # fmt: skip
    """A symbolic input; ``tensor`` gives one that exists already."""
    if tensor is not None:
        return tensor
    batch_shape = batch_shape if batch_shape is not None else batch_input_shape
    if isinstance(batch_shape, int):  # tf.keras: (shape, batch_size, name)
        batch_shape, batch_size = None, batch_shape
    return _main.Input(shape, batch_size=batch_size, dtype=dtype, name=name, batch_shape=batch_shape)


class InputPlace(_main.Layer):
    """An input where Keras lists it: among the layers of a model made of inputs and outputs."""

    def __init__(self, symbol: Any) -> None:
        super().__init__(name=symbol.name)
        self.built = True
        self.output_shape, self.input_shape = symbol.shape, symbol.shape
        self.input = self.output = symbol


class _InputLayerNames(Renamed):
    """Called, it gives an Input; the layers of a model that are its inputs are instances of it."""

    def __call__(self, input_shape: Any = None, batch_size: Any = None, **options: Any) -> Any:
        shape = options.pop("shape", None) if input_shape is None else input_shape
        return Input(shape, batch_size=batch_size, **options)


InputLayer = _InputLayerNames(InputPlace, lambda args, kwargs: (args, kwargs))


def ActivityRegularization(l1: float = 0.0, l2: float = 0.0, **options: Any) -> Any:
    """The inputs, whose size adds to the loss."""
    return _main.Activation("linear", activity_regularizer=L1L2(l1, l2), **options)


def ThresholdedReLU(theta: float = 1.0, **options: Any) -> Any:
    """x where it is greater than ``theta``, 0 elsewhere."""
    return _main.ReLU(threshold=theta, **options)


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
        options["axis"] = concat_axis
    elif mode in ("dot", "cos"):
        pair = [dot_axes] * 2 if isinstance(dot_axes, int) else dot_axes
        options["axes"] = tuple(a[0] if isinstance(a, (list, tuple)) else a for a in pair)
        options["normalize"] = mode == "cos"
    return _MODES[mode](**options)


def _named(name: str | None, arguments: Any = None) -> dict[str, Any]:
    options: dict[str, Any] = {"name": name} if name else {}
    return {**options, "arguments": arguments} if arguments else options


def merge(
    inputs: Sequence[Any], mode: Any = "sum", dot_axes: Any = -1, concat_axis: int = -1, output_shape: Any = None,
    output_mask: Any = None, arguments: Any = None, name: str | None = None, **ignored: Any,
) -> Any:  # fmt: skip
    """Several tensors as one: Keras 1."""
    return _merging(mode, concat_axis, dot_axes, _named(name, arguments))(list(inputs))


class Merge:
    """The outputs of several models as one, at the start of a Sequential: Keras 1."""

    def __init__(
        self, layers: Sequence[Any] | None = None, mode: Any = "sum", concat_axis: int = -1, dot_axes: Any = -1,
        output_shape: Any = None, arguments: Any = None, name: str | None = None, **ignored: Any,
    ) -> None:  # fmt: skip
        self.parts = list(layers or [])
        self.layer = _merging(mode, concat_axis, dot_axes, _named(name, arguments))

    def __call__(self, inputs: Any) -> Any:
        return self.layer(list(inputs))


add, subtract, multiply, average = _main.add, _main.subtract, _main.multiply, _main.average
maximum, minimum, concatenate, dot = _main.maximum, _main.minimum, _main.concatenate, _main.dot


def serialize(layer: _main.Layer) -> dict[str, Any]:
    """A layer as data."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Any = None) -> Any:
    """The layer of :func:`serialize`."""
    cls = (custom_objects or {}).get(config["class_name"]) or globals()[config["class_name"]]
    return cls(**config["config"])


# --- the rooms of Keras 1 and 2 -------------------------------------------------------------------------------------

_POOLING = " ".join(n for n in _found if "Pool" in n)
_ROOMS = {
    "core": "Dense Activation Dropout Flatten Reshape Permute RepeatVector Lambda Masking SpatialDropout1D "
    "SpatialDropout2D SpatialDropout3D ActivityRegularization MaxoutDense TimeDistributedDense Merge",
    "convolutional": "Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv1D SeparableConv2D "
    "Deconvolution2D SeparableConvolution2D AtrousConvolution1D AtrousConvolution2D Conv2DTranspose Conv3DTranspose "
    "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D "
    f"DepthwiseConv2D {_POOLING}",
    "pooling": _POOLING,
    "recurrent": "LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells TimeDistributedDense",
    "normalization": "BatchNormalization LayerNormalization",
    "advanced_activations": "LeakyReLU PReLU ELU ThresholdedReLU Softmax ReLU",
    "embeddings": "Embedding",
    "noise": "GaussianNoise GaussianDropout AlphaDropout",
    "wrappers": "TimeDistributed Bidirectional",
    "local": "LocallyConnected1D LocallyConnected2D",
    "convolutional_recurrent": "ConvLSTM2D ConvLSTM3D",
}
_MERGING = (
    "Add Subtract Multiply Average Maximum Minimum Concatenate Dot add subtract multiply average maximum minimum "
    "concatenate dot Merge"
)


def rooms(members: Mapping[str, Any]) -> dict[str, Any]:
    """The rooms in which Keras 1 and 2 kept their layers, with what there is of each."""
    return {
        room: Namespace(
            f"keras.layers.{room}", Layer=Layer, **{n: members[n] for n in names.split() if n in members}
        )
        for room, names in _ROOMS.items()
    }


globals().update(rooms(globals()))
for _name in _MERGING.split():  # keras.layers.merge is a function of Keras 1 and a room of Keras 2
    setattr(merge, _name, globals()[_name])
_PREPROCESSING = (
    "CategoryEncoding CenterCrop Discretization Hashing IntegerLookup Normalization RandomContrast RandomCrop "
    "RandomFlip RandomRotation RandomTranslation RandomZoom Rescaling Resizing StringLookup TextVectorization"
)
experimental = Namespace(
    "keras.layers.experimental",
    preprocessing=Namespace(
        "keras.layers.experimental.preprocessing",
        **{n: _found[n] for n in _PREPROCESSING.split() if n in _found},
    ),
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise unsupported("keras.layers", name, [n for n in globals() if n[0].isupper()])
