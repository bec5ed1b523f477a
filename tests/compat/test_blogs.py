"""What posts and tutorials of the years 2015 to 2020 rely on, found by running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from compat.conftest import Run

LENGTHS = """
from types import SimpleNamespace
from keras.layers import Add, Input, Lambda
from keras import backend as K

x = Input((8, 3))
in_shape = list(x.shape)
assert in_shape[-2].value * 2 == 16 and x.shape[-1].value == x.get_shape()[2].value == 3
assert x.shape[0].value is None and K.int_shape(x)[1] == 8
assert SimpleNamespace(value=4).value == 4
box = SimpleNamespace(value=lambda k: k + 1)
box.value.__call__
assert box.value(2) == 3
box.value = [1]
box.value[0] += box.value[0]
assert box.value == [2]
assert K.get_value(K.variable(2.0).value()) == 2.0
try:
    "text".value
except AttributeError as error:
    print(error)
"""


def test_lengths_have_values(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "lengths.py"
    program.write_text(LENGTHS)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "'str' object has no attribute 'value'\n"
