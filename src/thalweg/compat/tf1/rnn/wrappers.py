"""Cells around other cells."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import md5
from itertools import count
from typing import Any

from thalweg.compat.tf1 import math, nn, random
from thalweg.compat.tf1.rnn.cells import BasicLSTMCell, LSTMCell, LSTMStateTuple, MultiRNNCell, RNNCell
from thalweg.compat.tf1.tensor_array import TensorArray
from thalweg.compat.tf1.types import TensorShape


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
    """Dropout of a cell's inputs, outputs and states, each kept with its probability; what an LSTM remembers is not
    dropped, unless ``dropout_state_filter_visitor`` says so of a state.

    ``variational_recurrent``: what is dropped is drawn once in a run, for all steps and examples (Gal and Ghahramani,
    https://arxiv.org/abs/1512.05287); it needs ``dtype``, and ``input_size`` where inputs are dropped.
    """

    def __init__(
        self,
        cell: RNNCell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: Any = None,
        dropout_state_filter_visitor: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(cell)
        self.keep = {"input": input_keep_prob, "state": state_keep_prob, "output": output_keep_prob}
        for what, keep in self.keep.items():
            if isinstance(keep, (int, float)) and not 0 <= keep <= 1:
                raise ValueError(f"Parameter {what}_keep_prob must be between 0 and 1: {keep}")
        self.seed, self.visitor = seed, dropout_state_filter_visitor or _all_but_memory
        self.noise: dict[str, list[Any]] = {}
        if variational_recurrent:
            self._draw({"input": input_size, "state": cell.state_size, "output": cell.output_size}, dtype)

    def _draw(self, sizes: dict[str, Any], dtype: Any) -> None:
        if dtype is None:
            raise ValueError("When variational_recurrent=True, dtype must be provided")
        for what, size in sizes.items():
            if not self._drops(what):
                continue
            if size is None:
                raise ValueError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                    "input_size must be provided"
                )
            shapes = [TensorShape(s if isinstance(s, TensorShape) else [s]).as_list() for s in _sizes(size)]
            self.noise[what] = [
                random.random_uniform([1, *shape], dtype=dtype, seed=self._seed_of(what, k))
                for k, shape in enumerate(shapes)
            ]

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new = self.cell(self._dropped("input", inputs), state)
        return self._dropped("output", output), self._dropped("state", new, self.visitor)

    def _drops(self, what: str) -> bool:
        keep = self.keep[what]
        return not isinstance(keep, (int, float)) or keep < 1

    def _seed_of(self, what: str, k: int) -> int | None:
        if self.seed is None:
            return None
        return (
            int(md5(f"{self.seed}{what}_{k}".encode(), usedforsecurity=False).hexdigest()[:8], 16)
            & 0x7FFFFFFF
        )

    def _dropped(self, what: str, x: Any, visitor: Callable[[Any], Any] = lambda part: True) -> Any:
        """The tensors of a structure, dropped where the visitor says so of them and of what they stand in."""
        if not self._drops(what):
            return x
        keep, noise, places = self.keep[what], self.noise.get(what), count()

        def leaf(t: Any, chosen: bool) -> Any:
            k = next(places)
            if not chosen:
                return t
            if noise is None:
                return nn.dropout(t, keep, seed=self._seed_of(what, k))
            return t / keep * math.floor(noise[k] + keep)

        def part(x: Any, chosen: bool) -> Any:
            told = visitor(x) if chosen else False
            if not isinstance(x, (tuple, list)):
                return leaf(x, bool(told))
            each = told if isinstance(told, (tuple, list)) else [told] * len(x)
            made = [part(y, wanted) for y, wanted in zip(x, each, strict=True)]
            return type(x)(*made) if hasattr(x, "_fields") else type(x)(made)

        return part(x, True)


def _all_but_memory(state: Any) -> Any:
    """Which parts of a state are dropped: all tensors but the memories of LSTMs."""
    if isinstance(state, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(state, TensorArray)


def _sizes(size: Any) -> list[Any]:
    return [s for part in size for s in _sizes(part)] if isinstance(size, (tuple, list)) else [size]


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
    """A linear layer, and a function of what it gives if there is one, before a cell."""

    def __init__(
        self, cell: RNNCell, num_proj: int, activation: Any = None, input_size: Any = None, reuse: Any = None
    ) -> None:
        super().__init__(cell, num_proj, activation, reuse)

    @property
    def output_size(self) -> int:
        return self.cell.output_size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        projected = self._linear([inputs], self.width)
        return self.cell(self.activation(projected) if self.activation else projected, state)


class EmbeddingWrapper(_Wrapper):
    """Rows of a table as the cell's inputs."""

    def __init__(
        self,
        cell: RNNCell,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(cell)
        self._reuse = reuse
        self.table_shape, self.start = [embedding_classes, embedding_size], initializer

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        return RNNCell.__call__(self, inputs, state, scope)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        table = self._variable("embedding", self.table_shape, self.start)
        return self.cell(nn.embedding_lookup(table, math.reshape(inputs, [-1])), state)
