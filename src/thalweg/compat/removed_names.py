"""Names that NumPy, SciPy, Pillow, matplotlib, pandas and scikit-learn had once, and have no longer.

``thalweg run`` puts them back in its own process: :func:`restore` those of modules that are loaded anyway, a finder
the modules of :data:`MODULES`.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from thalweg.compat import (
    older_frames,
    older_learning,
    older_modules,
    older_plots,
    older_python,
    python2_words,
)
from thalweg.compat.aliases import AliasModule
from thalweg.compat.names import Namespace, UnsupportedNameError
from thalweg.extras import needs

# --- NumPy ----------------------------------------------------------------------------------------------------------


_of_text = np.fromstring


def fromstring(string: Any, dtype: Any = float, count: int = -1, *, sep: str = "") -> np.ndarray:
    """The numbers in bytes, or in a text with separators."""
    if sep:
        return _of_text(string, dtype, count, sep=sep)
    return np.frombuffer(python2_words.as_bytes(string), dtype, count).copy()


class _Cast:
    """``np.cast[dtype](values)``."""

    def __getitem__(self, dtype: Any) -> Callable[[Any], np.ndarray]:
        return lambda values: np.asarray(values, dtype)


_grid = np.meshgrid


@functools.wraps(_grid)
def meshgrid(*xi: Any, **options: Any) -> list[np.ndarray]:
    """Coordinates of a grid in a list, as they came until NumPy 2, which gives a tuple."""
    return list(_grid(*xi, **options))


_NUMPY: dict[str, Any] = {
    "cast": _Cast(),
    "float": float, "int": int, "object": object, "str": str, "complex": complex, "long": int, "unicode": str,
    "float_": np.float64, "complex_": np.complex128, "unicode_": np.str_, "string_": np.bytes_, "Inf": np.inf,
    "Infinity": np.inf, "infty": np.inf, "PINF": np.inf, "NINF": -np.inf, "NaN": np.nan, "alltrue": np.all,
    "sometrue": np.any, "product": np.prod, "cumproduct": np.cumprod, "round_": np.round, "row_stack": np.vstack,
    "mat": np.asmatrix, "asscalar": lambda a: a.item(), "rank": np.ndim, "in1d": np.isin, "asfarray": np.asarray,
    "trapz": getattr(np, "trapezoid", None), "int0": np.intp, "uint0": np.uintp, "bool8": np.bool_,
    "VisibleDeprecationWarning": np.exceptions.VisibleDeprecationWarning, "AxisError": np.exceptions.AxisError,
    "ComplexWarning": np.exceptions.ComplexWarning, "issubsctype": np.issubdtype, "msort": lambda a: np.sort(a, 0),
    "find_common_type": lambda arrays, scalars: np.result_type(*arrays, *scalars),
}  # fmt: skip


def restore() -> None:
    """Give NumPy back the names that it no longer has; numbers are shown without their types, as they were."""
    np.set_printoptions(legacy="1.25")
    for name, value in _NUMPY.items():
        if name not in vars(np):
            setattr(np, name, value)
    vars(np).update(fromstring=fromstring, meshgrid=meshgrid)


# --- scipy.misc -----------------------------------------------------------------------------------------------------


def _image() -> Any:
    with needs("pillow", "reading and writing images"):
        from PIL import Image
    return Image


def imread(name: Any, flatten: bool = False, mode: str | None = None) -> np.ndarray:
    """An image file as an array; ``flatten``: grey, as floats."""
    image = _image().open(name)
    mode = "F" if flatten else mode
    if mode or image.mode == "P":
        image = image.convert(mode or "RGB")
    return np.array(image)


def _picture(
    arr: Any, high: Any = None, low: Any = None, cmin: Any = None, cmax: Any = None, **ignored: Any
) -> Any:
    """The array as a picture, bytes as they are, other numbers spread over 0 to 255."""
    arr = np.asarray(arr)
    if arr.ndim == 3 and arr.shape[-1] not in (3, 4) and arr.shape[0] in (3, 4):
        arr = np.moveaxis(arr, 0, -1)
    if arr.dtype != np.uint8:
        least, most = arr.min() if cmin is None else cmin, arr.max() if cmax is None else cmax
        arr = np.clip((arr - least) * (255.0 / ((most - least) or 1)) + 0.5, 0, 255).astype(np.uint8)
    return _image().fromarray(arr)


def imsave(name: Any, arr: Any, format: str | None = None) -> None:
    """Write an array as an image."""
    _picture(arr).save(name, format)


def imshow(arr: Any) -> None:
    """Show an array as an image, in the system's viewer."""
    _picture(arr).show()


