"""``keras.preprocessing.image``: images from files, and batches of images turned, moved and flipped at random."""

from __future__ import annotations

import os
from collections.abc import Iterator as _Iterator
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import data
from thalweg.compat.keras import backend as K
from thalweg.compat.keras.batches import SampleCount
from thalweg.compat.names import only
from thalweg.data.folders import IMAGES
from thalweg.errors import ArgumentError, DataError, ShapeError, fail, warn
from thalweg.extras import needs
from thalweg.graph.tensor import shape_text

# --- files ----------------------------------------------------------------------------------------------------------


def load_img(
    path: Any, grayscale: bool = False, color_mode: str = "rgb", target_size: Any = None,
    interpolation: str = "nearest", keep_aspect_ratio: bool = False,
) -> Any:  # fmt: skip
    """An image from a file, as Pillow's; ``target_size`` is (height, width)."""
    only("load_img", "keep_aspect_ratio", keep_aspect_ratio, False)
    size = (target_size, target_size) if isinstance(target_size, int) else target_size
    mode = "grayscale" if grayscale else color_mode
    pixels = data.load_image(path, mode, None if size is None else (size[0], size[1]), interpolation)
    return array_to_img(pixels, "channels_last", scale=False)


def img_to_array(
    img: Any, data_format: Any = None, dtype: Any = "float32", dim_ordering: Any = None
) -> np.ndarray:
    """[height, width, channels], or channels first where the backend is set so."""
    array = np.asarray(img, dtype=dtype)
    array = array[..., None] if array.ndim == 2 else array
    return np.moveaxis(array, -1, 0) if _channel_axis(data_format or dim_ordering) == 0 else array


def array_to_img(
    x: Any, data_format: Any = None, scale: bool = True, dtype: Any = None, dim_ordering: Any = None
) -> Any:
    """A picture of an array, spread from 0 to 255 unless ``scale`` is False."""
    with needs("pillow", "making a picture of an array"):
        from PIL import Image
    array = np.moveaxis(np.asarray(x, "float32"), _channel_axis(data_format or dim_ordering), -1)
    if scale:
        array = array - min(np.min(array), 0)
        array = array * (255.0 / np.max(array)) if np.max(array) else array
    array = array.astype("uint8")
    return Image.fromarray(array[..., 0] if array.shape[-1] == 1 else array)


def save_img(path: Any, x: Any, data_format: Any = None, file_format: Any = None, scale: bool = True) -> None:
    """Write an array as an image."""
    array_to_img(x, data_format, scale).save(path, format=file_format)


def _channel_axis(data_format: Any) -> int:
    """Where one image has its channels: 0 or 2."""
    return 0 if (data_format or K.image_data_format()) in ("channels_first", "th") else 2


# --- turning, moving, enlarging -------------------------------------------------------------------------------------


def _within(places: np.ndarray, length: int, fill_mode: str) -> np.ndarray:
    """Places between pixels, those beyond the edge brought inside."""
    if fill_mode == "reflect":
        places = np.abs((places + 0.5 + length) % (2 * length) - length) - 0.5
    elif fill_mode == "wrap":
        places = places % length
    return np.clip(places, 0, length - 1)


def _sampled(x: np.ndarray, rows: np.ndarray, columns: np.ndarray, fill_mode: str, cval: float) -> np.ndarray:
    """The image [height, width, channels] between its pixels: each place a blend of the four pixels around it."""
    height, width = x.shape[:2]
    r, c = _within(rows, height, fill_mode), _within(columns, width, fill_mode)
    top, left = np.floor(r).astype(int), np.floor(c).astype(int)
    bottom, right = np.minimum(top + 1, height - 1), np.minimum(left + 1, width - 1)
    down, across = (r - top)[..., None], (c - left)[..., None]
    upper = x[top, left] * (1 - across) + x[top, right] * across
    lower = x[bottom, left] * (1 - across) + x[bottom, right] * across
    found = upper * (1 - down) + lower * down
    if fill_mode == "constant":
        slack = 1e-6  # rounding must not put an edge outside
        outside = (
            (rows < -slack) | (rows > height - 1 + slack) | (columns < -slack) | (columns > width - 1 + slack)
        )
        found[outside] = cval
    return found


