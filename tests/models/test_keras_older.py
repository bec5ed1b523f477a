"""Files of Keras 1, of Keras over Theano and of layers for cuDNN: written here in their layout, array by array."""

import json
from typing import Any

import numpy as np
import pytest

from thalweg import models as main
from thalweg import optimizers
from thalweg.compat.keras import classic as keras
from thalweg.layers import GRU, LSTM

h5py = pytest.importorskip("h5py")
L = keras.layers
RNG = np.random.default_rng(2)


def written(path, model, arrays, attributes, description=None):
    """A file with these arrays for the layers that have some, in the layout of Keras 1 and 2."""
    with h5py.File(path, "w") as file:
        group = file if description is None else file.create_group("model_weights")
        for place in (file, group):
            place.attrs.update(attributes)
        if description is not None:
            file.attrs["model_config"] = json.dumps(description)
        layers = [layer.name for layer in model.layers]
        group.attrs["layer_names"] = [name.encode() for name in layers]
        for name in layers:
            own = group.create_group(name)
            names = [f"{name}_{k}" for k in range(len(arrays.get(name, ())))]
            own.attrs["weight_names"] = [n.encode() for n in names]
            for n, array in zip(names, arrays.get(name, ())):
                own[n] = array


def gates(layer, order):
    """Kernel, recurrent kernel and bias of each gate, one after another in the order of Keras 1."""
    parts = [np.split(array, len(order), axis=-1) for array in layer.get_weights()]
    return [part[k] for k in order for part in parts]


def randomised(model):
    model.set_weights([RNG.normal(size=w.shape) for w in model.get_weights()])
    return model


def test_weights_of_keras_1(tmp_path):
    image, steps = L.Input((3, 6, 6)), L.Input((7, 4))
    conv = L.Conv2D(5, (2, 3), data_format="channels_first", name="conv")
    line = L.Conv1D(4, 3, name="line")
    up = L.Conv2DTranspose(2, 3, name="up")
    lstm, gru = L.LSTM(3, name="lstm", return_sequences=True), L.GRU(2, name="gru")
    both = L.Bidirectional(L.LSTM(2, name="one"), name="both")
    bn = L.BatchNormalization(name="bn")
    rows = lstm(line(steps))
    outputs = [up(L.Permute((2, 3, 1))(conv(image))), gru(rows), both(bn(rows))]
    model = randomised(keras.models.Model([image, steps], outputs))
    w = {layer.name: layer.get_weights() for layer in model.layers}
    arrays = {
        "conv": [w["conv"][0].transpose(3, 2, 0, 1), w["conv"][1]],
        "line": [w["line"][0][:, None], w["line"][1]],
        "up": [w["up"][0].transpose(0, 1, 3, 2), w["up"][1]],
        "lstm": gates(lstm, (0, 2, 1, 3)),
        "gru": gates(gru, (0, 1, 2)),
        "both": [*gates(both.forward_layer, (0, 2, 1, 3)), *gates(both.backward_layer, (0, 2, 1, 3))],
        "bn": w["bn"],
    }
    path = tmp_path / "first.h5"
    data = [RNG.normal(size=(2, *x.shape[1:])) for x in (image, steps)]
    expected = model.predict(data)
    for attributes in ({}, {"keras_version": b"1.2.2"}):
        written(path, model, arrays, attributes)
        randomised(model).load_weights(path)
        for a, b in zip(model.predict(data), expected):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    arrays["line"] = [w["line"][0][:, None].transpose(3, 2, 0, 1), w["line"][1]]  # as Keras 1.0 had it
    written(path, model, arrays, {})
    randomised(model).load_weights(path)
    np.testing.assert_allclose(model.predict(data)[1], expected[1], rtol=1e-5, atol=1e-5)


def test_a_model_of_keras_1(tmp_path):
    own = randomised(
        keras.models.Sequential(
            [L.LSTM(3, input_shape=(4, 2), name="lstm"), L.Dense(1, activation="tanh", name="d")]
        )
    )
    first = {"name": "lstm", "output_dim": 3, "input_dim": 2, "input_length": 4, "batch_input_shape": [None, 4, 2],
             "inner_activation": "hard_sigmoid", "activation": "tanh", "init": "glorot_uniform",
             "inner_init": "orthogonal", "forget_bias_init": "one", "return_sequences": False,
             "go_backwards": False, "stateful": False,
             "unroll": False, "consume_less": "cpu", "W_regularizer": None, "U_regularizer": None,
             "b_regularizer": None, "dropout_W": 0.0, "dropout_U": 0.0, "trainable": True,
             "input_dtype": "float32"}  # fmt: skip
    last = {"name": "d", "output_dim": 1, "input_dim": None, "activation": "tanh", "init": "glorot_uniform",
            "bias": True, "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}, "b_regularizer": None,
            "activity_regularizer": None, "W_constraint": None, "b_constraint": None, "trainable": True}  # fmt: skip
    parts = [{"class_name": "LSTM", "config": first}, {"class_name": "Dense", "config": last}]
    path = tmp_path / "model.h5"
    arrays = {"lstm": gates(own.layers[0], (0, 2, 1, 3)), "d": own.layers[1].get_weights()}
    written(path, own, arrays, {"keras_version": b"1.1.0"}, {"class_name": "Sequential", "config": parts})
    x = RNG.normal(size=(3, 4, 2))
    np.testing.assert_allclose(keras.models.load_model(path).predict(x), own.predict(x), rtol=1e-5, atol=1e-6)


