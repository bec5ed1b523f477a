"""Neural style in small: a loss of features and Gram matrices, minimised over the image by an evaluator."""

import numpy as np
from keras import backend as K
from keras.layers import AveragePooling2D, Convolution2D, Input
from keras.models import Model

np.random.seed(0)
img_nrows = img_ncols = 12
shape = (1, img_nrows, img_ncols, 3)
base_image = K.variable(np.random.rand(*shape))
style_reference_image = K.variable(np.random.rand(*shape))
combination_image = K.placeholder(shape)
input_tensor = K.concatenate([base_image, style_reference_image, combination_image], axis=0)

images = Input(batch_shape=(3, img_nrows, img_ncols, 3))
h = Convolution2D(8, 3, 3, activation="relu", border_mode="same", name="conv1_1")(images)
h = AveragePooling2D((2, 2), strides=(2, 2))(h)
h = Convolution2D(8, 3, 3, activation="relu", border_mode="same", name="conv2_1")(h)
network = Model(images, h)
features = Model(images, [network.get_layer("conv1_1").output, network.get_layer("conv2_1").output])
outputs_dict = dict(zip(["conv1_1", "conv2_1"], features(input_tensor)))


def gram_matrix(x):
    assert K.ndim(x) == 3
    features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
    return K.dot(features, K.transpose(features))


def style_loss(style, combination):
    S, C = gram_matrix(style), gram_matrix(combination)
    return K.sum(K.square(S - C)) / (4.0 * (3**2) * ((img_nrows * img_ncols) ** 2))


def total_variation_loss(x):
    a = K.square(x[:, : img_nrows - 1, : img_ncols - 1, :] - x[:, 1:, : img_ncols - 1, :])
    b = K.square(x[:, : img_nrows - 1, : img_ncols - 1, :] - x[:, : img_nrows - 1, 1:, :])
    return K.sum(K.pow(a + b, 1.25))


loss = K.variable(0.0)
content = outputs_dict["conv2_1"]
loss = loss + 0.5 * K.sum(K.square(content[2, :, :, :] - content[0, :, :, :]))
for name in ("conv1_1", "conv2_1"):
    layer_features = outputs_dict[name]
    loss = loss + style_loss(layer_features[1, :, :, :], layer_features[2, :, :, :])
loss = loss + 1e-3 * total_variation_loss(combination_image)
grads = K.gradients(loss, combination_image)
outputs = [loss]
outputs += grads if isinstance(grads, (list, tuple)) else [grads]
f_outputs = K.function([combination_image], outputs)


def eval_loss_and_grads(x):
    outs = f_outputs([x.reshape(shape)])
    return outs[0], outs[1].flatten().astype("float64")


class Evaluator(object):
    def __init__(self):
        self.loss_value = None
        self.grads_values = None

    def loss(self, x):
        assert self.loss_value is None
        self.loss_value, self.grad_values = eval_loss_and_grads(x)
        return self.loss_value

    def grads(self, x):
        assert self.loss_value is not None
        grad_values = np.copy(self.grad_values)
        self.loss_value, self.grad_values = None, None
        return grad_values


evaluator = Evaluator()
x = np.random.rand(*shape).flatten()
values = []
for i in range(60):  # in place of L-BFGS: steps of a fixed size down the slope
    values.append(float(evaluator.loss(x)))
    slope = evaluator.grads(x)
    x = x - 0.02 * slope / np.abs(slope).max()
print("loss", values[0], "->", values[-1])
assert values[-1] < 0.6 * values[0]
# the gradient is that of the loss: compare with a difference
e = np.zeros_like(x)
e[7] = 1e-2
high, low = eval_loss_and_grads(x + e)[0], eval_loss_and_grads(x - e)[0]
assert abs((high - low) / 2e-2 - eval_loss_and_grads(x)[1][7]) < 2e-2 * max(1, abs(high))
