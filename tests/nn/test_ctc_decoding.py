"""Reading CTC beside all ways to read a few steps."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest

from thalweg.errors import ArgumentError
from thalweg.nn import ctc_decode

LOGITS = np.random.default_rng(2).normal(size=(3, 4, 3)) * 2
LENGTHS = [4, 3, 0]


def collapsed(way: tuple[int, ...], blank: int) -> tuple[int, ...]:
    return tuple(c for c, _ in itertools.groupby(way) if c != blank)


def test_a_wide_search_finds_the_most_probable_labels() -> None:
    labels, scores = ctc_decode(LOGITS, LENGTHS, beam_width=100, paths=3)
    p = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)
    for k, n in enumerate(LENGTHS):
        total: dict[tuple[int, ...], float] = defaultdict(float)
        for way in itertools.product(range(3), repeat=n):
            total[collapsed(way, 2)] += float(np.prod([p[k, t, c] for t, c in enumerate(way)]))
        best = sorted(total.items(), key=lambda pair: -pair[1])[:3]
        for path, (expected, probability) in enumerate(best):
            found = tuple(int(c) for c in np.asarray(labels)[path, k] if c >= 0)
            assert found == expected
            np.testing.assert_allclose(np.asarray(scores)[k, path], np.log(probability), rtol=1e-10)


def test_the_greatest_class_of_every_step() -> None:
    labels, scores = ctc_decode(LOGITS, LENGTHS)
    for k, n in enumerate(LENGTHS):
        way = tuple(LOGITS[k, :n].argmax(axis=-1))
        found = tuple(int(c) for c in np.asarray(labels)[0, k] if c >= 0)
        assert found == collapsed(way, 2)
        np.testing.assert_allclose(np.asarray(scores)[k, 0], -LOGITS[k, :n].max(axis=-1).sum(), rtol=1e-12)


def test_no_more_paths_than_the_search_keeps() -> None:
    with pytest.raises(ArgumentError, match="paths"):
        ctc_decode(LOGITS, LENGTHS, paths=2)
