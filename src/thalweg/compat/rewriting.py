"""What ``thalweg run`` changes in the text of a program, and of modules beside it, before it runs.

These are words that no name put back could stand for: methods of arrays, dicts and iterators that are there no longer
(``a.tostring()``), arrays of rows of different lengths, arrays of one element as numbers, ``variable.value()``,
``x.shape[1].value``, and generators that end where a ``next`` within them finds nothing more.
"""

from __future__ import annotations

import ast
import builtins
import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np

from thalweg.compat import beside, loops, object_arrays, one_element, programs, python2, python2_words
from thalweg.compat.programs import imported

_METHOD, _ARRAY, _VALUE = "__old_method__", "__old_array__", "__value_of__"
_LENGTH = "__length_of__"
_MAKERS = {f"numpy.{name}" for name in ("array", "asarray", "reshape")}
_ROWS, _LOAD = "__old_rows__", "__old_load__"
_READERS = {
    f"numpy.{name}"
    for name in ("random.choice", "random.permutation", "split", "array_split", "delete", "save", "copy")
}  # of arrays, which programs give lists of rows
_CLASS = "__class_named__"
_NUMBER, _FORMATTED, _ASSIGN, _CHANGED = "__number__", "__formatted__", "__assign__", "__changed__"

# Methods by their old names, and what has taken their place.
METHODS = {
    "tostring": "tobytes",
    "has_key": "__contains__",
    "iteritems": "items",
    "iterkeys": "keys",
    "itervalues": "values",
    "viewitems": "items",
    "viewkeys": "keys",
    "viewvalues": "values",
    "next": "__next__",
    "as_matrix": "to_numpy",
}


def _set_item(array: np.ndarray, *place_and_value: Any) -> None:
    """One element by its number in the whole array or by its place; the only one of an array of one."""
    *place, value = place_and_value
    index = place[0] if place else 0
    if isinstance(index, tuple):
        array[index] = value
    else:
        array.flat[index] = value


# Methods of arrays that are functions now.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ptp": np.ptp,
    "itemset": _set_item,
    "newbyteorder": lambda array, order="S": array.view(array.dtype.newbyteorder(order)),
}


def old_method(owner: Any, name: str) -> Any:
    """A method, or what has taken its place where the owner has it no longer."""
    found = getattr(owner, name, None)
    if found is None and name in FUNCTIONS:
        found = functools.partial(FUNCTIONS[name], owner) if isinstance(owner, np.ndarray) else None
    elif found is None:
        found = getattr(owner, METHODS[name], None)
    return getattr(owner, name) if found is None else found


def class_named(thing: Any) -> Any:
    """The class that an old name stands for: ``type(layer) is Convolution2D``."""
    return getattr(thing, "__class_of_name__", thing)


def length_of(thing: Any) -> Any:
    """What ``x.shape[1].value`` means: lengths are numbers, or None, which were objects with a value once."""
    return thing if thing is None or type(thing) is int else thing.value


@functools.cache
def old_array(make: Callable[..., Any]) -> Callable[..., Any]:
    """``np.array``, ``np.asarray`` or ``np.reshape`` that takes arrays of one element as numbers beside numbers, and
    makes rows of different lengths an array of lists.
    """

    @functools.wraps(make)
    def made(object: Any, *args: Any, **options: Any) -> Any:
        if options.get("copy") is False:
            options["copy"] = None  # where it can be had without
        try:
            return make(object, *args, **options)
        except ValueError as error:
            if "inhomogeneous" not in str(error):
                raise
        plain = one_element.numbers(object)
        if plain is not object or make is np.reshape:
            return make(plain, *args, **options)
        if args or options.get("dtype") is not None:
            return make(object, *args, **options)
        return make(object, **{**options, "dtype": "O"})

    return made


