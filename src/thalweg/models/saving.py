"""Models as files: one safetensors file with the weights, and in its header the model as versioned JSON.

Header entries: ``format`` ("thalweg"), ``version``, ``weights`` (their names in order), ``model`` (the description),
``compile`` and ``optimizer``. Loading makes objects from names that are known here and runs no code from the file.
"""

from __future__ import annotations

import functools
import json
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from thalweg import dtypes
from thalweg.errors import ArgumentError, DataError, MissingFileError, ShapeError, ThalwegError, fail
from thalweg.extras import needs
from thalweg.files import atomic_write
from thalweg.graph.op import Op, convert_operands
from thalweg.graph.tensor import Tensor, Variable, shape_text
from thalweg.graph.walk import topological
from thalweg.layers.nodes import Input
from thalweg.layers.seeds import memories
from thalweg.models import foreign, hdf5
from thalweg.models.paths import free_name, weight_paths
from thalweg.nested import flat
from thalweg.ops import (
    activation,
    arithmetic,
    contract,
    conv,
    elementwise,
    gathering,
    incomplete,
    index,
    joining,
    logic,
    norms,
    pool,
    random,
    reduce,
    search,
    segments,
    shape,
    slices,
    softmax,
    sort,
    special,
    tiling,
    triangles,
    windows,
)  # fmt: skip
from thalweg.registry import decode, encode

__all__ = [
    "clone_model",
    "model_from_json",
    "load_model",
    "load_state",
    "load_weights",
    "save_model",
    "save_state",
    "save_weights",
]

VERSION = 3  # 2: operations between layers; 3: what the optimizer remembers has names

# --- files ----------------------------------------------------------------------------------------------------------


def _write(
    model: Any, path: Any, tensors: dict[str, np.ndarray], header: dict[str, Any], overwrite: bool = True
) -> None:
    """A safetensors file; one of HDF5 where the name ends in ``.h5`` or ``.hdf5`` and h5py is installed."""
    if not overwrite and Path(path).exists():
        raise fail(ArgumentError, f"{os.fspath(path)!r} exists", hint="pass overwrite=True to replace it")
    texts = {"format": "thalweg", "version": str(VERSION)}
    texts |= {key: json.dumps(value, allow_nan=False) for key, value in header.items()}
    try:
        with atomic_write(path) as file:
            file.writelines(_parts_of_file(model, path, tensors, texts))
    except OSError as error:
        raise fail(DataError, f"cannot write {os.fspath(path)!r}: {error.strerror or error}") from None


def _parts_of_file(model: Any, path: Any, tensors: dict[str, np.ndarray], texts: dict[str, str]) -> list[Any]:
    if hdf5.wanted(path):
        return [hdf5.image(model, tensors, texts)]
    with needs("safetensors", "writing a model"):
        from safetensors.numpy import save
    return _sorted_header(save(tensors, texts))


def _sorted_header(data: bytes) -> list[Any]:
    """The parts of a safetensors file with its texts in order, so that the same model is the same bytes."""
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return [len(text).to_bytes(8, "little"), text, memoryview(data)[end:]]


def _read(path: Any) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    with needs("safetensors", "reading a model"):
        from safetensors import SafetensorError, safe_open
    name = os.fspath(path)
    if not Path(name).is_file():
        raise fail(MissingFileError, f"there is no file {name!r}")
    if _is_hdf5(name) and hdf5.is_ours(name):
        tensors, texts = hdf5.read(name)
        return tensors, _header(name, texts)
    if _is_keras(name):
        raise fail(
            DataError, f"{name!r} was written by Keras or PyTorch", expected="a safetensors file",
            hint="its weights can be read into a model of the same layers: model.load_weights(path)",
        )  # fmt: skip
    try:
        with safe_open(name, framework="numpy") as file:
            texts = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  no mapping
    except (SafetensorError, ValueError, OSError, TypeError) as error:
        raise fail(DataError, f"{name!r} is no safetensors file, or it is damaged: {error}") from None
    return tensors, _header(name, texts)


def _is_keras(name: str) -> bool:
    """Whether the file is a zip archive, or HDF5 that was not written here."""
    with open(name, "rb") as file:
        zipped = file.read(2) == b"PK"
    return zipped or (_is_hdf5(name) and not hdf5.is_ours(name))


def _is_hdf5(name: str) -> bool:
    with open(name, "rb") as file:
        return file.read(4) == b"\x89HDF"


