"""``tf.contrib.gan``: a generator and a discriminator as a model, its losses, and how both are trained in turn."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import losses, math, metrics, monitored, session_hooks, summary, train
from thalweg.compat.tf1.contrib import gan_losses, layers
from thalweg.compat.tf1.contrib.training import create_train_op
from thalweg.compat.tf1.estimator import Estimator, EstimatorSpec, ModeKeys
from thalweg.compat.tf1.graph import Node, Tensor, default_graph
from thalweg.compat.tf1.variables import AUTO_REUSE, trainable_variables, variable_scope

_FIELDS = (
    "generator_inputs generated_data generator_variables generator_scope generator_fn real_data "
    "discriminator_real_outputs discriminator_gen_outputs discriminator_variables discriminator_scope discriminator_fn"
).split()


class GANModel(NamedTuple):
    """What a generator made of its inputs, and what a discriminator says of that and of real data."""

    generator_inputs: Any
    generated_data: Any
    generator_variables: Any
    generator_scope: Any
    generator_fn: Any
    real_data: Any
    discriminator_real_outputs: Any
    discriminator_gen_outputs: Any
    discriminator_variables: Any
    discriminator_scope: Any
    discriminator_fn: Any


class InfoGANModel(NamedTuple):
    """A model whose discriminator also says how the structured inputs are distributed."""

    generator_inputs: Any
    generated_data: Any
    generator_variables: Any
    generator_scope: Any
    generator_fn: Any
    real_data: Any
    discriminator_real_outputs: Any
    discriminator_gen_outputs: Any
    discriminator_variables: Any
    discriminator_scope: Any
    discriminator_fn: Any
    structured_generator_inputs: Any
    predicted_distributions: Any
    discriminator_and_aux_fn: Any


class ACGANModel(NamedTuple):
    """A model whose discriminator also tells classes."""

    generator_inputs: Any
    generated_data: Any
    generator_variables: Any
    generator_scope: Any
    generator_fn: Any
    real_data: Any
    discriminator_real_outputs: Any
    discriminator_gen_outputs: Any
    discriminator_variables: Any
    discriminator_scope: Any
    discriminator_fn: Any
    one_hot_labels: Any
    discriminator_real_classification_logits: Any
    discriminator_gen_classification_logits: Any


class GANLoss(NamedTuple):
    """The losses of both."""

    generator_loss: Any
    discriminator_loss: Any


class GANTrainOps(NamedTuple):
    """The steps of both, and what counts them."""

    generator_train_op: Any
    discriminator_train_op: Any
    global_step_inc_op: Any
    train_hooks: Any = ()


class GANTrainSteps(NamedTuple):
    """How many steps of each make one of the training."""

    generator_train_steps: int
    discriminator_train_steps: int


_ONE_EACH = GANTrainSteps(1, 1)

# --- models -----------------------------------------------------------------------------------------------------------


def _tensors(inputs: Any) -> Any:
    if isinstance(inputs, dict):
        return {name: g.convert_to_tensor(x) for name, x in inputs.items()}
    if isinstance(inputs, (list, tuple)):
        return type(inputs)(map(g.convert_to_tensor, inputs))
    return g.convert_to_tensor(inputs)


def _built(
    generator_fn: Any,
    discriminator_fn: Any,
    real_data: Any,
    inputs: Any,
    scopes: tuple[Any, Any],
    check: bool,
) -> tuple[dict[str, Any], Any, Any]:
    """The fields of a model, and all that the discriminator gives for real and for generated data."""
    inputs = _tensors(inputs)
    with variable_scope(scopes[0], reuse=AUTO_REUSE) as generator_scope:
        generated = generator_fn(inputs)
    real = _tensors(real_data)
    with variable_scope(scopes[1], reuse=AUTO_REUSE) as scope:
        of_generated = discriminator_fn(generated, inputs)
    with variable_scope(scope, reuse=True):
        of_real = discriminator_fn(real, inputs)
    if (
        check
        and isinstance(generated, Node)
        and not generated.get_shape().is_compatible_with(real.get_shape())
    ):
        raise ValueError(
            f"Generator output shape ({generated.get_shape()}) must be the same shape as real data "
            f"({real.get_shape()})."
        )
    made = (
        inputs, generated, trainable_variables(generator_scope.name), generator_scope, generator_fn, real, of_real,
        of_generated, trainable_variables(scope.name), scope, discriminator_fn,
    )  # fmt: skip
    return dict(zip(_FIELDS, made, strict=True)), of_real, of_generated


def gan_model(
    generator_fn: Callable[..., Any], discriminator_fn: Callable[..., Any], real_data: Any, generator_inputs: Any,
    generator_scope: Any = "Generator", discriminator_scope: Any = "Discriminator", check_shapes: bool = True,
) -> GANModel:  # fmt: skip
    """``generator_fn(inputs)`` and ``discriminator_fn(data, inputs)``, each in a scope of its own."""
    scopes = (generator_scope, discriminator_scope)
    return GANModel(
        **_built(generator_fn, discriminator_fn, real_data, generator_inputs, scopes, check_shapes)[0]
    )


def infogan_model(
    generator_fn: Callable[..., Any], discriminator_fn: Callable[..., Any], real_data: Any,
    unstructured_generator_inputs: Any, structured_generator_inputs: Any, generator_scope: Any = "Generator",
    discriminator_scope: Any = "Discriminator",
) -> InfoGANModel:  # fmt: skip
    """A model whose ``discriminator_fn`` gives (outputs, distributions of the structured inputs)."""
    inputs = [*unstructured_generator_inputs, *structured_generator_inputs]
    made, real, generated = _built(
        generator_fn, discriminator_fn, real_data, inputs, (generator_scope, discriminator_scope), True
    )
    made |= {
        "discriminator_real_outputs": real[0], "discriminator_gen_outputs": generated[0],
        "discriminator_fn": lambda data, inputs: discriminator_fn(data, inputs)[0],
    }  # fmt: skip
    structured = list(map(g.convert_to_tensor, structured_generator_inputs))
    return InfoGANModel(
        **made, structured_generator_inputs=structured, predicted_distributions=generated[1],
        discriminator_and_aux_fn=discriminator_fn,
    )  # fmt: skip


def acgan_model(
    generator_fn: Callable[..., Any], discriminator_fn: Callable[..., Any], real_data: Any, generator_inputs: Any,
    one_hot_labels: Any, generator_scope: Any = "Generator", discriminator_scope: Any = "Discriminator",
    check_shapes: bool = True,
) -> ACGANModel:  # fmt: skip
    """A model whose ``discriminator_fn`` gives (outputs, logits of the classes)."""
    made, real, generated = _built(
        generator_fn, discriminator_fn, real_data, generator_inputs, (generator_scope, discriminator_scope),
        check_shapes,
    )  # fmt: skip
    made |= {
        "discriminator_real_outputs": real[0], "discriminator_gen_outputs": generated[0],
        "discriminator_fn": lambda data, inputs: discriminator_fn(data, inputs)[0],
    }  # fmt: skip
    return ACGANModel(
        **made, one_hot_labels=g.convert_to_tensor(one_hot_labels),
        discriminator_real_classification_logits=real[1], discriminator_gen_classification_logits=generated[1],
    )  # fmt: skip


# --- losses -----------------------------------------------------------------------------------------------------------


def gan_loss(
    model: Any,
    generator_loss_fn: Any = gan_losses.of_models.wasserstein_generator_loss,
    discriminator_loss_fn: Any = gan_losses.of_models.wasserstein_discriminator_loss,
    gradient_penalty_weight: Any = None,
    gradient_penalty_epsilon: float = 1e-10,
    gradient_penalty_target: float = 1.0,
    gradient_penalty_one_sided: bool = False,
    mutual_information_penalty_weight: Any = None,
    aux_cond_generator_weight: Any = None,
    aux_cond_discriminator_weight: Any = None,
    tensor_pool_fn: Any = None,
    add_summaries: bool = True,
) -> GANLoss:
    """The losses of both, with what is asked for beside, and the penalties of the weights in each one's scope."""
    only("gan_loss", "tensor_pool_fn", tensor_pool_fn)
    of = gan_losses.of_models
    generator = generator_loss_fn(model, add_summaries=add_summaries)
    discriminator = discriminator_loss_fn(model, add_summaries=add_summaries)
    if gradient_penalty_weight is not None:
        discriminator += gradient_penalty_weight * of.wasserstein_gradient_penalty(
            model, epsilon=gradient_penalty_epsilon, target=gradient_penalty_target,
            one_sided=gradient_penalty_one_sided, add_summaries=add_summaries,
        )  # fmt: skip
    if mutual_information_penalty_weight is not None:
        information = of.mutual_information_penalty(model, add_summaries=add_summaries)
        generator += mutual_information_penalty_weight * information
        discriminator += mutual_information_penalty_weight * information
    if aux_cond_generator_weight is not None:
        generator += aux_cond_generator_weight * of.acgan_generator_loss(model, add_summaries=add_summaries)
    if aux_cond_discriminator_weight is not None:
        found = of.acgan_discriminator_loss(model, add_summaries=add_summaries)
        discriminator += aux_cond_discriminator_weight * found
    scopes = (model.generator_scope.name, model.discriminator_scope.name)
    penalties = [losses.get_regularization_loss(scope) for scope in scopes]
    return GANLoss(generator + penalties[0], discriminator + penalties[1])


