"""``keras.applications``: known networks for images. Their trained weights are downloaded where Keras kept them."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from thalweg.compat.keras import architectures as nets
from thalweg.compat.keras import backend as K
from thalweg.compat.keras import layers as L
from thalweg.compat.keras import models as _models
from thalweg.compat.keras import searched
from thalweg.compat.keras import utils as _utils
from thalweg.compat.names import Namespace, UnsupportedNameError
from thalweg.errors import ArgumentError, ShapeError, fail
from thalweg.graph.tensor import Tensor, shape_text
from thalweg.layers.naming import named_from_one

# --- inputs and outputs ---------------------------------------------------------------------------------------------

_CAFFE = (103.939, 116.779, 123.68)  # means of blue, green, red
_TORCH = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def _along(values: Any, x: Any, first: bool) -> np.ndarray:
    """Three numbers along the axis of channels."""
    return np.reshape(np.asarray(values, "float32"), (3, 1, 1) if first and x.ndim > 2 else (3,))


def preprocess_input(x: Any, data_format: Any = None, mode: str = "caffe", **ignored: Any) -> Any:
    """Images of 0 to 255 as a network saw them in training.

    ``caffe``: blue, green, red, less their means; ``tf``: -1 to 1; ``torch``: less the means, over the deviations.
    """
    x = x if isinstance(x, Tensor) else np.asarray(x, "float32")
    if mode == "tf":
        return x / np.float32(127.5) - np.float32(1.0)
    first = (data_format or K.image_data_format()) == "channels_first"
    if mode == "torch":
        return (x / np.float32(255.0) - _along(_TORCH[0], x, first)) / _along(_TORCH[1], x, first)
    axis = x.ndim - 3 if first else x.ndim - 1
    turned = x[tuple(slice(None, None, -1) if k == axis else slice(None) for k in range(x.ndim))]
    return turned - _along(_CAFFE, x, first)


def _prepared(mode: str) -> Callable[..., Any]:
    def prepare(x: Any, data_format: Any = None, **ignored: Any) -> Any:
        return preprocess_input(x, data_format, mode)

    prepare.__doc__ = preprocess_input.__doc__
    return prepare


_INDEX = "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"


def decode_predictions(preds: Any, top: int = 5, **ignored: Any) -> list[list[tuple[str, str, float]]]:
    """The ``top`` classes of each row of 1000 probabilities: (number in WordNet, name, probability)."""
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise fail(ArgumentError, "decode_predictions", expected="[rows, 1000]", received=str(preds.shape))
    path = _utils.get_file("imagenet_class_index.json", _INDEX, cache_subdir="models",
                    file_hash="c2c37ea517e94d9795004a39431a14cb")  # fmt: skip
    names = json.loads(Path(path).read_text(encoding="utf-8"))
    return [[(*names[str(k)], row[k]) for k in np.argsort(row)[-top:][::-1]] for row in preds]


# --- networks -------------------------------------------------------------------------------------------------------


class _Files(NamedTuple):
    """Where the weights of a network are: the folder, the file's name, and the MD5 sums of the whole and of it without
    its top, whose file has one more word at its end.
    """

    folder: str
    name: str
    whole: str | None = None
    no_top: str | None = None
    word: str = "_notop"


_KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"


def _files(folder: str, name: str, whole: str, no_top: str) -> _Files:
    first = "https://github.com/fchollet/deep-learning-models/releases/download/"
    place = (first if folder[0] == "v" else _KERAS) + folder
    return _Files(f"{place}/", f"{name}_weights_tf_dim_ordering_tf_kernels", whole, no_top)


_WEIGHTS = {
    "vgg16": _files("v0.1", "vgg16", "64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"),
    "vgg19": _files("v0.1", "vgg19", "cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"),
    "first_resnet50": _files(
        "v0.2", "resnet50", "a7b3fe01876f51b976af0dea6bc144eb", "a268eb855778b3df3c7506639542a6af"
    ),
    "xception": _files(
        "v0.4", "xception", "0a58e3b7378bc2990ea3b43d5981f1f6", "b0042744bf5b25fce3cb969f33bebb97"
    ),
    "inception_v3": _files(
        "v0.5", "inception_v3", "9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"
    ),
    "inception_resnet_v2": _files(
        "inception_resnet_v2", "inception_resnet_v2",
        "e693bd0210a403b3192acc6073ad2e96", "d19885ff4a710c122648d3b5c3b684e4",
    ),
    **{
        name: _files(folder, name, whole, no_top)
        for folder, name, whole, no_top in (
            ("densenet", "densenet121", "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738"),
            ("densenet", "densenet169", "d699b8f76981ab1b30698df4c175e90b", "b8c4d4c20dd625c148057b9ff1c1176b"),
            ("densenet", "densenet201", "1ceb130c1ea1b78c3bf6114dbdfd8807", "c13680b51ded0fb44dff2d8f86ac8bb1"),
            ("resnet", "resnet50", "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"),
            ("resnet", "resnet101", "f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"),
            ("resnet", "resnet152", "100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"),
            ("resnet", "resnet50v2", "3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"),
            ("resnet", "resnet101v2", "6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"),
            ("resnet", "resnet152v2", "a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"),
        )
    },
    **{
        f"nasnet_{size}": _Files(f"{_KERAS}nasnet/", f"NASNet-{size}", whole, no_top, "-no-top")
        for size, whole, no_top in (
            ("mobile", "020fb642bf7360b370c678b08e0adf61", "1ed92395b5b598bdda52abe5c0dbfd63"),
            ("large", "11577c9a518f0070763c2b964a382f17", "d81d89dc07e6e56530c4e77faddd61b5"),
        )
    },
}  # fmt: skip
_MOBILE_SIDES = {"mobilenet": (128, 160, 192, 224), "mobilenet_v2": (96, 128, 160, 192, 224)}


def _mobile_files(
    name: str, sides: Any, alpha: float = 1.0, minimalistic: bool = False, **ignored: Any
) -> _Files | None:
    """Those of MobileNets, which are for one width, and one side of square images."""
    if "mobilenet" not in name.lower():
        return None
    side = sides[0] if sides[0] == sides[1] and sides[0] in _MOBILE_SIDES.get(name, ()) else 224
    if name == "mobilenet":
        share = f"{int(alpha * 10)}_{int(alpha * 100) % 10}" if alpha < 1 else "1_0"
        return _Files(f"{_KERAS}{name}/", f"{name}_{share}_{side}_tf", word="_no_top")
    if name == "mobilenet_v2":
        stem = f"{name}_weights_tf_dim_ordering_tf_kernels_{float(alpha)}_{side}"
        return _Files(f"{_KERAS}{name}/", stem, word="_no_top")
    size = name.removeprefix("MobileNetV3").lower() + "_minimalistic" * minimalistic
    stem = f"weights_mobilenet_v3_{size}_224_{float(alpha)}_float"
    return _Files(f"{_KERAS}mobilenet_v3/", stem, word="_no_top_v2")


def _load(model: _models.Model, name: str, weights: Any, include_top: bool, given: Mapping[str, Any]) -> None:
    if weights is None:
        return
    if weights != "imagenet":
        model.load_weights(weights)
        return
    first = 2 if K.image_data_format() == "channels_first" else 1
    files = _WEIGHTS.get(name) or _mobile_files(name, model.input_shape[first : first + 2], **given)
    if files is None:
        raise UnsupportedNameError(
            f"keras.applications: the trained weights of {name} are not supported; give weights=None, or a file"
        )
    file = f"{files.name}{'' if include_top else files.word}.h5"
    md5 = files.whole if include_top else files.no_top
    model.load_weights(_utils.get_file(file, files.folder + file, cache_subdir="models", md5_hash=md5))


_SUBMODULES = (
    "backend",
    "layers",
    "models",
    "utils",
)  # which keras_applications was given, Keras's or tf.keras's
_ORDER = "include_top weights input_tensor input_shape pooling classes"
_MOBILE = "dropout include_top weights input_tensor pooling classes"


class _Network:
    """A function of Keras's arguments that makes a network; ``parts`` gives its features and its top, ``file`` the
    name of its weights. Of stand-alone Keras, ``kind`` is the class of its models.
    """

    def __init__(
        self, name: str, size: int, parts: Callable[..., tuple[Any, Any]], order: str = _ORDER, file: str = "",
        kind: Any = None,
    ) -> None:  # fmt: skip
        self.__name__, self.file, self.kind = name, file or name, kind
        self.size, self.parts, self.order = size, parts, order

    def of(self, kind: Any) -> _Network:
        """The same for stand-alone Keras."""
        return _Network(self.__name__, self.size, self.parts, self.order, self.file, kind)

    def __call__(self, *args: Any, **options: Any) -> _models.Model:
        with named_from_one() if self.kind else nullcontext():
            return self._made(args, options)

    def _made(self, args: tuple[Any, ...], options: dict[str, Any]) -> _models.Model:
        given = {
            "include_top": True,
            "weights": "imagenet",
            "classes": 1000,
            **dict(zip(self.order.split(), args)),
            **options,
        }
        given = {n: v for n, v in given.items() if n not in _SUBMODULES}
        include_top, weights, classes = (given.pop(n) for n in ("include_top", "weights", "classes"))
        tensor, shape, pooling = (given.pop(n, None) for n in ("input_tensor", "input_shape", "pooling"))
        if shape is None:
            lengths = [self.size, self.size] if include_top else [None, None]
            shape = [3, *lengths] if K.image_data_format() == "channels_first" else [*lengths, 3]
        x = L.Input(tuple(shape)) if tensor is None else tensor
        features, top = self.parts(**given)
        y = features(x)
        if include_top:
            y = top(y, classes)
        elif pooling is not None:
            y = (L.GlobalAveragePooling2D if pooling == "avg" else L.GlobalMaxPooling2D)()(y)
        sources = _utils.get_source_inputs(x)
        kind = self.kind or _models.Model
        model = kind(sources if len(sources) > 1 else sources[0], y, name=self.__name__)
        _load(model, self.file, weights, include_top, given)
        return model


def _classes(name: str) -> Callable[[Any, int], Any]:
    """The mean of each feature, and the classes in a layer of this name."""

    def top(x: Any, classes: int) -> Any:
        x = L.GlobalAveragePooling2D(name="avg_pool")(x)
        return L.Dense(classes, activation="softmax", name=name)(x)

    return top


def _mobilenet(alpha: float = 1.0, depth_multiplier: int = 1, dropout: float = 1e-3) -> tuple[Any, Any]:
    return nets.mobilenet(alpha, depth_multiplier), nets.mobilenet_top(dropout)


def _mobilenet_v3(
    blocks: Any, filters: int, alpha: float = 1.0, minimalistic: bool = False, dropout_rate: float = 0.2,
    classifier_activation: Any = "softmax", include_preprocessing: bool = True,
) -> tuple[Any, Any]:  # fmt: skip
    features = searched.mobilenet_v3(blocks, alpha, minimalistic, include_preprocessing)
    top = searched.mobilenet_v3_top(filters, alpha, minimalistic, dropout_rate, classifier_activation)
    return features, top


VGG16 = _Network("vgg16", 224, lambda: (nets.vgg((2, 2, 3, 3, 3)), nets.vgg_top))
VGG19 = _Network("vgg19", 224, lambda: (nets.vgg((2, 2, 4, 4, 4)), nets.vgg_top))
_first_resnet50 = _Network(
    "resnet50", 224, lambda: (nets.resnet((3, 4, 6, 3)), _classes("fc1000")), file="first_resnet50"
)
ResNet50 = _Network("resnet50", 224, lambda: (nets.deep_resnet((3, 4, 6, 3)), _classes("predictions")))
ResNet101 = _Network("resnet101", 224, lambda: (nets.deep_resnet((3, 4, 23, 3)), _classes("predictions")))
ResNet152 = _Network("resnet152", 224, lambda: (nets.deep_resnet((3, 8, 36, 3)), _classes("predictions")))
ResNet50V2, ResNet101V2, ResNet152V2 = (
    _Network(f"resnet{depth}v2", 224, lambda counts=counts: (nets.resnet_v2(counts), _classes("predictions")))
    for depth, counts in ((50, (3, 4, 6, 3)), (101, (3, 4, 23, 3)), (152, (3, 8, 36, 3)))
)
# Of each: width, depth, the side of its images, the share dropped before the classes.
_SIZES = (
    (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3), (1.4, 1.8, 380, 0.4),
    (1.6, 2.2, 456, 0.4), (1.8, 2.6, 528, 0.5), (2.0, 3.1, 600, 0.5),
)  # fmt: skip
(
    EfficientNetB0, EfficientNetB1, EfficientNetB2, EfficientNetB3, EfficientNetB4, EfficientNetB5, EfficientNetB6,
    EfficientNetB7,
) = _efficient = [
    _Network(
        f"efficientnetb{k}", size,
        lambda width=width, depth=depth, drop=drop: (nets.efficient(width, depth), nets.efficient_top(drop)),
    )
    for k, (width, depth, size, drop) in enumerate(_SIZES)
]  # fmt: skip
InceptionV3 = _Network("inception_v3", 299, lambda: (nets.inception_v3, _classes("predictions")))
InceptionResNetV2 = _Network(
    "inception_resnet_v2", 299, lambda: (nets.inception_resnet_v2, _classes("predictions"))
)
Xception = _Network("xception", 299, lambda: (nets.xception, _classes("predictions")))
MobileNet = _Network("mobilenet", 224, _mobilenet, f"input_shape alpha depth_multiplier {_MOBILE}")
MobileNetV2 = _Network(
    "mobilenet_v2", 224, lambda alpha=1.0: (nets.mobilenet_v2(alpha), _classes("Logits")),
    "input_shape alpha include_top weights input_tensor pooling classes",
)  # fmt: skip
MobileNetV3Small, MobileNetV3Large = (
    _Network(
        name, 224, functools.partial(_mobilenet_v3, blocks, filters),
        "input_shape alpha minimalistic include_top weights input_tensor classes pooling dropout_rate "
        "classifier_activation include_preprocessing",
    )
    for name, blocks, filters in (
        ("MobileNetV3Small", searched.SMALL, 1024), ("MobileNetV3Large", searched.LARGE, 1280),
    )
)  # fmt: skip
NASNetMobile, NASNetLarge = (
    _Network(
        name, size, lambda settings=settings: (searched.nasnet(*settings), _classes("predictions")),
        "input_shape include_top weights input_tensor pooling classes",
    )
    for name, size, settings in (
        ("nasnet_mobile", 224, (1056, 4, 32, False)), ("nasnet_large", 331, (4032, 6, 96, True)),
    )
)  # fmt: skip
DenseNet121 = _Network("densenet121", 224, lambda: (nets.densenet((6, 12, 24, 16)), _classes("fc1000")))
DenseNet169 = _Network("densenet169", 224, lambda: (nets.densenet((6, 12, 32, 32)), _classes("fc1000")))
DenseNet201 = _Network("densenet201", 224, lambda: (nets.densenet((6, 12, 48, 32)), _classes("fc1000")))


def _room(name: str, mode: str, **networks: Any) -> Namespace:
    return Namespace(
        f"keras.applications.{name}",
        preprocess_input=_prepared(mode),
        decode_predictions=decode_predictions,
        **networks,
    )


vgg16, vgg19 = _room("vgg16", "caffe", VGG16=VGG16), _room("vgg19", "caffe", VGG19=VGG19)
resnet50 = _room("resnet50", "caffe", ResNet50=ResNet50)
resnet = _room("resnet", "caffe", ResNet50=ResNet50, ResNet101=ResNet101, ResNet152=ResNet152)
resnet_v2 = _room("resnet_v2", "tf", ResNet50V2=ResNet50V2, ResNet101V2=ResNet101V2, ResNet152V2=ResNet152V2)
efficientnet, mobilenet_v3 = (
    Namespace(
        f"keras.applications.{name}",
        preprocess_input=lambda x, data_format=None, **ignored: x,  # the network does it
        decode_predictions=decode_predictions,
        **networks,
    )
    for name, networks in (
        ("efficientnet", {f"EfficientNetB{k}": network for k, network in enumerate(_efficient)}),
        ("mobilenet_v3", {"MobileNetV3Small": MobileNetV3Small, "MobileNetV3Large": MobileNetV3Large}),
    )
)
nasnet = _room("nasnet", "tf", NASNetMobile=NASNetMobile, NASNetLarge=NASNetLarge)
inception_resnet_v2 = _room("inception_resnet_v2", "tf", InceptionResNetV2=InceptionResNetV2)
inception_v3, xception = (
    _room("inception_v3", "tf", InceptionV3=InceptionV3),
    _room("xception", "tf", Xception=Xception),
)


def _relu6(x: Any) -> Any:
    """max(0, min(x, 6)), as MobileNet's files name it."""
    return K.relu(x, max_value=6)


