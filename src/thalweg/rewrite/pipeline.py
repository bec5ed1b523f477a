"""THE order of rewriting: which phases run when, each function read from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from thalweg.graph.tensor import Tensor
from thalweg.rewrite.match import Fired, rewrite
from thalweg.rewrite.reorder import REORDER
from thalweg.rewrite.simplify import SIMPLIFY, UNSAFE_SIMPLIFY
from thalweg.rewrite.stabilise import COMPLEMENTS, STABILISE

EARLY = (STABILISE, COMPLEMENTS, REORDER)  # before differentiation
PHASES = (*EARLY, SIMPLIFY, UNSAFE_SIMPLIFY)


def describe_rules() -> str:
    """Every rule of every phase as a Markdown table: name, kind, law, condition or reason."""
    parts = []
    for phase in PHASES:
        lines = [f"| `{r.name}` | {r.tag} | `{r}` | {r.condition()} |" for r in phase.rules]
        parts.append(
            "\n".join(
                [f"## {phase.name}", "", "| rule | kind | law | condition |", "|---|---|---|---|", *lines]
            )
        )
    return "\n\n".join(parts)


def stabilise(
    outputs: Sequence[Tensor], keep: Iterable[Tensor] = (), log: list[Fired] | None = None
) -> list[Tensor]:
    """The outputs by ways that neither overflow nor cancel, then in the order of least work; before differentiation,
    and first of all in a program.

    ``keep``: tensors that stay themselves (those that gradients are asked for). Eager tensors stay eager, with values
    computed by the new way. Where no rule fires the same tensors come back.

    >>> from thalweg.graph.show import show
    >>> from thalweg.graph.tensor import placeholder
    >>> from thalweg.ops.elementwise import log
    >>> x = placeholder("float32", [2], name="x")
    >>> print(show(stabilise([log(1 + x)]), lines=False))
    x: float32[2]
    t0: float32[2] = log1p(x)
    return t0
    """
    keep = list(keep)
    for phase in EARLY:
        outputs = rewrite(outputs, phase, keep=keep, log=log, values=True)
    return list(outputs)


def optimise(outputs: Sequence[Tensor], log: list[Fired] | None = None, unsafe: bool = False) -> list[Tensor]:
    """The outputs as a program computes them: stable first, then simple. Everything that is made is symbolic.

    ``log``: a list that is given one :class:`~thalweg.rewrite.match.Fired` per rule fired. ``unsafe``: also laws that
    hold for numbers but not for floats (``x * 0 -> 0``).

    >>> from thalweg.graph.tensor import placeholder
    >>> x = placeholder("float32", [2], name="x")
    >>> log = []
    >>> (y,) = optimise([-(-x)], log=log)
    >>> y is x, str(log[0]).split("  #")[0]
    (True, 'simplify: double_negation: negative(negative(x)) -> x')
    """
    for phase in EARLY:
        outputs = rewrite(outputs, phase, log=log)
    return simplify(outputs, log=log, unsafe=unsafe)


def simplify(outputs: Sequence[Tensor], log: list[Fired] | None = None, unsafe: bool = False) -> list[Tensor]:
    """The outputs without what changes nothing; more is known once the shapes are, so programs do this again then."""
    outputs = rewrite(outputs, SIMPLIFY, log=log)
    return rewrite(outputs, UNSAFE_SIMPLIFY, log=log) if unsafe else list(outputs)
