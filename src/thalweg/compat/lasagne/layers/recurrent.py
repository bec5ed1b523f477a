"""``lasagne.layers``: recurrent layers over [batch, steps, n], by ``theano.scan``."""

from __future__ import annotations

from typing import Any

import numpy as np

from thalweg.compat.lasagne import nonlinearities
from thalweg.compat.lasagne.init import Constant, Normal, Uniform
from thalweg.compat.lasagne.layers import helper
from thalweg.compat.lasagne.layers.base import Layer, MergeLayer
from thalweg.compat.theano import scan
from thalweg.compat.theano import tensor as T
from thalweg.compat.theano.gradient import grad_clip
from thalweg.compat.theano.variable import AnyVariable
from thalweg.graph.tensor import shapes_match


class Gate:
    """The parameters of a gate: weights of the input, the state, the cell (peephole), a bias, a nonlinearity."""

    def __init__(
        self,
        W_in: Any = None,
        W_hid: Any = None,
        W_cell: Any = 0,
        b: Any = None,
        nonlinearity: Any = nonlinearities.sigmoid,
    ) -> None:
        self.W_in = Normal(0.1) if W_in is None else W_in
        self.W_hid = Normal(0.1) if W_hid is None else W_hid
        self.W_cell = Normal(0.1) if isinstance(W_cell, int) else W_cell
        self.b = Constant(0.0) if b is None else b
        self.nonlinearity = nonlinearity or nonlinearities.identity


class _Recurrent(MergeLayer):
    """What they share: masks, first states, direction, and which steps come out."""

    def __init__(
        self,
        incoming: Any,
        num_units: int | None,
        hid_init: Any,
        cell_init: Any,
        backwards: bool,
        learn_init: bool,
        gradient_steps: int = -1,
        grad_clipping: float = 0,
        unroll_scan: bool = False,
        precompute_input: bool = True,
        mask_input: Any = None,
        only_return_final: bool = False,
        **options: Any,
    ) -> None:
        if unroll_scan and gradient_steps != -1:
            raise ValueError("Gradient steps must be -1 when unroll_scan is true.")
        shape = incoming if isinstance(incoming, tuple) else incoming.output_shape
        if unroll_scan and shape[1] is None:
            raise ValueError("Input sequence length cannot be specified as None when unroll_scan is True")
        starts = [x for x in (mask_input, hid_init, cell_init) if isinstance(x, Layer)]
        super().__init__([incoming, *starts], **options)
        self.num_units, self.backwards, self.learn_init = num_units, backwards, learn_init
        if num_units is not None:
            self._state = (num_units,)
        self.gradient_steps, self.grad_clipping = gradient_steps, grad_clipping
        self.only_return_final = only_return_final
        self._places = {id(x): k for k, x in enumerate(starts, 1)}
        self._mask = mask_input
        self.n_inputs = int(np.prod(self.input_shapes[0][2:]))

    def _start(self, given: Any, name: str) -> Any:
        if isinstance(given, Layer):
            return given
        shape = (1, *self._state)
        if isinstance(given, AnyVariable) and given.ndim != len(shape):
            raise ValueError(
                f"{name}: a variable of {len(shape)} axes is expected, (batch_size, num_units), received {given.ndim}"
            )
        return self.add_param(
            Constant(0.0) if given is None else given,
            shape,
            name=name,
            trainable=self.learn_init,
            regularizable=False,
        )

    def get_output_shape_for(self, input_shapes: Any) -> Any:
        batch, steps = input_shapes[0][:2]
        return (batch, *self._state) if self.only_return_final else (batch, steps, *self._state)

    def _first(self, start: Any, inputs: Any, batch: Any) -> Any:
        if id(start) in self._places:
            return inputs[self._places[id(start)]]
        if not isinstance(start, T.TensorSharedVariable) and start.tensor.known_shape()[0] != 1:
            return start  # an expression has a row for each of the batch
        return T.tensordot(T.ones((batch, 1), dtype=start.dtype), start, axes=[[1], [0]])

    def _clipped(self, x: Any) -> Any:
        return grad_clip(x, -self.grad_clipping, self.grad_clipping) if self.grad_clipping else x

    def _run(self, step: Any, inputs: Any, starts: list[Any]) -> Any:
        """The states of all steps, batch first; ``step(x, *states)`` gives the new states, the output first."""
        x = inputs[0]
        if self.num_units is not None and x.ndim > 3:
            x = x.flatten(3)
        x = x.dimshuffle(1, 0, *range(2, x.ndim))
        firsts = [self._first(s, inputs, x.shape[1]) for s in starts]
        sequences = [x]
        if self._mask is not None:
            mask = inputs[self._places[id(self._mask)]]
            sequences.append(mask.dimshuffle(1, 0, *["x"] * len(self._state)))

        def masked(now: Any, *rest: Any) -> list[Any]:
            going, states = (None, rest) if self._mask is None else (rest[0], rest[1:])
            news = step(now, *states)
            if going is None:
                return news
            return [T.switch(going > 0, new, old) for new, old in zip(news, states, strict=True)]

        made, _ = scan(
            masked,
            sequences=sequences,
            outputs_info=firsts,
            go_backwards=self.backwards,
            truncate_gradient=self.gradient_steps,
        )
        outputs = made[0] if isinstance(made, (list, tuple)) else made
        if self.only_return_final:
            return outputs[-1]
        outputs = outputs.dimshuffle(1, 0, *range(2, outputs.ndim))
        return outputs[:, ::-1] if self.backwards else outputs