mobilenet = _room(
    "mobilenet", "tf", MobileNet=MobileNet, relu6=_relu6, DepthwiseConv2D=L.DepthwiseConv2D
)  # what loading needed custom_objects for
mobilenet_v2 = _room("mobilenet_v2", "tf", MobileNetV2=MobileNetV2)
densenet = _room(
    "densenet", "torch", DenseNet121=DenseNet121, DenseNet169=DenseNet169, DenseNet201=DenseNet201
)


def _obtain_input_shape(
    input_shape: Any, default_size: int, min_size: int, data_format: Any = None, require_flatten: bool = True,
    weights: Any = None, dim_ordering: Any = None, include_top: bool | None = None,
) -> tuple[int | None, ...]:  # fmt: skip
    """The shape of the images for a network: as given, or ``default_size`` where the last layers need to know it.

    Programs that brought networks of their own called it; ``require_flatten`` was ``include_top`` before.
    """
    known = require_flatten if include_top is None else include_top
    first = (data_format or dim_ordering or K.image_data_format()) in ("channels_first", "th")
    channels = 3
    if weights != "imagenet" and input_shape is not None and len(input_shape) == 3:
        channels = input_shape[0 if first else -1]
    size = default_size if known else None
    whole = (channels, size, size) if first else (size, size, channels)
    if input_shape is None:
        return whole
    given = tuple(input_shape)
    sides = given[1:] if first else given[:2]
    fits = len(given) == 3 and all(n is None or n >= min_size for n in sides)
    if not fits or (known and None in given) or (known and weights == "imagenet" and given != whole):
        wanted = shape_text(whole) if weights == "imagenet" and known else f"sides of at least {min_size}"
        raise fail(ShapeError, "input_shape", expected=wanted, received=shape_text(given))
    return given


