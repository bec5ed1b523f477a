"""What NumPy, scikit-learn and Python called things in those years, around a small network."""

import time

import numpy as np
from keras.layers import Dense
from keras.models import Sequential
from sklearn.cross_validation import KFold, train_test_split
from sklearn.grid_search import ParameterGrid

started = time.clock()
rng = np.random.RandomState(0)
x = rng.rand(90, 3).astype(np.float)
y = (x[:, 0] > 0.5).astype(np.int)
assert np.alltrue(x >= 0) and np.product([2, 3]) == 6 and np.isnan(np.NaN)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=0)
scores = []
for train, test in KFold(len(x_train), n_folds=3, shuffle=True, random_state=1):
    for options in ParameterGrid({"optimizer": ["adam", "rmsprop"]}):
        model = Sequential([Dense(16, input_dim=3, activation="relu"), Dense(1, activation="sigmoid")])
        model.compile(loss="binary_crossentropy", metrics=["accuracy"], **options)
        model.fit(x_train[train], y_train[train], nb_epoch=100, batch_size=4, verbose=0)
        scores.append(model.evaluate(x_train[test], y_train[test], verbose=0)[1])
print(np.mean(scores), time.clock() - started)
assert np.mean(scores) > 0.7
