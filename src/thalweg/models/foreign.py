"""Weights that others have written: PyTorch's layouts in safetensors files, Keras's ``.h5`` and ``.keras`` files.

Nothing in such a file is executed, and no other file is opened: only plain arrays are read, of links only hard ones are
followed, and a file cannot ask for more memory than a thousand times its size.
"""

from __future__ import annotations

import io
import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from thalweg import layers as L
from thalweg.errors import ArgumentError, DataError, fail
from thalweg.extras import needs
from thalweg.layers.recurrent import Recurrent
from thalweg.models.keras_older import renewed
from thalweg.models.paths import layer_paths, weight_paths
from thalweg.registry import snake_case

__all__ = ["Tree", "in_order_of_keras", "keras_weights", "limit", "opened", "pytorch_weights"]

Arrays = Mapping[str, np.ndarray]

# --- PyTorch --------------------------------------------------------------------------------------------------------
#
# Each layout gives a layer's weights by their names here, from ``get(name)``, which gives the tensor ``prefix.name``.

Get = Callable[[str], Any]


def _turned(order: Sequence[int]) -> Callable[[np.ndarray], np.ndarray]:
    return lambda w: w.transpose(order)


def _kernel(turn: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any, Get], dict[str, Any]]:
    """A kernel in another order of axes, and a bias where the layer has one."""

    def layout(layer: Any, get: Get) -> dict[str, Any]:
        kernel = {"kernel": turn(get("weight"))}
        return {**kernel, "bias": get("bias")} if layer.use_bias else kernel

    return layout


def _depthwise(layer: Any, get: Get) -> dict[str, Any]:
    """[channels * multiplier, 1, *window] to [*window, channels, multiplier]."""
    w = get("weight")
    split = w.reshape(-1, layer.depth_multiplier, *w.shape[2:])
    bias = {"bias": get("bias")} if layer.use_bias else {}
    return {"kernel": split.transpose(*range(2, split.ndim), 0, 1), **bias}


def _normalisation(layer: Any, get: Get) -> dict[str, Any]:
    found = {}
    for name, theirs in (("gamma", "weight"), ("beta", "bias")):
        if getattr(layer, name) is not None:
            found[name] = get(theirs).reshape(getattr(layer, name).shape)
    return found


def _batch_normalisation(layer: Any, get: Get) -> dict[str, Any]:
    averages = {"moving_mean": get("running_mean"), "moving_variance": get("running_var")}
    return {**_normalisation(layer, get), **averages}


def _recurrent(order: Sequence[int]) -> Callable[..., dict[str, Any]]:
    """Gates in another order; kernels turned; the two biases kept apart where the layer does so, else added."""

    def gates(w: np.ndarray) -> np.ndarray:
        parts = np.split(w, len(order))
        return np.concatenate([parts[k] for k in order]).T

    def layout(layer: Any, get: Get, suffix: str = "") -> dict[str, Any]:
        found = {"kernel": gates(get(f"weight_ih_l0{suffix}"))}
        found["recurrent_kernel"] = gates(get(f"weight_hh_l0{suffix}"))
        if layer.use_bias:
            biases = np.stack([gates(get(f"bias_{kind}_l0{suffix}")) for kind in ("ih", "hh")])
            found["bias"] = biases if len(layer.bias_shape()) == 2 else biases.sum(axis=0)
        return found

    return layout


def _bidirectional(layer: Any, get: Get) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part, suffix in ((layer.forward_layer, ""), (layer.backward_layer, "_reverse")):
        made = _LAYOUTS[type(part)](part, get, suffix)
        found |= {f"{part.name}/{name}": value for name, value in made.items()}
    return found


