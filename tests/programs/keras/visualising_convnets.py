"""What convnets learn: activations of inner layers, gradient ascent in the input, a heat map of a class."""

import numpy as np
from keras import backend as K
from keras import models
from keras.datasets import mnist
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

(x_train, y_train), (x_test, y_test) = mnist.load_data()
side = x_train.shape[1]
x_train = x_train[..., np.newaxis].astype("float32") / 255
x_test = x_test[..., np.newaxis].astype("float32") / 255
model = models.Sequential()
model.add(
    Conv2D(8, (3, 3), activation="relu", padding="same", input_shape=(side, side, 1), name="block1_conv1")
)
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(16, (3, 3), activation="relu", padding="same", name="block2_conv1"))
model.add(Flatten())
model.add(Dense(10, activation="softmax", name="predictions"))
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["acc"])
model.fit(x_train, y_train, epochs=12, batch_size=32, verbose=0)
accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
print("accuracy", accuracy)
assert accuracy > 0.93

# intermediate activations
layer_outputs = [layer.output for layer in model.layers[:3]]
activation_model = models.Model(inputs=model.input, outputs=layer_outputs)
activations = activation_model.predict(x_test[:1])
assert [a.shape for a in activations] == [
    (1, side, side, 8),
    (1, side // 2, side // 2, 8),
    (1, side // 2, side // 2, 16),
]


# gradient ascent in input space
def generate_pattern(layer_name, filter_index, size=side):
    layer_output = model.get_layer(layer_name).output
    loss = K.mean(layer_output[:, :, :, filter_index])
    grads = K.gradients(loss, model.input)[0]
    grads /= K.sqrt(K.mean(K.square(grads))) + 1e-5
    iterate = K.function([model.input], [loss, grads])
    input_img_data = np.random.RandomState(0).rand(1, size, size, 1) * 0.2 + 0.4
    values = []
    for i in range(20):
        loss_value, grads_value = iterate([input_img_data])
        input_img_data += grads_value * 0.1
        values.append(loss_value)
    return values, input_img_data[0]


risen = 0
for k in range(8):
    values, pattern = generate_pattern("block2_conv1", k)
    assert pattern.shape == (side, side, 1) and np.isfinite(pattern).all()
    risen += values[-1] > values[0]
assert risen >= 6, risen

# Grad-CAM
image = x_test[:1]
best = np.argmax(model.predict(image)[0])
class_output = model.output[:, best]
last_conv_layer = model.get_layer("block2_conv1")
grads = K.gradients(class_output, last_conv_layer.output)[0]
pooled_grads = K.mean(grads, axis=(0, 1, 2))
iterate = K.function([model.input], [pooled_grads, last_conv_layer.output[0]])
pooled_grads_value, conv_layer_output_value = iterate([image])
for i in range(16):
    conv_layer_output_value[:, :, i] *= pooled_grads_value[i]
heatmap = np.mean(conv_layer_output_value, axis=-1)
heatmap = np.maximum(heatmap, 0)
heatmap /= np.max(heatmap)
assert heatmap.shape == (side // 2, side // 2) and heatmap.max() == 1
