"""Names of the first generation that tensors with values have by another name, or that are done at once."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat import kinds as _kinds
from thalweg.compat import names as _names
from thalweg.compat import tf1 as _tf1
from thalweg.compat import tf2 as _tf2
from thalweg.compat.at_once import at_once
from thalweg.compat.names import Namespace

# --- arguments by their older names -----------------------------------------------------------------------------------

_OLDER = {
    "dim": "axis", "dimension": "axis", "squeeze_dims": "axis", "reduction_indices": "axis", "keep_dims": "keepdims",
    "filter": "filters", "value": "input", "seq_dim": "seq_axis", "batch_dim": "batch_axis", "targets": "labels",
    "tensor": "input", "rate": "dilations", "preferred_dtype": "dtype_hint",
}  # fmt: skip
_UNUSED = {"use_cudnn_on_gpu", "validate_indices", "partition_strategy"}


def with_older_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which knows the names that its arguments had before, too.

    >>> with_older_arguments(_tf2.argmax)([[1, 3], [2, 0]], dimension=1).numpy().tolist()
    [1, 0]
    """
    taken = list(inspect.signature(function).parameters)
    renamed = {old: new for old, new in _OLDER.items() if new in taken and old not in taken}
    if not renamed:
        return function

    @functools.wraps(function)
    def apply(*args: Any, **options: Any) -> Any:
        for old in options.keys() & (renamed.keys() | (_UNUSED - set(taken))):
            given = options.pop(old)
            if old in renamed and given is not None:
                options[renamed[old]] = given
        return function(*args, **options)

    return apply


def renamed(space: Any, dotted_name: str) -> dict[str, Any]:
    """What a namespace holds, with the older names of arguments."""
    return {
        name: with_older_arguments(thing) if inspect.isfunction(thing) else thing
        for name, thing in _names.members(space).items()
        if not isinstance(thing, Namespace)
    } | {name: thing for name, thing in _names.members(space).items() if isinstance(thing, Namespace)}


def functions(space: Any, wanted: str) -> dict[str, Any]:
    """Functions of a namespace of the graph's room, done at once."""
    return {name: at_once(getattr(space, name)) for name in wanted.split()}


# --- what has another name now ----------------------------------------------------------------------------------------

_ELSEWHERE = {
    "add_check_numerics_ops": "no_op", "arg_max": "argmax", "arg_min": "argmin", "batch_matmul": "matmul",
    "check_numerics": "debugging.check_numerics", "concat_v2": "concat", "floor_div": "floordiv",
    "global_variables_initializer": "no_op", "initialize_all_variables": "no_op", "lin_space": "linspace",
    "local_variables_initializer": "no_op", "matrix_determinant": "linalg.det", "matrix_diag": "linalg.diag",
    "matrix_diag_part": "linalg.diag_part", "matrix_inverse": "linalg.inv", "matrix_set_diag": "linalg.set_diag",
    "matrix_solve": "linalg.solve", "matrix_triangular_solve": "linalg.triangular_solve",
    "matrix_band_part": "linalg.band_part", "mul": "multiply", "neg": "negative", "pack": "stack",
    "parallel_stack": "stack", "random_crop": "image.random_crop", "random_gamma": "random.gamma",
    "random_shuffle": "random.shuffle", "realdiv": "truediv", "regex_replace": "strings.regex_replace",
    "reverse_v2": "reverse", "self_adjoint_eig": "linalg.eigh", "self_adjoint_eigvals": "linalg.eigvalsh",
    "sparse_add": "sparse.add", "sparse_concat": "sparse.concat", "sparse_reduce_max": "sparse.reduce_max",
    "sparse_reduce_sum": "sparse.reduce_sum", "sparse_reorder": "sparse.reorder",
    "sparse_reset_shape": "sparse.reset_shape", "sparse_reshape": "sparse.reshape",
    "sparse_retain": "sparse.retain", "sparse_segment_mean": "sparse.segment_mean",
    "sparse_segment_sum": "sparse.segment_sum", "sparse_slice": "sparse.slice", "sparse_softmax": "sparse.softmax",
    "sparse_split": "sparse.split", "sparse_tensor_dense_matmul": "sparse.sparse_dense_matmul",
    "sparse_tensor_to_dense": "sparse.to_dense", "sparse_to_indicator": "sparse.to_indicator",
    "sparse_transpose": "sparse.transpose", "string_join": "strings.join", "string_length": "strings.length",
    "string_lower": "strings.lower", "string_strip": "strings.strip", "string_upper": "strings.upper",
    "string_to_hash_bucket": "strings.to_hash_bucket", "string_to_hash_bucket_fast": "strings.to_hash_bucket_fast",
    "string_to_hash_bucket_strong": "strings.to_hash_bucket_strong", "string_to_number": "strings.to_number",
    "reduce_join": "strings.reduce_join", "regex_full_match": "strings.regex_full_match", "substr": "strings.substr",
    "sub": "subtract", "tensor_scatter_add": "tensor_scatter_nd_add", "tensor_scatter_sub": "tensor_scatter_nd_sub",
    "tensor_scatter_update": "tensor_scatter_nd_update", "unpack": "unstack", "space_to_depth": "nn.space_to_depth",
    "depth_to_space": "nn.depth_to_space", "py_func": "numpy_function",
    "where_v2": "where", "fft": "signal.fft", "fft2d": "signal.fft2d", "ifft": "signal.ifft",
    "ifft2d": "signal.ifft2d",
}  # fmt: skip
_AT_ONCE = (
    "assert_rank_at_least batch_to_space batch_to_space_nd betainc bitwise_and bitwise_or bitwise_xor "
    "clip_by_average_norm div div_no_nan extract_image_patches igamma igammac is_numeric_tensor lbeta listdiff "
    "mirror_pad polygamma select setdiff1d shape_n space_to_batch space_to_batch_nd "
    "sparse_to_dense truncatediv unsorted_segment_sqrt_n verify_tensor_all_finite zeta"
)


