"""Programs in the syntax of Python 2, read as Python 3 with the same line numbers, and what their words meant.

:func:`translated` changes the text, token by token: ``print x``, ``except E, e``, ``0777`` and so on.
:func:`with_old_meanings` changes the tree: ``/`` of integers floors, ``map`` and ``d.keys()`` are lists. What the
changed programs call stands in :mod:`thalweg.compat.python2_words`. Reference: the language reference of Python 2.7.
"""

from __future__ import annotations

import ast
import functools
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from thalweg.compat.python2_words import as_text

# --- the text -------------------------------------------------------------------------------------------------------

_SCANNER = re.compile(
    r'''(?P<string>[bBuUrRfF]{0,2}(?:"""(?:\\.|[^\\])*?"""|\'\'\'(?:\\.|[^\\])*?\'\'\'
                                   |"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'))
      |(?P<number>0[xX][\da-fA-F]+[lL]?|0[bBoO][0-7]+[lL]?|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[jJlL]?)
      |(?P<name>\w+)
      |(?P<space>[ \t\f]+|\\\n|\#[^\n]*)
      |(?P<newline>\n)
      |(?P<op><>|>>=?|<<=?|\*\*=?|//=?|[-+*/%&|^<>=!]=|.)''',
    re.VERBOSE | re.DOTALL,
)  # fmt: skip


class _Token(NamedTuple):
    kind: str
    text: str


_Tokens = list[_Token]
_Targets = dict[str, str]  # names that stand for tuples of arguments, and those tuples
_BLOCKS = {"if", "elif", "else", "for", "while", "try", "except", "finally", "with", "class", "def"}


def _tokens(source: str) -> Iterator[_Token]:
    """All of the text; an end of line within brackets is a space."""
    depth = 0
    for found in _SCANNER.finditer(source):
        kind, text = str(found.lastgroup), found[0]
        if kind == "op":
            depth = max(depth + (text in "([{") - (text in ")]}"), 0)
        elif kind == "newline" and depth:
            kind = "space"
        yield _Token(kind, text)


def _outside(tokens: _Tokens) -> Iterator[tuple[int, str]]:
    """The places and texts of tokens that are in no brackets, nor among the arguments of a lambda."""
    depth = lambdas = 0
    for place, (kind, text) in enumerate(tokens):
        if kind == "op" and text in ")]}":
            depth -= 1
        if not depth:
            if text == "lambda":
                lambdas += 1
            elif lambdas and text == ":":
                lambdas -= 1
            elif not lambdas and kind in ("op", "name"):
                yield place, text
        if kind == "op" and text in "([{":
            depth += 1


def _parts(tokens: _Tokens, separator: str) -> list[_Tokens]:
    """The tokens between separators."""
    parts, start = [], 0
    for place, text in _outside(tokens):
        if text == separator:
            parts.append(tokens[start:place])
            start = place + 1
    return [*parts, tokens[start:]]


def _stripped(tokens: _Tokens) -> tuple[_Tokens, _Tokens, _Tokens]:
    """The spaces before, the tokens, and the spaces after."""
    places = [i for i, token in enumerate(tokens) if token.kind != "space"]
    if not places:
        return tokens, [], []
    return tokens[: places[0]], tokens[places[0] : places[-1] + 1], tokens[places[-1] + 1 :]


def _text(tokens: Iterable[_Token]) -> str:
    return "".join(token.text for token in tokens)