def apply_affine_transform(
    x: np.ndarray, theta: float = 0, tx: float = 0, ty: float = 0, shear: float = 0, zx: float = 1, zy: float = 1,
    row_axis: int = 0, col_axis: int = 1, channel_axis: int = 2, fill_mode: str = "nearest", cval: float = 0.0,
    order: int = 1,
) -> np.ndarray:  # fmt: skip
    """The image turned by ``theta`` degrees, moved by pixels, sheared by degrees and enlarged, about its centre.

    ``fill_mode``: "nearest", "constant" (``cval``), "reflect" or "wrap".
    """
    only("apply_affine_transform", "order", order, 1)
    if fill_mode not in ("nearest", "constant", "reflect", "wrap"):
        raise fail(
            ArgumentError,
            "fill_mode",
            expected="nearest, constant, reflect or wrap",
            received=repr(fill_mode),
        )
    turn, lean = np.deg2rad(theta), np.deg2rad(shear)
    matrix = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    matrix = matrix @ np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    matrix = matrix @ np.array([[1, -np.sin(lean), 0], [0, np.cos(lean), 0], [0, 0, 1]])
    matrix = matrix @ np.diag([zx, zy, 1])
    image = np.moveaxis(np.asarray(x), (row_axis, col_axis, channel_axis), (0, 1, 2))
    middle = np.array([image.shape[0] / 2 - 0.5, image.shape[1] / 2 - 0.5])
    rows, columns = _moved(image, matrix, middle)
    found = _sampled(image, rows, columns, fill_mode, cval).astype(image.dtype)
    return np.moveaxis(found, (0, 1, 2), (row_axis, col_axis, channel_axis))


def _moved(image: np.ndarray, matrix: np.ndarray, middle: Any) -> np.ndarray:
    """Where each pixel is taken from: rows and columns."""
    places = np.moveaxis(np.indices(image.shape[:2]), 0, -1) - middle
    return np.moveaxis(places @ matrix[:2, :2].T + matrix[:2, 2] + middle, -1, 0)


def transform_matrix_offset_center(matrix: np.ndarray, x: int, y: int) -> np.ndarray:
    """The matrix [3, 3] about the centre of an image with ``x`` rows and ``y`` columns.

    >>> transform_matrix_offset_center(np.diag([2.0, 2.0, 1.0]), 3, 5)[:2, 2].tolist()
    [-2.0, -3.0]
    """
    down, across = x / 2 + 0.5, y / 2 + 0.5
    there, back = np.eye(3), np.eye(3)
    there[:2, 2], back[:2, 2] = (down, across), (-down, -across)
    return there @ matrix @ back


def apply_transform(
    x: np.ndarray, transform_matrix: np.ndarray, channel_axis: int = 0, fill_mode: str = "nearest", cval: float = 0.0
) -> np.ndarray:  # fmt: skip
    """The image whose pixel at (row, column, 1) is the nearest one to that place times the matrix [3, 3]."""
    image = np.moveaxis(np.asarray(x), channel_axis, -1)
    rows, columns = np.floor(_moved(image, np.asarray(transform_matrix), 0.0) + 0.5)
    found = _sampled(image, rows, columns, fill_mode, cval).astype(image.dtype)
    return np.moveaxis(found, -1, channel_axis)


def _random_change(*names: str) -> Any:
    """A function (x, ranges, row_axis=1, col_axis=2, channel_axis=0, ...) that draws these arguments of the change."""

    def change(
        x: np.ndarray, amount: Any, *more: Any, row_axis: int = 1, col_axis: int = 2, channel_axis: int = 0,
        **options: Any,
    ) -> np.ndarray:  # fmt: skip
        axes: dict[str, Any] = {"row_axis": row_axis, "col_axis": col_axis, "channel_axis": channel_axis}
        drawn: Any
        if names == ("zx", "zy"):
            drawn = np.random.uniform(amount[0], amount[1], 2)
        elif names == ("tx", "ty"):
            lengths = x.shape[row_axis], x.shape[col_axis]
            drawn = [np.random.uniform(-a, a) * n for a, n in zip((amount, *more), lengths)]
        else:
            drawn = [np.random.uniform(-amount, amount)]
        return apply_affine_transform(x, **dict(zip(names, drawn)), **axes, **options)

    return change


random_rotation, random_shear = _random_change("theta"), _random_change("shear")
random_shift, random_zoom = _random_change("tx", "ty"), _random_change("zx", "zy")


