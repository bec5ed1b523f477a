"""``theano.tensor.nnet.ctc``: connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import thalweg as tw
from thalweg.compat.theano.conversion import as_dtype, floats, tensor_of
from thalweg.compat.theano.variable import TensorVariable


def ctc(activations: Any, labels: Any, input_lengths: Any) -> TensorVariable:
    """Each example's loss, from activations [T, N, classes] (class 0 is the blank) and labels [N, L] padded with -1."""
    (x,) = floats(activations)
    y = as_dtype(tensor_of(labels), "int32")
    given = tw.greater_equal(y, 0)
    counts = tw.sum(as_dtype(given, "int32"), axis=1)
    return TensorVariable(
        tw.nn.ctc.ctc_loss(
            tw.permute_dims(x, (1, 0, 2)),
            tw.maximum(y, 0),
            as_dtype(tensor_of(input_lengths), "int32"),
            counts,
        )
    )
