"""Words as numbers: Tokenizer, one-hot, padding, skip-grams; an Embedding learned on them, and one given."""

import numpy as np
from keras.layers import Dense, Embedding, Flatten
from keras.models import Sequential
from keras.preprocessing.sequence import make_sampling_table, pad_sequences, skipgrams
from keras.preprocessing.text import Tokenizer, hashing_trick, one_hot, text_to_word_sequence

samples = ["The cat sat on the mat.", "The dog ate my homework."]
tokenizer = Tokenizer(num_words=1000)
tokenizer.fit_on_texts(samples)
sequences = tokenizer.texts_to_sequences(samples)
assert sequences == [[1, 2, 3, 4, 1, 5], [1, 6, 7, 8, 9]], sequences
one_hot_results = tokenizer.texts_to_matrix(samples, mode="binary")
word_index = tokenizer.word_index
print("Found %s unique tokens." % len(word_index))
assert len(word_index) == 9 and one_hot_results.shape == (2, 1000) and one_hot_results.sum() == 10
assert tokenizer.sequences_to_matrix(sequences, mode="count")[0, 1] == 2
assert tokenizer.texts_to_matrix(samples, mode="freq")[0, 1] == 2 / 6
tfidf = tokenizer.texts_to_matrix(samples, mode="tfidf")
assert np.isclose(tfidf[0, 1], (1 + np.log(2)) * np.log(1 + 2 / 3)) and np.isclose(
    tfidf[0, 2], np.log(1 + 2 / 2)
)
assert tokenizer.sequences_to_texts([[2, 3]]) == ["cat sat"] and tokenizer.word_counts["the"] == 3
few = Tokenizer(num_words=3, oov_token="?", filters=".")
few.fit_on_texts(samples)
assert few.texts_to_sequences(["the zebra"]) == [[2, 1]]
letters = Tokenizer(char_level=True)
letters.fit_on_texts(["aab"])
assert letters.texts_to_sequences(["ba"]) == [[2, 1]]

assert pad_sequences([[1, 2, 3], [4]], maxlen=2).tolist() == [[2, 3], [0, 4]]
assert pad_sequences([[1, 2, 3], [4]], maxlen=4, padding="post", value=9).tolist() == [
    [1, 2, 3, 9],
    [4, 9, 9, 9],
]
assert pad_sequences([[1, 2, 3], [4]], maxlen=2, truncating="post").tolist() == [[1, 2], [0, 4]]
assert text_to_word_sequence("Hello, World! It's me") == ["hello", "world", "it's", "me"]
assert all(1 <= n < 50 for n in one_hot("some words here", 50))
assert hashing_trick("a b a", 100, hash_function="md5")[0] == hashing_trick("a", 100, hash_function="md5")[0]

couples, labels = skipgrams([1, 2, 3, 4, 5], vocabulary_size=6, window_size=1, negative_samples=1.0, seed=0)
positive = {tuple(c) for c, label in zip(couples, labels) if label}
assert positive == {(1, 2), (2, 1), (2, 3), (3, 2), (3, 4), (4, 3), (4, 5), (5, 4)} and sum(
    labels
) * 2 == len(labels)
table = make_sampling_table(100)
assert table.shape == (100,) and (np.diff(table[1:]) > 0).all()

# reviews, good and bad, with an embedding that is learned and one that is given and frozen
good, bad = "good great fine nice lovely".split(), "bad awful poor ugly dire".split()
random = np.random.RandomState(0)
neutral = "the film was and with plot actor scene".split()
texts, targets = [], []
for k in range(300):
    words = list(random.choice(neutral, 6)) + list(random.choice(good if k % 2 else bad, 2))
    random.shuffle(words)
    texts.append(" ".join(words))
    targets.append(k % 2)
tokenizer = Tokenizer(num_words=50)
tokenizer.fit_on_texts(texts)
data = pad_sequences(tokenizer.texts_to_sequences(texts), maxlen=10)
labels = np.asarray(targets)
print("Shape of data tensor:", data.shape)
embedding_matrix = random.randn(50, 8)
for name, options in (("learned", {}), ("given", {"weights": [embedding_matrix], "trainable": False})):
    model = Sequential()
    model.add(Embedding(50, 8, input_length=10, **options))
    model.add(Flatten())
    model.add(Dense(16, activation="relu"))
    model.add(Dense(1, activation="sigmoid"))
    if name == "given":
        model.layers[0].set_weights([embedding_matrix])
        model.layers[0].trainable = False
    model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
    history = model.fit(data, labels, epochs=30, batch_size=32, validation_split=0.2, verbose=0)
    print(name, history.history["acc"][-1], history.history["val_acc"][-1])
    assert history.history["acc" if options else "val_acc"][-1] > (0.8 if options else 0.9)
assert np.array_equal(model.layers[0].get_weights()[0], embedding_matrix.astype("float32"))
