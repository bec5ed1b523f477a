"""Layers, and a penalty, that only Keras 0.x and 1 had."""

from __future__ import annotations

from typing import Any

from thalweg import layers as main
from thalweg.compat.keras.backend.networks import _transposed_to
from thalweg.compat.keras.custom import OwnLayer
from thalweg.errors import ShapeError, fail
from thalweg.graph.op import convert_operands
from thalweg.graph.tensor import shape_text
from thalweg.initializers import Constant
from thalweg.layers import ReLU, activations
from thalweg.nn import sigmoid, softplus
from thalweg.ops.elementwise import maximum, sqrt, where
from thalweg.ops.linalg import vector_norm
from thalweg.ops.reduce import mean, sum
from thalweg.registry import register
from thalweg.regularizers import Regularizer


class MaskedLayer(OwnLayer):
    """What layers of Keras 0.x that hand masks on derive from."""

    supports_masking = True


class AutoEncoder(OwnLayer):
    """``decoder(encoder(x))``, or ``encoder(x)`` where ``output_reconstruction`` is False (Keras 0.x)."""

    def __init__(
        self, encoder: Any, decoder: Any, output_reconstruction: bool = True, **options: Any
    ) -> None:
        super().__init__(**options)
        self.encoder, self.decoder, self.output_reconstruction = encoder, decoder, output_reconstruction
        if self.input_shape_given is None:
            first = getattr(encoder, "layers", [encoder])[0]
            self.input_shape_given = first.input_shape_given

    def call(self, inputs: Any) -> Any:
        code = self.encoder(inputs)
        return self.decoder(code) if self.output_reconstruction else code


