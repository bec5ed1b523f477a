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
