"""Programs in the syntax of Python 2: what they print, where they fail, and that others stay as they are."""

from __future__ import annotations

import ast
import contextlib
import json
import random
import re
import traceback
from pathlib import Path

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import programs, python2, python2_words

# What a program prints, by the language reference of Python 2.7.
ROWS = [
    # print
    ("print", "\n"),
    ("print 'a', 1, 2.5", "a 1 2.5\n"),
    ("print 'x',\nprint 'y',; print 'z'", "x y z\n"),
    ("print 'tab\\t', 'b'\nprint 'line\\n', 'c',\nprint", "tab\tb\nline\nc\n"),
    ("print ('a'), 'b'", "a b\n"),
    ("print (1 + 2) * 3", "9\n"),
    ("print('a', 'b')\nprint()", "('a', 'b')\n()\n"),
    ("print 'a %d' % 3, # comment\nprint", "a 3\n"),
    ("if True: print 'one'; print 'two'\nelse: print 'no'", "one\ntwo\n"),
    ("for i in range(3): print i,", "0 1 2"),
    ("import sys\nprint >>sys.stdout, 'to', 'out'\nprint >> sys.stdout", "to out\n\n"),
    ("print '%s and %s' % (\n  1,\n  2), \\\n  'end'", "1 and 2 end\n"),
    ('print """two\nprint "lines" """, {1:\n 2}', 'two\nprint "lines"  {1: 2}\n'),
    ("from __future__ import print_function\nprint('a', 'b')\nx = 1 <> 2", "a b\n"),
    ("def f(async=1): return async\nprint f(async=2)", "2\n"),
    ("d = {}\nd['print'] = 1 <> 2 ; print d", "{'print': True}\n"),
    # other statements
    ("try:\n  raise ValueError, 'bad'\nexcept ValueError, e:\n  pass\nprint e, e.args", "bad ('bad',)\n"),
    ("try: raise IOError, (2, 'no')\nexcept (IOError, OSError), (n, t): print n, t", "2 no\n"),
    ("try: raise KeyError, KeyError(1), None\nexcept KeyError, e: print e", "1\n"),
    ("e = ValueError('x')\ntry: raise e, None\nexcept ValueError, f: print f is e", "True\n"),
    ("exec 'q = 5'\nprint q", "5\n"),
    ("n = {}\nexec 'q = 5' in n\nexec('r = 6') in n, n\nprint n['q'], n['r']", "5 6\n"),
    # expressions
    ("print 1 <> 2, `1 + 2` + 'x', `'a'`", "True 3x 'a'\n"),
    ("print 0777, 00, 10L + 1, 0xFFL, 0b11, 0.5, 1e3, 08.5", "511 0 11 255 3 0.5 1000.0 8.5\n"),
    (r"print ur'a\d' + u'b' + 'C:\users\N'", "a\\db" + "C:\\users\\N\n"),
    ("def f(a, (b, (c, d)), e=1): return a + b * c + d + e\nprint f(1, (2, (3, 4)))", "12\n"),
    ("f = lambda (a, b), c=5: a * b + c\nprint f((2, 3)), map(lambda (k, v): k, {1: 2}.items())", "11 [1]\n"),
    ("if (lambda (a, b): a)((1, 0)): print 'yes'", "yes\n"),
    ("class B: print 'in it'", "in it\n"),
    ("if 1:\n\tprint 'tab'\n        print 'spaces'", "tab\nspaces\n"),
    # meanings
    ("print 7 / 2, -7 / 2, 7 / 2.0, True / 2", "3 -4 3.5 0\n"),
    ("from __future__ import division\nprint 7 / 2", "3.5\n"),
    ("x, y = 7, [9]\nx /= 2; y[0] /= 2\nprint x, y", "3 [4]\n"),
    ("class A(object):\n n = 9\na = A()\na.n /= 2\nprint a.n", "4\n"),
    ("def f(): return [9]\nl = f()\nl[len(l) - 1] /= 2.0\nprint l", "[4.5]\n"),
    ("print None < 0, 5 > 'a', None >= [], max(None, 3), min([2, None]), cmp('a', 1)",
     "True False False 3 None 1\n"),
    ("print sorted([(1, 'b'), None, 'x', (1, None), 2.5])", "[None, 2.5, 'x', (1, None), (1, 'b')]\n"),
    ("class C(object):\n def __init__(self, n): self.n = n\n def __cmp__(self, o): return cmp(self.n, o.n)\n"
     "a, b = C(1), C(2)\nprint a < b, a == C(1), max(a, b).n, len({a: 1, b: 2}), a != b", "True True 2 2 True\n"),
    ("class M(type):\n def __new__(m, n, b, d): d['x'] = n; return type.__new__(m, n, b, d)\n"
     "class A(object): __metaclass__ = M\nprint A.x", "A\n"),
    ("d = {'b': 1}\nprint d.keys()[0], d.values() + [2], d.items()", "b [1, 2] [('b', 1)]\n"),
    ("print map(None, [1, 2], [3]), map(None, 'ab'), zip('a', 'b')", "[(1, 3), (2, None)] ['a', 'b'] [('a', 'b')]\n"),
    ("print filter(None, (0, 1)), filter(lambda c: c > 'a', 'abc'), filter(None, [0])", "(1,) bc []\n"),
    ("print range(3) + [4], range(1, 6, 2)", "[0, 1, 2, 4] [1, 3, 5]\n"),
    ("def range(n): return 'mine'\nprint range(3)", "mine\n"),
    ("print round(2.5), round(-0.5), round(2.675, 2), round(1e400)", "3.0 -1.0 2.67 inf\n"),
    ("l = [3, 1, 2]\nl.sort(lambda a, b: b - a)\nprint l, sorted(l, cmp=lambda a, b: a - b)", "[3, 2, 1] [1, 2, 3]\n"),
    ("l = ['bb', 'a']\nl.sort(cmp=lambda a, b: a - b, key=len)\nprint l", "['a', 'bb']\n"),
    ("print sorted([1, 2], reverse=True), sorted('ab', None, ord)", "[2, 1] ['a', 'b']\n"),
    (
        "class It:\n def __iter__(self): return self\n def next(self): raise StopIteration\n"
        " def __nonzero__(self): return False\n def __div__(self, o): return 'div %s' % o\n"
        "print list(It()), bool(It()), It() / 3",
        "[] False div 3\n",
    ),
    ("print 'abc'.encode('utf-8'), 'abc'.decode('utf-8') + 'd'", "abc abcd\n"),
]  # fmt: skip


