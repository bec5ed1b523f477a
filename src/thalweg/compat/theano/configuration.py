"""``theano.config``: the settings programs read and write; ``THEANO_FLAGS`` gives their first values."""

from __future__ import annotations

import os
from typing import Any

_DEFAULTS: dict[str, Any] = {
    "floatX": "float64",
    "device": "cpu",
    "force_device": False,
    "init_gpu_device": "",
    "mode": "Mode",
    "linker": "cvm",
    "optimizer": "fast_run",
    "exception_verbosity": "low",
    "compute_test_value": "off",
    "warn_float64": "ignore",
    "allow_gc": True,
    "openmp": False,
    "profile": False,
    "profile_memory": False,
    "profile_optimizer": False,
    "on_unused_input": "raise",
    "allow_downcast": None,
    "cast_policy": "custom",
    "int_division": "int",
    "intermediate_warnings": False,
    "on_opt_error": "warn",
    "optimizer_including": "",
    "optimizer_excluding": "",
    "optimizer_verbose": False,
    "gpuarray": None,
    "cxx": "",
    "blas": None,
    "base_compiledir": "",
    "compiledir": "",
    "nvcc": None,
    "lib": None,
    "dnn": None,
    "scan": None,
    "warn": None,
    "experimental": None,
    "DebugMode": None,
    "NanGuardMode": None,
    "print_test_value": False,
    "numpy": None,
    "assert_no_cpu_op": "ignore",
    "deterministic": "default",
    "pickle_test_value": True,
    "reoptimize_unpickled_function": False,
}
_GROUPS = (
    "gpuarray",
    "blas",
    "nvcc",
    "lib",
    "dnn",
    "scan",
    "warn",
    "experimental",
    "DebugMode",
    "NanGuardMode",
    "numpy",
)
FLOATS = ("float16", "float32", "float64")


class Group:
    """Settings under one name (``config.blas.ldflags``): kept and read back, without effect here."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return ""


class Config:
    """Settings as attributes. ``floatX`` is the dtype of ``matrix()``, ``scalar()`` and the like; the others are
    kept for the programs that print them.
    """

    def __init__(self, flags: str = "") -> None:
        values = {**_DEFAULTS, **{name: Group() for name in _GROUPS}}
        object.__setattr__(self, "_values", values)
        for flag in filter(None, (part.strip() for part in flags.split(","))):
            name, _, value = flag.partition("=")
            self._set_flag(name.strip(), value.strip())

    def _set_flag(self, name: str, text: str) -> None:
        value: Any = {"True": True, "False": False}.get(text, text)
        if "." in name:
            group, _, rest = name.partition(".")
            setattr(self._values.setdefault(group, Group()), rest, value)
        else:
            setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        try:
            return object.__getattribute__(self, "_values")[name]
        except KeyError:
            raise AttributeError(f"theano.config has no setting {name!r}") from None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "floatX" and value not in FLOATS:
            raise ValueError(f"theano.config.floatX: expected one of {', '.join(FLOATS)}, received {value!r}")
        self._values[name] = value

    def names(self) -> list[str]:
        """Those of all settings."""
        return list(self._values)

    def change_flags(self, **values: Any) -> Any:
        """A context manager (and decorator) within which settings differ."""
        return change_flags(**values)

    def __str__(self) -> str:
        return "\n".join(f"{name} = {value}" for name, value in self._values.items())


class change_flags:
    """A context manager (and decorator) within which settings differ."""

    def __init__(self, **values: Any) -> None:
        self._new = values

    def __enter__(self) -> None:
        self._old = {name: getattr(config, name, None) for name in self._new}
        for name, value in self._new.items():
            setattr(config, name, value)

    def __exit__(self, *error: object) -> None:
        for name, value in self._old.items():
            setattr(config, name, value)

    def __call__(self, fn: Any) -> Any:
        def run(*args: Any, **kwargs: Any) -> Any:
            with self:
                return fn(*args, **kwargs)

        return run


config = Config(os.environ.get("THEANO_FLAGS", ""))
