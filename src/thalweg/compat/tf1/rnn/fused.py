"""Cells of ``tf.contrib.rnn`` that are called on a whole sequence [time, batch, n]."""

from __future__ import annotations

from typing import Any

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest
from thalweg.compat.tf1.rnn.cells import GRUCell, LSTMCell, LSTMStateTuple
from thalweg.compat.tf1.rnn.loops import backwards, dynamic_rnn, static_rnn
from thalweg.compat.tf1.variables import variable_scope


class FusedRNNCell:
    """A whole sequence: ``outputs, last_state = cell(inputs, initial_state, dtype, sequence_length)``."""

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        raise NotImplementedError("Abstract method")


class LSTMBlockFusedCell(FusedRNNCell):
    """An LSTM over the steps of [time, batch, n], or of a list; with peepholes and clipping, if asked for."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: Any = None,
        name: str = "lstm_fused_cell",
        dtype: Any = None,
    ) -> None:
        clip = None if cell_clip is None or cell_clip <= 0 else cell_clip
        self.cell = LSTMCell(num_units, use_peephole, clip, forget_bias=forget_bias, reuse=reuse, name=name)
        self.num_units, self._name, self._reuse = num_units, name, reuse
        self._scopes: dict[int, Any] = {}  # in which it was called first, by the graph

    @property
    def variables(self) -> list[Any]:
        """The kernel, the bias and what the peepholes weigh."""
        return self.cell.variables

    trainable_variables = variables

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """(outputs, last state)."""
        if initial_state is None and dtype is None:
            raise ValueError("Either initial_state or dtype needs to be specified")
        listed = isinstance(inputs, (list, tuple))
        x = math.stack(list(inputs)) if listed else inputs
        start = None if initial_state is None else LSTMStateTuple(*initial_state)
        first = self._scopes.get(id(g.default_graph())) if scope is None else scope
        with variable_scope(
            first or (self._name if self._reuse else None), self._name, reuse=self._reuse
        ) as opened:
            self._scopes.setdefault(id(g.default_graph()), opened)
            step = _Placed(self.cell, opened)
            outputs, last = dynamic_rnn(step, x, sequence_length, start, dtype, time_major=True, scope=opened)
        return (math.unstack(outputs, len(inputs)) if listed else outputs), last


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
    return LSTMCell(num_units, use_peephole, clip, forget_bias=forget_bias, reuse=reuse, name=name)


def GRUBlockCell(
    num_units: int | None = None, cell_size: int | None = None, reuse: Any = None, name: str = "gru_cell"
) -> GRUCell:
    """One step of a GRU; ``cell_size`` is what ``num_units`` was called first."""
    if (num_units is None) == (cell_size is None):
        raise ValueError("Exactly one of num_units or cell_size must be provided.")
    return GRUCell(cell_size if num_units is None else num_units, reuse=reuse, name=name)


class FusedRNNCellAdaptor(FusedRNNCell):
    """A cell of single steps, called on a whole sequence."""

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False) -> None:
        self._cell, self._dynamic = cell, use_dynamic_rnn

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """(outputs, last state)."""
        listed = isinstance(inputs, (list, tuple))
        if self._dynamic:
            x = math.stack(list(inputs)) if listed else inputs
            outputs, last = dynamic_rnn(
                self._cell, x, sequence_length, initial_state, dtype, time_major=True, scope=scope
            )
            return (math.unstack(outputs, len(inputs)) if listed else outputs), last
        steps = list(inputs) if listed else math.unstack(inputs)
        made, last = static_rnn(self._cell, steps, initial_state, dtype, sequence_length, scope)
        return (made if listed else math.stack(made)), last


class TimeReversedFusedRNN(FusedRNNCell):
    """Another one, from the last step to the first."""

    def __init__(self, cell: FusedRNNCell) -> None:
        self._cell = cell

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """(outputs, the state after the first step)."""
        listed = isinstance(inputs, (list, tuple))
        x = math.stack(list(inputs)) if listed else inputs
        back = backwards(x, sequence_length, 0)
        made, last = self._cell(back, initial_state, dtype, sequence_length, scope)
        outputs = nest.map_structure(lambda y: backwards(y, sequence_length, 0), made)
        return (math.unstack(outputs, len(inputs)) if listed else outputs), last
