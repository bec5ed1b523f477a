"""The namespaces below ``tf``: ``tf.nn``, ``tf.train``, ``tf.layers`` and the rest."""

from __future__ import annotations

from thalweg.compat import kinds as _kinds
from thalweg.compat import names as _names
from thalweg.compat.names import Namespace as _Namespace
from thalweg.compat.tf1 import app as _app
from thalweg.compat.tf1 import boosted_trees as _boosted_trees
from thalweg.compat.tf1 import boxes as _boxes
from thalweg.compat.tf1 import canned as _canned
from thalweg.compat.tf1 import checkpoints as _checkpoints
from thalweg.compat.tf1 import column_makers as _columns
from thalweg.compat.tf1 import data as _data
from thalweg.compat.tf1 import data_files as _data_files
from thalweg.compat.tf1 import data_functions as _data_functions
from thalweg.compat.tf1 import errors as _errors
from thalweg.compat.tf1 import estimator as _estimator
from thalweg.compat.tf1 import examples as _examples
from thalweg.compat.tf1 import exporting as _exporting
from thalweg.compat.tf1 import feature_column as _feature_column
from thalweg.compat.tf1 import gfile as _gfile
from thalweg.compat.tf1 import graph_defs as _graph_defs
from thalweg.compat.tf1 import heads as _heads
from thalweg.compat.tf1 import hooks as _hooks
from thalweg.compat.tf1 import image as _image
from thalweg.compat.tf1 import initializers as _initializers
from thalweg.compat.tf1 import late as _late
from thalweg.compat.tf1 import layers as _layers
from thalweg.compat.tf1 import logging as _logging
from thalweg.compat.tf1 import losses as _losses
from thalweg.compat.tf1 import math as _math
from thalweg.compat.tf1 import meta as _meta
from thalweg.compat.tf1 import metrics as _metrics
from thalweg.compat.tf1 import metrics_at as _metrics_at
from thalweg.compat.tf1 import monitored as _monitored
from thalweg.compat.tf1 import nest as _nest
from thalweg.compat.tf1 import nn as _nn
from thalweg.compat.tf1 import object_checkpoints as _object_checkpoints
from thalweg.compat.tf1 import operators as _operators
from thalweg.compat.tf1 import options as _options
from thalweg.compat.tf1 import parsing as _parsing
from thalweg.compat.tf1 import queues as _queues
from thalweg.compat.tf1 import random as _random
from thalweg.compat.tf1 import records as _records
from thalweg.compat.tf1 import rnn as _rnn
from thalweg.compat.tf1 import saved_model as _saved_model
from thalweg.compat.tf1 import servers as _servers
from thalweg.compat.tf1 import session_hooks as _session_hooks
from thalweg.compat.tf1 import session_managers as _session_managers
from thalweg.compat.tf1 import sets as _sets
from thalweg.compat.tf1 import signal as _signal
from thalweg.compat.tf1 import sparse as _sparse
from thalweg.compat.tf1 import sparse_math as _sparse_math
from thalweg.compat.tf1 import strings as _strings
from thalweg.compat.tf1 import summary as _summary
from thalweg.compat.tf1 import supervisors as _supervisors
from thalweg.compat.tf1 import tpu as _tpu
from thalweg.compat.tf1 import train as _train
from thalweg.compat.tf1 import types as _types
from thalweg.compat.tf1 import variables as _variables
from thalweg.compat.tf1.contrib import contrib as contrib
from thalweg.compat.tf1.contrib import factorization as _factorization
from thalweg.compat.tf1.distribution_names import distributions as distributions
from thalweg.compat.tf1.flat import FLAT as _flat
from thalweg.compat.tf1.rnn import linear as _rnn_linear

