"""``keras.utils``: classes as rows, bars of progress, pictures of models, custom objects, files."""

from __future__ import annotations

import os
import random as _random
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np

from thalweg import data
from thalweg import layers as _layers
from thalweg.compat.drawing import Drawing
from thalweg.compat.keras import helpers, layer_tests, preprocessing, tables
from thalweg.compat.keras.backend.settings import _home
from thalweg.compat.keras.layers import deserialize as _deserialize
from thalweg.compat.names import Namespace
from thalweg.errors import DataError
from thalweg.extras import needs
from thalweg.files import atomic_write_bytes, writable_folder
from thalweg.graph.tensor import Tensor
from thalweg.graph.walk import topological
from thalweg.layers import Lambda as _Lambda
from thalweg.layers.nodes import Input as _Input
from thalweg.layers.nodes import InputSymbol, Symbol, shapes_of
from thalweg.losses import reduce_weighted, tensor
from thalweg.nested import flat
from thalweg.ops.random import set_seed
from thalweg.ops.state import identity as _identity
from thalweg.registry import lookup, register, registered, registered_names

# --- arrays ---------------------------------------------------------------------------------------------------------


def to_categorical(
    y: Any, num_classes: int | None = None, dtype: Any = "float32", nb_classes: int | None = None
) -> np.ndarray:
    """Class numbers as rows of 0 with one 1.

    >>> to_categorical([0, 2], 3).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    y = np.asarray(y, dtype="int64")
    rows = data.to_categorical(y.ravel(), nb_classes if num_classes is None else num_classes).astype(dtype)
    shape = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    return rows.reshape(*shape, rows.shape[-1])


def normalize(x: Any, axis: int = -1, order: int = 2) -> np.ndarray:
    """The array, its norm over the axis 1."""
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return np.asarray(x) / np.expand_dims(norm, axis)


def probas_to_classes(y_pred: Any) -> np.ndarray:
    """The most probable class of each row; of one column, whether it is above one half."""
    y_pred = np.asarray(y_pred)
    many = y_pred.ndim > 1 and y_pred.shape[1] > 1
    return y_pred.argmax(axis=1) if many else np.array([1 if p > 0.5 else 0 for p in y_pred.ravel()])


def categorical_probas_to_classes(p: Any) -> np.ndarray:
    """The most probable class of each row."""
    return np.argmax(p, axis=1)


# --- pictures of models ---------------------------------------------------------------------------------------------


class ModelDrawing(Drawing):
    """A model as :func:`model_to_dot` gives it."""

    def create(self, prog: str = "dot", format: str = "svg") -> bytes:
        """The picture as it stands in a file: ``create(prog="dot", format="svg")``."""
        return self.dot().encode() if format in ("dot", "raw") else self.image(format)

    def write(self, path: Any, prog: str = "dot", format: str = "raw") -> None:
        """Write the picture to a file."""
        atomic_write_bytes(Path(path), self.create(prog, format))

    to_string = Drawing.dot


def model_to_dot(
    model: Any, show_shapes: bool = False, show_layer_names: bool = True, rankdir: str = "TB",
    expand_nested: bool = False, dpi: int | None = 96, subgraph: bool = False, show_dtype: bool = False,
    layer_range: Any = None, show_layer_activations: bool = False, show_trainable: bool = False,
) -> ModelDrawing:  # fmt: skip
    """The layers of a model and what leads to what, as a drawing."""
    graph = model.graph
    names: list[tuple[str, Any, Any]] = []  # label, shape of the inputs, shape of the outputs
    edges: list[tuple[int, int]] = []
    places: dict[int, int] = {}

    def box(name: str, kind: str, given: Any, found: Any) -> None:
        names.append((f"{name}: {kind}" if show_layer_names else kind, given, found))

    for symbol in graph.flat_inputs:
        places[id(symbol)] = len(names)
        box(symbol.name, "InputLayer", symbol.shape, symbol.shape)
    for node in graph.nodes:
        arguments = [t for t in flat([list(node.args), node.kwargs]) if isinstance(t, Tensor)]
        below = topological(arguments, stop=lambda t: id(t) in places)
        edges += [
            (place, len(names)) for place in dict.fromkeys(places[id(t)] for t in below if id(t) in places)
        ]
        places.update((id(t), len(names)) for t in flat(node.outputs))
        shapes = [t.shape for t in arguments]
        box(
            node.layer.name, type(node.layer).__name__, shapes if len(shapes) != 1 else shapes[0],
            shapes_of(node.outputs),
        )  # fmt: skip
    labels = [f"{name}\ninput: {a}\noutput: {b}" if show_shapes else name for name, a, b in names]
    return ModelDrawing(labels, edges, across=rankdir == "LR")


def plot_model(
    model: Any, to_file: Any = "model.png", show_shapes: bool = False, show_layer_names: bool = True,
    rankdir: str = "TB", **options: Any,
) -> None:  # fmt: skip
    """Write a picture of the layers: PNG, JPEG, PDF, SVG or Graphviz text, whichever ``to_file`` ends in."""
    path = Path(to_file)
    drawing = model_to_dot(model, show_shapes, show_layer_names, rankdir, **options)
    drawing.write(path if path.suffix else path.with_suffix(".png"), format=path.suffix[1:] or "png")


plot = plot_model


def print_summary(model: Any, line_length: Any = None, positions: Any = None, print_fn: Any = None) -> None:
    """``model.summary()``."""
    model.summary(line_length, positions, print_fn)


def get_source_inputs(tensor: Any, layer: Any = None, node_index: Any = None) -> list[Any]:
    """The inputs from which a symbolic tensor was computed."""
    found: dict[int, Any] = {}
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        for t in topological([stack.pop()], stop=lambda t: isinstance(t, Symbol)):
            if isinstance(t, InputSymbol):
                found[id(t)] = t
            elif isinstance(t, Symbol) and t.node.number not in seen:
                seen.add(t.node.number)
                stack += [a for a in flat([list(t.node.args), t.node.kwargs]) if isinstance(a, Tensor)]
    return list(found.values())


def count_params(weights: Any) -> int:
    """The number of elements of all these variables, each once."""
    return sum(int(np.prod(w.shape)) for w in {id(w): w for w in weights}.values())


_CONVOLUTIONS = (_layers.Conv1D, _layers.Conv2D, _layers.Conv3D, _layers.Conv2DTranspose)


def convert_all_kernels_in_model(model: Any) -> None:
    """Turn the kernels of all convolutions by half a circle: between those of Theano and those of TensorFlow."""
    for layer in model.tree():
        if isinstance(layer, _CONVOLUTIONS) and layer.built:
            layer.kernel.set_value(helpers.convert_kernel(layer.kernel.get_value()))


def convert_dense_weights_data_format(
    dense: Any, previous_feature_map_shape: Any, target_data_format: str = "channels_first"
) -> None:
    """Order the rows of a kernel behind Flatten for maps in another format, which have this shape in it."""
    first = target_data_format == "channels_first"
    n, (channels, *sides) = (
        dense.units,
        previous_feature_map_shape if first else previous_feature_map_shape[::-1],
    )
    sides = sides if first else sides[::-1]
    kernel = dense.kernel.get_value().reshape(*((*sides, channels) if first else (channels, *sides)), n)
    turned = np.moveaxis(kernel, 2, 0) if first else np.moveaxis(kernel, 0, 2)
    dense.kernel.set_value(turned.reshape(-1, n))


class Progbar:
    """A count of steps on one line."""

    def __init__(
        self,
        target: int | None,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Any = None,
        unit_name: str = "step",
    ) -> None:
        self.target, self.width, self.verbose, self.seen_so_far = target, width, verbose, 0

    def update(
        self, current: int, values: Any = (), finalize: bool | None = None, force: bool = False
    ) -> None:
        """Show this step."""
        self.seen_so_far = current
        if self.verbose:
            figures = "".join(f" - {name}: {float(value):.4f}" for name, value in values or ())
            end = "\n" if self.target is not None and current >= self.target else "\r"
            sys.stdout.write(f"{current}/{self.target or '?'}{figures}{end}")

    def add(self, n: int, values: Any = (), force: bool = False) -> None:
        """Some steps more."""
        self.update(self.seen_so_far + n, values)


# --- a program's own classes ----------------------------------------------------------------------------------------


class _Objects(dict[str, Any]):
    """Names of a program's own classes and functions: what is put in is known by its name from then on."""

    def __setitem__(self, name: str, thing: Any) -> None:
        register("custom", name)(thing)
        super().__setitem__(name, thing)

    def update(self, *given: Any, **named: Any) -> None:
        for name, thing in dict(*given, **named).items():
            self[name] = thing


