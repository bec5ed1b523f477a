"""What libraries that stand on TensorFlow 2 ask of it, and what its guides promise."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg import events
from thalweg.compat import tf1, tf2, tfp_names
from thalweg.compat.tf2 import internals
from thalweg.errors import ArgumentError, DataError, DTypeError, SymbolicError

tf: Any = tf2
keras: Any = tf2.keras


def test_bfloat16_is_a_dtype_by_name() -> None:
    pytest.importorskip("ml_dtypes")
    x = tf.cast([1.0, 3.14159], tf.bfloat16)
    assert x.dtype.name == "bfloat16" and tf.bfloat16 == x.dtype and tf.as_dtype("bfloat16") is tf.bfloat16
    y = x * x + tf.constant(1.0, tf.bfloat16)
    assert y.dtype.name == "bfloat16" and tf.cast(y, tf.float32).numpy().tolist() == [2.0, 10.875]
    assert tf.bfloat16.is_floating and not tf.bfloat16.is_integer and tf.bfloat16.size == 2
    assert tf.bfloat16.max == 3.3895313892515355e38


def test_none_is_no_dtype() -> None:
    with pytest.raises(TypeError, match="None"):
        tf.zeros([2], dtype=None)


def test_slices_stand_for_the_whole() -> None:
    s = tf.IndexedSlices([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]], [0, 2, 0], [3, 2])
    whole = [[5.0, 5.0], [0.0, 0.0], [2.0, 2.0]]
    assert tf.convert_to_tensor(s).numpy().tolist() == whole
    assert s.shape.as_list() == [3, 2] and s.dtype == "float32"
    assert tf.convert_to_tensor(-s).numpy().min() == -5.0
    (clipped, absent), norm = tf.clip_by_global_norm([s, None], 1.0)
    assert absent is None and norm.numpy() == pytest.approx(42**0.5)  # rows count one by one
    np.testing.assert_allclose(clipped, np.divide(whole, 42**0.5), rtol=1e-6)
    v = tf.Variable(tf.zeros([3, 2]))
    keras.optimizers.SGD(1.0).apply_gradients([(s, v)])
    assert v.numpy().tolist() == np.negative(whole).tolist()
    with pytest.raises(ArgumentError, match="dense_shape"):
        tf.convert_to_tensor(tf.IndexedSlices([[1.0]], [0]))


def test_a_function_may_make_its_variables_once() -> None:
    kept: list[Any] = []

    @tf.function
    def counts() -> Any:
        if not kept:
            kept.append(tf.Variable(0))
        return kept[0].assign_add(1)

    assert [int(counts()) for _ in range(3)] == [1, 2, 3]

    @tf.function
    def anew(x: Any) -> Any:
        v = tf.Variable(1.0)
        v.assign_add(x)
        return v

    with pytest.raises(ValueError, match=r"anew.*non-first call"):
        anew(1.0)

    @tf.function
    def anew_as_python(x: Any) -> Any:
        v = tf.Variable(1.0)
        return v if x > 0.0 else -v

    assert float(anew_as_python(tf.constant(1.0))) == 1.0
    with pytest.raises(ValueError, match="non-first call"):
        anew_as_python(tf.constant(1.0))


def test_graphs_of_functions_have_tensors_by_the_names_of_arguments() -> None:
    @tf.function
    def cube(x: Any) -> Any:
        return x**3

    graph = cube.get_concrete_function(tf.constant(2.0)).graph
    first = graph.get_operations()[0]
    assert first.name == "x" and first.outputs[0] is graph.get_tensor_by_name("x:0")
    *_, power, result = graph.get_operations()
    assert power.inputs[0] is first.outputs[0] and result.inputs[0] is power.outputs[0]
    assert graph.get_tensor_by_name("Identity:0") is power.outputs[0]
    assert repr(first) == "<tf.Operation 'x' type=Placeholder>"
    with pytest.raises(KeyError, match="no operation 'y'"):
        graph.get_operation_by_name("y")

    @tf.function
    def twice(text: Any) -> Any:
        return text + text

    concrete = twice.get_concrete_function(tf.constant("a"))
    assert concrete(tf.constant("b")).numpy() == b"bb"
    with pytest.raises(SymbolicError, match=r"a function of texts .text. is not traced"):
        _ = concrete.structured_outputs


def test_what_a_loaded_module_serves_is_its_one_function(tmp_path: Path) -> None:
    class Scale(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.v = tf.Variable(3.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, x: Any) -> Any:
            return x * self.v

    tf.saved_model.save(Scale(), str(tmp_path / "scale"))
    serve = tf.saved_model.load(str(tmp_path / "scale")).signatures["serving_default"]
    assert serve(x=tf.constant([2.0]))["output_0"].numpy().tolist() == [6.0]


def test_masks_of_numbers_and_stacks_of_nothing() -> None:
    y = tf.constant([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]])
    np.testing.assert_allclose(tf.boolean_mask(y, tf.one_hot([0, 2], 3)), [0.1, 0.5])
    assert tf.stack([]).shape == (0,) and keras.backend.stack([]).shape == (0,)


def test_diagonals_and_bands() -> None:
    for k in (-2, 0, 1):
        matrix = tf.linalg.diag([1.0, 2.0, 3.0], k=k)
        assert matrix.numpy().tolist() == np.diag([1.0, 2.0, 3.0], k).tolist()
        assert tf.linalg.diag_part(matrix, k=k).numpy().tolist() == [1.0, 2.0, 3.0]
    assert tf.linalg.diag([1.0, 2.0], padding_value=9.0).numpy().tolist() == [[1.0, 9.0], [9.0, 2.0]]
    assert tf.linalg.set_diag(tf.fill([2, 3], np.inf), [1.0, 2.0]).numpy().tolist() == [
        [1.0, np.inf, np.inf],
        [np.inf, 2.0, np.inf],
    ]
    x = tf.fill([3, 3], np.inf)
    lower = tf.linalg.band_part(x, -1, 0).numpy()
    assert (lower[np.tril_indices(3)] == np.inf).all() and (lower[np.triu_indices(3, 1)] == 0).all()
    square = tf.linalg.tensor_diag(tf.constant([[1, 2], [3, 4]]))
    assert square.shape == (2, 2, 2, 2) and square.numpy()[1, 0, 1, 0] == 3 and square.numpy().sum() == 10
    assert tf.linalg.tensor_diag_part(square).numpy().tolist() == [[1, 2], [3, 4]]
    with pytest.raises(ArgumentError, match="rows of 2 diagonals"):
        tf.linalg.diag([1.0], k=(0, 1))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def of_any_length(d: Any) -> Any:
        return tf.linalg.band_part(tf.linalg.diag(d) + 1.0, -1, 0)

    for n in (2, 3):
        assert of_any_length(tf.ones([n])).numpy().tolist() == np.tril(np.eye(n) + 1).tolist()


def test_products_of_pairs_with_vectors() -> None:
    x, w = np.arange(24.0).reshape(2, 3, 4), np.arange(8.0).reshape(2, 4)
    np.testing.assert_allclose(keras.backend.batch_dot(x, w), np.einsum("bij,bj->bi", x, w))
    square = np.arange(16.0).reshape(4, 2, 2)[:2]
    v = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(keras.backend.batch_dot(square, v), np.einsum("bij,bj->bi", square, v))


def test_losses_of_one_target_for_all() -> None:
    p = np.array([0.3, 0.3, 0.4], "float32")
    assert float(keras.losses.KLD(0.1, p)) == pytest.approx(float((0.1 * np.log(0.1 / p)).sum()), rel=1e-5)
    assert float(keras.losses.mean_squared_error(0.1, p)) == pytest.approx(float(((p - 0.1) ** 2).mean()))
    rows = np.array([[0.2], [0.7], [0.9]], "float32")
    assert float(keras.losses.BinaryCrossentropy()(1.0, rows)) == pytest.approx(-np.log(rows).mean())
    share = keras.metrics.BinaryAccuracy()
    share.update_state(1.0, rows)
    assert float(share.result()) == pytest.approx(2 / 3)


def test_an_own_metric_counts_in_float32() -> None:
    class Total(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="total")
            self.total = self.add_weight("total", initializer="zeros")
            self.count = self.add_weight("count", initializer="zeros", dtype=tf.int32)

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.total.assign_add(tf.reduce_sum(y_true))
            self.count.assign_add(tf.size(y_true))

        def result(self) -> Any:
            return self.total

    metric = Total()
    metric.update_state(tf.ones([3]), tf.ones([3]))
    assert metric.total.dtype == np.float32 and metric.count.dtype == np.int32 and int(metric.count) == 3
    assert isinstance(metric, keras.metrics.Metric) and isinstance(
        keras.metrics.Accuracy(), keras.metrics.Metric
    )


def test_what_a_metric_gave_is_shown_once() -> None:
    class Reconstructs(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.out = keras.layers.Dense(1)
            self.error = keras.metrics.Mean(name="error")

        def call(self, x: Any, training: Any = None) -> Any:
            if training:
                self.add_metric(self.error(tf.reduce_mean(x)))
            return self.out(x)

    model = Reconstructs()
    model.compile("sgd", "mse")
    assert list(model.fit(np.ones((8, 2)), np.ones((8, 1)), verbose=0).history) == ["loss", "error"]


def test_a_model_of_calls_is_read_from_its_file(tmp_path: Path) -> None:
    class Residual(keras.layers.Layer):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.inner = [keras.layers.Dense(4, activation="elu") for _ in range(2)]

        def call(self, x: Any) -> Any:
            z = x
            for layer in self.inner:
                z = layer(z)
            return x + z

    class Regressor(keras.Model):
        def __init__(self, units: int, **options: Any) -> None:
            super().__init__(**options)
            self.units = units
            self.first, self.block, self.out = keras.layers.Dense(4), Residual(), keras.layers.Dense(units)

        def call(self, x: Any) -> Any:
            return self.out(self.block(self.first(x)))

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units}

    model, x = Regressor(2), np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
    model.compile("sgd", "mse")
    model.fit(x, np.ones((8, 2)), verbose=0)
    model.save(str(tmp_path / "model"))
    again = keras.models.load_model(str(tmp_path / "model"), custom_objects={"Regressor": Regressor})
    np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_functions_of_tensors_are_activations_that_files_name(tmp_path: Path) -> None:
    model = keras.Sequential([keras.layers.Dense(2, activation=tf.tanh, input_shape=(3,))])
    model.add(keras.layers.Dense(1, activation=tf.nn.leaky_relu))
    again = keras.models.clone_model(model)
    assert [layer.activation for layer in again.layers] == [tf.tanh, tf.nn.leaky_relu]
    model.save(str(tmp_path / "model.h5"))
    read, x = keras.models.load_model(str(tmp_path / "model.h5")), np.ones((2, 3), "float32")
    np.testing.assert_allclose(read.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)


def test_attention_that_is_told_to_look_at_no_later_step() -> None:
    x = tf.random.normal([2, 5, 3])
    for kind in (keras.layers.Attention, keras.layers.AdditiveAttention):
        looks_back = kind(causal=True)
        y = looks_back([x, x])
        np.testing.assert_allclose(y[:, 0], x[:, 0], rtol=1e-5)
        later = tf.concat([x[:, :3], tf.zeros([2, 2, 3])], 1)
        np.testing.assert_allclose(looks_back([later, later])[:, :3], y[:, :3], rtol=1e-5)


def test_a_layer_that_draws() -> None:
    from thalweg.compat.tfp_names import distributions, layers

    inputs = keras.Input((4, 3))
    drawn = layers.DistributionLambda(distributions.Categorical)(inputs)
    model, rows = keras.Model(inputs, drawn), np.zeros((50, 4, 3), "float32")
    first, second = model.predict(rows, verbose=0), model.predict(rows, verbose=0)
    assert model.output_shape == (None, 4) and set(np.unique(first)) == {0, 1, 2}
    assert not np.array_equal(first, second)
    normal = lambda x: distributions.Normal(x, 1.0)
    three = layers.DistributionLambda(normal, convert_to_tensor_fn=lambda d: d.sample(3))
    assert three(rows[0]).shape == (3, 4, 3)
    mean = layers.DistributionLambda(normal, distributions.Distribution.mean)
    assert mean(rows[0]).numpy().sum() == 0


def test_a_last_axis_of_one_too_much() -> None:
    model = keras.Sequential([keras.layers.Flatten(input_shape=(4, 4)), keras.layers.Dense(1)])
    x = np.ones((2, 4, 4, 1), "float32")
    np.testing.assert_allclose(model(x), model(x[..., 0]))
    words = keras.Input((1,), dtype=tf.string)
    numbers = keras.Model(words, keras.layers.StringLookup(vocabulary=["a", "b"])(words))
    assert numbers(np.array(["b", "a"])).numpy().tolist() == [[2], [1]]


def test_phases_by_position_are_those_of_the_model() -> None:
    class Doubles(keras.layers.Layer):
        def __call__(self, inputs: Any, training: Any = None, **options: Any) -> Any:
            return super().__call__(inputs, training, **options)

        def call(self, x: Any, training: Any = None) -> Any:
            return x * (2.0 if training else 1.0)

    inside = keras.Input((2,))
    model = keras.Model(inside, Doubles()(inside))
    one = tf.ones([1, 2])
    assert float(model(one, training=True)[0, 0]) == 2.0 and float(model(one, training=False)[0, 0]) == 1.0


def test_tables_are_looked_up_within_models() -> None:
    class Looked(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, table: Any) -> None:
            super().__init__()
            self.table = table

        def call(self, inputs: Any) -> Any:
            return self.table.lookup(inputs)

    pairs = tf.lookup.KeyValueTensorInitializer
    words = tf.lookup.StaticHashTable(pairs(["a", "b"], [3, 5]), default_value=-1)
    numbers = tf.lookup.StaticHashTable(pairs([10, 20], [0.5, 1.5]), default_value=0.0)
    texts, counts = keras.Input((2,), dtype=tf.string), keras.Input((2,), dtype=tf.int32)
    found = Looked(words)(texts)
    model = keras.Model([texts, counts], [found, Looked(numbers)(counts), tf.cast(found == 3, tf.float32)])
    rows = [np.array([["a", "x"], ["b", "a"]]), np.array([[10, 20], [5, 10]])]
    wanted = [[[3, -1], [5, 3]], [[0.5, 1.5], [0.0, 0.5]], [[1.0, 0.0], [0.0, 1.0]]]
    assert model.output_shape == [(None, 2)] * 3
    assert [np.asarray(t).tolist() for t in model([tf.constant(rows[0]), rows[1]])] == wanted
    assert [t.tolist() for t in model.predict(rows, verbose=0)] == wanted
    names = tf.lookup.StaticHashTable(pairs(["a"], ["b"]), default_value="")
    with pytest.raises(DTypeError, match="only arrays can hold"):
        Looked(names)(texts)


def test_a_data_set_without_elements_can_be_shown() -> None:
    assert "without elements" in repr(tf.data.Dataset.range(3).batch(5, drop_remainder=True))


def test_tensors_of_texts_are_tensors() -> None:
    given = (tf.constant("a"), tf.constant(1), tf.constant([b"a", b"b"]), tf.keras.Input((2,)))
    assert all(isinstance(t, tf.Tensor) for t in given) and issubclass(type(given[0]), tf.Tensor)
    others = (tf.Variable(1.0), tf.ragged.constant([[1]]), 1, "a", np.ones(2))
    assert not any(isinstance(t, tf.Tensor) for t in others)
    assert tf.Tensor.__name__ == "Tensor" and tf.Tensor.shape is type(given[1]).shape


def test_features_hold_what_files_can_give_back() -> None:
    train = tf.train
    assert train.BytesList(value=[tf.constant("ab"), b"c", np.bytes_(b"d")]).value == [b"ab", b"c", b"d"]
    assert train.Int64List(value=[tf.constant(3), np.int32(4), True]).value == [3, 4, 1]
    assert train.Int64List(value=np.array([1, 2])).value == [1, 2]
    assert train.FloatList(value=tf.constant([1.5, 2.0])).value == [1.5, 2.0]
    assert train.FloatList(value=[np.int64(3), np.float32(0.5), tf.constant(2.5)]).value == [3.0, 0.5, 2.5]
    wrong: list[tuple[Any, Any]] = [
        (train.BytesList, 3), (train.BytesList, tf.constant(["a", "b"])), (train.Int64List, 2.5),
        (train.Int64List, tf.constant(2.5)), (train.Int64List, "3"), (train.FloatList, "3"),
        (train.FloatList, np.ones(2)),
    ]  # fmt: skip
    for kind, value in wrong:
        with pytest.raises(TypeError, match="but expected one of"):
            kind(value=[value])
    feature = train.Feature(bytes_list=train.BytesList())
    feature.bytes_list.value.append(tf.constant("ab"))
    told = train.Example(features=train.Features(feature={"a": feature})).SerializeToString()
    assert train.Example.FromString(told).features.feature["a"].bytes_list.value == [b"ab"]


def test_a_model_of_numbers_is_called_on_one() -> None:
    numbers = keras.Input(shape=())
    model = keras.Model(numbers, 2 * numbers + 1)
    assert model(1).numpy() == 3.0 and model([1.0, 2.0]).numpy().tolist() == [3.0, 5.0]


def test_names_inside_tensorflow() -> None:
    python = tf.python
    eye = tf.sparse.from_dense(np.eye(2, dtype="float32"))
    product = python.ops.linalg.sparse.sparse
    assert np.asarray(product.matmul(product.CSRSparseMatrix(eye), tf.ones([2, 2]))).sum() == 4.0
    places, values = python.ops.gen_sparse_ops.sparse_reorder([[1, 0], [0, 1]], [5, 6], (2, 2))
    assert places.numpy().tolist() == [[0, 1], [1, 0]] and values.numpy().tolist() == [6, 5]
    assert python.ops.weights_broadcast_ops.broadcast_weights([2.0], tf.ones([3])).shape == (3,)
    assert not isinstance(tf.Variable(0.0), python.distribute.values.DistributedVariable)
    assert python.ops.resource_variable_ops.is_resource_variable(tf.Variable(0.0))
    assert python.framework.tensor_util.constant_value(tf.constant(3)) == 3
    assert python.layers.utils.conv_output_length(10, 3, "valid", 2) == 4
    assert keras.utils.conv_utils.deconv_output_length(4, 3, "VALID", stride=2) == 9
    adapter = keras.engine.data_adapter
    assert adapter.unpack_x_y_sample_weight((1, 2)) == (1, 2, None)
    assert adapter.pack_x_y_sample_weight(1, 2) == (1, 2) and adapter.pack_x_y_sample_weight(1) == 1
    assert adapter.expand_1d({"a": tf.ones([3])})["a"].shape == (3, 1)
    assert internals.DistributedVariable.__doc__


def test_objects_of_keras_as_data() -> None:
    described = keras.utils.serialize_keras_object(keras.layers.Dense(3, name="d"))
    made = keras.utils.deserialize_keras_object(described, module_objects=vars(keras.layers))
    assert made.units == 3 and made.name == "d"
    assert (
        keras.utils.serialize_keras_object(abs) == "abs" and keras.utils.serialize_keras_object(None) is None
    )
    assert keras.utils.deserialize_keras_object("f", {"f": abs}) is abs
    assert (
        keras.utils.get_registered_object("nothing") is None and keras.utils.get_registered_name(abs) == "abs"
    )


def test_numpys_names_of_tensors() -> None:
    tnp = tf.experimental.numpy
    assert tnp.nanmean([1.0, float("nan"), 3.0]).numpy() == 2.0
    assert tnp.asarray([1.0]).dtype == np.float64 and tnp.arange(3).numpy().tolist() == [0, 1, 2]
    assert tnp.sum(tf.ones([2, 3]), axis=0).shape == (3,) and tnp.nansum([float("nan"), 2.0]).numpy() == 2.0


def test_numpys_ways_with_tensors() -> None:
    # Checked against TensorFlow's: axes by place, whole numbers and Python's to float64, no axis is all elements.
    tnp = tf.experimental.numpy
    x, i = tf.constant([[1.5, -2.0, 3.0], [4.0, 5.0, -6.0]]), tf.constant([[5, -3], [2, 7]])
    assert tnp.sum(x, 0).numpy().tolist() == [5.5, 3.0, -3.0] and tnp.concatenate([x, x], 1).shape == (2, 6)
    assert tnp.mean(i).dtype == tnp.true_divide(i, 2).dtype == tnp.sum([1.5, 2]).dtype == np.float64
    assert tnp.mean([1, 2, 4]).numpy() == pytest.approx(7 / 3) and tnp.mean(x).dtype == np.float32
    assert tnp.cumsum(x).numpy().tolist() == [1.5, -0.5, 2.5, 6.5, 11.5, 5.5]
    assert tnp.cumprod(i, 0).numpy().tolist() == [[5, -3], [10, -21]]
    assert tnp.mod(i, 3).numpy().tolist() == [[2, 0], [2, 1]] and tnp.amax(x, 0).numpy().tolist() == [4, 5, 3]
    for name in "vstack hstack dstack".split():
        for rows in ([x, x], [x[0], x[1]], [[1.0, 2.0], [3.0, 4.0]]):
            own, numpys = getattr(tnp, name)(rows), getattr(np, name)([np.asarray(r) for r in rows])
            assert own.dtype == numpys.dtype and own.numpy().tolist() == numpys.tolist()
    for name in "ravel atleast_1d atleast_2d atleast_3d fliplr flipud arctan copy".split():
        np.testing.assert_allclose(getattr(tnp, name)(x).numpy(), getattr(np, name)(x.numpy()), rtol=1e-6)
    assert [p.shape for p in tnp.split(x, [1], 1)] == [(2, 1), (2, 2)] and len(tnp.split(x, 3, axis=1)) == 3
    assert tnp.triu(x, 1).numpy().tolist() == np.triu(x.numpy(), 1).tolist()
    assert tnp.atleast_3d(3.0).shape == (1, 1, 1) and tnp.atleast_3d(x[0]).shape == (1, 3, 1)
    assert tnp.size(x) == 6 and tnp.ndim(x) == 2 and tnp.shape(x) == (2, 3) and tnp.size(x, 1) == 3


def test_numpys_random_numbers_as_tensors() -> None:
    random = tf.experimental.numpy.random
    random.seed(3)
    first = random.randn(2000)
    random.seed(3)
    assert first.dtype == np.float64 and np.array_equal(first, random.randn(2000))
    assert (
        abs(first.numpy().mean()) < 0.1 and abs(first.numpy().std() - 1) < 0.1 and random.randn().shape == ()
    )
    drawn = random.randint(5, size=(500,))
    assert drawn.dtype == np.int64 and set(drawn.numpy().tolist()) == set(range(5))
    assert random.randint(2, 4, 3).shape == (3,) and random.poisson(2.0, (4,)).dtype == np.int64
    inside = random.uniform(2.0, 3.0, (500,)).numpy()
    assert inside.min() >= 2 and inside.max() < 3 and random.rand(2, 3).shape == random.random((2, 3)).shape


def test_strategies_and_devices_have_one_place() -> None:
    strategy = tf.distribute.MirroredStrategy()
    v = tf.Variable(1.0)
    assert strategy.extended.update(v, lambda var, x: var.assign_add(x), args=(2.0,)).numpy() == 3.0
    assert strategy.extended.call_for_each_replica(lambda x: x + 1, args=(1,)) == 2
    assert tf.distribute.cluster_resolver.TFConfigClusterResolver().task_type == "worker"
    with tf.device("/cpu:0") as nothing:
        assert nothing is None
    assert tf.device("/gpu:0")._device_name == "/gpu:0"


def test_summaries_that_others_made(tmp_path: Path) -> None:
    with tf.summary.create_file_writer(str(tmp_path)) as writer, writer.as_default():
        assert tf.summary.experimental.write_raw_pb(events.scalar("a", 2.0), step=1)
        with tf.summary.experimental.summary_scope("part") as (tag, _):
            assert tag == "part"
    (file,) = tmp_path.iterdir()
    assert any(event["values"].get("a") == 2.0 for event in events.read_events(file))
    with tf.summary.create_noop_writer().as_default():
        assert tf.summary.scalar("a", 1.0, step=0)
    assert len(list(tmp_path.iterdir())) == 1


def test_data_sets_that_were_not_saved(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no data set"):
        tf.data.Dataset.load(str(tmp_path))
    with pytest.raises(DataError, match="different numbers of axes"):
        tf.data.Dataset.from_generator(lambda: iter([[1], [[2]]]), tf.int32).save(str(tmp_path / "x"))


def test_tensors_and_metrics_of_programs(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
        import tensorflow as tf
        a = tf.constant([1, 2, 3])
        assert not bool(a == tf.constant([1, 2])) and bool(a != tf.constant([1, 2]))
        assert (a == [1, 0, 3]).numpy().tolist() == [True, False, True]
        mean = tf.keras.metrics.Mean()
        mean.update_state([1.0, 2.0])
        assert mean.result().dtype == tf.float32 and f"{mean.result()}" == "1.5"
        layer = tf.keras.layers.Dense(2)
        assert layer.input_spec is None
        layer(tf.ones([1, 3]))
        layer.kernel.assign(tf.ones([3, 2]), read_value=False, use_locking=True)
        layer.kernel.scatter_nd_update([[0, 0]], [5.0])
        assert layer.kernel.read_value().numpy().sum() == 10.0
        """)
    )
    done = thalweg_run("--as", "tf2", program)
    assert done.returncode == 0, done.stderr