def random_channel_shift(x: np.ndarray, intensity_range: float, channel_axis: int = 0) -> np.ndarray:
    """Each channel with a random number added, within the least and greatest of the image."""
    shape = [1] * x.ndim
    shape[channel_axis] = x.shape[channel_axis]
    return np.clip(x + np.random.uniform(-intensity_range, intensity_range, shape), x.min(), x.max())


def apply_channel_shift(x: np.ndarray, intensity: float, channel_axis: int = 0) -> np.ndarray:
    """The image with a number added, within its least and greatest."""
    return np.clip(x + intensity, x.min(), x.max())


def apply_brightness_shift(x: np.ndarray, brightness: float) -> np.ndarray:
    """The image, its brightness times a number."""
    return np.clip(np.asarray(x, "float32") * brightness, 0, 255)


def random_brightness(x: np.ndarray, brightness_range: Any) -> np.ndarray:
    """The image, its brightness times a number of this range."""
    return apply_brightness_shift(x, np.random.uniform(*brightness_range))


def flip_axis(x: np.ndarray, axis: int) -> np.ndarray:
    """The array, reversed along an axis."""
    return np.flip(x, axis)


def list_pictures(directory: Any, ext: str = "jpg|jpeg|bmp|png|ppm") -> list[str]:
    """The paths of the images below a folder."""
    endings = tuple(f".{e}" for e in ext.split("|"))
    return sorted(str(p) for p in Path(directory).rglob("*") if p.suffix.lower() in endings)


# --- batches --------------------------------------------------------------------------------------------------------


def _known(what: str, given: Any, names: Sequence[Any]) -> None:
    if given not in names:
        raise fail(
            ArgumentError,
            f"ImageDataGenerator: {what}",
            expected=", ".join(map(str, names)),
            received=repr(given),
        )


def _images_of(what: str, x: Any) -> np.ndarray:
    """The images as one array."""
    x = np.asarray(x)
    if x.ndim != 4:
        raise fail(
            ShapeError, f"ImageDataGenerator.{what}: x", expected="images: [number, height, width, channels]",
            received=shape_text(x.shape), hint="x.reshape(-1, height, width, 1) for grey ones",
        )  # fmt: skip
    return x


