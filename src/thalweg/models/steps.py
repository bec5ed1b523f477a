"""One native call per batch: a method of a model traced into a program for the shapes of the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.graph.tensor import Tensor, constant, placeholder
from thalweg.graph.updates import Recorder, recording
from thalweg.layers.base import flat, mapped
from thalweg.run.program import Program

__all__ = ["Step"]


class Step:
    """``body`` on symbolic (x, y, sample_weight), with every assignment it makes, as one program.

    ``structure``: arrays (or anything with shape and dtype) in the structure that ``body`` takes; the first axis of
    each is open. Calling it with the flat list of arrays gives the outputs of the body as arrays, in its structure.
    """

    def __init__(self, body: Callable[[Any], Any], structure: Any, name: str) -> None:
        count = iter(range(1 << 30))
        inputs = mapped(
            lambda a: placeholder(a.dtype, (None, *a.shape[1:]), name=f"data_{next(count)}"), structure
        )
        recorder = Recorder()
        with recording(recorder):
            self.outputs = body(inputs)
            tensors = [
                recorder.newest(t if isinstance(t, Tensor) else constant(t)) for t in flat(self.outputs)
            ]
        self.program = Program(flat(inputs), tensors, list(recorder.updates.items()), name)
        self.run = self.program.run

    def __call__(self, arrays: Sequence[np.ndarray]) -> Any:
        results = iter(self.run(arrays))
        return mapped(lambda _: next(results), self.outputs)
