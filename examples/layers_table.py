"""Digits by 0 and 1 linear, 1 and 2 ReLU layers, with L2 and with dropout: what each is good for, in one table."""

import argparse

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=None, help="40 on the digits, 10 on MNIST")
parser.add_argument("--units", type=int, default=128, help="of each hidden layer")
parser.add_argument("--rate", type=float, default=0.003, help="of learning")
arguments = parser.parse_args()

data = tw.data.load("mnist" if tw.data.find_folder("mnist") else "digits")
epochs = arguments.epochs or (40 if data.name == "digits" else 10)
train, test = (data.train_images, data.train_labels), (data.test_images, data.test_labels)


def dense(activation, **options):
    return tw.layers.Dense(arguments.units, activation=activation, **options)


def hidden_layers():
    """The hidden layers of each row of the table."""
    decay = {"kernel_regularizer": tw.regularizers.L2(1e-4)}
    return {
        "no hidden layer": [],
        # A linear layer on a linear layer is a linear layer: more weights, and nothing more that they can say.
        "1 linear layer": [dense(None)],
        "1 ReLU layer": [dense("relu")],
        "2 ReLU layers": [dense("relu"), dense("relu")],
        # Both keep the network from learning its training examples by heart: the first makes large weights dear, the
        # second leaves out half of the units at random, so that none can rely on another.
        "2 ReLU layers, L2": [dense("relu", **decay), dense("relu", **decay)],
        "2 ReLU layers, dropout": [
            dense("relu"),
            tw.layers.Dropout(0.5),
            dense("relu"),
            tw.layers.Dropout(0.5),
        ],
    }


print(f"{data.name:24}{'weights':>9}{'training':>10}{'test':>8}")
found = {}
for name in hidden_layers():
    tw.random.set_seed(0)
    model = tw.models.Sequential(
        [tw.layers.Flatten(), *hidden_layers()[name], tw.layers.Dense(10, activation="softmax")]
    )
    model.compile(tw.optimizers.Adam(arguments.rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(*train, epochs=epochs, batch_size=128, verbose=0)
    accuracy, found[name] = model.evaluate(*train, verbose=0)[1], model.evaluate(*test, verbose=0)[1]
    print(f"{name:24}{model.count_params():>9,}{accuracy:>10.4f}{found[name]:>8.4f}")
assert found["1 ReLU layer"] > found["1 linear layer"] - 0.01 and found["2 ReLU layers, dropout"] > 0.94
