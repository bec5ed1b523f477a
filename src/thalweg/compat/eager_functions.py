"""What ``tf.compat.v1`` and programs with ``tf.enable_eager_execution()`` call by the first generation's names: the
second one's functions under older names, and those that mean something else.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg import initializers, optimizers
from thalweg.compat import tf2 as _tf2
from thalweg.compat.names import Namespace
from thalweg.compat.tf1.image import ResizeMethod, corner_weights
from thalweg.compat.tf1.losses import Reduction
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.nn import images as _images
from thalweg.ops import index as _index

# --- the same with arguments of other names --------------------------------------------------------------------------


def _older(function: Callable[..., Any], **names: str) -> Callable[..., Any]:
    """The function, of which arguments may have their older names."""

    @functools.wraps(function)
    def apply(*args: Any, **options: Any) -> Any:
        return function(*args, **{names.get(key, key): given for key, given in options.items()})

    return apply


OLDER: dict[str, Any] = {
    "arg_max": _older(_tf2.argmax, dimension="axis"),
    "arg_min": _older(_tf2.argmin, dimension="axis"),
    "argmax": _older(_tf2.argmax, dimension="axis"),
    "argmin": _older(_tf2.argmin, dimension="axis"),
    "convert_to_tensor": _older(_tf2.convert_to_tensor, preferred_dtype="dtype_hint"),
    "count_nonzero": _older(_tf2.math.count_nonzero, keep_dims="keepdims", reduction_indices="axis"),
    "expand_dims": _older(_tf2.expand_dims, dim="axis"),
    "norm": _older(_tf2.norm, keep_dims="keepdims"),
    "reverse_sequence": _older(_tf2.reverse_sequence, seq_dim="seq_axis", batch_dim="batch_axis"),
    "squeeze": _older(_tf2.squeeze, squeeze_dims="axis"),
}
OLDER_NN: dict[str, Any] = {
    "avg_pool": _older(_tf2.nn.avg_pool2d, value="input"),
    "conv1d": _older(_tf2.nn.conv1d, value="input"),
    "conv2d": _older(_tf2.nn.conv2d, filter="filters"),
    "conv2d_transpose": _older(_tf2.nn.conv2d_transpose, value="input", filter="filters"),
    "depthwise_conv2d": _older(_tf2.nn.depthwise_conv2d, rate="dilations"),
    "l2_normalize": _older(_tf2.nn.l2_normalize, dim="axis"),
    "log_softmax": _older(_tf2.nn.log_softmax, dim="axis"),
    "max_pool": _older(_tf2.nn.max_pool2d, value="input"),
    "moments": _older(_tf2.nn.moments, keep_dims="keepdims"),
    "softmax": _older(_tf2.nn.softmax, dim="axis"),
    "softmax_cross_entropy_with_logits": _older(_tf2.nn.softmax_cross_entropy_with_logits, dim="axis"),
    "softmax_cross_entropy_with_logits_v2": _older(_tf2.nn.softmax_cross_entropy_with_logits, dim="axis"),
    "weighted_cross_entropy_with_logits": _older(
        _tf2.nn.weighted_cross_entropy_with_logits, targets="labels"
    ),
}

# --- the same under another name -------------------------------------------------------------------------------------

RENAMED: dict[str, Any] = {
    "cholesky": _tf2.linalg.cholesky,
    "check_numerics": _tf2.debugging.check_numerics,
    "depth_to_space": _tf2.nn.depth_to_space,
    "floor_div": _tf2.math.floordiv,
    "glorot_normal_initializer": _tf2.keras.initializers.GlorotNormal,
    "glorot_uniform_initializer": _tf2.keras.initializers.GlorotUniform,
    "matrix_band_part": _tf2.linalg.band_part,
    "matrix_determinant": _tf2.linalg.det,
    "matrix_diag": _tf2.linalg.diag,
    "matrix_diag_part": _tf2.linalg.diag_part,
    "matrix_inverse": _tf2.linalg.inv,
    "matrix_solve": _tf2.linalg.solve,
    "orthogonal_initializer": _tf2.keras.initializers.Orthogonal,
    "py_func": _tf2.numpy_function,
    "regex_replace": _tf2.strings.regex_replace,
    "reverse_v2": _tf2.reverse,
    "self_adjoint_eig": _tf2.linalg.eigh,
    "space_to_depth": _tf2.nn.space_to_depth,
    "sparse_tensor_to_dense": _tf2.sparse.to_dense,
    "string_join": _tf2.strings.join,
    "string_to_hash_bucket": _tf2.strings.to_hash_bucket,
    "string_to_hash_bucket_fast": _tf2.strings.to_hash_bucket_fast,
    "string_to_hash_bucket_strong": _tf2.strings.to_hash_bucket_strong,
    "string_to_number": _tf2.strings.to_number,
    "substr": _tf2.strings.substr,
    "variance_scaling_initializer": _tf2.keras.initializers.VarianceScaling,
}


def div(x: Any, y: Any, name: str | None = None) -> Any:
    """The quotient, of integers rounded down."""
    x = _tf2.convert_to_tensor(x)
    return _tf2.math.floordiv(x, y) if x.dtype.kind in "iu" else _tf2.divide(x, y)


def multinomial(
    logits: Any, num_samples: Any, seed: Any = None, name: str | None = None, output_dtype: Any = "int64"
) -> Any:
    """Classes drawn from each row of logits."""
    return _tf2.random.categorical(logits, num_samples, dtype=output_dtype or "int64", seed=seed)


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Any:
    """Elements of the last axis of ``indices``, row by row."""
    return _tf2.gather(params, indices, batch_dims=_tf2.convert_to_tensor(indices).ndim - 1)


def sparse_to_dense(
    sparse_indices: Any, output_shape: Any, sparse_values: Any, default_value: Any = 0,
    validate_indices: bool = True, name: str | None = None,
) -> Any:  # fmt: skip
    """A tensor of ``default_value`` but for the values at places: numbers, or rows of them."""
    places = _tf2.convert_to_tensor(sparse_indices)
    values = _tf2.convert_to_tensor(sparse_values)
    places = places if places.ndim == 2 else _tf2.reshape(places, [-1, 1])
    whole = _tf2.fill(output_shape, _tf2.cast(default_value, values.dtype))
    return _tf2.tensor_scatter_nd_update(whole, places, _tf2.broadcast_to(values, [places.shape[0]]))


def shape_n(input: Any, out_type: Any = "int32", name: str | None = None) -> list[Any]:
    """The shape of each of several tensors."""
    return [_tf2.shape(x, out_type) for x in input]


def reduce_join(
    inputs: Any, axis: Any = None, keep_dims: Any = None, separator: str = "", name: str | None = None,
    reduction_indices: Any = None, keepdims: Any = None,
) -> Any:  # fmt: skip
    """Texts joined along axes."""
    places = reduction_indices if axis is None else axis
    kept = bool(keep_dims if keepdims is None else keepdims)
    return _tf2.strings.reduce_join(inputs, axis=places, keepdims=kept, separator=separator)


def matching_files(pattern: Any, name: str | None = None) -> Any:
    """The paths of files that fit a pattern, or one of several, in order."""
    patterns = np.asarray(_tf2.convert_to_tensor(pattern)).reshape(-1).tolist()
    found = {path for one in patterns for path in _tf2.io.gfile.glob(_tf2.compat.as_str(one))}
    return _tf2.constant(sorted(found), dtype="string")


def verify_tensor_all_finite(
    t: Any = None, msg: str = "", name: str | None = None, x: Any = None, message: str | None = None
) -> Any:
    """The tensor; an error where it holds NaN or infinity."""
    return _tf2.debugging.check_numerics(t if x is None else x, message or msg)


def Print(
    input_: Any, data: Any, message: str | None = None, first_n: Any = None, summarize: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The tensor, once values have been printed."""
    _tf2.print(message or "", *data, summarize=summarize or 3, sep="")
    return _tf2.identity(input_)


