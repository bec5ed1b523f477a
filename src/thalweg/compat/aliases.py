"""Which old module names stand for which rooms of thalweg.compat, and the finder that makes ``import`` obey.

A front end joins by a line in :data:`ALIASES`: the generation, and for each top-level name the room that translates it.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from thalweg.compat import graphs, names
from thalweg.compat.names import LIST, public_names, unsupported

# generation -> {name that the program imports: room}; the longest name that fits wins.
ALIASES: dict[str, dict[str, str]] = {
    "tf1": {
        "tensorflow": "thalweg.compat.tf1",
        "tensorflow.compat.v1": "thalweg.compat.tf1",
        "tensorflow.keras": "thalweg.compat.keras.classic",
        "tensorflow.python.keras": "thalweg.compat.keras.classic",
        "keras": "thalweg.compat.keras.classic",
        "theano": "thalweg.compat.theano",
    },
    "tf2": {
        "tensorflow": "thalweg.compat.tf2",
        "tensorflow.compat.v1": "thalweg.compat.eager",
        "tensorflow.keras": "thalweg.compat.keras",
        "tensorflow.python.keras": "thalweg.compat.keras",
        "keras": "thalweg.compat.keras",
    },
    "eager": {
        "tensorflow": "thalweg.compat.eager",
        "tensorflow.compat.v1": "thalweg.compat.eager",
        "tensorflow.keras": "thalweg.compat.keras",
        "tensorflow.python.keras": "thalweg.compat.keras",
        "keras": "thalweg.compat.keras",
    },
    "keras": {
        "keras": "thalweg.compat.keras.classic",
        "tensorflow": "thalweg.compat.tf2",
        "tensorflow.compat.v1": "thalweg.compat.tf1",
        "tensorflow.keras": "thalweg.compat.keras",
        "tensorflow.python.keras": "thalweg.compat.keras",
        "theano": "thalweg.compat.theano",
    },
    "theano": {"theano": "thalweg.compat.theano", "lasagne": "thalweg.compat.lasagne"},
}

# What stands for the rooms of a generation while its program builds a graph, in a block of one or for good.
IN_GRAPHS: dict[str, dict[str, str]] = {
    "tf2": {"thalweg.compat.tf2": "thalweg.compat.in_graphs", "thalweg.compat.eager": "thalweg.compat.tf1"},
    "eager": {"thalweg.compat.eager": "thalweg.compat.tf1"},
}

for _table in ALIASES.values():  # what Keras 2.2 kept in packages of their own
    if "keras" in _table:
        for _part in ("applications", "preprocessing"):
            _table[f"keras_{_part}"] = f"thalweg.compat.keras.{_part}"

# Packages that the old libraries, or notebooks, brought along: supplied where they are not installed.
COMPANIONS = {
    "six": "thalweg.compat.six_names",
    "IPython": "thalweg.compat.ipython_names",
    "input_data": "thalweg.compat.input_data_names",
    **dict.fromkeys(("pydot", "pydotplus", "pydot_ng"), "thalweg.compat.pydot_names"),
    "tensorboard": "thalweg.compat.tensorboard_names",
    "tensorflow_datasets": "thalweg.compat.tfds_names",
    "tensorflow_docs": "thalweg.compat.tensorflow_docs_names",
    "tensorflow_probability": "thalweg.compat.tfp_names",
}

# Of these, what one generation has in another room.
COMPANIONS_OF = {"tf1": {"tensorflow_probability": "thalweg.compat.tf1.probability"}}

_HUB = (
    "its models are TensorFlow's own graphs; tf.keras.applications has networks, and tf.keras.layers.TextVectorization \
with Embedding reads texts"
)
# Packages that stand on TensorFlow itself, and the nearest thing to each.
APART = {
    "tensorflow_hub": _HUB,
    "tensorflow_text": "tf.strings and tf.keras.layers.TextVectorization take texts apart",
    "tensorflow_addons": "install it, and typeguard: what of it is written in Python runs here as it stands",
    "tensorflow_io": "tf.io, tf.audio and tf.data read files",
    "tensorflow_model_optimization": "networks are not pruned or quantised",
    "tensorflow_decision_forests": "forests are no networks; scikit-learn has them",
    "tensorflow_federated": "one process does the work",
    "tensorflow_transform": "tf.keras.layers has layers that prepare data",
    "kerastuner": "scikit-learn's searches take thalweg.sklearn's networks",
    "keras_tuner": "scikit-learn's searches take thalweg.sklearn's networks",
}

_ABSENT = object()


class AliasError(ImportError):
    """A module of an old library that is not supplied; the message names what is."""


def target(name: str, table: dict[str, str]) -> tuple[str, list[str]] | None:
    """The room for a dotted module name and the attributes below it; None where the table says nothing."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        room = table.get(".".join(parts[:count]))
        if room is not None:
            return room, parts[count:]
    return None


def apart(name: str) -> AliasError | None:
    """What is said of a package that stands on TensorFlow itself and is not installed."""
    first = name.split(".")[0]
    if first not in APART or importlib.machinery.PathFinder.find_spec(first) is not None:
        return None
    return AliasError(f"{first} is not supplied: {APART[first]}")


