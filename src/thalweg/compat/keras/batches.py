"""What models are trained on, as Keras took it: counts of examples or batches, generators, sparse rows, lists."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from thalweg.compat.keras.spelling import renamed
from thalweg.errors import ArgumentError, fail
from thalweg.nested import flat, mapped

FIT: dict[str, str | None] = {
    "nb_epoch": "epochs", "nb_worker": None, "workers": None, "max_q_size": None, "max_queue_size": None,
    "use_multiprocessing": None, "pickle_safe": None, "val_samples": "nb_val_samples",
}  # fmt: skip
_STEPS = ("steps_per_epoch", "validation_steps", "steps")


class SampleCount(int):
    """How many examples a generator has, as it told a program of Keras 1: what counts in batches now counts these."""


class SeenData(list[Any]):
    """The validation data as callbacks saw it: inputs, targets, weights of examples."""


def listed(value: Any) -> list[Any]:
    """A list of one value or several; none of None."""
    return list(value) if isinstance(value, (list, tuple)) else [] if value is None else [value]


def dense(part: Any) -> Any:
    """A sparse matrix of SciPy's as an array, anything else as it is."""
    return part.toarray() if hasattr(part, "toarray") and hasattr(part, "nnz") else part


def apart(given: Any, count: int) -> Any:
    """Of several inputs or outputs each as an array of its own, where they were given as lists of numbers."""
    if count < 2 or not isinstance(given, (list, tuple)) or len(given) != count:
        return given
    return [np.asarray(part) if isinstance(part, (list, tuple)) else part for part in given]


def split_off(x: Any, y: Any, options: Mapping[str, Any]) -> Any:
    """The rows that ``validation_split`` sets apart, for callbacks to see; None without it."""
    share, first = options.get("validation_split"), next(iter(flat(x)), None)
    if not share or y is None or not isinstance(first, np.ndarray):
        return None
    at = int(len(first) * (1.0 - share))
    return tuple(mapped(lambda a: np.asarray(a)[at:], part) for part in (x, y))


def whole(steps: Any) -> int | None:
    """A number of steps that a program may have divided out: Keras went on until so many were done."""
    return None if steps is None else math.ceil(steps)


def asked(options: Mapping[str, Any]) -> dict[str, Any]:
    """What ``fit``, ``evaluate`` and ``predict`` are asked for, by their names now."""
    steps = {name: whole(options[name]) for name in _STEPS if name in options}
    return {**renamed(options, FIT), **steps}


def batches_of(generator: Any, steps: Any, options: dict[str, Any]) -> tuple[Any, int | None, dict[str, Any]]:
    """The generator, how many batches to take of it, and the other options."""
    options = asked(options)
    samples = options.pop("nb_val_samples", None)
    samples = steps if isinstance(steps, SampleCount) else samples
    if samples is not None:
        generator, steps = counted(generator, samples)
    if steps is None and is_counted(generator):
        steps = len(generator)
    return generator, whole(steps), options


def is_counted(batches: Any) -> bool:
    """Whether batches come without end, but their number is known."""
    return hasattr(batches, "__len__") and not isinstance(batches, (tuple, list, np.ndarray))


def counted(generator: Any, samples: Any) -> tuple[Any, int]:
    """The generator, with nothing lost, and the number of its batches until so many examples were seen."""
    if hasattr(generator, "__getitem__") and hasattr(generator, "__len__"):
        return generator, _as_batches(samples, generator[0])
    batches = iter(generator)
    first = next(batches, None)
    if first is None:
        raise fail(ArgumentError, "the generator gave no batch")

    def again() -> Iterator[Any]:
        yield first
        yield from batches

    return again(), _as_batches(samples, first)


def _as_batches(samples: Any, first: Any) -> int:
    """How many batches like the first hold so many examples, or more."""
    return max(1, -(-int(samples) // _rows(first)))


def _rows(batch: Any) -> int:
    while isinstance(batch, (tuple, list, Mapping)):
        batch = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return max(1, len(batch))
