"""``tensorflow.python``: the paths inside TensorFlow from which programs imported what is public elsewhere."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import re
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from thalweg.compat.keras import helpers
from thalweg.compat.names import REASONS, Namespace, UnsupportedNameError, members, own
from thalweg.compat.tf1 import (
    app,
    checkpoints,
    column_makers,
    distribution_names,
    errors,
    feature_column,
    functions,
    gfile,
    graph,
    graph_defs,
    math,
    metrics,
    node_defs,
    random,
    records,
    rnn,
    strings,
    switches,
    tpu,
    types,
    variables,
)
from thalweg.compat.tf1 import training_ops as steps
from thalweg.compat.tf1.rnn import lengths as lengths_of_cells

# Modules below tensorflow.python.ops; all of them hold all functions of tensors here.
_OPS = (
    "array_ops bitwise_ops candidate_sampling_ops check_ops clip_ops confusion_matrix constant_op control_flow_ops "
    "control_flow_util ctc_ops custom_gradient data_flow_ops embedding_ops functional_ops gen_array_ops "
    "gen_control_flow_ops gen_ctc_ops gen_data_flow_ops gen_io_ops gen_linalg_ops gen_logging_ops gen_math_ops "
    "gen_nn_ops gen_random_ops gen_sparse_ops gen_state_ops gen_string_ops gradients gradients_impl gradients_util "
    "histogram_ops "
    "init_ops io_ops linalg_ops logging_ops map_fn math_ops nn nn_impl nn_ops parsing_ops "
    "partitioned_variables random_ops resource_variable_ops script_ops sparse_ops special_math_ops spectral_ops "
    "standard_ops state_ops string_ops template tensor_array_grad tensor_array_ops variable_scope variables "
    "weights_broadcast_ops"
).split()
_TRAINING = (
    "adadelta adagrad adam basic_session_run_hooks checkpoint_management checkpoint_utils coordinator ftrl "
    "gradient_descent input learning_rate_decay momentum monitored_session optimizer proximal_adagrad "
    "proximal_gradient_descent queue_runner queue_runner_impl rmsprop saver session_manager session_run_hook "
    "slot_creator summary_io supervisor training training_util warm_starting_util"
).split()
_LAYERS = "base convolutional core layers normalization pooling utils".split()


def internals(names: Mapping[str, Any]) -> Namespace:
    """The namespace, made of the public names of ``tf``."""
    from thalweg.compat.tf1 import monitored
    from thalweg.compat.tf1.contrib import utils

    flat = {name: thing for name, thing in names.items() if not isinstance(thing, Namespace)}
    nn, train = names["nn"], names["train"]
    others = {**members(names["bitwise"]), **members(names["spectral"]), **members(names["initializers"])}
    ops = Namespace("tf.python.ops.math_ops", **{**others, **members(nn), **flat})
    vars(ops)["shape_internal"] = lambda input, name=None, optimize=True, out_type="int32": flat["shape"](
        input, name, out_type
    )
    vars(ops).update(uid=itertools.count(1).__next__, internal_convert_to_tensor=flat["convert_to_tensor"])
    vars(ops).update(switch=switches.switch, merge=switches.merge, PartitionedVariable=PartitionedVariable)
    vars(ops).update(_pure_variable_scope=variables.pure_variable_scope, is_resource_variable=_is_resource)
    vars(ops).update(
        strip_name_scope=_strip_name_scope,
        prepend_name_scope=_prepend_name_scope,
        register_proto_function=lambda collection, proto_type=None, to_proto=None, from_proto=None: None,
    )
    vars(ops).update(with_dependencies=switches.with_dependencies, _VARSCOPE_KEY=graph.SCOPE_KEY)
    vars(ops)["_gradient_registry"] = SimpleNamespace(_registry=math.RegisterGradient.by_name)
    training = Namespace("tf.python.training.training", **members(train))
    vars(training)["_HookedSession"] = monitored.HookedSession
    the_layers = Namespace(
        "tf.python.layers.layers",
        **members(names["layers"]),
        smart_cond=utils.smart_cond,
        constant_value=utils.constant_value,
        normalize_tuple=types.as_tuple,
        conv_output_length=helpers.conv_output_length,
        deconv_output_length=helpers.deconv_output_length,
    )
    cells = names["rnn_cell"]
    cell_parts = Namespace(
        "tf.python.ops.rnn_cell_impl",
        **members(cells),
        LayerRNNCell=cells.RNNCell,
        _linear=cells._linear,
        _Linear=cells._Linear,
        _BIAS_VARIABLE_NAME="bias",
        _WEIGHTS_VARIABLE_NAME="kernel",
        _concat=lengths_of_cells.concat,
        _like_rnncell=lengths_of_cells.like_rnncell,
        _zero_state_tensors=lengths_of_cells.zero_state_tensors,
        assert_like_rnncell=lengths_of_cells.assert_like_rnncell,
    )
    loops = Namespace(
        "tf.python.ops.rnn",
        **{**flat, **{n: v for n, v in own(rnn).items() if n.endswith("rnn")}},
        rnn_cell_impl=cell_parts,
        _best_effort_input_batch_size=lengths_of_cells.batch_size_of,
        _concat=lengths_of_cells.concat,
        _infer_state_dtype=lengths_of_cells.dtype_of_state,
        _maybe_tensor_shape_from_tensor=lengths_of_cells.shape_of_node,
        _transpose_batch_time=rnn.transpose_batch_time,
    )
    moving = Namespace(
        "tf.python.training.moving_averages",
        assign_moving_average=strings.assign_moving_average,
        ExponentialMovingAverage=train.ExponentialMovingAverage,
    )
    return Namespace(
        "tf.python",
        ops=Namespace(
            "tf.python.ops",
            **dict.fromkeys(_OPS, ops),
            rnn=loops,
            rnn_cell=cells,
            rnn_cell_impl=cell_parts,
            lookup_ops=Namespace(
                "tf.python.ops.lookup_ops",
                **members(names["lookup"]),
                tables_initializer=flat["tables_initializer"],
                initialize_all_tables=flat["tables_initializer"],
            ),
            seq2seq=names["nn"].seq2seq,
            distributions=distribution_names.distributions,
            image_ops=names["image"],
            image_ops_impl=names["image"],
            metrics=names["metrics"],
            metrics_impl=Namespace(
                "tf.python.ops.metrics_impl",
                **members(names["metrics"]),
                metric_variable=metrics.metric_variable,
            ),
            linalg=Namespace("tf.python.ops.linalg", linalg=names["linalg"], linalg_impl=names["linalg"]),
            losses=Namespace("tf.python.ops.losses", losses=names["losses"], losses_impl=names["losses"]),
            summary_ops=names["summary"],
            resources=strings.resources,
        ),
        framework=_framework(ops),
        platform=Namespace(
            "tf.python.platform",
            gfile=names["gfile"],
            flags=app.flags,
            app=names["app"],
            tf_logging=names["logging"],
            resource_loader=Namespace(
                "tf.python.platform.resource_loader", get_path_to_datafile=lambda path: path
            ),
            test=names["test"],
            googletest=names["test"],
        ),
        training=Namespace(
            "tf.python.training",
            **{**members(train), **dict.fromkeys(_TRAINING, training)},
            moving_averages=moving,
            training_ops=steps.training_ops,
            gen_training_ops=steps.training_ops,
        ),
        util=Namespace(
            "tf.python.util",
            compat=strings.compat,
            nest=names["nest"],
            deprecation=Namespace(
                "tf.python.util.deprecation",
                deprecated=_accepted,
                deprecated_args=_accepted,
                _call_location=lambda outer=False: "",
                _validate_deprecation_args=lambda date, instructions: None,
            ),
            decorator_utils=Namespace(
                "tf.python.util.decorator_utils",
                get_qualified_name=lambda function: function.__qualname__,
                _normalize_docstring=inspect.cleandoc,
            ),
            tf_contextlib=Namespace("tf.python.util.tf_contextlib", contextmanager=contextlib.contextmanager),
            tf_inspect=inspect,
            all_util=Namespace(
                "tf.python.util.all_util",
                remove_undocumented=lambda *args, **options: None,
                make_all=lambda module_name, doc_string_modules=None: [
                    name for name in vars(sys.modules[module_name]) if not name.startswith("_")
                ],
            ),
            tf_export=Namespace("tf.python.util.tf_export", tf_export=_accepted),
            tf_decorator=Namespace(
                "tf.python.util.tf_decorator", make_decorator=lambda target, made, *_: made
            ),
        ),
        layers=Namespace("tf.python.layers", **dict.fromkeys(_LAYERS, the_layers)),
        summary=Namespace("tf.python.summary", summary=names["summary"], writer=names["summary"]),
        feature_column=Namespace(
            "tf.python.feature_column",
            feature_column=Namespace(
                "tf.python.feature_column.feature_column",
                **own(column_makers),
                **own(feature_column, "shared_embedding_columns"),
            ),
        ),
        estimator=names["estimator"],
        data=names["data"],
        lib=Namespace("tf.python.lib", io=Namespace("tf.python.lib.io", **_files(names))),
        eager=Namespace(
            "tf.python.eager",
            context=Namespace(
                "tf.python.eager.context",
                in_graph_mode=lambda: True,
                in_eager_mode=lambda: False,
                executing_eagerly=lambda: False,
            ),
        ),
        pywrap_tensorflow=Namespace(
            "tf.python.pywrap_tensorflow", NewCheckpointReader=checkpoints.NewCheckpointReader
        ),
        # Programs import it in case they are told to debug; its sessions are not here.
        debug=Namespace(
            "tf.python.debug",
            has_inf_or_nan=_has_inf_or_nan,
            **{name: _no_debugger(name) for name in _DEBUGGERS},
        ),
        tools=graph_defs.tools,
        saved_model=names["saved_model"],
        tpu=Namespace("tf.python.tpu", **members(tpu.tpu), tpu_function=tpu.tpu_function),
        client=Namespace(
            "tf.python.client",
            device_lib=device_lib,
            session=Namespace(
                "tf.python.client.session",
                Session=names["Session"],
                InteractiveSession=names["InteractiveSession"],
            ),
            timeline=timeline,
        ),
    )


def messages(names: Mapping[str, Any]) -> Namespace:
    """``tensorflow.core``: the messages that are public elsewhere, under the files that define them."""
    settings = "ConfigProto GPUOptions GraphOptions OptimizerOptions RunOptions RunMetadata".split()
    return Namespace(
        "tf.core",
        framework=Namespace(
            "tf.core.framework",
            graph_pb2=Namespace(
                "tf.core.framework.graph_pb2", GraphDef=names["GraphDef"], NodeDef=names["NodeDef"]
            ),
            node_def_pb2=Namespace("tf.core.framework.node_def_pb2", NodeDef=names["NodeDef"]),
            attr_value_pb2=Namespace("tf.core.framework.attr_value_pb2", AttrValue=names["AttrValue"]),
            tensor_shape_pb2=Namespace(
                "tf.core.framework.tensor_shape_pb2", TensorShapeProto=node_defs.TensorShapeProto
            ),
            summary_pb2=Namespace(
                "tf.core.framework.summary_pb2",
                Summary=names["Summary"],
                HistogramProto=names["HistogramProto"],
            ),
        ),
        util=Namespace(
            "tf.core.util",
            event_pb2=Namespace(
                "tf.core.util.event_pb2", Event=names["Event"], SessionLog=names["SessionLog"]
            ),
        ),
        protobuf=Namespace(
            "tf.core.protobuf",
            config_pb2=Namespace("tf.core.protobuf.config_pb2", **{name: names[name] for name in settings}),
            meta_graph_pb2=Namespace("tf.core.protobuf.meta_graph_pb2", MetaGraphDef=names["MetaGraphDef"]),
        ),
        example=Namespace(
            "tf.core.example",
            example_pb2=Namespace("tf.core.example.example_pb2", Example=names["train"].Example),
            feature_pb2=Namespace(
                "tf.core.example.feature_pb2",
                **{
                    n: getattr(records, n)
                    for n in ("Feature", "Features", "BytesList", "FloatList", "Int64List")
                },
            ),
        ),
    )


file_io = Namespace(
    "tf.python.lib.io.file_io",
    FileIO=gfile.GFile,
    file_exists=gfile.Exists,
    create_dir=gfile.MkDir,
    recursive_create_dir=gfile.MakeDirs,
    is_directory=gfile.IsDirectory,
    list_directory=gfile.ListDirectory,
    delete_file=gfile.Remove,
    delete_recursively=gfile.DeleteRecursively,
    get_matching_files=gfile.Glob,
    copy=gfile.Copy,
    rename=gfile.Rename,
    write_string_to_file=gfile.write_string_to_file,
    read_file_to_string=gfile.read_file_to_string,
)


def _files(names: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tf_record": names["python_io"],
        "file_io": file_io,
    }


def _framework(ops: Namespace) -> Namespace:
    return Namespace(
        "tf.python.framework",
        ops=ops,
        constant_op=ops,
        sparse_tensor=ops,
        common_shapes=ops,
        function=Namespace("tf.python.framework.function", **members(ops), Defun=functions.Defun),
        graph_util=graph_defs.graph_util,
        importer=graph_defs.graph_util,
        random_seed=Namespace(
            "tf.python.framework.random_seed",
            set_random_seed=random.set_random_seed,
            get_seed=random.get_seed,
        ),
        errors=Namespace("tf.python.framework.errors", **own(errors, "OpError", "FailedPreconditionError")),
        errors_impl=Namespace("tf.python.framework.errors_impl", **own(errors, "OpError")),
        dtypes=Namespace(
            "tf.python.framework.dtypes", **types.BY_NAME, DType=types.DType, as_dtype=types.as_dtype
        ),
        tensor_shape=Namespace(
            "tf.python.framework.tensor_shape",
            TensorShape=types.TensorShape,
            Dimension=types.Dimension,
            scalar=lambda: types.TensorShape([]),
            vector=lambda length: types.TensorShape([length]),
            matrix=lambda rows, cols: types.TensorShape([rows, cols]),
            unknown_shape=lambda ndims=None: types.TensorShape(None if ndims is None else [None] * ndims),
        ),
        tensor_util=Namespace(
            "tf.python.framework.tensor_util",
            constant_value=graph.static_value,
            make_tensor_proto=math.make_tensor_proto,
            MakeNdarray=math.make_ndarray,
            is_tensor=lambda x: isinstance(x, graph.Node),
        ),
    )


_DEBUGGERS = [
    f"{kind}Debug{form}"
    for kind in ("LocalCLI", "Dumping", "TensorBoard")
    for form in ("WrapperSession", "Hook")
]


def _no_debugger(name: str) -> type:
    """A class of TensorFlow's debugger, which says that it is not here where a program makes one."""

    def __init__(self: Any, *args: Any, **options: Any) -> None:
        raise UnsupportedNameError(f"tf.python.debug.{name} is not supported: {REASONS['tf.python.debug']}")

    return type(name, (), {"__init__": __init__})


