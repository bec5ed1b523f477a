"""Processes that a program starts: copies of its own, and fresh ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

POOL = """
import multiprocessing
import numpy as np
import tensorflow as tf
from beside import scale

def work(i):
    with tf.Graph().as_default(), tf.Session() as session:
        return int(session.run(tf.constant(i) * scale)) / int(np.array([2]))

if __name__ == "__main__":
    with multiprocessing.get_context("{}").Pool(1) as pool:
        print(pool.map(work, [1, 2]))
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_process_is_prepared_as_the_program_is(method: str, thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import tensorflow as tf\nscale = tf.float32.size\n")
    (tmp_path / "my-prog.py").write_text(POOL.format(method))
    done = thalweg_run(tmp_path / "my-prog.py")
    assert done.stdout == "[2.0, 4.0]\n", done.stderr
