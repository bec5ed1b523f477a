"""Word vectors by skip-grams with negative samples: two embeddings, a dot product, train_on_batch."""

import numpy as np
from keras.layers import Activation, Embedding, Input, Reshape, dot
from keras.layers.embeddings import Embedding as RoomEmbedding
from keras.models import Model
from keras.preprocessing.sequence import make_sampling_table, skipgrams
from keras.preprocessing.text import Tokenizer

assert RoomEmbedding is Embedding
random = np.random.RandomState(0)
animals, fruits = "cat dog horse cow sheep".split(), "apple pear plum fig grape".split()
sentences = []
for k in range(200):
    words = list(random.choice(animals if k % 2 else fruits, 4, replace=False))
    sentences.append(" ".join(words))
tokenizer = Tokenizer()
tokenizer.fit_on_texts(sentences)
vocab_size, vector_dim = len(tokenizer.word_index) + 1, 8

input_target, input_context = Input((1,)), Input((1,))
embedding = Embedding(vocab_size, vector_dim, input_length=1, name="embedding")
target = Reshape((vector_dim, 1))(embedding(input_target))
context = Reshape((vector_dim, 1))(embedding(input_context))
similarity = dot([target, context], axes=1, normalize=True)
dot_product = Reshape((1,))(dot([target, context], axes=1))
output = Activation("sigmoid")(dot_product)
model = Model(inputs=[input_target, input_context], outputs=output)
model.compile(loss="binary_crossentropy", optimizer="adam")
model.optimizer.lr = 0.01
validation_model = Model(inputs=[input_target, input_context], outputs=similarity)

losses = []
for epoch in range(4):
    total = 0.0
    for number, sequence in enumerate(tokenizer.texts_to_sequences(sentences)):
        couples, labels = skipgrams(sequence, vocab_size, window_size=3, negative_samples=1.0, seed=number)
        word_target, word_context = (np.array(part, dtype="int32") for part in zip(*couples))
        total += model.train_on_batch([word_target, word_context], np.array(labels))
    losses.append(total / len(sentences))
print("losses", losses)
assert losses[-1] < losses[0]
index = tokenizer.word_index


def likeness(a, b):
    return validation_model.predict_on_batch([np.array([index[a]]), np.array([index[b]])]).ravel()[0]


same = np.mean([likeness("cat", w) for w in animals[1:]] + [likeness("apple", w) for w in fruits[1:]])
other = np.mean([likeness("cat", w) for w in fruits] + [likeness("apple", w) for w in animals])
print("same kind", same, "other kind", other)
assert same > other + 0.3
vectors = model.get_layer("embedding").get_weights()[0]
assert vectors.shape == (vocab_size, vector_dim) and make_sampling_table(vocab_size).shape == (vocab_size,)
