"""``theano.compile.builders``: an expression as an op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import thalweg as tw
from thalweg.compat.names import only
from thalweg.compat.theano.conversion import as_dtype, tensor_of
from thalweg.compat.theano.variable import TensorVariable, as_tensor_variable
from thalweg.graph.walk import rebuild, remake
from thalweg.ops.state import with_gradient


class OpFromGraph:
    """An op that computes expressions of its inputs: ``OpFromGraph([x, y], [x + y])(a, b)`` is a + b.

    ``lop_overrides`` (``grad_overrides`` without the outputs): a function ``(inputs, outputs, output_gradients)`` that
    gives the gradients by the inputs, or a list of one such function, or "default", for each input.
    """

    def __init__(
        self,
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        inline: bool = False,
        lop_overrides: Any = "default",
        grad_overrides: Any = "default",
        rop_overrides: Any = "default",
        connection_pattern: Any = None,
        name: str | None = None,
        givens: Any = None,
        updates: Any = None,
        on_unused_input: str = "raise",
        mode: Any = None,
    ) -> None:
        only("OpFromGraph", "givens", givens or None)
        only("OpFromGraph", "updates", updates or None)
        if not isinstance(outputs, (list, tuple)):
            raise TypeError(f"OpFromGraph: outputs must be a list, received {type(outputs).__name__}")
        self.local_inputs, self.local_outputs = list(inputs), list(outputs)
        self.name = name
        self._rule = _whole_rule(lop_overrides, grad_overrides)

    def __call__(self, *inputs: Any) -> Any:
        if len(inputs) != len(self.local_inputs):
            raise ValueError(f"OpFromGraph: expected {len(self.local_inputs)} inputs, received {len(inputs)}")
        given = [
            local.type.filter_variable(as_tensor_variable(x))
            for local, x in zip(self.local_inputs, inputs, strict=True)
        ]
        replace = {a.tensor: b.tensor for a, b in zip(self.local_inputs, given, strict=True)}
        made = rebuild([tensor_of(o) for o in self.local_outputs], replace, remake)
        outputs = [TensorVariable(t) for t in made]
        if self._rule is not None:
            outputs = [_overridden(k, outputs, given, self._rule) for k in range(len(outputs))]
        return outputs if len(outputs) > 1 else outputs[0]


def _whole_rule(lop: Any, grad: Any) -> Any:
    """The gradients from inputs, outputs and output gradients: a function of all three, or one for each input."""
    given, takes_outputs = (grad, False) if lop == "default" else (lop, True)
    if given == "default":
        return None

    def taking_three(rule: Any) -> Any:
        return (
            rule
            if takes_outputs or rule == "default"
            else lambda inputs, _, gradients: rule(inputs, gradients)
        )

    return [taking_three(rule) for rule in given] if isinstance(given, list) else taking_three(given)


def _overridden(
    k: int, outputs: list[TensorVariable], inputs: list[TensorVariable], rule: Any
) -> TensorVariable:
    """An output whose gradient is what the rule gives where only this output has one."""

    def gradients(g: Any) -> list[Any]:
        arrived = [TensorVariable(g if j == k else tw.zeros_like(o.tensor)) for j, o in enumerate(outputs)]
        if not isinstance(rule, list):
            found = rule(inputs, outputs, arrived)
        else:
            plain = tw.gradients([outputs[k].tensor], [x.tensor for x in inputs], [g], unconnected="zero")
            found = [
                p if r == "default" else r(inputs, outputs, arrived) for p, r in zip(plain, rule, strict=True)
            ]
        return [
            None if f is None else as_dtype(tensor_of(f), x.tensor.dtype)
            for f, x in zip(found, inputs, strict=True)
        ]

    sources = [x.tensor for x in inputs]
    return TensorVariable(with_gradient(tw.stop_gradient(outputs[k].tensor), *sources, rule=gradients))
