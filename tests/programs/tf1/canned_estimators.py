"""Estimators that are ready to train, over feature columns, and one with a model function and hooks."""

from __future__ import absolute_import, division, print_function

import numpy as np
import tensorflow as tf

tf.logging.set_verbosity(tf.logging.INFO)
rs = np.random.RandomState(0)
X = rs.randn(150, 4).astype(np.float32)
y = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5).astype(int)
feats = {"SepalLength": X[:, 0], "SepalWidth": X[:, 1], "PetalLength": X[:, 2], "PetalWidth": X[:, 3]}


def train_input_fn(features, labels, batch_size):
    dataset = tf.data.Dataset.from_tensor_slices((dict(features), labels))
    return dataset.shuffle(1000).repeat().batch(batch_size)


def eval_input_fn(features, labels, batch_size):
    features = dict(features)
    inputs = features if labels is None else (features, labels)
    dataset = tf.data.Dataset.from_tensor_slices(inputs)
    assert batch_size is not None
    return dataset.batch(batch_size)


cols = [tf.feature_column.numeric_column(key=k) for k in feats]
classifier = tf.estimator.DNNClassifier(feature_columns=cols, hidden_units=[10, 10], n_classes=3)
classifier.train(input_fn=lambda: train_input_fn(feats, y, 50), steps=300)
r = classifier.evaluate(input_fn=lambda: eval_input_fn(feats, y, 50))
print("\nTest set accuracy: {accuracy:0.3f}\n".format(**r))
assert r["accuracy"] > 0.8
for pred, expec in zip(
    classifier.predict(
        input_fn=lambda: eval_input_fn({k: v[:3] for k, v in feats.items()}, None, batch_size=2)
    ),
    y,
):
    cid = pred["class_ids"][0]
    print(cid, pred["probabilities"][cid], expec)


# census wide deep
def census():
    n = 400
    age = rs.randint(18, 80, n)
    edu = rs.choice(["Bachelors", "HS-grad", "Masters"], n)
    occ = rs.choice(["a", "b", "c", "d"], n)
    hours = rs.randint(10, 60, n)
    lab = ((age > 40) & (edu != "HS-grad")).astype(int)
    return dict(
        age=age.astype(np.float32), education=edu, occupation=occ, hours=hours.astype(np.float32)
    ), lab


F, L = census()
age = tf.feature_column.numeric_column("age")
hours = tf.feature_column.numeric_column("hours")
education = tf.feature_column.categorical_column_with_vocabulary_list(
    "education", ["Bachelors", "HS-grad", "Masters"]
)
occupation = tf.feature_column.categorical_column_with_hash_bucket("occupation", hash_bucket_size=20)
age_buckets = tf.feature_column.bucketized_column(age, boundaries=[18, 25, 30, 35, 40, 45, 50, 55, 60, 65])
base = [education, occupation, age_buckets]
crossed = [
    tf.feature_column.crossed_column(["education", "occupation"], hash_bucket_size=100),
    tf.feature_column.crossed_column([age_buckets, "education"], hash_bucket_size=100),
]
deep = [
    age,
    hours,
    tf.feature_column.indicator_column(education),
    tf.feature_column.embedding_column(occupation, dimension=8),
]
m = tf.estimator.DNNLinearCombinedClassifier(
    model_dir="census",
    linear_feature_columns=base + crossed,
    dnn_feature_columns=deep,
    dnn_hidden_units=[16, 8],
    config=tf.estimator.RunConfig(tf_random_seed=1),
)
fn = tf.estimator.inputs.numpy_input_fn(F, L, batch_size=40, num_epochs=None, shuffle=True)
m.train(fn, steps=100)
ev = m.evaluate(tf.estimator.inputs.numpy_input_fn(F, L, batch_size=40, num_epochs=1, shuffle=False))
for key in sorted(ev):
    print("%s: %s" % (key, ev[key]))
