"""contrib.learn with functions of one's own: labels used in every mode, a monitor that validates, inner paths."""

import numpy as np
import tensorflow as tf
from tensorflow.contrib.learn.python.learn.estimators import model_fn as model_fn_lib
from tensorflow.contrib.learn.python.learn.metric_spec import MetricSpec

tf.logging.set_verbosity(tf.logging.ERROR)
rng = np.random.RandomState(0)
x = rng.randn(150, 4).astype(np.float32)
y = np.argmax(x[:, :3], 1)


def three_parts(features, target):
    target = tf.one_hot(target, 3, 1, 0)
    hidden = tf.contrib.layers.stack(features, tf.contrib.layers.fully_connected, [16, 8])
    logits = tf.contrib.layers.fully_connected(hidden, 3, activation_fn=None)
    loss = tf.losses.softmax_cross_entropy(target, logits)
    step = tf.contrib.framework.get_global_step()
    train = tf.contrib.layers.optimize_loss(loss, step, optimizer="Adagrad", learning_rate=0.3)
    return {"class": tf.argmax(logits, 1), "prob": tf.nn.softmax(logits)}, loss, train


classifier = tf.contrib.learn.Estimator(model_fn=three_parts)
classifier.fit(x, y, steps=120)
said = [row["class"] for row in classifier.predict(x, as_iterable=True)]
print("own model", np.mean(said == y))
assert np.mean(said == y) > 0.9


def ages(features, targets, mode, params):
    output = tf.contrib.layers.linear(tf.contrib.layers.relu(features, 10), 1)
    guess = tf.reshape(output, [-1])
    loss = tf.losses.mean_squared_error(targets, guess)
    train = tf.contrib.layers.optimize_loss(
        loss, tf.contrib.framework.get_global_step(), params["learning_rate"], "Adam"
    )
    figures = {"rmse": tf.metrics.root_mean_squared_error(targets, guess)}
    return model_fn_lib.ModelFnOps(
        mode=mode, predictions={"ages": guess}, loss=loss, train_op=train, eval_metric_ops=figures
    )


wanted = (x.sum(1) + 2).astype(np.float32)
regressor = tf.contrib.learn.Estimator(model_fn=ages, params={"learning_rate": 0.05})
regressor.fit(x=x, y=wanted, steps=200)
found = regressor.evaluate(x=x, y=wanted, steps=1)
first = next(iter(regressor.predict(x=x[:1], as_iterable=True)))["ages"]
print(found["loss"], found["rmse"], first, wanted[0])
assert found["rmse"] < 0.3 and np.isclose(found["rmse"] ** 2, found["loss"], rtol=1e-3)

spec = MetricSpec(
    metric_fn=tf.contrib.metrics.streaming_accuracy, prediction_key=tf.contrib.learn.PredictionKey.CLASSES
)
monitor = tf.contrib.learn.monitors.ValidationMonitor(
    x, y, every_n_steps=20, metrics={"hits": spec}, early_stopping_metric="loss", early_stopping_rounds=200
)
deep = tf.contrib.learn.DNNClassifier(
    feature_columns=[tf.contrib.layers.real_valued_column("", dimension=4)],
    hidden_units=[10],
    n_classes=3,
    config=tf.contrib.learn.RunConfig(save_checkpoints_steps=20),
)
deep.fit(x=x, y=y, steps=100, monitors=[monitor])
hits = deep.evaluate(x=x, y=y, steps=1, metrics={"hits": spec})
print(hits, monitor.best_step, monitor.best_value)
assert np.isclose(hits["hits"], hits["accuracy"]) and hits["hits"] > 0.8
