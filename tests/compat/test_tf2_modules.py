"""Modules, variables and compiled functions of TensorFlow 2 as libraries that are built on them use them."""

from __future__ import annotations

import abc
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import eager, tf2
from thalweg.dtypes import as_dtype

tf: Any = tf2


def test_modules_may_be_abstract_and_layers_are_modules() -> None:
    class Base(tf.Module, abc.ABC):
        @abc.abstractmethod
        def rate(self) -> float: ...

    class Half(Base):
        def rate(self) -> float:
            return 0.5

    with pytest.raises(TypeError, match="abstract"):
        Base()
    assert Half().rate() == 0.5
    assert isinstance(tf.keras.layers.Dense(1), tf.Module) and not isinstance(tf.keras.layers.Dense(1), Base)


def test_scopes_stand_before_the_names_of_variables() -> None:
    class Inner(tf.Module):
        @tf.Module.with_name_scope
        def __call__(self, x: Any) -> Any:
            if not hasattr(self, "w"):
                self.w = tf.Variable(1.0, name="w")
            return x * self.w

    with tf.name_scope("outer"), tf.name_scope("middle") as way:
        inner, v = Inner(), tf.Variable(0.0)
    inner(tf.constant(1.0))
    assert (way, v.name, inner.w.name) == ("outer/middle/", "outer/middle/Variable", "outer/middle/inner/w")
    assert inner.variables == (inner.w,) and inner.name_scope.name == "outer/middle/inner/"


def test_draws_with_a_seed_of_their_own_repeat() -> None:
    def draws() -> list[list[float]]:
        tf.random.set_seed(7)
        found = [
            tf.random.uniform([2], seed=1),
            tf.random.normal([2], seed=1),
            tf.nn.dropout(tf.ones([9]), 0.5, seed=1),
        ]
        found += [tf.random.shuffle(tf.range(9.0), seed=3), tf.image.random_crop(tf.range(9.0), [3], seed=3)]
        return [t.numpy().tolist() for t in map(tf.convert_to_tensor, found)]

    first = draws()
    assert first == draws() and first[0] != tf.random.uniform([2], seed=1).numpy().tolist()

    @tf.function
    def pair() -> Any:
        return tf.random.uniform([1], seed=1), tf.random.uniform([1], seed=1)

    (a, b), (c, d) = pair(), pair()
    tf.random.set_seed(7)
    assert float(a) == float(b)  # each draw has a sequence of its own
    assert float(c) == float(d) != float(a)


def test_a_function_may_make_variables_of_its_arguments() -> None:
    made: list[Any] = []

    @tf.function
    def total(x: Any) -> Any:
        if not made:
            made.append(tf.Variable(tf.zeros_like(x) + x))
        made[0].assign_add(x)
        return made[0].read_value()

    assert [float(total(tf.constant(2.0))) for _ in range(3)] == [4.0, 6.0, 8.0]
    assert total.experimental_get_tracing_count() == 1  # compiled, once the variable is there