# --- training ---------------------------------------------------------------------------------------------------------


def gan_train_ops(
    model: Any, loss: GANLoss, generator_optimizer: Any, discriminator_optimizer: Any,
    check_for_unused_update_ops: bool = True, is_chief: bool = True, **options: Any,
) -> GANTrainOps:  # fmt: skip
    """A step of each optimizer over the variables of its part, after the updates in its scope."""
    found = default_graph().get_collection
    key = g.GraphKeys.UPDATE_OPS
    parts = [found(key, model.generator_scope.name), found(key, model.discriminator_scope.name)]
    unused = {op.name for op in found(key)} - {op.name for part in parts for op in part}
    if check_for_unused_update_ops and unused:
        raise ValueError(f"There are unused update ops: {sorted(unused)}")
    made = []
    for name, optimizer, total, variables, updates in (
        ("generator_train", generator_optimizer, loss.generator_loss, model.generator_variables, parts[0]),
        ("discriminator_train", discriminator_optimizer, loss.discriminator_loss, model.discriminator_variables,
         parts[1]),
    ):  # fmt: skip
        with default_graph().name_scope(name):
            made.append(create_train_op(total, optimizer, None, updates, variables, **options))
    return GANTrainOps(made[0], made[1], train.get_or_create_global_step().assign_add(1))


