"""Loops that run cells over sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest
from thalweg.compat.tf1.graph import Tensor, value, wrap
from thalweg.compat.tf1.rnn.cells import twin
from thalweg.compat.tf1.structures import inside, map_structure, to_core, to_nodes
from thalweg.compat.tf1.tensor_array import TensorArray
from thalweg.compat.tf1.types import TensorShape
from thalweg.compat.tf1.variables import get_variable_scope, variable_scope
from thalweg.ops import elementwise, reduce, scan
from thalweg.ops import shape as shape_ops


def _chosen(going: Any, new: Any, old: Any) -> Any:
    """The new state where the sequence still goes on."""
    if isinstance(new, (list, tuple)):
        parts = [_chosen(going, a, b) for a, b in zip(new, old, strict=True)]
        return type(new)(*parts) if hasattr(new, "_fields") else type(new)(parts)
    if not new.shape:  # such as a count of steps: no row has one of its own
        return elementwise.where(reduce.any(going), new, old)
    for _ in range(len(new.shape) - 1):
        going = shape_ops.expand_dims(going, -1)
    return elementwise.where(going, new, old)


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """(outputs, last state) over the time axis of [batch, time, n] (or [time, batch, n])."""
    if initial_state is None and dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    inputs = map_structure(g.convert_to_tensor, inputs)
    with variable_scope(scope or "rnn") as opened:
        x = inputs if time_major else map_structure(transpose_batch_time, inputs)
        start = initial_state
        if start is None:
            start = cell.zero_state(math.shape(nest.flatten(x)[0])[1], dtype)
        steps = to_core(x)
        first = map_structure(lambda t: wrap(t[0], None, "FirstStep"), steps)
        cell(first, start)  # makes the variables, before the loop
        opened.reuse_variables()
        outputs, last = _scanned(cell, steps, to_core(start), sequence_length)
    result = to_nodes(outputs, "RNNOutputs")
    return (result if time_major else map_structure(transpose_batch_time, result)), last


def _scanned(cell: Any, x: Any, start: Any, sequence_length: Any) -> tuple[Any, Any]:
    lengths = None if sequence_length is None else g.cast(value(sequence_length), "int32")
    times = shape_ops.reshape(
        shape_ops.iota_like(nest.flatten(x)[0], axis=0, dtype=np.dtype(np.int32)), (-1,)
    )

    def step(state: Any, now: Any) -> Any:
        with inside() as body:
            made = cell(to_nodes(now[0], "Step"), to_nodes(state, "State"))
        output, new = (map_structure(body.plain, to_core(part)) for part in made)
        if lengths is not None:
            going = elementwise.less(now[1], lengths)
            new = _chosen(going, new, state)
            output = _chosen(going, output, map_structure(lambda t: shape_ops.full_like(t, 0), output))
        return new, output

    last, outputs = scan.scan(step, start, (x, times))
    return outputs, to_nodes(last, "LastState")


def static_rnn(
    cell: Any,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """(list of outputs, last state) over a list of inputs, unrolled."""
    if initial_state is None and dtype is None:
        raise ValueError("If there is no initial_state, you must give a dtype.")
    outputs, inputs = [], [g.convert_to_tensor(x) for x in inputs]
    with variable_scope(scope or "rnn") as opened:
        state = cell.zero_state(math.shape(inputs[0])[0], dtype) if initial_state is None else initial_state
        lengths = None if sequence_length is None else g.cast(value(sequence_length), "int32")
        for t, x in enumerate(inputs):
            if t == 1:
                opened.reuse_variables()
            output, new = cell(x, state)
            if lengths is not None:
                going = elementwise.greater(lengths, t)
                new = to_nodes(_chosen(going, to_core(new), to_core(state)), "State")
                made = value(output)
                output = wrap(_chosen(going, made, shape_ops.full_like(made, 0)), None, "Output")
            outputs.append(output)
            state = new
    return outputs, state


rnn = static_rnn


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """((outputs forwards, backwards), (states forwards, backwards))."""
    axis = 0 if time_major else 1
    cell_bw = twin(cell_fw) if cell_bw is cell_fw else cell_bw
    with variable_scope(scope or "bidirectional_rnn"):
        forward, state_fw = dynamic_rnn(
            cell_fw, inputs, sequence_length, initial_state_fw, dtype, time_major=time_major, scope="fw"
        )
        turned = backwards(inputs, sequence_length, axis)
        backward, state_bw = dynamic_rnn(
            cell_bw, turned, sequence_length, initial_state_bw, dtype, time_major=time_major, scope="bw"
        )
    return (forward, backwards(backward, sequence_length, axis)), (state_fw, state_bw)


def backwards(x: Any, lengths: Any, axis: int) -> Any:
    return (
        math.reverse(x, [axis])
        if lengths is None
        else math.reverse_sequence(x, lengths, seq_axis=axis, batch_axis=1 - axis)
    )


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Sequence[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """(outputs of both directions side by side, state forwards, state backwards)."""
    cell_bw = twin(cell_fw) if cell_bw is cell_fw else cell_bw
    with variable_scope(scope or "bidirectional_rnn"):
        forward, state_fw = static_rnn(cell_fw, inputs, initial_state_fw, dtype, sequence_length, "fw")
        turned = _list_turned(inputs, sequence_length)
        backward, state_bw = static_rnn(cell_bw, turned, initial_state_bw, dtype, sequence_length, "bw")
    backward = _list_turned(backward, sequence_length)
    joined = [math.concat([a, b], 1) for a, b in zip(forward, backward, strict=True)]
    return joined, state_fw, state_bw


def _list_turned(steps: Sequence[Any], lengths: Any) -> list[Any]:
    """The steps in the opposite order; each example's own steps where lengths are given."""
    if lengths is None:
        return list(steps)[::-1]
    return math.unstack(backwards(math.stack(list(steps)), lengths, 0), len(steps))


