"""Keras 1, Keras 2 and tf.keras: their names and arguments, translated to Thalweg.

``import thalweg.compat.keras as keras`` works as ``tensorflow.keras`` did; :mod:`thalweg.compat.keras.classic` is
stand-alone Keras with its older defaults.
"""

from __future__ import annotations

from typing import Any

from thalweg.compat import graphs as _graphs
from thalweg.compat.keras import applications as applications
from thalweg.compat.keras import backend as backend
from thalweg.compat.keras import datasets as datasets
from thalweg.compat.keras import layers as layers
from thalweg.compat.keras import mixed_precision as mixed_precision
from thalweg.compat.keras import models as models
from thalweg.compat.keras import optimizers as optimizers
from thalweg.compat.keras import preprocessing as preprocessing
from thalweg.compat.keras import utils as utils
from thalweg.compat.keras import weight_files as weight_files
from thalweg.compat.keras import wrappers as wrappers
from thalweg.compat.keras.layers import Input as Input
from thalweg.compat.keras.layers import InputSpec as InputSpec
from thalweg.compat.keras.layers import Layer as Layer
from thalweg.compat.keras.models import Model as Model
from thalweg.compat.keras.models import Sequential as Sequential
from thalweg.compat.keras.operations import ops as ops
from thalweg.compat.keras.operations import random as random
from thalweg.compat.keras.tables import activations as activations
from thalweg.compat.keras.tables import callbacks as callbacks
from thalweg.compat.keras.tables import constraints as constraints
from thalweg.compat.keras.tables import initializations as initializations
from thalweg.compat.keras.tables import initializers as initializers
from thalweg.compat.keras.tables import losses as losses
from thalweg.compat.keras.tables import metrics as metrics
from thalweg.compat.keras.tables import objectives as objectives
from thalweg.compat.keras.tables import regularizers as regularizers
from thalweg.compat.names import Namespace as _Namespace
from thalweg.compat.names import unsupported as _unsupported
from thalweg.layers.nodes import Symbol as _Symbol
from thalweg.nested import mapped as _mapped
from thalweg.ops.shape import expand_dims as _expand_dims

__version__ = "2.4.0"


def _unpacked(data: Any) -> tuple[Any, Any, Any]:
    """A batch as (x, y, sample weights), None for what it does not hold."""
    if not isinstance(data, tuple):
        return data, None, None
    x, y, weights = (*data, None, None)[:3]
    return x, y, weights


def _packed(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """A batch of what is there."""
    if y is None:
        return x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def _in_columns(data: Any) -> Any:
    """Tensors of one axis as columns."""
    return _mapped(lambda t: _expand_dims(t, -1) if len(t.shape) == 1 else t, data)


def _engine_room(model: type, sequential: type, layer: Any, make_input: Any) -> _Namespace:
    """``keras.engine``: what programs imported from where Keras kept it."""
    base = {"Layer": layer, "Input": make_input, "InputSpec": InputSpec, "InputLayer": layers.InputLayer,
            "Merge": layers.Merge, "merge": layers.merge}  # fmt: skip
    files = "save_model load_model model_from_config model_from_json model_from_yaml"
    in_groups = {n: getattr(weight_files, n) for n in weight_files.__all__}
    return _Namespace(
        "keras.engine",
        **base,
        Model=model,
        sequential=_Namespace("keras.engine.sequential", Sequential=sequential),
        saving=_Namespace(
            "keras.engine.saving", **{n: getattr(models, n) for n in files.split()}, **in_groups
        ),
        get_source_inputs=utils.get_source_inputs,
        topology=_Namespace(
            "keras.engine.topology",
            **base,
            **in_groups,
            Container=model,
            Network=model,
            get_source_inputs=utils.get_source_inputs,
        ),
        base_layer=_Namespace("keras.engine.base_layer", **base),
        base_layer_utils=_Namespace(
            "keras.engine.base_layer_utils", mark_checked=lambda tensors: None, InputSpec=InputSpec
        ),
        data_adapter=_Namespace(
            "keras.engine.data_adapter",
            unpack_x_y_sample_weight=_unpacked,
            pack_x_y_sample_weight=_packed,
            expand_1d=_in_columns,
        ),
        keras_tensor=_Namespace("keras.engine.keras_tensor", KerasTensor=_Symbol),
        training=_Namespace(
            "keras.engine.training",
            Model=model,
            make_batches=utils.helpers.make_batches,
            slice_arrays=utils.helpers.slice_arrays,
            collect_trainable_weights=lambda layer: layer.trainable_weights,
        ),
        network=_Namespace("keras.engine.network", **base, Network=model),
        input_layer=_Namespace("keras.engine.input_layer", **base),
    )


engine = _engine_room(Model, Sequential, Layer, Input)
saving = _Namespace(
    "keras.saving",
    hdf5_format=engine.saving,
    save=engine.saving,
    register_keras_serializable=utils.register_keras_serializable,
    get_registered_name=utils.get_registered_name,
    get_registered_object=utils.get_registered_object,
)


def _as_it_is(function: Any) -> Any:
    """Arguments of Keras 1 are understood by themselves."""
    return function


_DECORATORS = (
    "dense dropout embedding pooling1d prelu gaussiannoise recurrent gaussiandropout pooling2d pooling3d "
    "global_pooling upsampling1d upsampling2d upsampling3d conv1d conv2d separable_conv2d deconv2d conv3d "
    "convlstm2d batchnorm zeropadding2d zeropadding3d cropping2d cropping3d spatialdropout1d spatialdropoutNd "
    "lambda generator_methods model_constructor input add_weight get_updates"
)


def _legacy_room(members: Any) -> _Namespace:
    """``keras.legacy``: layers of Keras 1, and the decorators by which Keras 2 took its arguments."""
    decorators = {f"legacy_{name}_support": _as_it_is for name in _DECORATORS.split()}
    return _Namespace(
        "keras.legacy", layers=members.legacy, interfaces=_Namespace("keras.legacy.interfaces", **decorators)
    )


utils.__dict__.update(unpack_x_y_sample_weight=_unpacked, pack_x_y_sample_weight=_packed)
experimental = _Namespace(
    "keras.experimental",
    **layers._experimental,
    **{
        name: getattr(optimizers.schedules, name)
        for name in ("CosineDecay", "CosineDecayRestarts", "LinearCosineDecay", "NoisyLinearCosineDecay")
        if hasattr(optimizers.schedules, name)
    },
)
legacy = _legacy_room(layers)
_SETTINGS = ("epsilon", "floatx", "image_data_format", "set_epsilon", "set_floatx", "set_image_data_format")
backend_config = _Namespace("keras.backend_config", **{name: getattr(backend, name) for name in _SETTINGS})
# The modules that programs know by these names.
_rooms = (applications, backend, datasets, layers, mixed_precision, models, optimizers, preprocessing, utils,
          wrappers)  # fmt: skip
# What these modules share among each other.
_helpers = {"DroppedEmbedding", "InputPlace", "KerasFunction", "OwnLayer", "OwnWrapper", "ResourceOptimizer",
            "TrainedModel", "UpdateOfLayer", "UpdatesOfLoss", "alone", "fixed_phase", "found", "is_of_keras_1",
            "known_function", "layer", "named_from_one", "named_loss", "named_metric", "of_keras_2", "of_weights",
            "rooms"}  # fmt: skip

_graphs.join()


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise _unsupported("keras", name, [n for n in globals() if not n.startswith("_")])
