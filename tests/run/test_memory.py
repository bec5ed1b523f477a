"""Memory: models that are made, trained and dropped leave nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import thalweg

_PROGRAM = """
import gc
import numpy as np
import thalweg as tw
from thalweg.graph.tensor import Variable, placeholder
from thalweg.run.function import function

def resident_kb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4

def model(k):
    rng = np.random.default_rng(k)
    ws = [Variable(rng.normal(0, 0.1, s).astype("f")) for s in ((32, 64), (64, 8))]
    x, y = placeholder("float32", [None, 32]), placeholder("float32", [None, 8])
    loss = tw.mean(tw.square(tw.matmul(tw.relu(tw.matmul(x, ws[0])), ws[1]) - y))
    updates = [(w, w - 0.1 * g) for w, g in zip(ws, tw.gradients(loss, ws))]
    step = function([x, y], loss, updates)
    xs, ys = rng.normal(size=(20, 32)).astype("f"), rng.normal(size=(20, 8)).astype("f")
    losses = [step(xs, ys).item() for _ in range(3)]
    assert losses[2] < losses[0]

def traced(k):
    w = Variable(np.ones((32, 32), "f"))

    class Net:
        @tw.function
        def __call__(self, x):
            with tw.GradientTape() as tape:
                loss = tw.sum(tw.square(tw.matmul(x, w)))
            w.assign_sub(0.001 * tape.gradient(loss, w))
            return loss

    net = Net()
    for _ in range(3):
        net(np.full((4, 32), k % 3 + 1, "f"))

for k in range(200):
    (model if k % 4 else traced)(k)
    if k in (59, 199):
        gc.collect()
        print(resident_kb(), flush=True)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_models_made_and_dropped_leave_no_memory_behind() -> None:
    """After 60 models everything is warm; 140 more may add 8 MB, 60 kB each: one kept form alone has more."""
    source = str(Path(thalweg.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": source, "THALWEG_NUM_THREADS": "1"}
    command = [sys.executable, "-c", _PROGRAM]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    after_60, after_200 = map(int, done.stdout.split())
    assert after_200 - after_60 < 8 * 1024, f"{after_60} kB after 60 models, {after_200} kB after 200"
