"""The programs that train for an epoch, each written once: ``tf`` and ``keras`` are Thalweg's rooms of these names,
or the libraries themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.steps import RMSPROP, Arrays, Built, Step

_TESTED_EVERY = 100  # batches, as in the article that the sessions are from
_TESTED = 10_000  # examples


def session(tf: Any, step: Step, weights: Arrays) -> Built:
    """TensorFlow 1: a graph of placeholders, ``Session.run`` with ``feed_dict``; accuracy every hundred batches."""
    with tf.Graph().as_default():
        x, y = tf.placeholder("float", [None, 784]), tf.placeholder("float", [None, 10])
        keeps = [tf.placeholder("float") for _ in range(2)]
        w = {name: tf.Variable(value) for name, value in weights.items()}
        if "hidden" in w:
            outputs = tf.matmul(tf.nn.sigmoid(tf.matmul(x, w["hidden"])), w["output"])
            optimizer = tf.train.GradientDescentOptimizer(step.rate)
        else:
            h = tf.nn.relu(tf.matmul(tf.nn.dropout(x, keeps[0]), w["hidden1"]))
            h = tf.nn.relu(tf.matmul(tf.nn.dropout(h, keeps[1]), w["hidden2"]))
            outputs = tf.matmul(h, w["output"])
            optimizer = tf.train.RMSPropOptimizer(step.rate, RMSPROP["decay"])
        cost = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits=outputs, labels=y))
        train = optimizer.minimize(cost)
        hits = tf.equal(tf.argmax(outputs, 1), tf.argmax(y, 1))
        accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
        run = tf.Session().run
        run(tf.global_variables_initializer())
    training = dict(zip(keeps, step.keep or (1.0, 1.0), strict=True))
    testing = dict.fromkeys(keeps, 1.0)

    def epoch(images: np.ndarray, labels: np.ndarray) -> float:
        for number, start in enumerate(range(0, len(images), step.batch)):
            chosen = slice(start, start + step.batch)
            batch = {x: images[chosen], y: labels[chosen]}
            run(train, feed_dict={**training, **batch})
            if number % _TESTED_EVERY == 0:
                some = np.random.default_rng(number).choice(
                    len(images), min(_TESTED, len(images)), replace=False
                )
                run(accuracy, feed_dict={**testing, x: images[some], y: labels[some]})
        return run(cost, feed_dict={**testing, **batch})

    return Built(_one_hot, epoch)


def _one_hot(array: np.ndarray) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[array] if array.dtype.kind == "i" else array


def model(keras: Any, step: Step, weights: Arrays, epsilon: float, metrics: tuple[str, ...] = ()) -> Any:
    """The classifier of two dense layers, compiled; ``epsilon`` is that of RMSProp."""
    layers = [
        keras.Input((784,)),
        keras.layers.Dense(512, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
    made = keras.Sequential(layers)
    made.set_weights(list(weights.values()))
    rule = keras.optimizers.RMSprop(step.rate, RMSPROP["decay"], epsilon=epsilon)
    made.compile(optimizer=rule, loss="sparse_categorical_crossentropy", metrics=list(metrics))
    return made


def fit(keras: Any, step: Step, weights: Arrays, epsilon: float) -> Built:
    """Keras: ``fit`` for one epoch, with the accuracy counted."""
    made = model(keras, step, weights, epsilon, ("accuracy",))

    def epoch(images: np.ndarray, labels: np.ndarray) -> float:
        history = made.fit(images, labels, batch_size=step.batch, epochs=1, shuffle=step.shuffle, verbose=0)
        return history.history["loss"][-1]

    return Built(np.asarray, epoch)


def tape(tf: Any, step: Step, weights: Arrays, traced: bool) -> Built:
    """TensorFlow 2: a tape around each batch, and weights moved one by one; ``traced``: under ``tf.function``."""
    w = {name: tf.Variable(value) for name, value in weights.items()}

    def train(x: Any, y: Any) -> Any:
        with tf.GradientTape() as watching:
            h = tf.nn.relu(tf.matmul(x, w["hidden"]) + w["hidden_bias"])
            logits = tf.matmul(h, w["output"]) + w["output_bias"]
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            loss = tf.reduce_mean(losses)
        for variable, slope in zip(w.values(), watching.gradient(loss, list(w.values())), strict=True):
            variable.assign_sub(slope * step.rate)
        return loss

    move = tf.function(train) if traced else train

    def epoch(images: np.ndarray, labels: np.ndarray) -> float:
        for start in range(0, len(images), step.batch):
            chosen = slice(start, start + step.batch)
            loss = move(tf.constant(images[chosen]), tf.constant(labels[chosen]))
        return float(loss)

    return Built(np.asarray, epoch)
