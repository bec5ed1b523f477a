"""What a decoder reads at each step: the targets, or what it said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1 import math, nest, nn, random
from thalweg.compat.tf1.errors import InvalidArgumentError
from thalweg.compat.tf1.graph import Node, Tensor, value, wrap
from thalweg.compat.tf1.structures import map_structure
from thalweg.errors import ShapeError, fail
from thalweg.graph.op import make_op


class Helper:
    """``initialize``, ``sample`` and ``next_inputs``; ``inputs`` [time, batch, ...] where they are known before."""

    inputs: Any = None
    batch_size: Any

    @staticmethod
    def rows_of(embedding: Any) -> Callable[[Any], Tensor]:
        """A function of word numbers, of a table or of such a function."""
        if callable(embedding) and not isinstance(embedding, Node):
            return embedding
        return lambda ids: nn.embedding_lookup(embedding, ids)

    def initialize(self, name: Any = None) -> tuple[Any, Any]:
        """(which examples are at an end, the first inputs)."""
        raise NotImplementedError

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        """The words that outputs say."""
        raise NotImplementedError

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: Any = None) -> Any:
        """(which examples are at an end, the next inputs, the state)."""
        raise NotImplementedError


@make_op(
    {}, infer=lambda lengths, steps, **parameters: lengths,
    grad=lambda g, y, lengths, steps, **parameters: [None, None],
)  # fmt: skip
def _checked_lengths(lengths, steps, /):  # type: ignore[no-untyped-def]
    """The lengths; an error unless there is an input for each step of the longest."""
    longest = np.max(lengths, initial=0)
    if longest > steps:
        raise fail(
            InvalidArgumentError, "TrainingHelper: sequence_length",
            expected=f"at most {int(steps)}, for which inputs has steps", received=int(longest),
            hint="give the inputs of all steps, or sequence_length=tf.minimum(lengths, tf.shape(inputs)[1])",
        )  # fmt: skip
    return lengths


class TrainingHelper(Helper):
    """The decoder reads the targets; it ends after the longest of the lengths [batch]."""

    def __init__(self, inputs: Any, sequence_length: Any, time_major: bool = False, name: Any = None) -> None:
        def turned(x: Any) -> Any:
            node = g.convert_to_tensor(x)
            return (
                node if time_major else math.transpose(node, [1, 0, *range(2, node.get_shape().ndims or 2)])
            )

        self.inputs = map_structure(turned, inputs)
        lengths = math.cast(g.convert_to_tensor(sequence_length), "int32")
        if lengths.get_shape().ndims not in (None, 1):
            raise fail(
                ShapeError, "TrainingHelper: sequence_length", expected="a length for each example: shape [batch]",
                received=f"shape {lengths.get_shape().as_list()}",
            )  # fmt: skip
        given = [lengths, math.shape(nest.flatten(self.inputs)[0])[0]]
        made = _checked_lengths.build(list(map(value, given)), {})
        self.sequence_length = wrap(made, None, "CheckedLengths", given)
        self.batch_size = math.shape(lengths)[0]

    def initialize(self, name: Any = None) -> tuple[Any, Any]:
        return math.equal(self.sequence_length, 0), map_structure(lambda x: x[0], self.inputs)

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        return math.argmax(outputs, -1, output_type="int32")

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: Any = None) -> Any:
        later = math.add(time, 1)
        finished = math.greater_equal(later, self.sequence_length)

        def at(x: Any) -> Any:
            return math.gather(x, math.minimum(later, math.subtract(math.shape(x)[0], 1)))

        return finished, map_structure(at, self.inputs), state


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """The decoder reads the targets or, with a probability, the embedding of a word drawn from what it said."""

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: Any = None,
        scheduling_seed: Any = None,
        name: Any = None,
    ) -> None:
        super().__init__(inputs, sequence_length, time_major)
        self.embedding, self.probability = self.rows_of(embedding), sampling_probability

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        drawn = math.cast(math.squeeze(random.multinomial(outputs, 1), [-1]), "int32")
        own = math.less(random.random_uniform(math.shape(drawn)), self.probability)
        return math.where(own, drawn, math.zeros_like(drawn) - 1)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: Any = None) -> Any:
        finished, told, state = super().next_inputs(time, outputs, state, sample_ids)
        said = self.embedding(math.maximum(sample_ids, 0))
        return finished, math.where(math.greater_equal(sample_ids, 0), said, told), state


class GreedyEmbeddingHelper(Helper):
    """The decoder reads the embedding of the likeliest word that it said, until that is ``end_token``."""

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self.embedding = self.rows_of(embedding)
        self.start_tokens = math.cast(g.convert_to_tensor(start_tokens), "int32")
        self.end_token = end_token
        self.batch_size = math.shape(self.start_tokens)[0]

    def initialize(self, name: Any = None) -> tuple[Any, Any]:
        return math.less(self.start_tokens, self.start_tokens), self.embedding(self.start_tokens)

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        return math.argmax(outputs, -1, output_type="int32")

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: Any = None) -> Any:
        return math.equal(sample_ids, self.end_token), self.embedding(sample_ids), state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """The decoder reads the embedding of a word drawn from what it said."""

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: Any = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self.temperature = softmax_temperature

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        logits = outputs if self.temperature is None else outputs / self.temperature
        return math.cast(math.squeeze(random.multinomial(logits, 1), [-1]), "int32")


class InferenceHelper(Helper):
    """The decoder reads what functions make of what it said."""

    def __init__(
        self,
        sample_fn: Callable[[Any], Any],
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Any,
        end_fn: Callable[[Any], Any],
        next_inputs_fn: Callable[[Any], Any] | None = None,
    ) -> None:
        self.sample_fn, self.end_fn, self.next_fn = sample_fn, end_fn, next_inputs_fn
        self.start_inputs = g.convert_to_tensor(start_inputs)
        self.batch_size = math.shape(self.start_inputs)[0]

    def initialize(self, name: Any = None) -> tuple[Any, Any]:
        return math.zeros([self.batch_size], "bool"), self.start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        return self.sample_fn(outputs)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: Any = None) -> Any:
        return self.end_fn(sample_ids), self.next_fn(sample_ids) if self.next_fn else sample_ids, state


class CustomHelper(Helper):
    """Three functions."""

    def __init__(
        self,
        initialize_fn: Any,
        sample_fn: Any,
        next_inputs_fn: Any,
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ) -> None:
        self.initialize_fn, self.sample_fn, self.next_fn = initialize_fn, sample_fn, next_inputs_fn

    def initialize(self, name: Any = None) -> tuple[Any, Any]:
        finished, first = self.initialize_fn()
        self.batch_size = math.shape(finished)[0]
        return finished, first

    def sample(self, time: Any, outputs: Any, state: Any, name: Any = None) -> Any:
        return self.sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: Any = None) -> Any:
        return self.next_fn(time=time, outputs=outputs, state=state, sample_ids=sample_ids)