class ImageDataGenerator:
    """Batches of images, scaled and, where asked for, turned, moved, sheared, enlarged and flipped at random.

    ``fit`` learns the mean and deviation of each channel for the featurewise options, and the principal components
    for ``zca_whitening``.
    """

    def __init__(
        self, featurewise_center: bool = False, samplewise_center: bool = False,
        featurewise_std_normalization: bool = False, samplewise_std_normalization: bool = False,
        zca_whitening: bool = False, zca_epsilon: float = 1e-6, rotation_range: float = 0.0,
        width_shift_range: Any = 0.0, height_shift_range: Any = 0.0, brightness_range: Any = None,
        shear_range: float = 0.0, zoom_range: Any = 0.0, channel_shift_range: float = 0.0, fill_mode: str = "nearest",
        cval: float = 0.0, horizontal_flip: bool = False, vertical_flip: bool = False, rescale: float | None = None,
        preprocessing_function: Any = None, data_format: Any = None, validation_split: float = 0.0,
        dtype: Any = "float32", dim_ordering: Any = None,
    ) -> None:  # fmt: skip
        self.featurewise = featurewise_center, featurewise_std_normalization
        self.samplewise = samplewise_center, samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range, self.shear_range, self.shifts = (
            rotation_range,
            shear_range,
            (height_shift_range, width_shift_range),
        )
        self.zoom_range = (
            (1 - zoom_range, 1 + zoom_range) if isinstance(zoom_range, (int, float)) else tuple(zoom_range)
        )
        self.channel_shift_range, self.brightness_range = channel_shift_range, brightness_range
        self.fill_mode, self.cval, self.flips = fill_mode, cval, (vertical_flip, horizontal_flip)
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        if not 0 <= validation_split < 1:
            raise fail(ArgumentError, "ImageDataGenerator: validation_split", expected="a share from 0 to 1",
                       received=validation_split)  # fmt: skip
        self.validation_split = validation_split
        self.channel_axis = _channel_axis(data_format or dim_ordering)
        self.row_axis, self.col_axis = (1, 2) if self.channel_axis == 0 else (0, 1)
        self.mean: Any = None
        self.std: Any = None
        self.whitening: Any = None

    def fit(self, x: Any, augment: bool = False, rounds: int = 1, seed: Any = None) -> None:
        """Learn the mean and deviation of each channel, and the principal components where they are wanted."""
        x = _images_of("fit", x).astype("float32")
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        axes = tuple(a for a in range(4) if a != self.channel_axis + 1)
        if self.featurewise[0]:
            self.mean = x.mean(axis=axes, keepdims=True)[0]
            x = x - self.mean
        if self.featurewise[1]:
            self.std = x.std(axis=axes, keepdims=True)[0]
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            rows = x.reshape(len(x), -1)
            u, s, _ = np.linalg.svd(rows.T @ rows / len(rows))
            self.whitening = (u / np.sqrt(s + self.zca_epsilon)) @ u.T

    def _learned(self, value: Any) -> Any:
        if value is None:
            raise fail(ArgumentError, "ImageDataGenerator: its featurewise options need fit(x) before")
        return value

    def standardize(self, x: Any) -> np.ndarray:
        """One image (or several), scaled as asked for."""
        x = np.asarray(x, "float32")
        x = self.preprocessing_function(x) if self.preprocessing_function else x
        x = x * np.float32(self.rescale) if self.rescale else x
        x = x - x.mean(keepdims=True) if self.samplewise[0] else x
        x = x / (x.std(keepdims=True) + 1e-6) if self.samplewise[1] else x
        x = x - self._learned(self.mean) if self.featurewise[0] else x
        x = x / (self._learned(self.std) + 1e-6) if self.featurewise[1] else x
        if self.zca_whitening:
            matrix = self._learned(self.whitening)
            x = (x.reshape(-1, len(matrix)) @ matrix).reshape(x.shape).astype("float32")
        return x

    def get_random_transform(self, img_shape: Any, seed: Any = None, random: Any = None) -> dict[str, Any]:
        """The numbers of one random change: those of :func:`apply_affine_transform`, flips, a shift of channels."""
        random = random or (np.random if seed is None else np.random.RandomState(seed))
        found: dict[str, Any] = {"theta": 0.0, "tx": 0.0, "ty": 0.0, "shear": 0.0, "zx": 1.0, "zy": 1.0}
        if self.rotation_range:
            found["theta"] = random.uniform(-self.rotation_range, self.rotation_range)
        for name, share, axis in zip(("tx", "ty"), self.shifts, (self.row_axis, self.col_axis)):
            if not isinstance(share, (int, float)):
                found[name] = random.choice(share) * random.choice([-1, 1])
            elif share:
                found[name] = random.uniform(-share, share) * (img_shape[axis] if share < 1 else 1)
        if self.shear_range:
            found["shear"] = random.uniform(-self.shear_range, self.shear_range)
        if tuple(self.zoom_range) != (1, 1):
            found["zx"], found["zy"] = random.uniform(self.zoom_range[0], self.zoom_range[1], 2)
        vertical, horizontal = (flip and random.random_sample() < 0.5 for flip in self.flips)
        width, lights = self.channel_shift_range, self.brightness_range
        return {
            **found, "flip_horizontal": horizontal, "flip_vertical": vertical,
            "channel_shift_intensity": random.uniform(-width, width) if width else None,
            "brightness": None if lights is None else random.uniform(lights[0], lights[1]),
        }  # fmt: skip

    def apply_transform(self, x: np.ndarray, transform_parameters: dict[str, Any]) -> np.ndarray:
        """One image changed by the numbers of :meth:`get_random_transform`."""
        numbers = dict(transform_parameters)
        flips = numbers.pop("flip_vertical", False), numbers.pop("flip_horizontal", False)
        old = numbers.pop("channel_shift_intencity", None)
        channels, brightness = numbers.pop("channel_shift_intensity", old), numbers.pop("brightness", None)
        axes = {"row_axis": self.row_axis, "col_axis": self.col_axis, "channel_axis": self.channel_axis}
        if any(value != (1 if name in ("zx", "zy") else 0) for name, value in numbers.items()):
            x = apply_affine_transform(x, **numbers, **axes, fill_mode=self.fill_mode, cval=self.cval)
        if channels is not None:
            x = np.clip(x + channels, x.min(), x.max())
        for flip, axis in zip(flips, (self.row_axis, self.col_axis)):
            x = np.flip(x, axis) if flip else x
        return x if brightness is None else np.clip(x * brightness, 0, 255)

    def random_transform(self, x: np.ndarray, seed: Any = None, random: Any = None) -> np.ndarray:
        """One image changed at random."""
        return self.apply_transform(x, self.get_random_transform(np.shape(x), seed, random))

    def flow(
        self, x: Any, y: Any = None, batch_size: int = 32, shuffle: bool = True, sample_weight: Any = None,
        seed: Any = None, save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", subset: Any = None,
    ) -> Batches:  # fmt: skip
        """Batches without end of images, images and targets, or images, targets and weights."""
        return NumpyArrayIterator(x, y, self, batch_size, shuffle, sample_weight, seed, save_to_dir=save_to_dir,
                                  save_prefix=save_prefix, save_format=save_format, subset=subset)  # fmt: skip

    def flow_from_directory(
        self, directory: Any, target_size: Any = (256, 256), color_mode: str = "rgb", classes: Any = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: Any = None,
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", follow_links: bool = False,
        subset: Any = None, interpolation: str = "nearest", keep_aspect_ratio: bool = False,
    ) -> Batches:  # fmt: skip
        """Batches without end of the images in sub-folders, each a class: ``class_indices`` says which."""
        return DirectoryIterator(directory, self, target_size, color_mode, classes, class_mode, batch_size, shuffle,
                                 seed, save_to_dir=save_to_dir, save_prefix=save_prefix, save_format=save_format,
                                 subset=subset, interpolation=interpolation,
                                 keep_aspect_ratio=keep_aspect_ratio)  # fmt: skip

    def flow_from_dataframe(
        self, dataframe: Any, directory: Any = None, x_col: str = "filename", y_col: str = "class",
        weight_col: Any = None, target_size: Any = (256, 256), color_mode: str = "rgb", classes: Any = None,
        class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True, seed: Any = None,
        save_to_dir: Any = None, save_prefix: str = "", save_format: str = "png", subset: Any = None,
        interpolation: str = "nearest", validate_filenames: bool = True, keep_aspect_ratio: bool = False,
        has_ext: bool = True, drop_duplicates: bool = False, sort: bool = True,
    ) -> Batches:  # fmt: skip
        """Batches without end of the images that a column names, with the classes of another."""
        only("flow_from_dataframe", "drop_duplicates", drop_duplicates, False)
        return DataFrameIterator(dataframe, directory, self, x_col, y_col, weight_col, target_size, color_mode,
                                 classes, class_mode, batch_size, shuffle, seed, save_to_dir=save_to_dir,
                                 save_prefix=save_prefix, save_format=save_format, subset=subset,
                                 interpolation=interpolation, keep_aspect_ratio=keep_aspect_ratio,
                                 validate_filenames=validate_filenames)  # fmt: skip


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGES and path.is_file()