def executed(text: str, path: str = "p.py") -> None:
    tree, old = programs.read(text, path)
    assert old
    exec(compile(tree, path, "exec", dont_inherit=True), {**python2_words.WORDS, "__name__": "__main__"})


@pytest.mark.parametrize(("text", "expected"), ROWS, ids=[text for text, _ in ROWS])
def test_what_a_program_prints(text: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    executed(text if "<>" in text else text + "\nassert 1 <> 2")
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize("text", [text for text, _ in ROWS])
def test_every_line_stays_where_it_is(text: str) -> None:
    changed, _ = python2.translated(text + "\nfail\n")
    assert changed.splitlines().index("fail") == len(text.splitlines())


def test_a_traceback_names_the_line() -> None:
    text = "print 'a', (\n  1)\ndef f((a, b),\n      c):\n    return a / b\n\nprint f((1, 0), 2), 'no'\n"
    with pytest.raises(ZeroDivisionError) as caught:
        executed(text)
    frames = [f for f in traceback.extract_tb(caught.value.__traceback__) if f.filename == "p.py"]
    assert [(f.lineno, f.colno) for f in frames] == [(7, None), (5, None)]


def test_arrays_of_integers_divide_as_integers() -> None:
    whole, half = np.array([3, 5]), np.array([3.0])
    assert python2_words.divided(whole, 2).tolist() == [1, 2] and python2_words.divided(half, 2).tolist() == [
        1.5
    ]
    assert python2_words.divided(np.int64(7), 2) == 3 and python2_words.divided(whole, half).tolist() == [
        1.0,
        5 / 3,
    ]
    same = whole
    whole = python2_words.divided_in_place(whole, 2)
    assert whole is same and whole.tolist() == [1, 2]


@pytest.mark.parametrize(
    "text",
    [
        "print(7 / 2, range(3), round(2.5), {}.keys())\n",
        "from six.moves import xrange\nprint(xrange(3))\n",
        "try:\n    xrange\nexcept NameError:\n    xrange = range\nprint(7 / 2, xrange)\n",
        "import sys\nif sys.version_info[0] < 3:\n    text = unicode\nprint(1 / 2)\n",
        "def f(xrange):\n    return xrange\n",
        "import pandas as pd\nfor name, column in pd.DataFrame({'a': [1]}).iteritems():\n    print(name)\n",
        "for i in xrange(3):\n    print(i / 2, end='')\n",
        "def zip(a):\n    return [a]\nprint(zip(1)[0], len(zip(2)), list(zip(3))[0])\n",
    ],
)
def test_programs_of_python_3_stay_as_they_are(text: str) -> None:
    tree, old = programs.read(text, "p.py")
    assert not old and ast.dump(tree, include_attributes=True) == ast.dump(
        ast.parse(text), include_attributes=True
    )


@pytest.mark.parametrize("text", ["import cPickle", "import os, urllib2", "from StringIO import StringIO"])
def test_modules_of_python_2_alone_tell_it(text: str) -> None:
    assert programs.read(f"{text}\nprint(7 / 2)\n", "p.py")[1]
    tried = f"try:\n    {text}\nexcept Exception:\n    pass\n"
    assert not programs.read(f"{tried}print(7 / 2)\n", "p.py")[1]


@pytest.mark.parametrize("method", ["iteritems", "itervalues", "iterkeys", "has_key"])
def test_methods_of_python_2s_dicts_tell_it(method: str) -> None:
    argument = "1" if method == "has_key" else ""
    _, old = programs.read(f"found = {{1: 2}}.{method}({argument})\nprint(7 / 2)\n", "p.py")
    assert old


@pytest.mark.parametrize("made", ["zip((1, 2))", "map(int, '12')", "filter(None, [1, 0])"])
def test_lists_that_are_none_in_python_3_tell_it(made: str) -> None:
    for text in (f"{made}[0]", f"{made}[1:]", f"len({made})"):
        assert programs.read(f"print({text}, 7 / 2)\n", "p.py")[1]
        assert not programs.read(f"print({text.replace(made, f'list({made})')}, 7 / 2)\n", "p.py")[1]


def test_names_of_python_2_alone_tell_it(capsys: pytest.CaptureFixture[str]) -> None:
    tree, old = programs.read("for i in xrange(3):\n    print('%d' % (i / 2), 'text')\n", "p.py")
    assert old
    exec(compile(tree, "p.py", "exec", dont_inherit=True), {**python2_words.WORDS, "xrange": range})
    assert capsys.readouterr().out == "0 text\n0 text\n1 text\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("print 'a'\nx = (1,,2)\n", 2, "(read as Python 2)"),
        ("print('a')\nx = (1,,2)\n", 2, "invalid syntax"),
        ("x = 'open\nprint 'a'\n", 1, "unterminated"),
        ("print `1\n", 1, "invalid syntax"),
    ],
)
def test_what_is_no_python_at_all_says_where(text: str, line: int, message: str) -> None:
    with pytest.raises(SyntaxError, match=re.escape(message)) as caught:
        programs.parse(text, "p.py")
    assert caught.value.lineno == line and caught.value.text is not None
    assert caught.value.text.rstrip("\n") == text.splitlines()[line - 1]


