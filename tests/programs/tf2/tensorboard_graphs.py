"""A training loop that logs to TensorBoard: scalars, histograms, pictures and texts, by writer and by callback."""

import datetime
import glob
import os

import numpy as np
import tensorflow as tf

current_time = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
train_log_dir = os.path.join("logs", "gradient_tape", current_time, "train")
train_summary_writer = tf.summary.create_file_writer(train_log_dir)
x = np.linspace(-1, 1, 200).reshape(-1, 1).astype("float32")
y = 3 * x - 1
model = tf.keras.models.Sequential([tf.keras.layers.Dense(1, input_shape=(1,))])
optimizer, train_loss = tf.keras.optimizers.SGD(0.3), tf.keras.metrics.Mean("train_loss", dtype=tf.float32)


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x, training=True) - y))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    train_loss(loss)


for epoch in range(10):
    train_step(x, y)
    with train_summary_writer.as_default():
        tf.summary.scalar("loss", train_loss.result(), step=epoch)
        tf.summary.histogram("kernel", model.layers[0].kernel, step=epoch)
        tf.summary.image("fit", tf.reshape(model(x)[:196], [1, 14, 14, 1]), step=epoch)
        tf.summary.text("note", "epoch {}".format(epoch), step=epoch)
    train_loss.reset_states()
train_summary_writer.close()
(path,) = glob.glob(os.path.join(train_log_dir, "events.out.tfevents*"))
assert os.path.getsize(path) > 2000

model.compile(optimizer="sgd", loss="mse")
log_dir = "logs/fit/" + current_time
callback = tf.keras.callbacks.TensorBoard(log_dir=log_dir, histogram_freq=1)
model.fit(x=x, y=y, epochs=3, validation_data=(x, y), callbacks=[callback], verbose=0)
assert glob.glob(os.path.join(log_dir, "**", "events.out.tfevents*"), recursive=True)
print("kernel", model.layers[0].kernel.numpy(), "written", os.path.getsize(path))