rnn_cell = _Namespace(
    "tf.nn.rnn_cell",
    **{_n: _v for _n, _v in _names.own(_rnn).items() if _n.endswith(("Cell", "Wrapper", "Tuple"))},
    linear=_rnn_linear.linear,
    _linear=_rnn_linear.linear,
    _Linear=_rnn_linear.Linear,
)
_seq2seq = _Namespace("tf.nn.seq2seq", **_names.members(contrib.legacy_seq2seq))
nn = _Namespace(
    "tf.nn",
    **{
        _n: _late.deferring(_v) if _late.can_wait(_v) else _v
        for _n, _v in _names.own(_nn, "sigmoid", "tanh", "log_sigmoid").items()
    },
    **{_n: _v for _n, _v in _names.own(_rnn).items() if _n.endswith("rnn")},
    embedding_lookup_sparse=_sparse_math.embedding_lookup_sparse,
    safe_embedding_lookup_sparse=_sparse_math.safe_embedding_lookup_sparse,
    space_to_depth=_flat["space_to_depth"],
    depth_to_space=_flat["depth_to_space"],
    space_to_batch=_flat["space_to_batch"],
    batch_to_space=_flat["batch_to_space"],
    rnn_cell=rnn_cell,
    seq2seq=_seq2seq,
)
train = _Namespace(
    "tf.train",
    **_names.own(_train),
    **_names.own(_checkpoints),
    Checkpoint=_object_checkpoints.Checkpoint,
    CheckpointManager=_object_checkpoints.CheckpointManager,
    export_meta_graph=_meta.export_meta_graph,
    import_meta_graph=_meta.import_meta_graph,
    write_graph=_graph_defs.write_graph,
    **_names.own(_monitored),
    **_names.own(_session_hooks),
    **_names.own(_supervisors),
    ProfilerHook=_hooks.ProfilerHook,
    GlobalStepWaiterHook=_hooks.GlobalStepWaiterHook,
    SummaryWriter=_summary.FileWriter,
    summary_iterator=_summary.summary_iterator,
    **_names.own(_queues),
    **_names.own(_records),
    **_names.own(_servers),
    SessionManager=_session_managers.SessionManager,
)
vars(train)["queue_runner"] = _Namespace(
    "tf.train.queue_runner",
    **{_n: vars(train)[_n] for _n in ("QueueRunner", "add_queue_runner", "start_queue_runners")},
)
signal = _Namespace("tf.signal", **_names.own(_signal))
spectral = _Namespace(
    "tf.spectral",
    **{_n: _v for _n, _v in _names.own(_signal).items() if "fft" in _n or _n in ("dct", "idct")},
)
layers = _Namespace("tf.layers", **_names.own(_layers))
losses = _Namespace("tf.losses", **_names.own(_losses))
metrics = _Namespace(
    "tf.metrics",
    **{_n: _v for _n, _v in _names.own(_metrics).items() if _n not in _metrics.PARTS},
    **{_n: _v for _n, _v in _names.own(_metrics_at).items() if _n not in ("Figure", "at_cuts")},
)
summary = _Namespace("tf.summary", **_names.own(_summary))
image = _Namespace(
    "tf.image",
    **{_n: _v for _n, _v in _names.own(_image).items() if not _n.startswith("corner_")},
    **_names.own(_boxes),
)
errors = _Namespace(
    "tf.errors",
    **_names.own(_errors, "OpError", "FailedPreconditionError", "ResourceExhaustedError"),
)
graph_util = _graph_defs.graph_util
saved_model = _saved_model.saved_model
gfile = _Namespace("tf.gfile", **_names.own(_gfile))
logging = _Namespace(
    "tf.logging",
    **{
        _n: _v
        for _n, _v in vars(_logging).items()
        if not _n.startswith("_") and _n not in ("Any", "annotations")
    },
)
app = _Namespace("tf.app", run=_app.run, flags=_app.flags)
flags = _app.flags
data = _Namespace(
    "tf.data",
    **_data_files.PUBLIC,
    Options=_options.DatasetOptions,
    make_one_shot_iterator=_data.Dataset.make_one_shot_iterator,
    make_initializable_iterator=_data.Dataset.make_initializable_iterator,
    get_output_types=lambda dataset_or_iterator: dataset_or_iterator.output_types,
    get_output_shapes=lambda dataset_or_iterator: dataset_or_iterator.output_shapes,
    experimental=_Namespace("tf.data.experimental", AUTOTUNE=-1, **_names.own(_data_functions)),
)
_OF_SESSIONS = tuple(
    "SessionRun Checkpoint FeedFn FinalOps LoggingTensor Nan SecondOrStep StepCounter StopAtStep SummarySaver".split()
)
estimator = _Namespace(
    "tf.estimator",
    **_names.own(_estimator),
    **_names.own(_canned),
    **{n: v for n, v in _names.own(_boosted_trees).items() if n.startswith("Boosted")},
    **{n: v for n, v in _names.own(_exporting).items() if n.endswith("Exporter")},
    **{_n: _v for _n, _v in _names.own(_session_hooks).items() if _n.startswith(_OF_SESSIONS)},
    **{_n: _v for _n, _v in _names.own(_hooks).items() if _n.endswith("Hook")},
    **{
        _n: _v
        for _n, _v in _names.own(_heads).items()
        if _n.endswith(("Estimator", "Regressor", "Classifier"))
    },
    add_metrics=_heads.add_metrics,
    inputs=_estimator.inputs,
    export=_exporting.export,
    tpu=_tpu.tpu,
    experimental=_Namespace(
        "tf.estimator.experimental",
        KMeans=_factorization.SeededKMeans,
        **_names.own(_hooks),
        **{n: v for n, v in _names.own(_boosted_trees).items() if n.endswith("in_memory")},
    ),
)
feature_column = _Namespace(
    "tf.feature_column", **_names.own(_columns), **_names.own(_feature_column, "shared_embedding_columns")
)
initializers = _Namespace(
    "tf.initializers",
    **_names.own(_initializers),
    constant=_initializers.constant_initializer,
    zeros=_initializers.zeros_initializer,
    ones=_initializers.ones_initializer,
    glorot_uniform=_initializers.glorot_uniform_initializer,
    glorot_normal=_initializers.glorot_normal_initializer,
    random_normal=_initializers.random_normal_initializer,
    random_uniform=_initializers.random_uniform_initializer,
    truncated_normal=_initializers.truncated_normal_initializer,
    global_variables=_variables.global_variables_initializer,
    variance_scaling=_initializers.variance_scaling_initializer,
    orthogonal=_initializers.orthogonal_initializer,
)
math = _Namespace(
    "tf.math",
    **{_n: _flat.get(_n, _v) for _n, _v in _names.own(_math).items() if _n != "print_"},
    **{_n: _flat[_n] for _n in ("real", "imag", "conj", "angle")},
    top_k=_nn.top_k,
    in_top_k=_nn.in_top_k,
    softplus=_nn.softplus,
    l2_normalize=_nn.l2_normalize,
    zero_fraction=_nn.zero_fraction,
    softmax=_nn.softmax,
    log_softmax=_nn.log_softmax,
    softsign=_nn.softsign,
)
linalg = _Namespace(
    "tf.linalg",
    **{_n: _v for _n, _v in _names.own(_operators).items() if _n.startswith("LinearOperator")},
    logdet=_math.logdet,
    slogdet=_math.slogdet,
    pinv=_math.pinv,
    matvec=_math.matvec,
    adjoint=_math.adjoint,
    matrix_transpose=_math.matrix_transpose,
    eigvalsh=_math.self_adjoint_eigvals,
    tensor_diag=_math.diag,
    tensor_diag_part=_math.diag_part,
    global_norm=_math.global_norm,
    matmul=_math.matmul,
    inv=_math.matrix_inverse,
    det=_math.matrix_determinant,
    solve=_math.matrix_solve,
    transpose=_math.matrix_transpose,
    diag=_math.matrix_diag,
    diag_part=_math.matrix_diag_part,
    norm=_math.norm,
    trace=_math.trace,
    cholesky=_math.cholesky,
    eye=_math.eye,
    svd=_math.svd,
    qr=_math.qr,
    eigh=_math.self_adjoint_eig,
    tensordot=_math.tensordot,
    einsum=_math.einsum,
    l2_normalize=_nn.l2_normalize,
    band_part=_math.matrix_band_part,
    set_diag=_math.matrix_set_diag,
    triangular_solve=_math.matrix_triangular_solve,
    cholesky_solve=_math.cholesky_solve,
    lstsq=_math.matrix_solve_ls,
    cross=_math.cross,
)
manip = _Namespace(
    "tf.manip",
    **{
        _n: _flat[_n]
        for _n in "roll reshape reverse tile gather_nd scatter_nd batch_to_space_nd space_to_batch_nd".split()
    },
)
sparse = _Namespace(
    "tf.sparse",
    SparseTensor=_sparse.SparseTensor,
    to_dense=_sparse.sparse_tensor_to_dense,
    from_dense=_sparse.from_dense,
    matmul=_sparse_math.sparse_tensor_dense_matmul,
    sparse_dense_matmul=_sparse_math.sparse_tensor_dense_matmul,
    **{
        _n: _flat[f"sparse_{_n}"]
        for _n in (
            "placeholder reduce_sum reduce_max softmax add reshape transpose reorder retain concat slice split merge "
            "fill_empty_rows reset_shape to_indicator segment_sum segment_mean segment_sqrt_n"
        ).split()
    },
)
sets = _Namespace("tf.sets", **{_n: _v for _n, _v in _names.own(_sets).items() if _n != "Sets"})
quantization = _Namespace(
    "tf.quantization", **{_n: _v for _n, _v in _names.own(_math).items() if _n.startswith("fake_quant")}
)
random = _Namespace(
    "tf.random",
    normal=_random.random_normal,
    uniform=_random.random_uniform,
    shuffle=_random.random_shuffle,
    truncated_normal=_random.truncated_normal,
    set_random_seed=_random.set_random_seed,
    multinomial=_random.multinomial,
    categorical=_random.multinomial,
    poisson=_random.random_poisson,
    gamma=_random.random_gamma,
    get_seed=_random.get_seed,
    **{_n: _v for _n, _v in _names.own(_nn).items() if _n.endswith("candidate_sampler")},
)
strings = _Namespace(
    "tf.strings",
    split=_strings.strings_split,
    length=_strings.string_length,
    lower=_strings.string_lower,
    upper=_strings.string_upper,
    strip=_strings.string_strip,
    substr=_strings.substr,
    regex_replace=_strings.regex_replace,
    regex_full_match=_strings.regex_full_match,
    to_hash_bucket=_strings.string_to_hash_bucket,
    to_hash_bucket_fast=_strings.string_to_hash_bucket_fast,
    to_hash_bucket_strong=_strings.string_to_hash_bucket_strong,
    reduce_join=_strings.reduce_join,
    join=_strings.string_join,
    as_string=_strings.as_string,
    to_number=_strings.string_to_number,
)
io = _Namespace(
    "tf.io",
    **_names.own(_parsing),
    write_graph=_graph_defs.write_graph,
    gfile=_Namespace(
        "tf.io.gfile",
        GFile=_gfile.GFile,
        exists=_gfile.Exists,
        glob=_gfile.Glob,
        isdir=_gfile.IsDirectory,
        listdir=_gfile.ListDirectory,
        makedirs=_gfile.MakeDirs,
        remove=_gfile.Remove,
        rmtree=_gfile.DeleteRecursively,
        walk=_gfile.Walk,
    ),
    decode_image=_image.decode_image,
    decode_jpeg=_image.decode_jpeg,
    decode_png=_image.decode_png,
    encode_png=_image.encode_png,
    encode_jpeg=_image.encode_jpeg,
    read_file=_strings.read_file,
    write_file=_strings.write_file,
    decode_raw=_strings.decode_raw,
    parse_tensor=_strings.parse_tensor,
    serialize_tensor=_strings.serialize_tensor,
    **_names.own(_records),
)
python_io = _Namespace(
    "tf.python_io",
    TFRecordOptions=_records.TFRecordOptions,
    TFRecordCompressionType=_records.TFRecordCompressionType,
    TFRecordWriter=_records.TFRecordWriter,
    tf_record_iterator=_records.tf_record_iterator,
)
test = _strings.testing
debugging = _Namespace(
    "tf.debugging",
    Assert=_math.Assert,
    check_numerics=_math.check_numerics,
    **{_n: _v for _n, _v in _names.own(_math).items() if _n.startswith("assert_")},
    is_nan=_math.is_nan,
    is_inf=_math.is_inf,
    is_finite=_math.is_finite,
    is_numeric_tensor=_math.is_numeric_tensor,
)
compat = _Namespace("tf.compat", **_kinds.NAMES)
examples = _Namespace(
    "tf.examples",
    tutorials=_Namespace(
        "tf.examples.tutorials",
        mnist=_Namespace(
            "tf.examples.tutorials.mnist",
            input_data=_Namespace(
                "tf.examples.tutorials.mnist.input_data",
                read_data_sets=_examples.read_data_sets,
                DataSet=_examples.DataSet,
                Datasets=_examples.Datasets,
                load_mnist=_examples.load_mnist,
            ),
            mnist=_Namespace(
                "tf.examples.tutorials.mnist.mnist",
                **_names.own(_examples, "NUM_CLASSES", "IMAGE_SIZE", "IMAGE_PIXELS"),
            ),
        ),
    ),
)
_loops = _Namespace(
    "tf.models.rnn.rnn", **{_n: _v for _n, _v in _names.own(_rnn).items() if _n.endswith("rnn")}
)
models = _Namespace(
    "tf.models",
    rnn=_Namespace(
        "tf.models.rnn",
        rnn_cell=_Namespace("tf.models.rnn.rnn_cell", **_names.members(rnn_cell) | _rnn.JOINED),
        seq2seq=_seq2seq,
        rnn=_loops,
    ),
)
tensorboard = _Namespace(
    "tf.tensorboard",
    plugins=_Namespace("tf.tensorboard.plugins", projector=contrib.tensorboard.plugins.projector),
)
sysconfig = _Namespace("tf.sysconfig", get_include=lambda: "", get_lib=lambda: "")
nest = _Namespace("tf.nest", **_names.own(_nest))
dtypes = _Namespace(
    "tf.dtypes",
    **_types.BY_NAME,
    as_dtype=_types.as_dtype,
    DType=_types.DType,
    cast=_math.cast,
    saturate_cast=_math.cast,
)
queue = _Namespace(
    "tf.queue",
    FIFOQueue=_queues.FIFOQueue,
    PaddingFIFOQueue=_queues.PaddingFIFOQueue,
    PriorityQueue=_queues.PriorityQueue,
    RandomShuffleQueue=_queues.RandomShuffleQueue,
    QueueBase=_queues.QueueBase,
)
bitwise = _Namespace(
    "tf.bitwise",
    bitwise_and=_math.bitwise_and,
    bitwise_or=_math.bitwise_or,
    bitwise_xor=_math.bitwise_xor,
    left_shift=_math.left_shift,
    right_shift=_math.right_shift,
    invert=_math.bitwise_invert,
)
lookup = contrib.lookup
