"""Learning rates too small, right and too large: the ways of four optimizers over a loss of two weights."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import thalweg as tw

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--steps", type=int, default=40)
parser.add_argument("--out", type=Path, default=None, help="folder of the picture")
arguments = parser.parse_args()


def surface(a, b):
    """A long valley: along b the loss is curved 20 times as much as along a."""
    return 0.5 * (a**2 + 20 * b**2)


def way(optimizer):
    """The places that an optimizer comes through from (-4, 1.5) on, [steps + 1, 2]."""
    a, b = tw.Variable(-4.0), tw.Variable(1.5)
    step = tw.function([], surface(a, b), updates=optimizer.updates(surface(a, b), [a, b]))
    places = [(-4.0, 1.5)]
    for _ in range(arguments.steps):
        step()
        places.append((float(a.get_value()), float(b.get_value())))
    return np.array(places)


# Gradient descent flies off where the rate is over 2 / curvature, here 2 / 20 = 0.1; momentum bears a bit more.
# RMSProp and Adam divide by the usual size of the gradients: their rate is about the length of a step.
makers = {
    "SGD": (tw.optimizers.SGD, (0.002, 0.08, 0.102)),
    "momentum 0.9": (lambda rate: tw.optimizers.SGD(rate, momentum=0.9), (0.0005, 0.02, 0.2)),
    "RMSProp": (tw.optimizers.RMSProp, (0.005, 0.1, 1.5)),
    "Adam": (tw.optimizers.Adam, (0.005, 0.5, 10.0)),
}
figure = Figure(figsize=(10, 6), layout="constrained")
a, b = np.meshgrid(np.linspace(-5, 5, 100), np.linspace(-2.2, 2.2, 100))
print(f"loss after {arguments.steps} steps{'too small':>12}{'right':>10}{'too large':>12}")
for axes, (name, (maker, rates)) in zip(figure.subplots(2, 2).flat, makers.items(), strict=True):
    axes.contour(a, b, surface(a, b), levels=np.geomspace(0.1, 60, 12), colors="lightgrey")
    losses = []
    for rate, colour in zip(rates, ("tab:blue", "tab:green", "tab:red"), strict=True):
        places = way(maker(rate))
        axes.plot(*places.T, ".-", color=colour, markersize=3, linewidth=0.8, label=str(rate))
        losses.append(float(surface(*places[-1])))
    axes.set(title=name, xlim=(-5, 5), ylim=(-2.2, 2.2))
    axes.legend(title="rate", loc="lower right")
    print(f"{name:20}" + "".join(f"{loss:>11.3g}" for loss in losses))
    assert losses[1] < 0.1 < min(losses[0], losses[2])
path = (arguments.out or Path(tempfile.mkdtemp())) / "learning_rates.png"
figure.savefig(path)
print(f"the ways: {path}")