_objects = _Objects()


def get_custom_objects() -> dict[str, Any]:
    """Names of a program's own classes and functions."""
    return _objects


@contextmanager
def CustomObjectScope(*given: dict[str, Any]) -> Iterator[None]:
    """Names known within a block (and, being registered, after it)."""
    for objects in given:
        for name, thing in objects.items():
            register("custom", name)(thing)
    yield


custom_object_scope = CustomObjectScope


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Any:
    """Make a class known to saved models."""
    return register(package, name)


def serialize_keras_object(instance: Any) -> Any:
    """An object as data: its class and its configuration; a function by its name."""
    if instance is None or not hasattr(instance, "get_config"):
        return instance and instance.__name__
    return {"class_name": type(instance).__name__, "config": instance.get_config()}


def deserialize_keras_object(
    identifier: Any,
    module_objects: Any = None,
    custom_objects: Any = None,
    printable_module_name: str = "object",
) -> Any:
    """What :func:`serialize_keras_object` described, by the names that are given or were registered."""
    known = {**(module_objects or {}), **_objects, **(custom_objects or {})}
    if isinstance(identifier, str):
        return lookup(printable_module_name, identifier, known)
    if not isinstance(identifier, Mapping):
        return identifier
    cls = lookup(printable_module_name, identifier["class_name"], known)
    config = dict(identifier.get("config") or {})
    return cls.from_config(config) if hasattr(cls, "from_config") else cls(**config)


