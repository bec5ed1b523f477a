"""What libraries of networks for TensorFlow 2 ask of layers: names of weights, inputs by name, policies, shapes."""

from __future__ import annotations

import ast
import json
from collections import OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import pytest

from compat.conftest import Run
from thalweg.compat import tf2
from thalweg.errors import ArgumentError

tf: Any = tf2

NAMES = """
import tensorflow as tf
L = tf.keras.layers
class Block(L.Layer):
    def build(self, shape):
        self.w = self.add_weight(name="w", shape=[3, 3])
        with tf.name_scope("words"):
            self.e = self.add_weight(name="e", shape=[3])
        self.v, self.inner = tf.Variable(tf.ones([3]), name="v"), L.Dense(3, name="inner")
        super().build(shape)
    def call(self, x):
        return self.inner(tf.matmul(x, self.w)) + self.e + self.v
class Net(tf.keras.Model):
    def __init__(self, **options):
        super().__init__(**options)
        self.a, self.seq = Block(name="block"), tf.keras.Sequential([L.Dense(2, name="first"), L.Dense(2, name="last")])
    def call(self, x):
        return self.seq(self.a(x))
def names(model):
    return [w.name for w in model.weights]
net = Net(name="net")
net(tf.ones((2, 3)))
print(names(net))
i = tf.keras.Input((3,))
print(names(tf.keras.Model(i, L.Dense(2, name="d")(Block(name="b")(i)))))
with tf.name_scope("outer"):
    layer = L.Dense(2, name="in")
    layer(tf.ones((1, 3)))
print(names(layer))
"""


