"""``tf.GradientTape``: the main library's tape, with TensorFlow's names, and its rule that only open tapes remember.

What was computed before a tape's block is a number for it, whatever variables it was made of; of what was computed
after it, the tape knows nothing.
"""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from thalweg.compat.tf1.options import UnconnectedGradients
from thalweg.compat.tf2.indexed import may_be_gathered, slices_of
from thalweg.compat.tf2.values import tensor
from thalweg.dtypes import is_floating
from thalweg.errors import GradientError, fail
from thalweg.gradient import gradients as core_gradients
from thalweg.gradient import jacobian as core_jacobian
from thalweg.graph.history import begin_recording, no_grad
from thalweg.graph.tensor import Tensor, Variable
from thalweg.graph.updates import current_recorder
from thalweg.graph.walk import topological
from thalweg.nested import flat, mapped
from thalweg.ops.create import zeros
from thalweg.ops.joining import stack
from thalweg.ops.shape import full_like
from thalweg.ops.state import read
from thalweg.optimizers.rows import with_rows
from thalweg.run import tape as core
from thalweg.run.replay import remembered_gradients, replayed_gradients


class UsedTapeError(GradientError, RuntimeError):
    """A tape that is not persistent was asked twice."""


class _Open(threading.local):
    """How many tapes are open in this thread."""

    count = 0


_open = _Open()
_unfinished: weakref.WeakSet[GradientTape] = weakref.WeakSet()  # tapes that may be asked yet


def is_recording() -> bool:
    """Whether a tape is open, so that results must remember how they came about."""
    return _open.count > 0


