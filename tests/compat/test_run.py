"""``thalweg run`` itself: generations, notebooks, tracebacks, --check."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

from compat.conftest import Run
from thalweg.compat import programs, run

GRAPH = "import tensorflow as tf\nx = tf.placeholder('float')\nprint(tf.Session().run(x + 1, {x: 1}))\n"


FLAGGED = """import tensorflow as tf
how = "{}"
if how == "graph":
  tf.compat.v1.placeholder("float32")
if how != "graph":
  t = tf.GradientTape()
"""


SWITCHED = """import tensorflow as tf
eager = {}
if eager:
  tf.enable_eager_execution()
else:
  tf.placeholder("int32")
"""


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (GRAPH, "tf1"),
        ("import tensorflow as tf\nwith tf.GradientTape() as t:\n    pass\n", "tf2"),
        ("from tensorflow import keras\nm = keras.Sequential()\n", "tf2"),
        ("import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\n", "tf1"),
        ("import tensorflow as tf\nfor x in tf.data.Dataset.range(3):\n    print(x)\n", "tf2"),
        (
            "import tensorflow as tf\nx = tf.data.Dataset.range(3).make_one_shot_iterator().get_next()\n",
            "tf1",
        ),
        ("import tensorflow as tf\ntf.compat.v1.disable_eager_execution()\n", "tf1"),
        ("import tensorflow as tf\ns = tf.compat.v1.Session()\ns.run(tf.constant(1))\n", "tf1"),
        ("import tensorflow as tf\ns = tf.compat.v1.Session(config=tf.compat.v1.ConfigProto())\n", "tf2"),
        (
            "import tensorflow as tf\ntf.compat.v1.logging.set_verbosity('ERROR')\nx = tf.keras.Input(1)\n",
            "tf2",
        ),
        ("import tensorflow as tf\ntf.compat.v1.set_random_seed(1)\nt = tf.GradientTape()\n", "tf2"),
        ("import tensorflow as tf\ntf.keras.utils.set_random_seed(1)\nm = tf.keras.Sequential()\n", "tf2"),
        ("import tensorflow as tf\ntf.set_random_seed(1)\nm = tf.keras.Sequential()\n", "tf1"),
        (
            "import tensorflow as tf\nx = tf.placeholder('float')\no = tf.keras.optimizers.Adam()\n",
            "tf1",
        ),
        ("import tensorflow as tf\ns = tf.contrib.layers.optimizers.OPTIMIZER_SUMMARIES\n", "tf1"),
        ("import tensorflow as tf\no = tf.optimizers.Adam()\n", "tf2"),
        (
            "import tensorflow as tf\nd = tf.data.Dataset.range(2)\ne = tf.estimator.DNNClassifier([2], [])\n",
            "tf1",
        ),
        (
            "import tensorflow as tf\ntf.random.set_seed(1)\ne = tf.estimator.DNNClassifier([2], [])\n",
            "tf2",
        ),
        (
            "import tensorflow as tf\ntf.random.set_seed(1)\ne = tf.estimator.Estimator(lambda features: None)\n",
            "tf1",
        ),
        (
            "import tensorflow as tf\no = tf.compat.v1.train.AdamOptimizer()\ne = tf.estimator.Estimator(print)\n",
            "tf1",
        ),
        ("import tensorflow as tf\nk = tf.compat.v1.estimator.experimental.KMeans(2)\n", "tf1"),
        ("import tensorflow as tf\nprint(tf.add(1, 2))\n", "tf2"),
        ("import tensorflow as tf\nx = tf.add(1, 2)\nprint(session.run(x))\n", "tf1"),
        ("import tensorflow as tf\nx = tf.to_float(tf.add(1, 2))\n", "tf1"),
        ("import tensorflow as tf\nx = tf.reduce_max([[1]], reduction_indices=1)\n", "tf1"),
        ("import tensorflow as tf\nx = tf.sort(tf.math.erf([1.0]))\ntf.strings.bytes_split('a')\n", "tf2"),
        (
            "import tensorflow as tf\nimport tensorflow.compat.v1 as v1\nt = tf.GradientTape()\nv1.to_float(1)\n",
            "tf2",
        ),
        ("import tensorflow.compat.v1 as tf\nt = tf.GradientTape()\n", "tf1"),
        (FLAGGED.format("tape"), "tf2"),
        (FLAGGED.format("graph"), "tf1"),
        (FLAGGED.format("graph") + "def f(how):\n  how = 2\n", "tf1"),
        (SWITCHED.format("False"), "tf1"),
        (SWITCHED.format("True"), "eager"),
        ("import theano.tensor as T\n", "theano"),
        ("from keras.models import Sequential\n", "keras"),
        ("from keras import backend as K\nx = K.tf.ones(2)\n", "tf1"),
        ("import numpy\n", None),
    ],
)
def test_the_generation_is_read_from_the_program(source: str, kind: str | None) -> None:
    assert programs.generation(programs.parse(source, "p.py")) == kind


def test_a_notebook_runs_without_its_magics(thalweg_run: Run, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!ls\n", *GRAPH.splitlines(keepends=True)]},
        {"cell_type": "code", "source": "%%bash\necho no"},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    done = thalweg_run(tmp_path / "n.ipynb")
    assert (done.returncode, done.stdout) == (0, "2.0\n"), done.stderr


MAGICS = "%matplotlib inline\n%load_ext autoreload\n!pip install -q something\nfiles = !ls\n?print\nprint?\n"
NOTEBOOKS = {
    "tf1": GRAPH,
    "theano": "import theano\nx = theano.tensor.dscalar()\n%time f = theano.function([x], 2 * x)\nprint(f(1.0))\n",
    "keras": "from keras.models import Sequential\nmodel = Sequential()\nprint(2.0)\n",
    "tf2": "import tensorflow as tf\n%tensorflow_version 2.x\nwith tf.GradientTape() as t:\n"
    "    v = tf.Variable(1.0)\n    y = v * v\nprint(t.gradient(y, v).numpy())\n",
}


def test_lines_for_the_shell_go_on_and_cells_may_be_indented(thalweg_run: Run, tmp_path: Path) -> None:
    fetch = "!wget --quiet \\\n    https://example.org/data.csv \\\n    -O data.csv\nx = [1,\n     2]\n"
    listed = "if x:\n    names = !ls \\\n        -a\n"
    indented = '  for k in x:\n    total = """a\n  b"""\n  print(len(total), names)\n'
    book = {"cells": [{"cell_type": "code", "source": text} for text in (fetch, listed, indented)]}
    (tmp_path / "n.ipynb").write_text(json.dumps(book))
    done = thalweg_run(tmp_path / "n.ipynb")
    assert (done.returncode, done.stdout) == (0, "3 []\n"), done.stderr


def test_a_notebook_shows_the_expressions_at_the_ends_of_its_cells(thalweg_run: Run, tmp_path: Path) -> None:
    cells = [
        "import numpy as np\nx = np.arange(3)\nx * 2  # twice",
        "x.sum();",
        "None",
        "print('told')",
        "'\u00e4', (1 +\n 2)",
        "x = 4; x",
        "def f():\n    return 1",
        "%time x + 1",
        "!ls\nx",
        "'''A text alone.'''",
        "",
        "%%time\nx + 2",
        "import tensorflow as tf",
    ]
    book = {"cells": [{"cell_type": "code", "source": text} for text in cells]}
    (tmp_path / "n.ipynb").write_text(json.dumps(book))
    done = thalweg_run(tmp_path / "n.ipynb")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["array([0, 2, 4])", "told", "('\u00e4', 3)", "4", "5", "4", "6"]


@pytest.mark.parametrize("kind", NOTEBOOKS)
def test_notebooks_of_every_generation(kind: str, thalweg_run: Run, tmp_path: Path) -> None:
    work = "%%time\nfrom IPython.display import display\nif True:\n    !echo no\n    get_ipython().magic('time')\n"
    cells = [MAGICS + NOTEBOOKS[kind], "%%bash\nexit 1", work]
    book = {"cells": [{"cell_type": "code", "source": text.splitlines(keepends=True)} for text in cells]}
    (tmp_path / "n.ipynb").write_text(json.dumps(book))
    done = thalweg_run(tmp_path / "n.ipynb")
    assert (done.returncode, done.stdout) == (0, "2.0\n"), done.stderr
    assert f"n.ipynb as {kind}: " in done.stderr
    checked = thalweg_run("--check", tmp_path / "n.ipynb")
    assert (checked.returncode, "missing" in checked.stdout) == (0, False), checked.stdout + checked.stderr


SCRIPT = """# coding: utf-8
get_ipython().run_line_magic('matplotlib', 'inline')
get_ipython().run_cell_magic('time', '', 'import tensorflow as tf\\nx = tf.placeholder(tf.float32)\\ny = x * 2')
get_ipython().run_line_magic('time', 'z = y + 1')
get_ipython().magic('timeit -n 1 w = z + 1')
q = get_ipython().run_line_magic('time', 'tf.Session().run(w, {x: 3.0})')
get_ipython().run_cell_magic('bash', '', 'exit 1')
get_ipython().run_cell_magic('writefile', '{folder}/wrote.txt', 'hello')
get_ipython().system('ls')
if q:
    get_ipython().run_cell_magic('time', '', 'def f():\\n    return 5\\nprint(q, f())\\n')
