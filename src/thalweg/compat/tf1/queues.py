"""TensorFlow 1's input queues: nodes that take the next examples of arrays at each run.

Queues are filled when somebody takes from them: where a program starts threads of queue runners, nothing starts.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import inner
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.errors import CancelledError, DeadlineExceededError, OutOfRangeError
from thalweg.compat.tf1.graph import Effect, Node, Operation, Tensor
from thalweg.compat.tf1.types import as_dtype, encoded, string

_WAIT = 10.0  # seconds in which a thread of the program may fill an empty queue


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
        generator, epoch = np.random.default_rng(self.seed), 0
        with session.one_moment(fresh=True):
            arrays = session.run(self.tensors)
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

    def __init__(
        self,
        tensors: Sequence[Tensor],
        size: int,
        window: int,
        smaller: bool,
        many: bool,
        pad: bool,
        keep: Tensor | None = None,
        seed: Any = None,
    ) -> None:
        """``keep``: whether what the tensors give is taken, one truth value, or one for each row of several."""
        self.tensors, self.size, self.window, self.smaller = list(tensors), size, window, smaller
        self.asked = [] if keep is None else [keep]
        self.many, self.pad = many, pad
        self._held: list[Any] = []
        self._generator = np.random.default_rng(seed)

    def pull(self, session: Any, fed: Any) -> list[np.ndarray]:
        """The next group."""
        rows: list[Any] = []
        while len(rows) < self.size:
            try:
                while len(self._held) < max(self.window, 1):
                    self._take(session)
            except OutOfRangeError:
                if not self._held:
                    break
            k = int(self._generator.integers(len(self._held))) if self.window else 0
            rows.append(self._held.pop(k))
        if not rows or (len(rows) < self.size and not self.smaller):
            raise OutOfRangeError("the input queue is closed and has insufficient elements")
        return [stacked(column, self.pad) for column in zip(*rows, strict=True)]

    def _take(self, session: Any) -> None:
        with session.one_moment(fresh=True):
            made, asked = session.run([self.tensors, self.asked])
        rows = [list(row) for row in zip(*made, strict=True)] if self.many else [made]
        kept = np.broadcast_to(asked[0], len(rows)) if asked else [True] * len(rows)
        self._held += [row for row, keep in zip(rows, kept, strict=True) if keep]


@inner
def as_array(x: Any) -> np.ndarray:
    """A value of an example; bytes as an object, for NumPy's own kind of bytes loses zeros at the end."""
    return np.asarray(x, object) if isinstance(x, bytes) else np.asarray(x)


@inner
def stacked(column: Sequence[Any], pad: bool = False) -> np.ndarray:
    """Values of several examples as one array; with ``pad``, filled up with zeros to a common shape."""
    arrays = [as_array(x) for x in column]
    if not pad or not arrays[0].ndim:
        return np.stack(arrays)
    room = np.zeros((len(arrays), *np.max([a.shape for a in arrays], axis=0)), arrays[0].dtype)
    for row, array in zip(room, arrays, strict=True):
        row[tuple(slice(0, n) for n in array.shape)] = array
    return room


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
    specs = [(t.dtype, t.get_shape().as_list()[1:]) for t in source.tensors]
    return g.source_nodes(source, specs, Operation(name, "input_producer"))


def batch(
    tensors: Any,
    batch_size: int,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: Any = None,
) -> Any:
    """Groups of what the tensors give run after run."""
    return _batched(tensors, batch_size, 0, allow_smaller_final_batch, name, enqueue_many, dynamic_pad)


def maybe_batch(
    tensors: Any,
    keep_input: Any,
    batch_size: int,
    num_threads: int = 1,
    capacity: int = 32,
    enqueue_many: bool = False,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: Any = None,
) -> Any:
    """:func:`batch` of what comes while ``keep_input`` holds; with ``enqueue_many`` it may say so for each row."""
    keep = g.convert_to_tensor(keep_input)
    return _batched(tensors, batch_size, 0, allow_smaller_final_batch, name, enqueue_many, dynamic_pad, keep)


def maybe_shuffle_batch(
    tensors: Any,
    batch_size: int,
    capacity: int,
    min_after_dequeue: int,
    keep_input: Any,
    num_threads: int = 1,
    seed: Any = None,
    enqueue_many: bool = False,
    shapes: Any = None,
    allow_smaller_final_batch: bool = False,
    shared_name: Any = None,
    name: Any = None,
) -> Any:
    """:func:`shuffle_batch` of what comes while ``keep_input`` holds."""
    window, keep = max(min_after_dequeue, 1), g.convert_to_tensor(keep_input)
    return _batched(
        tensors, batch_size, window, allow_smaller_final_batch, name, enqueue_many, False, keep, seed
    )


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
    shared_name: Any = None,
    name: Any = None,
) -> Any:
    """Groups in random order of what the tensors give run after run."""
    window = max(min_after_dequeue, 1)
    return _batched(tensors, batch_size, window, allow_smaller_final_batch, name, enqueue_many, seed=seed)


