"""What a program is told of a name, an attribute or an argument that is not there, by a run and by ``--check``."""

from __future__ import annotations

from pathlib import Path

import pytest

from thalweg.compat import complaints, keras, names, run
from thalweg.errors import ArgumentTypeError


def told(tmp_path: Path, source: str) -> str:
    """What the report of a run says of the error that a piece of a program ends with."""
    path = tmp_path / "p.py"
    path.write_text(source)
    with pytest.raises((AttributeError, TypeError)) as caught:
        exec(compile(source, str(path), "exec"), {})
    return str(complaints.told(caught.value))


def test_a_layer_names_the_arguments_it_takes() -> None:
    with pytest.raises(
        ArgumentTypeError, match=r"'activatoin'; expected units, .*; hint: did you mean 'activation'"
    ):
        keras.layers.Dense(3, activatoin="relu")
    with pytest.raises(ArgumentTypeError, match=r"'foo'; expected units, [^;]*weights; at"):
        keras.layers.Dense(3, foo=1)


LIST = "; docs/compat.md lists every supported name"


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (
            "import thalweg.compat.theano.tensor as T\nT.dvector().meann()",
            f"'TensorVariable' object has no attribute 'meann'; the nearest is 'mean'{LIST}",
        ),
        (
            "import thalweg.compat.keras as keras\nkeras.datasets.mnst",
            f"module 'keras.datasets' has no attribute 'mnst'; the nearest is 'mnist'{LIST}",
        ),
        (
            "import thalweg.compat.keras as k\nclass L(k.layers.Layer):\n    pass\nL().add_wieght",
            f"'L' object has no attribute 'add_wieght'; the nearest is 'add_weight'{LIST}",
        ),
        (
            "import thalweg.compat.keras as k\nclass L(k.layers.Layer):\n    pass\nL().beta_of_mine",
            "'L' object has no attribute 'beta_of_mine'",
        ),
        ("class A:\n    pass\nA().b", "'A' object has no attribute 'b'"),
        (
            "import thalweg.compat.theano as t\nx = [t.function(\n    [], update=[])]",
            "function() takes no argument 'update'; the nearest is 'updates'; it takes inputs, outputs, mode, ",
        ),
        (
            "from thalweg.compat.keras.callbacks import EarlyStopping\nEarlyStopping(montior='loss')",
            "EarlyStopping.__init__() takes no argument 'montior'; the nearest is 'monitor'; it takes monitor, ",
        ),
        ("def f(a):\n    pass\nf(b=1)", "f() got an unexpected keyword argument 'b'"),
        ("dict(1, 2)", "dict expected at most 1 argument, got 2"),
    ],
)
def test_what_is_said_of_an_attribute_or_an_argument(source: str, line: str, tmp_path: Path) -> None:
    text = told(tmp_path, source)
    assert text.startswith(line) if line.endswith(" ") else text == line
    assert "\n" not in text


def test_an_error_keeps_its_cause_and_its_place(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("")
    with pytest.raises(TypeError) as caught:
        try:
            raise KeyError("first")
        except KeyError as first:
            import thalweg.compat.theano as theano

            try:
                theano.function([], update=[])  # type: ignore[call-arg]
            except TypeError as error:
                raise error from first
    other = complaints.told(caught.value)
    assert isinstance(other.__cause__, KeyError) and other.__traceback__ is caught.value.__traceback__


def check(tmp_path: Path, source: str, kind: str | None = None) -> list[str]:
    path = tmp_path / "p.py"
    path.write_text(source)
    try:
        return [line.removesuffix(LIST) for line in run.check(str(path), kind)]
    finally:
        names.spoken = None


@pytest.mark.parametrize(
    ("kind", "source", "line"),
    [
        ("tf1", "import tensorflow as tf\ntf.relu", "p.py:2: tensorflow.relu is not supported; the nearest is "
         "tf.nn.relu"),
        ("tf2", "import tensorflow as tf\ntf.log", "p.py:2: tensorflow.log is not supported; the nearest is tf.math.log"
         "; TensorFlow 1 has it (--as tf1)"),
        ("tf2", "import tensorflow as tf\ntf.placeholder", "p.py:2: tensorflow.placeholder is not supported; "
         "TensorFlow 1 has it (--as tf1)"),
        ("theano", "import theano\ntheano.vector", "p.py:2: theano.vector is not supported; the nearest is "
         "theano.tensor.vector"),
        ("keras", "import keras\nkeras.layers.Sequential", "p.py:2: keras.layers.Sequential is not supported; the "
         "nearest is keras.Sequential"),
        ("tf1", "import tensorflow as tf\ntf.nn.quite_unknown", "p.py:2: tensorflow.nn.quite_unknown is not supported"),
        ("tf1", "import tensorflow as tf\ntf.compat.v1.lite", "p.py:2: tensorflow.compat.v1.lite is not supported: "
         "serving formats hold TensorFlow's own nodes; tf.saved_model and tf.train.Saver have forms of their own"),
        ("tf1", "import tensorflow as tf\ntf.reduce_sum(1, axes=0)", "p.py:2: tensorflow.reduce_sum takes no argument "
         "'axes'; the nearest is 'axis'; it takes input_tensor, axis, keepdims, name, reduction_indices, keep_dims"),
        ("tf2", "import tensorflow_text", "p.py:1: tensorflow_text is not supplied: tf.strings and "
         "tf.keras.layers.TextVectorization take texts apart"),
        ("tf2", "import tensorflow_probability as tfp\ntfp.Nothing", "p.py:2: tensorflow_probability.Nothing is not "
         "supported"),
    ],
)  # fmt: skip
def test_what_check_says(kind: str, source: str, line: str, tmp_path: Path) -> None:
    assert check(tmp_path, source + "\n", kind) == [line]


OWN = """
import tensorflow as tf
from tensorflow.examples.tutorials.mnist import input_data
from keras.layers import merge
try:
    from tensorflow.contrib import nothing_such as rnn_cell
except ImportError:
    from tensorflow.contrib import rnn as rnn_cell
try:
    tf.nothing_such
    relu = tf.nothing
except AttributeError:
    relu = tf.nn.relu
try:
    from tensorflow.contrib import rnn
except ImportError:
    from tensorflow.models.rnn import rnn_of_old

def f(tf, x=tf.float32, *, y=[input_data.read_data_sets]):
    return tf.mine, (lambda merge: merge.mine)

def g():
    merge = 3
    return merge.mine

input_data = input_data.read_data_sets("x")
input_data.nothing_of_the_library
rnn_cell.LSTMCell(3)
x = tf.placeholder("float")
x.own, tf.device(device_name_or_function="/cpu:0"), tf.layers.dense(x, units=3)
"""


def test_check_reads_programs_of_other_packages(tmp_path: Path) -> None:
    (line,) = check(tmp_path, "import numpy as np\nimport tensorflow_hub as hub\nnp.nothing, hub.nothing\n")
    assert line.startswith("p.py:2: tensorflow_hub is not supplied: ")


def test_check_gives_no_false_alarm(tmp_path: Path) -> None:
    assert check(tmp_path, OWN) == []


def test_check_reads_the_modules_beside_a_program(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import tensorflow as tf\n\ndef f():\n    return tf.nn.relux\n")
    lines = check(tmp_path, "import tensorflow as tf\nfrom net import f\ntf.placeholder\n")
    assert lines == ["net.py:4: tensorflow.nn.relux is not supported; the nearest is tensorflow.nn.relu"]
