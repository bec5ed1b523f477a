"""What posts and tutorials of the years 2015 to 2020 rely on, found by running them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

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


def _model() -> Any:
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


FRAMES = """
import numpy as np
import pandas as pd
from pandas import DataFrame, Series, TimeGrouper, datetime, read_csv

open("sales.csv", "w").write('"Month","Sales"\\n"1-01",266.0\\n"1-02",145.9\\n"1-03",183.1\\n')
open("air.csv", "w").write("No,year,month,day,hour,pm\\n1,2010,1,2,0,NA\\n2,2010,1,2,13,129\\n")
open("power.txt", "w").write("Date;Time;Power\\n16/12/2006;17:24:00;4.216\\n16/12/2006;17:25:00;?\\n")
open("wide.data", "w").write(" 0.1  2  x\\n 0.3  4  y\\n")

def parser(x):
    return datetime.strptime("190" + x, "%Y-%m")
series = read_csv("sales.csv", header=0, parse_dates=[0], index_col=0, squeeze=True, date_parser=parser)
assert isinstance(series, Series) and series.index[1] == pd.Timestamp(1901, 2, 1) and series.iloc[2] == 183.1
assert list(series.append(Series([1.0])).values) == [266.0, 145.9, 183.1, 1.0]

air = read_csv("air.csv", parse_dates=[["year", "month", "day", "hour"]], index_col=0,
               date_parser=lambda x: datetime.strptime(x, "%Y %m %d %H"))
assert air.index[1] == pd.Timestamp(2010, 1, 2, 13) and list(air.columns) == ["No", "pm"]
power = read_csv("power.txt", sep=";", low_memory=False, infer_datetime_format=True, na_values="?",
                 parse_dates={"datetime": [0, 1]}, index_col=["datetime"])
assert list(power.columns) == ["Power"] and power.index.name == "datetime" and len(power) == 2
at_once = read_csv("sales.csv", parse_dates=["Month"], date_parser=lambda x: pd.to_datetime("190" + x, format="%Y-%m"))
assert at_once["Month"][0] == pd.Timestamp(1901, 1, 1)

wide = read_csv("wide.data", delim_whitespace=True, header=None, prefix="c")
assert list(wide.columns) == ["c0", "c1", "c2"] and type(wide["c2"].values) is np.ndarray
assert wide.ix[:, 0].tolist() == [0.1, 0.3] and wide.ix[1, "c2"] == "y" and wide.ix[0:1, 1:].shape == (2, 2)
numbers = DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
values = numbers.values
values[0, 0] = 9.0
np.asarray(numbers["a"])[1] = 7.0
assert numbers.append({"a": 5.0, "b": 6.0}, ignore_index=True).as_matrix().tolist() == [[1, 3], [2, 4], [5, 6]]
assert Series.from_csv("sales.csv", header=0).iloc[0] == 266.0 and pd.np is np
table = DataFrame({"kind": ["a", "b", "a"], "x": [1.0, np.nan, 3.0], "y": [4.0, 5.0, 6.0]})
assert pd.get_dummies(table["kind"]).values.tolist() == [[1, 0], [0, 1], [1, 0]]
assert pd.get_dummies(table).values.dtype == np.float64 and pd.get_dummies(table["kind"]).values.dtype == np.uint8
assert list(table.drop("kind", 1).columns) == ["x", "y"] and len(table.drop([0])) == 2
assert table["x"].fillna(method="ffill").tolist() == [1, 1, 3] and table["x"].fillna(0).tolist() == [1, 0, 3]
assert table.corr().shape == (2, 2) and table.mean()["y"] == 5.0 and table.mean(1).tolist() == [2.5, 5.0, 4.5]
assert pd.concat([table["x"], table["y"]], 1).shape == (3, 2) and pd.concat([table, table]).shape == (6, 3)
assert table.pivot("y", "kind", "x").shape == (3, 2)
dates = pd.date_range("2019-01-31", periods=3, freq="M")
assert dates[1] == pd.Timestamp(2019, 2, 28) and len(pd.date_range("2019-01-01", "2019-01-02", freq="6H")) == 5
sums = Series([1.0, 2.0, 4.0], dates).resample("Q").sum()
assert sums.tolist() == [7.0] and len(Series([1.0] * 3, dates).resample(rule="15D").mean()) == 4
print(values.tolist())
"""


def test_words_of_older_pandas(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    program = tmp_path / "frames.py"
    program.write_text("import keras\n" + FRAMES)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "[[9.0, 3.0], [2.0, 4.0]]\n"


LEARNING = """
import numpy as np
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.preprocessing import Imputer, LabelEncoder, OneHotEncoder
from sklearn.utils import class_weight
from sklearn.metrics import confusion_matrix, mean_squared_error
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.base import BaseEstimator, clone

