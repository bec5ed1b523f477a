"""The estimators of scikit-learn: its own checks, and the tools they are made for."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import thalweg as tw

pytest.importorskip("sklearn", minversion="1.6", reason="the estimators are built on scikit-learn")
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_multilabel_classification
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from thalweg.sklearn import Classifier, Regressor


@pytest.mark.filterwarnings("ignore:.*:sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([Classifier(), Regressor()])
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_in_a_pipeline_under_cross_validation() -> None:
    x, y = load_iris(return_X_y=True)
    scores = cross_val_score(
        make_pipeline(StandardScaler(), Classifier((16,), learning_rate=0.01, random_state=0)), x, y, cv=3
    )
    assert scores.mean() > 0.93
    x, y = load_diabetes(return_X_y=True)
    model = make_pipeline(StandardScaler(), Regressor((), learning_rate=0.01, random_state=0))
    assert cross_val_score(model, x, y, cv=3).mean() > 0.45  # least squares has 0.49


def test_grid_search_finds_the_network_that_can() -> None:
    """XOR needs a hidden layer."""
    x = np.random.default_rng(0).uniform(-1, 1, (200, 2)).astype("float32")
    y = x[:, 0] * x[:, 1] > 0
    search = GridSearchCV(
        Classifier(epochs=150, learning_rate=0.02, random_state=0), {"hidden": [(), (8,)]}, cv=3
    )
    search.fit(x, y)
    assert search.best_params_ == {"hidden": (8,)} and search.best_score_ > 0.9


def test_a_network_of_ones_own_on_images() -> None:
    def convnet(input_shape: tuple[int, ...], outputs: int) -> Any:
        return tw.models.Sequential([
            tw.layers.Conv2D(8, 3, activation="relu", input_shape=input_shape),
            tw.layers.Flatten(),
            tw.layers.Dense(outputs, activation="softmax"),
        ])  # fmt: skip

    digits = load_digits()
    images = (digits.images[..., None] / 16).astype("float32")
    x, x_test, y, y_test = train_test_split(images, digits.target, random_state=0)
    model = Classifier(model=convnet, epochs=8, learning_rate=0.01, random_state=0).fit(x, y)
    assert model.score(x_test, y_test) > 0.95


def test_several_labels_at_once() -> None:
    x, y = make_multilabel_classification(300, n_classes=3, random_state=0)
    model = Classifier(learning_rate=0.01, random_state=0).fit(x, y)
    assert model.predict(x).shape == y.shape and model.score(x, y) > 0.9
    assert model.predict_proba(x).shape == (300, 3)


def test_the_random_state_decides_alone() -> None:
    x, y = load_iris(return_X_y=True)
    tw.random.set_seed(1)
    first = Classifier((8,), dropout=0.2, epochs=3, random_state=7).fit(x, y).predict_proba(x)
    drawn = tw.random.uniform((2,)).numpy()
    tw.random.set_seed(2)
    second = Classifier((8,), dropout=0.2, epochs=3, random_state=7).fit(x, y).predict_proba(x)
    np.testing.assert_array_equal(first, second)
    tw.random.set_seed(1)
    np.testing.assert_array_equal(drawn, tw.random.uniform((2,)).numpy())  # and disturbs nobody


def test_an_optimizer_object_is_not_worn_out() -> None:
    x, y = load_iris(return_X_y=True)
    optimizer = tw.optimizers.SGD(0.1, momentum=0.9)
    model = Classifier((8,), optimizer=optimizer, epochs=2, random_state=0).fit(x, y)
    again = clone(model).fit(x, y)
    np.testing.assert_array_equal(model.predict_proba(x), again.predict_proba(x))
    assert optimizer.iterations.get_value() == 0


def test_a_fitted_estimator_goes_through_pickle() -> None:
    x, y = load_iris(return_X_y=True)
    model = Classifier((8,), epochs=2, random_state=0).fit(x, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(x), again.predict_proba(x))


def test_one_class_is_no_choice() -> None:
    with pytest.raises(tw.ArgumentError, match="two classes or more"):
        Classifier().fit(np.ones((4, 2)), np.zeros(4))


def iris() -> tuple[np.ndarray, np.ndarray]:
    from sklearn.datasets import load_iris

    x, y = load_iris(return_X_y=True)
    return (x - x.mean(0)) / x.std(0), np.array(["setosa", "versicolor", "virginica"])[y]


def test_rows_may_come_in_parts() -> None:
    x, y = iris()
    parts = Classifier((16,), learning_rate=0.01, random_state=0)
    for _ in range(30):
        for rows in np.split(np.random.default_rng(0).permutation(len(x)), 3):
            parts.partial_fit(x[rows], y[rows], classes=np.unique(y))
    assert parts.score(x, y) > 0.95 and parts.predict(x[:1]) == ["setosa"]
    again = Classifier((16,), random_state=0).partial_fit(x, y)
    np.testing.assert_array_equal(
        again.predict_proba(x), Classifier((16,), random_state=0).partial_fit(x, y).predict_proba(x)
    )
    with pytest.raises(ValueError, match="all classes"):
        Classifier((4,)).partial_fit(x[:60], y[:60]).partial_fit(x, y)
    line = Regressor((16,), learning_rate=0.01, random_state=0)
    for _ in range(100):
        line.partial_fit(x[:, :2], x[:, 2] * 50 + 7)
    assert line.score(x[:, :2], x[:, 2] * 50 + 7) > 0.9


def test_a_fit_goes_on_where_the_last_one_ended() -> None:
    x, y = iris()
    warm = Classifier((16,), epochs=5, random_state=0, warm_start=True).fit(x, y)
    first = warm.history_["loss"][-1]
    assert warm.fit(x, y).history_["loss"][0] < first
    with pytest.raises(ValueError, match="begins anew"):
        warm.fit(x[:100], y[:100])


def test_early_stopping_sets_rows_of_every_class_aside() -> None:
    x, y = iris()  # sorted by class: the last rows would be of one
    stopped = Classifier((16,), epochs=500, learning_rate=0.05, random_state=0, early_stopping=True).fit(x, y)
    assert stopped.n_iter_ < 500 and stopped.score(x, y) > 0.9
    assert min(stopped.history_["val_loss"]) < 0.5
    held = Classifier((8,), epochs=3, random_state=0, validation_split=0.2).fit(x, y)
    assert len(held.history_["val_loss"]) == 3
    assert (
        Regressor((8,), epochs=300, early_stopping=True, random_state=0).fit(x[:, :2], x[:, 2]).n_iter_ <= 300
    )
