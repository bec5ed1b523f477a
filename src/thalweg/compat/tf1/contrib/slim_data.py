"""``tf.contrib.slim``: data sets of files of records, and what decodes and provides their examples."""

from __future__ import annotations

import glob
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from thalweg.compat.names import Namespace
from thalweg.compat.tf1 import control, math, parsing, queues, readers, sparse, sparse_shapes
from thalweg.compat.tf1 import graph as g
from thalweg.compat.tf1.graph import Tensor
from thalweg.compat.tf1.strings import _bytes_of, from_host
from thalweg.compat.tf1.types import as_dtype
from thalweg.data.pictures import decoded_picture

# --- from features to items -------------------------------------------------------------------------------------------


class ItemHandler:
    """Makes an item of the features ``keys`` of an example."""

    def __init__(self, keys: Sequence[str] | str) -> None:
        self._keys = list(keys) if isinstance(keys, (list, tuple)) else [keys]

    @property
    def keys(self) -> list[Any]:
        """The names of the features."""
        return self._keys

    def tensors_to_item(self, keys_to_tensors: Mapping[str, Any]) -> Any:
        """The item."""
        raise NotImplementedError


class ItemHandlerCallback(ItemHandler):
    """An item that a function makes of a dict of features."""

    def __init__(self, keys: Sequence[str] | str, func: Callable[[Mapping[str, Any]], Any]) -> None:
        super().__init__(keys)
        self._func = func

    def tensors_to_item(self, keys_to_tensors: Mapping[str, Any]) -> Any:
        """What the function makes."""
        return self._func(keys_to_tensors)


def _dense(x: Any, default_value: Any = 0) -> Any:
    return sparse.sparse_tensor_to_dense(x, default_value) if isinstance(x, sparse.SparseTensor) else x


class BoundingBox(ItemHandler):
    """Boxes [n, 4], of features that hold one side each."""

    def __init__(self, keys: Sequence[str] | None = None, prefix: str = "") -> None:
        sides = ["ymin", "xmin", "ymax", "xmax"] if keys is None else list(keys)
        if len(sides) != 4:
            raise ValueError(f"BoundingBox expects 4 keys but got {len(sides)}")
        super().__init__([prefix + side for side in sides])

    def tensors_to_item(self, keys_to_tensors: Mapping[str, Any]) -> Any:
        """The boxes."""
        sides = [keys_to_tensors[key] for key in self.keys]
        return math.stack([s.values if isinstance(s, sparse.SparseTensor) else s for s in sides], 1)


class TensorItem(ItemHandler):
    """A feature, dense, of a shape given or held by other features."""

    def __init__(
        self, tensor_key: str, shape_keys: Any = None, shape: Any = None, default_value: Any = 0
    ) -> None:
        if shape_keys and shape is not None:
            raise ValueError("Cannot specify both shape_keys and shape parameters.")
        held = [shape_keys] if isinstance(shape_keys, str) else list(shape_keys or ())
        super().__init__([tensor_key, *held])
        self._shape, self._default = shape, default_value

    def tensors_to_item(self, keys_to_tensors: Mapping[str, Any]) -> Any:
        """The feature."""
        first, *held = (keys_to_tensors[key] for key in self.keys)
        shape = self._shape
        if held:
            shape = math.concat([math.reshape(_dense(x), [-1]) for x in held], 0)
        if shape is not None and isinstance(first, sparse.SparseTensor):
            first = sparse_shapes.sparse_reshape(first, shape)
            return _dense(first, self._default)
        made = _dense(first, self._default)
        return made if shape is None else math.reshape(made, shape)


class SparseItem(ItemHandler):
    """A sparse vector of features of places and of values."""

    def __init__(
        self,
        indices_key: str = "indices",
        values_key: str = "values",
        shape_key: str | None = None,
        shape: Any = None,
        densify: bool = False,
        default_value: Any = 0,
    ) -> None:
        super().__init__([key for key in (indices_key, values_key, shape_key) if key is not None])
        self._shape, self._densify, self._default = shape, densify, default_value

    def tensors_to_item(self, keys_to_tensors: Mapping[str, Any]) -> Any:
        """The tensor, dense if told."""
        places, values, *form = (keys_to_tensors[key] for key in self.keys)
        shape = _dense(form[0]) if form else self._shape
        if shape is None:
            shape = places.dense_shape
        made = sparse.SparseTensor(
            math.expand_dims(math.cast(places.values, "int64"), 1), values.values, math.cast(shape, "int64")
        )
        return _dense(made, self._default) if self._densify else made