def resolve(name: str, table: dict[str, str]) -> Any:
    """What a dotted name stands for; an AliasError in one line where there is nothing."""
    found = target(name, table)
    if found is None:
        raise AliasError(f"{name}: not an alias")
    room, rest = found
    if importlib.util.find_spec(room) is None:
        rooms = sorted(old for old, new in table.items() if importlib.util.find_spec(new) is not None)
        raise AliasError(f"{name} is not supported: Thalweg supplies {', '.join(rooms)}; {LIST}")
    thing: Any = importlib.import_module(room)
    for k, part in enumerate(rest):
        below = getattr(thing, part, _ABSENT)
        if below is _ABSENT:
            try:  # a room below that was not imported yet
                below = (
                    importlib.import_module(f"{thing.__name__}.{part}")
                    if isinstance(thing, ModuleType)
                    else _ABSENT
                )
            except ModuleNotFoundError:
                below = _ABSENT
        if below is _ABSENT:
            where = ".".join(name.split(".")[: len(name.split(".")) - len(rest) + k])
            raise AliasError(str(unsupported(where, part, public_names(thing))))
        thing = below
    return thing


class AliasModule(ModuleType):
    """A module under an old name: everything in it is asked of the room; ``in_graphs`` names the one that is asked
    while a graph is built.
    """

    def __init__(self, name: str, room: Any, in_graphs: str | None = None) -> None:
        super().__init__(name, getattr(room, "__doc__", None))
        self.__dict__.update(_room=room, _in_graphs=in_graphs)
        self.__path__: list[str] = []  # so that names below it can be imported
        self.__file__ = "<thalweg>"

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return public_names(self._room)
        if self.__dict__["_in_graphs"] is not None and not name.startswith("__") and graphs.are_built():
            return getattr(importlib.import_module(self.__dict__["_in_graphs"]), name)
        return getattr(self.__dict__["_room"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        """What a program puts in place of a function is what the room's own code finds, too; a module that is imported
        below leaves a function of its name, as ``theano.tensor.sort``, in its place.
        """
        if isinstance(value, AliasModule) and callable(getattr(self.__dict__["_room"], name, None)):
            return
        if name.startswith("__") or isinstance(value, ModuleType):  # what importing says of a module
            super().__setattr__(name, value)
        else:
            setattr(self.__dict__["_room"], name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *public_names(self.__dict__["_room"])})


class Supplied(importlib.metadata.Distribution):
    """A package that is supplied, as ``importlib.metadata`` tells of it: its name and the version it goes by."""

    def __init__(self, name: str, version: str) -> None:
        self.told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"

    def read_text(self, filename: str) -> str | None:
        """The name and the version; there are no other files."""
        return self.told if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        """Nowhere: there are no files."""
        raise FileNotFoundError(path)


class AliasFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the old names of one generation; ``later``: for a program of graphs whose ``tf`` is TensorFlow 2's."""

    def __init__(self, generation: str, folder: Path | None = None, later: bool = False) -> None:
        beside = [] if folder is None else [str(folder)]
        absent = {
            name: room
            for name, room in {**COMPANIONS, **COMPANIONS_OF.get(generation, {})}.items()
            if importlib.util.find_spec(name) is None
            and importlib.machinery.PathFinder.find_spec(name, beside) is None
        }
        if importlib.util.find_spec("tqdm") is not None and importlib.util.find_spec("ipywidgets") is None:
            absent["tqdm.notebook"] = "tqdm"  # bars of text where there is nothing to draw others
        self.table = {**ALIASES[generation], **absent}
        if later:
            self.table["tensorflow"] = "thalweg.compat.in_graphs"
        self.in_graphs = IN_GRAPHS.get(generation, {})
        names.spoken = self.table.get("tensorflow")
        self.found: dict[str, str] = {}

    def find_spec(self, fullname: str, path: Sequence[str] | None = None, target_: Any = None) -> Any:
        place = target(fullname, self.table)
        told = apart(fullname)
        if told is not None:
            raise told
        if place is None:
            return None
        self.found.setdefault(fullname.split(".")[0], place[0])
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def find_distributions(self, context: Any = None) -> Iterator[Supplied]:
        """The package of a name, if it is supplied and tells a version: programs ask for it before they import it."""
        name = getattr(context, "name", None)
        version = getattr(resolve(name, self.table), "__version__", None) if name in self.table else None
        if isinstance(name, str) and isinstance(version, str):
            yield Supplied(name, version)

    def create_module(self, spec: Any) -> ModuleType:
        """The module; where a function has its name, the module all the same."""
        room = resolve(spec.name, self.table)
        if not isinstance(room, ModuleType) and callable(room):
            above, _, name = spec.name.rpartition(".")
            owner = resolve(above, self.table) if above else room
            room = sys.modules.get(f"{owner.__name__}.{name}", room)
        return AliasModule(spec.name, room, self.in_graphs.get(getattr(room, "__name__", "")))

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to run."""

    def install(self) -> None:
        """Let ``import`` ask here first."""
        for name in [n for n in sys.modules if target(n, self.table) is not None]:
            del sys.modules[name]
        sys.meta_path.insert(0, self)


def supplied(name: str, room: str) -> Any:
    """The module under an old name where a program runs that may build graphs; else the room."""
    is_run = any(isinstance(finder, AliasFinder) and finder.in_graphs for finder in sys.meta_path)
    return importlib.import_module(name if is_run else room)
