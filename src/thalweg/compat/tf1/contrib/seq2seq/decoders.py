"""Decoders, and the loop that runs them.

Where the inputs of all steps are known before (training), the loop is a scan over them, compiled and differentiated as
one; else it is a while loop that ends when all examples have ended.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.tf1 import control, math
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.contrib.seq2seq.helpers import Helper, TrainingHelper
from thalweg.compat.tf1.graph import value, wrap
from thalweg.compat.tf1.structures import inside, map_structure, to_core, to_nodes
from thalweg.compat.tf1.tensor_array import TensorArray
from thalweg.compat.tf1.variables import variable_scope
from thalweg.ops import elementwise
from thalweg.ops import scan as core_scan
from thalweg.ops import shape as shape_ops


class BasicDecoderOutput(NamedTuple):
    """The scores of words, and the words that a step said."""

    rnn_output: Any
    sample_id: Any


class Decoder:
    """``initialize()`` and ``step(time, inputs, state)``."""

    tracks_own_finished = False
    batch_size: Any

    def initialize(self, name: Any = None) -> tuple[Any, Any, Any]:
        """(which examples are at an end, the first inputs, the first state)."""
        raise NotImplementedError

    def step(self, time: Any, inputs: Any, state: Any, name: Any = None) -> tuple[Any, Any, Any, Any]:
        """(outputs, state, next inputs, which examples are at an end)."""
        raise NotImplementedError

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        """What is made of the outputs [time, batch, ...] of all steps."""
        return outputs, final_state


class BasicDecoder(Decoder):
    """A cell, a helper that says what it reads, and a layer over its outputs."""

    def __init__(self, cell: Any, helper: Helper, initial_state: Any, output_layer: Any = None) -> None:
        self.cell, self.helper, self.first_state, self.layer = cell, helper, initial_state, output_layer

    @property
    def batch_size(self) -> Any:  # type: ignore[override]
        return self.helper.batch_size

    def initialize(self, name: Any = None) -> tuple[Any, Any, Any]:
        return (*self.helper.initialize(), self.first_state)

    def step(self, time: Any, inputs: Any, state: Any, name: Any = None) -> tuple[Any, Any, Any, Any]:
        outputs, made = self.cell(inputs, state)
        if self.layer is not None:
            outputs = self.layer(outputs)
        ids = self.helper.sample(time=time, outputs=outputs, state=made)
        finished, following, made = self.helper.next_inputs(
            time=time, outputs=outputs, state=made, sample_ids=ids
        )
        return BasicDecoderOutput(outputs, ids), made, following, finished


class Decoded(tuple[Any, Any, Any]):
    """(outputs, last state, lengths). To two names go the first two: TensorFlow 1.0 and 1.1 gave no lengths."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        caller = sys._getframe(1)
        asks, names = caller.f_code.co_code[caller.f_lasti : caller.f_lasti + 2]
        two = asks == dis.opmap["UNPACK_SEQUENCE"] and names == 2
        return iter(tuple.__getitem__(self, slice(2 if two else 3)))


