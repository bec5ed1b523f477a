"""An optimizer's step as results that wait: its expressions are found once, and joined to each batch as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from thalweg.graph import later
from thalweg.graph.tensor import Placeholder, Spec, Tensor, Variable
from thalweg.graph.updates import Recorder, recording
from thalweg.graph.walk import leaves, rebuild, remake
from thalweg.ops.elementwise import astype
from thalweg.optimizers.rows import Rows
from thalweg.registry import Configured

if TYPE_CHECKING:
    from thalweg.optimizers.base import Optimizer

_KEPT = 16  # steps of one optimizer: settings, parameters and shapes of gradients
_NO_SETTINGS = ("_arguments", "_slots")  # what made the optimizer, and variables that follow from it
_PACKAGE = __name__.partition(".")[0] + "."

Pairs = Sequence[tuple[Any, Variable]]


class _Step(NamedTuple):
    """What a step reads beside the gradients, what it changes, and its new values as a line of a batch."""

    read: list[Variable]
    changed: list[Variable]
    line: Callable[..., list[Tensor]]
    specs: list[Spec]


_steps: WeakKeyDictionary[Any, dict[Any, _Step | None]] = WeakKeyDictionary()


def waiting_updates(optimizer: Optimizer, pairs: Pairs) -> list[tuple[Variable, Tensor]] | None:
    """Pairs (variable, new value) that wait, as the gradients do; None where gradients or settings do not allow it."""
    known = [t for g, _ in pairs for t in _parts(g)]
    if all(t.later is None for t in known):
        return None
    settings = _settings(optimizer)
    if settings is None:
        return None
    kept = _steps.setdefault(optimizer, {})
    key = (settings, tuple([(id(v), *(t.specs[0] for t in _parts(g))) for g, v in pairs]))
    if key not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = _expressed(optimizer, pairs)
    step = kept[key]
    if step is None:
        return None
    values = later.several(step.line, [*known, *(v.shown() for v in step.read)], step.specs)
    return list(zip(step.changed, values, strict=True))


def _expressed(optimizer: Optimizer, pairs: Pairs) -> _Step | None:
    """The step on symbols; None where it depends on more than gradients and variables with values."""
    stand_ins = [Rows(*map(_symbol, _parts(g))) if isinstance(g, Rows) else _symbol(g) for g, _ in pairs]
    symbols = [t for g in stand_ins for t in _parts(g)]
    with recording(Recorder()):
        updates = optimizer._updates([(s, v) for s, (_, v) in zip(stand_ins, pairs, strict=True)])
        news = [u if u.dtype == v.dtype else astype(u, v.dtype) for v, u in updates]
    below = [
        t for t in leaves(news) if isinstance(t, (Placeholder, Variable)) and not any(t is s for s in symbols)
    ]
    read = [t for t in below if isinstance(t, Variable) and not t.is_symbolic]
    specs = [u.specs[0] for u in news]
    if len(read) < len(below) or any(s.shape is None or None in s.shape for s in specs):
        return None
    replaced: list[Tensor] = [*symbols, *read]

    def line(cuts: Any, inputs: Sequence[Tensor]) -> list[Tensor]:
        return rebuild(news, dict(zip(replaced, inputs, strict=True)), remake)

    return _Step(read, [v for v, _ in updates], line, specs)


def _parts(gradient: Tensor | Rows) -> tuple[Tensor, ...]:
    return (gradient.values, gradient.indices) if isinstance(gradient, Rows) else (gradient,)


def _symbol(of: Tensor) -> Placeholder:
    return Placeholder(None, (), {}, of.specs, tracked=True)


def _settings(thing: Any) -> Any:
    """Equal for equal settings; None where they cannot be compared, or where a rule is not the package's own: it may do
    more than give expressions.
    """
    if not type(thing).__module__.startswith(_PACKAGE):
        return None
    words: list[Any] = [type(thing)]
    for name, value in vars(thing).items():
        word: Any = None
        if name in _NO_SETTINGS:
            continue
        if isinstance(value, Tensor):
            word = id(value)  # of a variable that the step holds, or a constant of the thing's own
        elif isinstance(value, set):
            word = frozenset(value)
        elif isinstance(value, Configured):
            word = _settings(value)
        else:
            word = later.attribute_words({name: value})
        if word is None:
            return None
        words.append((name, word))
    return tuple(words)