"""


def test_timed_cells_of_a_notebook_made_a_script_run(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "n.py").write_text(SCRIPT.replace("{folder}", str(tmp_path)))
    done = thalweg_run(tmp_path / "n.py")
    assert (done.returncode, done.stdout) == (0, "8.0 5\n"), done.stderr
    assert "n.py as tf1: " in done.stderr and (tmp_path / "wrote.txt").read_text() == "hello"
    old = "get_ipython().run_cell_magic(u'time', u'', u'x = 2\\nprint x, 3 / x')\n"
    (tmp_path / "old.py").write_text(
        old + "get_ipython().run_cell_magic(u'time', u'', u'raise ValueError(x)')\n"
    )
    done = thalweg_run(tmp_path / "old.py")
    assert done.returncode == 1 and "line 2, in <module>" in done.stderr and "ValueError: 2" in done.stderr
    checked = "get_ipython().run_cell_magic('time', '', 'import theano\\ntheano.tensor.nnet.relux')\n"
    (tmp_path / "n.py").write_text(checked)
    assert "relux" in thalweg_run("--check", tmp_path / "n.py").stdout


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("from theano.tensor.nnet import relux", "relux"),
        ("from lasagne.layers import DenseLayers", "DenseLayers"),
        ("from tensorflow.contrib.layers import fully_conected", "fully_conected"),
        ("import theano.tensor as T; T.nnet.relux", "relux"),
        ("import tensorflow as tf; tf.train.SyncReplicasOptimizer", "several machines"),
        ("import tensorflow as tf; tf.placeholder; tf.lite", "nodes"),
    ],
)
def test_a_missing_name_is_one_line(line: str, missing: str, thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(line + "\n")
    last = thalweg_run(tmp_path / "p.py").stderr.splitlines()[-1]
    assert missing in last and "docs/compat.md" in last
    checked = thalweg_run("--check", tmp_path / "p.py")
    assert checked.returncode == 1 and missing in checked.stdout, checked.stdout
    assert len(checked.stdout.splitlines()) == 1


def test_six_is_there_for_programs_of_its_time(thalweg_run: Run, tmp_path: Path) -> None:
    text = (
        "import tensorflow as tf\nfrom six.moves import range, urllib, cPickle as pickle\nimport six\n"
        "from six.moves.urllib.request import urlretrieve\n"
        "print(list(six.iteritems({1: 2})), pickle.loads(pickle.dumps(3)), urllib.parse.quote(' '), tf.float32)\n"
    )
    (tmp_path / "p.py").write_text(text)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.startswith("[(1, 2)] 3 %20 "), done.stderr


OLDER = """
import tensorflow as tf
import numpy as np
import cPickle, collections, fractions, inspect, itertools, time, urllib
import xml.etree.cElementTree as ET
import Queue
from numpy import asarray
from numpy.random import choice
import beside

