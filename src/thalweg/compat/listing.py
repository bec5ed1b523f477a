"""The page of supported names, made from the rooms themselves.

``python -m thalweg.compat.listing > docs/compat.md`` writes it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from thalweg.compat.keras import spelling
from thalweg.compat.names import REASONS, Namespace, public_names

# The rooms, each under the name by which programs import it.
ROOMS = {
    "tensorflow (0.x and 1.x, or tensorflow.compat.v1)": ("tf", "thalweg.compat.tf1"),
    "tensorflow (1.x, after tf.enable_eager_execution())": ("tf", "thalweg.compat.eager"),
    "theano": ("theano", "thalweg.compat.theano"),
    "lasagne": ("lasagne", "thalweg.compat.lasagne"),
    "keras (1 and 2, or tensorflow.keras)": ("keras", "thalweg.compat.keras"),
    "tensorflow (2.x)": ("tf", "thalweg.compat.tf2"),
}

_HEAD = """# Supported names of other libraries

`thalweg run FILE.py` runs a program written for TensorFlow, Theano, Lasagne or Keras as it stands: its imports lead to
thin translations over the main library. `thalweg run --check FILE.py` runs nothing and lists what a program and its
own modules use that is not here - names, named arguments, packages - each with the nearest there is. This page is made
from the code by `python -m thalweg.compat.listing`.

A program that Python 3 does not read, or that uses names of Python 2 alone such as `xrange`, is read as Python 2, and
so is each module beside it. It keeps its line numbers, and the words mean what they meant: `print x`, `except E, e`,
`7 / 2` is 3 also for arrays and tensors of integers, `map`, `range` and `d.keys()` are lists, pickles of Python 2 are
read. Bytes without control characters are texts, such as the lines of a file opened with "rb"; others stay bytes. Any
two values have an order, None before numbers. `input()` reads a number, a string or a list of such.

`np.load` reads arrays of objects without being asked, as NumPy did until 1.16, where they hold arrays, numbers, texts,
and dicts, lists and tuples of them: published weights are kept so. Nothing else in such a file is made or called.

A program of TensorFlow 2 may build graphs: within `with tf.Graph().as_default():`, in a function given to
`tf.compat.v1.wrap_function`, after `tf.compat.v1.disable_eager_execution()`. There `tf.compat.v1` has all names of
TensorFlow 1, and the others mean what they mean in TensorFlow 2: `tf.nn.dropout` takes the rate. Layers and models
of Keras are called on nodes there, and give nodes; their weights are variables of the graph.

A `tf.function` of TensorFlow 2 is compiled for each signature. `if` and `while` on tensors are decided by the values of
each call, and a program is kept for each path that calls take. `tf.print` and `tf.summary` are done after each run, in
their order. Loops over data sets, and over more rows than are written out, run turn by turn, each turn compiled. Texts
among arguments (but a few words as in `step(x, "train")`), `tf.py_function` and a tape that is open outside make it run
as the Python it is, with the same results.
"""


def page() -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for title, (short, room) in ROOMS.items():
        if importlib.util.find_spec(room) is None:
            continue
        parts.append(f"## {title}\n")
        for name, members in _namespaces(importlib.import_module(room), short).items():
            parts.append(f"**`{name}`**: {', '.join(f'`{m}`' for m in members)}\n")
    parts.append("## Left out on purpose\n")
    parts.append("".join(f"- `{name}`: {why}\n" for name, why in sorted(REASONS.items())))
    return "\n".join(parts)


def _namespaces(root: Any, name: str) -> dict[str, list[str]]:
    """Each namespace below the root, once, with the names in it that are no namespaces."""
    found: dict[str, list[str]] = {}
    seen: set[int] = set()
    queue = [(root, name)]
    while queue:
        space, path = queue.pop(0)
        if id(space) in seen:
            continue
        seen.add(id(space))
        below = {n: getattr(space, n) for n in sorted(set(_names(space)))}
        inner = getattr(root, "_helpers", ())
        theirs = [n for n, v in below.items() if not _is_space(v, root) and _is_theirs(n, v)]
        members = [n for n in theirs if n not in inner]
        if isinstance(space, ModuleType) and space is not root:
            members = [n for n in members if _is_meant(below[n], root)]
        if members:
            found[path] = members
        queue += [(v, f"{path}.{n}") for n, v in below.items() if _is_space(v, root) and n not in inner]
    return found


def _names(space: Any) -> list[str]:
    return [n for n in public_names(space) if not n.startswith("_")]


def _is_theirs(name: str, value: Any) -> bool:
    """Whether a name stands for something of the other library, and not for what its translation is made
    with.
    """
    helper = getattr(value, "__module__", "") in (
        "typing",
        "collections.abc",
        "difflib",
        "contextlib",
        "functools",
    )
    return not helper and not isinstance(value, ModuleType) and name not in ("annotations", "Any")


def _is_meant(value: Any, root: Any) -> bool:
    """Whether a module has a name for programs, and not because its own code uses it."""
    made_in = getattr(value, "__module__", None) or type(value).__module__
    if made_in.startswith(root.__name__):
        return not (callable(value) and getattr(value, "__name__", "") in vars(spelling))
    inner = ("thalweg.layers.base", "thalweg.layers.calls", "thalweg.layers.nodes")
    return made_in.startswith(("thalweg.layers.", "thalweg.data.")) and made_in not in inner


def _is_space(value: Any, root: Any) -> bool:
    if isinstance(value, Namespace):
        return True
    if any(value is room for room in getattr(root, "_rooms", ())):
        return True
    if any(isinstance(v, Namespace) for v in vars(root).values()):
        return False  # the modules of such a room are its own, its namespaces are what programs see
    return isinstance(value, ModuleType) and value.__name__.startswith(f"{root.__name__}.")


if __name__ == "__main__":
    sys.stdout.write(page())
