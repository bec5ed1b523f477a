"""What the tests of old programs share: the digits where programs look for MNIST, and running one of them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from compat.digits_folder import write

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="session")
def digits_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for THALWEG_DATA in which MNIST is the digits."""
    return write(tmp_path_factory.mktemp("digits"))


# The command line with all random numbers begun from one seed: programs that set none have one outcome.
SEEDED = """
import random, sys
import numpy
import thalweg
random.seed(0), numpy.random.seed(0), thalweg.random.set_seed(0)
from thalweg.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def thalweg_run(repository: Path, tmp_path: Path, digits_folder: Path) -> Run:
    """``thalweg run`` in a fresh process and an empty folder."""

    def run(*arguments: object, data: Path = digits_folder) -> subprocess.CompletedProcess[str]:
        paths = [str(repository / "src"), os.environ.get("PYTHONPATH", "")]
        environment = {
            **os.environ,
            "THALWEG_DATA": str(data),
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        }
        command = [sys.executable, "-c", SEEDED, "run", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment)

    return run


@pytest.fixture
def new_graph() -> Iterator[None]:
    """The default graph of TensorFlow 1, empty."""
    import thalweg.compat.tf1 as tf

    tf.reset_default_graph()
    yield
    tf.reset_default_graph()