for i in xrange(2):
    pass
assert reduce(lambda a, b: a + b, [1, 2, 3]) == 6 and unicode("a") == basestring("a") and cmp(1, 2) == -1
assert issubclass(list, collections.Iterable) and fractions.gcd(6, 4) == 2 and time.clock() >= 0
assert inspect.getargspec(lambda a, b=1: a)[0] == ["a", "b"] and list(itertools.izip("a", "b")) == [("a", "b")]
assert urllib.quote(" ") == "%20" and not hasattr(urllib, "nothing") and Queue.Queue().empty()
assert ET.tostring(ET.Element("a")) == b"<a />"
old = cPickle.loads(b"\\x80\\x02U\\x02\\xe9\\xffq\\x00.")  # a text of Python 2 that is no ASCII
assert old == "\\xe9\\xff" and cPickle.loads(cPickle.dumps({1: 2}, cPickle.HIGHEST_PROTOCOL)) == {1: 2}

x = np.array([1, 0], np.uint8)
assert x.tostring() == b"\\x01\\x00" and (np.fromstring(x.tostring(), np.uint8) == x).all()
assert np.fromstring("1 2", sep=" ").tolist() == [1.0, 2.0]
table = np.array([[1.0, 5.0], [4.0, 7.0]])
assert table.ptp() == 6.0 and table.ptp(0).tolist() == [3.0, 2.0] and table.ptp(axis=1).tolist() == [4.0, 3.0]
table.itemset((0, 1), 9.0)
table.itemset(2, 8.0)
assert table.tolist() == [[1.0, 9.0], [8.0, 7.0]]
assert np.array([1], np.uint16).newbyteorder(">").tolist() == [256] and np.dtype("u2").newbyteorder(">") == ">u2"
assert {1: 2}.has_key(1) and list({1: 2}.iteritems()) == [(1, 2)] and iter([7]).next() == 7
try:
    x.tostrin()
