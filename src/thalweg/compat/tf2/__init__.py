"""TensorFlow 2: eager tensors, tapes, compiled functions, data sets and tf.keras, translated to Thalweg.

``import thalweg.compat.tf2 as tf`` works as the old ``import tensorflow as tf`` did.
"""

from __future__ import annotations

import contextlib as _contextlib
import importlib as _importlib
import logging as _logging
from typing import Any

import numpy as _np

from thalweg.compat import keras as keras
from thalweg.compat import kinds as _kinds
from thalweg.compat import names as _names
from thalweg.compat.names import Namespace as _Namespace
from thalweg.compat.names import own as _own
from thalweg.compat.tf1 import errors as _errors
from thalweg.compat.tf1 import records as _records
from thalweg.compat.tf1 import types as _types
from thalweg.compat.tf2 import arrays as _arrays
from thalweg.compat.tf2 import audio as _audio
from thalweg.compat.tf2 import boxes as _boxes
from thalweg.compat.tf2 import checkpoint as _checkpoint
from thalweg.compat.tf2 import complexes as _complexes
from thalweg.compat.tf2 import concrete as _concrete
from thalweg.compat.tf2 import control as _control
from thalweg.compat.tf2 import ctc as _ctc
from thalweg.compat.tf2 import debugging as _debugging
from thalweg.compat.tf2 import embeddings as _embeddings
from thalweg.compat.tf2 import feature_column as _feature_column
from thalweg.compat.tf2 import forward as _forward
from thalweg.compat.tf2 import function as _function
from thalweg.compat.tf2 import gradients as _gradients
from thalweg.compat.tf2 import host as _host
from thalweg.compat.tf2 import image as _image
from thalweg.compat.tf2 import indexed as _indexed
from thalweg.compat.tf2 import internals as _internals
from thalweg.compat.tf2 import io as _io
from thalweg.compat.tf2 import linalg as _linalg
from thalweg.compat.tf2 import lookup as _lookup
from thalweg.compat.tf2 import machine as _machine
from thalweg.compat.tf2 import math as _math
from thalweg.compat.tf2 import matrices as _matrices
from thalweg.compat.tf2 import module as _module
from thalweg.compat.tf2 import nested as _nested
from thalweg.compat.tf2 import nn as _nn
from thalweg.compat.tf2 import numpy_names as _numpy_names
from thalweg.compat.tf2 import pictures as _pictures
from thalweg.compat.tf2 import queues as _queues
from thalweg.compat.tf2 import ragged as _ragged
from thalweg.compat.tf2 import random as _random
from thalweg.compat.tf2 import raw as _raw
from thalweg.compat.tf2 import rows as _rows
from thalweg.compat.tf2 import saved_model as _saved_model
from thalweg.compat.tf2 import scopes as _scopes
from thalweg.compat.tf2 import segments as _segments
from thalweg.compat.tf2 import shapes as _shapes
from thalweg.compat.tf2 import signal as _signal
from thalweg.compat.tf2 import sparse as _sparse
from thalweg.compat.tf2 import special as _special
from thalweg.compat.tf2 import specs as _specs
from thalweg.compat.tf2 import summary as _summary
from thalweg.compat.tf2 import tables as _tables
from thalweg.compat.tf2 import tape as _tape
from thalweg.compat.tf2 import tensor_array as _tensor_array
from thalweg.compat.tf2 import text as _text
from thalweg.compat.tf2 import values as _values
from thalweg.compat.tf2 import windows as _windows
from thalweg.compat.tf2 import words as _words
from thalweg.compat.tf2.data import data as data
from thalweg.compat.tf2.estimator import estimator as estimator
from thalweg.ops import logic as _logic
from thalweg.registry import register as _register

Tensor = _values.AnyTensor
__version__ = "2.4.0"
newaxis = None
version = _Namespace(
    "tf.version", VERSION=__version__, GIT_VERSION=f"v{__version__}", COMPILER_VERSION="llvmlite"
)

