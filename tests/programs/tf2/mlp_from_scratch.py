"""A multi-layer perceptron of tf.Modules, trained with a compiled step."""

import tensorflow as tf

tf.random.set_seed(42)


class Dense(tf.Module):
    def __init__(self, in_features, out_features, activation=None, name=None):
        super().__init__(name=name)
        self.w = tf.Variable(tf.random.normal([in_features, out_features], stddev=0.5), name="w")
        self.b = tf.Variable(tf.zeros([out_features]), name="b")
        self.activation = activation

    def __call__(self, x):
        y = tf.matmul(x, self.w) + self.b
        return y if self.activation is None else self.activation(y)


class MLP(tf.Module):
    def __init__(self, sizes, name=None):
        super().__init__(name=name)
        self.layers = []
        for k, (n, m) in enumerate(zip(sizes[:-1], sizes[1:])):
            last = k == len(sizes) - 2
            self.layers.append(Dense(n, m, None if last else tf.nn.tanh))

    @tf.function
    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


model = MLP([2, 16, 16, 1], name="mlp")
assert len(model.trainable_variables) == 6 and len(model.submodules) == 3
assert model.name == "mlp" and model.layers[0].name == "dense"

x = tf.random.uniform([512, 2], -1, 1)
y = tf.cast(x[:, :1] * x[:, 1:] > 0, tf.float32)  # the four quadrants
optimizer = tf.keras.optimizers.Adam(0.02)


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x)
        loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=logits))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


first = float(train_step(x, y))
for epoch in range(300):
    loss = train_step(x, y)
    if epoch % 100 == 0:
        tf.print("epoch", epoch, "loss", loss)
accuracy = tf.reduce_mean(tf.cast((model(x) > 0) == (y > 0.5), tf.float32))
print("accuracy", accuracy.numpy())
assert first > 0.5 > 0.1 > float(loss) and accuracy > 0.97