class CausalAttention(main.Attention):
    """Attention of TensorFlow 2.0 to 2.9, which is told once and for all to look at no later step."""

    def __init__(self, *args: Any, causal: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.causal = causal

    def call(  # type: ignore[override]
        self, inputs: Any, mask: Any = None, training: Any = False, return_attention_scores: bool = False
    ) -> Any:
        return super().call(inputs, mask, training, return_attention_scores, self.causal)


class CausalAdditiveAttention(main.AdditiveAttention):
    """The same of sums."""

    def __init__(self, *args: Any, causal: bool = True, **options: Any) -> None:
        super().__init__(*args, **options)
        self.causal = causal

    def call(  # type: ignore[override]
        self, inputs: Any, mask: Any = None, training: Any = False, return_attention_scores: bool = False
    ) -> Any:
        return super().call(inputs, mask, training, return_attention_scores, self.causal)


@register("custom")
class Deconvolution2D(main.Conv2DTranspose):
    """A transposed convolution that is told the shape of its outputs, with the batch: Keras 1."""

    def __init__(self, *args: Any, output_shape: Any = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.output_shape_given = output_shape

    def call(self, inputs: Any) -> Any:
        self.channels(inputs.shape)
        steps = (self.strides, self.padding, self.data_format, self.dilation_rate)
        x = self.floats(inputs)
        return self.finish(_transposed_to(self.name, self.output_shape_given, x, self.kernel, *steps))


@register("custom")
class EigenvalueRegularizer(Regularizer):
    """``k`` times the root of the largest eigenvalue of ``W^T W``, found in nine steps of the power method: Keras 1."""

    def __init__(self, k: float) -> None:
        self.k = float(k)

    def __call__(self, x: Any) -> Any:
        (x,) = convert_operands([x])
        if x.ndim != 2:
            raise fail(ShapeError, "EigenvalueRegularizer", expected="a matrix", received=shape_text(x.shape))
        turned = x.T @ x
        v = sum(turned, axis=1, keepdims=True)  # of ones
        for _ in range(8):
            v = turned @ (v / maximum(vector_norm(v), 1e-30))
        v = v / maximum(vector_norm(v), 1e-30)
        return self.k * sqrt(maximum(sum(v * (turned @ v)), 1e-30))


class Highway(OwnLayer):
    """``t = sigmoid(x W_carry + b_carry)``; ``t activation(x W + b) + (1 - t) x`` (Srivastava and others 2015)."""

    def __init__(
        self, init: Any = "glorot_uniform", activation: Any = None, bias: bool = True, **options: Any
    ) -> None:
        super().__init__(
            **{k: v for k, v in options.items() if not k.endswith(("_regularizer", "_constraint"))}
        )
        self.init, self.function, self.bias = init, activations.get(activation), bias
        self.limits_given = {k: v for k, v in options.items() if k.endswith(("_regularizer", "_constraint"))}

    def build(self, input_shape: Any) -> None:
        n, given = input_shape[-1], self.limits_given
        self.W = self.add_weight((n, n), self.init, name="W", regularizer=given.get("W_regularizer"),
                                 constraint=given.get("W_constraint"))  # fmt: skip
        self.W_carry = self.add_weight((n, n), self.init, name="W_carry")
        if self.bias:
            self.b = self.add_weight((n,), "zeros", name="b", regularizer=given.get("b_regularizer"),
                                     constraint=given.get("b_constraint"))  # fmt: skip
            self.b_carry = self.add_weight((n,), "ones", name="b_carry")

    def call(self, inputs: Any) -> Any:
        x, y = inputs @ self.W_carry, inputs @ self.W
        share: Any = sigmoid(x + self.b_carry if self.bias else x)
        return share * self.function(y + self.b if self.bias else y) + (1.0 - share) * inputs


class _Shared(OwnLayer):
    """Weights of the shape of one example, of length 1 along the ``shared_axes``."""

    def __init__(self, shared_axes: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.shared_axes = [shared_axes] if isinstance(shared_axes, int) else list(shared_axes or ())

    def one(self, input_shape: Any, name: str, init: Any) -> Any:
        """One of them."""
        shape = [1 if k in self.shared_axes else n for k, n in enumerate(input_shape)][1:]
        return self.add_weight(tuple(shape), init, name=name)


class SReLU(_Shared):
    """x between two thresholds, beyond them lines of their own slopes; all four are learned (Jin and others 2015)."""

    def __init__(
        self, t_left_init: Any = "zeros", a_left_init: Any = "glorot_uniform", t_right_init: Any = "glorot_uniform",
        a_right_init: Any = "ones", shared_axes: Any = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(shared_axes, **options)
        self.inits = (t_left_init, a_left_init, t_right_init, a_right_init)

    def build(self, input_shape: Any) -> None:
        names = ("t_left", "a_left", "t_right", "a_right")
        self.parts = [self.one(input_shape, n, init) for n, init in zip(names, self.inits)]

    def call(self, inputs: Any) -> Any:
        left, a, width, b = self.parts
        right = left + abs(width)
        low = where(inputs < left, left + a * (inputs - left), inputs)
        return where(inputs > right, right + b * (inputs - right), low)


class ParametricSoftplus(_Shared):
    """``alpha log(1 + exp(beta x))``, alpha and beta learned."""

    def __init__(
        self, alpha_init: float = 0.2, beta_init: float = 5.0, shared_axes: Any = None, **options: Any
    ) -> None:
        super().__init__(shared_axes, **options)
        self.first = (alpha_init, beta_init)

    def build(self, input_shape: Any) -> None:
        first = zip(("alpha", "beta"), self.first)
        self.alphas, self.betas = (self.one(input_shape, name, Constant(value)) for name, value in first)

    def call(self, inputs: Any) -> Any:
        return self.alphas * softplus(self.betas * inputs)


class TimeDistributedMerge(OwnLayer):
    """The sum or the mean over the steps: Keras 0.x."""

    def __init__(self, mode: str = "sum", **options: Any) -> None:
        super().__init__(**options)
        self.mode = mode

    def call(self, inputs: Any) -> Any:
        return (mean if self.mode == "ave" else sum)(inputs, axis=1)


class ThresholdedReLU(ReLU):
    """x where it is greater than ``theta``, 0 elsewhere."""

    def __init__(self, theta: float = 1.0, **options: Any) -> None:
        super().__init__(threshold=theta, **options)

    def call(self, inputs: Any) -> Any:
        return where(inputs > self.threshold, inputs, 0.0)