def test_no_text_stops_the_reader() -> None:
    """Whatever the text: it keeps its lines, or there is a SyntaxError."""
    rng = random.Random(0)
    words = [
        "print",
        " ",
        ",",
        "(",
        ")",
        ">>",
        "\n",
        "x",
        ":",
        "lambda",
        "def f",
        "except",
        "raise",
        "exec",
        "in",
        "'",
    ]
    words += ["`", ";", "if", "\\\n", "0777", "\t", '"""', "#", "=", "[", "}"]
    for _ in range(3000):
        text = "".join(rng.choices(words, k=rng.randrange(12)))
        assert python2.translated(text)[0].count("\n") == text.count("\n"), text
        with contextlib.suppress(SyntaxError):
            programs.parse(text, "p.py")


FILES = """
import csv, cPickle, pickle, sys, StringIO, string
import package.inner
import beside
reload(sys)
sys.setdefaultencoding("utf8")
w = open("t.csv", "wb")
csv.writer(w).writerow(["a", 7 / 2]); print >>w, "b,2"
w.close()
print [r for r in csv.reader(open("t.csv", "rb"))], open("t.csv", "rU").read().count("\\n")
open("l.txt", "wb").write(b"\\xe9\\n")
print len(open("l.txt").read()), file("l.txt", "rb").read() == b"\\xe9\\n"
cPickle.dump([1, "a"], open("p.pkl", "w"))
print cPickle.load(open("p.pkl")), pickle.load(file("p.pkl", "rb"))
s = StringIO.StringIO()
print >>s, "in",
print >>s, 1
print `s.getvalue()`, StringIO.StringIO(b"ab").read() == b"ab", string.join(["a", "b"], "-")
execfile("other.py")
print thing, package.inner.half(7)
print beside.half(9)
print "last",
"""


