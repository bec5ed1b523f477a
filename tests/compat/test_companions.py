"""Packages that notebooks of TensorFlow 2 bring along, as ``thalweg run`` supplies them or says that it does not."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compat.conftest import Run
from thalweg.compat import aliases, tf2
from thalweg.compat import tensorflow_docs_names as tfdocs
from thalweg.compat import tfds_names as tfds

tf: Any = tf2


@pytest.fixture(autouse=True)
def data(digits_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THALWEG_DATA", str(digits_folder))


def test_a_data_set_by_name_with_what_is_known_of_it() -> None:
    sets, info = tfds.load("mnist:3.*.*", with_info=True, as_supervised=True)
    (train, _), (test, _) = tf.keras.datasets.mnist.load_data()
    assert {name: split.num_examples for name, split in info.splits.items()} == {
        "train": len(train),
        "test": len(test),
    }
    image, label = next(iter(sets["test"]))
    assert (image.numpy() == test[0][..., None]).all() and image.dtype == tf.uint8 and label.dtype == tf.int64
    assert info.features["label"].num_classes == 10 and info.features["label"].int2str(label) == str(
        int(label)
    )
    assert info.features["image"].shape == (*test.shape[1:], 1) and info.features["image"].dtype == tf.uint8
    assert info.features["label"].str2int("7") == 7 and info.name == "mnist"
    assert info.supervised_keys == ("image", "label")


def test_splits() -> None:
    count = len(tfds.load("mnist", split="train"))
    parts = tfds.load("mnist", split=["train[:80%]", "train[80%:]", "train[5:7]", "train+test", "all"])
    assert [len(p) for p in parts[:3]] == [round(0.8 * count), count - round(0.8 * count), 2]
    assert len(parts[3]) == len(parts[4]) == count + len(tfds.load("mnist", split=tfds.Split.TEST))
    fifth = list(tfds.as_numpy(tfds.load("mnist", split="train[:6]")))[5]
    assert (next(iter(parts[2]))["image"].numpy() == fifth["image"]).all()
    assert sorted(tfds.load("mnist", split={"a": "test", "b": "test[-1:]"})) == ["a", "b"]
    for split in ("validation", "train[:80]%", "train[a:]"):
        with pytest.raises(ValueError, match="split of mnist"):
            tfds.load("mnist", split=split)


def test_whole_data_sets_as_arrays() -> None:
    everything = tfds.as_numpy(tfds.load("iris", split="train", batch_size=-1))
    assert everything["features"].shape == (150, 4) and np.bincount(everything["label"]).tolist() == [
        50,
        50,
        50,
    ]
    features, labels = tfds.load("iris", split="train", batch_size=-1, as_supervised=True)
    assert tf.is_tensor(features) and labels.shape == (150,)
    made = tfds.builder("iris")
    made.download_and_prepare()
    batches = tfds.as_numpy(made.as_dataset(split="train", batch_size=60))
    assert [len(b["label"]) for b in batches] == [60, 60, 30] and len(batches) == 3
    assert made.info.features["label"].names[2] == "virginica"
    assert "mnist" in tfds.list_builders()


def test_a_data_set_that_is_not_there() -> None:
    with pytest.raises(ValueError, match=r"no 'cats_vs_dogs'.*mnist, fashion_mnist.*reads folders"):
        tfds.load("cats_vs_dogs", split="train")
    with pytest.raises(ValueError, match="the nearest is cifar10"):
        tfds.load("cifar_10")


def test_dots_and_curves(capsys: pytest.CaptureFixture[str]) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot")
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", "mse", metrics=["mae"])
    x, y = np.ones((8, 2)), np.ones(8)
    dots = tfdocs.modeling.EpochDots(report_every=3)
    history = model.fit(x, y, epochs=4, verbose=0, validation_split=0.5, callbacks=[dots])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("Epoch: 0, loss:") and lines[2] == "..." and lines[4] == "."
    plotter = tfdocs.plots.HistoryPlotter(metric="mae", smoothing_std=2)
    pyplot.figure()
    plotter.plot({"first": history})
    drawn = {line.get_label(): line.get_ydata() for line in pyplot.gca().get_lines()}
    assert sorted(drawn) == ["First Train", "First Val"]
    weights = np.exp(-(((np.arange(4) - 1) / 2) ** 2) / 2)
    assert drawn["First Train"][1] == pytest.approx(np.average(history.history["mae"], weights=weights))
    pyplot.close()


def test_packages_that_are_not_supplied_are_told_with_the_nearest_thing(
    thalweg_run: Run, tmp_path: Path
) -> None:
    program = tmp_path / "p.py"
    program.write_text("import tensorflow as tf\nfrom tqdm.notebook import trange\nprint(len(list(trange(3))))\n"
                       "import tensorflow_hub as hub\n")  # fmt: skip
    done = thalweg_run("--as", "tf2", program)
    assert done.returncode == 1 and done.stdout == "3\n"
    assert done.stderr.splitlines()[-1].endswith(
        f"tensorflow_hub is not supplied: {aliases.APART['tensorflow_hub']}"
    )


_FIRST_TUTORIAL = """
import input_data
import tensorflow as tf
mnist = input_data.read_data_sets("MNIST_data/", one_hot=True)
pixels = mnist.train.images.shape[1]
x = tf.placeholder("float", [None, pixels])
y = tf.nn.softmax(tf.matmul(x, tf.Variable(tf.zeros([pixels, 10]))))
session = tf.Session()
session.run(tf.initialize_all_variables())
xs, ys = mnist.train.next_batch(20)
print(session.run(y, feed_dict={x: xs}).shape, ys.shape)
"""


def test_the_file_that_the_first_tutorials_had_beside_them(tmp_path: Path, thalweg_run: Run) -> None:
    program = tmp_path / "softmax.py"
    program.write_text(_FIRST_TUTORIAL)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert "(20, 10) (20, 10)" in done.stdout
    (tmp_path / "input_data.py").write_text(
        "def read_data_sets(*args, **options):\n    raise SystemExit('our own')"
    )
    done = thalweg_run(program)
    assert done.returncode == 1 and "our own" in done.stderr


def test_pages_of_events_are_shown_by_nobody(thalweg_run: Run, tmp_path: Path) -> None:
    if importlib.util.find_spec("tensorboard") is not None:
        pytest.skip("tensorboard is installed")
    asked = "notebook.list()\nnotebook.start('--logdir ./logs')\n"
    (tmp_path / "p.py").write_text(f"import tensorflow as tf\nfrom tensorboard import notebook\n{asked}")
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout == "No known TensorBoard instances running.\n", done.stderr
    assert "shows the events in ./logs" in done.stderr
