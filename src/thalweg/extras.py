"""The optional packages: what each one gives, and the one error for a missing one."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from thalweg.errors import ThalwegError

__all__ = ["EXTRAS", "Extra", "MissingExtraError", "needs"]


class MissingExtraError(ThalwegError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


@dataclass(frozen=True)
class Extra:
    """One optional package: the extra's name, its distribution, the module it is imported as, its use."""

    name: str
    distribution: str
    module: str
    gives: str

    @property
    def install(self) -> str:
        """The command that installs it."""
        return f'pip install "thalweg[{self.name}]"'

    def present(self) -> bool:
        """Whether it is installed; looks without importing."""
        return importlib.util.find_spec(self.module) is not None


EXTRAS = (
    Extra("sklearn", "scikit-learn", "sklearn", "the bundled data sets, and networks as its estimators"),
    Extra("plot", "matplotlib", "matplotlib", "pictures of learning curves and mistakes"),
    Extra("progress", "tqdm", "tqdm", "a progress bar instead of one line per epoch"),
    Extra("weights", "safetensors", "safetensors", "trained weights as safetensors files"),
    Extra("download", "pooch", "pooch", "downloading the classic data sets with their checksums"),
    Extra("vision", "pillow", "PIL", "reading and writing image files"),
    Extra("h5", "h5py", "h5py", "files of Keras, and files in its form"),
    Extra("bfloat16", "ml-dtypes", "ml_dtypes", "bfloat16 as a storage type"),
)


@contextmanager
def needs(distribution: str, purpose: str) -> Iterator[None]:
    """Turn a failed import of ``distribution`` inside the block into an error that says how to get it.

    >>> with needs("matplotlib", "drawing learning curves"):
    ...     raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    Traceback (most recent call last):
    ...
    thalweg.extras.MissingExtraError: drawing learning curves needs matplotlib: pip install "thalweg[plot]"
    """
    extra = next(extra for extra in EXTRAS if extra.distribution == distribution)
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != extra.module:
            raise  # the package is there and broken: its own message is the useful one
        raise MissingExtraError(f"{purpose} needs {distribution}: {extra.install}") from None