BYTES = """
import struct, gzip, cPickle, re
import numpy as np
with open("v.bin", "wb") as f:
    f.write("2 3\\n")
    for word, row in [("the", [1, 2, 3]), ("caf\xc3\xa9", [65, 66, 8.5])]:
        f.write(word + " "); f.write(np.array(row, "float32").tostring())
with open("v.bin", "rb") as f:
    words, size = map(int, f.readline().split())
    for _ in range(words):
        letters = []
        while 1:
            ch = f.read(1)
            if ch == " ":
                break
            letters.append(ch)
        print "".join(letters)[:3], np.fromstring(f.read(4 * size), dtype="float32")
open("i.bin", "wb").write(struct.pack(">II", 2051, 0x61626364))
f = open("i.bin", "rb")
print struct.unpack(">I", f.read(4)), struct.unpack(">I", f.read(4)), f.read() == ""
open("t.txt", "wb").write("One two\\nthree\\n")
print [re.sub("[aeiou]", "_", line.strip()) for line in open("t.txt", "rb")], list(enumerate(open("t.txt", "rb")))
gz = gzip.open("t.gz", "wb")
gz.write(b"x\\ty\\n")
gz.close()
for line in gzip.open("t.gz", "rb"): print line.split("\\t")
open("p.pkl", "wb").write(cPickle.dumps({"a": 1}, 0))
print cPickle.loads(open("p.pkl", "rb").read()), cPickle.load(open("p.pkl", "rb"))
import subprocess as sp
cat = sp.Popen(["cat"], stdin=sp.PIPE, stdout=sp.PIPE)
print cat.communicate("a b")[0].split(" "), sp.check_output(["echo", "c"]).strip()
import string, types
t = string.maketrans("", "")
print "a.b,".translate(t, string.punctuation), "a-b".translate(None, "-"), type([]) is types.ListType,
line = open("l.txt", "rb").read() if open("l.txt", "wb").write(b"caf\\xe9 \\xff") else 0
print line.split()[0] == b"caf\\xe9", len(line), np.fromstring(line, "uint8")[-1]
print np.cast["float32"]([1, 2]).dtype, re.sub.func_name,
print [np.int64(3)], np.float32(0.1),
print isinstance(u"a", types.StringTypes), apply(pow, (2, 5)), intern("i"), {1: 2}.viewkeys()
"""


