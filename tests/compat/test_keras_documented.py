"""What Keras 1 and 2 documented in detail: states and constants, masks, defaults of their time, names of figures."""

import json
from typing import Any

import numpy as np
import pytest

import thalweg.compat.keras as modern
from thalweg.compat.keras import classic as keras
from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError

K: Any = keras.backend
L: Any = keras.layers
RNG = np.random.default_rng(5)
X = RNG.normal(size=(4, 5, 3)).astype("float32")


class Seeing(L.Layer):
    """A cell that sees a constant at every step: h' = x W + h U + c V."""

    def __init__(self, units, **options):
        self.units = self.state_size = units
        super().__init__(**options)

    def build(self, input_shape):
        inputs, constants = input_shape
        widths = {"W": inputs[-1], "U": self.units, "V": constants[-1]}
        self.parts = [self.add_weight((n, self.units), "uniform", name=name) for name, n in widths.items()]

    def call(self, inputs, states, constants):
        w, u, v = self.parts
        h = K.dot(inputs, w) + K.dot(states[0], u) + K.dot(constants[0], v)
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def seen(x, c, h, weights, back=False):
    """The last state of :class:`Seeing`."""
    w, u, v = weights
    for k in range(x.shape[1])[:: -1 if back else 1]:
        h = x[:, k] @ w + h @ u + c @ v
    return h


def test_bidirectional_with_constants_and_states():
    x, c, states = L.Input((5, 3)), L.Input((7,)), [L.Input((4,)), L.Input((4,))]
    both = L.Bidirectional(L.RNN(Seeing(4)))
    model = keras.models.Model([x, *states, c], both(x, initial_state=states, constants=c))
    as_list = keras.models.Model([x, *states, c], both([x, *states, c]))
    again = L.Bidirectional.from_config(both.get_config())
    third = keras.models.Model([x, *states, c], again(x, initial_state=states, constants=c))
    third.set_weights(model.get_weights())
    given = [X, *(RNG.normal(size=(4, 4)).astype("float32") for _ in states), np.ones((4, 7), "float32")]
    there, back = (
        seen(X, given[3], given[1 + k], both.get_weights()[3 * k : 3 * k + 3], back=bool(k)) for k in (0, 1)
    )
    for one in (model, as_list, third):
        np.testing.assert_allclose(one.predict(given), np.hstack([there, back]), rtol=1e-4, atol=1e-5)


def test_constants_are_of_recurrences_and_states_of_both_ways():
    x = L.Input((5, 3))
    with pytest.raises(ArgumentTypeError, match="constants"):
        L.Bidirectional(L.LSTM(2))(x, constants=L.Input((2,)))
    with pytest.raises(ArgumentError, match="both directions"):
        L.Bidirectional(L.LSTM(2))(x, initial_state=L.Input((2,)))


def test_stacked_cells_see_constants_and_order_their_states():
    x, c = L.Input((5, 3)), L.Input((7,))
    cells = [L.GRUCell(6), Seeing(4)]
    model = keras.models.Model([x, c], L.RNN(cells)(x, constants=c))
    inner = keras.models.Model(x, L.RNN(cells[0], return_sequences=True)(x))
    constant = np.ones((4, 7), "float32")
    expected = seen(inner.predict(X), constant, np.zeros((4, 4)), cells[1].get_weights())
    np.testing.assert_allclose(model.predict([X, constant]), expected, rtol=1e-4, atol=1e-5)
    for last_first in (False, True):
        pair = L.StackedRNNCells([L.LSTMCell(3), L.LSTMCell(6)], reverse_state_order=last_first)
        shapes = L.RNN(pair, return_state=True).compute_output_shape((None, 5, 3))
        widths = [6, 6, 3, 3] if last_first else [3, 3, 6, 6]
        assert shapes == [(None, 6), *((None, n) for n in widths)]


def test_cells_have_the_gates_of_their_layers():
    for cell, layer in ((L.LSTMCell(3), L.LSTM(3)), (L.GRUCell(3), L.GRU(3))):
        loop = L.RNN(cell)
        x = L.Input((5, 3))
        a, b = keras.models.Model(x, loop(x)), keras.models.Model(x, layer(x))
        b.set_weights(a.get_weights())
        np.testing.assert_allclose(a.predict(X), b.predict(X), rtol=1e-5, atol=1e-6)