rows = np.arange(20.0).reshape(10, 2)
assert [len(test) for _, test in KFold(5, True, 1).split(rows)] == [2] * 5
assert next(iter(KFold(n_splits=5, random_state=7).split(rows)))[1].tolist() == [0, 1]
StratifiedKFold(n_splits=2, random_state=7)
labels = np.array([0, 0, 0, 1] * 3)
assert class_weight.compute_class_weight("balanced", np.unique(labels), labels).tolist() == [2 / 3, 2.0]
# The template of many courses: columns with categories come first.
X = np.array([[1.5, "France", 3], [2.5, "Spain", 4], [np.nan, "France", 5]], dtype=object)
X[:, [0]] = Imputer(missing_values="NaN", strategy="mean", axis=0).fit_transform(X[:, [0]])
X[:, 1] = LabelEncoder().fit_transform(X[:, 1])
coder = OneHotEncoder(categorical_features=[1])
assert coder.fit_transform(X).toarray().tolist() == [[1, 0, 1.5, 3], [0, 1, 2.5, 4], [1, 0, 2.0, 5]]
assert clone(coder).categorical_features == [1]
assert OneHotEncoder(sparse=False).fit_transform([[0], [2], [0]]).tolist() == [[1, 0], [0, 1], [1, 0]]
assert OneHotEncoder().fit([["a"], ["b"]]).categories_[0].tolist() == ["a", "b"]
assert mean_squared_error([0.0, 0.0], [3.0, 3.0], squared=False) == 3.0
assert confusion_matrix([0, 1], [1, 1], [1, 0]).tolist() == [[1, 0], [1, 0]]
words = CountVectorizer(token_pattern="[a-z]")
words.fit(["b a", "c a"])
assert words.get_feature_names() == ["a", "b", "c"]
grid = GridSearchCV(LogisticRegression(), {"C": [1.0]}, iid=False, cv=3)
assert clone(grid).fit(np.repeat([[0.0], [1.0]], 6, 0), np.repeat([0, 1], 6)).best_params_ == {"C": 1.0}
class Own(BaseEstimator):
    def __init__(self, rate=0.1, removed=None):
        self.rate = rate