def correct_pad(backend: Any, inputs: Any, kernel_size: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    """The zeros at both sides of rows and columns before a convolution of stride 2, as "same" would lay them."""
    first = 2 if K.image_data_format() == "channels_first" else 1
    sides = K.int_shape(inputs)[first : first + 2]
    kernel = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    rows, columns = ((k // 2 - (1 if n is None else 1 - n % 2), k // 2) for n, k in zip(sides, kernel))
    return rows, columns


def get_submodules_from_kwargs(kwargs: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    """The backend, layers, models and utilities that networks of one's own are written with: given, or Keras's."""
    found = [kwargs.get(n) or importlib.import_module(f"thalweg.compat.keras.{n}") for n in _SUBMODULES]
    return found[0], found[1], found[2], found[3]


_KERAS_BACKEND, _KERAS_LAYERS, _KERAS_MODELS, _KERAS_UTILS = (
    K,
    L,
    _models,
    _utils,
)  # as keras_applications has them
imagenet_utils = Namespace(
    "keras.applications.imagenet_utils",
    correct_pad=correct_pad,
    _obtain_input_shape=_obtain_input_shape,
    preprocess_input=preprocess_input,
    decode_predictions=decode_predictions,
)


def alone(kind: Any) -> Namespace:
    """These rooms for stand-alone Keras: models of its class, layers numbered from one, the first names of ResNet50."""

    def spoken(members: Mapping[str, Any], **others: Any) -> dict[str, Any]:
        return {name: one(thing) for name, thing in {**members, **others}.items() if name[:2] != "__"}

    def one(thing: Any) -> Any:
        if isinstance(thing, Namespace):
            first = {"ResNet50": _first_resnet50} if thing is resnet50 else {}
            return Namespace(thing.__name__, **spoken(vars(thing), **first))
        return thing.of(kind) if isinstance(thing, _Network) else thing

    return Namespace("keras.applications", **spoken(globals(), ResNet50=_first_resnet50))
