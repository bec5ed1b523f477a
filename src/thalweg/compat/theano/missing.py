"""The one line said about a name of Theano that is not here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from thalweg.compat.names import unsupported


def name_what_is_missing(package: str, old: str) -> None:
    """Lets every loaded module of a package say what it lacks under the name that programs know it by."""
    for name, module in list(sys.modules.items()):
        inside = name.startswith(f"{package}.") and "__getattr__" not in vars(module)
        if inside:
            vars(module)["__getattr__"] = _complaint(name.replace(package, old, 1), vars(module))


def _complaint(module: str, present: dict[str, Any]) -> Callable[[str], Any]:
    def complain(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise unsupported(module, name, present)

    return complain