def _attention(layer: Any, get: Get) -> dict[str, Any]:
    """Query, key and value stand above each other in one matrix."""
    found: dict[str, Any] = {}
    heads = layer.num_heads
    for name, w in zip(("query", "key", "value"), np.split(get("in_proj_weight"), 3)):
        found[f"{name}_kernel"] = w.T.reshape(-1, heads, w.shape[0] // heads)
    found["output_kernel"] = get("out_proj.weight").T.reshape(heads, -1, get("out_proj.weight").shape[0])
    if layer.use_bias:
        for name, b in zip(("query", "key", "value"), np.split(get("in_proj_bias"), 3)):
            found[f"{name}_bias"] = b.reshape(heads, -1)
        found["output_bias"] = get("out_proj.bias")
    return found


_LAYOUTS: dict[type, Callable[..., dict[str, Any]]] = {
    L.Dense: _kernel(_turned((1, 0))),
    L.Conv1D: _kernel(_turned((2, 1, 0))),
    L.Conv2D: _kernel(_turned((2, 3, 1, 0))),
    L.Conv3D: _kernel(_turned((2, 3, 4, 1, 0))),
    L.Conv1DTranspose: _kernel(_turned((2, 1, 0))),
    L.Conv2DTranspose: _kernel(_turned((2, 3, 1, 0))),
    L.Conv3DTranspose: _kernel(_turned((2, 3, 4, 1, 0))),
    L.DepthwiseConv1D: _depthwise,
    L.DepthwiseConv2D: _depthwise,
    L.Embedding: lambda layer, get: {"embeddings": get("weight")},
    L.PReLU: lambda layer, get: {"alpha": get("weight").reshape(layer.alpha.shape)},
    L.BatchNormalization: _batch_normalisation,
    L.LayerNormalization: _normalisation,
    L.GroupNormalization: _normalisation,
    L.RMSNormalization: _normalisation,
    L.SimpleRNN: _recurrent((0,)),
    L.LSTM: _recurrent((0, 1, 2, 3)),  # i, f, g, o in both
    L.GRU: _recurrent((1, 0, 2)),  # r, z, n there; z, r, n here
    L.Bidirectional: _bidirectional,
    L.MultiHeadAttention: _attention,
}


def pytorch_weights(
    model: Any, tensors: Arrays, names: Mapping[str, str], file: str, partly: bool = False
) -> dict[str, np.ndarray]:
    """The weights of the model by their paths, from a PyTorch state dict.

    A layer takes the tensors that stand under its name, or under the one that ``names`` gives; the layers of an
    ``nn.Sequential``, which have numbers for names, are taken in order. ``partly``: as far as names and shapes fit.
    """
    tensors = _one_layer_each(tensors)
    owners = _owners(model)
    places = _places(owners, tensors, names)
    found: dict[str, np.ndarray] = {}
    used: set[str] = set()
    for path, layer in owners.items():

        def get(name: str, place: str = places[path], layer: Any = layer) -> np.ndarray:
            full = f"{place}.{name}" if place else name
            if full not in tensors:
                raise fail(
                    DataError, f"{file!r} has no tensor {full!r} for the layer {layer.name!r}", expected=full,
                    received=", ".join(list(tensors)[:12]),
                    hint="give the layers the names in the file, or pass names={layer: name in the file}",
                )  # fmt: skip
            used.add(full)
            return tensors[full]

        try:
            values = _LAYOUTS.get(type(layer), _as_they_are)(layer, get)
        except (DataError, ValueError) as error:
            if partly:
                continue
            if isinstance(error, DataError):
                raise
            raise fail(
                DataError, f"{file!r}: {places[path]!r} does not fit {layer.name!r}: {error}"
            ) from None
        found |= {f"{path}{name}": value for name, value in values.items()}
    left = [name for name in tensors if name not in used and not name.endswith("num_batches_tracked")]
    if left and not partly:
        raise fail(
            DataError, f"{file!r}: no layer takes {left[0]!r}", received=f"{len(left)} tensors without a place",
            hint="skip_mismatch=True leaves them out",
        )  # fmt: skip
    return found


def _owners(model: Any) -> dict[str, Any]:
    """The layers that take tensors, by their paths; one with a layout of its own stands for those inside it."""
    found: dict[str, Any] = {}
    for path, layer in layer_paths(model).items():
        inside = any(path.startswith(outer) for outer, owner in found.items() if type(owner) in _LAYOUTS)
        if layer.weights and (layer.own_weights() or type(layer) in _LAYOUTS) and not inside:
            found[path] = layer
    return found


def _places(owners: Mapping[str, Any], tensors: Arrays, names: Mapping[str, str]) -> dict[str, str]:
    """Where in the file each layer's tensors are: what stands before their own names."""
    plain = {path: path.rstrip("/") for path in owners}
    for name in names:
        if name not in plain.values():
            raise fail(
                ArgumentError, f"names: no layer {name!r} takes tensors", expected=", ".join(plain.values())
            )
    places = {path: names.get(name, name.replace("/", ".")) for path, name in plain.items()}
    prefixes = list(dict.fromkeys(_prefix(name) for name in tensors))
    numbers = all(re.fullmatch(r"\d+(\.\d+)*", p) for p in prefixes)
    if numbers and len(prefixes) == len(owners) and not set(places.values()) & set(prefixes):
        return dict(zip(owners, sorted(prefixes, key=lambda p: [int(n) for n in p.split(".")])))
    return places


def _as_they_are(layer: Any, get: Get) -> dict[str, Any]:
    names = [str(w.name).rsplit("/", 1)[-1] for w in layer.own_weights()]
    return {name: get(name) for name in names}


def _prefix(name: str) -> str:
    """What stands before the part that a layout asks for."""
    return re.sub(r"\.?(in_proj_|out_proj\.)?[^.]*$", "", name)


def _one_layer_each(tensors: Arrays) -> dict[str, np.ndarray]:
    """A recurrent module of several layers as one module each: ``rnn.weight_ih_l1`` as ``rnn.1.weight_ih_l0``."""
    found = {}
    for name, value in tensors.items():
        parts = re.fullmatch(r"(.*?)\.?((?:weight|bias)_(?:ih|hh)_l)([1-9]\d*)(_reverse)?", name)
        if parts:
            before, kind, number, back = parts.groups()
            name = f"{before}.{number}.{kind}0{back or ''}".lstrip(".")
        found[name] = value
    return found


# --- Keras ----------------------------------------------------------------------------------------------------------


def keras_weights(model: Any, path: Any, by_name: bool = False) -> dict[str, np.ndarray]:
    """The weights of the model by their paths, from a ``.h5``, ``.weights.h5`` or ``.keras`` file.

    ``by_name``: of an ``.h5`` file those of the layers that it names.
    """
    with opened(path) as file:
        tree = Tree(file, limit(path))
        tree = tree.child("model_weights") or tree
        if "layer_names" in tree.group.attrs or "layer_names0" in tree.group.attrs:
            paths = {id(weight): path for path, weight in weight_paths(model).items()}
            found = weights_of_layers(model.layers, tree, os.fspath(path), by_name)
            return {paths[id(weight)]: array for weight, array in found}
        return _by_tree(model, tree, os.fspath(path))


def optimizer_arrays(path: Any) -> list[np.ndarray]:
    """What the optimizer of Keras 2 or 3 remembered, in its order; nothing where the file does not say."""
    with opened(path) as file:
        older = file.get("optimizer_weights")
        if older is not None and "weight_names" in older.attrs:
            return [np.asarray(older[name]) for name in older.attrs["weight_names"]]
        group = Tree(file, limit(path)).child("optimizer")
        return group.arrays() if isinstance(group, Tree) else []


@contextmanager
def opened(path: Any) -> Iterator[Any]:
    """An HDF5 file, or the weights inside a ``.keras`` archive."""
    with needs("h5py", "reading a file of Keras"):
        import h5py
    name = os.fspath(path)
    source: Any = name
    try:
        if zipfile.is_zipfile(name):
            with zipfile.ZipFile(name) as archive:
                if "model.weights.h5" not in archive.namelist():
                    raise fail(
                        DataError, f"{name!r} is a zip archive without weights of Keras", expected="model.weights.h5",
                        received=", ".join(archive.namelist()[:5]),
                        hint="of a PyTorch file, write the state dict with safetensors.torch.save_file",
                    )  # fmt: skip
                if archive.getinfo("model.weights.h5").file_size > limit(path):
                    raise fail(DataError, f"{name!r} would grow more than a thousandfold")
                source = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(source, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise fail(DataError, f"{name!r} is no file of Keras, or it is damaged: {error}") from None


def limit(path: Any) -> int:
    """The most bytes that a file may ask for."""
    return 1000 * os.path.getsize(path)


class Tree:
    """The groups and arrays of an HDF5 file, read with care."""

    def __init__(self, group: Any, limit: int) -> None:
        self.group, self.limit = group, limit

    def child(self, name: str) -> Any:
        """A group or an array below; None if there is none."""
        import h5py

        if name not in self.group:
            return None
        link = self.group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise fail(DataError, f"{self.group.file.filename!r}: {name!r} is a link to elsewhere")
        found = self.group[name]
        return Tree(found, self.limit) if isinstance(found, h5py.Group) else self._array(found, name)

    def _array(self, found: Any, name: str) -> np.ndarray:
        plain = found.dtype.kind in "biuf" and not found.is_virtual and not found.external
        if not plain or found.size * found.dtype.itemsize > self.limit:
            raise fail(DataError, f"{self.group.file.filename!r}: {name!r} is no plain array", received=found)
        return np.asarray(found)

    def at(self, path: str) -> Any:
        """What is at a path of names; None if anything on it is missing."""
        found: Any = self
        for name in path.split("/"):
            found = found.child(name) if isinstance(found, Tree) else None
        return found

    def arrays(self) -> list[np.ndarray]:
        """``vars/0``, ``vars/1``, ... of a layer."""
        held = self.child("vars")
        count = len(held.group) if isinstance(held, Tree) else 0
        return [held.child(str(k)) for k in range(count)]

    def name(self) -> str | None:
        """The name that the layer had."""
        held = self.child("vars")
        return str(held.group.attrs.get("name", "")) if isinstance(held, Tree) else None


_ATTENTION = {f"{name}_{kind}": (f"{name}_dense", place) for name in ("query", "key", "gate", "value", "output")
              for place, kind in enumerate(("kernel", "bias"))}  # fmt: skip


def _by_tree(model: Any, tree: Tree, file: str) -> dict[str, np.ndarray]:
    """From the files of Keras 3, which have a group for each layer, named by its class and number."""
    paths = {id(layer): path for path, layer in layer_paths(model).items()}
    found: dict[str, np.ndarray] = {}
    stack: list[tuple[Any, Any]] = [(model, tree)]
    while stack:
        layer, group = stack.pop()
        path = paths[id(layer)]
        if not layer.weights:
            continue
        if not isinstance(group, Tree):
            raise fail(DataError, f"{file!r} has no weights for the layer {layer.name!r}")
        own = [str(w.name).rsplit("/", 1)[-1] for w in layer.own_weights()]
        if isinstance(layer, L.MultiHeadAttention):
            for name in own:
                part, place = _ATTENTION[name]
                found[f"{path}{name}"] = group.at(f"{part}/vars/{place}")
        elif own:
            held = group.child("cell") if isinstance(layer, Recurrent) else group
            arrays = held.arrays() if isinstance(held, Tree) else []
            found |= {f"{path}{name}": array for name, array in zip(own, arrays)}
        stack += _children(layer, group)
    return {name: array for name, array in found.items() if array is not None}


def _children(layer: Any, group: Tree) -> list[tuple[Any, Any]]:
    """The layers directly below, each with its group."""
    if hasattr(layer, "layers"):
        held = group.child("layers")
        return _in_container(layer.layers, held) if isinstance(held, Tree) else []
    found: list[tuple[Any, Any]] = []
    for name, value in vars(layer).items():
        if isinstance(value, L.Layer):
            found.append((value, group.child(name)))
        elif isinstance(value, (list, tuple)) and any(isinstance(v, L.Layer) for v in value):
            held = group.child(name)
            found += _in_container([v for v in value if isinstance(v, L.Layer)], held)
    return found


def _in_container(parts: Sequence[Any], group: Any) -> list[tuple[Any, Any]]:
    """By the layers' names where the file has all of them, else by class and number."""
    if not isinstance(group, Tree):
        return [(part, None) for part in parts]
    below = {key: group.child(key) for key in group.group}
    named = {tree.name(): tree for tree in below.values() if isinstance(tree, Tree)}
    weighty = [part for part in parts if part.weights]
    if all(part.name in named for part in weighty):
        return [(part, named[part.name]) for part in weighty]
    if _several_of_one_kind(weighty):
        other = next(part.name for part in weighty if part.name not in named)
        warnings.warn(
            f"the file has no layer named {other!r}: layers are matched by class and order. Where there are branches, "
            f"give them the names in the file, which are {', '.join(str(n) for n in named)}", stacklevel=8,
        )  # fmt: skip
    counts: dict[str, int] = {}
    found = []
    for part in parts:
        base = "functional" if getattr(part, "_graph", None) and type(part).__name__ == "Model" else ""
        base = base or snake_case(type(part).__name__)
        counts[base] = counts.get(base, -1) + 1
        found.append((part, below.get(f"{base}_{counts[base]}" if counts[base] else base)))
    return found


def _several_of_one_kind(parts: Sequence[Any]) -> bool:
    """Whether layers of one class and shape could be taken for each other."""
    kinds = [(type(part), *(w.shape for w in part.weights)) for part in parts]
    return len(set(kinds)) < len(kinds)


def weights_of_layers(
    layers: Sequence[Any], tree: Tree, file: str, by_name: bool
) -> list[tuple[Any, np.ndarray]]:
    """Weights and their arrays from the older files, which hold for each layer a list of the names of its weights.

    Layers are found by their names in the file where all are there, or those that are with ``by_name``; else in order.
    """
    lists: dict[str, list[str]] = {}
    for name in names_in(tree, "layer_names"):
        held = tree.child(name)
        lists[name] = names_in(held, "weight_names") if isinstance(held, Tree) else []
    lists = {name: names for name, names in lists.items() if names}
    parts = [part for part in layers if part.weights]
    if by_name or all(part.name in lists for part in parts):
        parts = [part for part in parts if part.name in lists]
        pairs = [(part, part.name) for part in parts]
    elif len(lists) == len(parts):
        pairs = list(zip(parts, lists))
    else:
        raise fail(
            DataError, f"{file!r} holds the weights of other layers", expected=", ".join(part.name for part in parts),
            received=", ".join(lists), hint="give the layers the names in the file",
        )  # fmt: skip
    found: list[tuple[Any, np.ndarray]] = []
    version, backend = version_in(tree.group), text(tree.group.attrs.get("backend", "tensorflow"))
    for part, name in pairs:
        if isinstance(part, L.Normalization):
            lists[name] = lists[name][:2]  # mean and variance, without how many examples there were
        arrays = [tree.at(f"{name}/{weight}") for weight in lists[name]]
        arrays = arrays if any(array is None for array in arrays) else renewed(part, arrays, version, backend)
        weights = _in_order_of_file(part, arrays, lists[name])
        if len(weights) != len(arrays):
            raise fail(
                DataError, f"{file!r}: the layer {name!r} has another number of weights",
                expected=f"{len(weights)} for {part.name!r}", received=len(arrays),
            )  # fmt: skip
        found += zip(weights, arrays, strict=True)
    return found


def in_order_of_keras(layer: Any) -> list[Any]:
    """The weights of a layer as Keras lists them now: those that training moves first, a kernel beside its bias."""
    moved = {id(w) for w in layer.trainable_weights}
    return sorted(_beside_each_other(layer), key=lambda w: id(w) not in moved)


def _beside_each_other(layer: Any) -> list[Any]:
    places = {name: k for k, name in enumerate(_ATTENTION)}
    found: list[Any] = []
    for one in layer.tree():
        own = one.own_weights()
        if isinstance(one, L.MultiHeadAttention):
            own = sorted(own, key=lambda w: places[str(w.name).rsplit("/", 1)[-1]])
        found += own
    listed = {id(w): w for w in layer.weights}  # a layer of a program's own may list others
    if hasattr(layer, "layers") and list(listed) != [id(w) for w in layer.variables]:
        return list(listed.values())  # what a model of Keras 2 says
    found = list({id(w): w for w in found if id(w) in listed} | listed)
    return [listed[k] for k in found]


def _in_order_of_file(layer: Any, arrays: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """The weights in the order in which a file has them: that of now, or of another time or version, when other layers
    were frozen. Shapes tell, and where they do not, the ends of names.
    """
    together = _beside_each_other(layer)
    orders = [
        in_order_of_keras(layer),
        sorted(together, key=lambda w: not w.trainable),
        together,
        layer.variables,
    ]
    shapes, ends = [getattr(a, "shape", None) for a in arrays], list(map(_end, names))
    fitting = [order for order in orders if [w.shape for w in order] == shapes]
    told = [order for order in fitting if [_end(w.name) for w in order] == ends]
    return next(iter([*told, *fitting, *orders]))


def _end(name: Any) -> str:
    """What a weight is called in its layer, without the numbers that names get when they are taken.

    >>> _end("dense_1/kernel_2:0")
    'kernel'
    """
    return re.sub(r"(_\d+)?(:\d+)?$", "", str(name).rsplit("/", 1)[-1])


def names_in(tree: Any, key: str) -> list[str]:
    """A list of names among the attributes; a long one stands in several, ``layer_names0`` and so on."""
    attributes = tree.group.attrs
    keys = [key] if key in attributes else []
    while key not in keys and f"{key}{len(keys)}" in attributes:
        keys.append(f"{key}{len(keys)}")
    return [text(name) for one in keys for name in attributes[one]]


def version_in(group: Any) -> int:
    """Which Keras wrote a group of an HDF5 file: 1, 2 or 3."""
    return int(text(group.attrs.get("keras_version", "1")).partition(".")[0])


def text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