def _images_below(folder: Path) -> list[str]:
    paths = [Path(place) / name for place, _, names in os.walk(folder) for name in names]
    return sorted(str(p) for p in paths if p.suffix.lower() in IMAGES)


def _part(rows: np.ndarray, share: float, subset: str | None) -> np.ndarray:
    """The rows of a subset: the first ``share`` of them for validation, the others for training."""
    _known("subset", subset, (None, "training", "validation"))
    if subset is None:
        return rows
    cut = int(share * len(rows))
    return rows[:cut] if subset == "validation" else rows[cut:]


class Batches:
    """Batches of images without end; ``len`` of them show all images once."""

    beside: Sequence[np.ndarray] = ()  # inputs that are no images
    classes: np.ndarray
    class_indices: dict[Any, int]
    filenames: list[str]
    num_classes: int
    nb_class: int

    def __init__(
        self, owner: ImageDataGenerator, read: Any, others: Sequence[np.ndarray], batch_size: int, shuffle: bool,
        seed: Any, rows: np.ndarray, keep: Any, of_itself: bool = False,
    ) -> None:  # fmt: skip
        self.owner, self.read, self.others, self.rows = owner, read, list(others), rows
        self.batch_size, self.shuffle, self.seed, self.keep, self.of_itself = (
            batch_size,
            shuffle,
            seed,
            keep,
            of_itself,
        )
        self.n = self.samples = len(rows)
        self.nb_sample = self.N = SampleCount(self.n)  # asked for by programs of Keras 1
        if keep[0]:
            Path(keep[0]).mkdir(parents=True, exist_ok=True)
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.random: Any = np.random if self.seed is None else np.random.RandomState(self.seed)
        self.batch_index, self.batches = 0, self._endless()

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def __iter__(self) -> _Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self.batches)

    next = __next__

    def __getitem__(self, index: int) -> Any:
        return self._batch(np.arange(self.n)[index * self.batch_size : (index + 1) * self.batch_size])

    @property
    def image_shape(self) -> tuple[int, ...]:
        """The shape of one image."""
        return tuple(np.shape(self.read(self.rows[0])))

    def _endless(self) -> _Iterator[Any]:
        while True:
            order = self.random.permutation(self.n) if self.shuffle else np.arange(self.n)
            for number, start in enumerate(range(0, self.n, self.batch_size)):
                self.batch_index = number
                yield self._batch(order[start : start + self.batch_size])

    def _batch(self, places: np.ndarray) -> Any:
        images = np.stack([self._image(int(k)) for k in places])
        if self.of_itself:
            return images, images.copy()
        given = [images, *(a[places] for a in self.beside)] if self.beside else images
        return (given, *(a[places] for a in self.others)) if self.others else given

    def _image(self, place: int) -> np.ndarray:
        image = np.asarray(self.read(self.rows[place]), "float32")
        image = self.owner.standardize(self.owner.random_transform(image, random=self.random))
        folder, prefix, ending = self.keep
        if folder:
            name = f"{prefix}_{place}_{np.random.randint(10**7)}.{ending}"
            save_img(
                os.path.join(folder, name), image, "channels_first" if self.owner.channel_axis == 0 else None
            )
        return image


