"""An argument that a function does not have is an error that names it, in Keras, TensorFlow 2 and Theano."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import keras, tf2, theano
from thalweg.compat.keras import images
from thalweg.compat.theano import tensor
from thalweg.errors import ArgumentError


def _model() -> Any:
    return keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])


ROWS = np.ones((4, 3), "float32")
MISSPELT: dict[str, Callable[..., Any]] = {
    "optimiser": lambda **a: _model().compile(loss="mse", **a),
    "epoch": lambda **a: _model().fit(ROWS, ROWS[:, :1], **a),
    "overwrit": lambda **a: _model().save("never.h5", **a),
    "custom_object": lambda **a: keras.models.load_model("never.h5", **a),
    "batchsize": lambda **a: keras.layers.Input((3,), **a),
    "num_word": lambda **a: keras.preprocessing.text.Tokenizer(**a),
    "targetsize": lambda **a: images.ImageDataGenerator().flow_from_directory(".", **a),
    "show_shape": lambda **a: keras.utils.plot_model(_model(), **a),
    "ll": lambda **a: keras.regularizers.l2(**a),
    "jit_compil": lambda **a: vars(tf2)["function"](**a),
    "optimise": lambda **a: tf2.einsum("ij->ji", ROWS, **a),
    "compresion_type": lambda **a: tf2.data.TFRecordDataset("never", **a),
    "on_unused": lambda **a: theano.function([], tensor.constant(1.0), **a),
    "bordermode": lambda **a: tensor.nnet.conv2d(tensor.tensor4(), tensor.tensor4(), **a),
    "non_sequence": lambda **a: theano.scan(lambda x: x, **a),
}


@pytest.mark.parametrize("name", MISSPELT)
def test_an_unknown_argument_is_named(name: str) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{name}'"):
        MISSPELT[name](**{name: 1})


def test_what_would_change_a_result_and_is_not_done_is_refused() -> None:
    a, b = tensor.tensor4(), tensor.tensor4()
    with pytest.raises(ArgumentError, match="num_groups is not done here; expected 1; received 2"):
        tensor.nnet.conv2d_transpose(a, b, (1, 2, 4, 4), num_groups=2)
    with pytest.raises(ArgumentError, match="new_axis_mask"):
        tf2.strided_slice(ROWS, [0], [1], new_axis_mask=1)


def test_arguments_that_were_not_read_change_the_result(tmp_path: Path) -> None:
    (tmp_path / "lines.gz").write_bytes(gzip.compress(b"a\nb\n"))
    lines = tf2.data.TextLineDataset(str(tmp_path / "lines.gz"), compression_type="GZIP")
    assert [line.numpy() for line in lines] == [b"a", b"b"]
    # By TensorFlow 2.21.
    assert tf2.io.decode_raw(tf2.constant(b"\0\1\0\2"), "uint16", little_endian=False).numpy().tolist() == [
        1,
        2,
    ]
    assert tf2.io.decode_raw(tf2.constant(b"\1\2"), "uint8", fixed_length=4).numpy().tolist() == [1, 2, 0, 0]
    x = np.arange(6).reshape(2, 3)
    assert tf2.strided_slice(x, [0, 1], [1, 2], begin_mask=2, end_mask=1).numpy().tolist() == [[0, 1], [3, 4]]
    assert tf2.strided_slice(x, [1, 0], [2, 2], shrink_axis_mask=1).numpy().tolist() == [3, 4]
