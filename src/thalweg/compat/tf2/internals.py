"""``tensorflow.python``: the paths inside TensorFlow from which programs, or their editors, imported what is public."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np

from thalweg.compat.keras.recurrent import AbstractRNNCell
from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import gfile, logging
from thalweg.compat.tf1.initializers import fans
from thalweg.compat.tf1.internals import device_lib, file_io, timeline
from thalweg.compat.tf2.machine import executing_eagerly
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.values import is_known

# Modules below tensorflow.python.ops; all of them hold all functions of tensors here.
_OPS = (
    "array_ops candidate_sampling_ops check_ops clip_ops confusion_matrix constant_op control_flow_ops ctc_ops "
    "embedding_ops functional_ops gen_array_ops gen_ctc_ops gen_linalg_ops gen_math_ops gen_nn_ops gen_random_ops "
    "gen_string_ops histogram_ops init_ops io_ops linalg_ops logging_ops lookup_ops map_fn math_ops nn nn_impl nn_ops "
    "parsing_ops random_ops script_ops sort_ops special_math_ops standard_ops state_ops string_ops tensor_array_ops "
    "variables"
).split()


class _Functions(Namespace):
    """Functions of tensors, under the names of both generations."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        eager = importlib.import_module("thalweg.compat.eager")
        if name.startswith("random_") and name[7:] in vars(eager.random):
            return getattr(eager.random, name[7:])
        spaces = (eager.nn, eager.random, eager.lookup, eager.strings)
        home = next((space for space in spaces if name in vars(space)), eager)
        return getattr(home, name)


def _joined_lengths(prefix: Any, suffix: Any, static: bool = False) -> Any:
    """Two shapes, or lengths, as one: an array, or with ``static`` a shape."""
    lengths = [n for part in (prefix, suffix) for n in np.atleast_1d(np.asarray(part)).tolist()]
    return TensorShape(lengths) if static else np.array(lengths, np.int32)


class _Context:
    """What a program asks of the machine: whether a function is being made, and the device of a block."""

    device_spec = SimpleNamespace(device_type=None)

    @staticmethod
    def executing_eagerly() -> bool:
        """Whether values are there at once: not while a function is being made."""
        return executing_eagerly()


def _known_value(pred: Any) -> bool | None:
    """The truth value of a condition; None where it is known only when a function runs."""
    return bool(pred) if is_known(pred) else None


class DistributedVariable:
    """What stands for a variable, or for values, on several devices: nothing is one here."""


class _RowsOfMatrices:
    """Products of sparse matrices, as ``CSRSparseMatrix`` gave them: whole ones, the sparse ones filled in."""

    def __init__(self, sparse: Namespace, matmul: Any) -> None:
        self.CSRSparseMatrix, self._matmul, self._sparse = sparse.to_dense, matmul, sparse

    def matmul(self, a: Any, b: Any, **options: Any) -> Any:
        """The product."""
        return self._matmul(a, b, **options)


def _sparse_reorder(sparse: Namespace) -> Any:
    def sparse_reorder(input_indices: Any, input_values: Any, input_shape: Any, name: Any = None) -> Any:
        """The places in the order of rows, and the values in that order."""
        found = sparse.reorder(sparse.SparseTensor(input_indices, input_values, input_shape))
        return found.indices, found.values

    return sparse_reorder


def _broadcast_weights(names: Mapping[str, Any]) -> Any:
    return lambda weights, values: names["broadcast_to"](weights, names["shape"](values))


def _known_array(tensor: Any) -> Any:
    """The value as an array; None where it is known only when a function runs."""
    return np.asarray(tensor) if is_known(tensor) else None


def _noted(*_notes: Any, **_more: Any) -> Any:
    """A decorator that says what of a function is old: the function stays as it is."""
    return lambda function: function