class GradientTape(core.GradientTape):
    """Gives gradients of what was computed in its block from variables and watched tensors."""

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        super().__init__(persistent, watch_accessed_variables)
        self._targets: list[Any] = []
        self._began: int | None = None
        self._ended: int | None = None  # tensors made from then on are not of its block
        self._stood: dict[Variable, Tensor] = {}  # what was assigned before in a function that is traced

    def __enter__(self) -> GradientTape:
        _open.count += 1
        self._ended = None
        if self._began is None:
            recorder = current_recorder()
            self._began = begin_recording()
            self._stood = {} if recorder is None else dict(recorder.updates)
            _unfinished.add(self)
        return self

    def __exit__(self, *exception: object) -> None:
        _open.count -= 1
        self._ended = begin_recording()

    def _use(self, what: str) -> None:
        if self._used and not self._persistent:
            raise fail(
                UsedTapeError,
                f"tape.{what}: a tape gives gradients once",
                hint="make it GradientTape(persistent=True)",
            )
        self._used = True

    def watch(self, tensor: Any) -> None:
        """Follow tensors that are not variables; of rows of different lengths, their elements."""
        super().watch([_elements_of(t) for t in flat(tensor)])

    def reset(self) -> None:
        """Forget what was computed so far, and what is watched; another tape around it goes on remembering it."""
        self._watched.clear()
        self._targets, self._used = [], False
        self._began = begin_recording()
        if _open.count == 1:
            for thing in gc.get_objects():
                if type(thing) is Tensor and thing.tracked and not thing.is_symbolic:
                    thing.array()  # what waits is computed while it is known how
                    thing.op, thing.inputs, thing.attrs, thing.tracked = None, (), {}, False

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables below the targets that gradients were asked of: those that train, and the watched ones."""
        return tuple(v for v in self.read_for(self._targets) if v.trainable or v in self._watched)

    def read_for(self, targets: Iterable[Tensor]) -> list[Variable]:
        """The variables of which these results were made in the tape's block."""
        return [t for t in topological(targets, stop=self._is_before) if isinstance(t, Variable)]

    def _is_before(self, t: Tensor) -> bool:
        return self._began is not None and t.op is not None and t.op is not read and t.moment < self._began

    def _is_after(self, t: Tensor) -> bool:
        return self._ended is not None and t.op is not None and t.op is not read and t.moment >= self._ended

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """A block whose results no gradient of this tape passes; another tape around it goes on recording them."""
        with no_grad() if _open.count == 1 else nullcontext():
            yield

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """The gradient of the target (of several, of their sum) by each source; None where there is none."""
        if any(t is not _elements_of(t) for t in [*flat(target), *flat(sources)]):
            seeds = mapped(_elements_of, output_gradients)
            whole = mapped(_elements_of, target), mapped(_elements_of, sources), seeds, unconnected_gradients
            parts = iter(flat([self.gradient(*whole)]))
            return mapped(lambda s: _like_elements(s, next(parts)), sources)
        self._use("gradient")
        targets = flat(target)
        single = isinstance(target, Tensor)
        given = [output_gradients] if single else flat(output_gradients) or [None] * len(targets)
        self._targets = [t for t in targets if isinstance(t, Tensor)]
        kept = [
            (t, g)
            for t, g in zip(targets, given)
            if isinstance(t, Tensor) and t.tracked and is_floating(t.dtype) and not self._is_after(t)
        ]
        wanted = [s for s in flat(sources) if self._follows(s)]
        places = [self._stood.get(s, s) if isinstance(s, Variable) else s for s in wanted]
        ys, seeds = [t for t, _ in kept], [g for _, g in kept]
        before = self._left(self._before(ys, places))
        tables = [] if is_recording() else [s for s in wanted if may_be_gathered(s)]
        asking = lambda asked: _gradients(ys, asked, seeds, before) if ys and asked else [None] * len(asked)
        found = with_rows(ys, places, asking, tables)
        by_source = {id(s): slices_of(s, g) for s, g in zip(wanted, found, strict=True)}
        if not self._persistent:
            _unfinished.discard(self)
        for t in before:
            if not t.is_symbolic:
                t.array()
        self._left(before)  # those that waited
        zero = unconnected_gradients == UnconnectedGradients.ZERO

        def of(source: Any) -> Any:
            g = by_source.get(id(source))
            return full_like(source, 0) if g is None and zero else g

        return mapped(of, sources)

    def _before(self, targets: list[Tensor], sources: list[Tensor]) -> list[Tensor]:
        """The results that were there when the tape's block began: for the tape they are numbers."""
        if self._began is None:
            return []
        asked, seen, left = {id(s) for s in sources}, set(), list(targets)
        found, own = [], []
        while left:
            t = left.pop()
            if t.op is None or id(t) in seen:
                continue
            seen.add(id(t))
            if not self._is_before(t):
                left.extend(t.inputs)
            elif id(t) in asked:
                own.append(t)
            elif t.tracked:
                found.append(t)
        return [*found, *own] if found or len(sources) > 1 else []

    def _left(self, before: list[Tensor]) -> list[Tensor]:
        """Those of the older results that are still known by how they came about: the others, of which no tape can be
        asked any more, are numbers from now on, unless they wait to be computed.
        """
        if not before or is_recording() or current_recorder() is not None:
            return before
        oldest = min((tape._began or 0 for tape in _unfinished if tape is not self), default=None)
        left = []
        for t in before:
            if (oldest is None or t.moment < oldest) and t.later is None and not t.is_symbolic:
                t.op, t.inputs, t.attrs, t.tracked = None, (), {}, False
            else:
                left.append(t)
        return left

    def _follows(self, source: Any) -> bool:
        if not isinstance(source, Tensor):
            raise TypeError(f"tape.gradient: a source is no tensor: {source!r}")
        automatic = self._automatic and getattr(source, "trainable", True)
        of_block = automatic if isinstance(source, Variable) else not self._is_before(source)
        follows = of_block or source in self._watched
        return follows and source.tracked and is_floating(source.dtype)

    def jacobian(
        self, target: Any, sources: Any, unconnected_gradients: str = "none", parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:  # fmt: skip
        """The derivative of every element of the target by every element of each source; None where there is none."""
        self._use("jacobian")
        zero = unconnected_gradients == UnconnectedGradients.ZERO

        def of(source: Any) -> Any:
            before = self._before([target], [source])
            passed = topological([target], stop=lambda t: any(t is b for b in before))
            if not (zero or any(t is source for t in passed)):
                return None
            if self._is_after(target) or not self._follows(source):
                return zeros((*target.shape, *source.shape), dtype=source.dtype) if zero else None
            return _forgotten(core_jacobian(target, source, before))

        return mapped(of, sources)

    def batch_jacobian(
        self, target: Any, source: Any, unconnected_gradients: str = "none", parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:  # fmt: skip
        """The jacobian of each row of the target by the same row of the source: [batch, outputs..., inputs...]."""
        self._use("batch_jacobian")
        if not (unconnected_gradients == UnconnectedGradients.ZERO or self._follows(source)):
            return None
        rows, *form = target.shape
        columns = target.reshape((rows, -1))
        before = self._before([target], [source])
        found = [
            core_gradients(columns[:, k], source, unconnected="zero", consider_constant=before)
            for k in range(columns.shape[1])
        ]
        made = stack(found, axis=1).reshape((rows, *form, *source.shape[1:]))
        return _forgotten(made)


def _elements_of(x: Any) -> Any:
    """The elements of a tensor of rows of different lengths; anything else as it is."""
    return getattr(x, "flat_values", x)


def _like_elements(source: Any, gradient: Any) -> Any:
    """The gradient of a source's elements in the form of the source."""
    rows = source is not _elements_of(source) and gradient is not None
    return source.with_flat_values(gradient) if rows else gradient


def _gradients(
    targets: list[Tensor], sources: list[Tensor], given: list[Any], before: list[Tensor]
) -> list[Any]:
    seeds = [full_like(t, 1) if g is None else tensor(g) for t, g in zip(targets, given)]
    known = not any(t.is_symbolic for t in (*targets, *seeds))
    if known and current_recorder() is None:
        if not is_recording():
            return replayed_gradients(targets, sources, seeds, before)
        if not before and all(isinstance(s, Variable) for s in sources):
            found = remembered_gradients(targets, sources, seeds)
            if found is not None:
                return found
    return core_gradients(targets, sources, seeds, unconnected="none", consider_constant=before)


def _forgotten(x: Tensor) -> Tensor:
    """The value alone, where no tape is open that could ask how it came about."""
    if x.is_symbolic or is_recording() or current_recorder() is not None:
        return x
    return Tensor(None, (), {}, x.specs, x.value)


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: Any = None,
    unconnected_gradients: str = "none",
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Any = None,
) -> Any:
    """The gradients of tensors with respect to others, in compiled functions."""
    return core_gradients(
        ys, flat(xs), grad_ys, unconnected=unconnected_gradients, consider_constant=flat(stop_gradients or [])
    )


def hessians(
    ys: Any, xs: Any, gate_gradients: bool = False, aggregation_method: Any = None, name: Any = None
) -> Any:
    """The second derivatives of a tensor with respect to each x."""
    return [core_jacobian(core_gradients(ys, x), x) for x in flat(xs)]