def test_values_of_one_hot_say_its_dtype() -> None:
    made = tf.one_hot([0, 2, -1], 3, on_value=0.0, off_value=-np.inf).numpy()
    assert made.tolist() == [[0, -np.inf, -np.inf], [-np.inf, -np.inf, 0], [-np.inf] * 3]
    whole = tf.one_hot([0, 1], 2, on_value=5, off_value=-1)
    assert whole.dtype == tf.int32 and whole.numpy().tolist() == [[5, -1], [-1, 5]]
    truth = tf.one_hot([1], 2, on_value=False, off_value=True, dtype=tf.bool)
    assert truth.dtype == tf.bool and truth.numpy().tolist() == [[True, False]]
    with tf1.Graph().as_default(), tf1.Session() as session:
        node = tf1.one_hot([1, 0], 2, on_value=5, off_value=-1)
        assert node.dtype == tf1.int32 and session.run(node).tolist() == [[-1, 5], [5, -1]]


def test_a_loop_goes_on_with_arrays_of_tensors() -> None:
    rows = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
    count, (made, _) = tf.while_loop(
        lambda i, parts: i < 3,
        lambda i, parts: (i + 1, (parts[0].write(i, [1.0, 2.0]), parts[1])),
        (tf.constant(0), (rows, tf.constant(1))),
    )
    assert count.numpy() == 3 and made.stack().numpy().tolist() == [[1.0, 2.0]] * 3