def get_registered_name(obj: Any) -> str:
    """The name under which a class or function was made known, as ``package>name``, or its own."""
    known = [] if obj.__module__.startswith("thalweg.") else registered_names(obj)
    of_packages = (name.replace(".", ">", 1) for name in known if not name.startswith("custom."))
    return next(of_packages, obj.__name__)


def get_registered_object(name: str, custom_objects: Any = None, module_objects: Any = None) -> Any:
    """The class or function that was made known under a name; None where none was."""
    package, _, own = (name if ">" in name else f"custom>{name}").partition(">")
    known = registered(package).get(own)
    return {**(module_objects or {}), **_objects, **(custom_objects or {})}.get(name, known)


def multi_gpu_model(
    model: Any, gpus: Any = None, cpu_merge: bool = True, cpu_relocation: bool = False
) -> Any:
    """A model that trains this one, its layer before the last: all of a batch goes where there is one processor."""
    inputs = [_Input(batch_shape=t.shape, dtype=t.dtype) for t in model.inputs]
    found = flat(model(inputs if len(inputs) > 1 else inputs[0]))
    outputs = [_Lambda(_identity, name=name)(y) for name, y in zip(model.output_names, found)]
    return model.of_tensors(inputs, outputs if len(outputs) > 1 else outputs[0])


# --- files ----------------------------------------------------------------------------------------------------------


def get_file(
    fname: str | None = None, origin: str = "", untar: bool = False, md5_hash: str | None = None,
    file_hash: str | None = None, cache_subdir: str = "datasets", hash_algorithm: str = "auto", extract: bool = False,
    archive_format: str = "auto", cache_dir: str | None = None, force_download: bool = False,
) -> str:  # fmt: skip
    """The path of a file that is downloaded once into the cache, or was put there: ``cache_dir/cache_subdir/fname``.

    Without ``cache_dir`` what Keras has downloaded (below ``$KERAS_HOME`` or ``~/.keras``) is found, too. ``untar``
    gives the path without ``.tar.gz``, where the archive is unpacked; ``extract`` unpacks it beside itself.
    """
    bases = [Path(cache_dir).expanduser()] if cache_dir else [data.cache_folder().parent, _home()]
    name = fname or origin.rsplit("/", 1)[-1]
    archive = f"{name}.tar.gz" if untar else name
    folders = [base / cache_subdir for base in bases]
    having = [f for f in folders if (f / archive).exists() or (untar and (f / name).exists())]
    folder = folders[0] if force_download or not having else having[0]
    path = folder / archive
    if force_download or not having:
        _download(origin, path, md5_hash, file_hash)
    if path.exists() and (untar or extract):
        _unpack(path, folder)
    return str(folder / name)


