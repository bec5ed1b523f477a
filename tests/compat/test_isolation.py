"""The main library behaves as ever after a front end was imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

ROOMS = ("tf1", "tf2", "theano", "lasagne", "keras", "run")
# What one process sees of the main library and of Python, as text: names, results to the last bit, settings.
SEEN = """
import builtins, logging, sys, warnings
import numpy as np
import thalweg as tw

def seen():
    tw.random.set_seed(3)
    w = tw.Variable(np.linspace(-1, 1, 6).reshape(3, 2).astype("float32"))
    x = tw.placeholder("float32", (None, 3))
    loss = tw.mean((x @ w) ** 2) + tw.mean(tw.random.normal((4,)))
    (slope,) = tw.gradients(loss, [w])
    step = tw.function([x], loss, updates=[(w, w - 0.1 * slope)])
    losses = [np.asarray(step(np.full((5, 3), 0.5, "float32"))).tobytes() for _ in range(3)]
    layer = tw.layers.Dense(4)
    made = np.asarray(layer(np.ones((2, 3), "float32")).numpy())
    return [
        dir(tw.Tensor), dir(tw.Variable), dir(builtins), losses, w.get_value().tobytes(),
        made.tobytes(),
        repr(w * 2), str(tw.constant([1, 2]).dtype), str((tw.constant(1) / 2).dtype), str(tw.zeros((2,)).dtype),
        tw.optimizers.Adam().get_config(), tw.optimizers.RMSProp().get_config(),
        np.geterr(), np.get_printoptions(), [str(f) for f in warnings.filters], logging.getLogger().level,
        logging.getLogger("thalweg").level, [type(f).__name__ for f in sys.meta_path], sys.argv, sys.path,
        sys.getrecursionlimit(), sorted(m for m in sys.modules if m.split(".")[0] in ("tensorflow", "theano", "keras")),
    ]

seen()  # what is loaded late is loaded now
before, names = seen(), dict(vars(tw))
__import__("thalweg.compat.ROOM")
after = seen()
assert all(vars(tw)[name] is thing for name, thing in names.items())
changed = [k for k, (a, b) in enumerate(zip(before, after)) if a != b]
assert not changed, [(k, str(before[k])[:300], str(after[k])[:300]) for k in changed]
"""


@pytest.mark.parametrize("room", ROOMS)
def test_importing_a_room_changes_nothing(room: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEEN.replace("ROOM", room)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