def translated(source: str) -> tuple[str, dict[str, str]]:
    """The text in the syntax of Python 3, and the names in it that stand for tuples of arguments.

    Each line stays where it is. What is not understood stays as it is.

    >>> translated("print 'a', 0777")[0]
    "__printed__(None, True, 'a', 0o777)"
    >>> translated("def f(a, (b, c)): pass")
    ('def f(a, __tuple_0__): pass', {'__tuple_0__': '(b, c)'})
    """
    imported = " ".join(re.findall(r"^from __future__ import (.*)", source, re.MULTILINE))
    unicode_literals, prints = "unicode_literals" in imported, "print_function" not in imported
    targets: _Targets = {}
    lines: list[str] = []
    line: _Tokens = []
    opened = False
    for kind, text in itertools.chain(_tokens(source.replace("\r\n", "\n")), [_Token("newline", "")]):
        if kind == "newline":
            lines.append(_line(line, targets, prints) + text)
            line = []
            continue
        if kind == "string":
            text = _string(text, unicode_literals)
        elif kind == "number":
            text = re.sub(r"^0(?=[0-7]+$)", "0o", text.rstrip("lL"))
        elif text == "<>":
            text = "!="
        elif text == "`":
            opened = not opened
            line += [_Token("name", "repr"), _Token("op", "(")] if opened else [_Token("op", ")")]
            continue
        elif text in ("async", "await", "nonlocal"):
            text += "_"
        line.append(_Token(kind, text))
    return "".join(lines), targets


def _string(text: str, unicode_literals: bool) -> str:
    """A string; only texts of Unicode knew characters by ``\\u``, ``\\U`` and ``\\N``."""
    prefix = re.match(r"\w*", text)[0].lower()  # type: ignore[index]
    if prefix == "ur":
        return text[1:]
    if prefix in ("b", "br"):
        return _text_of_bytes(text)
    if prefix or unicode_literals:
        return text
    return re.sub(r"\\(.)", lambda m: "\\" + m[0] if m[1] in "uUN" else m[0], text, flags=re.DOTALL)


def _text_of_bytes(text: str) -> str:
    """The literal of bytes as that of the text that they are, if they are one."""
    value = as_text(ast.literal_eval(text))
    if isinstance(value, bytes):
        return text
    return text[1:] if value.isascii() else f"({value!a}" + "\n" * text.count("\n") + ")"


def _line(tokens: _Tokens, targets: _Targets, prints: bool) -> str:
    """One logical line: an indentation, perhaps the head of a block, and statements."""
    indent = ""
    if tokens and tokens[0].kind == "space" and not tokens[0].text.startswith(("#", "\\")):
        indent, tokens = tokens[0].text.expandtabs(8).replace("\f", ""), tokens[1:]
    head = ""
    first = next((text for kind, text in tokens if kind == "name"), "")
    if first in _BLOCKS:
        colon = next((place for place, text in _outside(tokens) if text == ":"), None)
        if colon is not None:
            head, tokens = _text(_head(_tuples(tokens[: colon + 1], targets), targets)), tokens[colon + 1 :]
    return indent + head + ";".join(_statement(part, targets, prints) for part in _parts(tokens, ";"))


def _head(tokens: _Tokens, targets: _Targets) -> _Tokens:
    """``except E, e:`` as ``except E as e:``."""
    commas = [place for place, text in _outside(tokens) if text == ","]
    if tokens[0].text != "except" or len(commas) != 1:
        return tokens
    before, target, after = _stripped(tokens[commas[0] + 1 : -1])
    if len(target) > 1:
        target = [_stands_for(target, targets)]
    return [*tokens[: commas[0]], _Token("name", " as "), *before, *target, *after, tokens[-1]]


def _stands_for(target: _Tokens, targets: _Targets) -> _Token:
    name = f"__tuple_{len(targets)}__"
    targets[name] = " ".join(_text(target).split())
    return _Token("name", name + "\n" * _text(target).count("\n"))


def _tuples(tokens: _Tokens, targets: _Targets) -> _Tokens:
    """Tuples among the arguments of functions as names."""
    found: _Tokens = []
    place = 0
    while place < len(tokens):
        kind, text = tokens[place]
        if kind == "name" and text in ("lambda", "def"):
            start, end = place + 1, _end_of_arguments(tokens, place)
            if text == "def":
                start = next((i for i in range(start, end) if tokens[i].text == "("), end) + 1
            found += tokens[place:start]
            found += _arguments(tokens[start:end], targets)
            place = end
        else:
            found.append(tokens[place])
            place += 1
    return found


