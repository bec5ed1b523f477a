"""``tensorflow.examples.tutorials.mnist``: the digits in batches, from Thalweg's data sets."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1.graph import Tensor, default_graph
from thalweg.compat.tf1.types import as_dtype


class DataSet:
    """Images and labels, given out in batches, in orders of ``np.random``: it begins with ``seed``, or with that of the
    graph, where there is one.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        fake_data: bool = False,
        one_hot: bool = False,
        dtype: Any = "float32",
        reshape: bool = True,
        seed: int | None = None,
    ) -> None:
        self._images, self._labels = images, labels
        self._epochs, self._position = 0, 0
        given = default_graph().seed if seed is None else seed
        if given is not None:
            np.random.seed(given)  # noqa: NPY002 - programs draw from it, too

    @property
    def images(self) -> np.ndarray:
        return self._images

    @property
    def labels(self) -> np.ndarray:
        return self._labels

    @property
    def num_examples(self) -> int:
        return len(self._images)

    @property
    def epochs_completed(self) -> int:
        return self._epochs

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """The next images and labels; after each pass over all of them the order is drawn anew."""
        if self._epochs == 0 and self._position == 0 and shuffle:
            self._shuffle()
        start, end = self._position, self._position + batch_size
        if end <= len(self._images):
            self._position = end
            return self._images[start:end], self._labels[start:end]
        self._epochs += 1
        rest = self._images[start:], self._labels[start:]
        if shuffle:
            self._shuffle()
        self._position = batch_size - len(rest[0])
        new = self._images[: self._position], self._labels[: self._position]
        return np.concatenate([rest[0], new[0]]), np.concatenate([rest[1], new[1]])

    def _shuffle(self) -> None:
        order = np.random.permutation(len(self._images))  # noqa: NPY002 - the stream that np.random.seed() starts
        self._images, self._labels = self._images[order], self._labels[order]


class Datasets(NamedTuple):
    """The three parts."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: Any = None,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = "float32",
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str | None = None,
) -> Datasets:
    """MNIST (or Fashion-MNIST, if the folder or the address says so): 55,000 + 5,000 + 10,000 images.

    Images are floats in [0, 1] (0..255 as uint8 for that dtype) of shape [n, 784], or [n, 28, 28, 1] with
    ``reshape=False``; labels are class numbers, or rows of ten with ``one_hot``. The folder is made, for what programs
    put there beside; see :func:`thalweg.data.load` for where the files come from.
    """
    from thalweg import data

    if train_dir and not fake_data:
        os.makedirs(train_dir, exist_ok=True)
    fashion = "fashion" in f"{train_dir} {source_url}".lower()
    found = data.load("fashion" if fashion else "mnist")
    kept = min(validation_size, len(found.train_images) // 2)
    parts = (
        (found.train_images[kept:], found.train_labels[kept:]),
        (found.train_images[:kept], found.train_labels[:kept]),
        (found.test_images, found.test_labels),
    )
    return Datasets(*(DataSet(_images(x, dtype, reshape), _labels(y, one_hot), seed=seed) for x, y in parts))


def _images(x: np.ndarray, dtype: Any, reshape: bool) -> np.ndarray:
    x = x.reshape(len(x), int(np.prod(x.shape[1:]))) if reshape else x[..., None]
    if as_dtype(dtype).name == "uint8":
        return np.rint(x * 255).astype(np.uint8)
    return np.ascontiguousarray(x, as_dtype(dtype).dtype)


def _labels(y: np.ndarray, one_hot: bool) -> np.ndarray:
    return np.eye(10)[y] if one_hot else y.astype(np.uint8)


def load_mnist(train_dir: str = "MNIST-data") -> Datasets:
    """:func:`read_data_sets` of that folder."""
    return read_data_sets(train_dir)


# tensorflow.examples.tutorials.mnist.mnist: the network of the tutorial "TensorFlow mechanics 101"

NUM_CLASSES = 10
IMAGE_SIZE = 28
IMAGE_PIXELS = IMAGE_SIZE * IMAGE_SIZE


def inference(images: Any, hidden1_units: int, hidden2_units: int) -> Tensor:
    """Two hidden layers of rectified units, and logits."""
    from thalweg.compat.tf1 import math, nn, random, variables

    x, n_in = images, IMAGE_PIXELS
    for name, n_out in (
        ("hidden1", hidden1_units),
        ("hidden2", hidden2_units),
        ("softmax_linear", NUM_CLASSES),
    ):
        with variables.name_scope(name):
            start = random.truncated_normal([n_in, n_out], stddev=1.0 / float(np.sqrt(n_in)))
            weights = variables.Variable(start, name="weights")
            x = math.matmul(x, weights) + variables.Variable(math.zeros([n_out]), name="biases")
            x = nn.relu(x) if name != "softmax_linear" else x
        n_in = n_out
    return x


def loss(logits: Any, labels: Any) -> Tensor:
    """The mean cross entropy."""
    from thalweg.compat.tf1 import losses

    return losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)


def training(loss: Any, learning_rate: float) -> Any:
    """A step of gradient descent, which counts."""
    from thalweg.compat.tf1 import summary, train, variables

    summary.scalar("loss", loss)
    step = variables.Variable(0, name="global_step", trainable=False)
    return train.GradientDescentOptimizer(learning_rate).minimize(loss, global_step=step)


def evaluation(logits: Any, labels: Any) -> Tensor:
    """How many are right."""
    from thalweg.compat.tf1 import math, nn

    return math.reduce_sum(math.cast(nn.in_top_k(logits, labels, 1), "int32"))