def imresize(arr: Any, size: Any, interp: str = "bilinear", mode: str | None = None) -> np.ndarray:
    """The image in another size: (height, width), a per cent, or a share of 1; as bytes."""
    image = _picture(arr)
    if isinstance(size, (int, np.integer)):
        wanted = tuple(int(n * size / 100) for n in image.size)
    elif isinstance(size, float):
        wanted = tuple(int(n * size) for n in image.size)
    else:
        wanted = (int(size[1]), int(size[0]))
    ways = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "cubic": 3}
    return np.array(image.resize(wanted, ways[interp]))


def imrotate(arr: Any, angle: float, interp: str = "bilinear") -> np.ndarray:
    """The image turned by an angle in degrees; as bytes."""
    return np.array(_picture(arr).rotate(angle, resample=2))


def _special(name: str) -> Callable[..., Any]:
    def of_scipy(*args: Any, **kwargs: Any) -> Any:
        return getattr(importlib.import_module("scipy.special"), name)(*args, **kwargs)

    return of_scipy


misc = Namespace(
    "scipy.misc", imread=imread, imsave=imsave, imshow=imshow, imresize=imresize, imrotate=imrotate, toimage=_picture,
    fromimage=np.array, bytescale=lambda arr, **options: np.array(_picture(arr, **options)),
    **{name: _special(name) for name in ("comb", "factorial", "factorial2", "logsumexp")},
)  # fmt: skip

# --- scikit-learn ---------------------------------------------------------------------------------------------------


def _selection() -> Any:
    return importlib.import_module("sklearn.model_selection")


def _folds(kind: str) -> Callable[..., Any]:
    def make(
        y: Any, n_folds: int = 3, shuffle: bool = False, random_state: Any = None, **options: Any
    ) -> Any:
        """The folds of a number of rows, or of rows with these classes: pairs (train, test) of row numbers."""
        labels = np.zeros(y) if isinstance(y, (int, np.integer)) else np.asarray(y)
        folds = getattr(_selection(), kind)(
            int(options.get("n_splits", n_folds)),
            shuffle=shuffle,
            random_state=random_state if shuffle else None,
        )
        return _Folds(list(folds.split(labels, labels)))

    return make


class _Folds(list[Any]):
    """Folds to go through; their number is that of the folds."""

    def split(self, *ignored: Any) -> Iterator[Any]:
        """The pairs, as the later classes give them."""
        return iter(self)


class _Moved(Namespace):
    """A module of scikit-learn whose names are in another one."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = getattr(importlib.import_module(vars(self)["_now_in"]), name, None)
        if found is None:
            raise UnsupportedNameError(f"{vars(self)['__name__']}.{name} is not in {vars(self)['_now_in']}")
        return found


cross_validation = _Moved(
    "sklearn.cross_validation", _now_in="sklearn.model_selection", KFold=_folds("KFold"),
    StratifiedKFold=_folds("StratifiedKFold"),
)  # fmt: skip
grid_search = _Moved("sklearn.grid_search", _now_in="sklearn.model_selection")
learning_curve = _Moved("sklearn.learning_curve", _now_in="sklearn.model_selection")
samples_generator = _Moved("sklearn.datasets.samples_generator", _now_in="sklearn.datasets")
joblib = _Moved("sklearn.externals.joblib", _now_in="joblib")

# --- the modules ----------------------------------------------------------------------------------------------------

# By the name that a program imports: a module, or the name of one.
MODULES: dict[str, Any] = {
    **{space.__name__: space for space in (misc, cross_validation, grid_search, learning_curve, samples_generator,
                                           joblib)},
    **dict.fromkeys(("scipy.sparse.linalg.eigen", "scipy.sparse.linalg.eigen.arpack"), "scipy.sparse.linalg"),
    **older_python.MODULES,
}  # fmt: skip


def _old_filters(module: Any) -> None:
    vars(module).update({"ANTIALIAS": 1, "LINEAR": 2, "CUBIC": 3, **vars(module)})


def _old_styles(module: Any) -> None:
    """Seaborn's styles got the number of a version in their names."""
    library = module.library
    old = {name.replace("seaborn-v0_8", "seaborn"): style for name, style in library.items()}
    library.update({name: style for name, style in old.items() if name not in library})