def _found(path: str) -> Any:
    thing: Any = _tf2
    for part in path.split("."):
        thing = getattr(thing, part)
    return with_older_arguments(thing) if inspect.isfunction(thing) else thing


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: Any = None, output_dtype: Any = None
) -> Any:
    """Draws of class numbers, int64 [batch, samples], by rows of log-odds."""
    return _tf2.random.categorical(logits, num_samples, output_dtype or "int64", seed)


def random_poisson(lam: Any, shape: Any, dtype: Any = "float32", seed: Any = None, name: Any = None) -> Any:
    """Draws of a shape for each rate."""
    return _tf2.random.poisson(shape, lam, dtype, seed)


def Print(
    input_: Any, data: Any, message: str | None = None, first_n: Any = None, summarize: Any = None, name: Any = None
) -> Any:  # fmt: skip
    """The first argument; the data are printed now."""
    _tf2.print(message or "", *data, output_stream=sys.stderr, summarize=summarize)
    return _tf2.identity(input_)


def batch_gather(params: Any, indices: Any, name: Any = None) -> Any:
    """Elements of the last axis of the indices, row by row."""
    places = _tf2.convert_to_tensor(indices)
    return _tf2.gather(params, places, batch_dims=places.ndim - 1)


def matching_files(pattern: Any, name: Any = None) -> Any:
    """The paths of files that fit a pattern, or one of several, in order."""
    patterns = np.asarray(_tf2.convert_to_tensor(pattern)).reshape(-1).tolist()
    found = {path for one in patterns for path in _tf2.io.gfile.glob(_kinds.as_str(one))}
    return _tf2.constant(sorted(found), dtype="string")


def _nothing() -> None:
    """Nothing: it is so already."""


def _changed(method: str) -> Callable[..., Any]:
    def assign(ref: Any, value: Any, *more: Any, **options: Any) -> Any:
        return getattr(ref, method)(value)

    assign.__name__, assign.__doc__ = method, "The variable, changed."
    return assign


def _scattered(kind: str, rows: bool) -> Callable[..., Any]:
    change: Callable[..., Any] = getattr(_tf2, f"tensor_scatter_nd_{kind}")

    def scatter(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: Any = None) -> Any:
        places = _tf2.convert_to_tensor(indices)
        if rows:
            places = _tf2.expand_dims(places, -1)
            shape = [*map(int, np.shape(indices)), *map(int, ref.shape[1:])]
            updates = _tf2.broadcast_to(_tf2.cast(updates, ref.dtype), shape)
        return ref.assign(change(ref, places, _tf2.cast(updates, ref.dtype)))

    scatter.__doc__ = "The variable, of which some " + ("rows" if rows else "parts") + " were changed."
    return scatter


_WRITTEN: dict[str, Any] = {
    "multinomial": multinomial,
    "random_poisson": random_poisson,
    "Print": Print,
    "batch_gather": batch_gather,
    "matching_files": matching_files,
    "python_io": Namespace(
        "tf.python_io",
        TFRecordWriter=_tf2.io.TFRecordWriter,
        tf_record_iterator=_tf1.python_io.tf_record_iterator,
    ),
    **dict.fromkeys(
        (
            "enable_v2_behavior",
            "enable_resource_variables",
            "enable_control_flow_v2",
            "enable_v2_tensorshape",
        ),
        _nothing,
    ),
    **{name: _changed(name) for name in ("assign", "assign_add", "assign_sub")},
    **{f"scatter_{kind}": _scattered(kind, True) for kind in ("update", "add", "sub", "max", "min")},
    **{f"scatter_nd_{kind}": _scattered(kind, False) for kind in ("update", "add", "sub")},
    **dict.fromkeys(("global_variables", "trainable_variables", "local_variables", "all_variables"), list),
    **{name: getattr(_tf1, name) for name in ("AUTO_REUSE", "GraphKeys", "Dimension", "IndexedSlicesValue")},
    **{name: getattr(_tf1, name) for name in ("no_regularizer", "OpError", "RunOptions", "OptimizerOptions")},
    "colocate_with": _tf2.device,
    "is_gpu_available": lambda *args, **options: False,
}


