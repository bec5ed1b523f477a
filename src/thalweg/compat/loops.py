"""Loops of functions that ``tf.function`` compiles: what stands in a turn becomes a function of its own.

``for x in rows: total += x`` is rewritten as::

    def __turn__(__element__):
        nonlocal total, x
        x = __element__
        total += x
    __each__(rows, __turn__, ("total", "x"), ("total",))

so that the turns can be compiled where the function around them must run as the Python it is
(:mod:`thalweg.compat.tf2.turns`). Loops that a ``return`` leaves stay as they are. ``enumerate``
of what is looped over becomes a name of its own, too: data sets count with tensors.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

EACH, WHILE, COUNTED = "__each__", "__while__", "__counted__"
_TURN, _ASKED, _ELEMENT = "__turn__", "__asked__", "__element__"
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_UNTURNABLE = (ast.Return, ast.Global, ast.Nonlocal, ast.Delete, ast.AnnAssign, ast.Match)
_Function = Callable[[ast.expr], str]


def turned(tree: ast.Module, origin: _Function) -> ast.Module:
    """The program with these loops rewritten; ``origin``: the dotted name that an expression was imported as."""
    by_name = {
        call.args[0].id
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Name)
        if _is_compiling(call, origin)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef):
            continue
        if node.name in by_name or any(_is_compiling(d, origin) for d in node.decorator_list):
            _Turner(node).turn()
    return tree


def _is_compiling(decorator: ast.expr, origin: _Function) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return origin(called) in ("tensorflow.function", "tensorflow.compat.v2.function")


class _Turner:
    """One function whose loops are rewritten."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self.function = function
        arguments = function.args
        given = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
        self.arguments = {a.arg for a in given}
        outside = [n for n in _inside(function.body) if isinstance(n, (ast.Global, ast.Nonlocal))]
        self.foreign = {name for node in outside for name in node.names}
        self.assigned: dict[str, None] = {}

    def turn(self) -> None:
        """Rewrite the loops, and let the names that turns assign be the function's own still."""
        if any(isinstance(n, (ast.Yield, ast.YieldFrom, ast.Await)) for n in _inside(self.function.body)):
            return
        body = self._block(self.function.body)
        own = [name for name in self.assigned if name not in self.arguments]
        told = 1 if ast.get_docstring(self.function, clean=False) is not None else 0
        body[told:told] = [
            ast.AnnAssign(ast.Name(name, ast.Store()), ast.Constant(None), None, 1) for name in own
        ]
        self.function.body = body
        for made in body[told : told + len(own)]:
            ast.copy_location(made, self.function)
        ast.fix_missing_locations(self.function)

    def _block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        return [new for statement in statements for new in self._statement(statement)]

    def _statement(self, node: ast.stmt) -> list[ast.stmt]:
        if isinstance(node, _SCOPES):
            return [node]
        turnable = isinstance(node, _LOOPS) and self._is_turnable(node)
        names = list(dict.fromkeys(_assigned(node))) if turnable else []
        kept = self._kept(node, names) if turnable else []
        for field in ("body", "orelse", "finalbody"):
            if getattr(node, field, None):
                setattr(node, field, self._block(getattr(node, field)))
        for handler in getattr(node, "handlers", ()):
            handler.body = self._block(handler.body)
        for case in getattr(node, "cases", ()):
            case.body = self._block(case.body)
        return self._as_calls(node, names, kept) if turnable else [node]

    def _is_turnable(self, loop: ast.stmt) -> bool:
        assert isinstance(loop, _LOOPS)
        inside = list(_inside([loop]))
        if loop.orelse or any(isinstance(n, _UNTURNABLE) for n in inside):
            return False
        if any(isinstance(n, ast.Call) and _named(n.func) in ("super", "locals", "vars") for n in inside):
            return False
        if isinstance(loop, ast.While) and any(isinstance(n, ast.NamedExpr) for n in ast.walk(loop.test)):
            return False
        return not self.foreign.intersection(_assigned(loop))

    def _kept(self, loop: ast.stmt, names: list[str]) -> list[str]:
        """Those of the names that somebody may read after the loop."""
        within = set(map(id, ast.walk(loop)))
        read = {
            n.id
            for n in ast.walk(self.function)
            if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and id(n) not in within
        }
        return [name for name in names if name in read]

    def _as_calls(self, loop: ast.stmt, names: list[str], kept: list[str]) -> list[ast.stmt]:
        self.assigned.update(dict.fromkeys(names))
        body = [_Ends().visit(s) for s in loop.body]  # type: ignore[attr-defined]
        told: list[ast.stmt] = [ast.Nonlocal(names)] if names else []
        texts = [ast.Tuple([ast.Constant(n) for n in some], ast.Load()) for some in (names, kept)]
        turn: ast.expr = ast.Name(_TURN, ast.Load())
        if isinstance(loop, ast.For):
            told.append(ast.Assign([loop.target], ast.Name(_ELEMENT, ast.Load())))
            made = [_definition(_TURN, [_ELEMENT], [*told, *body])]
            elements = loop.iter
            if isinstance(elements, ast.Call) and _named(elements.func) == "enumerate":
                elements.func = ast.copy_location(ast.Name(COUNTED, ast.Load()), elements.func)
            call = ast.Call(ast.Name(EACH, ast.Load()), [elements, turn, *texts], [])
        else:
            assert isinstance(loop, ast.While)
            made = [
                _definition(_ASKED, [], [ast.Return(loop.test)]),
                _definition(_TURN, [], [*told, *body]),
            ]
            call = ast.Call(ast.Name(WHILE, ast.Load()), [ast.Name(_ASKED, ast.Load()), turn, *texts], [])
        new: list[ast.stmt] = [*made, ast.Expr(call)]
        for statement in new:
            ast.copy_location(statement, loop)
            ast.fix_missing_locations(statement)
        return new


def _definition(name: str, arguments: list[str], body: list[ast.stmt]) -> ast.FunctionDef:
    given = ast.arguments([], [ast.arg(a) for a in arguments], None, [], [], None, [])
    made = ast.FunctionDef(name, given, body, [])
    if "type_params" in ast.FunctionDef._fields:  # from Python 3.12 on
        setattr(made, "type_params", [])  # noqa: B010
    return made


def _inside(statements: Sequence[ast.AST], but: Any = _SCOPES) -> Iterator[ast.AST]:
    """All nodes, but not what functions and classes within do."""
    left = list(statements)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, but):
            left += ast.iter_child_nodes(node)


def _assigned(loop: ast.AST) -> Iterator[str]:
    """The names that a loop gives values to."""
    for node in _inside([loop], (*_SCOPES, *_COMPREHENSIONS)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.ExceptHandler):
            yield from [node.name] if node.name else []
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)


class _Ends(ast.NodeTransformer):
    """A turn goes on with the next one where its function returns, and is the last where that gives True."""

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.copy_location(ast.Return(None), node)

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return ast.copy_location(ast.Return(ast.Constant(True)), node)

    def _whole(self, node: ast.AST) -> ast.AST:
        return node

    visit_For = visit_While = visit_AsyncFor = visit_FunctionDef = visit_AsyncFunctionDef = _whole
    visit_ClassDef = visit_Lambda = _whole


def _named(expression: ast.expr) -> str:
    return expression.id if isinstance(expression, ast.Name) else ""