bidirectional_rnn = static_bidirectional_rnn


def stack_bidirectional_dynamic_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: Any = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """(outputs, last states forwards, backwards): layers one above the other, each in both directions."""
    states_fw, states_bw, x = [], [], inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for k, (forward, backward) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            starts = [None if s is None else s[k] for s in (initial_states_fw, initial_states_bw)]
            with variable_scope(f"cell_{k}"):
                outputs, (fw, bw) = bidirectional_dynamic_rnn(
                    forward, backward, x, sequence_length, starts[0], starts[1], dtype, time_major=time_major
                )
            x = math.concat(list(outputs), 2)
            states_fw.append(fw)
            states_bw.append(bw)
    return x, tuple(states_fw), tuple(states_bw)


def stack_bidirectional_rnn(
    cells_fw: Sequence[Any],
    cells_bw: Sequence[Any],
    inputs: Sequence[Any],
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]:
    """(outputs, last states forwards, backwards) over a list of steps: layers one above the other, each both ways."""
    states_fw, states_bw, x = [], [], list(inputs)
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for k, (forward, backward) in enumerate(zip(cells_fw, cells_bw, strict=True)):
            starts = [None if s is None else s[k] for s in (initial_states_fw, initial_states_bw)]
            with variable_scope(f"cell_{k}"):
                here = get_variable_scope()
                x, fw, bw = static_bidirectional_rnn(
                    forward, backward, x, starts[0], starts[1], dtype, sequence_length, scope=here
                )
            states_fw.append(fw)
            states_bw.append(bw)
    return x, tuple(states_fw), tuple(states_bw)


def transpose_batch_time(x: Any) -> Tensor:
    """The first two axes exchanged."""
    rank: Any = g.convert_to_tensor(x).shape.ndims
    return math.transpose(x, [1, 0, *range(2, rank)])


def raw_rnn(
    cell: Any,
    loop_fn: Callable[..., Any],
    parallel_iterations: Any = None,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, Any]:
    """(TensorArray of what is emitted, last state, last loop state) of a loop that ``loop_fn`` steers.

    ``loop_fn(time, output, state, loop_state)`` gives (which are finished, next input, next state, what to emit, next
    loop state); at time 0 output, state and loop state are None, and what to emit is the shape of one example.
    """
    from thalweg.compat.tf1.control import while_loop

    with variable_scope(scope or "rnn"):
        time = g.constant(0)
        finished, x, state, like, loop_state = loop_fn(time, None, None, None)
        batch = math.shape(nest.flatten(x)[0])[0]
        dtype = nest.flatten(state)[0].dtype
        if like is None:
            zeros = map_structure(
                lambda n: math.zeros([batch, *TensorShape(n).as_list()], dtype), cell.output_size
            )
        else:
            zeros = map_structure(lambda t: math.zeros([batch, *t.get_shape().as_list()], t.dtype), like)
        arrays = map_structure(lambda t: TensorArray(t.dtype, size=0, dynamic_size=True), zeros)

        def body(time: Any, finished: Any, x: Any, state: Any, arrays: Any, loop_state: Any) -> list[Any]:
            output, new = cell(x, state)
            over, x, new, emitted, after = loop_fn(time + 1, output, new, loop_state)
            going = value(math.logical_not(finished))
            state = to_nodes(_chosen(going, to_core(new), to_core(state)), "State")
            emitted = to_nodes(_chosen(going, to_core(emitted), to_core(zeros)), "Emitted")
            written = iter(
                [a.write(time, e) for a, e in zip(nest.flatten(arrays), nest.flatten(emitted), strict=True)]
            )
            arrays = map_structure(lambda _: next(written), arrays)
            return [
                time + 1,
                math.logical_or(finished, over),
                x,
                state,
                arrays,
                loop_state if after is None else after,
            ]

        begun = [time, finished, x, state, arrays, loop_state]
        _, _, _, state, arrays, loop_state = while_loop(
            lambda time, finished, *rest: math.logical_not(math.reduce_all(finished)), body, begun
        )
    return arrays, state, loop_state