def top_level() -> dict[str, Any]:
    """The names directly below ``tf`` that the second generation has not, or has elsewhere."""
    return {
        **functions(_tf1, _AT_ONCE),
        **{name: _found(path) for name, path in _ELSEWHERE.items()},
        **_WRITTEN,
    }


# --- initializers -----------------------------------------------------------------------------------------------------

_made: Any = _tf2.keras.initializers


def random_normal_initializer(mean: Any = 0.0, stddev: Any = 1.0, seed: Any = None, dtype: Any = None) -> Any:
    """Normal numbers, by default of a standard deviation of 1."""
    return _made.RandomNormal(mean, stddev, seed)


def truncated_normal_initializer(
    mean: Any = 0.0, stddev: Any = 1.0, seed: Any = None, dtype: Any = None
) -> Any:
    """Normal numbers not further than twice the standard deviation, which is 1 by default."""
    return _made.TruncatedNormal(mean, stddev, seed)


def random_uniform_initializer(
    minval: Any = 0, maxval: Any = None, seed: Any = None, dtype: Any = None
) -> Any:
    """Numbers in a range, by default from 0 to 1."""
    return _made.RandomUniform(minval, 1.0 if maxval is None else maxval, seed)


def variance_scaling_initializer(
    scale: float = 1.0, mode: str = "fan_in", distribution: str = "truncated_normal", seed: Any = None,
    dtype: Any = None,
) -> Any:  # fmt: skip
    """Numbers whose variance is the scale over the number of inputs, outputs, or their mean."""
    return _made.VarianceScaling(scale, mode, distribution, seed)


def contrib_variance_scaling_initializer(
    factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False, seed: Any = None, dtype: Any = None
) -> Any:
    """``tf.contrib.layers.variance_scaling_initializer``, with the factor of rectified units."""
    return _made.VarianceScaling(factor, mode.lower(), "uniform" if uniform else "truncated_normal", seed)


def xavier_initializer(uniform: bool = True, seed: Any = None, dtype: Any = None) -> Any:
    """Glorot's numbers, uniform or normal."""
    return (_made.GlorotUniform if uniform else _made.GlorotNormal)(seed)


def _seeded(kind: Any) -> Callable[..., Any]:
    return lambda seed=None, dtype=None: kind(seed)


_INITIALIZERS: dict[str, Callable[..., Any]] = {
    "random_normal": random_normal_initializer,
    "random_uniform": random_uniform_initializer,
    "truncated_normal": truncated_normal_initializer,
    "variance_scaling": variance_scaling_initializer,
    "orthogonal": lambda gain=1.0, seed=None, dtype=None: _made.Orthogonal(gain, seed),
    "glorot_uniform": _seeded(_made.GlorotUniform),
    "glorot_normal": _seeded(_made.GlorotNormal),
    "zeros": lambda dtype=None: _made.Zeros(),
    "ones": lambda dtype=None: _made.Ones(),
    "constant": lambda value=0, dtype=None, verify_shape=False: _made.Constant(value),
}


def _as_class(name: str, make: Callable[..., Any]) -> type:
    """A class whose objects are those that a function makes: layers take the class itself, too."""

    def new(cls: type, *args: Any, **options: Any) -> Any:
        return make(*args, **options)

    members = {"__new__": new, "__doc__": make.__doc__, "__signature__": inspect.signature(make)}
    return type(name, (), members)


INITIALIZERS = {name: _as_class(name, make) for name, make in _INITIALIZERS.items()}

# --- losses -----------------------------------------------------------------------------------------------------------

LOSSES: dict[str, Any] = functions(
    _tf1.losses,
    "absolute_difference compute_weighted_loss cosine_distance hinge_loss huber_loss log_loss "
    "mean_pairwise_squared_error mean_squared_error sigmoid_cross_entropy softmax_cross_entropy "
    "sparse_softmax_cross_entropy",
)

# --- decays: functions without arguments, as the rate of an optimizer and as any number -------------------------------


def _decaying(name: str) -> Callable[..., Any]:
    rate_of = at_once(getattr(_tf1.train, name))

    @functools.wraps(getattr(_tf1.train, name))
    def decay(*args: Any, **options: Any) -> Callable[[], Any]:
        return lambda: rate_of(*map(_now, args), **{key: _now(part) for key, part in options.items()})

    return decay


def _now(x: Any) -> Any:
    """A variable's value as it is; a schedule's rate at this moment."""
    x = x() if callable(x) and not hasattr(x, "dtype") else x
    return np.asarray(x.numpy()) if hasattr(x, "numpy") else x


DECAYS: dict[str, Any] = {
    name: _decaying(name)
    for name in (
        "cosine_decay cosine_decay_restarts exponential_decay inverse_time_decay linear_cosine_decay "
        "natural_exp_decay piecewise_constant piecewise_constant_decay polynomial_decay"
    ).split()
}