except AttributeError as error:
    assert "tostrin" in str(error)
try:
    (3).iteritems()
except AttributeError as error:
    assert "iteritems" in str(error)

rows = np.array([[1, 2], [3]])
assert rows.dtype == object and rows[1] == [3] and asarray([[1], []]).shape == (2,)
assert np.array([1, 2], copy=False).tolist() == [1, 2] and np.asarray([1.5], np.int32).dtype == np.int32
ragged = [[1, 2], [3], []]
assert np.random.choice(ragged) in ragged and choice(ragged, size=9).shape == (9,)
assert sorted(map(len, np.random.permutation(ragged))) == [0, 1, 2] and np.array_split(ragged, 2)[1][0] == []
assert np.random.choice([4, 4], 2, p=[0.5, 0.5]).tolist() == [4, 4]
try:
    np.random.choice([[1, 2], [3, 4]])
except ValueError as error:
    assert "1-dimensional" in str(error)
try:
    np.array([[1, 2], [3]], float)
except ValueError:
    print(beside.text_of(x), tf.placeholder("float").get_shape().ndims)
"""

ONE = """
import math
import tensorflow as tf
import numpy as np
from math import sqrt

a, b = np.array([3]), np.array([[2.5]])
assert (int(a), float(b), round(b, 0), math.exp(b * 0), sqrt(a * 3)) == (3, 2.5, 2.0, 1.0, 3.0)
assert "%d %4.1f %s%%" % (a, b, a) == "3  2.5 [3]%" and "%.2f" % b == "2.50" and "%(n)s" % {"n": 1} == "1"
form = "%d of %f"
assert form % (a[0], b) == "3 of 2.500000" and np.array([5, 7]) % (2, 4) @ [1, 1] == 4
assert np.array([1.0, b, a]).tolist() == [1, 2.5, 3] and np.reshape([1, a], (2, 1)).tolist() == [[1], [3]]
assert int("ff", 16) == 255 and int() == 0 and round(2.567, 2) == 2.57
z, d, l = np.zeros(3), {}, [1, 2]
z[0] = a
z[1] += b
z[a[0] - 1] -= a
d["x"] = d[1] = l[0] = a
l[-1] += 5
y = np.zeros(2)
y[0], (y[1], d["y"]), *rest = a, (b, a), 5, 6
assert y.tolist() == [3, 2.5] and d["y"] is a and rest == [5, 6]
assert z.tolist() == [3, 2.5, -3] and d["x"] is a and l[0] is a and l[1] == 7
for wrong in (lambda: int(np.arange(2)), lambda: "%d" % np.arange(2), lambda: z.__setitem__(0, np.arange(2))):
    try:
        wrong()
    except (TypeError, ValueError) as error:
        print(type(error).__name__)
with tf.Session() as sess:
    z[2] = sess.run(tf.constant([7.0]))
    print(int(sess.run(tf.argmax([[1, 2]], 1))), z[2])
"""


def test_arrays_of_one_element_are_numbers(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(ONE)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.splitlines() == ["TypeError", "TypeError", "ValueError", "1 7.0"], done.stderr


def test_names_and_methods_of_older_pythons_and_numpys(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(OLDER.replace("\\\\", "\\"))
    (tmp_path / "beside.py").write_text("def text_of(a):\n    return a.tostring()\n")
    done = thalweg_run(tmp_path / "p.py")
    assert (done.returncode, done.stdout) == (0, "b'\\x01\\x00' None\n"), done.stderr
    assert not (tmp_path / "__pycache__").exists()  # another Python would find the rewritten code there


GENERATORS = """
import numpy as np, tensorflow as tf

