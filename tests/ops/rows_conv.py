"""Rows of convolution and pooling. The references are sums written out, or SciPy's correlation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ops.harness import Row
from thalweg.ops import conv, pool, upsample

_SUMS = 2e-5  # sums of up to some tens of products


def _pads(lengths: Any, kernel: Any, strides: Any, padding: Any, dilation: Any) -> list[tuple[int, int]]:
    if padding == "VALID":
        return [(0, 0)] * len(kernel)
    if padding != "SAME":
        return list(padding)
    pairs = []
    for n, k, s, d in zip(lengths, kernel, strides, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _conv(
    x: Any,
    w: Any,
    strides: Any = 1,
    padding: Any = "VALID",
    dilation: Any = 1,
    input_dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The definition: one output place and one tap at a time."""
    rank = x.ndim - 2
    strides, dilation, spread = _each(strides, rank), _each(dilation, rank), _each(input_dilation, rank)
    wide: Any = np.zeros(
        (x.shape[0], *((n - 1) * s + 1 for n, s in zip(x.shape[1:-1], spread, strict=True)), x.shape[-1])
    )
    wide[(slice(None), *(slice(None, None, s) for s in spread))] = x
    pads = _pads(wide.shape[1:-1], w.shape[:-2], strides, padding, dilation)
    padded: Any = np.pad(wide, [(0, 0), *pads, (0, 0)])
    counts = [
        (p - (k - 1) * d - 1) // s + 1
        for p, k, s, d in zip(padded.shape[1:-1], w.shape[:-2], strides, dilation, strict=True)
    ]
    y: Any = np.zeros((x.shape[0], *counts, w.shape[-1]))
    for place in itertools.product(*map(range, counts)):
        for tap in itertools.product(*map(range, w.shape[:-2])):
            at: Any = tuple(p * s + t * d for p, s, t, d in zip(place, strides, tap, dilation, strict=True))
            channels = np.split(padded[(slice(None), *at)], groups, axis=-1)
            filters = np.split(w[tap], groups, axis=-1)
            y[(slice(None), *place)] += np.concatenate(
                [a @ b for a, b in zip(channels, filters, strict=True)], -1
            )
    return y