def test_extremes_at_places_have_gradients() -> None:
    x = tf.Variable([[1.0, 5.0], [3.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape(persistent=True) as tape:
        most = tf.math.unsorted_segment_max(x, [1, 1, 1], 2)
        least = tf.math.segment_min(x, [0, 0, 2])
        product = tf.math.unsorted_segment_prod(x, [0, 1, 0], 2)
    assert most.numpy().tolist() == [[np.finfo(np.float32).min] * 2, [3.0, 5.0]]
    assert least.numpy().tolist() == [[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]
    assert product.numpy().tolist() == [[3.0, 20.0], [3.0, 2.0]]
    assert tape.gradient(most, x).numpy().tolist() == [[0.0, 1.0], [0.5, 0.0], [0.5, 0.0]]
    assert tape.gradient(least, x).numpy().tolist() == [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    assert tape.gradient(product, x).numpy().tolist() == [[3.0, 4.0], [1.0, 1.0], [1.0, 5.0]]
    base = tf.constant([[-2, -7, 0], [-9, 0, 1]])
    assert tf.tensor_scatter_nd_max(base, [[0, 2], [1, 0]], [6, -10]).numpy().tolist() == [
        [-2, -7, 6],
        [-9, 0, 1],
    ]
    assert tf.tensor_scatter_nd_min(base, [[0, 2], [1, 0]], [6, -10]).numpy().tolist() == [
        [-2, -7, 0],
        [-10, 0, 1],
    ]
    assert tf.math.invert_permutation([2, 0, 1]).numpy().tolist() == [1, 2, 0]


def test_a_dtype_is_not_a_name_of_python() -> None:
    assert as_dtype(tf.int32) == np.int32 and as_dtype(tf.float32) == np.float32  # tf.int32 == "int" is true
    assert tf.zeros_initializer()((1,), tf.int32).dtype == np.int32


def test_a_row_of_conditions_chooses_rows_in_the_first_generation() -> None:
    x = np.arange(6.0).reshape(3, 2)
    assert eager.where([True, False, True], x, -x).numpy().tolist() == [[0, 1], [-2, -3], [4, 5]]


def test_transposed_convolutions_of_every_rank() -> None:
    x, w = np.ones((1, 3, 3, 2), "f"), np.ones((2, 2, 1, 2), "f")
    made = tf.nn.conv_transpose(x, w, [1, 6, 6, 1], 2)
    np.testing.assert_array_equal(made, tf.nn.conv2d_transpose(x, w, [1, 6, 6, 1], 2))
    line = tf.nn.conv_transpose(x[0], w[0], [3, 6, 1], 2)
    np.testing.assert_array_equal(line, tf.nn.conv1d_transpose(x[0], w[0], [3, 6, 1], 2))


LIBRARY_TEST = """
import tensorflow as tf
from tensorflow.python import context
from tensorflow.python.eager import function

class Arrays(tf.test.TestCase):
    def test_nests(self):
        a, b = tf.constant([1.0, 2.0]), tf.constant([[3.0]])
        self.assertAllClose({"a": a, "b": [b, 1]}, {"a": [1.0, 2.0], "b": [[[3.0]], 1]})
        self.assertEqual(self.evaluate([a, (b,)])[1][0].tolist(), [[3.0]])
        self.assertRaises(AssertionError, self.assertAllEqual, [a, b], [a, b + 1])
        self.assertNotAllClose(a, a + 1)
        self.assertEqual(getattr(a, "name", "none"), "none")
        self.assertEqual(tf.Variable(1.0, name="v").name, "v:0")
        self.assertTrue(context.context().executing_eagerly())
        self.assertEqual(float(function.defun(lambda x: x + 1)(1.0)), 2.0)
        layer, model = tf.keras.layers.Layer(), tf.keras.Sequential([tf.keras.layers.Dense(1)])
        layer.inner, layer.more = model, [tf.keras.layers.ReLU()]
        self.assertEqual([type(m).__name__ for m in layer.submodules], ["Sequential", "ReLU", "Dense"])
        self.assertEqual((len(layer._layers), len(model._layers), model.submodules), (2, 1, tuple(model.layers)))

tf.test.main()
"""


def test_test_cases_compare_nests_of_tensors(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(textwrap.dedent(LIBRARY_TEST))
    done = thalweg_run(tmp_path / "p.py")
    assert done.returncode == 0 and "OK" in done.stderr, done.stderr


def test_a_concrete_function_shows_its_graph() -> None:
    w = tf.Variable([[2.0], [3.0]], name="w")
    function = tf.function(lambda x, scale: {"y": tf.matmul(x, w) * scale})
    concrete = function.get_concrete_function(tf.TensorSpec([None, 2]), 2.0)
    assert concrete.output_shapes["y"].as_list() == [None, 1] and concrete.output_dtypes["y"] == tf.float32
    assert concrete.structured_outputs["y"].shape.as_list() == [None, 1]
    assert concrete.variables == concrete.trainable_variables == (w,)
    kinds = [op.type for op in concrete.graph.get_operations()]
    assert kinds.count("Placeholder") == kinds.count("Variable") == 1 and "matmul" in kinds
    nodes = {node.name: node for node in concrete.graph.as_graph_def().node}
    assert all(name in nodes for node in nodes.values() for name in node.input)
    definition = concrete.function_def
    assert definition.signature.output_arg[0].shape.as_list() == [None, 1] and definition.node_def
    assert "x" in concrete.pretty_printed_signature()
    with pytest.raises(ValueError, match="takes tensors only"):
        tf.function(lambda a: a).get_concrete_function(tf.TensorSpec([]))(2.0)
    with pytest.raises(tf.errors.InvalidArgumentError, match="float32"):
        tf.function(lambda a: a).get_concrete_function(tf.TensorSpec([]))(tf.constant(2))


def test_a_saved_module_has_its_signatures(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")

    class Scale(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.by = tf.Variable(3.0)

        @tf.function(input_signature=[tf.TensorSpec([None], name="x")])
        def __call__(self, x: Any) -> Any:
            return x * self.by

    module = Scale()
    module(tf.constant([1.0]))
    tf.saved_model.save(module, tmp_path / "m", signatures=module.__call__)
    loaded = tf.saved_model.load(tmp_path / "m")
    module.by.assign(5.0)
    assert loaded(tf.constant([1.0])).numpy().tolist() == [3.0]
    serve = loaded.signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]
    assert serve(x=tf.constant([1.0, 2.0]))["output_0"].numpy().tolist() == [3.0, 6.0]
    assert serve.structured_outputs["output_0"].shape.as_list() == [None]
    assert list(serve.structured_input_signature[1]) == ["x"]


def test_windows_of_rows_are_rows_of_data_sets() -> None:
    rows = tf.data.Dataset.from_tensor_slices(
        {"a": [1, 2, 3], "b": (np.array([4, 5, 6], "f"), [7, 8, 9])}
    ).window(2)
    found = [{"a": list(w["a"].as_numpy_iterator()), "c": list(w["b"][1].as_numpy_iterator())} for w in rows]
    assert found == [{"a": [1, 2], "c": [7, 8]}, {"a": [3], "c": [9]}]


def test_lengths_that_are_known_stay_known_in_shapes() -> None:
    seen: list[list[int | None]] = []

    @tf.function(input_signature=[tf.TensorSpec([None, 3, 4])])
    def reshaped(x: Any) -> Any:
        n = tf.shape(x)
        for shape in (
            tf.concat([n[:-1], [2, 2]], 0),
            [n[0], n[1] * n[2]],
            tf.stack([n[0], n[-1] // 2, 6]),
            tf.cast(tf.concat([n[:1], [n[1] * 2], [2]], 0), tf.int64),
        ):
            seen.append(tf.TensorShape(tf.reshape(x, shape).shape).as_list())
        return tf.keras.layers.Dense(2)(tf.reshape(x, tf.concat([n[:1], [12]], 0)))

    assert reshaped.get_concrete_function().output_shapes.as_list() == [None, 2]
    assert seen[:4] == [[None, 3, 2, 2], [None, 12], [None, 2, 6], [None, 6, 2]]


def test_functions_of_rows_of_several_tensors_of_any_shapes() -> None:
    boxes, places, chosen = (
        tf.ones([2, 3, 4]),
        tf.range(10.0)[:, None] * tf.ones([1, 2]),
        tf.constant([True, False]),
    )
    places = tf.reshape(places, [2, 5, 2])
    made = tf.map_fn(
        lambda row: tf.reduce_sum(row[0]) + tf.reduce_max(row[1]) * tf.cast(row[2], tf.float32),
        (boxes, places, chosen), tf.float32,
    )  # fmt: skip
    assert made.numpy().tolist() == [16.0, 12.0]


def test_the_greatest_of_nothing_is_what_any_number_beats() -> None:
    assert tf.reduce_max(tf.zeros([2, 0]), axis=-1).numpy().tolist() == [-np.inf, -np.inf]
    assert tf.reduce_min(tf.zeros([0, 3], tf.int32), 0, keepdims=True).numpy().tolist() == [[2**31 - 1] * 3]
    assert tf.reduce_max(tf.zeros([0])).numpy() == -np.inf and tf.reduce_max(tf.zeros([0, 0]), 1).shape == (
        0,
    )
    assert tf.reduce_max(tf.zeros([2, 0]), axis=0).shape == (0,)


BOXES = np.array(
    [[[0, 0, 0.5, 0.5], [0, 0.05, 0.5, 0.55], [0.6, 0.6, 1.2, 1], [0.6, 0.6, 0.9, 0.9], [0.1] * 4]], "f"
)
SCORES = np.array([[[0.9, 0.1], [0.8, 0.7], [0.3, 0.95], [0.2, 0.6], [0.5, 0.0]]], "f")


def test_the_best_boxes_of_all_classes() -> None:  # the numbers were printed by TensorFlow 2.21
    def best(boxes: Any, scores: Any, **options: Any) -> Any:
        return tf.image.combined_non_max_suppression(boxes[:, :, None], scores, 2, 6, 0.5, 0.15, **options)

    boxes, scores, classes, valid = best(BOXES, SCORES)
    assert valid.numpy().tolist() == [4] and classes.numpy().tolist() == [[1, 0, 1, 0, 0, 0]]
    np.testing.assert_allclose(scores, [[0.95, 0.9, 0.7, 0.5, 0, 0]])
    np.testing.assert_allclose(boxes[0, :3], [[0.6, 0.6, 1, 1], BOXES[0, 0], BOXES[0, 1]])
    assert float(best(BOXES, SCORES, clip_boxes=False)[0][0, 0, 2]) == np.float32(1.2)
    assert best(BOXES, SCORES, pad_per_class=True)[0].shape == (1, 4, 4)
    given = tf.keras.Input((5, 4)), tf.keras.Input((5, 2))
    model = tf.keras.Model(given, tf.keras.layers.Lambda(lambda x: best(*x))(list(given)))
    np.testing.assert_array_equal(model([BOXES, SCORES])[0], boxes)
    assert tf.image.non_max_suppression(BOXES[0], SCORES[0, :, 0], 3).numpy().tolist() == [0, 4, 2]


def test_complex_variables_have_two_parts() -> None:
    z = tf.Variable([5 + 4j, 6 + 1j], name="z")
    assert isinstance(z, tf.Variable) and (z.name, z.trainable, z.shape, z.dtype) == (
        "z:0",
        True,
        (2,),
        tf.complex128,
    )
    assert z.assign_add([1j, 1.0]).numpy().tolist() == [5 + 5j, 7 + 1j] and (z * 2).numpy()[0] == 10 + 10j
    before = z.read_value()
    z.assign_sub(z)
    assert z.numpy().tolist() == [0, 0] and before.numpy()[1] == 7 + 1j
    module = tf.Module()
    module.z = z
    assert module.variables == (z,) and tf.Variable(2.0, dtype=tf.complex64).dtype == tf.complex64


def test_the_first_generations_words_of_texts() -> None:
    found = eager.string_split(["a,b c", "", "d"], ", ")
    assert found.values.numpy().tolist() == [b"a", b"b", b"c", b"d"]
    assert found.indices.numpy().tolist() == [[0, 0], [0, 1], [0, 2], [2, 0]]
    assert found.dense_shape.numpy().tolist() == [3, 3]
    assert eager.string_split(["ab"], "").values.numpy().tolist() == [b"a", b"b"]
    assert eager.string_split(["a  b"], skip_empty=False, result_type="RaggedTensor").to_list() == [
        [b"a", b"", b"b"]
    ]


def test_the_fused_normalization_of_batches() -> None:
    x = np.random.default_rng(0).random((2, 3, 4, 5)).astype("float32")
    scale, offset = np.arange(1, 6, dtype="float32"), np.arange(5, dtype="float32")
    y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV2(
        x=x, scale=scale, offset=offset, mean=[], variance=[], epsilon=1e-3, is_training=True
    )
    np.testing.assert_allclose(mean, x.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(variance, x.var((0, 1, 2), ddof=1), rtol=1e-4)
    expected = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3) * scale + offset
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)
    turned = np.moveaxis(x, -1, 1)
    z = tf.raw_ops.FusedBatchNormV3(
        x=turned,
        scale=scale,
        offset=offset,
        mean=mean,
        variance=variance,
        data_format="NCHW",
        is_training=False,
    )
    expected = (x - mean.numpy()) / np.sqrt(variance.numpy() + 1e-4) * scale + offset
    np.testing.assert_allclose(np.moveaxis(z[0].numpy(), 1, -1), expected, rtol=1e-4, atol=1e-5)
    assert len(z) == 6


# --- gradients of what was gathered: numbers that TensorFlow 2.21 prints ----------------------------------------


def slices(g: Any) -> Any:
    assert isinstance(g, tf.IndexedSlices)
    return g.values.numpy().tolist(), g.indices.numpy().tolist(), g.dense_shape.numpy().tolist()


def test_a_gradient_of_gathered_rows_is_slices() -> None:
    w = tf.Variable(tf.reshape(tf.range(12.0), [4, 3]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(w, [0, 2, 0]) ** 2) + tf.reduce_sum(tf.nn.embedding_lookup(w, [[3]]))
    g = tape.gradient(loss, w)
    rows = [[1.0, 1.0, 1.0], [0.0, 2.0, 4.0], [12.0, 14.0, 16.0], [0.0, 2.0, 4.0]]
    assert slices(g) == (rows, [3, 0, 2, 0], [4, 3])
    whole = [[0.0, 4.0, 8.0], [0.0, 0.0, 0.0], [12.0, 14.0, 16.0], [1.0, 1.0, 1.0]]
    assert tf.convert_to_tensor(g).numpy().tolist() == whole
    assert g.shape.as_list() == g.get_shape().as_list() == [4, 3]
    assert tf.multiply(2.0, g).numpy().tolist()[3] == [2.0, 2.0, 2.0]


def test_clipping_counts_equal_rows_one_by_one() -> None:
    w = tf.Variable([[3.0], [4.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(w, [0, 0]) * [[1.0], [2.0]])
    grads = tape.gradient(loss, [w])
    clipped, norm = tf.clip_by_global_norm(grads, 1.0)
    np.testing.assert_allclose(norm, 5**0.5, rtol=1e-6)  # of the sum it would be 3
    assert tf.linalg.global_norm(grads).numpy() == norm.numpy()
    for found in (clipped[0], tf.clip_by_norm(grads[0], 1.0)):
        np.testing.assert_allclose(found.values, np.array([[1.0], [2.0]]) / 5**0.5, rtol=1e-6)
        assert found.indices.numpy().tolist() == [0, 0]
    assert slices(tf.clip_by_value(grads[0], -1.5, 1.5)) == ([[1.0], [1.5]], [0, 0], [2, 1])


def test_a_gradient_by_another_way_too_is_whole() -> None:
    w = tf.Variable([[3.0], [4.0]])
    with tf.GradientTape(persistent=True) as tape:
        by_rows = tf.reduce_sum(tf.gather(w, [0]))
        loss, columns = by_rows + tf.reduce_sum(w), tf.reduce_sum(tf.gather(w, [0, 0], axis=1))
    assert tape.gradient(loss, w).numpy().tolist() == [[2.0], [1.0]]
    assert tape.gradient(columns, w).numpy().tolist() == [[2.0], [2.0]]
    assert isinstance(tape.gradient(by_rows, w), tf.IndexedSlices)
    assert tape.gradient(by_rows, tf.Variable([1.0])) is None


@pytest.mark.parametrize("compiled", [False, True])
def test_optimizers_take_slices(compiled: bool) -> None:
    embedding = tf.keras.layers.Embedding(5, 2, embeddings_initializer="ones")
    dense = tf.keras.layers.Dense(1, kernel_initializer="ones")
    optimizer = tf.keras.optimizers.SGD(0.1)

    def step(ids: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(dense(embedding(ids)) ** 2)
        weights = embedding.trainable_variables + dense.trainable_variables
        grads = tape.gradient(loss, weights)
        assert isinstance(grads[0], tf.IndexedSlices) and isinstance(grads[1], tf.Tensor)
        optimizer.apply_gradients(zip(tf.clip_by_global_norm(grads, 1.0)[0], weights))
        return loss

    run = tf.function(step) if compiled else step
    losses = [float(run(tf.constant([[1, 2, 1], [1, 0, 4]]))) for _ in range(7)]
    expected = [4.0, 3.24451, 2.58364, 2.01107, 1.52097, 1.10795, 0.76711]
    np.testing.assert_allclose(losses, expected, rtol=2e-5)
    rows = [0.9426, 0.8378, 0.9426, 1.0, 0.9426]
    np.testing.assert_allclose(embedding.embeddings[:, 0], rows, atol=1e-4)


def test_what_is_not_recorded_is_a_constant() -> None:
    x, y = tf.Variable(2.0), tf.Variable(3.0)
    fixed = tf.Variable(1.0, trainable=False)
    with tf.GradientTape() as tape:
        square = x * x
        with tape.stop_recording():
            other = y * y
        total = square + other + fixed
    found = tape.gradient(total, {"x": x, "y": y})
    assert found["x"].numpy() == 4.0 and found["y"] is None
    assert [v is x for v in tape.watched_variables()] == [True]


def test_a_cell_of_several_inputs_states_and_outputs() -> None:
    class Two(tf.keras.layers.Layer):  # type: ignore[misc, name-defined]
        state_size = [tf.TensorShape([2]), tf.TensorShape([3, 2])]

        def build(self, input_shapes: Any) -> None:
            assert [tuple(s) for s in input_shapes] == [(None, 4), (None, 3, 5)]
            self.first = self.add_weight(shape=(4, 2), initializer="ones", name="first")
            self.second = self.add_weight(shape=(5, 2), initializer="ones", name="second")

        def call(self, inputs: Any, states: Any) -> Any:
            x, y = tf.nest.flatten(inputs)
            one, two = tf.matmul(x, self.first), tf.einsum("bij,jk->bik", y, self.second)
            return (one, two), (states[0] + one, states[1] + two)

    inputs = tf.keras.Input((None, 4)), tf.keras.Input((None, 3, 5))
    layer = tf.keras.layers.RNN(Two(), return_state=True)
    model = tf.keras.Model(inputs, layer(inputs))
    a = np.random.default_rng(0).normal(size=(6, 7, 4)).astype("float32")
    b = np.random.default_rng(1).normal(size=(6, 7, 3, 5)).astype("float32")
    (one, two), total, deep = layer((tf.constant(a), tf.constant(b)))
    np.testing.assert_allclose(one, np.repeat(a[:, -1].sum(-1, keepdims=True), 2, 1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(two, np.repeat(b[:, -1].sum(-1, keepdims=True), 2, 2), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(total, np.repeat(a.sum((1, 2))[:, None], 2, 1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(deep, np.repeat(b.sum((1, 3))[:, :, None], 2, 2), rtol=1e-4, atol=1e-4)
    assert [np.shape(p) for p in tf.nest.flatten(model.predict([a, b]))] == [
        (6, 2),
        (6, 3, 2),
        (6, 2),
        (6, 3, 2),
    ]


def test_one_number_for_each_example_is_a_column() -> None:
    seen = []

    class Line(tf.keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = tf.keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            seen.append(len(inputs.shape))
            return self.dense(inputs)

    x = np.arange(8.0, dtype="float32")
    model = Line()
    model.compile("sgd", "mse")
    model.fit(x, x, batch_size=4, verbose=0)
    model.fit(tf.data.Dataset.from_tensor_slices((x, x)).batch(4), verbose=0)
    assert model.predict(x).shape == (8, 1) and set(seen) == {2}


def test_a_host_function_may_give_one_array_for_a_list_of_one() -> None:
    (found,) = tf.py_function(lambda x: np.asarray(x)[::-1], [tf.constant([1.0, 2.0])], [tf.float32])
    assert found.numpy().tolist() == [2.0, 1.0]


def test_numbers_of_segments_below_zero_are_left_out() -> None:
    """The numbers are those of TensorFlow 2.21."""
    x, ids = tf.reshape(tf.range(8.0), [2, 2, 2]), [[0, 1], [1, -1]]
    assert tf.math.unsorted_segment_sum(x, ids, 3).numpy().tolist() == [[0, 1], [6, 8], [0, 0]]
    assert tf.math.unsorted_segment_sum([1.0, 2.0, 3.0], [0, -1, 1], 2).numpy().tolist() == [1, 3]
    assert tf.math.unsorted_segment_mean([1.0, 2.0, 3.0], [0, -1, 1], 2).numpy().tolist() == [1, 3]
    summed = tf.function(lambda i: tf.math.unsorted_segment_sum([1.0, 2.0, 3.0], i, 2))
    assert summed(tf.constant([1, -1, 1])).numpy().tolist() == [0, 4]
