"""The namespaces below ``tf.contrib``."""

from __future__ import annotations

import importlib
from typing import Any

from thalweg.compat.names import Namespace, members, own
from thalweg.compat.tf1 import (
    boosted_trees,
    column_makers,
    data_files,
    data_functions,
    feature_column,
    graph,
    heads,
    hooks,
    initializers,
    math,
    nn,
    rnn,
    saved_model,
    signal,
    sparse_math,
    summary,
    supervisors,
    tpu,
    train,
)
from thalweg.compat.tf1 import nest as nest_room
from thalweg.compat.tf1.contrib import (
    buckets,
    columns,
    crf,
    experiments,
    framework,
    image,
    layers,
    legacy_seq2seq,
    metrics,
    normalisation,
    opt,
    regularizers,
    sampling,
    seq2seq,
    slim_data,
    summaries,
    training,
    utils,
)
from thalweg.compat.tf1.contrib.cudnn_rnn import cudnn_rnn
from thalweg.compat.tf1.contrib.factorization import factorization
from thalweg.compat.tf1.contrib.gan import gan
from thalweg.compat.tf1.contrib.graph_editor import graph_editor
from thalweg.compat.tf1.contrib.kernel_methods import kernel_methods
from thalweg.compat.tf1.contrib.learn import learn
from thalweg.compat.tf1.contrib.lookup import lookup
from thalweg.compat.tf1.contrib.losses import losses
from thalweg.compat.tf1.contrib.nets import nets
from thalweg.compat.tf1.contrib.projector import projector
from thalweg.compat.tf1.contrib.scopes import add_arg_scope, arg_scope, current_arg_scope, has_arg_scope
from thalweg.compat.tf1.contrib.utils import model_variable, smart_cond
from thalweg.compat.tf1.distribution_names import contrib_distributions
from thalweg.compat.tf1.rnn import linear as linear_room

_layers = Namespace(
    "tf.contrib.layers",
    **{n: v for n, v in own(layers).items() if n != "alpha_dropout"},
    **own(normalisation),
    **own(regularizers),
    **own(summaries),
    linear=layers.linear,
    optimize_loss=training.optimize_loss,
    optimizers=Namespace(
        "tf.contrib.layers.optimizers",
        optimize_loss=training.optimize_loss,
        OPTIMIZER_CLS_NAMES=training.OPTIMIZER_CLS_NAMES,
        OPTIMIZER_SUMMARIES=training.OPTIMIZER_SUMMARIES,
    ),
    xavier_initializer=initializers.xavier_initializer,
    xavier_initializer_conv2d=initializers.xavier_initializer,
    variance_scaling_initializer=initializers.contrib_variance_scaling,
    relu6=layers.relu6,
    legacy_linear=layers.legacy_linear,
    legacy_relu=layers.legacy_relu,
    embedding_lookup_unique=nn.embedding_lookup,
    safe_embedding_lookup_sparse=sparse_math.safe_embedding_lookup_sparse,
    bucketized_column=feature_column.bucketized_column,
    **own(columns),
    OPTIMIZER_CLS_NAMES=training.OPTIMIZER_CLS_NAMES,
    OPTIMIZER_SUMMARIES=training.OPTIMIZER_SUMMARIES,
    add_arg_scope=add_arg_scope,
)


