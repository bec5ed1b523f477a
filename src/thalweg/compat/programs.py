"""Programs written for old libraries, as text: what they are, which generation they belong to, which names they use."""

from __future__ import annotations

import ast
import contextlib
import copy
import importlib.util
import inspect
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from thalweg.compat import aliases, notebooks, python2
from thalweg.compat.names import Namespace, nearest
from thalweg.errors import DataError

GENERATIONS = ("tf1", "eager", "tf2", "theano", "keras")
_GRAPH_STYLE = {
    "placeholder",
    "Session",
    "InteractiveSession",
    "global_variables_initializer",
    "initialize_all_variables",
    "get_variable",
    "variable_scope",
    "reset_default_graph",
    "set_random_seed",
    "disable_v2_behavior",
    "mul",
    "sub",
    "contrib",
    "app",
    "AdamOptimizer",
    "GradientDescentOptimizer",
    "read_data_sets",
}
_EAGER_STYLE = {
    "GradientTape",
    "function",
    "enable_eager_execution",
    "assert_equal_eager",
    "optimizers",
    "numpy",
    "set_seed",
    "Module",
    "TensorSpec",
    "create_file_writer",
    "CheckpointManager",
}

_IN_OTHERS = {"function", "numpy", "optimizers", "Module"}  # also names within rooms of the first generation

# Names of estimators whose model function is the program's own: it makes a graph, whatever names it is written with.
_MODEL_FUNCTIONS = {"Estimator", "EstimatorSpec", "model_to_estimator", "KMeans"}

# Names of estimators whose input functions are of the first generation.
_OWN_ESTIMATORS = {"inputs", "make_one_shot_iterator"}

# Names of Keras 3, by which a program that imports Keras alone is one of the second generation.
_LATE_KERAS = {
    "ops",
    "RandomFlip",
    "Rescaling",
    "TextVectorization",
    "MultiHeadAttention",
    "LayerNormalization",
    "image_dataset_from_directory",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
}


def source_of(path: Path) -> str:
    """A program's text: the file, or a notebook's code cells without lines for the shell and magics."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_text(encoding="latin-1")
    if path.suffix != ".ipynb":
        return text
    try:
        book = json.loads(text)
        cells = (
            book["cells"] if "cells" in book else [c for sheet in book["worksheets"] for c in sheet["cells"]]
        )
        return "\n\n".join(notebooks.cell(cell) for cell in cells if cell.get("cell_type") == "code") + "\n"
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{str(path)!r} is not a notebook") from None


def is_told_old(path: Path) -> bool:
    """Whether a notebook says of itself that it ran on Python 2."""
    if path.suffix != ".ipynb":
        return False
    told = json.loads(path.read_text(encoding="utf-8-sig")).get("metadata", {})
    version = str(told.get("language_info", {}).get("version", ""))
    return version.startswith("2") or (not version and told.get("kernelspec", {}).get("name") == "python2")


def read(source: str, name: str, old: bool = False) -> tuple[ast.Module, bool]:
    """The program's syntax tree, and whether it is a program of Python 2; ``old``: it is part of one."""
    tree, is_old = _read(source, name, old)
    if "get_ipython" in source:
        tree = notebooks.with_cells(tree, lambda cell: _read(cell, name, is_old)[0].body)
    return tree, is_old


def _read(source: str, name: str, old: bool) -> tuple[ast.Module, bool]:
    try:
        tree = ast.parse(source, name)
    except SyntaxError as error:
        return python2.read(source, name, error), True
    if old or python2.is_plain(tree, source):
        with contextlib.suppress(SyntaxError):  # then it is of Python 3 alone
            ast.parse(python2.translated(source)[0])
            return python2.with_old_meanings(tree, {}), True  # its print is a function to both
    return tree, False


def parse(source: str, name: str) -> ast.Module:
    """The program's syntax tree."""
    return read(source, name)[0]


class Use(NamedTuple):
    """A library name that a program uses, and the line of its first use."""

    name: str
    line: int


