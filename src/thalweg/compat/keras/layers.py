"""``keras.layers``: the layers of the main library under the names and arguments of Keras 1, Keras 2 and tf.keras."""

from __future__ import annotations

import importlib
import re
import warnings as warnings  # which programs found here, too
from collections.abc import Mapping
from functools import partial
from typing import Any

from thalweg import layers as _main
from thalweg.compat import graphs
from thalweg.compat.keras import arguments as _of
from thalweg.compat.keras import backend as _K
from thalweg.compat.keras import first_recurrent as _first_recurrent
from thalweg.compat.keras import older as _older
from thalweg.compat.keras.backend.values import held as _held
from thalweg.compat.keras.custom import DroppedEmbedding, InputPlace, OwnLayer
from thalweg.compat.keras.custom import InputSpec as InputSpec
from thalweg.compat.keras.custom import Wrapper as OwnWrapper
from thalweg.compat.keras.merging import Merge as _Merged
from thalweg.compat.keras.merging import OwnMerge as _OwnMerge
from thalweg.compat.keras.merging import merge as merge
from thalweg.compat.keras.recurrent import AbstractRNNCell as AbstractRNNCell
from thalweg.compat.keras.recurrent import Recurrent as _OwnRecurrent
from thalweg.compat.keras.recurrent import as_cells as _as_cells
from thalweg.compat.keras.recurrent import generate_dropout_mask, generate_dropout_ones
from thalweg.compat.keras.recurrent import time_distributed_dense as _time_distributed_dense
from thalweg.compat.keras.spelling import Renamed, Step, respelt
from thalweg.compat.names import Namespace, unsupported
from thalweg.layers.conv import _Convolution
from thalweg.layers.nodes import InputSymbol
from thalweg.layers.pooling import _Pooling
from thalweg.layers.recurrent import Loop
from thalweg.layers.sparse import SparseInput
from thalweg.layers.uneven import UnevenInput
from thalweg.registry import lookup

Merge = Renamed(_Merged, lambda args, kwargs: (args, kwargs), base=_OwnMerge)
Layer = Renamed(_main.Layer, lambda args, kwargs: (args, kwargs), base=OwnLayer)

# --- layers ---------------------------------------------------------------------------------------------------------