def test_convlstm_has_hard_gates():
    layer = L.ConvLSTM2D(1, 1, input_shape=(1, 1, 1, 1), kernel_initializer="ones", unit_forget_bias=False)
    found = keras.models.Sequential([layer]).predict(np.full((1, 1, 1, 1, 1), 3.0, "float32")).item()
    assert found == pytest.approx(np.tanh(np.tanh(3.0)))  # the gates are 1 beyond 2.5


def test_identity_is_repeated_for_each_gate():
    for layer, gates in (
        (L.LSTM(3, recurrent_initializer="identity"), 4),
        (L.GRU(3, inner_init="identity"), 3),
    ):
        layer.build((None, 5, 2))
        np.testing.assert_array_equal(layer.get_weights()[1], np.tile(np.eye(3), gates))


def test_masks_that_a_layer_makes_of_every_step():
    tokens = np.array([[[1, 2, 0], [3, 0, 0]], [[4, 0, 0], [0, 0, 0]]])
    x = L.Input((None, 3), dtype="int32")
    words = L.TimeDistributed(L.Embedding(5, 4, mask_zero=True))(x)
    sentence = L.LSTM(6)
    model = keras.models.Model(x, L.TimeDistributed(sentence)(words))
    table = model.layers[1].get_weights()[0]
    one = keras.models.Sequential([L.LSTM(6, input_shape=(None, 4), weights=sentence.get_weights())])
    found = model.predict(tokens)
    for k, j, n in ((0, 0, 2), (0, 1, 1), (1, 0, 1)):  # the words that count, alone
        alone = one.predict(table[tokens[k, j, :n]][None])
        np.testing.assert_allclose(found[k, j], alone[0], rtol=1e-4, atol=1e-5)
    marked = K.function([x], [L.TimeDistributed(L.Masking())(K.cast(words, "float32"))])
    assert marked([tokens])[0].shape == (2, 2, 3, 4)


def test_weights_of_zero_do_not_count_in_a_loss():
    model = keras.models.Sequential([L.Dense(1, input_shape=(3,), kernel_initializer="ones")])
    model.compile("sgd", "mse", metrics=["mse"], weighted_metrics=["mse"])
    x, y, w = X[:, 0], np.zeros((4, 1)), np.array([0.0, 2.0, 0.0, 1.0])
    loss = model.evaluate(x, y, sample_weight=w, verbose=0)[0]
    squares = x.sum(1) ** 2
    assert loss == pytest.approx((w * squares).sum() / 2, rel=1e-5)
    history = model.fit(x, y, sample_weight=w, verbose=0).history
    assert list(history) == ["loss", "mean_squared_error", "weighted_mean_squared_error"]


def test_early_stopping_waits_for_the_baseline():
    stop = keras.callbacks.EarlyStopping("loss", patience=2, baseline=0.5)
    model = keras.models.Sequential([L.Dense(1, input_shape=(3,))])
    stop.set_model(model)
    stop.on_train_begin()
    for epoch, loss in enumerate((0.9, 0.8)):
        stop.on_epoch_end(epoch, {"loss": loss})
    assert model.stop_training


