"""Texts as numbers of words: Embedding and LSTM in the spellings of Keras 1 and 2, bidirectional, with convolution."""

import numpy as np
from keras.layers import (
    LSTM,
    Activation,
    Bidirectional,
    Convolution1D,
    Dense,
    Dropout,
    Embedding,
    GlobalMaxPooling1D,
    MaxPooling1D,
)
from keras.models import Sequential
from keras.preprocessing import sequence

np.random.seed(7)
top_words, maxlen, count = 60, 20, 1100
# made-up reviews: those with more words below 10 than above 50 are good
X = [list(np.random.randint(1, top_words, size=np.random.randint(8, 30))) for _ in range(count)]
y = np.array([int(sum(w < 15 for w in text[-maxlen:]) > sum(w > 45 for w in text[-maxlen:])) for text in X])
X = sequence.pad_sequences(X, maxlen=maxlen)
X_train, X_test, y_train, y_test = X[:800], X[800:], y[:800], y[800:]
print("X_train shape:", X_train.shape)


def tried(name, model, **fit):
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(X_train, y_train, batch_size=32, verbose=0, validation_data=(X_test, y_test), **fit)
    score, acc = model.evaluate(X_test, y_test, batch_size=32, verbose=0)
    print(name, "Test score:", score, "Test accuracy:", acc)
    assert acc > 0.8, (name, acc)


model = Sequential()
model.add(Embedding(top_words, 16, input_length=maxlen, dropout=0.05))
model.add(LSTM(16, dropout_W=0.05, dropout_U=0.05))
model.add(Dense(1))
model.add(Activation("sigmoid"))
tried("Keras 1", model, nb_epoch=12)

model = Sequential()
model.add(Embedding(top_words, 16, mask_zero=True))
model.add(LSTM(16, dropout=0.05, recurrent_dropout=0.05, implementation=2))
model.add(Dense(1, activation="sigmoid"))
tried("masked", model, epochs=12)

model = Sequential()
model.add(Embedding(top_words, 16, input_length=maxlen))
model.add(Bidirectional(LSTM(8)))
model.add(Dropout(0.2))
model.add(Dense(1, activation="sigmoid"))
tried("bidirectional", model, epochs=12)

model = Sequential()
model.add(Embedding(top_words, 16, input_length=maxlen))
model.add(Convolution1D(nb_filter=16, filter_length=3, border_mode="same", activation="relu"))
model.add(MaxPooling1D(pool_length=2))
model.add(
    Convolution1D(nb_filter=16, filter_length=3, border_mode="valid", activation="relu", subsample_length=1)
)
model.add(GlobalMaxPooling1D())
model.add(Dense(16, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
tried("convolution", model, epochs=25)