def test_bytes_that_are_text_are_text(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("# -*- coding: utf-8 -*-" + BYTES)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.splitlines() == [
        "the [1. 2. 3.]",
        "caf [65.  66.   8.5]",
        "(2051,) (1633837924,) True",
        "['On_ tw_', 'thr__'] [(0, 'One two\\n'), (1, 'three\\n')]",
        "['x', 'y\\n']",
        "{'a': 1} {'a': 1}",
        "['a', 'b'] c",
        "ab ab True True 6 255",
        "float32 sub [3] 0.1 True 32 i dict_keys([1])",
    ], done.stdout + done.stderr


PACKAGE = {
    "lib/net/__init__.py": "from net.layers import *\n",
    "lib/net/layers.py": "from . import deep\ndef half(x): return deep.twice(x) / 4\n",
    "lib/net/deep.py": "import theano\ndef twice(x):\n    print 'in', theano.__name__\n    return 2 * x\n",
    "p.py": "import net\nprint(net.half(9))\n",
}


def test_packages_of_the_program_in_places_named_by_the_environment(
    thalweg_run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.split() == ["in", "theano", "4"], done.stderr
    assert "p.py as theano: theano -> thalweg.compat.theano" in done.stderr and "Python 2" in done.stderr


def test_input_is_read_as_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    for text, value in (("3", 3), (" [1, 'a'] ", [1, "a"])):
        monkeypatch.setattr("builtins.input", lambda prompt, text=text: text)
        assert python2_words.read_in("") == value
    monkeypatch.setattr("builtins.input", lambda prompt: "x")
    with pytest.raises(NameError, match="'x' is not defined"):
        python2_words.read_in("")


def test_files_and_modules_beside_the_program(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(FILES)
    (tmp_path / "other.py").write_text("thing = zip([7 / 2])[0][0]\n")
    (tmp_path / "beside.py").write_text("def half(x):\n\tprint 'half of', x,\n\treturn x / 2\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    inner = "import near, math\nfrom near import two\nprint 'inner'\ndef half(x): return x / near.two + two - two\n"
    (tmp_path / "package" / "inner.py").write_text(inner)
    (tmp_path / "package" / "near.py").write_text("two = 2\n")
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.splitlines() == [
        "inner",
        "[['a', '3'], ['b', '2']] 2",
        "2 True",
        "[1, 'a'] [1, 'a']",
        "'in 1\\n' True a-b",
        "3 3",
        "half of 9 4",
        "last",
    ], done.stdout + done.stderr
    assert "p.py imports no old library; nothing is aliased; read as Python 2" in done.stderr


@pytest.mark.parametrize("first", ["print 7 / 2", "import other\nprint(7 / 2)"])
def test_a_program_is_of_one_python(first: str, thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_bytes(b"\xef\xbb\xbf" + f"{first}\nimport beside\n".encode())
    (tmp_path / "beside.py").write_text("print(9 / 2)\n")
    (tmp_path / "other.py").write_text("print 'other'\n")
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.split() == [*["other"] * ("other" in first), "3", "4"], done.stderr
    assert "read as Python 2" in done.stderr


def test_a_notebook_and_its_check(thalweg_run: Run, tmp_path: Path) -> None:
    source = ["%matplotlib inline\n", "import theano.tensor as T\n", "print 7 / 2, T.relux\n"]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": source}]}))
    done = thalweg_run("--check", tmp_path / "n.ipynb")
    assert done.returncode == 1 and "theano.tensor.relux is not supported" in done.stdout, done.stdout
    done = thalweg_run(tmp_path / "n.ipynb")
    assert (
        done.returncode == 1
        and "n.ipynb as theano: theano -> thalweg.compat.theano; read as Python 2" in done.stderr
    ), done.stderr


@pytest.mark.parametrize(
    "told, printed",
    [
        ({"language_info": {"version": "2.7.9"}}, "3 b.c"),
        ({"kernelspec": {"name": "python2"}}, "3 b.c"),
        ({"language_info": {"version": "3.6.1"}, "kernelspec": {"name": "python2"}}, "3.5 b.c"),
        ({}, "3.5 b.c"),
    ],
)
def test_a_notebook_says_what_it_ran_on(
    told: dict[str, dict[str, str]], printed: str, thalweg_run: Run, tmp_path: Path
) -> None:
    cell = {"cell_type": "code", "source": "import theano\nprint(str(7 / 2) + ' ' + '.'.join('bc'))"}
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": [cell], "metadata": told}))
    assert thalweg_run(tmp_path / "n.ipynb").stdout.strip() == printed


def test_files_of_h5py_as_before_its_third_version(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="the files of this test are HDF5")
    (tmp_path / "p.py").write_text(
        "import h5py\nf = h5py.File('t.h5')\nf['x'] = [1, 2]\nf.close()\nprint(h5py.File('t.h5', 'r')['x'].value)\n"
    )
    assert thalweg_run(tmp_path / "p.py").stdout == "[1 2]\n"


def test_a_count_by_a_quotient_is_of_python_2() -> None:
    def is_old(source: str) -> bool:
        return programs.read(source, "p.py")[1]

    assert is_old("n = 7\nfor i in range(n / 2):\n    print(i)\n") and is_old("range(0, 4 / 2 + 1)")
    assert not is_old("range(int(7 / 2))\nx = 7 / 2\n") and not is_old("import six\nrange(7 / 2)\n")
    assert is_old("batches = 60 / 7\nfor e in range(2):\n    for i in range(batches):\n        pass\n")
    assert is_old("def parts(n, window=8, step=9 / 2):\n    return list(range(0, n - window, step))\n")
    assert not is_old("batches = 60 / 7\nbatches = int(batches)\nrange(batches)\n")
    assert not is_old("n = 7 / 2\ndef f(n):\n    return list(range(n))\n")
