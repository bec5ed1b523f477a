"""What posts and tutorials of the years 2015 to 2020 rely on, found by running them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat.keras import classic as keras

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


def _model() -> keras.models.Sequential:
    model = keras.models.Sequential([keras.layers.Flatten(input_shape=(4, 4, 1)), keras.layers.Dense(2)])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize("steps", [3, 2.5, np.ceil(2.1)])
def test_steps_are_done_until_so_many_are(steps: float) -> None:
    """Keras counted while ``steps_done < steps``: of a number that was divided out, up."""
    images, targets, seen = np.zeros((10, 4, 4, 1)), np.zeros((10, 2)), []
    flow = keras.preprocessing.image.ImageDataGenerator().flow(images, targets, batch_size=4)
    count = keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: seen.append(batch))
    model = _model()
    model.fit_generator(
        flow, steps_per_epoch=steps, validation_data=flow, validation_steps=steps, callbacks=[count]
    )
    model.fit(
        flow,
        steps_per_epoch=steps,
        validation_data=flow,
        validation_steps=steps,
        callbacks=[count],
        verbose=0,
    )
    assert seen == [0, 1, 2] * 2
    ordered = keras.preprocessing.image.ImageDataGenerator().flow(images, batch_size=4, shuffle=False)
    assert len(model.predict_generator(ordered, steps=steps)) == 10
    assert np.isscalar(model.evaluate_generator(flow, steps=steps))


def test_all_of_fit_goes_by_position() -> None:
    rows, model = np.ones((4, 4, 4, 1)), _model()
    before = model.get_weights()
    nothing = np.zeros(4)  # the weights of the examples
    history = model.fit(rows, np.ones((4, 2)), 2, 5, 0, None, 0.0, None, True, None, nothing, 3)
    assert history.epoch == [3, 4]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_batches_of_images_are_told_apart(tmp_path: Path) -> None:
    image = keras.preprocessing.image
    generator, images = image.ImageDataGenerator(), np.zeros((6, 4, 4, 3))
    flow = generator.flow(images, np.arange(6), batch_size=4)
    assert type(flow).__name__ == "NumpyArrayIterator"
    assert isinstance(flow, image.NumpyArrayIterator) and isinstance(flow, image.Iterator)
    made = image.NumpyArrayIterator(images, np.arange(6), generator, batch_size=4, shuffle=False)
    np.testing.assert_array_equal(next(made)[1], [0, 1, 2, 3])
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        image.save_img(tmp_path / name / "one.png", images[0])
    found = generator.flow_from_directory(tmp_path, target_size=(4, 4))
    assert type(found).__name__ == "DirectoryIterator" and isinstance(found, image.DirectoryIterator)
    assert image.DirectoryIterator(tmp_path, generator, (4, 4)).class_indices == {"a": 0, "b": 1}
    table = {"filename": ["a/one.png", "b/one.png"], "class": ["x", "y"]}
    framed = generator.flow_from_dataframe(table, tmp_path, target_size=(4, 4))
    assert type(framed).__name__ == "DataFrameIterator" and framed.class_indices == {"x": 0, "y": 1}
