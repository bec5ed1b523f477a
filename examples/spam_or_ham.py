"""Spam or ham: texts become rows of words that are there or not, and one neuron weighs the words."""

import random

import numpy as np

import thalweg as tw

# A small language of mails: one piece of each line. Some words ("free", "money", "now") are in both kinds.
HAM = """hi|hello|good morning|dear friend|hey you|hello again
are you free|can we meet|I have your money|please send me the notes|the report is ready|your book is here now
for lunch|for the exam|before the meeting|after the match|with the others|in the library
on friday|at noon|next week|this afternoon|when you come home|if you have time"""
SPAM = """hello|dear friend|dear customer|attention please|good news|last chance
you have won|claim your|click here for|buy now and get|we offer you|send this mail and win
a free prize|cash and money|cheap watches|a new phone|one million dollars|a secret bonus
today only|with one click|without any risk|before it is too late|with no fee|now"""
random.seed(0)


def mail(language):
    """A mail that lost two words of three on the way: not every one still says what it is."""
    words = " ".join(random.choice(line.split("|")) for line in language.splitlines()).split()
    return " ".join(word for word in words if random.random() < 1 / 3)


texts = [mail(HAM if k % 2 else SPAM) for k in range(800)]
labels, names = tw.data.encode_labels(["ham" if k % 2 else "spam" for k in range(800)], "binary")
print("spam: ", texts[0], "\nham:  ", texts[1])

tw.random.set_seed(0)
words = tw.layers.TextVectorization(
    output_mode="multi_hot"
)  # 1 for each word of the vocabulary that is there
words.adapt(texts[:600])
neuron = tw.layers.Dense(1, activation="sigmoid", kernel_regularizer=tw.regularizers.L2(1e-3))
model = tw.models.Sequential([words, neuron])
model.compile(tw.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy", "precision", "recall"])
model.fit(texts[:600], labels[:600], epochs=20, verbose=0)
figures = model.evaluate(texts[600:], labels[600:], return_dict=True, verbose=0)
print("test:", ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))

# What was learnt can be read: one weight for each word.
vocabulary, weights = np.array(words.get_vocabulary()), neuron.get_weights()[0][:, 0]
order = np.argsort(weights)
print("words of ham: ", *vocabulary[order[:6]])
print("words of spam:", *vocabulary[order[:-7:-1]])
for text in ["Are you free on Friday?", "Click now, win CASH!"]:
    print(f"{text:24} is {names[1]} with probability {model.predict([text], verbose=0)[0, 0]:.3f}")
assert figures["accuracy"] > 0.9
