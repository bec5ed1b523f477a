"""Tags of articles: any number of them at a time, so every tag is a question of its own with a sigmoid of its own."""

import random

import numpy as np

import thalweg as tw

WORDS = {
    "money": "bank budget price market profit tax trade shares wages debt loan investor",
    "politics": "minister vote parliament law election party senate treaty reform campaign mayor court",
    "science": "planet cell experiment telescope theory gene physics laboratory data fossil climate vaccine",
    "sport": "match goal coach season record team race final player stadium medal training",
}
COMMON = "the a new old says after before year people city many first last week report of in with for".split()
random.seed(0)


def article(tags):
    """Ten to forty common words, and one to eight for each tag."""
    own = [random.choice(WORDS[tag].split()) for tag in tags for _ in range(random.randint(1, 8))]
    text = own + random.choices(COMMON, k=random.randint(10, 40))
    random.shuffle(text)
    return " ".join(text)


tags = [random.sample(sorted(WORDS), random.choice([0, 1, 1, 2, 2, 3])) for _ in range(900)]
texts = [article(each) for each in tags]
targets, names = tw.data.encode_labels(tags, "multi_label")  # a row of 0 and 1, a column for each tag
print("targets of an article about", " and ".join(tags[1]), "are", targets[1].tolist())

tw.random.set_seed(0)
words = tw.layers.TextVectorization(output_mode="tf_idf")  # counts; a word that is everywhere counts little
words.adapt(texts[:600])
model = tw.models.Sequential(
    [words, tw.layers.Dense(16, activation="relu"), tw.layers.Dense(len(names), activation="sigmoid")]
)
# Softmax would share out one unit of probability among the tags; sigmoids let all be true, or none.
f1 = tw.metrics.F1Score(average="macro", threshold=0.5, name="f1")
model.compile(tw.optimizers.Adam(0.01), "binary_crossentropy", metrics=["binary_accuracy", f1])
model.fit(texts[:600], targets[:600], epochs=10, verbose=0)
figures = model.evaluate(texts[600:], targets[600:], return_dict=True, verbose=0)
print(", ".join(f"{name} {value:.3f}" for name, value in figures.items()))

for text in [
    "the minister says the budget of the laboratory was lost",
    "people of the old city say many new words",
]:
    chances = model.predict([text], verbose=0)[0]
    print(f"{text!r}:", ", ".join(np.array(names)[chances > 0.5]) or "no tag")
assert figures["f1"] > 0.9
