"""Image layers beside the numbers of Keras 3.15, and what random ones promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import thalweg as tw
from thalweg import layers as L
from thalweg.errors import ArgumentError, ArgumentTypeError, ShapeError

IMAGE = (np.arange(12) ** 2 % 17).astype("float32").reshape(1, 3, 4, 1)

# What Keras 3.15 makes of IMAGE; a range of one number leaves nothing to chance.
KERAS: list[tuple[Any, dict[str, Any], list[list[float]]]] = [
    (
        L.RandomRotation,
        {"factor": (0.1, 0.1), "fill_mode": "reflect", "fill_value": -1.0},
        [
            [0.8742597, 3.04983, 7.401328, 14.05541],
            [1.874562, 5.622381, 6.16904, 6.381053],
            [14.83743, 12.48523, 13.63345, 13.36538],
        ],
    ),
    (
        L.RandomRotation,
        {"factor": (0.1, 0.1), "fill_mode": "wrap", "fill_value": -1.0},
        [
            [13.0, 14.36655, 7.401328, 15.78202],
            [1.874562, 5.622381, 6.16904, 6.381053],
            [14.56403, 12.48523, 1.95017, 4.628701],
        ],
    ),
    (
        L.RandomRotation,
        {"factor": (0.1, 0.1), "fill_mode": "constant", "fill_value": -1.0},
        [
            [-0.4202819, 2.633064, 7.401328, 9.519052],
            [1.874562, 5.622381, 6.16904, 6.381053],
            [10.06544, 12.48523, 12.12752, 3.443285],
        ],
    ),
    (
        L.RandomRotation,
        {"factor": (0.1, 0.1), "fill_mode": "nearest", "fill_value": -1.0},
        [
            [0.8742597, 3.04983, 7.401328, 14.05541],
            [1.874562, 5.622381, 6.16904, 6.381053],
            [14.83743, 12.48523, 13.63345, 13.36538],
        ],
    ),
    (
        L.RandomRotation,
        {"factor": (0.1, 0.1), "interpolation": "nearest"},
        [[1.0, 4.0, 4.0, 15.0], [0.0, 8.0, 2.0, 2.0], [16.0, 13.0, 13.0, 15.0]],
    ),
    (
        L.RandomTranslation,
        {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2), "fill_mode": "reflect"},
        [[0.8, 3.4, 8.0, 9.0], [1.68, 3.38, 8.44, 9.6], [9.940001, 4.339999, 11.62, 13.7]],
    ),
    (
        L.RandomTranslation,
        {
            "height_factor": (0.5, 0.5),
            "width_factor": (0.3, 0.3),
            "fill_mode": "constant",
            "fill_value": -1.0,
        },
        [[-1.0, -1.0, -1.0, -1.0], [-1.0, -0.6, -0.1, 1.2], [-1.0, 6.2, 5.2, 3.3]],
    ),
    (
        L.RandomTranslation,
        {"height_factor": (0.5, 0.5), "width_factor": (0.3, 0.3), "fill_mode": "wrap"},
        [[8.5, 8.5, 11.3, 8.9], [4.6, 2.0, 13.0, 14.6], [10.2, 12.0, 5.2, 3.3]],
    ),
    (
        L.RandomZoom,
        {"height_factor": (0.3, 0.3), "width_factor": (-0.4, -0.4)},
        [[0.6, 1.6, 3.4, 6.0], [11.2, 6.8, 3.2, 7.200001], [13.0, 13.4, 14.6, 9.799998]],
    ),
    (
        L.RandomZoom,
        {"height_factor": (-0.3, -0.3)},
        [[4.035, 3.145, 3.355, 7.47], [12.4, 7.1, 2.9, 9.15], [12.82, 11.44, 11.16, 8.24]],
    ),
    (
        L.RandomBrightness,
        {"factor": (0.2, 0.2), "value_range": (0, 20)},
        [[4.0, 5.0, 8.0, 13.0], [20.0, 12.0, 6.0, 19.0], [17.0, 17.0, 19.0, 6.0]],
    ),
    (L.CenterCrop, {"height": 2, "width": 3}, [[0.0, 1.0, 4.0], [16.0, 8.0, 2.0]]),
    (L.CenterCrop, {"height": 2, "width": 5}, [[16.0, 10.4, 5.0, 5.9, 15.0], [16.0, 10.4, 5.0, 5.9, 15.0]]),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "bilinear", "antialias": False},
        [[4.0, 3.125, 3.125, 5.6, 10.5], [13.75, 12.35, 11.75, 9.8, 5.25]],
    ),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "bilinear", "antialias": True},
        [[6.0, 4.3375, 3.4375, 5.65, 11.25], [14.125, 12.025, 10.625, 9.150001, 6.875]],
    ),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "nearest", "antialias": False},
        [[0.0, 1.0, 4.0, 4.0, 9.0], [13.0, 13.0, 15.0, 15.0, 2.0]],
    ),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "bicubic", "antialias": True},
        [
            [5.82599, 3.975621, 2.306581, 5.226763, 12.0038],
            [14.82857, 12.50102, 10.97733, 9.283035, 6.634777],
        ],
    ),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "lanczos3", "antialias": False},
        [
            [3.233284, 2.500803, 1.081921, 5.4869, 11.37103],
            [14.66594, 12.92966, 13.29429, 10.10777, 4.336951],
        ],
    ),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "lanczos5", "antialias": True},
        [
            [5.784789, 4.643416, -0.02799964, 5.524471, 12.83864],
            [15.66976, 12.91336, 11.07379, 9.377654, 6.73987],
        ],
    ),
    (
        L.Resizing,
        {"height": 2, "width": 5, "interpolation": "area", "antialias": False},
        [[5.333333, 3.833333, 3.333334, 5.25, 11.0], [14.0, 12.0, 11.0, 9.583331, 6.333333]],
    ),
    (L.Resizing, {"height": 2, "width": 2, "crop_to_aspect_ratio": True}, [[3.6875, 3.3125], [13.25, 11.75]]),
    (
        L.Resizing,
        {"height": 2, "width": 2, "pad_to_aspect_ratio": True, "fill_value": 9.0},
        [[3.375, 7.0], [12.75, 8.5]],
    ),
]


@pytest.mark.parametrize("case", KERAS, ids=lambda c: f"{c[0].__name__}-{'-'.join(map(str, c[1].values()))}")
def test_equal_to_keras(case: Any) -> None:
    cls, arguments, expected = case
    layer = cls(**arguments)
    training = {"training": True} if cls.__name__.startswith("Random") else {}
    np.testing.assert_allclose(layer(IMAGE, **training).numpy()[0, ..., 0], expected, rtol=1e-5, atol=1e-5)
    turned = cls(**arguments, data_format="channels_first") if cls is not L.RandomBrightness else layer
    given = np.moveaxis(IMAGE, -1, 1) if turned is not layer else IMAGE
    one = turned(given[0], **training).numpy()
    assert one.ndim == 3
    np.testing.assert_allclose(one.squeeze(), np.squeeze(expected), rtol=1e-5, atol=1e-5)


def test_contrast_is_about_the_mean_of_each_channel() -> None:
    tw.random.set_seed(0)
    x = np.random.default_rng(0).uniform(5, 9, (50, 4, 5, 2)).astype("float32")
    y = L.RandomContrast(0.5, value_range=(-100, 100))(x, training=True).numpy()
    mean = x.mean(axis=(1, 2), keepdims=True)
    factors = (y - mean) / (x - mean)
    one = factors[:, :1, :1, :1]
    np.testing.assert_allclose(factors, np.broadcast_to(one, factors.shape), rtol=2e-3)
    assert 0.5 <= one.min() < 0.7 and 1.3 < one.max() <= 1.5
    clipped = L.RandomContrast((0.0, 1.0), value_range=(6, 8))(x, training=True).numpy()
    assert clipped.min() == 6 and clipped.max() == 8


def test_whole_numbers_are_resized_to_whole_numbers() -> None:
    y = L.Resizing(2, 2)(IMAGE.astype("uint8"))
    assert y.dtype == np.uint8
    expected = np.rint(L.Resizing(2, 2)(IMAGE).numpy())
    np.testing.assert_array_equal(y.numpy(), expected)
    bright = L.Resizing(6, 8, interpolation="lanczos3")(IMAGE.astype("uint8") * np.uint8(15))
    assert bright.numpy().max() <= 255 and bright.numpy().min() >= 0  # an overshoot does not wrap around


def test_flips_turn_about_half_of_the_images() -> None:
    tw.random.set_seed(0)
    x = np.random.default_rng(0).normal(size=(200, 3, 4, 2)).astype("float32")
    across = L.RandomFlip("horizontal")(x, training=True).numpy()
    both = L.RandomFlip()(x, training=True).numpy()
    turned = (across == x[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (across == x).all(axis=(1, 2, 3))
    assert (turned ^ same).all() and 70 < turned.sum() < 130
    kinds = [x, x[:, ::-1], x[:, :, ::-1], x[:, ::-1, ::-1]]
    counts = [int((both == kind).all(axis=(1, 2, 3)).sum()) for kind in kinds]
    assert sum(counts) == 200 and min(counts) > 25


def test_a_random_crop_is_a_part_of_the_image() -> None:
    tw.random.set_seed(0)
    x = np.arange(2 * 6 * 7, dtype="float32").reshape(2, 6, 7, 1)
    parts = {x[:, i : i + 3, j : j + 4].tobytes() for i in range(4) for j in range(4)}
    layer = L.RandomCrop(3, 4)
    found = {layer(x, training=True).numpy().tobytes() for _ in range(60)}
    assert found <= parts and len(found) > 8
    np.testing.assert_array_equal(layer(x, training=False).numpy(), x[:, 1:4, 1:5])


RANDOM: dict[str, tuple[Any, dict[str, Any]]] = {
    "flip": (L.RandomFlip, {}),
    "rotation": (L.RandomRotation, {"factor": 0.2}),
    "zoom": (L.RandomZoom, {"height_factor": 0.3, "width_factor": 0.3}),
    "translation": (L.RandomTranslation, {"height_factor": 0.3, "width_factor": 0.3}),
    "crop": (L.RandomCrop, {"height": 3, "width": 3}),
    "contrast": (L.RandomContrast, {"factor": 0.4}),
    "brightness": (L.RandomBrightness, {"factor": 0.4}),
    "dropout": (L.Dropout, {"rate": 0.5}),
    "spatial": (L.SpatialDropout2D, {"rate": 0.5}),
    "gaussian": (L.GaussianDropout, {"rate": 0.5}),
    "alpha": (L.AlphaDropout, {"rate": 0.5}),
    "noise": (L.GaussianNoise, {"stddev": 0.5}),
}
PICTURES = np.random.default_rng(1).uniform(0, 255, (8, 6, 7, 3)).astype("float32")


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_decides_the_draws_alone(name: str) -> None:
    cls, arguments = RANDOM[name]

    def calls(seed: Any, count: int = 4) -> list[np.ndarray]:
        layer = cls(**arguments, seed=seed)
        return [layer(PICTURES, training=True).numpy() for _ in range(count)]

    tw.random.set_seed(0)
    first = calls(7)
    tw.random.set_seed(1)
    again = calls(7)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(first[0], other) for other in first[1:])
    assert any(not np.array_equal(a, b) for a, b in zip(first, calls(8), strict=True))
    drawn = calls(None)
    assert any(not np.array_equal(drawn[0], other) for other in drawn[1:])
    tw.random.set_seed(1)
    calls(7)  # takes nothing from tw.random
    np.testing.assert_array_equal(calls(None)[0], drawn[0])


@pytest.mark.parametrize("name", RANDOM)
def test_a_seeded_layer_draws_the_same_compiled(name: str) -> None:
    cls, arguments = RANDOM[name]
    eager, traced = cls(**arguments, seed=7), cls(**arguments, seed=7)
    compiled = tw.function(lambda x: traced(x, training=True))
    for _ in range(3):
        np.testing.assert_allclose(
            compiled(PICTURES), eager(PICTURES, training=True).numpy(), rtol=2e-5, atol=2e-3
        )


SEQUENCES = np.random.default_rng(2).normal(size=(4, 5, 3)).astype("float32")


@pytest.mark.parametrize(
    "make",
    [
        lambda: L.LSTM(6, dropout=0.4, recurrent_dropout=0.4, seed=3, kernel_initializer="ones"),
        lambda: L.RNN(L.GRUCell(6, dropout=0.4, recurrent_dropout=0.4, seed=3)),
        lambda: L.MultiHeadAttention(2, 4, dropout=0.4, seed=3),
    ],
    ids=["LSTM", "RNN", "MultiHeadAttention"],
)
def test_seeds_of_layers_that_drop_inside(make: Any) -> None:
    layer, again = make(), make()
    given = (SEQUENCES, SEQUENCES) if isinstance(layer, L.MultiHeadAttention) else (SEQUENCES,)
    layer(*given)
    again(*given)
    again.set_weights(layer.get_weights())
    traced = tw.function(lambda *x: again(*x, training=True))
    found = []
    for _ in range(3):
        tw.random.normal((3,))  # moves tw.random on, which these layers do not heed
        found.append(layer(*given, training=True).numpy())
        np.testing.assert_allclose(traced(*given), found[-1], rtol=2e-5, atol=2e-6)
    assert not np.array_equal(found[0], found[1])


def test_a_seeded_sequence_goes_on_from_a_file(tmp_path: Any) -> None:
    net = tw.models.Sequential([L.Input((6, 7, 3)), L.RandomRotation(0.2, seed=3), L.Dropout(0.5, seed=4)])
    net(PICTURES, training=True)
    net.save(tmp_path / "net.safetensors")
    again = tw.models.load_model(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(
        again(PICTURES, training=True).numpy(), net(PICTURES, training=True).numpy()
    )


def test_a_seed_is_no_weight(tmp_path: Any) -> None:
    plain, seeded = (
        tw.models.Sequential([L.Input((4,)), L.Dropout(0.5, seed=seed), L.Dense(2)]) for seed in (None, 3)
    )
    assert seeded.count_params() == 10 and len(seeded.get_weights()) == 2
    plain.save_weights(tmp_path / "plain.safetensors")
    seeded.load_weights(tmp_path / "plain.safetensors")
    np.testing.assert_array_equal(seeded.get_weights()[0], plain.get_weights()[0])
    seeded.save_weights(tmp_path / "seeded.safetensors")
    plain.load_weights(tmp_path / "seeded.safetensors")


def test_images_are_changed_in_training_only() -> None:
    tw.random.set_seed(0)
    net = tw.models.Sequential([L.Input((6, 7, 3)), L.RandomTranslation(0.4, 0.4), L.Flatten(), L.Dense(1)])
    net.compile("sgd", "mse")
    first = net.predict(PICTURES)
    np.testing.assert_array_equal(first, net.predict(PICTURES))
    losses = {net.train_on_batch(PICTURES, np.zeros((8, 1)), sample_weight=np.zeros(8)) for _ in range(2)}
    assert losses == {0.0}


A_TEXT: Any = "x"
BAD: list[tuple[Any, Any, str]] = [
    (lambda: L.RandomFlip("diagonal"), ArgumentError, "RandomFlip: mode; expected horizontal, vertical"),
    (lambda: L.RandomRotation(2.0), ArgumentError, "RandomRotation: factor; .* from -1 to 1; received 2.0"),
    (lambda: L.RandomRotation((0.3, 0.1)), ArgumentError, "RandomRotation: factor"),
    (lambda: L.RandomRotation(0.1, fill_mode="mirror"), ArgumentError, "fill_mode; expected reflect, wrap"),
    (lambda: L.RandomZoom(0.1, interpolation="cubic"), ArgumentError, "interpolation; expected nearest, bilinear"),
    (lambda: L.RandomContrast(1.5), ArgumentError, "RandomContrast: factor"),
    (lambda: L.RandomBrightness((0.1, 0.2, 0.3)), ArgumentError, "RandomBrightness: factor"),
    (lambda: L.Resizing(0, 3), ArgumentError, "Resizing: height"),
    (lambda: L.Resizing(3, 3, interpolation="best"), ArgumentError, "Resizing: interpolation; expected bilinear"),
    (lambda: L.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), ArgumentError, "not both"),
    (lambda: L.CenterCrop(3, -1), ArgumentError, "CenterCrop: width"),
    (lambda: L.Dropout(0.5, seed=A_TEXT), ArgumentTypeError, "Dropout: seed; expected an int; received 'x'"),
    (lambda: L.CenterCrop(3, 3)(np.ones((2, 3))), ShapeError, r"center_crop.*\[batch, height, width, channels\]"),
    (lambda: L.Resizing(3, 3)(L.Input((None, None, 3))), ShapeError, "size of the images must be known"),
]  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_arguments_are_named(case: Any) -> None:
    make, error, message = case
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("size", [2, (3, 4), (1, 2)])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_images_of_open_size_are_interpolated_as_those_of_a_known_one(size: Any, data_format: str) -> None:
    last = data_format == "channels_last"
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3) if last else (2, 3, 5, 4)).astype("float32")
    open_sizes = L.Input((None, None, 3) if last else (3, None, None))
    options = {"data_format": data_format, "interpolation": "bilinear"}
    model = tw.models.Model(open_sizes, L.UpSampling2D(size, **options)(open_sizes))
    known = L.UpSampling2D(size, **options)(x).numpy()
    np.testing.assert_allclose(model.predict(x, verbose=0), known, rtol=1e-5, atol=1e-6)
    with pytest.raises(ShapeError, match="unless it is bilinear"):
        L.UpSampling2D(2, interpolation="bicubic")(L.Input((None, None, 3)))