# --- what takes rows of different lengths, too ------------------------------------------------------------------------

_ELEMENTWISE = (
    "abs add subtract multiply divide floordiv floormod mod pow maximum minimum equal not_equal less less_equal "
    "greater greater_equal logical_and logical_or logical_not negative square sqrt rsqrt exp log log1p sigmoid tanh "
    "sin cos sign round floor ceil squared_difference clip_by_value"
).split()
_OF_ROWS: dict[str, Any] = {n: _rows.elementwise(getattr(_math, n), stretching=True) for n in _ELEMENTWISE}
_OF_ROWS |= {
    n: _rows.elementwise(getattr(_arrays, n))
    for n in "identity zeros_like ones_like one_hot stop_gradient".split()
}
_OF_ROWS |= {
    n: _rows.reduction(getattr(_math, n), n)
    for n in "reduce_sum reduce_max reduce_min reduce_prod reduce_any reduce_all".split()
}
_OF_ROWS |= {
    "cast": _rows.row_cast,
    "concat": _rows.concat,
    "expand_dims": _rows.expand_dims,
    "gather": _rows.gather,
    "reduce_mean": _rows.reduce_mean,
    "rank": _rows.rank,
    "reverse": _rows.reverse,
    "size": _rows.size,
    "squeeze": _rows.squeeze,
    "stack": _rows.stack_along,
    "where": _rows.where,
    "tile": _rows.tile,
}


def _of_all(name: str, function: Any) -> Any:
    """The function of that name for rows of different lengths, texts, complex and sparse tensors, too."""
    known = name.rstrip("_")
    of_rows = _sparse.taking_sparse(known, _OF_ROWS.get(name, function))
    return _complexes.taking_complex(known, _text.taking_texts(known, of_rows))


# --- names in tf itself ---------------------------------------------------------------------------------------------

_IN_MATH_ONLY = (
    "bincount ceil confusion_matrix count_nonzero cumprod digamma divide_no_nan erfc erfinv floormod in_top_k "
    "is_finite is_inf is_nan l2_normalize lgamma log log1p log_sigmoid log_softmax mod multiply_no_nan reciprocal "
    "reduce_euclidean_norm reduce_std reduce_variance rint rsqrt softmax softplus softsign "
    "squared_difference top_k TopK xdivy xlogy zero_fraction accumulate_n "
    "expm1 polyval reciprocal_no_nan invert_permutation"
).split()
_RENAMED = {"slice_": "slice", "range_": "range", "print_": "print", "sort_": "sort"}
_flat = {n: v for n, v in _own(_math).items() if n not in _IN_MATH_ONLY}
_flat |= {n: v for n, v in _own(_arrays).items() if n != "matrix_transpose"}
_flat |= {"function": _function.function, "inside_function": _function.inside_function}
_flat |= {"TensorArray": _tensor_array.TensorArray}
_flat |= _own(_control) | _own(_gradients) | _own(_host)
_flat |= _own(_specs)
_flat |= {
    n: v for n, v in _own(_tape, "UnconnectedGradients").items() if n not in ("is_recording", "UsedTapeError")
}
_flat |= {
    n: v
    for n, v in _own(_module).items()
    if n not in ("Reference", "Part", "parts", "ExponentialMovingAverage", "ComplexVariable", "modules_in")
}
_flat |= {n: v for n, v in _own(_debugging).items() if n.startswith("assert_") and n.count("_") < 3}
globals().update({_RENAMED.get(n, n): _of_all(n, v) for n, v in _flat.items()})
cast = _sparse.taking_sparse("cast", _OF_ROWS["cast"])
complex, complex64, complex128 = (
    _complexes.complex,
    _types.as_dtype("complex64"),
    _types.as_dtype("complex128"),
)
RaggedTensor, SparseTensor = _ragged.RaggedTensor, _sparse.SparseTensor
IndexedSlices = _indexed.IndexedSlices
globals().update(_types.BY_NAME)
double, half = _types.BY_NAME["float64"], _types.BY_NAME["float16"]
as_string = _text.as_string
DType, TensorShape, as_dtype = _types.DType, _shapes.TensorShape, _types.as_dtype
Assert = _debugging.Assert
device, name_scope, init_scope = _machine.device, _scopes.name_scope, _machine.init_scope
control_dependencies, executing_eagerly = _machine.control_dependencies, _machine.executing_eagerly
load_op_library = _machine.load_op_library
group, no_op = _machine.group, _machine.no_op
# What a program says of ops that it brought in a library of its own, which is never loaded.
no_gradient, RegisterGradient = _machine.accepted, lambda op_type: lambda function: function
Operation = _concrete.Operation


