"""Under-fitting, over-fitting, and stopping in time: the curves of training and validation say which it is."""

import argparse
import tempfile
from pathlib import Path

from matplotlib.figure import Figure

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--epochs", type=int, default=300)
parser.add_argument("--out", type=Path, default=None, help="folder of the picture")
arguments = parser.parse_args()

# Few and noisy examples: a large network can learn them by heart, noise and all.
x, y = tw.data.make_moons(80, noise=0.35, seed=0)
x_new, y_new = tw.data.make_moons(1000, noise=0.35, seed=1)


def trained(units, *callbacks):
    """A network with two hidden layers of ``units``, and the history of its training."""
    tw.random.set_seed(0)
    hidden = [tw.layers.Dense(units, activation="relu") for _ in range(2)]
    model = tw.models.Sequential([*hidden, tw.layers.Dense(1, activation="sigmoid")])
    model.compile(tw.optimizers.Adam(0.005), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        x, y, epochs=arguments.epochs, batch_size=20, validation_data=(x_new, y_new), callbacks=callbacks, verbose=0
    )  # fmt: skip
    return model, history.history


# The validation loss falls, then climbs while the training loss goes on falling. Early stopping waits 20 epochs for a
# better one, gives up, and takes the weights of the best epoch back.
stop = tw.callbacks.EarlyStopping(monitor="val_loss", patience=20, restore_best_weights=True)
runs = {
    "1 unit a layer": trained(1),
    "128 units": trained(128),
    "128 units, stopped": trained(128, stop),
}
figure = Figure(figsize=(10, 3), layout="constrained")
print(f"{'':20}{'epochs':>7}{'training loss':>15}{'validation loss':>17}{'accuracy':>10}")
final = {}
for axes, (name, (model, history)) in zip(figure.subplots(1, 3, sharey=True), runs.items(), strict=True):
    train, (final[name], accuracy) = (
        model.evaluate(x, y, verbose=0)[0],
        model.evaluate(x_new, y_new, verbose=0),
    )
    print(f"{name:20}{len(history['loss']):>7}{train:>15.3f}{final[name]:>17.3f}{accuracy:>10.3f}")
    axes.plot(history["loss"], label="training")
    axes.plot(history["val_loss"], label="validation")
    axes.set(title=name, xlabel="epoch", ylim=(0, 1.5))
    axes.legend()
path = (arguments.out or Path(tempfile.mkdtemp())) / "early_stopping.png"
figure.savefig(path)
print(f"the best epoch was {stop.best_epoch + 1}; curves: {path}")
assert final["128 units, stopped"] < min(final["1 unit a layer"], final["128 units"])