def _download(origin: str, path: Path, md5_hash: str | None, file_hash: str | None) -> None:
    if urlsplit(origin).scheme == "file":
        _copy(Path(url2pathname(urlsplit(origin).path)), origin, path, md5_hash or file_hash)
        return
    with needs("pooch", f"downloading {origin}"):
        import pooch
    pooch.utils.get_logger().setLevel("WARNING")
    known = f"md5:{md5_hash}" if md5_hash else file_hash
    try:
        made = pooch.retrieve(origin, known, fname=f"{path.name}.part", path=writable_folder(path.parent))
        os.replace(made, path)
    except (OSError, ValueError) as error:
        short = " ".join(str(error).split())[:200]
        raise DataError(f"could not download {origin} ({short}); put the file at {str(path)!r}") from None


def _copy(source: Path, origin: str, path: Path, known_hash: str | None) -> None:
    if not source.is_file():
        raise DataError(f"could not read {origin}: no file {str(source)!r}; put it there or at {str(path)!r}")
    if known_hash and not helpers.validate_file(source, known_hash):
        raise DataError(f"{origin}: the file has another hash than {known_hash}")
    writable_folder(path.parent)
    atomic_write_bytes(path, source.read_bytes())


def _unpack(path: Path, folder: Path) -> None:
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            archive.extractall(folder, filter="data")
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)


class Sequence:
    """Batches by number: what a program's own data derive from."""

    def on_epoch_end(self) -> None:
        """An epoch is done."""

    def __iter__(self) -> Iterator[Any]:
        return (self[k] for k in range(len(self)))  # type: ignore[index,arg-type]


class PyDataset(Sequence):
    """A :class:`Sequence` by its newer name; how many workers read ahead is accepted."""

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers, self.use_multiprocessing = workers, use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def num_batches(self) -> int:
        """The number of batches."""
        return len(self)  # type: ignore[arg-type]


class OrderedEnqueuer:
    """The batches of a :class:`Sequence` in order, without end: ``start()``, then ``get()``.

    Programs fed their models from it; nothing has to run beside them, so ``start`` and ``stop`` only say when.
    """

    def __init__(self, sequence: Any, use_multiprocessing: bool = False, shuffle: bool = False) -> None:
        self.sequence, self.shuffle, self.running = sequence, shuffle, False

    def is_running(self) -> bool:
        """Whether it was started."""
        return self.running

    def start(
        self, workers: int = 1, max_queue_size: int = 10, max_q_size: int = 10, nb_worker: int = 1
    ) -> None:
        """Be ready to give batches."""
        self.running = True

    def stop(self, timeout: Any = None) -> None:
        """Give no more."""
        self.running = False

    def get(self) -> Iterator[Any]:
        """The batches."""
        while self.running:
            order = np.random.permutation(len(self.sequence)) if self.shuffle else range(len(self.sequence))
            yield from (self.sequence[int(k)] for k in order)
            self.sequence.on_epoch_end()