def test_packages_learn_that_kernels_are_not_there() -> None:
    with pytest.raises(tf.errors.NotFoundError, match="compiled kernels of TensorFlow"):
        tf.load_op_library("_beam_search_ops.so")
    assert isinstance(keras.optimizers.get("sgd", use_legacy_optimizer=True), keras.optimizers.SGD)


SHAPES = """
import tensorflow as tf
dense = tf.keras.layers.Dense(5)
said = dense.compute_output_shape(tf.TensorShape([None]).concatenate([4]))
print(type(said).__name__, said, said[1:].as_list())
print(tf.nest.map_structure(lambda s: s[1:], said))
"""


def test_layers_say_shapes_of_tensorflow(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "shapes.py"
    program.write_text(SHAPES)
    done = thalweg_run(program)
    assert done.stdout.splitlines() == ["TensorShape (None, 5) [5]", "(5,)"], done.stderr


def test_exponential_of_probability() -> None:
    tfd = tfp_names.distributions
    times, others = tfd.Exponential([0.5, 2.0]), tfd.Exponential([1.0, 1.0])
    np.testing.assert_allclose(times.log_prob([1.0, 3.0]), np.log([0.5, 2.0]) - [0.5, 6.0], rtol=1e-6)
    np.testing.assert_allclose(times.entropy(), 1 - np.log([0.5, 2.0]), rtol=1e-6)
    np.testing.assert_allclose(times.cdf([1.0, 3.0]), 1 - np.exp([-0.5, -6.0]), rtol=1e-6)
    np.testing.assert_allclose(
        times.kl_divergence(others), np.log([0.5, 2.0]) + 1 / np.array([0.5, 2.0]) - 1, rtol=1e-5
    )
    draws = np.asarray(times.sample(20000))
    np.testing.assert_allclose(draws.mean(0), [2.0, 0.5], rtol=0.05)


def test_shapes_of_distributions_as_tensors() -> None:
    tfd = tfp_names.distributions
    many = tfd.MultivariateNormalDiag(np.zeros((4, 2, 3), np.float32), np.ones(3, np.float32))
    assert list(many.batch_shape_tensor().numpy()) == [4, 2] and list(many.event_shape_tensor().numpy()) == [
        3
    ]
    loc = tf2.Variable(np.zeros(3, np.float32))
    with tf2.GradientTape() as tape:
        spread = tfd.MultivariateNormalDiag(loc, np.ones(3, np.float32)).entropy()
    assert tape.gradient(spread, loc) is None


_IDS = np.array([0, 0, 1, 1, 1, 3])
_ROWS = np.arange(12.0, dtype=np.float32).reshape(6, 2) - 3
_SEGMENTS = {
    "sum": [[-4.0, -2.0], [9.0, 12.0], [0.0, 0.0], [7.0, 8.0]],
    "mean": [[-2.0, -1.0], [3.0, 4.0], [0.0, 0.0], [7.0, 8.0]],
    "max": [[-1.0, 0.0], [5.0, 6.0], [0.0, 0.0], [7.0, 8.0]],
    "min": [[-3.0, -2.0], [1.0, 2.0], [0.0, 0.0], [7.0, 8.0]],
    "prod": [[3.0, 0.0], [15.0, 48.0], [1.0, 1.0], [7.0, 8.0]],
}


@pytest.mark.parametrize("kind", _SEGMENTS)
def test_segments_of_numbers_that_only_a_run_knows(kind: str) -> None:
    join = getattr(tf.math, f"segment_{kind}")
    rows, ids = keras.layers.Input((2,)), keras.layers.Input((), dtype="int64")
    model = keras.Model([rows, ids], keras.layers.Lambda(lambda parts: join(*parts))([rows, ids]))
    assert model.output_shape == (None, 2)
    np.testing.assert_allclose(model([_ROWS, _IDS]), _SEGMENTS[kind])
    traced = tf.function(lambda x, i: join(x, i))
    np.testing.assert_allclose(traced(tf.constant(_ROWS), tf.constant(_IDS)), _SEGMENTS[kind])
    assert traced(tf.constant(_ROWS[:3]), tf.constant(_IDS[:3])).shape == (2, 2)
    x = tf.Variable(_ROWS)
    with tf.GradientTape() as tape:
        known = tf.reduce_sum(join(x * x, _IDS) ** 2)
    found = tf.function(lambda x, i: tf.gradients(tf.reduce_sum(join(x * x, i) ** 2), x)[0])
    np.testing.assert_allclose(
        found(tf.constant(_ROWS), tf.constant(_IDS)), tape.gradient(known, x), rtol=1e-6
    )


def test_rows_of_negative_numbers_are_in_no_segment() -> None:
    ids, lowest = [0, -1, 2, 2, -1, 0], np.finfo(np.float32).min
    found = {
        kind: np.asarray(getattr(tf.math, f"unsorted_segment_{kind}")(_ROWS, ids, 3)).tolist()
        for kind in ("sum", "max", "min", "prod", "sqrt_n")
    }
    assert found["sum"] == [[4.0, 6.0], [0.0, 0.0], [4.0, 6.0]]
    assert found["max"] == [[7.0, 8.0], [lowest, lowest], [3.0, 4.0]]
    assert found["min"] == [[-3.0, -2.0], [-lowest, -lowest], [1.0, 2.0]]
    assert found["prod"] == [[-21.0, -16.0], [1.0, 1.0], [3.0, 8.0]]
    np.testing.assert_allclose(found["sqrt_n"], np.array(found["sum"]) / np.sqrt([[2], [1], [2]]))


def test_backend_knows_sparse_tensors() -> None:
    dense = np.array([[0, 2, 0], [1, 0, 3]], np.float32)
    sparse, backend = tf.sparse.from_dense(dense), keras.backend
    assert backend.is_sparse(sparse) and not backend.is_sparse(tf.ones(2))
    np.testing.assert_array_equal(backend.to_dense(sparse), dense)
    np.testing.assert_array_equal(backend.dot(sparse, tf.ones((3, 2))), dense @ np.ones((3, 2)))


def test_the_writer_of_tensorboard_writes_figures_by_their_names(tmp_path: Path) -> None:
    board = keras.callbacks.TensorBoard(log_dir=str(tmp_path))
    board.writer = writer = tf1.summary.FileWriter(str(tmp_path))
    board._write_logs({"reward": 2.5, "loss": np.array([0.5]), "batch": 3, "size": 4}, 7)
    board._write_custom_summaries(8, {"reward": 3.0})
    writer.close()
    (file,) = tmp_path.glob("events*")
    found = [(e["step"], e["values"]) for e in events.read_events(file) if e.get("values")]
    assert found == [(7, {"reward": 2.5}), (7, {"loss": 0.5}), (8, {"reward": 3.0})]  # as Keras 2.2.5 writes
