"""``tf.contrib.distributions.bijectors``: functions that can be turned back, and how much they stretch."""

from __future__ import annotations

import math as _math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace, only
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import layers, math, nn
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.initializers import glorot_normal_initializer, zeros_initializer
from thalweg.compat.tf1.variables import get_variable, variable_scope
from thalweg.compat.tf1.variables.scopes import make_template


class Bijector:
    """A function that can be turned back. ``forward_min_event_ndims``: how many of the last axes belong together.

    A subclass says ``_forward(x)``, ``_inverse(y)`` and one of ``_forward_log_det_jacobian(x)`` and
    ``_inverse_log_det_jacobian(y)``: the logarithm of the stretching, over what belongs together.
    """

    forward_min_event_ndims = 0

    def __init__(
        self,
        event_ndims: int | None = None,
        graph_parents: Any = None,
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        dtype: Any = None,
        forward_min_event_ndims: int | None = None,
        inverse_min_event_ndims: int | None = None,
        name: str | None = None,
    ) -> None:
        told = event_ndims if forward_min_event_ndims is None else forward_min_event_ndims
        if told is not None:
            self.forward_min_event_ndims = int(told)
        self.name = name or type(self).__name__

    def _forward(self, x: Any) -> Any:
        raise NotImplementedError("forward not implemented.")

    def _inverse(self, y: Any) -> Any:
        raise NotImplementedError("inverse not implemented")

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return -self._inverse_log_det_jacobian(self.forward(x))

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return -self._forward_log_det_jacobian(self.inverse(y))

    def forward(self, x: Any, name: str | None = None) -> Tensor:
        """The function."""
        return self._forward(g.convert_to_tensor(x))  # type: ignore[no-any-return]

    __call__ = forward

    def inverse(self, y: Any, name: str | None = None) -> Tensor:
        """The function turned back."""
        return self._inverse(g.convert_to_tensor(y))  # type: ignore[no-any-return]

    def forward_log_det_jacobian(
        self, x: Any, event_ndims: int | None = None, name: str | None = None
    ) -> Tensor:
        """The logarithm of the stretching at ``x``, summed over ``event_ndims`` axes."""
        node = g.convert_to_tensor(x)
        return self._summed(self._forward_log_det_jacobian(node), node, event_ndims)

    def inverse_log_det_jacobian(
        self, y: Any, event_ndims: int | None = None, name: str | None = None
    ) -> Tensor:
        """The logarithm of the stretching of the function turned back at ``y``, summed over ``event_ndims`` axes."""
        node = g.convert_to_tensor(y)
        return self._summed(self._inverse_log_det_jacobian(node), node, event_ndims)

    def _summed(self, stretching: Any, at: Tensor, event_ndims: int | None) -> Tensor:
        own = self.forward_min_event_ndims
        rest = 0 if event_ndims is None else int(event_ndims) - own
        if rest < 0:
            raise ValueError(f"{self.name}: event_ndims must be at least {own}; received {event_ndims}")
        if not rest:
            return g.convert_to_tensor(stretching)
        each = math.reduce_sum(at, list(range(-own, 0))) if own else at
        spread = stretching + math.zeros_like(each)
        return math.reduce_sum(spread, list(range(-rest, 0)))


class Identity(Bijector):
    """Nothing is done."""

    def _forward(self, x: Any) -> Any:
        return x

    def _inverse(self, y: Any) -> Any:
        return y

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return math.zeros_like(x)