class RunTrainOpsHook(session_hooks.SessionRunHook):
    """Before each step of the training, steps of one part."""

    def __init__(self, train_ops: Any, train_steps: int) -> None:
        self.train_ops = train_ops if isinstance(train_ops, (list, tuple)) else [train_ops]
        self.train_steps = train_steps

    def before_run(self, run_context: Any) -> None:
        for _ in range(self.train_steps):
            run_context.session.run(self.train_ops)


def get_sequential_train_hooks(
    train_steps: GANTrainSteps = _ONE_EACH,
) -> Callable[[Any], list[Any]]:
    """First the generator's steps, then the discriminator's."""

    def hooks(train_ops: GANTrainOps) -> list[Any]:
        pairs = zip(
            (train_ops.generator_train_op, train_ops.discriminator_train_op), train_steps, strict=True
        )
        return [*(RunTrainOpsHook(op, steps) for op, steps in pairs), *train_ops.train_hooks]

    return hooks


def get_joint_train_hooks(train_steps: GANTrainSteps = _ONE_EACH) -> Callable[[Any], list[Any]]:
    """Steps of both at once, as many as both have, then the rest of the one that has more."""
    both = min(train_steps)
    rest = [steps - both for steps in train_steps]

    def hooks(train_ops: GANTrainOps) -> list[Any]:
        ops = [train_ops.generator_train_op, train_ops.discriminator_train_op]
        alone = [RunTrainOpsHook(op, steps) for op, steps in zip(ops, rest, strict=True)]
        return [RunTrainOpsHook(ops, both), *alone, *train_ops.train_hooks]

    return hooks


