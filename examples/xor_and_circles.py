"""XOR and circles: what a hidden layer is for."""

import thalweg as tw


def accuracy(x, y, hidden):
    """Share of right answers of a network with ``hidden`` units between input and output, none if 0."""
    tw.random.set_seed(0)
    layers = [tw.layers.Dense(hidden, activation="tanh")] if hidden else []
    model = tw.models.Sequential([*layers, tw.layers.Dense(1, activation="sigmoid")])
    model.compile(tw.optimizers.Adam(0.03), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=100, verbose=0)
    return model.evaluate(x, y, verbose=0)[1]


# Without a hidden layer the border between the classes is a straight line. No line parts the four corners of XOR, or
# a circle from the circle around it. Hidden units bend the border: two are enough for XOR, three for the circles, if
# they start well; eight always find it.
problems = {"XOR": tw.data.make_xor(400), "circles": tw.data.make_circles(400, noise=0.1)}
print(f"{'problem':8}{'no hidden layer':>17}{'8 hidden units':>16}")
for name, (x, y) in problems.items():
    line, bent = accuracy(x, y, 0), accuracy(x, y, 8)
    print(f"{name:8}{line:>17.3f}{bent:>16.3f}")
    assert line < 0.7 and bent > 0.97