class GeneratorEnqueuer(OrderedEnqueuer):
    """What a generator gives, in order."""

    def __init__(
        self,
        generator: Any,
        use_multiprocessing: bool = False,
        wait_time: float = 0.05,
        random_seed: Any = None,
        pickle_safe: bool = False,
    ) -> None:
        super().__init__(generator)

    def get(self) -> Iterator[Any]:
        """What the generator gives."""
        while self.running:
            try:
                yield next(self.sequence)
            except StopIteration:
                return


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and the library."""
    _random.seed(seed)
    np.random.seed(seed)
    set_seed(seed)


def compute_weighted_loss(
    losses: Any, sample_weight: Any = None, reduction: str = "sum_over_batch_size", name: Any = None
) -> Any:
    """The losses times their weights: their mean, their ``"sum"``, or each (``"none"``).

    >>> compute_weighted_loss([1.0, 3.0], [1.0, 0.0]).item()
    0.5
    """
    return reduce_weighted(tensor(losses), sample_weight, reduction)


timeseries_dataset_from_array = preprocessing.timeseries_dataset_from_array
image_dataset_from_directory = preprocessing.image_dataset_from_directory
text_dataset_from_directory = preprocessing.text_dataset_from_directory
load_img, img_to_array = preprocessing.load_img, preprocessing.img_to_array
array_to_img, save_img = preprocessing.array_to_img, preprocessing.save_img
pad_sequences = preprocessing.pad_sequences
HDF5Matrix = helpers.HDF5Matrix
_room = "keras.utils"
np_utils = Namespace(
    f"{_room}.np_utils", to_categorical=to_categorical, normalize=normalize,
    convert_kernel=helpers.convert_kernel, probas_to_classes=probas_to_classes,
    categorical_probas_to_classes=categorical_probas_to_classes,
    conv_output_length=helpers.conv_output_length, conv_input_length=helpers.conv_input_length,
)  # fmt: skip
data_utils = Namespace(
    f"{_room}.data_utils", get_file=get_file, Sequence=Sequence, validate_file=helpers.validate_file,
    GeneratorEnqueuer=GeneratorEnqueuer, OrderedEnqueuer=OrderedEnqueuer,
)  # fmt: skip
generic_utils = Namespace(
    f"{_room}.generic_utils", Progbar=Progbar, CustomObjectScope=CustomObjectScope,
    custom_object_scope=CustomObjectScope, get_custom_objects=get_custom_objects,
    has_arg=helpers.has_arg, to_list=helpers.to_list, unpack_singleton=helpers.unpack_singleton,
    serialize_keras_object=serialize_keras_object, deserialize_keras_object=deserialize_keras_object,
    is_all_none=helpers.is_all_none, slice_arrays=helpers.slice_arrays, object_list_uid=helpers.object_list_uid,
    make_batches=helpers.make_batches, func_dump=helpers.func_dump, func_load=helpers.func_load,
)  # fmt: skip
conv_utils = Namespace(
    f"{_room}.conv_utils", normalize_tuple=helpers.normalize_tuple, normalize_padding=helpers.normalize_padding,
    normalize_data_format=helpers.normalize_data_format, conv_output_length=helpers.conv_output_length,
    conv_input_length=helpers.conv_input_length, deconv_length=helpers.deconv_length,
    convert_kernel=helpers.convert_kernel, deconv_output_length=helpers.deconv_output_length,
)  # fmt: skip
tf_utils = Namespace(
    f"{_room}.tf_utils", smart_cond=helpers.smart_cond, constant_value=helpers.constant_value, ListWrapper=list,
    is_symbolic_tensor=helpers.is_symbolic, is_tensor_or_variable=lambda x: isinstance(x, Tensor),
    shape_type_conversion=lambda function: function,  # layers are told shapes as tuples
)  # fmt: skip
theano_utils = Namespace(
    f"{_room}.theano_utils", floatX=helpers.floatX, sharedX=helpers.shared, shared_scalar=helpers.shared_scalar,
    shared_zeros=helpers.shared_zeros, shared_ones=helpers.shared_ones, ndim_tensor=helpers.ndim_tensor,
    alloc_zeros_matrix=helpers.alloc_zeros_matrix,
)  # fmt: skip
io_utils = Namespace(f"{_room}.io_utils", HDF5Matrix=HDF5Matrix)
test_utils = Namespace(
    f"{_room}.test_utils", get_test_data=helpers.get_test_data, layer_test=layer_tests.layer_test,
    keras_test=layer_tests.keras_test,
)  # fmt: skip
layer_utils = Namespace(
    f"{_room}.layer_utils", print_summary=print_summary, count_params=count_params,
    convert_all_kernels_in_model=convert_all_kernels_in_model, get_source_inputs=get_source_inputs,
    convert_dense_weights_data_format=convert_dense_weights_data_format, layer_from_config=_deserialize,
)  # fmt: skip
losses_utils = Namespace(
    f"{_room}.losses_utils", Reduction=tables.losses.Reduction, compute_weighted_loss=compute_weighted_loss
)
training_utils = Namespace(f"{_room}.training_utils", multi_gpu_model=multi_gpu_model)
multi_gpu_utils = training_utils
vis_utils = Namespace(f"{_room}.vis_utils", plot_model=plot_model, model_to_dot=model_to_dot)
visualize_util = Namespace(f"{_room}.visualize_util", plot=plot_model, model_to_dot=model_to_dot)