def dynamic_decode(
    decoder: Any,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> Decoded:
    """(outputs [batch, time, ...], last state, lengths [batch]) of a decoder.

    There are as many steps as the longest example needs, or ``maximum_iterations`` where those are fewer.
    """
    with variable_scope(scope, "decoder") as opened:
        if (
            type(decoder) is BasicDecoder
            and type(decoder.helper) is TrainingHelper
            and not any(isinstance(part, TensorArray) for part in _leaves(decoder.first_state))
        ):
            outputs, state, lengths = _over_targets(decoder, impute_finished, maximum_iterations, opened)
        else:
            outputs, state, lengths = _until_finished(decoder, impute_finished, maximum_iterations, opened)
        outputs, state = decoder.finalize(outputs, state, lengths)
    if not output_time_major:
        outputs = map_structure(_batch_first, outputs)
    return Decoded((outputs, state, lengths))


def _batch_first(x: Any) -> Any:
    return math.transpose(x, [1, 0, *range(2, x.get_shape().ndims or 2)])


def _over_targets(decoder: BasicDecoder, impute: bool, limit: Any, opened: Any) -> tuple[Any, Any, Any]:
    helper: Any = decoder.helper
    _, first, start = decoder.initialize()
    decoder.step(g.constant(0), first, start)  # makes the variables, before the loop
    opened.reuse_variables()
    lasting = helper.sequence_length if limit is None else math.minimum(helper.sequence_length, limit)
    steps = math.maximum(math.reduce_max(lasting), 0)  # without examples the longest is less
    xs = to_core(map_structure(lambda x: x[:steps], helper.inputs))
    leaf = _first_leaf(xs)
    times = shape_ops.reshape(shape_ops.iota_like(leaf, axis=0, dtype=np.dtype(np.int32)), (-1,))
    lengths = value(lasting)

    def step(state: Any, now: Any) -> Any:
        x, time = now
        with inside() as body:
            outputs, made, _, _ = decoder.step(
                wrap(time, None, "Time"), to_nodes(x, "Input"), to_nodes(state, "State")
            )
        said, new = (map_structure(body.plain, to_core(part)) for part in (outputs, made))
        if impute:
            going = elementwise.less(time, lengths)
            new = _where(going, new, state)
            said = _where(going, said, map_structure(lambda t: shape_ops.full_like(t, 0), said))
        return new, said

    last, outputs = core_scan.scan(step, to_core(start), (xs, times))
    outputs = map_structure(
        lambda t: g.shaped_as(t, (None, *t.shape[1:])), outputs
    )  # as TensorFlow tells them
    return to_nodes(outputs, "DecoderOutputs"), to_nodes(last, "DecoderState"), lasting


def _first_leaf(tree: Any) -> Any:
    found: list[Any] = []
    map_structure(found.append, tree)
    return found[0]


def _where(going: Any, new: Any, old: Any) -> Any:
    """The new values where an example goes on."""
    rest = iter(_leaves(old))

    def chosen(a: Any) -> Any:
        b = next(rest)
        if not a.shape:
            return a
        test = shape_ops.expand_dims(going, tuple(range(1, len(a.shape)))) if len(a.shape) > 1 else going
        return elementwise.where(test, a, b)

    return map_structure(chosen, new)


def _going_on(going: Any, new: Any, old: Any) -> Any:
    """The new state where an example goes on; arrays of all steps are those of the new one."""
    rest = iter(_leaves(old))

    def chosen(a: Any) -> Any:
        b = next(rest)
        return a if isinstance(a, TensorArray) else wrap(_where(going, value(a), value(b)), None, "State")

    return map_structure(chosen, new)


def _leaves(tree: Any) -> list[Any]:
    found: list[Any] = []
    map_structure(found.append, tree)
    return found


def _until_finished(decoder: Any, impute: bool, limit: Any, opened: Any) -> tuple[Any, Any, Any]:
    finished, inputs, state = decoder.initialize()
    outputs, *_ = decoder.step(g.constant(0), inputs, state)  # what a step gives, and the variables
    opened.reuse_variables()
    arrays = map_structure(lambda t: TensorArray(t.dtype, 0, dynamic_size=True), outputs)
    lengths = math.zeros_like(finished, "int32")
    if limit is not None:
        finished = math.logical_or(finished, math.less_equal(limit, 0))

    def going(time: Any, done: Any, *rest: Any) -> Any:
        return math.logical_not(math.reduce_all(done))

    def body(time: Any, done: Any, lengths: Any, arrays: Any, inputs: Any, state: Any) -> Any:
        said, new, following, ended = decoder.step(time, inputs, state)
        if not decoder.tracks_own_finished:
            ended = math.logical_or(ended, done)
        if limit is not None:
            ended = math.logical_or(ended, math.greater_equal(time + 1, limit))
        counted = math.where(done, lengths, math.zeros_like(lengths) + time + 1)
        if impute:
            test = value(math.logical_not(done))
            zeros = map_structure(math.zeros_like, said)
            said = to_nodes(_where(test, to_core(said), to_core(zeros)), "Output")
            new = _going_on(test, new, state)
        rest = iter(_leaves(said))
        written = map_structure(lambda array: array.write(time, next(rest)), arrays)
        return time + 1, ended, counted, written, following, new

    start = [g.constant(0), finished, lengths, arrays, inputs, state]
    _, _, lengths, arrays, _, state = control.while_loop(going, body, start)
    return map_structure(lambda array: array.stack(), arrays), state, lengths