Iterator = Batches


class NumpyArrayIterator(Batches):
    """What ``image_data_generator.flow(x, y, ...)`` gives."""

    def __init__(
        self, x: Any, y: Any, image_data_generator: ImageDataGenerator, batch_size: int = 32, shuffle: bool = False,
        sample_weight: Any = None, seed: Any = None, data_format: Any = None, save_to_dir: Any = None,
        save_prefix: str = "", save_format: str = "png", subset: Any = None, dtype: Any = "float32",
    ) -> None:  # fmt: skip
        x, *beside = x if isinstance(x, (tuple, list)) else (x,)
        beside = [np.asarray(a) for b in beside for a in (b if isinstance(b, (tuple, list)) else (b,))]
        x, others = _images_of("flow", x), [np.asarray(a) for a in (y, sample_weight) if a is not None]
        for array in (*beside, *others):
            if len(array) != len(x):
                raise fail(
                    ShapeError, "ImageDataGenerator.flow: All of the arrays in x, y and sample_weight",
                    expected=f"{len(x)} rows, as many as there are images", received=len(array),
                )  # fmt: skip
        chosen = _part(np.arange(len(x)), image_data_generator.validation_split, subset)
        keep = (save_to_dir, save_prefix, save_format)
        super().__init__(image_data_generator, lambda k: x[k], [a[chosen] for a in others], batch_size, shuffle, seed,
                         chosen, keep)  # fmt: skip
        self.beside = [a[chosen] for a in beside]


class _Files(Batches):
    """Batches of the images in files, each of a class."""

    def __init__(
        self, files: list[Any], names: list[Any], root: Path, generator: ImageDataGenerator, size: Any,
        color_mode: str, class_mode: str | None, batch_size: int, shuffle: bool, seed: Any, keep: Any,
        interpolation: str,
    ) -> None:  # fmt: skip
        print(f"Found {len(files)} images belonging to {len(names)} classes.")  # noqa: T201  as Keras did
        numbers = np.array([number for _, number in files], int)

        def read(k: int) -> np.ndarray:
            pixels = data.load_image(files[k][0], color_mode, tuple(size), interpolation)
            return np.moveaxis(pixels, -1, generator.channel_axis)

        modes = {"categorical": np.eye(max(1, len(names)), dtype="float32")[numbers] if len(files) else numbers,
                 "binary": numbers.astype("float32"), "sparse": numbers.astype("float32"), None: None}  # fmt: skip
        if class_mode not in (*modes, "input"):
            raise fail(ArgumentError, "class_mode", expected="categorical, binary, sparse, input or None",
                       received=repr(class_mode))  # fmt: skip
        targets: list[Any] = [] if class_mode in (None, "input") else [modes[class_mode]]
        super().__init__(generator, read, targets, batch_size, shuffle, seed, np.arange(len(files)), keep,
                         class_mode == "input")  # fmt: skip
        self.classes, self.class_indices = numbers, {name: k for k, name in enumerate(names)}
        self.filenames = [os.path.relpath(path, root) for path, _ in files]
        self.num_classes = self.nb_class = len(names)


