"""Layers around a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from thalweg.errors import ArgumentTypeError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.updates import current_recorder
from thalweg.initializers import TruncatedNormal
from thalweg.layers.base import Layer
from thalweg.layers.core import positive
from thalweg.nn.normalisation import l2_normalize
from thalweg.ops import elementwise as ew
from thalweg.ops import reduce
from thalweg.ops.contract import matmul
from thalweg.ops.shape import permute_dims, reshape
from thalweg.ops.state import stop_gradient

__all__ = ["Pipeline", "SpectralNormalization", "Wrapper"]


class Wrapper(Layer):
    """A layer around another, ``layer``, for subclasses that do something before or after it."""

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(layer, Layer):
            raise fail(
                ArgumentTypeError, f"{type(self).__name__}: layer", expected="a layer", received=repr(layer)
            )
        self.layer = layer
        if self.input_shape_given is None:
            self.input_shape_given = layer.input_shape_given

    def build(self, input_shape: Any) -> None:
        self.layer.compute_output_shape(input_shape)

    def call(self, inputs: Any) -> Any:
        return self.layer(inputs)


class Pipeline(Layer):
    """Several layers, one after the other, as one: to prepare or augment data, where a model would be too much.

    >>> import numpy as np
    >>> from thalweg.layers import Rescaling
    >>> Pipeline([Rescaling(2.0), Rescaling(1.0, offset=1.0)])(np.ones((1, 2), "float32")).tolist()
    [[3.0, 3.0]]
    """

    def __init__(self, layers: Sequence[Layer], **options: Any) -> None:
        super().__init__(**options)
        wrong = [layer for layer in layers if not isinstance(layer, Layer)]
        if wrong:
            raise fail(ArgumentTypeError, "Pipeline: layers", expected="layers", received=repr(wrong[0]))
        self.layers = list(layers)

    def call(self, inputs: Any, training: Any = True) -> Any:
        for layer in self.layers:
            inputs = layer(inputs, training=training)
        return inputs


class SpectralNormalization(Wrapper):
    """A layer whose kernel (or table) is divided by its greatest singular value at every step of training.

    The value is found by ``power_iterations`` of v = u W^T, u = v W, each made a unit vector; u is kept between steps.
    T. Miyato et al., Spectral Normalization for Generative Adversarial Networks (2018).

    >>> import numpy as np
    >>> from thalweg.layers import Dense
    >>> layer = SpectralNormalization(Dense(3), power_iterations=50)
    >>> _ = layer(np.ones((1, 4), "float32"), training=True)
    >>> round(float(np.linalg.norm(layer.layer.kernel.get_value(), 2)), 3)
    1.0
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **options: Any) -> None:
        super().__init__(layer, **options)
        self.power_iterations = positive(self, "power_iterations", power_iterations)

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)
        kernel = self._kernel()
        self.vector_u = self.add_weight(
            (1, kernel.shape[-1]),
            TruncatedNormal(stddev=0.02),
            trainable=False,
            name="vector_u",
            dtype=kernel.dtype,
        )

    def _kernel(self) -> Any:
        kernel = getattr(self.layer, "kernel", None)
        kernel = getattr(self.layer, "embeddings", None) if kernel is None else kernel
        if kernel is None:
            raise fail(
                ArgumentTypeError, "SpectralNormalization: layer", expected="one with a kernel, or an Embedding",
                received=repr(self.layer),
            )  # fmt: skip
        return kernel

    def call(self, inputs: Any, training: Any = False) -> Any:
        if training and (current_recorder() is not None or inputs.value is not None):
            with no_grad():
                u, kernel = self._normalized()
                self.vector_u.assign(u)
                self._kernel().assign(kernel)
        return self.layer(inputs)

    def _normalized(self) -> tuple[Any, Any]:
        """u after the iterations, and the kernel divided; its gradient is that of the kernel as it is."""
        kernel = self._kernel()
        rows = reshape(kernel, (-1, kernel.shape[-1]))
        u: Any = self.vector_u
        for _ in range(self.power_iterations):
            v: Any = l2_normalize(matmul(u, permute_dims(rows, (1, 0))), -1)
            u = l2_normalize(matmul(v, rows), -1)
        sigma = reduce.sum(matmul(v, rows) * u)  # type: ignore[operator]
        whole = ew.greater(sigma, 0)  # a kernel of zeros stays
        divided = ew.where(whole, kernel / ew.where(whole, sigma, 1), kernel)
        return ew.where(whole, u, self.vector_u), kernel + stop_gradient(divided - kernel)
