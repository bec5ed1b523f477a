"""``tf.contrib.kernel_methods``: features that approximate a kernel, and linear models over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import canned, initializers, layers, losses, math
from thalweg.compat.tf1 import feature_column as columns
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.contrib.learn import learned
from thalweg.compat.tf1.graph import Tensor


class InvalidShapeError(Exception):
    """A tensor has another shape than a mapper takes."""


class RandomFourierFeatureMapper:
    """``sqrt(2 / output_dim) cos(x W + b)``: W normal with deviation ``1 / stddev``, b uniform from 0 to 2 pi.

    The products of two rows approximate the kernel ``exp(-|x - y|^2 / (2 stddev^2))`` (Rahimi and Recht, 2007).
    The same seed gives the same features.
    """

    def __init__(
        self, input_dim: int, output_dim: int, stddev: float = 1.0, seed: int = 1, name: str | None = None
    ) -> None:
        if stddev <= 0:
            raise ValueError(f"stddev should be a positive float, received {stddev}")
        self.input_dim, self.output_dim, self.name = int(input_dim), int(output_dim), name
        generator = np.random.default_rng(seed)
        self._weights = generator.normal(0.0, 1.0 / stddev, (self.input_dim, self.output_dim)).astype(
            np.float32
        )
        self._shift = generator.uniform(0.0, 2 * np.pi, self.output_dim).astype(np.float32)

    def map(self, input_tensor: Any) -> Tensor:
        """The features [batch, output_dim] of [batch, input_dim]."""
        x = math.cast(g.convert_to_tensor(input_tensor), "float32")
        shape = x.get_shape()
        if shape.ndims is not None and (shape.ndims != 2 or shape[1].value not in (None, self.input_dim)):
            raise InvalidShapeError(
                f"RandomFourierFeatureMapper.map: expected [batch, {self.input_dim}], received {shape}"
            )
        scale = float(np.sqrt(2.0 / self.output_dim))
        return scale * math.cos(math.matmul(x, g.constant(self._weights)) + g.constant(self._shift))


class _Mapped:
    """Weighted sums of columns, of which some are mapped first."""

    scope, rate = "linear", canned.LINEAR_RATE

    def __init__(self, feature_columns: Any, mappers: Mapping[Any, Sequence[Any]], optimizer: Any) -> None:
        self.plain = [c for c in feature_columns or () if c not in mappers]
        self.mappers, self.given = mappers, optimizer

    def logits(self, features: Any, width: int, training: bool) -> Tensor:
        """[batch, width]."""
        found = [
            mapper.map(columns.input_layer(features, [column]))
            for column, several in self.mappers.items()
            for mapper in several
        ]
        zeros = initializers.zeros_initializer()
        made = (
            layers.dense(math.concat(found, 1), width, kernel_initializer=zeros, name="mapped")
            if found
            else None
        )
        if not self.plain:
            return made  # type: ignore[return-value]
        linear = columns.linear_model(features, self.plain, width)
        return linear if made is None else made + linear

    def optimizer(self) -> Any:
        """The one given, else Ftrl."""
        return canned._optimizer(self.given or "Ftrl", self.rate)


def _classifier(
    feature_columns: Any = None, model_dir: Any = None, n_classes: int = 2, weight_column: str | None = None,
    optimizer: Any = None, kernel_mappers: Any = None, config: Any = None,
    loss_reduction: Any = losses.Reduction.SUM,
) -> canned.Canned:  # fmt: skip
    """A linear model over columns, of which some are mapped first."""
    part = _Mapped(feature_columns, dict(kernel_mappers or {}), optimizer)
    if not part.plain and not part.mappers:
        raise ValueError("KernelLinearClassifier: feature_columns or kernel_mappers are needed")
    head = canned.Classes(n_classes, None, weight_column)
    return canned.Canned([part], head, model_dir, config, None, loss_reduction)


kernel_methods = Namespace(
    "tf.contrib.kernel_methods",
    KernelLinearClassifier=learned(_classifier),
    RandomFourierFeatureMapper=RandomFourierFeatureMapper,
)