class Image(ItemHandler):
    """Pixels: of a file's bytes, or, where the format is "raw", of the numbers themselves."""

    def __init__(
        self,
        image_key: str | None = None,
        format_key: str | None = None,
        shape: Any = None,
        channels: int | None = 3,
        dtype: Any = "uint8",
        repeated: bool = False,
        dct_method: str = "",
    ) -> None:
        self._image, self._format = image_key or "image/encoded", format_key or "image/format"
        super().__init__([self._image, self._format])
        self._shape, self._channels, self._repeated = shape, channels, repeated
        self._dtype = as_dtype(dtype)

    def tensors_to_item(self, keys_to_tensors: Mapping[str, Any]) -> Any:
        """The pixels, or those of each file."""
        files, form = keys_to_tensors[self._image], keys_to_tensors[self._format]
        if self._repeated:
            return control.map_fn(lambda one: self._decoded(one, form), _dense(files, ""), dtype=self._dtype)
        return self._decoded(files, form)

    def _decoded(self, contents: Any, form: Any) -> Tensor:
        shape, dtype = self._shape, self._dtype.as_numpy_dtype

        def decode(held: Any, kind: Any) -> np.ndarray:
            if _bytes_of(kind) in (b"raw", b"RAW"):
                made: np.ndarray = np.frombuffer(_bytes_of(held), dtype)
            elif dtype != np.uint8:
                raise ValueError(f"Image: the pixels of files are uint8; received dtype {self._dtype.name}")
            else:
                made = decoded_picture(_bytes_of(held), self._channels or 0)
            return made if shape is None else made.reshape(shape)

        form, contents = g.convert_to_tensor(form), g.convert_to_tensor(contents)
        known = [None, None, self._channels or None] if shape is None else list(shape)
        return from_host([contents, form], decode, dtype, known, None, "DecodeImage")


class DataDecoder:
    """What turns one piece of data into items."""

    def decode(self, data: Any, items: Sequence[str]) -> list[Any]:
        """The items."""
        raise NotImplementedError

    def list_items(self) -> list[str]:
        """The names of all items."""
        raise NotImplementedError


class TFExampleDecoder(DataDecoder):
    """Turns serialised examples into items: ``keys_to_features`` says how a message is read, ``items_to_handlers`` what
    an item is made of.
    """

    def __init__(
        self, keys_to_features: Mapping[str, Any], items_to_handlers: Mapping[str, ItemHandler]
    ) -> None:
        self._features, self._handlers = dict(keys_to_features), dict(items_to_handlers)

    def list_items(self) -> list[str]:
        """The names of all items."""
        return list(self._handlers)

    def decode(self, serialized_example: Any, items: Sequence[str] | None = None) -> list[Any]:
        """The items of one message."""
        found = parsing.parse_single_example(serialized_example, self._features)
        handlers = [self._handlers[item] for item in items or self._handlers]
        return [handler.tensors_to_item({key: found[key] for key in handler.keys}) for handler in handlers]


# --- from files to items ----------------------------------------------------------------------------------------------


