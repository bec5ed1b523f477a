"""The losses of ``tf.contrib.gan``: of a discriminator's outputs (``losses.wargs``), and of models (``losses``)."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import losses, math, random, summary
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.variables import variable_scope

_COLLECTION = g.GraphKeys.LOSSES
_BY_NUMBER = losses.Reduction.SUM_BY_NONZERO_WEIGHTS


def _told(loss: Tensor, add_summaries: bool, name: str) -> Tensor:
    if add_summaries:
        summary.scalar(name, loss)
    return loss


def wasserstein_generator_loss(
    discriminator_gen_outputs: Any, weights: Any = 1.0, scope: Any = None, loss_collection: Any = _COLLECTION,
    reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """Minus what the discriminator says of generated data."""
    made = losses.compute_weighted_loss(
        -discriminator_gen_outputs, weights, scope, loss_collection, reduction
    )
    return _told(made, add_summaries, "generator_wass_loss")


def wasserstein_discriminator_loss(
    discriminator_real_outputs: Any, discriminator_gen_outputs: Any, real_weights: Any = 1.0,
    generated_weights: Any = 1.0, scope: Any = None, loss_collection: Any = _COLLECTION,
    reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """What the discriminator says of generated data less what it says of real data."""
    real, generated = (
        losses.compute_weighted_loss(x, w, scope, None, reduction)
        for x, w in (
            (discriminator_real_outputs, real_weights),
            (discriminator_gen_outputs, generated_weights),
        )
    )
    return _told(_kept(generated - real, loss_collection), add_summaries, "discriminator_wass_loss")


def _kept(loss: Tensor, collection: Any) -> Tensor:
    losses.add_loss(loss, collection)
    return loss


def wasserstein_gradient_penalty(
    real_data: Any, generated_data: Any, generator_inputs: Any, discriminator_fn: Any, discriminator_scope: Any,
    epsilon: float = 1e-10, target: float = 1.0, one_sided: bool = False, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """How far the slopes of the discriminator are from ``target``, between real and generated data (1704.00028)."""
    real, generated = g.convert_to_tensor(real_data), g.convert_to_tensor(generated_data)
    rank = real.get_shape().ndims or 2
    share = random.random_uniform(math.concat([math.shape(real)[:1], [1] * (rank - 1)], 0))
    between = real + share * (generated - real)
    with variable_scope(discriminator_scope, reuse=True):
        said = discriminator_fn(between, generator_inputs)
    said = said[0] if isinstance(said, tuple) else said
    slope = math.gradients(said, between)[0]
    sizes = math.sqrt(math.reduce_sum(math.square(slope), list(range(1, rank))) + epsilon)
    penalties = sizes / target - 1.0
    penalties = math.maximum(penalties, 0.0) if one_sided else penalties
    made = losses.compute_weighted_loss(math.square(penalties), weights, scope, loss_collection, reduction)
    return _told(made, add_summaries, "gradient_penalty_loss")


def minimax_discriminator_loss(
    discriminator_real_outputs: Any, discriminator_gen_outputs: Any, label_smoothing: float = 0.25,
    real_weights: Any = 1.0, generated_weights: Any = 1.0, scope: Any = None, loss_collection: Any = _COLLECTION,
    reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """The cross-entropy of real data as 1 (smoothed) and of generated data as 0; the outputs are logits."""
    real, generated = discriminator_real_outputs, discriminator_gen_outputs
    of_real = losses.sigmoid_cross_entropy(
        math.ones_like(real), real, real_weights, label_smoothing, scope, None, reduction
    )
    of_generated = losses.sigmoid_cross_entropy(
        math.zeros_like(generated), generated, generated_weights, 0, scope, None, reduction
    )
    return _told(_kept(of_real + of_generated, loss_collection), add_summaries, "discriminator_minimax_loss")


def minimax_generator_loss(
    discriminator_gen_outputs: Any, label_smoothing: float = 0.0, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """Minus the discriminator's loss of generated data."""
    made = -minimax_discriminator_loss(
        math.ones_like(discriminator_gen_outputs), discriminator_gen_outputs, label_smoothing, weights, weights,
        scope, None, reduction,
    )  # fmt: skip
    return _told(_kept(made, loss_collection), add_summaries, "generator_minimax_loss")


