"""What the machine does between compiled functions: Python functions as ops, printing, the clock."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from thalweg.compat.tf1.types import as_dtype
from thalweg.compat.tf2.effects import done_after
from thalweg.compat.tf2.text import TextTensor, is_text, shown
from thalweg.compat.tf2.values import is_known, tensor
from thalweg.errors import SymbolicError, fail
from thalweg.graph.tensor import Tensor
from thalweg.graph.updates import current_recorder
from thalweg.nested import flat


def py_function(func: Callable[..., Any], inp: Sequence[Any], Tout: Any, name: Any = None) -> Any:
    """A Python function of eager tensors; a function that calls it runs as Python."""
    _known(inp, "tf.py_function")
    return _typed(func(*[x if is_text(x) else tensor(x) for x in inp]), Tout)


def numpy_function(
    func: Callable[..., Any], inp: Sequence[Any], Tout: Any, stateful: bool = True, name: Any = None
) -> Any:
    """A Python function of arrays; a function that calls it runs as Python."""
    _known(inp, "tf.numpy_function")
    return _typed(
        func(*[x.numpy() if isinstance(x, (Tensor, TextTensor)) else np.asarray(x) for x in inp]), Tout
    )


def _known(values: Sequence[Any], name: str) -> None:
    """An error where values are not known, or where what is done with them would be done once, by the trace alone."""
    if current_recorder() is not None or not all(map(is_known, values)):
        raise fail(SymbolicError, f"{name}: a compiled function cannot do it")


def _typed(made: Any, kinds: Any) -> Any:
    """What a host function gave, as tensors of these dtypes: one alone may stand for a list of one."""
    if isinstance(kinds, (list, tuple)):
        made = [made] if len(kinds) == 1 and not isinstance(made, (list, tuple)) else made
        return [_typed(m, k) for m, k in zip(made, kinds)] if len(kinds) else None
    return (
        made
        if isinstance(made, TextTensor)
        else tensor(made, None if as_dtype(kinds).name == "string" else kinds)
    )


def print_(*inputs: Any, **options: Any) -> None:
    """Print values to the standard error stream, another stream, or a file ("file://..."); each shown by its ends.

    In a compiled function it is done after the run; in a loop's body there are no values, so that it runs as Python.
    """
    if done_after(functools.partial(print_, **options), *inputs):
        return
    _known([leaf for value in inputs for leaf in flat(value)], "tf.print")
    alone = inputs[0] if len(inputs) == 1 else None
    if isinstance(alone, TextTensor) and alone.ndim == 0:
        parts = [alone.numpy().decode(errors="replace")]
    else:
        parts = [shown(value, int(options.get("summarize", 3))) for value in inputs]
    text = str(options.get("sep", " ")).join(parts) + str(options.get("end", "\n"))
    stream: Any = options.get("output_stream", sys.stderr)
    if isinstance(stream, str) and stream.startswith("file://"):
        with open(stream.removeprefix("file://"), "a", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="", file=stream if hasattr(stream, "write") else sys.stderr)


def timestamp(name: Any = None) -> Any:
    """Seconds since 1970; a function that asks runs as Python."""
    if current_recorder() is not None:
        raise fail(SymbolicError, "tf.timestamp: a compiled function would not ask again")
    return tensor(np.float64(time.time()))
