"""The rewriting of loops in compiled functions: as plain Python they mean what they meant; what cannot be stays."""

from __future__ import annotations

import ast
import gc
import textwrap
import weakref
from typing import Any

import pytest

import thalweg.compat.tf2 as tf
from thalweg.compat import loops
from thalweg.compat.tf2 import turns

WORDS = {loops.EACH: turns.each, loops.WHILE: turns.while_true, loops.COUNTED: turns.counted}


def rewritten(source: str) -> ast.Module:
    def origin(node: ast.expr) -> str:
        return ast.unparse(node).replace("tf.", "tensorflow.")

    return loops.turned(ast.parse(textwrap.dedent(source)), origin)


def is_rewritten(source: str) -> bool:
    return any(isinstance(n, ast.FunctionDef) and n.name == "__turn__" for n in ast.walk(rewritten(source)))


def plain(decorator_taken: Any = None) -> Any:
    class Names:
        @staticmethod
        def function(f: Any = None, **options: Any) -> Any:
            return f if f is not None else lambda g: g

    return Names


PROGRAMS = """
def f():
    total, seen = 0, []
    for k, (a, b) in enumerate([(1, 2), (3, 4), (5, 6)], 1):
        if a == 3:
            continue
        total += a * b * k
        seen.append(a)
    return total, seen, k, b
---
def f():
    n, steps = 27, 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps
---
def f():
    table = {}
    for x in range(4):
        row = [x * y for y in range(3)]
        for y in row:
            try:
                table[x] = table.get(x, 0) + y
            finally:
                last = y
    return table, row, last, x
---
def f(x=3):
    for x in range(x):
        def g(z, x=x):
            return z + x
        import math as m
        with open(__import__("os").devnull) as file:
            pass
    return x, g(10), m.floor(2.5), file.closed
---
def f():
    "What it says."
    found = []
    for word in ("a", "b"):
        i = 0
        while i < 3:
            i += 1
            if i == 2:
                continue
            found.append(word * i)
    return found, f.__doc__
---
def f():
    out = []
    for x in []:
        y = x
    try:
        y
    except UnboundLocalError:
        out.append("unbound")
    return out
---
def f():
    found = []
    for x in range(9):
        y = 0
        while True:
            y += 1
            if y > x:
                break
            try:
                if y == 3:
                    break
            finally:
                found.append((x, y))
        if x == 5:
            break
    return found, x, y
---
def f():
    best = None
    for x in (3, 9, 4):
        for _ in (0,):
            if best is None or x > best:
                best = x
        else:
            best += 0
    return best
""".split("---")


@pytest.mark.parametrize("source", PROGRAMS)
def test_as_python_loops_mean_what_they_meant(source: str) -> None:
    given: dict[str, Any] = {"tf": plain()}
    exec(textwrap.dedent(source), given)
    wanted = given["f"]()
    source = source.replace("def f(", "@tf.function\ndef f(")
    assert is_rewritten(source)
    own: dict[str, Any] = {"tf": plain(), **WORDS}
    exec(compile(rewritten(source), "program.py", "exec"), own)
    assert own["f"]() == wanted


@pytest.mark.parametrize(
    "body",
    [
        "for x in y:\n        return x",
        "for x in y:\n        yield x",
        "for x in y:\n        super().f(x)",
        "for x in y:\n        del z",
        "for x in y:\n        z: int = x",
        "for x in y:\n        print(x)\n    else:\n        print()",
        "while (z := y()):\n        print(z)",
        "global z\n    for x in y:\n        z = x",
    ],
)
def test_loops_that_no_function_can_stand_for_stay(body: str) -> None:
    source = f"@tf.function\ndef f(y):\n    {body}\n"
    assert ast.unparse(rewritten(source)) == ast.unparse(ast.parse(source))


