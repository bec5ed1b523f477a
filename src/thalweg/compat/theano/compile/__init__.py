"""``theano.compile``: functions, their inputs, and modes."""

from __future__ import annotations

from typing import Any

from thalweg.compat.theano.functions import Function as Function
from thalweg.compat.theano.functions import In as In
from thalweg.compat.theano.functions import Out as Out
from thalweg.compat.theano.functions import Param as Param
from thalweg.compat.theano.functions import SymbolicInput as SymbolicInput
from thalweg.compat.theano.functions import SymbolicOutput as SymbolicOutput
from thalweg.compat.theano.functions import UnusedInputError as UnusedInputError
from thalweg.compat.theano.functions import function as function
from thalweg.compat.theano.missing import missing
from thalweg.compat.theano.sharing import TensorSharedVariable as SharedVariable
from thalweg.compat.theano.sharing import shared as shared

__all__ = [
    "Function", "In", "MonitorMode", "NanGuardMode", "Out", "Param", "SharedVariable", "SymbolicInput",
    "SymbolicOutput", "UnusedInputError", "function", "get_default_mode", "get_mode", "shared",
]  # fmt: skip


class MonitorMode:
    """Accepted as a mode; its callbacks are not called, as steps of a compiled function have no single nodes."""

    def __init__(self, pre_func: Any = None, post_func: Any = None, **_: Any) -> None:
        self.pre_func = pre_func
        self.post_func = post_func

    def including(self, *tags: str) -> MonitorMode:
        """This mode."""
        return self

    excluding = including


class NanGuardMode(MonitorMode):
    """Accepted as a mode."""

    def __init__(
        self, nan_is_error: bool = True, inf_is_error: bool = True, big_is_error: bool = True, **_: Any
    ) -> None:
        super().__init__()


class DebugMode(MonitorMode):
    """Accepted as a mode."""


def get_default_mode() -> Any:
    """The one mode there is."""
    from thalweg.compat.theano import Mode

    return Mode()


def get_mode(name: Any = None) -> Any:
    """The one mode there is."""
    return get_default_mode()


from thalweg.compat.theano.compile import mode as mode  # noqa: E402
from thalweg.compat.theano.compile import nanguardmode as nanguardmode  # noqa: E402
from thalweg.compat.theano.compile import ops as ops  # noqa: E402


def __getattr__(name: str) -> Any:
    raise missing("theano.compile", name, globals())
