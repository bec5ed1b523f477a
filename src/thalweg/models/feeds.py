"""From what a user passes as data to batches of plain arrays: arrays, lists, dicts, frames, generators, data sets."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.ahead import ahead
from thalweg.errors import ArgumentError, ArgumentTypeError, DataError, DTypeError, ShapeError, fail, warn
from thalweg.frames import column_array, frame_array, is_frame
from thalweg.graph.tensor import Tensor
from thalweg.layers.texts import is_texts, text_codes
from thalweg.layers.uneven import filled, is_uneven
from thalweg.nested import flat, mapped
from thalweg.ops.draws import get_state, orders
from thalweg.run.rows import Rows

__all__ = ["ArrayFeed", "Feed", "IteratedFeed", "feed_of", "split_rows", "unpack"]

Signature = tuple[Any, ...]
DEFAULT_BATCH = 32
_NAMES = ("x", "y", "sample_weight")


def unpack(batch: Any) -> tuple[Any, Any, Any]:
    """(x, y, sample_weight) of what a generator gives: x alone, or a tuple of up to three. No targets may be ``[]``."""
    if isinstance(batch, (tuple, list)):
        if not 1 <= len(batch) <= 3:
            received = f"{len(batch)} parts"
            raise fail(DataError, "a batch", expected="x, (x, y) or (x, y, sample_weight)", received=received)
        x, y, sample_weight = (*batch, None, None)[:3]
        return x, None if isinstance(y, (list, tuple)) and not y else y, sample_weight
    return batch, None, None


def packed(batch: Any) -> Any:
    """x alone, (x, y) or (x, y, sample_weight), as a step of one's own takes it apart: without what is not there."""
    x, y, sample_weight = unpack(batch)
    if sample_weight is not None:
        return x, y, sample_weight
    return x if y is None else (x, y)