def test_kernels_of_theano_are_turned(tmp_path):
    model = randomised(keras.models.Sequential([L.Conv2D(2, (3, 2), input_shape=(5, 5, 1), name="c")]))
    kernel, bias = model.get_weights()
    path = tmp_path / "theano.h5"
    written(path, model, {"c": [kernel[::-1, ::-1], bias]}, {"keras_version": b"2.1.0", "backend": b"theano"})
    randomised(model).load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[0], kernel)


@pytest.mark.parametrize(("layer", "count"), [(LSTM(3, name="r"), 4), (GRU(3, name="r"), 3)])
def test_weights_of_cudnn(tmp_path, layer, count):
    """cuDNN computes ``W x`` of matrices [units, inputs] that stand row after row."""
    model = main.Sequential([layer])
    model.build((None, 4, 2))
    gate = [[RNG.normal(size=shape) for shape in ((3, 2), (3, 3), (3,), (3,))] for _ in range(count)]
    kernel = np.hstack([w.reshape(2, 3) for w, *_ in gate])  # the numbers of each matrix, in their order
    recurrent = np.hstack([u for _, u, *_ in gate])
    bias = np.concatenate([b for k in (2, 3) for b in (g[k] for g in gate)])
    path = tmp_path / "cudnn.h5"
    written(path, model, {"r": [kernel, recurrent, bias]}, {"keras_version": b"2.1.0"})
    model.load_weights(path)
    found = model.get_weights()
    np.testing.assert_allclose(found[0], np.hstack([w.T for w, *_ in gate]), rtol=1e-6)
    np.testing.assert_allclose(found[1], np.hstack([u.T for _, u, *_ in gate]), rtol=1e-6)
    pair = bias.reshape(2, -1)
    np.testing.assert_allclose(found[2], pair if count == 3 else pair.sum(0), rtol=1e-6)


@pytest.mark.parametrize("name", ["Adafactor", "Muon"])
def test_state_of_optimizers_of_keras_3(name):
    """Keras lists for each weight what it keeps, for Adafactor also what nobody uses."""
    from thalweg.models.keras_state import set_optimizer

    model = main.Sequential([keras.layers.Dense(4, input_shape=(3,))])
    model.compile(getattr(optimizers, name)(0.01), "mse")
    kernel, bias = ((3, 4), (4,))
    rows = [(3,), (4,), kernel, (), (), bias] if name == "Adafactor" else [kernel, bias, bias]
    arrays = [np.array(7), np.array(0.02), *(RNG.uniform(size=shape) for shape in rows)]
    assert set_optimizer(model, arrays)
    held = [v.get_value() for v in model.optimizer.variables()]
    kept = [a for k, a in enumerate(arrays[1:]) if name == "Muon" or k not in (3, 4, 5)]
    for array in kept:
        assert any(np.shape(array) == v.shape and np.allclose(array, v) for v in held), np.shape(array)
    assert not set_optimizer(model, arrays[:-1])


# What Keras 2.2.5 wrote after two steps: the optimizer, what it remembered, the weights; the losses of the next steps.
GOING_ON: dict[str, Any] = {
    "RMSprop": (
        {"clipnorm": 1.0, "lr": 0.125, "rho": 0.9, "decay": 0.0, "epsilon": 1e-7},
        [[[0.0375], [0.08338]], [0.030017]],
        [[[0.41432], [0.872898]], [-0.127102]],
        [0.30489, 0.19384, 0.28572, 0.11448],
    ),
    "SGD": (
        {"lr": 0.125, "momentum": 0.5, "decay": 0.0, "nesterov": False},
        [2, [[-0.263889], [-0.152778]], [-0.125]],
        [[[0.402778], [0.430556]], [-0.375]],
        [0.45171, 0.19287, 0.15119, 0.12773],
    ),
    "Adam": (
        {"lr": 0.125, "beta_1": 0.9, "beta_2": 0.999, "decay": 0.0, "epsilon": 1e-7, "amsgrad": False},
        [2, [[0.450857], [0.540317]], [0.32419], [[0.01155], [0.016875]], [0.006075], [0.0], [0.0]],
        [[[0.80105], [0.801954]], [-0.198046]],
        [0.51241, 0.23628, 0.23256, 0.37016],
    ),
}  # fmt: skip