def _renamed_argument(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """What was given under the old name of an argument or the new one."""
    return new_value if old_value is None else old_value


def _frozen(func: Any, lower_control_flow: bool = True, aggressive_inlining: bool = False) -> Any:
    """The function with its variables as constants."""
    return importlib.import_module("thalweg.compat.wrapped").frozen(func)


def internals(names: Mapping[str, Any]) -> Namespace:
    """The namespace, made of the names of ``tf``."""
    functions = _Functions("tf.python.ops.math_ops")
    sparse = names["sparse"]
    ops = _Functions("tf.python.framework.ops", Tensor=names["Tensor"], EagerTensor=names["Tensor"])
    context = Namespace(
        "tf.python.eager.context", context=_Context, executing_eagerly=names["executing_eagerly"]
    )
    return Namespace(
        "tf.python",
        ops=Namespace(
            "tf.python.ops",
            **dict.fromkeys(_OPS, functions),
            custom_gradient=Namespace(
                "tf.python.ops.custom_gradient",
                custom_gradient=names["custom_gradient"],
                _graph_mode_decorator=lambda f, args, kwargs: names["custom_gradient"](f)(*args, **kwargs),
            ),
            variable_scope=_Functions("tf.python.ops.variable_scope"),
            rnn_cell_impl=Namespace(
                "tf.python.ops.rnn_cell_impl", RNNCell=AbstractRNNCell, _concat=_joined_lengths
            ),
            rnn_cell=Namespace("tf.python.ops.rnn_cell", RNNCell=AbstractRNNCell),
            image_ops=names["image"],
            parsing_config=names["io"],
            init_ops_v2=Namespace("tf.python.ops.init_ops_v2", _compute_fans=fans),
            control_flow_util=Namespace(
                "tf.python.ops.control_flow_util", GraphOrParentsInXlaContext=lambda graph: False
            ),
            weights_broadcast_ops=Namespace(
                "tf.python.ops.weights_broadcast_ops", broadcast_weights=_broadcast_weights(names)
            ),
            resource_variable_ops=Namespace(
                "tf.python.ops.resource_variable_ops",
                ResourceVariable=names["Variable"],
                is_resource_variable=lambda var: isinstance(var, names["Variable"]),
            ),
            sparse_ops=sparse,
            gen_sparse_ops=Namespace("tf.python.ops.gen_sparse_ops", sparse_reorder=_sparse_reorder(sparse)),
            linalg=Namespace(
                "tf.python.ops.linalg",
                sparse=Namespace(
                    "tf.python.ops.linalg.sparse", sparse=_RowsOfMatrices(sparse, names["matmul"])
                ),
            ),
        ),
        distribute=Namespace(
            "tf.python.distribute",
            values=Namespace(
                "tf.python.distribute.values",
                DistributedVariable=DistributedVariable,
                AggregatingVariable=DistributedVariable,
                PerReplica=DistributedVariable,
            ),
            ps_values=Namespace("tf.python.distribute.ps_values", AggregatingVariable=DistributedVariable),
        ),
        framework=Namespace(
            "tf.python.framework",
            ops=ops,
            dtypes=names["dtypes"],
            errors=names["errors"],
            errors_impl=names["errors"],
            constant_op=Namespace("tf.python.framework.constant_op", constant=names["constant"]),
            sparse_tensor=Namespace("tf.python.framework.sparse_tensor", SparseTensor=names["SparseTensor"]),
            random_seed=names["random"],
            tensor_util=Namespace("tf.python.framework.tensor_util", constant_value=_known_array),
            tensor_shape=Namespace("tf.python.framework.tensor_shape", TensorShape=names["TensorShape"]),
            convert_to_constants=Namespace(
                "tf.python.framework.convert_to_constants", convert_variables_to_constants_v2=_frozen
            ),
            smart_cond=Namespace(
                "tf.python.framework.smart_cond", smart_cond=names["cond"], smart_constant_value=_known_value
            ),
        ),
        context=context,
        data=names["data"],
        client=Namespace("tf.python.client", device_lib=device_lib, timeline=timeline),
        platform=Namespace("tf.python.platform", gfile=gfile, tf_logging=logging, test=names["test"]),
        layers=Namespace(
            "tf.python.layers", utils=names["keras"].utils.conv_utils, core=names["keras"].layers.core
        ),
        types=Namespace("tf.python.types", core=Namespace("tf.python.types.core", Tensor=names["Tensor"])),
        lib=Namespace("tf.python.lib", io=Namespace("tf.python.lib.io", file_io=file_io)),
        util=Namespace(
            "tf.python.util",
            nest=names["nest"],
            tf_inspect=inspect,
            compat=names["compat"],
            tf_decorator=Namespace("tf.python.util.tf_decorator", unwrap=lambda f: ([], f)),
            deprecation=Namespace(
                "tf.python.util.deprecation",
                deprecated=_noted,
                deprecated_args=_noted,
                deprecated_arg_values=_noted,
                deprecated_endpoints=_noted,
                deprecated_argument_lookup=_renamed_argument,
            ),
        ),
        eager=Namespace(
            "tf.python.eager",
            context=context,
            tape=Namespace("tf.python.eager.tape", stop_recording=nullcontext),
            function=Namespace(
                "tf.python.eager.function",
                defun=names["function"],
                defun_with_attributes=lambda func, attributes=None, **options: names["function"](
                    func, **options
                ),
                register=lambda func, *args, **kwargs: func,
            ),
            backprop=Namespace("tf.python.eager.backprop", GradientTape=names["GradientTape"]),
            def_function=Namespace("tf.python.eager.def_function", function=names["function"]),
        ),
    )
