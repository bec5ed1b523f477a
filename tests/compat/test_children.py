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


SEARCH = """
import numpy as np
from joblib import Parallel, delayed
from keras.layers import Dense
from keras.models import Sequential
from keras.wrappers.scikit_learn import KerasClassifier
from sklearn.model_selection import GridSearchCV

def create_model(units=2):
    model = Sequential()
    model.add(Dense(units, input_dim=3, init="uniform", activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(loss="binary_crossentropy", optimizer="adam")
    return model

def module_of_keras():
    import keras
    return keras.layers.Dense is Dense, keras.__version__

x = np.random.rand(12, 3)
search = GridSearchCV(KerasClassifier(create_model, nb_epoch=1, verbose=0), dict(units=[2, 3]), n_jobs=2, cv=2)
print(len(search.fit(x, (x.sum(1) > 1.5).astype(int)).cv_results_["params"]))
print(Parallel(2)(delayed(module_of_keras)() for _ in range(2)))
"""


def test_networks_are_searched_for_by_several_processes(thalweg_run: Run, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the search is scikit-learn's")
    (tmp_path / "p.py").write_text(SEARCH)
    done = thalweg_run(tmp_path / "p.py")
    assert done.stdout == "2\n[(True, '2.2.4'), (True, '2.2.4')]\n", done.stderr