def batch_join(tensors_list: Any, batch_size: int, capacity: int = 32, *rest: Any, **options: Any) -> Any:
    """As :func:`batch`, of the first of several readers of the same files."""
    return batch(tensors_list[0], batch_size, 1, capacity, *rest, **options)


def shuffle_batch_join(
    tensors_list: Any, batch_size: int, capacity: int, min_after_dequeue: int, *rest: Any, **options: Any
) -> Any:
    """As :func:`shuffle_batch`, of the first of several readers of the same files."""
    return shuffle_batch(tensors_list[0], batch_size, capacity, min_after_dequeue, 1, *rest, **options)


def _batched(
    tensors: Any,
    size: Any,
    window: int,
    smaller: bool,
    name: Any,
    many: bool = False,
    pad: bool = False,
    keep: Tensor | None = None,
    seed: Any = None,
) -> Any:
    if isinstance(tensors, dict):
        parts = _batched(list(tensors.values()), size, window, smaller, name, many, pad, keep, seed)
        return dict(zip(tensors, [parts] if len(tensors) == 1 else parts, strict=True))
    wanted = [g.convert_to_tensor(t) for t in (tensors if isinstance(tensors, (list, tuple)) else [tensors])]
    size = g.static_int(size, "batch_size")
    first = None if smaller else size
    specs = []
    for t in wanted:
        row = t.get_shape().as_list()[1:] if many else t.get_shape().as_list()
        specs.append((t.dtype, [first, *row]))
    source = _Batches(wanted, size, window, smaller, many, pad, keep, seed)
    made = g.source_nodes(source, specs, Operation(name, "shuffle_batch" if window else "batch"))
    return made if len(made) > 1 else made[0]


# --- queues that programs fill themselves -----------------------------------------------------------------------------


class _Held:
    """What is in a queue in one session."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.closed = False
        self.changed = threading.Condition()


class QueueBase:
    """Rows of values, put in by operations and taken out by nodes; each session has its own."""

    window = 0  # how many rows stay in it while its runners can fill it

    def __init__(
        self,
        capacity: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: Any = None,
        name: str | None = None,
        pad: bool = False,
    ) -> None:
        self.dtypes = [as_dtype(d) for d in (dtypes if isinstance(dtypes, (list, tuple)) else [dtypes])]
        self.shapes = _one_each(shapes, len(self.dtypes))
        self.names, self.pad = names, pad
        self.name = name or type(self).__name__
        self.runners: list[Operation] = []  # enqueue operations that fill it when it is empty
        self._held: weakref.WeakKeyDictionary[Any, _Held] = weakref.WeakKeyDictionary()

    def held(self, session: Any) -> _Held:
        """The rows in a session."""
        return self._held.setdefault(session, _Held())

    def enqueue(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that puts in one row."""
        return _Enqueue(self, self._row(vals), False, name)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Operation:
        """An operation that puts in the rows of its values."""
        return _Enqueue(self, self._row(vals), True, name)

    def _row(self, vals: Any) -> list[Any]:
        if isinstance(vals, dict):
            vals = [vals[key] for key in self.names]
        parts = list(vals) if isinstance(vals, (list, tuple)) else [vals]
        if len(parts) != len(self.dtypes):  # one value that is a list
            parts = [vals]
        return [
            x if isinstance(x, Node) else g.constant(x, d) for x, d in zip(parts, self.dtypes, strict=True)
        ]

    def dequeue(self, name: str | None = None) -> Any:
        """Nodes for the next row."""
        return self._nodes(None, self.shapes, False, name)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """Nodes for the next ``n`` rows."""
        n = g.static_int(n, "n")
        return self._nodes(n, [None if s is None else [n, *s] for s in self.shapes], False, name)

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """Nodes for the next rows, ``n`` or what is left."""
        shapes = [None if s is None else [None, *s] for s in self.shapes]
        return self._nodes(g.static_int(n, "n"), shapes, True, name)

    def _nodes(self, n: int | None, shapes: Sequence[Any], fewer: bool, name: str | None) -> Any:
        specs = list(zip(self.dtypes, shapes, strict=True))
        made = g.source_nodes(_Dequeue(self, n, fewer), specs, Operation(name, f"{self.name}_Dequeue"))
        if self.names:
            return dict(zip(self.names, made, strict=True))
        return made if len(made) > 1 else made[0]

    def take(self, session: Any) -> Any:
        """The next row in a session; one of the runners fills an empty queue."""
        held = self.held(session)
        while len(held.rows) <= (self.window if self.runners else 0):
            try:
                self._fill(session, held)
            except OutOfRangeError:
                if not held.rows:
                    raise
                break
        return held.rows.pop(self.position(held.rows))

    def _fill(self, session: Any, held: _Held) -> None:
        if held.closed:
            raise OutOfRangeError(f"{self.name} is closed and has insufficient elements")
        if self.runners:
            with session.one_moment(fresh=True):
                session.run(self.runners[0])
            return
        with held.changed:
            limit = session.patience or _WAIT
            filled = held.changed.wait_for(lambda: held.rows or held.closed, timeout=limit)
        if not filled and session.patience:
            raise DeadlineExceededError(
                f"{self.name}: timed out after {limit:g} s, as the session is told to"
            )
        if not filled:
            raise OutOfRangeError(f"{self.name} is empty, and nothing has filled it for {_WAIT:.0f} s")

    def position(self, rows: Sequence[Any]) -> int:
        """Which of the rows comes next: the first."""
        return 0

    def size(self, name: str | None = None) -> Tensor:
        """A node for the number of rows."""
        return g.source_nodes(_Size(self), [("int32", [])], Operation(name, f"{self.name}_Size"))[0]

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Operation:
        """An operation after which no row is put in."""
        return _Close(self, name)


