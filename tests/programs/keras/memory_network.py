"""Answers to questions about stories: a memory network of Keras 2, attention by dot, permute, add and concatenate."""

import numpy as np
from keras.layers import LSTM, Activation, Dense, Dropout, Input, Permute, add, concatenate, dot
from keras.layers.embeddings import Embedding
from keras.models import Model, Sequential

random = np.random.RandomState(0)
names, places = ["mary", "john", "daniel"], ["kitchen", "garden", "office"]
vocab = ["", "?", "went", "where"] + names + places
word_idx = {w: i for i, w in enumerate(vocab)}
stories, queries, answers = [], [], []
for _ in range(800):
    where = {}
    story = []
    for who in random.permutation(names)[:2]:
        where[who] = random.choice(places)
        story += [who, "went", where[who]]
    asked = random.choice(sorted(where))
    stories.append([word_idx[w] for w in story])
    queries.append([word_idx[w] for w in ("where", asked, "?")])
    answers.append(word_idx[where[asked]])
inputs, questions, answers = np.array(stories), np.array(queries), np.array(answers)
vocab_size, story_maxlen, query_maxlen = len(vocab), inputs.shape[1], questions.shape[1]

input_sequence, question = Input((story_maxlen,)), Input((query_maxlen,))
input_encoder_m = Sequential()
input_encoder_m.add(Embedding(input_dim=vocab_size, output_dim=16))
input_encoder_m.add(Dropout(0.05))
input_encoder_c = Sequential()
input_encoder_c.add(Embedding(input_dim=vocab_size, output_dim=query_maxlen))
question_encoder = Sequential()
question_encoder.add(Embedding(input_dim=vocab_size, output_dim=16, input_length=query_maxlen))
input_encoded_m, input_encoded_c = input_encoder_m(input_sequence), input_encoder_c(input_sequence)
question_encoded = question_encoder(question)
match = dot([input_encoded_m, question_encoded], axes=(2, 2))
match = Activation("softmax")(match)
response = add([match, input_encoded_c])
response = Permute((2, 1))(response)
answer = concatenate([response, question_encoded])
answer = LSTM(24)(answer)
answer = Dropout(0.05)(answer)
answer = Dense(vocab_size)(answer)
answer = Activation("softmax")(answer)
model = Model([input_sequence, question], answer)
model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.optimizer.lr = 0.01
history = model.fit(
    [inputs[:700], questions[:700]], answers[:700], batch_size=32, epochs=30, verbose=0,
    validation_data=([inputs[700:], questions[700:]], answers[700:]),
)  # fmt: skip
print("validation accuracy", history.history["val_acc"][-1])
assert history.history["val_acc"][-1] > 0.6