def _end_of_arguments(tokens: _Tokens, place: int) -> int:
    """Where the arguments of the function that begins at ``place`` end."""
    depth, nested = 0, -1
    for i in range(place, len(tokens)):
        kind, text = tokens[i]
        nested += text == "lambda"
        if kind == "op":
            depth += (text in "([{") - (text in ")]}")
            if tokens[place].text == "def" and text == ")" and not depth:
                return i
            if tokens[place].text == "lambda" and text == ":" and not depth:
                if not nested:
                    return i
                nested -= 1
    return len(tokens)


def _arguments(tokens: _Tokens, targets: _Targets) -> _Tokens:
    parts: list[_Tokens] = []
    for part in _parts(tokens, ","):
        before, inner, after = _stripped(part)
        if inner and inner[0].text == "(":
            equal = next((place for place, text in _outside(inner) if text == "="), len(inner))
            _, target, space = _stripped(inner[:equal])
            inner = [_stands_for(target, targets), *space, *inner[equal:]]
        parts.append([*before, *_tuples(inner, targets), *after])
    return functools.reduce(lambda a, b: [*a, _Token("op", ","), *b], parts)


def _statement(tokens: _Tokens, targets: _Targets, prints: bool) -> str:
    before, inner, after = _stripped(_tuples(tokens, targets))
    word, rest = (inner[0].text, inner[1:]) if inner else ("", [])
    if word == "print" and prints:
        text = _print(rest)
    elif word == "raise" and len(_parts(rest, ",")) > 1:
        text = f"raise __raised__({_text(rest)})"
    elif word == "exec":
        text = _exec(rest)
    else:
        text = _text(inner)
    return _text(before) + text + _text(after)


def _print(tokens: _Tokens) -> str:
    before, rest, _ = _stripped(tokens)
    file = "None"
    items = _parts(rest, ",") if rest else []
    if rest and rest[0].text == ">>":
        file, items = _text(items[0][1:]), items[1:]
    newline = not (items and not _stripped(items[-1])[1])
    given = ",".join(map(_text, items))
    return f"__printed__({file}, {newline}{',' * bool(items)}{_text(before)}{given})"


def _exec(tokens: _Tokens) -> str:
    return f"exec({','.join(map(_text, _parts(tokens, 'in')))})"


# --- the tree -------------------------------------------------------------------------------------------------------


def read(source: str, name: str, first: SyntaxError) -> ast.Module:
    """The tree of a program that Python 3 does not read; ``first``: its error there.

    Raises SyntaxError where the program is no Python 2 either: of the two errors, the one further down.
    """
    text, targets = translated(source)
    try:
        tree = ast.parse(text, name)
    except SyntaxError as error:
        if (error.lineno or 0) <= (first.lineno or 0):
            raise first from None
        error.msg += " (read as Python 2)"
        error.text = source.splitlines()[(error.lineno or 1) - 1]
        error.offset = error.end_offset = None
        raise error from None
    for node in ast.walk(tree):  # columns of another text than the one that tracebacks show
        if hasattr(node, "col_offset"):
            vars(node).update(col_offset=-1, end_col_offset=-1, end_lineno=vars(node)["lineno"])
    return with_old_meanings(tree, targets)


_ONLY_THERE = {"xrange", "raw_input"}
_METHODS_THERE = {"iterkeys", "itervalues", "has_key"}  # of dicts; pandas had iteritems in all Pythons
_MODULES_THERE = {
    "cPickle", "cStringIO", "StringIO", "ConfigParser", "HTMLParser", "Tkinter", "__builtin__", "cookielib", "copy_reg",
    "httplib", "urllib2", "urlparse",
}  # fmt: skip
_ANY_PYTHON = re.compile(r"version_info|\bPY[23]\b|\bsix\b|NameError|ImportError|python_version")