def modified_discriminator_loss(
    discriminator_real_outputs: Any, discriminator_gen_outputs: Any, label_smoothing: float = 0.25,
    real_weights: Any = 1.0, generated_weights: Any = 1.0, scope: Any = None, loss_collection: Any = _COLLECTION,
    reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """The same as the minimax loss."""
    return minimax_discriminator_loss(
        discriminator_real_outputs, discriminator_gen_outputs, label_smoothing, real_weights, generated_weights,
        scope, loss_collection, reduction, add_summaries,
    )  # fmt: skip


def modified_generator_loss(
    discriminator_gen_outputs: Any, label_smoothing: float = 0.0, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """The cross-entropy of generated data as 1; the outputs are logits."""
    made = losses.sigmoid_cross_entropy(
        math.ones_like(discriminator_gen_outputs), discriminator_gen_outputs, weights, label_smoothing, scope,
        loss_collection, reduction,
    )  # fmt: skip
    return _told(made, add_summaries, "generator_modified_loss")


def least_squares_generator_loss(
    discriminator_gen_outputs: Any, real_label: float = 1, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """Half the squared distance of generated data from ``real_label`` (arXiv:1611.04076)."""
    squares = math.squared_difference(discriminator_gen_outputs, real_label) * 0.5
    made = losses.compute_weighted_loss(squares, weights, scope, loss_collection, reduction)
    return _told(made, add_summaries, "generator_lsq_loss")


def least_squares_discriminator_loss(
    discriminator_real_outputs: Any, discriminator_gen_outputs: Any, real_label: float = 1, fake_label: float = 0,
    real_weights: Any = 1.0, generated_weights: Any = 1.0, scope: Any = None, loss_collection: Any = _COLLECTION,
    reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """Half the squared distances of real data from ``real_label`` and of generated data from ``fake_label``."""
    real, generated = (
        losses.compute_weighted_loss(math.squared_difference(x, label) * 0.5, w, scope, None, reduction)
        for x, label, w in (
            (discriminator_real_outputs, real_label, real_weights),
            (discriminator_gen_outputs, fake_label, generated_weights),
        )
    )
    return _told(_kept(real + generated, loss_collection), add_summaries, "discriminator_lsq_loss")


def acgan_discriminator_loss(
    discriminator_real_classification_logits: Any, discriminator_gen_classification_logits: Any,
    one_hot_labels: Any, label_smoothing: float = 0.0, real_weights: Any = 1.0, generated_weights: Any = 1.0,
    scope: Any = None, loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """The cross-entropies of the classes of real and generated data."""
    real, generated = (
        losses.softmax_cross_entropy(one_hot_labels, x, w, label_smoothing, scope, None, reduction)
        for x, w in (
            (discriminator_real_classification_logits, real_weights),
            (discriminator_gen_classification_logits, generated_weights),
        )
    )
    return _told(_kept(generated + real, loss_collection), add_summaries, "discriminator_ac_loss")


def acgan_generator_loss(
    discriminator_gen_classification_logits: Any, one_hot_labels: Any, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """The cross-entropy of the classes of generated data."""
    made = losses.softmax_cross_entropy(
        one_hot_labels, discriminator_gen_classification_logits, weights, 0, scope, loss_collection, reduction
    )
    return _told(made, add_summaries, "generator_ac_loss")


def mutual_information_penalty(
    structured_generator_inputs: Any, predicted_distributions: Any, weights: Any = 1.0, scope: Any = None,
    loss_collection: Any = _COLLECTION, reduction: str = _BY_NUMBER, add_summaries: bool = False,
) -> Tensor:  # fmt: skip
    """Minus the mean log probability of the structured inputs, as the discriminator sees them (arXiv:1606.03657)."""
    pairs = zip(predicted_distributions, structured_generator_inputs, strict=True)
    said = math.stack([math.reduce_mean(d.log_prob(x)) for d, x in pairs])
    made = -losses.compute_weighted_loss(said, weights, scope, None, reduction)
    return _told(_kept(made, loss_collection), add_summaries, "mutual_information_penalty")


_OF_OUTPUTS: dict[str, Callable[..., Tensor]] = {
    loss.__name__: loss
    for loss in (
        wasserstein_generator_loss, wasserstein_discriminator_loss, wasserstein_gradient_penalty,
        minimax_discriminator_loss, minimax_generator_loss, modified_discriminator_loss, modified_generator_loss,
        least_squares_generator_loss, least_squares_discriminator_loss, acgan_discriminator_loss,
        acgan_generator_loss, mutual_information_penalty,
    )
}  # fmt: skip


def _of_model(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The loss, which takes what it needs out of a model."""
    needed = [p.name for p in inspect.signature(loss).parameters.values() if p.default is p.empty]

    @functools.wraps(loss)
    def of_model(gan_model: Any, **options: Any) -> Tensor:
        missing = [name for name in needed if not hasattr(gan_model, name)]
        if missing:
            raise ValueError(
                f"tfgan.losses.{loss.__name__}: the model has no {', '.join(missing)}; "
                f"received {type(gan_model).__name__}"
            )
        return loss(**{name: getattr(gan_model, name) for name in needed}, **options)

    return of_model


wargs = Namespace("tf.contrib.gan.losses.wargs", **_OF_OUTPUTS)
of_models = Namespace(
    "tf.contrib.gan.losses", wargs=wargs, **{name: _of_model(loss) for name, loss in _OF_OUTPUTS.items()}
)