own = Own(0.5)
assert clone(own).rate == 0.5 and own.get_params() == {"rate": 0.5, "removed": None} and not hasattr(own, "removed")
print("done")
"""


def test_words_of_older_scikit_learn(thalweg_run: Run, tmp_path: Path) -> None:
    program = tmp_path / "learning.py"
    program.write_text("import keras\n" + LEARNING)
    done = thalweg_run(program)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "done\n"


def test_linear_of_cells_of_ones_own(new_graph: None) -> None:
    """``_linear`` as programs called it from TensorFlow 0.6 to 1.12."""
    import thalweg.compat.tf1 as tf

    rng = np.random.default_rng(0)
    x, h = (rng.normal(size=(3, n)).astype("float32") for n in (2, 4))
    linear = tf.nn.rnn_cell._linear
    assert tf.contrib.rnn.core_rnn_cell._linear is linear and tf.python.ops.rnn_cell_impl._linear is linear
    with tf.variable_scope("gates"):
        first = linear([x_in := tf.constant(x), h_in := tf.constant(h)], 5, True, 1.0)
    with tf.variable_scope("gates", reuse=True):
        again = linear([x_in, h_in], 5, True, bias_initializer=tf.zeros_initializer())
    scoped = linear(x_in, 5, False, scope="second")
    of_0_8 = linear(x_in, 5, True, 0.5, "third")
    layer = tf.nn.rnn_cell._Linear([x_in], 6, True)
    made = layer([x_in])
    names = [v.op.name for v in tf.global_variables()]
    assert names == [
        "gates/kernel",
        "gates/bias",
        "second/kernel",
        "third/kernel",
        "third/bias",
        "kernel",
        "bias",
    ]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = dict(zip(names, session.run(tf.global_variables()), strict=True))
        assert values["gates/bias"].tolist() == [1.0] * 5 and values["third/bias"].tolist() == [0.5] * 5
        found = session.run([first, again, scoped, of_0_8, made])
    joined = np.concatenate([x, h], 1) @ values["gates/kernel"] + 1.0
    wanted = [
        joined,
        joined,
        x @ values["second/kernel"],
        x @ values["third/kernel"] + 0.5,
        x @ values["kernel"],
    ]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="2D"):
        linear(tf.zeros([2, 3, 4]), 5, True)


def test_products_over_axis_0_of_keras_1() -> None:
    """``merge(mode="cos", dot_axes=0)`` was the product of matrices over the axis that is not the last."""
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(4, 3, 1)) for _ in range(2))
    inputs = [keras.layers.Input((3, 1)), keras.layers.Input((3, 1))]
    both = [keras.layers.merge(inputs, mode=mode, dot_axes=0) for mode in ("dot", "cos")]
    dot, cosine = keras.models.Model(inputs, both).predict([a, b])
    wanted = np.einsum("nik,nil->nkl", a, b)
    np.testing.assert_allclose(dot, wanted, rtol=1e-5)
    lengths = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    np.testing.assert_allclose(np.ravel(cosine), np.ravel(wanted) / np.ravel(lengths), rtol=1e-5)


def test_variables_are_kept_in_zip_files(tmp_path: Path) -> None:
    """``theano.misc.pkl_utils``: as its documentation shows."""
    import thalweg.compat.theano as theano
    import thalweg.compat.theano.tensor as T
    from thalweg.compat.theano.misc import pkl_utils

    foo, other, unnamed = theano.shared(0, name="foo"), theano.shared(1, name="foo"), theano.shared(np.eye(2))
    x = T.matrix("x")
    with open(tmp_path / "model.zip", "wb") as file:
        pkl_utils.dump((foo, other, unnamed, np.array(2), foo, T.dot(x, unnamed)), file)
    with np.load(tmp_path / "model.zip") as names:
        assert sorted(names) == ["array_0", "array_1", "foo", "foo_2", "pkl"]
        assert names["foo"] == 0 and names["foo_2"] == 1
    with open(tmp_path / "model.zip", "rb") as file:
        new, second, eye, array, same, product = pkl_utils.load(file)
    assert new is same and new.get_value() == 0 and second.get_value() == 1 and array == 2
    eye.set_value(np.eye(2) * 3)
    given = [v for v in theano.gof.graph.inputs([product]) if v.name == "x"]
    np.testing.assert_array_equal(theano.function(given, product)(np.ones((1, 2))), [[3.0, 3.0]])
    assert unnamed.get_value().max() == 1
    most, place = T.max_and_argmax(x, axis=1)  # one op, two outputs
    with open(tmp_path / "two.zip", "wb") as file:
        pkl_utils.dump((x, most, place), file)
    with open(tmp_path / "two.zip", "rb") as file:
        x, *found = pkl_utils.load(file)
    assert [v.tolist() for v in theano.function([x], found)([[1.0, 3.0]])] == [[3.0], [1]]
    with open(tmp_path / "w.pkl", "wb") as file:
        pkl_utils.StripPickler(file, protocol=-1).dump({"w": unnamed})
    with open(tmp_path / "w.pkl", "rb") as file:
        assert pkl_utils.CompatUnpickler(file, encoding="latin1").load()["w"].get_value().shape == (2, 2)
    refused: list[tuple[Any, dict[str, Any], str]] = [
        ((foo, other), {"allow_duplicates": False}, "multiple"),
        ((unnamed,), {"allow_unnamed": False}, "unnamed"),
        ((theano.shared(1, name="pkl"),), {}, "pkl"),
    ]
    for shared, options, said in refused:
        names_of = functools.partial(pkl_utils.PersistentSharedVariableID, **options)
        with open(tmp_path / "no.zip", "wb") as file, pytest.raises(ValueError, match=said):
            pkl_utils.dump(shared, file, persistent_id=names_of)
    with open(tmp_path / "arrays.zip", "wb") as file:
        pkl_utils.dump((foo, np.zeros(2)), file, persistent_id=pkl_utils.PersistentNdarrayID)
    assert sorted(np.load(tmp_path / "arrays.zip")) == ["array_0", "array_1", "pkl"]


def test_small_functions_of_gof() -> None:
    """What Theano 1.0.5 gives for the same."""
    import thalweg.compat.theano as theano
    from thalweg.compat.theano.gof import utils

    x, y = theano.tensor.scalars("xy")
    assert utils.flatten([[1, [2]], (3,), {4}]) == [1, 2, 3, 4] and utils.uniq([1, [2], 1, [2]]) == [1, [2]]
    assert [v.name for v in utils.uniq([x, y, x])] == ["x", "y"] and utils.remove(
        lambda q: q > 1, [1, 2]
    ) == [1]
    assert [v.name for v in utils.difference([x, y], [y])] == ["x"]
    assert utils.to_return_values([4]) == 4 and utils.to_return_values([4, 5]) == [4, 5]
    assert utils.from_return_values(4) == [4] and utils.from_return_values((4, 5)) == (4, 5)
    hashed = "mca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert utils.hash_from_code("a") == utils.hash_from_code(b"a") == hashed
    calls: list[object] = []

    @utils.memoize
    def once(*args: object, **options: object) -> int:
        calls.append(args)
        return len(calls)

    assert (once((1, 2), k=3), once((1, 2), k=3), once((1, 3))) == (1, 1, 2) and len(calls) == 2
    pad: Any = utils.scratchpad()
    pad.note = 1
    pad.clear()
    assert vars(pad) == {}


def test_outputs_without_a_session_of_ones_own(new_graph: None, tmp_path: Path) -> None:
    """``tf.contrib.learn.run_n`` and ``run_feeds``: variables are fresh in each, or those of a checkpoint."""
    import thalweg.compat.tf1 as tf

    x = tf.placeholder(tf.float32, [2])
    counted = tf.Variable(0.0, name="counted")
    local = tf.Variable(5.0, collections=[tf.GraphKeys.LOCAL_VARIABLES])
    outputs = {"sum": tf.reduce_sum(x) + local, "pair": (counted.assign_add(1.0), x * 2)}
    for _ in range(2):
        first, second = tf.contrib.learn.run_n(outputs, {x: [1.0, 2.0]}, n=2)
        assert first["sum"] == second["sum"] == 8.0
        assert (first["pair"][0], second["pair"][0]) == (1.0, 2.0) and second["pair"][1].tolist() == [
            2.0,
            4.0,
        ]
    with tf.Session() as session:
        session.run(counted.assign(7.0))
        path = tf.train.Saver([counted]).save(session, str(tmp_path / "kept"))
    found = tf.contrib.learn.run_feeds({"n": counted, "x": x}, [{x: [1.0, 2.0]}, {x: [3.0, 4.0]}], path)
    assert [f["n"] for f in found] == [7.0, 7.0] and found[1]["x"].tolist() == [3.0, 4.0]


def test_full_borders_of_keras_1() -> None:
    """``border_mode="full"``: as Theano's full convolution, and SciPy's."""
    signal = pytest.importorskip("scipy.signal")
    rng = np.random.default_rng(0)
    layers = keras.layers
    for make, shape in (
        (lambda: layers.Convolution2D(1, 3, 2, border_mode="full", input_shape=(5, 6, 1)), (5, 6, 1)),
        (
            lambda: layers.Convolution2D(
                nb_filter=1, nb_row=3, nb_col=2, border_mode="full", input_shape=(5, 6, 1)
            ),
            (5, 6, 1),
        ),
        (lambda: layers.Convolution1D(1, 3, border_mode="full", input_shape=(5, 1)), (5, 1)),
        (
            lambda: layers.Convolution1D(
                nb_filter=1, filter_length=3, border_mode="full", input_shape=(5, 1)
            ),
            (5, 1),
        ),
    ):
        model = keras.models.Sequential([make()])
        x, kernel = rng.normal(size=shape), model.get_weights()[0]
        wanted = signal.correlate(x[..., 0], kernel[..., 0, 0], mode="full")
        np.testing.assert_allclose(model.predict(x[None])[0, ..., 0], wanted, rtol=1e-4, atol=1e-5)


COLUMNS = """
import numpy as np
import pandas as pd
import tensorflow as tf
df = pd.DataFrame({"age": [1.0, np.nan, 3.0], "sex": ["m", "f", None], "n": [1, 2, 3]})
df["age"].fillna(df["age"].mean(), inplace=True)
df.sex.fillna("", inplace=True)
df["n"].replace({1: 7}, inplace=True)
print(df.age.tolist(), df.sex.tolist(), df.n.tolist())
df["age"][df["n"] == 2] = 9.0
df["n"].loc[df.age > 8] = 5
df.n.iloc[2] = 8
print(df.age.tolist(), df.n.tolist())
own = df["age"].copy()
own[0] = 100.0
df["age"].fillna(0)[1] = 55.0
print(df.age.tolist())
"""


def test_what_changes_a_column_of_a_table_changes_the_table(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    (tmp_path / "p.py").write_text(COLUMNS)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout.splitlines() == [
        "[1.0, 2.0, 3.0] ['m', 'f', ''] [7, 2, 3]",
        "[1.0, 9.0, 3.0] [7, 5, 8]",
        "[1.0, 9.0, 3.0]",
    ], done.stderr


def test_scipy_alone_has_its_pictures(thalweg_run: Run, tmp_path: Path) -> None:
    program = "import keras, scipy, numpy as np\nscipy.misc.imsave('a.png', np.zeros((2, 3, 3), 'uint8'))\n"
    program += "from scipy.misc import imread\nprint(imread('a.png').shape)\n"
    (tmp_path / "p.py").write_text(program)
    done = thalweg_run(tmp_path / "p.py")
    assert (done.returncode, done.stdout) == (0, "(2, 3, 3)\n"), done.stderr