class Exp(Bijector):
    """``exp(x)``."""

    def _forward(self, x: Any) -> Any:
        return math.exp(x)

    def _inverse(self, y: Any) -> Any:
        return math.log(y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return x

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return -math.log(y)


class Sigmoid(Bijector):
    """``1 / (1 + exp(-x))``."""

    def _forward(self, x: Any) -> Any:
        return math.sigmoid(x)

    def _inverse(self, y: Any) -> Any:
        return math.log(y) - math.log1p(-y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return -nn.softplus(-x) - nn.softplus(x)

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return -math.log(y) - math.log1p(-y)


class Tanh(Bijector):
    """``tanh(x)``."""

    def _forward(self, x: Any) -> Any:
        return math.tanh(x)

    def _inverse(self, y: Any) -> Any:
        return math.atanh(y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return 2.0 * (_math.log(2.0) - x - nn.softplus(-2.0 * x))


class Softplus(Bijector):
    """``log(1 + exp(x))``."""

    def _forward(self, x: Any) -> Any:
        return nn.softplus(x)

    def _inverse(self, y: Any) -> Any:
        return y + math.log(-math.expm1(-y))

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return -nn.softplus(-x)

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return -math.log(-math.expm1(-y))


class PowerTransform(Bijector):
    """``(1 + c x) ** (1 / c)``; ``exp(x)`` for a ``power`` c of 0."""

    def __init__(self, power: float = 0.0, validate_args: bool = False, name: str | None = None) -> None:
        super().__init__(name=name)
        self.power = float(power)

    def _forward(self, x: Any) -> Any:
        return math.exp(x if self.power == 0.0 else math.log1p(x * self.power) / self.power)

    def _inverse(self, y: Any) -> Any:
        return math.log(y) if self.power == 0.0 else math.expm1(math.log(y) * self.power) / self.power

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return (self.power - 1.0) * math.log(y)


class AffineScalar(Bijector):
    """``scale * x + shift``."""

    def __init__(
        self, shift: Any = None, scale: Any = None, validate_args: bool = False, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.shift = 0.0 if shift is None else g.convert_to_tensor(shift)
        self.scale = g.constant(1.0) if scale is None else g.convert_to_tensor(scale)

    def _forward(self, x: Any) -> Any:
        return self.scale * x + self.shift

    def _inverse(self, y: Any) -> Any:
        return (y - self.shift) / self.scale

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return math.log(math.abs(self.scale)) + math.zeros_like(x)


class Affine(Bijector):
    """``scale @ x + shift`` of rows; ``scale`` is the sum of what is given: a multiple of the identity, a diagonal, a
    lower triangle.
    """

    forward_min_event_ndims = 1

    def __init__(
        self,
        shift: Any = None,
        scale_identity_multiplier: Any = None,
        scale_diag: Any = None,
        scale_tril: Any = None,
        scale_perturb_factor: Any = None,
        scale_perturb_diag: Any = None,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        only("bijectors.Affine", "scale_perturb_factor", scale_perturb_factor)
        only("bijectors.Affine", "scale_perturb_diag", scale_perturb_diag)
        self.shift = 0.0 if shift is None else g.convert_to_tensor(shift)
        times = None if scale_identity_multiplier is None else g.convert_to_tensor(scale_identity_multiplier)
        diagonal = None if scale_diag is None else g.convert_to_tensor(scale_diag)
        if times is not None:
            times = math.expand_dims(times, -1)
            diagonal = times if diagonal is None else diagonal + times
        self.lower: Tensor | None = None
        if scale_tril is not None:
            self.lower = math.matrix_band_part(g.convert_to_tensor(scale_tril), -1, 0)
            if diagonal is not None:
                kept = math.matrix_diag_part(self.lower)
                self.lower = math.matrix_set_diag(self.lower, kept + diagonal)
        self.diagonal = g.constant(1.0) if diagonal is None else diagonal

    def _forward(self, x: Any) -> Any:
        if self.lower is None:
            return self.diagonal * x + self.shift
        return math.reduce_sum(self.lower * math.expand_dims(x, -2), -1) + self.shift

    def _inverse(self, y: Any) -> Any:
        apart = y - self.shift
        if self.lower is None:
            return apart / self.diagonal
        lower = self.lower + math.zeros_like(math.expand_dims(apart, -1))
        return math.matrix_triangular_solve(lower, math.expand_dims(apart, -1))[..., 0]

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        each = self.diagonal + math.zeros_like(x) if self.lower is None else math.matrix_diag_part(self.lower)
        return math.reduce_sum(math.log(math.abs(each)), -1)


class Invert(Bijector):
    """Another one, the other way round."""

    def __init__(self, bijector: Bijector, validate_args: bool = False, name: str | None = None) -> None:
        super().__init__(forward_min_event_ndims=bijector.forward_min_event_ndims, name=name)
        self.bijector = bijector

    def _forward(self, x: Any) -> Any:
        return self.bijector.inverse(x)

    def _inverse(self, y: Any) -> Any:
        return self.bijector.forward(y)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return self.bijector.inverse_log_det_jacobian(x, self.forward_min_event_ndims)

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return self.bijector.forward_log_det_jacobian(y, self.forward_min_event_ndims)


class Chain(Bijector):
    """Several, the last one first."""

    def __init__(
        self,
        bijectors: Sequence[Bijector] | None = None,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        self.bijectors = list(bijectors or ())
        widest = max((b.forward_min_event_ndims for b in self.bijectors), default=0)
        super().__init__(forward_min_event_ndims=widest, name=name)

    def _forward(self, x: Any) -> Any:
        for one in reversed(self.bijectors):
            x = one.forward(x)
        return x

    def _inverse(self, y: Any) -> Any:
        for one in self.bijectors:
            y = one.inverse(y)
        return y

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        total: Any = 0.0
        for one in reversed(self.bijectors):
            total = total + one.forward_log_det_jacobian(x, self.forward_min_event_ndims)
            x = one.forward(x)
        return total

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        total: Any = 0.0
        for one in self.bijectors:
            total = total + one.inverse_log_det_jacobian(y, self.forward_min_event_ndims)
            y = one.inverse(y)
        return total


class Inline(Bijector):
    """Functions of a program's own."""

    def __init__(
        self,
        forward_fn: Callable[..., Any] | None = None,
        inverse_fn: Callable[..., Any] | None = None,
        inverse_log_det_jacobian_fn: Callable[..., Any] | None = None,
        forward_log_det_jacobian_fn: Callable[..., Any] | None = None,
        forward_event_shape_fn: Any = None,
        forward_event_shape_tensor_fn: Any = None,
        inverse_event_shape_fn: Any = None,
        inverse_event_shape_tensor_fn: Any = None,
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        forward_min_event_ndims: int | None = None,
        inverse_min_event_ndims: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(forward_min_event_ndims=forward_min_event_ndims, name=name)
        given = {
            "_forward": forward_fn,
            "_inverse": inverse_fn,
            "_inverse_log_det_jacobian": inverse_log_det_jacobian_fn,
            "_forward_log_det_jacobian": forward_log_det_jacobian_fn,
        }
        for name_of, fn in given.items():
            if fn is not None:
                setattr(self, name_of, fn)


class Permute(Bijector):
    """The numbers of rows in another order."""

    forward_min_event_ndims = 1

    def __init__(self, permutation: Any, validate_args: bool = False, name: str | None = None) -> None:
        super().__init__(name=name)
        self.permutation = g.convert_to_tensor(permutation)

    def _forward(self, x: Any) -> Any:
        return math.gather(x, self.permutation, axis=-1)

    def _inverse(self, y: Any) -> Any:
        return math.gather(y, math.invert_permutation(self.permutation), axis=-1)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        return 0.0 * math.reduce_sum(x, -1)


class RealNVP(Bijector):
    """The first ``num_masked`` numbers of rows say how the others are stretched and moved (Dinh et al., 2016).

    ``shift_and_log_scale_fn(first, number of others)`` gives both; None of the second stretches nothing.
    """

    forward_min_event_ndims = 1

    def __init__(
        self,
        num_masked: int,
        shift_and_log_scale_fn: Callable[..., Any],
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.masked, self.fn = int(num_masked), shift_and_log_scale_fn

    def _parts(self, x: Any) -> tuple[Any, Any, Any, Any]:
        count = x.get_shape()[-1].value - self.masked
        shift, stretch = self.fn(x[..., : self.masked], count)
        return x[..., : self.masked], x[..., self.masked :], shift, stretch

    def _forward(self, x: Any) -> Any:
        first, rest, shift, stretch = self._parts(x)
        rest = rest if stretch is None else rest * math.exp(stretch)
        return math.concat([first, rest if shift is None else rest + shift], -1)

    def _inverse(self, y: Any) -> Any:
        first, rest, shift, stretch = self._parts(y)
        rest = rest if shift is None else rest - shift
        return math.concat([first, rest if stretch is None else rest * math.exp(-stretch)], -1)

    def _forward_log_det_jacobian(self, x: Any) -> Any:
        stretch = self._parts(x)[3]
        return 0.0 * x[..., 0] if stretch is None else math.reduce_sum(stretch, -1)

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        return -self._forward_log_det_jacobian(y)


class MaskedAutoregressiveFlow(Bijector):
    """Each number of rows is stretched and moved by those before it (Papamakarios et al., 2017).

    ``shift_and_log_scale_fn(row)`` gives both, its k-th numbers of those before the k-th alone. Backwards it is one
    step, forwards one for each number.
    """

    forward_min_event_ndims = 1

    def __init__(
        self,
        shift_and_log_scale_fn: Callable[..., Any],
        is_constant_jacobian: bool = False,
        validate_args: bool = False,
        unroll_loop: bool = False,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.fn = shift_and_log_scale_fn

    def _forward(self, x: Any) -> Any:
        y = math.zeros_like(x)
        for _ in range(x.get_shape()[-1].value):
            shift, stretch = self.fn(y)
            y = x if stretch is None else x * math.exp(stretch)
            y = y if shift is None else y + shift
        return y

    def _inverse(self, y: Any) -> Any:
        shift, stretch = self.fn(y)
        x = y if shift is None else y - shift
        return x if stretch is None else x * math.exp(-stretch)

    def _inverse_log_det_jacobian(self, y: Any) -> Any:
        stretch = self.fn(y)[1]
        return 0.0 * y[..., 0] if stretch is None else -math.reduce_sum(stretch, -1)


def masked_dense(
    inputs: Any,
    units: int,
    num_blocks: int | None = None,
    exclusive: bool = False,
    kernel_initializer: Any = None,
    reuse: Any = None,
    name: str | None = None,
    *,
    activation: Callable[..., Any] | None = None,
    use_bias: bool = True,
    bias_initializer: Any = None,
) -> Tensor:
    """A dense layer whose units read the inputs of the blocks up to theirs, without their own if ``exclusive``."""
    if num_blocks is None:
        raise ValueError("masked_dense: num_blocks must be given: how many numbers follow on each other")
    node = g.convert_to_tensor(inputs)
    width = node.get_shape()[-1].value
    if min(width, units) < num_blocks:
        raise ValueError(
            f"masked_dense: {num_blocks} blocks need as many inputs and units; received {width}, {units}"
        )
    source = np.arange(width)[:, None] // (width // num_blocks)
    target = np.arange(units) // (units // num_blocks)
    reads = (source < target if exclusive else source <= target) & (source < num_blocks)
    mask = reads.astype(node.dtype.as_numpy_dtype)
    with variable_scope(name, "dense", reuse=reuse):
        kernel = get_variable(
            "kernel", [width, units], node.dtype, kernel_initializer or glorot_normal_initializer()
        )
        made = math.matmul(node, kernel * mask)
        if use_bias:
            made = made + get_variable("bias", [units], node.dtype, bias_initializer or zeros_initializer())
        return made if activation is None else activation(made)


def _shift_and_stretch(x: Tensor, shift_only: bool, form: Any, clip: Callable[[Tensor], Tensor]) -> Any:
    """(shift, logarithm of the stretching) of what a network gives for each number."""
    if shift_only:
        return math.reshape(x, form), None
    both = math.reshape(x, math.concat([form, [2]], 0))
    return both[..., 0], clip(both[..., 1])


def masked_autoregressive_default_template(
    hidden_layers: Sequence[int],
    shift_only: bool = False,
    activation: Callable[..., Any] = nn.relu,
    log_scale_min_clip: float = -5.0,
    log_scale_max_clip: float = 3.0,
    log_scale_clip_gradient: bool = False,
    name: str | None = None,
    **options: Any,
) -> Any:
    """A masked network (Germain et al., 2015) for :class:`MaskedAutoregressiveFlow`."""

    def clip(x: Tensor) -> Tensor:
        inside = math.clip_by_value(x, log_scale_min_clip, log_scale_max_clip)
        return inside if log_scale_clip_gradient else x + math.stop_gradient(inside - x)

    def network(row: Any) -> Any:
        form, size = math.shape(row), row.get_shape()[-1].value
        x = math.expand_dims(row, 0) if row.get_shape().ndims == 1 else row
        for k, units in enumerate(hidden_layers):
            x = masked_dense(x, units, size, exclusive=k == 0, activation=activation, **options)
        wide = size if shift_only else 2 * size
        x = masked_dense(x, wide, size, exclusive=not hidden_layers, **options)
        return _shift_and_stretch(x, shift_only, form, clip)

    return make_template(name or "masked_autoregressive_default_template", network)


def real_nvp_default_template(
    hidden_layers: Sequence[int],
    shift_only: bool = False,
    activation: Callable[..., Any] = nn.relu,
    name: str | None = None,
    **options: Any,
) -> Any:
    """A dense network for :class:`RealNVP`."""

    def network(first: Any, output_units: int) -> Any:
        x = math.expand_dims(first, 0) if first.get_shape().ndims == 1 else first
        for units in hidden_layers:
            x = layers.dense(x, units, activation, **options)
        x = layers.dense(x, output_units if shift_only else 2 * output_units, **options)
        x = x[0] if first.get_shape().ndims == 1 else x
        return (x, None) if shift_only else tuple(math.split(x, 2, -1))

    return make_template(name or "real_nvp_default_template", network)


bijectors = Namespace(
    "tf.contrib.distributions.bijectors",
    **{
        thing.__name__: thing
        for thing in (
            Bijector, Identity, Exp, Sigmoid, Tanh, Softplus, PowerTransform, AffineScalar, Affine, Invert, Chain,
            Inline, Permute, RealNVP, MaskedAutoregressiveFlow, masked_dense, masked_autoregressive_default_template,
            real_nvp_default_template,
        )
    },
)  # fmt: skip
