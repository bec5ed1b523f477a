"""Cells of ``tf.contrib.rnn`` that are called on a whole sequence [time, batch, n]."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest
from thalweg.compat.tf1.rnn.cells import GRUCell, LSTMCell, LSTMStateTuple
from thalweg.compat.tf1.rnn.loops import backwards, dynamic_rnn, static_rnn
from thalweg.compat.tf1.variables import variable_scope


class FusedRNNCell(ABC):
    """A whole sequence: ``outputs, last_state = cell(inputs, initial_state, dtype, sequence_length)``."""

    @abstractmethod
    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """(outputs, last state)."""


class _Fused(FusedRNNCell):
    """Takes lists of steps, too."""

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """(outputs, last state) of [time, batch, n], or of a list of steps, whose outputs are a list, too."""
        listed = isinstance(inputs, (list, tuple))
        x = math.stack(list(inputs)) if listed else inputs
        outputs, last = self.run(x, initial_state, dtype, sequence_length, scope)
        return (math.unstack(outputs, len(inputs)) if listed else outputs), last

    @abstractmethod
    def run(self, x: Any, start: Any, dtype: Any, lengths: Any, scope: Any) -> tuple[Any, Any]:
        """The outputs [time, batch, m] of ``x`` [time, batch, n], and the last state."""


class LSTMBlockFusedCell(_Fused):
    """An LSTM over the steps; with peepholes and clipping, if asked for."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: Any = None,
        dtype: Any = None,
        name: str = "lstm_fused_cell",
    ) -> None:
        self.cell = LSTMBlockCell(num_units, forget_bias, cell_clip, use_peephole, dtype, reuse, name)
        self.num_units, self._name, self._reuse = num_units, name, reuse
        self._scopes: dict[int, Any] = {}  # in which it was called first, by the graph

    @property
    def variables(self) -> list[Any]:
        """The kernel, the bias and what the peepholes weigh."""
        return self.cell.variables

    trainable_variables = variables

    def run(self, x: Any, start: Any, dtype: Any, lengths: Any, scope: Any) -> tuple[Any, Any]:
        if start is None and dtype is None:
            raise ValueError("Either initial_state or dtype needs to be specified")
        start = None if start is None else LSTMStateTuple(*start)
        first = self._scopes.get(id(g.default_graph())) if scope is None else scope
        with variable_scope(
            first or (self._name if self._reuse else None), self._name, reuse=self._reuse
        ) as opened:
            self._scopes.setdefault(id(g.default_graph()), opened)
            step = _Placed(self.cell, opened)
            return dynamic_rnn(step, x, lengths, start, dtype, time_major=True, scope=opened)


class _Placed:
    """A cell in the scope that is told when it is called."""

    def __init__(self, cell: Any, scope: Any) -> None:
        self.cell, self.scope = cell, scope

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.cell(inputs, state, self.scope)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cell, name)


def LSTMBlockCell(
    num_units: int,
    forget_bias: float = 1.0,
    cell_clip: float | None = None,
    use_peephole: bool = False,
    dtype: Any = None,
    reuse: Any = None,
    name: str = "lstm_cell",
) -> LSTMCell:
    """One step of an LSTM, with peepholes and clipping, if asked for."""
    clip = None if cell_clip is None or cell_clip <= 0 else cell_clip
    return LSTMCell(
        num_units, use_peephole, clip, forget_bias=forget_bias, reuse=reuse, name=name, dtype=dtype
    )


def GRUBlockCell(
    num_units: int | None = None, cell_size: int | None = None, reuse: Any = None, name: str = "gru_cell"
) -> GRUCell:
    """One step of a GRU; ``cell_size`` is what ``num_units`` was called first."""
    if (num_units is None) == (cell_size is None):
        raise ValueError("Exactly one of num_units or cell_size must be provided.")
    return GRUCell(cell_size if num_units is None else num_units, reuse=reuse, name=name)


class FusedRNNCellAdaptor(_Fused):
    """A cell of single steps, called on a whole sequence."""

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False) -> None:
        self._cell, self._dynamic = cell, use_dynamic_rnn

    def run(self, x: Any, start: Any, dtype: Any, lengths: Any, scope: Any) -> tuple[Any, Any]:
        if self._dynamic:
            return dynamic_rnn(self._cell, x, lengths, start, dtype, time_major=True, scope=scope)
        made, last = static_rnn(self._cell, math.unstack(x), start, dtype, lengths, scope)
        return math.stack(made), last


class TimeReversedFusedRNN(_Fused):
    """Another one, from the last step to the first; the state is that after the first step."""

    def __init__(self, cell: FusedRNNCell) -> None:
        self._cell = cell

    def run(self, x: Any, start: Any, dtype: Any, lengths: Any, scope: Any) -> tuple[Any, Any]:
        made, last = self._cell(backwards(x, lengths, 0), start, dtype, lengths, scope)
        return nest.map_structure(lambda y: backwards(y, lengths, 0), made), last