def as_data(value: Any, name: str, floats: np.dtype = dtypes.default_float, texts: bool = False) -> Any:
    """The structure with arrays at its leaves; floating ones in the dtype ``floats``, integers as they are.

    With ``texts``, arrays of texts become arrays of their characters (see ``layers.texts``); else they are an error.

    A list of numbers (or of lists of them) is one array; a list of arrays is several inputs.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {key: as_data(v, f"{name}[{key!r}]", floats, texts) for key, v in value.items()}
    if (
        isinstance(value, (list, tuple))
        and value
        and all(_is_array(v) or hasattr(v, "columns") for v in value)
    ):
        return [as_data(v, f"{name}[{k}]", floats, texts) for k, v in enumerate(value)]
    return _array(value, name, floats, texts)


def _is_array(value: Any) -> bool:
    """Whether it has a shape and is no single number of NumPy's: those are numbers, as Python's are."""
    return hasattr(value, "shape") and not isinstance(value, np.generic)


_NUMBERS = (int, float, np.number, np.bool_)  # what an array of Python's objects may hold


def _array(value: Any, name: str, floats: np.dtype, texts: bool) -> np.ndarray:
    if is_uneven(value):
        return filled(value)
    if hasattr(value, "tocoo"):  # a sparse matrix of SciPy's
        value = value.toarray()
    if isinstance(value, Tensor):
        array = value.array()
    elif is_frame(value):
        array = frame_array(value, name)
    else:
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise fail(DataError, f"{name}: rows of different lengths: {error}") from None
    if array.dtype == object and getattr(getattr(value, "dtype", None), "kind", "O") in "biuf":
        array = column_array(value, name)
    if array.dtype == object and array.size and all(isinstance(v, _NUMBERS) for v in array.flat):
        array = np.array(array.tolist())
    if texts and is_texts(array):
        return text_codes(array)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise _not_numbers(array, name)
    if array.dtype.kind == "f" and array.dtype != floats:
        array = array.astype(floats)
    return np.ascontiguousarray(array) if array.ndim else array


def _not_numbers(array: np.ndarray, name: str) -> DTypeError:
    texts = array.dtype.kind in "US" or (array.size and all(isinstance(v, str) for v in array.flat))
    if texts and name.startswith("y"):
        hint = "thalweg.data.encode_labels makes class numbers of texts"
    elif texts:
        hint = "a TextVectorization or StringLookup layer in front makes numbers of texts"
    else:
        wrong = next((v for v in array.flat if not isinstance(v, _NUMBERS)), None)
        hint = f"the first element that is no number is {wrong!r}; convert with np.asarray(..., 'float32')"
    received = f"dtype {array.dtype}"
    return fail(DTypeError, f"{name} does not hold numbers", expected="numbers", received=received, hint=hint)


def warn_of_nan(structure: Any, name: str) -> bool:
    """Warn of the first NaN or infinity in the data, by its place; whether there was one."""
    for k, array in enumerate(flat(structure)):
        with np.errstate(over="ignore", invalid="ignore"):  # a sum that overflows only asks for a closer look
            suspect = array.dtype.kind == "f" and not np.isfinite(np.sum(array))
        if suspect:
            place = np.argwhere(~np.isfinite(array))
            if len(place):
                where = tuple(int(i) for i in place[0])
                label = name if k == 0 else f"{name} (array {k})"
                warn(f"{label} holds {array[where]} at {list(where)}: losses and weights will become NaN")
                return True
    return False


class Feed:
    """Batches of flat lists of arrays, and the structure (x, y, sample_weight) that they fill."""

    structure: Any
    uniform = False  # whether all batches have the dtypes and shapes of the first
    num_batches: int | None = None
    steps: int | None = None  # of an epoch, where the user said how many
    number = 0  # of the epoch that comes
    num_samples: int | None = None
    batch_size: int | None = None

    def signature(self) -> Signature:
        """Dtypes and shapes without the batch: what a step is built for. Reads the first batch where it must."""
        raise NotImplementedError

    def epoch(self) -> Iterator[list[np.ndarray]]:
        """The batches of one epoch."""
        raise NotImplementedError

    def close(self) -> None:
        """Nobody will read on: threads that work ahead may end."""


def signature_of(arrays: Sequence[np.ndarray]) -> Signature:
    """Dtype and shape without the batch of each array."""
    return tuple((a.dtype.str, a.shape[1:]) for a in arrays)


class ArrayFeed(Feed):
    """Arrays in memory, cut into batches; every epoch in another order if ``shuffle``, drawn from ``tw.random``. With
    ``steps`` an epoch and the rows in order, each goes on where the last one ended.
    """

    uniform = True

    def __init__(
        self, structure: Any, batch_size: int | None, shuffle: Any, steps: int | None = None
    ) -> None:
        self.structure, self.shuffle, self._order = structure, bool(shuffle), orders()
        self.arrays: list[np.ndarray] = flat(structure)
        if not self.arrays:
            raise fail(ArgumentError, "no data was given", expected="x")
        self.num_samples = _common_length(structure)
        self.batch_size = batch_size or DEFAULT_BATCH
        self.steps = steps
        self.num_batches = steps or -(-self.num_samples // self.batch_size)

    def signature(self) -> Signature:
        return signature_of(self.arrays)

    def epoch(self) -> Iterator[list[np.ndarray]]:
        for arrays, how in self.blocks():
            rows = Rows("fit", arrays, **how)
            yield from map(rows.part, range(rows.steps))

    def blocks(self) -> Iterator[tuple[list[np.ndarray], dict[str, Any]]]:
        """The batches of one epoch, those of one size together: arrays, and which of their rows each batch has,
        as :class:`Rows` takes it.
        """
        if self.steps is None:
            yield from self._once()
            return
        left, size = self.steps, self.batch_size or 1
        skip = 0 if self.shuffle else self.number * self.steps % -(-(self.num_samples or 1) // size)
        for arrays, how in chain.from_iterable(iter(self._once, None)):
            there = _steps_of(how)
            passed = min(skip, there)
            steps, skip = min(left, there - passed), skip - passed
            if steps:
                yield _part_of(arrays, how, passed, passed + steps)
                left -= steps
            if not left:
                return

    def _once(self) -> Iterator[tuple[list[np.ndarray], dict[str, Any]]]:
        count, size = self.num_samples or 0, self.batch_size or 1
        whole = count // size * size
        order = self._order(count) if self.shuffle else None
        for start, stop, batch in ((0, whole, size), (whole, count, count - whole)):
            if start == stop:
                continue
            if order is not None:
                yield self.arrays, {"rows": order[start:stop].reshape(-1, batch)}
            else:
                yield [a[start:stop] for a in self.arrays], {"batch": batch, "steps": (stop - start) // batch}


def _check_rows(structure: Any, hint: str | None = None) -> None:
    """An error where something has no rows; several inputs may be of any numbers: nodes and edges of graphs."""
    for name, part in zip(_NAMES, structure):
        if any(not array.ndim for array in flat(part)):
            raise fail(
                ShapeError, name, expected="an array with one row per example", received="a scalar", hint=hint
            )


def _common_length(structure: Any, hint: str | None = None) -> int:
    _check_rows(structure, hint)
    lengths = mapped(len, structure)
    found = sorted(set(flat(lengths)))
    if len(found) > 1:
        parts = ", ".join(f"{n}: {v}" for n, v in zip(_NAMES, lengths) if v is not None)
        raise fail(
            ShapeError, "the data differ in their number of rows", expected="one number", received=parts,
            hint=hint,
        )  # fmt: skip
    if found[0] == 0:
        raise fail(DataError, "the data have no rows")
    return found[0]


class RowsFeed(ArrayFeed):
    """A data set that only says which rows of arrays in memory each batch has: the arrays, cut as it says."""

    uniform = True

    def __init__(self, structure: Any, source: Any, steps: int | None) -> None:
        self.structure, self.source, self.steps, self.shuffle = structure, source, steps, False
        self.arrays = flat(structure)
        self.num_batches = steps or _length_of(source)
        self._going: Iterator[Any] | None = None
        if self.num_batches == 0:
            raise fail(DataError, "the data set has no batches")
        if self.num_batches is None:
            raise _endless()

    def _once(self) -> Iterator[tuple[list[np.ndarray], dict[str, Any]]]:
        for rows in self.source.rows_in_memory[1]():
            if not rows.size:
                continue
            start, stop = int(rows[0, 0]), int(rows[-1, -1]) + 1
            if stop - start == rows.size and np.array_equal(rows.ravel(), np.arange(start, stop)):
                yield [a[start:stop] for a in self.arrays], {"batch": rows.shape[1], "steps": len(rows)}
            else:
                yield self.arrays, {"rows": rows}

    def blocks(self) -> Iterator[tuple[list[np.ndarray], dict[str, Any]]]:
        if self.steps is None:
            yield from self._once()
            return
        if self._going is None and not self.source.draws:
            for _ in self._next(self.number * self.steps):  # an epoch that others came before, in another run
                pass
        yield from self._next(self.steps)

    def _next(self, left: int) -> Iterator[tuple[list[np.ndarray], dict[str, Any]]]:
        """So many batches from where the last ones ended."""
        self._going = self._going or chain.from_iterable(iter(self._once, None))
        while left:
            arrays, how = next(self._going)
            there = _steps_of(how)
            steps = min(left, there)
            if steps < there:
                self._going = chain([_part_of(arrays, how, steps, there)], self._going)
            yield _part_of(arrays, how, 0, steps)
            left -= steps


def _steps_of(how: Mapping[str, Any]) -> int:
    """How many batches a block has."""
    return len(how["rows"]) if "rows" in how else how["steps"]


def _part_of(
    arrays: list[np.ndarray], how: dict[str, Any], start: int, stop: int
) -> tuple[list[np.ndarray], dict[str, Any]]:
    """The steps from ``start`` to ``stop`` of a block."""
    if "rows" in how:
        return arrays, {"rows": how["rows"][start:stop]}
    batch = how["batch"]
    return [a[start * batch : stop * batch] for a in arrays], {"batch": batch, "steps": stop - start}


def _length_of(source: Any) -> int | None:
    """The number of batches; None where it is not known, or there is no end."""
    try:
        return len(source)
    except TypeError:
        return None


def _endless() -> ArgumentError:
    return fail(
        ArgumentError,
        "the data set repeats for ever",
        hint="say how many batches make an epoch: steps_per_epoch=... (validation_steps=, steps=), or repeat(count)",
    )


_SLOW_SECONDS = 1e-3  # to make a batch: less is not worth a thread


class IteratedFeed(Feed):
    """Batches as they come from a generator, a sequence of batches, or a data set; ``steps`` of them an epoch.

    Batches that take long to make are made one ahead, in a thread, while the steps run.
    """

    def __init__(
        self,
        source: Any,
        steps: int | None,
        floats: np.dtype,
        weigh: Any = None,
        texts: bool = False,
        fitting: Any = lambda structure: structure,
        names: Sequence[str] | None = None,
    ) -> None:
        self.source, self.steps, self.floats, self.weigh, self.texts = source, steps, floats, weigh, texts
        self.fitting, self.names = fitting, names
        self.num_batches = steps or _length_of(source)
        if steps is None and getattr(source, "cardinality", lambda: 0)() == -1:
            raise _endless()
        self._one_pass = iter(source) if iter(source) is source else None
        self._nan_known = False
        begun, drawn = time.perf_counter(), get_state()
        first = next(self._iterator(), None)
        # Slow batches are made in a thread while steps run; not where they draw from the generator of the steps.
        self._in_thread = time.perf_counter() - begun > _SLOW_SECONDS and get_state() == drawn
        if first is None:
            raise fail(DataError, "the generator gave no batch")
        self.structure = self._converted(first)
        self._first: Any = first if self._one_pass is not None else None
        self._going: Any = None

    def _iterator(self) -> Iterator[Any]:
        if self._one_pass is not None:
            return self._one_pass
        if (
            hasattr(self.source, "__getitem__")
            and hasattr(self.source, "__len__")
            and not hasattr(self.source, "map")
        ):
            return (self.source[k] for k in range(len(self.source)))  # keras.utils.Sequence
        return iter(self.source)

    def _converted(self, batch: Any, number: int = 0) -> Any:
        structure = _as_structure(unpack(batch), self.floats, self.texts, self.names)
        hint = "the data must come in batches: is .batch() missing?"
        _check_rows(structure, hint) if len(flat(structure[0])) > 1 else _common_length(structure, hint)
        for name, part in zip(_NAMES, structure):
            if not self._nan_known:
                self._nan_known = warn_of_nan(part, f"batch {number}: {name}")
        return _weighed(self.fitting(structure), self.weigh)

    def signature(self) -> Signature:
        return signature_of(flat(self.structure))

    def epoch(self) -> Iterator[list[np.ndarray]]:
        if self.steps is None:
            batches = self._made(self._from_start())
        else:  # go on where the last epoch stopped, in this run or in one before it
            if self._going is None:
                known = self._one_pass is None and not getattr(self.source, "draws", False)
                self._going = self._made(self._endless(self.number * self.steps if known else 0))
            batches = islice(self._going, self.steps)
        if hasattr(self.source, "on_epoch_begin"):
            self.source.on_epoch_begin()
        count = 0
        for batch in batches:
            yield flat(self._converted(batch, count))
            count += 1
        if self.num_batches is None:
            self.num_batches = count
        if hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()

    def close(self) -> None:
        going, self._going = self._going, None
        if going is not None:
            going.close()

    def _made(self, batches: Iterator[Any]) -> Iterator[Any]:
        return ahead(batches, 1) if self._in_thread else batches

    def _from_start(self) -> Iterator[Any]:
        first, self._first = self._first, None
        return self._iterator() if first is None else chain([first], self._iterator())

    def _endless(self, passed: int) -> Iterator[Any]:
        """Pass after pass, without the first batches."""
        while True:
            given = False
            for batch in self._from_start():
                given = True
                if not passed:
                    yield batch
                passed = max(passed - 1, 0)
            if not given:
                return


def _is_iterated(x: Any) -> bool:
    if (
        isinstance(x, (np.ndarray, Tensor, Mapping, list, tuple))
        or hasattr(x, "columns")
        or hasattr(x, "__array__")
        or is_uneven(x)
    ):
        return False
    return isinstance(x, Iterable) or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def feed_of(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    *,
    shuffle: Any = False,
    steps: int | None = None,
    class_weight: Any = None,
    floats: np.dtype = dtypes.default_float,
    texts: bool = False,
    fitting: Any = lambda structure: structure,
    names: Sequence[str] | None = None,
) -> Feed:
    """The batches of any of the kinds of data that ``fit`` takes; floating data in the dtype ``floats``.

    ``texts``: whether x may hold texts. ``fitting``: what makes (x, y, sample_weight) fit the model.
    ``names``: of a dict x, all that is read, where that is known.
    """
    weigh = None
    if class_weight is not None:
        _check_class_weight(class_weight)
        weigh = lambda t, w: class_weights(t, w, class_weight)
    if isinstance(x, Feed):
        return x
    if callable(x) and not _is_iterated(x) and not hasattr(x, "shape"):
        raise fail(
            ArgumentTypeError, "x", expected="arrays, a generator or a data set",
            received=f"the function {getattr(x, '__name__', x)!r}", hint="call it: fit(make()), not fit(make)",
        )  # fmt: skip
    if _is_iterated(x):
        if y is not None or sample_weight is not None:
            raise fail(
                ArgumentError, "y and sample_weight come from the generator itself, as (x, y, sample_weight)"
            )
        if getattr(x, "rows_in_memory", None) is not None:
            rows = _as_structure(unpack(x.rows_in_memory[0]), floats, texts, names)
            return RowsFeed(_weighed(rows, weigh), x, steps)
        return IteratedFeed(x, steps, floats, weigh, texts, fitting, names)
    if batch_size is not None and (
        isinstance(batch_size, bool) or int(batch_size) != batch_size or batch_size < 1
    ):
        raise fail(ArgumentError, "batch_size", expected="a whole number > 0", received=repr(batch_size))
    structure = fitting(_as_structure(unpack((x, y, sample_weight)), floats, texts, names))
    if weigh is not None:
        structure = _weighed(structure, weigh)
        _warn_of_unknown_classes(structure[1], class_weight)
    return ArrayFeed(structure, batch_size, shuffle, steps)


def _as_structure(given: Any, floats: np.dtype, texts: bool, names: Sequence[str] | None) -> Any:
    """(x, y, sample_weight) with arrays at the leaves; of a dict x what has one of the names, if it has them all."""
    x, *rest = given
    if names is not None and isinstance(x, Mapping) and all(name in x for name in names):
        given = ({name: x[name] for name in names}, *rest)
    return tuple(as_data(v, n, floats, texts and n == "x") for v, n in zip(given, _NAMES))


def _weighed(structure: Any, weigh: Any) -> Any:
    return structure if weigh is None else (*structure[:2], weigh(structure[1], structure[2]))


def class_weights(y: Any, w: Any, class_weight: Mapping[Any, Any]) -> Any:
    """One weight per example: that of its class (1 for classes that are not named), times the weight given.

    Of several outputs each has its own, in the form of the targets, if ``class_weight`` has weights by their names.
    """
    if _is_of_outputs(class_weight) and not isinstance(y, np.ndarray):
        targets = y if isinstance(y, Mapping) else dict(zip(class_weight, flat(y)))
        given = w if isinstance(w, Mapping) else dict(zip(targets, [] if w is None else flat(w)))
        found = {n: class_weights(t, given.get(n), class_weight.get(n) or {}) if class_weight.get(n)
                 else given.get(n, np.ones(len(t), dtypes.default_float)) for n, t in targets.items()}  # fmt: skip
        return found if isinstance(y, Mapping) else list(found.values())
    if not isinstance(y, np.ndarray):
        raise fail(ArgumentError, "class_weight", expected="a single target", received=type(y).__name__)
    labels = y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y), -1)[:, 0]
    if (labels != np.floor(labels)).any() or labels.min(initial=0) < 0:
        wrong = labels[(labels != np.floor(labels)) | (labels < 0)][0]
        raise fail(ArgumentError, "class_weight: the targets are no classes", expected="whole numbers >= 0",
                   received=f"{wrong:g}")  # fmt: skip
    table = np.ones(int(max(labels.max(initial=0), *class_weight, 0)) + 1, dtypes.default_float)
    for label, weight in class_weight.items():
        table[int(label)] = weight
    weights = table[labels.astype(np.int64)]
    return weights if w is None else weights * w


def _is_of_outputs(class_weight: Any) -> bool:
    """Whether these are weights of classes by the names of outputs."""
    return isinstance(class_weight, Mapping) and any(
        isinstance(part, Mapping) for part in class_weight.values()
    )


def _check_class_weight(given: Any) -> None:
    if _is_of_outputs(given):
        for part in given.values():
            _check_class_weight({} if part is None else part)
        return
    hint = (
        "sklearn.utils.class_weight.compute_class_weight gives balanced ones" if given == "balanced" else None
    )
    if not isinstance(given, Mapping):
        raise fail(
            ArgumentTypeError,
            "class_weight",
            expected="a dict {class number: weight}",
            received=repr(given),
            hint=hint,
        )
    for label, weight in given.items():
        whole = isinstance(label, (int, np.integer)) and not isinstance(label, bool) and label >= 0
        if not whole or not isinstance(weight, (int, float, np.number)):
            raise fail(
                ArgumentError, "class_weight", expected="class numbers >= 0 with a weight each",
                received=f"{label!r}: {weight!r}", hint="classes go by the numbers in y, not by their names",
            )  # fmt: skip


def _warn_of_unknown_classes(y: Any, class_weight: Mapping[int, float]) -> None:
    if not isinstance(y, np.ndarray):
        return
    there = range(y.shape[-1]) if y.ndim > 1 and y.shape[-1] > 1 else np.unique(y).astype(np.int64).tolist()
    unknown = sorted(set(class_weight) - set(there))
    if unknown:
        classes = ", ".join(map(str, list(there)[:10]))
        warn(f"class_weight names class {unknown[0]}, which no target has (there are {classes})")


def split_rows(feed: Feed, share: float) -> tuple[Feed, Feed]:
    """The feed without its last rows, and one of these: the last ``share`` of all, before any shuffling."""
    if not isinstance(feed, ArrayFeed) or isinstance(feed, RowsFeed):
        raise fail(ArgumentError, "validation_split", expected="arrays", received="a generator or data set",
                   hint="pass validation_data")  # fmt: skip
    if not 0 < share < 1:
        raise fail(ArgumentError, "validation_split", expected="0 < share < 1", received=share)
    cut = int((feed.num_samples or 0) * (1 - share))
    if cut in (0, feed.num_samples):
        raise fail(
            ArgumentError, "validation_split leaves one side empty", received=f"{feed.num_samples} rows"
        )
    before = mapped(lambda a: a[:cut], feed.structure)
    after = mapped(lambda a: a[cut:], feed.structure)
    _warn_of_missing_classes(before[1], after[1])
    return ArrayFeed(before, feed.batch_size, feed.shuffle, feed.steps), ArrayFeed(
        after, feed.batch_size, False
    )


def _warn_of_missing_classes(before: Any, after: Any) -> None:
    if not isinstance(before, np.ndarray):
        return
    sides = []
    for y in (before, after):
        if y.dtype.kind == "f" and y.ndim <= 2 and ((y == 0) | (y == 1)).all():
            y = y.astype(np.int64)
        if y.ndim == 2 and y.shape[1] > 1 and y.dtype.kind in "biu" and (y.sum(axis=1) == 1).all():
            y = y.argmax(axis=1)
        if y.dtype.kind not in "biu" or y.ndim > 2:
            return
        sides.append(set(np.unique(y).tolist()))
    if len(sides[0] | sides[1]) > 1000 or sides[0] == sides[1]:
        return
    missing = [
        f"class {', '.join(map(str, sorted(lost)[:5]))} is missing from the {part} rows"
        for part, lost in (("training", sides[1] - sides[0]), ("validation", sides[0] - sides[1]))
        if lost
    ]
    warn(f"validation_split takes the last rows as they stand: {'; '.join(missing)}. Are the data sorted?")
