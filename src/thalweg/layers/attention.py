"""Attention: weighted means of values, weighted by how well keys fit queries."""

from __future__ import annotations

import math
from typing import Any

from thalweg import initializers
from thalweg.errors import ArgumentError, fail
from thalweg.layers.core import known_last, positive
from thalweg.layers.seeds import Seeded
from thalweg.nn.noise import dropout
from thalweg.ops import elementwise as ew
from thalweg.ops import shape as shape_ops
from thalweg.ops.contract import matmul
from thalweg.ops.reduce import sum as total
from thalweg.ops.softmax import softmax

__all__ = ["AdditiveAttention", "Attention", "MultiHeadAttention"]

_FAR = -1e9  # a score whose weight is 0


def attend(query: Any, key: Any, value: Any, mask: Any, drop: Any = None) -> tuple[Any, Any]:
    """``softmax(q k^T) v`` over the last two axes, and the weights; where ``mask`` is False they are 0."""
    return weighted(matmul(query, shape_ops.swapaxes(key, -1, -2)), value, mask, drop)


def weighted(scores: Any, value: Any, mask: Any, drop: Any) -> tuple[Any, Any]:
    """``softmax(scores) v``, and the weights; where ``mask`` is False they are 0; ``drop`` is a function of them."""
    if mask is not None:
        scores = ew.where(mask, scores, _FAR)
    weights: Any = softmax(scores, axis=-1)
    return matmul(weights if drop is None else drop(weights), value), weights


def causal_mask(scores_like: Any, queries: Any, keys: Any) -> Any:
    """True where a key is not later than the query: [queries, keys]."""
    rows = shape_ops.iota_like(queries, axis=queries.ndim - 2)
    columns = shape_ops.iota_like(keys, axis=keys.ndim - 2)
    rows, columns = rows[..., :1], shape_ops.swapaxes(columns[..., :1], -1, -2)
    return ew.greater_equal(rows, columns)


def scores_of_sums(query: Any, key: Any, scale: Any) -> Any:
    """sum(scale * tanh(q + k)) for each pair of a query and a key: [batch, queries, keys]."""
    both = shape_ops.expand_dims(query, 2) + shape_ops.expand_dims(key, 1)
    bent: Any = ew.tanh(both)
    return total(bent if scale is None else bent * scale, axis=-1)


class _Dropping(Seeded):
    """What drops weights of attention in training: the share ``dropout`` of them."""

    dropout: float

    def drop(self, training: Any) -> Any:
        """The function of the weights, where any are dropped."""
        if not training or not self.dropout:
            return None
        return lambda weights: dropout(weights, self.dropout, key=self.next_key())


class Attention(_Dropping):
    """Attention on ``[query, value]`` or ``[query, value, key]``: [batch, queries, features].

    ``score_mode``: "dot" for the products of queries and keys, "concat" for ``w sum(tanh(s (q + k)))`` with learnt w
    (and s, where ``use_scale``). ``use_scale`` learns a factor of the scores; ``dropout`` drops weights in training.
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed, **options)
        if score_mode not in ("dot", "concat"):
            raise fail(
                ArgumentError, "Attention: score_mode", expected="dot or concat", received=repr(score_mode)
            )
        self.use_scale, self.score_mode, self.dropout = use_scale, score_mode, dropout

    def build(self, input_shape: Any) -> None:
        self.scale: Any = self.add_weight((), "ones", name="scale") if self.use_scale else None
        concat = self.score_mode == "concat"
        self.concat_score_weight: Any = (
            self.add_weight((), "ones", name="concat_score_weight") if concat else None
        )

    def scores(self, query: Any, key: Any) -> Any:
        """How well each key fits each query: [batch, queries, keys]."""
        if self.score_mode == "dot":
            q = query if self.scale is None else query * self.scale
            return matmul(q, shape_ops.swapaxes(key, -1, -2))
        if self.scale is not None:
            query, key = query * self.scale, key * self.scale
        return scores_of_sums(query, key, None) * self.concat_score_weight

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        if mask is not None:
            mask = shape_ops.expand_dims(mask[1] if isinstance(mask, (list, tuple)) else mask, 1)
        if use_causal_mask:
            causal = causal_mask(None, query, key)
            mask = causal if mask is None else ew.multiply(mask, causal)
        y, weights = weighted(self.scores(query, key), value, mask, self.drop(training))
        return (y, weights) if return_attention_scores else y


class AdditiveAttention(Attention):
    """Bahdanau's attention: the scores are ``sum(scale * tanh(q + k))``, scale a learnt vector where ``use_scale``."""

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **options: Any) -> None:
        super().__init__(use_scale, "concat", dropout, **options)

    def build(self, input_shape: Any) -> None:
        size = (known_last(self, input_shape[0]),)
        self.scale = self.add_weight(size, "glorot_uniform", name="scale") if self.use_scale else None

    def scores(self, query: Any, key: Any) -> Any:
        return scores_of_sums(query, key, self.scale)


