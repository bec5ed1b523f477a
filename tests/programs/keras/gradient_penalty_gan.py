"""A Wasserstein GAN with gradient penalty: a loss that asks for gradients with respect to a layer's output."""

from functools import partial

import keras.backend as K
import numpy as np
from keras.layers import Dense, Input
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.merge import _Merge
from keras.models import Model, Sequential
from keras.optimizers import Adam

np.random.seed(0)
BATCH = 32


class Between(_Merge):
    def _merge_function(self, inputs):
        share = K.random_uniform((BATCH, 1))
        return share * inputs[0] + (1 - share) * inputs[1]


def wasserstein(y_true, y_pred):
    return K.mean(y_true * y_pred)


def penalty(y_true, y_pred, points):
    slopes = K.gradients(y_pred, points)[0]
    norm = K.sqrt(K.sum(K.square(slopes), axis=np.arange(1, len(slopes.shape))))
    return K.mean(K.square(1 - norm))


generator = Sequential([Dense(16, input_dim=2), LeakyReLU(0.2), Dense(2)])
critic = Sequential([Dense(32, input_dim=2), LeakyReLU(0.2), Dense(1)])
real, noise = Input((2,)), Input((2,))
generator.trainable = False
fake = generator(noise)
between = Between()([real, fake])
of_points = partial(penalty, points=between)
of_points.__name__ = "gradient_penalty"
critic_model = Model([real, noise], [critic(real), critic(fake), critic(between)])
critic_model.compile(Adam(0.01, beta_1=0.5), [wasserstein, wasserstein, of_points], loss_weights=[1, 1, 10])
critic.trainable, generator.trainable = False, True
z = Input((2,))
both = Model(z, critic(generator(z)))
both.compile(Adam(0.01, beta_1=0.5), wasserstein)

ones, centres = np.ones((BATCH, 1)), []
for step in range(900):
    for _ in range(2):
        points = np.random.normal([3, -1], 0.3, (BATCH, 2))
        figures = critic_model.train_on_batch(
            [points, np.random.normal(size=(BATCH, 2))], [-ones, ones, ones]
        )
    both.train_on_batch(np.random.normal(size=(BATCH, 2)), -ones)
    if step % 10 == 0 and step >= 300:  # generator and critic go around each other: on average they meet
        centres.append(generator.predict(np.random.normal(size=(100, 2))).mean(axis=0))
centre = np.mean(centres, axis=0)
print("centre", centre, "penalty", figures[3])
assert np.linalg.norm(centre - [3, -1]) < 1.0
assert figures[3] < 0.5