def get_sequential_train_steps(train_steps: GANTrainSteps = _ONE_EACH) -> Callable[..., Any]:
    """A function that does the steps in a session: (sum of the losses, whether to stop)."""

    def steps(
        sess: Any, train_ops: GANTrainOps, global_step: Any, train_step_kwargs: Any
    ) -> tuple[Any, bool]:
        total = 0.0
        for op, count in zip(
            (train_ops.generator_train_op, train_ops.discriminator_train_op), train_steps, strict=True
        ):
            for _ in range(count):
                total += np.mean(sess.run(op))
        sess.run(train_ops.global_step_inc_op)
        stop = (train_step_kwargs or {}).get("should_stop")
        return total, bool(sess.run(stop)) if stop is not None else False

    return steps


def gan_train(
    train_ops: GANTrainOps, logdir: str, get_hooks_fn: Any = None, master: str = "", is_chief: bool = True,
    scaffold: Any = None, hooks: Any = None, chief_only_hooks: Any = None, save_checkpoint_secs: Any = 600,
    save_summaries_steps: Any = 100, config: Any = None,
) -> Any:  # fmt: skip
    """Train until a hook stops it; the last step's number."""
    made = (get_hooks_fn or get_sequential_train_hooks())(train_ops)
    found = None
    with monitored.MonitoredTrainingSession(
        master, is_chief, logdir, scaffold, [*made, *(hooks or ())], chief_only_hooks, save_checkpoint_secs,
        save_summaries_steps, config=config,
    ) as session:  # fmt: skip
        while not session.should_stop():
            found = session.run(train_ops.global_step_inc_op)
    return found


# --- as an estimator --------------------------------------------------------------------------------------------------


class GANEstimator(Estimator):
    """A model trained with ``input_fn`` that gives (the generator's inputs, real data); it predicts generated data."""

    def __init__(
        self,
        model_dir: str | None = None,
        generator_fn: Any = None,
        discriminator_fn: Any = None,
        generator_loss_fn: Any = None,
        discriminator_loss_fn: Any = None,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        get_hooks_fn: Any = None,
        get_eval_metric_ops_fn: Any = None,
        add_summaries: Any = None,
        use_loss_summaries: bool = True,
        config: Any = None,
        warm_start_from: Any = None,
        is_chief: bool = True,
    ) -> None:
        only("GANEstimator", "warm_start_from", warm_start_from)
        self._parts = generator_fn, discriminator_fn
        self._losses = generator_loss_fn, discriminator_loss_fn
        self._optimizers = generator_optimizer, discriminator_optimizer
        self._hooks, self._measures = get_hooks_fn or get_sequential_train_hooks(), get_eval_metric_ops_fn
        self._tells = bool(use_loss_summaries)
        super().__init__(self._model, model_dir, config)

    def _in_mode(self, function: Any, mode: str) -> Any:
        takes = "mode" in inspect.signature(function).parameters
        return (lambda *args: function(*args, mode=mode)) if takes else function

    def _model(self, features: Any, labels: Any, mode: str) -> EstimatorSpec:
        generator, discriminator = (self._in_mode(part, mode) for part in self._parts)
        if mode == ModeKeys.PREDICT:
            with variable_scope("Generator"):
                return EstimatorSpec(mode, generator(features))
        model = gan_model(generator, discriminator, labels, features, check_shapes=False)
        loss = GANLoss(*(fn(model, add_summaries=self._tells) for fn in self._losses))
        if mode == ModeKeys.EVAL:
            found = {
                "generator_loss": metrics.mean(loss.generator_loss),
                "discriminator_loss": metrics.mean(loss.discriminator_loss),
                **(self._measures(model) if self._measures else {}),
            }
            return EstimatorSpec(mode, model.generated_data, loss.discriminator_loss, eval_metric_ops=found)
        rules = [rule() if callable(rule) else rule for rule in self._optimizers]
        ops = gan_train_ops(model, loss, *rules)
        return EstimatorSpec(
            mode, None, loss.discriminator_loss, ops.global_step_inc_op, training_hooks=self._hooks(ops)
        )


# --- pictures and conditions ------------------------------------------------------------------------------------------


def image_reshaper(images: Any, num_cols: int | None = None) -> Tensor:
    """Pictures [n, h, w, c] side by side as one, [1, rows * h, num_cols * w, c]."""
    rows = math.unstack(images) if isinstance(images, Node) else list(images)
    columns = int(num_cols or np.ceil(np.sqrt(len(rows))))
    rows += [math.zeros_like(rows[-1])] * (-len(rows) % columns)
    lines = [math.concat(rows[k : k + columns], 1) for k in range(0, len(rows), columns)]
    return math.expand_dims(math.concat(lines, 0), 0)


