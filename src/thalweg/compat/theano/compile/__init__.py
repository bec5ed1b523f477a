"""``theano.compile``: functions, their inputs, and modes."""

from __future__ import annotations

from typing import Any

from thalweg.compat.names import unsupported
from thalweg.compat.theano.compile import builders as builders
from thalweg.compat.theano.compile import debugmode as debugmode
from thalweg.compat.theano.compile import function_module as function_module
from thalweg.compat.theano.compile import io as io
from thalweg.compat.theano.compile import mode as mode
from thalweg.compat.theano.compile import monitormode as monitormode
from thalweg.compat.theano.compile import nanguardmode as nanguardmode
from thalweg.compat.theano.compile import ops as ops
from thalweg.compat.theano.compile import profilemode as profilemode
from thalweg.compat.theano.compile import sharedvalue as sharedvalue
from thalweg.compat.theano.compile.builders import OpFromGraph as OpFromGraph
from thalweg.compat.theano.compile.debugmode import DebugMode as DebugMode
from thalweg.compat.theano.compile.mode import FAST_COMPILE as FAST_COMPILE
from thalweg.compat.theano.compile.mode import FAST_RUN as FAST_RUN
from thalweg.compat.theano.compile.mode import Mode as Mode
from thalweg.compat.theano.compile.mode import get_default_mode as get_default_mode
from thalweg.compat.theano.compile.mode import get_mode as get_mode
from thalweg.compat.theano.compile.mode import predefined_modes as predefined_modes
from thalweg.compat.theano.compile.monitormode import MonitorMode as MonitorMode
from thalweg.compat.theano.compile.nanguardmode import NanGuardMode as NanGuardMode
from thalweg.compat.theano.compile.ops import ViewOp as ViewOp
from thalweg.compat.theano.compile.ops import view_op as view_op
from thalweg.compat.theano.compile.pfunc import pfunc as pfunc
from thalweg.compat.theano.compile.profilemode import ProfileMode as ProfileMode
from thalweg.compat.theano.compile.sharedvalue import SharedVariable as SharedVariable
from thalweg.compat.theano.compile.sharedvalue import shared as shared
from thalweg.compat.theano.functions import Function as Function
from thalweg.compat.theano.functions import In as In
from thalweg.compat.theano.functions import Out as Out
from thalweg.compat.theano.functions import Param as Param
from thalweg.compat.theano.functions import SymbolicInput as SymbolicInput
from thalweg.compat.theano.functions import SymbolicOutput as SymbolicOutput
from thalweg.compat.theano.functions import UnusedInputError as UnusedInputError
from thalweg.compat.theano.functions import function as function


def __getattr__(name: str) -> Any:
    raise unsupported("theano.compile", name, globals())
