"""``thalweg run`` itself: generations, notebooks, tracebacks, --check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compat.conftest import Run
from thalweg.compat import programs

GRAPH = "import tensorflow as tf\nx = tf.placeholder('float')\nprint(tf.Session().run(x + 1, {x: 1}))\n"


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (GRAPH, "tf1"),
        ("import tensorflow as tf\nwith tf.GradientTape() as t:\n    pass\n", "tf2"),
        ("from tensorflow import keras\nm = keras.Sequential()\n", "tf2"),
        ("import tensorflow.compat.v1 as tf\ntf.disable_v2_behavior()\n", "tf1"),
        ("import tensorflow as tf\nfor x in tf.data.Dataset.range(3):\n    print(x)\n", "tf2"),
        (
            "import tensorflow as tf\nx = tf.data.Dataset.range(3).make_one_shot_iterator().get_next()\n",
            "tf1",
        ),
        ("import theano.tensor as T\n", "theano"),
        ("from keras.models import Sequential\n", "keras"),
        ("import numpy\n", None),
    ],
)
def test_the_generation_is_read_from_the_program(source: str, kind: str | None) -> None:
    assert programs.generation(programs.parse(source, "p.py")) == kind


def test_a_notebook_runs_without_its_magics(thalweg_run: Run, tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "!ls\n", *GRAPH.splitlines(keepends=True)]},
        {"cell_type": "code", "source": "%%bash\necho no"},
    ]
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells}))
    done = thalweg_run(tmp_path / "n.ipynb")
    assert (done.returncode, done.stdout) == (0, "2.0\n"), done.stderr


def test_arguments_and_the_exit_code_are_the_programs(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("import tensorflow as tf\nx = tf.constant(3)\n")
    text = "import sys\nfrom beside import x\nprint(sys.argv[1:], x.dtype.name, __name__)\nsys.exit(4)\n"
    (tmp_path / "p.py").write_text(text)
    done = thalweg_run(tmp_path / "p.py", "--as", "2")
    assert (done.returncode, done.stdout) == (4, "['--as', '2'] int32 __main__\n"), done.stderr


def test_a_traceback_shows_the_program_alone(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("import tensorflow as tf\ntf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))\n")
    done = thalweg_run(tmp_path / "p.py")
    assert done.returncode == 1
    assert 'p.py", line 2' in done.stderr
    assert "thalweg/compat" not in done.stderr
    assert "inner sizes" in done.stderr or "matmul" in done.stderr


def test_check_lists_what_is_missing(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text(GRAPH + "tf.nn.relux(x)\nfrom tensorflow.contrib import boosted_trees\n")
    done = thalweg_run("--check", tmp_path / "p.py")
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert first.startswith("p.py:4: ") and "relux" in first and "relu" in first
    assert second.startswith("p.py:5: ") and "boosted_trees" in second
    assert "2.0" not in done.stdout
    (tmp_path / "q.py").write_text(GRAPH)
    assert thalweg_run("--check", tmp_path / "q.py").returncode == 0


def test_a_missing_part_is_named_at_import(thalweg_run: Run, tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("from tensorflow.contrib import boosted_trees\n")
    done = thalweg_run(tmp_path / "p.py")
    assert done.returncode == 1
    assert (
        "boosted_trees" in done.stderr.splitlines()[-1] and "docs/compat.md" in done.stderr.splitlines()[-1]
    )