# --- variables -------------------------------------------------------------------------------------------------------


def assign(
    ref: Any, value: Any, validate_shape: Any = None, use_locking: Any = None, name: str | None = None
) -> Any:
    """Set a variable."""
    return ref.assign(value)


def assign_add(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """Add to a variable."""
    return ref.assign_add(value)


def assign_sub(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Any:
    """Subtract from a variable."""
    return ref.assign_sub(value)


def _of_rows(change: str, what: str) -> Callable[..., Any]:
    def apply(
        ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        places = _tf2.expand_dims(_tf2.convert_to_tensor(indices), -1)
        given = _tf2.cast(updates, ref.dtype)
        rows = _tf2.broadcast_to(given, [*places.shape[:-1], *ref.shape[1:]])
        ref.assign(getattr(_index, change)(ref, places, rows))
        return ref

    apply.__doc__ = f"{what} rows of a variable by their numbers."
    return apply


def _at_places(change: str, what: str) -> Callable[..., Any]:
    def apply(ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None) -> Any:
        getattr(ref, change)(indices, updates)
        return ref

    apply.__doc__ = f"{what} parts of a variable by their places."
    return apply


def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """Subtract from rows of a variable by their numbers."""
    return scatter_add(ref, indices, -_tf2.cast(updates, ref.dtype))


scatter_update = _of_rows("scatter_nd_update", "Set")
scatter_add = _of_rows("scatter_nd_add", "Add to")
scatter_nd_update = _at_places("scatter_nd_update", "Set")
scatter_nd_add = _at_places("scatter_nd_add", "Add to")
scatter_nd_sub = _at_places("scatter_nd_sub", "Subtract from")


def get_variable(
    name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, regularizer: Any = None,
    trainable: Any = None, collections: Any = None, **others: Any,
) -> Any:  # fmt: skip
    """A new variable: without a graph nothing keeps those of a name."""
    if regularizer is not None:
        raise fail(ArgumentError, "get_variable: regularizer", expected="None: nothing gathers its losses")
    make = _tf2.keras.initializers.get("glorot_uniform" if initializer is None else initializer)
    lengths = None if shape is None else [int(n) for n in np.asarray(shape).reshape(-1)]
    first = make(lengths, dtype or "float32") if callable(make) else initializer
    return _tf2.Variable(first, trainable=trainable is not False, name=name, dtype=dtype)


def random_normal_initializer(
    mean: float = 0.0, stddev: float = 1.0, seed: Any = None, dtype: Any = None
) -> Any:
    """Normal first values; the first generation's are wide unless told."""
    return initializers.RandomNormal(mean, stddev, seed)


def truncated_normal_initializer(
    mean: float = 0.0, stddev: float = 1.0, seed: Any = None, dtype: Any = None
) -> Any:
    """Normal first values within two standard deviations; wide unless told."""
    return initializers.TruncatedNormal(mean, stddev, seed)


def random_uniform_initializer(
    minval: float = 0.0, maxval: float | None = None, seed: Any = None, dtype: Any = None
) -> Any:
    """Uniform first values, from 0 to 1 unless told."""
    return initializers.RandomUniform(minval, 1.0 if maxval is None else maxval, seed)


# --- images ----------------------------------------------------------------------------------------------------------


def _resized(images: Any, size: Any, method: int, align_corners: bool) -> Any:
    x = _tf2.convert_to_tensor(images)
    rows, columns = (int(n) for n in np.asarray(size))
    height, width = x.shape[-3:-1]
    if method == ResizeMethod.NEAREST_NEIGHBOR:
        for axis, before, after in ((x.ndim - 3, height, rows), (x.ndim - 2, width, columns)):
            x = _images.picked(x, corner_weights(before, after, method, align_corners).argmax(axis=1), axis)
        return x
    x = _tf2.cast(x, "float32")
    by_axis = ((height, rows), (width, columns))
    return _images.weighted(x, *(corner_weights(n, m, method, align_corners) for n, m in by_axis))


def resize_images(
    images: Any, size: Any, method: int = ResizeMethod.BILINEAR, align_corners: bool = False,
    preserve_aspect_ratio: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """Pictures of another size, the corner of one pixel on the corner of the other; those that have it stay."""
    x = _tf2.convert_to_tensor(images)
    height, width = (int(n) for n in np.asarray(size))
    if preserve_aspect_ratio:
        share = min(height / x.shape[-3], width / x.shape[-2])
        height, width = round(x.shape[-3] * share), round(x.shape[-2] * share)
    if (height, width) == tuple(x.shape[-3:-1]):
        return x
    return _resized(x, (height, width), int(method), align_corners)


def _resizing(method: int, how: str) -> Callable[..., Any]:
    def resize(
        images: Any, size: Any, align_corners: bool = False, name: str | None = None,
        half_pixel_centers: bool = False,
    ) -> Any:  # fmt: skip
        if half_pixel_centers:
            return _tf2.image.resize(images, size, how)
        return _resized(images, size, method, align_corners)

    resize.__doc__ = f"Pictures of another size ({how}), the corner of one pixel on the corner of the other."
    return resize


IMAGES = {
    "crop_and_resize": _older(_tf2.image.crop_and_resize, box_ind="box_indices"),
    "resize": resize_images,
    "resize_images": resize_images,
    "resize_bilinear": _resizing(ResizeMethod.BILINEAR, "bilinear"),
    "resize_nearest_neighbor": _resizing(ResizeMethod.NEAREST_NEIGHBOR, "nearest"),
    "resize_bicubic": _resizing(ResizeMethod.BICUBIC, "bicubic"),
    "resize_area": _resizing(ResizeMethod.AREA, "area"),
    "resize_image_with_crop_or_pad": _tf2.image.resize_with_crop_or_pad,
    "ResizeMethod": ResizeMethod,
}

# --- losses ----------------------------------------------------------------------------------------------------------


def compute_weighted_loss(
    losses: Any, weights: Any = 1.0, scope: Any = None, loss_collection: Any = None,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:  # fmt: skip
    """The losses times their weights, reduced; by default over the number of weights that are not zero."""
    x = _tf2.convert_to_tensor(losses)
    w = _tf2.cast(_tf2.convert_to_tensor(weights), x.dtype)
    if w.ndim == x.ndim + 1 and w.shape[-1] == 1:
        w = _tf2.squeeze(w, [-1])
    if w.ndim and not (w.ndim == x.ndim and all(n in (1, m) for n, m in zip(w.shape, x.shape, strict=True))):
        raise fail(
            ShapeError, "compute_weighted_loss: weights",
            expected=f"a number, or {list(x.shape)} with axes of 1", received=list(w.shape),
        )  # fmt: skip
    weighted, full = x * w, _tf2.broadcast_to(w, _tf2.shape(x))
    if reduction == Reduction.NONE:
        return weighted
    total = _tf2.reduce_sum(weighted)
    if reduction == Reduction.SUM:
        return total
    if reduction == Reduction.MEAN:
        return _tf2.math.divide_no_nan(total, _tf2.reduce_sum(full))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return total / _tf2.cast(_tf2.size(x), x.dtype)
    present = _tf2.reduce_sum(_tf2.cast(_tf2.not_equal(full, 0), x.dtype))
    return _tf2.math.divide_no_nan(total, present)


def _loss(elements: Callable[..., Any], title: str) -> Callable[..., Any]:
    def apply(
        labels: Any, predictions: Any, weights: Any = 1.0, scope: Any = None, loss_collection: Any = None,
        reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS, **more: Any,
    ) -> Any:  # fmt: skip
        p = _tf2.convert_to_tensor(predictions)
        p = p if p.dtype.kind == "f" else _tf2.cast(p, "float32")
        made = elements(_tf2.cast(_tf2.convert_to_tensor(labels), p.dtype), p, **more)
        return compute_weighted_loss(made, weights, scope, loss_collection, reduction)

    apply.__doc__ = f"{title}, weighted."
    return apply


def _log_loss(t: Any, p: Any, epsilon: float = 1e-7) -> Any:
    return -t * _tf2.math.log(p + epsilon) - (1 - t) * _tf2.math.log(1 - p + epsilon)


def _huber(t: Any, p: Any, delta: float = 1.0) -> Any:
    off = _tf2.abs(p - t)
    near = _tf2.minimum(off, delta)
    return 0.5 * near * near + delta * (off - near)


def _smoothed(labels: Any, smoothing: float, classes: Any) -> Any:
    return labels * (1 - smoothing) + smoothing / classes if smoothing else labels


def softmax_cross_entropy(
    onehot_labels: Any, logits: Any, weights: Any = 1.0, label_smoothing: float = 0, scope: Any = None,
    loss_collection: Any = None, reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:  # fmt: skip
    """The cross-entropy of softmax of the logits with rows of probabilities, weighted."""
    x = _tf2.convert_to_tensor(logits)
    t = _smoothed(_tf2.cast(onehot_labels, x.dtype), label_smoothing, x.shape[-1])
    made = _tf2.nn.softmax_cross_entropy_with_logits(labels=t, logits=x)
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any, logits: Any, weights: Any = 1.0, scope: Any = None, loss_collection: Any = None,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:  # fmt: skip
    """The cross-entropy of softmax of the logits with classes, weighted."""
    x, t = _tf2.convert_to_tensor(logits), _tf2.convert_to_tensor(labels)
    t = _tf2.squeeze(t, [-1]) if t.ndim == x.ndim else t
    made = _tf2.nn.sparse_softmax_cross_entropy_with_logits(labels=t, logits=x)
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


def sigmoid_cross_entropy(
    multi_class_labels: Any, logits: Any, weights: Any = 1.0, label_smoothing: float = 0, scope: Any = None,
    loss_collection: Any = None, reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:  # fmt: skip
    """The cross-entropy of the sigmoid of each logit with its label, weighted."""
    x = _tf2.convert_to_tensor(logits)
    t = _smoothed(_tf2.cast(multi_class_labels, x.dtype), label_smoothing, 2)
    made = _tf2.nn.sigmoid_cross_entropy_with_logits(labels=t, logits=x)
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


def hinge_loss(
    labels: Any, logits: Any, weights: Any = 1.0, scope: Any = None, loss_collection: Any = None,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Any:  # fmt: skip
    """The hinge loss of labels 0 and 1, weighted."""
    x = _tf2.convert_to_tensor(logits)
    signs = 2 * _tf2.cast(labels, x.dtype) - 1
    return compute_weighted_loss(_tf2.nn.relu(1 - signs * x), weights, scope, loss_collection, reduction)


def cosine_distance(
    labels: Any, predictions: Any, axis: Any = None, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = None, reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS, dim: Any = None,
) -> Any:  # fmt: skip
    """One less the product of two vectors of length 1, weighted."""
    x = _tf2.convert_to_tensor(predictions)
    product = _tf2.cast(labels, x.dtype) * x
    made = 1 - _tf2.reduce_sum(product, axis=dim if axis is None else axis, keepdims=True)
    return compute_weighted_loss(made, weights, scope, loss_collection, reduction)


losses = Namespace(
    "tf.losses",
    Reduction=Reduction,
    compute_weighted_loss=compute_weighted_loss,
    mean_squared_error=_loss(lambda t, p: _tf2.math.squared_difference(p, t), "The squared error"),
    absolute_difference=_loss(lambda t, p: _tf2.abs(p - t), "The absolute error"),
    huber_loss=_loss(_huber, "Half the squared error up to ``delta``, beyond it the absolute one"),
    log_loss=_loss(_log_loss, "The cross-entropy with probabilities"),
    hinge_loss=hinge_loss,
    cosine_distance=cosine_distance,
    softmax_cross_entropy=softmax_cross_entropy,
    sparse_softmax_cross_entropy=sparse_softmax_cross_entropy,
    sigmoid_cross_entropy=sigmoid_cross_entropy,
)

# --- rates -----------------------------------------------------------------------------------------------------------


def _decay(make: Callable[..., Any], title: str) -> Callable[..., Any]:
    def apply(learning_rate: Any, global_step: Any, *args: Any, name: str | None = None, **more: Any) -> Any:
        schedule = make(learning_rate, *args, **more)
        return lambda: schedule(_tf2.cast(_tf2.convert_to_tensor(global_step), "float32"))

    apply.__doc__ = f"A function that gives the rate at the step a counter stands at: {title}."
    return apply


def _exponential(rate: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False) -> Any:
    return optimizers.schedules.ExponentialDecay(rate, decay_steps, decay_rate, staircase)


def _natural(rate: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False) -> Any:
    return _exponential(rate, decay_steps, float(np.exp(-decay_rate)), staircase)


def _inverse(rate: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False) -> Any:
    return optimizers.schedules.InverseTimeDecay(rate, decay_steps, decay_rate, staircase)


def _polynomial(
    rate: Any, decay_steps: Any, end_learning_rate: Any = 0.0001, power: float = 1.0, cycle: bool = False
) -> Any:
    return optimizers.schedules.PolynomialDecay(rate, decay_steps, end_learning_rate, power, cycle)


def _cosine(rate: Any, decay_steps: Any, alpha: float = 0.0) -> Any:
    return optimizers.schedules.CosineDecay(rate, decay_steps, alpha)


def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Any:
    """A function that gives the value of the piece in which a counter stands."""
    schedule = optimizers.schedules.PiecewiseConstantDecay(list(boundaries), list(values))
    return lambda: schedule(_tf2.cast(_tf2.convert_to_tensor(x), "float32"))


RATES = {
    "exponential_decay": _decay(_exponential, "exponential"),
    "natural_exp_decay": _decay(_natural, "exponential"),
    "inverse_time_decay": _decay(_inverse, "by the inverse of time"),
    "polynomial_decay": _decay(_polynomial, "along a power of the rest"),
    "cosine_decay": _decay(_cosine, "along half a cosine"),
    "piecewise_constant": piecewise_constant,
    "piecewise_constant_decay": piecewise_constant,
}

FUNCTIONS = (
    "Print assign assign_add assign_sub batch_gather div get_variable matching_files multinomial "
    "random_normal_initializer random_uniform_initializer reduce_join scatter_add scatter_nd_add scatter_nd_sub "
    "scatter_nd_update scatter_sub scatter_update shape_n sparse_to_dense truncated_normal_initializer "
    "verify_tensor_all_finite"
).split()
