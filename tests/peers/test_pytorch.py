"""Layers, losses and optimizers beside PyTorch's, whose answers are in ``pytorch.json``; its weights read by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg import losses
from thalweg import optimizers as opt

from .values import numbers, weights

pytest.importorskip("safetensors", reason="weights are files of safetensors")
from safetensors.numpy import save_file

ANSWERS: dict[str, Any] = json.loads(Path(__file__).with_name("pytorch.json").read_text(encoding="utf-8"))
TOLERANCE: dict[str, dict[str, Any]] = {
    "float64": {"rtol": 1e-10, "atol": 1e-12},
    "float32": {"rtol": 1e-5, "atol": 2e-6},
}

Make = Callable[..., Any]


def both_ways(cls: Any, units: int) -> Make:
    return lambda **k: L.Bidirectional(cls(units, return_sequences=True, **k), **k)


def activation(name: str) -> Make:
    return lambda **k: L.Activation(name, **k)


# name: the layers, the shape of PyTorch's input, whether channels are second there
MODULES: dict[str, tuple[list[Make], tuple[int, ...], bool]] = {
    "linear": ([lambda **k: L.Dense(3, **k)], (2, 4), False),
    "linear no bias": ([lambda **k: L.Dense(3, use_bias=False, **k)], (2, 5, 4), False),
    "conv1d": ([lambda **k: L.Conv1D(3, 3, strides=2, **k)], (2, 2, 8), True),
    "conv1d dilated": ([lambda **k: L.Conv1D(3, 3, dilation_rate=2, **k)], (2, 2, 8), True),
    "conv2d": ([lambda **k: L.Conv2D(4, 3, **k)], (2, 2, 5, 6), True),
    "conv2d same": ([lambda **k: L.Conv2D(3, 3, padding="same", **k)], (2, 2, 4, 5), True),
    "conv2d groups": ([lambda **k: L.Conv2D(4, (2, 3), groups=2, **k)], (1, 4, 4, 5), True),
    "conv3d": ([lambda **k: L.Conv3D(2, 2, **k)], (1, 2, 3, 3, 4), True),
    "depthwise": ([lambda **k: L.DepthwiseConv2D(3, depth_multiplier=2, **k)], (1, 2, 5, 5), True),
    "depthwise1d": ([lambda **k: L.DepthwiseConv1D(3, depth_multiplier=2, **k)], (1, 2, 6), True),
    "transposed1d": ([lambda **k: L.Conv1DTranspose(3, 3, strides=2, **k)], (1, 2, 4), True),
    "transposed2d": ([lambda **k: L.Conv2DTranspose(3, 3, strides=2, **k)], (1, 2, 3, 4), True),
    "transposed3d": ([lambda **k: L.Conv3DTranspose(2, 2, **k)], (1, 2, 2, 3, 2), True),
    "max1d": ([lambda **k: L.MaxPooling1D(**k)], (2, 2, 7), True),
    "max2d": ([lambda **k: L.MaxPooling2D(3, 2, **k)], (1, 2, 7, 6), True),
    "max3d": ([lambda **k: L.MaxPooling3D(**k)], (1, 2, 4, 4, 4), True),
    "average1d": ([lambda **k: L.AveragePooling1D(3, 1, **k)], (2, 2, 6), True),
    "average2d": ([lambda **k: L.AveragePooling2D(**k)], (1, 2, 5, 6), True),
    "average3d": ([lambda **k: L.AveragePooling3D(**k)], (1, 2, 4, 4, 4), True),
    "batch norm": ([lambda **k: L.BatchNormalization(epsilon=1e-5, **k)], (4, 3), False),
    "batch norm 2d": ([lambda **k: L.BatchNormalization(epsilon=1e-5, **k)], (2, 3, 2, 2), True),
    "layer norm": ([lambda **k: L.LayerNormalization(epsilon=1e-5, **k)], (2, 3, 4), False),
    "layer norm two axes": ([lambda **k: L.LayerNormalization([1, 2], epsilon=1e-5, **k)], (2, 3, 4), False),
    "rms norm": ([lambda **k: L.RMSNormalization(**k)], (2, 3, 4), False),
    "group norm": ([lambda **k: L.GroupNormalization(2, epsilon=1e-5, **k)], (2, 4, 3, 2), True),
    "prelu": ([lambda **k: L.PReLU(**k)], (2, 3), False),
    "rnn": ([lambda **k: L.SimpleRNN(4, return_sequences=True, **k)], (2, 5, 3), False),
    "lstm": ([lambda **k: L.LSTM(4, return_sequences=True, **k)], (2, 5, 3), False),
    "gru": ([lambda **k: L.GRU(4, return_sequences=True, **k)], (2, 5, 3), False),
    "lstm both ways": ([both_ways(L.LSTM, 4)], (2, 5, 3), False),
    "gru both ways": ([both_ways(L.GRU, 2)], (2, 4, 3), False),
    "two lstms": ([lambda **k: L.LSTM(4, return_sequences=True, **k)] * 2, (2, 4, 3), False),
    "sequential": (
        [lambda **k: L.Dense(5, **k), lambda **k: L.Activation("tanh", **k), lambda **k: L.Dense(2, **k)],
        (3, 4),
        False,
    ),
    "ReLU": ([lambda **k: L.ReLU(**k)], (3, 5), False),
    "ELU": ([lambda **k: L.ELU(**k)], (3, 5), False),
    "ReLU6": ([lambda **k: L.ReLU(max_value=6.0, **k)], (3, 5), False),
    "LeakyReLU": ([lambda **k: L.LeakyReLU(0.1, **k)], (3, 5), False),
    "Softmax": ([lambda **k: L.Softmax(**k)], (3, 5), False),
    "GELU": ([activation("gelu")], (3, 5), False),
    "GELU tanh": ([lambda **k: L.Activation(lambda x: tw.nn.gelu(x, approximate=True), **k)], (3, 5), False),
}  # fmt: skip
for theirs, ours in {
    "SELU": "selu", "Softplus": "softplus", "Softsign": "softsign", "SiLU": "silu", "Tanh": "tanh",
    "Sigmoid": "sigmoid", "Mish": "mish", "LogSigmoid": "log_sigmoid", "Hardtanh": "hard_tanh",
    "Tanhshrink": "tanh_shrink", "CELU": "celu", "Hardswish": "hard_swish", "LogSoftmax": "log_softmax",
    "Hardshrink": "hard_shrink", "Softshrink": "soft_shrink", "GLU": "glu",
}.items():  # fmt: skip
    MODULES[theirs] = ([activation(ours)], (3, 6) if theirs == "GLU" else (3, 5), False)


def test_every_answer_is_asked_for() -> None:
    asked = {f"module {name}" for name in [*MODULES, "embedding", "attention"]} | {"batch norm in training"}
    asked |= {f"loss {name}" for name in [*LOSSES, "ctc"]} | {f"optimizer {name}" for name in OPTIMIZERS}
    assert asked == set(ANSWERS)


def last(x: np.ndarray) -> np.ndarray:
    return np.moveaxis(x, 1, -1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(MODULES))
def test_a_layer_with_the_weights_of_a_module(name: str, dtype: str, tmp_path: Path) -> None:
    makes, shape, second = MODULES[name]
    answer, x = ANSWERS[f"module {name}"], numbers(shape) * 2
    x = last(x) if second else x
    stack = [make(dtype=dtype, name=f"part_{k}") for k, make in enumerate(makes)]
    model = tw.models.Sequential([L.Input(x.shape[1:], dtype=dtype), *stack])
    if answer["state"]:
        load(model, answer["state"], tmp_path, {"part_0": "m", "part_1": "m.1"} if len(stack) < 3 else {})
    given = tw.Variable(x, dtype=dtype)
    with tw.GradientTape() as tape:
        y = model(given)
        way = last(numbers(np.shape(answer["output"]), 7)) if second else numbers(y.shape, 7)
        total = tw.sum(y * way.astype(dtype))
    wanted = np.array(answer["output"]), np.array(answer["gradient"])
    output, gradient = (last(a) for a in wanted) if second else wanted
    np.testing.assert_allclose(y.numpy(), output, **TOLERANCE[dtype])
    np.testing.assert_allclose(tape.gradient(total, given).numpy(), gradient, **TOLERANCE[dtype])
    np.testing.assert_allclose(model.predict(x, verbose=0), output, **TOLERANCE[dtype])


def load(model: Any, shapes: dict[str, Any], folder: Path, names: dict[str, str]) -> None:
    """Write the state as PyTorch would, under a prefix where layers are asked for by name, and read it."""
    prefix = "m." if names else ""
    state = {f"{prefix}{name}": value for name, value in weights(shapes).items()}
    save_file(state, folder / "state.safetensors")
    model.load_weights(folder / "state.safetensors", names={k: v for k, v in names.items() if owns(model, k)})


def owns(model: Any, name: str) -> bool:
    return any(layer.name == name and layer.weights for layer in model.layers)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_embedding(dtype: str, tmp_path: Path) -> None:
    answer = ANSWERS["module embedding"]
    model = tw.models.Sequential([L.Embedding(6, 3, dtype=dtype, input_shape=(2,), name="m")])
    save_file({"m.weight": weights(answer["state"])["weight"]}, tmp_path / "state.safetensors")
    model.load_weights(tmp_path / "state.safetensors")
    np.testing.assert_allclose(model(np.array([[1, 5], [0, 1]])), answer["output"], **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_attention_of_a_sequence_to_itself(dtype: str, tmp_path: Path) -> None:
    answer = ANSWERS["module attention"]
    x = L.Input((3, 4), dtype=dtype)
    model = tw.models.Model(x, L.MultiHeadAttention(2, 2, dtype=dtype, name="m")(x, x))
    load(model, answer["state"], tmp_path, {"m": "m"})
    given = tw.Variable(numbers((2, 3, 4)), dtype=dtype)
    with tw.GradientTape() as tape:
        y = model(given)
        total = tw.sum(y * numbers(y.shape, 7).astype(dtype))
    np.testing.assert_allclose(y.numpy(), answer["output"], **TOLERANCE[dtype])
    np.testing.assert_allclose(tape.gradient(total, given), answer["gradient"], **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batch_normalisation_in_training(dtype: str) -> None:
    layer = L.BatchNormalization(epsilon=1e-5, dtype=dtype)
    y = layer(numbers((5, 3)), training=True)
    np.testing.assert_allclose(y, ANSWERS["batch norm in training"]["output"], **TOLERANCE[dtype])


# --- weights that do not fit ----------------------------------------------------------------------------------------


def classifier() -> Any:
    return tw.models.Sequential([
        L.Conv2D(4, 3, activation="relu", name="conv", input_shape=(5, 5, 2)), L.Flatten("channels_first"),
        L.Dense(3, name="head"),
    ])  # fmt: skip


STATE = {"conv.weight": (4, 2, 3, 3), "conv.bias": (4,), "fc.1.weight": (3, 36), "fc.1.bias": (3,)}


def state_file(folder: Path, shapes: dict[str, Any], **more: np.ndarray) -> Path:
    save_file(
        {**{k: v.astype("float32") for k, v in weights(shapes).items()}, **more}, folder / "s.safetensors"
    )
    return folder / "s.safetensors"


def test_names_lead_from_layers_to_tensors(tmp_path: Path) -> None:
    model, file = (
        classifier(),
        state_file(tmp_path, STATE, **{"bn.num_batches_tracked": np.zeros((), "int64")}),
    )
    model.load_weights(file, names={"head": "fc.1"})
    np.testing.assert_allclose(model.layers[2].kernel.numpy(), weights(STATE)["fc.1.weight"].T, rtol=1e-6)
    with pytest.raises(tw.DataError, match=r"no tensor 'head.weight' for the layer 'head'.*names="):
        model.load_weights(file)
    with pytest.raises(tw.ArgumentError, match="no layer 'haed' takes tensors; expected conv, head"):
        model.load_weights(file, names={"haed": "fc.1"})


def test_what_does_not_fit_is_named_and_nothing_is_set(tmp_path: Path) -> None:
    model, names = classifier(), {"head": "fc.1"}
    before = model.get_weights()
    with pytest.raises(tw.ShapeError, match=r"the weight 'conv/kernel'; expected \[3, 3, 2, 4\]"):
        model.load_weights(state_file(tmp_path, {**STATE, "conv.weight": (4, 3, 3, 3)}), names=names)
    with pytest.raises(tw.DataError, match=r"'fc.1' does not fit 'head'"):
        model.load_weights(state_file(tmp_path, {**STATE, "fc.1.weight": (3,)}), names=names)
    with pytest.raises(tw.DataError, match=r"no layer takes 'old.weight'.*skip_mismatch"):
        model.load_weights(state_file(tmp_path, {**STATE, "old.weight": (2, 2)}), names=names)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)


def test_a_pretrained_body_without_its_head(tmp_path: Path) -> None:
    model = classifier()
    head = model.layers[2].get_weights()
    model.load_weights(state_file(tmp_path, {**STATE, "fc.1.weight": (9, 36)}), skip_mismatch=True)
    np.testing.assert_array_equal(head[0], model.layers[2].get_weights()[0])
    np.testing.assert_allclose(model.layers[0].bias.numpy(), weights(STATE)["conv.bias"], rtol=1e-6)


# --- losses ---------------------------------------------------------------------------------------------------------

P, T = numbers((6, 4), 1), numbers((6, 4), 2)
CHANCE, BITS = (P + 1) / 2, (T > 0).astype(np.float64)
CLASSES = np.array([0, 3, 1, 2, 2, 0])
LOSSES: dict[str, tuple[Any, np.ndarray, np.ndarray]] = {
    "mse": (losses.MeanSquaredError(), P, T),
    "mae": (losses.MeanAbsoluteError(), P, T),
    "huber": (losses.Huber(0.3), P, T),
    "bce": (losses.BinaryCrossentropy(), CHANCE, BITS),
    "bce logits": (losses.BinaryCrossentropy(from_logits=True), P * 9, BITS),
    "ce": (losses.SparseCategoricalCrossentropy(from_logits=True), P * 5, CLASSES),
    "ce smoothed": (
        losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1), P * 5, np.eye(4)[CLASSES]
    ),
    "ce ignoring": (losses.SparseCategoricalCrossentropy(True, 2), P * 5, CLASSES),
    "kl": (losses.KLDivergence(), CHANCE, (T + 1) / 2),
    "poisson": (losses.Poisson(), CHANCE, (T + 1) * 2),
    "cosine": (losses.CosineSimilarity(), P, T),
    "hinge": (losses.Hinge(), P * 2, np.sign(T)),
    "multi-label hinge": (lambda t, p: tw.mean(tw.nn.softplus(-t * p)), P, np.sign(T)),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(LOSSES))
def test_a_loss_and_its_gradient(name: str, dtype: str) -> None:
    loss, p, t = LOSSES[name]
    given = tw.Variable(p, dtype=dtype)
    target = t if t.dtype.kind == "i" else t.astype(dtype)
    with tw.GradientTape() as tape:
        value = loss(target, given)
    answer = ANSWERS[f"loss {name}"]
    np.testing.assert_allclose(value, answer["value"], **TOLERANCE[dtype])
    np.testing.assert_allclose(tape.gradient(value, given), answer["gradient"], **TOLERANCE[dtype])


CTC_LABELS, CTC_STEPS = np.array([[1, 1, 2], [4, 0, 0], [3, 1, 4], [2, 2, 2]]), np.array([7, 6, 3, 4])


@pytest.mark.parametrize("blank", [0, 4])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("compiled", [False, True])
def test_ctc_and_its_gradient(dtype: str, blank: int, compiled: bool) -> None:
    """Of one example the labels do not fit: its loss is infinite, and teaches nothing."""
    logits, labels, counts = numbers((4, 7, 5), 3) * 3, CTC_LABELS, np.array([3, 0, 3, 3])
    if blank:
        logits, labels = logits[..., ::-1].copy(), 4 - labels
    given = tw.Variable(logits, dtype=dtype)

    def both() -> Any:
        with tw.GradientTape() as tape:
            values = tw.nn.ctc_loss(given, labels, CTC_STEPS, counts, blank)
            total = tw.sum(values[:3])
        return values, tape.gradient(total, given)

    values, gradient = (np.asarray(v) for v in (tw.function(both) if compiled else both)())
    answer = ANSWERS["loss ctc"]
    np.testing.assert_allclose(values[:3], answer["values"], **TOLERANCE[dtype])
    assert values[3] == np.inf
    gradient = gradient[..., ::-1] if blank else gradient
    np.testing.assert_allclose(gradient[:3], answer["gradient"], **TOLERANCE[dtype])
    np.testing.assert_array_equal(gradient[3], 0)


def test_ctc_as_a_loss_of_training() -> None:
    """Labels filled up with the blank; all steps count."""
    logits = numbers((2, 6, 4), 3)
    expected = tw.nn.ctc_loss(logits, [[1, 2], [3, 0]], [6, 6], [2, 1])
    np.testing.assert_allclose(losses.CTC(None)([[1, 2], [3, 0]], logits), expected)
    assert losses.get("ctc")([[1, 2], [3, 0]], logits).item() == pytest.approx(expected.numpy().mean())
    with pytest.raises(tw.ShapeError, match="ctc_loss: logits and labels"):
        tw.nn.ctc_loss(logits[0], [1], [6], [1])
    with pytest.raises(tw.DTypeError, match="ctc_loss: labels"):
        tw.nn.ctc_loss(logits, [[1.0], [1.0]], [6, 6], [1, 1])


# --- optimizers -----------------------------------------------------------------------------------------------------

START = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]])
TARGET = np.array([[0.2, 0.1, -0.4], [0.3, -0.1, 0.7]])
SCALE = np.array([1.0, 2.0, 0.5])
OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "SGD": lambda: opt.Momentum(0.02, 0.9),
    "SGD nesterov": lambda: opt.Momentum(0.02, 0.9, True),
    "Adagrad": lambda: opt.Adagrad(0.3, 0.0, 1e-10, False),
    "Adadelta": lambda: opt.Adadelta(1.0, 0.9, 1e-6),
    "RMSprop": lambda: opt.RMSProp(0.05, 0.99, 0.5, 1e-8, True, False),
    "Adam": lambda: opt.Adam(0.1, epsilon=1e-8, epsilon_hat=False),
    "AdamW": lambda: opt.AdamW(0.1, 0.01, epsilon=1e-8, epsilon_hat=False),
    "Adamax": lambda: opt.Adamax(0.1, epsilon=0.0),
    "NAdam": lambda: opt.Nadam(0.1, epsilon=1e-8, momentum_decay=0.004),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_an_optimizer(name: str, dtype: str) -> None:
    w, optimizer = tw.Variable(START, dtype=dtype), OPTIMIZERS[name]()
    seen = []
    for t in range(20):
        slope = 2 * SCALE**2 * (w.numpy().astype(np.float64) - TARGET) * (1 + 0.1 * t)
        optimizer.apply_gradients([(tw.constant(slope.astype(dtype)), w)])
        if t % 5 == 4:
            seen.append(w.numpy())

    np.testing.assert_allclose(np.stack(seen), ANSWERS[f"optimizer {name}"]["values"], **TOLERANCE[dtype])
