"""Arguments of TensorFlow 1's functions: one that a function lacks, or that would change a result, is an error."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from thalweg.compat import tf1
from thalweg.errors import ArgumentError

tf: Any = tf1


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


_MISSPELT: list[tuple[str, Callable[[], Any]]] = [
    ("activaton", lambda: tf.layers.dense(tf.zeros([2, 3]), 4, activaton=tf.nn.relu)),
    ("kernel_regulariser", lambda: tf.layers.conv2d(tf.zeros([1, 5, 5, 1]), 2, 3, kernel_regulariser=None)),
    ("is_training", lambda: tf.layers.batch_normalization(tf.zeros([2, 3]), is_training=True)),
    ("pading", lambda: tf.layers.max_pooling2d(tf.zeros([1, 4, 4, 1]), 2, 2, pading="same")),
    ("training", lambda: tf.layers.Dense(4)(tf.zeros([2, 3]), training=True)),
    ("initialiser", lambda: tf.get_variable("a", [2], initialiser=None)),
    ("trainble", lambda: tf.Variable(1.0, trainble=False)),
    ("forget_bais", lambda: tf.nn.rnn_cell.LSTMCell(3, forget_bais=0.0)),
    ("keep_prob", lambda: tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(3), keep_prob=0.5)),
    ("rate", lambda: tf.nn.convolution(tf.zeros([1, 5, 5, 1]), tf.zeros([3, 3, 1, 1]), "SAME", rate=2)),
    ("num_paralel_calls", lambda: tf.data.Dataset.range(3).map(lambda x: x, num_paralel_calls=2)),
    ("compresion_type", lambda: tf.data.TextLineDataset("a.txt", compresion_type="GZIP")),
    ("max_keep", lambda: (tf.Variable(1.0), tf.train.Saver(max_keep=1))),
    (
        "drop_out",
        lambda: tf.estimator.DNNClassifier([4], [tf.feature_column.numeric_column("x")], drop_out=0.5),
    ),
    ("sd", lambda: tf.distributions.Normal(0.0, 1.0, sd=2.0)),
    ("numm_oov_buckets", lambda: tf.contrib.lookup.index_table_from_tensor(["a"], numm_oov_buckets=1)),
    ("defualt", lambda: tf.app.flags.DEFINE_integer("of_arguments", defualt=3)),
]


@pytest.mark.parametrize(("argument", "call"), _MISSPELT, ids=[name for name, _ in _MISSPELT])
def test_an_argument_that_is_not_there_is_named(argument: str, call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{argument}'"):
        call()


def test_an_argument_that_is_not_done_is_refused() -> None:
    with pytest.raises(ArgumentError, match="batch_norm is not done here; expected False; received True"):
        tf.estimator.DNNClassifier([4], [tf.feature_column.numeric_column("x")], batch_norm=True)
    with pytest.raises(ArgumentError, match="gradient_clip_norm is not done here"):
        tf.contrib.learn.LinearClassifier([tf.feature_column.numeric_column("x")], gradient_clip_norm=5.0)


def test_arguments_that_change_nothing_are_taken() -> None:
    made = tf.get_variable("a", [2], use_resource=True, partitioner=None, aggregation=None)
    tf.Variable(1.0, use_resource=True, synchronization=None)
    tf.train.Saver([made], sharded=True, write_version=2, save_relative_paths=True)
    tf.nn.rnn_cell.BasicLSTMCell(3, reuse=False, trainable=True)


def test_convolution_and_pool_heed_dilations_and_the_data_format() -> None:
    x = np.arange(14.0, dtype="float32").reshape(1, 7, 2)
    kernel = np.array([1.0, 10.0], "float32").reshape(2, 1, 1) * np.array([[1.0], [0.0]], "float32")
    with tf.Session() as sess:
        far = sess.run(tf.nn.convolution(x, kernel, "VALID", dilation_rate=[3]))
        first = sess.run(tf.nn.convolution(x.transpose(0, 2, 1), kernel, "VALID", data_format="NCW"))
        pooled = sess.run(tf.nn.pool(x, [2], "MAX", "VALID", dilation_rate=[3], strides=[1]))
    np.testing.assert_array_equal(far[0, :, 0], x[0, :4, 0] + 10 * x[0, 3:, 0])
    np.testing.assert_array_equal(first[0, 0], x[0, :6, 0] + 10 * x[0, 1:, 0])
    np.testing.assert_array_equal(pooled[0], x[0, 3:])


def test_flatten_of_channels_first_puts_the_channels_last() -> None:
    x = np.arange(24.0, dtype="float32").reshape(2, 3, 4)
    with tf.Session() as sess:
        made = sess.run(tf.layers.flatten(x, data_format="channels_first"))
    np.testing.assert_array_equal(made, x.transpose(0, 2, 1).reshape(2, -1))


def test_reductions_keep_dimensions() -> None:
    words = [["a", "b"], ["c", "d"]]
    sparse = tf.SparseTensor([[0, 0], [1, 1]], [2.0, 3.0], [2, 2])
    with tf.Session() as sess:
        assert sess.run(tf.reduce_join(words, 0)).tolist() == [b"ac", b"bd"]
        assert sess.run(tf.reduce_join(words, [1], keep_dims=True)).tolist() == [[b"ab"], [b"cd"]]
        assert sess.run(tf.reduce_join(words, keep_dims=True)).tolist() == [[b"abcd"]]
        assert sess.run(tf.sparse_reduce_sum(sparse, 1, keepdims=True)).tolist() == [[2.0], [3.0]]


def test_packed_lines_are_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "lines.gz"
    path.write_bytes(gzip.compress(b"one\ntwo\n"))
    line = tf.data.TextLineDataset(str(path), compression_type="GZIP").make_one_shot_iterator().get_next()
    with tf.Session() as sess:
        assert [sess.run(line), sess.run(line)] == [b"one", b"two"]


def test_a_vocabulary_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("a\nb\nc\n")
    table = tf.contrib.lookup.index_table_from_file(str(path), 1, 2)
    with tf.Session() as sess:
        assert sess.run(table.lookup(tf.constant(["b", "c"]))).tolist() == [1, 2]  # c is outside: its bucket
    with pytest.raises(ArgumentError, match="vocab_size=4"):
        tf.contrib.lookup.index_table_from_file(str(path), vocab_size=4)