@functools.cache
def old_rows(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of an array, such as ``np.random.choice``, that takes rows of different lengths, too."""

    def row_array(value: Any) -> Any:
        return old_array(np.array)(value) if isinstance(value, (list, tuple)) else value

    @functools.wraps(function)
    def called(*args: Any, **options: Any) -> Any:
        try:
            return function(*args, **options)
        except ValueError as error:
            if "inhomogeneous" not in str(error):
                raise
        return function(*map(row_array, args), **{k: row_array(v) for k, v in options.items()})

    return called


def _is_named(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _names(tree: ast.AST) -> dict[str, str]:
    """Local names to what they were imported from; ``np`` may have come by an import of everything in a module."""
    found = imported(tree)
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in ast.walk(tree)):
        found.setdefault("np", "numpy")
    return found


class _Rewriter(ast.NodeTransformer):
    def __init__(self, names: dict[str, str], values: bool) -> None:
        self.names = names  # local names to what they were imported from
        self.values = values

    def _called(self, function: str, *args: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(function, ast.Load()), list(args), [])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """A generator ends where an iterator that it reads does, as until Python 3.6."""
        self.generic_visit(node)
        if not _yields(node):
            return node
        told = 1 if ast.get_docstring(node, clean=False) is not None else 0
        ends = ast.ExceptHandler(ast.Name("StopIteration", ast.Load()), None, [ast.Return(None)])
        if node.body[told:]:
            node.body[told:] = [ast.Try(node.body[told:], [ends], [], [])]
        return ast.fix_missing_locations(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if not (self.values and node.attr == "value" and isinstance(node.ctx, ast.Load)):
            return node
        return self._instead(node, self._called(_LENGTH, node.value))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        f, old = node.func, node
        if isinstance(f, ast.Attribute):  # a method's name is no length's value
            f.value = self.visit(f.value)
            node.args, node.keywords = list(map(self.visit, node.args)), list(map(self.visit, node.keywords))
        else:
            self.generic_visit(node)
            f = node.func
        if isinstance(f, ast.Attribute) and (
            f.attr in FUNCTIONS or (f.attr in METHODS and len(node.args) < 2)
        ):
            node.func = self._called(_METHOD, f.value, ast.Constant(f.attr))
        elif self.origin(f) in _MAKERS:
            node.func = self._called(_ARRAY, f)
        elif self.origin(f) in _READERS:
            node.func = self._called(_ROWS, f)
        elif self.origin(f) == "numpy.load":
            node.func = self._called(_LOAD, f)
        elif self._is_of_numbers(f) and node.args and not node.keywords:
            node = self._called(_NUMBER, f, *node.args)
        elif (
            self.values
            and isinstance(f, ast.Attribute)
            and f.attr == "value"
            and not (node.args or node.keywords)
        ):
            node = self._called(_VALUE, f.value)
        return ast.fix_missing_locations(ast.copy_location(node, old))

    def origin(self, f: ast.expr) -> str:
        """The name by which a function was imported, with that of its module: ``numpy.array``; else an empty text."""
        if isinstance(f, ast.Attribute):
            owner = self.origin(f.value)
            return owner and f"{owner}.{f.attr}"
        return self.names.get(f.id, "") if isinstance(f, ast.Name) else ""

    def _is_of_numbers(self, f: ast.expr) -> bool:
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name):
            return self.names.get(f.value.id) == "math"
        return isinstance(f, ast.Name) and (
            f.id in ("int", "float", "round") or self.names.get(f.id, "").startswith("math.")
        )

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        of_class = (
            isinstance(node.left, ast.Call) and _is_named(node.left.func, "type") and len(node.left.args) == 1
        )
        if of_class and isinstance(node.ops[0], (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
            named = self._called(_CLASS, node.comparators[0])
            node.comparators[0] = ast.copy_location(named, node.comparators[0])
        return ast.fix_missing_locations(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        text = isinstance(node.left, ast.Constant) and isinstance(node.left.value, str)
        if not isinstance(node.op, ast.Mod) or not (text or isinstance(node.right, ast.Tuple)):
            return node
        return self._instead(node, self._called(_FORMATTED, node.left, node.right))

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, (ast.Tuple, ast.List)):
            return self._unpacked(node, target)
        if len(node.targets) > 1 or not (isinstance(target, ast.Subscript) and _is_of_one(target)):
            return node
        return self._assigned(node, target, node.value)

    def _unpacked(self, node: ast.Assign, target: ast.Tuple | ast.List) -> ast.AST | list[ast.AST]:
        """``a[i], b[j] = values``: the values get names first, by which each is assigned then."""
        after: list[ast.AST] = []
        groups = [target]
        for group in groups:  # grows meanwhile
            groups += [part for part in group.elts if isinstance(part, (ast.Tuple, ast.List))]
            for k, part in enumerate(group.elts):
                if isinstance(part, ast.Subscript) and _is_of_one(part):
                    name = f"__thalweg_part_{len(after)}"
                    group.elts[k] = ast.copy_location(ast.Name(name, ast.Store()), part)
                    after.append(self._assigned(node, part, ast.Name(name, ast.Load())))
        return [node, *after] if after else node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        target, kind = node.target, type(node.op).__name__
        known = isinstance(target, ast.Subscript) and _is_of_one(target) and kind in one_element.KINDS
        if not known or any(isinstance(part, _ONCE) for part in ast.walk(target)):
            return node
        assert isinstance(target, ast.Subscript)
        old = ast.Subscript(target.value, target.slice, ast.Load())
        return self._assigned(node, target, self._called(_CHANGED, ast.Constant(kind), old, node.value))

    def _assigned(self, node: ast.stmt, target: ast.Subscript, value: ast.expr) -> ast.AST:
        return self._instead(node, ast.Expr(self._called(_ASSIGN, value, target.value, target.slice)))

    def _instead(self, node: ast.AST, new: ast.AST) -> ast.AST:
        return ast.fix_missing_locations(ast.copy_location(new, node))


_ONCE = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)  # not to be evaluated twice


def _yields(function: ast.FunctionDef) -> bool:
    """Whether a function is a generator: it yields, and not only functions within it."""
    left: list[ast.AST] = list(function.body)
    while left:
        node = left.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            left += ast.iter_child_nodes(node)
    return False


def _is_of_one(target: ast.Subscript) -> bool:
    """Whether this may be one element of an array."""
    index = target.slice
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return not any(
        isinstance(p, (ast.Slice, ast.Starred)) or (isinstance(p, ast.Constant) and isinstance(p.value, str))
        for p in parts
    )


def code_of(tree: ast.Module, path: str, values: bool) -> CodeType:
    """The code of a program; ``values``: ``x.value()`` is the value of the variable."""
    rewriter = _Rewriter(_names(tree), values)
    tree = loops.turned(tree, rewriter.origin) if values else tree
    return compile(rewriter.visit(tree), path, "exec", dont_inherit=True)


def execfile(
    old: bool, file: str, globals: dict[str, Any] | None = None, locals: dict[str, Any] | None = None
) -> None:
    """Run a program within the names of the caller; ``old``: the caller is of Python 2."""
    caller = sys._getframe(1)
    if globals is None:
        globals, locals = caller.f_globals, caller.f_locals
    tree, _ = programs.read(programs.source_of(Path(file)), file, old)
    exec(code_of(tree, file, False), globals, locals)


class _Loader(importlib.machinery.SourceFileLoader):
    """Rewritten code is never kept: other Pythons would find it."""

    values: bool
    old: bool

    def get_code(self, fullname: str) -> CodeType:
        tree, old = programs.read(self.get_source(fullname) or "", self.path, self.old)
        if old and ("." in fullname or self.is_package(fullname)):
            tree = python2.with_relative_imports(tree, Path(self.path).parent)
        return code_of(tree, self.path, self.values)


class Finder(importlib.abc.MetaPathFinder):
    """Finds the program's own modules: those in its folder, in places that ``PYTHONPATH`` names, or that it adds to
    ``sys.path``.
    """

    def __init__(self, folder: Path, values: bool, old: bool) -> None:
        self.values = values
        self.old = old  # all of the program is of Python 2
        self.others = set(sys.path) - {p for p in sys.path if Path(p).resolve() in beside.places(folder)}
        self.own: set[str] = set()

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader:
            return None
        if path is None and self._is_own(Path(spec.loader.path), spec.submodule_search_locations is not None):
            self.own.add(fullname)
        if fullname.partition(".")[0] not in self.own:
            return None
        spec.loader = _Loader(fullname, spec.loader.path)
        spec.loader.values, spec.loader.old = self.values, self.old
        return spec

    def _is_own(self, file: Path, is_package: bool) -> bool:
        place = file.parent.parent if is_package else file.parent
        return any(place.resolve() == Path(p).resolve() for p in sys.path if p not in self.others)


def install(value_of: Callable[[Any], Any] | None, old: bool) -> None:
    """Give rewritten programs what they call; ``value_of``: the value of a variable, where programs ask for it;
    ``old``: the program is of Python 2.
    """
    vars(builtins).update(
        {_METHOD: old_method, _ARRAY: old_array, _NUMBER: one_element.number, _CLASS: class_named}
    )
    vars(builtins).update({_ROWS: old_rows, _FORMATTED: one_element.formatted, _ASSIGN: one_element.assign})
    vars(builtins)[_LOAD] = object_arrays.old_load
    vars(builtins).update(
        {_CHANGED: one_element.changed, "execfile": functools.partial(execfile, old), **python2_words.WORDS}
    )
    if value_of is not None:
        turns = importlib.import_module("thalweg.compat.tf2.turns")
        vars(builtins).update({_VALUE: value_of, _LENGTH: length_of})
        vars(builtins).update(
            {loops.EACH: turns.each, loops.WHILE: turns.while_true, loops.COUNTED: turns.counted}
        )