def image_grid(
    input_tensor: Any, grid_shape: Any, image_shape: Any = (32, 32), num_channels: int = 3
) -> Tensor:
    """Pictures [n, ...] in a grid of (rows, columns) as one, [1, rows * h, columns * w, num_channels]."""
    rows, columns = (int(n) for n in grid_shape)
    height, width = (int(n) for n in image_shape)
    count = input_tensor.get_shape()[0].value
    if count is not None and count != rows * columns:
        raise ValueError(
            f"image_grid: grid_shape {tuple(grid_shape)} holds {rows * columns} pictures, received {count}"
        )
    parts = math.reshape(input_tensor, [rows, columns, height, width, num_channels])
    return math.reshape(
        math.transpose(parts, [0, 2, 1, 3, 4]), [1, rows * height, columns * width, num_channels]
    )


def add_gan_model_image_summaries(gan_model: Any, grid_size: int = 4, model_summaries: bool = True) -> None:
    """Summaries of the first ``grid_size ** 2`` real and generated pictures."""
    for name, data in (("real_data", gan_model.real_data), ("generated_data", gan_model.generated_data)):
        summary.image(name, image_reshaper(data[: grid_size**2], grid_size) if _counted(data) else data)
    if model_summaries:
        add_gan_model_summaries(gan_model)


def _counted(data: Tensor) -> bool:
    return data.get_shape()[0].value is not None


def add_gan_model_summaries(gan_model: Any) -> None:
    """Summaries of all variables and of what the discriminator says."""
    for variable in [*gan_model.generator_variables, *gan_model.discriminator_variables]:
        summary.histogram(variable.op.name, variable)
    for name in ("discriminator_real_outputs", "discriminator_gen_outputs"):
        summary.histogram(name, getattr(gan_model, name))


def add_regularization_loss_summaries(gan_model: Any) -> None:
    """Summaries of the penalties of both parts."""
    for part in ("generator", "discriminator"):
        scope = getattr(gan_model, f"{part}_scope").name
        summary.scalar(f"{part}_regularization_loss", losses.get_regularization_loss(scope))


def condition_tensor(tensor: Any, conditioning: Any) -> Tensor:
    """The tensor plus a learned projection of what it is conditioned on."""
    lengths = tensor.get_shape().as_list()[1:]
    made = layers.linear(layers.flatten(conditioning), int(np.prod(lengths)))
    return tensor + math.reshape(made, [-1, *lengths])


def condition_tensor_from_onehot(tensor: Any, one_hot_labels: Any, embedding_size: int = 256) -> Tensor:
    """The same, conditioned on learned vectors of classes."""
    classes = one_hot_labels.get_shape()[1].value
    found = layers.embed_sequence(math.argmax(one_hot_labels, 1), classes, embedding_size)
    return condition_tensor(tensor, found)


gan = Namespace(
    "tf.contrib.gan",
    GANModel=GANModel, InfoGANModel=InfoGANModel, ACGANModel=ACGANModel, GANLoss=GANLoss, GANTrainOps=GANTrainOps,
    GANTrainSteps=GANTrainSteps, RunTrainOpsHook=RunTrainOpsHook, gan_model=gan_model, infogan_model=infogan_model,
    acgan_model=acgan_model, gan_loss=gan_loss, gan_train_ops=gan_train_ops, gan_train=gan_train,
    get_sequential_train_hooks=get_sequential_train_hooks, get_joint_train_hooks=get_joint_train_hooks,
    get_sequential_train_steps=get_sequential_train_steps,
    losses=gan_losses.of_models,
    estimator=Namespace("tf.contrib.gan.estimator", GANEstimator=GANEstimator),
    eval=Namespace(
        "tf.contrib.gan.eval", image_reshaper=image_reshaper, image_grid=image_grid,
        add_gan_model_image_summaries=add_gan_model_image_summaries, add_gan_model_summaries=add_gan_model_summaries,
        add_regularization_loss_summaries=add_regularization_loss_summaries,
    ),
    features=Namespace(
        "tf.contrib.gan.features", condition_tensor=condition_tensor,
        condition_tensor_from_onehot=condition_tensor_from_onehot,
    ),
)  # fmt: skip