def pairs(numbers):
    'Two at a time.'
    left = iter(numbers)
    while True:
        yield next(left), next(left)

def at_once(numbers):
    find = lambda: (yield 3)
    def inner():
        return next(iter(numbers))
    return inner()

def closed():
    try:
        yield 1
    finally:
        print("closed")

print(list(pairs(range(5))), pairs.__doc__, at_once([7]))
for one in closed():
    break
del one
try:
    at_once([])
except StopIteration:
    print("raised")
read = tf.data.Dataset.from_generator(lambda: pairs([1, 2, 3]), (tf.int32, tf.int32))
data = read.make_one_shot_iterator().get_next()
with tf.Session() as sess:
    print(sess.run(data))
    try:
        sess.run(data)
    except tf.errors.OutOfRangeError:
        print("end")
"""


def test_generators_end_where_what_they_read_does(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(GENERATORS)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.splitlines() == [
        "[(0, 1), (2, 3)] Two at a time. 7", "closed", "raised", "(1, 2)", "end",
    ], done.stderr  # fmt: skip


OLDER_STILL = """
import imp, md5, json, os, random, threading, unittest, io, locale, pipes, platform, tempfile
import distutils.util
from distutils.version import LooseVersion, StrictVersion
from distutils import dir_util
import pkg_resources, imghdr
import ConfigParser
from HTMLParser import HTMLParser
from sets import Set
import tensorflow as tf

assert LooseVersion(tf.__version__) < LooseVersion("1.100") and str(StrictVersion("1.2b3")) == "1.2b3"
assert distutils.util.strtobool("yes") == 1 and md5.new(b"a").hexdigest()[:4] == "0cc1" and Set([1, 1]) == {1}
assert json.loads('{"a": 1}', encoding="utf-8") == json.load(io.StringIO('{"a": 1}'), encoding="utf8") == {"a": 1}
assert not threading.Thread().isAlive() and os.errno.ENOENT == 2 and HTMLParser().unescape("&lt;") == "<"
assert locale.format("%d", 3) == "3" and pipes.quote("a b") == "'a b'" and len(platform.dist()) == 3
one, two = list(range(9)), list("abcdefghi")
random.shuffle(one, lambda: 0.3)
random.shuffle(two, lambda: 0.3)
assert [two[k] for k in one] != two and ["abcdefghi"[k] for k in one] == two
random.seed(3)
picked = random.sample({5, 6, 7}, 2)
random.seed(3)
assert picked == random.sample([5, 6, 7], 2) and random.Random(0).sample({1: 2}.keys(), 1) == [1]
folder = tempfile.mkdtemp()
dir_util.mkpath(os.path.join(folder, "a", "b"))
name = os.path.join(folder, "a", "m.py")
with open(name, "w") as f:
    f.write("x = 3\\n")
assert open(name, "rU").read() == "x = 3\\n" and imp.load_source("m", name).x == 3 and imghdr.what(name) is None
assert dir_util.copy_tree(os.path.join(folder, "a"), os.path.join(folder, "c"))[0].endswith("m.py")
parser = ConfigParser.SafeConfigParser()
parser.readfp(io.StringIO("[a]\\nb = 1\\n"))
assert parser.get("a", "b") == "1"

class Sums(unittest.TestCase):
    def test_sum(self):
        self.assertEquals(1 + 1, 2)
        self.assert_(True)
        self.assertItemsEqual([1, 2], [2, 1])

assert unittest.TextTestRunner(stream=io.StringIO()).run(unittest.makeSuite(Sums)).wasSuccessful()
import parser_of_mine
import sha
print(sha.mine)
"""


def test_modules_that_python_no_longer_has(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(OLDER_STILL.replace("\\\\", "\\"))
    (tmp_path / "sha.py").write_text("mine = True\n")  # a program's own module of such a name comes first
    (tmp_path / "parser_of_mine.py").write_text("import md5\n")
    done = thalweg_run(tmp_path / "p.py")
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


def test_the_first_generation_runs_eagerly_where_it_says_so(thalweg_run: Run, tmp_path: Path) -> None:
    text = """
import tensorflow as tf
import tensorflow.contrib.eager as tfe
from tensorflow.examples.tutorials.mnist import input_data

