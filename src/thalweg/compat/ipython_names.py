"""What notebooks ask of IPython, for notebooks that run as programs: pictures and magics show nothing.

``thalweg run`` supplies it where the package itself is not installed.
"""

from __future__ import annotations

import pdb
import sys
from typing import Any

from thalweg.compat.names import Namespace

version_info = (8, 24, 0)


class Shown:
    """Something to be shown in a notebook: its first argument is its text."""

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class HTML(Shown):
    """A piece of a page."""


class Image(Shown):
    """A picture."""


class SVG(Shown):
    """A drawing."""


class Markdown(Shown):
    """A text."""


class Math(Shown):
    """A formula."""


class Audio(Shown):
    """A sound."""


class YouTubeVideo(Shown):
    """A film."""


_OTHER_KINDS = {
    name: type(name, (Shown,), {"__doc__": "Something to be shown."})
    for name in (
        "Code DisplayObject FileLink FileLinks IFrame JSON Javascript Latex Pretty ProgressBar ScribdDocument Video "
        "VimeoVideo"
    ).split()
}


def _display(*things: Any, **options: Any) -> None:
    """Print things."""
    for thing in things:
        print(thing)  # noqa: T201 - what a notebook would show


def _clear_output(*args: Any, **options: Any) -> None:
    """Nothing: what was printed stays."""


class Events:
    """Moments between cells: a notebook that runs as a program has none."""

    def register(self, event: str, function: Any) -> None:
        """Nothing."""

    unregister = register


class Shell:
    """The shell of a notebook, which runs no magics."""

    events = Events()

    def magic(self, *args: Any, **options: Any) -> None:
        """Nothing."""

    run_line_magic = run_cell_magic = system = getoutput = magic


class InteractiveShell(Shell):
    """The kind of the shell, whose settings programs change: which values of a cell are shown."""

    ast_node_interactivity = "last_expr"


def get_ipython() -> Shell | None:
    """The shell of a notebook; None in a program."""
    return Shell() if "get_ipython" in vars(sys.modules["__main__"]) else None


display = Namespace(
    "IPython.display",
    display=_display,
    clear_output=_clear_output,
    HTML=HTML,
    Image=Image,
    SVG=SVG,
    Markdown=Markdown,
    Math=Math,
    Audio=Audio,
    YouTubeVideo=YouTubeVideo,
    set_matplotlib_formats=_clear_output,
    **_OTHER_KINDS,
)
core = Namespace(
    "IPython.core",
    display=display,
    debugger=Namespace("IPython.core.debugger", set_trace=pdb.set_trace, Pdb=pdb.Pdb),
    interactiveshell=Namespace("IPython.core.interactiveshell", InteractiveShell=InteractiveShell),
)
lib = Namespace("IPython.lib", display=display)
