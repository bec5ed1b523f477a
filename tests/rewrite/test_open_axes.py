"""What is written out by hand is recognised while the batch's length is still open, and not where it could stretch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import thalweg as tw
from thalweg.rewrite.pipeline import optimise

WRITTEN_OUT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "softmax": (lambda x: tw.exp(x) / tw.sum(tw.exp(x), axis=1, keepdims=True), "softmax"),
    "softmax, axis back": (lambda x: tw.exp(x) / tw.sum(tw.exp(x), axis=1)[:, None], "softmax"),
    "shifted": (lambda x: tw.nn.softmax(x - tw.max(x, axis=1, keepdims=True)), "softmax"),
    "log softmax": (lambda x: x - tw.logsumexp(x, axis=1, keepdims=True), "log_softmax"),
    "log of it": (lambda x: tw.log(tw.exp(x) / tw.sum(tw.exp(x), axis=1, keepdims=True)), "log_softmax"),
}


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_recognised_with_an_open_batch(name: str) -> None:
    write, op = WRITTEN_OUT[name]
    x = tw.placeholder("float32", (None, 4), name="x")
    (made,) = optimise([write(x)])
    assert made.op is not None and made.op.name == op and made.inputs == (x,)


def test_another_tensors_sum_may_stretch() -> None:
    x, y = (tw.placeholder("float32", (None, 4), name=name) for name in "xy")
    written = tw.exp(x) / tw.sum(tw.exp(y), axis=1, keepdims=True)
    assert optimise([written])[0] is written
