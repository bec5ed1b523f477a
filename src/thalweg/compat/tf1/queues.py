"""TensorFlow 1's input queues: nodes that take the next examples of arrays at each run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import OutOfRangeError
from thalweg.compat.tf1.graph import Operation, Tensor


class _Slices:
    """Goes through the rows of arrays, pass after pass."""

    def __init__(self, tensors: Sequence[Any], num_epochs: int | None, shuffle: bool, seed: Any) -> None:
        self.tensors, self.num_epochs, self.shuffle = (
            [g.convert_to_tensor(t) for t in tensors],
            num_epochs,
            shuffle,
        )
        self.seed = seed
        self._rows: dict[int, Iterator[Any]] = {}

    def rows(self, session: Any) -> Iterator[list[np.ndarray]]:
        """The rows, one after the other."""
        arrays, generator, epoch = session.run(self.tensors), np.random.default_rng(self.seed), 0
        while self.num_epochs is None or epoch < self.num_epochs:
            n = len(arrays[0])
            for k in generator.permutation(n) if self.shuffle else range(n):
                yield [array[k] for array in arrays]
            epoch += 1

    def next_row(self, session: Any) -> list[np.ndarray]:
        """The next row in a session."""
        if id(session) not in self._rows:
            self._rows[id(session)] = self.rows(session)
        row = next(self._rows[id(session)], None)
        if row is None:
            raise OutOfRangeError("the input queue is closed and has insufficient elements")
        return row

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        """The next row."""
        return self.next_row(session)


class _Batches:
    """Groups of rows; shuffled ones are drawn from a window."""

    def __init__(self, tensors: Sequence[Tensor], size: int, window: int, smaller: bool) -> None:
        self.tensors, self.size, self.window, self.smaller = list(tensors), size, window, smaller
        self._held: list[Any] = []
        self._generator = np.random.default_rng()

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        """The next group."""
        rows: list[Any] = []
        while len(rows) < self.size:
            try:
                while len(self._held) < max(self.window, 1):
                    self._held.append(session.run(self.tensors))
            except OutOfRangeError:
                if not self._held:
                    break
            k = int(self._generator.integers(len(self._held))) if self.window else 0
            rows.append(self._held.pop(k))
        if not rows or (len(rows) < self.size and not self.smaller):
            raise OutOfRangeError("the input queue is closed and has insufficient elements")
        return [np.stack(column) for column in zip(*rows, strict=True)]


def _nodes(source: Any, specs: Sequence[tuple[Any, Any]], kind: str, name: Any) -> list[Tensor]:
    operation = Operation(name, kind)
    return [
        Tensor(g.source_leaf(source, k, d, s, operation.name), operation) for k, (d, s) in enumerate(specs)
    ]


def slice_input_producer(
    tensor_list: Sequence[Any],
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    capacity: int = 32,
    name: Any = None,
) -> list[Tensor]:
    """The next row of each of several tensors."""
    source = _Slices(tensor_list, num_epochs, shuffle, seed)
    specs = [(t.dtype.dtype, t.get_shape().as_list()[1:]) for t in source.tensors]
    return _nodes(source, specs, "input_producer", name)


def batch(
    tensors: Any,
    batch_size: int,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    name: Any = None,
    **options: Any,
) -> Any:
    """Groups of what the tensors give run after run."""
    return _batched(tensors, batch_size, 0, allow_smaller_final_batch, name)


def shuffle_batch(
    tensors: Any,
    batch_size: int,
    capacity: int,
    min_after_dequeue: int,
    num_threads: int = 1,
    seed: Any = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    name: Any = None,
    **options: Any,
) -> Any:
    """Groups in random order of what the tensors give run after run."""
    return _batched(tensors, batch_size, min_after_dequeue, allow_smaller_final_batch, name)


def _batched(tensors: Any, size: int, window: int, smaller: bool, name: Any) -> Any:
    wanted = list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]
    first = None if smaller else size
    specs = [(t.dtype.dtype, [first, *t.get_shape().as_list()]) for t in wanted]
    made = _nodes(_Batches(wanted, size, window, smaller), specs, "batch", name)
    return made if isinstance(tensors, (list, tuple)) else made[0]
