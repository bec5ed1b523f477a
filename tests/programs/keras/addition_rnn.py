"""Sequence to sequence: addition of numbers written as characters, by RepeatVector and by passing states on."""

from __future__ import print_function

import numpy as np
from keras import layers
from keras.layers import LSTM, Dense, Input
from keras.models import Model, Sequential


class CharacterTable(object):
    def __init__(self, chars):
        self.chars = sorted(set(chars))
        self.char_indices = dict((c, i) for i, c in enumerate(self.chars))
        self.indices_char = dict((i, c) for i, c in enumerate(self.chars))

    def encode(self, C, num_rows):
        x = np.zeros((num_rows, len(self.chars)))
        for i, c in enumerate(C):
            x[i, self.char_indices[c]] = 1
        return x

    def decode(self, x, calc_argmax=True):
        if calc_argmax:
            x = x.argmax(axis=-1)
        return "".join(self.indices_char[x] for x in x)


DIGITS, MAXLEN = 1, 3
ctable = CharacterTable("0123456789+ ")
pairs = [(a, b) for a in range(10) for b in range(10)]
questions = ["%d+%d" % p for p in pairs]
expected = [str(sum(p)).ljust(DIGITS + 1) for p in pairs]
x = np.array([ctable.encode(q, MAXLEN) for q in questions])
y = np.array([ctable.encode(a, DIGITS + 1) for a in expected])

RNN = layers.LSTM
model = Sequential()
model.add(RNN(48, input_shape=(MAXLEN, len(ctable.chars))))
model.add(layers.RepeatVector(DIGITS + 1))
model.add(RNN(48, return_sequences=True))
model.add(layers.TimeDistributed(layers.Dense(len(ctable.chars))))
model.add(layers.Activation("softmax"))
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.optimizer.lr = 0.01
history = model.fit(x, y, batch_size=20, epochs=120, verbose=0)
print("accuracy of characters", history.history["acc"][-1])
assert history.history["acc"][-1] > 0.9
guess = ctable.decode(model.predict_classes(x[[0]], verbose=0)[0], calc_argmax=False)
print(questions[0], "=", guess)

# encoder and decoder: the states of one are where the other starts
num_tokens, latent_dim = 6, 32
words = np.random.RandomState(0).randint(1, num_tokens, (200, 4))
encoder_input_data = np.eye(num_tokens)[words]
backward = words[:, ::-1]
decoder_input_data = np.eye(num_tokens)[np.hstack([np.zeros((200, 1), int), backward[:, :-1]])]
decoder_target_data = np.eye(num_tokens)[backward]
encoder_inputs = Input(shape=(None, num_tokens))
encoder = LSTM(latent_dim, return_state=True)
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None, num_tokens))
decoder_lstm = LSTM(latent_dim, return_sequences=True, return_state=True)
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(num_tokens, activation="softmax")
decoder_outputs = decoder_dense(decoder_outputs)
model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.compile(optimizer="rmsprop", loss="categorical_crossentropy", metrics=["accuracy"])
model.optimizer.lr = 0.01
model.fit([encoder_input_data, decoder_input_data], decoder_target_data, batch_size=20, epochs=40, verbose=0)

encoder_model = Model(encoder_inputs, encoder_states)
decoder_state_input_h, decoder_state_input_c = Input(shape=(latent_dim,)), Input(shape=(latent_dim,))
decoder_states_inputs = [decoder_state_input_h, decoder_state_input_c]
decoder_outputs, state_h, state_c = decoder_lstm(decoder_inputs, initial_state=decoder_states_inputs)
decoder_outputs = decoder_dense(decoder_outputs)
decoder_model = Model([decoder_inputs] + decoder_states_inputs, [decoder_outputs, state_h, state_c])


def decode_sequence(input_seq):
    states_value = encoder_model.predict(input_seq)
    target_seq = np.zeros((1, 1, num_tokens))
    target_seq[0, 0, 0] = 1.0
    found = []
    for _ in range(4):
        output_tokens, h, c = decoder_model.predict([target_seq] + states_value)
        found.append(np.argmax(output_tokens[0, -1, :]))
        target_seq = np.eye(num_tokens)[found[-1]].reshape(1, 1, -1)
        states_value = [h, c]
    return found


right = sum(decode_sequence(encoder_input_data[k : k + 1]) == list(backward[k]) for k in range(20))
print("reversed", right, "of 20")
assert right >= 15