def make_tensor_proto(values: Any, dtype: Any = None, shape: Any = None, **ignored: Any) -> Any:
    """The values as TensorBoard's plugins read them; made by the package ``tensorboard``."""
    from tensorboard.util import tensor_util

    return tensor_util.make_tensor_proto(_np.asarray(values), shape=shape)


def get_logger() -> Any:
    """Python's logger of that name."""
    return _logging.getLogger("tensorflow")


eig, eigvals = _linalg.eig, _linalg.eigvals
edit_distance, get_current_name_scope = _embeddings.edit_distance, _scopes.get_current_name_scope
batch_to_space, space_to_batch = _windows.batch_to_space, _windows.space_to_batch
space_to_batch_nd, parallel_stack, realdiv = space_to_batch, _arrays.stack, _math.divide
autodiff = _forward.autodiff

# --- namespaces -----------------------------------------------------------------------------------------------------

config, distribute, test, autograph = _machine.config, _machine.distribute, _machine.test, _machine.autograph
tpu, xla, profiler = _machine.tpu, _machine.xla, _machine.profiler
raw_ops = _Namespace("tf.raw_ops", **{n: getattr(_raw, n) for n in _raw.__all__})
optimizers, losses, metrics, initializers = keras.optimizers, keras.losses, keras.metrics, keras.initializers
random_normal_initializer = keras.initializers.RandomNormal
random_uniform_initializer = keras.initializers.RandomUniform
zeros_initializer, ones_initializer = keras.initializers.Zeros, keras.initializers.Ones
constant_initializer = keras.initializers.Constant
math = _Namespace(
    "tf.math",
    **{n: _of_all(n, v) for n, v in _own(_math).items() if n not in ("TopK", "matmul", "tensordot")},
    **{n: v for n, v in _own(_segments).items() if n != "count_of"},
    **{n: getattr(_complexes, n) for n in ("real", "imag", "conj", "angle")},
    **{n: getattr(_special, n) for n in _special.__all__},
)
_ACTIVATIONS = (
    "sigmoid tanh log_sigmoid softmax log_softmax l2_normalize top_k in_top_k zero_fraction".split()
)
nn = _Namespace(
    "tf.nn",
    **_own(_nn),
    **{n: getattr(_nn, n) for n in _ACTIVATIONS},
    **{n: getattr(_ctc, n) for n in _ctc.__all__},
    **{n: getattr(_windows, n) for n in _windows.__all__},
    embedding_lookup_sparse=_embeddings.embedding_lookup_sparse,
    safe_embedding_lookup_sparse=_embeddings.safe_embedding_lookup_sparse,
    experimental=_nn.experimental,
    fixed_unigram_candidate_sampler=_random.fixed_unigram_candidate_sampler,
)
for _n in "dropout embedding_lookup elu gelu leaky_relu relu selu sigmoid silu swish tanh".split():
    nn.__dict__[_n] = _rows.elementwise(getattr(_nn, _n))
