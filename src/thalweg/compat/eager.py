"""TensorFlow 1.x with ``tf.enable_eager_execution()``: the second generation's tensors under the first one's names."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FunctionType
from typing import Any

import numpy as np

from thalweg import optimizers
from thalweg.compat import eager_contrib as _contrib
from thalweg.compat import eager_names as _first
from thalweg.compat import eager_rnn as _rnn
from thalweg.compat import graphs as _graphs
from thalweg.compat import names as _names
from thalweg.compat import tf1 as _tf1
from thalweg.compat import tf2 as _tf2
from thalweg.compat import wrapped as _wrapped
from thalweg.compat.kinds import as_bytes as _as_bytes
from thalweg.compat.names import Namespace
from thalweg.compat.tf2.objects import Holder
from thalweg.compat.tf2.scopes import variable_scope as variable_scope
from thalweg.errors import SymbolicError, fail
from thalweg.gradient import gradients as _gradients
from thalweg.graph.tensor import Tensor
from thalweg.nested import mapped

__version__ = VERSION = "1.15.0"
examples = _tf1.examples
app, flags, gfile, logging = _tf1.app, _tf1.flags, _tf1.gfile, _tf1.logging
random_normal, random_uniform = _tf2.random.normal, _tf2.random.uniform
truncated_normal, set_random_seed = _tf2.random.truncated_normal, _tf2.random.set_seed
ConfigProto, GPUOptions = _tf1.ConfigProto, _tf1.GPUOptions


def enable_eager_execution(config: Any = None, device_policy: Any = None, execution_mode: Any = None) -> None:
    """It is."""


def disable_eager_execution() -> None:
    """What the program writes from here on is for graphs. From a module of the program it is accepted: Keras's symbols
    and functions are what they are either way.
    """
    if sys._getframe(1).f_globals.get("__name__") == "__main__":
        _graphs.only_from_here()


def disable_v2_behavior() -> None:
    """As :func:`disable_eager_execution`; the variables are those of the first generation, too."""
    if sys._getframe(1).f_globals.get("__name__") == "__main__":
        _graphs.only_from_here()
        _graphs.resources = False


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Any:
    """An error: nothing would feed it."""
    raise RuntimeError("tf.placeholder() is not compatible with eager execution.")


Graph, GraphKeys, GraphDef, MetaGraphDef = _tf1.Graph, _tf1.GraphKeys, _tf1.GraphDef, _tf1.MetaGraphDef
get_default_graph = _tf1.get_default_graph
wrap_function = _wrapped.wrap_function


def to_float(x: Any, name: str | None = None) -> Any:
    """As float32."""
    return _tf2.cast(x, "float32")


def to_int32(x: Any, name: str | None = None) -> Any:
    """As int32."""
    return _tf2.cast(x, "int32")


def to_int64(x: Any, name: str | None = None) -> Any:
    """As int64."""
    return _tf2.cast(x, "int64")


def to_double(x: Any, name: str | None = None) -> Any:
    """As float64."""
    return _tf2.cast(x, "float64")


def _with_old_axes(reduction: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction that knows ``keep_dims`` and ``reduction_indices``, too."""

    def reduce(
        input_tensor: Any, axis: Any = None, keepdims: Any = None, name: Any = None, reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Any:  # fmt: skip
        places = reduction_indices if axis is None else axis
        return reduction(input_tensor, places, bool(keep_dims if keepdims is None else keepdims))

    reduce.__doc__ = reduction.__doc__
    return reduce


reduce_sum, reduce_mean, reduce_max, reduce_min, reduce_prod, reduce_all, reduce_any, reduce_logsumexp = (
    _with_old_axes(getattr(_tf2, f"reduce_{n}"))
    for n in ("sum", "mean", "max", "min", "prod", "all", "any", "logsumexp")
)


def assign(
    ref: Any, value: Any, validate_shape: Any = None, use_locking: Any = None, name: Any = None
) -> Any:
    """Give a variable another value; the variable."""
    return ref.assign(value)


def assign_add(ref: Any, value: Any, use_locking: Any = None, name: Any = None) -> Any:
    """Add to a variable; the variable."""
    return ref.assign_add(value)


def assign_sub(ref: Any, value: Any, use_locking: Any = None, name: Any = None) -> Any:
    """Subtract from a variable; the variable."""
    return ref.assign_sub(value)


def where(condition: Any, x: Any = None, y: Any = None, name: Any = None) -> Any:
    """x where the condition holds, else y; a row of conditions chooses whole rows. Without x, the places."""
    if x is None or y is None:
        return _tf2.where(condition)
    chosen, first = _tf2.convert_to_tensor(condition), _tf2.convert_to_tensor(x)
    if chosen.ndim == 1 and first.ndim > 1:
        chosen = _tf2.reshape(chosen, [-1] + [1] * (first.ndim - 1))
    return _tf2.where(chosen, first, y)


def string_split(
    source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = " ", result_type: str = "SparseTensor",
    name: Any = None,
) -> Any:  # fmt: skip
    """The words of each text, a sparse tensor of rows: cut at any of the delimiter's characters."""
    cuts = _as_bytes(str(delimiter if sep is None else sep))
    rows = []
    for text in np.asarray(_tf2.convert_to_tensor(source)).reshape(-1).tolist():
        words = re.split(b"[" + re.escape(cuts) + b"]", text) if cuts else [bytes([c]) for c in text]
        rows.append([w for w in words if w or not skip_empty])
    if result_type != "SparseTensor":
        return _tf2.ragged.constant(rows, dtype="string")
    places = [(k, j) for k, row in enumerate(rows) for j in range(len(row))]
    found = np.array([w for row in rows for w in row], dtype=object)
    return _tf2.SparseTensor(places, found, [len(rows), max(map(len, rows), default=0)])


class Session:
    """What a program makes to set up a device: there is nothing to set up, and nothing to run. One that is given a
    graph is a session of it.
    """

    def __new__(cls, target: str = "", graph: Any = None, config: Any = None) -> Any:
        """The first generation's for a graph."""
        return super().__new__(cls) if graph is None else _tf1.Session(target, graph, config)

    def __init__(self, target: str = "", graph: Any = None, config: Any = None) -> None:
        self.graph, self.config = graph, config

    def run(self, fetches: Any, feed_dict: Any = None, **options: Any) -> Any:
        """An error: tensors have their values."""
        raise fail(
            SymbolicError, "Session.run: tensors have their values already",
            hint="a program of graphs runs with --as tf1",
        )  # fmt: skip

    def as_default(self) -> Session:
        """Itself."""
        return self

    def close(self) -> None:
        """Nothing."""

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing."""


InteractiveSession = Session


def reset_default_graph() -> None:
    """Nothing: there is no graph."""


# --- optimizers -------------------------------------------------------------------------------------------------------


class _Optimizer(Holder):
    """A rule of the main library with TensorFlow 1's arguments: it changes variables at once."""

    rule: optimizers.Optimizer

    def variables(self) -> list[Any]:
        """What the rule remembers."""
        return list(self.rule.variables())

    def tracked(self) -> Iterable[tuple[str, Any]]:
        """The rule."""
        return [("rule", self.rule)]

    def minimize(
        self, loss: Callable[[], Any], global_step: Any = None, var_list: Any = None, **options: Any
    ) -> None:
        """One step down the gradient of what ``loss()`` gives."""
        self.apply_gradients(self.compute_gradients(loss, var_list), global_step)

    def compute_gradients(self, loss: Callable[[], Any], var_list: Any = None, **options: Any) -> list[Any]:
        """Pairs (gradient, variable) of what ``loss()`` gives."""
        return _pairs(loss, var_list)[1]

    def apply_gradients(self, grads_and_vars: Any, global_step: Any = None, name: str | None = None) -> None:
        """One step with given pairs."""
        self.rule.by_rows = True
        self.rule.apply_gradients([(g, v) for g, v in grads_and_vars if g is not None])
        if global_step is not None:
            global_step.assign_add(1)


def _rate(given: Any) -> Any:
    """A learning rate as the main library has it: a function without arguments is asked at every step."""
    if isinstance(given, Tensor) or not callable(given):
        return given
    return lambda step: given()


class GradientDescentOptimizer(_Optimizer):
    """``var -= lr g``."""

    def __init__(self, learning_rate: Any, use_locking: bool = False, name: str = "GradientDescent") -> None:
        self.rule = optimizers.GradientDescent(_rate(learning_rate))


class MomentumOptimizer(_Optimizer):
    """``a = momentum a + g``, ``var -= lr a``."""

    def __init__(
        self,
        learning_rate: Any,
        momentum: float,
        use_locking: bool = False,
        name: str = "Momentum",
        use_nesterov: bool = False,
    ) -> None:
        self.rule = optimizers.Momentum(_rate(learning_rate), momentum, use_nesterov)


class AdagradOptimizer(_Optimizer):
    """``a += g²``, ``var -= lr g / sqrt(a)``."""

    def __init__(self, learning_rate: Any, initial_accumulator_value: float = 0.1, **options: Any) -> None:
        self.rule = optimizers.Adagrad(_rate(learning_rate), initial_accumulator_value, 0.0)


class RMSPropOptimizer(_Optimizer):
    """The mean of squares starts at ones, and epsilon is inside the root."""

    def __init__(
        self,
        learning_rate: Any,
        decay: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-10,
        use_locking: bool = False,
        centered: bool = False,
        name: str = "RMSProp",
    ) -> None:
        self.rule = optimizers.RMSProp(_rate(learning_rate), decay, momentum, epsilon, centered, True, 1.0)


class AdamOptimizer(_Optimizer):
    """Adam with the paper's epsilon-hat."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        **options: Any,
    ) -> None:
        self.rule = optimizers.Adam(_rate(learning_rate), beta1, beta2, epsilon)


class AdadeltaOptimizer(_Optimizer):
    """``a = rho a + (1 - rho) g²``, ``d = g sqrt(s + eps) / sqrt(a + eps)``, ``var -= lr d``."""

    def __init__(
        self, learning_rate: Any = 0.001, rho: float = 0.95, epsilon: float = 1e-8, **options: Any
    ) -> None:
        self.rule = optimizers.Adadelta(_rate(learning_rate), rho, epsilon)


class FtrlOptimizer(_Optimizer):
    """Follow the regularised leader."""

    def __init__(
        self,
        learning_rate: Any,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        use_locking: bool = False,
        name: str = "Ftrl",
        accum_name: Any = None,
        linear_name: Any = None,
        l2_shrinkage_regularization_strength: float = 0.0,
    ) -> None:
        self.rule = optimizers.Ftrl(
            _rate(learning_rate),
            learning_rate_power,
            initial_accumulator_value,
            l1_regularization_strength,
            l2_regularization_strength,
            l2_shrinkage_regularization_strength,
        )


get_or_create_global_step, get_global_step = _contrib.get_or_create_global_step, _contrib.get_global_step


# --- tf.contrib.eager -------------------------------------------------------------------------------------------------


def _pairs(compute: Callable[[], Tensor], variables: Any = None) -> tuple[Tensor, list[Any]]:
    """What a function gives, and pairs of its gradient by each variable that was read for it (or given) and that."""
    with _tf2.GradientTape(persistent=True) as tape:
        value = compute()
    wanted = [v for v in tape.read_for([value]) if v.trainable] if variables is None else list(variables)
    found = tape.gradient(value, wanted)
    if any(g is None for g in found):
        found = _gradients(value, wanted)  # says why
    return value, list(zip(found, wanted, strict=True))


def _implicit_value_and_gradients(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives the value of ``f`` and pairs (gradient, variable) of all variables that it read."""
    return lambda *args, **options: _pairs(lambda: f(*args, **options))


def _implicit_gradients(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function that gives pairs (gradient, variable) of all variables that ``f`` read."""
    return lambda *args, **options: _pairs(lambda: f(*args, **options))[1]


def _value_and_gradients_function(f: Callable[..., Any], params: Any = None) -> Callable[..., Any]:
    """A function that gives the value of ``f`` and its gradients by its arguments."""

    def apply(*args: Any) -> Any:
        inputs = [_tf2.convert_to_tensor(x) for x in args]
        with _tf2.GradientTape() as tape:
            for x in inputs:
                tape.watch(x)
            value = f(*inputs)
        places = range(len(inputs)) if params is None else params
        return value, tape.gradient(value, [inputs[k] for k in places])

    return apply


def _gradients_function(f: Callable[..., Any], params: Any = None) -> Callable[..., Any]:
    """A function that gives the gradients of ``f`` by its arguments."""
    both = _value_and_gradients_function(f, params)
    return lambda *args: both(*args)[1]


class EagerIterator:
    """The elements of a data set, one after the other."""

    def __init__(self, dataset: Any) -> None:
        self._elements = iter(dataset)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._elements)

    next = get_next = __next__


class Network(_tf2.keras.Model):
    """A model whose layers are named by ``track_layer``."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self._tracked: list[Any] = []

    def track_layer(self, layer: Any) -> Any:
        """Keep a layer."""
        self._tracked.append(layer)
        return layer


eager = Namespace(
    "tf.contrib.eager",
    Variable=_tf2.Variable,
    Iterator=EagerIterator,
    Network=Network,
    GradientTape=_tf2.GradientTape,
    Checkpoint=_tf2.train.Checkpoint,
    Saver=_contrib.Saver,
    restore_variables_on_create=_contrib.restore_variables_on_create,
    get_optimizer_variables=lambda optimizer: optimizer.variables(),
    implicit_gradients=_implicit_gradients,
    implicit_value_and_gradients=_implicit_value_and_gradients,
    gradients_function=_gradients_function,
    value_and_gradients_function=_value_and_gradients_function,
    custom_gradient=_tf2.custom_gradient,
    defun=_tf2.function,
    py_func=_contrib.py_func,
    run=_contrib.run,
    enable_eager_execution=enable_eager_execution,
    executing_eagerly=lambda: True,
    in_eager_mode=lambda: True,
    num_gpus=lambda: 0,
    list_devices=lambda: ["/job:localhost/replica:0/task:0/device:CPU:0"],
    metrics=Namespace("tf.contrib.eager.metrics", Mean=_contrib.Mean, Accuracy=_contrib.Accuracy),
)
vars(eager)["python"] = Namespace("tf.contrib.eager.python", tfe=eager)
contrib = Namespace("tf.contrib", eager=eager, **_contrib.OTHERS)

# --- namespaces with another content than in 2.x ----------------------------------------------------------------------


def _as_function(kind: Any, knows_training: bool = False) -> Callable[..., Any]:
    """A layer as a function of its inputs: one that is made for this call."""

    def apply(inputs: Any, *args: Any, training: Any = False, reuse: Any = None, **options: Any) -> Any:
        layer = kind(*args, **options)
        return layer(inputs, training=training) if knows_training else layer(inputs)

    apply.__doc__ = kind.__doc__
    return apply


def _is_layer(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, _kinds.Layer)


_kinds: Any = _tf2.keras.layers
layers = Namespace(
    "tf.layers",
    Input=_kinds.Input,
    InputSpec=_kinds.InputSpec,
    **{n: kind for n, kind in vars(_kinds).items() if n[0] != "_" and _is_layer(kind)},
    **{
        name: _as_function(getattr(_kinds, kind))
        for name, kind in {
            "average_pooling1d": "AveragePooling1D", "average_pooling2d": "AveragePooling2D",
            "average_pooling3d": "AveragePooling3D", "conv1d": "Conv1D", "conv2d": "Conv2D",
            "conv2d_transpose": "Conv2DTranspose", "conv3d": "Conv3D", "conv3d_transpose": "Conv3DTranspose",
            "dense": "Dense", "flatten": "Flatten", "max_pooling1d": "MaxPooling1D", "max_pooling2d": "MaxPooling2D",
            "max_pooling3d": "MaxPooling3D", "separable_conv1d": "SeparableConv1D",
            "separable_conv2d": "SeparableConv2D",
        }.items()
    },
    batch_normalization=_as_function(_kinds.BatchNormalization, True),
    dropout=lambda inputs, rate=0.5, noise_shape=None, seed=None, training=False, name=None: (
        _kinds.Dropout(rate, noise_shape, seed)(inputs, training=training)
    ),
)  # fmt: skip
losses = Namespace("tf.losses", Reduction=_tf1.losses.Reduction, **_first.LOSSES)
data = Namespace(
    "tf.data",
    **_names.members(_tf2.data),
    make_one_shot_iterator=iter,
    make_initializable_iterator=iter,
    get_output_types=lambda dataset: mapped(lambda spec: spec.dtype, dataset.element_spec),
    get_output_shapes=lambda dataset: mapped(lambda spec: spec.shape, dataset.element_spec),
)
nn = Namespace(
    "tf.nn",
    **{
        **_first.renamed(_tf2.nn, "tf.nn"),
        **_first.functions(
            _tf1.nn,
            "batch_norm_with_global_normalization conv2d_backprop_filter conv2d_backprop_input "
            "depthwise_conv2d_native dilation2d erosion2d fused_batch_norm log_poisson_loss max_pool_with_argmax pool "
            "relu_layer sufficient_statistics xw_plus_b",
        ),
    },
    softmax_cross_entropy_with_logits_v2=_tf2.nn.softmax_cross_entropy_with_logits,
    rnn_cell=Namespace("tf.nn.rnn_cell", **{n: getattr(_rnn, n) for n in _rnn.__all__}),
    **{n: getattr(_rnn, n) for n in ("dynamic_rnn", "static_rnn", "bidirectional_dynamic_rnn")},
)
nn.__dict__["dropout"] = lambda x, keep_prob=None, noise_shape=None, seed=None, name=None, rate=None: (
    _tf2.nn.dropout(x, 1 - keep_prob if rate is None else rate, noise_shape, seed)
)
image = Namespace(
    "tf.image",
    **{
        **_names.members(_tf2.image),
        **_first.functions(
            _tf1.image,
            "crop_and_resize extract_glimpse extract_image_patches per_image_whitening resize_area resize_bicubic "
            "resize_bilinear resize_image_with_crop_or_pad resize_images resize_nearest_neighbor transpose_image",
        ),
    },
)
image.__dict__.update(resize=image.resize_images, ResizeMethod=_tf1.image.ResizeMethod)
random = Namespace(
    "tf.random",
    **_names.members(_tf2.random),
    multinomial=_first.multinomial,
    set_random_seed=set_random_seed,
)
initializers = Namespace(
    "tf.initializers",
    **{
        **_names.members(_tf2.initializers),
        **_first.INITIALIZERS,
        **{f"{name}_initializer": made for name, made in _first.INITIALIZERS.items()},
    },
)
_HOOKS = (
    "CheckpointSaverHook FeedFnHook FinalOpsHook GlobalStepWaiterHook LoggingTensorHook NanTensorHook ProfilerHook "
    "SecondOrStepTimer SessionRunArgs SessionRunContext SessionRunHook SessionRunValues StepCounterHook "
    "StopAtStepHook SummarySaverHook"
).split()
_hooks = {name: getattr(_tf1.train, name) for name in _HOOKS}
estimator = Namespace(
    "tf.estimator",
    **_hooks,
    ModeKeys=_tf1.estimator.ModeKeys,
    EstimatorSpec=_tf1.estimator.EstimatorSpec,
    RunConfig=_tf1.estimator.RunConfig,
    export=_tf1.estimator.export,
)
train = Namespace(
    "tf.train",
    **_names.members(_tf2.train),
    **_first.DECAYS,
    **_hooks,
    Optimizer=_Optimizer,
    GradientDescentOptimizer=GradientDescentOptimizer,
    MomentumOptimizer=MomentumOptimizer,
    AdagradOptimizer=AdagradOptimizer,
    AdadeltaOptimizer=AdadeltaOptimizer,
    RMSPropOptimizer=RMSPropOptimizer,
    AdamOptimizer=AdamOptimizer,
    FtrlOptimizer=FtrlOptimizer,
    Saver=_contrib.Saver,
    get_or_create_global_step=get_or_create_global_step,
    get_global_step=get_global_step,
    create_global_step=get_or_create_global_step,
    checkpoint_exists=_tf1.train.checkpoint_exists,
)


def get_variable(
    name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, regularizer: Any = None,
    trainable: bool = True, *more: Any, **ignored: Any,
) -> Any:  # fmt: skip
    """A new variable at every call, as there is no graph that keeps those of a name."""
    made = _tf2.keras.initializers.GlorotUniform() if initializer is None else initializer
    made = made() if isinstance(made, type) else made
    kind = "float32" if dtype is None else dtype
    value = made([int(n) for n in shape], kind) if callable(made) else _tf2.convert_to_tensor(made, dtype)
    return _tf2.Variable(value, trainable=trainable, name=name)


_top = {**_first.top_level(), **{f"{name}_initializer": made for name, made in _first.INITIALIZERS.items()}}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    if name in _top:
        return _top[name]
    for space in (_tf2, _tf2.math, _tf2.linalg, _tf2.io):
        found = getattr(space, name, None) if name in dir(space) or name in vars(space) else None
        if found is not None:
            return _with_older(found)
    known = {*_names.public_names(_tf2), *_top, *(n for n in globals() if not n.startswith("_"))}
    raise _names.unsupported("tf", name, sorted(known))


def __dir__() -> list[str]:
    return sorted({*globals(), *_top})


def _with_older(thing: Any) -> Any:
    """A function of tensors with the older names of its arguments; anything else itself."""
    return _first.with_older_arguments(thing) if isinstance(thing, FunctionType) else thing