def _one_each(shapes: Any, n: int) -> list[Any]:
    if shapes is None:
        return [None] * n
    if n == 1 and not (len(shapes) == 1 and isinstance(shapes[0], (list, tuple, g.TensorShape))):
        shapes = [shapes]
    return [g.TensorShape(s).as_list() for s in shapes]


class FIFOQueue(QueueBase):
    """Rows come out in the order in which they went in."""


class PaddingFIFOQueue(QueueBase):
    """Rows of different lengths; several of them together are filled up with zeros."""

    def __init__(self, capacity: int, dtypes: Any, shapes: Any, names: Any = None, **options: Any) -> None:
        super().__init__(capacity, dtypes, shapes, names, pad=True, **options)


class RandomShuffleQueue(QueueBase):
    """Rows come out in random order."""

    def __init__(
        self,
        capacity: int,
        min_after_dequeue: int,
        dtypes: Any,
        shapes: Any = None,
        names: Any = None,
        seed: Any = None,
        shared_name: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(capacity, dtypes, shapes, names, shared_name, name)
        self._generator = np.random.default_rng(seed)
        self.window = min_after_dequeue

    def position(self, rows: Sequence[Any]) -> int:
        """Any."""
        return int(self._generator.integers(len(rows)))


class PriorityQueue(QueueBase):
    """Rows that begin with a whole number (int64, beside ``types``): the least comes out first."""

    def __init__(
        self,
        capacity: int,
        types: Any,
        shapes: Any = None,
        names: Any = None,
        shared_name: Any = None,
        name: str = "priority_queue",
    ) -> None:
        kinds = list(types) if isinstance(types, (list, tuple)) else [types]
        rows = None if shapes is None else [[], *shapes]
        super().__init__(capacity, ["int64", *kinds], rows, names, shared_name, name)

    def position(self, rows: Sequence[Any]) -> int:
        """The least number; of equal ones the first."""
        return min(range(len(rows)), key=lambda k: int(rows[k][0]))


class _Enqueue(Operation):
    def __init__(self, queue: QueueBase, row: list[Tensor], many: bool, name: str | None) -> None:
        super().__init__(name, f"{queue.name}_Enqueue", Effect(), row)
        self.queue, self.row, self.many = queue, row, many

    def act(self, session: Any, fed: Any) -> None:
        """Put in what the nodes give."""
        held = self.queue.held(session)
        if held.closed:
            raise CancelledError(f"{self.queue.name} is closed")
        made = session.run(self.row, {k: v for k, v in fed.items() if isinstance(k, Node)})
        made = [encoded(x) if t.dtype == string else x for x, t in zip(made, self.row, strict=True)]
        with held.changed:
            held.rows += [list(r) for r in zip(*made, strict=True)] if self.many else [made]
            held.changed.notify_all()


class _Close(Operation):
    def __init__(self, queue: QueueBase, name: str | None) -> None:
        super().__init__(name, f"{queue.name}_Close", Effect())
        self.queue = queue

    def act(self, session: Any, fed: Any) -> None:
        """Close it."""
        held = self.queue.held(session)
        with held.changed:
            held.closed = True
            held.changed.notify_all()


class _Dequeue:
    def __init__(self, queue: QueueBase, n: int | None, fewer: bool) -> None:
        self.queue, self.n, self.fewer = queue, n, fewer

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The next rows."""
        if self.n is None:
            return list(self.queue.take(session))
        rows: list[Any] = []
        try:
            while len(rows) < self.n:
                rows.append(self.queue.take(session))
        except OutOfRangeError:
            if not rows or not self.fewer:
                raise
        return [stacked(column, self.queue.pad) for column in zip(*rows, strict=True)]


class _Size:
    def __init__(self, queue: QueueBase) -> None:
        self.queue = queue

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The number of rows."""
        return [np.int32(len(self.queue.held(session).rows))]


class QueueRunner:
    """The operations that fill a queue; they run when somebody takes from it."""

    def __init__(
        self,
        queue: Any = None,
        enqueue_ops: Any = None,
        close_op: Any = None,
        cancel_op: Any = None,
        queue_closed_exception_types: Any = None,
        queue_runner_def: Any = None,
        import_scope: Any = None,
    ) -> None:
        self.queue = queue
        queue.runners += list(enqueue_ops or ())

    def create_threads(
        self, sess: Any, coord: Any = None, daemon: bool = False, start: bool = False
    ) -> list[Any]:
        """There is nothing to start."""
        return []


def add_queue_runner(qr: QueueRunner, collection: str = "queue_runners") -> None:
    """Remember a runner in the graph."""
    g.default_graph().add_to_collection(collection, qr)


# --- queues of constants ----------------------------------------------------------------------------------------------


@inner
class InputProducer(QueueBase):
    """A queue of the rows of one tensor, pass after pass."""

    def __init__(self, tensor: Any, num_epochs: int | None, shuffle: bool, seed: Any, name: str) -> None:
        node = g.convert_to_tensor(tensor)
        super().__init__(32, [node.dtype], [node.get_shape().as_list()[1:]], name=name)
        self._slices = _Slices([node], num_epochs, shuffle, seed)

    def take(self, session: Any) -> Any:
        """The next row."""
        return self._slices.next_row(session)


def input_producer(
    input_tensor: Any,
    element_shape: Any = None,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    capacity: int = 32,
    shared_name: Any = None,
    summary_name: Any = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> InputProducer:
    """A queue of the rows of a tensor."""
    return InputProducer(input_tensor, num_epochs, shuffle, seed, name or "input_producer")


def string_input_producer(
    string_tensor: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    capacity: int = 32,
    shared_name: Any = None,
    name: str | None = None,
    cancel_op: Any = None,
) -> InputProducer:
    """A queue of strings, such as names of files."""
    return InputProducer(string_tensor, num_epochs, shuffle, seed, name or "input_producer")


def range_input_producer(
    limit: Any,
    num_epochs: int | None = None,
    shuffle: bool = True,
    seed: Any = None,
    capacity: int = 32,
    shared_name: Any = None,
    name: str | None = None,
) -> InputProducer:
    """A queue of the numbers under ``limit``."""
    from thalweg.compat.tf1 import math

    return InputProducer(math.range(limit), num_epochs, shuffle, seed, name or "input_producer")


def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Tensor:
    """The value of a tensor so many times; then the end."""
    node = g.convert_to_tensor(tensor)
    source = _Limited(node, num_epochs)
    specs = [(node.dtype, node.get_shape().as_list())]
    return g.source_nodes(source, specs, Operation(name, "limit_epochs"))[0]


class _Limited:
    def __init__(self, node: Tensor, times: int | None) -> None:
        self.node, self.times = node, times

    def pull(self, session: Any, fed: Any) -> list[Any]:
        """The value once more."""
        if self.times is not None:
            if self.times == 0:
                raise OutOfRangeError("limit_epochs: reached the limit")
            self.times -= 1
        return [session.run(self.node)]


def match_filenames_once(pattern: Any, name: str | None = None) -> Tensor:
    """The names of the files that a pattern fits."""
    return matching_files(pattern, name)


def matching_files(pattern: Any, name: str | None = None) -> Tensor:
    """The names of the files that a pattern fits, in order."""
    import glob

    patterns = [pattern] if isinstance(pattern, str) else list(pattern)
    return g.constant(
        np.array(sorted(f for p in patterns for f in glob.glob(p)), object), name=name or "files"
    )