class CustomRecurrentLayer(_Recurrent):
    """``h = nonlinearity(f(x) + g(h))`` with networks ``input_to_hidden`` f and ``hidden_to_hidden`` g."""

    def __init__(
        self,
        incoming: Any,
        input_to_hidden: Any,
        hidden_to_hidden: Any,
        nonlinearity: Any = nonlinearities.rectify,
        hid_init: Any = None,
        backwards: bool = False,
        learn_init: bool = False,
        **options: Any,
    ) -> None:
        self._state = hidden_to_hidden.output_shape[1:]
        super().__init__(incoming, None, hid_init, None, backwards, learn_init, **options)
        self.input_to_hidden, self.hidden_to_hidden = input_to_hidden, hidden_to_hidden
        for what, shape in (
            ("output", hidden_to_hidden.output_shape),
            ("input", hidden_to_hidden.input_shape),
        ):
            if not shapes_match(input_to_hidden.output_shape[1:], shape[1:]):
                raise ValueError(
                    "The output shape for input_to_hidden and the "
                    f"{what} shape of hidden_to_hidden must be equal after the first axis, received "
                    f"{input_to_hidden.output_shape} and {shape}"
                )
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.hid_init = self._start(hid_init, "hid_init")

    def get_params(self, unwrap_shared: bool = True, **tags: Any) -> list[Any]:
        params = super().get_params(unwrap_shared=unwrap_shared, **tags)
        for network in (self.input_to_hidden, self.hidden_to_hidden):
            params += helper.get_all_params(network, unwrap_shared=unwrap_shared, **tags)
        return params

    def get_output_for(self, input: Any, **options: Any) -> Any:
        def step(x: Any, h: Any) -> list[Any]:
            total = helper.get_output(self.hidden_to_hidden, h, **options) + helper.get_output(
                self.input_to_hidden, x, **options
            )
            return [self.nonlinearity(self._clipped(total))]

        return self._run(step, input, [self.hid_init])