lin = tf.estimator.LinearClassifier(
    feature_columns=base, optimizer=tf.train.FtrlOptimizer(learning_rate=0.1, l1_regularization_strength=0.1)
)
lin.train(fn, steps=50)
print(lin.evaluate(fn, steps=5)["accuracy"])
reg = tf.estimator.LinearRegressor(feature_columns=[tf.feature_column.numeric_column("x", shape=[1])])
xs = np.arange(100) / 50.0
ys = 3 * xs + 1
reg.train(
    tf.estimator.inputs.numpy_input_fn({"x": xs}, ys, batch_size=10, num_epochs=None, shuffle=True), steps=500
)
print(
    reg.evaluate(
        tf.estimator.inputs.numpy_input_fn({"x": xs}, ys, batch_size=10, num_epochs=1, shuffle=False)
    ),
    reg.get_variable_names(),
)
dr = tf.estimator.DNNRegressor(
    feature_columns=[tf.feature_column.numeric_column("x")],
    hidden_units=[8],
    optimizer=tf.train.AdamOptimizer(0.01),
)
tr = tf.estimator.TrainSpec(
    tf.estimator.inputs.numpy_input_fn({"x": xs}, ys, batch_size=10, num_epochs=None, shuffle=True),
    max_steps=100,
)
es = tf.estimator.EvalSpec(
    tf.estimator.inputs.numpy_input_fn({"x": xs}, ys, batch_size=10, num_epochs=1, shuffle=False)
)
print(tf.estimator.train_and_evaluate(dr, tr, es)[0])
print(next(dr.predict(es.input_fn))["predictions"])


# custom with CNN per docs & hooks
def cnn_model_fn(features, labels, mode):
    input_layer = tf.reshape(features["x"], [-1, 8, 8, 1])
    conv1 = tf.layers.conv2d(
        inputs=input_layer, filters=4, kernel_size=[5, 5], padding="same", activation=tf.nn.relu
    )
    pool1 = tf.layers.max_pooling2d(inputs=conv1, pool_size=[2, 2], strides=2)
    flat = tf.reshape(pool1, [-1, 4 * 4 * 4])
    dense = tf.layers.dense(inputs=flat, units=16, activation=tf.nn.relu)
    dropout = tf.layers.dropout(inputs=dense, rate=0.4, training=mode == tf.estimator.ModeKeys.TRAIN)
    logits = tf.layers.dense(inputs=dropout, units=10)
    predictions = {
        "classes": tf.argmax(input=logits, axis=1),
        "probabilities": tf.nn.softmax(logits, name="softmax_tensor"),
    }
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode=mode, predictions=predictions)
    loss = tf.losses.sparse_softmax_cross_entropy(labels=labels, logits=logits)
    if mode == tf.estimator.ModeKeys.TRAIN:
        train_op = tf.train.GradientDescentOptimizer(learning_rate=0.001).minimize(
            loss=loss, global_step=tf.train.get_global_step()
        )
        return tf.estimator.EstimatorSpec(mode=mode, loss=loss, train_op=train_op)
    return tf.estimator.EstimatorSpec(
        mode=mode,
        loss=loss,
        eval_metric_ops={"accuracy": tf.metrics.accuracy(labels=labels, predictions=predictions["classes"])},
    )


mnist = tf.contrib.learn.datasets.load_dataset("mnist")
td = mnist.train.images
tl = np.asarray(mnist.train.labels, dtype=np.int32)
mc = tf.estimator.Estimator(model_fn=cnn_model_fn, model_dir="./mnist_convnet_model")
hook = tf.train.LoggingTensorHook(tensors={"probabilities": "softmax_tensor"}, every_n_iter=50)
mc.train(
    input_fn=tf.estimator.inputs.numpy_input_fn(
        x={"x": td}, y=tl, batch_size=100, num_epochs=None, shuffle=True
    ),
    steps=20,
    hooks=[hook],
)
print(
    mc.evaluate(
        input_fn=tf.estimator.inputs.numpy_input_fn(
            x={"x": mnist.test.images},
            y=np.asarray(mnist.test.labels, dtype=np.int32),
            num_epochs=1,
            shuffle=False,
        )
    )
)
