"""A model of characters: it reads a text one character after the other, and learns to go on writing it."""

import argparse

import numpy as np

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--temperature", type=float, default=0.5, help="0: always the likeliest; higher: bolder")
arguments = parser.parse_args()

# An old rhyme, every verse of which holds the one before.
STORY = """lay in the house that Jack built|ate the malt that|killed the rat that|worried the cat that
tossed the dog with the crumpled horn that|milked the cow all forlorn that|kissed the maiden that
married the man all tattered and torn that|waked the priest all shaven and shorn that"""
NOUNS = "malt|rat|cat|dog|cow|maiden|man|priest|cock".split("|")
deeds = STORY.replace("\n", "|").split("|")
verses = [
    f"This is the {noun} that " + " ".join(reversed(deeds[: k + 1])) + ".\n" for k, noun in enumerate(NOUNS)
]
text = "".join(verses)

letters = sorted(set(text))
number = {letter: k for k, letter in enumerate(letters)}
codes = np.array([number[letter] for letter in text])
WINDOW = 40
windows = np.lib.stride_tricks.sliding_window_view(codes, WINDOW + 1)[::2]
x, y = windows[:, :-1], windows[:, 1:]  # the target of every character is the next one
print(f"{len(text)} characters, {len(letters)} different ones, {len(x)} windows of {WINDOW}")

tw.random.set_seed(0)
model = tw.models.Sequential(
    [
        tw.layers.Embedding(len(letters), 16, input_length=WINDOW),
        tw.layers.GRU(64, return_sequences=True),
        tw.layers.Dense(
            len(letters)
        ),  # logits: dividing them by a temperature makes the choice bolder or safer
    ]
)
loss = tw.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(tw.optimizers.Adam(0.01), loss, metrics=["accuracy"])
history = model.fit(x, y, epochs=arguments.epochs, batch_size=64, verbose=0).history
print(f"loss {history['loss'][0]:.3f} at first, {history['loss'][-1]:.3f} at last")

# To write: ask for the chances of the next character, draw one, append it, ask again.
random = np.random.default_rng(0)
written = list(codes[:WINDOW])
for _ in range(200):
    logits = model.predict(np.array([written[-WINDOW:]]), verbose=0)[0, -1]
    noise = random.gumbel(
        size=len(letters)
    )  # the largest of logits + Gumbel noise is a draw by their softmax
    written.append(int(np.argmax(logits + arguments.temperature * noise)))
print("".join(letters[k] for k in written[:WINDOW]) + "|" + "".join(letters[k] for k in written[WINDOW:]))
assert history["accuracy"][-1] > 0.8
