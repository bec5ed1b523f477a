"""A method of a model traced into a program for the shapes of the data: one native call for a batch, or for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.graph.tensor import Tensor, constant, placeholder
from thalweg.graph.updates import Recorder, recording
from thalweg.nested import filled, flat, mapped
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

    def __call__(self, arrays: Sequence[np.ndarray]) -> Any:
        return filled(self.outputs, self.program.run(arrays))

    def many(self, arrays: Sequence[np.ndarray], **rows: Any) -> Iterator[tuple[int, Any]]:
        """Many steps natively, over what :meth:`Program.run_steps` takes: yields how many were done since the
        last time, and the outputs of the last of them.
        """
        for count, results in self.program.run_steps(arrays, **rows):
            yield count, filled(self.outputs, [r[-1] for r in results])