tf.enable_eager_execution()
mnist = input_data.read_data_sets("data", one_hot=False)
n = mnist.train.images.shape[1]
data = tfe.Iterator(tf.data.Dataset.from_tensor_slices((mnist.train.images, mnist.train.labels)).batch(64))
W, b = tfe.Variable(tf.zeros([n, 10])), tfe.Variable(tf.zeros([10]))

def loss_fn(fn, x, y):
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(logits=fn(x), labels=y))

class Net(tfe.Network):
    def __init__(self):
        super(Net, self).__init__()
        self.hidden = self.track_layer(tf.layers.Dense(16, activation=tf.nn.relu))
        self.out = self.track_layer(tf.layers.Dense(10))

    def call(self, x):
        return self.out(self.hidden(x))

x, y = data.next()
y = tf.cast(y, tf.int64)
linear = lambda v: tf.matmul(v, W) + b
for model, optimizer in (linear, tf.train.GradientDescentOptimizer(0.1)), (Net(), tf.train.AdamOptimizer(0.01)):
    grad, first = tfe.implicit_gradients(loss_fn), loss_fn(model, x, y).numpy()
    for _ in range(20):
        optimizer.apply_gradients(grad(model, x, y))
    assert loss_fn(model, x, y).numpy() < first
v = tfe.Variable(5.0)
tf.train.GradientDescentOptimizer(0.1).minimize(lambda: v * v, tf.train.get_or_create_global_step())
assert v.numpy() == 4.0 and tf.train.get_global_step().numpy() == 1
assert tfe.gradients_function(lambda u: u * u)(3.0)[0].numpy() == 6.0 and tf.log(1.0).numpy() == 0.0
"""
    (tmp_path / "p.py").write_text(text)
    done = thalweg_run(tmp_path / "p.py")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("thalweg run: p.py as eager: ")


def test_arguments_and_the_exit_code_are_the_programs(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import tensorflow as tf\nx = tf.constant(3)\n")
    text = "import sys\nfrom beside import x\nprint(sys.argv[1:], x.dtype.name, __name__)\nsys.exit(4)\n"
    (tmp_path / "p.py").write_text(text)
    done = thalweg_run(tmp_path / "p.py", "--as", "2")
    assert (done.returncode, done.stdout) == (4, "['--as', '2'] int32 __main__\n"), done.stderr


def test_a_traceback_shows_the_program_alone(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import tensorflow as tf\ntf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))\n")
    done = thalweg_run(tmp_path / "p.py")
    assert done.returncode == 1
    assert 'p.py", line 2' in done.stderr
    assert "thalweg/compat" not in done.stderr
    assert "inner sizes" in done.stderr or "matmul" in done.stderr


def test_check_says_where_a_program_is_no_python(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import tensorflow\nx = = 2\n")
    done = thalweg_run("--check", tmp_path / "p.py")
    assert done.returncode == 1 and not done.stderr
    assert "line 2" in done.stdout and done.stdout.endswith("SyntaxError: invalid syntax\n"), done.stdout


def test_check_lists_what_is_missing(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(GRAPH + "tf.nn.relux(x)\nfrom tensorflow.contrib import boosted_trees\n")
    done = thalweg_run("--check", tmp_path / "p.py")
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith("p.py:4: ") and "relux" in first and "relu" in first
    assert second.startswith("p.py:5: ") and "boosted_trees" in second
    assert "2.0" not in done.stdout
    (tmp_path / "q.py").write_text(GRAPH)
    assert thalweg_run("--check", tmp_path / "q.py").returncode == 0


def test_a_missing_part_is_named_at_import(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("from tensorflow.contrib import boosted_trees\n")
    done = thalweg_run(tmp_path / "p.py")
    assert done.returncode == 1
    assert (
        "boosted_trees" in done.stderr.splitlines()[-1] and "docs/compat.md" in done.stderr.splitlines()[-1]
    )


def test_styles_of_seaborn_are_named_as_they_were(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    text = (
        "import tensorflow as tf\nimport matplotlib\nmatplotlib.use('agg')\nimport matplotlib.pyplot as plt\n"
    )
    text += "plt.style.use('seaborn')\nplt.style.use(['seaborn-whitegrid', 'ggplot'])\nprint('drawn')\n"
    (tmp_path / "p.py").write_text(text)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout == "drawn\n", done.stderr


def test_names_that_scipy_lost_are_back(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("scipy", reason="the names of this test are SciPy's")
    (tmp_path / "p.py").write_text(
        "import numpy as np\nimport scipy\nfrom scipy import interp, integrate\nimport scipy.signal\n"
        "import scipy.linalg, scipy.ndimage\nfrom scipy.ndimage import imread\n"
        "assert interp(0.5, [0, 1], [2, 4]) == 3.0 and scipy.exp(0) == 1 and scipy.rand(2).shape == (2,)\n"
        "assert scipy.random.seed(0) is None and scipy.linalg.norm([3, 4]) == 5 and callable(scipy.fft.rfft)\n"
        "rewards = np.array([1.0, 0.0, 2.0], dtype=object)\n"
        "back = scipy.signal.lfilter([1], [1, -0.5], rewards[::-1], axis=0)[::-1]\n"
        "print(back.tolist(), scipy.signal.gaussian(3, 1.0)[1], integrate.simps([0, 1, 4], [0, 1, 2]))\n"
        "print(integrate.trapz([1, 1], dx=2), scipy.linalg.pinv2(np.eye(2)).tolist())\n"
    )
    done = thalweg_run(tmp_path / "p.py")
    lines = ["[1.5, 1.0, 2.0] 1.0 2.6666666666666665", "2.0 [[1.0, 0.0], [0.0, 1.0]]"]
    assert done.stdout.splitlines() == lines, done.stderr


def test_a_program_of_keras_alone_is_one_of_graphs_where_its_modules_are(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "import tensorflow as tf\nfrom keras import backend as K\ntf.placeholder\n"
    )
    (tmp_path / "site" / "its_layers").mkdir(parents=True)
    (tmp_path / "site" / "its_layers-1.0.dist-info").mkdir()
    (tmp_path / "site" / "its_layers" / "__init__.py").write_text("from its_layers.part import f\n")
    (tmp_path / "site" / "its_layers" / "part.py").write_text("from keras.layers import Dense as f\n")
    (tmp_path / "site" / "its_graph").mkdir()
    (tmp_path / "site" / "its_graph" / "__init__.py").write_text("import tensorflow as tf\ntf.manip.roll\n")
    for name, text in (
        ("a", "import keras, own"),
        ("b", "import keras"),
        ("c", "import its_layers"),
        ("d", "import keras, its_graph"),
    ):
        (tmp_path / f"{name}.py").write_text(text)

    def kind(name: str) -> str | None:
        path = tmp_path / f"{name}.py"
        return run._generation(path, ast.parse(path.read_text()))

    assert (kind("a"), kind("b"), kind("c")) == ("tf1", "keras", None)
    sys.path.append(str(tmp_path / "site"))
    try:
        assert (kind("b"), kind("c"), kind("d")) == ("keras", "keras", "tf1")
    finally:
        sys.path.pop()


@pytest.mark.parametrize("installed", [False, True])
def test_packages_tell_the_generation_of_a_program_that_does_not(
    installed: bool, tmp_path: Path, thalweg_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "site" if installed else tmp_path
    package = place / "of_graphs"
    package.mkdir(parents=True)
    (place / "of_graphs-1.0.dist-info").mkdir()
    (package / "__init__.py").write_text("from .parts import act\nfrom .runs import result\n")
    (package / "parts.py").write_text("import tensorflow as tf\n\n\ndef act(x):\n    return tf.nn.relu(x)\n")
    (package / "runs.py").write_text(
        "import tensorflow as tf\nfrom .parts import act\n\n\ndef result(f, rows):\n"
        "    x = tf.placeholder(tf.float32, [None])\n"
        "    with tf.Session() as session:\n"
        "        return session.run(act(f(x)), {x: rows}).tolist()\n"
    )
    if installed:
        monkeypatch.setenv("PYTHONPATH", str(place))
    program = tmp_path / "undecided.py"
    program.write_text(
        "import tensorflow as tf\nimport of_graphs\n"
        "print(of_graphs.result(lambda x: tf.multiply(x, 2.0), [-1.0, 2.0]))\n"
    )
    done = thalweg_run(program)
    assert done.returncode == 0 and done.stdout == "[0.0, 4.0]\n", done.stdout + done.stderr
    (package / "runs.py").write_text(
        "import tensorflow as tf\n\n\nresult = lambda f, rows: f(rows).numpy().tolist()\n"
    )
    done = thalweg_run(program)
    assert done.returncode == 0 and done.stdout == "[-2.0, 4.0]\n", done.stdout + done.stderr
