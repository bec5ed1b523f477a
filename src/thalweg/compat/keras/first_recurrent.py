"""Recurrent layers that only the first versions of Keras had: three that a search over cells found."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.keras import backend as K
from thalweg.compat.keras.arguments import initialiser
from thalweg.compat.keras.recurrent import Recurrent
from thalweg.layers import activations


class _Found(Recurrent):
    """``h' = z * new + (1 - z) * h`` with gates of its own (Jozefowicz, Zaremba, Sutskever 2015).

    ``weights_by_name``: those of the inputs (W), of the state (U), of neither (b), and what takes the inputs to the
    state's width (P), which begins as the identity, or as random signs over the root of the inputs' width.
    """

    weights_by_name = ""

    def __init__(
        self, output_dim: int, *sizes: Any, init: Any = "glorot_uniform", inner_init: Any = "orthogonal",
        activation: Any = "tanh", inner_activation: Any = "sigmoid", weights: Any = None, truncate_gradient: int = -1,
        **options: Any,
    ) -> None:  # fmt: skip
        if sizes and isinstance(sizes[0], int):  # (input_dim, output_dim), as at first
            options, output_dim, sizes = {"input_dim": output_dim, **options}, sizes[0], sizes[1:]
        init, inner_init = [*sizes, init, inner_init][:2] if len(sizes) < 2 else sizes[:2]
        super().__init__(**options)
        self.output_dim, self.init, self.inner_init = output_dim, init, inner_init
        self.activation, self.inner_activation = (
            activations.get(activation),
            activations.get(inner_activation),
        )
        self.first_weights = weights

    def build(self, input_shape: Any) -> None:
        width, units = input_shape[-1], self.output_dim
        kinds: dict[str, Any] = {
            "W": ((width, units), initialiser(self.init)),
            "U": ((units, units), initialiser(self.inner_init)),
            "b": ((units,), "zeros"),
            "P": ((width, units), _signs),
        }
        for name in self.weights_by_name.split():
            shape, first = kinds[name[0]]
            setattr(self, name, self.add_weight(shape=shape, initializer=first, name=name))
        if self.first_weights is not None:
            self.set_weights(self.first_weights)
        self.built = True

    @property
    def _all(self) -> Any:
        """The layer, whose weights are known by name only."""
        return self

    def _mixed(self, h: Any, z: Any, r: Any, of_inputs: Any) -> Any:
        u = self._all
        new = self.activation(of_inputs + u.b_h + K.dot(r * h, u.U_h))
        state = new * z + h * (1 - z)
        return state, [state]


def _signs(shape: Any, **ignored: Any) -> np.ndarray:
    if shape[0] == shape[1]:
        return np.eye(shape[0], dtype="float32")
    return (np.random.binomial(1, 0.5, size=shape) * 2 - 1).astype("float32") / np.float32(shape[0]) ** 0.5


class JZS1(_Found):
    """The first: how much is new depends on the inputs alone."""

    weights_by_name = "W_z b_z W_r U_r b_r U_h b_h Pmat"

    def step(self, x: Any, states: Any) -> Any:
        u, h, gate = self._all, states[0], self.inner_activation
        z = gate(K.dot(x, u.W_z) + u.b_z)
        r = gate(K.dot(x, u.W_r) + u.b_r + K.dot(h, u.U_r))
        return self._mixed(h, z, r, K.tanh(K.dot(x, u.Pmat)))


class JZS2(_Found):
    """The second: what is left out sees the inputs without weights for it."""

    weights_by_name = "W_z U_z b_z U_r b_r W_h U_h b_h Pmat"

    def step(self, x: Any, states: Any) -> Any:
        u, h, gate = self._all, states[0], self.inner_activation
        z = gate(K.dot(x, u.W_z) + u.b_z + K.dot(h, u.U_z))
        r = gate(K.dot(x, u.Pmat) + u.b_r + K.dot(h, u.U_r))
        return self._mixed(h, z, r, K.dot(x, u.W_h))


class JZS3(_Found):
    """The third: how much is new depends on the state between -1 and 1."""

    weights_by_name = "W_z U_z b_z W_r U_r b_r W_h U_h b_h"

    def step(self, x: Any, states: Any) -> Any:
        u, h, gate = self._all, states[0], self.inner_activation
        z = gate(K.dot(x, u.W_z) + u.b_z + K.dot(K.tanh(h), u.U_z))
        r = gate(K.dot(x, u.W_r) + u.b_r + K.dot(h, u.U_r))
        return self._mixed(h, z, r, K.dot(x, u.W_h))
