"""A method of a model traced into a program for the shapes of the data: one native call for a batch, or for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from thalweg.graph.tensor import Tensor, constant, placeholder
from thalweg.graph.updates import Recorder, recording
from thalweg.nested import filled, flat, mapped
from thalweg.run.by_shapes import Shapes
from thalweg.run.program import Program, fixed_forms

__all__ = ["Step"]


class Step:
    """``body`` on symbolic (x, y, sample_weight), with every assignment it makes, as one program.

    ``structure``: arrays (or anything with a dtype) in the structure that ``body`` takes; ``shapes``: of each, None for
    an open length. Calling it with the flat list of arrays gives the outputs of the body as arrays, in its
    structure.
    """

    def __init__(self, body: Callable[[Any], Any], structure: Any, shapes: Shapes, name: str) -> None:
        numbered = iter(enumerate(shapes))

        def symbol(array: Any) -> Tensor:
            number, shape = next(numbered)
            return placeholder(array.dtype, shape, name=f"data_{number}")

        inputs = mapped(symbol, structure)
        recorder = Recorder()
        with recording(recorder):
            self.outputs = body(inputs)
            tensors = [
                recorder.newest(t if isinstance(t, Tensor) else constant(t)) for t in flat(self.outputs)
            ]
        updates = list(recorder.updates.items())
        self.program = Program(flat(inputs), tensors, updates, name, fixed_forms(shapes))

    def __call__(self, arrays: Sequence[np.ndarray]) -> Any:
        return filled(self.outputs, self.program.run(arrays))

    def many(self, arrays: Sequence[np.ndarray], **rows: Any) -> Iterator[tuple[int, Any]]:
        """Many steps natively, over what :meth:`Program.run_steps` takes: yields how many were done since the
        last time, and the outputs of the last of them.
        """
        for count, results in self.program.run_steps(arrays, **rows):
            yield count, filled(self.outputs, [r[-1] for r in results])
