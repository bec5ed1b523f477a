"""``tensorflow.python``: the paths inside TensorFlow from which programs, or their editors, imported what is public."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import gfile
from thalweg.compat.tf1.initializers import fans
from thalweg.compat.tf1.internals import device_lib, file_io, timeline
from thalweg.compat.tf2.machine import executing_eagerly
from thalweg.compat.tf2.values import is_known

# Modules below tensorflow.python.ops; all of them hold all functions of tensors here.
_OPS = (
    "array_ops check_ops clip_ops confusion_matrix control_flow_ops gen_array_ops gen_math_ops gen_nn_ops init_ops "
    "linalg_ops math_ops nn nn_impl nn_ops random_ops script_ops special_math_ops standard_ops state_ops string_ops "
    "variables"
).split()


class _Functions(Namespace):
    """Functions of tensors, under the names of both generations."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        eager = importlib.import_module("thalweg.compat.eager")
        home = next((space for space in (eager.nn, eager.random) if name in vars(space)), eager)
        return getattr(home, name)


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


def internals(names: Mapping[str, Any]) -> Namespace:
    """The namespace, made of the names of ``tf``."""
    functions = _Functions("tf.python.ops.math_ops")
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
            image_ops=names["image"],
            init_ops_v2=Namespace("tf.python.ops.init_ops_v2", _compute_fans=fans),
        ),
        framework=Namespace(
            "tf.python.framework",
            ops=ops,
            dtypes=names["dtypes"],
            errors=names["errors"],
            errors_impl=names["errors"],
            constant_op=Namespace("tf.python.framework.constant_op", constant=names["constant"]),
            tensor_shape=Namespace("tf.python.framework.tensor_shape", TensorShape=names["TensorShape"]),
            smart_cond=Namespace(
                "tf.python.framework.smart_cond", smart_cond=names["cond"], smart_constant_value=_known_value
            ),
        ),
        context=context,
        data=names["data"],
        client=Namespace("tf.python.client", device_lib=device_lib, timeline=timeline),
        platform=Namespace("tf.python.platform", gfile=gfile),
        lib=Namespace("tf.python.lib", io=Namespace("tf.python.lib.io", file_io=file_io)),
        util=Namespace("tf.python.util", nest=names["nest"], tf_inspect=inspect),
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
        ),
    )