def _with_cells(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Cells as programs write them, of RNN and StackedRNNCells."""
    given = dict(kwargs)
    for name in ("cell", "cells"):
        if name in given:
            given[name] = _as_cells(given[name])
    return tuple(_as_cells(a) if k == 0 else a for k, a in enumerate(args)), given


def _hard_gates(args: tuple[Any, ...], kwargs: dict[str, Any], place: int = 2) -> Any:
    """The hard sigmoid, where no ``recurrent_activation`` is named, nor stands at its place."""
    named = len(args) > place or "recurrent_activation" in kwargs
    return args, kwargs if named else {**kwargs, "recurrent_activation": _K.hard_sigmoid}


_STEPS: dict[str, tuple[Step, ...]] = {
    "BatchNormalization": (_of.epsilon_first,),
    "Dense": (_of.whole_part,),
    "Lambda": (_of.function_alone,),
    "RNN": (_with_cells,),
    "StackedRNNCells": (_with_cells,),
    "TimeDistributed": (_of.by_steps,),
    "Bidirectional": (_of.by_steps,),
    "ZeroPadding2D": (_of.by_sides,),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN"), (_of.with_implementation, _of.by_steps)),
    **dict.fromkeys(
        ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
        (_of.with_implementation, _of.by_steps, partial(_hard_gates, place=7)),
    ),
}


# Layers whose name is also that of others, which derived from them in Keras.
_FAMILIES: dict[str, tuple[type, ...]] = {
    "Conv2D": (_main.Conv2D, _main.Conv2DTranspose, _main.DepthwiseConv2D),
    "Conv3D": (_main.Conv3D, _main.Conv3DTranspose),
    "Dropout": (_main.Dropout, _main.SpatialDropout1D, _main.SpatialDropout2D, _main.SpatialDropout3D),
    "RNN": (Loop,),
}


def _conv_rank(name: str) -> int:
    """The number of spatial axes of a convolution, by its name; 0 for others."""
    found = re.search(r"(?:Conv|ConvLSTM|Connected|Deconvolution)([123])D", name)
    return int(found[1]) if found else 0


def layer(cls: type, old_windows: bool = False, *more: Step, **defaults: Any) -> Renamed:
    """A layer of the main library with the arguments of all three; ``old_windows``: Conv2D(filters, rows, columns)."""
    name = cls.__name__
    steps = [*_STEPS.get(name, ()), *more]
    rank = _conv_rank(name)
    if rank:
        steps += [_of.window(rank, old_windows), _of.by_steps, _of.whole_part]
        steps += [_of.with_full_borders(rank)] * old_windows
    if rank > 1 or any(
        part in name for part in ("Pooling2D", "Pooling3D", "Padding2D", "Sampling2D", "Cropping2D")
    ):
        steps.append(_of.where_channels_are)
    made = respelt(cls, _of.OWN_NAMES.get(name, _of.NAMES), *steps, _of.values, **defaults)
    made.family = _FAMILIES.get(name, cls)
    return made


_ELSEWHERE = ("Layer", "Embedding", "PeepholeLSTMCell")


def _layers() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, thing in vars(_main).items():
        if isinstance(thing, type) and issubclass(thing, _main.Layer) and name not in _ELSEWHERE:
            found[name] = layer(thing)
    return found


_found = _layers()
_experimental = {"PeepholeLSTMCell": layer(_main.PeepholeLSTMCell, False, _hard_gates)}
globals().update(_found)
Recurrent = Renamed(
    _OwnRecurrent, lambda args, kwargs: (args, kwargs), _OwnRecurrent, family=(_OwnRecurrent, Loop)
)
Wrapper = Renamed(_main.Wrapper, lambda args, kwargs: (args, kwargs), base=OwnWrapper)
_OLD = {"Convolution1D": _main.Conv1D, "Convolution2D": _main.Conv2D, "Convolution3D": _main.Conv3D,
        "SeparableConvolution2D": _main.SeparableConv2D, "AtrousConvolution1D": _main.Conv1D,
        "AtrousConvolution2D": _main.Conv2D}  # fmt: skip
globals().update(
    {
        name: layer(cls, True, _of.rest_of_keras_1(_conv_rank(cls.__name__), "Atrous" in name))
        for name, cls in _OLD.items()
    }
)
Deconvolution2D = layer(_older.Deconvolution2D, True, _of.with_output_shape)
Convolution2DTranspose = layer(_main.Conv2DTranspose)
CuDNNLSTM, CuDNNGRU = layer(_main.LSTM), layer(_main.GRU)
Highway, SReLU, ParametricSoftplus = _older.Highway, _older.SReLU, _older.ParametricSoftplus
TimeDistributedMerge = _older.TimeDistributedMerge
JZS1, JZS2, JZS3 = _first_recurrent.JZS1, _first_recurrent.JZS2, _first_recurrent.JZS3
MaxoutDense, SpatialDropout = layer(_main.Maxout, pieces=4), _found["SpatialDropout2D"]
TimeDistributedDense = respelt(
    _main.Dense, _of.NAMES, _of.by_steps, _of.values
)  # Dense takes any number of axes in front


class _AttentionNames(Renamed):
    """An attention; with ``causal`` that of TensorFlow 2.0."""

    def __call__(self, *args: Any, causal: bool = False, **kwargs: Any) -> Any:
        if not causal:
            return super().__call__(*args, **kwargs)
        args, kwargs = self.translate(args, kwargs)
        return getattr(_older, f"Causal{self.__name__}")(*args, **kwargs)


for _name in ("Attention", "AdditiveAttention"):
    globals()[_name] = _found[_name] = _AttentionNames(_found[_name].target, _found[_name].translate)


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
    _main.Embedding, respelt(_main.Embedding, _of.OWN_NAMES["Embedding"], _of.values, order=_ORDER).translate
)


def Input(
    shape: Any = None, batch_shape: Any = None, name: str | None = None, dtype: Any = None, tensor: Any = None,
    batch_size: int | None = None, batch_input_shape: Any = None, ragged: bool = False, sparse: bool | None = None,
    optional: bool = False, type_spec: Any = None,
) -> Any:  # fmt: skip
    """A symbolic input, ``ragged`` one of rows of different lengths, ``sparse`` one of which most elements are 0;
    ``tensor`` gives one that exists already, or one that reads a tensor with a value.
    """
    if tensor is not None:
        return _held(tensor if graphs.backend is None else graphs.backend.symbol(tensor))
    batch_shape = batch_shape if batch_shape is not None else batch_input_shape
    if isinstance(batch_shape, int):  # tf.keras: (shape, batch_size, name)
        batch_shape, batch_size = None, batch_shape
    made = _main.Input(
        shape, batch_size=batch_size, dtype=dtype or _K.floatx(), name=name, batch_shape=batch_shape
    )
    if sparse:
        return SparseInput.of(made)
    return UnevenInput.of(made) if ragged else made


class _CalledInput(InputSymbol):
    """An input that a model calls as its first layer."""

    __slots__ = ()

    def __call__(self, inputs: Any, **ignored: Any) -> Any:
        return inputs


class _InputLayerNames(Renamed):
    """Called, it gives an Input; the layers of a model that are its inputs are instances of it."""

    def __call__(self, input_shape: Any = None, batch_size: Any = None, **options: Any) -> Any:
        shape = options.pop("shape", None) if input_shape is None else input_shape
        tensor = options.pop("input_tensor", None)
        found = Input(shape, batch_size=batch_size, tensor=tensor, **options)
        if type(found) is InputSymbol:
            found.__class__ = _CalledInput
        return found


InputLayer = _InputLayerNames(InputPlace, lambda args, kwargs: (args, kwargs))


ThresholdedReLU = layer(_older.ThresholdedReLU)
add, subtract, multiply, average = _main.add, _main.subtract, _main.multiply, _main.average
maximum, minimum, concatenate, dot = _main.maximum, _main.minimum, _main.concatenate, _main.dot


def serialize(layer: _main.Layer) -> dict[str, Any]:
    """A layer as data."""
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(config: Mapping[str, Any], custom_objects: Any = None) -> Any:
    """The layer of :func:`serialize`."""
    cls = lookup("layer", config["class_name"], {**globals(), **(custom_objects or {})})
    return cls.from_config(dict(config["config"]))


# --- the rooms of Keras 1 and 2 -------------------------------------------------------------------------------------

_POOLING = " ".join(n for n in _found if "Pool" in n)
_ROOMS = {
    "core": "Dense Activation Dropout Flatten Reshape Permute RepeatVector Lambda Masking SpatialDropout1D "
    "SpatialDropout2D SpatialDropout3D ActivityRegularization MaxoutDense TimeDistributedDense Merge Highway "
    "TimeDistributedMerge MaskedLayer AutoEncoder",
    "convolutional": "Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D SeparableConv1D SeparableConv2D "
    "Deconvolution2D SeparableConvolution2D AtrousConvolution1D AtrousConvolution2D Conv2DTranspose Conv3DTranspose "
    "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D "
    f"DepthwiseConv2D {_POOLING}",
    "pooling": _POOLING,
    "recurrent": "LSTM GRU SimpleRNN RNN LSTMCell GRUCell SimpleRNNCell StackedRNNCells TimeDistributedDense "
    "Recurrent JZS1 JZS2 JZS3",
    "cudnn_recurrent": "CuDNNLSTM CuDNNGRU",
    "legacy": "Merge MaxoutDense Highway AtrousConvolution1D AtrousConvolution2D Recurrent",
    "normalization": "BatchNormalization LayerNormalization",
    "advanced_activations": "LeakyReLU PReLU ELU ThresholdedReLU Softmax ReLU SReLU ParametricSoftplus",
    "embeddings": "Embedding",
    "noise": "GaussianNoise GaussianDropout AlphaDropout",
    "wrappers": "TimeDistributed Bidirectional Wrapper",
    "local": "LocallyConnected1D LocallyConnected2D",
    "convolutional_recurrent": "ConvLSTM2D ConvLSTM3D",
}
_MERGING = (
    "Add Subtract Multiply Average Maximum Minimum Concatenate Dot add subtract multiply average maximum minimum "
    "concatenate dot Merge"
)


def rooms(members: Mapping[str, Any]) -> dict[str, Any]:
    """The rooms in which Keras 1 and 2 kept their layers, with what there is of each."""
    found = {
        room: Namespace(
            f"keras.layers.{room}",
            Layer=Layer,
            K=_K,
            InputSpec=InputSpec,
            **{n: members[n] for n in names.split() if n in members},
        )
        for room, names in _ROOMS.items()
    }
    for name in ("time_distributed_dense", "_time_distributed_dense"):
        found["recurrent"].__dict__[name] = _time_distributed_dense
    found["recurrent"].__dict__.update(
        _generate_dropout_mask=generate_dropout_mask, _generate_dropout_ones=generate_dropout_ones
    )
    # What programs ask of a layer with isinstance, or derive from.
    found["convolutional"].__dict__.update(_Conv=_Convolution, Conv=_Convolution)
    found["pooling"].__dict__.update({f"_Pooling{rank}D": _Pooling for rank in (1, 2, 3)})
    for name in (
        "batch_normalization",
        "batch_normalization_v1",
        "batch_normalization_v2",
        "layer_normalization",
    ):
        found["normalization"].__dict__[name] = found["normalization"]  # modules of Keras 2.5 to 2.12
    return found


globals().update(rooms(globals()))
for _name in _MERGING.split():  # keras.layers.merge is a function of Keras 1 and a room of Keras 2
    setattr(merge, _name, globals()[_name])
_PREPROCESSING = (
    "CategoryEncoding CenterCrop Discretization Hashing IntegerLookup Normalization RandomContrast RandomCrop "
    "RandomFlip RandomRotation RandomTranslation RandomZoom Rescaling Resizing StringLookup TextVectorization"
)
experimental = Namespace(
    "keras.layers.experimental",
    EinsumDense=_found["EinsumDense"],
    SyncBatchNormalization=_found["BatchNormalization"],
    preprocessing=Namespace(
        "keras.layers.experimental.preprocessing",
        **{n: _found[n] for n in _PREPROCESSING.split() if n in _found},
    ),
)


def _old_modes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The ways of counting by their first names."""
    modes = {"binary": "multi_hot", "tf-idf": "tf_idf"}
    return args, {k: modes.get(v, v) if k == "output_mode" else v for k, v in kwargs.items()}


# In this room of TensorFlow 2.3 to 2.5, lookups keep number 0 for what stands for nothing.
_OF_VALUES = {"max_values": "max_tokens", "mask_value": "mask_token", "oov_value": "oov_token"}
experimental.preprocessing.__dict__.update(
    StringLookup=respelt(_main.StringLookup, {}, mask_token=""),
    IntegerLookup=respelt(_main.IntegerLookup, _OF_VALUES, mask_token=0),
    CategoryEncoding=respelt(_main.CategoryEncoding, {"max_tokens": "num_tokens"}, _old_modes),
    TextVectorization=respelt(_main.TextVectorization, {}, _old_modes),
)


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "DenseFeatures":  # belongs to tf.feature_column, which is built on this room
        return importlib.import_module("thalweg.compat.tf2.feature_column").DenseFeatures
    raise unsupported("keras.layers", name, [n for n in globals() if n[0].isupper()])