def imported(tree: ast.AST) -> dict[str, str]:
    """Local names to the dotted library names that they stand for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for assigned in ast.walk(tree):
        if isinstance(assigned, ast.Assign) and _is_first_names(assigned.value, found):
            found.update((t.id, "tensorflow.compat.v1") for t in assigned.targets if isinstance(t, ast.Name))
    return found


def _is_first_names(value: ast.expr, names: dict[str, str]) -> bool:
    """Whether an expression is ``tf.compat.v1``."""
    if not (
        isinstance(value, ast.Attribute) and value.attr == "v1" and isinstance(value.value, ast.Attribute)
    ):
        return False
    above = value.value.value
    return (
        value.value.attr == "compat" and isinstance(above, ast.Name) and names.get(above.id) == "tensorflow"
    )


def modules(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module (or name of one) that a program imports, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (
                (f"{node.module}.{alias.name}" if alias.name != "*" else node.module, node.lineno)
                for alias in node.names
            )
        elif (
            isinstance(node, ast.Call)
            and _name_of(node.func) in ("__import__", "import_module")
            and node.args
        ):
            named = node.args[0]
            if isinstance(named, ast.Constant) and isinstance(named.value, str):
                yield named.value, node.lineno


def _name_of(node: ast.expr) -> str | None:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)


class _Reader(ast.NodeVisitor):
    """Goes through a program and notes the library names in it. A name that a function binds itself, or that the
    program binds anew, is its own from there.
    """

    def __init__(self, tree: ast.AST, names: dict[str, str]) -> None:
        self.names = names
        self.found: list[tuple[str, ast.expr]] = []
        self.calls: list[tuple[str, ast.Call]] = []
        self._own: list[set[str]] = []
        first = {name for name, whole in names.items() if whole == "tensorflow.compat.v1"}  # may be assigned
        self._rebound = {
            n.id: n.lineno
            for n in reversed(list(_bindings(tree)))
            if n.id in self.names and n.id not in first
        }
        self.visit(tree)

    def visit_FunctionDef(self, node: Any) -> None:
        outside = [
            *node.args.defaults,
            *filter(None, node.args.kw_defaults),
            *getattr(node, "decorator_list", []),
        ]
        for part in outside:
            self.visit(part)
        bound = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
        body = node.body if isinstance(node.body, list) else [node.body]
        for statement in body:
            bound |= {n.id for n in _bindings(statement)}
        shared = {name for n in ast.walk(node) if isinstance(n, ast.Global) for name in n.names}
        self._own.append(bound - shared)
        for statement in body:
            self.visit(statement)
        self._own.pop()

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_Call(self, node: ast.Call) -> None:
        known = len(self.found)
        self.visit(node.func)
        if len(self.found) > known and self.found[known][1] is node.func:
            self.calls.append((self.found[known][0], node))
        for part in (*node.args, *node.keywords):
            self.visit(part)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self._note(node)
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            base = base.value
        if not isinstance(base, ast.Name):
            self.visit(base)

    def visit_Name(self, node: ast.Name) -> None:
        self._note(node)

    def _note(self, node: ast.expr) -> None:
        chain, base = [], node
        while isinstance(base, ast.Attribute):
            chain.append(base.attr)
            base = base.value
        if isinstance(base, ast.Name) and base.id in self.names and not self._is_own(base):
            self.found.append((".".join([self.names[base.id], *reversed(chain)]), node))

    def _is_own(self, node: ast.Name) -> bool:
        if any(node.id in names for names in self._own):
            return True
        return not self._own and node.lineno > self._rebound.get(node.id, node.lineno)


def _bindings(tree: ast.AST) -> Iterator[ast.Name]:
    """The names to which a piece of a program gives values itself, not within a function or a class in it."""
    if isinstance(tree, ast.Name) and isinstance(tree.ctx, ast.Store):
        yield tree
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield from _bindings(child)


def uses(tree: ast.AST) -> list[Use]:
    """Every library name in the program: what it imports, and chains of attributes below that."""
    first: dict[str, int] = {}
    for name, node in _Reader(tree, imported(tree)).found:
        if isinstance(node, ast.Attribute):
            first.setdefault(name, node.lineno)
    for name, line in modules(tree):
        first.setdefault(name, line)
    return [Use(name, line) for name, line in sorted(first.items(), key=lambda pair: (pair[1], pair[0]))]


def generation(tree: ast.AST, beside: Iterable[ast.AST] = (), guess: bool = True) -> str | None:
    """The generation that a program belongs to; None where it imports none of the libraries.

    ``beside``: its own modules, which are asked where it does not tell; what one of them does with graphs is done with
    a program of Keras, too. ``guess``: what nobody tells of a program of TensorFlow is the second one, else None.
    """
    tree = _with_flags(tree)
    roots = {name.split(".")[0] for name, _ in modules(tree)}
    found = _of_tensorflow(tree) if "tensorflow" in roots else _of_others(tree, roots)
    if found is None or found == "keras":
        others = dict.fromkeys(filter(None, (generation(part, guess=False) for part in beside)))
        found = found or next(iter(others), None)
        found = "tf1" if found == "keras" and "tf1" in others else found
    if (
        found is None and "tensorflow" in roots and guess
    ):  # stand-alone Keras beside it is of the time of graphs, as it is alone
        return "tf1" if "keras" in roots and _of_others(tree, roots) == "keras" else "tf2"
    return found


class _Flags(ast.NodeTransformer):
    """Leaves out the branches that a program's flags switch off: ``mode = "graph"``, ``if mode == "eager": ...``."""

    def __init__(self, flags: dict[str, object]) -> None:
        self.flags = flags

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        asked = self._value(node.test)
        kept = node.body if asked else node.orelse
        return node if asked is None else kept or ast.Pass()

    def _value(self, test: ast.expr) -> bool | None:
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            inside = self._value(test.operand)
            return None if inside is None else not inside
        if isinstance(test, ast.Name) and test.id in self.flags:
            return bool(self.flags[test.id])
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id in self.flags:
            (op, *more), (right, *_) = test.ops, test.comparators
            if isinstance(op, (ast.Eq, ast.NotEq)) and not more and isinstance(right, ast.Constant):
                return (self.flags[test.left.id] == right.value) is isinstance(op, ast.Eq)
        return None