def is_plain(tree: ast.Module, source: str) -> bool:
    """Whether a program that Python 3 reads uses names of Python 2 alone, with no word about other Pythons."""
    if _ANY_PYTHON.search(source):
        return False
    if _MODULES_THERE & _imported(tree):
        return True
    quotients = _quotients(tree)
    if any(_counts_by_quotient(node, quotients) for node in ast.walk(tree)):
        return True
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    bound = _bound(tree)
    if (used & _ONLY_THERE) - bound or (_as_lists(tree) - bound):
        return True
    called = {
        n.func.attr for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
    }
    there = _METHODS_THERE if "pandas" in source else _METHODS_THERE | {"iteritems"}
    return bool(called & there)


def _as_lists(tree: ast.Module) -> set[str]:
    """Which of ``zip``, ``map`` and ``filter`` the program takes for what gives a list: a part of it, its length."""
    subscripts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Subscript)]
    counted = [n.args[0] for n in ast.walk(tree) if _calls(n, {"len"}) and len(n.args) == 1]  # type: ignore[attr-defined]
    made = [n for n in (*subscripts, *counted) if _calls(n, {"zip", "map", "filter"})]
    return {n.func.id for n in made}  # type: ignore[attr-defined]


def _quotients(tree: ast.Module) -> set[str]:
    """The names that stand for ``a / b`` wherever the program gives them a value."""
    given, divided = Counter[str](), Counter[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            given[node.id] += 1
        elif isinstance(node, ast.Assign) and len(node.targets) == 1 and _is_quotient(node.value):
            divided[getattr(node.targets[0], "id", "")] += 1
        elif isinstance(node, ast.arguments):
            given.update(part.arg for part in ast.walk(node) if isinstance(part, ast.arg))
            names = [part.arg for part in (*node.posonlyargs, *node.args)]
            defaults = zip(reversed(names), reversed(node.defaults), strict=False)
            divided.update(name for name, value in defaults if _is_quotient(value))
    return {name for name, count in divided.items() if count == given[name]}


def _is_quotient(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)


def _counts_by_quotient(node: ast.AST, quotients: set[str]) -> bool:
    """``range(a / b)``, which only is a range where the quotient of integers is one."""
    parts = list(node.args) if _calls(node, {"range"}) else []  # type: ignore[attr-defined]
    while parts:
        part = parts.pop()
        if _is_quotient(part) or (isinstance(part, ast.Name) and part.id in quotients):
            return True
        if isinstance(part, ast.BinOp):
            parts += [part.left, part.right]
    return False


def _calls(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _imported(tree: ast.Module) -> set[str]:
    """The modules that the program imports in any case: not where it tries to, or under a condition."""
    plain = [node for node in tree.body if isinstance(node, ast.Import)]
    named = [node.module or "" for node in tree.body if isinstance(node, ast.ImportFrom) and not node.level]
    return {alias.name for node in plain for alias in node.names} | set(named)


def _bound(tree: ast.Module) -> set[str]:
    """Every name that the program gives a meaning."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name)
    return found


def with_old_meanings(tree: ast.Module, targets: dict[str, str]) -> ast.Module:
    """The tree with Python 2's division, lists, rounding, sorting and variables of ``except``."""
    words = {name for name in _REPLACED if name not in _bound(tree)}
    divides = not any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "division" for alias in node.names)
        for node in ast.walk(tree)
    )
    changed: ast.Module = _Meanings(words, divides, targets).visit(tree)
    return ast.fix_missing_locations(changed)