def test_weights_reshaped_from_a_file(tmp_path):
    def made(width, name):
        return keras.models.Sequential([L.Conv2D(2, (1, width), input_shape=(2, 2, 4 // width), name=name)])

    path, first = str(tmp_path / "w.h5"), made(1, "c")
    first.save_weights(path)
    for by_name in (False, True):
        second = made(2, "c")
        with pytest.raises(ValueError):
            second.load_weights(path, by_name=by_name)
        second.load_weights(path, by_name=by_name, reshape=True)
        assert second.get_weights()[0].ravel().tolist() == first.get_weights()[0].ravel().tolist()


def test_backend_of_places_and_kinds():
    x = RNG.normal(size=(2, 3, 4)).astype("float32")
    bias = np.arange(12, dtype="float32").reshape(3, 4)
    assert K.eval(K.bias_add(K.variable(x), K.variable(bias), "channels_last")) == pytest.approx(x + bias)
    turned = K.eval(K.bias_add(K.variable(x), K.variable(bias.reshape(4, 3)), "channels_first"))
    assert turned == pytest.approx(x + bias.reshape(3, 4))
    assert K.random_uniform((2,), dtype="float64").dtype == "float64"
    for wrong in (
        lambda: K.pool2d(K.ones((1, 2, 2, 1)), (2, 2), pool_mode="median"),
        lambda: K.is_keras_tensor(np.ones(2)),
        lambda: K.set_learning_phase(2),
        lambda: L.ReLU(max_value=-1.0),
        lambda: keras.models.Sequential([L.Dense(1, input_shape=(1,))]).get_layer(index=5),
    ):
        with pytest.raises(ArgumentError):
            wrong()


def test_class_numbers_along_another_axis():
    p = RNG.uniform(0.1, 1, size=(2, 3, 5)).astype("float32")
    p /= p.sum(1, keepdims=True)
    t = RNG.integers(0, 3, size=(2, 5))
    expected = -np.log(np.take_along_axis(p, t[:, None], 1)[:, 0])
    for given in (t, t[:, None]):
        found = K.eval(K.sparse_categorical_crossentropy(K.constant(given), K.variable(p), axis=1))
        np.testing.assert_allclose(found, expected, rtol=1e-4)
    logits = K.variable(np.log(p))
    found = K.eval(K.sparse_categorical_crossentropy(K.constant(t), K.softmax(logits, axis=1), axis=1))
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_settings_of_optimizers():
    sgd = keras.optimizers.SGD(0.1, momentum=0.9)
    K.set_value(sgd.lr, 0.05)
    assert sgd.get_config() == {"lr": pytest.approx(0.05), "momentum": 0.9, "nesterov": False, "decay": 0.0}
    for name in ("SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam"):
        optimizer = getattr(keras.optimizers, name)()
        again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
        assert again.get_config() == optimizer.get_config()
        weight, steps = [], []
        for one in (optimizer, again):
            model = keras.models.Sequential([L.Dense(1, input_shape=(3,), kernel_initializer="ones")])
            model.compile(one, "mse")
            model.fit(X[:, 0], np.ones((4, 1)), epochs=3, verbose=0)
            weight.append(model.get_weights()[0])
            steps.append(one)
        np.testing.assert_array_equal(*weight)


def test_gates_of_files_of_keras_2():
    """``hard_sigmoid`` is what it was when the model was described."""
    described = {
        "class_name": "Sequential",
        "keras_version": "2.2.4",
        "config": [
            {
                "class_name": "LSTM",
                "config": {
                    "name": "lstm_1", "units": 3, "recurrent_activation": "hard_sigmoid",
                    "batch_input_shape": [None, 5, 3],
                },
            }
        ],
    }  # fmt: skip
    model = keras.models.model_from_json(json.dumps(described))
    own = keras.models.Sequential([L.LSTM(3, input_shape=(5, 3))])
    own.set_weights(model.get_weights())
    np.testing.assert_array_equal(model.predict(X), own.predict(X))


def test_a_model_in_another_takes_other_lengths():
    """As SRGAN calls VGG on its own size of images; data must have the shape that was said."""
    inner = keras.models.Sequential([L.Conv2D(2, 3, input_shape=(8, 8, 1)), L.GlobalMaxPooling2D()])
    small = L.Input((5, 5, 1))
    outer = keras.models.Model(small, inner(small))
    x = RNG.normal(size=(2, 5, 5, 1)).astype("float32")
    expected = keras.models.Sequential([L.Conv2D(2, 3, input_shape=(5, 5, 1), weights=inner.get_weights())])
    np.testing.assert_allclose(outer.predict(x), expected.predict(x).max((1, 2)), rtol=1e-5, atol=1e-6)
    with pytest.raises(ShapeError, match="8, 8, 1"):
        inner.predict(x)


def test_layers_that_programs_derive():
    class Wide(L.Masking):
        def compute_mask(self, inputs, mask=None):
            return K.any(K.not_equal(inputs, self.mask_value), axis=[2, 3])

    class Told(L.LSTM):
        def call(self, inputs, times=1, mask=None, training=None, initial_state=None):
            return super().call(inputs * times, mask, training, initial_state)

    images = np.ones((2, 3, 4, 5), "float32")
    images[0, 1] = 0
    assert Wide()(images).shape == (2, 3, 4, 5)
    x = L.Input((5, 3))
    told = Told(2)
    model = keras.models.Model(x, told(x, times=2))
    same = keras.models.Sequential([L.LSTM(2, input_shape=(5, 3), weights=told.get_weights())])
    np.testing.assert_allclose(model.predict(X), same.predict(X * 2), rtol=1e-5, atol=1e-6)


def test_moments_assigned_to_a_callback():
    seen = []
    callback = keras.callbacks.Callback()
    callback.on_batch_end = lambda batch, logs=None: seen.append(batch)
    model = keras.models.Sequential([L.Dense(1, input_shape=(3,))])
    model.compile("sgd", "mse")
    model.fit(X[:, 0], np.ones((4, 1)), batch_size=2, verbose=0, callbacks=[callback])
    assert seen == [0, 1]


def test_figures_of_ties_and_whole_numbers():
    truth, scores = [[1.0, 0, 1, 1, 1]], [[0.2, 0.6, 0.4, 0.2, 0.2]]
    precision = keras.metrics.Precision(
        top_k=3
    )  # of the three equal scores the first is among the best three
    assert K.eval(precision(truth, scores)) == pytest.approx(2 / 3)
    assert K.eval(keras.metrics.Sum()(100, sample_weight=0.5)) == 50
    assert keras.metrics.AUC(num_thresholds=None, thresholds=[0.5]).num_thresholds == 3


def test_windows_by_rows_and_columns():
    """Keras 1 gave them one by one; Keras 2 understood it."""
    x = RNG.normal(size=(2, 4, 9, 9, 3)).astype("float32")
    rows = L.ConvLSTM2D(2, 3, 2, input_shape=(4, 9, 9, 3))
    assert keras.models.Sequential([rows]).predict(x).shape == (2, 7, 8, 2)
    for kind in (
        L.SeparableConv2D,
        L.SeparableConvolution2D,
        L.LocallyConnected2D,
        L.Conv2D,
        L.Convolution2D,
    ):
        layer = kind(2, 3, 2, input_shape=(9, 9, 3))
        assert layer.kernel_size == (3, 2) and layer.strides == (1, 1), kind
    assert L.LocallyConnected2D(2, (3, 2), strides=2).strides == (2, 2)


def test_arguments_by_position():
    assert L.LSTM(3, "relu", "sigmoid").get_config()["recurrent_activation"] == "sigmoid"
    assert L.GRUCell(3, "tanh", "sigmoid", False).use_bias is False
    assert L.Cropping2D().cropping == ((0, 0), (0, 0)) and L.Cropping1D().cropping == ((1, 1),)


def test_kernels_are_turned_where_a_program_says_so():
    model = keras.models.Sequential([L.Conv2D(2, (3, 2), input_shape=(5, 5, 1)), L.Flatten(), L.Dense(1)])
    kernel, _, dense, _ = model.get_weights()
    keras.utils.layer_utils.convert_all_kernels_in_model(model)
    np.testing.assert_array_equal(model.get_weights()[0], kernel[::-1, ::-1])
    np.testing.assert_array_equal(model.get_weights()[2], dense)


def test_the_cell_with_peepholes_has_the_gates_of_its_time() -> None:
    cell = modern.experimental.PeepholeLSTMCell
    assert cell(3).recurrent_activation is cell(3, "tanh", "hard_sigmoid").recurrent_activation
    assert cell(3).recurrent_activation is not cell(3, recurrent_activation="sigmoid").recurrent_activation
    assert modern.layers.RNN(cell(3))(X).shape == (4, 3)
    assert not hasattr(modern.layers, "PeepholeLSTMCell")