def _with_flags(tree: ast.AST) -> ast.AST:
    """The program without what never runs as its flags stand: names given a constant at the top, and never anew."""
    stored = Counter(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    stored.update(n.arg for n in ast.walk(tree) if isinstance(n, ast.arg))
    flags: dict[str, object] = {}
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and len(node.targets) == 1:
            target = node.targets[0]
            if isinstance(target, ast.Name) and stored[target.id] == 1:
                flags[target.id] = node.value.value
    return _Flags(flags).visit(copy.deepcopy(tree)) if flags else tree


def _of_others(tree: ast.AST, roots: set[str]) -> str | None:
    """The generation of a program that does not import TensorFlow."""
    if "keras" in roots:
        found = [use.name for use in uses(tree)]
        if any(f"{name}.".startswith("keras.backend.tf.") for name in found):  # until Keras 2.3
            return "tf1"
        names = {part for name in found for part in name.split(".")}
        return "tf2" if names & _LATE_KERAS else "keras"
    if roots & {"theano", "lasagne"}:
        return "theano"
    return None


def _of_tensorflow(tree: ast.AST) -> str | None:
    """Graph style or eager style, by the names that only one of them has; None where there is none."""
    found = [use.name for use in uses(tree) if use.name.startswith("tensorflow")]
    parts = {part for name in found for part in name.split(".")[1:]}
    if "enable_eager_execution" in parts or any(
        name.endswith(("contrib.eager.run", "tfe.run")) for name in found
    ):
        return "eager"
    if parts & _MODEL_FUNCTIONS:
        return "tf1"
    if any(name.startswith("tensorflow.compat.v1") for name in found):
        return _of_compatible_names(tree, parts)
    heads = {name.split(".")[1] for name in found if "." in name}  # tf.optimizers, not tf.keras.optimizers
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    eager = bool((parts - _IN_OTHERS) & _EAGER_STYLE or heads & _EAGER_STYLE)
    eager = eager or any(
        name.endswith("keras.utils.set_random_seed") for name in found
    )  # not tf.set_random_seed
    # An estimator makes a graph, whatever is around it; those that are ready to train make it by themselves.
    of_estimators = (parts | calls) & (_MODEL_FUNCTIONS | _OWN_ESTIMATORS)
    of_graphs = "contrib" in heads or of_estimators or not (eager or "numpy" in calls)
    if heads & {"contrib", "estimator"} and of_graphs:
        return "tf1"
    if eager:
        return "tf2"
    if parts & _GRAPH_STYLE or "examples" in heads:
        return "tf1"
    if "keras" in parts:  # both generations have it: the one tells itself by what the other lacks
        lacking = _lacking(tree, "tf2")
        return "tf1" if lacking and _lacking(tree, "tf1") < lacking else "tf2"
    if calls & {"numpy", "gradient"}:
        return "tf2"
    if "Dataset" in parts:  # its elements are read by Python, or by an iterator's node
        return "tf1" if any("iterator" in call for call in calls - {"as_numpy_iterator"}) else "tf2"
    if calls & {"run", "eval"}:
        return "tf1"
    missing = {kind: _lacking(tree, kind) for kind in ("tf1", "tf2")}
    return None if missing["tf1"] == missing["tf2"] else min(missing, key=missing.__getitem__)


def _lacking(tree: ast.AST, kind: str) -> int:
    """How many names and arguments of a program a generation does not have."""
    table = aliases.ALIASES[kind]
    return len(unsupported(tree, table)) + len(unknown_arguments(tree, table))


# Names of ``tf.compat.v1`` that only a program of graphs uses; sessions are also made to set up a device.
_GRAPHS_ONLY = {
    "disable_eager_execution", "disable_v2_behavior", "get_variable", "global_variables_initializer", "placeholder",
    "placeholder_with_default", "variable_scope",
}  # fmt: skip


def _of_compatible_names(tree: ast.AST, parts: set[str]) -> str:
    """The generation of a program that uses ``tf.compat.v1``: all of it, or a few names within the second one."""
    if _is_mixed(tree, parts):
        return "tf2"
    names = [name for name, _ in modules(tree)]
    instead = any(name.startswith("tensorflow.compat.v1") for name in names)
    beside = "tensorflow" in names and (parts - _IN_OTHERS) & _EAGER_STYLE
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    at_once = "numpy" in calls and "Session" not in parts  # a node of a graph has no value to show
    if (instead and not beside and not at_once) or parts & _GRAPHS_ONLY:
        return "tf1"
    return "tf1" if "run" in calls and not parts & _EAGER_STYLE and "Session" in parts else "tf2"


def _is_mixed(tree: ast.AST, parts: set[str]) -> bool:
    """Whether a program of tensors with values builds graphs beside them, or only graphs from some line on."""
    leaves = {"disable_eager_execution", "disable_v2_behavior"}
    first: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first[node.attr] = min(first.get(node.attr, node.lineno), node.lineno)
    left = min((first[n] for n in leaves if n in first), default=None)
    shown = [first[n] for n in ("numpy", "GradientTape") if n in first]
    if left is not None:
        return any(line < left for line in shown)
    eager = bool(shown) or bool((parts - _IN_OTHERS) & _EAGER_STYLE)
    return "wrap_function" in parts or ("Graph" in parts and eager)


def is_later(tree: ast.AST) -> bool:
    """Whether ``tf`` in a program of graphs has TensorFlow 2's names: it uses those of ``tf.compat.v1`` beside them,
    and none that only the first generation has.
    """
    used = [use for use in uses(tree) if f"{use.name}.".startswith("tensorflow.")]
    plain = [use.name for use in used if not f"{use.name}.".startswith("tensorflow.compat.v1.")]
    chained = any(
        isinstance(node, ast.Attribute) and node.attr == "v1" and _name_of(node.value) == "compat"
        for node in ast.walk(tree)
    )
    return chained and all(_problem(name, aliases.ALIASES["tf2"]) is None for name in plain)


def in_graphs(tree: ast.AST, kind: str, table: dict[str, str]) -> dict[str, str] | None:
    """What a generation's names stand for where the program builds graphs; None where it builds none."""
    said = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    said |= {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    rooms = aliases.IN_GRAPHS.get(kind)
    builds = said & {"Graph", "wrap_function", "disable_eager_execution", "disable_v2_behavior"}
    return {name: rooms.get(room, room) for name, room in table.items()} if rooms and builds else None


def unsupported(tree: ast.AST, table: dict[str, str]) -> list[tuple[Use, Exception]]:
    """The library names that a program uses and Thalweg does not supply, each with what is said of it."""
    found = []
    for use in uses(tree):
        problem = _problem(use.name, table)
        if problem is not None:
            found.append((use, problem))
    return found


def unknown_arguments(tree: ast.AST, table: dict[str, str]) -> list[tuple[Use, str]]:
    """The named arguments that a program gives to functions which do not take them, each with what is said of it."""
    found = []
    for name, call in _Reader(tree, imported(tree)).calls:
        for keyword in call.keywords:
            problem = keyword.arg and _of_argument(name, keyword.arg, table)
            if problem:
                found.append((Use(name, call.lineno), problem))
    return found


def _of_argument(name: str, argument: str, table: dict[str, str]) -> str | None:
    if aliases.target(name, table) is None:
        return None
    try:
        function = aliases.resolve(name, table)
    except (aliases.AliasError, AttributeError):
        return None
    taken = arguments_of(function)
    return None if taken is None or argument in taken else f"{name} {no_argument(argument, taken)}"


def arguments_of(function: Any) -> list[str] | None:
    """The named arguments that a function or class takes; None where it takes any, or does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return [p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]


def no_argument(name: str, taken: Sequence[str]) -> str:
    """What is said of an argument that is not taken.

    >>> no_argument("axes", ["x", "axis"])
    "takes no argument 'axes'; the nearest is 'axis'; it takes x, axis"
    """
    near = nearest(name, taken)
    return (
        f"takes no argument {name!r}{f'; the nearest is {near!r}' * bool(near)}; it takes {', '.join(taken)}"
    )


class _Settler(ast.NodeTransformer):
    """Puts in the place of ``try: import a`` / ``except ImportError: import b`` the part that is going to run."""

    def __init__(self, tree: ast.AST, table: dict[str, str]) -> None:
        self.names, self.table = imported(tree), table

    def visit_Try(self, node: ast.Try) -> Any:
        if not any(map(_catches_absence, node.handlers)):
            return self.generic_visit(node)
        body = ast.Module([*node.body, *node.orelse], [])
        names = [n for n, _ in modules(body)] + [n for n, _ in _Reader(body, self.names).found]
        fits = all(_problem(name, self.table) is None and _can_be_had(name, self.table) for name in names)
        chosen = body.body if fits else [s for handler in node.handlers for s in handler.body]
        self.generic_visit(ast.Module(chosen, []))
        return [*(chosen or [ast.Pass()]), *node.finalbody]


_OF_ABSENCE = {
    "ImportError",
    "ModuleNotFoundError",
    "AttributeError",
    "NameError",
    "Exception",
    "BaseException",
}


def _catches_absence(handler: ast.ExceptHandler) -> bool:
    named = {n.id for n in ast.walk(handler.type) if isinstance(n, ast.Name)} if handler.type else _OF_ABSENCE
    return bool(named & _OF_ABSENCE)


def _can_be_had(name: str, table: dict[str, str]) -> bool:
    """Whether the module at the beginning of a dotted name is aliased or installed."""
    first = name.split(".")[0]
    return aliases.target(name, table) is not None or importlib.util.find_spec(first) is not None


def settled(tree: ast.Module, table: dict[str, str]) -> ast.Module:
    """The tree, which is changed, without the parts that only run where names are there, or are not."""
    return ast.fix_missing_locations(_Settler(tree, table).visit(tree))


def _problem(name: str, table: dict[str, str]) -> Exception | None:
    """Why a dotted name cannot be had; None where it can, or where a value's own attribute decides."""
    if aliases.target(name, table) is None:
        return aliases.apart(name)
    parts = name.split(".")
    thing: object = None
    for count in range(1, len(parts) + 1):
        prefix = ".".join(parts[:count])
        if (
            aliases.target(prefix, table) is None
        ):  # a room whose package is not aliased, as keras_applications
            continue
        try:
            thing = aliases.resolve(prefix, table)
        except (aliases.AliasError, AttributeError) as error:
            owner = thing
            if owner is not None and not isinstance(owner, (ModuleType, Namespace)):
                return None
            return error
    return None