def _header(name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    if texts.get("format") != "thalweg":
        return {}
    try:
        if int(texts["version"]) > VERSION:
            raise fail(
                DataError, f"{name!r} was written by a newer Thalweg", expected=f"version {VERSION} or older",
                received=texts["version"], hint="pip install --upgrade thalweg",
            )  # fmt: skip
        return {key: json.loads(value) for key, value in texts.items() if key not in ("format", "version")}
    except (KeyError, ValueError, RecursionError) as error:
        if isinstance(error, ThalwegError):
            raise
        raise fail(DataError, f"the header of {name!r} is damaged: {error}") from None


def has_weights(model: Any) -> bool:
    """Whether a model has its weights; one that is called in a way of its own, whether it has any."""
    return bool(model.built or ("__call__" in vars(type(model)) and model.weights))


def _weights(model: Any) -> tuple[dict[str, np.ndarray], list[str]]:
    if not has_weights(model):
        raise fail(
            ArgumentError,
            f"{model.name} has no weights yet",
            hint="call it on data, or give it an input shape",
        )
    found = {name: weight.get_value() for name, weight in weight_paths(model).items()}
    tensors = {f"weights/{name}": value for name, value in found.items()}
    tensors |= {f"seeds/{k}": state.get_value() for k, state in enumerate(memories(model))}
    return tensors, list(found)


def save_weights(model: Any, path: Any, overwrite: bool = True) -> None:
    """Write the weights alone."""
    tensors, names = _weights(model)
    _write(model, path, tensors, {"weights": names}, overwrite)


def save_model(model: Any, path: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write weights, description, and the arguments of compile with the optimizer's state."""
    tensors, names = _weights(model)
    header: dict[str, Any] = {"weights": names, "model": encode(model)}
    if model.built and model.build_shape is not None:
        header["built_for"] = encode(model.build_shape)
    if include_optimizer and model.compile_arguments is not None:
        try:
            header["compile"] = encode(model.compile_arguments)
        except ThalwegError as error:
            warnings.warn(f"saved without the arguments of compile: {error}", stacklevel=3)
        else:
            tensors |= _optimizer_state(model)
    _write(model, path, tensors, header, overwrite)


def _optimizer_state(model: Any) -> dict[str, np.ndarray]:
    return {f"optimizer/{name}": v.get_value() for name, v in _optimizer_variables(model).items()}


def _optimizer_variables(model: Any) -> dict[str, Variable]:
    """What the optimizer remembers, by name: of a weight under the weight's path."""
    model.optimizer.build(model.trainable_weights)  # of a model that was compiled and not yet trained
    paths = {id(weight): path for path, weight in weight_paths(model).items()}
    slots = model.optimizer.slot_places()
    found: dict[str, Variable] = {}
    for variable in model.optimizer.variables():
        param, name = slots.get(id(variable), (None, str(variable.name).rsplit("/", 1)[-1]))
        found[free_name(f"{paths[id(param)]}/{name}" if id(param) in paths else name, found)] = variable
    return found


def save_state(model: Any, path: Any, notes: Mapping[str, Any]) -> None:
    """Write weights, optimizer, random numbers and notes, which may hold arrays."""
    tensors, names = _weights(model)
    tensors |= _optimizer_state(model)
    arrays: list[np.ndarray] = []
    state = {"random": random.get_state(), "notes": encode(_without_arrays(notes, arrays))}
    tensors |= {f"notes/{k}": array for k, array in enumerate(arrays)}
    _write(model, path, tensors, {"weights": names, "state": state})


def _without_arrays(notes: Any, arrays: list[np.ndarray]) -> Any:
    """The notes with numbers in place of arrays, which are put into the list."""
    if isinstance(notes, np.ndarray):
        arrays.append(notes)
        return {"$tensor": len(arrays) - 1}
    if isinstance(notes, Mapping):
        return {key: _without_arrays(value, arrays) for key, value in notes.items()}
    return [_without_arrays(value, arrays) for value in notes] if isinstance(notes, (list, tuple)) else notes


def _with_arrays(notes: Any, tensors: Mapping[str, np.ndarray]) -> Any:
    if isinstance(notes, dict) and "$tensor" in notes:
        return tensors[f"notes/{notes['$tensor']}"]
    if isinstance(notes, dict):
        return {key: _with_arrays(value, tensors) for key, value in notes.items()}
    return [_with_arrays(value, tensors) for value in notes] if isinstance(notes, list) else notes


def load_state(model: Any, path: Any) -> dict[str, Any]:
    """Set weights, optimizer and random numbers; the notes."""
    tensors, header = _read(path)
    if "state" not in header:
        raise fail(DataError, f"{os.fspath(path)!r} holds no state of a training")
    _set_weights(model, tensors, header, path, False)
    _set_optimizer(model, tensors, header.get("weights", ()))
    random.set_state(header["state"]["random"])
    return dict(_with_arrays(decode(header["state"]["notes"]), tensors))


def load_weights(
    model: Any,
    path: Any,
    skip_mismatch: bool = False,
    names: Mapping[str, str] | None = None,
    by_name: bool = False,
    reshape: bool = False,
) -> None:
    """Set the weights by name, from a file of this library, of Keras, or with PyTorch's tensors.

    Of our own files also by order, where all names differ and all shapes fit. ``by_name``: only those that the file
    has by their names, which must fit; the others stay as they are. ``reshape``: arrays of another shape fit, too, if
    they have as many elements.
    """
    if not has_weights(model):
        raise fail(
            ArgumentError,
            f"{model.name} has no weights yet",
            hint="call it on data, or give it an input shape",
        )
    file = os.fspath(path)
    if Path(file).is_file() and _is_keras(file):
        given = foreign.keras_weights(model, path, by_name)
        set_values(weight_paths(model), given, file, skip_mismatch, by_name, reshape)
        return
    tensors, header = _read(path)
    if header and by_name:
        given = {n.removeprefix("weights/"): v for n, v in tensors.items() if n.startswith("weights/")}
        set_values(weight_paths(model), given, file, skip_mismatch, by_name, reshape)
        return
    if header:
        _set_weights(model, tensors, header, path, skip_mismatch, reshape)
        return
    given = foreign.pytorch_weights(model, tensors, names or {}, file, skip_mismatch)
    set_values(weight_paths(model), given, file, skip_mismatch)


def _set_weights(
    model: Any, tensors: Any, header: Any, path: Any, skip_mismatch: bool, reshape: bool = False
) -> None:
    own = weight_paths(model)
    names = header.get("weights") or [
        n.removeprefix("weights/") for n in tensors if not n.startswith(("optimizer/", "seeds/", "notes/"))
    ]
    given = {n: tensors.get(f"weights/{n}", tensors.get(n)) for n in names}
    if any(value is None for value in given.values()):
        raise fail(DataError, f"{os.fspath(path)!r} lacks weights that its header names")
    if not set(own) & set(given) or (set(own) != set(given) and not skip_mismatch):
        fits = [v.shape for v in own.values()] == [v.shape for v in given.values()]
        if fits:
            given = dict(zip(own, given.values()))
        elif not skip_mismatch and _is_hdf5(os.fspath(path)):  # by the layers of the model, each in its order
            given = foreign.keras_weights(model, path)
    set_values(own, given, path, skip_mismatch, reshape=reshape)
    for k, state in enumerate(memories(model)):
        place = tensors.get(f"seeds/{k}")
        if place is not None and place.shape == state.shape:
            state.set_value(place.astype(state.dtype))


def set_values(
    own: Mapping[str, Variable],
    given: Mapping[str, Any],
    path: Any,
    skip_mismatch: bool,
    by_name: bool = False,
    reshape: bool = False,
) -> None:
    """All weights, or none where one does not fit; ``by_name``: of those that are given."""
    left: list[str] = []
    if reshape:
        given = {
            n: v.reshape(own[n].shape) if n in own and _as_many(v, own[n]) else v for n, v in given.items()
        }
    for name, weight in own.items():
        value = given.get(name)
        if value is None and by_name:
            continue
        if value is None or value.shape != weight.shape:
            if skip_mismatch:
                left.append(name)
                continue
            raise fail(
                ShapeError, f"{os.fspath(path)!r}: the weight {name!r}", expected=shape_text(weight.shape),
                received="nothing" if value is None else shape_text(value.shape),
                hint=f"the file holds {', '.join(list(given)[:8])}",
            )  # fmt: skip
    if by_name and left:
        warnings.warn(
            f"the file has other shapes for {', '.join(left)}, which stay as they are", stacklevel=5
        )
    for name, weight in own.items():
        value = given.get(name)
        if value is not None and value.shape == weight.shape:
            weight.set_value(value.astype(weight.dtype))


def _as_many(value: Any, weight: Variable) -> bool:
    """Whether an array has as many elements as a weight."""
    return value is not None and int(np.prod(value.shape)) == int(np.prod(weight.shape))


def _set_optimizer(model: Any, tensors: Mapping[str, np.ndarray], weights: Sequence[str] = ()) -> None:
    own = _optimizer_variables(model)
    given = {n.removeprefix("optimizer/"): v for n, v in tensors.items() if n.startswith("optimizer/")}
    paths = list(weight_paths(model))
    in_file = list(weights) if set(weights) & set(paths) else paths  # else the weights were taken in order
    if "0" in given:
        # Versions 1 and 2: numbered, those of weights in the order in which the file has the weights.
        order = {path: k for k, path in enumerate(in_file)}
        names = sorted(own, key=lambda name: order.get(name.rpartition("/")[0], -1))
        given = {name: given[str(k)] for k, name in enumerate(names) if str(k) in given}
    else:  # weights that have other names now are taken in their order
        here, there = set(paths), set(weights)
        renamed = dict(zip((w for w in weights if w not in here), (p for p in paths if p not in there)))
        given = {_renamed(name, renamed): value for name, value in given.items()}
    if any(name not in given or given[name].shape != v.shape for name, v in own.items()):
        if len(given) > 1:
            warnings.warn("the optimizer's state in the file does not fit and starts anew", stacklevel=4)
        return
    for name, variable in own.items():
        variable.set_value(given[name])
    model.optimizer.expect({name: value for name, value in given.items() if name not in own})


def _renamed(slot: str, paths: Mapping[str, str]) -> str:
    """The name of a slot, its weight under another path."""
    path, _, name = slot.rpartition("/")
    return f"{paths[path]}/{name}" if path in paths else slot


def load_model(
    filepath: Any,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model in a file of ``model.save``, or in a ``.keras`` or ``.h5`` file of Keras.

    ``custom_objects`` maps names to your own classes and functions. No code is taken from a file, whatever
    ``safe_mode`` says.
    """
    import thalweg.layers
    import thalweg.models  # noqa: F401  the names that a file may hold
    from thalweg.models.keras_models import keras_model

    if Path(filepath).is_file() and _is_keras(os.fspath(filepath)):
        return keras_model(filepath, custom_objects, compile)
    tensors, header = _read(filepath)
    if "model" not in header:
        raise fail(
            DataError,
            f"{os.fspath(filepath)!r} holds weights but no model",
            hint="make the model, then load_weights()",
        )
    try:
        model = decode(header["model"], custom_objects)
    except ThalwegError:
        raise
    except (
        ArithmeticError,
        AttributeError,
        LookupError,
        MemoryError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        raise fail(DataError, f"the description in {os.fspath(filepath)!r} is damaged: {error}") from None
    if not hasattr(model, "compile_arguments"):
        raise fail(DataError, f"{os.fspath(filepath)!r} describes no model", received=type(model).__name__)
    if not model.built and "built_for" in header:
        model.compute_output_shape(_shapes(header["built_for"]))
    if not model.built:
        raise fail(DataError, f"{model.name}: the shape of the inputs is not in the file",
                   hint="make it of an Input, or load_weights() into a built model")  # fmt: skip
    _set_weights(model, tensors, header, filepath, False)
    if compile and header.get("compile"):
        model.compile(**decode(header["compile"], custom_objects))
        _set_optimizer(model, tensors, header.get("weights", ()))
    return model


def _shapes(described: Any) -> Any:
    """One shape, or several in a structure, of what JSON holds of them."""
    if isinstance(described, dict):
        return {name: _shapes(part) for name, part in described.items()}
    if any(isinstance(part, (list, dict)) for part in described):
        return [_shapes(part) for part in described]
    return tuple(described)


def parts_of(model: Any) -> tuple[Any, ...]:
    """Plain data from which :func:`revived` makes the same model again."""
    compiled = None if model.compile_arguments is None else encode(model.compile_arguments)
    slots = {} if compiled is None else _optimizer_state(model)
    return encode(model), model.build_shape if model.built else None, model.get_weights(), compiled, slots


def revived(description: Any, build_shape: Any, weights: Any, compiled: Any, slots: Any) -> Any:
    """The model of :func:`parts_of`."""
    model = decode(description)
    if build_shape is not None and not model.built:
        model.compute_output_shape(build_shape)
    model.set_weights(weights)
    if compiled is not None:
        model.compile(**decode(compiled))
        _set_optimizer(model, slots)
    return model


def clone_model(model: Any) -> Any:
    """A model of the same layers, with first weights of its own."""
    return decode(encode(model))


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model that ``model.to_json()`` described, with first weights."""
    return decode(json.loads(json_string), custom_objects)


# --- graphs of layers as data ---------------------------------------------------------------------------------------


def graph_config(model: Any) -> dict[str, Any]:
    """Inputs, layers, and the calls of layers and operations that lead to the outputs."""
    graph = model.graph
    places: dict[int, Any] = {id(t): {"$input": k} for k, t in enumerate(graph.flat_inputs)}
    layers = graph.layers()
    numbers = {id(layer): k for k, layer in enumerate(layers)}
    calls: list[dict[str, Any]] = []
    for node in graph.nodes:
        args = _referred([list(node.args), dict(node.kwargs)], places, calls)
        calls.append({"layer": numbers[id(node.layer)], "args": args[0], "kwargs": args[1]})
        places.update((id(t), {"$call": [len(calls) - 1, j]}) for j, t in enumerate(flat(node.outputs)))
    inputs = [{"batch_shape": t.shape, "dtype": t.dtype.name, "name": t.name} for t in graph.flat_inputs]
    outputs = _referred(graph.outputs, places, calls)
    return {
        "name": model.name,
        "inputs": inputs,
        "layers": layers,
        "calls": calls,
        "input": _referred(graph.inputs, places, calls),
        "output": outputs,
    }


def _referred(structure: Any, places: dict[int, Any], calls: list[dict[str, Any]]) -> Any:
    """The structure as data, with references in place of tensors; what computes these is added to the calls."""
    if isinstance(structure, Mapping):
        return {key: _referred(value, places, calls) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_referred(value, places, calls) for value in structure]
    if not isinstance(structure, Tensor):
        return structure
    for t in topological([structure], stop=lambda t: id(t) in places):
        if id(t) not in places:
            places[id(t)] = _placed(t, places, calls)
    return places[id(structure)]


def _placed(t: Tensor, places: Mapping[int, Any], calls: list[dict[str, Any]]) -> Any:
    """A constant, or a reference to a call that is added for an operation whose inputs have places."""
    if t.value is not None and not isinstance(t, Variable):
        return t.numpy()
    if t.op is None or _operations().get(t.op.name) is not t.op:
        raise fail(
            ArgumentError, f"{t.label()} between the layers cannot be saved", built_at=t.built_at,
            hint="make it a layer: Add, Multiply, Rescaling, or a Lambda with a registered function",
        )  # fmt: skip
    attrs = {key: _plain_attribute(value) for key, value in t.attrs.items()}
    calls.append({"operation": t.op.name, "args": [places[id(x)] for x in t.inputs], "attributes": attrs})
    return {"$call": [len(calls) - 1, 0]}


@functools.cache
def _operations() -> dict[str, Op]:
    """The operations that a file may name: those of tensors that compute nothing but tensors."""
    rooms = (
        activation, arithmetic, contract, conv, elementwise, gathering, incomplete, index, joining, logic, norms, pool,
        reduce, search, segments, shape, slices, softmax, sort, special, tiling, triangles, windows,
    )  # fmt: skip
    return {op.name: op for room in rooms for op in vars(room).values() if isinstance(op, Op)}


def _plain_attribute(value: Any) -> Any:
    return {"$dtype": value.name} if isinstance(value, np.dtype) else value


def _attribute(value: Any) -> Any:
    """An attribute of an operation as it was: lists in files were tuples."""
    if isinstance(value, dict) and "$dtype" in value:
        return dtypes.as_dtype(value["$dtype"])
    return tuple(_attribute(v) for v in value) if isinstance(value, list) else value


def graph_from_config(config: Mapping[str, Any]) -> Any:
    """The model of a :func:`graph_config`."""
    from thalweg.models.model import Model

    inputs = [Input(**one) for one in config["inputs"]]
    layers: Sequence[Any] = config["layers"]
    results: list[list[Any]] = []
    for call in config["calls"]:
        if "operation" in call:
            operation = _operations().get(call["operation"])
            if operation is None:
                raise fail(
                    DataError, f"the file names the operation {call['operation']!r}, which is not known here"
                )
            given = convert_operands(_resolved(call["args"], inputs, results))
            attributes = {key: _attribute(value) for key, value in call["attributes"].items()}
            results.append([operation.build(given, attributes)])
            continue
        args, kwargs = _resolved(call["args"], inputs, results), _resolved(call["kwargs"], inputs, results)
        results.append(flat(layers[call["layer"]](*args, **kwargs)))
    outputs = _resolved(config["output"], inputs, results)
    return Model(_resolved(config["input"], inputs, results), outputs, name=config["name"])


def _resolved(structure: Any, inputs: Sequence[Any], results: Sequence[Any]) -> Any:
    if isinstance(structure, Mapping):
        if "$input" in structure:
            return inputs[structure["$input"]]
        if "$call" in structure:
            call, place = structure["$call"]
            return results[call][place]
        return {key: _resolved(value, inputs, results) for key, value in structure.items()}
    if isinstance(structure, list):
        return [_resolved(value, inputs, results) for value in structure]
    return structure
