"""What chooses and repeats: ``tf.cond``, ``case``, ``while_loop``, ``map_fn``, ``scan``, ``foldl``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from operator import itemgetter
from typing import Any

from thalweg.compat.tf1.graph import shaped_as
from thalweg.compat.tf2.shapes import TensorShape
from thalweg.compat.tf2.specs import RaggedTensorSpec, TensorSpec
from thalweg.compat.tf2.tensor_array import TensorArray
from thalweg.compat.tf2.text import TextTensor, is_text
from thalweg.compat.tf2.values import is_known, number, tensor
from thalweg.graph.tensor import Tensor
from thalweg.graph.updates import current_recorder
from thalweg.nested import flat, mapped
from thalweg.ops import control
from thalweg.ops import scan as core_scan
from thalweg.ops.slices import flip

# --- choice ---------------------------------------------------------------------------------------------------------


def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: Any = None) -> Any:
    """What one function or the other gives."""
    if is_known(pred):
        return true_fn() if bool(number(pred)) else false_fn()
    return control.cond(pred, true_fn, false_fn)


def case(
    pred_fn_pairs: Any, default: Any = None, exclusive: bool = False, strict: bool = False, name: str = "case"
) -> Any:
    """What the function of the first condition that holds gives, or the default.

    ``exclusive`` is not checked, as it is not where tensors have values.
    """
    pairs = list(pred_fn_pairs.items()) if isinstance(pred_fn_pairs, dict) else list(pred_fn_pairs)
    if default is None:
        *pairs, (_, default) = pairs
    chosen = default
    for pred, fn in reversed(pairs):
        chosen = functools.partial(cond, pred, fn, chosen)
    return chosen()


def switch_case(branch_index: Any, branch_fns: Any, default: Any = None, name: str = "switch_case") -> Any:
    """What the function of that number gives; the last one, or the default, for numbers that are none."""
    fns = dict(enumerate(branch_fns)) if isinstance(branch_fns, (list, tuple)) else dict(branch_fns)
    last = default or fns[max(fns)]
    if is_known(branch_index):
        return fns.get(int(number(branch_index)), last)()
    return case([(branch_index == k, fn) for k, fn in fns.items()], last)


# --- repetition -----------------------------------------------------------------------------------------------------


def while_loop(
    cond: Any, body: Any, loop_vars: Any, shape_invariants: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, maximum_iterations: Any = None, name: Any = None,
) -> Any:  # fmt: skip
    """A function repeated while a condition holds; as Python where the values are known."""
    state = [mapped(_in_loop, v) for v in loop_vars]
    if all(map(is_known, flat(state))) and current_recorder() is None:
        count = 0
        while bool(number(cond(*state))) and (
            maximum_iterations is None or count < number(maximum_iterations)
        ):
            made = body(*state)
            state, count = (
                [mapped(_in_loop, v) for v in (made if isinstance(made, (list, tuple)) else [made])],
                count + 1,
            )
        return state
    loosened = list(shape_invariants or [None] * len(state))
    state = [_loosened(v, shape) for v, shape in zip(state, loosened, strict=True)]
    return control.while_loop(cond, body, state, maximum_iterations=maximum_iterations)


def _in_loop(x: Any) -> Any:
    """What a loop goes on with: a tensor, or an array of them."""
    return x if isinstance(x, TensorArray) else tensor(x)


def _loosened(start: Any, shape: Any) -> Any:
    """A loop's variable whose lengths may change from one iteration to the next where its shape leaves them open."""
    if isinstance(start, (list, tuple)) and isinstance(shape, (list, tuple)) and len(start) == len(shape):
        return type(start)(map(_loosened, start, shape))
    if not isinstance(start, Tensor) or shape is None:
        return start
    form = shape.shape if isinstance(shape, TensorSpec) else TensorShape(shape)
    return start if form.rank is None else shaped_as(start, tuple(form.as_list()))


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: Any = None,
    fn_output_signature: Any = None,
) -> Any:
    """A function of each element along the first axis, stacked."""
    if isinstance(fn_output_signature, RaggedTensorSpec):
        from thalweg.compat.tf2.ragged import stack as stack_rows

        return stack_rows(
            [fn(row) for row in (elems if hasattr(elems, "row_splits") else mapped(tensor, elems))]
        )
    if hasattr(elems, "row_splits"):  # rows of different lengths
        return _stacked([fn(row) for row in elems])
    if is_text(elems) or (isinstance(elems, (list, tuple)) and any(is_text(e) for e in elems)):
        return _stacked([fn(e) for e in (elems if isinstance(elems, TextTensor) else zip(*elems))])
    given = mapped(tensor, elems)
    if all(map(is_known, flat(given))) and current_recorder() is None:
        count = len(flat(given)[0])
        return _stacked([fn(mapped(itemgetter(k), given)) for k in range(count)])
    return core_scan.map_fn(fn, given)


def _stacked(rows: list[Any]) -> Any:
    from thalweg.compat.tf2.arrays import stack
    from thalweg.compat.tf2.ragged import stack as stack_rows

    first = rows[0]
    if hasattr(first, "row_splits"):
        return stack_rows(rows)
    if isinstance(first, (Tensor, TextTensor)) and len({tuple(row.shape) for row in rows}) > 1:
        return stack_rows(rows)
    if isinstance(first, (list, tuple)):
        return type(first)(_stacked([row[k] for row in rows]) for k in range(len(first)))
    if isinstance(first, dict):
        return {key: _stacked([row[key] for row in rows]) for key in first}
    return stack(rows)


vectorized_map = map_fn


def foldl(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """A function of what came so far and each element along the first axis: the last result."""
    given = tensor(elems)
    first = given[0] if initializer is None else mapped(tensor, initializer)
    for element in given[1:] if initializer is None else given:
        first = fn(first, element)
    return first


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: Any = None,
) -> Any:
    """A function of what came so far and each element along the first axis: all results, stacked."""
    given = mapped(tensor, elems)
    if initializer is not None and flat(given)[0].is_symbolic:
        first = mapped(tensor, initializer)
        return core_scan.scan(
            lambda state, now: (made := fn(state, now), made), first, given, reverse=reverse
        )[1]
    order = list(range(len(flat(given)[0])))[:: -1 if reverse else 1]
    state = mapped(lambda e: e[order[0]], given) if initializer is None else mapped(tensor, initializer)
    rows = [state] if initializer is None else []
    for k in order[1:] if initializer is None else order:
        state = fn(state, mapped(itemgetter(k), given))
        rows.append(state)
    return _stacked(rows[::-1] if reverse else rows)


def foldr(
    fn: Callable[..., Any], elems: Any, initializer: Any = None, parallel_iterations: int = 10,
    back_prop: bool = True, swap_memory: bool = False, name: Any = None,
) -> Any:  # fmt: skip
    """:func:`foldl` from the last element to the first."""
    return foldl(fn, flip(tensor(elems), axis=0), initializer)
