"""tf.estimator with a model function."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(0)
images = rng.rand(300, 6).astype(np.float32)
labels = (images[:, 0] > images[:, 1]).astype(np.int64)


def model_fn(features, labels, mode):
    logits = tf.layers.dense(tf.layers.dense(features["images"], 8, tf.nn.relu), 2)
    pred_classes = tf.argmax(logits, axis=1)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=pred_classes)
    loss_op = tf.reduce_mean(
        tf.nn.sparse_softmax_cross_entropy_with_logits(logits=logits, labels=tf.cast(labels, tf.int32))
    )
    train_op = tf.train.AdamOptimizer(0.05).minimize(loss_op, global_step=tf.train.get_global_step())
    acc_op = tf.metrics.accuracy(labels=labels, predictions=pred_classes)
    return tf.estimator.EstimatorSpec(
        mode=mode,
        predictions=pred_classes,
        loss=loss_op,
        train_op=train_op,
        eval_metric_ops={"accuracy": acc_op},
    )


model = tf.estimator.Estimator(model_fn)
input_fn = tf.estimator.inputs.numpy_input_fn(
    x={"images": images}, y=labels, batch_size=50, num_epochs=None, shuffle=True
)
model.train(input_fn, steps=120)
input_fn = tf.estimator.inputs.numpy_input_fn(x={"images": images}, y=labels, batch_size=100, shuffle=False)
found = model.evaluate(input_fn)
print(found)
assert found["accuracy"] > 0.9 and found["global_step"] == 120
input_fn = tf.estimator.inputs.numpy_input_fn(x={"images": images[:4]}, shuffle=False)
assert len(list(model.predict(input_fn))) == 4