def whole(path, name, file_version=b"2.2.5"):
    """A model of one layer in a file of Keras 2, compiled with the optimizer of that name."""
    config, remembered, weights, _ = GOING_ON[name]
    dense = {"name": "d", "batch_input_shape": [None, 2], "units": 1}
    layers = {"name": "sequential_1", "layers": [{"class_name": "Dense", "config": dense}]}
    model = keras.Sequential([L.Dense(1, input_dim=2, name="d")])
    written(path, model, {"d": [np.float32(w) for w in weights]}, {"keras_version": file_version},
            {"class_name": "Sequential", "config": layers})  # fmt: skip
    with h5py.File(path, "a") as file:
        compiled = {"optimizer_config": {"class_name": name, "config": config}, "loss": "mse",
                    "metrics": ["accuracy"]}  # fmt: skip
        file.attrs["training_config"] = json.dumps(compiled)
        group = file.create_group("optimizer_weights")
        names = [f"training/{name}/Variable_{k}:0" for k in range(len(remembered))]
        group.attrs["weight_names"] = [n.encode() for n in names]
        for n, array in zip(names, remembered, strict=True):
            group[n] = np.array(array, "int64" if np.ndim(array) == 0 else "float32")


BATCH = np.array([[0.0, 1.0], [2.0, -1.0], [1.0, 3.0]], "float32"), np.array([1.0, 0.0, 2.0], "float32")


@pytest.mark.parametrize("name", GOING_ON)
def test_training_goes_on_from_a_file_of_keras_2(name, tmp_path):
    path = tmp_path / "whole.h5"
    whole(path, name)
    model = keras.models.load_model(path)
    assert type(model) is keras.Sequential and isinstance(model, keras.Model)
    assert model.metrics_names == ["loss", "acc"]
    assert model.optimizer.get_config()["lr"] == model.optimizer.lr.get_value() == 0.125
    losses = [model.train_on_batch(*BATCH)[0] for _ in range(4)]
    np.testing.assert_allclose(losses, GOING_ON[name][3], rtol=2e-4)
    if name != "RMSprop":  # clips the gradients one by one there
        model = main.load_model(path)
        assert model.optimizer.learning_rate.get_value() == 0.125
        losses = [model.train_on_batch(*BATCH)[0] for _ in range(4)]
        np.testing.assert_allclose(losses, GOING_ON[name][3], rtol=2e-4)


def test_the_rate_of_a_file_of_keras_2_falls(tmp_path, monkeypatch):
    monkeypatch.setitem(GOING_ON["SGD"][0], "decay", 0.5)
    whole(tmp_path / "whole.h5", "SGD")
    model = main.load_model(tmp_path / "whole.h5")
    assert model.optimizer.learning_rate(2).numpy().item() == 0.125 / 2


def test_what_does_not_fit_the_optimizer_is_told(tmp_path, monkeypatch):
    monkeypatch.setitem(GOING_ON, "SGD", (*GOING_ON["SGD"][:1], [2, [[1.0]], [1.0]], *GOING_ON["SGD"][2:]))
    whole(tmp_path / "whole.h5", "SGD")
    with pytest.warns(UserWarning, match="is not known here and starts anew"):
        keras.models.load_model(tmp_path / "whole.h5")


def test_models_of_stand_alone_keras_stay_such():
    model = keras.Sequential([L.Dense(1, input_dim=2)])
    for again in (
        keras.models.model_from_json(model.to_json()),
        keras.models.model_from_yaml(model.to_yaml()),
    ):
        assert type(again) is keras.Sequential
        again.compile("sgd", "mse", metrics=["accuracy"])
        assert sorted(again.fit(*BATCH, verbose=0).history) == ["acc", "loss"]
    bounded = keras.optimizers.RMSprop(lr=0.01, clipnorm=1.0)
    for copy in (
        keras.optimizers.RMSprop.from_config(bounded.get_config()),
        keras.optimizers.deserialize({"class_name": "RMSprop", "config": bounded.get_config()}),
    ):
        assert copy.clip_together  # the norm of all gradients together is bounded
        assert copy.get_config() == bounded.get_config()