class Dataset:
    """What a data set is: its files, how they are read and decoded, how many examples there are; more by name."""

    def __init__(
        self,
        data_sources: Any,
        reader: Any,
        decoder: Any,
        num_samples: int,
        items_to_descriptions: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        self.data_sources, self.reader, self.decoder = data_sources, reader, decoder
        self.num_samples, self.items_to_descriptions = num_samples, items_to_descriptions
        vars(self).update(kwargs)


def get_data_files(data_sources: Any) -> list[str]:
    """The files of a name, of a pattern or of a list of such."""
    if isinstance(data_sources, (list, tuple)):
        return [path for source in data_sources for path in get_data_files(source)]
    found = sorted(glob.glob(data_sources)) if set("*?[") & set(data_sources) else [data_sources]
    if not found:
        raise ValueError(f"No data files found in {data_sources}")
    return found


def parallel_read(
    data_sources: Any,
    reader_class: Callable[..., readers.ReaderBase],
    num_epochs: int | None = None,
    num_readers: int = 4,
    reader_kwargs: Mapping[str, Any] | None = None,
    shuffle: bool = True,
    dtypes: Any = None,
    capacity: int = 256,
    min_after_dequeue: int = 128,
    seed: Any = None,
    scope: str | None = None,
) -> list[Tensor]:
    """[key, record] of the next record of any of the files, shuffled if told."""
    names = queues.string_input_producer(get_data_files(data_sources), num_epochs, shuffle, seed)
    kinds = dtypes or ["string", "string"]
    common = (
        queues.RandomShuffleQueue(capacity, min_after_dequeue, kinds, [[], []], seed=seed)
        if shuffle
        else queues.FIFOQueue(capacity, kinds, [[], []])
    )
    given = dict(reader_kwargs or {})
    filling = [common.enqueue(list(reader_class(**given).read(names))) for _ in range(num_readers)]
    queues.add_queue_runner(queues.QueueRunner(common, filling))
    return list(common.dequeue())


class DataProvider:
    """Items by name."""

    def __init__(self, items_to_tensors: Mapping[str, Any], num_samples: int) -> None:
        self._tensors, self._count = dict(items_to_tensors), num_samples

    def get(self, items: Sequence[str]) -> list[Any]:
        """The named items of the next example."""
        for item in items:
            if item not in self._tensors:
                raise ValueError(f"Item [{item}] is invalid: the data has {', '.join(self._tensors)}")
        return [self._tensors[item] for item in items]

    def list_items(self) -> list[str]:
        """The names of all items."""
        return list(self._tensors)

    def num_samples(self) -> int:
        """How many examples there are."""
        return self._count


class DatasetDataProvider(DataProvider):
    """The items of the next example of a :class:`Dataset`, and its key by the name ``record_key``."""

    def __init__(
        self,
        dataset: Dataset,
        num_readers: int = 1,
        reader_kwargs: Mapping[str, Any] | None = None,
        shuffle: bool = True,
        num_epochs: int | None = None,
        common_queue_capacity: int = 256,
        common_queue_min: int = 128,
        record_key: str = "record_key",
        seed: Any = None,
        scope: str | None = None,
    ) -> None:
        key, record = parallel_read(
            dataset.data_sources,
            dataset.reader,
            num_epochs,
            num_readers,
            reader_kwargs,
            shuffle,
            capacity=common_queue_capacity,
            min_after_dequeue=common_queue_min,
            seed=seed,
        )
        names = dataset.decoder.list_items()
        made = dict(zip(names, dataset.decoder.decode(record, names), strict=True))
        if record_key in made:
            raise ValueError(
                "The item name used for `record_key` cannot also be used for a dataset item: %s", record_key
            )
        super().__init__({**made, record_key: key}, dataset.num_samples)


tfexample_decoder = Namespace(
    "tf.contrib.slim.tfexample_decoder",
    ItemHandler=ItemHandler,
    ItemHandlerCallback=ItemHandlerCallback,
    BoundingBox=BoundingBox,
    Tensor=TensorItem,
    SparseTensor=SparseItem,
    Image=Image,
    TFExampleDecoder=TFExampleDecoder,
)
parts = {
    "tfexample_decoder": tfexample_decoder,
    "data_decoder": Namespace("tf.contrib.slim.data_decoder", DataDecoder=DataDecoder),
    "dataset": Namespace("tf.contrib.slim.dataset", Dataset=Dataset),
    "data_provider": Namespace("tf.contrib.slim.data_provider", DataProvider=DataProvider),
    "dataset_data_provider": Namespace(
        "tf.contrib.slim.dataset_data_provider", DatasetDataProvider=DatasetDataProvider
    ),
    "parallel_reader": Namespace(
        "tf.contrib.slim.parallel_reader", parallel_read=parallel_read, get_data_files=get_data_files
    ),
}