def test_weights_are_named_by_all_layers_around_them(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "names.py"
    file.write_text(NAMES)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    assert [ast.literal_eval(line) for line in done.stdout.splitlines()] == [  # what tf.keras 2 prints
        ["net/block/w:0", "net/block/words/e:0", "net/block/v:0", "net/block/inner/kernel:0",
         "net/block/inner/bias:0", "first/kernel:0", "first/bias:0", "last/kernel:0", "last/bias:0"],
        ["b/w:0", "b/words/e:0", "b/v:0", "b/inner/kernel:0", "b/inner/bias:0", "d/kernel:0", "d/bias:0"],
        ["outer/in/kernel:0", "outer/in/bias:0"],
    ]  # fmt: skip


BY_NAME = """
import h5py, numpy as np, tensorflow as tf
from tensorflow.python.keras.saving import hdf5_format
from tensorflow.python.util import deprecation
L = tf.keras.layers
class Inner(L.Layer):
    def __init__(self, name):
        super().__init__(name=name)
        self.query, self.key = L.Dense(3, name="query"), L.Dense(3, name="key")
    def call(self, states, mask=None, training=False):
        return self.query(inputs=states) - self.key(inputs=states)
class Main(L.Layer):
    def __init__(self):
        super().__init__(name="main")
        self.parts = [Inner(f"layer_{k}") for k in range(2)]
    def call(self, x):
        for part in self.parts:
            x = part(states=x)
        return x
class Net(tf.keras.Model):
    def __init__(self):
        super().__init__(name="net")
        self.main = Main()
    @deprecation.deprecated(None, "old")
    def call(self, x):
        return self.main(x)
net, other = Net(), Net()
x = tf.constant(np.arange(6.0).reshape(2, 3), tf.float32)
net(x), other(x)
net.save_weights("w.h5")
with h5py.File("w.h5", "r") as f:
    layers = hdf5_format.load_attributes_from_hdf5_group(f, "layer_names")
    held = {n: np.asarray(f["main"][n]) for n in hdf5_format.load_attributes_from_hdf5_group(f["main"], "weight_names")}
print(layers, sorted(held))
tf.keras.backend.batch_set_value([(w, held[w.name]) for w in other.main.weights])
print(float(abs(net(x) - other(x)).numpy().max()))
i = tf.keras.Input((3,))
print(tf.keras.Model(i, L.Dense(2)(inputs=i))(inputs=x).shape)
"""


def test_weights_are_found_in_files_by_their_names(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("h5py")
    file = tmp_path / "by_name.py"
    file.write_text(BY_NAME)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    held = [
        f"net/main/layer_{k}/{n}/{w}:0"
        for k in range(2)
        for n in ("key", "query")
        for w in ("bias", "kernel")
    ]
    assert done.stdout.splitlines() == [f"['main'] {held}", "0.0", "(2, 2)"]


POLICY = """
import warnings
warnings.simplefilter("ignore")
import tensorflow as tf
L = tf.keras.layers
class Table(L.Layer):
    def build(self, shape):
        self.e = self.add_weight("e", shape=[5, 3], dtype=tf.float32)
        super().build(shape)
    def call(self, x):
        rows = tf.gather(self.e, x)
        return rows, tf.matmul(rows[0], self.e, transpose_b=True)
class Normed(L.Layer):
    def __init__(self):
        super().__init__()
        self.d, self.n = L.Dense(3), L.LayerNormalization(dtype=tf.float32)
    def call(self, x):
        made = self.d(x)
        return made, self.n(made), tf.cast(made, tf.float32) + tf.cast(made, tf.float32)
def kinds(found):
    return [t.dtype.name for t in found]
print(kinds(Table(dtype=tf.keras.mixed_precision.experimental.Policy("mixed_float16"))(tf.constant([[1]]))))
tf.keras.mixed_precision.set_global_policy("mixed_float16")
print(kinds(Normed()(tf.ones((2, 3)))), kinds(Normed()(tf.keras.Input((3,)))))
"""


def test_a_programs_own_layer_gives_what_it_computes_under_a_policy(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "policy.py"
    file.write_text(POLICY)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    own = ["float16", "float32", "float32"]
    assert done.stdout.splitlines() == ["['float16', 'float16']", f"{own} {own}"]


TOLD = """
import tensorflow as tf
@tf.keras.utils.register_keras_serializable(package="Text")
class Net(tf.keras.Model):
    def __init__(self, units):
        self.told = {"units": units}
        x = tf.keras.Input((3,))
        super().__init__(inputs=x, outputs=Own(units)(x))
    def get_config(self):
        return self.told
class Own(tf.keras.layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.d = tf.keras.layers.Dense(units)
    def call(self, x):
        return self.d(x)
    def get_config(self):
        raise NotImplementedError
    def build(self, shape):
        first, second = tf.nest.map_structure(tf.TensorShape, [shape, shape])
        assert first.rank == second.rank == 2
utils = tf.keras.utils
name = utils.get_registered_name(Net)
print(name, utils.get_registered_object(name) is Net, utils.get_registered_name(tf.keras.layers.Dense))
print(Net(2).to_json())
"""


def test_a_model_that_tells_of_itself_is_asked(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "told.py"
    file.write_text(TOLD)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "Text>Net True Dense"
    assert json.loads(second)["config"] == {"units": 2} and json.loads(second)["class_name"] == "Net"


def test_nests_keep_the_classes_of_dicts() -> None:
    inner: dict[str, Any] = defaultdict(list)
    inner["c"] = 2
    twice = tf.nest.map_structure(lambda x: x * 2, OrderedDict([("b", 1), ("a", inner)]))
    assert type(twice) is OrderedDict and list(twice) == ["b", "a"] and twice["b"] == 2
    assert type(twice["a"]) is defaultdict and twice["a"]["c"] == 4 and twice["a"]["d"] == []


def test_an_axis_may_be_a_list_of_one() -> None:
    assert tf.expand_dims(tf.ones([2, 3]), axis=[1]).shape == (2, 1, 3)
    with pytest.raises(ValueError, match="size 1"):
        tf.expand_dims(tf.ones([2, 3]), axis=[0, 1])


def test_cases_compare_sets_of_elements() -> None:
    case = tf.test.TestCase()
    case.assertSameElements([1, 2, 2], (2, 1))
    case.assertAllInSet(tf.constant([[1, 2], [1, 1]]), {1, 2, 3})
    case.assertContainsSubset([1], [1, 2])
    case.assertSequenceAlmostEqual([1.0, 2.0], [1.0, 2.0 + 1e-9])
    for failing in (
        lambda: case.assertSameElements([1], [1, 2]),
        lambda: case.assertAllInSet([1, 4], {1, 2}),
        lambda: case.assertContainsSubset([3], [1, 2]),
        lambda: case.assertSequenceAlmostEqual([1.0], [1.1]),
    ):
        with pytest.raises(AssertionError):
            failing()


def test_profiles_are_accepted() -> None:
    tf.profiler.experimental.start(
        "logs", options=tf.profiler.experimental.ProfilerOptions(host_tracer_level=2)
    )
    with tf.profiler.experimental.Trace("step", step_num=1, _r=1) as trace:
        trace.set_metadata(step_num=2)
    assert tf.profiler.experimental.stop() is None
    with pytest.raises(AttributeError, match=r"tf\.profiler"):
        tf.profiler.warmup()


KEPT = """
import tensorflow as tf
class Attention(tf.keras.layers.Layer):
    def call(self, x, cache=None, **more):
        if cache is not None:
            cache["k"] = tf.concat([cache["k"], x], axis=1)
        return more.get("training")
class Outer(tf.keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = Attention()
    def call(self, x, *args, **kwargs):
        return self.inner(x, training=kwargs["training"])
class Rows(tf.keras.layers.Layer):
    def call(self, inputs):
        x, a = inputs
        print(type(a).__name__)
        return tf.sparse.sparse_dense_matmul(a, x)
cache = {"k": tf.zeros([1, 0, 2])}
Attention()(tf.ones([1, 1, 2]), cache=cache)
Attention()(tf.ones([1, 1, 2]), cache)
print(cache["k"].shape)
print(Outer()(tf.ones([1, 1, 2]), training=True), Outer()(tf.ones([1, 1, 2]), 3, training=False))
print(Rows()([tf.ones([3, 2]), tf.sparse.eye(3)]).shape)
"""


def test_layers_keep_what_is_in_their_arguments(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "kept.py"
    file.write_text(KEPT)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["(1, 2, 2)", "True False", "SparseTensor", "(3, 2)"]


ALIKE = """
import tensorflow as tf
class Alike(tf.keras.layers.Layer):
    def call(self, inputs):
        x, y = inputs
        longest = tf.maximum(tf.shape(x)[1], tf.shape(y)[1])
        padded = tf.pad(x, [[0, 0], [0, longest - tf.shape(x)[1]], [0, 0]])
        return padded, tf.pad(y, [[0, 0], [0, longest - tf.shape(y)[1]]], constant_values=7)
a, b = tf.keras.Input((None, 2)), tf.keras.Input((None,), dtype="int64")
model = tf.keras.Model([a, b], Alike()([a, b]))
print([o.shape.as_list() for o in model.outputs])
for m, n in ((2, 3), (4, 1)):
    x, y = model([tf.ones((1, m, 2)), tf.ones((1, n), tf.int64)])
    print(x.shape, y.numpy().tolist())
with tf.name_scope("net"), tf.compat.v1.variable_scope("shared") as scope:
    pass
with tf.name_scope("net"), tf.compat.v1.variable_scope(scope, auxiliary_name_scope=False) as again:
    names = [tf.Variable(1.0, name="w").name]
    with tf.name_scope(again.original_name_scope):
        print(*names, tf.Variable(1.0, name="w").name, again.name)
"""


def test_pads_and_scopes_of_programs(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "alike.py"
    file.write_text(ALIKE)
    done = thalweg_run("--as", "tf2", file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[[None, None, 2], [None, None]]", "(1, 3, 2) [[1, 1, 1]]", "(1, 4, 2) [[1, 7, 7, 7]]",
        "net/w:0 net/shared/w:0 net/shared",
    ]  # fmt: skip


def test_pads_that_a_function_knows_when_it_runs() -> None:
    w = tf.Variable([1.0, 2.0])

    @tf.function
    def padded(n: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.pad(w, [[n, n]], constant_values=1.0) ** 2)
        return loss, tape.gradient(loss, w)

    loss, slope = padded(tf.constant(2))
    assert float(loss) == 9.0 and slope.numpy().tolist() == [2.0, 4.0]


def test_a_manager_tells_its_interval(tmp_path: Path) -> None:
    step = tf.Variable(0, dtype=tf.int64)
    kept = tf.train.Checkpoint(step=step)
    manager = tf.train.CheckpointManager(kept, tmp_path, 2, step_counter=step, checkpoint_interval=3)
    assert manager.checkpoint_interval == 3
    assert tf.train.CheckpointManager(kept, tmp_path, 2).checkpoint_interval is None


def test_an_unknown_loss_fails_when_it_is_used() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    model.compile("adam", loss="mean")
    assert model.predict(tf.ones((3, 2)), verbose=0).shape == (3, 1)
    with pytest.raises(ArgumentError, match="unknown loss 'mean'"):
        model.fit(tf.ones((3, 2)), tf.ones((3, 1)), verbose=0)


GRAPHS = """
import numpy as np, tensorflow as tf
r = np.random.RandomState(0)
def graphs():
    for n in (4, 6, 4):
        a = (r.rand(n, n) > 0.5).astype("float32")
        yield (r.rand(n, 3).astype("float32"), a, np.repeat([0, 1], n // 2)), np.eye(2, dtype="float32")
class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.one, self.two = tf.keras.layers.Dense(8, activation="relu"), tf.keras.layers.Dense(2, "softmax")
    def call(self, inputs):
        x, a, of_graph = inputs
        return self.two(tf.math.segment_sum(self.one(tf.matmul(a, x)), tf.reshape(of_graph, [-1])))
net = Net()
net.compile("adam", "categorical_crossentropy")
print(len(net.fit(graphs(), steps_per_epoch=3, verbose=0).history["loss"]), net.built)
"""


def test_batches_of_graphs_have_parts_of_any_lengths(thalweg_run: Run, tmp_path: Path) -> None:
    file = tmp_path / "graphs.py"
    file.write_text(GRAPHS)
    done = thalweg_run(file)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["1 True"]


def test_a_loop_of_ones_own_tells_callbacks() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    seen: list[Any] = []
    noting = tf.keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs)))
    told = tf.keras.callbacks.CallbackList([noting], add_history=True, model=model, epochs=2, steps=1)
    assert noting.model is model and noting.params == {"epochs": 2, "steps": 1}
    told.on_train_begin()
    for epoch in range(2):
        told.on_epoch_end(epoch, {"loss": 1.0 - epoch})
    assert seen == [(0, {"loss": 1.0}), (1, {"loss": 0.0})] and model.history.history == {"loss": [1.0, 0.0]}
    assert len(tf.keras.callbacks.CallbackList(noting).callbacks) == 1