def _has_inf_or_nan(datum: Any, tensor: Any) -> bool:
    """Whether an array holds a number that is not finite."""
    values = np.asarray(tensor)
    return values.dtype.kind in "fc" and not np.isfinite(values).all()


def _strip_name_scope(name: str, export_scope: str | None) -> str:
    """The name below a scope; a mark of ``loc:@`` or ``^`` stays in front."""
    if not export_scope:
        return name
    below = export_scope.rstrip("/") + "/"
    return re.sub(rf"^(\^|loc:@|){re.escape(below)}", r"\1", name)


def _prepend_name_scope(name: str, import_scope: str | None) -> str:
    """The name put below a scope, behind a mark of ``loc:@`` or ``^``."""
    return re.sub(r"^(\^|loc:@|)", rf"\g<1>{import_scope.rstrip('/')}/", name) if import_scope else name


def _is_resource(var: Any) -> bool:
    """Whether a thing is a variable that is read when a run comes to it."""
    return isinstance(var, variables.Variable) and var.is_resource


def _accepted(*args: Any, **options: Any) -> Any:
    """A decorator that changes nothing."""
    return lambda fn: fn


class PartitionedVariable:
    """A variable in parts; there is none."""


class _Device:
    """What ``list_local_devices`` tells of the processor."""

    name, device_type, memory_limit, physical_device_desc = "/device:CPU:0", "CPU", 0, ""

    def __repr__(self) -> str:
        return f'name: "{self.name}"\ndevice_type: "{self.device_type}"\n'


def _devices(session_config: Any = None) -> list[Any]:
    return [_Device()]


class Timeline:
    """A trace of a run; empty, the main library has its own profile."""

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self.step_stats = step_stats

    def generate_chrome_trace_format(self, show_dataflow: bool = True, show_memory: bool = False) -> str:
        """The trace as JSON."""
        return '{"traceEvents": []}'


device_lib = Namespace("tf.python.client.device_lib", list_local_devices=_devices)
timeline = Namespace("tf.python.client.timeline", Timeline=Timeline)