nest = Namespace("tf.contrib.framework.nest", **own(nest_room))
_framework = Namespace(
    "tf.contrib.framework",
    **own(
        framework,
        "variable",
        "get_global_step",
        "create_global_step",
        "get_or_create_global_step",
        "init_from_checkpoint",
        "load_variable",
        "list_variables",
        "load_checkpoint",
    ),
    arg_scope=arg_scope,
    add_arg_scope=add_arg_scope,
    has_arg_scope=has_arg_scope,
    current_arg_scope=current_arg_scope,
    get_name_scope=lambda: graph.default_graph().get_name_scope(),
    model_variable=model_variable,
    smart_cond=smart_cond,
    sort=math.sort,
    argsort=math.argsort,
    nest=nest,
)
_rnn = Namespace(
    "tf.contrib.rnn",
    **{name: getattr(rnn, name) for name in dir(rnn) if name.endswith(("Cell", "Wrapper", "Tuple", "_rnn"))},
    GRUBlockCellV2=rnn.GRUBlockCell,
    LSTMBlockWrapper=rnn.FusedRNNCell,
    FusedRNNCellAdaptor=rnn.FusedRNNCellAdaptor,
    TimeReversedFusedRNN=rnn.TimeReversedFusedRNN,
    transpose_batch_time=rnn.transpose_batch_time,
    _linear=linear_room.linear,
    _Linear=linear_room.Linear,
)
vars(_rnn)["core_rnn_cell"] = _rnn
_utils = Namespace("tf.contrib.layers.utils", **own(utils))
_metrics = Namespace(
    "tf.contrib.metrics",
    **{name: thing for name, thing in own(metrics).items() if name not in ("STREAMING", "SETS", "Pair")},
    **metrics.STREAMING,
    **metrics.SETS,
    confusion_matrix=math.confusion_matrix,
)
_slim = Namespace(
    "tf.contrib.slim",
    **{**members(_layers), **{k: v for k, v in members(_framework).items() if k != "nest"}},
    layers=_layers,
    losses=losses,
    metrics=_metrics,
    nets=nets,
    utils=_utils,
    **slim_data.parts,
    queues=Namespace("tf.contrib.slim.queues", QueueRunners=training.QueueRunners),
    prefetch_queue=Namespace("tf.contrib.slim.prefetch_queue", prefetch_queue=training.prefetch_queue),
    model_analyzer=Namespace("tf.contrib.slim.model_analyzer", analyze_vars=summaries.analyze_vars),
    learning=Namespace(
        "tf.contrib.slim.learning",
        train=supervisors.train_loop,
        create_train_op=training.create_train_op,
        multiply_gradients=training.multiply_gradients,
        clip_gradient_norms=training.clip_gradient_norms,
        add_gradients_summaries=training.add_gradients_summaries,
    ),
)
_seq2seq = Namespace("tf.contrib.seq2seq", **own(seq2seq), sequence_loss=legacy_seq2seq.sequence_loss)
_legacy_seq2seq = Namespace(
    "tf.contrib.legacy_seq2seq",
    **{
        **{n: v for n, v in own(legacy_seq2seq).items() if not n.startswith("legacy")},
        "sequence_loss": legacy_seq2seq.legacy_sequence_loss,
    },
)
_training = Namespace(
    "tf.contrib.training",
    bucket=buckets.bucket,
    bucket_by_sequence_length=buckets.bucket_by_sequence_length,
    HParams=training.HParams,
    create_train_op=training.create_train_op,
    multiply_gradients=training.multiply_gradients,
    clip_gradient_norms=training.clip_gradient_norms,
    add_gradients_summaries=training.add_gradients_summaries,
    **own(sampling),
)
_tensorboard = Namespace(
    "tf.contrib.tensorboard",
    plugins=Namespace("tf.contrib.tensorboard.plugins", projector=projector),
)
_data = Namespace("tf.contrib.data", **data_files.PUBLIC, **own(data_functions))


class _Contrib(Namespace):
    def __getattr__(self, name: str) -> Any:
        if name == "keras":  # its own translation, in the same graph
            return importlib.import_module("thalweg.compat.keras")
        return super().__getattr__(name)


contrib = _Contrib(
    "tf.contrib",
    layers=_layers,
    framework=_framework,
    rnn=_rnn,
    losses=losses,
    slim=_slim,
    seq2seq=_seq2seq,
    legacy_seq2seq=_legacy_seq2seq,
    metrics=_metrics,
    learn=learn,
    factorization=factorization,
    distributions=contrib_distributions,
    lookup=lookup,
    graph_editor=graph_editor,
    gan=gan,
    kernel_methods=kernel_methods,
    training=_training,
    tensorboard=_tensorboard,
    predictor=saved_model.predictor,
    tpu=tpu.tpu,
    cudnn_rnn=cudnn_rnn,
    crf=Namespace("tf.contrib.crf", **own(crf)),
    image=Namespace("tf.contrib.image", **own(image)),
    data=_data,
    estimator=Namespace("tf.contrib.estimator", **own(hooks), **own(heads), **own(boosted_trees)),
    signal=Namespace("tf.contrib.signal", **own(signal)),
    staging=Namespace("tf.contrib.staging", StagingArea=experiments.StagingArea),
    util=Namespace(
        "tf.contrib.util",
        constant_value=experiments.constant_value,
        make_tensor_proto=math.make_tensor_proto,
        make_ndarray=math.make_ndarray,
    ),
    deprecated=Namespace(
        "tf.contrib.deprecated",
        scalar_summary=summary.scalar_summary,
        histogram_summary=summary.histogram_summary,
        image_summary=summary.image_summary,
        merge_summary=summary.merge,
        merge_all_summaries=summary.merge_all,
    ),
    nn=Namespace(
        "tf.contrib.nn",
        alpha_dropout=layers.alpha_dropout,
        deprecated_flipped_softmax_cross_entropy_with_logits=lambda logits, labels, dim=-1, name=None: (
            nn.softmax_cross_entropy_with_logits(logits=logits, labels=labels, dim=dim, name=name)
        ),
        deprecated_flipped_sparse_softmax_cross_entropy_with_logits=lambda logits, labels, name=None: (
            nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=labels, name=name)
        ),
        deprecated_flipped_sigmoid_cross_entropy_with_logits=lambda logits, targets, name=None: (
            nn.sigmoid_cross_entropy_with_logits(logits=logits, labels=targets, name=name)
        ),
    ),
    feature_column=Namespace(
        "tf.contrib.feature_column",
        sequence_input_layer=feature_column.sequence_input_layer,
        **{n: v for n, v in own(column_makers).items() if n.startswith("sequence_")},
    ),
    opt=Namespace(
        "tf.contrib.opt",
        ScipyOptimizerInterface=train.ScipyOptimizerInterface,
        **own(opt),
    ),
)


