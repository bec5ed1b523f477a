"""Cells around other cells."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import math, nn
from thalweg.compat.tf1.rnn.cells import BasicLSTMCell, LSTMCell, MultiRNNCell, RNNCell
from thalweg.compat.tf1.structures import map_structure


class _Wrapper(RNNCell):
    def __init__(self, cell: RNNCell) -> None:
        super().__init__()
        self.cell = cell

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any = "float32") -> Any:
        """The state of the cell within: one with attention holds more than zeros."""
        return self.cell.zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return self.call(inputs, state)


def _joined(cls: type) -> type:
    """The class of cells with a state of one tensor unless told otherwise, as it was before 1.0."""

    def __init__(self: Any, *args: Any, **options: Any) -> None:
        super(made, self).__init__(*args, **{"state_is_tuple": False, **options})

    made: Any = type(cls.__name__, (cls,), {"__init__": __init__, "__doc__": cls.__doc__})
    return made


JOINED = {cls.__name__: _joined(cls) for cls in (BasicLSTMCell, LSTMCell, MultiRNNCell)}


class DropoutWrapper(_Wrapper):
    """Dropout of a cell's inputs, outputs and states."""

    def __init__(
        self,
        cell: RNNCell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        seed: Any = None,
        variational_recurrent: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(cell)
        self.keep = (input_keep_prob, output_keep_prob, state_keep_prob)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        into, out, kept = self.keep
        output, new = self.cell(self._dropped(inputs, into), state)
        if not isinstance(kept, (int, float)) or kept < 1:
            new = map_structure(lambda t: self._dropped(t, kept), new)
        return self._dropped(output, out), new

    @staticmethod
    def _dropped(x: Any, keep: Any) -> Any:
        return x if isinstance(keep, (int, float)) and keep >= 1 else nn.dropout(x, keep)


class ResidualWrapper(_Wrapper):
    """The cell's input added to its output."""

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(inputs, state)
        return output + inputs, new


class DeviceWrapper(_Wrapper):
    """The cell itself: there is one device."""

    def __init__(self, cell: RNNCell, device: Any = None) -> None:
        super().__init__(cell)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.cell(inputs, state)


class OutputProjectionWrapper(_Wrapper):
    """A linear layer over a cell's output."""

    def __init__(self, cell: RNNCell, output_size: int, activation: Any = None, reuse: Any = None) -> None:
        super().__init__(cell)
        self.width, self.activation = output_size, activation

    @property
    def output_size(self) -> int:
        return self.width

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return RNNCell.__call__(self, inputs, state, scope)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(inputs, state)
        projected = self._linear([output], self.width)
        return self.activation(projected) if self.activation else projected, new


class InputProjectionWrapper(OutputProjectionWrapper):
    """A linear layer before a cell."""

    @property
    def output_size(self) -> int:
        return self.cell.output_size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.cell(self._linear([inputs], self.width), state)


class EmbeddingWrapper(_Wrapper):
    """Rows of a table as the cell's inputs."""

    def __init__(
        self, cell: RNNCell, embedding_classes: int, embedding_size: int, initializer: Any = None
    ) -> None:
        super().__init__(cell)
        self.table_shape, self.start = [embedding_classes, embedding_size], initializer

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return RNNCell.__call__(self, inputs, state, scope)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        table = self._variable("embedding", self.table_shape, self.start)
        return self.cell(nn.embedding_lookup(table, math.reshape(inputs, [-1])), state)
