"""Models as estimators of scikit-learn: cross-validation, pipelines, grid search."""

import numpy
from keras.layers import Dense
from keras.models import Sequential
from keras.utils import np_utils
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler

seed = 7
numpy.random.seed(seed)
iris = load_iris()
X, Y = iris.data, iris.target_names[iris.target]
encoder = LabelEncoder()
encoder.fit(Y)
encoded_Y = encoder.transform(Y)
dummy_y = np_utils.to_categorical(encoded_Y)


def baseline_model():
    model = Sequential()
    model.add(Dense(16, input_dim=4, activation="relu"))
    model.add(Dense(3, activation="softmax"))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


estimator = KerasClassifier(build_fn=baseline_model, epochs=100, batch_size=5, verbose=0)
results = cross_val_score(estimator, X, dummy_y, cv=KFold(n_splits=3, shuffle=True, random_state=seed))
print("Accuracy: %.2f%% (%.2f%%)" % (results.mean() * 100, results.std() * 100))
assert results.mean() > 0.9


def create_model(optimizer="rmsprop", neurons=4):
    model = Sequential()
    model.add(Dense(neurons, input_dim=4, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    return model


binary = (encoded_Y == 0).astype(int)
model = KerasClassifier(build_fn=create_model, epochs=40, batch_size=10, verbose=0)
grid = GridSearchCV(estimator=model, param_grid={"optimizer": ["sgd", "adam"], "neurons": [2, 8]}, cv=2)
grid_result = grid.fit(X, binary)
print("Best: %f using %s" % (grid_result.best_score_, grid_result.best_params_))
assert grid_result.best_score_ > 0.8 and set(grid_result.best_params_) == {"optimizer", "neurons"}
assert grid.best_estimator_.predict_proba(X).shape == (150, 2)

estimators = [
    ("standardize", StandardScaler()),
    ("mlp", KerasClassifier(build_fn=create_model, neurons=8, nb_epoch=20, batch_size=5, verbose=0)),
]
results = cross_val_score(Pipeline(estimators), X, binary, cv=StratifiedKFold(n_splits=3))
print("Standardized: %.2f%%" % (results.mean() * 100))
assert results.mean() > 0.9


def regression_model():
    model = Sequential()
    model.add(Dense(10, input_dim=3, kernel_initializer="normal", activation="relu"))
    model.add(Dense(1, kernel_initializer="normal"))
    model.compile(loss="mean_squared_error", optimizer="adam")
    return model


regressor = KerasRegressor(build_fn=regression_model, epochs=100, batch_size=5, verbose=0)
results = cross_val_score(regressor, X[:, :3], X[:, 3], cv=KFold(n_splits=3, shuffle=True, random_state=seed))
print("Regression: %.3f MSE" % results.mean())
assert -0.15 < results.mean() < 0