def _old_files(h5py: Any) -> None:
    """``dataset.value``, and files that are made, or opened to be changed, where no mode is given."""
    h5py.Dataset.value = property(lambda self: self[()])
    opened = h5py.File.__init__

    @functools.wraps(opened)
    def opened_to_change(self: Any, name: Any, mode: str | None = None, *args: Any, **options: Any) -> None:
        opened(self, name, mode or "a", *args, **options)

    h5py.File.__init__ = opened_to_change


def _old_arrays(scipy: Any) -> None:
    """NumPy's functions were SciPy's too: ``scipy.interp``, ``scipy.rand``."""
    there = {*dir(scipy), *getattr(scipy, "__all__", ())}
    vars(scipy).update({name: getattr(np, name) for name in dir(np) if name[0] != "_" and name not in there})
    vars(scipy).update(rand=np.random.rand, randn=np.random.randn, misc=misc)  # which Keras had imported


def _old_signals(signal: Any) -> None:
    """Windows stood beside the filters, which took arrays of objects."""
    vars(signal).update({name: getattr(signal.windows, name) for name in signal.windows.__all__})
    filtered = signal.lfilter

    @functools.wraps(filtered)
    def of_numbers(b: Any, a: Any, x: Any, *args: Any, **options: Any) -> Any:
        x = np.asarray(x)
        return filtered(b, a, x.astype(np.float64) if x.dtype == object else x, *args, **options)

    signal.lfilter = of_numbers


def _old_integrals(integrate: Any) -> None:
    for old, new in {"simps": "simpson", "trapz": "trapezoid", "cumtrapz": "cumulative_trapezoid"}.items():
        setattr(integrate, old, _of_samples(getattr(integrate, new)))


def _of_samples(rule: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(rule)
    def of_samples(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1, **options: Any) -> Any:
        return rule(y, x=x, dx=dx, axis=axis, **options)

    return of_samples


# By the module that is there still: what gives it back the names it lost.
_LOST: dict[str, Callable[[Any], None]] = {
    "PIL.Image": _old_filters, "matplotlib.style": _old_styles, "h5py": _old_files,
    "scipy": _old_arrays, "scipy.signal": _old_signals, "scipy.integrate": _old_integrals,
    "scipy.ndimage": lambda ndimage: setattr(ndimage, "imread", imread),
    "scipy.linalg": lambda linalg: setattr(linalg, "pinv2", linalg.pinv),
    "pandas": older_frames.restore,
    **older_learning.LOST,
    **older_plots.LOST,
}  # fmt: skip


def complete(name: str, given_back: Callable[[Any], None]) -> None:
    """Call a function with a module: now, or as soon as it is loaded."""
    if name in sys.modules:
        given_back(sys.modules[name])
    else:
        _LOST[name] = given_back


class _Completed(importlib.machinery.SourceFileLoader):
    """Loads a module and gives it back the names it lost."""

    def exec_module(self, module: Any) -> None:
        super().exec_module(module)
        _LOST[module.__name__](module)


class Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules by their old names; SciPy still has an empty ``misc``."""

    def __init__(self, modules: dict[str, Any]) -> None:
        self.modules = modules

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname in _LOST:
            spec = importlib.machinery.PathFinder.find_spec(fullname, path)
            if spec is not None and spec.origin is not None:
                spec.loader = _Completed(fullname, spec.origin)
            return spec
        if fullname not in self.modules:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        room = self.modules[spec.name]
        return AliasModule(spec.name, importlib.import_module(room) if isinstance(room, str) else room)

    def exec_module(self, module: Any) -> None:
        """There is nothing to run."""


def install() -> None:
    """Put everything back, for this process."""
    restore()
    older_python.restore()
    sys.meta_path.insert(0, Finder(MODULES))
    sys.meta_path.append(Finder(older_modules.MODULES))  # where nobody else has one