@pytest.mark.parametrize(
    "source, wanted",
    [
        ("@tf.function\ndef f(y):\n    for x in y: print(x)", True),
        ("@tf.function(autograph=True)\ndef f(y):\n    for x in y: print(x)", True),
        ("def f(y):\n    for x in y: print(x)\ng = tf.function(f)", True),
        ("class A:\n    @tf.function\n    def f(self, y):\n        for x in y: print(x)", True),
        ("def f(y):\n    for x in y: print(x)", False),
        ("@other.function\ndef f(y):\n    for x in y: print(x)", False),
        ("for x in y: print(x)", False),
        ("@tf.function\ndef f(y):\n    for x in y:\n        for z in x:\n            if z: break", True),
    ],
)
def test_only_loops_of_compiled_functions_are_rewritten(source: str, wanted: bool) -> None:
    assert is_rewritten(source) is wanted


def compiled(source: str, **names: Any) -> Any:
    """``f`` of a program, as ``thalweg run`` makes it."""
    given: dict[str, Any] = {"tf": tf, **WORDS, **names}
    exec(compile(rewritten(source), "program.py", "exec"), given)
    return given["f"]


SCALED = """
@tf.function
def f(n, scale):
    float(n)  # it looks at a value: it runs as Python
    total = 0.0
    for k in tf.range(n):
        noted(k)
        total += scale.by * tf.cast(k, tf.float32)
    return total
"""


class Scale:
    def __init__(self, by: float) -> None:
        self.by = by


def test_turns_of_many_objects_are_those_of_their_own() -> None:
    f = compiled(SCALED, noted=lambda k: None)
    scales = [Scale(float(by)) for by in range(12)]
    for scale in [*scales, *scales[::-1]]:
        assert float(f(tf.constant(4), scale)) == 6 * scale.by


def test_turns_are_compiled_again_only_for_what_is_new() -> None:
    traced: list[Any] = []
    f = compiled(SCALED, noted=traced.append)
    scale = Scale(2.0)
    for _ in range(3):
        f(tf.constant(50), scale)
    assert len(traced) < 50  # never turn by turn
    known = len(traced)
    f(tf.constant(50), scale)
    assert len(traced) == known
    f(tf.constant(50), Scale(3.0))
    assert known < len(traced) < known + 50


def test_turns_of_what_is_always_new_are_python_in_the_end() -> None:
    traced: list[Any] = []
    f = compiled(SCALED, noted=traced.append)
    for by in range(20):
        f(tf.constant(50), Scale(float(by)))
    known = len(traced)
    f(tf.constant(50), Scale(0.5))
    assert len(traced) == known + 50


def test_a_loop_keeps_nothing_of_a_function_that_is_gone() -> None:
    f, scale = compiled(SCALED, noted=lambda k: None), Scale(2.0)
    assert float(f(tf.constant(4), scale)) == 12
    held = weakref.ref(scale)
    del f, scale
    gc.collect()
    assert held() is None


def test_a_number_is_not_looped_over() -> None:
    f = compiled("@tf.function\ndef f(x):\n    float(x)\n    for y in x:\n        x += y\n    return x")
    with pytest.raises(TypeError, match="tensor"):
        f(tf.constant(3.0))


def test_the_turns_of_few_objects_are_kept_those_used_last() -> None:
    traced: list[Any] = []
    f, often, gone = compiled(SCALED, noted=traced.append), Scale(0.5), []
    for by in range(20):
        scale = Scale(float(by))
        for each in (scale, scale):  # it is worth a program
            f(tf.constant(50), each)
        gone.append(weakref.ref(scale))
        known = len(traced)
        f(tf.constant(50), often)
        assert by < 2 or len(traced) == known
    del scale, each
    gc.collect()
    assert gone[1]() is None and gone[-1]() is not None  # the first call was not yet Python


def test_turns_are_compiled_behind_a_call_of_another_such_function() -> None:
    source = SCALED.replace("    total = 0.0", "    before(n)\n    total = 0.0")
    before = vars(tf)["function"](lambda n: float(n))
    traced: list[Any] = []
    f, scale = compiled(source, noted=traced.append, before=before), Scale(2.0)
    for _ in range(3):
        f(tf.constant(50), scale)
    assert len(traced) < 50