def _add_inner_paths() -> None:
    """``tf.contrib.X.python...``: the modules inside, from which programs imported what X has itself."""
    for name, paths in _INNER.items():
        space = getattr(contrib, name)
        root: Any = vars(space).get("python") or Namespace(f"tf.contrib.{name}.python")
        for path in paths.split():
            at = root
            *folders, last = path.split(".")
            for folder in folders:
                at = vars(at).setdefault(folder, Namespace(f"{vars(at)['__name__']}.{folder}"))
                for key, thing in members(space).items():
                    vars(at).setdefault(key, thing)
            vars(at).setdefault(last, space)  # what X has by this name, a namespace of its own, stays
        vars(space)["python"] = root


_INNER = {
    "framework": "ops.variables ops.ops framework.checkpoint_utils",
    "layers": "layers.layers layers.initializers layers.regularizers layers.feature_column layers.optimizers "
    "layers.summaries layers.embedding_ops layers.encoders layers.normalization",
    "rnn": "ops.core_rnn_cell ops.core_rnn_cell_impl ops.core_rnn ops.rnn_cell ops.rnn ops.lstm_ops ops.gru_ops",
    "seq2seq": "ops.attention_wrapper ops.basic_decoder ops.beam_search_decoder ops.decoder ops.helper ops.loss "
    "ops.beam_search_ops",
    "legacy_seq2seq": "ops.seq2seq",
    "losses": "losses.loss_ops losses",
    "metrics": "ops.metric_ops",
    "slim": "slim slim.learning slim.evaluation slim.model_analyzer slim.data.dataset slim.data.dataset_data_provider "
    "slim.data.tfexample_decoder slim.data.data_decoder slim.data.data_provider slim.data.parallel_reader",
    "learn": "learn.estimators.estimator learn.estimators.dnn learn.estimators.linear "
    "learn.estimators.run_config learn.estimators.prediction_key",
    "training": "training.hparam training.training",
    "crf": "ops.crf",
    "distributions": "ops.distribution ops.normal ops.categorical ops.bernoulli ops.mvn_tril ops.mixture "
    "ops.relaxed_onehot_categorical ops.onehot_categorical ops.kullback_leibler ops.bijector_impl",
    "image": "ops.image_ops",
    "cudnn_rnn": "layers.cudnn_rnn ops.cudnn_rnn_ops",
}
_add_inner_paths()
vars(contrib.layers.python.layers)["utils"] = _utils
for _name in "encoders feature_column initializers layers regularizers summaries".split():
    vars(_layers)[_name] = _layers  # modules whose names were seen there, too
vars(_layers)["utils"] = _utils
# What graphs ask of it; what it has for programs without a graph is in compat/eager.py.
_eager = Namespace(
    "tf.contrib.eager",
    executing_eagerly=lambda: False,
    in_eager_mode=lambda: False,
    in_graph_mode=lambda: True,
    num_gpus=lambda: 0,
)
vars(_eager)["python"] = Namespace("tf.contrib.eager.python", tfe=_eager)
vars(contrib)["eager"] = _eager
vars(contrib.tpu)["python"] = Namespace(
    "tf.contrib.tpu.python",
    tpu=Namespace("tf.contrib.tpu.python.tpu", **members(tpu.tpu), tpu_function=tpu.tpu_function),
    ops=Namespace("tf.contrib.tpu.python.ops", tpu_ops=tpu.tpu),
)