class RecurrentLayer(_Recurrent):
    """``h = nonlinearity(x W_in_to_hid + h W_hid_to_hid + b)``."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        W_in_to_hid: Any = None,
        W_hid_to_hid: Any = None,
        b: Any = 0,
        nonlinearity: Any = nonlinearities.rectify,
        hid_init: Any = None,
        backwards: bool = False,
        learn_init: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(incoming, num_units, hid_init, None, backwards, learn_init, **options)
        self.nonlinearity = nonlinearity or nonlinearities.identity
        self.W_in_to_hid = self.add_param(
            Uniform() if W_in_to_hid is None else W_in_to_hid,
            (self.n_inputs, num_units),
            name="input_to_hidden.W",
        )
        self.W_hid_to_hid = self.add_param(
            Uniform() if W_hid_to_hid is None else W_hid_to_hid,
            (num_units, num_units),
            name="hidden_to_hidden.W",
        )
        start = Constant(0.0) if isinstance(b, int) else b
        self.b = None
        if start is not None:
            self.b = self.add_param(start, (num_units,), name="input_to_hidden.b", regularizable=False)
        self.hid_init = self._start(hid_init, "hid_init")

    def get_output_for(self, input: Any, **options: Any) -> Any:
        def step(x: Any, h: Any) -> list[Any]:
            total = T.dot(x, self.W_in_to_hid) + T.dot(h, self.W_hid_to_hid)
            total = total if self.b is None else total + self.b
            return [self.nonlinearity(self._clipped(total))]

        return self._run(step, input, [self.hid_init])


class LSTMLayer(_Recurrent):
    """Long short-term memory, with peepholes unless ``peepholes=False``."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        ingate: Any = None,
        forgetgate: Any = None,
        cell: Any = None,
        outgate: Any = None,
        nonlinearity: Any = nonlinearities.tanh,
        cell_init: Any = None,
        hid_init: Any = None,
        backwards: bool = False,
        learn_init: bool = False,
        peepholes: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(incoming, num_units, hid_init, cell_init, backwards, learn_init, **options)
        self.nonlinearity, self.peepholes = nonlinearity or nonlinearities.identity, peepholes
        plain = Gate(W_cell=None, nonlinearity=nonlinearities.tanh)
        gates = {
            "ingate": ingate or Gate(),
            "forgetgate": forgetgate or Gate(),
            "cell": cell or plain,
            "outgate": outgate or Gate(),
        }
        for name, gate in gates.items():
            _add_gate(self, gate, name)
        for name in ("ingate", "forgetgate", "outgate") if peepholes else ():
            peep = f"W_cell_to_{name}"
            setattr(self, peep, self.add_param(gates[name].W_cell, (num_units,), name=peep))
        self.cell_init = self._start(cell_init, "cell_init")
        self.hid_init = self._start(hid_init, "hid_init")

    def get_output_for(self, input: Any, **options: Any) -> Any:
        def step(x: Any, h: Any, c: Any) -> list[Any]:
            def gate(name: str, peep: Any = None) -> Any:
                W_in, W_hid, b, nonlinearity = _gate_of(self, name)
                total = self._clipped(T.dot(x, W_in) + T.dot(h, W_hid) + b)
                if peep is not None and self.peepholes:
                    total = total + peep * getattr(self, f"W_cell_to_{name}")
                return nonlinearity(total)

            new = gate("forgetgate", c) * c + gate("ingate", c) * gate("cell")
            return [gate("outgate", new) * self.nonlinearity(new), new]

        return self._run(step, input, [self.hid_init, self.cell_init])


def _add_gate(layer: _Recurrent, gate: Gate, name: str) -> None:
    """A gate's parameters, as attributes of the layer, such as ``W_in_to_ingate``."""
    W_in, W_hid, b = f"W_in_to_{name}", f"W_hid_to_{name}", f"b_{name}"
    setattr(layer, W_in, layer.add_param(gate.W_in, (layer.n_inputs, layer.num_units), name=W_in))
    setattr(layer, W_hid, layer.add_param(gate.W_hid, (layer.num_units, layer.num_units), name=W_hid))
    setattr(layer, b, layer.add_param(gate.b, (layer.num_units,), name=b, regularizable=False))
    setattr(layer, f"nonlinearity_{name}", gate.nonlinearity)


def _gate_of(layer: _Recurrent, name: str) -> tuple[Any, Any, Any, Any]:
    W_in, W_hid = getattr(layer, f"W_in_to_{name}"), getattr(layer, f"W_hid_to_{name}")
    return W_in, W_hid, getattr(layer, f"b_{name}"), getattr(layer, f"nonlinearity_{name}")


class GRULayer(_Recurrent):
    """The gated recurrent unit: ``h = (1 - u) h + u c`` with ``c = tanh(x W + r (h W_hid) + b)``."""

    def __init__(
        self,
        incoming: Any,
        num_units: int,
        resetgate: Any = None,
        updategate: Any = None,
        hidden_update: Any = None,
        hid_init: Any = None,
        backwards: bool = False,
        learn_init: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(incoming, num_units, hid_init, None, backwards, learn_init, **options)
        plain = Gate(W_cell=None, nonlinearity=nonlinearities.tanh)
        gates = {
            "resetgate": resetgate or Gate(W_cell=None),
            "updategate": updategate or Gate(W_cell=None),
            "hidden_update": hidden_update or plain,
        }
        for name, gate in gates.items():
            _add_gate(self, gate, name)
        self.nonlinearity_hid = gates["hidden_update"].nonlinearity
        self.hid_init = self._start(hid_init, "hid_init")

    def get_output_for(self, input: Any, **options: Any) -> Any:
        def step(x: Any, h: Any) -> list[Any]:
            def parts(name: str) -> tuple[Any, Any, Any]:
                W_in, W_hid, b, nonlinearity = _gate_of(self, name)
                return T.dot(x, W_in) + b, T.dot(h, W_hid), nonlinearity

            from_x, from_h, fn = parts("resetgate")
            reset = fn(self._clipped(from_x + from_h))
            from_x, from_h, fn = parts("updategate")
            update = fn(self._clipped(from_x + from_h))
            from_x, from_h, fn = parts("hidden_update")
            return [(1 - update) * h + update * fn(self._clipped(from_x + reset * from_h))]

        return self._run(step, input, [self.hid_init])
