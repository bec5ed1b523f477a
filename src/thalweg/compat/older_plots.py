"""What programs for older matplotlibs ask for: ``hist(normed=True)``, ``fig.gca(projection="3d")``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

_COLOURS = {
    "spectral": "nipy_spectral", "Vega10": "tab10", "Vega20": "tab20", "Vega20b": "tab20b", "Vega20c": "tab20c",
}  # fmt: skip
_DROPPED = ""
_OF_SCALES = ("semilogx", "semilogy", "loglog", "set_xscale", "set_yscale", "xscale", "yscale")
# By the function: the names of arguments that were, and what they are called now.
_ARGUMENTS = {
    "hist": {"normed": "density"},
    "grid": {"b": "visible"},
    "stem": {"use_line_collection": _DROPPED},
    **{name: {"nonposx": "nonpositive", "nonposy": "nonpositive"} for name in _OF_SCALES},
}


def _renaming(function: Callable[..., Any], names: dict[str, str]) -> Callable[..., Any]:
    @functools.wraps(function)
    def renamed(*args: Any, **options: Any) -> Any:
        for old in names.keys() & options.keys():
            value = options.pop(old)
            if names[old] != _DROPPED:
                options[names[old]] = value
        return function(*args, **options)

    return renamed


def _rename_in(owner: Any) -> None:
    for name, names in _ARGUMENTS.items():
        if name in vars(owner):
            setattr(owner, name, _renaming(vars(owner)[name], names))


def _hold(*args: Any, **options: Any) -> None:
    """Nothing: what was drawn stays."""


def _old_axes(module: Any) -> None:
    _rename_in(module.Axes)


def _old_base_of_axes(module: Any) -> None:
    base = module._AxesBase
    _rename_in(base)
    base.__init__ = _renaming(base.__init__, {"axisbg": "facecolor"})
    base.set_axis_bgcolor, base.get_axis_bgcolor = base.set_facecolor, base.get_facecolor
    base.hold = _hold


def _old_ticks(module: Any) -> None:
    """Labels might be more or fewer than the ticks."""
    labelled = module.Axis.set_ticklabels

    @functools.wraps(labelled)
    def as_many_as_ticks(self: Any, labels: Any, *args: Any, minor: bool = False, **options: Any) -> Any:
        try:
            return labelled(self, labels, *args, minor=minor, **options)
        except ValueError as error:
            if "FixedLocator" not in str(error):
                raise
        count = len((self.get_minor_locator() if minor else self.get_major_locator()).locs)
        labels = [*labels, *[""] * count][:count]
        return labelled(self, labels, *args, minor=minor, **options)

    module.Axis.set_ticklabels = as_many_as_ticks


def _old_figures(module: Any) -> None:
    current = module.FigureBase.gca

    @functools.wraps(current)
    def gca(self: Any, **options: Any) -> Any:
        return self.add_subplot(**options) if options else current(self)

    module.FigureBase.gca = gca


def _old_colours(module: Any) -> None:
    maps = module._colormaps
    for old, new in _COLOURS.items():
        maps.register(maps[new], name=old)
        setattr(module, old, maps[old])

    def get_cmap(name: Any = None, lut: int | None = None) -> Any:
        """A map of colours by its name; ``lut``: with so many of them."""
        found = maps.get_cmap(name)
        return found if lut is None else found.resampled(lut)

    def register_cmap(name: str | None = None, cmap: Any = None, **options: Any) -> None:
        """Give a map of colours a name."""
        maps.register(cmap, name=name, force=True)

    for name, function in {"get_cmap": get_cmap, "register_cmap": register_cmap}.items():
        if not hasattr(module, name):
            setattr(module, name, function)


def _old_files(base: Any) -> None:
    """What a format of files takes no notice of might be told, as a colour."""
    prints = base.print_figure
    known = {
        *inspect.signature(prints).parameters,
        "metadata",
        "pil_kwargs",
        "papertype",
        "bbox_inches_restore",
    }

    @functools.wraps(prints)
    def print_figure(self: Any, *args: Any, **options: Any) -> Any:
        return prints(self, *args, **{name: value for name, value in options.items() if name in known})

    base.print_figure = print_figure


def _old_canvases(module: Any) -> None:
    _old_files(module.FigureCanvasBase)
    _old_windows(module)


def _old_windows(module: Any) -> None:
    def set_window_title(self: Any, title: str) -> None:
        """What the window is called, where there is one."""
        if self.manager is not None:
            self.manager.set_window_title(title)

    if not hasattr(module.FigureCanvasBase, "set_window_title"):
        module.FigureCanvasBase.set_window_title = set_window_title


def _old_pyplot(module: Any) -> None:
    _rename_in(module)
    waits = module.waitforbuttonpress

    @functools.wraps(waits)
    def waitforbuttonpress(*args: Any, **options: Any) -> Any:
        """Wait for a key or a button, where there is a window to press it in."""
        windows = getattr(type(module.gcf().canvas), "required_interactive_framework", None)
        return None if windows is None else waits(*args, **options)

    module.waitforbuttonpress = waitforbuttonpress
    module.gca = lambda **options: module.gcf().gca(**options)
    module.hold = _hold
    module.register_cmap = module.cm.register_cmap


# By the module: what gives it back what it lost.
LOST: dict[str, Callable[[Any], None]] = {
    "matplotlib.axes._axes": _old_axes, "matplotlib.axes._base": _old_base_of_axes, "matplotlib.axis": _old_ticks,
    "matplotlib.figure": _old_figures, "matplotlib.cm": _old_colours, "matplotlib.backend_bases": _old_canvases,
    "matplotlib.pyplot": _old_pyplot,
}  # fmt: skip