_REPLACED = (
    "map", "filter", "zip", "range", "round", "sorted", "open", "file", "min", "max", "input", "cmp",
)  # fmt: skip
_VIEWS = ("keys", "values", "items")
# Methods, and the words that call them: by a name, or with the owner alone.
_NAMED = {"encode": "__recoded__", "decode": "__recoded__",
          "read": "__read__", "readline": "__read__", "readlines": "__read__",
          "check_output": "__read__"}  # fmt: skip
_METHODS = {"sort": "__sort__", "translate": "__translated__", "join": "__joined__", "write": "__written__",
            "communicate": "__communicated__"}  # fmt: skip
_ORDERS = {
    "__lt__": "Lt",
    "__le__": "LtE",
    "__gt__": "Gt",
    "__ge__": "GtE",
    "__eq__": "Eq",
    "__ne__": "NotEq",
}
_RENAMED = {"next": "__next__", "__nonzero__": "__bool__", "__div__": "__truediv__",
            "__rdiv__": "__rtruediv__", "__idiv__": "__itruediv__"}  # fmt: skip
_ATTRIBUTES = {"func_name": "__name__", "func_code": "__code__", "func_defaults": "__defaults__",
               "func_globals": "__globals__", "func_dict": "__dict__", "func_doc": "__doc__",
               "im_func": "__func__", "im_self": "__self__"}  # fmt: skip
_MODULES = {"StringIO": "__StringIO__", "cStringIO": "__StringIO__", "pickle": "cPickle"}
_ONCE = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)  # not to be evaluated twice


def _call(word: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(word, ast.Load()), list(args), [])