class MultiHeadAttention(_Dropping):
    """``num_heads`` attentions side by side on projections of size ``key_dim``, joined by a last projection.

    ``layer(query, value, key=value)``: [batch, queries, features] to the same shape, or ``output_shape`` features.
    ``attention_mask`` [batch, queries, keys] is True where a query may look; ``use_causal_mask``: at no later key.
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed, **options)
        self.num_heads, self.key_dim = (
            positive(self, "num_heads", num_heads),
            positive(self, "key_dim", key_dim),
        )
        self.value_dim = value_dim or key_dim
        self.dropout, self.use_bias, self.width = dropout, use_bias, output_shape
        self.first = (initializers.get(kernel_initializer), initializers.get(bias_initializer))

    def build_for(self, args: Any) -> None:
        if self.built:
            return
        query, value = args[0].shape, args[1].shape
        key = args[2].shape if len(args) > 2 and args[2] is not None else value
        heads, out = self.num_heads, self.width or known_last(self, query)
        sizes = {
            "query": (known_last(self, query), heads, self.key_dim),
            "key": (known_last(self, key), heads, self.key_dim),
            "value": (known_last(self, value), heads, self.value_dim),
            "output": (heads, self.value_dim, out),
        }
        self.kernels, self.biases = {}, {}
        for name, shape in sizes.items():
            self.kernels[name] = self.add_weight(shape, self.first[0], name=f"{name}_kernel")
            if self.use_bias:
                bias = shape[2:] if name == "output" else shape[1:]
                self.biases[name] = self.add_weight(bias, self.first[1], name=f"{name}_bias")
        super().build_for(args)

    def _projected(self, name: str, x: Any) -> Any:
        """[batch, n, features] to [batch, heads, n, size]."""
        kernel = self.kernels[name]
        features, heads, size = kernel.shape
        y: Any = matmul(x, shape_ops.reshape(kernel, (features, heads * size)))
        if self.use_bias:
            y = y + shape_ops.reshape(self.biases[name], (heads * size,))
        parts = [y[..., k * size : (k + 1) * size] for k in range(heads)]
        return shape_ops.stack(parts, axis=1)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = False,
        use_causal_mask: bool = False,
    ) -> Any:
        q = self._projected("query", query) * (1.0 / math.sqrt(self.key_dim))
        k, v = self._projected("key", value if key is None else key), self._projected("value", value)
        mask = None if attention_mask is None else shape_ops.expand_dims(attention_mask, 1)
        if use_causal_mask:
            causal = causal_mask(None, q, k)
            mask = causal if mask is None else ew.multiply(mask, causal)
        y, weights = attend(q, k, v, mask, self.drop(training))
        kernel = self.kernels["output"]
        joined = shape_ops.concat([y[:, h] for h in range(self.num_heads)], axis=-1)
        out: Any = matmul(joined, shape_ops.reshape(kernel, (-1, kernel.shape[-1])))
        out = out + self.biases["output"] if self.use_bias else out
        return (out, weights) if return_attention_scores else out
