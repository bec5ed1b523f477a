"""Logistic regression: one neuron with a sigmoid, trained until its weights are those of scikit-learn's solver."""

import numpy as np
from sklearn.linear_model import LogisticRegression

import thalweg as tw

tw.random.set_seed(0)
x, y = tw.data.load_breast_cancer()  # 30 measures of the cells of 569 tumours; is the tumour benign?
x = (x - x.mean(axis=0)) / x.std(axis=0)

# scikit-learn makes  sum of losses + |w|^2 / 2  small. A model's loss is the mean over the rows, so the penalty is
# divided by their number as well.
neuron = tw.layers.Dense(
    1, activation="sigmoid", kernel_regularizer=tw.regularizers.L2(0.5 / len(x)), input_shape=(30,)
)
model = tw.models.Sequential([neuron])
model.compile(tw.optimizers.SGD(0.5, momentum=0.9), "binary_crossentropy", metrics=["accuracy"])
# The problem has one lowest point and few rows: every step takes all of them, and there is no noise to wait for.
model.fit(x, y, batch_size=len(x), epochs=2000, verbose=0)
loss, accuracy = model.evaluate(x, y, verbose=0)

peer = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(x, y)
weights, bias = neuron.get_weights()
gap = np.abs(weights[:, 0] - peer.coef_[0]).max()
print(f"thalweg       accuracy {accuracy:.4f}, bias {bias[0]:.4f}")
print(f"scikit-learn  accuracy {peer.score(x, y):.4f}, bias {peer.intercept_[0]:.4f}")
print(f"largest difference of two weights {gap:.4f}")
assert gap < 1e-2 and abs(bias[0] - peer.intercept_[0]) < 1e-2