class _Meanings(ast.NodeTransformer):
    def __init__(self, words: set[str], divides: bool, targets: dict[str, str]) -> None:
        self.words = words
        self.divides = divides
        self.targets = targets  # names that stand for tuples

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id in self.words and isinstance(node.ctx, ast.Load):
            node.id = f"__{node.id}_2__"
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        node.attr = _ATTRIBUTES.get(node.attr, node.attr)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if not (self.divides and isinstance(node.op, ast.Div)):
            return node
        return ast.copy_location(_call("__divided__", node.left, node.right), node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        if not (self.divides and isinstance(node.op, ast.Div)):
            return node
        if any(isinstance(part, _ONCE) for part in ast.walk(node.target)):
            return node
        old = _loaded(node.target)
        return ast.copy_location(
            ast.Assign([node.target], _call("__divided_in_place__", old, node.value)), node
        )

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        f = node.func
        if isinstance(f, ast.Attribute) and f.attr in _VIEWS and not (node.args or node.keywords):
            return ast.copy_location(_call("__listed__", node), node)
        word = _NAMED.get(f.attr) or _METHODS.get(f.attr) if isinstance(f, ast.Attribute) else None
        if word is not None:
            assert isinstance(f, ast.Attribute)
            node.args[:0] = [f.value, *[ast.Constant(f.attr)] * (f.attr in _NAMED)]
            node.func = ast.copy_location(ast.Name(word, ast.Load()), f)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Any two values have an order."""
        self.generic_visit(node)
        kind = type(node.ops[0]).__name__
        if len(node.ops) > 1 or kind not in ("Lt", "LtE", "Gt", "GtE"):
            return node
        return ast.copy_location(
            _call("__ordered__", ast.Constant(kind), node.left, node.comparators[0]), node
        )

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = ast.copy_location(_call("__lines__", node.iter), node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = ast.copy_location(_call("__lines__", node.iter), node.iter)
        return node

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        """The variable stays after the block."""
        self.generic_visit(node)
        if node.name in self.targets:
            node.body.insert(
                0, self._taken_apart(node.name, ast.Attribute(_name(node.name), "args", ast.Load()))
            )
        elif node.name is not None:
            node.body.insert(0, ast.Assign([ast.Name(node.name, ast.Store())], _name("__caught__")))
            node.name = "__caught__"
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        names = [a.arg for a in node.args.args if a.arg in self.targets]
        node.body[:0] = [self._taken_apart(name, _name(name)) for name in names]
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        self.generic_visit(node)
        names = [a.arg for a in node.args.args if a.arg in self.targets]
        if names:
            loops = [
                ast.comprehension(self._target(name), ast.List([_name(name)], ast.Load()), [], 0)
                for name in names
            ]
            node.body = ast.Subscript(ast.ListComp(node.body, loops), ast.Constant(0), ast.Load())
        return node

    def _target(self, name: str) -> ast.expr:
        made = ast.parse(f"{self.targets[name]} = 0").body[0]
        assert isinstance(made, ast.Assign)
        for node in ast.walk(made.targets[0]):
            for place in ("lineno", "col_offset", "end_lineno", "end_col_offset"):
                vars(node).pop(place, None)
        return made.targets[0]

    def _taken_apart(self, name: str, value: ast.expr) -> ast.stmt:
        return ast.Assign([self._target(name)], value)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Special methods by their new names too."""
        self.generic_visit(node)
        methods = {f.name: f for f in node.body if isinstance(f, ast.FunctionDef)}
        for old, new in _RENAMED.items():
            if old not in methods or new in methods or (old == "next" and len(methods[old].args.args) != 1):
                continue
            node.body.append(ast.Assign([ast.Name(new, ast.Store())], _name(old)))
        if "__cmp__" in methods:
            for name, kind in _ORDERS.items():
                if name not in methods:
                    made = _call("__method_of_order__", ast.Constant(kind))
                    node.body.append(ast.Assign([ast.Name(name, ast.Store())], made))
        if {"__cmp__", "__eq__"} & set(methods) and "__hash__" not in methods:
            base = node.bases[0] if node.bases and isinstance(node.bases[0], ast.Name) else _name("object")
            inherited = ast.Attribute(base, "__hash__", ast.Load())
            node.body.append(ast.Assign([ast.Name("__hash__", ast.Store())], inherited))
        return self._with_metaclass(node)

    def _with_metaclass(self, node: ast.ClassDef) -> ast.ClassDef:
        for statement in node.body:
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if isinstance(target, ast.Name) and target.id == "__metaclass__":
                assert isinstance(statement, ast.Assign)
                node.keywords.append(ast.keyword("metaclass", statement.value))
                node.body[node.body.index(statement)] = ast.Pass()
        return node

    def visit_Import(self, node: ast.Import) -> ast.AST:
        for alias in node.names:
            if alias.name in _MODULES:
                alias.asname, alias.name = alias.asname or alias.name, _MODULES[alias.name]
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        if not node.level:
            node.module = _MODULES.get(node.module or "", node.module)
        return node


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _loaded(target: ast.expr) -> ast.expr:
    """The value of what a statement assigns to."""
    if isinstance(target, ast.Name):
        return _name(target.id)
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    assert isinstance(target, ast.Subscript)
    return ast.Subscript(target.value, target.slice, ast.Load())


def with_relative_imports(tree: ast.Module, folder: Path) -> ast.Module:
    """A module of a package, whose imports look beside it first."""

    def is_beside(name: str | None) -> bool:
        return bool(name) and (
            (folder / f"{name}.py").is_file() or (folder / f"{name}" / "__init__.py").is_file()
        )

    class Relative(ast.NodeTransformer):
        def visit_Import(self, node: ast.Import) -> Any:
            beside = [alias for alias in node.names if is_beside(alias.name)]
            others = [alias for alias in node.names if alias not in beside]
            made = [ast.Import(others)] * bool(others), [ast.ImportFrom(None, beside, 1)] * bool(beside)
            return [ast.copy_location(new, node) for new in itertools.chain(*made)]

        def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
            if not node.level and is_beside((node.module or "").partition(".")[0]):
                node.level = 1
            return node

    changed: ast.Module = Relative().visit(tree)
    return changed


__all__ = ["is_plain", "read", "translated", "with_old_meanings", "with_relative_imports"]