def _pool(combine: Any, fill: float) -> Any:
    def reference(
        x: Any,
        window: Any,
        strides: Any = None,
        padding: Any = "VALID",
        dilation: Any = 1,
        ties: str = "first",
    ) -> Any:
        rank = x.ndim - 2
        window, dilation = _each(window, rank), _each(dilation, rank)
        strides = window if strides is None else _each(strides, rank)
        pads = _pads(x.shape[1:-1], window, strides, padding, dilation)
        padded = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=fill)
        extents = [(k - 1) * d + 1 for k, d in zip(window, dilation, strict=True)]
        counts = [(p - e) // s + 1 for p, e, s in zip(padded.shape[1:-1], extents, strides, strict=True)]
        y: Any = np.zeros((x.shape[0], *counts, x.shape[-1]))
        for place in itertools.product(*map(range, counts)):
            cut = [
                slice(p * s, p * s + e, d)
                for p, s, e, d in zip(place, strides, extents, dilation, strict=True)
            ]
            y[(slice(None), *place)] = combine(padded[(slice(None), *cut)], axis=tuple(range(1, 1 + rank)))
        return y

    return reference


def _row(name: str, inputs: Any, **attrs: Any) -> Row:
    return Row(f"conv {name}", conv.conv, inputs, attrs=attrs, reference=_conv, rtol=_SUMS)


def _max(name: str, inputs: Any, **attrs: Any) -> Row:
    return Row(
        f"max_pool {name}",
        pool.max_pool,
        inputs,
        attrs=attrs,
        reference=_pool(np.max, -np.inf),
        integer=False,
    )


def _avg(name: str, inputs: Any, **attrs: Any) -> Row:
    return Row(
        f"avg_pool {name}",
        pool.avg_pool,
        inputs,
        attrs=attrs,
        reference=_pool(np.nanmean, np.nan),
        rtol=_SUMS,
    )


def _laid(x: Any) -> Any:
    """Each element's weights added where they are laid, on the first axis 2 apart, on the second 3."""
    made = np.zeros((x.shape[0], 2 * x.shape[1] + 2, 3 * x.shape[2], x.shape[3]), x.dtype)
    for i, j in itertools.product(range(x.shape[1]), range(x.shape[2])):
        weights = np.outer((0.25, 0.75, 0.75, 0.25), (0.5, 2.0, 1.0))[:, :, None].astype(x.dtype)
        made[:, 2 * i : 2 * i + 4, 3 * j : 3 * j + 3] += weights * x[:, i : i + 1, j : j + 1]
    return made[:, 1:-2, :-1]


IMAGE: Any = [((2, 6, 5, 3), (3, 2, 3, 4))]

ROWS = [
    _row("1-D", [((2, 7, 3), (3, 3, 2)), ((1, 3, 1), (3, 1, 1))]),
    _row("2-D", [*IMAGE, ((1, 4, 4, 1), (1, 1, 1, 2))]),
    _row("3-D", [((1, 4, 3, 3, 2), (2, 2, 2, 2, 3))], strides=(2, 1, 1), padding="SAME"),
    _row("same", IMAGE, padding="SAME"),
    _row("same strided", [*IMAGE, ((1, 7, 4, 1), (3, 3, 1, 2))], padding="SAME", strides=2),
    _row("strides beyond the filter", IMAGE, strides=4),
    _row("as wide as the image", [((2, 5, 4, 2), (3, 4, 2, 3)), ((1, 3, 6, 1), (3, 2, 1, 2))]),
    _row("as high as the image, strided", [((2, 4, 5, 2), (4, 2, 2, 3))], strides=2),
    _row("as large as the image", [((2, 3, 4, 2), (3, 4, 2, 3)), ((2, 5, 2), (5, 2, 3))]),
    _row("as deep and wide as the image", [((1, 2, 3, 3, 2), (2, 2, 3, 2, 3))]),
    _row("pairs", IMAGE, padding=((2, 1), (0, 3)), strides=(2, 1)),
    _row("dilated", IMAGE, padding="SAME", dilation=(2, 3)),
    _row("input dilated", IMAGE, padding="SAME", input_dilation=(2, 3), strides=2),
    _row("input dilated, all phases", IMAGE, padding=((1, 2), (0, 1)), input_dilation=(2, 3)),
    Row(
        "conv input dilated, cut",
        lambda x, w: conv.conv(x, w, padding=((-1, 2), (1, -2)), input_dilation=2),
        IMAGE,
        rtol=_SUMS,
    ),
    _row("input and filters dilated", [((1, 5, 4, 2), (3, 3, 2, 3))], dilation=(2, 3), input_dilation=(2, 2)),
    _row("input dilated beyond the filters", [((2, 4, 3, 2), (1, 2, 2, 3))], input_dilation=(3, 3)),
    _row("input dilated by much", [((1, 2, 2, 1), (2, 2, 1, 1))], input_dilation=(9, 8)),
    _row("input dilated, 1-D", [((2, 5, 3), (4, 3, 2))], padding=((3, 3),), input_dilation=2),
    _row("input dilated groups", [((2, 3, 4, 4), (3, 2, 2, 6))], groups=2, input_dilation=2),
    _row("groups", [((2, 5, 4, 4), (3, 2, 2, 6))], padding="SAME", groups=2),
    _row("depthwise", [((2, 5, 4, 3), (3, 2, 1, 6))], padding="SAME", groups=3, strides=2),
    _row("depthwise input dilated", [((2, 3, 4, 3), (3, 3, 1, 3))], groups=3, input_dilation=2),
    _row("depthwise large", [((1, 9, 3), (26, 1, 6))], padding="SAME", groups=3),
    Row(
        "conv depthwise half",
        lambda x, w: conv.conv(x, w, padding="SAME", groups=3),
        [((2, 5, 4, 3), (3, 2, 1, 6))],
        dtypes=("float16",),
        order=0,
    ),
    Row(
        "conv half",
        conv.conv,
        IMAGE,
        reference=_conv,
        dtypes=("float16",),
        order=0,
    ),
    Row(
        "conv integers",
        conv.conv,
        [((1, 5, 2), (3, 2, 3))],
        reference=_conv,
        dtypes=("int32", "int64"),
        order=0,
    ),
    Row("conv cut", lambda x, w: conv.conv(x, w, padding=((-1, 0), (2, -1)), strides=2), IMAGE, rtol=_SUMS),
    Row(
        "conv_transpose",
        lambda x, w: conv.conv_transpose(x, w, strides=2, padding="SAME"),
        [((2, 4, 3, 3), (3, 2, 4, 3))],
        rtol=_SUMS,
    ),
    Row(
        "conv_transpose dilated",
        lambda x, w: conv.conv_transpose(x, w, strides=(3, 1), dilation=(1, 2), output_padding=(1, 0)),
        [((2, 4, 3, 3), (2, 2, 4, 3))],
        rtol=_SUMS,
    ),
    Row(
        "separable_conv",
        lambda x, a, b: conv.separable_conv(x, a, b, padding="SAME"),
        [((2, 4, 3, 3), (3, 2, 3, 2), (1, 1, 6, 4))],
        rtol=_SUMS,
    ),
    _max("halves", [((2, 6, 4, 3),), ((1, 5, 5, 1),)], window=2),
    _max("overlapping", [((2, 7, 6, 3),)], window=3, strides=2, padding="SAME"),
    _max("overlapping, every tie", [((2, 7, 6, 3),)], window=3, strides=2, padding="SAME", ties="all"),
    _max("dense", [((1, 5, 4, 2),)], window=(3, 2), strides=1, padding="SAME"),
    _max("dilated", [((1, 7, 7, 2),)], window=2, strides=1, dilation=2),
    _max("1-D", [((2, 7, 3),)], window=3, strides=2, padding=((1, 0),)),
    _avg("halves", [((2, 6, 4, 3),), ((1, 5, 5, 1),)], window=2),
    _avg("overlapping", [((2, 7, 6, 3),)], window=3, strides=2, padding="SAME"),
    _avg("dense", [((1, 5, 4, 2),)], window=(3, 2), strides=1, padding="SAME"),
    _avg("1-D", [((2, 7, 3),)], window=3, strides=2, padding=((1, 0),)),
    Row("global_max_pool", pool.global_max_pool, [((2, 3, 4, 5),)], reference=lambda x: x.max((1, 2))),
    Row(
        "global_avg_pool",
        pool.global_avg_pool,
        [((2, 3, 4, 5),)],
        reference=lambda x: x.mean((1, 2)),
        rtol=_SUMS,
    ),
    Row(
        "upsample",
        lambda x: upsample.upsample(
            x, kernels=((0.25, 0.75, 0.75, 0.25), (0.5, 2.0, 1.0)), factors=(2, 3), cuts=((1, 2), (0, 1))
        ),
        [((2, 3, 4, 3),), ((1, 1, 2, 1),)],
        reference=_laid,
        rtol=_SUMS,
    ),
    Row(
        "upsample apart",
        lambda x: upsample.upsample(x, kernels=((2.0, 3.0),), factors=(3,), cuts=((0, 0),)),
        [((2, 4, 5),)],
        reference=lambda x: np.stack([2 * x, 3 * x, 0 * x], 2).reshape(2, 12, 5)[:, :11],
    ),
    _max("apart and padded", [((2, 8, 10, 3),)], window=3, padding=((1, 0), (2, 0))),
    _avg("apart and padded", [((2, 8, 3),)], window=3, padding=((1, 0),)),
    _max("overlapping, not padded", [((2, 7, 8, 3),)], window=3, strides=2),
    _avg("many windows meet", [((1, 11, 9, 2),)], window=5, strides=1, padding="SAME"),
]