class DirectoryIterator(_Files):
    """What ``image_data_generator.flow_from_directory(directory, ...)`` gives."""

    def __init__(
        self, directory: Any, image_data_generator: ImageDataGenerator, target_size: Any = (256, 256),
        color_mode: str = "rgb", classes: Any = None, class_mode: str | None = "categorical", batch_size: int = 32,
        shuffle: bool = True, seed: Any = None, data_format: Any = None, save_to_dir: Any = None,
        save_prefix: str = "", save_format: str = "png", follow_links: bool = False, subset: Any = None,
        interpolation: str = "nearest", keep_aspect_ratio: bool = False, dtype: Any = "float32",
    ) -> None:  # fmt: skip
        only("flow_from_directory", "keep_aspect_ratio", keep_aspect_ratio, False)
        root, generator = Path(directory), image_data_generator
        _known("class_mode", class_mode, ("categorical", "binary", "sparse", "input", None))
        _known("color_mode", color_mode, ("rgb", "rgba", "grayscale"))
        if not root.is_dir():
            raise DataError(f"flow_from_directory: there is no folder {str(root)!r}")
        names = list(classes or sorted(p.name for p in root.iterdir() if p.is_dir()))
        found: list[tuple[str, int]] = []
        for number, name in enumerate(names):
            paths = np.array(_images_below(root / name), object)
            found += [(str(p), number) for p in _part(paths, generator.validation_split, subset)]
        super().__init__(found, names, root, generator, target_size, color_mode, class_mode, batch_size, shuffle,
                         seed, (save_to_dir, save_prefix, save_format), interpolation)  # fmt: skip


class DataFrameIterator(_Files):
    """What ``image_data_generator.flow_from_dataframe(dataframe, ...)`` gives."""

    def __init__(
        self, dataframe: Any, directory: Any = None, image_data_generator: Any = None, x_col: str = "filename",
        y_col: Any = "class", weight_col: Any = None, target_size: Any = (256, 256), color_mode: str = "rgb",
        classes: Any = None, class_mode: str | None = "categorical", batch_size: int = 32, shuffle: bool = True,
        seed: Any = None, data_format: Any = None, save_to_dir: Any = None, save_prefix: str = "",
        save_format: str = "png", subset: Any = None, interpolation: str = "nearest",
        keep_aspect_ratio: bool = False, dtype: Any = "float32", validate_filenames: bool = True,
    ) -> None:  # fmt: skip
        only("flow_from_dataframe", "keep_aspect_ratio", keep_aspect_ratio, False)
        root, generator = Path(directory or "."), image_data_generator
        names = [str(p) if Path(str(p)).suffix else f"{p}.jpg" for p in dataframe[x_col]]
        there = np.array(
            [_is_image(root / name) for name in names] if validate_filenames else [True] * len(names)
        )
        if not there.all():
            warn(
                f"Found {int((~there).sum())} invalid image filename(s) in x_col={x_col!r}. These filename(s) will be "
                "ignored."
            )
        rows = _part(np.flatnonzero(there), generator.validation_split, subset)
        numbers = class_mode in ("other", "raw", "multi_output")
        labels = [None] * len(names) if class_mode is None or numbers else list(dataframe[y_col])
        known = list(classes or sorted({c for c in labels if c is not None}, key=str))
        files = [(str(root / names[k]), 0 if labels[k] is None else known.index(labels[k])) for k in rows]
        super().__init__(files, known, root, generator, target_size, color_mode, None if numbers else class_mode,
                         batch_size, shuffle, seed, (save_to_dir, save_prefix, save_format),
                         interpolation)  # fmt: skip
        if numbers:
            columns = [
                np.asarray(dataframe[c])[rows] for c in (y_col if isinstance(y_col, list) else [y_col])
            ]
            self.others = columns if class_mode == "multi_output" else [np.stack(columns, -1) if isinstance(y_col, list)
                                                                        else columns[0]]  # fmt: skip
        if weight_col is not None:
            if class_mode is None or class_mode in ("input", "multi_output"):
                raise fail(ArgumentError, "flow_from_dataframe: weight_col needs a class_mode with one target",
                           received=class_mode)  # fmt: skip
            self.others = [*self.others, np.asarray(dataframe[weight_col])[rows]]
