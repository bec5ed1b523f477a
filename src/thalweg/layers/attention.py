"""Attention: weighted means of values, weighted by how well keys fit queries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from thalweg import constraints, initializers, regularizers
from thalweg.errors import ArgumentError, fail
from thalweg.layers.core import known_last, positive
from thalweg.layers.seeds import Seeded
from thalweg.nn.noise import dropout
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, tiling
from thalweg.ops import shape as shape_ops
from thalweg.ops.activation import sigmoid
from thalweg.ops.contract import matmul
from thalweg.ops.reduce import sum as total
from thalweg.ops.softmax import softmax

__all__ = ["AdditiveAttention", "Attention", "GroupQueryAttention", "MultiHeadAttention"]

_FAR = -1e9  # a score whose weight is 0


def attend(query: Any, key: Any, value: Any, mask: Any, drop: Any = None) -> tuple[Any, Any]:
    """``softmax(q k^T) v`` over the last two axes, and the weights; where ``mask`` is False they are 0."""
    return weighted(matmul(query, shape_ops.swapaxes(key, -1, -2)), value, mask, drop)


def weighted(scores: Any, value: Any, mask: Any, drop: Any) -> tuple[Any, Any]:
    """``softmax(scores) v``, and the weights; where ``mask`` is False they are 0; ``drop`` is a function of them."""
    weights: Any = softmax(scores if mask is None else ew.where(mask, scores, _FAR), axis=-1)
    if mask is not None:  # a query that may look nowhere would look everywhere
        weights = ew.where(mask, weights, 0)
    return matmul(weights if drop is None else drop(weights), value), weights


def steps_apart(queries: Any, keys: Any) -> Any:
    """The place of each query less that of each key: [..., queries, keys]."""
    rows = shape_ops.iota_like(queries, axis=queries.ndim - 2)
    columns = shape_ops.iota_like(keys, axis=keys.ndim - 2)
    return rows[..., :1] - shape_ops.swapaxes(columns[..., :1], -1, -2)


def causal_mask(queries: Any, keys: Any) -> Any:
    """True where a key is not later than the query: [..., queries, keys]."""
    return ew.greater_equal(steps_apart(queries, keys), 0)


def both(mask: Any, other: Any) -> Any:
    """True where both masks are; None is True everywhere."""
    if mask is None or other is None:
        return other if mask is None else mask
    return ew.logical_and(mask, other)


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
    ``mask``: [mask of the queries, mask of the values], each [batch, steps] or None: masked values get no weight, the
    outputs of masked queries are 0.
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
        of_query, of_value = mask[:2] if isinstance(mask, (list, tuple)) else (None, mask)
        seen = None if of_value is None else shape_ops.expand_dims(of_value, 1)
        if use_causal_mask:
            seen = both(seen, causal_mask(query, key))
        y, weights = weighted(self.scores(query, key), value, seen, self.drop(training))
        if of_query is not None:
            y = ew.where(shape_ops.expand_dims(of_query, -1), y, 0)
        return (y, weights) if return_attention_scores else y

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the queries."""
        return mask[0] if isinstance(mask, (list, tuple)) else None


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
    ``attention_mask`` [batch, queries, keys] (or [batch, heads, queries, keys]) is True where a query may look;
    ``use_causal_mask``: at no later key; ``sliding_window``: at fewer than so many steps away. ``query_mask``,
    ``value_mask`` and ``key_mask`` [batch, steps] are those of the inputs, if they have any. ``attention_axes``: the
    axes along which to look, all between batch and features unless given. ``use_gate`` multiplies the joined values by
    a learnt sigmoid of the query. ``flash_attention`` is accepted and changes nothing.
    """

    supports_masking = True

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(seed, activity_regularizer=activity_regularizer, **options)
        self.num_heads = positive(self, "num_heads", num_heads)
        self.key_dim = positive(self, "key_dim", key_dim)
        self.value_dim = value_dim or key_dim
        self.dropout, self.use_bias, self.use_gate = dropout, use_bias, use_gate
        self.widths = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape or ())
        self.attention_axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        self.sliding_window = sliding_window
        self.of_kernels = (kernel_initializer, kernel_regularizer, kernel_constraint)
        self.of_biases = (bias_initializer, bias_regularizer, bias_constraint)

    def heads(self) -> dict[str, int]:
        """How many heads each projection has."""
        return dict.fromkeys(("query", "key", "gate", "value", "output"), self.num_heads)

    def build_for(self, args: Any) -> None:
        if self.built:
            return
        query, value = args[0].shape, args[1].shape
        key = args[2].shape if len(args) > 2 and args[2] is not None else value
        heads, out = self.heads(), self.widths or (known_last(self, query),)
        axes = range(1, len(query) - 1) if self.attention_axes is None else self.attention_axes
        self._axes = [a % len(query) for a in axes]
        sizes: dict[str, tuple[int, ...]] = {
            "query": (known_last(self, query), heads["query"], self.key_dim),
            "key": (known_last(self, key), heads["key"], self.key_dim),
            "gate": (known_last(self, query), heads["gate"], self.value_dim),
            "value": (known_last(self, value), heads["value"], self.value_dim),
            "output": (heads["output"], self.value_dim, *out),
        }
        self.kernels: dict[str, Any] = {}
        self.biases: dict[str, Any] = {}
        for name, shape in sizes.items():
            if name == "gate" and not self.use_gate:
                continue
            self.kernels[name] = self._weight(f"{name}_kernel", shape, self.of_kernels)
            if self.use_bias:
                bias = out if name == "output" else shape[1:]
                self.biases[name] = self._weight(f"{name}_bias", bias, self.of_biases)
        super().build_for(args)

    def _weight(self, name: str, shape: tuple[int, ...], options: tuple[Any, Any, Any]) -> Any:
        first, penalty, limit = options
        return self.add_weight(
            shape, initializers.get(first), name=name,
            regularizer=regularizers.get(penalty), constraint=constraints.get(limit),
        )  # fmt: skip

    def _turned(self, rank: int) -> list[int]:
        """The order of axes in which those to look along stand before the features."""
        return [*(a for a in range(rank - 1) if a not in self._axes), *self._axes, rank - 1]

    def _projected(self, name: str, x: Any) -> Any:
        """[batch, ..., features] to [batch, other axes, heads, places, size]."""
        kernel = self.kernels[name]
        features, heads, size = kernel.shape
        order = self._turned(x.ndim)
        x = x if order == sorted(order) else shape_ops.permute_dims(x, order)
        if len(self._axes) > 1:
            others = [-1 if n is None else n for n in x.shape[: -1 - len(self._axes)]]
            x = shape_ops.reshape(x, (*others, math.prod(x.shape[-1 - len(self._axes) : -1]), features))
        y: Any = matmul(x, shape_ops.reshape(kernel, (features, heads * size)))
        if self.use_bias:
            y = y + shape_ops.reshape(self.biases[name], (heads * size,))
        parts = [y[..., k * size : (k + 1) * size] for k in range(heads)]
        return joining.stack(parts, axis=y.ndim - 2)

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = False,
        use_causal_mask: bool = False,
    ) -> Any:
        q = self._projected("query", query) * (1.0 / math.sqrt(self.key_dim))
        k, v = self._projected("key", value if key is None else key), self._projected("value", value)
        k, v = self.shared(k), self.shared(v)
        mask = None if query_mask is None else shape_ops.expand_dims(query_mask, -1)
        for other in (value_mask, key_mask):
            mask = both(mask, None if other is None else shape_ops.expand_dims(other, -2))
        mask = both(mask, None if attention_mask is None else ew.astype(attention_mask, "bool"))
        mask = None if mask is None else self._for_heads(mask, q.ndim)
        if use_causal_mask:
            mask = both(mask, causal_mask(q, k))
        if self.sliding_window is not None:
            mask = both(mask, ew.less(ew.abs(steps_apart(q, k)), self.sliding_window))
        y, weights = attend(q, k, v, mask, self.drop(training))
        if self.use_gate:
            y = y * sigmoid(self._projected("gate", query))
        joined = joining.concat([y[..., h, :, :] for h in range(self.num_heads)], axis=-1)
        out = self._joined(joined, query)
        return (out, self._as_scores(weights, query, value)) if return_attention_scores else out

    def shared(self, x: Any) -> Any:
        """Keys or values for every head of the queries."""
        return x

    def _for_heads(self, mask: Any, rank: int) -> Any:
        """A mask with an axis of heads, and one for each axis that is not looked along."""
        looked = 2 * len(self._axes)
        missing = rank - 2 + looked - mask.ndim
        if missing > 0:
            mask = shape_ops.expand_dims(mask, tuple(range(mask.ndim - looked, mask.ndim - looked + missing)))
        if looked == 2:
            return mask
        sizes = [math.prod(mask.shape[-looked : -looked // 2]), math.prod(mask.shape[-looked // 2 :])]
        return shape_ops.reshape(mask, [*(-1 if n is None else n for n in mask.shape[:-looked]), *sizes])

    def _joined(self, joined: Any, query: Any) -> Any:
        """The last projection, of [batch, other axes, places, heads * size], with the axes of the query."""
        kernel = self.kernels["output"]
        out: Any = matmul(joined, shape_ops.reshape(kernel, (joined.shape[-1], -1)))
        out = out + shape_ops.reshape(self.biases["output"], (-1,)) if self.use_bias else out
        order = self._turned(query.ndim)
        if len(self._axes) > 1:
            shape = [query.shape[a] for a in order[:-1]]
            out = shape_ops.reshape(out, [*(-1 if n is None else n for n in shape), out.shape[-1]])
        if order != sorted(order):
            out = shape_ops.permute_dims(out, [order.index(a) for a in range(query.ndim)])
        return _split_last(out, self.widths[1:])

    def _as_scores(self, weights: Any, query: Any, value: Any) -> Any:
        """[batch, other axes, heads, places of queries, places of keys], the places along their own axes."""
        if len(self._axes) == 1:
            return weights
        shape = [
            *weights.shape[:-2],
            *(query.shape[a] for a in self._axes),
            *(value.shape[a] for a in self._axes),
        ]
        return shape_ops.reshape(weights, [-1 if n is None else n for n in shape])


def _split_last(x: Any, lengths: Sequence[int]) -> Any:
    """The last axis as several, of which all but the first have these lengths."""
    for k in range(len(lengths)):
        size = math.prod(lengths[k:])
        place = x.ndim - 1
        x = joining.stack([x[..., j : j + size] for j in range(0, x.shape[-1], size)], axis=place)
    return x


class GroupQueryAttention(MultiHeadAttention):
    """Attention of ``num_query_heads`` heads that share ``num_key_value_heads`` heads of keys and values.

    Otherwise as :class:`MultiHeadAttention` with projections of size ``head_dim``.

    >>> import numpy as np
    >>> x = np.ones((2, 5, 6), "float32")
    >>> GroupQueryAttention(4, num_query_heads=6, num_key_value_heads=2)(x, x).shape
    (2, 5, 6)
    """

    def __init__(
        self, head_dim: int, num_query_heads: int, num_key_value_heads: int, dropout: float = 0.0,
        use_bias: bool = True, flash_attention: bool | None = None, **options: Any,
    ) -> None:  # fmt: skip
        super().__init__(num_query_heads, head_dim, dropout=dropout, use_bias=use_bias, **options)
        self.num_key_value_heads = positive(self, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise fail(
                ArgumentError, "GroupQueryAttention: num_key_value_heads",
                expected=f"a divisor of num_query_heads ({num_query_heads})", received=num_key_value_heads,
            )  # fmt: skip

    def heads(self) -> dict[str, int]:
        return {**super().heads(), "key": self.num_key_value_heads, "value": self.num_key_value_heads}

    def shared(self, x: Any) -> Any:
        return tiling.repeat(x, self.num_heads // self.num_key_value_heads, axis=x.ndim - 3)
