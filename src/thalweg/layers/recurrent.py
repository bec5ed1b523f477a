"""Recurrent layers: a scan carries the state along the steps of [batch, steps, features].

Where ``mask`` [batch, steps] is False, state and output stay as they were.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError, fail
from thalweg.graph.history import no_grad
from thalweg.graph.tensor import Variable, shape_text
from thalweg.graph.updates import current_recorder
from thalweg.layers.base import Layer
from thalweg.layers.cells import (
    Cell,
    Gated,
    GRUFormula,
    LSTMFormula,
    SimpleRNNFormula,
    StackedRNNCells,
    State,
    check_cell,
    sizes_of,
)
from thalweg.layers.nodes import placeholders_for, shapes_of, symbols_of
from thalweg.nested import flat, mapped
from thalweg.nn.noise import dropout
from thalweg.ops import elementwise as ew
from thalweg.ops import joining, reduce
from thalweg.ops import shape as shape_ops
from thalweg.ops.dynamic import reshape_to_lengths
from thalweg.ops.scan import loop, scan
from thalweg.ops.slices import flip
from thalweg.registry import config_of, remade

__all__ = ["Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN", "TimeDistributed"]


class Loop(Layer):
    """What loops over steps share: which outputs are given, where states start, and masks.

    ``return_sequences``: the outputs of all steps, not of the last alone. ``return_state``: the last state beside them.
    ``go_backwards``: from the last step to the first, outputs in that order. ``stateful``: the state of a batch is
    where the next one starts (the batch size must be known). ``zero_output_for_mask``: outputs of masked steps are 0.
    """

    def __init__(
        self,
        *args: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        time_major: bool = False,
        zero_output_for_mask: bool = False,
        implementation: int = 2,
        use_cudnn: Any = "auto",
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful = go_backwards, stateful
        self.time_major, self.zero_output_for_mask = time_major, zero_output_for_mask
        self.kept: list[Variable] = []

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        return mask if self.return_sequences else None

    def is_nested(self, inputs: Any) -> bool:
        """Whether several inputs are what the loop goes over, rather than one of them and first states."""
        return False

    # --- what a subclass says -----------------------------------------------------------------------------------

    def state_shapes(self) -> list[tuple[int, ...]]:
        """The shapes of the states, without the batch."""
        raise NotImplementedError

    def prepared(self, x: Any, training: Any) -> Any:
        """[steps, batch, ...]: what the loop goes over, for inputs of that order."""
        return x

    def stepping(self, x: Any, state: State, training: Any) -> Any:
        """The function of (state, x of one step) that gives the new state and the output."""
        raise NotImplementedError

    def looping(self) -> Callable[..., Any]:
        """What loops: steps made of ops alone are written down once."""
        return loop

    def initial_states(self, x: Any) -> State:
        """The first states, for prepared inputs."""
        x = flat(x)[0]
        one = shape_ops.full_like(x[(0, slice(None), *(0,) * (x.ndim - 2))], 0)  # [batch]
        found = []
        for shape in self.state_shapes():
            column = shape_ops.reshape(one, (-1, *(1,) * len(shape)))
            found.append(ew.astype(column, self.dtype) + np.zeros(shape, self.dtype))
        return tuple(found)

    # --- building and calling -----------------------------------------------------------------------------------

    def __call__(self, inputs: Any, initial_state: Any = None, **kwargs: Any) -> Any:
        if initial_state is not None:
            inputs, kwargs = with_states(inputs, flat(initial_state), kwargs)
        return super().__call__(inputs, **kwargs)

    def build(self, input_shape: Any) -> None:
        input_shape = shape_of_steps(input_shape)
        if len(input_shape) < 3:
            raise fail(
                ShapeError, f"{self.name}: inputs", expected="[batch, steps, features]",
                received=shape_text(input_shape),
                hint="np.expand_dims(x, -1) makes one feature of each step",
            )  # fmt: skip
        super().build(input_shape)
        if self.stateful:
            self._make_states(input_shape[1 if self.time_major else 0])

    def _make_states(self, batch: int | None) -> None:
        if batch is None:
            raise fail(
                ShapeError, f"{self.name}: a stateful layer must know the batch size",
                hint="give batch_input_shape=(batch, steps, features), or Input(batch_shape=...)",
            )  # fmt: skip
        for k, shape in enumerate(self.state_shapes()):
            zeros = np.zeros((batch, *shape), self.dtype)
            self.kept.append(Variable(zeros, trainable=False, name=f"{self.name}/state_{k}"))

    def own_weights(self) -> list[Variable]:
        """The weights of this layer itself, without the states that it keeps."""
        kept = {id(v) for v in self.kept}
        return [weight for weight in super().own_weights() if id(weight) not in kept]

    @property
    def states(self) -> list[Variable]:
        """The kept states; none unless the layer is stateful."""
        return list(self.kept)

    def reset_states(self, states: Any = None) -> None:
        """Set the kept state to zeros, or to the given arrays (one alone where there is one state)."""
        states = [states] if isinstance(states, np.ndarray) and len(self.kept) == 1 else states
        for k, variable in enumerate(self.kept):
            variable.set_value(np.zeros(variable.shape, variable.dtype) if states is None else states[k])

    reset_state = reset_states

    def call(self, inputs: Any, mask: Any = None, training: Any = False, initial_state: Any = None) -> Any:
        if isinstance(inputs, (list, tuple)) and not self.is_nested(inputs):
            inputs, initial_state = inputs[0], list(inputs[1:])
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        x = mapped(self.floats, inputs)
        x = x if self.time_major else mapped(_exchanged, x)
        x = self.prepared(x, training)
        xs: dict[str, Any] = {"x": x}
        if mask is not None:
            xs["mask"] = mask if self.time_major else shape_ops.permute_dims(mask, (1, 0))
        state = self._first_state(x, initial_state)
        last, ys = self._scanned(xs, state, self.stepping(x, state, training))
        self._keep(last, ys)
        return self._outputs(last, ys)

    def _first_state(self, x: Any, given: Any) -> State:
        if given is not None:
            return tuple(ew.astype(v, self.dtype) for v in flat(given))
        if self.kept:
            return tuple(v.read() for v in self.kept)
        return self.initial_states(x)

    def _scanned(self, xs: dict[str, Any], state: State, step: Any) -> tuple[State, Any]:
        """The last state, and the outputs of all steps."""
        if "mask" not in xs:
            last, ys = self.looping()(
                lambda carry, now: step(tuple(carry), now["x"]), state, xs, reverse=self.go_backwards
            )
            return tuple(last), ys

        def body(carry: Any, now: Any) -> Any:
            old, output = tuple(carry[0]), carry[1]
            new, y = step(old, now["x"])
            new = tuple(where_steps(now["mask"], n, o) for n, o in zip(new, old))
            rest = iter(flat(output))
            held = mapped(lambda t: where_steps(now["mask"], t, next(rest)), y)
            blank = lambda t: where_steps(now["mask"], t, 0)
            return (new, held), mapped(blank, y) if self.zero_output_for_mask else held

        first = mapped(lambda t: t[0], xs["x"])
        before = mapped(lambda t: shape_ops.full_like(t, 0), step(state, first)[1])
        (last, _), ys = self.looping()(body, (state, before), xs, reverse=self.go_backwards)
        return tuple(last), ys

    def _keep(self, last: State, ys: Any) -> None:
        if self.kept and (current_recorder() is not None or not flat(ys)[0].is_symbolic):
            with no_grad():
                for variable, value in zip(self.kept, last):
                    variable.assign(value)

    def _outputs(self, last: State, ys: Any) -> Any:
        if self.return_sequences:
            ys = mapped(lambda t: flip(t, axis=0), ys) if self.go_backwards else ys
            y = ys if self.time_major else mapped(_exchanged, ys)
        else:
            y = Loop.last_output(self, last, ys) if self.zero_output_for_mask else self.last_output(last, ys)
        return [y, *last] if self.return_state else y

    def last_output(self, last: State, ys: Any) -> Any:
        """The output of the last step that was done."""
        return mapped(lambda t: t[0 if self.go_backwards else -1], ys)


def with_states(inputs: Any, states: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """The inputs and the other arguments of a call: symbolic first states are inputs, too, in one list."""
    if isinstance(states, (list, tuple)) and symbols_of(states):
        return [*flat(inputs), *flat(states)], options
    return inputs, {**options, "initial_state": states}


def _exchanged(x: Any) -> Any:
    """The first two axes in the other order."""
    return shape_ops.swapaxes(x, 0, 1)


def _first(structure: Any) -> Any:
    """The first value of a tuple or dict."""
    return next(iter(structure.values() if isinstance(structure, Mapping) else structure))


def _of_a_step(shapes: Any, dtype: Any, time_major: bool) -> Any:
    """What one step of several inputs of these shapes is, without values."""
    axis = 0 if time_major else 1
    parts = shapes.items() if isinstance(shapes, Mapping) else enumerate(shapes)
    made = {k: placeholders_for((*s[:axis], *s[axis + 1 :]), dtype) for k, s in parts}
    if isinstance(shapes, Mapping):
        return made
    return type(shapes)(*made.values()) if hasattr(shapes, "_fields") else tuple(made.values())


def shape_of_steps(input_shape: Any) -> Any:
    """The shape of the inputs, where those of first states may follow."""
    return input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape


def lengths_of(x: Any) -> list[Any]:
    """The lengths of the axes, those that are not known as scalars of the tensor."""
    return [shape_ops.count(x, (k,), np.dtype("int64")) if n is None else n for k, n in enumerate(x.shape)]


def where_steps(mask: Any, new: Any, old: Any) -> Any:
    """The new values where the mask [batch] is True, whatever axes follow."""
    return ew.where(shape_ops.reshape(mask, (-1, *(1,) * (new.ndim - 1))), new, old)


class Recurrent(Loop, Gated):
    """A loop over the steps of a formula: the inputs of all steps are multiplied at once, before it.

    ``dropout`` and ``recurrent_dropout``: shares of the inputs and of the state that are dropped in training, the same
    ones at every step.
    """

    def state_shapes(self) -> list[tuple[int, ...]]:
        return [(self.units,)] * self.num_states

    def prepared(self, x: Any, training: Any) -> Any:
        if training and self.dropout:
            x = dropout(x, self.dropout, noise_shape=(1, None, None), key=self.next_key())
        return self.project(x)

    def initial_states(self, x: Any) -> State:
        return (shape_ops.full_like(x[0][:, : self.units], 0),) * self.num_states

    def stepping(self, x: Any, state: State, training: Any) -> Any:
        factor = self.state_factor(state[0], training)
        return lambda old, now: self.step(old, now, old[0] if factor is None else old[0] * factor)

    def last_output(self, last: State, ys: Any) -> Any:
        return last[0]


class SimpleRNN(SimpleRNNFormula, Recurrent):
    """``h = activation(x W + b + h U)``: [batch, steps, features] to [batch, units].

    >>> SimpleRNN(4)(np.zeros((2, 3, 5), "float32")).shape
    (2, 4)
    """


class LSTM(LSTMFormula, Recurrent):
    """Long short-term memory. With ``[i, f, c', o] = x W + h U + b``:

    ``c = sigmoid(f) c + sigmoid(i) tanh(c')``, ``h = sigmoid(o) tanh(c)``. The state is (h, c).
    """


class GRU(GRUFormula, Recurrent):
    """Gated recurrent unit, gates z, r, h: ``h = z h + (1 - z) tanh(x W_h + r (h U_h))``.

    ``reset_after=False`` applies r before the product: ``(r h) U_h``.
    """


class RNN(Loop):
    """A cell run over the steps of [batch, steps, ...]: LSTMCell and the like, or one's own.

    ``cell``: a layer with ``state_size`` and ``call(inputs, states)``, which gives (output, new states); a list of
    cells is a :class:`StackedRNNCells`. A cell of one's own may take and give tuples and dicts of tensors: inputs of
    the layer in a tuple are those of the cell, in a list they are one input and first states. It may have
    ``get_initial_state(batch_size)``. ``constants`` in the call
    (or the last ``num_constants`` of a list of inputs) are tensors that every step sees:
    ``call(inputs, states, constants)``.

    >>> class Sum(Layer):
    ...     state_size = 2
    ...     def call(self, inputs, states):
    ...         total = states[0] + inputs
    ...         return total, [total]
    >>> RNN(Sum())(np.ones((1, 3, 2))).tolist()
    [[3.0, 3.0]]
    """

    def __init__(self, cell: Any, num_constants: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.cell = StackedRNNCells(cell) if isinstance(cell, (list, tuple)) else cell
        self.num_constants, self._constants = num_constants, ()
        check_cell(self.cell, "RNN")

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        if constants is None and self.num_constants and initial_state is not None:
            inputs, constants = inputs[: -self.num_constants], inputs[-self.num_constants :]
        if constants is not None:
            self.expect_constants(len(flat(constants)))
            inputs, initial_state = [*flat(inputs), *flat(initial_state), *flat(constants)], None
        return super().__call__(inputs, initial_state, **kwargs)

    def is_nested(self, inputs: Any) -> bool:
        own = not isinstance(self.cell, (Cell, StackedRNNCells))
        return own and isinstance(inputs, (tuple, Mapping))

    def expect_constants(self, count: int) -> None:
        """The last ``count`` of a list of inputs are tensors that every step sees."""
        self.num_constants = self._arguments["num_constants"] = count

    def call(
        self, inputs: Any, mask: Any = None, training: Any = False, initial_state: Any = None,
        constants: Any = None,
    ) -> Any:  # fmt: skip
        if constants is not None:
            self._constants = tuple(flat(constants))
        elif self.num_constants:
            split = len(inputs) - self.num_constants
            inputs, self._constants = list(inputs[:split]), tuple(inputs[split:])
            inputs = inputs if split > 1 else inputs[0]
        try:
            return super().call(inputs, mask, training, initial_state)
        finally:
            self._constants = ()

    def state_shapes(self) -> list[tuple[int, ...]]:
        return [(s,) if isinstance(s, int) else tuple(s) for s in sizes_of(self.cell)]

    def build(self, input_shape: Any) -> None:
        """Call the cell once on a step without values, which makes its weights."""
        several = self.is_nested(input_shape) and not isinstance(_first(input_shape), (int, type(None)))
        first = _first(input_shape) if several else input_shape
        super().build(first)
        steps = shape_of_steps(first)
        batch = steps[1 if self.time_major else 0]
        if several:
            inputs = _of_a_step(input_shape, self.dtype, self.time_major)
        else:
            inputs = placeholders_for((batch, *steps[2:]), self.dtype)
        states = [placeholders_for((batch, *shape), self.dtype) for shape in self.state_shapes()]
        seen: dict[str, Any] = {}
        if self.num_constants:
            constants = placeholders_for(input_shape[-self.num_constants :], self.dtype)
            seen = {"constants": constants}
            self.cell.build_for(([inputs, *constants],))
        self.cell._called((inputs, states), seen)

    def initial_states(self, x: Any) -> State:
        own, x = getattr(self.cell, "get_initial_state", None), flat(x)[0]
        if own is not None and x.shape[1] is not None:
            asked = inspect.signature(own).parameters
            return tuple(flat(own(batch_size=x.shape[1], **({"dtype": x.dtype} if "dtype" in asked else {}))))
        kinds = [cell.dtype for cell in self._cells() for _ in sizes_of(cell)]
        if getattr(self.cell, "reverse_state_order", False):
            kinds.reverse()
        return tuple(ew.astype(state, kind) for state, kind in zip(super().initial_states(x), kinds))

    def stepping(self, x: Any, state: State, training: Any) -> Any:
        below, stacked = flat(x)[0][0], isinstance(self.cell, StackedRNNCells)
        states = self.cell.states_of_cells(state) if stacked else [list(state)]
        for cell, own in zip(self._cells(), states, strict=True):  # dropout is drawn once for all steps
            if isinstance(cell, Cell):
                cell.begin(below, own, training)
            below = own[0]

        seen: dict[str, Any] = {"constants": list(self._constants)} if self._constants else {}

        def step(old: State, now: Any) -> tuple[State, Any]:
            y, new = self.cell(now, list(old), training=training, **seen)
            return tuple(flat(new)), y

        return step

    def looping(self) -> Callable[..., Any]:
        return loop if all(isinstance(cell, Cell) for cell in self._cells()) else scan

    def _cells(self) -> list[Any]:
        return self.cell.cells if isinstance(self.cell, StackedRNNCells) else [self.cell]

    def _scanned(self, xs: dict[str, Any], state: State, step: Any) -> tuple[State, Any]:
        try:
            return super()._scanned(xs, state, step)
        finally:
            for cell in self._cells():
                if isinstance(cell, Cell):
                    cell.end()


class Bidirectional(Layer):
    """A recurrent layer run both ways; ``merge_mode`` joins: "concat", "sum", "mul", "ave", or None (a list).

    Where steps are masked, the outputs of these steps are 0. ``initial_state``: the states of the layer, then those of
    the one that runs backwards. ``constants``: tensors that every step of an :class:`RNN` sees, both ways. States and
    constants may follow the inputs in one list.
    """

    def __init__(
        self,
        layer: Layer,
        merge_mode: str | None = "concat",
        backward_layer: Layer | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if merge_mode not in ("concat", "sum", "mul", "ave", None):
            raise fail(
                ArgumentError,
                "Bidirectional: merge_mode",
                expected="concat, sum, mul, ave or None",
                received=merge_mode,
            )
        self.merge_mode, self.forward_layer = merge_mode, layer
        if backward_layer is None:
            backwards = not config_of(layer).get("go_backwards", False)
            backward_layer = remade(layer, name=f"backward_{layer.name}", go_backwards=backwards)
        self.backward_layer = backward_layer
        for one in (layer, backward_layer):  # the outputs of masked steps are no use to the other direction
            if isinstance(one, Loop):
                one.zero_output_for_mask = one.return_sequences
        if self.input_shape_given is None:
            self.input_shape_given = layer.input_shape_given

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        found = self.forward_layer.compute_mask(inputs, mask)
        return found if self.merge_mode is not None else [found, found]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "layer": self.forward_layer, "backward_layer": self.backward_layer}

    def __call__(self, inputs: Any, initial_state: Any = None, constants: Any = None, **kwargs: Any) -> Any:
        if initial_state is not None:
            inputs, kwargs = with_states(inputs, initial_state, kwargs)
        if constants is not None:
            if not isinstance(self.forward_layer, RNN):
                raise fail(
                    ArgumentTypeError, f"{self.name}: constants", expected="a Bidirectional of an RNN",
                    received=repr(self.forward_layer),
                )  # fmt: skip
            both: tuple[Any, ...] = (self.forward_layer, self.backward_layer)
            for layer in both:
                layer.expect_constants(len(flat(constants)))
            inputs = [*flat(inputs), *flat(kwargs.pop("initial_state", None)), *flat(constants)]
        return super().__call__(inputs, **kwargs)

    @property
    def _num_constants(self) -> int:
        return getattr(self.forward_layer, "num_constants", 0)

    def build(self, input_shape: Any) -> None:
        """Make the weights of both layers."""
        steps: Any = shape_of_steps(input_shape)
        if self._num_constants:
            steps = [steps, *input_shape[-self._num_constants :]]
        for layer in (self.forward_layer, self.backward_layer):
            layer.compute_output_shape(steps)

    def call(self, inputs: Any, mask: Any = None, training: Any = False, initial_state: Any = None) -> Any:
        constants: list[Any] = []
        if isinstance(inputs, (list, tuple)):
            split = len(inputs) - self._num_constants
            inputs, given, constants = inputs[0], list(inputs[1:split]), list(inputs[split:])
            initial_state = given or initial_state
        first, rest = {}, {}
        if initial_state is not None:
            if not isinstance(initial_state, (list, tuple)) or len(initial_state) % 2:
                raise fail(
                    ArgumentError, f"{self.name}: initial_state", expected="a list: the states of both directions",
                    received=repr(initial_state),
                )  # fmt: skip
            half = len(initial_state) // 2
            first, rest = {"initial_state": initial_state[:half]}, {"initial_state": initial_state[half:]}
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        inputs = [inputs, *constants] if constants else inputs
        there = self.forward_layer(inputs, mask=mask, training=training, **first)
        back = self.backward_layer(inputs, mask=mask, training=training, **rest)
        states: list[Any] = []
        if getattr(self.forward_layer, "return_state", False):
            states = [*there[1:], *back[1:]]
            there, back = there[0], back[0]
        if getattr(self.forward_layer, "return_sequences", False):
            back = flip(back, axis=1)
        y = self._merged(there, back)
        return [*(y if isinstance(y, list) else [y]), *states] if states else y

    def _merged(self, there: Any, back: Any) -> Any:
        if self.merge_mode == "concat":
            return joining.concat([there, back], axis=-1)
        if self.merge_mode == "mul":
            return there * back
        if self.merge_mode is None:
            return [there, back]
        return there + back if self.merge_mode == "sum" else (there + back) * 0.5


class TimeDistributed(Layer):
    """A layer applied to every step: [batch, steps, ...] to [batch, steps, ...].

    All steps go through the layer at once, as so many examples: a BatchNormalization takes its moments over them all.
    ``mask`` [batch, steps, ...] is handed to the layer, if it takes one, without the axis of steps.
    """

    supports_masking = True
    steps: int | None = None  # what the layer before said of them, where its outputs do not tell

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        self.layer = layer

    def as_called_now(self, *args: Any) -> Any:
        """The layer, which relies on the number of steps that was said of the symbol it is called on."""
        said = shapes_of(args[0])[1]
        if said == args[0].shape[1]:
            return self
        made = copy.copy(self)
        made.steps = said
        return made

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What the layer says of each step; where it says nothing, the steps of which anything counts."""
        inner = None if mask is None or mask.ndim < 3 else shape_ops.merge_axes(mask, 0)
        found = self.layer.compute_mask(shape_ops.merge_axes(inputs, 0), inner)
        if found is None and inner is not None:
            return reduce.any(mask, axis=tuple(range(2, mask.ndim)))
        if found is None or found is inner:
            return mask
        return reshape_to_lengths(found, [*lengths_of(inputs)[:2], *lengths_of(found)[1:]])

    def call(self, inputs: Any, training: Any = False, mask: Any = None) -> Any:
        batch, steps = inputs.shape[0], shapes_of(inputs)[1]
        steps = self.steps if steps is None else steps
        given: dict[str, Any] = {}
        if mask is not None and mask.ndim > 2 and "mask" in self.layer._call_parameters():
            given["mask"] = mask
        if steps is None and batch is None:
            turned = {"x": inputs, **given}
            turned = {name: shape_ops.swapaxes(part, 0, 1) for name, part in turned.items()}

            def step(carry: Any, now: Any) -> Any:
                more = {"mask": now["mask"]} if given else {}
                return None, self.layer(now["x"], training=training, **more)

            _, ys = scan(step, None, turned)
            return shape_ops.swapaxes(ys, 0, 1)
        given = {name: shape_ops.reshape(part, (-1, *part.shape[2:])) for name, part in given.items()}
        y = self.layer(shape_ops.reshape(inputs, (-1, *inputs.shape[2:])), training=training, **given)
        lead = (-1, steps) if steps is not None else (batch, -1)
        return shape_ops.reshape(y, (*lead, *y.shape[1:]))