random = _Namespace(
    "tf.random",
    **{n: _of_all(n, v) for n, v in _own(_random).items()},
    experimental=_Namespace(
        "tf.random.experimental",
        Generator=_random.Generator,
        get_global_generator=_random.get_global_generator,
        set_global_generator=_random.set_global_generator,
        Algorithm=_random.Algorithm,
        stateless_shuffle=_random.stateless_shuffle,
        stateless_split=_random.split,
        stateless_fold_in=_random.fold_in,
    ),
)
_PRODUCTS = "matmul matvec tensordot einsum eye norm matrix_transpose l2_normalize".split()
linalg = _Namespace("tf.linalg", **_own(_linalg), **{n: _of_all(n, getattr(_linalg, n)) for n in _PRODUCTS})
linalg.__dict__.update({n: getattr(_matrices, n) for n in _matrices.__all__})
linalg.__dict__.update(transpose=_linalg.matrix_transpose, adjoint=_complexes.adjoint)
image = _Namespace(
    "tf.image",
    **_own(_image),
    **{n: getattr(room, n) for room in (_pictures, _boxes) for n in room.__all__},
)
_FORMATS = (
    "decode_image decode_jpeg decode_png decode_bmp encode_png encode_jpeg TFRecordWriter TFRecordOptions gfile"
).split()
_PARSED = ("FixedLenFeature", "FixedLenSequenceFeature", "VarLenFeature")
io = _Namespace(
    "tf.io",
    **{n: v for n, v in _own(_io, *_PARSED).items() if n != "path_of"},
    **{n: getattr(_io, n) for n in _FORMATS},
)
io.__dict__["decode_gif"] = _image.decode_gif
strings = _Namespace(
    "tf.strings",
    **{
        n: _rows.elementwise(v)
        for n, v in _own(_text).items()
        if n not in ("TextTensor", "as_bytes", "is_text", "shown", "taking_texts", "texts")
    },
    **{n: getattr(_words, n) for n in _words.__all__},
)
ragged = _Namespace(
    "tf.ragged",
    **{n.rstrip("_"): getattr(_ragged, n) for n in _ragged.__all__ if n != "RaggedTensor"},
)
sparse = _Namespace("tf.sparse", **{n: getattr(_sparse, n) for n in _sparse.__all__})
debugging = _Namespace("tf.debugging", **_own(_debugging))
errors = _Namespace(
    "tf.errors",
    **{n: v for n, v in vars(_errors).items() if isinstance(v, type) and issubclass(v, BaseException)},
)
errors.__dict__["InvalidArgumentError"] = (
    _errors.OpError
)  # what the main library refuses is many classes' own
lookup = _Namespace(
    "tf.lookup",
    **{n: v for n, v in _own(_lookup).items() if not n.endswith(("DenseHashTable", "MutableHashTable"))},
    experimental=_Namespace(
        "tf.lookup.experimental",
        DenseHashTable=_lookup.DenseHashTable,
        MutableHashTable=_lookup.MutableHashTable,
    ),
)
nest = _Namespace(
    "tf.nest",
    flatten=_nested.flat,
    map_structure=_nested.map_structure,
    is_nested=lambda structure: isinstance(structure, (list, tuple, dict)),
    assert_same_structure=_nested.assert_same_structure,
    pack_sequence_as=_nested.pack_sequence_as,
)
feature_column = _Namespace("tf.feature_column", **_own(_feature_column.column_makers))
keras.experimental.__dict__["SequenceFeatures"] = _feature_column.SequenceFeatures
data.__dict__["experimental"].__dict__.update(
    make_csv_dataset=_tables.make_csv_dataset, CsvDataset=_tables.CsvDataset
)
queue = _Namespace("tf.queue", **{n: getattr(_queues, n) for n in _queues.__all__})
sets = _Namespace("tf.sets", **{n: getattr(_sparse, f"set_{n}") for n in _sparse.SETS})
dtypes = _Namespace(
    "tf.dtypes",
    **{
        n: globals()[n]
        for n in "DType as_dtype cast saturate_cast complex complex64 complex128 double half".split()
    },
    **_types.BY_NAME,
)
saved_model = _Namespace("tf.saved_model", **{n: getattr(_saved_model, n) for n in _saved_model.__all__})
signal, audio = _Namespace("tf.signal", **_own(_signal)), _Namespace("tf.audio", **_own(_audio))
bitwise = _Namespace(
    "tf.bitwise",
    **{n: getattr(_logic, n) for n in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    invert=_logic.bitwise_invert,
    left_shift=_logic.bitwise_left_shift,
    right_shift=_logic.bitwise_right_shift,
)
summary = _Namespace(
    "tf.summary",
    **{
        n: v
        for n, v in _own(_summary).items()
        if n not in ("current_writers", "set_step", "get_step", "write_raw_pb", "summary_scope")
    },
    experimental=_Namespace(
        "tf.summary.experimental",
        set_step=_summary.set_step,
        get_step=_summary.get_step,
        write_raw_pb=_summary.write_raw_pb,
        summary_scope=_summary.summary_scope,
    ),
)
train = _Namespace(
    "tf.train",
    Checkpoint=_checkpoint.Checkpoint,
    CheckpointManager=_checkpoint.CheckpointManager,
    latest_checkpoint=_checkpoint.latest_checkpoint,
    list_variables=_checkpoint.list_variables,
    load_variable=_checkpoint.load_variable,
    get_checkpoint_state=_checkpoint.get_checkpoint_state,
    load_checkpoint=_checkpoint.load_checkpoint,
    experimental=_Namespace(
        "tf.train.experimental",
        enable_mixed_precision_graph_rewrite=lambda optimizer, loss_scale="dynamic": optimizer,
    ),
    ExponentialMovingAverage=_module.ExponentialMovingAverage,
    **{
        n: getattr(_records, n)
        for n in (
            "BytesList FloatList Int64List Feature Features Example FeatureList FeatureLists SequenceExample"
        ).split()
    },
)
_REFUSED = {
    "lite": "there is no format for other devices: model.save() keeps a model in one file",
    "tpu": "everything runs on the processor",
    "contrib": "tf.contrib belongs to TensorFlow 1: run the program with --as tf1",
}


class _Compat:
    """``tf.compat``: the first generation beside this one, texts and kinds of numbers."""

    def __init__(self) -> None:
        vars(self).update(_kinds.NAMES)

    @property
    def v1(self) -> Any:
        """The first generation's names, for tensors of this one."""
        aliases: Any = _importlib.import_module("thalweg.compat.aliases")
        return aliases.supplied("tensorflow.compat.v1", "thalweg.compat.eager")

    @property
    def v2(self) -> Any:
        """``thalweg.compat.tf2``."""
        return _importlib.import_module(__name__)


compat = _Compat()
# A layer's activation may be one of these: files and copies of models name it.
_by_space = {
    "tf": {n: globals()[_RENAMED.get(n, n)] for n in _flat},
    "tf.math": vars(math),
    "tf.nn": vars(nn),
}
for _space, _functions in _by_space.items():
    for _n, _thing in _functions.items():
        if callable(_thing) and not isinstance(_thing, type) and not _n.startswith("_"):
            _register(_space, _n)(_thing)
experimental = _Namespace(
    "tf.experimental",
    numpy=_numpy_names.numpy,
    async_scope=_contextlib.nullcontext,
    async_clear_error=_machine.accepted,
)
python = _internals.internals(globals())


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name == "Graph":  # in a block of one, names are those of thalweg.compat.in_graphs
        return _importlib.import_module("thalweg.compat.tf1").Graph
    if name in _REFUSED:
        raise _names.UnsupportedNameError(f"tf.{name} is not supported: {_REFUSED[name]}; {_names.LIST}")
    raise _names.unsupported(
        "tf", name, [n for n, v in globals().items() if n[0] != "_" and not isinstance(v, type(_names))]
    )
